#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "chatd/doors.h"
#include "fd_count.h"
#include "loop/loop.h"
#include "session/arrival.h"

enum { INSIDE_MAX = 64, AWAIT_US = 20 * 1000 * 1000, SETTLED_TURNS = 6 };

/* Doors with a configuration of the test's making; who comes in stands in a row. */
struct hall {
	int descriptors;
	char dir[64];
	struct loop *loop;
	struct config config;
	struct doors *doors;
	int inside[INSIDE_MAX];
	char hosts[INSIDE_MAX][ADDRESS_TEXT_MAX];
	unsigned count;
	bool refuses; /* enter says that it came to nothing */
};

static bool enter(void *ctx, const struct arrival *a)
{
	struct hall *h = ctx;

	if (h->refuses) {
		close(a->transport.fd);
		return false;
	}
	assert_true(h->count < INSIDE_MAX);
	address_host(&a->peer, h->hosts[h->count]);
	h->inside[h->count++] = a->transport.fd;
	return true;
}

static void drop_entries(void *ctx, const struct log_entry *e)
{
	(void)ctx;
	(void)e;
}

static int set_up(void **state)
{
	const struct doors_host host = {.enter = enter, .ctx = calloc(1, sizeof(struct hall))};
	struct hall *h = host.ctx;

	assert_non_null(h);
	signal(SIGPIPE, SIG_IGN);
	log_set_sink(drop_entries, NULL);
	h->descriptors = fd_count();
	strcpy(h->dir, "/tmp/test_doors.XXXXXX");
	assert_non_null(mkdtemp(h->dir));
	h->config.limit_local = true;
	assert_int_equal(loop_new(&h->loop), 0);
	h->doors = doors_new(h->loop, &h->config, &host);
	*state = h;
	return 0;
}

static void config_clear(struct config *c)
{
	for (uint32_t i = 0; i < c->nlisten; i++)
		mem_free(c->listen[i].text);
	mem_free(c->listen);
	c->listen = NULL;
	c->nlisten = 0;
}

static int tear_down(void **state)
{
	struct hall *h = *state;

	for (unsigned i = 0; i < h->count; i++)
		close(h->inside[i]);
	doors_free(h->doors);
	doors_free(NULL);
	loop_free(h->loop);
	config_clear(&h->config);
	assert_int_equal(fd_count(), h->descriptors);
	assert_int_equal(rmdir(h->dir), 0);
	free(h);
	return 0;
}

/* "%" stands for the hall's directory; port 0 is the kernel's choice, which a configuration cannot ask for. */
static void listen_at(struct hall *h, struct config *c, const char *text)
{
	char full[128];
	struct config_listen *l;

	snprintf(full, sizeof(full), "%s%s", *text == '%' ? h->dir : "", *text == '%' ? text + 1 : text);
	c->listen = mem_realloc(c->listen, (c->nlisten + 1) * sizeof(*c->listen));
	l = &c->listen[c->nlisten++];
	l->text = mem_strdup(full);
	l->at = (struct endpoint){.doors = DOOR_IRC};
	assert_int_equal(address_parse(&l->at.address, *text == '%' ? full : "127.0.0.1", "0"), 0);
}

static int apply(struct hall *h, char *why, size_t size)
{
	*why = '\0';
	return doors_apply(h->doors, &h->config, why, size);
}

static void apply_well(struct hall *h)
{
	char why[256];

	if (apply(h, why, sizeof(why)) != 0)
		fail_msg("%s", why);
}

static unsigned doors_count(const struct hall *h)
{
	unsigned n = 0;

	while (doors_nth(h->doors, n))
		n++;
	return n;
}

