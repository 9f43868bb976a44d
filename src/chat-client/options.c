#include "chat-client/options.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "chat-client/words.h"

/* Copies n bytes; false when they do not fit or are none. */
static bool copy_part(char *dst, size_t size, const char *from, size_t n)
{
	if (!n || n >= size)
		return false;
	memcpy(dst, from, n);
	dst[n] = '\0';
	return true;
}

bool options_make_nick(char dst[NAME_NICK_MAX + 1], const char *name)
{
	size_t n = 0;

	for (; *name && n < NAME_NICK_MAX; name++) {
		dst[n] = *name;
		if (name_nick_valid(CASEMAP_ASCII, (struct str){dst, n + 1}, NAME_NICK_MAX))
			n++;
	}
	dst[n] = '\0';
	return n > 0;
}

/* "host", "host:port", "[v6]", "[v6]:port"; an address with more than one colon and no brackets is IPv6 as it is. */
static bool parse_host(struct options *o, const char *text)
{
	const char *end, *colon;

	if (text[0] == '[') {
		end = strchr(text, ']');
		if (!end || !copy_part(o->host, sizeof(o->host), text + 1, (size_t)(end - text - 1)))
			return false;
		colon = end + 1;
	} else {
		colon = strchr(text, ':');
		if (!colon || strchr(colon + 1, ':'))
			return copy_part(o->host, sizeof(o->host), text, strlen(text));
		if (!copy_part(o->host, sizeof(o->host), text, (size_t)(colon - text)))
			return false;
	}
	if (!*colon)
		return true;
	return *colon == ':' && copy_part(o->port, sizeof(o->port), colon + 1, strlen(colon + 1));
}

static bool parse_server(struct options *o, const char *text)
{
	const char *at = text[0] == '/' ? NULL : strchr(text, '@');
	char name[NAME_HOST_MAX + 1];

	if (at) {
		if (!copy_part(name, sizeof(name), text, (size_t)(at - text)) ||
		    !name_username_make(o->user, str_of(name)))
			return false;
		if (!o->nick[0] && !options_make_nick(o->nick, name))
			return false;
		text = at + 1;
	}
	if (text[0] == '/')
		return copy_part(o->host, sizeof(o->host), text, strlen(text));
	return parse_host(o, text);
}

/* A name without a channel's sign gets '#', which a shell would make people quote. */
static bool add_channel(struct options *o, const char *name)
{
	char *dst = o->nchannels < OPTIONS_CHANNELS_MAX ? o->channels[o->nchannels] : NULL;
	size_t size = sizeof(o->channels[0]);
	int n;

	if (!dst)
		return false;
	n = snprintf(dst, size, "%s%s", strchr("#&+!", name[0]) ? "" : "#", name);
	if (n < 2 || (size_t)n >= size || strpbrk(dst, " ,\a\r\n"))
		return false;
	o->nchannels++;
	return true;
}

/* irc[s]://server[/channel]: TLS is what the second means. */
static bool parse_url(struct options *o, const char *text)
{
	char server[OPTIONS_HOST_MAX];
	size_t n = strcspn(text, "/");

	if (!copy_part(server, sizeof(server), text, n) || server[0] == '/')
		return false;
	if (text[n] && text[n + 1] && !add_channel(o, text + n + 1))
		return false;
	return parse_server(o, server);
}

bool options_parse_server(struct options *o, const char *text)
{
	if (!strncmp(text, "ircs://", 7)) {
		o->tls = true;
		return parse_url(o, text + 7);
	}
	return strncmp(text, "irc://", 6) ? parse_server(o, text) : parse_url(o, text + 6);
}

/* Settings. Each takes one value. */

static bool set_text(char *dst, size_t size, const char *value)
{
	return copy_part(dst, size, value, strlen(value));
}

static bool set_switch(bool *dst, const char *value)
{
	static const char *const names[] = {"no", "yes", "off", "on", "false", "true"};

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!strcmp(value, names[i])) {
			*dst = i % 2;
			return true;
		}
	}
	return false;
}

