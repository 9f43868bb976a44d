#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "chatd/config.h"
#include "post/post.h"
#include "chatd/config_keys.h"
#include "chatd/config_value.h"
#include "proto/modes.h"

/* A directory with files of this test's making, and what config_load said about them. */
struct fixture {
	char dir[64];
	char main[96];
	char said[8192];
	unsigned errors;
};

static void remember(void *ctx, const struct config_error *error)
{
	struct fixture *f = ctx;

	f->errors++;
	strlcat(f->said, error->text, sizeof(f->said));
	strlcat(f->said, "\n", sizeof(f->said));
}

static void write_file(const struct fixture *f, const char *name, const char *bytes, size_t n)
{
	char path[192];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", f->dir, name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, n, file), n);
	assert_int_equal(fclose(file), 0);
}

static void write_text(const struct fixture *f, const char *name, const char *text)
{
	write_file(f, name, text, strlen(text));
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	char drop_ins[96];

	strcpy(f->dir, "/tmp/test_config.XXXXXX");
	if (!mkdtemp(f->dir))
		return -1;
	snprintf(f->main, sizeof(f->main), "%s/chatd.conf", f->dir);
	snprintf(drop_ins, sizeof(drop_ins), "%s/chatd.conf.d", f->dir);
	unsetenv("STATE_DIRECTORY");
	*state = f;
	return mkdir(drop_ins, 0700);
}

static int tear_down(void **state)
{
	static const char *const names[] = {"chatd.conf",
					    "motd",
					    "secret",
					    "chatd.conf.d/10-a.conf",
					    "chatd.conf.d/9-b.conf",
					    "chatd.conf.d/z.off",
					    "chatd.conf.d/.x.conf"};
	struct fixture *f = *state;
	char path[192];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", f->dir, names[i]);
		unlink(path);
	}
	snprintf(path, sizeof(path), "%s/chatd.conf.d", f->dir);
	rmdir(path);
	rmdir(f->dir);
	free(f);
	return 0;
}

static int load(struct fixture *f, struct config *c)
{
	struct config_source source = {.path = f->main};

	f->said[0] = '\0';
	f->errors = 0;
	return config_load(c, &source, remember, f);
}

static int load_text(struct fixture *f, struct config *c, const char *text)
{
	write_text(f, "chatd.conf", text);
	return load(f, c);
}

/* The text is refused, with this sentence alone. */
static void assert_refused(struct fixture *f, const char *text, const char *sentence)
{
	struct config c;
	char expected[512];

	memset(&c, 0xa5, sizeof(c));
	assert_int_equal(load_text(f, &c, text), 1);
	snprintf(expected, sizeof(expected), "%s%s\n", f->main, sentence);
	assert_string_equal(f->said, expected);
	for (size_t i = 0; i < sizeof(c); i++)
		assert_int_equal(((unsigned char *)&c)[i], 0xa5);
}

static void assert_accepted(struct fixture *f, struct config *c, const char *text)
{
	int rc = load_text(f, c, text);

	assert_string_equal(f->said, "");
	assert_int_equal(rc, 0);
}

static void no_file_gives_defaults(void **state)
{
	struct config_source source = {0};
	struct config c;

	assert_int_equal(config_load(&c, &source, remember, *state), 0);
	assert_int_equal(c.nlisten, 1);
	assert_string_equal(c.listen[0].text, "127.0.0.1:6667");
	assert_true(c.listen_default);
	assert_null(c.state);
	assert_null(c.server.config_path);
	assert_null(c.server.password);
	assert_non_null(c.server.name);
	assert_false(c.server.no_limits);
	assert_int_equal(c.conn_limits.sendq_max, 1 << 20);
	assert_int_equal(c.log_level, LOG_LEVEL_INFO);
	config_deinit(&c);
}

