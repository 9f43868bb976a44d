#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "chatd/carry.h"
#include "chatd/doors.h"
#include "chatd/engine.h"
#include "chatd/handoff.h"
#include "fd_count.h"
#include "loop/loop.h"
#include "loop/worker.h"
#include "network/network.h"
#include "session/arrival.h"
#include "session/session.h"

enum { CLIENTS = 8, TEXT = 1 << 20, SETTLED_TURNS = 8, AWAIT_US = 20 * 1000 * 1000 };

/*
 * What the file held that earlier versions of the format handed over: "test_carry write FILE" writes one of this
 * version, with the people that old_people makes and one door; a newer version has people who do more. Those of the
 * last two versions must be read. When HANDOFF_VERSION is raised, a file of the new one comes along.
 */
#define FILE_1 "tests/unit/handoff-1"
#define FILE_2 "tests/unit/handoff-2"

/* An engine, which is followed by another; clients are on socket pairs. What they hear has LF alone. */
struct town {
	int descriptors;
	struct loop *loop;
	struct worker *worker;
	struct config config;
	struct engine *engine;
	int fds[CLIENTS];
	char *heard[CLIENTS];
	int count;
	int back; /* clients that came back */
};

static bool reload(void *ctx, char *why, size_t size)
{
	(void)ctx;
	(void)why;
	(void)size;
	return true;
}

static void stop(void *ctx, const char *reason, bool restart)
{
	(void)ctx;
	(void)reason;
	(void)restart;
}

static void gone(void *ctx, const char *host)
{
	(void)ctx;
	assert_string_equal(host, "localhost");
}

static void on_back(void *ctx, const char *host)
{
	struct town *t = ctx;

	assert_string_equal(host, "localhost");
	t->back++;
}

static void drop_entries(void *ctx, const struct log_entry *e)
{
	(void)ctx;
	(void)e;
}

static void fail_config(void *ctx, const struct config_error *error)
{
	(void)ctx;
	fail_msg("%s", error->text);
}

static void engine_begin(struct town *t)
{
	const struct config_source source = {0};
	const struct engine_host host = {reload, stop, gone, NULL, t};

	assert_int_equal(config_load(&t->config, &source, fail_config, NULL), 0);
	mem_free(t->config.server.name);
	t->config.server.name = mem_strdup("chat.example");
	/* As the predecessors that wrote the files. */
	t->config.server.casemap = CASEMAP_ASCII;
	server_build(&t->config.server);
	assert_int_equal(loop_new(&t->loop), 0);
	assert_int_equal(worker_new(&t->worker, t->loop), 0);
	assert_int_equal(engine_new(&t->engine, t->loop, &t->config, &host), 0);
}

static void engine_serve(struct town *t)
{
	char why[256] = "";

	assert_int_equal(engine_open(t->engine, t->worker, why, sizeof(why)), 0);
}

static void engine_over(struct town *t)
{
	engine_free(t->engine);
	worker_free(t->worker);
	loop_free(t->loop);
	config_deinit(&t->config);
}

static void settle(struct town *t)
{
	for (int i = 0; i < SETTLED_TURNS; i++)
		assert_int_equal(loop_turn(t->loop, 0), 0);
}

static void hang_up(struct town *t, int i)
{
	if (t->fds[i] >= 0)
		close(t->fds[i]);
	t->fds[i] = -1;
}

static int set_up(void **state)
{
	struct town *t = calloc(1, sizeof(*t));

	assert_non_null(t);
	signal(SIGPIPE, SIG_IGN);
	unsetenv("STATE_DIRECTORY");
	log_set_sink(drop_entries, NULL);
	t->descriptors = fd_count();
	*state = t;
	engine_begin(t);
	engine_serve(t);
	return 0;
}

static int tear_down(void **state)
{
	struct town *t = *state;
	int64_t start_us = clock_mono_us();

	engine_goodbye(t->engine, "The test is over");
	for (int i = 0; i < t->count; i++)
		hang_up(t, i);
	while (engine_clients(t->engine)) {
		assert_true(clock_mono_us() - start_us < AWAIT_US);
		assert_int_equal(loop_turn(t->loop, 20), 0);
	}
	engine_over(t);
	for (int i = 0; i < t->count; i++)
		free(t->heard[i]);
	assert_int_equal(fd_count(), t->descriptors);
	free(t);
	return 0;
}

