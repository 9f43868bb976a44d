#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "chatd/http_head.h"

/* What a whole head of n bytes gives; HTTP_MORE: it was not complete. */
static int ask_bytes(const char *text, size_t n)
{
	struct http_head h = {0};
	struct str rest = {text, n}, line;
	int status = HTTP_MORE;

	while (status == HTTP_MORE && str_split(&rest, '\n', &line))
		status = http_head_line(&h, line, "/metrics");
	return status;
}

static int ask(const char *text)
{
	return ask_bytes(text, strlen(text));
}

#define HOST "Host: a\r\n"

static void test_what_is_served(void **state)
{
	(void)state;
	assert_int_equal(ask("GET /metrics HTTP/1.1\r\n" HOST "\r\n"), HTTP_OK);
	assert_int_equal(ask("GET /metrics HTTP/1.0\r\n\r\n"), HTTP_OK);
	assert_int_equal(ask("GET /metrics?name=x HTTP/1.1\r\nhost:\r\nAccept: */*;q=0.1,\ttext/plain\r\n\r\n"),
			 HTTP_OK);
	assert_int_equal(ask("GET /metrics HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n"), HTTP_OK);
}

static void test_what_is_not_there(void **state)
{
	static const char *const targets[] = {"/", "/metricsx", "/Metrics", "/metrics/", "//metrics", "/?/metrics"};
	char text[100];

	(void)state;
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\n" HOST "\r\n", targets[i]);
		assert_int_equal(ask(text), HTTP_NOT_FOUND);
	}
}

static void test_other_methods(void **state)
{
	(void)state;
	assert_int_equal(ask("HEAD /metrics HTTP/1.1\r\n" HOST "\r\n"), HTTP_NOT_ALLOWED);
	assert_int_equal(ask("POST /metrics HTTP/1.1\r\n" HOST "\r\n"), HTTP_NOT_ALLOWED);
	assert_int_equal(ask("get /metrics HTTP/1.1\r\n" HOST "\r\n"), HTTP_NOT_ALLOWED);
	assert_int_equal(ask("POST /x HTTP/1.1\r\n" HOST "\r\n"), HTTP_NOT_FOUND);
}

static void test_bad_first_lines(void **state)
{
	static const char *const lines[] = {
		"",
		" ",
		"GET",
		"GET /metrics",
		"GET  /metrics HTTP/1.1",
		"GET /metrics  HTTP/1.1",
		"GET /metrics HTTP/1.1 ",
		"GET /metrics HTTP/1.2",
		"GET /metrics HTTP/2.0",
		"GET /metrics http/1.1",
		"GET metrics HTTP/1.1",
		"GET http://a/metrics HTTP/1.1",
		"GET /met\trics HTTP/1.1",
		"GET /\xc3\xa9 HTTP/1.1",
		"GET /metrics\x7f HTTP/1.1",
		"G(T /metrics HTTP/1.1",
		"/metrics HTTP/1.1",
		"NICK joe",
	};
	char text[100];

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		snprintf(text, sizeof(text), "%s\r\n" HOST "\r\n", lines[i]);
		assert_int_equal(ask(text), HTTP_BAD);
	}
}

static void test_bad_fields(void **state)
{
	static const char *const lines[] = {
		"no colon",
		": no name",
		"Name : a blank",
		" folded: line",
		"a b: c",
		"x: \x01",
		"x: a\rb",
		"Transfer-Encoding: chunked",
		"content-length: 5",
		"Content-Length: x",
	};
	char text[200];

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		snprintf(text, sizeof(text), "GET /metrics HTTP/1.1\r\n" HOST "%s\r\n\r\n", lines[i]);
		assert_int_equal(ask(text), HTTP_BAD);
	}
}

static void test_other_breaches(void **state)
{
	static const char nul[] = "GET /metrics HTTP/1.1\r\n" HOST "x: a\0b\r\n\r\n";
	static const char nul_in_name[] = "GET /metrics HTTP/1.1\r\n" HOST "x\0: a\r\n\r\n";

	(void)state;
	assert_int_equal(ask("GET /metrics HTTP/1.1\r\n\r\n"), HTTP_BAD);
	assert_int_equal(ask("GET /metrics HTTP/1.1\n" HOST "\r\n"), HTTP_BAD);
	assert_int_equal(ask("GET /metrics HTTP/1.1\r\n" HOST "\n"), HTTP_BAD);
	assert_int_equal(ask_bytes(nul, sizeof(nul) - 1), HTTP_BAD);
	assert_int_equal(ask_bytes(nul_in_name, sizeof(nul_in_name) - 1), HTTP_BAD);
	assert_int_equal(ask("GET /metrics HTTP/1.1\r\n" HOST), HTTP_MORE);
}

/* A head of exactly n bytes. */
static int ask_long(size_t n)
{
	static const char front[] = "GET /metrics HTTP/1.1\r\n" HOST;
	char *text = malloc(n + 1);
	size_t at = sizeof(front) - 1;
	int status;

	memcpy(text, front, at);
	while (n - at > 100 + 2) {
		memset(text + at, 'a', 100);
		memcpy(text + at + 1, ":", 1);
		memcpy(text + at + 98, "\r\n", 2);
		at += 100;
	}
	memset(text + at, 'b', n - at);
	text[at + 1] = ':';
	memcpy(text + n - 4, "\r\n\r\n", 4);
	status = ask_bytes(text, n);
	free(text);
	return status;
}

static void test_its_length_is_bounded(void **state)
{
	(void)state;
	assert_int_equal(ask_long(HTTP_HEAD_MAX), HTTP_OK);
	assert_int_equal(ask_long(HTTP_HEAD_MAX + 1), HTTP_BAD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_served),
		cmocka_unit_test(test_what_is_not_there),
		cmocka_unit_test(test_other_methods),
		cmocka_unit_test(test_bad_first_lines),
		cmocka_unit_test(test_bad_fields),
		cmocka_unit_test(test_other_breaches),
		cmocka_unit_test(test_its_length_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
