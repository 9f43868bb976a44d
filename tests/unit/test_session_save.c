#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "fd_count.h"
#include "net/tls.h"
#include "session/client_batch.h"
#include "session/held.h"
#include "session/monitor.h"
#include "session/save.h"
#include "session_fixture.h"

static int set_up(void **state)
{
	struct stage *st = malloc(sizeof(*st));

	assert_non_null(st);
	stage_init(st, NULL);
	stage_add(st);
	*state = st;
	return 0;
}

static int tear_down(void **state)
{
	stage_deinit(*state);
	free(*state);
	return 0;
}

/* Out of this process and back: what the successor knows is the bytes, the user, and the descriptor under another
 * number. */
static struct session *move(struct stage *st, int i)
{
	struct session *s = stage_session(st, i);
	const struct user *user = s->user;
	struct wire_out out;
	struct wire_in in;
	int fd;

	assert_true(session_settle(s));
	wire_init(&out);
	assert_true(session_save(s, &out));
	fd = dup(s->conn.transport.fd);
	session_abandon(s);
	in = wire_read(buf_view(&out.buf));
	s = session_load(&st->hub, fd, user, &in);
	assert_non_null(s);
	assert_false(wire_more(&in));
	wire_deinit(&out);
	st->clients[i].s = s;
	return s;
}

static void a_client_goes_on_where_it_was(void **state)
{
	struct stage *st = *state;
	uint64_t id = stage_session(st, 0)->id;
	int64_t opened = stage_session(st, 0)->opened;
	struct session *s;

	stage_register(st, 0, "ann");
	stage_caps(st, 0, CAP_BIT(CAP_BATCH) | CAP_BIT(CAP_SERVER_TIME) | CAP_BIT(CAP_USERHOST_IN_NAMES));
	stage_session(st, 0)->flags |= SESSION_CAP_302;
	stage_say(st, 0, "PING 1\r\nPRIVMSG #a :ha");
	stage_log(st);
	session_write(stage_session(st, 0), STR("unsent\r\n"));
	s = move(st, 0);
	assert_true(s->id == id && s->opened == opened);
	assert_string_equal(s->address, "localhost");
	assert_string_equal(session_nick(s), "ann");
	assert_int_equal(s->flags, SESSION_CAP_302 | SESSION_LOCAL);
	assert_true(s->caps == (CAP_BIT(CAP_BATCH) | CAP_BIT(CAP_SERVER_TIME) | CAP_BIT(CAP_USERHOST_IN_NAMES)));
	assert_int_equal(st->hub.count, 1);
	assert_int_equal(st->hub.unregistered, 0);
	assert_null(s->reg);
	stage_say(st, 0, "lf\r\nPING 2\r\n");
	assert_string_equal(stage_log(st), "command 0 PRIVMSG #a :half; command 0 PING :2; ");
	session_write(s, STR("next\r\n"));
	assert_string_equal(stage_heard(st, 0), "unsent\nnext\n");
}

static void what_tls_told_stays(void **state)
{
	static const struct tls_binding binding = {.exporter_size = 32, .endpoint_size = 3, .exporter = "e", .endpoint = "abc"};
	struct stage *st = *state;
	struct session *s = stage_session(st, 0);

	s->certname = mem_strdup("ann");
	s->binding = mem_alloc(sizeof(binding));
	*s->binding = binding;
	s = move(st, 0);
	assert_null(s->certfp);
	assert_string_equal(s->certname, "ann");
	assert_memory_equal(s->binding, &binding, sizeof(binding));
	mem_free(s->binding);
	s->binding = NULL;
	assert_null(move(st, 0)->binding);
}

