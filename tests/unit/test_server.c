#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "proto/line.h"
#include "proto/name.h"
#include "session/server.h"

static int set_up(void **state)
{
	struct server *s = malloc(sizeof(*s));

	assert_non_null(s);
	server_init(s);
	*state = s;
	return 0;
}

static int tear_down(void **state)
{
	server_deinit(*state);
	free(*state);
	return 0;
}

static void set(char **slot, const char *text)
{
	mem_free(*slot);
	*slot = mem_strdup(text);
}

/* All tokens on all lines, each between two spaces. */
static void all_tokens(const struct server *s, char *out, size_t size)
{
	out[0] = '\0';
	for (size_t i = 0; i < s->isupport.count; i++) {
		strlcat(out, " ", size);
		strlcat(out, s->isupport.lines[i], size);
	}
	assert_true(strlcat(out, " ", size) < size);
}

static void assert_token(const struct server *s, const char *token)
{
	char all[4096], wanted[512];

	all_tokens(s, all, sizeof(all));
	snprintf(wanted, sizeof(wanted), " %s ", token);
	if (!strstr(all, wanted))
		fail_msg("\"%s\" is not in%s", token, all);
}

static void defaults_are_sane(void **state)
{
	const struct server *s = *state;

	assert_non_null(strchr(s->name, '.'));
	assert_true(strlen(s->name) < 64);
	assert_true(s->started_ms > INT64_C(1600000000000));
	assert_non_null(strstr(s->started, " UTC"));
	assert_null(s->password);
	assert_false(s->no_limits);
	assert_true(s->flood_rate > 0 && s->flood_burst > 0 && s->ping_ms > 0 && s->registration_ms > 0);
}

/* modern.ircdocs.horse: 13 tokens to a line, and the line must hold the longest nick and server name as well. */
static void isupport_lines_fit(void **state)
{
	struct server *s = *state;
	char network[200];

	memset(network, ' ', sizeof(network) - 1);
	network[sizeof(network) - 1] = '\0';
	set(&s->network, network);
	set(&s->client_tag_deny,
	    "*,-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa,"
	    "-bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb");
	server_build(s);
	assert_true(s->isupport.count >= 2);
	for (size_t i = 0; i < s->isupport.count; i++) {
		const char *line = s->isupport.lines[i];
		unsigned spaces = 0;

		for (const char *p = line; *p; p++)
			spaces += *p == ' ';
		assert_true(spaces <= 12);
		assert_true(line[0] && line[0] != ' ' && line[strlen(line) - 1] != ' ');
		assert_null(strstr(line, "  "));
		assert_true(strlen(":") + NAME_HOST_MAX + strlen(" 005 ") + NAME_NICK_MAX + 1 + strlen(line) +
				    strlen(" :are supported by this server\r\n") <=
			    LINE_BODY_MAX);
	}
	assert_token(s, "SAFELIST");
}

static void isupport_says_what_is_configured(void **state)
{
	struct server *s = *state;

	s->casemap = CASEMAP_RFC1459;
	s->nick_max = 17;
	s->list_max = 55;
	s->channels_max = 21;
	s->monitor_max = 7;
	s->targets_max = 3;
	set(&s->network, "A=B\\C Net");
	server_build(s);
	assert_token(s, "CASEMAPPING=rfc1459");
	assert_token(s, "NICKLEN=17");
	assert_token(s, "MAXLIST=beI:55");
	assert_token(s, "CHANLIMIT=#:21");
	assert_token(s, "MONITOR=7");
	assert_token(s, "NETWORK=A\\x3DB\\x5CC\\x20Net");
	assert_token(s, "PREFIX=(qaohv)~&@%+");
	assert_token(s, "STATUSMSG=~&@%+");
	assert_token(s, "TARGMAX=JOIN:,KICK:3,LIST:,NAMES:1,NOTICE:3,PART:,PRIVMSG:3,TAGMSG:3,WHOIS:3");
	assert_token(s, "UTF8ONLY");
	assert_token(s, "WHOX");
}

/* A second build replaces the first. */
static void build_is_repeatable(void **state)
{
	struct server *s = *state;
	char first[4096], second[4096];
	size_t lines;

	server_build(s);
	all_tokens(s, first, sizeof(first));
	assert_null(strstr(first, "CLIENTTAGDENY"));
	lines = s->isupport.count;
	server_build(s);
	all_tokens(s, second, sizeof(second));
	assert_int_equal(s->isupport.count, lines);
	assert_string_equal(first, second);
	set(&s->client_tag_deny, "typing");
	server_build(s);
	assert_token(s, "CLIENTTAGDENY=typing");
}

static void denies_tags(void **state)
{
	static const struct {
		const char *deny, *key;
		bool allowed;
	} rows[] = {
		{NULL, "+typing", true},
		{"", "+typing", true},
		{"typing", "+typing", false},
		{"typing", "+typin", true},
		{"typing", "+typings", true},
		{"typing", "+x/typing", true},
		{"*", "+typing", false},
		{"*,-typing", "+typing", true},
		{"*,-typing", "+other", false},
		{"*,-x/a,-typing", "+x/a", true},
		{"*,-x/a,-typing", "+x/b", false},
		{"a,b,c", "+b", false},
		{"a,b,c", "+d", true},
		{"-typing", "+typing", true},
	};
	struct server *s = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		set(&s->client_tag_deny, rows[i].deny);
		if (server_tag_allowed(s, str_of(rows[i].key)) != rows[i].allowed)
			fail_msg("deny \"%s\", %s", rows[i].deny ? rows[i].deny : "-", rows[i].key);
	}
}

static void text_lines_are_copies(void **state)
{
	struct text_lines t = {NULL, 0};
	char line[] = "one";

	(void)state;
	text_lines_add(&t, line);
	line[0] = 'x';
	text_lines_add(&t, "");
	assert_int_equal(t.count, 2);
	assert_string_equal(t.lines[0], "one");
	assert_string_equal(t.lines[1], "");
	text_lines_clear(&t);
	assert_int_equal(t.count, 0);
	assert_null(t.lines);
	text_lines_clear(&t);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(defaults_are_sane),   TEST(isupport_lines_fit), TEST(isupport_says_what_is_configured),
		TEST(build_is_repeatable), TEST(denies_tags),        cmocka_unit_test(text_lines_are_copies),
	};

	return cmocka_run_group_tests_name("server", tests, NULL, NULL);
}