static void every_type_is_set(void **state)
{
	struct config c;

	assert_accepted(*state, &c,
			"\xef\xbb\xbf# first line\n"
			"[server]\n name = irc.example.org \nnetwork=Net ; comment\n"
			"description = \xc3\xa1 b\npassword = a;b #c\n"
			"casemapping = rfc1459\nmax_clients = 7\nadmin_mail = a@b\n"
			"state = kept\n"
			"[listen]\nendpoint = [::1]:6668\nendpoint = /run/x\n"
			"[log]\nlevel = debug\ntarget = journal\n"
			"[limits]\nnicklen = 9\nsendq = 64k\nping_timeout = 1m30s\nlimit_local = Yes\n"
			"[channels]\ndefault_modes = +ims\n[users]\ndefault_modes = iw\n"
			"[client_tags]\ndeny = *,-typing,draft/react\n");
	assert_string_equal(c.server.name, "irc.example.org");
	assert_string_equal(c.server.network, "Net");
	assert_string_equal(c.server.description, "\xc3\xa1 b");
	assert_string_equal(c.server.password, "a;b #c");
	assert_int_equal(c.server.casemap, CASEMAP_RFC1459);
	assert_int_equal(c.max_clients, 7);
	assert_string_equal(c.server.admin[2], "a@b");
	assert_memory_equal(c.state, "/tmp/test_config.", 17);
	assert_string_equal(strrchr(c.state, '/'), "/kept");
	assert_int_equal(c.nlisten, 2);
	assert_string_equal(c.listen[1].text, "/run/x");
	assert_int_equal(c.listen[0].at.address.ss.ss_family, AF_INET6);
	assert_false(c.listen_default);
	assert_int_equal(c.log_level, LOG_LEVEL_DEBUG);
	assert_int_equal(c.log_target, CONFIG_LOG_JOURNAL);
	assert_int_equal(c.server.nick_max, 9);
	assert_int_equal(c.conn_limits.sendq_max, 65536);
	assert_int_equal(c.server.ping_ms, 90000);
	assert_true(c.limit_local);
	assert_int_equal(c.server.default_channel_flags, CHAN_INVITE_ONLY | CHAN_MODERATED | CHAN_SECRET);
	assert_int_equal(c.server.default_user_modes, USER_INVISIBLE | USER_WALLOPS);
	assert_string_equal(c.server.client_tag_deny, "*,-typing,draft/react");
	config_deinit(&c);
}

static void opers_are_sections(void **state)
{
	struct fixture *f = *state;
	struct config c;

	write_text(f, "secret", "from a file\r\nnot this\n");
	assert_accepted(f, &c,
			"[oper alice]\npassword = one\nmask = *@10.*\n"
			"[oper bob]\npassword_file = secret\n"
			"[oper alice]\npassword = two\n");
	assert_int_equal(c.server.nopers, 2);
	assert_string_equal(c.server.opers[0].name, "alice");
	assert_string_equal(c.server.opers[0].password, "two");
	assert_string_equal(c.server.opers[0].mask, "*@10.*");
	assert_string_equal(c.server.opers[1].password, "from a file");
	assert_string_equal(c.server.opers[1].mask, "*@*");
	config_deinit(&c);
	assert_refused(f, "\n[oper carol]\nmask = *@*\n",
		       ":2: [oper carol] has no password, and no fingerprint or account either");
	assert_refused(f, "[oper c]\npassword = x\nclass = nobody\n", ":1: [oper c]: there is no [class nobody]");
	assert_refused(f, "[oper c]\naccount = c\npassword = $scrypt$ln=99,r=8,p=1$AAAA$AAAA\n",
		       ":3: [oper c] password: this looks like a hashed password, and is none that chatd "
		       "--hash-password makes");
	assert_refused(f, "[oper c]\naccount = c\nfingerprint = 00:11\n",
		       ":3: [oper c] fingerprint: \"00:11\" is not the SHA-256 fingerprint of a certificate");
	assert_refused(f, "[oper]\npassword = x\n",
		       ":1: [oper] the heading wants a name, [oper NAME], of at most 30 bytes");
}

static void classes_are_sections(void **state)
{
	static const char digits[] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
	struct fixture *f = *state;
	struct config c;

	assert_accepted(f, &c,
			"[oper dora]\nclass = helper\naccount = dora\n"
			"fingerprint = 00112233445566778899AABBCCDDEEFF:00112233445566778899aabbccddeeff\n"
			"[class helper]\nprivileges = kill, ban\ntitle = a helper\n[class empty]\ntitle = nobody\n");
	assert_string_equal(c.server.opers[0].class_name, "helper");
	assert_string_equal(c.server.opers[0].account, "dora");
	assert_string_equal(c.server.opers[0].certfp, digits);
	assert_null(c.server.opers[0].password);
	assert_int_equal(c.server.nclasses, 2);
	assert_string_equal(server_class(&c.server, "helper")->title, "a helper");
	assert_true(server_class(&c.server, "helper")->privileges == (PRIV_BIT(PRIV_KILL) | PRIV_BIT(PRIV_BAN)));
	assert_true(server_class(&c.server, "empty")->privileges == 0);
	assert_null(server_class(&c.server, "other"));
	config_deinit(&c);
	assert_refused(f, "[class helper]\nprivileges = kill fly\n",
		       ":2: [class helper] privileges: there is no privilege \"fly\"");
}

