#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "session_fixture.h"

#define LABELS (CAP_BIT(CAP_LABELED_RESPONSE) | CAP_BIT(CAP_BATCH))

static int set_up(void **state)
{
	struct stage *st = malloc(sizeof(*st));

	assert_non_null(st);
	stage_init(st, NULL);
	stage_add(st);
	stage_register(st, 0, "ann");
	*state = st;
	return 0;
}

static int tear_down(void **state)
{
	stage_deinit(*state);
	free(*state);
	return 0;
}

/* A long answer of so many lines. */
struct lines {
	struct stream st;
	const char *name;
	unsigned left, at;
	struct lines *then; /* given to the session with the last line */
	bool *freed;
};

static bool lines_step(struct stream *stream, struct session *s)
{
	struct lines *l = (struct lines *)stream;

	if (l->left) {
		reply_server(s, "LINE %s %u", l->name, ++l->at);
		l->left--;
	}
	if (l->left)
		return false;
	if (l->then)
		session_stream(s, &l->then->st);
	l->then = NULL;
	return true;
}

static void lines_free(struct stream *stream)
{
	struct lines *l = (struct lines *)stream;

	*l->freed = true;
	mem_free(l);
}

static struct lines *lines_new(const char *name, unsigned count, bool *freed)
{
	struct lines *l = mem_zalloc(sizeof(*l));

	*freed = false;
	l->st.step = lines_step;
	l->st.free = lines_free;
	l->name = name;
	l->left = count;
	l->freed = freed;
	return l;
}

static void begin(struct stage *st, const char *label)
{
	answer_begin(stage_session(st, 0), str_of(label));
}

static void end(struct stage *st)
{
	answer_end(stage_session(st, 0));
}

static void say_line(struct stage *st, const char *tags, const char *body)
{
	reply_line(stage_session(st, 0), str_of(tags), str_of(body));
}

static void wording(void **state)
{
	struct stage *st = *state;
	struct session *s = stage_session(st, 0);

	reply(s, ERR_NOSUCHNICK, "bob");
	reply_server(s, "PONG %s :%s", "a", "b c");
	reply_notice(s, "%d things", 3);
	reply_fail(s, "SETNAME", "INVALID_REALNAME", NULL, "No");
	reply_standard(s, &(struct standard_reply){"WARN", "X", "Y", "a b", "Two words"});
	reply_unasked(s, STR("PING x"));
	reply_direct(s, STR("batch=1"), STR(":x AWAY"));
	assert_string_equal(stage_heard(st, 0), ":chat.example 401 ann bob :No such nick/channel\n"
						":chat.example PONG a :b c\n"
						":chat.example NOTICE ann :3 things\n"
						":chat.example FAIL SETNAME INVALID_REALNAME :No\n"
						":chat.example WARN X Y a b :Two words\n"
						"PING x\n"
						"@batch=1 :x AWAY\n");
}

static void nobody_is_a_star(void **state)
{
	struct stage *st = *state;
	int i = stage_add(st);

	reply(stage_session(st, i), ERR_NOTREGISTERED);
	stage_session(st, i)->reg->nick = mem_strdup("eve");
	reply_notice(stage_session(st, i), "Hello");
	assert_string_equal(stage_heard(st, i), ":chat.example 451 * :You have not registered\n"
						":chat.example NOTICE eve :Hello\n");
}

/* 512 bytes with CR LF, on a code point; the fixture checks the length and the UTF-8 of all that it hears. */
static void long_lines_are_cut(void **state)
{
	struct stage *st = *state;
	char text[3 * 700 + 1] = "";

	for (int shift = 0; shift < 3; shift++) {
		size_t n;

		text[0] = '\0';
		for (int i = 0; i < shift; i++)
			strcat(text, "x");
		for (int i = 0; i < 690; i++)
			strcat(text, "\xe2\x82\xac");
		reply_notice(stage_session(st, 0), "%s", text);
		n = strlen(stage_heard(st, 0));
		assert_in_range(n, 1 + 508, 1 + 510);
		reply_line(stage_session(st, 0), STR_NONE, str_of(text));
		n = strlen(stage_heard(st, 0));
		assert_in_range(n, 1 + 508, 1 + 510);
	}
}

