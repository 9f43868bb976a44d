#include "conn_fixture.h"

/* Ends */

static void test_peer_closes(void **state)
{
	struct fixture *f = *state;
	struct owner *o = own_unix(f, 0);
	say(o, "a\nb\nno end");
	peer_close(o);
	turn_until(f, &o->closed, 1);
	assert_string_equal(o->text, "a|b|");
	assert_string_equal(o->reason, "Connection closed");
	assert_int_equal(o->ended, 1);
}

static void test_half_close(void **state)
{
	struct fixture *f = *state;
	struct owner *o = own_tcp(f, 0);
	o->last_words = "ERROR :bye\r\n";
	say(o, "a\nb\n");
	shutdown(o->peer, SHUT_WR);
	turn_until(f, &o->closed, 1);
	assert_string_equal(o->text, "a|b|");
	assert_string_equal(o->reason, "Connection closed");
	assert_heard(o, "ERROR :bye\r\n", true);
}

static void test_reset(void **state)
{
	struct fixture *f = *state;
	struct owner *o = own_tcp(f, 0);
	struct linger hard = {.l_onoff = 1, .l_linger = 0};
	setsockopt(o->peer, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
	peer_close(o);
	turn_until(f, &o->closed, 1);
	assert_string_equal(o->reason, "Connection reset by peer");
	assert_int_equal(o->ended, 1);
}

static void test_end_waits_for_held_lines(void **state)
{
	struct fixture *f = *state;
	struct owner *o = own_unix(f, 0);
	o->answer = CONN_HOLD;
	say(o, "a\nb\nc\n");
	peer_close(o);
	turns(f, 3);
	assert_int_equal(o->ended, 0);
	assert_sleeps(f);
	conn_resume(&o->c);
	turns(f, 3);
	assert_string_equal(o->text, "a|b|");
	assert_int_equal(o->ended, 0);
	o->answer = CONN_NEXT;
	conn_resume(&o->c);
	turn_until(f, &o->closed, 1);
	assert_string_equal(o->text, "a|b|c|");
	assert_string_equal(o->reason, "Connection closed");
}

/* More than one turn's reading, and a peer that is gone when the first answer is sent. */
static void test_broken_output_does_not_lose_input(void **state)
{
	struct fixture *f = *state;
	struct owner *o = own_unix(f, 0);
	char line[1000];
	memset(line, 'l', sizeof(line));
	line[sizeof(line) - 1] = '\n';
	o->on_line = answer_it;
	for (int i = 0; i < 60; i++)
		say_bytes(o, line, sizeof(line));
	peer_close(o);
	turn_until(f, &o->closed, 1);
	assert_int_equal(o->lines, 60);
	assert_int_equal(o->ended, 1);
	assert_string_equal(o->reason, "Broken pipe");
}

/* What is held may take hours to be heard: one that cannot be told anything any more is not kept for it. */
static void test_broken_output_with_held_lines(void **state)
{
	struct fixture *f = *state;
	struct owner *o = own_unix(f, 0);
	o->answer = CONN_HOLD;
	say(o, "a\nb\n");
	turn(f);
	peer_close(o);
	turns(f, 3);
	assert_int_equal(o->ended, 0);
	conn_write_str(&o->c, STR("x\n"));
	turn_until(f, &o->closed, 1);
	assert_string_equal(o->text, "a|");
	assert_int_equal(o->ended, 1);
}

/* It will never read again, and never say so: no event comes, and the next write tells. */
static void test_peer_stops_listening(void **state)
{
	struct fixture *f = *state;
	struct owner *o = own_unix(f, 0);
	shutdown(o->peer, SHUT_RD);
	turns(f, 2);
	assert_int_equal(o->ended, 0);
	conn_write_str(&o->c, STR("x\n"));
	turn_until(f, &o->closed, 1);
	assert_string_equal(o->reason, "Broken pipe");
	assert_int_equal(o->ended, 1);
}

static void test_no_spin_while_blocked_and_half_closed(void **state)
{
	struct fixture *f = *state;
	struct owner *o = own_tcp(f, 0);
	o->answer = CONN_HOLD;
	say(o, "a\nb\n");
	turn(f);
	f->limits.sendq_max = 8 << 20;
	fill_output(o, 4 << 20);
	shutdown(o->peer, SHUT_WR);
	assert_sleeps(f);
	conn_resume(&o->c);
	o->answer = CONN_NEXT;
	turn_until(f, &o->ended, 1);
	assert_int_equal(o->closed, 0);
	assert_sleeps(f);
	char *got = malloc(16 << 20);
	hear_to_the_end(o, got, 16 << 20);
	turn_until(f, &o->closed, 1);
	free(got);
}

/* conn_kill and conn_close from handlers */

static void kill_it(struct owner *o, char *text, size_t n)
{
	(void)text;
	(void)n;
	conn_write_str(&o->c, STR("killed\n"));
	conn_kill(&o->c, "Killed");
	conn_kill(&o->c, "Killed again");
	assert_false(conn_write_str(&o->c, STR("not this\n")));
	conn_resume(&o->c);
}

static void test_kill_inside_line(void **state)
{
	struct fixture *f = *state;
	struct owner *o = own_unix(f, 0);
	o->on_line = kill_it;
	o->last_words = "ERROR\n";
	say(o, "a\nb\nc\n");
	turn(f);
	assert_string_equal(o->text, "a|");
	assert_int_equal(o->ended, 1);
	assert_string_equal(o->reason, "Killed");
	assert_heard(o, "killed\nERROR\n", true);
	peer_close(o);
	turn_until(f, &o->closed, 1);
}

static void kill_next(struct owner *o)
{
	struct owner *next = o + 1;
	if (next < o->f->owners + OWNERS)
		conn_kill(&next->c, "Pulled along");
	tell_others(o);
}

static void test_ends_that_cause_ends(void **state)
{
	struct fixture *f = *state;
	for (int i = 0; i < OWNERS; i++) {
		own_unix(f, i);
		f->owners[i].on_ended = kill_next;
	}
	conn_kill(&f->owners[0].c, "Killed");
	assert_int_equal(f->owners[0].ended, 0);
	turn(f);
	for (int i = 0; i < OWNERS; i++)
		assert_int_equal(f->owners[i].ended, 1);
	turns(f, 3);
	for (int i = 0; i < OWNERS; i++)
		assert_int_equal(f->owners[i].ended, 1);
}

static void close_second(struct owner *o, char *text, size_t n)
{
	struct owner *second = &o->f->owners[1];
	(void)text;
	(void)n;
	if (second->in_use)
		conn_close(&second->c, 0, on_closed);
	assert_int_equal(second->closed, 0);
}

/* Both have an event in the same batch; whichever comes second must not hurt. */
static void test_closed_by_another(void **state)
{
	struct fixture *f = *state;
	struct owner *o = own_unix(f, 0), *second = own_unix(f, 1), *third = own_unix(f, 2);
	o->on_line = third->on_line = close_second;
	say(o, "x\n");
	say(second, "y\n");
	say(third, "z\n");
	turn(f);
	assert_int_equal(second->closed, 1);
	assert_int_equal(second->ended, 0);
	assert_int_equal(o->lines + third->lines, 2);
}

static void close_it(struct owner *o, char *text, size_t n)
{
	(void)text;
	(void)n;
	conn_write_str(&o->c, STR("ERROR :Closing link\r\n"));
	conn_close(&o->c, o->linger_ms, on_closed);
	conn_close(&o->c, o->linger_ms, on_closed);
	conn_kill(&o->c, "Killed");
	assert_false(conn_write_str(&o->c, STR("not this\n")));
}

/* The peer has sent much that nobody will read. A close with it in the kernel would be a reset, and eat the ERROR. */
static void test_last_words_survive_unread_input(void **state)
{
	struct fixture *f = *state;
	struct owner *o = own_tcp(f, 0);
	char got[4096], block[1000];
	memset(block, 'u', sizeof(block));
	o->on_line = close_it;
	say(o, "QUIT\r\n");
	for (int i = 0; i < 200; i++)
		say_bytes(o, block, sizeof(block));
	turns(f, 2);
	assert_int_equal(o->lines, 1);
	for (int i = 0; i < 200; i++) {
		say_bytes(o, block, sizeof(block));
		turn(f);
	}
	assert_int_equal(o->closed, 0);
	assert_int_equal(hear_to_the_end(o, got, sizeof(got)), 21);
	assert_string_equal(got, "ERROR :Closing link\r\n");
	assert_int_equal(lent(f), 0);
	peer_close(o);
	turn_until(f, &o->closed, 1);
	assert_int_equal(o->ended, 0);
}

/* It writes all it has before it reads: neither waits for the other. */
static void test_close_takes_input_while_output_is_blocked(void **state)
{
	struct fixture *f = *state;
	struct owner *o = own_tcp(f, 0);
	char *got = malloc(16 << 20), block[1000];
	size_t said = 0;
	memset(block, 'u', sizeof(block));
	fill_output(o, 100000);
	conn_close(&o->c, LINGER_MS, on_closed);
	for (int i = 0; i < ENOUGH_TURNS && said < (10u << 20); i++) {
		ssize_t n = send(o->peer, block, sizeof(block), MSG_NOSIGNAL);
		if (n > 0)
			said += (size_t)n;
		else
			loop_turn(f->loop, 1);
	}
	assert_true(said >= 10u << 20);
	uint64_t waited = o->c.bytes_out + conn_sendq(&o->c);
	assert_int_equal(hear_to_the_end(o, got, 16 << 20), waited);
	peer_close(o);
	turn_until(f, &o->closed, 1);
	free(got);
}

static void test_linger_ends_in_time(void **state)
{
	struct fixture *f = *state;
	struct owner *o = own_tcp(f, 0), *blocked = own_unix(f, 1);
	fill_output(blocked, 10000);
	turn(f);
	int64_t start_us = clock_mono_us();
	conn_close(&o->c, 80, on_closed);
	conn_close(&blocked->c, 80, on_closed);
	turns(f, 3);
	assert_int_equal(o->closed + blocked->closed, 0);
	assert_int_equal(lent(f) > 0, 1);
	int woken = 0;
	while (o->closed + blocked->closed < 2 && woken < 100) {
		loop_turn(f->loop, 1000);
		woken++;
	}
	assert_in_range(clock_mono_us() - start_us, 70000, 1000000);
	assert_in_range(woken, 1, 4);
	assert_int_equal(lent(f), 0);
}

static void test_peer_leaves_during_the_goodbye(void **state)
{
	struct fixture *f = *state;
	struct owner *o = own_unix(f, 0), *blocked = own_unix(f, 1);
	fill_output(blocked, 10000);
	conn_close(&o->c, 60000, on_closed);
	conn_close(&blocked->c, 60000, on_closed);
	turns(f, 3);
	assert_int_equal(o->closed + blocked->closed, 0);
	peer_close(o);
	peer_close(blocked);
	turns(f, 3);
	assert_int_equal(o->closed + blocked->closed, 2);
}

static void test_no_time_to_linger(void **state)
{
	struct fixture *f = *state;
	struct owner *o = own_unix(f, 0), *blocked = own_unix(f, 1);
	fill_output(blocked, 10000);
	conn_write_str(&o->c, STR("bye\n"));
	conn_close(&o->c, 0, on_closed);
	conn_close(&blocked->c, 0, on_closed);
	turn(f);
	assert_int_equal(o->closed, 1);
	assert_int_equal(blocked->closed, 1);
	assert_heard(o, "bye\n", true);
}

static void write_to_first(struct owner *o)
{
	conn_write_str(&o->f->owners[0].c, STR("gone\n"));
}

/* `closed` comes after the flush: what it writes must not wait for the next event. */
static void test_write_from_closed(void **state)
{
	struct fixture *f = *state;
	struct owner *o = own_unix(f, 0), *leaver = own_unix(f, 1);
	leaver->on_closed = write_to_first;
	conn_close(&leaver->c, 0, on_closed);
	turn(f);
	assert_int_equal(leaver->closed, 1);
	int64_t start_us = clock_mono_us();
	loop_turn(f->loop, 3000);
	assert_in_range(clock_mono_us() - start_us, 0, 1000000);
	assert_heard(o, "gone\n", false);
}

static void test_owner_that_closes_later(void **state)
{
	struct fixture *f = *state;
	struct owner *o = own_unix(f, 0);
	o->keep = true;
	o->last_words = "words\n";
	say(o, "a\n");
	shutdown(o->peer, SHUT_WR);
	turns(f, 3);
	assert_int_equal(o->ended, 1);
	assert_heard(o, "words\n", false);
	assert_sleeps(f);
	conn_close(&o->c, LINGER_MS, on_closed);
	turn(f);
	assert_int_equal(o->closed, 1);
	assert_int_equal(o->ended, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_peer_closes),
		TEST(test_half_close),
		TEST(test_reset),
		TEST(test_end_waits_for_held_lines),
		TEST(test_broken_output_does_not_lose_input),
		TEST(test_broken_output_with_held_lines),
		TEST(test_peer_stops_listening),
		TEST(test_no_spin_while_blocked_and_half_closed),
		TEST(test_kill_inside_line),
		TEST(test_ends_that_cause_ends),
		TEST(test_closed_by_another),
		TEST(test_last_words_survive_unread_input),
		TEST(test_close_takes_input_while_output_is_blocked),
		TEST(test_linger_ends_in_time),
		TEST(test_peer_leaves_during_the_goodbye),
		TEST(test_no_time_to_linger),
		TEST(test_write_from_closed),
		TEST(test_owner_that_closes_later),
	};
	if (fd_raise_limit() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