static int knock(const struct address *a)
{
	int fd = socket(a->ss.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	if (connect(fd, (const struct sockaddr *)&a->ss, a->len) != 0) {
		close(fd);
		return -errno;
	}
	return fd;
}

static void settle(struct hall *h)
{
	for (int i = 0; i < SETTLED_TURNS; i++)
		assert_int_equal(loop_turn(h->loop, 0), 0);
}

static void await_inside(struct hall *h, unsigned count)
{
	int64_t start_us = clock_mono_us();

	while (h->count < count) {
		if (clock_mono_us() - start_us > AWAIT_US)
			fail_msg("%u are inside, not %u", h->count, count);
		assert_int_equal(loop_turn(h->loop, 20), 0);
	}
	settle(h);
	assert_int_equal(h->count, count);
}

/* The one that came in last leaves. */
static void leave(struct hall *h)
{
	close(h->inside[--h->count]);
	doors_left(h->doors, h->hosts[h->count]);
}

/* One loopback door, open. */
static const struct address *open_house(struct hall *h)
{
	listen_at(h, &h->config, "127.0.0.1:0");
	apply_well(h);
	doors_open(h->doors);
	return doors_nth(h->doors, 0);
}

/* What the client reads until its end. */
static void assert_told(struct hall *h, int fd, const char *want)
{
	char text[256];
	ssize_t n;
	size_t at = 0;

	settle(h);
	while ((n = recv(fd, text + at, sizeof(text) - 1 - at, 0)) > 0)
		at += (size_t)n;
	assert_int_equal(n, 0);
	text[at] = '\0';
	assert_string_equal(text, want);
	close(fd);
}

#define TURNED_AWAY "ERROR :Closing link: too many connections from your address\r\n"

static void closed_until_opened(void **state)
{
	struct hall *h = *state;
	int fd;

	listen_at(h, &h->config, "127.0.0.1:0");
	apply_well(h);
	fd = knock(doors_nth(h->doors, 0));
	assert_true(fd >= 0);
	settle(h);
	assert_int_equal(h->count, 0);
	doors_open(h->doors);
	await_inside(h, 1);
	assert_string_equal(h->hosts[0], "127.0.0.1");
	close(fd);
	doors_close(h->doors);
	assert_null(doors_nth(h->doors, 0));
}

static void a_limit_for_each_address(void **state)
{
	struct hall *h = *state;
	const struct address *a;
	struct address *other = NULL, there;
	int fds[4], unix_fd;

	h->config.places.per_address = 2;
	listen_at(h, &h->config, "%/sock");
	a = open_house(h);
	there = *doors_nth(h->doors, address_is_unix(a) ? 1 : 0);
	other = &there;
	for (int i = 0; i < 2; i++)
		fds[i] = knock(other);
	await_inside(h, 2);
	fds[2] = knock(other);
	assert_told(h, fds[2], TURNED_AWAY);
	assert_int_equal(h->count, 2);
	unix_fd = knock(a);
	await_inside(h, 3);
	assert_string_equal(h->hosts[2], "localhost");
	leave(h);
	fds[2] = knock(other);
	assert_told(h, fds[2], TURNED_AWAY);
	leave(h);
	fds[2] = knock(other);
	await_inside(h, 2);
	fds[3] = knock(other);
	assert_told(h, fds[3], TURNED_AWAY);
	for (int i = 0; i < 3; i++)
		close(fds[i]);
	close(unix_fd);
}

static void local_addresses_may_go_free(void **state)
{
	struct hall *h = *state;
	const struct address *a = open_house(h);
	int fds[5];

	h->config.places.per_address = 1;
	h->config.limit_local = false;
	for (int i = 0; i < 5; i++)
		fds[i] = knock(a);
	await_inside(h, 5);
	h->config.limit_local = true;
	assert_told(h, knock(a), TURNED_AWAY);
	for (int i = 0; i < 5; i++)
		close(fds[i]);
}

/* One that came to nothing does not count. */
static void a_failed_entry_leaves_no_trace(void **state)
{
	struct hall *h = *state;
	const struct address *a = open_house(h);
	int fd;

	h->config.places.per_address = 1;
	h->config.max_clients = 1;
	h->refuses = true;
	for (int i = 0; i < 5; i++)
		assert_told(h, knock(a), "");
	h->refuses = false;
	fd = knock(a);
	await_inside(h, 1);
	close(fd);
}

/* The others wait in the kernel's queue and come in one by one, as soon as there is room. */
static void a_full_house_rests(void **state)
{
	struct hall *h = *state;
	const struct address *a = open_house(h);
	int fds[6];

	h->config.max_clients = 2;
	for (int i = 0; i < 6; i++)
		fds[i] = knock(a);
	await_inside(h, 2);
	leave(h);
	await_inside(h, 2);
	leave(h);
	leave(h);
	await_inside(h, 2);
	leave(h);
	await_inside(h, 2);
	leave(h);
	settle(h);
	assert_int_equal(h->count, 1);
	for (int i = 0; i < 6; i++)
		close(fds[i]);
}

/* An idle house that is full does not spin over those who wait. */
static void a_full_house_sleeps(void **state)
{
	struct hall *h = *state;
	const struct address *a = open_house(h);
	int fds[3];
	int64_t start_us;

	h->config.max_clients = 1;
	for (int i = 0; i < 3; i++)
		fds[i] = knock(a);
	await_inside(h, 1);
	start_us = clock_mono_us();
	assert_int_equal(loop_turn(h->loop, 30), 0);
	assert_true(clock_mono_us() - start_us >= 25000);
	for (int i = 0; i < 3; i++)
		close(fds[i]);
}

/* A reload that changes the bound: the doors open at once, or rest. */
static void a_new_bound_counts_at_once(void **state)
{
	struct hall *h = *state;
	const struct address *a = open_house(h);
	int fds[5];

	h->config.max_clients = 1;
	for (int i = 0; i < 3; i++)
		fds[i] = knock(a);
	await_inside(h, 1);
	h->config.max_clients = 3;
	apply_well(h);
	await_inside(h, 3);
	h->config.max_clients = 4;
	apply_well(h);
	h->config.max_clients = 2;
	apply_well(h);
	fds[3] = knock(a);
	settle(h);
	assert_int_equal(h->count, 3);
	h->config.max_clients = 0;
	apply_well(h);
	await_inside(h, 4);
	for (int i = 0; i < 4; i++)
		close(fds[i]);
}

/* A door that is added while the house is full rests like the others. */
static void a_new_door_of_a_full_house(void **state)
{
	struct hall *h = *state;
	const struct address *a = open_house(h);
	struct address second;
	int one, two;

	h->config.max_clients = 1;
	one = knock(a);
	await_inside(h, 1);
	listen_at(h, &h->config, "%/sock");
	apply_well(h);
	second = *doors_nth(h->doors, 1);
	two = knock(&second);
	settle(h);
	assert_int_equal(h->count, 1);
	leave(h);
	await_inside(h, 1);
	assert_string_equal(h->hosts[0], "localhost");
	close(one);
	close(two);
}

/* What is in both configurations stays what it was; what is in neither goes. */
static void apply_keeps_opens_and_closes(void **state)
{
	struct hall *h = *state;
	struct address kept, gone;
	char path[96];
	struct stat st;
	ino_t ino;
	int fd;

	listen_at(h, &h->config, "%/kept");
	listen_at(h, &h->config, "127.0.0.1:0");
	apply_well(h);
	doors_open(h->doors);
	kept = *doors_nth(h->doors, 0);
	gone = *doors_nth(h->doors, 1);
	snprintf(path, sizeof(path), "%s/kept", h->dir);
	assert_int_equal(stat(path, &st), 0);
	ino = st.st_ino;
	config_clear(&h->config);
	listen_at(h, &h->config, "%/new");
	listen_at(h, &h->config, "%/kept");
	listen_at(h, &h->config, "%/new");
	apply_well(h);
	assert_int_equal(doors_count(h), 2);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_ino, ino);
	assert_int_equal(knock(&gone), -ECONNREFUSED);
	fd = knock(&kept);
	await_inside(h, 1);
	close(fd);
	fd = knock(doors_nth(h->doors, 1));
	await_inside(h, 2);
	close(fd);
	config_clear(&h->config);
	apply_well(h);
	assert_int_equal(doors_count(h), 0);
	assert_int_equal(stat(path, &st), -1);
}

