#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

#include "proto/base64.h"

static const struct {
	const char *bytes, *text;
} vectors[] = {
	/* RFC 4648, 10 */
	{"", ""},
	{"f", "Zg=="},
	{"fo", "Zm8="},
	{"foo", "Zm9v"},
	{"foob", "Zm9vYg=="},
	{"fooba", "Zm9vYmE="},
	{"foobar", "Zm9vYmFy"},
	{"\xff\xfe\xfd\xfb", "//79+w=="},
};

static void the_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		char memory[32];
		struct buf b;

		buf_init(&b, memory, sizeof(memory));
		base64_encode(&b, str_of(vectors[i].bytes));
		assert_true(str_eq(buf_view(&b), str_of(vectors[i].text)));
		assert_int_equal(b.n, BASE64_ENCODED(strlen(vectors[i].bytes)));
		buf_init(&b, memory, sizeof(memory));
		assert_true(base64_decode(&b, str_of(vectors[i].text)));
		assert_true(str_eq(buf_view(&b), str_of(vectors[i].bytes)));
	}
}

static void what_is_none(void **state)
{
	static const char *const wrong[] = {
		"Z", "Zg", "Zg=", "Zh==", "Zm9=", "Zg==Zg==", "====", "Z===", "Zm 9", "Zm9-", "=Zm9"};
	char memory[32];
	struct buf b;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		buf_init(&b, memory, sizeof(memory));
		if (base64_decode(&b, str_of(wrong[i])))
			fail_msg("%s", wrong[i]);
	}
	buf_init(&b, memory, 2);
	assert_false(base64_decode(&b, STR("Zm9v")));
}

static void for_addresses(void **state)
{
	static const char *const wrong[] = {"Z", "Zg==", "Zh", "Zm9=", "Zm9vZ", "//79", "Zm 9", "Zm9+"};
	char memory[32], again[32];
	struct buf b, c;

	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		struct str bytes = str_of(vectors[i].bytes);

		buf_init(&b, memory, sizeof(memory));
		base64url_encode(&b, bytes);
		assert_int_equal(b.n, strcspn(vectors[i].text, "="));
		buf_init(&c, again, sizeof(again));
		assert_true(base64url_decode(&c, buf_view(&b)));
		assert_true(str_eq(buf_view(&c), bytes));
	}
	assert_true(str_eq(buf_view(&b), STR("__79-w")));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		buf_init(&b, memory, sizeof(memory));
		if (base64url_decode(&b, str_of(wrong[i])))
			fail_msg("%s", wrong[i]);
	}
	buf_init(&b, memory, 2);
	assert_false(base64url_decode(&b, STR("Zm9v")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(the_vectors), cmocka_unit_test(what_is_none),
					   cmocka_unit_test(for_addresses)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
