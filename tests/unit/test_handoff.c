#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "chatd/handoff.h"
#include "chatd/handoff_format.h"
#include "chatd/socket_id.h"
#include "fd_count.h"
#include "valgrind.h"

enum { SOCKETS = 600, CARRIERS = 2 * HANDOFF_CARRIERS_MAX };

/* Sockets with a peer each, what carries them, and where they go. */
struct fixture {
	int before;
	int fds[SOCKETS], peers[SOCKETS];
	size_t count;
	int carriers[CARRIERS];
	size_t ncarriers;
	struct handoff_in *in;
	char why[256];
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	assert_int_equal(fd_raise_limit(), 0);
	f->before = fd_count();
	*state = f;
	return 0;
}

/* Ours are closed when they were handed over. */
static int teardown(void **state)
{
	struct fixture *f = *state;

	handoff_close(f->in);
	for (size_t i = 0; i < f->count; i++)
		close(f->peers[i]);
	assert_int_equal(fd_count(), f->before);
	free(f);
	return 0;
}

static void sockets_make(struct fixture *f, size_t count)
{
	for (; f->count < count; f->count++) {
		int ends[2];

		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
		f->fds[f->count] = ends[0];
		f->peers[f->count] = ends[1];
	}
}

static void sockets_drop(struct fixture *f)
{
	for (size_t i = 0; i < f->count; i++)
		close(f->fds[i]);
}

/* What a process does before its end. */
static void leave(struct fixture *f, size_t count, const char *state)
{
	struct handoff_out *h = handoff_new();

	sockets_make(f, count);
	wire_put(handoff_state(h), state, strlen(state));
	for (size_t i = 0; i < count; i++)
		assert_int_equal(handoff_add(h, f->fds[i]), i);
	assert_int_equal(handoff_seal(h), 0);
	f->ncarriers = handoff_carriers(h, f->carriers);
	handoff_release(h);
	sockets_drop(f);
}

static int arrive(struct fixture *f)
{
	size_t count = f->ncarriers;

	f->ncarriers = 0;
	return handoff_open(&f->in, f->carriers, count, f->why, sizeof(f->why));
}

static void check_state(struct fixture *f, const char *state)
{
	assert_true(str_eq(handoff_read(f->in).rest, str_of(state)));
}

/* That it is the very one: its peer hears it. */
static void check_socket(struct fixture *f, uint32_t number)
{
	int fd = handoff_take(f->in, number);
	char byte = 0;

	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	assert_int_equal(send(fd, "x", 1, 0), 1);
	assert_int_equal(recv(f->peers[number], &byte, 1, 0), 1);
	close(fd);
	assert_int_equal(handoff_take(f->in, number), HANDOFF_NONE);
}

/* Nobody has it any more. */
static void check_closed(struct fixture *f, uint32_t number)
{
	char byte;

	assert_int_equal(recv(f->peers[number], &byte, 1, 0), 0);
}

static void check_nothing_is_left(struct fixture *f)
{
	assert_null(f->in);
	assert_true(f->why[0]);
	for (size_t i = 0; i < f->count; i++)
		check_closed(f, (uint32_t)i);
}

static void everything_comes_along(void **state)
{
	struct fixture *f = *state;

	leave(f, SOCKETS, "the state");
	assert_int_equal(f->ncarriers, 3);
	assert_int_equal(arrive(f), 0);
	check_state(f, "the state");
	assert_int_equal(handoff_missing(f->in), 0);
	for (uint32_t i = 0; i < SOCKETS; i++)
		check_socket(f, i);
	assert_int_equal(handoff_take(f->in, SOCKETS), HANDOFF_NONE);
	assert_int_equal(handoff_take(f->in, UINT32_MAX), HANDOFF_NONE);
}

static void an_empty_state_comes_along(void **state)
{
	struct fixture *f = *state;

	leave(f, 0, "");
	assert_int_equal(arrive(f), 0);
	assert_int_equal(handoff_read(f->in).rest.n, 0);
	assert_int_equal(handoff_take(f->in, 0), HANDOFF_NONE);
}

