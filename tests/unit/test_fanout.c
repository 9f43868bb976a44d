#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fanout/fanout.h"
#include "network_fixture.h"
#include "session/monitor.h"
#include "session_fixture.h"

#define LABELS (CAP_BIT(CAP_LABELED_RESPONSE) | CAP_BIT(CAP_BATCH))
#define ANN ":ann!ann@host.example "
#define BOB ":bob!bob@host.example "

/* People 1.. on a network, each with the client of number id - 1; "eve" is in no channel. */
enum { ANN_ = 0, BOB_ = 1, CID_ = 2, DAN_ = 3, EVE_ = 4, PEOPLE = 5 };

struct house {
	struct stage st;
	struct fixture f;
	struct fanout *fanout;
};

static void tell(void *ctx, const struct change *c)
{
	struct house *h = ctx;

	fanout_tell(h->fanout, c);
}

/* One more device of the user. */
static int add_device(struct house *h, uint64_t user)
{
	const struct user *u = network_user(h->f.net, user);
	int i = stage_add(&h->st);
	struct session *s = stage_session(&h->st, i);

	session_register(s, u);
	s->next_own = u->sessions;
	network_user_set_sessions(h->f.net, user, s);
	return i;
}

static int set_up(void **state)
{
	static const char *const nicks[] = {"ann", "bob", "cid", "dan", NULL};
	struct house *h = calloc(1, sizeof(*h));

	assert_non_null(h);
	stage_init(&h->st, user_nick);
	fixture_init(&h->f, 1);
	h->fanout = fanout_new(&h->st.hub, h->f.net);
	fixture_people(&h->f, nicks);
	fixture_apply(&h->f, rec_user(5, "eve"));
	for (uint64_t id = 1; id <= PEOPLE; id++)
		add_device(h, id);
	h->f.sink = (struct change_sink){tell, h};
	*state = h;
	return 0;
}

static int tear_down(void **state)
{
	struct house *h = *state;

	stage_deinit(&h->st);
	fanout_free(h->fanout);
	fanout_free(NULL);
	fixture_deinit(&h->f);
	free(h);
	return 0;
}

static void apply(struct house *h, struct record r)
{
	fixture_apply(&h->f, r);
}

/* As a command of that client would have it; label: empty for none. */
static void ask(struct house *h, int i, const char *label, struct record r)
{
	struct session *s = stage_session(&h->st, i);

	r.session = s->id;
	answer_begin(s, str_of(label));
	fixture_apply(&h->f, r);
	answer_end(s);
}

static void caps(struct house *h, int i, cap_set set)
{
	stage_caps(&h->st, i, set);
}

static void all_caps(struct house *h, cap_set set)
{
	for (int i = 0; i < h->st.count; i++)
		caps(h, i, set);
}

static void assert_heard(struct house *h, int i, const char *want)
{
	assert_string_equal(stage_heard(&h->st, i), want);
}

static void assert_all_heard(struct house *h, const char *const want[PEOPLE])
{
	for (int i = 0; i < PEOPLE; i++)
		assert_heard(h, i, want[i]);
}

static void forget(struct house *h)
{
	for (int i = 0; i < h->st.count; i++)
		stage_heard(&h->st, i);
}

static void watch(struct house *h, int i, const char *nick)
{
	assert_int_equal(monitor_add(h->st.hub.monitor, stage_session(&h->st, i), str_of(nick), 100), MONITOR_ADDED);
}

static void share_many_channels(struct house *h)
{
	static const char *const names[] = {"#b", "#c", "#d"};

	for (size_t i = 0; i < 3; i++) {
		apply(h, rec_join(1, names[i], ""));
		apply(h, rec_join(2, names[i], ""));
		apply(h, rec_join(3, names[i], ""));
	}
	forget(h);
}

/* Users */

static void nick_is_told_once(void **state)
{
	struct house *h = *state;
	int device = add_device(h, 1);

	share_many_channels(h);
	apply(h, rec_nick(1, "zoe"));
	assert_all_heard(h, (const char *const[]){ANN "NICK :zoe\n", ANN "NICK :zoe\n", ANN "NICK :zoe\n",
						  ANN "NICK :zoe\n", ""});
	assert_heard(h, device, ANN "NICK :zoe\n");
	apply(h, rec_nick(5, "eva"));
	assert_all_heard(h, (const char *const[]){"", "", "", "", ":eve!eve@host.example NICK :eva\n"});
}

