#include "chat-client/commands.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "chat-client/client.h"
#include "chat-client/completion.h"
#include "chat-client/outgoing.h"
#include "chat-client/view.h"
#include "chat-client/words.h"
#include "proto/tags.h"
#include "proto/utf8.h"

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
	x->tell(x->ctx, str_of(_("! you are in no channel: /join #channel")));
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
		view_go(x->view, buf_view(&wanted));
	else
		client_join(c, buf_view(&wanted), command_word(&args));
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

static void run_notice(const struct command_context *x, struct str args)
{
	struct str target = command_word(&args);

	client_sendf(x->client, "NOTICE %.*s :%.*s", STR_ARG(target), STR_ARG(args));
}

static void run_away(const struct command_context *x, struct str args)
{
	client_sendf(x->client, args.n ? "AWAY :%.*s" : "AWAY%.*s", STR_ARG(args));
}

static void run_query(const struct command_context *x, struct str args)
{
	struct str name = command_word(&args);

	if (!view_go(x->view, name))
		x->tell(x->ctx, str_of(_("! there are too many windows: /close one")));
	else if (args.n)
		x->say(x->ctx, name, args);
}

static void list_windows(const struct command_context *x)
{
	char memory[512];
	struct window *w;
	struct buf b;

	for (uint32_t i = 0; (w = windows_at(&x->view->windows, i)); i++) {
		buf_init(&b, memory, sizeof(memory));
		buf_fmt(&b, "* %u %s", i + 1, w->name);
		if (w->unread)
			buf_fmt(&b, _(", %u unread"), w->unread);
		if (w->mentions)
			buf_fmt(&b, _(", %u to you"), w->mentions);
		buf_cstr(&b, w->muted ? _(", muted") : "");
		x->tell(x->ctx, buf_view(&b));
	}
}

static void run_win(const struct command_context *x, struct str args)
{
	struct str name = command_word(&args);
	unsigned long long number;

	if (!name.n)
		list_windows(x);
	else if (str_u64(name, WINDOWS_MAX, &number) ? !view_go_number(x->view, (unsigned)number)
						     : !windows_find(&x->view->windows, name))
		x->tell(x->ctx, str_of(_("! there is no such window: /win lists them")));
	else if (!str_u64(name, WINDOWS_MAX, &number))
		view_go(x->view, name);
}

static void run_close(const struct command_context *x, struct str args)
{
	struct str name = args.n ? command_word(&args) : str_of(x->client->target);
	struct window *w = windows_find(&x->view->windows, name);

	if (!w) {
		x->tell(x->ctx, str_of(_("! there is no such window: /win lists them")));
	} else if (client_in_channel(x->client, name)) {
		client_sendf(x->client, "PART %.*s", STR_ARG(name));
	} else {
		bool current = client_same_name(x->client, name, str_of(x->client->target));

		windows_remove(&x->view->windows, w);
		if (current && !view_go_number(x->view, 1))
			client_set_target(x->client, STR(""));
	}
}

static void tell_ignored(const struct command_context *x, struct str mask, bool ignored)
{
	char memory[512];
	struct buf b;

	buf_init(&b, memory, sizeof(memory));
	if (ignored)
		buf_fmt(&b, _("* you ignore %.*s"), STR_ARG(mask));
	else
		buf_fmt(&b, _("* you hear of %.*s again"), STR_ARG(mask));
	x->tell(x->ctx, buf_view(&b));
}

static void run_ignore(const struct command_context *x, struct str args)
{
	struct str mask = command_word(&args);
	struct vec *ignored = &x->view->ignored;

	for (uint32_t i = 0; i < ignored->count && !mask.n; i++)
		tell_ignored(x, str_of(ignored->items[i]), true);
	if (!mask.n && !ignored->count)
		x->tell(x->ctx, str_of(_("* you ignore nobody")));
	if (mask.n && view_ignore(x->view, mask))
		tell_ignored(x, mask, true);
	else if (mask.n)
		x->tell(x->ctx, str_of(_("! you ignore too many already")));
}

static void run_unignore(const struct command_context *x, struct str args)
{
	struct str mask = command_word(&args);
	struct vec *ignored = &x->view->ignored;

	for (uint32_t i = 0; i < ignored->count; i++) {
		if (!client_same_name(x->client, str_of(ignored->items[i]), mask))
			continue;
		tell_ignored(x, mask, false);
		mem_free(ignored->items[i]);
		vec_remove(ignored, i);
		return;
	}
	x->tell(x->ctx, str_of(_("! you do not ignore that")));
}