static void tags_are_in_order(void **state)
{
	struct stage *st = *state;

	stage_caps(st, 0, LABELS | CAP_BIT(CAP_SERVER_TIME));
	begin(st, "L1");
	say_line(st, "msgid=1;+x=y", "BODY");
	end(st);
	say_line(st, "msgid=2", "BODY");
	say_line(st, "time=2026-01-31T12:34:56.789Z;msgid=3", "BODY");
	say_line(st, "", "BODY");
	stage_caps(st, 0, LABELS);
	say_line(st, "msgid=4", "BODY");
	say_line(st, "", "BODY");
	assert_string_equal(stage_heard(st, 0), "@label=L1;time=T;msgid=1;+x=y BODY\n"
						"@time=T;msgid=2 BODY\n"
						"@time=T;msgid=3 BODY\n"
						"@time=T BODY\n"
						"@msgid=4 BODY\n"
						"BODY\n");
}

static void nothing_to_say_is_ack(void **state)
{
	struct stage *st = *state;

	stage_caps(st, 0, LABELS);
	begin(st, "a\\sb");
	end(st);
	assert_string_equal(stage_heard(st, 0), "@label=a\\sb :chat.example ACK\n");
}

static void one_line_bears_the_label(void **state)
{
	struct stage *st = *state;

	stage_caps(st, 0, LABELS);
	begin(st, "x");
	say_line(st, "t=1", "ONE");
	assert_string_equal(stage_heard(st, 0), "");
	end(st);
	assert_string_equal(stage_heard(st, 0), "@label=x;t=1 ONE\n");
	assert_null(stage_session(st, 0)->answer);
}

static void more_lines_are_a_batch(void **state)
{
	struct stage *st = *state;

	stage_caps(st, 0, LABELS);
	begin(st, "x");
	say_line(st, "t=1", "ONE");
	say_line(st, "", "TWO");
	say_line(st, "t=3", "THREE");
	end(st);
	begin(st, "y");
	say_line(st, "", "ONE");
	say_line(st, "", "TWO");
	end(st);
	assert_string_equal(stage_heard(st, 0), "@label=x :chat.example BATCH +1 labeled-response\n"
						"@batch=1;t=1 ONE\n"
						"@batch=1 TWO\n"
						"@batch=1;t=3 THREE\n"
						":chat.example BATCH -1\n"
						"@label=y :chat.example BATCH +2 labeled-response\n"
						"@batch=2 ONE\n"
						"@batch=2 TWO\n"
						":chat.example BATCH -2\n");
}

static void batches_nest(void **state)
{
	struct stage *st = *state;
	struct session *s = stage_session(st, 0);
	struct reply_batch outer, inner;

	stage_caps(st, 0, LABELS);
	begin(st, "x");
	reply_batch_begin(s, &outer, "kind #a");
	say_line(st, "t=1", "ONE");
	reply_batch_begin(s, &inner, "other");
	say_line(st, "", "TWO");
	reply_batch_leave(s, &inner);
	reply_batch_leave(s, &outer);
	say_line(st, "", "BETWEEN");
	reply_batch_enter(s, &outer);
	reply_batch_enter(s, &inner);
	reply_batch_end(s, &inner);
	reply_batch_end(s, &outer);
	end(st);
	assert_string_equal(stage_heard(st, 0), "@label=x :chat.example BATCH +1 labeled-response\n"
						"@batch=1 :chat.example BATCH +2 kind #a\n"
						"@batch=2;t=1 ONE\n"
						"@batch=2 :chat.example BATCH +3 other\n"
						"@batch=3 TWO\n"
						"@batch=1 BETWEEN\n"
						"@batch=2 :chat.example BATCH -3\n"
						"@batch=1 :chat.example BATCH -2\n"
						":chat.example BATCH -1\n");
	assert_null(s->batch);
	stage_caps(st, 0, 0);
	reply_batch_begin(s, &outer, "kind");
	say_line(st, "", "ONE");
	reply_batch_end(s, &outer);
	assert_string_equal(stage_heard(st, 0), "ONE\n");
}

