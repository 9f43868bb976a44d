#include "conn_fixture.h"

/* Lines */

static void test_split_at_every_byte(void **state)
{
	static const char stream[] = "NICK alice\r\nUSER a 0 * :A\r\n\r\n\nPING x\nQUIT\r\n";
	static const char want[] = "NICK alice\r|USER a 0 * :A\r|\r||PING x|QUIT\r|";
	struct fixture *f = *state;
	struct owner *o = own_unix(f, 0);
	size_t n = sizeof(stream) - 1;
	for (size_t cut = 0; cut <= n; cut++) {
		o->text_n = 0;
		if (cut)
			say_bytes(o, stream, cut);
		turns(f, 2);
		if (cut < n)
			say_bytes(o, stream + cut, n - cut);
		turns(f, 2);
		assert_string_equal(o->text, want);
		assert_int_equal(lent(f), 0);
	}
}

static void test_byte_by_byte(void **state)
{
	struct fixture *f = *state;
	struct owner *o = own_unix(f, 0);
	for (const char *p = "JOIN #a\r\nPART #a\n"; *p; p++) {
		say_bytes(o, p, 1);
		turn(f);
	}
	assert_string_equal(o->text, "JOIN #a\r|PART #a|");
}

static void test_pipelined(void **state)
{
	struct fixture *f = *state;
	struct owner *o = own_unix(f, 0);
	char *stream = malloc(64 << 10), *want = malloc(64 << 10);
	size_t n = 0;
	for (int i = 0; i < 2000; i++)
		n += (size_t)sprintf(stream + n, "PRIVMSG #a :number %d\n", i);
	say_bytes(o, stream, n);
	for (size_t i = 0; i <= n; i++)
		want[i] = stream[i] == '\n' ? '|' : stream[i];
	turn(f);
	assert_in_range(o->text_n, 1, 16 << 10);
	turns(f, (int)(n / (16 << 10)) + 1);
	assert_string_equal(o->text, want);
	assert_int_equal(o->c.bytes_in, n);
	assert_int_equal(lent(f), 0);
	free(stream);
	free(want);
}

/* Always the front of a line stays in the ring, so its block is never given back and lines pass its end. */
static void test_lines_that_wrap(void **state)
{
	struct fixture *f = *state;
	struct owner *o = own_unix(f, 0);
	char line[701], want[703];
	say(o, "x");
	for (int i = 0; i < 100; i++) {
		memset(line, 'a' + i % 26, sizeof(line));
		line[698] = '\n';
		line[699] = 'x';
		o->text_n = 0;
		say_bytes(o, line, 700);
		turn(f);
		snprintf(want, sizeof(want), "x%.698s|", line);
		assert_string_equal(o->text, want);
		assert_in_range(lent(f), RING_MIN, RING_MIN * 2);
	}
}

static void say_line_of(struct owner *o, size_t n_with_lf)
{
	char *line = malloc(n_with_lf);
	memset(line, 'y', n_with_lf);
	line[n_with_lf - 1] = '\n';
	say_bytes(o, line, n_with_lf);
	free(line);
}

static void test_longest_line(void **state)
{
	struct fixture *f = *state;
	struct owner *o = own_unix(f, 0);
	say_line_of(o, LINE_MAX_BYTES);
	turns(f, 3);
	assert_int_equal(o->lines, 1);
	assert_int_equal(o->too_long, 0);
	assert_int_equal(o->text_n, LINE_MAX_BYTES);
}

static void test_too_long_line(void **state)
{
	struct fixture *f = *state;
	struct owner *o = own_unix(f, 0);
	for (size_t extra = 1; extra < 5000; extra += 1111) {
		o->text_n = 0;
		o->lines = o->too_long = 0;
		say_line_of(o, LINE_MAX_BYTES + extra);
		say(o, "next\n");
		turns(f, 4);
		assert_int_equal(o->too_long, 1);
		assert_int_equal(o->too_long_n, LINE_MAX_BYTES);
		assert_int_equal(o->lines, 2);
		assert_string_equal(o->text, "next|");
	}
}

