#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "command/expiry.h"
#include "command_fixture.h"
#include "network/settings.h"

/* When a name is over, and what is noted of its use. ann (1) is logged in to her account, which has the nick other. */

enum { DAY = 24 * 3600 * 1000 };

static int setup(void **state)
{
	struct desk *d = calloc(1, sizeof(*d));
	static const char *const nicks[] = {"ann", "bob", NULL};

	desk_init(d);
	fixture_people(&d->f, nicks);
	desk_apply(d, rec_kept_account(&d->f, "ann", 1, "other"));
	desk_apply(d, rec_account(1, "ann"));
	d->applies = true;
	*state = d;
	return 0;
}

static int teardown(void **state)
{
	desk_deinit(*state);
	free(*state);
	return 0;
}

static const struct account *ann(struct desk *d)
{
	return network_account(d->f.net, STR("ann"));
}

static const struct account_kept *other(struct desk *d)
{
	return account_find(ann(d), ACCOUNT_NICK, STR("other"));
}

static void set_flags(struct desk *d, uint32_t flags)
{
	struct account_item items[RECORD_ACCOUNT_ITEMS_MAX];
	struct record r;

	network_account_record(ann(d), &r, items);
	r.flags = RECORD_OVERRIDE;
	r.account.revision++;
	r.account.flags = ACCOUNT_EXISTS | flags;
	desk_apply(d, r);
}

static void test_step(void **state)
{
	struct server s = {0};

	(void)state;
	assert_true(expiry_step(&s) == DAY);
	s.accounts.expiry_ms = 90LL * DAY;
	s.channel_expiry_ms = 4LL * DAY;
	assert_true(expiry_step(&s) == DAY / 2);
	s.accounts.nick_expiry_ms = 8000;
	assert_true(expiry_step(&s) == 1000);
	s.accounts.nick_expiry_ms = 1;
	assert_true(expiry_step(&s) == 100);
}

/* Of what was never noted to be used nothing ends. */
static void test_not_noted(void **state)
{
	struct desk *d = *state;
	const struct server s = {.accounts = {.expiry_ms = 1000, .nick_expiry_ms = 1000}, .channel_expiry_ms = 1000};

	assert_true(expiry_seen(ann(d)) == 0);
	assert_true(expiry_of_account(&s, ann(d)) == 0);
	assert_true(expiry_of_nick(&s, ann(d), other(d)) == 0);
	desk_apply(d, rec_override(rec_modes(&d->f, 1, "#a", "+r")));
	assert_true(expiry_of_channel(d->f.net, &s, network_channel(d->f.net, STR("#a"))) == 0);
}

static void test_account(void **state)
{
	struct desk *d = *state;
	const struct server never = {0}, s = {.accounts = {.expiry_ms = 5000, .nick_expiry_ms = 7000}};
	const struct user *u = network_user(d->f.net, 1);
	int64_t seen;

	assert_true(expiry_is_stale(&d->env, u));
	expiry_note_account(&d->env, ann(d), STR("ann"));
	seen = expiry_seen(ann(d));
	assert_true(seen > 0 && other(d)->time == seen);
	assert_true(expiry_of_account(&s, ann(d)) == seen + 5000);
	assert_true(expiry_of_nick(&s, ann(d), other(d)) == seen + 7000);
	assert_true(expiry_of_account(&never, ann(d)) == 0 && expiry_of_nick(&never, ann(d), other(d)) == 0);
	assert_false(expiry_is_stale(&d->env, u));
	desk_submitted(d);
	expiry_note_account(&d->env, ann(d), STR("other"));
	assert_string_equal(desk_submitted(d), "");
}

static void test_what_stays(void **state)
{
	static const uint32_t flags[] = {ACCOUNT_NO_EXPIRY, ACCOUNT_SUSPENDED};
	struct desk *d = *state;
	const struct server s = {.accounts = {.expiry_ms = 5000, .nick_expiry_ms = 7000}};

	expiry_note_account(&d->env, ann(d), STR_NONE);
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		set_flags(d, flags[i]);
		assert_true(expiry_of_account(&s, ann(d)) == 0 && expiry_of_nick(&s, ann(d), other(d)) == 0);
	}
	set_flags(d, 0);
	assert_true(expiry_keep_account(&d->env, ann(d), true));
	assert_true(ann(d)->flags == (ACCOUNT_EXISTS | ACCOUNT_NO_EXPIRY));
	assert_true(expiry_keep_account(&d->env, ann(d), false));
	assert_true(expiry_of_account(&s, ann(d)) != 0);
}

static void test_channel(void **state)
{
	struct desk *d = *state;
	const struct server s = {.channel_expiry_ms = 5000};
	const struct channel *c;

	desk_apply(d, rec_override(rec_modes(&d->f, 1, "#a", "+r")));
	c = network_channel(d->f.net, STR("#a"));
	assert_false(expiry_is_stale_in(&d->env, c, network_user(d->f.net, 1)));
	expiry_note_channel(&d->env, c);
	assert_true(channel_settings(c)->used > 0);
	assert_true(expiry_of_channel(d->f.net, &s, c) == channel_settings(c)->used + 5000);
	expiry_keep_channel(&d->env, c, true);
	assert_true(expiry_of_channel(d->f.net, &s, c) == 0);
	expiry_keep_channel(&d->env, c, false);
	assert_true(expiry_of_channel(d->f.net, &s, c) != 0);
	expiry_end_channel(&d->env, c);
	assert_false(network_channel(d->f.net, STR("#a"))->flags & CHAN_REGISTERED);
}

static void test_end_of_a_nick(void **state)
{
	struct desk *d = *state;

	expiry_end_nick(&d->env, ann(d), other(d));
	assert_null(other(d));
	assert_null(network_account_of_nick(d->f.net, STR("other")));
	assert_non_null(ann(d));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_step),
		cmocka_unit_test_setup_teardown(test_not_noted, setup, teardown),
		cmocka_unit_test_setup_teardown(test_account, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_stays, setup, teardown),
		cmocka_unit_test_setup_teardown(test_channel, setup, teardown),
		cmocka_unit_test_setup_teardown(test_end_of_a_nick, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