static void motd_comes_from_file_and_lines(void **state)
{
	struct fixture *f = *state;
	struct config c;

	write_text(f, "motd", "one\r\n\ntwo");
	assert_accepted(f, &c, "[server]\nmotd_text = lost\nmotd = motd\nmotd_text = three\n");
	assert_int_equal(c.server.motd.count, 4);
	assert_string_equal(c.server.motd.lines[0], "one");
	assert_string_equal(c.server.motd.lines[1], "");
	assert_string_equal(c.server.motd.lines[2], "two");
	assert_string_equal(c.server.motd.lines[3], "three");
	config_deinit(&c);
	write_file(f, "motd", "a\0b", 3);
	assert_int_equal(load_text(f, &c, "[server]\nmotd = motd\n"), 1);
	assert_non_null(strstr(f->said, "/motd: it holds a NUL byte\n"));
	write_text(f, "motd", "\xff\n");
	assert_refused(f, "[server]\nmotd = motd\n", ":2: [server] motd: motd is not UTF-8");
	assert_int_equal(load_text(f, &c, "[server]\nmotd = none\n"), 1);
	assert_non_null(strstr(f->said, "/none: No such file or directory\n"));
}

static void drop_ins_come_in_order(void **state)
{
	struct fixture *f = *state;
	struct config c;

	write_text(f, "chatd.conf.d/10-a.conf", "[server]\nnetwork = ten\n[listen]\nendpoint=2\n");
	write_text(f, "chatd.conf.d/9-b.conf", "[server]\nnetwork = nine\n[listen]\nendpoint=\nendpoint=3\n");
	write_text(f, "chatd.conf.d/z.off", "nonsense");
	write_text(f, "chatd.conf.d/.x.conf", "nonsense");
	assert_accepted(f, &c, "[server]\nnetwork = main\ndescription = main\n[listen]\nendpoint=1\n");
	assert_string_equal(c.server.network, "nine");
	assert_string_equal(c.server.description, "main");
	assert_int_equal(c.nlisten, 1);
	assert_string_equal(c.listen[0].text, "3");
	config_deinit(&c);
	write_text(f, "chatd.conf.d/9-b.conf", "\n[srever]\nname = x\n");
	assert_refused(f, "[server]\n", ".d/9-b.conf:2: [srever] there is no such section; [server] is one");
}

static void errors_name_file_line_and_key(void **state)
{
	assert_refused(*state, "[server]\n\nnaem = x\n", ":3: [server] naem: there is no such key; name is one");
	assert_refused(*state, "[server]\nnicklen = 3\n",
		       ":2: [server] nicklen: there is no such key here; section [limits] has it");
	assert_refused(*state, "[server]\nwhatever = 3\n", ":2: [server] whatever: there is no such key");
	assert_refused(*state, "[nothing at all]\na = 1\nb = 2\n", ":1: [nothing at all] there is no such section");
	assert_refused(*state, "name = x\n", ":1: name: this stands before the first [section]");
	assert_refused(*state, "[server\n", ":1: the heading has no ']'");
	assert_refused(*state, "[server] name = x\n", ":1: a heading stands alone on its line");
	assert_refused(*state, "[server]\njust words\n", ":2: [server] this is neither a [section] nor a key = value");
	assert_refused(*state, "[server]\nlast words", ":2: [server] this is neither a [section] nor a key = value");
}

