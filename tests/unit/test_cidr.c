#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "proto/cidr.h"

static void shows(const char *text, const char *wanted)
{
	char shown[CIDR_TEXT_MAX];
	struct cidr c;

	assert_true(cidr_parse(&c, str_of(text)));
	cidr_format(&c, shown);
	assert_string_equal(shown, wanted);
}

static void test_parse(void **state)
{
	(void)state;
	shows("192.0.2.7", "192.0.2.7");
	shows("192.0.2.7/24", "192.0.2.0/24");
	shows("192.0.2.255/31", "192.0.2.254/31");
	shows("192.0.2.7/32", "192.0.2.7");
	shows("192.0.2.7/0", "0.0.0.0/0");
	shows("2001:db8::ffff/33", "2001:db8::/33");
	shows("2001:DB8::1", "2001:db8::1");
	shows("::1", "0::1");
	shows("0::1", "0::1");
	shows("::/0", "0::/0");
	shows("::ffff:192.0.2.7", "192.0.2.7");
	shows("::ffff:192.0.2.7/120", "192.0.2.0/24");
}

static void test_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"/",
		"/8",
		"192.0.2",
		"192.0.2.7/33",
		"192.0.2.7/",
		"192.0.2.7/-1",
		"host",
		"192.0.2.*",
		"192.0.2.7/8 ",
		"::/129",
		"2001:db8::x",
		"1.2.3.4.5",
		"*",
		"1.2.3.4/08/8",
	};
	struct cidr c;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_false(cidr_parse(&c, str_of(texts[i])));
	assert_false(cidr_parse(&c, (struct str){"::1\0", 4}));
}

static void contains(const char *one, const char *other, bool wanted)
{
	struct cidr a, b;

	assert_true(cidr_parse(&a, str_of(one)) && cidr_parse(&b, str_of(other)));
	assert_int_equal(cidr_contains(&a, &b), wanted);
}

static void test_contains(void **state)
{
	(void)state;
	contains("192.0.2.0/24", "192.0.2.200", true);
	contains("192.0.2.0/24", "192.0.3.0", false);
	contains("192.0.2.0/24", "192.0.2.128/25", true);
	contains("192.0.2.128/25", "192.0.2.0/24", false);
	contains("192.0.2.7", "192.0.2.7", true);
	contains("2001:db8::/32", "2001:db8:1::1", true);
	contains("2001:db8::/32", "192.0.2.7", false);
	contains("0.0.0.0/0", "192.0.2.7", true);
	contains("0.0.0.0/0", "::1", false);
	contains("::/0", "::1", true);
}

static void test_special(void **state)
{
	static const char *const special[] = {"127.0.0.9",  "10.1.2.3",    "172.31.0.1",  "192.168.1.1",
					      "100.64.0.1", "169.254.3.3", "203.0.113.7", "::1",
					      "fe80::1",    "fd00::1",     "2001:db8::1"};
	static const char *const others[] = {"1.1.1.1", "172.32.0.1", "100.128.0.1", "2a00::1", "223.255.255.1"};
	struct cidr c;

	(void)state;
	for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++) {
		assert_true(cidr_parse(&c, str_of(special[i])));
		assert_true(cidr_is_special(&c));
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		assert_true(cidr_parse(&c, str_of(others[i])));
		assert_false(cidr_is_special(&c));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_contains),
		cmocka_unit_test(test_special),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
