#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "command/answers.h"
#include "command_fixture.h"

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

/* Each record's changes are answered to client 0, as if it had asked for them (or not). */
static void owe(void *ctx, const struct change *c)
{
	struct desk *d = ctx;

	for (int i = 0; i < d->st.count; i++)
		answer_change(&d->env, stage_session(&d->st, i), c);
}

static const char *answered(struct desk *d, int i, struct record r)
{
	struct change_sink before = d->f.sink;

	r.session = stage_session(&d->st, i)->id;
	d->f.sink = (struct change_sink){owe, d};
	desk_apply(d, r);
	d->f.sink = before;
	return stage_heard(&d->st, i);
}

static void replace(char **slot, const char *text)
{
	mem_free(*slot);
	*slot = mem_strdup(text);
}

static void numerics_of(const char *text, char *out)
{
	for (; *text; text = strchr(text, '\n') + 1) {
		memcpy(out, strchr(text, ' ') + 1, 4);
		out += 4;
	}
	*out = '\0';
}

static void welcome(void **state)
{
	struct desk *d = *state;
	int i = desk_client(d, 2);
	char numerics[256];
	const char *text;

	answer_welcome(&d->env, stage_session(&d->st, i));
	text = stage_heard(&d->st, i);
	numerics_of(text, numerics);
	assert_string_equal(numerics, "001 002 003 004 005 005 005 251 252 254 255 265 266 422 ");
	assert_true(str_starts(str_of(text), STR(":chat.example 001 bob :Welcome to the chatd network, "
						 "bob!bob@host.example\n")));
	assert_int_equal(stage_count(text, " :are supported by this server\n"), d->st.server.isupport.count);
	desk_apply(d, rec_umodes(2, USER_INVISIBLE, 0));
	answer_welcome(&d->env, stage_session(&d->st, i));
	assert_non_null(strstr(stage_heard(&d->st, i), ":chat.example 221 bob +i\n"));
}

/* The longest names there can be take nothing away from what clients read. */
static void isupport_is_whole(void **state)
{
	struct desk *d = *state;
	char host[64], nick[31];
	const char *text;
	int i;

	memset(host, 'h', sizeof(host) - 1);
	host[sizeof(host) - 1] = '\0';
	memset(nick, 'n', sizeof(nick) - 1);
	nick[sizeof(nick) - 1] = '\0';
	replace(&d->st.server.name, host);
	replace(&d->st.server.network, "A_network_with_a_name_as_long_as_a_name_of_a_network_can_be_at");
	server_build(&d->st.server);
	desk_apply(d, rec_user(4, nick));
	i = desk_client(d, 4);
	answer_isupport(&d->env, stage_session(&d->st, i));
	text = stage_heard(&d->st, i);
	assert_int_equal(stage_count(text, " 005 "), d->st.server.isupport.count);
	assert_int_equal(stage_count(text, " :are supported by this server\n"), d->st.server.isupport.count);
}

static void lusers(void **state)
{
	struct desk *d = *state;
	int i = desk_client(d, 2);

	stage_add(&d->st);
	stage_add(&d->st);
	desk_apply(d, rec_umodes(1, USER_INVISIBLE, 0));
	desk_apply(d, rec_override(rec_umodes(3, USER_OPER, 0)));
	desk_apply(d, rec_user(4, "dan"));
	desk_apply(d, rec_quit(4, ""));
	answer_lusers(&d->env, stage_session(&d->st, i));
	assert_string_equal(stage_heard(&d->st, i),
			    ":chat.example 251 bob :There are 2 users and 1 invisible on 1 servers\n"
			    ":chat.example 252 bob 1 :operator(s) online\n"
			    ":chat.example 253 bob 2 :unknown connection(s)\n"
			    ":chat.example 254 bob 1 :channels formed\n"
			    ":chat.example 255 bob :I have 3 clients and 0 servers\n"
			    ":chat.example 265 bob 3 4 :Current local users 3, max 4\n"
			    ":chat.example 266 bob 3 4 :Current global users 3, max 4\n");
}

