#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "chatd/journald.h"

/* A journal of our own: a socket that is read when a test says so. */
struct fixture {
	char dir[32];
	struct sockaddr_un at;
	int fd;
	struct journald *sink;
};

/* The program waits for the journal in poll(), and by this clock alone. The journal may read an entry meanwhile. */
static struct {
	struct fixture *f;
	bool reads;
	int times, longest, got;
	int64_t now_us;
} waiting;

static void listen_at(struct fixture *f)
{
	f->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(f->fd, (struct sockaddr *)&f->at, sizeof(f->at)), 0);
}

static void hang_up(struct fixture *f)
{
	close(f->fd);
	unlink(f->at.sun_path);
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	strcpy(f->dir, "/tmp/journald-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	f->at.sun_family = AF_UNIX;
	snprintf(f->at.sun_path, sizeof(f->at.sun_path), "%s/socket", f->dir);
	listen_at(f);
	assert_int_equal(journald_open(&f->sink, f->at.sun_path), 0);
	*state = f;
	memset(&waiting, 0, sizeof(waiting));
	waiting.f = f;
	waiting.now_us = 1000000000;
	/* A wait for the journal would end here. */
	alarm(20);
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	alarm(0);
	journald_free(f->sink);
	hang_up(f);
	rmdir(f->dir);
	free(f);
	return 0;
}

/* The next entry as text; "" when none waits. */
static const char *next_entry(struct fixture *f)
{
	static char entry[70000];
	ssize_t n = recv(f->fd, entry, sizeof(entry) - 1, MSG_DONTWAIT);

	entry[n < 0 ? 0 : n] = '\0';
	return entry;
}

int __real_poll(struct pollfd *fds, nfds_t n, int timeout);
int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout);
int64_t __wrap_clock_mono_us(void);

int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout)
{
	int ready;

	waiting.times++;
	if (timeout > waiting.longest || timeout < 0)
		waiting.longest = timeout < 0 ? INT_MAX : timeout;
	if (waiting.reads)
		waiting.got += strncmp(next_entry(waiting.f), "MESSAGE=burst\n", 14) == 0;
	ready = __real_poll(fds, n, 0);
	if (ready == 0)
		waiting.now_us += timeout * 1000ll;
	return ready;
}

int64_t __wrap_clock_mono_us(void)
{
	return waiting.now_us;
}

static void write_text(struct fixture *f, const char *text)
{
	const struct log_entry entry = {.level = LOG_LEVEL_INFO, .text = text};

	journald_write(f->sink, &entry);
}

static void an_entry_is_a_datagram_of_fields(void **state)
{
	struct fixture *f = *state;
	const struct log_field fields[] = {{"CHATD_EVENT", "kill"}, {"CHATD_NICK", NULL}, {"CHATD_REASON", "a = b"}};
	const struct log_entry entry = {LOG_LEVEL_WARNING, "0123456789abcdef0123456789abcdef", "hello", fields, 3};

	journald_write(f->sink, &entry);
	assert_string_equal(next_entry(f), "MESSAGE=hello\nPRIORITY=4\nSYSLOG_IDENTIFIER=chatd\n"
					   "MESSAGE_ID=0123456789abcdef0123456789abcdef\nCHATD_EVENT=kill\n"
					   "CHATD_REASON=a = b\n");
	write_text(f, "plain");
	assert_string_equal(next_entry(f), "MESSAGE=plain\nPRIORITY=6\nSYSLOG_IDENTIFIER=chatd\n");
	assert_string_equal(next_entry(f), "");
}

/* A newline in a value would begin a field of the stranger's choice. */
static void values_stay_inside_their_fields(void **state)
{
	struct fixture *f = *state;
	const struct log_field field = {"CHATD_NICK", "x\nPRIORITY=0\x1b[31m\xc2\x9b\xff"};
	const struct log_entry entry = {LOG_LEVEL_INFO, NULL, "hello", &field, 1};

	journald_write(f->sink, &entry);
	assert_string_equal(next_entry(f), "MESSAGE=hello\nPRIORITY=6\nSYSLOG_IDENTIFIER=chatd\n"
					   "CHATD_NICK=x\\012PRIORITY=0\\033[31m\\302\\233\\377\n");
}

