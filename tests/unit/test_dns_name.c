#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "session/dns_name.h"

static struct cidr parsed(const char *text)
{
	struct cidr c;

	assert_true(cidr_parse(&c, str_of(text)));
	return c;
}

static void addresses_turn_round(void **state)
{
	struct cidr four = parsed("192.0.2.77"), six = parsed("2001:db8::567:89ab");
	char name[DNS_NAME_MAX], zone[DNS_NAME_MAX + 1];

	(void)state;
	assert_true(dns_reverse(&four, NULL, name));
	assert_string_equal(name, "77.2.0.192.in-addr.arpa");
	assert_true(dns_reverse(&four, "bl.example", name));
	assert_string_equal(name, "77.2.0.192.bl.example");
	assert_true(dns_reverse(&six, NULL, name));
	assert_string_equal(name, "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
	memset(zone, 'z', sizeof(zone));
	zone[DNS_NAME_MAX] = '\0';
	assert_false(dns_reverse(&four, zone, name));
}

static void masks_of_replies(void **state)
{
	(void)state;
	assert_true(dns_words_match("127.0.0.*", STR("127.0.0.10")));
	assert_true(dns_words_match("127.0.0.2 127.0.0.4", STR("127.0.0.9 127.0.0.4")));
	assert_false(dns_words_match("127.0.0.2  127.0.0.4", STR("127.0.0.3")));
	assert_false(dns_words_match("*", STR("")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_turn_round),
		cmocka_unit_test(masks_of_replies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
