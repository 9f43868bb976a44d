#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "fd_count.h"
#include "net/listener.h"
#include "valgrind.h"

enum { ACCEPTED_MAX = 512, DEADLINE_US = 20 * 1000 * 1000 };

struct fixture {
	int before;
	struct loop *loop;
	struct listener *l;
	char dir[64];
	char path[80];
	char why[256];
	int fds[ACCEPTED_MAX];
	int accepted;
	int stop_at; /* pause, or free, with this many accepted */
	bool free_then;
	struct address peer;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	assert_non_null(f);
	f->before = fd_count();
	strlcpy(f->dir, "/tmp/test_listener.XXXXXX", sizeof(f->dir));
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->path, sizeof(f->path), "%s/sock", f->dir);
	assert_int_equal(loop_new(&f->loop), 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	for (int i = 0; i < f->accepted; i++)
		close(f->fds[i]);
	listener_free(f->l);
	loop_free(f->loop);
	assert_int_equal(rmdir(f->dir), 0);
	assert_int_equal(fd_count(), f->before);
	free(f);
	return 0;
}

static void on_accept(void *ctx, struct listener *l, int fd, const struct address *peer)
{
	struct fixture *f = ctx;
	assert_ptr_equal(l, f->l);
	assert_true(f->accepted < ACCEPTED_MAX);
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	f->fds[f->accepted++] = fd;
	f->peer = *peer;
	if (f->accepted != f->stop_at)
		return;
	if (f->free_then) {
		listener_free(l);
		f->l = NULL;
	} else {
		listener_pause(l);
	}
}

static struct endpoint endpoint_of(const char *host, const char *port)
{
	struct endpoint e = {.doors = DOOR_IRC};
	assert_int_equal(address_parse(&e.address, host, port), 0);
	e.dual = strcmp(host, "*") == 0;
	return e;
}

static void open_at(struct fixture *f, const char *host, const char *port)
{
	struct endpoint e = endpoint_of(host, port);
	int error = listener_open(&f->l, f->loop, &e, f->why, sizeof(f->why));
	assert_string_equal(f->why, "");
	assert_int_equal(error, 0);
}

/* A client of the listener; it blocks. */
static int connect_to(const struct address *a)
{
	int fd = socket(a->ss.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)&a->ss, a->len), 0);
	return fd;
}

static void turn_until_accepted(struct fixture *f, int count)
{
	for (int i = 0; i < 100 && f->accepted < count; i++)
		assert_int_equal(loop_turn(f->loop, 50), 0);
	assert_int_equal(f->accepted, count);
}

static unsigned port_of(const struct address *a)
{
	return ntohs(((const struct sockaddr_in *)&a->ss)->sin_port);
}

static void test_accepts_over_ipv4(void **state)
{
	struct fixture *f = *state;
	char want[ADDRESS_TEXT_MAX], got[ADDRESS_TEXT_MAX];
	struct address own = {.len = sizeof(own.ss)};
	open_at(f, "127.0.0.1", "0");
	assert_true(port_of(listener_address(f->l)) > 0);
	assert_int_equal(listener_doors(f->l), DOOR_IRC);
	assert_false(listener_is_adopted(f->l));
	assert_true(fcntl(listener_fd(f->l), F_GETFD) & FD_CLOEXEC);
	listener_start(f->l, on_accept, f);
	int fd = connect_to(listener_address(f->l));
	turn_until_accepted(f, 1);
	getsockname(fd, (struct sockaddr *)&own.ss, &own.len);
	address_format(&own, want);
	address_format(&f->peer, got);
	assert_string_equal(got, want);
	close(fd);
}

static void test_every_address_is_both_families(void **state)
{
	struct fixture *f = *state;
	struct address four;
	char text[ADDRESS_TEXT_MAX], port[8];
	open_at(f, "*", "0");
	if (listener_address(f->l)->ss.ss_family != AF_INET6)
		skip();
	snprintf(port, sizeof(port), "%u", port_of(listener_address(f->l)));
	assert_int_equal(address_parse(&four, "127.0.0.1", port), 0);
	listener_start(f->l, on_accept, f);
	int fd = connect_to(&four);
	turn_until_accepted(f, 1);
	address_host(&f->peer, text);
	assert_string_equal(text, "127.0.0.1");
	assert_true(address_is_local(&f->peer));
	close(fd);
}

