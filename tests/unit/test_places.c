#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "chatd/places.h"

static void addresses(void **state)
{
	const struct places_limits l = {.per_address = 2};
	struct places *p = places_new(24, 48);

	(void)state;
	assert_int_equal(places_enter(p, "192.0.2.1", &l, 0), PLACES_OK);
	assert_int_equal(places_enter(p, "192.0.2.1", &l, 0), PLACES_OK);
	assert_int_equal(places_enter(p, "192.0.2.1", &l, 0), PLACES_ADDRESS_FULL);
	assert_int_equal(places_enter(p, "192.0.2.2", &l, 0), PLACES_OK);
	places_remove(p, "192.0.2.1");
	assert_int_equal(places_enter(p, "192.0.2.1", &l, 0), PLACES_OK);
	/* A /64 is one place. */
	places_add(p, "2001:db8::1");
	places_add(p, "2001:db8::2");
	assert_int_equal(places_enter(p, "2001:db8::3", &l, 0), PLACES_ADDRESS_FULL);
	places_free(p);
}

static void networks(void **state)
{
	const struct places_limits l = {.per_network = 2};
	struct places *p = places_new(24, 48);

	(void)state;
	assert_int_equal(places_enter(p, "192.0.2.1", &l, 0), PLACES_OK);
	assert_int_equal(places_enter(p, "192.0.2.2", &l, 0), PLACES_OK);
	assert_int_equal(places_enter(p, "192.0.2.3", &l, 0), PLACES_NETWORK_FULL);
	assert_int_equal(places_enter(p, "192.0.3.3", &l, 0), PLACES_OK);
	assert_int_equal(places_enter(p, "2001:db8:1:1::1", &l, 0), PLACES_OK);
	assert_int_equal(places_enter(p, "2001:db8:1:2::1", &l, 0), PLACES_OK);
	assert_int_equal(places_enter(p, "2001:db8:1:3::1", &l, 0), PLACES_NETWORK_FULL);
	assert_int_equal(places_enter(p, "2001:db8:2:3::1", &l, 0), PLACES_OK);
	places_remove(p, "192.0.2.1");
	assert_int_equal(places_enter(p, "192.0.2.3", &l, 0), PLACES_OK);
	/* A Unix socket is in no network. */
	for (int i = 0; i < 5; i++)
		assert_int_equal(places_enter(p, "localhost", &l, 0), PLACES_OK);
	places_free(p);
}

static void rates(void **state)
{
	const struct places_limits l = {.address_rate = 4, .network_rate = 6};
	struct places *p = places_new(24, 48);

	(void)state;
	for (int i = 0; i < 4; i++) {
		assert_int_equal(places_enter(p, "192.0.2.1", &l, 1000), PLACES_OK);
		places_remove(p, "192.0.2.1");
	}
	assert_int_equal(places_enter(p, "192.0.2.1", &l, 1000), PLACES_TOO_FAST);
	assert_int_equal(places_enter(p, "192.0.2.1", &l, 15999), PLACES_TOO_FAST);
	assert_int_equal(places_enter(p, "192.0.2.1", &l, 16000), PLACES_OK);
	for (int i = 2; i < 4; i++)
		assert_int_equal(places_enter(p, "192.0.2.2", &l, 16000), PLACES_OK);
	places_free(p);
}

static void strangers_from_everywhere_are_bounded(void **state)
{
	const struct places_limits l = {.address_rate = 1};
	struct places *p = places_new(24, 48);
	char host[32];

	(void)state;
	for (int i = 0; i < 100000; i++) {
		snprintf(host, sizeof(host), "10.%d.%d.%d", i >> 16, i >> 8 & 255, i & 255);
		assert_int_equal(places_enter(p, host, &l, 0), PLACES_OK);
		places_remove(p, host);
	}
	places_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses),
		cmocka_unit_test(networks),
		cmocka_unit_test(rates),
		cmocka_unit_test(strangers_from_everywhere_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
