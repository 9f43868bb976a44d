#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fanout/render.h"
#include "network_fixture.h"
#include "proto/line.h"
#include "proto/utf8.h"

#define TAGS CAP_BIT(CAP_MESSAGE_TAGS)
#define TIME CAP_BIT(CAP_SERVER_TIME)
#define ACCOUNT CAP_BIT(CAP_ACCOUNT_TAG)
#define ALL (CAP_BIT(CAP_COUNT) - 1)
#define AT "time=1970-01-01T00:00:10.000Z"
#define ANN ":ann!ann@host.example "
#define BOB ":bob!bob@host.example "

/* What is rendered for one client of what becomes of a record; CR LF shows as LF. */
struct screen {
	struct fixture f;
	cap_set caps;
	char text[64 << 10];
};

static size_t render(const struct screen *s, const struct change *c, cap_set caps, char *out, size_t size)
{
	struct render_context ctx = {"chat.example", s->f.net};
	struct buf b;

	buf_init(&b, out, size - 1);
	render_lines(&b, &ctx, c, caps);
	assert_false(b.full);
	out[b.n] = '\0';
	return b.n;
}

/* Clients that agree in the capabilities that matter get the same bytes, whatever else they have. */
static void check_matters(const struct screen *s, const struct change *c)
{
	static char one[16 << 10], two[16 << 10];
	cap_set matters = render_matters(c);

	for (int bit = 0; bit < CAP_COUNT; bit++) {
		for (int rest = 0; rest < 2; rest++) {
			cap_set caps = rest ? ALL & ~CAP_BIT(bit) : CAP_BIT(bit);

			render(s, c, caps, one, sizeof(one));
			render(s, c, caps & matters, two, sizeof(two));
			assert_string_equal(one, two);
		}
	}
}

static void tell(void *ctx, const struct change *c)
{
	struct screen *s = ctx;
	char text[16 << 10];
	struct str rest, line;

	check_matters(s, c);
	rest = (struct str){text, render(s, c, s->caps, text, sizeof(text))};
	while (str_split(&rest, '\n', &line)) {
		const char *body = line.p[0] == '@' ? (const char *)memchr(line.p, ' ', line.n) + 1 : line.p;

		assert_true(line.n > 0 && line.p[line.n - 1] == '\r');
		assert_true((size_t)(line.p + line.n - body) + 1 <= LINE_BODY_MAX);
		assert_true((size_t)(body - line.p) <= LINE_TAGS_MAX);
		snprintf(s->text + strlen(s->text), sizeof(s->text) - strlen(s->text), "%.*s\n", (int)line.n - 1,
			 line.p);
	}
}

static int set_up(void **state)
{
	static const char *const nicks[] = {"ann", "bob", "cid", NULL};
	struct screen *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	fixture_init(&s->f, 1);
	fixture_people(&s->f, nicks);
	fixture_apply(&s->f, rec_account(1, "anna"));
	fixture_apply(&s->f, rec_umodes(1, USER_BOT, 0));
	fixture_apply(&s->f, rec_override(rec_umodes(1, USER_OPER, 0)));
	s->f.sink = (struct change_sink){tell, s};
	*state = s;
	return 0;
}

static int tear_down(void **state)
{
	struct screen *s = *state;

	fixture_deinit(&s->f);
	free(s);
	return 0;
}

static const char *shown(struct screen *s, struct record r, cap_set caps)
{
	s->text[0] = '\0';
	s->caps = caps;
	fixture_apply(&s->f, r);
	return s->text;
}

struct row {
	struct record r;
	cap_set caps;
	const char *want;
};

/* Each on a network of its own: all of them at 00:00:10. */
static void run_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		void *state;

		set_up(&state);
		assert_string_equal(shown(state, rows[i].r, rows[i].caps), rows[i].want);
		tear_down(&state);
	}
}

#define RUN(rows) run_rows(rows, sizeof(rows) / sizeof((rows)[0]))

static struct record with(struct record r, const char *msgid, const char *tags)
{
	r.msgid = str_of(msgid);
	if (r.type == RECORD_MESSAGE)
		r.message.tags = str_of(tags);
	return r;
}

static struct record of_kind(struct record r, enum message_kind kind, uint8_t min_rank)
{
	r.message.kind = kind;
	r.message.min_rank = min_rank;
	return r;
}