static int client(struct town *t)
{
	const struct address here = {.ss.ss_family = AF_UNIX, .len = sizeof(sa_family_t)};
	struct arrival arrival;
	int ends[2];

	assert_true(t->count < CLIENTS);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
	t->fds[t->count] = ends[1];
	t->heard[t->count] = malloc(TEXT);
	assert_non_null(t->heard[t->count]);
	arrival_plain(&arrival, ends[0], &here);
	assert_true(engine_accept(t->engine, &arrival));
	return t->count++;
}

static void say(struct town *t, int i, const char *text)
{
	assert_int_equal(send(t->fds[i], text, strlen(text), MSG_NOSIGNAL), strlen(text));
	settle(t);
}

/* NULL: the end came. */
static const char *heard(struct town *t, int i)
{
	char *text = t->heard[i];
	size_t n = 0, kept = 0;
	ssize_t got;

	settle(t);
	while ((got = recv(t->fds[i], text + n, TEXT - 1 - n, 0)) > 0)
		n += (size_t)got;
	for (size_t k = 0; k < n; k++)
		if (text[k] != '\r')
			text[kept++] = text[k];
	text[kept] = '\0';
	return got == 0 ? NULL : text;
}

static int person(struct town *t, const char *nick)
{
	char text[128];
	int i = client(t);

	snprintf(text, sizeof(text), "NICK %s\r\nUSER %s 0 * :Person %s\r\n", nick, nick, nick);
	say(t, i, text);
	assert_non_null(strstr(heard(t, i), " 001 "));
	return i;
}

/* The first one ends, the second one takes up what it left. */
static void restart(struct town *t)
{
	struct handoff_out *out = handoff_new();
	int carriers[HANDOFF_CARRIERS_MAX];
	struct handoff_in *in;
	uint64_t hash;
	char why[256];
	size_t count;

	assert_true(engine_leave(t->engine, out));
	assert_int_equal(handoff_seal(out), 0);
	hash = network_hash(engine_view(t->engine).net);
	count = handoff_carriers(out, carriers);
	handoff_release(out);
	engine_abandon(t->engine);
	assert_int_equal(engine_clients(t->engine), 0);
	engine_over(t);
	t->back = 0;
	engine_begin(t);
	assert_int_equal(handoff_open(&in, carriers, count, why, sizeof(why)), 0);
	assert_int_equal(handoff_missing(in), 0);
	assert_true(engine_arrive(t->engine, in, handoff_read(in), on_back, t));
	handoff_close(in);
	assert_true(network_hash(engine_view(t->engine).net) == hash);
	engine_serve(t);
	settle(t);
}

static void everybody_is_here_again(void **state)
{
	struct town *t = *state;
	int ann = person(t, "ann"), bob = person(t, "bob"), late = client(t);

	say(t, ann, "JOIN #a\r\nTOPIC #a :what it is about\r\nMODE #a +b x!*@*\r\nMONITOR + cat\r\n");
	say(t, bob, "JOIN #a\r\nAWAY :out\r\nPRIVMSG #a :ha");
	say(t, late, "CAP LS 302\r\nNICK cat\r\n");
	heard(t, ann), heard(t, bob), heard(t, late);
	restart(t);
	assert_int_equal(t->back, 3);
	assert_int_equal(engine_clients(t->engine), 3);
	assert_string_equal(heard(t, ann), "");
	say(t, bob, "lf\r\n");
	assert_string_equal(heard(t, ann), ":bob!bob@localhost PRIVMSG #a :half\n");
	say(t, late, "USER cat 0 * :Cat\r\nCAP END\r\nJOIN #a\r\n");
	assert_non_null(strstr(heard(t, late), " 332 cat #a :what it is about\n"));
	assert_non_null(strstr(heard(t, ann), " 730 ann :cat!cat@localhost\n"));
	say(t, ann, "MODE #a +b\r\nWHOIS bob\r\nKICK #a cat :out\r\n");
	assert_non_null(strstr(heard(t, ann), " 367 ann #a x!*@* ann!ann@localhost "));
	assert_non_null(strstr(heard(t, late), ":ann!ann@localhost KICK #a cat :out\n"));
	restart(t);
	restart(t);
	hang_up(t, bob);
	settle(t);
	assert_non_null(strstr(heard(t, ann), ":bob!bob@localhost QUIT "));
}

