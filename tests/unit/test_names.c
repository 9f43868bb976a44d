#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "command/answers.h"
#include "command/names.h"
#include "command_fixture.h"

enum { CROWD_FIRST = 100, CROWD = 600 };

static int set_up(void **state)
{
	struct desk *d = malloc(sizeof(*d));

	assert_non_null(d);
	desk_init(d);
	*state = d;
	return 0;
}

static int tear_down(void **state)
{
	desk_deinit(*state);
	free(*state);
	return 0;
}

static const struct channel *channel(struct desk *d, const char *name)
{
	return network_channel(d->f.net, str_of(name));
}

static const char *names_of(struct desk *d, int i, const char *name)
{
	answer_names(&d->env, stage_session(&d->st, i), channel(d, name), name);
	return stage_heard(&d->st, i);
}

/* Many people with long names, in that channel. */
static void crowd_into(struct desk *d, const char *name)
{
	char nick[32];

	for (uint64_t i = 0; i < CROWD; i++) {
		snprintf(nick, sizeof(nick), "n%03uxxxxxxxxxxxxxxxxxxxxxxxx", (unsigned)i);
		desk_apply(d, rec_user(CROWD_FIRST + i, nick));
		desk_apply(d, rec_join(CROWD_FIRST + i, name, ""));
	}
}

static unsigned crowd_in(const char *text)
{
	unsigned found = 0, once;
	char nick[32];

	for (unsigned i = 0; i < CROWD; i++) {
		snprintf(nick, sizeof(nick), "n%03uxxxxxxxxxxxxxxxxxxxxxxxx", i);
		once = stage_count(text, nick);
		assert_in_range(once, 0, 1);
		found += once;
	}
	return found;
}

static void prefixes_and_hosts(void **state)
{
	struct desk *d = *state;
	int i = desk_client(d, 2);

	desk_apply(d, rec_modes(&d->f, 1, "#a", "+v1 +h3"));
	assert_string_equal(names_of(d, i, "#a"), ":chat.example 353 bob = #a :@ann bob %cid\n"
						  ":chat.example 366 bob #a :End of /NAMES list\n");
	stage_caps(&d->st, i, CAP_BIT(CAP_MULTI_PREFIX));
	assert_string_equal(names_of(d, i, "#a"), ":chat.example 353 bob = #a :@+ann bob %cid\n"
						  ":chat.example 366 bob #a :End of /NAMES list\n");
	stage_caps(&d->st, i, CAP_BIT(CAP_USERHOST_IN_NAMES));
	assert_string_equal(names_of(d, i, "#a"),
			    ":chat.example 353 bob = #a :@ann!ann@host.example bob!bob@host.example "
			    "%cid!cid@host.example\n"
			    ":chat.example 366 bob #a :End of /NAMES list\n");
}

/* What does not show itself is answered as if it were not there. */
static void secrets(void **state)
{
	struct desk *d = *state;
	int bob = desk_client(d, 2), dan;

	desk_apply(d, rec_user(4, "dan"));
	dan = desk_client(d, 4);
	assert_string_equal(names_of(d, dan, "#none"), ":chat.example 366 dan #none :End of /NAMES list\n");
	desk_apply(d, rec_umodes(3, USER_INVISIBLE, 0));
	assert_string_equal(names_of(d, dan, "#a"), ":chat.example 353 dan = #a :@ann bob\n"
						    ":chat.example 366 dan #a :End of /NAMES list\n");
	assert_string_equal(names_of(d, bob, "#a"), ":chat.example 353 bob = #a :@ann bob cid\n"
						    ":chat.example 366 bob #a :End of /NAMES list\n");
	desk_apply(d, rec_oper(4, "x", PRIV_BIT(PRIV_SEE_SECRET)));
	assert_int_equal(stage_count(names_of(d, dan, "#a"), "cid"), 0);
	desk_apply(d, rec_oper(4, "x", PRIV_BIT(PRIV_SEE_HIDDEN)));
	assert_int_equal(stage_count(names_of(d, dan, "#a"), "cid"), 1);
	desk_apply(d, rec_modes(&d->f, 1, "#a", "+s"));
	assert_string_equal(names_of(d, dan, "#a"), ":chat.example 366 dan #a :End of /NAMES list\n");
	assert_string_equal(names_of(d, bob, "#a"), ":chat.example 353 bob @ #a :@ann bob cid\n"
						    ":chat.example 366 bob #a :End of /NAMES list\n");
	desk_apply(d, rec_oper(4, "x", PRIV_BIT(PRIV_SEE_HIDDEN) | PRIV_BIT(PRIV_SEE_SECRET)));
	assert_int_equal(stage_count(names_of(d, dan, "#a"), "cid"), 1);
}

/* All invisible: no empty line of names. */
static void nobody_to_show(void **state)
{
	struct desk *d = *state;
	int dan;

	desk_apply(d, rec_user(4, "dan"));
	for (uint64_t id = 1; id <= 3; id++)
		desk_apply(d, rec_umodes(id, USER_INVISIBLE, 0));
	dan = desk_client(d, 4);
	assert_string_equal(names_of(d, dan, "#a"), ":chat.example 366 dan #a :End of /NAMES list\n");
}

static void a_crowd_in_many_lines(void **state)
{
	struct desk *d = *state;
	int i = desk_client(d, 2);
	const char *text;

	crowd_into(d, "#a");
	text = names_of(d, i, "#a");
	assert_int_equal(crowd_in(text), CROWD);
	assert_int_equal(stage_count(text, " 366 "), 1);
	assert_in_range(stage_count(text, " 353 "), CROWD / 18, CROWD / 14);
	stage_caps(&d->st, i, CAP_BIT(CAP_USERHOST_IN_NAMES) | CAP_BIT(CAP_MULTI_PREFIX));
	text = names_of(d, i, "#a");
	assert_int_equal(stage_count(text, "@host.example"), CROWD + 3);
}

