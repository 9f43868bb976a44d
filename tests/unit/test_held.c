#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "base/mem.h"
#include "session/held.h"
#include "session/session_internal.h"
#include "session_fixture.h"

#define LABELS (CAP_BIT(CAP_LABELED_RESPONSE) | CAP_BIT(CAP_BATCH) | CAP_BIT(CAP_STANDARD_REPLIES))
#define LOST "It was delivered but could not be stored, and will not be in the history"

static int set_up(void **state)
{
	struct stage *st = malloc(sizeof(*st));

	assert_non_null(st);
	stage_init(st, NULL);
	stage_add(st);
	stage_register(st, 0, "ann");
	stage_caps(st, 0, LABELS);
	*state = st;
	return 0;
}

static int tear_down(void **state)
{
	stage_deinit(*state);
	free(*state);
	return 0;
}

/* What a command wrote, as an answer that waits for the position; text NULL: it wrote nothing. */
static void answer_of(struct stage *st, int i, uint64_t position, const char *label, const char *text)
{
	struct session *s = stage_session(st, i);
	size_t mark = held_mark(s);

	if (text)
		reply_unasked(s, str_of(text));
	held_answer_add(s, held_mark(s) - mark, &(struct held_answer){position, "PRIVMSG", str_of(label)});
}

static void answer(struct stage *st, uint64_t position, const char *label, const char *text)
{
	answer_of(st, 0, position, label, text);
}

static void tell(struct stage *st, const char *text)
{
	reply_unasked(stage_session(st, 0), str_of(text));
}

static void release(struct stage *st, uint64_t position, int err)
{
	held_release(&st->hub, position, err);
}

static void an_answer_waits_for_its_position(void **state)
{
	struct stage *st = *state;

	tell(st, "BEFORE");
	answer(st, 5, NULL, "ANSWER");
	assert_string_equal(stage_heard(st, 0), "BEFORE\n");
	assert_true(held_waits(stage_session(st, 0)));
	release(st, 4, 0);
	assert_string_equal(stage_heard(st, 0), "");
	release(st, 5, 0);
	assert_string_equal(stage_heard(st, 0), "ANSWER\n");
	assert_false(held_waits(stage_session(st, 0)));
	assert_null(stage_session(st, 0)->held);
	tell(st, "AFTER");
	assert_string_equal(stage_heard(st, 0), "AFTER\n");
}

static void what_is_written_afterwards_waits_behind_it(void **state)
{
	struct stage *st = *state;

	answer(st, 5, NULL, "A5");
	tell(st, "B");
	tell(st, "C");
	answer(st, 7, NULL, "D7");
	tell(st, "E");
	answer(st, 7, NULL, "F7");
	answer(st, 9, NULL, "G9");
	assert_string_equal(stage_heard(st, 0), "");
	release(st, 6, 0);
	assert_string_equal(stage_heard(st, 0), "A5\nB\nC\n");
	tell(st, "H");
	assert_string_equal(stage_heard(st, 0), "");
	release(st, 8, 0);
	assert_string_equal(stage_heard(st, 0), "D7\nE\nF7\n");
	release(st, 9, 0);
	assert_string_equal(stage_heard(st, 0), "G9\nH\n");
}

/* Nobody waits for another's record. */
static void sessions_wait_each_for_its_own(void **state)
{
	struct stage *st = *state;

	for (int i = 1; i < 4; i++)
		stage_add(st);
	answer_of(st, 0, 1, NULL, "ZERO");
	answer_of(st, 1, 2, NULL, "ONE");
	answer_of(st, 2, 3, NULL, "TWO");
	reply_unasked(stage_session(st, 3), STR("THREE"));
	assert_string_equal(stage_heard(st, 3), "THREE\n");
	release(st, 2, 0);
	assert_string_equal(stage_heard(st, 0), "ZERO\n");
	assert_string_equal(stage_heard(st, 1), "ONE\n");
	assert_string_equal(stage_heard(st, 2), "");
	release(st, 100, 0);
	assert_string_equal(stage_heard(st, 2), "TWO\n");
}