static void values_are_checked(void **state)
{
	assert_refused(*state, "[limits]\nnicklen = 31\n",
		       ":2: [limits] nicklen: 31 is out of range: wanted is a number of bytes from 1 to 30");
	assert_refused(*state, "[limits]\nnicklen = -1\n", ":2: [limits] nicklen: \"-1\" is not a number of bytes");
	assert_refused(*state, "[limits]\nsendq = 99999999999999999999\n",
		       ":2: [limits] sendq: \"99999999999999999999\" is not a size");
	assert_refused(*state, "[limits]\nsendq = 9G\n",
		       ":2: [limits] sendq: 9663676416 is out of range: wanted is a size from 16384 to 16777216");
	assert_refused(*state, "[limits]\nping_timeout = 2d\n",
		       ":2: [limits] ping_timeout: \"2d\" is out of range: wanted is a duration from 1s to 86400s");
	assert_refused(*state, "[limits]\nlimit_local = maybe\n",
		       ":2: [limits] limit_local: \"maybe\" is not yes or no");
	assert_refused(*state, "[server]\nname = a b\n", ":2: [server] name: \"a b\" is not a host name");
	assert_refused(*state, "[server]\nname =\n", ":2: [server] name: the value is empty; wanted is a host name");
	assert_refused(*state, "[server]\ndescription = a\xff\n",
		       ":2: [server] description: the value holds a control byte, or is not UTF-8");
	assert_refused(*state, "[server]\nadmin_mail = a\x1b[0m\n",
		       ":2: [server] admin_mail: the value holds a control byte, or is not UTF-8");
	assert_refused(*state, "[channels]\ndefault_modes = nr\n",
		       ":2: [channels] default_modes: \"r\" is not a mode that can be set by default");
	assert_refused(*state, "[users]\ndefault_modes = o\n",
		       ":2: [users] default_modes: \"o\" is not a mode that can be set by default");
	assert_refused(*state, "[client_tags]\ndeny = a,,b\n",
		       ":2: [client_tags] deny: \"\" is neither \"*\" nor a tag without its '+'");
	assert_refused(*state, "[log]\nlevel = loud\n",
		       ":2: [log] level: \"loud\" is not error, warning, notice, info or debug");
}

static void lines_are_bounded(void **state)
{
	struct fixture *f = *state;
	char text[1000];
	struct config c;

	memset(text, 'x', sizeof(text));
	memcpy(text, "[server]\ndescription = ", 23);
	strcpy(text + 9 + 400, "\nnetwork = after\nname = a b\n");
	assert_int_equal(load_text(f, &c, text), 1);
	assert_int_equal(f->errors, 2);
	assert_non_null(strstr(f->said, ":2: [server] the line is too long\n"));
	assert_non_null(strstr(f->said, ":4: [server] name: \"a b\""));
	strcpy(text + 9 + 190, "\n");
	assert_accepted(f, &c, text);
	config_deinit(&c);
	write_file(f, "chatd.conf", "[server]\nname = a\0b\n", 20);
	assert_int_equal(load(f, &c), 1);
	assert_non_null(strstr(f->said, ":2: [server] the line holds a NUL byte\n"));
}

static void errors_are_bounded(void **state)
{
	struct fixture *f = *state;
	char memory[8192];
	struct buf text;
	struct config c;

	buf_init(&text, memory, sizeof(memory) - 1);
	buf_cstr(&text, "[server]\n");
	for (int i = 0; i < 3 * CONFIG_ERRORS_MAX; i++)
		buf_cstr(&text, "x = 1\n");
	memory[text.n] = '\0';
	assert_int_equal(load_text(f, &c, memory), 1);
	assert_int_equal(f->errors, CONFIG_ERRORS_MAX + 1);
	assert_non_null(strstr(f->said, "there are more errors\n"));
}

static void missing_file_is_an_error(void **state)
{
	struct fixture *f = *state;
	struct config c;
	char expected[128];

	assert_int_equal(load(f, &c), -ENOENT);
	snprintf(expected, sizeof(expected), "%s: No such file or directory\n", f->main);
	assert_string_equal(f->said, expected);
	strlcpy(f->main, f->dir, sizeof(f->main));
	assert_int_equal(load(f, &c), -EISDIR);
}

