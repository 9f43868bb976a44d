#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "session/dns_cache.h"

static const struct hash_key seed = {{5, 6}};

static void an_answer_holds_until_its_end(void **state)
{
	struct dns_cache *c = dns_cache_new(4, &seed);

	(void)state;
	assert_null(dns_cache_find(c, STR("a"), 0));
	dns_cache_put(c, STR("a"), "192.0.2.1", 100);
	dns_cache_put(c, STR("b"), "", 100);
	assert_string_equal(dns_cache_find(c, STR("a"), 99), "192.0.2.1");
	assert_string_equal(dns_cache_find(c, STR("b"), 99), "");
	assert_null(dns_cache_find(c, STR("a"), 100));
	assert_int_equal(dns_cache_count(c), 1);
	dns_cache_put(c, STR("b"), "192.0.2.2", 300);
	assert_string_equal(dns_cache_find(c, STR("b"), 200), "192.0.2.2");
	assert_int_equal(dns_cache_count(c), 1);
	dns_cache_free(c);
}

static void it_has_a_bound(void **state)
{
	struct dns_cache *c = dns_cache_new(3, &seed);
	char key[16];

	(void)state;
	for (int i = 0; i < 100; i++) {
		int n = snprintf(key, sizeof(key), "k%d", i);

		dns_cache_put(c, (struct str){key, (size_t)n}, key, 1000);
		assert_in_range(dns_cache_count(c), 1, 3);
	}
	assert_null(dns_cache_find(c, STR("k96"), 0));
	assert_string_equal(dns_cache_find(c, STR("k97"), 0), "k97");
	assert_string_equal(dns_cache_find(c, STR("k99"), 0), "k99");
	dns_cache_clear(c);
	assert_int_equal(dns_cache_count(c), 0);
	dns_cache_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_holds_until_its_end),
		cmocka_unit_test(it_has_a_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