static void motd(void **state)
{
	struct desk *d = *state;
	int i = desk_client(d, 2);

	answer_motd(&d->env, stage_session(&d->st, i));
	assert_string_equal(stage_heard(&d->st, i), ":chat.example 422 bob :MOTD File is missing\n");
	text_lines_add(&d->st.server.motd, "one");
	text_lines_add(&d->st.server.motd, "");
	answer_motd(&d->env, stage_session(&d->st, i));
	assert_string_equal(stage_heard(&d->st, i), ":chat.example 375 bob :- chat.example Message of the day - \n"
						    ":chat.example 372 bob :- one\n"
						    ":chat.example 372 bob :- \n"
						    ":chat.example 376 bob :End of MOTD command\n");
}

static void topic(void **state)
{
	struct desk *d = *state;
	int i = desk_client(d, 2);

	answer_topic(stage_session(&d->st, i), network_channel(d->f.net, STR("#a")));
	assert_string_equal(stage_heard(&d->st, i), "");
	desk_apply(d, rec_topic(1, "#a", "hello: all"));
	answer_topic(stage_session(&d->st, i), network_channel(d->f.net, STR("#a")));
	assert_string_equal(stage_heard(&d->st, i), ":chat.example 332 bob #a :hello: all\n"
						    ":chat.example 333 bob #a ann!ann@host.example 7\n");
}

/* Refusals */

struct refused {
	enum refusal refusal;
	enum record_type type;
	bool user; /* the change is about ann, else about nobody */
	const char *want;
};

static struct record refused_record(enum record_type type)
{
	switch (type) {
	case RECORD_JOIN:
		return rec_join(2, "#x", "");
	case RECORD_PART:
		return rec_part(2, "#x", "");
	case RECORD_KICK:
		return rec_kick(2, "#x", 1, "");
	case RECORD_TOPIC:
		return rec_topic(2, "#x", "");
	case RECORD_INVITE:
		return rec_invite(2, "#x", 1);
	case RECORD_MESSAGE:
		return rec_say(2, "#x", "");
	case RECORD_CHANNEL_MODES:
		return (struct record){.type = type, .channel_modes = {.channel = STR("#x")}};
	case RECORD_USER_NICK:
		return rec_nick(2, "zoe");
	default:
		return (struct record){.type = type};
	}
}