/* Who leaves is told by its own ERROR, not by its QUIT. */
static void quit_is_told_once(void **state)
{
	struct house *h = *state;
	int device = add_device(h, 1);

	share_many_channels(h);
	apply(h, rec_quit(1, "bye"));
	assert_all_heard(h, (const char *const[]){"", ANN "QUIT :bye\n", ANN "QUIT :bye\n", ANN "QUIT :bye\n", ""});
	assert_heard(h, device, "");
}

static void kill_is_told_to_the_victim(void **state)
{
	struct house *h = *state;

	apply(h, rec_override(rec_umodes(1, USER_OPER, 0)));
	forget(h);
	apply(h, rec_kill(1, 2, "spam"));
	assert_all_heard(h, (const char *const[]){BOB "QUIT :Killed (ann (spam))\n", ANN "KILL bob :spam\n",
						  BOB "QUIT :Killed (ann (spam))\n", BOB "QUIT :Killed (ann (spam))\n",
						  ""});
	apply(h, rec_kill(0, 3, "gone"));
	assert_heard(h, CID_, ":chat.example KILL cid :gone\n");
}

static void away_goes_to_those_who_want_it(void **state)
{
	struct house *h = *state;

	share_many_channels(h);
	caps(h, ANN_, CAP_BIT(CAP_AWAY_NOTIFY));
	caps(h, BOB_, CAP_BIT(CAP_AWAY_NOTIFY));
	caps(h, EVE_, CAP_BIT(CAP_AWAY_NOTIFY));
	apply(h, rec_away(1, "lunch"));
	assert_all_heard(h, (const char *const[]){"", ANN "AWAY :lunch\n", "", "", ""});
	apply(h, rec_away(1, "lunch"));
	assert_all_heard(h, (const char *const[]){"", "", "", "", ""});
	apply(h, rec_away(1, "nap"));
	assert_heard(h, BOB_, ANN "AWAY :nap\n");
	apply(h, rec_away(1, ""));
	assert_heard(h, BOB_, ANN "AWAY\n");
	apply(h, rec_away(1, ""));
	assert_heard(h, BOB_, "");
}

static void profile_goes_to_peers_and_oneself(void **state)
{
	struct house *h = *state;

	share_many_channels(h);
	all_caps(h, CAP_BIT(CAP_SETNAME) | CAP_BIT(CAP_CHGHOST) | CAP_BIT(CAP_ACCOUNT_NOTIFY));
	caps(h, CID_, 0);
	apply(h, rec_realname(1, "A. Nn"));
	assert_all_heard(h, (const char *const[]){ANN "SETNAME :A. Nn\n", ANN "SETNAME :A. Nn\n", "",
						  ANN "SETNAME :A. Nn\n", ""});
	apply(h, rec_account(1, "anna"));
	assert_all_heard(
		h, (const char *const[]){ANN "ACCOUNT anna\n", ANN "ACCOUNT anna\n", "", ANN "ACCOUNT anna\n", ""});
	apply(h, rec_host(1, "a", "b.example"));
	assert_all_heard(h, (const char *const[]){ANN "CHGHOST a b.example\n", ANN "CHGHOST a b.example\n", "",
						  ANN "CHGHOST a b.example\n", ""});
}

static void user_modes_are_ones_own(void **state)
{
	struct house *h = *state;
	int device = add_device(h, 1);

	apply(h, rec_umodes(1, USER_INVISIBLE, 0));
	assert_all_heard(h, (const char *const[]){ANN "MODE ann +i\n", "", "", "", ""});
	assert_heard(h, device, ANN "MODE ann +i\n");
}

static void wallops_go_to_who_asked(void **state)
{
	struct house *h = *state;

	apply(h, rec_umodes(3, USER_WALLOPS, 0));
	apply(h, rec_umodes(5, USER_WALLOPS, 0));
	forget(h);
	apply(h, rec_wallops(0, "hear"));
	assert_all_heard(
		h, (const char *const[]){"", "", ":chat.example WALLOPS :hear\n", "", ":chat.example WALLOPS :hear\n"});
}