static void registration_goes_on(void **state)
{
	struct stage *st = *state;
	struct registration *r = stage_session(st, 0)->reg;

	r->nick = mem_strdup("ann");
	r->realname = mem_strdup("");
	r->password = mem_strdup("secret");
	r->negotiating = true;
	r = move(st, 0)->reg;
	assert_string_equal(r->nick, "ann");
	assert_null(r->username);
	assert_string_equal(r->realname, "");
	assert_string_equal(r->password, "secret");
	assert_null(r->away);
	assert_true(r->negotiating && !r->checked);
	assert_string_equal(session_nick(stage_session(st, 0)), "ann");
	assert_int_equal(st->hub.unregistered, 1);
	r->username = mem_strdup("user");
	r->away = mem_strdup("away");
	r->negotiating = false;
	r->checked = true;
	r = move(st, 0)->reg;
	assert_string_equal(r->username, "user");
	assert_string_equal(r->away, "away");
	assert_true(!r->negotiating && r->checked);
}

static void what_it_watches_is_watched(void **state)
{
	struct stage *st = *state;
	struct session *s;

	stage_register(st, 0, "ann");
	monitor_add(st->hub.monitor, stage_session(st, 0), STR("Bob"), 10);
	monitor_add(st->hub.monitor, stage_session(st, 0), STR("cat"), 10);
	s = move(st, 0);
	assert_string_equal(monitor_nth(s, 0), "Bob");
	assert_string_equal(monitor_nth(s, 1), "cat");
	assert_null(monitor_nth(s, 2));
	assert_int_equal(monitor_watchers(st->hub.monitor, STR("bob"))->count, 1);
}

static void its_language_stays(void **state)
{
	struct stage *st = *state;
	enum language spanish;

	stage_register(st, 0, "ann");
	assert_int_equal(move(st, 0)->language, 0);
	assert_true(language_find(STR("es"), &spanish));
	stage_session(st, 0)->language = (uint8_t)(1 + spanish);
	assert_int_equal(move(st, 0)->language, 1 + spanish);
	stage_session(st, 0)->language = 1 + LANGUAGE_ENGLISH;
	assert_int_equal(move(st, 0)->language, 1 + LANGUAGE_ENGLISH);
}

/* A deadline is as far away as it was. */
static void deadlines_stay(void **state)
{
	struct stage *st = *state;
	struct session *s = stage_session(st, 0);
	int64_t due = s->timer.node.key;

	due = move(st, 0)->timer.node.key - due;
	assert_in_range(due + 1000, 1000, 1000);
	stage_register(st, 0, "ann");
	s = stage_session(st, 0);
	s->heard -= 50000;
	s->pinged = s->heard + 40000;
	s->flags |= SESSION_PINGED;
	s->tokens = -2500;
	s->refilled -= 100;
	s = move(st, 0);
	assert_int_equal(loop_clock(st->loop)->mono_ms - s->heard, 50000);
	assert_int_equal(loop_clock(st->loop)->mono_ms - s->pinged, 10000);
	assert_int_equal(loop_clock(st->loop)->mono_ms - s->refilled, 100);
	assert_int_equal(s->tokens, -2500);
	assert_true(s->flags & SESSION_PINGED);
	assert_int_equal(s->timer.node.key, s->pinged + st->server.ping_ms);
}

