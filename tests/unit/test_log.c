#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"

static void check_escape(const char *src, size_t n, const char *want)
{
	char got[256];

	log_escape(got, sizeof(got), src, n);
	assert_string_equal(got, want);
}

#define ESCAPE(literal, want) check_escape(literal, sizeof(literal) - 1, want)

static void test_escape(void **state)
{
	(void)state;
	ESCAPE("", "");
	ESCAPE("plain text, 100 %", "plain text, 100 %");
	ESCAPE("caf\xc3\xa9 \xf0\x9f\x98\x80", "caf\xc3\xa9 \xf0\x9f\x98\x80");
	ESCAPE("\x1b[2J", "\\033[2J");
	ESCAPE("a\nb\r\tc", "a\\012b\\015\\011c");
	ESCAPE("\0\x7f", "\\000\\177");
	ESCAPE("\x9b"
	       "31m",
	       "\\23331m");
	ESCAPE("\xc2\x9b"
	       "31m",
	       "\\302\\23331m");
	ESCAPE("\xc2\x80\xc2\x9f\xc2\xa0", "\\302\\200\\302\\237\xc2\xa0");
	ESCAPE("\xe2\x80\x8b\xe2\x80\x8d\xe2\x80\x8e\xe2\x80\x8f",
	       "\\342\\200\\213\\342\\200\\215\\342\\200\\216\\342\\200\\217");
	ESCAPE("\xe2\x80\xa8\xe2\x80\xa9", "\\342\\200\\250\\342\\200\\251");
	ESCAPE("\xe2\x80\xaa\xe2\x80\xae", "\\342\\200\\252\\342\\200\\256");
	ESCAPE("\xe2\x81\xa6\xe2\x81\xa9", "\\342\\201\\246\\342\\201\\251");
	ESCAPE("\xef\xbb\xbf", "\\357\\273\\277");
	ESCAPE("\xd8\x9c", "\\330\\234");
	ESCAPE("\xff\xc3(", "\\377\\303(");
	ESCAPE("\xed\xa0\x80", "\\355\\240\\200");
	ESCAPE("\xe2\x82", "\\342\\202");
	/* Neighbours of what is escaped. */
	ESCAPE("\xe2\x80\x8a\xe2\x80\x90\xe2\x80\xaf\xe2\x81\xaa", "\xe2\x80\x8a\xe2\x80\x90\xe2\x80\xaf\xe2\x81\xaa");
}

/* Neither an escape nor a character is ever shown by half. */
static void test_escape_cut(void **state)
{
	static const struct {
		size_t size;
		const char *want;
	} rows[] = {
		{1, ""},
		{2, "a"},
		{5, "a"},
		{6, "a\\033"},
		{7, "a\\033"},
		{8, "a\\033\xc3\xa9"},
		{9, "a\\033\xc3\xa9z"},
	};
	char got[10];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		memset(got, '#', sizeof(got));
		log_escape(got, rows[i].size, "a\x1b\xc3\xa9z", 5);
		assert_string_equal(got, rows[i].want);
		assert_int_equal(got[rows[i].size], '#');
	}
	got[0] = '#';
	log_escape(got, 0, "a", 1);
	assert_int_equal(got[0], '#');
}

struct seen {
	int count;
	enum log_level level;
	const char *message_id;
	char text[4096];
	char fields[512]; /* NAME=value, separated by spaces */
};

static void remember(void *ctx, const struct log_entry *entry)
{
	struct seen *seen = ctx;

	seen->count++;
	seen->level = entry->level;
	seen->message_id = entry->message_id;
	strcpy(seen->text, entry->text);
	seen->fields[0] = '\0';
	for (size_t i = 0; i < entry->nfields; i++) {
		size_t n = strlen(seen->fields);

		snprintf(seen->fields + n, sizeof(seen->fields) - n, "%s%s=%s", i ? " " : "", entry->fields[i].name,
			 entry->fields[i].value);
	}
	errno = ENOMEM;
}

