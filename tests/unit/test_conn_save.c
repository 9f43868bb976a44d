#include "base/wire.h"
#include "conn_fixture.h"

/* What another process would do: the descriptor, as it came over, and the bytes make a new one of it. */
static struct owner *take_up(struct fixture *f, int i, struct owner *from, struct str bytes)
{
	int fd = dup(from->c.transport.fd);
	struct wire_in in = wire_read(bytes);
	struct owner *o;

	conn_abandon(&from->c);
	from->closed = 1;
	from->in_use = false;
	o = own(f, i, fd, from->peer);
	from->peer = -1;
	assert_true(conn_load(&o->c, &in));
	assert_false(wire_more(&in));
	return o;
}

static struct owner *move(struct fixture *f, int i, struct owner *from)
{
	struct wire_out out;
	struct owner *o;

	wire_init(&out);
	assert_true(conn_save(&from->c, &out));
	o = take_up(f, i, from, buf_view(&out.buf));
	wire_deinit(&out);
	return o;
}

static void test_idle(void **state)
{
	struct fixture *f = *state;
	struct owner *a = own_unix(f, 0), *b;

	say(a, "one\n");
	turns(f, 2);
	conn_write_str(&a->c, STR("two\n"));
	turns(f, 2);
	b = move(f, 1, a);
	assert_int_equal(lent(f), 0);
	assert_int_equal(b->c.bytes_in, 4);
	assert_int_equal(b->c.bytes_out, 4);
	say(b, "three\n");
	turns(f, 2);
	conn_write_str(&b->c, STR("four\n"));
	turns(f, 2);
	assert_string_equal(a->text, "one|");
	assert_string_equal(b->text, "three|");
	assert_heard(b, "two\nfour\n", false);
	assert_int_equal(b->c.bytes_in, 10);
	assert_sleeps(f);
}

static void test_half_a_line(void **state)
{
	struct fixture *f = *state;
	struct owner *a = own_tcp(f, 0), *b;

	say(a, "one\nha");
	turns(f, 3);
	b = move(f, 1, a);
	turns(f, 3);
	assert_string_equal(b->text, "");
	say(b, "lf\nthree\n");
	turns(f, 3);
	assert_string_equal(b->text, "half|three|");
}

/* What came meanwhile waits in the kernel. */
static void test_frozen(void **state)
{
	struct fixture *f = *state;
	struct owner *a = own_unix(f, 0), *b;

	conn_hub_freeze(f->hub);
	say(a, "one\ntwo\n");
	assert_sleeps(f);
	assert_string_equal(a->text, "");
	conn_write_str(&a->c, STR("out\n"));
	turns(f, 2);
	assert_heard(a, "out\n", false);
	b = move(f, 1, a);
	assert_sleeps(f);
	assert_string_equal(b->text, "");
	conn_hub_thaw(f->hub);
	turns(f, 2);
	assert_string_equal(b->text, "one|two|");
}

/* Goodbyes that are said meanwhile. */
static void test_close_while_frozen(void **state)
{
	struct fixture *f = *state;
	struct owner *gone = own_unix(f, 0), *lingering = own_unix(f, 1), *killed = own_unix(f, 2);

	conn_hub_freeze(f->hub);
	conn_write_str(&gone->c, STR("bye\n"));
	conn_close(&gone->c, 0, on_closed);
	conn_close(&lingering->c, LINGER_MS, on_closed);
	conn_kill(&killed->c, "killed");
	turns(f, 3);
	assert_int_equal(gone->closed, 1);
	assert_heard(gone, "bye\n", true);
	assert_string_equal(killed->reason, "killed");
	peer_close(lingering);
	peer_close(killed);
	turns(f, 2);
	conn_hub_thaw(f->hub);
	turn_until(f, &lingering->closed, 1);
	turn_until(f, &killed->closed, 1);
}