/* One that cannot be opened: all is as before, and the sentence names it. */
static void apply_is_all_or_nothing(void **state)
{
	struct hall *h = *state;
	struct config wrong = h->config;
	char why[256], path[96];
	struct address first;
	struct stat st;
	int fd, err;

	listen_at(h, &h->config, "%/first");
	apply_well(h);
	doors_open(h->doors);
	first = *doors_nth(h->doors, 0);
	listen_at(h, &wrong, "%/second");
	listen_at(h, &wrong, "127.0.0.1:0");
	listen_at(h, &wrong, "%/no/such/directory");
	listen_at(h, &wrong, "%/third");
	err = doors_apply(h->doors, &wrong, why, sizeof(why));
	assert_true(err < 0);
	assert_non_null(strstr(why, "/no/such/directory: "));
	assert_int_equal(doors_count(h), 1);
	assert_memory_equal(&doors_nth(h->doors, 0)->ss, &first.ss, first.len);
	snprintf(path, sizeof(path), "%s/second", h->dir);
	assert_int_equal(stat(path, &st), -1);
	snprintf(path, sizeof(path), "%s/third", h->dir);
	assert_int_equal(stat(path, &st), -1);
	fd = knock(&first);
	await_inside(h, 1);
	close(fd);
	config_clear(&wrong);
}