static void in_whatever_order(void **state)
{
	struct fixture *f = *state;
	int first;

	leave(f, 10, "s");
	first = f->carriers[0];
	f->carriers[0] = f->carriers[2];
	f->carriers[2] = first;
	assert_int_equal(arrive(f), 0);
	check_socket(f, 9);
}

/* What is not asked for is closed. */
static void not_taken_is_closed(void **state)
{
	struct fixture *f = *state;

	leave(f, 3, "s");
	assert_int_equal(arrive(f), 0);
	check_socket(f, 1);
	handoff_close(f->in);
	f->in = NULL;
	check_closed(f, 0);
	check_closed(f, 2);
}

static void nothing_at_all(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(arrive(f), -ENODATA);
	check_nothing_is_left(f);
}

static void without_the_state(void **state)
{
	struct fixture *f = *state;

	leave(f, 300, "s");
	close(f->carriers[0]);
	memmove(f->carriers, f->carriers + 1, sizeof(int) * 2);
	f->ncarriers = 2;
	assert_int_equal(arrive(f), -ENODATA);
	check_nothing_is_left(f);
}

/* The end that the messages are in is gone. */
static void without_the_descriptors(void **state)
{
	struct fixture *f = *state;

	leave(f, 300, "s");
	close(f->carriers[1]);
	f->carriers[1] = f->carriers[2];
	f->ncarriers = 2;
	assert_int_equal(arrive(f), 0);
	check_state(f, "s");
	assert_int_equal(handoff_missing(f->in), 300);
	assert_int_equal(handoff_take(f->in, 0), HANDOFF_NONE);
	check_closed(f, 0);
}

static void the_other_end_is_not_needed(void **state)
{
	struct fixture *f = *state;

	leave(f, 300, "s");
	close(f->carriers[2]);
	f->ncarriers = 2;
	assert_int_equal(arrive(f), 0);
	for (uint32_t i = 0; i < 300; i++)
		check_socket(f, i);
}

static void a_dead_socket_comes_along_dead(void **state)
{
	struct fixture *f = *state;
	char byte;
	int fd;

	leave(f, 2, "s");
	close(f->peers[1]);
	f->peers[1] = -1;
	assert_int_equal(arrive(f), 0);
	fd = handoff_take(f->in, 1);
	assert_int_equal(recv(fd, &byte, 1, 0), 0);
	close(fd);
	check_socket(f, 0);
}

/* Foreign files and sockets among the carriers. */
static void others_are_closed(void **state)
{
	struct fixture *f = *state;
	int ends[2];

	leave(f, 2, "s");
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends), 0);
	assert_int_equal(send(ends[0], "garbage", 7, 0), 7);
	assert_int_equal(send(ends[0], "", 0, 0), 0);
	f->carriers[f->ncarriers++] = ends[1];
	f->carriers[f->ncarriers++] = ends[0];
	f->carriers[f->ncarriers++] = open("/dev/null", O_RDONLY);
	f->carriers[f->ncarriers++] = open("/etc/passwd", O_RDONLY);
	assert_int_equal(arrive(f), 0);
	check_socket(f, 0);
	check_socket(f, 1);
}

/* One that nobody took may still be there. */
static void the_newest_of_two(void **state)
{
	struct fixture *f = *state;
	struct handoff_out *h;

	leave(f, 2, "older");
	assert_int_equal(f->ncarriers, 3);
	sockets_make(f, 3);
	h = handoff_new();
	wire_put(handoff_state(h), "newer", 5);
	handoff_add(h, f->fds[2]);
	assert_int_equal(handoff_seal(h), 0);
	f->ncarriers += handoff_carriers(h, f->carriers + 3);
	handoff_release(h);
	close(f->fds[2]);
	assert_int_equal(arrive(f), 0);
	check_state(f, "newer");
	assert_int_equal(handoff_missing(f->in), 0);
	check_closed(f, 0);
	check_closed(f, 1);
	close(handoff_take(f->in, 0));
	check_closed(f, 2);
}

