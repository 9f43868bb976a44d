#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "chat-client/sasl.h"

static enum sasl_mechanism choose(const char *offered, bool password, bool private)
{
	struct sasl s = {0};

	sasl_offer(&s, str_of(offered));
	return sasl_choose(&s, (struct sasl_means){password, private, false, false});
}

static void test_bound(void **state)
{
	struct sasl s = {0};

	(void)state;
	sasl_offer(&s, STR("PLAIN,SCRAM-SHA-256,SCRAM-SHA-256-PLUS"));
	assert_int_equal(sasl_choose(&s, (struct sasl_means){true, true, true, false}), SASL_SCRAM_SHA_256_PLUS);
	assert_int_equal(sasl_choose(&s, (struct sasl_means){true, true, false, false}), SASL_SCRAM_SHA_256);
	sasl_offer(&s, STR("PLAIN,SCRAM-SHA-256"));
	assert_int_equal(sasl_choose(&s, (struct sasl_means){true, true, true, false}), SASL_SCRAM_SHA_256);
}

static void test_choice(void **state)
{
	(void)state;
	assert_int_equal(choose("PLAIN,EXTERNAL,SCRAM-SHA-256", true, true), SASL_SCRAM_SHA_256);
	assert_int_equal(choose("PLAIN,EXTERNAL,SCRAM-SHA-256", true, false), SASL_SCRAM_SHA_256);
	assert_int_equal(choose("plain", true, true), SASL_PLAIN);
	assert_int_equal(choose("PLAIN", false, true), SASL_EXTERNAL);
	/* others could read it on its way */
	assert_int_equal(choose("PLAIN", true, false), SASL_NONE);
	assert_int_equal(choose("SCRAM-SHA-512,PLAIN", true, false), SASL_NONE);
	/* a server of SASL 3.1 does not say */
	assert_int_equal(choose("", true, false), SASL_SCRAM_SHA_256);
	assert_int_equal(choose("", false, false), SASL_EXTERNAL);
}

static void test_second_choice(void **state)
{
	struct sasl s = {.mechanism = SASL_SCRAM_SHA_256};

	(void)state;
	assert_int_equal(sasl_choose(&s, (struct sasl_means){true, true, false, false}), SASL_PLAIN);
	assert_int_equal(sasl_choose(&s, (struct sasl_means){true, false, false, false}), SASL_NONE);
}

static enum sasl_mechanism with_token(const char *offered, bool private)
{
	struct sasl s = {0};

	sasl_offer(&s, str_of(offered));
	return sasl_choose(&s, (struct sasl_means){.private = private, .token = true});
}

static void test_token(void **state)
{
	(void)state;
	assert_int_equal(with_token("PLAIN,OAUTHBEARER,IRCV3BEARER", true), SASL_OAUTHBEARER);
	assert_int_equal(with_token("PLAIN,IRCV3BEARER", true), SASL_IRCV3BEARER);
	assert_int_equal(with_token("", true), SASL_OAUTHBEARER);
	/* which it then has not, and hears so */
	assert_int_equal(with_token("PLAIN", true), SASL_OAUTHBEARER);
	assert_int_equal(with_token("OAUTHBEARER", false), SASL_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_choice),
		cmocka_unit_test(test_bound),
		cmocka_unit_test(test_token),
		cmocka_unit_test(test_second_choice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