static void an_open_batch_stays_open(void **state)
{
	struct stage *st = *state;
	struct client_batch *b;

	stage_register(st, 0, "ann");
	b = client_batch_open(stage_session(st, 0), STR("ref"), STR("#a"));
	b->label = mem_strdup("l");
	b->kind = CLIENT_BATCH_NOTICE;
	assert_int_equal(client_batch_add(b, STR("one"), false), CLIENT_BATCH_OK);
	assert_int_equal(client_batch_add(b, STR("two"), true), CLIENT_BATCH_OK);
	b = move(st, 0)->client_batch;
	assert_non_null(b);
	assert_string_equal(b->ref, "ref");
	assert_string_equal(b->target, "#a");
	assert_string_equal(b->label, "l");
	assert_null(b->tags);
	assert_int_equal(b->kind, CLIENT_BATCH_NOTICE);
	assert_true(loop_timer_is_set(&b->deadline));
	st->server.multiline_bytes = 8;
	assert_int_equal(client_batch_add(b, STR("three"), false), CLIENT_BATCH_TOO_LONG);
	assert_int_equal(client_batch_add(b, STR("3"), false), CLIENT_BATCH_OK);
	assert_true(str_eq((struct str){b->text, b->size}, STR("one\rtwo\n3")));
	st->server.multiline_lines = 3;
	assert_int_equal(client_batch_add(b, STR_NONE, false), CLIENT_BATCH_TOO_MANY);
	client_batch_give_up(b);
	b = move(st, 0)->client_batch;
	assert_true(b->over && !loop_timer_is_set(&b->deadline));
	assert_string_equal(b->ref, "ref");
	client_batch_end(stage_session(st, 0));
	assert_null(move(st, 0)->client_batch);
}

/* "BATCH +": it was answered, and has no name to come with. */
static void a_batch_without_a_name_costs_nobody_the_session(void **state)
{
	struct stage *st = *state;
	struct client_batch *b;

	stage_register(st, 0, "ann");
	client_batch_give_up(client_batch_open(stage_session(st, 0), STR_NONE, STR_NONE));
	b = move(st, 0)->client_batch;
	assert_non_null(b);
	assert_string_equal(b->ref, "");
	assert_true(b->over);
}

static void charge_much(struct stage *st, struct session *s, const struct message *m)
{
	(void)m;
	session_charge(s, (st->server.flood_burst + 200) * 1000);
}

/* Flood control holds its lines over there too, and lets them go when it is time. */
static void throttled_input_stays_held(void **state)
{
	struct stage *st = *state;
	struct session *s;

	st->server.flood_rate = 1000;
	st->command = charge_much;
	stage_register(st, 0, "ann");
	stage_say(st, 0, "PING 1\r\nPING 2\r\n");
	assert_string_equal(stage_log(st), "command 0 PING :1; ");
	st->command = NULL;
	s = move(st, 0);
	assert_true(s->flags & SESSION_THROTTLED);
	stage_await_log(st, "command 0 PING :2; ");
	assert_false(stage_session(st, 0)->flags & SESSION_THROTTLED);
}

/* Long answers */

struct lines {
	struct stream st;
	int left;
};

static bool lines_step(struct stream *st, struct session *s)
{
	struct lines *l = (struct lines *)st;
	char line[256];

	if (!st->cut && l->left > 0) {
		snprintf(line, sizeof(line), "LINE %0200d", l->left--);
		reply_line(s, STR_NONE, str_of(line));
		return false;
	}
	reply_line(s, STR_NONE, STR("END"));
	return true;
}

static void lines_free(struct stream *st)
{
	mem_free(st);
}

static void stream_lines(struct stage *st, struct session *s, const struct message *m)
{
	for (int i = 0; i < 2; i++) {
		struct lines *l = mem_zalloc(sizeof(*l));

		l->st.step = lines_step;
		l->st.free = lines_free;
		l->left = *(int *)st->ctx;
		if (i == 0)
			answer_begin(s, strcmp(m->command, "LABELLED") == 0 ? STR("x") : STR_NONE);
		session_stream(s, &l->st);
	}
	answer_end(s);
}

