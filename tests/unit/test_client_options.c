#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chat-client/options.h"

static char why[512];

static enum options_result parse(struct options *o, const char *const *words)
{
	char *argv[16] = {(char *)(uintptr_t) "chat-client"};
	struct options_args args = {1, argv, "ana.maria", NULL};

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

/* A file of this test's making, as the usual configuration. */
static enum options_result configured(struct options *o, const char *text, const char *const *words)
{
	char path[] = "/tmp/test_client_options.XXXXXX", *argv[16] = {(char *)(uintptr_t) "chat-client"};
	struct options_args args = {1, argv, "ana", path};
	int fd = mkstemp(path);
	enum options_result result;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	for (; words[args.argc - 1]; args.argc++)
		argv[args.argc] = (char *)(uintptr_t)words[args.argc - 1];
	result = options_parse(o, &args, why, sizeof(why));
	(void)unlink(path);
	return result;
}

static const char file[] = "nick = bea ; mine\n"
			   "bell = off\n"
			   "server = work\n"
			   "ignore = eve\n"
			   "[work]\n"
			   "host = chat.example:7000\n"
			   "tls = yes\n"
			   "channel = #a\n"
			   "channel = b\n"
			   "ignore = *!*@spam.example\n"
			   "mute = #b\n"
			   "joins = no\n"
			   "\n"
			   "[home]\n"
			   "nick = mum\n";

static void test_configuration(void **state)
{
	struct options o;

	(void)state;
	assert_int_equal(configured(&o, file, WORDS("--wait")), OPTIONS_RUN);
	assert_string_equal(o.host, "chat.example");
	assert_string_equal(o.port, "7000");
	assert_string_equal(o.nick, "bea");
	assert_string_equal(o.bell, "off");
	assert_string_equal(o.server, "work");
	assert_true(o.tls && o.wait && o.fold_joins);
	assert_int_equal(o.nchannels, 2);
	assert_string_equal(o.channels[1], "#b");
	assert_int_equal(o.nignored, 2);
	assert_string_equal(o.ignored[1], "*!*@spam.example");
	assert_string_equal(o.muted[0], "#b");
}

static void test_command_line_has_the_last_word(void **state)
{
	struct options o;

	(void)state;
	assert_int_equal(configured(&o, file, WORDS("-S", "work", "-n", "me", "-c", "c", "--tls=no", "--joins")),
			 OPTIONS_RUN);
	assert_string_equal(o.nick, "me");
	assert_false(o.tls || o.fold_joins);
	assert_int_equal(o.nchannels, 1);
	assert_string_equal(o.channels[0], "#c");
	/* a name of the file, and a host that is none */
	assert_int_equal(configured(&o, file, WORDS("home")), OPTIONS_RUN);
	assert_string_equal(o.host, "home");
	assert_string_equal(o.nick, "mum");
	assert_int_equal(o.nchannels, 0);
	assert_int_equal(configured(&o, file, WORDS("other.example")), OPTIONS_RUN);
	assert_string_equal(o.host, "other.example");
	assert_string_equal(o.nick, "bea");
	assert_string_equal(o.server, "");
	assert_false(o.tls);
	/* another way to the server of that name */
	assert_int_equal(configured(&o, file, WORDS("-S", "work", "other.example")), OPTIONS_RUN);
	assert_string_equal(o.host, "other.example");
	assert_true(o.tls);
}

static void check_fault(const char *text, unsigned line, const char *sentence)
{
	struct options o;
	char wanted[256];

	assert_int_equal(configured(&o, text, WORDS("h")), OPTIONS_CONFIG);
	snprintf(wanted, sizeof(wanted), ":%u: %s", line, sentence);
	if (!strstr(why, wanted))
		fail_msg("'%s' does not hold '%s'", why, wanted);
}

static void test_faults_of_the_configuration(void **state)
{
	struct options o;

	(void)state;
	check_fault("nick = a\ncolour = auto\n", 2, "colour = auto: there is no such setting");
	check_fault("bell = loud", 1, "bell = loud: a bell rings off, mention or all");
	check_fault("[a]\n\nchannel = a b\n", 3, "channel = a b: no channel");
	check_fault("[a]\ntls = perhaps\n", 2, "tls = perhaps: that is neither yes nor no");
	check_fault("[a]\nserver = b\n", 2, "server stands before");
	check_fault("[h]\n[h]\n", 2, "[h] stands here a second time");
	check_fault("[]\n", 1, "no part of the configuration can be called []");
	check_fault("nonsense\n", 1, "this is neither");
	check_fault("[a\n", 1, "the heading has no ']'");
	check_fault("config = /x\n", 1, "config = /x: there is no such setting");
	assert_int_equal(configured(&o, file, WORDS("-S", "nowhere")), OPTIONS_WRONG);
	assert_int_equal(configured(&o, "", WORDS("--config=/nonexistent/file", "h")), OPTIONS_CONFIG);
	assert_int_equal(configured(&o, "server = none\n", (const char *const[]){NULL}), OPTIONS_WRONG);
	assert_int_equal(configured(&o, "nick = a\n", (const char *const[]){NULL}), OPTIONS_WRONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_all_options),
		cmocka_unit_test(test_servers),
		cmocka_unit_test(test_nick_option_wins),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_make_nick),
		cmocka_unit_test(test_configuration),
		cmocka_unit_test(test_command_line_has_the_last_word),
		cmocka_unit_test(test_faults_of_the_configuration),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