static void users(void **state)
{
	const struct row rows[] = {
		{rec_user(9, "zoe"), ALL, ""},
		{rec_nick(2, "rob"), 0, BOB "NICK :rob\n"},
		{rec_nick(1, "zoe"), ALL, "@" AT ";account=anna;draft/oper;bot " ANN "NICK :zoe\n"},
		{rec_nick(2, "ann"), ALL, ""},
		{rec_quit(2, "Quit: bye"), TIME, "@" AT " " BOB "QUIT :Quit: bye\n"},
		{rec_quit(2, ""), 0, BOB "QUIT :\n"},
		{rec_away(2, "at lunch"), 0, ""},
		{rec_away(2, "at lunch"), CAP_BIT(CAP_AWAY_NOTIFY), BOB "AWAY :at lunch\n"},
		{rec_away(2, ""), CAP_BIT(CAP_AWAY_NOTIFY), BOB "AWAY\n"},
		{rec_realname(2, "B. Ob"), 0, ""},
		{rec_realname(2, "B. Ob"), CAP_BIT(CAP_SETNAME), BOB "SETNAME :B. Ob\n"},
		{rec_host(2, "u", "new.example"), 0, ""},
		{rec_host(2, "u", "new.example"), CAP_BIT(CAP_CHGHOST), BOB "CHGHOST u new.example\n"},
		{rec_account(2, "bobby"), 0, ""},
		{rec_account(2, "bobby"), CAP_BIT(CAP_ACCOUNT_NOTIFY), BOB "ACCOUNT bobby\n"},
		{rec_account(1, ""), CAP_BIT(CAP_ACCOUNT_NOTIFY) | ACCOUNT, ANN "ACCOUNT *\n"},
		{rec_umodes(2, USER_INVISIBLE | USER_WALLOPS, 0), 0, BOB "MODE bob +iw\n"},
		{rec_umodes(1, USER_INVISIBLE, USER_BOT | USER_OPER), 0, ANN "MODE ann +i-Bo\n"},
		{rec_wallops(1, "hear: hear"), 0, ANN "WALLOPS :hear: hear\n"},
		{rec_wallops(2, "no"), ALL, ""},
	};

	(void)state;
	RUN(rows);
}

/* The tags of a line are about its source, and that of a QUIT is who leaves. */
static void kills(void **state)
{
	const struct row rows[] = {
		{rec_kill(1, 2, "spam"), 0, BOB "QUIT :Killed (ann (spam))\n"},
		{rec_kill(1, 2, "spam"), ALL, "@" AT " " BOB "QUIT :Killed (ann (spam))\n"},
		{rec_kill(0, 1, "spam"), ALL, "@" AT ";account=anna;draft/oper;bot " ANN "QUIT :Killed (* (spam))\n"},
		{rec_kill(2, 1, "spam"), ALL, ""},
	};

	(void)state;
	RUN(rows);
}

static void channels(void **state)
{
	const cap_set ext = CAP_BIT(CAP_EXTENDED_JOIN);
	const struct row rows[] = {
		{rec_join(2, "#B", ""), 0, BOB "JOIN #B\n"},
		{rec_join(2, "#B", ""), ext, BOB "JOIN #B * :A Person\n"},
		{rec_join(1, "#B", ""), ext, ANN "JOIN #B anna :A Person\n"},
		{rec_join(1, "#a", ""), ALL, ""},
		{rec_part(2, "#A", "bye all"), 0, BOB "PART #a :bye all\n"},
		{rec_part(2, "#a", ""), TIME, "@" AT " " BOB "PART #a\n"},
		{rec_part(2, "#none", ""), ALL, ""},
		{rec_kick(1, "#a", 2, "out"), 0, ANN "KICK #a bob :out\n"},
		{rec_kick(0, "#a", 2, "out"), TAGS | ACCOUNT, ":chat.example KICK #a bob :out\n"},
		{rec_topic(1, "#a", "new: topic"), ACCOUNT, "@account=anna " ANN "TOPIC #a :new: topic\n"},
		{rec_topic(2, "#a", ""), 0, BOB "TOPIC #a :\n"},
		{rec_topic(0, "#a", "x"), 0, ":chat.example TOPIC #a :x\n"},
	};

	(void)state;
	RUN(rows);
}

static void invitations(void **state)
{
	struct screen *s = *state;

	fixture_apply(&s->f, rec_user(4, "dan"));
	assert_string_equal(shown(s, rec_invite(1, "#a", 4), 0), ANN "INVITE dan #a\n");
	assert_string_equal(shown(s, rec_invite(0, "#a", 4), 0), ":chat.example INVITE dan #a\n");
}