static void check_bounded(const char *got, size_t nfields)
{
	const char *end = got + strlen(got);
	size_t lines = 0;

	assert_true(end - got > 8000 && end - got <= 16384);
	assert_int_equal(end[-1], '\n');
	for (const char *at = got; at < end; at = strchr(at, '\n') + 1) {
		assert_true(at == got || strncmp(at, "PRIORITY=6\n", 11) == 0 || strncmp(at, "SYSLOG_IDENT", 12) == 0 ||
			    strncmp(at, "CHATD_VALUE=\\001", 16) == 0);
		lines++;
	}
	assert_true(lines > 8 && lines < nfields);
}

/* Whatever is in it, an entry arrives; fields that are too many are missing as a whole. */
static void a_large_entry_is_bounded(void **state)
{
	static char value[100000], text[100000];
	struct fixture *f = *state;
	struct log_field fields[64];
	const struct log_entry entry = {LOG_LEVEL_INFO, NULL, text, fields, 64};

	memset(value, '\x01', sizeof(value) - 1);
	memset(text, 'x', 2000);
	for (int i = 0; i < 64; i++)
		fields[i] = (struct log_field){"CHATD_VALUE", value};
	journald_write(f->sink, &entry);
	check_bounded(next_entry(f), 64);
}

enum { BURST = 200 };

/* More at once than its queue may hold: a journal that reads while it is waited for gets all. */
static void a_busy_journal_is_waited_for(void **state)
{
	struct fixture *f = *state;

	waiting.reads = true;
	for (int i = 0; i < BURST; i++)
		write_text(f, "burst");
	for (int i = waiting.got; i < BURST; i++)
		assert_memory_equal(next_entry(f), "MESSAGE=burst\n", 14);
	assert_true(waiting.got > 0 && waiting.got == waiting.times);
	assert_string_equal(next_entry(f), "");
}

/* Nobody reads: the queue of the socket fills, and the program goes on. Afterwards the journal hears what it missed. */
static void a_stopped_journal_holds_nothing_up(void **state)
{
	struct fixture *f = *state;
	const char *got;
	char expected[200];
	int arrived = 0;

	for (int i = 0; i < 5000; i++)
		write_text(f, "unread");
	/* Once, and not for long: an entry was lost, so it is stuck. */
	assert_true(waiting.times == 1 && waiting.longest > 0 && waiting.longest <= 20);
	while (strncmp(next_entry(f), "MESSAGE=unread\n", 15) == 0)
		arrived++;
	assert_true(arrived > 0 && arrived < 5000);
	write_text(f, "again");
	snprintf(expected, sizeof(expected),
		 "MESSAGE=%d entries are missing here: the journal did not take them\nPRIORITY=4\n"
		 "SYSLOG_IDENTIFIER=chatd\nMESSAGE_ID=%s\nCHATD_EVENT=log-lost\nCHATD_COUNT=%d\n",
		 5000 - arrived, log_about(EVENT_LOG_LOST)->message_id, 5000 - arrived);
	assert_string_equal(next_entry(f), expected);
	got = next_entry(f);
	assert_memory_equal(got, "MESSAGE=again\n", 14);
	write_text(f, "and on");
	assert_memory_equal(next_entry(f), "MESSAGE=and on\n", 15);
	assert_string_equal(next_entry(f), "");
}

/* The same socket, or the one that takes its place. */
static void a_journal_that_comes_back_is_found(void **state)
{
	struct fixture *f = *state;

	signal(SIGPIPE, SIG_DFL);
	hang_up(f);
	write_text(f, "nobody");
	write_text(f, "nobody");
	listen_at(f);
	write_text(f, "here");
	assert_memory_equal(next_entry(f), "MESSAGE=2 entries are missing", 29);
	assert_memory_equal(next_entry(f), "MESSAGE=here\n", 13);
}

static void where_there_is_none(void **state)
{
	struct fixture *f = *state;
	char path[200];
	struct journald *sink = NULL;

	snprintf(path, sizeof(path), "%s/none", f->dir);
	assert_int_equal(journald_open(&sink, path), -ENOENT);
	memset(path, '/', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(journald_open(&sink, path), -ENAMETOOLONG);
	assert_null(sink);
	journald_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_entry_is_a_datagram_of_fields, set_up, tear_down),
		cmocka_unit_test_setup_teardown(values_stay_inside_their_fields, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_large_entry_is_bounded, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_busy_journal_is_waited_for, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_stopped_journal_holds_nothing_up, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_journal_that_comes_back_is_found, set_up, tear_down),
		cmocka_unit_test_setup_teardown(where_there_is_none, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
