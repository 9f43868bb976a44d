#include "chat-client/events.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "chat-client/client.h"
#include "chat-client/recall.h"
#include "chat-client/stamp.h"
#include "chat-client/words.h"
#include "proto/tags.h"

/* What the words of one event are made of. */
struct event {
	const struct client *client;
	const struct line *line;
	struct buf *out;
	enum screen_stream stream;
	const struct recalled *about; /* what a reaction, a reply or a redaction is about; NULL: it is not known */
	struct str value;             /* of the tag that it is all about, still escaped */
};

/*
 * A row says how a command or numeric with at least so many parameters reads; the first that fits is taken. Numerics
 * without a row read as their parameters, one after the other; other commands without a row are not shown.
 * In words: %n nick of the source, %u its user@host in brackets after a space, %0 to %9 a parameter, %* the parameters
 * from the next digit on ("%*2"), %T2 parameter 2 as a date, %D2 as a duration; %w who said what it is about, and %q
 * what that was; %x the value of the tag; %R7 parameter 7 without the number of hops in front of a real name.
 */
struct event_row {
	const char *command;
	uint8_t min_params;
	const char *words;                 /* NULL: describe does it, or it is silent */
	bool (*describe)(struct event *e); /* false: nothing to show */
};

static struct str param(const struct event *e, size_t i)
{
	return i < e->line->nparams ? e->line->params[i] : STR_NONE;
}

static void add_params(struct event *e, size_t from)
{
	for (size_t i = from; i < e->line->nparams; i++) {
		if (i > from)
			buf_chr(e->out, ' ');
		buf_str(e->out, e->line->params[i]);
	}
}

static void add_user_host(struct event *e)
{
	struct str source = e->line->source, nick = client_source_nick(source);

	if (nick.n < source.n)
		buf_fmt(e->out, " (%.*s)", (int)(source.n - nick.n - 1), source.p + nick.n + 1);
}

static void add_date(struct event *e, struct str seconds)
{
	unsigned long long n;

	if (str_u64(seconds, 253402300799ULL, &n))
		stamp_date(e->out, (int64_t)n * 1000);
	else
		buf_str(e->out, seconds);
}

static void add_duration(struct event *e, struct str seconds)
{
	unsigned long long n;

	if (str_u64(seconds, 1ULL << 40, &n))
		stamp_duration(e->out, n);
	else
		buf_str(e->out, seconds);
}

/* The tag of that name, with or without the prefix of drafts. */
static bool find_tag(const struct event *e, const char *name, struct str *value)
{
	char key[32];
	struct tag tag;

	for (int draft = 0; draft < 2 && e->line->tags.n; draft++) {
		snprintf(key, sizeof(key), "+%s%s", draft ? "draft/" : "", name);
		if (tags_find(e->line->tags, str_of(key), &tag)) {
			*value = tag.value;
			return true;
		}
	}
	return false;
}

static void add_real_name(struct event *e, struct str text)
{
	const char *space = text.n ? memchr(text.p, ' ', text.n) : NULL;

	if (space)
		text = (struct str){space + 1, text.n - (size_t)(space + 1 - text.p)};
	buf_str(e->out, text);
}

/* One %-part of a row's words; returns what follows it. */
static const char *add_part(struct event *e, const char *at)
{
	char kind = *at++;

	if (kind >= '0' && kind <= '9')
		buf_str(e->out, param(e, (size_t)(kind - '0')));
	else if (kind == 'n')
		buf_str(e->out, client_source_nick(e->line->source));
	else if (kind == 'u')
		add_user_host(e);
	else if (kind == 'w' && e->about)
		buf_cstr(e->out, e->about->nick);
	else if (kind == 'q' && e->about)
		buf_fmt(e->out, "\"%s\017\"", e->about->text);
	else if (kind == 'x')
		tags_unescape(e->out, e->value);
	else if (kind == 'R')
		add_real_name(e, param(e, (size_t)(*at++ - '0')));
	else if (kind == '*')
		add_params(e, (size_t)(*at++ - '0'));
	else if (kind == 'T')
		add_date(e, param(e, (size_t)(*at++ - '0')));
	else if (kind == 'D')
		add_duration(e, param(e, (size_t)(*at++ - '0')));
	return at;
}