static void command_line_comes_last(void **state)
{
	struct fixture *f = *state;
	const char *listen[] = {"127.0.0.1:1", "[::1]:2"};
	struct config_source source = {
		.path = f->main, .listen = listen, .nlisten = 2, .state = "/elsewhere", .no_limits = true};
	struct config c;

	write_text(f, "chatd.conf", "[server]\nstate = /here\n[listen]\nendpoint = 9\n");
	assert_int_equal(config_load(&c, &source, remember, f), 0);
	assert_int_equal(c.nlisten, 2);
	assert_string_equal(c.listen[1].text, "[::1]:2");
	assert_string_equal(c.state, "/elsewhere");
	assert_true(c.server.no_limits);
	assert_int_equal(c.places.per_address, 0);
	assert_string_equal(c.server.config_path, f->main);
	config_deinit(&c);
	listen[1] = "nonsense";
	assert_int_equal(config_load(&c, &source, remember, f), 1);
	assert_memory_equal(f->said, "--listen: ", 10);
}

static void state_directory_of_the_manager(void **state)
{
	struct config_source source = {0};
	struct config c;

	setenv("STATE_DIRECTORY", "/var/lib/a:/var/lib/b", 1);
	assert_int_equal(config_load(&c, &source, remember, *state), 0);
	assert_string_equal(c.state, "/var/lib/a");
	config_deinit(&c);
	unsetenv("STATE_DIRECTORY");
}

static void durations_sizes_and_words(void **state)
{
	static const char *const words[] = {"name", "network", "motd"};
	uint64_t n;
	bool b;

	(void)state;
	assert_true(config_value_duration("90", &n) && n == 90000);
	assert_true(config_value_duration("1h2m3s4ms", &n) && n == 3723004);
	assert_false(config_value_duration("", &n));
	assert_false(config_value_duration("s", &n));
	assert_false(config_value_duration("1 s", &n));
	assert_false(config_value_duration("1x", &n));
	assert_false(config_value_duration("99999999999999999d", &n));
	assert_true(config_value_size("3M", &n) && n == 3 << 20);
	assert_false(config_value_size("3MB", &n));
	assert_false(config_value_size("1k1k", &n));
	assert_true(config_value_bool("Off", &b) && !b);
	assert_true(config_value_bool("true", &b) && b);
	assert_false(config_value_bool("1", &b));
	assert_string_equal(config_value_near("netwrok", words, 3), "network");
	assert_string_equal(config_value_near("Name", words, 3), "name");
	assert_null(config_value_near("zzzz", words, 3));
	assert_null(config_value_near("a word that is much longer than any other", words, 3));
}

/* The example of the documentation, with the '#' in front of its keys taken off where uncomment says so. */
static void copy_example(const struct fixture *f, bool (*uncomment)(const char *line))
{
	char memory[16384];
	char line[512];
	struct buf text;
	FILE *file;

	file = fopen("docs/examples/chatd.conf", "r"); /* tests run at the top of the tree */
	assert_non_null(file);
	buf_init(&text, memory, sizeof(memory) - 1);
	while (fgets(line, sizeof(line), file))
		buf_cstr(&text, line + (line[0] == '#' && uncomment(line)));
	fclose(file);
	assert_false(text.full);
	write_file(f, "chatd.conf", text.p, text.n);
}

static bool uncomment_none(const char *line)
{
	(void)line;
	return false;
}

static bool uncomment_defaults(const char *line)
{
	return line[1] != ' ' && !strstr(line, "example") && strncmp(line, "#[oper", 6) != 0 &&
	       strncmp(line, "#[class", 7) != 0 && strncmp(line, "#[filter", 8) != 0 &&
	       strncmp(line, "#[webirc", 8) != 0 && strncmp(line, "#[dnsbl", 7) != 0 &&
	       strncmp(line, "#[jwt_key", 9) != 0 && strncmp(line, "#[hook", 6) != 0 && line[1] != '\n';
}

static bool uncomment_all(const char *line)
{
	return line[1] != ' ' && line[1] != '\n';
}