static void all_channels(void **state)
{
	struct desk *d = *state;
	int bob = desk_client(d, 2);
	const char *text;

	desk_apply(d, rec_join(1, "#b", ""));
	desk_apply(d, rec_join(1, "#hidden", ""));
	desk_apply(d, rec_modes(&d->f, 1, "#hidden", "+s"));
	names_all(&d->env, stage_session(&d->st, bob));
	text = stage_heard(&d->st, bob);
	assert_int_equal(stage_count(text, "\n"), 3);
	assert_int_equal(stage_count(text, ":chat.example 353 bob = #a :@ann bob cid\n"), 1);
	assert_int_equal(stage_count(text, ":chat.example 353 bob = #b :@ann\n"), 1);
	assert_non_null(strstr(text, "\n:chat.example 366 bob * :End of /NAMES list\n"));
}

static void no_channels(void **state)
{
	struct desk *d = *state;
	int bob = desk_client(d, 2);

	for (uint64_t id = 1; id <= 3; id++)
		desk_apply(d, rec_part(id, "#a", ""));
	names_all(&d->env, stage_session(&d->st, bob));
	assert_string_equal(stage_heard(&d->st, bob), ":chat.example 366 bob * :End of /NAMES list\n");
}

/* Starts a long list and lets it pause for a client that does not read. */
static int begin_long_names(struct desk *d)
{
	int i = desk_client(d, 2);

	crowd_into(d, "#a");
	d->st.hub.limits.sendq_max = 16 << 10;
	stage_narrow(&d->st, i);
	answer_names(&d->env, stage_session(&d->st, i), channel(d, "#a"), "#a");
	stage_settle(&d->st);
	assert_non_null(stage_session(&d->st, i)->stream);
	assert_in_range(conn_sendq(&stage_session(&d->st, i)->conn), 1, 12 << 10);
	return i;
}

static void slow_readers_get_it_all(void **state)
{
	struct desk *d = *state;
	int i = begin_long_names(d);
	const char *text = stage_heard(&d->st, i);

	assert_int_equal(crowd_in(text), CROWD);
	assert_int_equal(stage_count(text, " 366 bob #a "), 1);
	assert_null(stage_session(&d->st, i)->stream);
}

/* Some leave in the middle of it: nobody who stays is missed (see cursor.h). */
static void people_leave_meanwhile(void **state)
{
	struct desk *d = *state;
	int i = begin_long_names(d);
	const char *text;

	for (uint64_t k = 0; k < CROWD; k += 2)
		desk_apply(d, rec_part(CROWD_FIRST + k, "#a", ""));
	text = stage_heard(&d->st, i);
	for (unsigned k = 1; k < CROWD; k += 2) {
		char nick[32];

		snprintf(nick, sizeof(nick), "n%03uxxxxxxxxxxxxxxxxxxxxxxxx", k);
		assert_in_range(stage_count(text, nick), 1, 2);
	}
	assert_in_range(stage_count(text, "xxxxxxxxxxxxxxxxxxxxxxxx"), CROWD / 2, CROWD - 1);
	assert_int_equal(stage_count(text, " 366 bob #a "), 1);
}

/* A channel of the same name that comes later is another one. */
static void the_channel_ends_meanwhile(void **state)
{
	struct desk *d = *state;
	int i = begin_long_names(d);
	const char *text;

	for (uint64_t k = 0; k < CROWD; k++)
		desk_apply(d, rec_part(CROWD_FIRST + k, "#a", ""));
	for (uint64_t id = 1; id <= 3; id++)
		desk_apply(d, rec_part(id, "#a", ""));
	assert_null(channel(d, "#a"));
	desk_apply(d, rec_user(9, "newcomer"));
	desk_apply(d, rec_join(9, "#a", ""));
	text = stage_heard(&d->st, i);
	assert_null(strstr(text, "newcomer"));
	assert_in_range(crowd_in(text), 1, CROWD - 1);
	assert_int_equal(stage_count(text, " 366 bob #a "), 1);
}

/* It turns secret, and the asker is not inside any more: nothing more is told. */
static void the_channel_hides_meanwhile(void **state)
{
	struct desk *d = *state;
	int i = begin_long_names(d);
	const char *text;

	desk_apply(d, rec_part(2, "#a", ""));
	desk_apply(d, rec_modes(&d->f, 1, "#a", "+s"));
	text = stage_heard(&d->st, i);
	assert_in_range(crowd_in(text), 1, CROWD - 1);
	assert_int_equal(stage_count(text, " 366 bob #a "), 1);
}

static void the_asker_leaves_meanwhile(void **state)
{
	struct desk *d = *state;
	int i = begin_long_names(d);

	session_close(stage_session(&d->st, i), "bye");
	assert_null(strstr(stage_heard(&d->st, i), " 366 "));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(prefixes_and_hosts),
		TEST(secrets),
		TEST(nobody_to_show),
		TEST(a_crowd_in_many_lines),
		TEST(all_channels),
		TEST(no_channels),
		TEST(slow_readers_get_it_all),
		TEST(people_leave_meanwhile),
		TEST(the_channel_ends_meanwhile),
		TEST(the_channel_hides_meanwhile),
		TEST(the_asker_leaves_meanwhile),
	};

	return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