static void test_ipv6_alone_leaves_ipv4_free(void **state)
{
	struct fixture *f = *state;
	struct listener *four;
	char port[8];
	struct endpoint e = endpoint_of("::", "0");
	if (listener_open(&f->l, f->loop, &e, f->why, sizeof(f->why)) < 0)
		skip();
	snprintf(port, sizeof(port), "%u", port_of(listener_address(f->l)));
	e = endpoint_of("0.0.0.0", port);
	assert_int_equal(listener_open(&four, f->loop, &e, f->why, sizeof(f->why)), 0);
	listener_free(four);
}

static void test_address_in_use(void **state)
{
	struct fixture *f = *state;
	struct listener *other = NULL;
	char port[8], want[256];
	open_at(f, "127.0.0.1", "0");
	snprintf(port, sizeof(port), "%u", port_of(listener_address(f->l)));
	struct endpoint e = endpoint_of("127.0.0.1", port);
	assert_int_equal(listener_open(&other, f->loop, &e, f->why, sizeof(f->why)), -EADDRINUSE);
	snprintf(want, sizeof(want), "cannot listen on 127.0.0.1:%s: Address already in use", port);
	assert_string_equal(f->why, want);
	assert_null(other);
}

static void test_unix_socket(void **state)
{
	struct fixture *f = *state;
	struct stat st;
	open_at(f, f->path, NULL);
	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0666);
	listener_start(f->l, on_accept, f);
	int fd = connect_to(listener_address(f->l));
	turn_until_accepted(f, 1);
	assert_true(address_is_unix(&f->peer));
	close(fd);
	listener_free(f->l);
	f->l = NULL;
	assert_int_equal(access(f->path, F_OK), -1);
}

static void test_stale_unix_socket_is_replaced(void **state)
{
	struct fixture *f = *state;
	struct endpoint e = endpoint_of(f->path, NULL);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&e.address.ss, e.address.len), 0);
	close(fd);
	assert_int_equal(access(f->path, F_OK), 0);
	open_at(f, f->path, NULL);
	listener_start(f->l, on_accept, f);
	fd = connect_to(listener_address(f->l));
	turn_until_accepted(f, 1);
	close(fd);
}

static void test_live_unix_socket_is_refused(void **state)
{
	struct fixture *f = *state;
	struct listener *other = NULL;
	struct endpoint e = endpoint_of(f->path, NULL);
	open_at(f, f->path, NULL);
	assert_int_equal(listener_open(&other, f->loop, &e, f->why, sizeof(f->why)), -EADDRINUSE);
	assert_non_null(strstr(f->why, "Address already in use"));
	assert_int_equal(access(f->path, F_OK), 0);
}