static void run_mute(const struct command_context *x, struct str args)
{
	struct str name = args.n ? command_word(&args) : str_of(x->client->target);
	struct window *w = windows_find(&x->view->windows, name);

	if (!w) {
		x->tell(x->ctx, str_of(_("! there is no such window: /win lists them")));
		return;
	}
	w->muted = !w->muted;
	x->tell(x->ctx, w->muted ? str_of(_("* muted: it is quiet while you are elsewhere"))
				 : str_of(_("* not muted any more")));
}

static void run_set(const struct command_context *x, struct str args)
{
	struct str name = command_word(&args);

	char memory[256];
	struct buf b;

	if (name.n && !view_set(x->view, name, args)) {
		x->tell(x->ctx, str_of(_("! /set joins on|off, bell off|mention|all, color on|off, time FORMAT")));
		return;
	}
	buf_init(&b, memory, sizeof(memory));
	view_settings(x->view, &b);
	x->tell(x->ctx, buf_view(&b));
}

/*
 * The message that is meant: the last one of somebody else in the current window, or of the nick that the arguments
 * begin with. NULL, and it is told, when there is none.
 */
static const struct recalled *find_message(const struct command_context *x, struct str *args)
{
	struct str rest = *args, nick = command_word(&rest);
	const char *target = x->client->target;
	const struct recalled *m = NULL;

	if (rest.n)
		m = recall_last(&x->view->recall, target, nick, false);
	if (m)
		*args = rest;
	else
		m = recall_last(&x->view->recall, target, STR_NONE, false);
	if (!(x->client->caps & CLIENT_CAP_TAGS) || !m) {
		x->tell(x->ctx, str_of(_("! nothing was said here that the server could find again")));
		return NULL;
	}
	return m;
}

static void run_react(const struct command_context *x, struct str args)
{
	const struct recalled *m = find_message(x, &args);
	char memory[512], value[128];
	struct buf b, escaped;

	if (!m)
		return;
	buf_init(&escaped, value, sizeof(value));
	tags_escape(&escaped, utf8_cut(args, sizeof(value) / 2 - 1));
	buf_init(&b, memory, sizeof(memory));
	buf_fmt(&b, "@+draft/react=%.*s;+draft/reply=%s TAGMSG %s", STR_ARG(buf_view(&escaped)), m->msgid,
		x->client->target);
	client_send(x->client, buf_view(&b));
}

static void run_reply(const struct command_context *x, struct str args)
{
	struct str target = str_of(x->client->target);
	const struct recalled *m = find_message(x, &args);
	char memory[LINE_BODY_MAX + WINDOW_MSGID_MAX + 64], text[LINE_BODY_MAX];
	struct buf b, piece;

	buf_init(&piece, text, client_room(x->client, STR("PRIVMSG"), target));
	if (!m || !outgoing_take(&args, &piece))
		return;
	buf_init(&b, memory, sizeof(memory));
	buf_fmt(&b, "@+draft/reply=%s PRIVMSG %s :", m->msgid, x->client->target);
	buf_str(&b, buf_view(&piece));
	client_send(x->client, buf_view(&b));
	x->said(x->ctx, target, buf_view(&piece));
	if (args.n)
		x->say(x->ctx, target, args);
}

static void run_redact(const struct command_context *x, struct str args)
{
	const struct recalled *m = recall_last(&x->view->recall, x->client->target, STR_NONE, true);

	if (!(x->client->caps & CLIENT_CAP_REDACT) || !m)
		x->tell(x->ctx, str_of(_("! nothing was said here that the server could take back")));
	else
		client_sendf(x->client, args.n ? "REDACT %s %s :%.*s" : "REDACT %s %s%.*s", x->client->target, m->msgid,
			     STR_ARG(args));
}

static void run_help(const struct command_context *x, struct str args);