static void messages(void **state)
{
	const struct record say = rec_say(1, "#a", "hi: there"), tell_bob = rec_tell(1, 2, "");
	const struct row rows[] = {
		{say, 0, ANN "PRIVMSG #a :hi: there\n"},
		{of_kind(say, MESSAGE_NOTICE, 0), 0, ANN "NOTICE #a :hi: there\n"},
		{of_kind(say, MESSAGE_PRIVMSG, RANK_VOICE), 0, ANN "PRIVMSG +#a :hi: there\n"},
		{of_kind(say, MESSAGE_NOTICE, RANK_OP), 0, ANN "NOTICE @#a :hi: there\n"},
		{tell_bob, 0, ANN "PRIVMSG bob :\n"},
		{rec_say(0, "#a", "x"), ALL, "@" AT " :chat.example PRIVMSG #a :x\n"},
		{with(of_kind(say, MESSAGE_TAGMSG, 0), "m", "+t=1"), 0, ""},
		{with(of_kind(say, MESSAGE_TAGMSG, 0), "m", "+t=1"), ALL & ~TAGS, ""},
		{with(of_kind(say, MESSAGE_TAGMSG, 0), "m", "+t=1"), TAGS, "@msgid=m;bot;+t=1 " ANN "TAGMSG #a\n"},
		{with(of_kind(tell_bob, MESSAGE_TAGMSG, 0), "m", "+t=1"), TAGS,
		 "@msgid=m;bot;+t=1 " ANN "TAGMSG bob\n"},
	};

	(void)state;
	RUN(rows);
}

static void tags_by_capability(void **state)
{
	const struct record r = with(rec_say(1, "#a", "x"), "M1", "+a=b;+c");
	const struct record bob = with(rec_say(2, "#a", "x"), "M1", "");
	const struct row rows[] = {
		{r, 0, ANN "PRIVMSG #a :x\n"},
		{r, TIME, "@" AT " " ANN "PRIVMSG #a :x\n"},
		{r, ACCOUNT, "@account=anna " ANN "PRIVMSG #a :x\n"},
		{r, TIME | ACCOUNT, "@" AT ";account=anna " ANN "PRIVMSG #a :x\n"},
		{r, TAGS, "@msgid=M1;bot;+a=b;+c " ANN "PRIVMSG #a :x\n"},
		{r, TAGS | TIME, "@" AT ";msgid=M1;bot;+a=b;+c " ANN "PRIVMSG #a :x\n"},
		{r, TAGS | ACCOUNT, "@account=anna;msgid=M1;bot;+a=b;+c " ANN "PRIVMSG #a :x\n"},
		{r, ALL, "@" AT ";account=anna;draft/oper;msgid=M1;bot;+a=b;+c " ANN "PRIVMSG #a :x\n"},
		{bob, ALL, "@" AT ";msgid=M1 " BOB "PRIVMSG #a :x\n"},
		{bob, ACCOUNT, BOB "PRIVMSG #a :x\n"},
		{with(rec_topic(2, "#a", "x"), "M1", NULL), ALL, "@" AT ";msgid=M1 " BOB "TOPIC #a :x\n"},
	};

	(void)state;
	RUN(rows);
}

/* On a code point, whatever stands where the line ends. */
static void several_lines(void **state)
{
	const cap_set batch = CAP_BIT(CAP_BATCH) | CAP_BIT(CAP_MULTILINE);
	const struct record r = with(rec_say(1, "#a", "\none\rtwo"), "M1", "+a=b");
	const struct row rows[] = {
		{r, 0, ANN "PRIVMSG #a :one\n" ANN "PRIVMSG #a :two\n"},
		{r, CAP_BIT(CAP_MULTILINE), ANN "PRIVMSG #a :one\n" ANN "PRIVMSG #a :two\n"},
		{r, TAGS,
		 "@msgid=M1;bot;+a=b " ANN "PRIVMSG #a :one\n@bot;+a=b " ANN "PRIVMSG #a :two\n"},
		{of_kind(r, MESSAGE_NOTICE, RANK_OP), batch,
		 ANN "BATCH +M1 draft/multiline @#a\n@batch=M1 " ANN "NOTICE @#a :\n@batch=M1 " ANN
		     "NOTICE @#a :one\n@batch=M1;draft/multiline-concat " ANN "NOTICE @#a :two\n" ANN "BATCH -M1\n"},
		{with(rec_tell(1, 2, "a\nb"), "M2", ""), batch | TAGS,
		 "@msgid=M2;bot " ANN "BATCH +M2 draft/multiline bob\n@batch=M2 " ANN "PRIVMSG bob :a\n@batch=M2 " ANN
		 "PRIVMSG bob :b\n" ANN "BATCH -M2\n"},
	};

	(void)state;
	RUN(rows);
}