static void test_other_file_at_the_path_stays(void **state)
{
	struct fixture *f = *state;
	struct endpoint e = endpoint_of(f->path, NULL);
	int fd = open(f->path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(listener_open(&f->l, f->loop, &e, f->why, sizeof(f->why)), -EADDRINUSE);
	assert_int_equal(access(f->path, F_OK), 0);
	assert_int_equal(unlink(f->path), 0);
}

static void test_successor_at_the_path_stays(void **state)
{
	struct fixture *f = *state;
	struct listener *first;
	open_at(f, f->path, NULL);
	first = f->l;
	assert_int_equal(unlink(f->path), 0);
	open_at(f, f->path, NULL);
	listener_free(first);
	assert_int_equal(access(f->path, F_OK), 0);
}

static void test_no_directory(void **state)
{
	struct fixture *f = *state;
	struct endpoint e = endpoint_of("/nonexistent/dir/sock", NULL);
	assert_int_equal(listener_open(&f->l, f->loop, &e, f->why, sizeof(f->why)), -ENOENT);
	assert_string_equal(f->why, "cannot listen on unix:/nonexistent/dir/sock: No such file or directory");
}

static void test_pause_leaves_them_in_the_queue(void **state)
{
	struct fixture *f = *state;
	int fds[5];
	open_at(f, "127.0.0.1", "0");
	for (int i = 0; i < 5; i++)
		fds[i] = connect_to(listener_address(f->l));
	f->stop_at = 2;
	listener_start(f->l, on_accept, f);
	for (int i = 0; i < 5; i++)
		loop_turn(f->loop, 10);
	assert_int_equal(f->accepted, 2);
	listener_start(f->l, on_accept, f);
	turn_until_accepted(f, 5);
	for (int i = 0; i < 5; i++)
		close(fds[i]);
}

static void test_freed_while_it_accepts(void **state)
{
	struct fixture *f = *state;
	int fds[3];
	open_at(f, "127.0.0.1", "0");
	for (int i = 0; i < 3; i++)
		fds[i] = connect_to(listener_address(f->l));
	f->stop_at = 2;
	f->free_then = true;
	listener_start(f->l, on_accept, f);
	for (int i = 0; i < 3; i++)
		loop_turn(f->loop, 10);
	assert_int_equal(f->accepted, 2);
	assert_null(f->l);
	for (int i = 0; i < 3; i++)
		close(fds[i]);
}

static void test_a_bounded_number_in_one_turn(void **state)
{
	struct fixture *f = *state;
	int fds[100];
	open_at(f, f->path, NULL);
	for (int i = 0; i < 100; i++)
		fds[i] = connect_to(listener_address(f->l));
	listener_start(f->l, on_accept, f);
	loop_turn(f->loop, 50);
	assert_in_range(f->accepted, 1, 64);
	turn_until_accepted(f, 100);
	for (int i = 0; i < 100; i++)
		close(fds[i]);
}

/* In children: what they do to their descriptors and environment ends with them. */

static void run_in_child(void (*body)(struct fixture *f), struct fixture *f)
{
	int status;
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		alarm(20);
		body(f);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* Ends the child with the number of the line. */
#define CHILD_CHECK(condition)                                                                                         \
	do {                                                                                                           \
		if (!(condition)) {                                                                                    \
			fprintf(stderr, "line %d: %s\n", __LINE__, #condition);                                        \
			_exit(1);                                                                                      \
		}                                                                                                      \
	} while (0)

static void count_entry(void *ctx, const struct log_entry *entry)
{
	int *count = ctx;
	(*count)++;
	CHILD_CHECK(strstr(entry->text, "cannot accept connections on 127.0.0.1:") == entry->text);
}

/* The other end was closed without a byte. */
static bool was_closed(int fd)
{
	char byte;
	return recv(fd, &byte, 1, MSG_DONTWAIT) == 0;
}

static void starve(struct fixture *f)
{
	int clients[4], logged = 0, turns = 0;
	struct rlimit limit = {.rlim_cur = 0};
	log_set_sink(count_entry, &logged);
	for (int i = 0; i < 4; i++)
		clients[i] = connect_to(listener_address(f->l));
	CHILD_CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
	rlim_t before = limit.rlim_cur;
	limit.rlim_cur = (rlim_t)clients[3] + 1;
	CHILD_CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	listener_start(f->l, on_accept, f);
	int64_t start_us = clock_mono_us();
	/* One is told at the beginning, one after a second; the others wait. */
	while (!was_closed(clients[1]) && clock_mono_us() - start_us < DEADLINE_US && turns < 1000) {
		CHILD_CHECK(loop_turn(f->loop, 100) == 0);
		turns++;
	}
	CHILD_CHECK(clock_mono_us() - start_us >= 900000);
	CHILD_CHECK(turns < 40);
	CHILD_CHECK(f->accepted == 0);
	CHILD_CHECK(logged == 1);
	CHILD_CHECK(was_closed(clients[0]) && was_closed(clients[1]));
	CHILD_CHECK(!was_closed(clients[2]) && !was_closed(clients[3]));
	limit.rlim_cur = before;
	CHILD_CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	start_us = clock_mono_us();
	while (clock_mono_us() - start_us < DEADLINE_US && f->accepted < 2)
		CHILD_CHECK(loop_turn(f->loop, 100) == 0);
	CHILD_CHECK(f->accepted == 2);
	CHILD_CHECK(!was_closed(clients[2]) && !was_closed(clients[3]));
}

static void test_no_descriptor_left(void **state)
{
	struct fixture *f = *state;
	/* Its limit of descriptors is its own: what is above it is accepted, closed, and said to have failed. */
	if (under_valgrind())
		skip();
	open_at(f, "127.0.0.1", "0");
	run_in_child(starve, f);
}

static void test_adopts_what_listens(void **state)
{
	struct fixture *f = *state;
	struct endpoint e = endpoint_of("127.0.0.1", "0");
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&e.address.ss, e.address.len), 0);
	assert_int_equal(listen(fd, 5), 0);
	assert_int_equal(listener_adopt(&f->l, f->loop, &(struct handed_socket){.fd = fd, .doors = DOOR_IRC}, f->why, sizeof(f->why)), 0);
	assert_true(listener_is_adopted(f->l));
	assert_int_equal(listener_fd(f->l), fd);
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	listener_start(f->l, on_accept, f);
	int client = connect_to(listener_address(f->l));
	turn_until_accepted(f, 1);
	close(client);
}

static void test_adopted_path_is_not_unlinked(void **state)
{
	struct fixture *f = *state;
	struct endpoint e = endpoint_of(f->path, NULL);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&e.address.ss, e.address.len), 0);
	assert_int_equal(listen(fd, 5), 0);
	assert_int_equal(listener_adopt(&f->l, f->loop, &(struct handed_socket){.fd = fd, .doors = DOOR_IRC}, f->why, sizeof(f->why)), 0);
	listener_free(f->l);
	f->l = NULL;
	assert_int_equal(unlink(f->path), 0);
}