static void refusals(void **state)
{
	static const struct refused rows[] = {
		{REFUSAL_NONE, RECORD_JOIN, false, ""},
		{REFUSAL_NO_SUCH_USER, RECORD_KICK, false, "401 bob * :No such nick/channel"},
		{REFUSAL_NO_SUCH_USER, RECORD_KICK, true, "401 bob ann :No such nick/channel"},
		{REFUSAL_NO_SUCH_CHANNEL, RECORD_PART, false, "403 bob #x :No such channel"},
		{REFUSAL_NO_SUCH_CHANNEL, RECORD_USER_KILL, false, "403 bob * :No such channel"},
		{REFUSAL_NICK_IN_USE, RECORD_USER_NICK, false, "433 bob zoe :Nickname is already in use"},
		{REFUSAL_NOT_ON_CHANNEL, RECORD_TOPIC, false, "442 bob #x :You're not on that channel"},
		{REFUSAL_TARGET_NOT_ON_CHANNEL, RECORD_KICK, true, "441 bob ann #x :They aren't on that channel"},
		{REFUSAL_ALREADY_ON_CHANNEL, RECORD_INVITE, true, "443 bob ann #x :is already on channel"},
		{REFUSAL_NEED_RANK, RECORD_CHANNEL_MODES, true, "482 bob #x :You're not channel operator"},
		{REFUSAL_TOO_MANY_CHANNELS, RECORD_JOIN, false, "405 bob #x :You have joined too many channels"},
		{REFUSAL_FULL, RECORD_JOIN, false, "471 bob #x :Cannot join channel (+l)"},
		{REFUSAL_INVITE_ONLY, RECORD_JOIN, false, "473 bob #x :Cannot join channel (+i)"},
		{REFUSAL_BANNED, RECORD_JOIN, false, "474 bob #x :Cannot join channel (+b)"},
		{REFUSAL_BAD_KEY, RECORD_JOIN, false, "475 bob #x :Cannot join channel (+k)"},
		{REFUSAL_NEED_ACCOUNT, RECORD_JOIN, false,
		 "477 bob #x :You need to be logged in to an account for that"},
		{REFUSAL_NO_EXTERNAL, RECORD_MESSAGE, false,
		 "404 bob #x :Cannot send to channel (+n: no messages from outside)"},
		{REFUSAL_MODERATED, RECORD_MESSAGE, false, "404 bob #x :Cannot send to channel (+m: it is moderated)"},
		{REFUSAL_MUTED, RECORD_MESSAGE, false,
		 "404 bob #x :Cannot send to channel (+b: you are banned or muted)"},
		{REFUSAL_NO_CTCP, RECORD_MESSAGE, false, "404 bob #x :Cannot send to channel (+C: no CTCP)"},
		{REFUSAL_SPEAK_NEEDS_ACCOUNT, RECORD_MESSAGE, true,
		 "477 bob ann :You need to be logged in to an account for that"},
		{REFUSAL_LIST_FULL, RECORD_CHANNEL_MODES, true, "478 bob #x e :Channel list is full"},
		{REFUSAL_NOT_OPER, RECORD_WALLOPS, false, "481 bob :Permission Denied- You're not an IRC operator"},
	};
	static const struct mode_op op = {true, 'e', 0, {"x", 1}};
	struct desk *d = *state;
	int i = desk_client(d, 2);

	for (size_t k = 0; k < sizeof(rows) / sizeof(rows[0]); k++) {
		struct record r = refused_record(rows[k].type);
		struct change c = {.type = CHANGE_REFUSED, .refusal = rows[k].refusal, .record = &r};
		char want[256] = "";

		c.user = rows[k].user ? network_user(d->f.net, 1) : NULL;
		c.ops = &op;
		c.nops = rows[k].refusal == REFUSAL_LIST_FULL;
		if (*rows[k].want)
			snprintf(want, sizeof(want), ":chat.example %s\n", rows[k].want);
		answer_refused(stage_session(&d->st, i), &c);
		assert_string_equal(stage_heard(&d->st, i), want);
	}
}

/* Nothing automatic answers a NOTICE. */
static void notices_are_never_answered(void **state)
{
	struct desk *d = *state;
	int i = desk_client(d, 2);

	for (enum refusal why = REFUSAL_NONE; why < REFUSAL_END; why++) {
		struct record r = rec_say(2, "#x", "");
		struct change c = {.type = CHANGE_REFUSED, .refusal = why, .record = &r};

		r.message.kind = MESSAGE_NOTICE;
		answer_refused(stage_session(&d->st, i), &c);
	}
	assert_string_equal(stage_heard(&d->st, i), "");
}

/* A nick that was taken between NICK and the record: the client chooses another. */
static void a_taken_nick_is_given_up(void **state)
{
	struct desk *d = *state;
	int i = stage_add(&d->st);
	struct registration *reg = stage_session(&d->st, i)->reg;

	reg->nick = mem_strdup("ann");
	assert_string_equal(answered(d, i, rec_user(9, "ann")),
			    ":chat.example 433 ann ann :Nickname is already in use\n");
	assert_null(reg->nick);
}

/* What is owed */

static void joining(void **state)
{
	struct desk *d = *state;
	int bob = desk_client(d, 2), device = desk_client(d, 2), quiet = desk_client(d, 2);

	stage_caps(&d->st, quiet, CAP_BIT(CAP_NO_IMPLICIT_NAMES));
	desk_apply(d, rec_join(1, "#b", ""));
	desk_apply(d, rec_topic(1, "#b", "t"));
	assert_string_equal(answered(d, bob, rec_join(2, "#B", "")), ":chat.example 332 bob #b :t\n"
								     ":chat.example 333 bob #b ann!ann@host.example 8\n"
								     ":chat.example 353 bob = #b :@ann bob\n"
								     ":chat.example 366 bob #b :End of /NAMES list\n");
	assert_int_equal(stage_count(stage_heard(&d->st, device), "\n"), 4);
	assert_int_equal(stage_count(stage_heard(&d->st, quiet), "\n"), 2);
}

