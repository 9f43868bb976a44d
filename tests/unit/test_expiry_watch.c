#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/log.h"
#include "chatd/expiry_watch.h"
#include "command/expiry.h"
#include "command_fixture.h"

/* Who is warned of, and who goes, at one look; the times of use are what the test says, and none has to pass. */

enum { HOUR = 3600 * 1000, TURNS = 64 };

struct room {
	struct desk d;
	struct server server;
	struct expiry_watch w;
	char said[4096];
};

static void hear(void *ctx, enum log_event event, const char *text)
{
	struct room *r = ctx;
	size_t n = strlen(r->said);

	if (event == EVENT_EXPIRY_NEAR || event == EVENT_EXPIRED)
		snprintf(r->said + n, sizeof(r->said) - n, "%s: %s\n", log_about(event)->name, text);
}

static int setup(void **state)
{
	struct room *r = calloc(1, sizeof(*r));

	desk_init(&r->d);
	r->d.applies = true;
	r->server = *r->d.env.server;
	r->server.accounts.expiry_ms = HOUR;
	r->d.env.server = &r->server;
	r->w = (struct expiry_watch){.loop = r->d.env.hub->loop, .env = &r->d.env};
	log_set_tap(hear, r);
	expiry_watch_start(&r->w);
	*state = r;
	return 0;
}

static int teardown(void **state)
{
	struct room *r = *state;

	expiry_watch_stop(&r->w);
	log_set_tap(NULL, NULL);
	desk_deinit(&r->d);
	free(r);
	return 0;
}

/* An account that was used so long ago. */
static void add(struct room *r, const char *name, uint32_t flags, int64_t ago)
{
	struct record rec = rec_kept_account(&r->d.f, name, 1, "");
	struct account_item last = {ACCOUNT_LAST, STR("*"), loop_clock(r->w.loop)->real_ms - ago};

	rec.account.flags |= flags;
	rec.account.items = &last;
	rec.account.nitems = 1;
	desk_apply(&r->d, rec);
}

/* All of its blocks, whenever they are due. */
static const char *look(struct room *r)
{
	int64_t looked = r->w.looked;

	r->said[0] = '\0';
	for (int i = 0; i < TURNS && (r->w.looked == looked || i == 0); i++)
		r->w.timer.due(&r->w.timer);
	assert_true(r->w.looked != looked);
	return r->said;
}

static void test_each_in_its_time(void **state)
{
	struct room *r = *state;
	const char *said;

	add(r, "fresh", 0, HOUR / 2);
	add(r, "near", 0, HOUR - HOUR / 5);
	add(r, "over", 0, HOUR + 1);
	add(r, "kept", ACCOUNT_NO_EXPIRY, 9LL * HOUR);
	add(r, "bad", ACCOUNT_SUSPENDED, 9LL * HOUR);
	said = look(r);
	assert_non_null(strstr(said, "expiry-near: nobody has used account near for long: it ends at "));
	assert_non_null(strstr(said, "expired: nobody has used account over for too long: it is no more\n"));
	assert_null(strstr(said, "fresh"));
	assert_null(strstr(said, "kept"));
	assert_null(strstr(said, "bad"));
	assert_null(network_account(r->d.f.net, STR("over")));
	assert_int_equal(network_accounts(r->d.f.net)->count, 4);
}

/* The next look says it not once more, and is due when the first of them is. */
static void test_warned_once(void **state)
{
	struct room *r = *state;

	add(r, "near", 0, HOUR - HOUR / 5);
	assert_non_null(strstr(look(r), "near"));
	assert_true(r->w.first > r->w.begun && r->w.first <= r->w.begun + HOUR / 5);
	/* The clock may not have moved since. */
	while (loop_clock(r->w.loop)->real_ms <= r->w.looked)
		loop_turn(r->w.loop, 1);
	assert_string_equal(look(r), "");
}

/* Of one from before it was noted at all, the count begins with the first look. */
static void test_from_before(void **state)
{
	struct room *r = *state;

	desk_apply(&r->d, rec_kept_account(&r->d.f, "old", 1, ""));
	assert_string_equal(look(r), "");
	assert_true(expiry_seen(network_account(r->d.f.net, STR("old"))) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_each_in_its_time, setup, teardown),
		cmocka_unit_test_setup_teardown(test_warned_once, setup, teardown),
		cmocka_unit_test_setup_teardown(test_from_before, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