static void assert_not_adopted(struct fixture *f, int fd, const char *reason)
{
	assert_true(fd >= 0);
	assert_int_equal(listener_adopt(&f->l, f->loop, &(struct handed_socket){.fd = fd, .doors = DOOR_IRC}, f->why, sizeof(f->why)), -EINVAL);
	if (!strstr(f->why, reason))
		fail_msg("\"%s\" lacks \"%s\"", f->why, reason);
	assert_null(f->l);
	assert_int_equal(close(fd), 0);
}

static void test_wrong_kinds_are_not_adopted(void **state)
{
	struct fixture *f = *state;
	int pair[2], ends[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(pipe(ends), 0);
	assert_not_adopted(f, socket(AF_INET, SOCK_DGRAM, 0), "is not a stream socket");
	assert_not_adopted(f, socket(AF_UNIX, SOCK_SEQPACKET, 0), "is not a stream socket");
	assert_not_adopted(f, socket(AF_INET, SOCK_STREAM, 0), "does not listen");
	assert_not_adopted(f, pair[0], "does not listen");
	assert_not_adopted(f, ends[0], "is not a socket");
	assert_not_adopted(f, open("/dev/null", O_RDONLY), "is not a socket");
	close(pair[1]);
	close(ends[1]);
}

/* Puts sockets at 3 and up, as a service manager does: no close-on-exec. */
static void hand_over(int count, const char *pid, const char *names)
{
	char text[24];
	snprintf(text, sizeof(text), "%d", count);
	for (int i = 0; i < count; i++) {
		int fd = socket(AF_INET, SOCK_STREAM, 0);
		CHILD_CHECK(fd >= 0);
		if (fd != 3 + i) {
			CHILD_CHECK(dup2(fd, 3 + i) == 3 + i);
			close(fd);
		}
	}
	setenv("LISTEN_FDS", text, 1);
	setenv("LISTEN_PID", pid, 1);
	if (names)
		setenv("LISTEN_FDNAMES", names, 1);
	else
		unsetenv("LISTEN_FDNAMES");
}

static const char *own_pid(char text[24])
{
	snprintf(text, 24, "%d", (int)getpid());
	return text;
}

static void check_variables_gone(void)
{
	CHILD_CHECK(!getenv("LISTEN_FDS") && !getenv("LISTEN_PID") && !getenv("LISTEN_FDNAMES"));
}

static void take_two(struct fixture *f)
{
	struct handed_socket got[4];
	char pid[24];
	(void)f;
	hand_over(2, own_pid(pid), "irc:clients");
	CHILD_CHECK(handed_sockets(got, 4) == 2);
	CHILD_CHECK(got[0].fd == 3 && strcmp(got[0].name, "irc") == 0);
	CHILD_CHECK(got[1].fd == 4 && strcmp(got[1].name, "clients") == 0);
	CHILD_CHECK((fcntl(3, F_GETFD) & FD_CLOEXEC) && (fcntl(4, F_GETFD) & FD_CLOEXEC));
	check_variables_gone();
	CHILD_CHECK(handed_sockets(got, 4) == 0);
}

static void take_nameless(struct fixture *f)
{
	struct handed_socket got[1];
	char pid[24];
	(void)f;
	hand_over(1, own_pid(pid), NULL);
	CHILD_CHECK(handed_sockets(got, 1) == 1);
	CHILD_CHECK(got[0].fd == 3 && strcmp(got[0].name, "") == 0);
}

static void take_more_than_fit(struct fixture *f)
{
	struct handed_socket got[1];
	char pid[24];
	(void)f;
	hand_over(3, own_pid(pid), "a:b:c");
	log_set_level(LOG_LEVEL_ERR);
	CHILD_CHECK(handed_sockets(got, 1) == 1);
	CHILD_CHECK(got[0].fd == 3 && fcntl(3, F_GETFD) >= 0);
	CHILD_CHECK(fcntl(4, F_GETFD) < 0 && fcntl(5, F_GETFD) < 0);
}

static void take_long_name(struct fixture *f)
{
	struct handed_socket got[1];
	char pid[24], name[101];
	(void)f;
	memset(name, 'n', sizeof(name));
	name[100] = '\0';
	hand_over(1, own_pid(pid), name);
	CHILD_CHECK(handed_sockets(got, 1) == 1);
	CHILD_CHECK(strlen(got[0].name) == sizeof(got[0].name) - 1);
}

static void take_those_of_another(struct fixture *f)
{
	struct handed_socket got[4];
	(void)f;
	hand_over(2, "1", "irc:clients");
	CHILD_CHECK(handed_sockets(got, 4) == 0);
	CHILD_CHECK(fcntl(3, F_GETFD) == 0);
	check_variables_gone();
}

static void take_senseless(struct fixture *f)
{
	static const char *const bad[][3] = {
		{"x", "1", "a"},   {"-1", "1", "a"}, {NULL, "x", "a"},
		{NULL, "-1", "a"}, {NULL, "2", "a"}, {NULL, "1", "a:b"},
	};
	struct handed_socket got[4];
	char pid[24];
	(void)f;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		hand_over(2, bad[i][0] ? bad[i][0] : own_pid(pid), bad[i][2]);
		setenv("LISTEN_FDS", bad[i][1], 1);
		CHILD_CHECK(handed_sockets(got, 4) < 0);
		check_variables_gone();
	}
}