static bool set_account(struct options *o, const char *value)
{
	return set_text(o->account, sizeof(o->account), value);
}

static bool set_password_file(struct options *o, const char *value)
{
	return set_text(o->password_file, sizeof(o->password_file), value);
}

static bool set_token_file(struct options *o, const char *value)
{
	return set_text(o->token_file, sizeof(o->token_file), value);
}

static bool set_authorities(struct options *o, const char *value)
{
	return set_text(o->authorities, sizeof(o->authorities), value);
}

static bool set_certificate(struct options *o, const char *value)
{
	return set_text(o->certificate, sizeof(o->certificate), value);
}

static bool set_key(struct options *o, const char *value)
{
	return set_text(o->key, sizeof(o->key), value);
}

static bool set_config(struct options *o, const char *value)
{
	return set_text(o->config_file, sizeof(o->config_file), value);
}

static bool set_server(struct options *o, const char *value)
{
	return set_text(o->server, sizeof(o->server), value);
}

static bool set_port(struct options *o, const char *value)
{
	return set_text(o->port, sizeof(o->port), value);
}

static bool set_tls(struct options *o, const char *value)
{
	return set_switch(&o->tls, value);
}

static bool set_wait(struct options *o, const char *value)
{
	return set_switch(&o->wait, value);
}

static bool set_tail(struct options *o, const char *value)
{
	return set_switch(&o->tail, value);
}

static bool set_json(struct options *o, const char *value)
{
	return set_switch(&o->json, value);
}

static bool set_joins(struct options *o, const char *value)
{
	bool joins = false, good = set_switch(&joins, value);

	o->fold_joins = !joins;
	return good;
}

static bool set_pin(struct options *o, const char *pin)
{
	o->tls = true;
	return !strncmp(pin, "sha256/", 7) && set_text(o->pin, sizeof(o->pin), pin);
}

static bool set_nick(struct options *o, const char *nick)
{
	return name_nick_valid(CASEMAP_PRECIS, str_of(nick), NAME_NICK_MAX) && set_text(o->nick, sizeof(o->nick), nick);
}

static bool set_user(struct options *o, const char *name)
{
	return name_username_make(o->user, str_of(name));
}

static bool set_colour(struct options *o, const char *when)
{
	static const char *const names[] = {"auto", "always", "never"};

	for (unsigned i = 0; i < 3; i++) {
		if (!strcmp(when, names[i])) {
			o->colour = (enum options_colour)i;
			return true;
		}
	}
	return false;
}

static bool set_bell(struct options *o, const char *when)
{
	return (!strcmp(when, "off") || !strcmp(when, "mention") || !strcmp(when, "all")) &&
	       set_text(o->bell, sizeof(o->bell), when);
}

static bool set_time(struct options *o, const char *format)
{
	return strlcpy(o->time, format, sizeof(o->time)) < sizeof(o->time);
}

static bool set_last(struct options *o, const char *lines)
{
	unsigned long long n;

	if (!str_u64(str_of(lines), OPTIONS_LAST_MAX, &n) || !n)
		return false;
	o->last = (unsigned)n;
	return true;
}

static bool add_name(char (*list)[OPTIONS_MASK_MAX], size_t *n, const char *name)
{
	if (*n == OPTIONS_LIST_MAX || strpbrk(name, " ,") || !set_text(list[*n], OPTIONS_MASK_MAX, name))
		return false;
	++*n;
	return true;
}

static bool add_ignored(struct options *o, const char *mask)
{
	return add_name(o->ignored, &o->nignored, mask);
}

static bool add_muted(struct options *o, const char *name)
{
	return add_name(o->muted, &o->nmuted, name);
}

enum option_kind { OPTION_SWITCH, OPTION_VALUE, OPTION_COMMAND_LINE };

/* Each is an option, and a key of the configuration where it is not of the command line alone. */
struct option_row {
	const char *name;
	char letter; /* 0: none */
	enum option_kind kind;
	bool (*set)(struct options *o, const char *value);
	const char *wrong;
};