/* Keys whose values are plain memory stand in the example with the value they have anyway. */
static void example_shows_the_defaults(void **state)
{
	struct fixture *f = *state;
	struct config_source source = {0};
	struct config plain, shown;
	const struct config_key *keys;
	size_t count;

	assert_int_equal(config_load(&plain, &source, remember, f), 0);
	copy_example(f, uncomment_defaults);
	assert_int_equal(load(f, &shown), 0);
	keys = config_keys(&count);
	for (size_t i = 0; i < count; i++) {
		size_t size = keys[i].type == CONFIG_DURATION ? sizeof(int64_t) : sizeof(uint32_t);
		const struct config_key *k = &keys[i];

		if (strcmp(k->section, "hook") == 0) /* of which there may be none, or many */
			continue;
		if (k->type != CONFIG_NUMBER && k->type != CONFIG_SIZE && k->type != CONFIG_DURATION &&
		    k->type != CONFIG_CHAN_MODES && k->type != CONFIG_USER_MODES)
			continue;
		if (memcmp((char *)&plain + k->at, (char *)&shown + k->at, size) != 0)
			fail_msg("[%s] %s", k->section, k->name);
	}
	assert_string_equal(plain.server.network, shown.server.network);
	assert_string_equal(plain.server.description, shown.server.description);
	assert_int_equal(plain.server.casemap, shown.server.casemap);
	assert_int_equal(plain.log_level, shown.log_level);
	config_deinit(&plain);
	config_deinit(&shown);
}

static void example_is_accepted(void **state)
{
	struct fixture *f = *state;
	struct config c;

	copy_example(f, uncomment_none);
	assert_int_equal(load(f, &c), 0);
	config_deinit(&c);
	write_text(f, "motd", "hello\n");
	copy_example(f, uncomment_all);
	assert_int_equal(load(f, &c), 1);
	/* The files that it names are not there, and keys without a file are none; nothing else is wrong. */
	assert_int_equal(f->errors, 11);
	assert_non_null(strstr(f->said, "[jwt_key 2026-03] public_key: "));
	assert_non_null(strstr(f->said, "[jwt_key 2026-03]: this algorithm wants a public_key"));
	assert_non_null(strstr(f->said, "[jwt_key site] secret_file: "));
	assert_non_null(strstr(f->said, "[jwt_key site]: this algorithm wants a secret_file"));
	assert_non_null(strstr(f->said, "[mail] password_file: "));
	assert_non_null(strstr(f->said, "[hook alerts] secret_file: "));
	assert_non_null(strstr(f->said, "[webirc kiwi] password_file: "));
	assert_non_null(strstr(f->said, "[cloak] secret_file: "));
	assert_non_null(strstr(f->said, "[server] motd: "));
	assert_non_null(strstr(f->said, "[server] password_file: "));
	assert_non_null(strstr(f->said, "[oper alice] password_file: "));
}

static void hooks_are_checked(void **state)
{
	struct fixture *f = *state;
	struct config c;

	if (!post_built())
		skip();
	write_text(f, "chatd.conf",
		   "[hook a]\nurl = https://a.example/\nchannels = #a\n"
		   "[hook b]\nurl = http://b.example/\nevents = bans\nqueue = 5\n[outgoing]\nplain = yes\n");
	assert_int_equal(load(f, &c), 0);
	assert_int_equal(c.outgoing.count, 2);
	assert_int_equal(c.outgoing.blocks[0].kinds, OUTGOING_BIT(OUTGOING_MESSAGE));
	assert_int_equal(c.outgoing.blocks[1].waiting, 5);
	config_deinit(&c);
	write_text(f, "chatd.conf",
		   "[hook a]\nurl = http://a.example/\nchannels = #a\n[hook b]\nurl = https://b.example/\n"
		   "[hook c]\nurl = https://c.example\nevents = bans, bens\nsecret = whsec_no-base64-at-all\n");
	assert_int_equal(load(f, &c), 1);
	assert_non_null(strstr(f->said, "[hook a]: url wants"));
	assert_non_null(strstr(f->said, "[hook b]: events of channels want channels"));
	assert_non_null(strstr(f->said, "there is no event \"bens\""));
	assert_non_null(strstr(f->said, "[hook c]: behind whsec_"));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(no_file_gives_defaults),
		CASE(every_type_is_set),
		CASE(opers_are_sections),
		CASE(classes_are_sections),
		CASE(hooks_are_checked),
		CASE(motd_comes_from_file_and_lines),
		CASE(drop_ins_come_in_order),
		CASE(errors_name_file_line_and_key),
		CASE(values_are_checked),
		CASE(lines_are_bounded),
		CASE(errors_are_bounded),
		CASE(missing_file_is_an_error),
		CASE(command_line_comes_last),
		CASE(state_directory_of_the_manager),
		CASE(durations_sizes_and_words),
		CASE(example_shows_the_defaults),
		CASE(example_is_accepted),
	};

	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