/* Messages made up */

struct sent {
	uint64_t id;
	uint32_t first, count;
	const int *fds;
	size_t nfds;
};

static void send_message(int pair, const struct sent *s)
{
	char text[HANDOFF_MESSAGE_SIZE];
	char control[CMSG_SPACE(8 * sizeof(int))] = {0};
	struct iovec iov = {text, sizeof(text)};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control,
			     .msg_controllen = CMSG_SPACE(s->nfds * sizeof(int))};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	handoff_message_write(text, &(struct handoff_message){s->id, s->first, s->count});
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(s->nfds * sizeof(int));
	memcpy(CMSG_DATA(c), s->fds, s->nfds * sizeof(int));
	assert_int_equal(sendmsg(pair, &msg, 0), sizeof(text));
}

static uint64_t id_of(int file)
{
	char bytes[HANDOFF_HEAD_SIZE];
	struct handoff_head head;

	assert_int_equal(pread(file, bytes, sizeof(bytes), 0), sizeof(bytes));
	assert_true(handoff_head_read(&head, (struct str){bytes, sizeof(bytes)}));
	return head.id;
}

/* The state of four sockets, and an empty pair instead of the one with them. Returns the end to write to. */
static int empty_pair(struct fixture *f)
{
	struct handoff_out *h = handoff_new();
	int ends[2];

	sockets_make(f, 4);
	for (int i = 0; i < 4; i++)
		handoff_add(h, f->fds[i]);
	assert_int_equal(handoff_seal(h), 0);
	handoff_carriers(h, f->carriers);
	handoff_release(h);
	close(f->carriers[1]);
	close(f->carriers[2]);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends), 0);
	f->carriers[1] = ends[0];
	f->carriers[2] = ends[1];
	f->ncarriers = 3;
	return ends[1];
}

/* A descriptor under another's number is nobody's: its client must not hear what is meant for the other. */
static void wrong_numbers_are_refused(void **state)
{
	struct fixture *f = *state;
	int pair = empty_pair(f);
	uint64_t id = id_of(f->carriers[0]);
	const int swapped[] = {f->fds[1], f->fds[0]};

	send_message(pair, &(struct sent){id, 0, 2, swapped, 2});
	send_message(pair, &(struct sent){id, 2, 1, &f->fds[2], 1});
	sockets_drop(f);
	assert_int_equal(arrive(f), 0);
	assert_int_equal(handoff_missing(f->in), 3);
	assert_int_equal(handoff_take(f->in, 0), HANDOFF_NONE);
	assert_int_equal(handoff_take(f->in, 1), HANDOFF_NONE);
	check_socket(f, 2);
	for (uint32_t i = 0; i < 4; i++)
		check_closed(f, i);
}

static void foreign_messages_are_refused(void **state)
{
	struct fixture *f = *state;
	int pair = empty_pair(f);
	uint64_t id = id_of(f->carriers[0]);
	const int twice[] = {f->fds[1], f->fds[1]};

	send_message(pair, &(struct sent){id + 1, 0, 1, &f->fds[0], 1}); /* of another hand-over */
	send_message(pair, &(struct sent){id, 1, 1, twice, 2});          /* more than it says */
	send_message(pair, &(struct sent){id, 1, 1, &f->fds[1], 1});     /* a second time */
	send_message(pair, &(struct sent){id, 4, 1, &f->fds[2], 1});     /* no such number */
	send_message(pair, &(struct sent){id, UINT32_MAX, 1, &f->fds[2], 1});
	send_message(pair, &(struct sent){id, 3, 9, &f->fds[3], 1}); /* fewer than it says */
	sockets_drop(f);
	assert_int_equal(arrive(f), 0);
	check_socket(f, 1);
	check_socket(f, 3);
	assert_int_equal(handoff_missing(f->in), 2);
	check_closed(f, 0);
	check_closed(f, 2);
}