/* A hand-over that came to nothing. */
static void test_thaw(void **state)
{
	struct fixture *f = *state;
	struct owner *held = own_unix(f, 0), *talking = own_unix(f, 1), *leaving = own_unix(f, 2);

	held->answer = CONN_HOLD;
	say(held, "a\nb\n");
	turns(f, 2);
	conn_hub_freeze(f->hub);
	conn_resume(&held->c);
	say(talking, "one\n");
	peer_close(leaving);
	assert_sleeps(f);
	assert_string_equal(held->text, "a|");
	conn_hub_thaw(f->hub);
	turns(f, 3);
	assert_string_equal(held->text, "a|b|");
	assert_string_equal(talking->text, "one|");
	assert_int_equal(leaving->ended, 1);
}

static void test_held_lines(void **state)
{
	struct fixture *f = *state;
	struct owner *a = own_unix(f, 0), *b;

	a->answer = CONN_HOLD;
	say(a, "one\ntwo\nthree\nfo");
	turns(f, 3);
	b = move(f, 1, a);
	say(b, "ur\n");
	turns(f, 3);
	assert_string_equal(b->text, "");
	conn_resume(&b->c);
	turns(f, 3);
	assert_string_equal(b->text, "two|three|four|");
}

/* The rest of a line that was too long still goes by. */
static void test_skipping(void **state)
{
	struct fixture *f = *state;
	struct owner *a = own_unix(f, 0), *b;
	char block[LINE_MAX_BYTES + 10];

	memset(block, 'x', sizeof(block));
	say_bytes(a, block, sizeof(block));
	turns(f, 3);
	assert_int_equal(a->too_long, 1);
	b = move(f, 1, a);
	say_bytes(b, block, sizeof(block));
	say(b, "\nnext\n");
	turns(f, 5);
	assert_int_equal(b->too_long, 0);
	assert_string_equal(b->text, "next|");
}

/* Every byte once and in order, whatever the kernel had of it. */
static void test_output(void **state)
{
	struct fixture *f = *state;
	struct owner *a = own_tcp(f, 0), *b;
	static char text[8 << 20];
	char number[16], *at = text;
	size_t n = 0;
	int i = 0;

	while (conn_sendq(&a->c) < 50000) {
		snprintf(number, sizeof(number), "%d\n", i++);
		assert_true(conn_write_str(&a->c, str_of(number)));
		if (i % 500 == 0)
			turn(f);
	}
	b = move(f, 1, a);
	assert_true(conn_sendq(&b->c) > 0);
	conn_write_str(&b->c, STR("last\n"));
	conn_close(&b->c, LINGER_MS, on_closed);
	n = hear_to_the_end(b, text, sizeof(text));
	assert_true(n > 50000);
	for (int k = 0; k < i; k++) {
		int digits = snprintf(number, sizeof(number), "%d\n", k);

		assert_memory_equal(at, number, (size_t)digits);
		at += digits;
	}
	assert_string_equal(at, "last\n");
}

/* A stream goes on when the peer has read. */
static void test_clogged(void **state)
{
	struct fixture *f = *state;
	struct owner *a = own_unix(f, 0), *b;
	char text[65536];
	size_t n;

	fill_output(a, f->limits.sendq_max / 2);
	assert_true(conn_is_clogged(&a->c));
	b = move(f, 1, a);
	assert_true(conn_is_clogged(&b->c));
	for (int i = 0; i < ENOUGH_TURNS && !b->drained; i++) {
		n = 0;
		hear(b, text, sizeof(text), &n);
		turn(f);
	}
	assert_int_equal(b->drained, 1);
	assert_false(conn_is_clogged(&b->c));
}

