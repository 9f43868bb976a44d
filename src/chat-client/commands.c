#include "chat-client/commands.h"

#include <string.h>

#include "base/buf.h"
#include "chat-client/client.h"
#include "chat-client/outgoing.h"

struct command_row {
	const char *name;
	unsigned min_words;
	const char *usage;
	const char *help;
	void (*run)(const struct command_context *x, struct str args);
};

static struct str trim(struct str s)
{
	while (s.n && s.p[0] == ' ') {
		s.p++;
		s.n--;
	}
	return s;
}

struct str command_word(struct str *rest)
{
	struct str word = STR_NONE;

	*rest = trim(*rest);
	if (!str_split(rest, ' ', &word))
		return STR_NONE;
	*rest = trim(*rest);
	return word;
}

static bool is_channel(struct str name)
{
	return name.n && strchr("#&+!", name.p[0]);
}

/* The channel named first in the arguments, or the current target. Empty where there is neither. */
static struct str channel_or_target(const struct command_context *x, struct str *args)
{
	*args = trim(*args);
	if (is_channel(*args))
		return command_word(args);
	return str_of(x->client->target);
}

static bool need_target(const struct command_context *x, struct str target)
{
	if (target.n)
		return true;
	x->tell(x->ctx, STR("! you are in no channel: /join #channel"));
	return false;
}

static void run_join(const struct command_context *x, struct str args)
{
	struct client *c = x->client;
	struct str name = command_word(&args);
	struct buf wanted;

	buf_init(&wanted, c->wanted, sizeof(c->wanted) - 1);
	if (!is_channel(name))
		buf_chr(&wanted, '#');
	buf_str(&wanted, name);
	c->wanted[wanted.n] = '\0';
	if (client_in_channel(c, buf_view(&wanted)))
		client_set_target(c, buf_view(&wanted));
	else
		client_sendf(c, "JOIN %s %.*s", c->wanted, STR_ARG(args));
}

static void run_part(const struct command_context *x, struct str args)
{
	struct str name = channel_or_target(x, &args);

	if (need_target(x, name))
		client_sendf(x->client, args.n ? "PART %.*s :%.*s" : "PART %.*s%.*s", STR_ARG(name), STR_ARG(args));
}

static void run_msg(const struct command_context *x, struct str args)
{
	struct str target = command_word(&args);

	x->say(x->ctx, target, args);
}

static void run_me(const struct command_context *x, struct str args)
{
	static const char open[] = "\1ACTION ";
	struct str target = str_of(x->client->target);
	size_t room = client_room(x->client, STR("PRIVMSG"), target) - sizeof(open);
	char memory[LINE_BODY_MAX], piece[LINE_BODY_MAX];
	struct buf b, text;

	if (!need_target(x, target))
		return;
	buf_init(&text, piece, room);
	while (outgoing_take(&args, &text)) {
		buf_init(&b, memory, sizeof(memory));
		buf_cstr(&b, open);
		buf_str(&b, buf_view(&text));
		buf_chr(&b, '\1');
		x->say(x->ctx, target, buf_view(&b));
		text.n = 0;
	}
}

static void run_nick(const struct command_context *x, struct str args)
{
	struct str nick = command_word(&args);

	client_sendf(x->client, "NICK %.*s", STR_ARG(nick));
}

static void run_topic(const struct command_context *x, struct str args)
{
	struct str name = channel_or_target(x, &args);

	if (need_target(x, name))
		client_sendf(x->client, args.n ? "TOPIC %.*s :%.*s" : "TOPIC %.*s%.*s", STR_ARG(name), STR_ARG(args));
}

static void run_names(const struct command_context *x, struct str args)
{
	struct str name = channel_or_target(x, &args);

	if (need_target(x, name))
		client_sendf(x->client, "NAMES %.*s", STR_ARG(name));
}

static void run_who(const struct command_context *x, struct str args)
{
	struct str mask = args.n ? command_word(&args) : str_of(x->client->target);

	if (need_target(x, mask))
		client_sendf(x->client, "WHO %.*s", STR_ARG(mask));
}

static void run_whois(const struct command_context *x, struct str args)
{
	struct str nick = command_word(&args);

	client_sendf(x->client, "WHOIS %.*s", STR_ARG(nick));
}