static const char not_switch[] = N_("that is neither yes nor no");
static const char no_file[] = N_("no file can be called that");

static const struct option_row rows[] = {
	{"account", 'a', OPTION_VALUE, set_account, N_("no account can be called that")},
	{"bell", 0, OPTION_VALUE, set_bell, N_("a bell rings off, mention or all")},
	{"ca", 0, OPTION_VALUE, set_authorities, no_file},
	{"cert", 0, OPTION_VALUE, set_certificate, no_file},
	{"channel", 'c', OPTION_VALUE, add_channel, N_("no channel can be called that")},
	{"color", 0, OPTION_VALUE, set_colour, N_("colors are shown auto, always or never")},
	{"config", 0, OPTION_COMMAND_LINE, set_config, no_file},
	{"history", 'H', OPTION_VALUE, set_last, N_("that is not a number of lines from 1 to 1000")},
	{"ignore", 0, OPTION_VALUE, add_ignored, N_("nobody can be called that, or too many are ignored")},
	{"joins", 0, OPTION_SWITCH, set_joins, not_switch},
	{"json", 'j', OPTION_SWITCH, set_json, not_switch},
	{"key", 0, OPTION_VALUE, set_key, no_file},
	{"mute", 0, OPTION_VALUE, add_muted, N_("nothing can be called that, or too much is muted")},
	{"nick", 'n', OPTION_VALUE, set_nick, N_("no nick can be like that")},
	{"password-file", 0, OPTION_VALUE, set_password_file, no_file},
	{"pin", 0, OPTION_VALUE, set_pin, N_("a pin begins with sha256/")},
	{"port", 'p', OPTION_VALUE, set_port, N_("no port can be called that")},
	{"server", 'S', OPTION_VALUE, set_server, N_("no part of the configuration can be called that")},
	{"tail", 't', OPTION_SWITCH, set_tail, not_switch},
	{"time", 0, OPTION_VALUE, set_time, N_("the format of the time is too long")},
	{"tls", 's', OPTION_SWITCH, set_tls, not_switch},
	{"token-file", 0, OPTION_VALUE, set_token_file, no_file},
	{"user", 0, OPTION_VALUE, set_user, N_("no user can be called that")},
	{"wait", 'w', OPTION_SWITCH, set_wait, not_switch},
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]), WITHOUT_LETTER = 256 };

const char *options_set(struct options *o, const char *name, const char *value)
{
	/* there it is a key; the command line has it as a word of its own */
	if (!strcmp(name, "host"))
		return options_parse_server(o, value) ? NULL
						      : _("this is no [user@]host[:port] and no path of a socket");
	for (size_t i = 0; i < ROWS; i++) {
		if (rows[i].kind != OPTION_COMMAND_LINE && !strcmp(name, rows[i].name))
			return rows[i].set(o, value) ? NULL : _(rows[i].wrong);
	}
	return _("there is no such setting");
}

struct option_context {
	struct options *options;
	char *why;
	size_t size;
	bool channels; /* the command line names some: those of the configuration are not entered */
};

__attribute__((format(printf, 2, 3))) static enum options_result wrong(const struct option_context *x, const char *fmt,
								       ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(x->why, x->size, fmt, args);
	va_end(args);
	return OPTIONS_WRONG;
}

static int code_of(size_t row)
{
	return rows[row].letter ? rows[row].letter : WITHOUT_LETTER + (int)row;
}

/* What getopt_long wants, made of the table. */
struct option_tables {
	struct option longs[ROWS + 3];
	char shorts[2 * ROWS + 8];
};

static void make_tables(struct option_tables *t)
{
	size_t n = 0;

	*t = (struct option_tables){0};
	t->shorts[n++] = ':';
	for (size_t i = 0; i < ROWS; i++) {
		bool value = rows[i].kind != OPTION_SWITCH;

		t->longs[i] =
			(struct option){rows[i].name, value ? required_argument : optional_argument, NULL, code_of(i)};
		if (rows[i].letter)
			t->shorts[n++] = rows[i].letter;
		if (rows[i].letter && value)
			t->shorts[n++] = ':';
	}
	t->longs[ROWS] = (struct option){"help", no_argument, NULL, 'h'};
	t->longs[ROWS + 1] = (struct option){"version", no_argument, NULL, 'V'};
	t->shorts[n++] = 'h';
	t->shorts[n] = 'V';
}