/* Monitor */

static void watchers_hear_who_comes_and_goes(void **state)
{
	struct house *h = *state;

	watch(h, EVE_, "Zoe");
	watch(h, EVE_, "bob");
	watch(h, CID_, "bob");
	apply(h, rec_user(9, "zoe"));
	assert_heard(h, EVE_, ":chat.example 730 eve :zoe!zoe@host.example\n");
	apply(h, rec_quit(9, "bye"));
	assert_heard(h, EVE_, ":chat.example 731 eve :zoe\n");
	apply(h, rec_nick(2, "ZOE"));
	assert_heard(h, EVE_, ":chat.example 731 eve :bob\n:chat.example 730 eve :ZOE!bob@host.example\n");
	assert_heard(h, CID_, BOB "NICK :ZOE\n:chat.example 731 cid :bob\n");
	apply(h, rec_nick(2, "zoe"));
	assert_heard(h, EVE_, "");
	apply(h, rec_quit(2, "bye"));
	assert_heard(h, EVE_, ":chat.example 731 eve :zoe\n");
	assert_heard(h, CID_, ":ZOE!bob@host.example NICK :zoe\n:zoe!bob@host.example QUIT :bye\n");
}

/* Each once, though one shares a channel and watches as well; and only what the client can read. */
static void extended_monitor(void **state)
{
	const cap_set profile =
		CAP_BIT(CAP_AWAY_NOTIFY) | CAP_BIT(CAP_SETNAME) | CAP_BIT(CAP_CHGHOST) | CAP_BIT(CAP_ACCOUNT_NOTIFY);
	struct house *h = *state;

	watch(h, EVE_, "ann");
	watch(h, BOB_, "ann");
	watch(h, ANN_, "ann");
	caps(h, EVE_, profile);
	caps(h, BOB_, profile | CAP_BIT(CAP_EXTENDED_MONITOR));
	apply(h, rec_away(1, "x"));
	assert_heard(h, EVE_, "");
	assert_heard(h, BOB_, ANN "AWAY :x\n");
	caps(h, EVE_, profile | CAP_BIT(CAP_EXTENDED_MONITOR));
	apply(h, rec_away(1, "y"));
	apply(h, rec_realname(1, "A"));
	apply(h, rec_account(1, "anna"));
	apply(h, rec_host(1, "u", "h"));
	assert_heard(h, EVE_, ANN "AWAY :y\n" ANN "SETNAME :A\n" ANN "ACCOUNT anna\n" ANN "CHGHOST u h\n");
	assert_heard(h, BOB_, ANN "AWAY :y\n" ANN "SETNAME :A\n" ANN "ACCOUNT anna\n" ANN "CHGHOST u h\n");
	caps(h, EVE_, CAP_BIT(CAP_EXTENDED_MONITOR));
	apply(h, rec_away(1, "z"));
	assert_heard(h, EVE_, "");
	assert_heard(h, ANN_, "");
}

/* Channels */

static void join_is_told_to_all_inside(void **state)
{
	struct house *h = *state;

	caps(h, BOB_, CAP_BIT(CAP_EXTENDED_JOIN));
	apply(h, rec_join(5, "#a", ""));
	assert_all_heard(h, (const char *const[]){":eve!eve@host.example JOIN #a\n",
						  ":eve!eve@host.example JOIN #a * :A Person\n",
						  ":eve!eve@host.example JOIN #a\n", ":eve!eve@host.example JOIN #a\n",
						  ":eve!eve@host.example JOIN #a\n"});
}

