#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "chat-client/options.h"

static char why[512];

static enum options_result parse(struct options *o, const char *const *words)
{
	char *argv[16] = {(char *)(uintptr_t) "chat-client"};
	struct options_args args = {1, argv, "ana.maria"};

	while (words[args.argc - 1]) {
		argv[args.argc] = (char *)(uintptr_t)words[args.argc - 1];
		args.argc++;
	}
	argv[args.argc] = NULL;
	return options_parse(o, &args, why, sizeof(why));
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void test_defaults(void **state)
{
	struct options o;

	(void)state;
	assert_int_equal(parse(&o, WORDS("chat.example")), OPTIONS_RUN);
	assert_string_equal(o.host, "chat.example");
	assert_string_equal(o.port, "6667");
	/* what no nick may hold is dropped */
	assert_string_equal(o.nick, "anamaria");
	assert_int_equal(o.nchannels, 0);
	assert_false(o.wait);
}

static void test_all_options(void **state)
{
	struct options o;

	(void)state;
	assert_int_equal(parse(&o, WORDS("-c", "#a", "--channel=b", "h", "-n", "Bo[t]", "-p", "7000", "--wait")),
			 OPTIONS_RUN);
	assert_int_equal(o.nchannels, 2);
	assert_string_equal(o.channels[0], "#a");
	assert_string_equal(o.channels[1], "#b");
	assert_string_equal(o.nick, "Bo[t]");
	assert_string_equal(o.port, "7000");
	assert_true(o.wait);
	assert_int_equal(parse(&o, WORDS("--help")), OPTIONS_HELP);
	assert_int_equal(parse(&o, WORDS("-V")), OPTIONS_VERSION);
}

static void check_server(const char *text, const char *user, const char *host, const char *port)
{
	struct options o = {.port = "6667"};

	assert_true(options_parse_server(&o, text));
	assert_string_equal(o.user, user);
	assert_string_equal(o.nick, user);
	assert_string_equal(o.host, host);
	assert_string_equal(o.port, port);
}

static void test_servers(void **state)
{
	struct options o;

	(void)state;
	check_server("h", "", "h", "6667");
	check_server("h:6697", "", "h", "6697");
	check_server("eva@h:ircd", "eva", "h", "ircd");
	check_server("192.0.2.1:1", "", "192.0.2.1", "1");
	check_server("[::1]", "", "::1", "6667");
	check_server("eva@[2001:db8::1]:70", "eva", "2001:db8::1", "70");
	check_server("2001:db8::1", "", "2001:db8::1", "6667");
	check_server("/run/chatd/sock:1@x", "", "/run/chatd/sock:1@x", "6667");
	check_server("irc://eva@h:7000", "eva", "h", "7000");
	o = (struct options){0};
	assert_true(options_parse_server(&o, "ircs://h/lobby"));
	assert_true(o.tls);
	assert_string_equal(o.channels[0], "#lobby");
	assert_false(options_parse_server(&o, "ircs://"));
	assert_false(options_parse_server(&o, ""));
	assert_false(options_parse_server(&o, "@h"));
	assert_false(options_parse_server(&o, "h:"));
	assert_false(options_parse_server(&o, ":6667"));
	assert_false(options_parse_server(&o, "[::1"));
	assert_false(options_parse_server(&o, "[::1]6667"));
	assert_false(options_parse_server(&o, "[]"));
}

static void test_nick_option_wins(void **state)
{
	struct options o;

	(void)state;
	assert_int_equal(parse(&o, WORDS("-n", "me", "eva@h")), OPTIONS_RUN);
	assert_string_equal(o.nick, "me");
	assert_string_equal(o.user, "eva");
}

static void test_wrong(void **state)
{
	struct options o;

	(void)state;
	assert_int_equal(parse(&o, (const char *const[]){NULL}), OPTIONS_WRONG);
	assert_int_equal(parse(&o, WORDS("a", "b")), OPTIONS_WRONG);
	assert_int_equal(parse(&o, WORDS("-c")), OPTIONS_WRONG);
	assert_string_equal(why, "option '-c' needs a value");
	assert_int_equal(parse(&o, WORDS("--bogus", "h")), OPTIONS_WRONG);
	assert_string_equal(why, "unknown option '--bogus'");
	assert_int_equal(parse(&o, WORDS("-c", "#a,#b", "h")), OPTIONS_WRONG);
	assert_int_equal(parse(&o, WORDS("-c", "", "h")), OPTIONS_WRONG);
	assert_int_equal(parse(&o, WORDS("-c", "#", "h")), OPTIONS_WRONG);
	assert_int_equal(parse(&o, WORDS("-n", "1st", "h")), OPTIONS_WRONG);
	assert_int_equal(parse(&o, WORDS("-n", "", "h")), OPTIONS_WRONG);
}

static void test_make_nick(void **state)
{
	char nick[NAME_NICK_MAX + 1];

	(void)state;
	assert_true(options_make_nick(nick, "1st-é.user"));
	assert_string_equal(nick, "st-user");
	assert_false(options_make_nick(nick, "123"));
	assert_true(options_make_nick(nick, "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz"));
	assert_int_equal(strlen(nick), NAME_NICK_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults), cmocka_unit_test(test_all_options),
		cmocka_unit_test(test_servers),  cmocka_unit_test(test_nick_option_wins),
		cmocka_unit_test(test_wrong),    cmocka_unit_test(test_make_nick),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