static void take_none(struct fixture *f)
{
	struct handed_socket got[4];
	char pid[24];
	(void)f;
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_PID");
	CHILD_CHECK(handed_sockets(got, 4) == 0);
	setenv("LISTEN_PID", own_pid(pid), 1);
	CHILD_CHECK(handed_sockets(got, 4) == 0);
	check_variables_gone();
	/* A count that goes past what is open. */
	hand_over(1, own_pid(pid), "a");
	closefrom(4);
	setenv("LISTEN_FDS", "2", 1);
	setenv("LISTEN_FDNAMES", "a:b", 1);
	CHILD_CHECK(handed_sockets(got, 4) == -EBADF);
}

static void test_handed_sockets(void **state)
{
	run_in_child(take_two, *state);
	run_in_child(take_nameless, *state);
	run_in_child(take_more_than_fit, *state);
	run_in_child(take_long_name, *state);
}

static void test_handed_sockets_of_another_process(void **state)
{
	run_in_child(take_those_of_another, *state);
}

static void test_handed_sockets_that_make_no_sense(void **state)
{
	run_in_child(take_senseless, *state);
	run_in_child(take_none, *state);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_accepts_over_ipv4),
		TEST(test_every_address_is_both_families),
		TEST(test_ipv6_alone_leaves_ipv4_free),
		TEST(test_address_in_use),
		TEST(test_unix_socket),
		TEST(test_stale_unix_socket_is_replaced),
		TEST(test_live_unix_socket_is_refused),
		TEST(test_other_file_at_the_path_stays),
		TEST(test_successor_at_the_path_stays),
		TEST(test_no_directory),
		TEST(test_pause_leaves_them_in_the_queue),
		TEST(test_freed_while_it_accepts),
		TEST(test_a_bounded_number_in_one_turn),
		TEST(test_no_descriptor_left),
		TEST(test_adopts_what_listens),
		TEST(test_adopted_path_is_not_unlinked),
		TEST(test_wrong_kinds_are_not_adopted),
		TEST(test_handed_sockets),
		TEST(test_handed_sockets_of_another_process),
		TEST(test_handed_sockets_that_make_no_sense),
	};
	if (fd_raise_limit() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
