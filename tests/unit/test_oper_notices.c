#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/log.h"
#include "chatd/oper_notices.h"
#include "command_fixture.h"

struct watch_room {
	struct desk d;
	struct oper_notices *notices;
	int ann, bob;
};

static void quiet(void *ctx, const struct log_entry *entry)
{
	(void)ctx;
	(void)entry;
}

static void give_mask(struct watch_room *w, uint64_t user, uint32_t mask)
{
	struct record r = {.type = RECORD_USER_NOTICES, .origin = user};

	desk_apply(&w->d, rec_oper(user, "x", PRIV_ALL));
	r.user_notices.mask = mask;
	desk_apply(&w->d, r);
}

static int setup(void **state)
{
	struct watch_room *w = malloc(sizeof(*w));

	assert_non_null(w);
	log_set_sink(quiet, NULL);
	desk_init(&w->d);
	w->notices = oper_notices_new(w->d.st.loop, w->d.f.net);
	w->ann = desk_client(&w->d, 1);
	w->bob = desk_client(&w->d, 2);
	network_user_set_sessions(w->d.f.net, 1, stage_session(&w->d.st, w->ann));
	network_user_set_sessions(w->d.f.net, 2, stage_session(&w->d.st, w->bob));
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct watch_room *w = *state;

	oper_notices_free(w->notices);
	network_user_set_sessions(w->d.f.net, 1, NULL);
	network_user_set_sessions(w->d.f.net, 2, NULL);
	desk_deinit(&w->d);
	log_set_sink(NULL, NULL);
	free(w);
	return 0;
}

/* Each hears what it asked for, whatever level is logged. */
static void by_kind(void **state)
{
	struct watch_room *w = *state;

	give_mask(w, 1, NOTICE_BIT(NOTICE_CONNECTS) | NOTICE_BIT(NOTICE_ERRORS));
	give_mask(w, 2, NOTICE_BIT(NOTICE_SERVER));
	oper_notices_arrive(w->notices);
	log_set_level(LOG_LEVEL_ERR);
	log_event(EVENT_CLIENT_IN, LOG_NO_FIELDS, "dan\nis here");
	log_event(EVENT_STORE_FAILED, LOG_NO_FIELDS, "no disk");
	log_event(EVENT_RELOADED, LOG_NO_FIELDS, "read again");
	oper_notices_add(w->notices, NOTICE_NICKS, "nobody asked");
	log_set_level(LOG_LEVEL_INFO);
	stage_settle(&w->d.st);
	assert_string_equal(stage_heard(&w->d.st, w->ann), ":chat.example NOTICE ann :*** dan\\012is here\n"
							   ":chat.example NOTICE ann :*** no disk\n");
	assert_string_equal(stage_heard(&w->d.st, w->bob), ":chat.example NOTICE bob :*** read again\n");
}

static void a_mask_that_ends(void **state)
{
	struct watch_room *w = *state;

	give_mask(w, 1, NOTICE_BIT(NOTICE_NICKS));
	oper_notices_arrive(w->notices);
	oper_notices_add(w->notices, NOTICE_NICKS, "%s is now %s", "a", "b");
	desk_apply(&w->d, rec_umodes(1, 0, USER_OPER));
	stage_settle(&w->d.st);
	oper_notices_add(w->notices, NOTICE_NICKS, "later");
	stage_settle(&w->d.st);
	assert_string_equal(stage_heard(&w->d.st, w->ann), "");
}

static void more_than_can_be_told(void **state)
{
	struct watch_room *w = *state;
	const char *heard;

	give_mask(w, 1, NOTICE_ALL);
	oper_notices_arrive(w->notices);
	for (int i = 0; i < 300; i++)
		oper_notices_add(w->notices, NOTICE_NICKS, "number %d", i);
	stage_settle(&w->d.st);
	heard = stage_heard(&w->d.st, w->ann);
	assert_int_equal(stage_count(heard, "*** number"), 256);
	assert_int_equal(stage_count(heard, "*** 44 more notices were not told"), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(by_kind),
		TEST(a_mask_that_ends),
		TEST(more_than_can_be_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