/* More than the kernel takes, and the client reads nothing; the stream is stopped at the low mark. */
static void begin_stream(struct stage *st, int lines, const char *command)
{
	int size = 4096;

	setsockopt(stage_session(st, 0)->conn.transport.fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	st->hub.limits.sendq_max = 256 << 10;
	st->command = stream_lines;
	st->ctx = &lines;
	stage_register(st, 0, "ann");
	stage_caps(st, 0, CAP_BIT(CAP_LABELED_RESPONSE) | CAP_BIT(CAP_BATCH));
	stage_say(st, 0, command);
	stage_say(st, 0, "PING 1\r\n");
	st->command = NULL;
	assert_non_null(stage_session(st, 0)->stream);
	assert_true(conn_is_clogged(&stage_session(st, 0)->conn));
	stage_log(st);
}

static void a_long_answer_is_finished_where_it_fits(void **state)
{
	struct stage *st = *state;
	const char *heard;

	begin_stream(st, 250, "LABELLED\r\n");
	assert_null(move(st, 0)->stream);
	heard = stage_heard(st, 0);
	assert_int_equal(stage_count(heard, "LINE"), 500);
	assert_int_equal(stage_count(heard, "END"), 2);
	assert_int_equal(stage_count(heard, "BATCH +"), 1);
	assert_int_equal(stage_count(heard, "BATCH -"), 1);
	assert_int_equal(stage_count(heard, "NOTICE"), 0);
	stage_await_log(st, "command 0 PING :1; ");
}

static void a_longer_one_ends_properly(void **state)
{
	struct stage *st = *state;
	const char *heard;

	begin_stream(st, 5000, "LABELLED\r\n");
	assert_null(move(st, 0)->stream);
	assert_true(conn_sendq(&stage_session(st, 0)->conn) < st->hub.limits.sendq_max * 3 / 4);
	heard = stage_heard(st, 0);
	assert_int_equal(stage_count(heard, "LINE 0"), stage_count(heard, "LINE"));
	assert_in_range(stage_count(heard, "LINE"), 500, 1000);
	assert_int_equal(stage_count(heard, "this answer ends early\n"), 1);
	assert_int_equal(stage_count(heard, "END"), 2);
	assert_int_equal(stage_count(heard, "BATCH +"), 1);
	assert_int_equal(stage_count(heard, "BATCH -"), 1);
	stage_await_log(st, "command 0 PING :1; ");
}

/* Ends */

static void the_dead_and_the_closed_do_not_leave(void **state)
{
	struct stage *st = *state;
	int closed = stage_add(st);
	struct wire_out out;

	wire_init(&out);
	conn_kill(&stage_session(st, 0)->conn, "killed");
	assert_false(session_settle(stage_session(st, 0)));
	assert_false(session_save(stage_session(st, 0), &out));
	assert_int_equal(out.buf.n, 0);
	stage_settle(st);
	session_close(stage_session(st, closed), "bye");
	assert_ptr_equal(LIST_FIRST(&st->hub.closing), stage_session(st, closed));
	session_abandon(stage_session(st, closed));
	st->clients[closed].s = NULL;
	wire_deinit(&out);
	stage_settle(st);
}

static void abandoned_in_the_middle_of_everything(void **state)
{
	struct stage *st = *state;
	struct session *s = stage_session(st, 0);

	begin_stream(st, 1000, "LABELLED\r\n");
	monitor_add(st->hub.monitor, s, STR("bob"), 10);
	held_answer_add(s, 0, &(struct held_answer){7, "PRIVMSG", STR("x")});
	session_abandon(s);
	st->clients[0].s = NULL;
	assert_null(monitor_watchers(st->hub.monitor, STR("bob")));
	stage_settle(st);
}

/* A hand-over that came to nothing: whoever was kept waiting is heard. */
static void it_stays_after_all(void **state)
{
	struct stage *st = *state;

	begin_stream(st, 250, "ALL\r\n");
	conn_hub_freeze(st->hub.conns);
	assert_true(session_settle(stage_session(st, 0)));
	stage_say(st, 0, "PING 2\r\n");
	assert_string_equal(stage_log(st), "");
	conn_hub_thaw(st->hub.conns);
	session_thaw(stage_session(st, 0));
	stage_heard(st, 0);
	assert_string_equal(stage_log(st), "command 0 PING :1; command 0 PING :2; ");
}

static void try_load(struct stage *st, const struct user *user, struct str bytes, bool good)
{
	struct wire_in in = wire_read(bytes);
	int before = fd_count(), ends[2];
	struct session *s;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
	s = session_load(&st->hub, ends[0], user, &in);
	assert_int_equal(s != NULL, good);
	if (s)
		session_abandon(s);
	close(ends[1]);
	assert_int_equal(fd_count(), before);
	assert_int_equal(st->hub.count, 1);
}

/* The descriptor is closed, and nothing is left of it. */
static void damaged_bytes_make_no_session(void **state)
{
	struct stage *st = *state;
	struct wire_out out;

	monitor_add(st->hub.monitor, stage_session(st, 0), STR("bob"), 10);
	stage_caps(st, 0, CAP_BIT(CAP_BATCH));
	wire_init(&out);
	assert_true(session_save(stage_session(st, 0), &out));
	for (size_t n = 0; n < out.buf.n; n++)
		try_load(st, NULL, (struct str){out.buf.p, n}, false);
	try_load(st, NULL, buf_view(&out.buf), true);
	/* Registered, as the network has it, and not, as the bytes have it. */
	try_load(st, (const struct user *)"ann", buf_view(&out.buf), false);
	assert_int_equal(st->hub.unregistered, 1);
	wire_deinit(&out);
}

/* Whatever a wrong byte makes of it is no session, or one that can live. */
static void any_wrong_byte(void **state)
{
	static const unsigned char wrong[] = {0x01, 0x80, 0xff};
	struct stage *st = *state;
	struct session *s = stage_session(st, 0);
	struct wire_out out;

	s->reg->nick = mem_strdup("ann");
	s->reg->password = mem_strdup("secret");
	monitor_add(st->hub.monitor, s, STR("bob"), 10);
	stage_caps(st, 0, CAP_BIT(CAP_BATCH));
	stage_say(st, 0, "half a li");
	wire_init(&out);
	assert_true(session_save(s, &out));
	for (size_t i = 0; i < out.buf.n * sizeof(wrong); i++) {
		char *at = out.buf.p + i / sizeof(wrong);
		struct wire_in in;
		int ends[2];

		*at = (char)(*at ^ wrong[i % sizeof(wrong)]);
		in = wire_read(buf_view(&out.buf));
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
		s = session_load(&st->hub, ends[0], NULL, &in);
		if (s) {
			assert_true(session_settle(s));
			session_abandon(s);
		}
		close(ends[1]);
		*at = (char)(*at ^ wrong[i % sizeof(wrong)]);
	}
	assert_int_equal(st->hub.count, 1);
	wire_deinit(&out);
}

/* A capability that only the other version has. */
static void unknown_capabilities_are_passed_over(void **state)
{
	struct stage *st = *state;
	struct wire_out out;
	char *name;

	stage_caps(st, 0, CAP_BIT(CAP_BATCH) | CAP_BIT(CAP_SETNAME));
	wire_init(&out);
	assert_true(session_save(stage_session(st, 0), &out));
	name = memmem(out.buf.p, out.buf.n, "setname", 7);
	assert_non_null(name);
	memcpy(name, "futures", 7);
	try_load(st, NULL, buf_view(&out.buf), true);
	wire_deinit(&out);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_client_goes_on_where_it_was),
		TEST(registration_goes_on),
		TEST(what_tls_told_stays),
		TEST(what_it_watches_is_watched),
		TEST(its_language_stays),
		TEST(deadlines_stay),
		TEST(an_open_batch_stays_open),
		TEST(a_batch_without_a_name_costs_nobody_the_session),
		TEST(throttled_input_stays_held),
		TEST(a_long_answer_is_finished_where_it_fits),
		TEST(a_longer_one_ends_properly),
		TEST(the_dead_and_the_closed_do_not_leave),
		TEST(abandoned_in_the_middle_of_everything),
		TEST(it_stays_after_all),
		TEST(damaged_bytes_make_no_session),
		TEST(any_wrong_byte),
		TEST(unknown_capabilities_are_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
