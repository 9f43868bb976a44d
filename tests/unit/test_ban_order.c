#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "command/ban_order.h"
#include "command/forbid.h"

static void test_targets(void **state)
{
	static const struct {
		const char *text;
		enum ban_kind kind;
		const char *mask;
	} rows[] = {
		{"192.0.2.7", BAN_ADDRESS, "192.0.2.7"},
		{"192.0.2.7/24", BAN_ADDRESS, "192.0.2.0/24"},
		{"*@192.0.2.7", BAN_ADDRESS, "192.0.2.7"},
		{"*!*@2001:DB8::/32", BAN_ADDRESS, "2001:db8::/32"},
		{"::1", BAN_ADDRESS, "0::1"},
		{"bad!*@*", BAN_MASK, "bad!*@*"},
		{"bad@192.0.2.7", BAN_MASK, "*!bad@192.0.2.7"},
		{"*.example.org", BAN_MASK, "*!*@*.example.org"},
		{"192.0.2.*", BAN_MASK, "*!*@192.0.2.*"},
		{"*@user/alice", BAN_MASK, "*!*@user/alice"},
		{"alice", BAN_ACCOUNT, "alice"},
		{"~a:al*", BAN_ACCOUNT, "al*"},
		{"account:alice", BAN_ACCOUNT, "alice"},
		{"~r:*buy now*", BAN_REALNAME, "*buy now*"},
		{"realname:x y", BAN_REALNAME, "x y"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ban_order o = {0};

		assert_null(ban_target_parse(&o, BAN_FORM_ANY, rows[i].text));
		assert_int_equal(o.kind, rows[i].kind);
		assert_string_equal(o.mask, rows[i].mask);
	}
}

static void test_names(void **state)
{
	static const struct {
		const char *words[4];
		size_t n;
		enum ban_kind kind;
		int64_t duration_ms;
		const char *reason;
	} rows[] = {
		{{"x"}, 1, BAN_NICK, 0, ""},
		{{"10m", "too", "short"}, 3, BAN_NICK, 0, "too short"},
		{{"ad*min", "2h", "of", "us"}, 4, BAN_NICK, 7200000, "of us"},
		{{"#a"}, 1, BAN_CHANNEL, 0, ""},
		{{"#warez*", "1d"}, 2, BAN_CHANNEL, 86400000, ""},
		{{"*@mail.example", "forever", "spam"}, 3, BAN_EMAIL, 0, "spam"},
	};
	static const char *const wide[] = {"*", "a*", "#*", "#?", "*@*", "*@*.*"};
	struct ban_order o;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_null(forbid_parse(&o, rows[i].words, rows[i].n));
		assert_int_equal(o.kind, rows[i].kind);
		assert_int_equal(o.action, BAN_REFUSE);
		assert_true(o.duration_ms == rows[i].duration_ms);
		assert_string_equal(o.mask, rows[i].words[0]);
		assert_string_equal(o.reason, rows[i].reason);
	}
	assert_non_null(forbid_parse(&o, rows[0].words, 0));
	for (size_t i = 0; i < sizeof(wide) / sizeof(wide[0]); i++)
		assert_non_null(forbid_parse(&o, &wide[i], 1));
}