static void away_is_told_with_the_join(void **state)
{
	struct house *h = *state;
	int device = add_device(h, 5);

	apply(h, rec_away(5, "lunch"));
	all_caps(h, CAP_BIT(CAP_AWAY_NOTIFY));
	caps(h, CID_, 0);
	apply(h, rec_join(5, "#a", ""));
	assert_all_heard(h, (const char *const[]){":eve!eve@host.example JOIN #a\n:eve!eve@host.example AWAY :lunch\n",
						  ":eve!eve@host.example JOIN #a\n:eve!eve@host.example AWAY :lunch\n",
						  ":eve!eve@host.example JOIN #a\n",
						  ":eve!eve@host.example JOIN #a\n:eve!eve@host.example AWAY :lunch\n",
						  ":eve!eve@host.example JOIN #a\n"});
	assert_heard(h, device, ":eve!eve@host.example JOIN #a\n");
	apply(h, rec_part(5, "#a", ""));
	apply(h, rec_away(5, ""));
	forget(h);
	apply(h, rec_join(5, "#a", ""));
	assert_heard(h, ANN_, ":eve!eve@host.example JOIN #a\n");
}

static void leaving_is_told_to_who_leaves_too(void **state)
{
	struct house *h = *state;

	apply(h, rec_part(2, "#a", "bye"));
	assert_all_heard(h, (const char *const[]){BOB "PART #a :bye\n", BOB "PART #a :bye\n", BOB "PART #a :bye\n",
						  BOB "PART #a :bye\n", ""});
	apply(h, rec_kick(1, "#a", 3, "out"));
	assert_all_heard(h, (const char *const[]){ANN "KICK #a cid :out\n", "", ANN "KICK #a cid :out\n",
						  ANN "KICK #a cid :out\n", ""});
	apply(h, rec_topic(1, "#a", "t"));
	apply(h, rec_modes(&h->f, 1, "#a", "+m"));
	assert_all_heard(h, (const char *const[]){ANN "TOPIC #a :t\n" ANN "MODE #a +m\n", "", "",
						  ANN "TOPIC #a :t\n" ANN "MODE #a +m\n", ""});
}

/* Those who may invite hear of it if they asked for it, beside the one who is invited. */
static void invite_notify(void **state)
{
	struct house *h = *state;

	apply(h, rec_modes(&h->f, 1, "#a", "+h2 +v3"));
	all_caps(h, CAP_BIT(CAP_INVITE_NOTIFY));
	forget(h);
	apply(h, rec_invite(1, "#a", 5));
	assert_all_heard(h, (const char *const[]){"", ANN "INVITE eve #a\n", "", "", ANN "INVITE eve #a\n"});
	all_caps(h, 0);
	apply(h, rec_invite(2, "#a", 5));
	assert_all_heard(h, (const char *const[]){"", "", "", "", BOB "INVITE eve #a\n"});
}

static void refusals_are_nobody_elses(void **state)
{
	struct house *h = *state;

	apply(h, rec_kick(2, "#a", 1, "x"));
	apply(h, rec_say(5, "#nowhere", "x"));
	apply(h, rec_nick(2, "ann"));
	assert_all_heard(h, (const char *const[]){"", "", "", "", ""});
}

/* Messages */

static void messages_go_to_the_others(void **state)
{
	struct house *h = *state;
	int device = add_device(h, 1), other = add_device(h, 2);

	caps(h, BOB_, CAP_BIT(CAP_ECHO_MESSAGE));
	apply(h, rec_say(1, "#a", "hi"));
	assert_all_heard(h, (const char *const[]){"", ANN "PRIVMSG #a :hi\n", ANN "PRIVMSG #a :hi\n",
						  ANN "PRIVMSG #a :hi\n", ""});
	assert_heard(h, device, "");
	assert_heard(h, other, ANN "PRIVMSG #a :hi\n");
}