/* An answer of no bytes holds nothing back; it is there to hear of a failure. */
static void empty_answers_hold_nothing_back(void **state)
{
	struct stage *st = *state;

	answer(st, 5, "x", NULL);
	assert_false(held_waits(stage_session(st, 0)));
	tell(st, "AT ONCE");
	assert_string_equal(stage_heard(st, 0), "AT ONCE\n");
	release(st, 5, 0);
	assert_string_equal(stage_heard(st, 0), "");
	assert_null(stage_session(st, 0)->held);
	answer(st, 6, "y", NULL);
	answer(st, 7, "z", "Z7");
	answer(st, 8, NULL, NULL);
	assert_string_equal(stage_heard(st, 0), "");
	release(st, 7, 0);
	assert_string_equal(stage_heard(st, 0), "Z7\n");
	tell(st, "AT ONCE");
	assert_string_equal(stage_heard(st, 0), "AT ONCE\n");
	release(st, 8, -5);
	assert_string_equal(stage_heard(st, 0), ":chat.example FAIL PRIVMSG NOT_STORED :" LOST "\n");
}

static void failure_takes_the_answers_place(void **state)
{
	struct stage *st = *state;

	answer(st, 5, "x", "A5");
	tell(st, "B");
	answer(st, 6, NULL, "C6");
	tell(st, "D");
	answer(st, 7, "z", "E7");
	tell(st, "F");
	release(st, 6, -28);
	assert_string_equal(stage_heard(st, 0), "@label=x :chat.example FAIL PRIVMSG NOT_STORED :" LOST "\n"
						"B\n"
						":chat.example FAIL PRIVMSG NOT_STORED :" LOST "\n"
						"D\n");
	release(st, 7, 0);
	assert_string_equal(stage_heard(st, 0), "E7\nF\n");
}

static void lost_answer(struct stage *st, const char *label, const char *text)
{
	struct session *s = stage_session(st, 0);
	size_t mark = held_mark(s);

	if (text)
		reply_unasked(s, str_of(text));
	held_answer_lost(s, held_mark(s) - mark, &(struct held_answer){0, "PRIVMSG", str_of(label)});
}

/* What was never taken to be kept is told at once, but not before what stands in front of it. */
static void lost_from_the_start(void **state)
{
	struct stage *st = *state;

	tell(st, "A");
	lost_answer(st, "x", "B");
	tell(st, "C");
	lost_answer(st, NULL, NULL);
	assert_string_equal(stage_heard(st, 0), "A\n"
						"@label=x :chat.example FAIL PRIVMSG NOT_STORED :" LOST "\n"
						"C\n"
						":chat.example FAIL PRIVMSG NOT_STORED :" LOST "\n");
	assert_null(stage_session(st, 0)->held);
	answer(st, 5, NULL, "D5");
	tell(st, "E");
	lost_answer(st, "y", "F");
	tell(st, "G");
	answer(st, 6, NULL, "H6");
	assert_string_equal(stage_heard(st, 0), "");
	release(st, 5, 0);
	assert_string_equal(stage_heard(st, 0), "D5\nE\n"
						"@label=y :chat.example FAIL PRIVMSG NOT_STORED :" LOST "\n"
						"G\n");
	release(st, 6, 0);
	assert_string_equal(stage_heard(st, 0), "H6\n");
	answer(st, 7, NULL, NULL);
	lost_answer(st, NULL, "I");
	answer(st, 8, NULL, "J8");
	release(st, 8, 0);
	assert_string_equal(stage_heard(st, 0), ":chat.example FAIL PRIVMSG NOT_STORED :" LOST "\nJ8\n");
}

static void failure_is_a_notice_to_clients_without_standard_replies(void **state)
{
	struct stage *st = *state;

	stage_caps(st, 0, LABELS & ~CAP_BIT(CAP_STANDARD_REPLIES));
	answer(st, 5, "x", "A5");
	answer(st, 5, NULL, NULL);
	release(st, 5, -28);
	assert_string_equal(stage_heard(st, 0), "@label=x :chat.example NOTICE ann :PRIVMSG: " LOST "\n"
						":chat.example NOTICE ann :PRIVMSG: " LOST "\n");
}

/* A label is an ordinary unknown tag to who did not ask for labelled responses. */
static void failure_has_no_label_where_answers_have_none(void **state)
{
	struct stage *st = *state;

	stage_caps(st, 0, CAP_BIT(CAP_STANDARD_REPLIES) | CAP_BIT(CAP_BATCH));
	answer(st, 5, "x", "A5");
	release(st, 5, -5);
	assert_string_equal(stage_heard(st, 0), ":chat.example FAIL PRIVMSG NOT_STORED :" LOST "\n");
}