/* Damage */

static void flip(int fd, off_t at, unsigned char with)
{
	unsigned char byte;

	assert_int_equal(pread(fd, &byte, 1, at), 1);
	byte ^= with;
	assert_int_equal(pwrite(fd, &byte, 1, at), 1);
}

static void one_wrong_bit_is_seen(void **state)
{
	struct fixture *f = *state;
	off_t size;

	leave(f, 1, "state");
	size = lseek(f->carriers[0], 0, SEEK_END);
	for (size_t i = 0; i < f->ncarriers; i++)
		close(f->carriers[i]);
	f->count = 0;
	close(f->peers[0]);
	for (off_t at = 0; at < size; at++) {
		leave(f, 1, "state");
		flip(f->carriers[0], at, 0x10);
		assert_int_equal(arrive(f), -EBADMSG);
		check_nothing_is_left(f);
		close(f->peers[0]);
		f->count = 0;
	}
}

static void cut_and_lengthened(void **state)
{
	struct fixture *f = *state;
	const off_t by[] = {-1, -20, -60, 1};

	for (size_t i = 0; i < sizeof(by) / sizeof(by[0]); i++) {
		leave(f, 1, "state");
		assert_int_equal(ftruncate(f->carriers[0], lseek(f->carriers[0], 0, SEEK_END) + by[i]), 0);
		assert_int_equal(arrive(f), -EBADMSG);
		check_nothing_is_left(f);
		close(f->peers[0]);
		f->count = 0;
	}
}

/* The head of another version, with its check right. */
static void set_version(int fd, uint16_t version, uint16_t needs)
{
	char bytes[HANDOFF_HEAD_SIZE];
	struct handoff_head head;

	assert_int_equal(pread(fd, bytes, sizeof(bytes), 0), sizeof(bytes));
	assert_true(handoff_head_read(&head, (struct str){bytes, sizeof(bytes)}));
	head.version = version;
	head.needs = needs;
	handoff_head_write(bytes, &head);
	assert_int_equal(pwrite(fd, bytes, sizeof(bytes), 0), sizeof(bytes));
}

static void a_later_version_that_needs_more_is_refused(void **state)
{
	struct fixture *f = *state;

	leave(f, 3, "state");
	set_version(f->carriers[0], HANDOFF_VERSION + 3, HANDOFF_VERSION + 2);
	assert_int_equal(arrive(f), -EPROTONOSUPPORT);
	assert_string_equal(f->why, "the state has version 5 of its format, and this program knows 2");
	check_nothing_is_left(f);
}

static void a_later_version_that_only_adds_is_read(void **state)
{
	struct fixture *f = *state;

	leave(f, 3, "state");
	set_version(f->carriers[0], HANDOFF_VERSION + 3, HANDOFF_VERSION);
	assert_int_equal(arrive(f), 0);
	check_socket(f, 2);
}

static void no_memory_for_the_file(void **state)
{
	struct fixture *f = *state;

	leave(f, 3, "state");
	mem_fail_nth(1);
	assert_int_equal(arrive(f), -ENOMEM);
	mem_fail_nth(0);
	check_nothing_is_left(f);
}

static void no_memory_to_leave(void **state)
{
	struct fixture *f = *state;

	for (unsigned long nth = 1; nth <= 2; nth++) {
		struct handoff_out *h = handoff_new();

		mem_fail_nth(nth);
		wire_put_str(handoff_state(h), STR("state"));
		assert_int_equal(handoff_seal(h), -ENOMEM);
		mem_fail_nth(0);
		handoff_free(h);
	}
	handoff_free(NULL);
	assert_int_equal(fd_count(), f->before);
}