/* The author's device if it asked for it, and all others of the author. */
static void echo(void **state)
{
	struct house *h = *state;
	int device = add_device(h, 1), quiet = add_device(h, 1);

	caps(h, ANN_, CAP_BIT(CAP_ECHO_MESSAGE) | LABELS);
	caps(h, device, CAP_BIT(CAP_ECHO_MESSAGE));
	ask(h, ANN_, "L", rec_say(1, "#a", "hi"));
	assert_heard(h, quiet, ANN "PRIVMSG #a :hi\n");
	assert_heard(h, ANN_, "@label=L " ANN "PRIVMSG #a :hi\n");
	assert_heard(h, device, ANN "PRIVMSG #a :hi\n");
	assert_heard(h, BOB_, ANN "PRIVMSG #a :hi\n");
	ask(h, ANN_, "M", rec_tell(1, 5, "psst"));
	assert_heard(h, ANN_, "@label=M " ANN "PRIVMSG eve :psst\n");
	assert_heard(h, device, ANN "PRIVMSG eve :psst\n");
	assert_heard(h, EVE_, ANN "PRIVMSG eve :psst\n");
	caps(h, ANN_, LABELS);
	ask(h, ANN_, "N", rec_say(1, "#a", "hi"));
	assert_heard(h, ANN_, "@label=N :chat.example ACK\n");
	assert_heard(h, BOB_, ANN "PRIVMSG #a :hi\n");
}

/* Twice to the device that wrote it, if it has echoes: one bears the label. Once to any other. */
static void to_oneself(void **state)
{
	struct house *h = *state;
	int device = add_device(h, 1), quiet = add_device(h, 1);

	caps(h, ANN_, CAP_BIT(CAP_ECHO_MESSAGE) | LABELS);
	caps(h, device, CAP_BIT(CAP_ECHO_MESSAGE));
	ask(h, ANN_, "L", rec_tell(1, 1, "note"));
	assert_heard(h, ANN_, ANN "PRIVMSG ann :note\n@label=L " ANN "PRIVMSG ann :note\n");
	assert_heard(h, device, ANN "PRIVMSG ann :note\n");
	assert_heard(h, quiet, ANN "PRIVMSG ann :note\n");
	ask(h, ANN_, "", rec_tell(1, 1, "note"));
	assert_heard(h, ANN_, ANN "PRIVMSG ann :note\n" ANN "PRIVMSG ann :note\n");
	caps(h, ANN_, 0);
	ask(h, ANN_, "", rec_tell(1, 1, "note"));
	assert_heard(h, ANN_, ANN "PRIVMSG ann :note\n");
}

static void status_messages(void **state)
{
	struct house *h = *state;
	struct record r = rec_say(3, "#a", "staff");

	apply(h, rec_modes(&h->f, 1, "#a", "+h2 +v4"));
	forget(h);
	r.message.min_rank = RANK_HALFOP;
	apply(h, r);
	assert_all_heard(h, (const char *const[]){":cid!cid@host.example PRIVMSG %#a :staff\n",
						  ":cid!cid@host.example PRIVMSG %#a :staff\n", "", "", ""});
	r.message.min_rank = RANK_VOICE;
	caps(h, CID_, CAP_BIT(CAP_ECHO_MESSAGE));
	apply(h, r);
	assert_all_heard(h, (const char *const[]){":cid!cid@host.example PRIVMSG +#a :staff\n",
						  ":cid!cid@host.example PRIVMSG +#a :staff\n",
						  ":cid!cid@host.example PRIVMSG +#a :staff\n",
						  ":cid!cid@host.example PRIVMSG +#a :staff\n", ""});
}

static void tags_alone_go_to_who_reads_tags(void **state)
{
	struct house *h = *state;
	struct record r = rec_say(1, "#a", "");

	r.message.kind = MESSAGE_TAGMSG;
	r.message.tags = STR("+typing=active");
	caps(h, ANN_, CAP_BIT(CAP_MESSAGE_TAGS) | CAP_BIT(CAP_ECHO_MESSAGE));
	caps(h, BOB_, CAP_BIT(CAP_MESSAGE_TAGS) | CAP_BIT(CAP_SERVER_TIME));
	caps(h, CID_, CAP_BIT(CAP_SERVER_TIME));
	apply(h, r);
	assert_all_heard(h, (const char *const[]){"@+typing=active " ANN "TAGMSG #a\n",
						  "@time=T;+typing=active " ANN "TAGMSG #a\n", "", "", ""});
}

/* Labels */