static void test_line_without_end(void **state)
{
	struct fixture *f = *state;
	struct owner *o = own_unix(f, 0);
	char junk[4000];
	memset(junk, 'z', sizeof(junk));
	for (int i = 0; i < 300; i++) {
		say_bytes(o, junk, sizeof(junk));
		turn(f);
		assert_in_range(lent(f), 0, 16 << 10);
	}
	assert_int_equal(o->lines, 1);
	assert_int_equal(o->too_long, 1);
	assert_int_equal(lent(f), 0);
	say(o, "\nPING\n");
	turns(f, 2);
	assert_string_equal(o->text, "PING|");
}

static void test_one_who_floods_leaves_room_for_others(void **state)
{
	struct fixture *f = *state;
	struct owner *flood = own_unix(f, 0), *other = own_unix(f, 1);
	char *junk = malloc(128 << 10);
	memset(junk, '\n', 128 << 10);
	say_bytes(flood, junk, 128 << 10);
	say(other, "hello\n");
	turn(f);
	assert_string_equal(other->text, "hello|");
	assert_in_range(flood->lines, 1, 16 << 10);
	turns(f, 10);
	assert_int_equal(flood->lines, 128 << 10);
	free(junk);
}

/* Holding */

static void test_hold_and_resume(void **state)
{
	struct fixture *f = *state;
	struct owner *o = own_unix(f, 0);
	o->answer = CONN_HOLD;
	say(o, "a\nb\nc\n");
	turns(f, 3);
	assert_string_equal(o->text, "a|");
	conn_resume(&o->c);
	assert_string_equal(o->text, "a|");
	turn(f);
	assert_string_equal(o->text, "a|b|");
	turns(f, 3);
	assert_string_equal(o->text, "a|b|");
	o->answer = CONN_NEXT;
	conn_resume(&o->c);
	turn(f);
	assert_string_equal(o->text, "a|b|c|");
	say(o, "d\n");
	turn(f);
	assert_string_equal(o->text, "a|b|c|d|");
}

static void resume_it(struct owner *o, char *text, size_t n)
{
	(void)text;
	(void)n;
	conn_resume(&o->c);
}

static void resume_first(struct owner *o, char *text, size_t n)
{
	struct owner *first = &o->f->owners[0];
	int before = first->lines;
	(void)text;
	(void)n;
	conn_resume(&first->c);
	assert_int_equal(first->lines, before);
}

/* No event of the kernel announces the lines, and still they come at once. */
static void test_resume_wakes_the_loop(void **state)
{
	struct fixture *f = *state;
	struct owner *o = own_unix(f, 0), *other = own_unix(f, 1);
	o->answer = CONN_HOLD;
	other->on_line = resume_first;
	say(o, "a\nb\nc\n");
	turn(f);
	say(other, "go\n");
	int64_t start_us = clock_mono_us();
	loop_turn(f->loop, 3000);
	loop_turn(f->loop, 1);
	assert_string_equal(o->text, "a|b|");
	conn_resume(&o->c);
	assert_string_equal(o->text, "a|b|");
	loop_turn(f->loop, 3000);
	assert_string_equal(o->text, "a|b|c|");
	assert_in_range(clock_mono_us() - start_us, 0, 1000000);
}

static void test_resume_from_inside_takes_the_hold_back(void **state)
{
	struct fixture *f = *state;
	struct owner *o = own_unix(f, 0);
	o->answer = CONN_HOLD;
	o->on_line = resume_it;
	say(o, "a\nb\nc\n");
	turns(f, 6);
	assert_string_equal(o->text, "a|b|c|");
}

static void answer_and_resume(struct owner *o, char *text, size_t n)
{
	(void)text;
	(void)n;
	conn_write_str(&o->c, STR("answer\n"));
	conn_resume(&o->c);
}

/* What it wrote leaves in the same turn although more of its lines are due. */
static void test_answers_leave_while_lines_are_due(void **state)
{
	struct fixture *f = *state;
	struct owner *o = own_unix(f, 0);
	o->answer = CONN_HOLD;
	o->on_line = answer_and_resume;
	say(o, "a\nb\nc\nd\n");
	turn(f);
	assert_in_range(o->lines, 1, 3);
	char heard[100];
	size_t n = 0;
	hear(o, heard, sizeof(heard), &n);
	assert_int_equal(n, 7 * (size_t)o->lines);
	turns(f, 4);
	assert_string_equal(o->text, "a|b|c|d|");
}