/* Ids go on: nobody new is taken for somebody who was there. */
static void the_numbers_go_on(void **state)
{
	struct town *t = *state;
	int ann = person(t, "ann");
	const struct network *net = engine_view(t->engine).net;
	uint64_t user = network_user_by_nick(net, STR("ann"))->id, session = engine_view(t->engine).hub->last_id;

	restart(t);
	person(t, "bob");
	net = engine_view(t->engine).net;
	assert_true(network_user_by_nick(net, STR("ann"))->id == user);
	assert_true(network_user_by_nick(net, STR("bob"))->id == user + 1);
	assert_true(engine_view(t->engine).hub->last_id == session + 1);
	say(t, ann, "STATS l\r\n");
}

/* Output that nobody reads goes along, in order. */
static void unread_output(void **state)
{
	struct town *t = *state;
	int ann = person(t, "ann"), bob = person(t, "bob"), lines = 3000;
	const char *text, *at;
	char line[600];

	say(t, ann, "JOIN #a\r\n");
	say(t, bob, "JOIN #a\r\n");
	heard(t, ann), heard(t, bob);
	t->config.server.no_limits = true;
	for (int i = 0; i < lines; i++) {
		snprintf(line, sizeof(line), "PRIVMSG #a :%d %0200d\r\n", i, 0);
		say(t, ann, line);
		if (i == lines / 2) {
			restart(t);
			t->config.server.no_limits = true;
		}
	}
	text = heard(t, bob);
	for (int i = 0; i < lines; i++) {
		at = strstr(text, "PRIVMSG #a :");
		if (!at)
			at = strstr(text = heard(t, bob), "PRIVMSG #a :");
		assert_non_null(at);
		assert_int_equal(atoi(at + 12), i);
		text = at + 12;
	}
}

/* The output of a client that reads nothing is over the bound when the others' quits come. */
static void one_that_dies_while_leaving(void **state)
{
	struct town *t = *state;
	int ann = person(t, "ann"), bob = person(t, "bob");
	const struct session *s;

	say(t, ann, "JOIN #a\r\n");
	say(t, bob, "JOIN #a\r\n");
	heard(t, ann);
	s = LIST_FIRST(&engine_view(t->engine).hub->sessions);
	conn_kill((struct conn *)&s->conn, "killed just now");
	restart(t);
	assert_int_equal(t->back, 1);
	assert_string_equal(heard(t, ann), ":bob!bob@localhost QUIT :killed just now\n");
	assert_null(heard(t, bob));
}

/* It was not to be: they go on, with nothing lost that they said meanwhile. */
static void staying_after_all(void **state)
{
	struct town *t = *state;
	int ann = person(t, "ann");
	struct handoff_out *out = handoff_new();

	assert_true(engine_leave(t->engine, out));
	say(t, ann, "PING x\r\n");
	assert_string_equal(heard(t, ann), "");
	handoff_free(out);
	engine_stay(t->engine);
	assert_string_equal(heard(t, ann), ":chat.example PONG chat.example :x\n");
}

/* States made up */

/* The same state, with other sockets for its numbers: the state alone is what a file can keep. */
static struct handoff_in *open_with(struct str state, const int *fds, size_t count)
{
	struct handoff_out *out = handoff_new();
	int carriers[HANDOFF_CARRIERS_MAX];
	struct handoff_in *in;
	char why[256];

	wire_put(handoff_state(out), state.p, state.n);
	for (size_t i = 0; i < count; i++)
		handoff_add(out, fds[i]);
	assert_int_equal(handoff_seal(out), 0);
	count = handoff_carriers(out, carriers);
	handoff_release(out);
	assert_int_equal(handoff_open(&in, carriers, count, why, sizeof(why)), 0);
	return in;
}

static struct str state_of(struct town *t, struct handoff_out *out)
{
	assert_true(engine_leave(t->engine, out));
	return buf_view(&handoff_state(out)->buf);
}

/* Into a fresh engine in its place; the sockets of those who do not come back are closed. */
static bool arrive_with(struct town *t, struct handoff_in *in)
{
	bool arrived;

	engine_abandon(t->engine);
	engine_over(t);
	engine_begin(t);
	t->back = 0;
	arrived = engine_arrive(t->engine, in, handoff_read(in), on_back, t);
	handoff_close(in);
	engine_serve(t);
	return arrived;
}