static void add_words(struct event *e, const char *words)
{
	while (*words) {
		if (*words == '%')
			words = add_part(e, words + 1);
		else
			buf_chr(e->out, *words++);
	}
}

/* Takes "\1ACTION text\1" apart. False when it is not CTCP. */
static bool take_ctcp(struct str text, struct str *verb, struct str *rest)
{
	if (text.n < 2 || text.p[0] != '\1')
		return false;
	text.p++;
	text.n--;
	if (text.p[text.n - 1] == '\1')
		text.n--;
	*rest = text;
	if (!str_split(rest, ' ', verb))
		*verb = STR_NONE;
	return true;
}

/* "#channel " where it is not the current one: to those who read several. */
static void add_place(struct event *e, struct str target)
{
	if (client_same_name(e->client, target, str_of(e->client->target)))
		return;
	buf_str(e->out, target);
	buf_chr(e->out, ' ');
}

static bool is_to_people(struct str target)
{
	return target.n && !strchr("#&+!@%~$", target.p[0]);
}

/* A nick in a colour of its own, as IRC formatting: the screen shows it or leaves it out. */
static void add_nick(struct event *e, struct str nick)
{
	static const char *const colours[] = {"02", "03", "04", "05", "06", "07", "09", "10", "11", "12", "13"};
	uint32_t hash = 5381;

	if (!e->client->paint) {
		buf_str(e->out, nick);
		return;
	}
	for (size_t i = 0; i < nick.n; i++)
		hash = hash * 33 + (unsigned char)casemap_fold_char(e->client->casemap, nick.p[i]);
	buf_fmt(e->out, "\003%s", colours[hash % (sizeof(colours) / sizeof(colours[0]))]);
	buf_str(e->out, nick);
	buf_chr(e->out, '\017');
}

/* Who speaks, with the brackets that tell the kind: <ana>, -ana-, *ana* when it is to us alone, *-> ana* from us. */
static void add_speaker(struct event *e, struct str target, const char *open, const char *close)
{
	struct str nick = client_source_nick(e->line->source);

	if (!is_to_people(target)) {
		add_place(e, target);
	} else if (client_is_me(e->client, nick) && !client_is_me(e->client, target)) {
		buf_fmt(e->out, "*-> %.*s* ", STR_ARG(target));
		return;
	} else if (*open == '<') {
		open = close = "*";
	}
	buf_cstr(e->out, open);
	add_nick(e, nick);
	buf_fmt(e->out, "%s ", close);
}

/* What it answers. */
static void add_reply(struct event *e)
{
	struct str msgid;

	if (!find_tag(e, "reply", &msgid))
		return;
	e->about = recall_find(e->client->recall, msgid);
	add_words(e, e->about ? PHRASE("(to %w: %q) ") : PHRASE("(a reply) "));
}

static bool describe_ctcp(struct event *e, struct str verb, struct str rest)
{
	struct str target = param(e, 0);

	if (str_eq_nocase(verb, STR("ACTION"))) {
		add_place(e, target);
		buf_cstr(e->out, "* ");
		add_nick(e, client_source_nick(e->line->source));
		buf_chr(e->out, ' ');
		add_reply(e);
		buf_str(e->out, rest);
		return true;
	}
	e->stream = SCREEN_REST;
	add_words(e, PHRASE("* CTCP from %n: "));
	buf_str(e->out, verb);
	buf_chr(e->out, ' ');
	buf_str(e->out, rest);
	return true;
}

static bool describe_message(struct event *e)
{
	bool notice = str_eq_nocase(e->line->command, STR("NOTICE"));
	struct str text = param(e, 1), verb, rest;

	if (take_ctcp(text, &verb, &rest))
		return describe_ctcp(e, verb, rest);
	/* what a server says is not what people say */
	if (notice && !memchr(e->line->source.n ? e->line->source.p : "", '!', e->line->source.n)) {
		e->stream = SCREEN_REST;
		add_words(e, "* %1");
		return true;
	}
	add_speaker(e, param(e, 0), notice ? "-" : "<", notice ? "-" : ">");
	add_reply(e);
	buf_str(e->out, text);
	return true;
}