static void test_sink(void **state)
{
	struct seen seen = {0};

	(void)state;
	log_set_sink(remember, &seen);
	errno = EBADF;
	log_text(LOG_LEVEL_WARNING, "%s went\n%d", "x\x1b", 3);
	assert_int_equal(errno, EBADF);
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.level, LOG_LEVEL_WARNING);
	assert_string_equal(seen.text, "x\\033 went\\0123");
	assert_null(seen.message_id);
	assert_string_equal(seen.fields, "");
	log_event(EVENT_CLIENT_IN, LOG_FIELDS({"CHATD_NICK", "raw\nbytes"}, {"CHATD_ACCOUNT", NULL}), "hello \x1b");
	assert_int_equal(errno, EBADF);
	assert_int_equal(seen.count, 2);
	assert_int_equal(seen.level, LOG_LEVEL_INFO);
	assert_string_equal(seen.text, "hello \\033");
	assert_string_equal(seen.message_id, log_about(EVENT_CLIENT_IN)->message_id);
	assert_string_equal(seen.fields, "CHATD_EVENT=client-in CHATD_NICK=raw\nbytes");
	log_event(EVENT_RELOADED, LOG_NO_FIELDS, "again");
	assert_string_equal(seen.fields, "CHATD_EVENT=reloaded");
	log_set_sink(NULL, NULL);
}

static int64_t now_ms;

static int64_t stopped_clock(void)
{
	return now_ms;
}

/* What is left out of one event is told with the next of the same, and others are not held back. */
static void test_rate(void **state)
{
	const struct log_about *about = log_about(EVENT_KILL);
	struct seen seen = {0};

	(void)state;
	log_set_clock(stopped_clock);
	log_set_sink(remember, &seen);
	now_ms = 5000;
	for (int i = 0; i < about->burst + 7; i++)
		log_event(EVENT_KILL, LOG_FIELDS({"CHATD_NICK", "n"}), "%d", i);
	assert_int_equal(seen.count, about->burst);
	log_event(EVENT_REHASH, LOG_NO_FIELDS, "other");
	assert_string_equal(seen.fields, "CHATD_EVENT=rehash");
	now_ms += about->seconds * 1000ll - 1;
	log_event(EVENT_KILL, LOG_NO_FIELDS, "too early");
	assert_int_equal(seen.count, about->burst + 1);
	now_ms++;
	log_event(EVENT_KILL, LOG_FIELDS({"CHATD_NICK", "n"}), "later");
	assert_string_equal(seen.fields, "CHATD_EVENT=kill CHATD_NICK=n CHATD_SUPPRESSED=8");
	assert_string_equal(seen.text, "later (8 more of these were not logged)");
	log_event(EVENT_KILL, LOG_NO_FIELDS, "the next");
	assert_string_equal(seen.fields, "CHATD_EVENT=kill");
	assert_string_equal(seen.text, "the next");
	log_set_sink(NULL, NULL);
	log_set_clock(NULL);
}

/* What is below the level counts for nothing. */
static void test_rate_counts_what_is_wanted(void **state)
{
	struct seen seen = {0};

	(void)state;
	log_set_clock(stopped_clock);
	log_set_sink(remember, &seen);
	now_ms = 1000000;
	log_set_level(LOG_LEVEL_WARNING);
	for (int i = 0; i < 10000; i++)
		log_event(EVENT_CLIENT_OUT, LOG_NO_FIELDS, "quiet");
	assert_int_equal(seen.count, 0);
	log_set_level(LOG_LEVEL_INFO);
	log_event(EVENT_CLIENT_OUT, LOG_NO_FIELDS, "heard");
	assert_string_equal(seen.fields, "CHATD_EVENT=client-out");
	log_set_sink(NULL, NULL);
	log_set_clock(NULL);
}

static bool is_hex(const char *s)
{
	return strlen(s) == 32 && strspn(s, "0123456789abcdef") == 32;
}