static void test_held_input_is_bounded(void **state)
{
	struct fixture *f = *state;
	struct owner *o = own_unix(f, 0);
	char block[1000];
	size_t sent = 0;
	ssize_t n;
	memset(block, 'q', sizeof(block));
	block[99] = block[999] = '\n';
	o->answer = CONN_HOLD;
	while ((n = send(o->peer, block, sizeof(block), MSG_NOSIGNAL)) > 0) {
		assert_int_equal(n, sizeof(block));
		sent += sizeof(block);
		turn(f);
	}
	turns(f, 3);
	assert_int_equal(o->lines, 1);
	assert_in_range(o->c.in.len, 1, f->limits.recvq_max);
	assert_in_range(lent(f), 1, 2 * f->limits.recvq_max);
	assert_int_equal(o->c.watch.want, 0);
	assert_sleeps(f);
	o->answer = CONN_NEXT;
	conn_resume(&o->c);
	turn_until(f, &o->lines, (int)(2 * (sent / sizeof(block))));
	assert_int_equal(o->text_n, sent);
	assert_int_equal(o->c.watch.want, POLL_READ);
}

/* One that always asks for more must not keep another, to which it writes, from its turn. */
static void write_to_second(struct owner *o, char *text, size_t n)
{
	(void)text;
	(void)n;
	conn_write_str(&o->f->owners[1].c, STR("noise\n"));
	conn_resume(&o->c);
}

static void test_resumed_ones_do_not_starve_each_other(void **state)
{
	struct fixture *f = *state;
	struct owner *busy = own_unix(f, 0), *o = own_unix(f, 1);
	o->answer = busy->answer = CONN_HOLD;
	busy->on_line = write_to_second;
	for (int i = 0; i < 50; i++)
		say(busy, "x\n");
	say(o, "a\nb\n");
	turn(f);
	conn_resume(&o->c);
	turns(f, 3);
	assert_string_equal(o->text, "a|b|");
	assert_true(busy->lines < 50);
}

/* Output */

static void test_one_flush_of_all_writes(void **state)
{
	struct fixture *f = *state;
	struct owner *o = own_unix(f, 0);
	conn_write_str(&o->c, STR("a\r\n"));
	conn_write_str(&o->c, STR(""));
	conn_write_str(&o->c, STR("b\r\n"));
	assert_int_equal(conn_sendq(&o->c), 6);
	assert_heard(o, "", false);
	turn(f);
	assert_heard(o, "a\r\nb\r\n", false);
	assert_int_equal(conn_sendq(&o->c), 0);
	assert_int_equal(o->c.bytes_out, 6);
	assert_int_equal(lent(f), 0);
	assert_int_equal(o->c.watch.want, POLL_READ);
	assert_sleeps(f);
}

/* Outside of a turn nothing else would wake the loop. */
static void test_write_wakes_the_loop(void **state)
{
	struct fixture *f = *state;
	struct owner *o = own_unix(f, 0);
	turn(f);
	conn_write_str(&o->c, STR("a\n"));
	int64_t start_us = clock_mono_us();
	loop_turn(f->loop, 3000);
	assert_in_range(clock_mono_us() - start_us, 0, 1000000);
	assert_heard(o, "a\n", false);
}

static void test_write_interest(void **state)
{
	struct fixture *f = *state;
	struct owner *o = own_tcp(f, 0);
	char *got = malloc(16 << 20);
	size_t n = 0;
	fill_output(o, 30000);
	assert_int_equal(o->c.watch.want, POLL_READ | POLL_WRITE);
	assert_sleeps(f);
	for (int i = 0; i < 200 && conn_sendq(&o->c); i++) {
		hear(o, got, 16 << 20, &n);
		loop_turn(f->loop, 5);
	}
	assert_int_equal(conn_sendq(&o->c), 0);
	assert_int_equal(o->c.watch.want, POLL_READ);
	for (int i = 0; i < 20; i++) {
		hear(o, got, 16 << 20, &n);
		loop_turn(f->loop, 1);
	}
	assert_int_equal(n, o->c.bytes_out);
	assert_sleeps(f);
	free(got);
}

static void write_more(struct owner *o)
{
	assert_false(conn_is_clogged(&o->c));
	conn_write_str(&o->c, STR("more\n"));
}