static bool describe_tags(struct event *e)
{
	bool added = find_tag(e, "react", &e->value);
	struct str msgid;

	if (!added && !find_tag(e, "unreact", &e->value))
		return false;
	if (find_tag(e, "reply", &msgid))
		e->about = recall_find(e->client->recall, msgid);
	add_place(e, param(e, 0));
	if (added)
		add_words(e, e->about ? PHRASE("* %n reacts with %x to %w: %q") : PHRASE("* %n reacts with %x"));
	else
		add_words(e, e->about ? PHRASE("* %n takes %x back from %w: %q") : PHRASE("* %n takes %x back"));
	return true;
}

static bool describe_redact(struct event *e)
{
	struct str nick = client_source_nick(e->line->source);

	e->about = recall_find(e->client->recall, param(e, 1));
	if (!e->about)
		add_words(e, PHRASE("* %n took back a message in %0"));
	else if (client_same_name(e->client, nick, str_of(e->about->nick)))
		add_words(e, PHRASE("* %n took back in %0: %q"));
	else
		add_words(e, PHRASE("* %n took back in %0 what %w said: %q"));
	if (param(e, 2).n)
		add_words(e, " (%2)");
	return true;
}

static bool describe_nick(struct event *e)
{
	add_words(e, client_is_me(e->client, e->line->source) ? PHRASE("* you are %0 now") : PHRASE("* %n is %0 now"));
	return true;
}

static bool describe_kick(struct event *e)
{
	add_words(e, client_is_me(e->client, param(e, 1)) ? PHRASE("* %n kicked you out of %0")
							  : PHRASE("* %n kicked %1 out of %0"));
	if (e->line->nparams > 2)
		add_words(e, ": %2");
	return true;
}

static bool describe_topic(struct event *e)
{
	add_words(e,
		  param(e, 1).n ? PHRASE("* %n made the topic of %0: %1") : PHRASE("* %n took the topic of %0 away"));
	return true;
}

static bool describe_invite(struct event *e)
{
	add_words(e, client_is_me(e->client, param(e, 0)) ? PHRASE("* %n invites you to %1")
							  : PHRASE("* %n invites %0 to %1"));
	return true;
}

/* A numeric that has no row: its parameters but our own nick; an error is told as one. */
static bool describe_numeric(struct event *e)
{
	char class = e->line->command.p[0];

	buf_cstr(e->out, class == '4' || class == '5' || class == '9' ? "! " : "* ");
	add_params(e, e->line->nparams > 1 ? 1 : 0);
	return true;
}

