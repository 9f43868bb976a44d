#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "chatd/forwarded.h"

/* What the nth element from the end names; "": nothing. */
static const char *named(const char *list, bool rfc7239, unsigned nth)
{
	static char host[ADDRESS_TEXT_MAX];
	struct address a;

	host[0] = '\0';
	if (forwarded_address(str_of(list), rfc7239, nth, &a))
		address_host(&a, host);
	return host;
}

static void test_elements_of_forwarded(void **state)
{
	static const struct {
		const char *list, *last, *before;
		bool secure;
	} cases[] = {
		{"for=192.0.2.1", "192.0.2.1", "", false},
		{"FOR=192.0.2.1;Proto=HTTPS", "192.0.2.1", "", true},
		{"proto=https;for=192.0.2.1:4711;by=203.0.113.4", "192.0.2.1", "", true},
		{"for=1.2.3.4 , for=\"[2001:db8::7]:80\" ; proto=\"https\"", "2001:db8::7", "1.2.3.4", true},
		/* Whoever writes in front of the proxy: neither its scheme nor its address is believed. */
		{"for=1.2.3.4;proto=https, for=192.0.2.1", "192.0.2.1", "1.2.3.4", false},
		{"for=1.2.3.4;proto=https, for=192.0.2.1;proto=http", "192.0.2.1", "1.2.3.4", false},
		{"proto=https, for=192.0.2.1;by=proto=https", "", "", false},
		{"for=192.0.2.1;host=\"proto=https\"", "192.0.2.1", "", false},
		{"for=192.0.2.1;host=\"a;proto=https,b\"", "192.0.2.1", "", false},
		{"for=192.0.2.1;xproto=https", "192.0.2.1", "", false},
		{"for=192.0.2.1;proto=httpsx", "192.0.2.1", "", false},
		/* A quote that was left open there reaches no further. */
		{"for=\"1.2.3.4;proto=https, for=192.0.2.1", "192.0.2.1", "", false},
		{"for=\"1.2.3.4;proto=https,\\, for=\"192.0.2.1\"", "192.0.2.1", "", false},
		{"for=192.0.2.1;by=\"_a, \\\"b\"", "192.0.2.1", "", false},
		/* Malformed. */
		{"", "", "", false},
		{",", "", "", false},
		{"for=192.0.2.1,", "", "192.0.2.1", false},
		{"for", "", "", false},
		{"for=", "", "", false},
		{"for=unknown;proto=https", "", "", true},
		{"for=_hidden", "", "", false},
		{"for=192.0.2.1;for=192.0.2.2", "", "", false},
		{"for=192.0.2.1;proto=https;proto=https", "", "", false},
		{"for=192.0.2.1;;proto=https", "", "", false},
		{"for=192.0.2.1 proto=https", "", "", false},
		{"for=\"192.0.2.1", "", "", false},
		{"for=\"192.0.2.1\"x", "", "", false},
		{"for=\"[2001:db8::7\"", "", "", false},
		{"for=/run/x", "", "", false},
		{"for=*", "", "", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		print_message("%s\n", cases[i].list);
		assert_string_equal(named(cases[i].list, true, 0), cases[i].last);
		assert_string_equal(named(cases[i].list, true, 1), cases[i].before);
		assert_int_equal(forwarded_secure(str_of(cases[i].list), true), cases[i].secure);
	}
}

static void test_the_older_fields(void **state)
{
	(void)state;
	assert_string_equal(named("1.2.3.4, 192.0.2.1", false, 0), "192.0.2.1");
	assert_string_equal(named("1.2.3.4, 192.0.2.1", false, 1), "1.2.3.4");
	assert_string_equal(named("1.2.3.4, 192.0.2.1", false, 2), "");
	assert_string_equal(named("\"1.2.3.4, 192.0.2.1:99", false, 0), "192.0.2.1");
	assert_string_equal(named("2001:db8::7", false, 0), "2001:db8::7");
	assert_string_equal(named("nonsense", false, 0), "");
	assert_true(forwarded_secure(STR("https"), false));
	assert_true(forwarded_secure(STR("http, HTTPS "), false));
	assert_false(forwarded_secure(STR("https, http"), false));
	assert_false(forwarded_secure(STR("xhttps"), false));
	assert_false(forwarded_secure(STR(""), false));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_elements_of_forwarded),
		cmocka_unit_test(test_the_older_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