static void test_every_event_has_its_own_row(void **state)
{
	(void)state;
	for (int i = 0; i < EVENT_COUNT; i++) {
		const struct log_about *about = log_about(i);

		assert_non_null(about->name);
		assert_true(is_hex(about->message_id));
		assert_true(about->level >= LOG_LEVEL_ERR && about->level <= LOG_LEVEL_DEBUG);
		assert_true(about->burst > 0 && about->seconds > 0);
		for (int j = 0; j < i; j++) {
			assert_string_not_equal(about->name, log_about(j)->name);
			assert_string_not_equal(about->message_id, log_about(j)->message_id);
		}
	}
}

static void *log_in_thread(void *arg)
{
	(void)arg;
	for (int i = 0; i < 500; i++)
		log_event(EVENT_KILL, LOG_FIELDS({"CHATD_NICK", "n"}), "%d", i);
	return NULL;
}

/* One entry at a time comes to the sink, and none is counted twice. */
static void test_threads(void **state)
{
	struct seen seen = {0};
	pthread_t threads[4];

	(void)state;
	log_set_clock(stopped_clock);
	log_set_sink(remember, &seen);
	now_ms += 1000000;
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, log_in_thread, NULL), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(seen.count, log_about(EVENT_KILL)->burst);
	now_ms += 1000000;
	log_event(EVENT_KILL, LOG_NO_FIELDS, "after");
	assert_string_equal(seen.fields, "CHATD_EVENT=kill CHATD_SUPPRESSED=1000");
	log_set_sink(NULL, NULL);
	log_set_clock(NULL);
}

static void test_level(void **state)
{
	struct seen seen = {0};

	(void)state;
	log_set_sink(remember, &seen);
	assert_true(log_wants(LOG_LEVEL_INFO));
	assert_false(log_wants(LOG_LEVEL_DEBUG));
	log_text(LOG_LEVEL_DEBUG, "no");
	assert_int_equal(seen.count, 0);
	log_set_level(LOG_LEVEL_DEBUG);
	log_text(LOG_LEVEL_DEBUG, "yes");
	assert_int_equal(seen.count, 1);
	log_set_level(LOG_LEVEL_ERR);
	log_event(EVENT_NO_LIMITS, LOG_NO_FIELDS, "no");
	log_text(LOG_LEVEL_ERR, "yes");
	assert_int_equal(seen.count, 2);
	log_set_level(LOG_LEVEL_INFO);
	log_set_sink(NULL, NULL);
}

static void test_long_text_is_cut(void **state)
{
	char text[5000];
	struct seen seen = {0};

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	log_set_sink(remember, &seen);
	log_text(LOG_LEVEL_INFO, "%s", text);
	assert_true(strlen(seen.text) >= 1000);
	assert_true(strspn(seen.text, "x") == strlen(seen.text));
	memset(text, '\x1b', sizeof(text) - 1);
	log_text(LOG_LEVEL_INFO, "%s", text);
	assert_int_equal(strlen(seen.text) % 4, 0);
	log_set_sink(NULL, NULL);
}

/* Puts fd in the place of stderr; returns what was there. */
static int swap_stderr(int fd)
{
	int saved = dup(STDERR_FILENO);

	assert_true(saved >= 0);
	assert_int_equal(dup2(fd, STDERR_FILENO), STDERR_FILENO);
	return saved;
}

static void restore_stderr(int saved)
{
	dup2(saved, STDERR_FILENO);
	close(saved);
}

static void check_line(int fd, const char *want)
{
	char got[8192];
	ssize_t n = read(fd, got, sizeof(got) - 1);

	assert_true(n > 0);
	got[n] = '\0';
	assert_string_equal(got, want);
}