static void the_longest_label_is_said_back(void **state)
{
	struct stage *st = *state;
	char label[4080];
	const char *heard;

	memset(label, 'l', sizeof(label));
	label[sizeof(label) - 1] = '\0';
	stage_caps(st, 0, LABELS | CAP_BIT(CAP_SERVER_TIME));
	answer(st, 5, label, NULL);
	release(st, 5, -1);
	heard = stage_heard(st, 0);
	assert_int_equal(strspn(heard + strlen("@label="), "l"), strlen(label));
	assert_non_null(strstr(heard, ";time=T :chat.example FAIL "));
}

/* What acknowledges is forgotten, for it was not stored yet; what others said is not. */
static void closing_while_waiting(void **state)
{
	struct stage *st = *state;

	tell(st, "A");
	answer(st, 5, "x", "B5");
	tell(st, "C");
	answer(st, 6, NULL, NULL);
	answer(st, 7, NULL, "D7");
	lost_answer(st, NULL, "LOST");
	tell(st, "E");
	session_close(stage_session(st, 0), "bye");
	assert_string_equal(stage_heard(st, 0), "A\nC\nE\nERROR :Closing link: (localhost) [bye]\n");
	assert_true(LIST_EMPTY(&st->hub.held));
	release(st, 9, 0);
	release(st, 10, -5);
	assert_string_equal(stage_heard(st, 0), "");
}

static void the_peer_leaves_while_waiting(void **state)
{
	struct stage *st = *state;

	answer(st, 5, "x", "A5");
	tell(st, "B");
	stage_hang_up(st, 0);
	stage_await_log(st, "gone 0");
	assert_true(LIST_EMPTY(&st->hub.held));
	release(st, 5, 0);
}

/* The bound of a client's output is a bound on what waits as well. */
static void sendq_bounds_what_waits(void **state)
{
	struct stage *st = *state;
	size_t size = 0;
	char line[401];

	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\0';
	st->hub.limits.sendq_max = 16 << 10;
	answer(st, 5, NULL, "A5");
	while (!conn_is_dead(&stage_session(st, 0)->conn) && size < (1 << 20)) {
		tell(st, line);
		size += sizeof(line) + 1;
		assert_in_range(held_mark(stage_session(st, 0)), 0, 16 << 10);
	}
	assert_in_range(size, 15 << 10, 17 << 10);
	stage_await_log(st, "over 0 SendQ exceeded");
	stage_await_log(st, "gone 0");
	assert_non_null(strstr(stage_heard(st, 0), "ERROR :Closing link: (localhost) [SendQ exceeded]\n"));
}

static void say_too_much(struct stage *st, struct session *s, const struct message *m)
{
	size_t mark = held_mark(s);
	char line[401];

	(void)st;
	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\0';
	for (int i = 0; i < 20; i++)
		reply_unasked(s, str_of(line));
	held_answer_add(s, held_mark(s) - mark, &(struct held_answer){5, m->command, STR_NONE});
}

/* An answer bigger than the bound: whoever asks for it is over, and the record's fate is nobody's any more. */
static void an_answer_that_kills(void **state)
{
	struct stage *st = *state;

	st->hub.limits.sendq_max = 4 << 10;
	st->command = say_too_much;
	assert_int_equal(send(st->clients[0].fd, "NAMES\r\nPING x\r\n", 15, 0), 15);
	stage_await_log(st, "over 0 SendQ exceeded");
	release(st, 5, -5);
	assert_string_equal(stage_heard(st, 0), "ERROR :Closing link: (localhost) [SendQ exceeded]\n");
	assert_null(strstr(stage_log(st), "PING"));
}

/* Bytes that waited, however many and however cut, come out as they went in. */
static void nothing_is_lost_or_reordered(void **state)
{
	enum { COUNT = 3000 };
	struct stage *st = *state;
	char line[200], *want = malloc(COUNT * sizeof(line));
	uint64_t position = 0;
	uint32_t random = 7;

	assert_non_null(want);
	want[0] = '\0';
	for (int i = 0, at = 0; i < COUNT; i++) {
		random = random * 1103515245 + 12345;
		snprintf(line, sizeof(line), "%d %.*s", i, (int)(random >> 16) % 150,
			 "....................................................................................."
			 ".................................................................");
		at += sprintf(want + at, "%s\n", line);
		if ((random >> 8) % 3 == 0)
			answer(st, ++position, NULL, line);
		else
			tell(st, line);
		if ((random >> 24) % 8 == 0 && position > 3)
			release(st, position - 3, 0);
	}
	release(st, position, 0);
	assert_string_equal(stage_heard(st, 0), want);
	free(want);
}