static void the_label_is_for_who_asked(void **state)
{
	struct house *h = *state;
	int device = add_device(h, 1);

	all_caps(h, LABELS);
	ask(h, ANN_, "1", rec_join(1, "#b", ""));
	assert_heard(h, ANN_, "@label=1 " ANN "JOIN #b\n");
	assert_heard(h, device, ANN "JOIN #b\n");
	ask(h, ANN_, "2", rec_nick(1, "zoe"));
	assert_heard(h, ANN_, "@label=2 " ANN "NICK :zoe\n");
	assert_heard(h, device, ANN "NICK :zoe\n");
	assert_heard(h, BOB_, ANN "NICK :zoe\n");
	ask(h, BOB_, "3", rec_away(2, "x"));
	assert_heard(h, BOB_, "@label=3 :chat.example ACK\n");
}

/* What others say while an answer is under way is no part of it. */
static void others_stay_outside_the_answer(void **state)
{
	struct house *h = *state;
	struct session *s = stage_session(&h->st, ANN_);

	all_caps(h, LABELS);
	answer_begin(s, STR("1"));
	reply_notice(s, "one");
	apply(h, rec_say(2, "#a", "hi"));
	reply_notice(s, "two");
	answer_end(s);
	assert_heard(h, ANN_,
		     BOB "PRIVMSG #a :hi\n"
			 "@label=1 :chat.example BATCH +1 labeled-response\n"
			 "@batch=1 :chat.example NOTICE ann :one\n"
			 "@batch=1 :chat.example NOTICE ann :two\n"
			 ":chat.example BATCH -1\n");
}

static void long_modes_are_a_batch(void **state)
{
	struct house *h = *state;
	char steps[1600] = "";
	const char *heard;

	all_caps(h, LABELS | CAP_BIT(CAP_SERVER_TIME));
	for (int i = 0; i < 12; i++)
		snprintf(steps + strlen(steps), sizeof(steps) - strlen(steps), "%s+b%d%.*s", i ? " " : "", i, 80,
			 "wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww");
	{
		struct record r = rec_modes(&h->f, 1, "#a", steps);

		r.channel_modes.list_max = 0;
		ask(h, ANN_, "1", r);
	}
	heard = stage_heard(&h->st, ANN_);
	assert_int_equal(stage_count(heard, "BATCH"), 2);
	assert_int_equal(stage_count(heard, "@batch=1;time=T " ANN "MODE #a +b"), 3);
	assert_int_equal(stage_count(stage_heard(&h->st, BOB_), "@time=T " ANN "MODE #a +b"), 3);
}

/* Many sessions with as many sets of capabilities: each gets its own form of the same message. */
static void each_in_its_own_form(void **state)
{
	static const cap_set sets[] = {0, CAP_BIT(CAP_SERVER_TIME), CAP_BIT(CAP_MESSAGE_TAGS),
				       CAP_BIT(CAP_ACCOUNT_TAG)};
	static const char *const want[] = {ANN "PRIVMSG #a :hi\n", "@time=T " ANN "PRIVMSG #a :hi\n",
					   "@msgid=m " ANN "PRIVMSG #a :hi\n", "@account=anna " ANN "PRIVMSG #a :hi\n"};
	struct house *h = *state;
	struct record r = rec_say(1, "#a", "hi");
	int first = h->st.count;

	apply(h, rec_account(1, "anna"));
	r.msgid = STR("m");
	for (int i = 0; i < 4; i++)
		caps(h, add_device(h, 2), sets[i]);
	apply(h, r);
	for (int i = 0; i < 4; i++)
		assert_heard(h, first + i, want[i]);
}