static const struct event_row rows[] = {
	{"PRIVMSG", 2, NULL, describe_message},
	{"NOTICE", 2, NULL, describe_message},
	{"TAGMSG", 1, NULL, describe_tags},
	{"REDACT", 2, NULL, describe_redact},
	{"JOIN", 1, N_PHRASE("* %n%u joined %0"), NULL},
	{"PART", 2, N_PHRASE("* %n left %0: %1"), NULL},
	{"PART", 1, N_PHRASE("* %n left %0"), NULL},
	{"QUIT", 1, N_PHRASE("* %n quit: %0"), NULL},
	{"QUIT", 0, N_PHRASE("* %n quit"), NULL},
	{"NICK", 1, NULL, describe_nick},
	{"KICK", 2, NULL, describe_kick},
	{"TOPIC", 2, NULL, describe_topic},
	{"MODE", 2, N_PHRASE("* %n set mode %*1 on %0"), NULL},
	{"INVITE", 2, NULL, describe_invite},
	{"SETNAME", 1, N_PHRASE("* %n is called \"%0\" now"), NULL},
	{"CHGHOST", 2, N_PHRASE("* %n is %0@%1 now"), NULL},
	{"AWAY", 1, N_PHRASE("* %n is away: %0"), NULL},
	{"AWAY", 0, N_PHRASE("* %n is back"), NULL},
	{"WALLOPS", 1, N_PHRASE("* to all operators, from %n: %0"), NULL},
	{"KILL", 2, N_PHRASE("* %n removed %0 from the network: %1"), NULL},
	{"FAIL", 3, "! %0: %*2", NULL},
	{"WARN", 3, N_PHRASE("! warning, %0: %*2"), NULL},
	{"NOTE", 3, N_PHRASE("* note, %0: %*2"), NULL},
	{"001", 2, "* %1", NULL},
	{"002", 0, NULL, NULL},
	{"003", 0, NULL, NULL},
	{"004", 0, NULL, NULL},
	{"005", 0, NULL, NULL},
	{"221", 2, N_PHRASE("* your modes are %*1"), NULL},
	{"250", 0, NULL, NULL},
	{"252", 0, NULL, NULL},
	{"253", 0, NULL, NULL},
	{"254", 0, NULL, NULL},
	{"255", 0, NULL, NULL},
	{"265", 0, NULL, NULL},
	{"266", 0, NULL, NULL},
	{"301", 3, N_PHRASE("* %1 is away: %2"), NULL},
	{"311", 6, N_PHRASE("* %1 is %2@%3, \"%5\""), NULL},
	{"312", 4, N_PHRASE("* %1 is on %2 (%3)"), NULL},
	{"314", 6, N_PHRASE("* %1 was %2@%3, \"%5\""), NULL},
	{"315", 0, NULL, NULL},
	{"317", 5, N_PHRASE("* %1 has said nothing for %D2, came %T3"), NULL},
	{"318", 0, NULL, NULL},
	{"319", 3, N_PHRASE("* %1 is in %2"), NULL},
	{"324", 3, N_PHRASE("* modes of %1: %*2"), NULL},
	{"329", 3, N_PHRASE("* %1 began %T2"), NULL},
	{"330", 4, N_PHRASE("* %1 is logged in as %2"), NULL},
	{"331", 2, N_PHRASE("* %1 has no topic"), NULL},
	{"332", 3, N_PHRASE("* topic of %1: %2"), NULL},
	{"333", 4, N_PHRASE("* topic of %1 by %2, %T3"), NULL},
	{"341", 3, N_PHRASE("* %1 is invited to %2"), NULL},
	{"352", 8, N_PHRASE("* %5 (%2@%3) in %1, %6: %R7"), NULL},
	{"353", 4, N_PHRASE("* in %2: %3"), NULL},
	{"366", 0, NULL, NULL},
	{"369", 0, NULL, NULL},
	{"375", 0, NULL, NULL},
	{"376", 0, NULL, NULL},
	{"422", 0, NULL, NULL},
	{"433", 3, N_PHRASE("! the nick %1 is in use"), NULL},
	{"671", 2, N_PHRASE("* %1 has a secure connection"), NULL},
};

static const struct event_row *find_row(const struct line *line)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (str_eq_nocase(line->command, str_of(rows[i].command)) && line->nparams >= rows[i].min_params)
			return &rows[i];
	}
	return NULL;
}

bool events_describe(const struct client *c, const struct line *line, struct buf *out, enum screen_stream *stream)
{
	const struct event_row *row = find_row(line);
	struct event e = {.client = c, .line = line, .out = out, .stream = SCREEN_REST};
	bool shown = true;

	if (client_is_reason(c, line))
		return false;

	if (row && row->describe) {
		if (row->describe == describe_message)
			e.stream = SCREEN_MESSAGES;
		shown = row->describe(&e);
	} else if (row) {
		shown = row->words != NULL;
		if (shown)
			add_words(&e, *row->words ? _(row->words) : "");
	} else {
		shown = line->command.p[0] >= '0' && line->command.p[0] <= '9' && describe_numeric(&e);
	}
	/* of several lines are only the messages of people */
	for (size_t i = 0; i < out->n && e.stream != SCREEN_MESSAGES; i++)
		out->p[i] = out->p[i] == '\n' ? ' ' : out->p[i];
	/* the mark that words of errors begin with, and no others */
	if (e.stream == SCREEN_REST && out->n && out->p[0] == '!')
		e.stream = SCREEN_ERRORS;
	*stream = e.stream;
	return shown;
}