static void test_drained(void **state)
{
	struct fixture *f = *state;
	struct owner *o = own_unix(f, 0);
	char *got = malloc(16 << 20);
	size_t n = 0;
	o->on_drained = write_more;
	fill_output(o, 1000);
	assert_false(conn_is_clogged(&o->c));
	fill_output(o, f->limits.sendq_max / 4 + 1);
	assert_true(conn_is_clogged(&o->c));
	assert_int_equal(o->drained, 0);
	for (int i = 0; i < 1000 && !o->drained; i++) {
		hear(o, got, 16 << 20, &n);
		loop_turn(f->loop, 5);
	}
	for (int i = 0; i < 20; i++) {
		hear(o, got, 16 << 20, &n);
		loop_turn(f->loop, 1);
	}
	assert_int_equal(o->drained, 1);
	assert_true(n > 5);
	assert_string_equal(got + n - 5, "more\n");
	free(got);
}

static void fan_out(struct owner *o, char *text, size_t n)
{
	char block[1000];
	(void)text;
	(void)n;
	memset(block, 'f', sizeof(block));
	block[sizeof(block) - 1] = '\n';
	for (int i = 0; i < OWNERS; i++)
		if (o->f->owners[i].in_use)
			conn_write(&o->f->owners[i].c, block, sizeof(block));
	for (int i = 0; i < OWNERS; i++)
		assert_int_equal(o->f->owners[i].ended, 0);
}

/* In the middle of a fan-out its sendq is full: the others get everything, then the word of its end, in that turn. */
static void test_overflow(void **state)
{
	struct fixture *f = *state;
	struct owner *first = own_unix(f, 0), *slow = own_unix(f, 1), *last = own_unix(f, 2);
	char heard[4000];
	first->on_line = fan_out;
	slow->on_ended = tell_others;
	slow->last_words = "ERROR :SendQ exceeded\r\n";
	fill_output(slow, f->limits.sendq_max - 900);
	assert_true(conn_sendq(&slow->c) <= f->limits.sendq_max);
	assert_int_equal(slow->ended, 0);
	say(first, "go\n");
	turn(f);
	assert_int_equal(slow->ended, 1);
	assert_string_equal(slow->reason, "SendQ exceeded");
	for (int i = 0; i < 3; i += 2) {
		size_t n = 0;
		hear(&f->owners[i], heard, sizeof(heard), &n);
		assert_int_equal(n, 1005);
		assert_string_equal(heard + 1000, "QUIT\n");
		assert_int_equal(f->owners[i].ended, 0);
	}
	assert_int_equal(slow->closed, 1);
	assert_int_equal(lent(f), 0);
	turns(f, 5);
	assert_int_equal(slow->ended, 1);
	assert_false(conn_is_dead(&last->c));
}

/* One turn brings more than the queue holds, to one who would have read it all. */
static void test_a_full_queue_is_sent_before_it_overflows(void **state)
{
	struct fixture *f = *state;
	f->limits.sendq_max = 5000;
	struct owner *o = own_tcp(f, 0);
	char block[3000], got[9001];
	size_t n = 0;
	memset(block, 'x', sizeof(block));
	for (int i = 0; i < 3; i++)
		assert_true(conn_write(&o->c, block, sizeof(block)));
	turn(f);
	while (n < 9000)
		hear(o, got, sizeof(got), &n);
	assert_int_equal(o->ended, 0);
	assert_int_equal(conn_sendq(&o->c), 0);
	peer_close(o);
	turn_until(f, &o->closed, 1);
}

/* Its last words and the end of the stream reach it. */
static void test_overflow_of_one_who_reads(void **state)
{
	struct fixture *f = *state;
	f->limits.sendq_max = 5000;
	struct owner *o = own_tcp(f, 0);
	char got[9000];
	o->last_words = "ERROR :SendQ exceeded\r\n";
	say(o, "unread\n");
	for (int i = 0; i < 5; i++)
		assert_true(conn_write(&o->c, "0123456789", 10));
	memset(got, 'x', sizeof(got));
	assert_false(conn_write(&o->c, got, 5001));
	assert_false(conn_write(&o->c, "a", 1));
	assert_int_equal(o->ended, 0);
	assert_int_equal(hear_to_the_end(o, got, sizeof(got)), 50 + 23);
	assert_string_equal(got + 50, "ERROR :SendQ exceeded\r\n");
	peer_close(o);
	turn_until(f, &o->closed, 1);
}

