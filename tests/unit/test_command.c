#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "command_fixture.h"

#define LABELS (CAP_BIT(CAP_LABELED_RESPONSE) | CAP_BIT(CAP_BATCH))
#define ALL (CAP_BIT(CAP_COUNT) - 1)

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

static int oper(struct desk *d)
{
	desk_apply(d, rec_override(rec_umodes(1, USER_OPER, 0)));
	return desk_client(d, 1);
}

/* The table */

static void rows_are_sane(void **state)
{
	(void)state;
	assert_true(command_count() > 30);
	for (size_t i = 0; i < command_count(); i++) {
		const struct command *row = command_nth(i);

		assert_non_null(row);
		assert_non_null(row->run);
		assert_ptr_equal(command_find(row->name), row);
		assert_true(strlen(row->name) < 16);
		assert_int_equal(strspn(row->name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"), strlen(row->name));
		assert_in_range(row->role, ROLE_ANY, ROLE_MAY(PRIV_COUNT - 1));
		assert_in_range(row->min, 0, 15);
		assert_true(row->cap >= -1 && row->cap < CAP_COUNT);
	}
	assert_null(command_nth(command_count()));
	assert_null(command_find("nick"));
	assert_null(command_find(""));
	assert_null(command_find("NICKX"));
	assert_null(command_find("NIC"));
}

/* What every row promises is kept for it, whatever it is. */

static void too_few_parameters_for(struct desk *d, int i, const struct command *row)
{
	char line[128], want[128];

	snprintf(line, sizeof(line), "%s", row->name);
	for (int k = 0; k + 1 < row->min; k++)
		strcat(line, " x");
	snprintf(want, sizeof(want), ":chat.example 461 %s %s :Not enough parameters\n",
		 session_nick(stage_session(&d->st, i)), row->name);
	assert_string_equal(desk_say(d, i, line), want);
	assert_string_equal(desk_submitted(d), "");
}

static void arity(void **state)
{
	struct desk *d = *state;
	int i = oper(d), stranger = stage_add(&d->st);

	stage_caps(&d->st, i, ALL & ~CAP_BIT(CAP_SERVER_TIME));
	d->st.server.no_limits = true;
	for (size_t n = 0; n < command_count(); n++) {
		const struct command *row = command_nth(n);

		if (row->min > 0)
			too_few_parameters_for(d, row->role == ROLE_UNREGISTERED ? stranger : i, row);
	}
}

static void before_registration(void **state)
{
	struct desk *d = *state;
	int i = stage_add(&d->st);

	stage_caps(&d->st, i, ALL & ~CAP_BIT(CAP_SERVER_TIME));
	d->st.server.no_limits = true;
	for (size_t n = 0; n < command_count(); n++) {
		if (command_nth(n)->role >= ROLE_USER)
			assert_string_equal(desk_say(d, i, command_nth(n)->name),
					    ":chat.example 451 * :You have not registered\n");
	}
	assert_string_equal(desk_say(d, i, "NOSUCH"), ":chat.example 451 * :You have not registered\n");
	assert_string_equal(desk_submitted(d), "");
}

static void after_registration(void **state)
{
	struct desk *d = *state;
	int i = desk_client(d, 2);

	d->st.server.no_limits = true;
	for (size_t n = 0; n < command_count(); n++) {
		if (command_nth(n)->role == ROLE_UNREGISTERED)
			assert_string_equal(desk_say(d, i, command_nth(n)->name),
					    ":chat.example 462 bob :You may not reregister\n");
		if (command_nth(n)->role >= ROLE_OPER)
			assert_string_equal(desk_say(d, i, command_nth(n)->name),
					    ":chat.example 481 bob :Permission Denied- You're not an IRC operator\n");
	}
	assert_string_equal(desk_submitted(d), "");
}

static void without_its_capability_it_is_unknown(void **state)
{
	struct desk *d = *state;
	int i = desk_client(d, 2), with = 0;

	for (size_t n = 0; n < command_count(); n++) {
		const struct command *row = command_nth(n);
		char want[128];

		if (row->cap < 0)
			continue;
		with++;
		snprintf(want, sizeof(want), ":chat.example 421 bob %s :Unknown command\n", row->name);
		assert_string_equal(desk_say(d, i, row->name), want);
		stage_caps(&d->st, i, CAP_BIT(row->cap));
		assert_null(strstr(desk_say(d, i, row->name), " 421 "));
		stage_caps(&d->st, i, 0);
		assert_int_equal(d->env.usage[n].count, 1);
	}
	assert_true(with >= 2);
	assert_string_equal(desk_say(d, i, "nosuch x y"), ":chat.example 421 bob NOSUCH :Unknown command\n");
}

static void opers_may(void **state)
{
	struct desk *d = *state;
	int i = oper(d);

	assert_string_equal(desk_say(d, i, "WALLOPS :x"), "");
	assert_string_equal(desk_say(d, i, "KILL bob :x"), "");
	assert_string_equal(desk_submitted(d), "WALLOPS; USER_KILL; ");
	assert_int_equal(stage_count(desk_say(d, i, "REHASH"), "not today"), 1);
	desk_say(d, i, "DIE :enough");
	desk_say(d, i, "RESTART");
	assert_string_equal(desk_submitted(d), "rehash; stop Stopped by ann: enough; restart Restarted by ann; ");
}

/* Each row with a privilege asks for its own, and no other. */
static void classes_limit_opers(void **state)
{
	struct desk *d = *state;
	int i = desk_client(d, 1), guarded = 0;

	d->st.server.no_limits = true;
	for (size_t n = 0; n < command_count(); n++) {
		const struct command *row = command_nth(n);
		enum privilege priv = (enum privilege)(row->role - ROLE_OPER - 1);
		char want[128];

		if (row->role <= ROLE_OPER)
			continue;
		guarded++;
		desk_apply(d, rec_oper(1, "helper", PRIV_ALL & ~PRIV_BIT(priv)));
		snprintf(want, sizeof(want), ":chat.example 723 ann %s :Insufficient oper privileges.\n",
			 privilege_name(priv));
		assert_string_equal(desk_say(d, i, row->name), want);
		assert_string_equal(desk_submitted(d), "");
		desk_apply(d, rec_oper(1, "helper", PRIV_BIT(priv)));
		assert_null(strstr(desk_say(d, i, row->name), " 723 "));
		desk_submitted(d);
	}
	assert_true(guarded >= 5);
}

/* Use and cost */

static size_t nth_of(const char *name)
{
	for (size_t n = 0; n < command_count(); n++)
		if (command_nth(n) == command_find(name))
			return n;
	fail();
	return 0;
}

static void use_is_counted(void **state)
{
	struct desk *d = *state;
	int i = desk_client(d, 2);
	const struct command_usage *ping = &d->env.usage[nth_of("PING")];

	desk_say(d, i, "PING a");
	desk_say(d, i, "ping abc");
	desk_say(d, i, "PING");
	assert_int_equal(ping->count, 3);
	assert_int_equal(ping->bytes, strlen("PING a\r\nPING abc\r\nPING\r\n"));
	desk_say(d, i, "NOSUCH");
	desk_say(d, i, "KILL ann");
	for (size_t n = 0; n < command_count(); n++)
		assert_int_equal(d->env.usage[n].count, n == nth_of("PING") ? 3 : n == nth_of("KILL"));
}

static int32_t cost_of(struct desk *d, const char *line)
{
	int i = stage_add(&d->st);
	struct session *s = stage_session(&d->st, i);
	int32_t cost, full = (int32_t)d->st.server.flood_burst * 1000;

	/* Nothing is gained meanwhile: it is full, and looked at in the same turn. */
	assert_int_equal(s->tokens, full);
	session_register(s, network_user(d->f.net, 2));
	d->st.server.flood_rate = 0;
	desk_say(d, i, line);
	d->st.server.flood_rate = 1;
	cost = full - s->tokens;
	session_close(s, "done");
	return cost;
}

static void commands_cost_what_their_rows_say(void **state)
{
	static const char *const names[] = {"PING", "OPER", "INVITE", "KILL", "NAMES", "JOIN"};
	struct desk *d = *state;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_int_equal(cost_of(d, names[i]), command_find(names[i])->cost * 100);
	assert_int_equal(cost_of(d, "NOSUCH"), 1000);
	assert_int_equal(cost_of(d, "PRIVMSG ann,bob,cid :x"), 3000);
}

/* Labels */

static void every_answer_bears_the_label(void **state)
{
	struct desk *d = *state;
	int i = desk_client(d, 2);

	stage_caps(&d->st, i, LABELS);
	assert_string_equal(desk_say(d, i, "@label=a PONG x"), "@label=a :chat.example ACK\n");
	assert_string_equal(desk_say(d, i, "@x=y;label=b PING x"), "@label=b :chat.example PONG chat.example :x\n");
	assert_string_equal(desk_say(d, i, "@label=c NOSUCH"),
			    "@label=c :chat.example 421 bob NOSUCH :Unknown command\n");
	assert_string_equal(desk_say(d, i, "@label=d KILL ann"),
			    "@label=d :chat.example 481 bob :Permission Denied- You're not an IRC operator\n");
	assert_string_equal(desk_say(d, i, "@label=e KICK"),
			    "@label=e :chat.example 461 bob KICK :Not enough parameters\n");
	assert_string_equal(desk_say(d, i, "@label=f WHOIS nobody"),
			    "@label=f :chat.example BATCH +1 labeled-response\n"
			    "@batch=1 :chat.example 401 bob nobody :No such nick/channel\n"
			    "@batch=1 :chat.example 318 bob nobody :End of /WHOIS list\n"
			    ":chat.example BATCH -1\n");
	assert_string_equal(desk_say(d, i, "@label=g JOIN #b"), "@label=g :chat.example ACK\n");
	assert_string_equal(desk_say(d, i, "@label= PING x"), ":chat.example PONG chat.example :x\n");
	assert_string_equal(desk_say(d, i, "@label PING x"), ":chat.example PONG chat.example :x\n");
}

static void the_end_needs_no_label(void **state)
{
	struct desk *d = *state;
	int i = desk_client(d, 2);

	stage_caps(&d->st, i, LABELS);
	assert_string_equal(desk_say(d, i, "@label=a QUIT :bye"), "ERROR :Closing link: (localhost) [Quit: bye]\n");
	assert_string_equal(desk_submitted(d), "quit Quit: bye; ");
}

static void records_name_who_asked(void **state)
{
	struct desk *d = *state;
	int i = desk_client(d, 2), stranger = stage_add(&d->st);
	struct call call = {.session = stage_session(&d->st, i), .user = network_user(d->f.net, 2)};
	struct record r = call_record(&call, RECORD_JOIN);

	assert_int_equal(r.type, RECORD_JOIN);
	assert_int_equal(r.origin, 2);
	assert_int_equal(r.session, stage_session(&d->st, i)->id);
	assert_int_equal(r.flags, 0);
	call = (struct call){.session = stage_session(&d->st, stranger)};
	r = call_record(&call, RECORD_USER_ADD);
	assert_int_equal(r.origin, 0);
	assert_int_equal(r.session, stage_session(&d->st, stranger)->id);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(rows_are_sane),
		TEST(arity),
		TEST(before_registration),
		TEST(after_registration),
		TEST(without_its_capability_it_is_unknown),
		TEST(opers_may),
		TEST(classes_limit_opers),
		TEST(use_is_counted),
		TEST(commands_cost_what_their_rows_say),
		TEST(every_answer_bears_the_label),
		TEST(the_end_needs_no_label),
		TEST(records_name_who_asked),
	};

	return cmocka_run_group_tests_name("command", tests, NULL, NULL);
}