static void test_refused_targets(void **state)
{
	static const struct {
		enum ban_form form;
		const char *text;
	} rows[] = {
		{BAN_FORM_ANY, ""},          {BAN_FORM_ANY, "*!*@*"},        {BAN_FORM_ANY, "*"},
		{BAN_FORM_ANY, "0.0.0.0/0"}, {BAN_FORM_ANY, "10.0.0.0/7"},   {BAN_FORM_ANY, "::/8"},
		{BAN_FORM_ANY, "two words"}, {BAN_FORM_ANY, "~a:*"},         {BAN_FORM_ANY, "a@10.0.0.0/8"},
		{BAN_FORM_HOST, "alice"},    {BAN_FORM_ADDRESS, "alice"},    {BAN_FORM_ADDRESS, "*.example"},
		{BAN_FORM_REALNAME, "*"},    {BAN_FORM_ANY, "192.0.2.7/33"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ban_order o = {0};

		if (!ban_target_parse(&o, rows[i].form, rows[i].text))
			fail_msg("%s was taken as %s", rows[i].text, o.mask);
	}
}

static void test_orders(void **state)
{
	static const struct {
		const char *words[6];
		size_t n;
		enum ban_action action;
		int64_t minutes;
		const char *mask, *reason;
	} rows[] = {
		{{"192.0.2.7"}, 1, BAN_REFUSE, 0, "192.0.2.7", ""},
		{{"1h", "192.0.2.7", "flooding the", "place"}, 4, BAN_REFUSE, 60, "192.0.2.7", "flooding the place"},
		{{"192.0.2.7", "DURATION", "90", "spam"}, 4, BAN_REFUSE, 90, "192.0.2.7", "spam"},
		{{"192.0.2.7", "1d", "spam"}, 3, BAN_REFUSE, 1440, "192.0.2.7", "spam"},
		{{"require-sasl", "192.0.2.7"}, 2, BAN_NEED_ACCOUNT, 0, "192.0.2.7", ""},
		{{"192.0.2.0/24", "REQUIRE-SASL", "DURATION", "2h", "open proxies"},
		 5,
		 BAN_NEED_ACCOUNT,
		 120,
		 "192.0.2.0/24",
		 "open proxies"},
		{{"30", "SHUN", "bad!*@*", "quiet"}, 4, BAN_SHUN, 30, "bad!*@*", "quiet"},
		{{"0", "bad!*@*", "10", "times"}, 4, BAN_REFUSE, 0, "bad!*@*", "10 times"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ban_order o = {.action = BAN_REFUSE};

		assert_null(ban_order_parse(&o, BAN_FORM_ANY, rows[i].words, rows[i].n));
		assert_int_equal(o.action, rows[i].action);
		assert_true(o.duration_ms == rows[i].minutes * 60000);
		assert_string_equal(o.mask, rows[i].mask);
		assert_string_equal(o.reason, rows[i].reason);
	}
}

static void test_no_order(void **state)
{
	const char *const words[] = {"1h", "SHUN", ""};
	struct ban_order o = {0};

	(void)state;
	assert_non_null(ban_order_parse(&o, BAN_FORM_ANY, words, 0));
	assert_non_null(ban_order_parse(&o, BAN_FORM_HOST, words, 1));
	assert_non_null(ban_order_parse(&o, BAN_FORM_HOST, words, 2));
	assert_non_null(ban_order_parse(&o, BAN_FORM_ANY, words, 3));
}

static void test_record(void **state)
{
	struct ban_order o = {
		.kind = BAN_MASK, .action = BAN_SHUN, .duration_ms = 1000, .mask = "a!*@*", .reason = "x"};
	struct record r = {0};

	(void)state;
	ban_order_record(&o, &r, 5000);
	assert_true(r.type == RECORD_BAN_SET && r.flags == RECORD_OVERRIDE && r.ban.until == 6000);
	assert_true(str_eq(r.ban.mask, STR("a!*@*")) && r.ban.action == BAN_SHUN);
	o.duration_ms = 0;
	ban_order_record(&o, &r, 5000);
	assert_true(r.ban.until == 0);
}

static void test_describe(void **state)
{
	char mask[] = "a!*@*", by[] = "ann", reason[] = "";
	struct ban b = {
		.id = 3, .kind = BAN_MASK, .time = 1700000000000, .mask = mask, .by = by, .reason = reason, .hits = 2};
	char memory[256];
	struct buf out;

	(void)state;
	buf_init(&out, memory, sizeof(memory));
	ban_describe(&out, &b, LANGUAGE_ENGLISH, 1700000000000);
	assert_true(str_eq(
		buf_view(&out),
		STR("#3 mask a!*@*: refuse, set by ann 2023-11-14 22:13 UTC, for good, met 2: no reason given")));
	b.until = 1700000060000;
	buf_init(&out, memory, sizeof(memory));
	ban_describe(&out, &b, LANGUAGE_ENGLISH, 1700000000000);
	assert_true(str_eq(
		buf_view(&out),
		STR("#3 mask a!*@*: refuse, set by ann 2023-11-14 22:13 UTC, ends in 1m, met 2: no reason given")));
	assert_int_equal(ban_letter(&b), 'K');
	b.action = BAN_SHUN;
	assert_int_equal(ban_letter(&b), 'S');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_targets),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_refused_targets),
		cmocka_unit_test(test_orders),  cmocka_unit_test(test_no_order),
		cmocka_unit_test(test_record),  cmocka_unit_test(test_describe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