static const struct command_row rows[] = {
	{"away", 0, N_("/away [reason]"), N_("says that you are away, or back"), run_away},
	{"close", 0, N_("/close [window]"), N_("closes a window, and leaves its channel"), run_close},
	{"help", 0, N_("/help [command]"), N_("what commands there are, or what one does"), run_help},
	{"ignore", 0, N_("/ignore [nick|mask]"), N_("shows nothing of somebody any more, or lists whom you ignore"),
	 run_ignore},
	{"join", 1, N_("/join #channel [key]"), N_("enters a channel, or goes back to one; what you type goes there"),
	 run_join},
	{"me", 1, N_("/me text"), N_("says what you do"), run_me},
	{"msg", 2, N_("/msg nick|#channel text"), N_("says something to one person, or elsewhere"), run_msg},
	{"mute", 0, N_("/mute [window]"), N_("keeps a window quiet while you are elsewhere, or ends that"), run_mute},
	{"names", 0, N_("/names [#channel]"), N_("who is in the channel"), run_names},
	{"nick", 1, N_("/nick name"), N_("changes your name"), run_nick},
	{"notice", 2, N_("/notice nick|#channel text"), N_("says something that no program answers"), run_notice},
	{"part", 0, N_("/part [#channel] [reason]"), N_("leaves the channel"), run_part},
	{"query", 1, N_("/query nick [text]"), N_("talks with one person: what you type goes there"), run_query},
	{"quit", 0, N_("/quit [reason]"), N_("leaves the server"), run_quit},
	{"raw", 1, N_("/raw line"), N_("sends a line to the server as it is"), run_raw},
	{"react", 1, N_("/react [nick] text"), N_("reacts to the last message here, or to that of the nick"),
	 run_react},
	{"redact", 0, N_("/redact [reason]"), N_("takes back what you said last here"), run_redact},
	{"reply", 1, N_("/reply [nick] text"), N_("answers the last message here, or that of the nick"), run_reply},
	{"set", 0, N_("/set name value"), N_("changes a setting: joins, bell, color, time"), run_set},
	{"topic", 0, N_("/topic [#channel] [text]"), N_("shows the topic, or sets it"), run_topic},
	{"unignore", 1, N_("/unignore nick|mask"), N_("listens to somebody again"), run_unignore},
	{"who", 0, N_("/who [mask]"), N_("who is in the channel, or matches the mask"), run_who},
	{"whois", 1, N_("/whois nick"), N_("who somebody is"), run_whois},
	{"win", 0, N_("/win [number|name]"), N_("goes to a window (Alt and its number does so too), or lists them"),
	 run_win},
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

bool command_complete(struct str typed, struct completion *c)
{
	c->replaced = typed.n;
	for (size_t i = 0; i < ROWS && typed.n > 1 && typed.p[0] == '/'; i++) {
		struct str name = str_of(rows[i].name), part = {typed.p + 1, typed.n - 1};

		if (name.n < part.n || !str_eq_nocase((struct str){name.p, part.n}, part))
			continue;
		if (!c->skip) {
			buf_fmt(&c->out, "/%s ", rows[i].name);
			return true;
		}
		c->skip--;
	}
	return false;
}

bool command_may_be_kept(struct str typed, const char *target)
{
	static const char *const secret[] = {"/raw pass",
					     "/raw oper",
					     "/raw authenticate",
					     "/raw register",
					     "/raw ns ",
					     "/raw nickserv",
					     "/raw privmsg nickserv",
					     "/msg nickserv",
					     "/msg ns ",
					     "/query nickserv",
					     "/query ns "};

	/* whoever is asked for passwords gets them */
	if (typed.n && typed.p[0] != '/' && str_eq_nocase(str_of(target), STR("NickServ")))
		return false;
	for (size_t i = 0; i < sizeof(secret) / sizeof(secret[0]); i++) {
		size_t n = strlen(secret[i]);

		if (typed.n >= n && str_eq_nocase((struct str){typed.p, n}, str_of(secret[i])))
			return false;
	}
	return true;
}

static void tell_usage(const struct command_context *x, const struct command_row *row)
{
	char memory[256];
	struct buf b;

	buf_init(&b, memory, sizeof(memory));
	buf_fmt(&b, "* %s: %s", _(row->usage), _(row->help));
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
	x->tell(x->ctx, str_of(_("* all else is said in the channel; //text says /text")));
	x->tell(x->ctx, str_of(_("* Tab completes, Alt and a digit goes to a window, the arrows call back lines")));
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
	buf_cstr(&b, _("! /help knows all commands; there is no /"));
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