static void away(void **state)
{
	struct desk *d = *state;
	int bob = desk_client(d, 2), device = desk_client(d, 2);

	assert_string_equal(answered(d, bob, rec_away(2, "x")),
			    ":chat.example 306 bob :You have been marked as being away\n");
	assert_string_equal(answered(d, bob, rec_away(2, "x")),
			    ":chat.example 306 bob :You have been marked as being away\n");
	assert_string_equal(answered(d, bob, rec_away(2, "")),
			    ":chat.example 305 bob :You are no longer marked as being away\n");
	assert_string_equal(stage_heard(&d->st, device), "");
}

static void talking_to_the_absent(void **state)
{
	struct desk *d = *state;
	int bob = desk_client(d, 2);
	struct record notice = rec_tell(2, 1, "x"), tags = notice;

	notice.message.kind = MESSAGE_NOTICE;
	tags.message.kind = MESSAGE_TAGMSG;
	assert_string_equal(answered(d, bob, rec_tell(2, 1, "x")), "");
	desk_apply(d, rec_away(1, "lunch"));
	assert_string_equal(answered(d, bob, rec_tell(2, 1, "x")), ":chat.example 301 bob ann :lunch\n");
	assert_string_equal(answered(d, bob, notice), "");
	assert_string_equal(answered(d, bob, tags), "");
	assert_string_equal(answered(d, bob, rec_say(2, "#a", "x")), "");
}

static void inviting(void **state)
{
	struct desk *d = *state;
	int ann = desk_client(d, 1);

	desk_apply(d, rec_user(4, "dan"));
	assert_string_equal(answered(d, ann, rec_invite(1, "#A", 4)), ":chat.example 341 ann dan #a\n");
	desk_apply(d, rec_away(4, "zzz"));
	assert_string_equal(answered(d, ann, rec_invite(1, "#a", 4)),
			    ":chat.example 341 ann dan #a\n:chat.example 301 ann dan :zzz\n");
}

static void opering(void **state)
{
	struct desk *d = *state;
	int bob = desk_client(d, 2), device = desk_client(d, 2);

	assert_string_equal(answered(d, bob, rec_override(rec_umodes(2, USER_OPER, 0))),
			    ":chat.example 381 bob :You are now an IRC operator\n");
	assert_string_equal(answered(d, bob, rec_umodes(2, USER_INVISIBLE, 0)), "");
	assert_string_equal(stage_heard(&d->st, device), "");
}

static void most_changes_owe_nothing(void **state)
{
	struct desk *d = *state;
	int ann = desk_client(d, 1);

	assert_string_equal(answered(d, ann, rec_topic(1, "#a", "x")), "");
	assert_string_equal(answered(d, ann, rec_modes(&d->f, 1, "#a", "+m")), "");
	assert_string_equal(answered(d, ann, rec_kick(1, "#a", 3, "x")), "");
	assert_string_equal(answered(d, ann, rec_realname(1, "x")), "");
	assert_string_equal(answered(d, ann, rec_nick(1, "zoe")), "");
	assert_string_equal(answered(d, ann, rec_part(1, "#a", "x")), "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(welcome),
		TEST(isupport_is_whole),
		TEST(lusers),
		TEST(motd),
		TEST(topic),
		TEST(refusals),
		TEST(notices_are_never_answered),
		TEST(a_taken_nick_is_given_up),
		TEST(joining),
		TEST(away),
		TEST(talking_to_the_absent),
		TEST(inviting),
		TEST(opering),
		TEST(most_changes_owe_nothing),
	};

	return cmocka_run_group_tests_name("answers", tests, NULL, NULL);
}