/* A long answer that stands behind one that waits. */
struct numbers {
	struct stream st;
	unsigned at, count;
	bool *freed;
};

static bool numbers_step(struct stream *stream, struct session *s)
{
	struct numbers *n = (struct numbers *)stream;

	reply_server(s, "N%u", ++n->at);
	return n->at == n->count;
}

static void numbers_free(struct stream *stream)
{
	struct numbers *n = (struct numbers *)stream;

	*n->freed = true;
	mem_free(n);
}

static struct numbers *numbers_new(unsigned count, bool *freed)
{
	struct numbers *n = mem_zalloc(sizeof(*n));

	*freed = false;
	n->st.step = numbers_step;
	n->st.free = numbers_free;
	n->count = count;
	n->freed = freed;
	return n;
}

static void streams_pause_behind_it(void **state)
{
	struct stage *st = *state;
	struct session *s = stage_session(st, 0);
	struct numbers *n;
	bool freed;

	answer(st, 5, NULL, "A5");
	answer_begin(s, STR("x"));
	n = numbers_new(2, &freed);
	session_stream(s, &n->st);
	answer_end(s);
	assert_false(freed);
	assert_int_equal(n->at, 0);
	assert_string_equal(stage_heard(st, 0), "");
	release(st, 5, 0);
	assert_true(freed);
	assert_string_equal(stage_heard(st, 0), "A5\n"
						"@label=x :chat.example BATCH +1 labeled-response\n"
						"@batch=1 :chat.example N1\n"
						"@batch=1 :chat.example N2\n"
						":chat.example BATCH -1\n");
}

/* It goes on as soon as nothing stands in front, though an empty answer is still to hear how it went. */
static void an_empty_answer_does_not_keep_a_stream_waiting(void **state)
{
	struct stage *st = *state;
	bool freed;

	answer(st, 5, NULL, "A5");
	answer(st, 6, NULL, NULL);
	session_stream(stage_session(st, 0), &numbers_new(1, &freed)->st);
	assert_false(freed);
	release(st, 5, 0);
	assert_true(freed);
	assert_string_equal(stage_heard(st, 0), "A5\n:chat.example N1\n");
	release(st, 6, -5);
	assert_string_equal(stage_heard(st, 0), ":chat.example FAIL PRIVMSG NOT_STORED :" LOST "\n");
}

/* Input waits for a stream that waits for the disk. */
static void commands_follow_the_stream(void **state)
{
	struct stage *st = *state;
	bool freed;

	answer(st, 5, NULL, "A5");
	session_stream(stage_session(st, 0), &numbers_new(1, &freed)->st);
	stage_say(st, 0, "NEXT\r\nAFTER\r\n");
	assert_string_equal(stage_log(st), "command 0 NEXT; ");
	stage_settle(st);
	assert_string_equal(stage_log(st), "");
	release(st, 5, 0);
	stage_settle(st);
	assert_string_equal(stage_log(st), "command 0 AFTER; ");
	assert_true(freed);
}

static void closing_frees_a_waiting_stream(void **state)
{
	struct stage *st = *state;
	bool freed;

	answer(st, 5, NULL, "A5");
	session_stream(stage_session(st, 0), &numbers_new(1, &freed)->st);
	session_close(stage_session(st, 0), "bye");
	assert_true(freed);
	release(st, 5, 0);
	assert_string_equal(stage_heard(st, 0), "ERROR :Closing link: (localhost) [bye]\n");
}

/* Numbered lines of 100 bytes. */
static void tell_lines(struct stage *st, int from, int to)
{
	char line[128];

	for (int i = from; i < to; i++) {
		snprintf(line, sizeof(line), "N%05d %92s", i, "");
		tell(st, line);
	}
}

/* None of them is missing between two others, nor cut. Returns what stands behind the last. */
static const char *after_lines(const char *heard)
{
	int number = 0, last = -1;
	const char *at = heard, *end;

	for (; *at == 'N' && (end = strchr(at, '\n')); at = end + 1) {
		assert_int_equal(end - at, 99);
		assert_int_equal(sscanf(at, "N%d", &number), 1);
		assert_int_equal(number, ++last);
		if (strncmp(end, "\nSAID\n", 6) == 0)
			end += 5;
	}
	assert_true(last >= 0);
	return at;
}