static void log_and_check(int fds[2])
{
	const struct log_field fields[] = {
		{"CHATD_PEER", "::1"}, {"CHATD_NICK", NULL},        {"CHATD_TEXT", "a b\" CHATD_X=\n"},
		{"CHATD_NONE", ""},    {"CHATD_LAST", "\xc2\x9bz"},
	};
	int saved = swap_stderr(fds[1]);

	log_set_prefix(true);
	log_event(EVENT_RELOADED, fields, 5, "peer %d", 7);
	log_set_prefix(false);
	restore_stderr(saved);
	check_line(
		fds[0],
		"<5>peer 7 CHATD_EVENT=reloaded CHATD_PEER=::1 CHATD_TEXT=\"a b\\042 CHATD_X=\\012\" CHATD_NONE=\"\" "
		"CHATD_LAST=\\302\\233z\n");
	saved = swap_stderr(fds[1]);
	log_text(LOG_LEVEL_ERR, "two\nlines");
	restore_stderr(saved);
	check_line(fds[0], "error: two\\012lines\n");
	close(fds[0]);
	close(fds[1]);
}

static void test_stderr(void **state)
{
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	log_and_check(fds);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	log_and_check(fds);
}

static void test_entry_is_one_bounded_line(void **state)
{
	static char value[3000];
	struct log_field fields[12];
	char got[8192];
	int fds[2], saved;
	ssize_t n;

	(void)state;
	memset(value, '\x01', sizeof(value) - 1);
	for (int i = 0; i < 12; i++)
		fields[i] = (struct log_field){"CHATD_VALUE", value};
	assert_int_equal(pipe(fds), 0);
	saved = swap_stderr(fds[1]);
	log_event(EVENT_CLIENT_IN, fields, 12, "%s", value);
	restore_stderr(saved);
	n = read(fds[0], got, sizeof(got));
	assert_true(n > 2000 && n <= 4096);
	assert_ptr_equal(memchr(got, '\n', (size_t)n), got + n - 1);
	assert_int_equal(got[n - 2], '1');
	close(fds[0]);
	close(fds[1]);
}

static void fill_up(int fd)
{
	static const char bytes[4096];

	fcntl(fd, F_SETFL, O_NONBLOCK);
	while (write(fd, bytes, sizeof(bytes)) > 0)
		;
	while (write(fd, bytes, 1) > 0)
		;
	fcntl(fd, F_SETFL, 0);
}

/* A stall ends in SIGALRM, death by SIGPIPE in itself. */
static void log_into(int fd)
{
	int saved = swap_stderr(fd);

	alarm(10);
	for (int i = 0; i < 100; i++)
		log_text(LOG_LEVEL_ERR, "into the void %d", i);
	alarm(0);
	restore_stderr(saved);
}

static void test_full_and_closed_pipe(void **state)
{
	int fds[2];

	(void)state;
	signal(SIGPIPE, SIG_DFL);
	assert_int_equal(pipe(fds), 0);
	fill_up(fds[1]);
	log_into(fds[1]);
	close(fds[0]);
	log_into(fds[1]);
	close(fds[1]);
}

static void test_full_and_closed_socket(void **state)
{
	int fds[2];

	(void)state;
	signal(SIGPIPE, SIG_DFL);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	fill_up(fds[1]);
	log_into(fds[1]);
	close(fds[0]);
	log_into(fds[1]);
	close(fds[1]);
}

static void test_no_stderr(void **state)
{
	int saved = dup(STDERR_FILENO);

	(void)state;
	close(STDERR_FILENO);
	log_text(LOG_LEVEL_ERR, "nobody");
	assert_int_equal(dup2(saved, STDERR_FILENO), STDERR_FILENO);
	close(saved);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_escape),
		cmocka_unit_test(test_escape_cut),
		cmocka_unit_test(test_sink),
		cmocka_unit_test(test_rate),
		cmocka_unit_test(test_rate_counts_what_is_wanted),
		cmocka_unit_test(test_every_event_has_its_own_row),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_level),
		cmocka_unit_test(test_long_text_is_cut),
		cmocka_unit_test(test_stderr),
		cmocka_unit_test(test_entry_is_one_bounded_line),
		cmocka_unit_test(test_full_and_closed_pipe),
		cmocka_unit_test(test_full_and_closed_socket),
		cmocka_unit_test(test_no_stderr),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