static void long_messages_are_cut(void **state)
{
	static const char *const points[] = {"x", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80"};
	struct screen *s = *state;
	char text[600];

	for (size_t p = 0; p < 4; p++) {
		for (size_t shift = 0; shift < 4; shift++) {
			size_t n = strlen(points[p]), at = shift;
			const char *line;

			memset(text, 'y', shift);
			for (; at + n < 500; at += n)
				memcpy(text + at, points[p], n);
			text[at] = '\0';
			line = shown(s, rec_say(1, "#a", text), 0);
			assert_true(utf8_valid(str_of(line)));
			assert_in_range(strlen(line), 511 - (n - 1), 511);
		}
	}
	memset(text, 'z', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(strlen(shown(s, rec_topic(1, "#a", text), 0)), 511);
	assert_int_equal(strlen(shown(s, rec_quit(1, text), 0)), 511);
}

static void modes(void **state)
{
	struct screen *s = *state;

	fixture_apply(&s->f, rec_modes(&s->f, 1, "#a", "+n +t"));
	assert_string_equal(shown(s, rec_modes(&s->f, 1, "#a", "+m +v2 -t -n +kpass +l5 +bx!*@*"), 0),
			    ANN "MODE #a +mv-tn+klb bob pass 5 x!*@*\n");
	assert_string_equal(shown(s, rec_modes(&s->f, 1, "#a", "-k -l +o2 -bX!*@*"), TIME | TAGS),
			    "@time=1970-01-01T00:00:12.000Z;bot " ANN "MODE #a -kl+o-b * bob x!*@*\n");
	assert_string_equal(shown(s, rec_modes(&s->f, 1, "#a", "+m"), ALL), "");
	assert_string_equal(shown(s, rec_modes(&s->f, 0, "#a", "-m"), 0), ":chat.example MODE #a -m\n");
}

/* One line where one will do, more where it would be cut; each with its sign, and together all that changed. */
static void long_mode_changes_are_split(void **state)
{
	enum { COUNT = 30, WIDE = 90 };
	struct screen *s = *state;
	char steps[COUNT * (WIDE + 8)] = "", wanted[WIDE + 8];
	struct str rest, line;
	unsigned lines = 0;

	for (int i = 0; i < COUNT; i++) {
		snprintf(steps + strlen(steps), sizeof(steps) - strlen(steps), "%s+bm%02d%.*s!*@*", i ? " " : "", i,
			 WIDE - 8,
			 "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz");
	}
	strcat(steps, " +n");
	{
		struct record r = rec_override(rec_modes(&s->f, 1, "#a", steps));

		r.channel_modes.list_max = 0;
		rest = str_of(shown(s, r, TIME));
	}
	for (int i = 0; str_split(&rest, '\n', &line); lines++) {
		char head[128];
		unsigned here = 0;

		assert_true(str_starts(line, STR("@" AT " " ANN "MODE #a +b")));
		assert_true(line.n - strlen("@" AT " ") + 2 <= LINE_BODY_MAX);
		snprintf(head, sizeof(head), "%.*s", (int)sizeof(head) - 1, line.p);
		here = (unsigned)strspn(strstr(head, "#a +") + 4, "b");
		for (unsigned k = 0; k < here; k++, i++) {
			snprintf(wanted, sizeof(wanted), " m%02dz", i);
			assert_non_null(memmem(line.p, line.n, wanted, strlen(wanted)));
		}
		if (rest.n == 0)
			assert_int_equal(i, COUNT);
	}
	assert_in_range(lines, 6, 10);
	assert_non_null(strstr(s->text, "bn "));
}

/* Words that are masks here: what ends with 'w'. */
static unsigned masks_in(const char *text)
{
	unsigned n = 0;

	for (; *text; text++)
		n += text[0] == 'w' && (text[1] == ' ' || text[1] == '\n');
	return n;
}

static void every_length_of_mode_lines(void **state)
{
	struct screen *s = *state;
	char steps[1200];

	for (int wide = 1; wide < 80; wide++) {
		struct record r;

		steps[0] = '\0';
		for (int i = 0; i < 10; i++)
			snprintf(steps + strlen(steps), sizeof(steps) - strlen(steps), "%s%cb%d%.*s", i ? " " : "", '+',
				 i, wide,
				 "wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww");
		r = rec_modes(&s->f, 1, "#a", steps);
		r.channel_modes.list_max = 0;
		assert_int_equal(masks_in(shown(s, r, 0)), 10);
		for (char *p = steps; (p = strstr(p, "+b")); p++)
			*p = '-';
		r = rec_modes(&s->f, 1, "#a", steps);
		assert_int_equal(masks_in(shown(s, r, 0)), 10);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(users),
		TEST(kills),
		TEST(channels),
		TEST(invitations),
		TEST(messages),
		TEST(tags_by_capability),
		TEST(several_lines),
		TEST(long_messages_are_cut),
		TEST(modes),
		TEST(long_mode_changes_are_split),
		TEST(every_length_of_mode_lines),
	};

	return cmocka_run_group_tests_name("render", tests, NULL, NULL);
}