/* Other people's lines that fall into an answer are no part of it. */
static void unasked_lines_stay_outside(void **state)
{
	struct stage *st = *state;

	stage_caps(st, 0, LABELS);
	begin(st, "x");
	reply_unasked(stage_session(st, 0), STR("EARLY"));
	say_line(st, "", "ONE");
	reply_unasked(stage_session(st, 0), STR("BETWEEN"));
	say_line(st, "", "TWO");
	reply_unasked(stage_session(st, 0), STR("LATE"));
	end(st);
	assert_string_equal(stage_heard(st, 0), "EARLY\n"
						"BETWEEN\n"
						"@label=x :chat.example BATCH +1 labeled-response\n"
						"@batch=1 ONE\n"
						"@batch=1 TWO\n"
						"LATE\n"
						":chat.example BATCH -1\n");
}

static void labels_need_both_capabilities(void **state)
{
	static const cap_set few[] = {0, CAP_BIT(CAP_LABELED_RESPONSE), CAP_BIT(CAP_BATCH)};
	struct stage *st = *state;

	for (size_t i = 0; i < sizeof(few) / sizeof(few[0]); i++) {
		stage_caps(st, 0, few[i]);
		begin(st, "x");
		say_line(st, "", "ONE");
		say_line(st, "", "TWO");
		end(st);
		begin(st, "x");
		end(st);
		assert_string_equal(stage_heard(st, 0), "ONE\nTWO\n");
	}
	stage_caps(st, 0, LABELS);
	begin(st, "");
	end(st);
	assert_string_equal(stage_heard(st, 0), "");
}

static void the_longest_label_and_tags_fit(void **state)
{
	struct stage *st = *state;
	char label[2040], tags[2040];
	const char *heard;

	memset(label, 'l', sizeof(label));
	label[sizeof(label) - 1] = '\0';
	memset(tags, 't', sizeof(tags));
	tags[sizeof(tags) - 1] = '\0';
	tags[0] = '+';
	stage_caps(st, 0, LABELS | CAP_BIT(CAP_SERVER_TIME));
	begin(st, label);
	say_line(st, tags, "ONE");
	end(st);
	heard = stage_heard(st, 0);
	assert_int_equal(strlen(heard), strlen("@label=;time=T; ONE\n") + strlen(label) + strlen(tags));
	assert_non_null(strstr(heard, tags));
}

static void a_dropped_answer_says_nothing(void **state)
{
	struct stage *st = *state;

	stage_caps(st, 0, LABELS);
	begin(st, "x");
	say_line(st, "", "ONE");
	answer_drop(stage_session(st, 0));
	end(st);
	assert_string_equal(stage_heard(st, 0), "");
	assert_false(stage_session(st, 0)->flags & SESSION_COMMAND);
}

static void flag_spans_the_command(void **state)
{
	struct stage *st = *state;

	begin(st, "");
	assert_true(stage_session(st, 0)->flags & SESSION_COMMAND);
	end(st);
	assert_false(stage_session(st, 0)->flags & SESSION_COMMAND);
}

static void a_closed_session_hears_no_more(void **state)
{
	struct stage *st = *state;
	struct session *s = stage_session(st, 0);

	stage_caps(st, 0, LABELS);
	begin(st, "x");
	say_line(st, "", "ONE");
	session_close(s, "bye");
	reply_notice(s, "late");
	reply_unasked(s, STR("late"));
	end(st);
	assert_string_equal(stage_heard(st, 0), "ERROR :Closing link: (localhost) [bye]\n");
}