/* Those whose connection did not come along leave, as the others see. */
static void some_do_not_come_along(void **state)
{
	struct town *t = *state;
	int ann = person(t, "ann"), bob = person(t, "bob"), cat = client(t), ends[2];
	struct handoff_out *out = handoff_new();
	struct handoff_in *in;
	struct str bytes;

	(void)cat;
	say(t, bob, "JOIN #a\r\n");
	say(t, ann, "JOIN #a\r\n");
	bytes = state_of(t, out);
	/* The number 0 is the newest session's, who is not registered: then bob, then ann. */
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
	in = open_with(bytes, (const int[]){ends[1], ends[0]}, 2);
	close(ends[0]), close(ends[1]);
	close(handoff_take(in, 0));
	assert_true(arrive_with(t, in));
	handoff_free(out);
	assert_int_equal(t->back, 1);
	assert_int_equal(network_counts(engine_view(t->engine).net).users, 1);
	assert_non_null(network_user_by_nick(engine_view(t->engine).net, STR("bob")));
	settle(t);
}

static void a_damaged_state_leaves_nobody(void **state)
{
	struct town *t = *state;
	struct handoff_out *out = handoff_new();
	struct handoff_in *in;
	struct str bytes;

	person(t, "ann");
	bytes = state_of(t, out);
	for (size_t cut = 0; cut < bytes.n; cut += 13) {
		in = open_with((struct str){bytes.p, cut}, NULL, 0);
		assert_false(arrive_with(t, in));
		assert_int_equal(network_counts(engine_view(t->engine).net).users, 0);
		assert_int_equal(engine_clients(t->engine), 0);
	}
	handoff_free(out);
	person(t, "ann");
}

static void how_names_were_compared(void **state)
{
	struct town *t = *state;
	struct handoff_out *out = handoff_new();
	struct str bytes;
	enum casemap casemap;

	person(t, "ann");
	bytes = state_of(t, out);
	assert_true(carry_casemap(wire_read(bytes), &casemap));
	assert_int_equal(casemap, t->config.server.casemap);
	assert_false(carry_casemap(wire_read((struct str){bytes.p, 9}), &casemap));
	handoff_free(out);
	engine_stay(t->engine);
}

/* The sockets come in the order of the sessions, the newest first. */
enum { OLD_PEOPLE = 3 };

static void old_people(struct town *t)
{
	int ann = client(t), bob = person(t, "bob"), late = client(t);

	say(t, ann, "CAP LS 302\r\nCAP REQ :batch labeled-response\r\nNICK ann\r\nUSER ann 0 * :Ann\r\nCAP END\r\n");
	say(t, ann,
	    "JOIN #a\r\nTOPIC #a :what it is about\r\nMODE #a +bkl x!*@* key 9\r\nMONITOR + dan\r\nINVITE bob #a\r\n");
	say(t, bob, "JOIN #b\r\nMODE #b +v bob\r\nAWAY :out\r\nPRIVMSG #b :ha");
	say(t, late, "CAP LS 302\r\nNICK cat\r\nUSER cat 0 * :Cat\r\n");
}

/* What came with the second version, of the same people. */
static void newer_people(struct town *t)
{
	say(t, 0, "METADATA * SUB url\r\nMETADATA * SET url :http://ann.example\r\n");
	say(t, 0, "CAP REQ :draft/read-marker\r\nMARKREAD #a timestamp=2020-01-02T03:04:05.000Z\r\n");
}

static bool no_entry(void *ctx, const struct arrival *a)
{
	(void)ctx;
	(void)a;
	return false;
}

static void save_door(struct town *t, struct handoff_out *out)
{
	const struct doors_host host = {.enter = no_entry};
	struct doors *doors = doors_new(t->loop, &t->config, &host);
	char why[256];

	assert_int_equal(address_parse(&t->config.listen[0].at.address, "127.0.0.1", "0"), 0);
	assert_int_equal(doors_apply(doors, &t->config, why, sizeof(why)), 0);
	doors_save(doors, out, true);
	doors_free(doors);
}

static int write_file(const char *path)
{
	struct handoff_out *out = handoff_new();
	int carriers[HANDOFF_CARRIERS_MAX];
	static char bytes[1 << 16];
	void *state;
	FILE *file;
	ssize_t n;

	set_up(&state);
	old_people(state);
	newer_people(state);
	save_door(state, out);
	assert_true(engine_leave(((struct town *)state)->engine, out));
	assert_int_equal(handoff_seal(out), 0);
	handoff_carriers(out, carriers);
	n = pread(carriers[0], bytes, sizeof(bytes), 0);
	file = fopen(path, "w");
	if (!file || n <= 0 || fwrite(bytes, 1, (size_t)n, file) != (size_t)n || fclose(file) != 0)
		return 1;
	handoff_free(out);
	return tear_down(&state);
}

