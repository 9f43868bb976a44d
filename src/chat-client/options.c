#include "chat-client/options.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct option long_options[] = {
	{"channel", required_argument, NULL, 'c'}, {"nick", required_argument, NULL, 'n'},
	{"port", required_argument, NULL, 'p'},    {"wait", no_argument, NULL, 'w'},
	{"tls", no_argument, NULL, 's'},           {"pin", required_argument, NULL, 'P'},
	{"account", required_argument, NULL, 'a'}, {"password-file", required_argument, NULL, 'F'},
	{"ca", required_argument, NULL, 'A'},      {"cert", required_argument, NULL, 'E'},
	{"key", required_argument, NULL, 'K'},     {"tail", no_argument, NULL, 't'},
	{"history", required_argument, NULL, 'H'}, {"json", no_argument, NULL, 'j'},
	{"time", required_argument, NULL, 'T'},    {"bell", required_argument, NULL, 'B'},
	{"color", required_argument, NULL, 'C'},   {"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'V'},       {NULL, 0, NULL, 0},
};

static const char short_options[] = ":a:c:n:p:swtH:jhV";

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
		if (name_nick_valid((struct str){dst, n + 1}, NAME_NICK_MAX))
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

static bool set_pin(struct options *o, const char *pin)
{
	o->tls = true;
	return !strncmp(pin, "sha256/", 7) && copy_part(o->pin, sizeof(o->pin), pin, strlen(pin));
}

static bool set_nick(struct options *o, const char *name)
{
	struct str nick = str_of(name);

	return name_nick_valid(nick, NAME_NICK_MAX) && copy_part(o->nick, sizeof(o->nick), nick.p, nick.n);
}

struct option_context {
	struct options *options;
	char *why;
	size_t size;
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
	       copy_part(o->bell, sizeof(o->bell), when, strlen(when));
}

static bool set_last(struct options *o, const char *lines)
{
	unsigned long long n;

	if (!str_u64(str_of(lines), OPTIONS_LAST_MAX, &n) || !n)
		return false;
	o->last = (unsigned)n;
	return true;
}

/* How things are shown. */
static enum options_result take_look(const struct option_context *x, int letter)
{
	struct options *o = x->options;

	switch (letter) {
	case 'T':
		return strlcpy(o->time, optarg, sizeof(o->time)) < sizeof(o->time)
			       ? OPTIONS_RUN
			       : wrong(x, "the format of the time is too long");
	case 'B':
		return set_bell(o, optarg) ? OPTIONS_RUN : wrong(x, "--bell is off, mention or all, not '%s'", optarg);
	case 'C':
		return set_colour(o, optarg) ? OPTIONS_RUN
					     : wrong(x, "--color is auto, always or never, not '%s'", optarg);
	case 'H':
		return set_last(o, optarg) ? OPTIONS_RUN : wrong(x, "--history is a number of lines, not '%s'", optarg);
	case 't':
		o->tail = true;
		return OPTIONS_RUN;
	default:
		o->json = true;
		return OPTIONS_RUN;
	}
}

/* What TLS needs. */
static enum options_result take_file(const struct option_context *x, int letter)
{
	struct options *o = x->options;
	char *dst = letter == 'A'   ? o->authorities
		    : letter == 'E' ? o->certificate
		    : letter == 'F' ? o->password_file
				    : o->key;

	return copy_part(dst, OPTIONS_FILE_MAX, optarg, strlen(optarg)) ? OPTIONS_RUN
									: wrong(x, "no file can be '%s'", optarg);
}

static enum options_result take_option(const struct option_context *x, int letter, const char *given)
{
	struct options *o = x->options;

	switch (letter) {
	case 'c':
		return add_channel(o, optarg) ? OPTIONS_RUN : wrong(x, "no channel can be called '%s'", optarg);
	case 'n':
		return set_nick(o, optarg) ? OPTIONS_RUN : wrong(x, "no nick can be '%s'", optarg);
	case 'p':
		return copy_part(o->port, sizeof(o->port), optarg, strlen(optarg)) ? OPTIONS_RUN
										   : wrong(x, "bad port '%s'", optarg);
	case 's':
		o->tls = true;
		return OPTIONS_RUN;
	case 'P':
		return set_pin(o, optarg) ? OPTIONS_RUN : wrong(x, "a pin begins with sha256/, not as '%s'", optarg);
	case 'w':
		o->wait = true;
		return OPTIONS_RUN;
	case 'T':
	case 'B':
	case 'C':
	case 'H':
	case 't':
	case 'j':
		return take_look(x, letter);
	case 'a':
		return copy_part(o->account, sizeof(o->account), optarg, strlen(optarg))
			       ? OPTIONS_RUN
			       : wrong(x, "no account can be '%s'", optarg);
	case 'A':
	case 'F':
	case 'E':
	case 'K':
		return take_file(x, letter);
	case 'h':
		return OPTIONS_HELP;
	case 'V':
		return OPTIONS_VERSION;
	case ':':
		return wrong(x, "option '%s' needs a value", given);
	default:
		return wrong(x, "unknown option '%s'", given);
	}
}

static enum options_result take_server(const struct option_context *x, const struct options_args *args)
{
	struct options *o = x->options;

	if (optind + 1 != args->argc)
		return wrong(x, optind < args->argc ? "one server, please" : "which server?");
	if (!options_parse_server(o, args->argv[optind]))
		return wrong(x, "'%s' is not [user@]host[:port] or the path of a socket", args->argv[optind]);
	o->tls |= !strcmp(o->port, "6697");
	if (!o->port[0])
		strcpy(o->port, o->tls ? "6697" : "6667");
	if (!o->nick[0] && !(args->login && options_make_nick(o->nick, args->login)))
		strcpy(o->nick, "guest");
	if (!o->user[0] && !(args->login && name_username_make(o->user, str_of(args->login))))
		strcpy(o->user, "guest");
	return OPTIONS_RUN;
}

enum options_result options_parse(struct options *o, const struct options_args *args, char *why, size_t size)
{
	struct option_context x = {o, why, size};
	enum options_result result;
	int letter;

	*o = (struct options){.time = "%H:%M"};
	opterr = 0;
	optind = 1;
	while ((letter = getopt_long(args->argc, args->argv, short_options, long_options, NULL)) != -1) {
		result = take_option(&x, letter, args->argv[optind - 1]);
		if (result != OPTIONS_RUN)
			return result;
	}
	return take_server(&x, args);
}