static void test_last_words_are_bounded_too(void **state)
{
	struct fixture *f = *state;
	f->limits.sendq_max = 5000;
	struct owner *o = own_unix(f, 0);
	char block[4000];
	memset(block, 'x', sizeof(block));
	o->keep = true;
	conn_kill(&o->c, "Killed");
	assert_false(conn_write(&o->c, block, 10));
	turn(f);
	assert_int_equal(o->ended, 1);
	assert_true(conn_write(&o->c, block, sizeof(block)));
	assert_true(conn_write(&o->c, block, 2000));
	assert_false(conn_write(&o->c, block, 2000));
	turns(f, 2);
	assert_int_equal(o->c.bytes_out, 6000);
	assert_int_equal(o->ended, 1);
	conn_close(&o->c, 0, on_closed);
	turn(f);
	assert_int_equal(o->closed, 1);
}

static void test_no_memory(void **state)
{
	struct fixture *f = *state;
	struct owner *o = own_unix(f, 0), *reader = own_unix(f, 1);
	ring_pool_trim(conn_hub_pool(f->hub));
	mem_fail_nth(1);
	assert_false(conn_write(&o->c, "a", 1));
	mem_fail_nth(1);
	say(reader, "a\n");
	turn(f);
	mem_fail_nth(0);
	assert_string_equal(o->reason, "Out of memory");
	assert_string_equal(reader->reason, "Out of memory");
	assert_int_equal(reader->lines, 0);
}

/* Sockets */

static void test_tcp_options(void **state)
{
	struct fixture *f = *state;
	struct owner *o = own_tcp(f, 0);
	int nodelay = 0, keepalive = 0;
	socklen_t len = sizeof(int);
	assert_int_equal(getsockopt(o->c.watch.fd, IPPROTO_TCP, TCP_NODELAY, &nodelay, &len), 0);
	assert_int_equal(getsockopt(o->c.watch.fd, SOL_SOCKET, SO_KEEPALIVE, &keepalive, &len), 0);
	assert_true(nodelay && keepalive);
}

/* A plain file cannot be watched. */
static void test_failed_init_closes(void **state)
{
	struct fixture *f = *state;
	struct conn c;
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (conn_init(&c, f->hub, fd, &handlers, &f->limits) == 0)
		fail_msg("a file was watched");
	assert_int_equal(fcntl(fd, F_GETFD), -1);
}

/* Somebody read ahead before it was a connection. */
static void test_what_was_read_before_comes_first(void **state)
{
	struct fixture *f = *state;
	struct owner *o = own_unix(f, 0);

	assert_true(conn_feed(&o->c, str_of("one\ntw")));
	assert_int_equal(o->lines, 0);
	say(o, "o\nthree\n");
	turn_until(f, &o->lines, 3);
	assert_string_equal(o->text, "one|two|three|");
	assert_int_equal(o->c.bytes_in, 14);
}

static void test_idle_ones_own_nothing(void **state)
{
	struct fixture *f = *state;
	for (int i = 0; i < OWNERS; i++) {
		own_unix(f, i);
		f->owners[i].on_line = answer_it;
		say(&f->owners[i], "a\nb\n");
	}
	turns(f, 2);
	assert_int_equal(lent(f), 0);
	for (int i = 0; i < OWNERS; i++)
		assert_int_equal(f->owners[i].lines, 2);
	assert_sleeps(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_split_at_every_byte),
		TEST(test_byte_by_byte),
		TEST(test_pipelined),
		TEST(test_lines_that_wrap),
		TEST(test_longest_line),
		TEST(test_too_long_line),
		TEST(test_line_without_end),
		TEST(test_one_who_floods_leaves_room_for_others),
		TEST(test_hold_and_resume),
		TEST(test_resume_wakes_the_loop),
		TEST(test_resume_from_inside_takes_the_hold_back),
		TEST(test_answers_leave_while_lines_are_due),
		TEST(test_held_input_is_bounded),
		TEST(test_resumed_ones_do_not_starve_each_other),
		TEST(test_one_flush_of_all_writes),
		TEST(test_write_wakes_the_loop),
		TEST(test_write_interest),
		TEST(test_drained),
		TEST(test_overflow),
		TEST(test_a_full_queue_is_sent_before_it_overflows),
		TEST(test_overflow_of_one_who_reads),
		TEST(test_last_words_are_bounded_too),
		TEST(test_no_memory),
		TEST(test_tcp_options),
		TEST(test_failed_init_closes),
		TEST(test_what_was_read_before_comes_first),
		TEST(test_idle_ones_own_nothing),
	};
	if (fd_raise_limit() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