/* More waits than may wait here: nothing of it is dropped, and reading goes on when there is room. */
static void test_lower_limits(void **state)
{
	struct fixture *f = *state;
	struct owner *a = own_unix(f, 0), *b;
	char block[1001];

	memset(block, 'y', sizeof(block));
	block[1000] = '\n';
	a->answer = CONN_HOLD;
	for (int i = 0; i < 14; i++) {
		say_bytes(a, block, sizeof(block));
		turns(f, 2);
	}
	fill_output(a, 10000);
	f->limits = (struct conn_limits){.sendq_max = 4096, .recvq_max = LINE_MAX_BYTES};
	b = move(f, 1, a);
	turns(f, 3);
	assert_int_equal(b->ended, 0);
	conn_resume(&b->c);
	turns(f, 3);
	assert_int_equal(b->lines, 13);
	say(b, "end\n");
	turns(f, 3);
	assert_int_equal(b->lines, 14);
}

/* The end is seen by whoever has the descriptor. */
static void test_peer_closed_meanwhile(void **state)
{
	struct fixture *f = *state;
	struct owner *a = own_tcp(f, 0), *b;

	a->answer = CONN_HOLD;
	say(a, "one\ntwo\n");
	peer_close(a);
	turns(f, 3);
	b = move(f, 1, a);
	turns(f, 3);
	assert_int_equal(b->ended, 0);
	conn_resume(&b->c);
	turn_until(f, &b->closed, 1);
	assert_string_equal(b->text, "two|");
	assert_string_equal(b->reason, "Connection closed");
}

static void test_dead_cannot_leave(void **state)
{
	struct fixture *f = *state;
	struct owner *a = own_unix(f, 0), *b = own_unix(f, 1);
	struct wire_out out;

	wire_init(&out);
	wire_put_u8(&out, 9);
	conn_kill(&a->c, "killed");
	assert_false(conn_save(&a->c, &out));
	conn_close(&b->c, LINGER_MS, on_closed);
	assert_false(conn_save(&b->c, &out));
	assert_int_equal(out.buf.n, 1);
	wire_deinit(&out);
}

static void test_abandon(void **state)
{
	struct fixture *f = *state;
	struct owner *full = own_unix(f, 0), *bye = own_unix(f, 1), *due = own_unix(f, 2);
	char text[1000];
	size_t n = 0;

	fill_output(full, 10000);
	say(bye, "x");
	turn(f);
	conn_write_str(&bye->c, STR("last\n"));
	conn_close(&bye->c, LINGER_MS, on_closed);
	turn(f);
	say(due, "half");
	turn(f);
	conn_write_str(&due->c, STR("never sent\n"));
	for (int i = 0; i < 3; i++) {
		conn_abandon(&f->owners[i].c);
		f->owners[i].closed = 1;
		f->owners[i].in_use = false;
	}
	assert_int_equal(lent(f), 0);
	assert_int_equal(hear(due, text, sizeof(text), &n), 0);
	assert_int_equal(n, 0);
	assert_sleeps(f);
}

static void test_damaged(void **state)
{
	struct fixture *f = *state;
	struct owner *a = own_unix(f, 0);
	struct wire_out out;

	say(a, "half");
	turn(f);
	conn_write_str(&a->c, STR("out\n"));
	wire_init(&out);
	assert_true(conn_save(&a->c, &out));
	for (size_t cut = 0; cut <= out.buf.n; cut++) {
		struct owner *b = own_unix(f, 1);
		char *copy = malloc(out.buf.n);
		struct wire_in in;

		memcpy(copy, out.buf.p, out.buf.n);
		if (cut == out.buf.n)
			copy[4] = 99; /* a transport of a later version */
		in = wire_read((struct str){copy, cut});
		assert_false(conn_load(&b->c, &in));
		conn_abandon(&b->c);
		close(b->peer);
		free(b->text);
		*b = (struct owner){0};
		free(copy);
	}
	wire_deinit(&out);
	turns(f, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_idle),
		TEST(test_half_a_line),
		TEST(test_frozen),
		TEST(test_close_while_frozen),
		TEST(test_thaw),
		TEST(test_held_lines),
		TEST(test_skipping),
		TEST(test_output),
		TEST(test_clogged),
		TEST(test_lower_limits),
		TEST(test_peer_closed_meanwhile),
		TEST(test_dead_cannot_leave),
		TEST(test_abandon),
		TEST(test_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