/* As many as fit into no single pair. */
static void several_pairs(void **state)
{
	struct fixture *f = *state;
	struct handoff_out *h = handoff_new();
	enum { MANY = 200000 };
	size_t count;
	int err;

	sockets_make(f, 1);
	for (uint32_t i = 0; i < MANY; i++)
		handoff_add(h, f->fds[0]);
	err = handoff_seal(h);
	count = handoff_carriers(h, f->carriers);
	/* The system bounds what one user may have in flight by what one process may have open. */
	assert_true(err == 0 || err == -ETOOMANYREFS || err == -ENOBUFS);
	assert_in_range(count, err ? 3 : 5, HANDOFF_CARRIERS_MAX);
	handoff_free(h);
	close(f->fds[0]);
}

/* Across exec: this program once more, which finds the carriers by their numbers. */

static int successor(char **numbers)
{
	int carriers[CARRIERS];
	size_t count = 0;
	struct handoff_in *in;
	char why[256];

	for (; numbers[count]; count++)
		carriers[count] = atoi(numbers[count]);
	if (handoff_open(&in, carriers, count, why, sizeof(why)) < 0)
		return 2;
	if (!str_eq(handoff_read(in).rest, STR("over there")) || handoff_missing(in))
		return 3;
	for (uint32_t i = 0; i < 5; i++) {
		char digit = (char)('0' + i);
		int fd = handoff_take(in, i);

		if (send(fd, &digit, 1, 0) != 1)
			return 4;
		close(fd);
	}
	handoff_close(in);
	return 0;
}

static void run_successor(const struct fixture *f)
{
	char self[] = "/proc/self/exe", word[] = "successor", numbers[CARRIERS][12];
	char *argv[CARRIERS + 3] = {self, word};

	for (size_t i = 0; i < f->ncarriers; i++) {
		snprintf(numbers[i], sizeof(numbers[i]), "%d", f->carriers[i]);
		argv[2 + i] = numbers[i];
		fcntl(f->carriers[i], F_SETFD, 0);
	}
	execv(self, argv);
	_exit(99);
}

static void across_fork_and_exec(void **state)
{
	struct fixture *f = *state;
	int status;
	pid_t child;

	/* The program that it runs in does not start again under that name. */
	if (under_valgrind())
		skip();
	leave(f, 5, "over there");
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		run_successor(f);
	for (size_t i = 0; i < f->ncarriers; i++)
		close(f->carriers[i]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	for (uint32_t i = 0; i < 5; i++) {
		char byte = 0;

		assert_int_equal(recv(f->peers[i], &byte, 1, 0), 1);
		assert_int_equal(byte, '0' + i);
		check_closed(f, i);
	}
}

static void identities(void **state)
{
	struct fixture *f = *state;
	int copy;

	sockets_make(f, 3);
	copy = dup(f->fds[0]);
	assert_true(socket_id(copy) == socket_id(f->fds[0]));
	assert_true(socket_id(f->fds[1]) != socket_id(f->fds[0]));
	assert_true(socket_id(f->peers[0]) != socket_id(f->fds[0]));
	close(copy);
	sockets_drop(f);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static void drop_entries(void *ctx, const struct log_entry *e)
{
	(void)ctx;
	(void)e;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(everything_comes_along),
		TEST(an_empty_state_comes_along),
		TEST(in_whatever_order),
		TEST(not_taken_is_closed),
		TEST(nothing_at_all),
		TEST(without_the_state),
		TEST(without_the_descriptors),
		TEST(the_other_end_is_not_needed),
		TEST(a_dead_socket_comes_along_dead),
		TEST(others_are_closed),
		TEST(the_newest_of_two),
		TEST(wrong_numbers_are_refused),
		TEST(foreign_messages_are_refused),
		TEST(one_wrong_bit_is_seen),
		TEST(cut_and_lengthened),
		TEST(a_later_version_that_needs_more_is_refused),
		TEST(a_later_version_that_only_adds_is_read),
		TEST(no_memory_for_the_file),
		TEST(no_memory_to_leave),
		TEST(several_pairs),
		TEST(across_fork_and_exec),
		TEST(identities),
	};

	if (argc > 1)
		return successor(argv + 2);
	log_set_sink(drop_entries, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
