#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/un.h>

#include <cmocka.h>

#include "net/address.h"

static void assert_text(const char *host, const char *port, const char *text, const char *as_host, bool local)
{
	struct address a;
	char got[ADDRESS_TEXT_MAX];
	assert_int_equal(address_parse(&a, host, port), 0);
	address_format(&a, got);
	assert_string_equal(got, text);
	address_host(&a, got);
	assert_string_equal(got, as_host);
	assert_int_equal(address_is_local(&a), local);
	assert_int_equal(address_is_unix(&a), host[0] == '/');
}

static void test_text_of_each_kind(void **state)
{
	(void)state;
	assert_text("192.0.2.1", "6667", "192.0.2.1:6667", "192.0.2.1", false);
	assert_text("127.9.9.9", "0", "127.9.9.9:0", "127.9.9.9", true);
	assert_text("2001:db8::1", "65535", "[2001:db8::1]:65535", "2001:db8::1", false);
	assert_text("::1", "1", "[::1]:1", "0::1", true);
	assert_text("*", "6667", "[::]:6667", "0::", false);
	assert_text("", "6667", "[::]:6667", "0::", false);
	assert_text("/run/chatd/sock", NULL, "unix:/run/chatd/sock", "localhost", true);
}

static void test_mapped_addresses_come_out_as_ipv4(void **state)
{
	(void)state;
	assert_text("::ffff:192.0.2.7", "6667", "192.0.2.7:6667", "192.0.2.7", false);
	assert_text("::ffff:127.0.0.1", "6667", "127.0.0.1:6667", "127.0.0.1", true);
	assert_text("::ffff:0:127.0.0.1", "1", "[::ffff:0:7f00:1]:1", "0::ffff:0:7f00:1", false);
}

static void test_what_is_no_address_is_refused(void **state)
{
	static const char *const bad[][2] = {
		{"localhost", "1"}, {"1.2.3", "1"},       {"1.2.3.4.5", "1"},     {"256.0.0.1", "1"},
		{"::g", "1"},       {"[::1]", "1"},       {"127.0.0.1", "65536"}, {"127.0.0.1", "-1"},
		{"127.0.0.1", ""},  {"127.0.0.1", "12x"}, {"127.0.0.1", NULL},    {" 127.0.0.1", "1"},
	};
	struct address a;
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(address_parse(&a, bad[i][0], bad[i][1]), -EINVAL);
}

/* What one customer has counts as one place. */
static void test_places(void **state)
{
	static const char *const rows[][2] = {
		{"2001:db8:1:2::1", "2001:db8:1:2::/64"},
		{"2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"},
		{"2001:db8:1:3::1", "2001:db8:1:3::/64"},
		{"0::1", "0::1"},
		{"192.0.2.1", "192.0.2.1"},
		{"localhost", "localhost"},
	};
	char got[ADDRESS_TEXT_MAX];
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		address_place(rows[i][0], got);
		assert_string_equal(got, rows[i][1]);
	}
}

static void test_longest_path(void **state)
{
	struct address a;
	char path[200], text[ADDRESS_TEXT_MAX], want[ADDRESS_TEXT_MAX] = "unix:";
	size_t max = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1;
	(void)state;
	memset(path, 'x', sizeof(path));
	path[0] = '/';
	path[max] = '\0';
	assert_int_equal(address_parse(&a, path, NULL), 0);
	address_format(&a, text);
	strlcat(want, path, sizeof(want));
	assert_string_equal(text, want);
	path[max] = 'x';
	path[max + 1] = '\0';
	assert_int_equal(address_parse(&a, path, NULL), -EINVAL);
}

static void assert_unix_text(const char *path, size_t n, const char *want)
{
	struct address a = {.len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)};
	struct sockaddr_un *un = (struct sockaddr_un *)&a.ss;
	char text[ADDRESS_TEXT_MAX];
	memset(&a.ss, 'Z', sizeof(a.ss));
	un->sun_family = AF_UNIX;
	memcpy(un->sun_path, path, n);
	address_format(&a, text);
	assert_string_equal(text, want);
	assert_true(address_is_local(&a));
}

/* As accept(2) and getsockname(2) give them: without a name, without NUL, or with one in front. */
static void test_unix_addresses_of_the_kernel(void **state)
{
	char full[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	char want[ADDRESS_TEXT_MAX];
	(void)state;
	assert_unix_text("", 0, "unix:");
	assert_unix_text("/a", 2, "unix:/a");
	assert_unix_text("\0name", 5, "unix:@name");
	memset(full, 'y', sizeof(full));
	full[0] = '/';
	memcpy(want, "unix:", 5);
	memcpy(want + 5, full, sizeof(full));
	want[5 + sizeof(full)] = '\0';
	assert_unix_text(full, sizeof(full), want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_of_each_kind),
		cmocka_unit_test(test_mapped_addresses_come_out_as_ipv4),
		cmocka_unit_test(test_what_is_no_address_is_refused),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_longest_path),
		cmocka_unit_test(test_unix_addresses_of_the_kernel),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
