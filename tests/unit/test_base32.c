#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proto/base32.h"

/* RFC 4648, 10, without the padding. */
static const char *const pairs[][2] = {
	{"", ""},
	{"f", "MY"},
	{"fo", "MZXQ"},
	{"foo", "MZXW6"},
	{"foob", "MZXW6YQ"},
	{"fooba", "MZXW6YTB"},
	{"foobar", "MZXW6YTBOI"},
};

static void the_rfc(void **state)
{
	char memory[64];
	struct buf b;

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		buf_init(&b, memory, sizeof(memory));
		base32_encode(&b, str_of(pairs[i][0]));
		assert_true(str_eq(buf_view(&b), str_of(pairs[i][1])));
		assert_int_equal(b.n, BASE32_ENCODED(strlen(pairs[i][0])));
		b.n = 0;
		assert_true(base32_decode(&b, str_of(pairs[i][1])));
		assert_true(str_eq(buf_view(&b), str_of(pairs[i][0])));
	}
	b.n = 0;
	assert_true(base32_decode(&b, STR("mzxw6ytboi")));
	assert_true(str_eq(buf_view(&b), STR("foobar")));
}

static void no_such_form(void **state)
{
	static const char *const wrong[] = {"M", "MZ", "MZX", "MZXW61", "MZXW6=", "MZXW6 YQ", "MY======", "M0"};
	char memory[64];
	struct buf b;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		buf_init(&b, memory, sizeof(memory));
		if (base32_decode(&b, str_of(wrong[i])))
			fail_msg("%s", wrong[i]);
	}
	buf_init(&b, memory, 5);
	assert_false(base32_decode(&b, STR("MZXW6YTBOI")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_rfc),
		cmocka_unit_test(no_such_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