/* One who overflows is marked and reaped after the turn; all others hear everything. */
static void a_full_reader_harms_nobody(void **state)
{
	struct house *h = *state;
	char text[400];
	unsigned n = 0;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	h->st.hub.limits.sendq_max = 16 << 10;
	h->st.command = NULL;
	while (!strstr(h->st.log, "over 1 SendQ exceeded") && n < 3000) {
		apply(h, rec_say(1, "#a", text));
		n++;
		if (n % 8 == 0)
			assert_int_equal(stage_count(stage_heard(&h->st, CID_), "PRIVMSG"), 8);
		if (n % 8 == 0)
			stage_heard(&h->st, DAN_);
	}
	assert_true(n < 3000);
	network_user_set_sessions(h->f.net, 2, NULL);
	stage_heard(&h->st, CID_);
	apply(h, rec_say(1, "#a", "after"));
	assert_heard(h, CID_, ANN "PRIVMSG #a :after\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* As the message was told, to those who know the command; and to whoever asked. */
static void redaction(void **state)
{
	struct house *h = *state;
	struct record r = {.type = RECORD_REDACT, .origin = 1, .time = 10};

	all_caps(h, CAP_BIT(CAP_MESSAGE_REDACTION));
	caps(h, DAN_, 0);
	r.redact.channel = STR("#A");
	r.redact.msgid = STR("id-0");
	r.redact.reason = STR("no more");
	r.redact.author = 2;
	ask(h, ANN_, "", r);
	assert_all_heard(h, (const char *[]){ANN "REDACT #a id-0 :no more\n", ANN "REDACT #a id-0 :no more\n",
					     ANN "REDACT #a id-0 :no more\n", "", ""});
	r.redact.min_rank = RANK_OP;
	r.redact.reason = STR_NONE;
	ask(h, ANN_, "", r);
	assert_all_heard(h, (const char *[]){ANN "REDACT #a id-0\n", ANN "REDACT #a id-0\n", "", "", ""});
	r.redact = (struct redaction){.target = 5, .to = STR("EVE"), .msgid = STR("id-0"), .author = 1};
	ask(h, ANN_, "", r);
	assert_all_heard(h, (const char *[]){ANN "REDACT eve id-0\n", "", "", "", ANN "REDACT eve id-0\n"});
	r.redact.target = 0;
	ask(h, ANN_, "", r);
	assert_all_heard(h, (const char *[]){ANN "REDACT EVE id-0\n", "", "", "", ""});
}

/* In tags, for those who know them; to others in words. */
static void edition(void **state)
{
	struct house *h = *state;
	struct record r = {.type = RECORD_EDIT, .origin = 1, .time = 10, .msgid = STR("id-1")};

	all_caps(h, CAP_BIT(CAP_MESSAGE_EDIT) | CAP_BIT(CAP_MESSAGE_TAGS));
	caps(h, CID_, CAP_BIT(CAP_MESSAGE_EDIT));
	r.edit.of = (struct redaction){.channel = STR("#A"), .msgid = STR("id-0"), .author = 1, .said = 5};
	r.edit.text = STR("so; it is");
	ask(h, ANN_, "", r);
#define EDIT_TAGS "@msgid=id-1;draft/target-msgid=id-0;draft/edit-text=so\\:\\sit\\sis "
	assert_all_heard(h, (const char *[]){EDIT_TAGS ANN "EDIT #a\n", EDIT_TAGS ANN "EDIT #a\n",
					     ANN "NOTICE #a :(edited) so; it is\n", EDIT_TAGS ANN "EDIT #a\n", ""});
	r.edit.of.author = 2;
	r.flags = RECORD_OVERRIDE;
	apply(h, r);
	assert_all_heard(h, (const char *[]){"", "", "", "", ""});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nick_is_told_once),
		TEST(quit_is_told_once),
		TEST(kill_is_told_to_the_victim),
		TEST(away_goes_to_those_who_want_it),
		TEST(profile_goes_to_peers_and_oneself),
		TEST(user_modes_are_ones_own),
		TEST(wallops_go_to_who_asked),
		TEST(watchers_hear_who_comes_and_goes),
		TEST(extended_monitor),
		TEST(join_is_told_to_all_inside),
		TEST(away_is_told_with_the_join),
		TEST(leaving_is_told_to_who_leaves_too),
		TEST(invite_notify),
		TEST(refusals_are_nobody_elses),
		TEST(messages_go_to_the_others),
		TEST(echo),
		TEST(to_oneself),
		TEST(status_messages),
		TEST(tags_alone_go_to_who_reads_tags),
		TEST(the_label_is_for_who_asked),
		TEST(others_stay_outside_the_answer),
		TEST(long_modes_are_a_batch),
		TEST(each_in_its_own_form),
		TEST(redaction),
		TEST(edition),
		TEST(a_full_reader_harms_nobody),
	};

	return cmocka_run_group_tests_name("fanout", tests, NULL, NULL);
}