/* Sockets of the service manager */

/* In a child, which has the handed sockets where they must be. */
static void in_child(void (*run)(struct hall *h))
{
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		struct hall h = {.count = 0};
		const struct doors_host host = {.enter = enter, .ctx = &h};
		struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
		char text[32];
		int fd;

		closefrom(3);
		fd = socket(AF_INET, SOCK_STREAM, 0);
		if (fd != 3 || bind(fd, (struct sockaddr *)&in, sizeof(in)) != 0 || listen(fd, 5) != 0 ||
		    open("/dev/null", O_RDONLY) != 4)
			_exit(101);
		setenv("LISTEN_FDS", "2", 1);
		snprintf(text, sizeof(text), "%ld", (long)getpid());
		setenv("LISTEN_PID", text, 1);
		log_set_sink(drop_entries, NULL);
		strcpy(h.dir, "/tmp");
		if (loop_new(&h.loop) != 0)
			_exit(102);
		h.doors = doors_new(h.loop, &h.config, &host);
		run(&h);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

#define CHECK(what)                                                                                                    \
	do {                                                                                                           \
		if (!(what))                                                                                           \
			_exit(__LINE__ % 255 + 1);                                                                     \
	} while (0)

/* The listening one is taken, the other closed; a default in the configuration gives way, a named endpoint does not. */
static void take_handed(struct hall *h)
{
	char why[256];

	CHECK(doors_count(h) == 1);
	CHECK(fcntl(4, F_GETFD) < 0 || fcntl(4, F_GETFL) != O_RDONLY);
	CHECK(fcntl(3, F_GETFD) & FD_CLOEXEC);
	h->config.listen_default = true;
	listen_at(h, &h->config, "127.0.0.1:0");
	CHECK(doors_apply(h->doors, &h->config, why, sizeof(why)) == 0);
	CHECK(doors_count(h) == 1);
	h->config.listen_default = false;
	CHECK(doors_apply(h->doors, &h->config, why, sizeof(why)) == 0);
	CHECK(doors_count(h) == 2);
	config_clear(&h->config);
	CHECK(doors_apply(h->doors, &h->config, why, sizeof(why)) == 0);
	CHECK(doors_count(h) == 1);
	doors_open(h->doors);
	CHECK(knock(doors_nth(h->doors, 0)) >= 0);
	for (int i = 0; i < 1000 && h->count == 0; i++)
		CHECK(loop_turn(h->loop, 20) == 0);
	CHECK(h->count == 1);
	CHECK(!getenv("LISTEN_FDS") && !getenv("LISTEN_PID"));
}

static void handed_sockets_stay(void **state)
{
	(void)state;
	in_child(take_handed);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(closed_until_opened),
		TEST(a_limit_for_each_address),
		TEST(local_addresses_may_go_free),
		TEST(a_failed_entry_leaves_no_trace),
		TEST(a_full_house_rests),
		TEST(a_full_house_sleeps),
		TEST(a_new_bound_counts_at_once),
		TEST(a_new_door_of_a_full_house),
		TEST(apply_keeps_opens_and_closes),
		TEST(apply_is_all_or_nothing),
		cmocka_unit_test(handed_sockets_stay),
	};

	return cmocka_run_group_tests_name("doors", tests, NULL, NULL);
}