static enum options_result take_option(struct option_context *x, int code, const char *given)
{
	const char *value = optarg ? optarg : "yes";

	if (code == 'h')
		return OPTIONS_HELP;
	if (code == 'V')
		return OPTIONS_VERSION;
	if (code == ':')
		return wrong(x, _("option '%s' needs a value"), given);
	for (size_t i = 0; i < ROWS; i++) {
		if (code != code_of(i))
			continue;
		if (rows[i].set == add_channel && !x->channels) {
			x->options->nchannels = 0;
			x->channels = true;
		}
		return rows[i].set(x->options, value) ? OPTIONS_RUN : wrong(x, "%s: '%s'", _(rows[i].wrong), value);
	}
	return wrong(x, _("unknown option '%s'"), given);
}

static enum options_result take_options(struct option_context *x, const struct options_args *args)
{
	enum options_result result = OPTIONS_RUN;
	struct option_tables tables;
	int code;

	make_tables(&tables);
	opterr = 0;
	optind = 1;
	while (result == OPTIONS_RUN &&
	       (code = getopt_long(args->argc, args->argv, tables.shorts, tables.longs, NULL)) != -1)
		result = take_option(x, code, args->argv[optind - 1]);
	return result;
}

/* The command line is read once to find the file, and once more over it. */
static enum options_result read_config(struct option_context *x, const struct options_args *args, const char **host)
{
	struct options *o = x->options;
	const char *path = o->config_file[0] ? o->config_file : args->config;
	struct options read = {.time = "%H:%M"};
	struct options_source source = {path, NULL, x->why, x->size, false};

	if (args->argc - optind > 1)
		return wrong(x, _("one server, please"));
	*host = source.host = optind < args->argc ? args->argv[optind] : NULL;
	strlcpy(read.server, o->server, sizeof(read.server));
	strlcpy(read.config_file, o->config_file, sizeof(read.config_file));
	if (path && !options_read_file(&read, &source))
		return OPTIONS_CONFIG;
	if (read.server[0] && !source.found && (o->server[0] || !*host))
		return wrong(x, _("no part of the configuration is called [%s]"), read.server);
	if (!source.found)
		read.server[0] = '\0';
	/* that was its name there */
	if (source.found && *host && !o->server[0])
		*host = NULL;
	*o = read;
	x->channels = false;
	return OPTIONS_RUN;
}

static enum options_result take_server(const struct option_context *x, const struct options_args *args,
				       const char *host)
{
	struct options *o = x->options;

	if (host && !options_parse_server(o, host))
		return wrong(x, _("'%s' is not [user@]host[:port] or the path of a socket"), host);
	if (!o->host[0] && o->server[0])
		(void)set_text(o->host, sizeof(o->host), o->server);
	if (!o->host[0])
		return wrong(x, _("which server?"));
	o->tls |= !strcmp(o->port, "6697");
	if (!o->port[0])
		strlcpy(o->port, o->tls ? "6697" : "6667", sizeof(o->port));
	if (!o->nick[0] && !(args->login && options_make_nick(o->nick, args->login)))
		strcpy(o->nick, "guest");
	if (!o->user[0] && !(args->login && name_username_make(o->user, str_of(args->login))))
		strcpy(o->user, "guest");
	return OPTIONS_RUN;
}

enum options_result options_parse(struct options *o, const struct options_args *args, char *why, size_t size)
{
	struct option_context x = {o, why, size, false};
	enum options_result result;
	const char *host = NULL;

	*o = (struct options){0};
	result = take_options(&x, args);
	if (result == OPTIONS_RUN)
		result = read_config(&x, args, &host);
	if (result == OPTIONS_RUN)
		result = take_options(&x, args);
	return result == OPTIONS_RUN ? take_server(&x, args, host) : result;
}