/* As much as the kernel and the queue take, and more behind an answer that waits. */
static void fill_up(struct stage *st)
{
	int n = 0;

	st->hub.limits.sendq_max = 16 << 10;
	while (conn_sendq(&stage_session(st, 0)->conn) < 8 << 10) {
		tell_lines(st, n, n + 10);
		stage_settle(st);
		n += 10;
	}
	answer(st, 5, NULL, "SAID");
	tell_lines(st, n, n + 150);
}

/* Reads what the kernel has, while the loop does not know it yet. */
static size_t read_behind_its_back(struct stage *st, char *text, size_t max)
{
	size_t n = 0;
	ssize_t got;

	while ((got = recv(st->clients[0].fd, text + n, max - n, MSG_DONTWAIT)) > 0)
		n += (size_t)got;
	return n;
}

static void what_does_not_fit_is_not_cut(void **state)
{
	struct stage *st = *state;
	char *text = calloc(1, STAGE_TEXT), *to = text;
	size_t n;

	assert_non_null(text);
	fill_up(st);
	n = read_behind_its_back(st, text, STAGE_TEXT - (64 << 10));
	release(st, 5, 0);
	assert_true(conn_is_dead(&stage_session(st, 0)->conn));
	assert_int_equal(loop_turn(st->loop, 0), 0);
	read_behind_its_back(st, text + n, STAGE_TEXT - n - 1);
	for (const char *from = text; *from; from++)
		if (*from != '\r')
			*to++ = *from;
	*to = '\0';
	assert_string_equal(after_lines(text), "ERROR :Closing link: (localhost) [SendQ exceeded]\n");
	free(text);
}

static void nor_is_it_at_the_end(void **state)
{
	struct stage *st = *state;

	fill_up(st);
	conn_kill(&stage_session(st, 0)->conn, "Enough");
	stage_await_log(st, "over 0 Enough");
	assert_string_equal(after_lines(stage_heard(st, 0)), "ERROR :Closing link: (localhost) [Enough]\n");
}

/* What is remembered of answers that say nothing is bounded too, for a disk may hang for long. */
static void sendq_bounds_what_is_remembered(void **state)
{
	struct stage *st = *state;
	char label[1001];

	memset(label, 'l', 1000);
	label[1000] = '\0';
	st->hub.limits.sendq_max = 16 << 10;
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 14; i++)
			answer(st, 5, label, NULL);
		assert_false(conn_is_dead(&stage_session(st, 0)->conn));
		release(st, 5, 0);
	}
	for (int i = 0; i < 17; i++)
		answer(st, 7, label, NULL);
	stage_await_log(st, "over 0 SendQ exceeded");
}

/* A PING is said behind what waits, like everything else. */
static void ping_waits_as_well(void **state)
{
	struct stage *st = *state;

	answer(st, 5, NULL, "A5");
	st->server.ping_ms = 1;
	session_register(stage_session(st, 0), stage_session(st, 0)->user);
	st->hub.unregistered++;
	while (!(stage_session(st, 0)->flags & SESSION_PINGED))
		assert_int_equal(loop_turn(st->loop, -1), 0);
	/* However slow this machine is, it is not given up for it. */
	st->server.ping_ms = 1000000;
	session_timer_arm(stage_session(st, 0));
	release(st, 5, 0);
	assert_string_equal(stage_heard(st, 0), "A5\n:chat.example PING chat.example\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_answer_waits_for_its_position),
		TEST(what_is_written_afterwards_waits_behind_it),
		TEST(sessions_wait_each_for_its_own),
		TEST(empty_answers_hold_nothing_back),
		TEST(failure_takes_the_answers_place),
		TEST(lost_from_the_start),
		TEST(failure_is_a_notice_to_clients_without_standard_replies),
		TEST(failure_has_no_label_where_answers_have_none),
		TEST(the_longest_label_is_said_back),
		TEST(closing_while_waiting),
		TEST(the_peer_leaves_while_waiting),
		TEST(sendq_bounds_what_waits),
		TEST(sendq_bounds_what_is_remembered),
		TEST(what_does_not_fit_is_not_cut),
		TEST(nor_is_it_at_the_end),
		TEST(an_answer_that_kills),
		TEST(nothing_is_lost_or_reordered),
		TEST(streams_pause_behind_it),
		TEST(an_empty_answer_does_not_keep_a_stream_waiting),
		TEST(commands_follow_the_stream),
		TEST(closing_frees_a_waiting_stream),
		TEST(ping_waits_as_well),
	};

	return cmocka_run_group_tests_name("held", tests, NULL, NULL);
}