/* Streams */

static void a_stream_is_a_batch(void **state)
{
	struct stage *st = *state;
	bool freed;

	stage_caps(st, 0, LABELS);
	begin(st, "x");
	say_line(st, "", "FIRST");
	session_stream(stage_session(st, 0), &lines_new("a", 2, &freed)->st);
	assert_true(freed);
	say_line(st, "", "LAST");
	end(st);
	assert_string_equal(stage_heard(st, 0), "@label=x :chat.example BATCH +1 labeled-response\n"
						"@batch=1 FIRST\n"
						"@batch=1 :chat.example LINE a 1\n"
						"@batch=1 :chat.example LINE a 2\n"
						"@batch=1 LAST\n"
						":chat.example BATCH -1\n");
}

static void streams_follow_one_another(void **state)
{
	struct stage *st = *state;
	bool freed[3];
	struct lines *a = lines_new("a", 1, &freed[0]);

	a->then = lines_new("b", 1, &freed[1]);
	a->then->then = lines_new("c", 2, &freed[2]);
	stage_caps(st, 0, LABELS);
	begin(st, "x");
	session_stream(stage_session(st, 0), &a->st);
	end(st);
	assert_true(freed[0] && freed[1] && freed[2]);
	assert_string_equal(stage_heard(st, 0), "@label=x :chat.example BATCH +1 labeled-response\n"
						"@batch=1 :chat.example LINE a 1\n"
						"@batch=1 :chat.example LINE b 1\n"
						"@batch=1 :chat.example LINE c 1\n"
						"@batch=1 :chat.example LINE c 2\n"
						":chat.example BATCH -1\n");
}

/* The batch stays open, and its label with it, until the client has read the rest of a long answer. */
static void a_paused_stream_keeps_its_batch_open(void **state)
{
	enum { COUNT = 40000 };
	struct stage *st = *state;
	const char *heard;
	char last[128];
	bool freed[2];

	stage_caps(st, 0, LABELS);
	begin(st, "x");
	session_stream(stage_session(st, 0), &lines_new("a", COUNT, &freed[0])->st);
	session_stream(stage_session(st, 0), &lines_new("b", 1, &freed[1])->st);
	end(st);
	stage_settle(st);
	assert_false(freed[0]);
	assert_non_null(stage_session(st, 0)->answer);
	stage_await(st, 0, ":chat.example BATCH -1\r\n");
	assert_true(freed[0] && freed[1]);
	assert_null(stage_session(st, 0)->answer);
	heard = stage_heard(st, 0);
	assert_int_equal(stage_count(heard, "BATCH"), 2);
	assert_int_equal(stage_count(heard, "@batch=1 :chat.example LINE a "), COUNT);
	snprintf(last, sizeof(last), "LINE a %u\n@batch=1 :chat.example LINE b 1\n:chat.example BATCH -1\n", COUNT);
	assert_non_null(strstr(heard, last));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(wording),
		TEST(nobody_is_a_star),
		TEST(long_lines_are_cut),
		TEST(tags_are_in_order),
		TEST(nothing_to_say_is_ack),
		TEST(one_line_bears_the_label),
		TEST(batches_nest),
		TEST(more_lines_are_a_batch),
		TEST(unasked_lines_stay_outside),
		TEST(labels_need_both_capabilities),
		TEST(the_longest_label_and_tags_fit),
		TEST(a_dropped_answer_says_nothing),
		TEST(flag_spans_the_command),
		TEST(a_closed_session_hears_no_more),
		TEST(a_stream_is_a_batch),
		TEST(streams_follow_one_another),
		TEST(a_paused_stream_keeps_its_batch_open),
	};

	return cmocka_run_group_tests_name("reply", tests, NULL, NULL);
}
