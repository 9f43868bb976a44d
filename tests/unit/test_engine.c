#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <ftw.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "session/arrival.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "chatd/engine.h"
#include "fd_count.h"
#include "loop/loop.h"
#include "loop/worker.h"

enum { CLIENTS = 8, TEXT = 1 << 20, SETTLED_TURNS = 8, AWAIT_US = 20 * 1000 * 1000 };

/* A whole server but for its doors; clients are on socket pairs. What they hear has LF alone. */
struct town {
	int descriptors;
	char dir[64]; /* "": nothing is kept */
	struct loop *loop;
	struct worker *worker;
	struct config config;
	struct engine *engine;
	int fds[CLIENTS];
	char *heard[CLIENTS];
	int count;
	unsigned gone, reloads, stops;
};

static bool reload(void *ctx, char *why, size_t size)
{
	struct town *t = ctx;

	snprintf(why, size, "line 3");
	return ++t->reloads > 1;
}

static void stop(void *ctx, const char *reason, bool restart)
{
	struct town *t = ctx;

	(void)reason;
	t->stops += restart ? 100 : 1;
}

static void gone(void *ctx, const char *host)
{
	struct town *t = ctx;

	assert_string_equal(host, "localhost");
	t->gone++;
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

static void replace(char **slot, const char *text)
{
	mem_free(*slot);
	*slot = mem_strdup(text);
}

static void add_oper(struct server *s)
{
	s->opers = mem_zalloc(sizeof(*s->opers));
	s->nopers = 1;
	s->opers[0] = (struct oper_block){mem_strdup("root"), mem_strdup("secret"), mem_strdup("*@*")};
}

static void start(struct town *t)
{
	const struct config_source source = {.state = t->dir[0] ? t->dir : NULL};
	const struct engine_host host = {reload, stop, gone, NULL, t};
	char why[256] = "";

	assert_int_equal(config_load(&t->config, &source, fail_config, NULL), 0);
	replace(&t->config.server.name, "chat.example");
	add_oper(&t->config.server);
	server_build(&t->config.server);
	assert_int_equal(loop_new(&t->loop), 0);
	assert_int_equal(worker_new(&t->worker, t->loop), 0);
	assert_int_equal(engine_new(&t->engine, t->loop, &t->config, &host), 0);
	if (engine_open(t->engine, t->worker, why, sizeof(why)) != 0)
		fail_msg("%s", why);
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

static void end(struct town *t)
{
	int64_t start_us = clock_mono_us();

	engine_goodbye(t->engine, "The test is over");
	for (int i = 0; i < t->count; i++)
		hang_up(t, i);
	while (engine_clients(t->engine)) {
		assert_true(clock_mono_us() - start_us < AWAIT_US);
		assert_int_equal(loop_turn(t->loop, 20), 0);
	}
	engine_free(t->engine);
	engine_free(NULL);
	worker_free(t->worker);
	loop_free(t->loop);
	config_deinit(&t->config);
	for (int i = 0; i < t->count; i++)
		free(t->heard[i]);
	t->count = 0;
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
	start(t);
	return 0;
}

static int tear_down(void **state)
{
	struct town *t = *state;

	end(t);
	assert_int_equal(fd_count(), t->descriptors);
	free(t);
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

/* The same, with a directory to keep things in. */
static int set_up_kept(void **state)
{
	struct town *t = calloc(1, sizeof(*t));

	assert_non_null(t);
	signal(SIGPIPE, SIG_IGN);
	log_set_sink(drop_entries, NULL);
	strcpy(t->dir, "/tmp/test_engine.XXXXXX");
	assert_non_null(mkdtemp(t->dir));
	t->descriptors = fd_count();
	*state = t;
	start(t);
	return 0;
}

static int tear_down_kept(void **state)
{
	char dir[64];

	strcpy(dir, ((const struct town *)*state)->dir);
	tear_down(state);
	return nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static int client(struct town *t)
{
	const struct address here = {.ss.ss_family = AF_UNIX, .len = sizeof(sa_family_t)};
	struct arrival arrival;
	int ends[2];

	assert_true(t->count < CLIENTS);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
	arrival_plain(&arrival, ends[0], &here);
	assert_true(engine_accept(t->engine, &arrival));
	t->fds[t->count] = ends[1];
	t->heard[t->count] = calloc(1, TEXT);
	assert_non_null(t->heard[t->count]);
	return t->count++;
}

/* Takes in what is there. */
static void listen_to(struct town *t, int i)
{
	size_t n = strlen(t->heard[i]), from = n;
	ssize_t got;

	while (t->fds[i] >= 0 && (got = recv(t->fds[i], t->heard[i] + n, TEXT - 1 - n, 0)) > 0)
		n += (size_t)got;
	for (size_t k = from; k < n; k++)
		if (t->heard[i][k] != '\r')
			t->heard[i][from++] = t->heard[i][k];
	t->heard[i][from] = '\0';
}

/* What the client has heard since it was asked last. */
static const char *heard(struct town *t, int i)
{
	static char shown[TEXT];

	settle(t);
	listen_to(t, i);
	strcpy(shown, t->heard[i]);
	t->heard[i][0] = '\0';
	return shown;
}

static void await(struct town *t, int i, const char *words)
{
	int64_t start_us = clock_mono_us();

	for (;;) {
		listen_to(t, i);
		if (strstr(t->heard[i], words))
			return;
		if (clock_mono_us() - start_us > AWAIT_US)
			fail_msg("\"%s\" never came, but: %s", words, t->heard[i]);
		assert_int_equal(loop_turn(t->loop, 20), 0);
	}
}

static void say(struct town *t, int i, const char *text)
{
	assert_int_equal(send(t->fds[i], text, strlen(text), MSG_NOSIGNAL), strlen(text));
	settle(t);
}

/* A client that is through its registration, and has forgotten what it was told there. */
static int person(struct town *t, const char *nick)
{
	int i = client(t);
	char text[128];

	snprintf(text, sizeof(text), "NICK %s\r\nUSER %s 0 * :A Person\r\n", nick, nick);
	say(t, i, text);
	assert_non_null(strstr(heard(t, i), " 001 "));
	return i;
}

static unsigned count_of(const char *text, const char *words)
{
	unsigned n = 0;

	for (; (text = strstr(text, words)); text += strlen(words))
		n++;
	return n;
}

#define ANN ":ann!ann@localhost "
#define BOB ":bob!bob@localhost "

static void registration(void **state)
{
	struct town *t = *state;
	int i = client(t), other;

	say(t, i, "CAP LS 302\r\nNICK ann\r\nUSER ann 0 * :Ann\r\n");
	assert_null(strstr(heard(t, i), " 001 "));
	say(t, i, "CAP END\r\n");
	assert_true(strncmp(heard(t, i), ":chat.example 001 ann :Welcome to the chatd network, ann!ann@localhost\n",
			    70) == 0);
	other = client(t);
	say(t, other, "USER b 0 * :B\r\nNICK ANN\r\n");
	assert_string_equal(heard(t, other), ":chat.example 433 * ANN :Nickname is already in use\n");
	say(t, other, "NICK bob\r\n");
	assert_int_equal(count_of(heard(t, other), " 001 bob "), 1);
	assert_int_equal(engine_clients(t->engine), 2);
}

/* Two that ask for the same nick and are let in by their CAP END: the later one chooses again. */
static void the_same_nick_at_once(void **state)
{
	struct town *t = *state;
	int one = client(t), two = client(t);

	say(t, one, "CAP LS\r\nNICK ann\r\nUSER a 0 * :A\r\n");
	say(t, two, "CAP LS\r\nNICK ann\r\nUSER b 0 * :B\r\n");
	heard(t, one);
	heard(t, two);
	say(t, two, "CAP END\r\n");
	assert_int_equal(count_of(heard(t, two), " 001 ann "), 1);
	say(t, one, "CAP END\r\n");
	assert_int_equal(count_of(heard(t, one), " 433 "), 1);
	say(t, one, "NICK bob\r\n");
	assert_int_equal(count_of(heard(t, one), " 001 bob "), 1);
}

static void a_password(void **state)
{
	struct town *t = *state;
	int i;

	replace(&t->config.server.password, "sesame");
	i = client(t);
	say(t, i, "NICK ann\r\nUSER a 0 * :A\r\nJOIN #a\r\n");
	assert_string_equal(heard(t, i), ":chat.example 464 ann :Password incorrect\n"
					 "ERROR :Closing link: (localhost) [Password incorrect]\n");
	i = client(t);
	say(t, i, "PASS sesame\r\nNICK ann\r\nUSER a 0 * :A\r\n");
	assert_int_equal(count_of(heard(t, i), " 001 ann "), 1);
}

static void talk(void **state)
{
	struct town *t = *state;
	int ann = person(t, "ann"), bob = person(t, "bob");

	say(t, ann, "JOIN #a\r\n");
	assert_string_equal(heard(t, ann), ANN "JOIN #a\n"
					       ":chat.example 353 ann = #a :@ann\n"
					       ":chat.example 366 ann #a :End of /NAMES list\n");
	say(t, bob, "JOIN #a\r\nPRIVMSG #a :hello\r\nPRIVMSG ann :psst\r\nTOPIC #a :mine\r\n");
	assert_string_equal(heard(t, ann), BOB "JOIN #a\n" BOB "PRIVMSG #a :hello\n" BOB "PRIVMSG ann :psst\n");
	assert_non_null(strstr(heard(t, bob), ":chat.example 482 bob #a :You're not channel operator\n"));
	say(t, bob, "QUIT :so long\r\nPRIVMSG #a :still here\r\n");
	assert_string_equal(heard(t, ann), BOB "QUIT :Quit: so long\n");
	assert_string_equal(heard(t, bob), "ERROR :Closing link: (localhost) [Quit: so long]\n");
}

static void a_peer_that_vanishes(void **state)
{
	struct town *t = *state;
	int ann = person(t, "ann"), bob = person(t, "bob");

	say(t, ann, "JOIN #a\r\n");
	say(t, bob, "JOIN #a\r\n");
	heard(t, ann);
	heard(t, bob);
	assert_int_equal(send(t->fds[bob], "PRIVMSG #a :last\r\nPRIVMSG #a :half", 34, 0), 34);
	hang_up(t, bob);
	await(t, ann, "QUIT");
	assert_string_equal(heard(t, ann), BOB "PRIVMSG #a :last\n" BOB "QUIT :Connection closed\n");
	assert_int_equal(t->gone, 1);
	assert_int_equal(engine_clients(t->engine), 1);
	assert_int_equal(person(t, "bob"), 2);
}

/* One id for all who hear it, the author too, and another for the next. */
static void message_ids(void **state)
{
	struct town *t = *state;
	int ann = person(t, "ann"), bob = person(t, "bob");
	char mine[128], his[128];

	say(t, ann, "CAP REQ :message-tags echo-message\r\n");
	say(t, bob, "CAP REQ :message-tags\r\n");
	heard(t, ann);
	heard(t, bob);
	say(t, ann, "PRIVMSG bob :one\r\nPRIVMSG bob :two\r\n");
	strlcpy(mine, heard(t, ann), sizeof(mine));
	strlcpy(his, heard(t, bob), sizeof(his));
	assert_string_equal(mine, his);
	assert_int_equal(count_of(mine, "@msgid="), 2);
	*strchr(mine, ' ') = '\0';
	assert_int_equal(strlen(mine), strlen("@msgid=") + 20);
	assert_int_equal(count_of(his, mine), 1);
}

static void become_oper(struct town *t, int i)
{
	say(t, i, "OPER root secret\r\n");
	assert_non_null(strstr(heard(t, i), " 381 "));
}

static void kill_another(void **state)
{
	struct town *t = *state;
	int ann = person(t, "ann"), bob = person(t, "bob"), cid = person(t, "cid");

	become_oper(t, ann);
	say(t, bob, "JOIN #a\r\n");
	say(t, cid, "JOIN #a\r\n");
	heard(t, bob);
	heard(t, cid);
	say(t, ann, "KILL bob :spam\r\nPING after\r\n");
	assert_string_equal(heard(t, bob), ANN "KILL bob :spam\n"
					       "ERROR :Closing link: (localhost) [Killed (ann (spam))]\n");
	assert_string_equal(heard(t, cid), BOB "QUIT :Killed (ann (spam))\n");
	assert_string_equal(heard(t, ann), ":chat.example PONG chat.example :after\n");
}

/* Its own end, in the middle of its own lines. */
static void kill_oneself(void **state)
{
	struct town *t = *state;
	int ann = person(t, "ann"), bob = person(t, "bob");

	say(t, ann, "CAP REQ :labeled-response batch\r\nJOIN #a\r\n");
	say(t, bob, "JOIN #a\r\n");
	become_oper(t, ann);
	heard(t, bob);
	say(t, ann, "@label=x KILL ann :enough\r\nPING after\r\nJOIN #b\r\n");
	assert_string_equal(heard(t, ann), ANN "KILL ann :enough\n"
					       "ERROR :Closing link: (localhost) [Killed (ann (enough))]\n");
	assert_string_equal(heard(t, bob), ANN "QUIT :Killed (ann (enough))\n");
	say(t, bob, "WHOIS ann\r\nJOIN #b\r\n");
	assert_non_null(strstr(heard(t, bob), ":chat.example 353 bob = #b :@bob\n"));
}

static void rehash_and_stop(void **state)
{
	struct town *t = *state;
	int ann = person(t, "ann");

	become_oper(t, ann);
	say(t, ann, "REHASH\r\n");
	assert_non_null(strstr(heard(t, ann), "the old one stays: line 3\n"));
	say(t, ann, "REHASH\r\n");
	assert_non_null(strstr(heard(t, ann), "was read again\n"));
	assert_int_equal(t->reloads, 2);
	say(t, ann, "DIE\r\nRESTART\r\n");
	assert_int_equal(t->stops, 101);
}

/* To everybody, without telling each of all the others. */
static void goodbye(void **state)
{
	struct town *t = *state;
	int ann = person(t, "ann"), bob = person(t, "bob"), stranger = client(t);
	int64_t start_us = clock_mono_us();

	say(t, ann, "JOIN #a\r\n");
	say(t, bob, "JOIN #a\r\n");
	heard(t, ann);
	heard(t, bob);
	engine_goodbye(t->engine, "Server is going down");
	for (int i = 0; i < 3; i++)
		assert_string_equal(heard(t, i), "ERROR :Closing link: (localhost) [Server is going down]\n");
	assert_int_equal(engine_clients(t->engine), 3);
	for (int i = 0; i < 3; i++)
		hang_up(t, i);
	while (engine_clients(t->engine) && clock_mono_us() - start_us < AWAIT_US)
		assert_int_equal(loop_turn(t->loop, 20), 0);
	assert_int_equal(t->gone, 3);
	assert_int_equal(stranger, 2);
}

/* New limits count for those who are here. */
static void reconfigured(void **state)
{
	struct town *t = *state;
	int ann = person(t, "ann"), bob = person(t, "bob");
	char line[420];

	t->config.conn_limits.sendq_max = 4 << 10;
	t->config.server.no_limits = true;
	engine_reconfigured(t->engine);
	memset(line, 'x', sizeof(line));
	memcpy(line, "PRIVMSG ann :", 13);
	strcpy(line + sizeof(line) - 3, "\r\n");
	for (int i = 0; i < 2000 && t->gone == 0; i++) {
		say(t, bob, line);
		if (strstr(t->heard[ann], "ERROR"))
			break;
	}
	for (int i = 0; i < 100 && t->gone == 0; i++)
		settle(t);
	say(t, bob, "ISON ann\r\n");
	assert_non_null(strstr(heard(t, bob), ":chat.example 303 bob :\n"));
}

/* What is kept */

static void acknowledged_when_kept(void **state)
{
	struct town *t = *state;
	int ann = person(t, "ann"), bob = person(t, "bob");

	say(t, ann, "CAP REQ :echo-message labeled-response batch\r\nJOIN #a\r\n");
	say(t, bob, "JOIN #a\r\n");
	heard(t, ann);
	heard(t, bob);
	assert_int_equal(send(t->fds[ann], "@label=1 PRIVMSG #a :one\r\n@label=2 PRIVMSG #a :two\r\nPING x\r\n", 61, 0),
			 61);
	await(t, ann, "PONG");
	assert_string_equal(heard(t, ann), "@label=1 " ANN "PRIVMSG #a :one\n"
					   "@label=2 " ANN "PRIVMSG #a :two\n"
					   ":chat.example PONG chat.example :x\n");
	assert_string_equal(heard(t, bob), ANN "PRIVMSG #a :one\n" ANN "PRIVMSG #a :two\n");
}

static void one_who_leaves_before_it_is_kept(void **state)
{
	struct town *t = *state;
	int ann = person(t, "ann"), bob = person(t, "bob");
	char text[4096] = "";

	say(t, ann, "CAP REQ :echo-message\r\nJOIN #a\r\n");
	say(t, bob, "JOIN #a\r\n");
	heard(t, bob);
	for (int i = 0; i < 30; i++)
		strcat(text, "PRIVMSG #a :hello\r\n");
	strcat(text, "QUIT\r\n");
	assert_int_equal(send(t->fds[ann], text, strlen(text), 0), strlen(text));
	await(t, ann, "ERROR");
	await(t, bob, "QUIT");
	assert_int_equal(count_of(heard(t, bob), "PRIVMSG"), 30);
}

/* Registered channels come back, with their topic and modes; the others, and people, do not. */
static void registered_channels_come_back(void **state)
{
	struct town *t = *state;
	int ann = person(t, "ann");
	const char *text;

	become_oper(t, ann);
	say(t, ann, "JOIN #kept,#passing\r\nMODE #kept +r\r\nTOPIC #kept :for ever\r\n");
	say(t, ann, "MODE #kept +ib-t x!*@*\r\nTOPIC #passing :for now\r\nPING done\r\n");
	await(t, ann, "PONG");
	end(t);
	start(t);
	ann = person(t, "ann");
	say(t, ann, "TOPIC #kept\r\nMODE #kept\r\nMODE #kept b\r\nTOPIC #passing\r\n");
	text = heard(t, ann);
	assert_non_null(strstr(text, ":chat.example 332 ann #kept :for ever\n"));
	assert_non_null(strstr(text, ":chat.example 333 ann #kept ann!ann@localhost "));
	assert_non_null(strstr(text, ":chat.example 324 ann #kept +inr\n"));
	assert_non_null(strstr(text, ":chat.example 367 ann #kept x!*@* ann!ann@localhost "));
	assert_non_null(strstr(text, ":chat.example 403 ann #passing :No such channel\n"));
	say(t, ann, "JOIN #kept\r\n");
	assert_non_null(strstr(heard(t, ann), ":chat.example 473 ann #kept :Cannot join channel (+i)\n"));
}

static void given_up_channels_do_not(void **state)
{
	struct town *t = *state;
	int ann = person(t, "ann");

	become_oper(t, ann);
	say(t, ann, "JOIN #kept\r\nMODE #kept +r\r\nTOPIC #kept :t\r\nPART #kept\r\n");
	say(t, ann, "JOIN #kept\r\nMODE #kept -r\r\nPART #kept\r\nPING done\r\n");
	await(t, ann, "PONG");
	end(t);
	start(t);
	ann = person(t, "ann");
	say(t, ann, "TOPIC #kept\r\n");
	assert_string_equal(heard(t, ann), ":chat.example 403 ann #kept :No such channel\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define TEST_KEPT(name) cmocka_unit_test_setup_teardown(name, set_up_kept, tear_down_kept)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(registration),
		TEST(the_same_nick_at_once),
		TEST(a_password),
		TEST(talk),
		TEST(a_peer_that_vanishes),
		TEST(message_ids),
		TEST(kill_another),
		TEST(kill_oneself),
		TEST(rehash_and_stop),
		TEST(goodbye),
		TEST(reconfigured),
		TEST_KEPT(acknowledged_when_kept),
		TEST_KEPT(one_who_leaves_before_it_is_kept),
		TEST_KEPT(registered_channels_come_back),
		TEST_KEPT(given_up_channels_do_not),
	};

	return cmocka_run_group_tests_name("engine", tests, NULL, NULL);
}