static void run_quit(const struct command_context *x, struct str args)
{
	client_quit(x->client, args, 0, NULL);
}

static void run_raw(const struct command_context *x, struct str args)
{
	client_send(x->client, args);
}

static void run_help(const struct command_context *x, struct str args);

static const struct command_row rows[] = {
	{"help", 0, "/help [command]", "what commands there are, or what one does", run_help},
	{"join", 1, "/join #channel [key]", "enters a channel, or goes back to one; what you type goes there",
	 run_join},
	{"me", 1, "/me text", "says what you do", run_me},
	{"msg", 2, "/msg nick|#channel text", "says something to one person, or elsewhere", run_msg},
	{"names", 0, "/names [#channel]", "who is in the channel", run_names},
	{"nick", 1, "/nick name", "changes your name", run_nick},
	{"part", 0, "/part [#channel] [reason]", "leaves the channel", run_part},
	{"quit", 0, "/quit [reason]", "leaves the server", run_quit},
	{"raw", 1, "/raw line", "sends a line to the server as it is", run_raw},
	{"topic", 0, "/topic [#channel] [text]", "shows the topic, or sets it", run_topic},
	{"who", 0, "/who [mask]", "who is in the channel, or matches the mask", run_who},
	{"whois", 1, "/whois nick", "who somebody is", run_whois},
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static const struct command_row *find_row(struct str name)
{
	for (size_t i = 0; i < ROWS; i++) {
		if (str_eq_nocase(name, str_of(rows[i].name)))
			return &rows[i];
	}
	return NULL;
}

static void tell_usage(const struct command_context *x, const struct command_row *row)
{
	char memory[256];
	struct buf b;

	buf_init(&b, memory, sizeof(memory));
	buf_fmt(&b, "* %s: %s", row->usage, row->help);
	x->tell(x->ctx, buf_view(&b));
}

static void run_help(const struct command_context *x, struct str args)
{
	struct str name = command_word(&args);
	const struct command_row *row;

	if (name.n && name.p[0] == '/')
		name = (struct str){name.p + 1, name.n - 1};
	row = find_row(name);
	if (row) {
		tell_usage(x, row);
		return;
	}
	for (size_t i = 0; i < ROWS; i++)
		tell_usage(x, &rows[i]);
	x->tell(x->ctx, STR("* all else is said in the channel; //text says /text"));
}

static bool has_words(struct str args, unsigned min)
{
	while (min--) {
		if (!command_word(&args).n)
			return false;
	}
	return true;
}

struct command_line command_parse(struct str typed)
{
	struct command_line l = {COMMAND_TEXT, NULL, typed};
	struct str name;

	if (!trim(typed).n)
		l.kind = COMMAND_NOTHING;
	if (!typed.n || typed.p[0] != '/')
		return l;
	l.rest = (struct str){typed.p + 1, typed.n - 1};
	if (l.rest.n && l.rest.p[0] == '/')
		return l;
	name = command_word(&l.rest);
	l.row = find_row(name);
	if (!l.row) {
		l.kind = COMMAND_UNKNOWN;
		l.rest = name;
	} else {
		l.kind = has_words(l.rest, l.row->min_words) ? COMMAND_RUN : COMMAND_USAGE;
	}
	return l;
}

static void tell_unknown(const struct command_context *x, struct str name)
{
	char memory[128];
	struct buf b;

	buf_init(&b, memory, sizeof(memory));
	buf_cstr(&b, "! /help knows all commands; there is no /");
	buf_str(&b, name);
	x->tell(x->ctx, buf_view(&b));
}

void command_run(const struct command_context *x, struct str typed)
{
	struct command_line l = command_parse(typed);

	switch (l.kind) {
	case COMMAND_NOTHING:
		break;
	case COMMAND_TEXT:
		if (need_target(x, str_of(x->client->target)))
			x->say(x->ctx, str_of(x->client->target), l.rest);
		break;
	case COMMAND_RUN:
		l.row->run(x, l.rest);
		break;
	case COMMAND_UNKNOWN:
		tell_unknown(x, l.rest);
		break;
	case COMMAND_USAGE:
		tell_usage(x, l.row);
		break;
	}
}