/* The engine's part of it, behind that of the door. The sockets that it tells of are no more. */
static struct handoff_in *open_file(const char *path, struct wire_in *engine)
{
	int fd = open(path, O_RDONLY);
	struct wire_in doors, door;
	struct handoff_in *in;
	char why[256] = "";

	assert_true(fd >= 0);
	assert_int_equal(handoff_open(&in, &fd, 1, why, sizeof(why)), 0);
	assert_int_equal(handoff_missing(in), 1 + OLD_PEOPLE);
	*engine = handoff_read(in);
	doors = wire_section(engine);
	door = wire_section(&doors);
	assert_int_equal(wire_u32(&door), 0);
	assert_int_equal(wire_u8(&door), 1);
	assert_true(str_eq(wire_text(&door, 100), STR("127.0.0.1:6667")));
	assert_false(door.bad || wire_more(&doors));
	return in;
}

static void are_here_again(struct town *t, const char *path)
{
	int ours[1 + OLD_PEOPLE], late = 0, ann, bob;
	struct handoff_in *in, *file;
	struct wire_in engine;

	file = open_file(path, &engine);
	ours[0] = dup(STDERR_FILENO);
	for (int i = 0; i < OLD_PEOPLE; i++) {
		int ends[2];

		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
		ours[1 + i] = ends[0];
		t->fds[i] = ends[1];
		t->heard[i] = malloc(TEXT);
	}
	t->count = OLD_PEOPLE;
	bob = 1;
	ann = 2;
	in = open_with(engine.rest, ours, 1 + OLD_PEOPLE);
	for (int i = 0; i < 1 + OLD_PEOPLE; i++)
		close(ours[i]);
	assert_true(arrive_with(t, in));
	handoff_close(file);
	assert_int_equal(t->back, OLD_PEOPLE);
	say(t, bob, "lf\r\nTOPIC #b :b\r\nJOIN #a key\r\nMODE #a +b\r\n");
	assert_non_null(strstr(heard(t, bob), " 367 bob #a x!*@* ann!ann@localhost "));
	say(t, ann, "@label=x WHOIS bob\r\nMONITOR L\r\n");
	assert_non_null(strstr(heard(t, ann), "@label=x :chat.example BATCH +"));
	assert_non_null(strstr(t->heard[ann], " 301 ann bob :out\n"));
	assert_non_null(strstr(t->heard[ann], " 732 ann :dan\n"));
	say(t, late, "CAP END\r\nJOIN #a key\r\n");
	assert_non_null(strstr(heard(t, late), " 001 cat "));
	assert_non_null(strstr(t->heard[late], " 332 cat #a :what it is about\n"));
	say(t, ann, "MODE #a\r\n");
	assert_non_null(strstr(heard(t, ann), " 324 ann #a "));
}

static void an_earlier_version_is_read(void **state)
{
	are_here_again(*state, FILE_1);
}

static void this_version_is_read(void **state)
{
	struct town *t = *state;
	int ann = 2;

	assert_int_equal(HANDOFF_VERSION, 2);
	are_here_again(t, FILE_2);
	say(t, ann, "METADATA * SUBS\r\nMETADATA * LIST\r\nMARKREAD #a\r\n");
	assert_non_null(strstr(heard(t, ann), " 772 ann url\n"));
	assert_non_null(strstr(t->heard[ann], " 761 ann ann url * :http://ann.example\n"));
	assert_non_null(strstr(t->heard[ann], " MARKREAD #a timestamp=2020-01-02T03:04:05.000Z\n"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(everybody_is_here_again),       TEST(the_numbers_go_on),       TEST(unread_output),
		TEST(one_that_dies_while_leaving),   TEST(staying_after_all),       TEST(some_do_not_come_along),
		TEST(a_damaged_state_leaves_nobody), TEST(how_names_were_compared), TEST(an_earlier_version_is_read),
		TEST(this_version_is_read),
	};

	if (argc == 3 && strcmp(argv[1], "write") == 0)
		return write_file(argv[2]);

	return cmocka_run_group_tests(tests, NULL, NULL);
}
