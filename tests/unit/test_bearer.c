#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "account/bearer.h"
#include "account/jwt.h"
#include "base/mem.h"

static void oauth(void **state)
{
	static const struct {
		const char *message, *account;
	} good[] = {
		{"n,,\1auth=Bearer tok.en\1\1", ""},
		{"y,a=ann,\1auth=bearer tok.en\1\1", "ann"},
		{"n,a=,\1auth=Bearer tok.en\1\1", ""},
		{"n,a=a=2Cb=3D,\1host=chat.example\1port=6697\1auth=BEARER tok.en\1\1", "a,b="},
	};
	struct bearer b;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(bearer_read_oauth(&b, str_of(good[i].message)));
		assert_true(str_eq(b.token, STR("tok.en")));
		assert_string_equal(b.account, good[i].account);
		assert_int_equal(b.type, BEARER_ANY);
	}
}

static void what_is_not_oauth(void **state)
{
	static const char *const wrong[] = {
		"",
		"\1",
		"n,,",
		"n,,\1\1",
		"n,,\1auth=Bearer x",
		"n,,\1auth=Bearer x\1",
		"n,,\1auth=Bearer x\1\1\1",
		"n,,\1auth=Bearer x\1\1more",
		"n,,\1auth=Bearer \1\1",
		"n,,\1auth=Bearer\1\1",
		"n,,\1auth=Basic x\1\1",
		"n,,\1auth=Bearer a b\1\1",
		"n,,\1auth=Bearer a\xc3\xa4\1\1",
		"n,,\1auth=Bearer x\1auth=Bearer y\1\1",
		"n,,\1host=x\1\1",
		"n,,\1=x\1auth=Bearer x\1\1",
		"n,,\1auth\1\1",
		"n,\1auth=Bearer x\1\1",
		"n,,x\1auth=Bearer x\1\1",
		"n,b=ann,\1auth=Bearer x\1\1",
		"n,a=a=2D,\1auth=Bearer x\1\1",
		"p=tls-exporter,,\1auth=Bearer x\1\1",
		",,\1auth=Bearer x\1\1",
	};
	struct bearer b;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (bearer_read_oauth(&b, str_of(wrong[i])))
			fail_msg("%s", wrong[i]);
	assert_false(bearer_read_oauth(&b, STR("n,,\1auth=Bearer a\0b\1\1")));
}

static void ircv3(void **state)
{
	struct bearer b;

	(void)state;
	assert_true(bearer_read_ircv3(&b, STR("\0jwt\0a.b.c")));
	assert_true(b.type == BEARER_JWT && str_eq(b.token, STR("a.b.c")) && !b.account[0]);
	assert_true(bearer_read_ircv3(&b, STR("ann\0oauth2\0xyz")));
	assert_true(b.type == BEARER_ANY && str_eq(b.token, STR("xyz")));
	assert_string_equal(b.account, "ann");
	assert_true(bearer_read_ircv3(&b, STR("\0opaque\0xyz")));
	assert_int_equal(b.type, BEARER_OPAQUE);
	assert_false(bearer_read_ircv3(&b, STR("")));
	assert_false(bearer_read_ircv3(&b, STR("ann\0jwt")));
	assert_false(bearer_read_ircv3(&b, STR("ann\0jwt\0")));
	assert_false(bearer_read_ircv3(&b, STR("ann\0JWT\0x")));
	assert_false(bearer_read_ircv3(&b, STR("ann\0\0x")));
	assert_false(bearer_read_ircv3(&b, STR("ann\0jwt\0x\0y")));
	assert_false(bearer_read_ircv3(&b, STR("\xff\0jwt\0x")));
}

/* Nothing is cut off to make it fit. */
static void what_is_too_long(void **state)
{
	char *memory = mem_zalloc(JWT_TOKEN_MAX + SCRAM_NAME_MAX + 8);
	struct str token = {memory, JWT_TOKEN_MAX + 5};
	struct bearer b;

	(void)state;
	memset(memory, 'x', JWT_TOKEN_MAX + SCRAM_NAME_MAX + 8);
	memcpy(memory, "\0jwt", 5);
	assert_true(bearer_read_ircv3(&b, token));
	token.n++;
	assert_false(bearer_read_ircv3(&b, token));
	memset(memory, 'x', SCRAM_NAME_MAX);
	memcpy(memory + SCRAM_NAME_MAX, "\0jwt\0xyz", 8);
	assert_false(bearer_read_ircv3(&b, (struct str){memory, SCRAM_NAME_MAX + 8}));
	assert_true(bearer_read_ircv3(&b, (struct str){memory + 1, SCRAM_NAME_MAX + 7}));
	assert_int_equal(strlen(b.account), SCRAM_NAME_MAX - 1);
	mem_free(memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(oauth),
		cmocka_unit_test(what_is_not_oauth),
		cmocka_unit_test(ircv3),
		cmocka_unit_test(what_is_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
