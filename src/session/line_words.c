#include "session/line_words.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/inert.h"
#include "proto/tags.h"

/* A line in the making: its words are not harmless yet. */
struct saying {
	struct buf *out;
	const struct line_view *v;
	const struct line *l;
	struct str who; /* the nick of its source */
};

typedef void (*say_fn)(const struct saying *s);

struct str line_words_nick(struct str source)
{
	const char *end = source.n ? memchr(source.p, '!', source.n) : NULL;

	return end ? (struct str){source.p, (size_t)(end - source.p)} : source;
}

static struct str param(const struct saying *s, size_t n)
{
	return n < s->l->nparams ? s->l->params[n] : STR_NONE;
}

static bool is_me(const struct saying *s, struct str nick)
{
	return str_eq(nick, str_of(s->v->nick));
}

static bool is_channel(struct str name)
{
	return name.n && name.p[0] == '#';
}

/* Each line by itself, and each without what a terminal would do something about. */
static void put(struct buf *out, struct str text)
{
	struct str line;

	while (str_split(&text, '\n', &line)) {
		inert_text(out, line);
		buf_cstr(out, "\r\n");
	}
}

void line_words_say(struct buf *out, enum language language, enum line_text id, const struct line_args *args)
{
	char memory[LINE_WORDS_MAX / 2], harmless[LINE_WORDS_MAX / 2];
	struct line_args safe;
	struct buf b, args_room;

	buf_init(&args_room, harmless, sizeof(harmless));
	for (size_t i = 0; i < sizeof(safe.of) / sizeof(safe.of[0]); i++) {
		size_t at = args_room.n;

		inert_text(&args_room, args->of[i]);
		safe.of[i] = (struct str){harmless + at, args_room.n - at};
	}
	buf_init(&b, memory, sizeof(memory));
	line_text_fill(&b, language, id, &safe);
	put(out, buf_view(&b));
}

static void say(const struct saying *s, enum line_text id, struct line_args args)
{
	if (id != TEXT_NONE)
		line_words_say(s->out, s->v->language, id, &args);
}

/* When it was, in the time of the server's own zone */

static int64_t when(const struct saying *s)
{
	struct tag tag;
	struct tm tm = {0};
	char text[32];

	if (!tags_find(s->l->tags, STR("time"), &tag) || tag.value.n >= sizeof(text))
		return s->v->now;
	memcpy(text, tag.value.p, tag.value.n);
	text[tag.value.n] = '\0';
	return strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) ? (int64_t)timegm(&tm) * 1000 : s->v->now;
}

/* "[14:03] ", with the day where it is not today. */
static void put_time(const struct saying *s)
{
	time_t then = (time_t)(when(s) / 1000), now = (time_t)(s->v->now / 1000);
	struct tm at, today;
	char text[40] = "";

	if (!localtime_r(&then, &at) || !localtime_r(&now, &today))
		return;
	if (at.tm_yday == today.tm_yday && at.tm_year == today.tm_year)
		(void)strftime(text, sizeof(text), "[%H:%M] ", &at);
	else
		(void)strftime(text, sizeof(text), "[%Y-%m-%d %H:%M] ", &at);
	buf_cstr(s->out, text);
}

/* Of something that happened in a channel, which is named where it is another one. */
static void put_place(const struct saying *s, struct str channel)
{
	put_time(s);
	if (!is_channel(channel) || (s->v->target && str_eq(channel, str_of(s->v->target))))
		return;
	inert_text(s->out, channel);
	buf_chr(s->out, ' ');
}

static void happened(const struct saying *s, struct str channel, enum line_text id, struct line_args args)
{
	put_place(s, channel);
	buf_cstr(s->out, "-- ");
	say(s, id, args);
}

/* What people say */

static bool is_word_byte(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-' ||
	       (unsigned char)c >= 0x80;
}

/* The nick stands in it as a word. */
static bool mentions(struct str text, struct str nick)
{
	for (size_t at = 0; nick.n && at + nick.n <= text.n; at++) {
		struct str here = {text.p + at, nick.n};

		if (!str_eq_nocase(here, nick) || (at && is_word_byte(text.p[at - 1])))
			continue;
		if (at + nick.n == text.n || !is_word_byte(text.p[at + nick.n]))
			return true;
	}
	return false;
}

static void ring(const struct saying *s, struct str target, struct str text)
{
	if (s->v->bell && !is_me(s, s->who) && (is_me(s, target) || mentions(text, str_of(s->v->nick))))
		buf_chr(s->out, '\a');
}

/* Whom it is for, where that is not the channel in front of everybody's eyes. */
static void put_target(const struct saying *s, struct str target)
{
	struct line_args args = {{target}};
	char memory[LINE_BODY_MAX * 2];
	struct buf b;

	while (target.n && strchr("~&@%+", target.p[0]))
		target = (struct str){target.p + 1, target.n - 1};
	put_place(s, target);
	if (is_channel(target))
		return;
	buf_init(&b, memory, sizeof(memory));
	line_text_fill(&b, s->v->language, is_me(s, target) ? TEXT_PRIVATE : TEXT_SENT, &args);
	inert_text(s->out, buf_view(&b));
}

/* "\1ACTION dances\1" and its kin: https://modern.ircdocs.horse/ctcp */
static void say_ctcp(const struct saying *s, struct str target, struct str text)
{
	struct str rest = {text.p + 1, text.n - 1}, word = STR_NONE;

	if (rest.n && rest.p[rest.n - 1] == '\1')
		rest.n--;
	if (!str_starts(rest, STR("ACTION "))) {
		(void)str_split(&rest, ' ', &word);
		happened(s, target, TEXT_CTCP, (struct line_args){{s->who, word}});
		return;
	}
	rest = (struct str){rest.p + 7, rest.n - 7};
	ring(s, target, rest);
	put_target(s, target);
	buf_cstr(s->out, "* ");
	inert_text(s->out, s->who);
	buf_chr(s->out, ' ');
	put(s->out, rest);
}

static void say_message(const struct saying *s)
{
	struct str target = param(s, 0), text = param(s, 1);

	if (text.n && text.p[0] == '\1') {
		say_ctcp(s, target, text);
		return;
	}
	ring(s, target, text);
	put_target(s, target);
	inert_text(s->out, s->who);
	buf_cstr(s->out, ": ");
	put(s->out, text.n ? text : STR(" "));
}

static bool is_server(struct str source)
{
	return !memchr(source.n ? source.p : "", '!', source.n);
}

static void say_notice(const struct saying *s)
{
	struct str text = param(s, 1);

	if (text.n && text.p[0] == '\1')
		return;
	if (is_server(s->l->source)) {
		buf_cstr(s->out, "-- ");
		put(s->out, str_starts(text, STR("*** ")) ? (struct str){text.p + 4, text.n - 4} : text);
		return;
	}
	ring(s, STR_NONE, text);
	put_target(s, param(s, 0));
	buf_chr(s->out, '-');
	inert_text(s->out, s->who);
	buf_cstr(s->out, "- ");
	put(s->out, text.n ? text : STR(" "));
}

/* What people do */

static void say_join(const struct saying *s)
{
	if (is_me(s, s->who))
		say(s, TEXT_YOU_IN, (struct line_args){{param(s, 0)}});
	else if (!s->v->fold)
		happened(s, param(s, 0), TEXT_JOINED, (struct line_args){{s->who}});
}

/* "ana left (text)" */
static void gone(const struct saying *s, struct str channel, enum line_text id, struct str why)
{
	struct line_args args = {{s->who}};
	char memory[LINE_BODY_MAX * 3];
	struct buf b;

	put_place(s, channel);
	buf_cstr(s->out, "-- ");
	buf_init(&b, memory, sizeof(memory));
	line_text_fill(&b, s->v->language, id, &args);
	if (why.n)
		buf_fmt(&b, " (%.*s)", STR_ARG(why));
	put(s->out, buf_view(&b));
}

static void say_part(const struct saying *s)
{
	if (is_me(s, s->who))
		say(s, TEXT_YOU_LEFT, (struct line_args){{param(s, 0)}});
	else if (!s->v->fold)
		gone(s, param(s, 0), TEXT_LEFT, param(s, 1));
}

static void say_quit(const struct saying *s)
{
	if (!s->v->fold)
		gone(s, STR_NONE, TEXT_QUIT, param(s, 0));
}

static void say_kick(const struct saying *s)
{
	struct line_args args = {{s->who, param(s, 0), param(s, 2), param(s, 1)}};

	if (is_me(s, param(s, 1)))
		say(s, TEXT_YOU_KICKED, args);
	else
		happened(s, param(s, 0), TEXT_KICKED, args);
}

static void say_nick(const struct saying *s)
{
	if (is_me(s, param(s, 0)))
		say(s, TEXT_YOU_NICK, (struct line_args){{param(s, 0)}});
	else
		happened(s, STR_NONE, TEXT_NICK, (struct line_args){{s->who, param(s, 0)}});
}

static void say_topic(const struct saying *s)
{
	enum line_text id = param(s, 1).n ? TEXT_TOPIC_SET : TEXT_TOPIC_CLEARED;

	happened(s, param(s, 0), id, (struct line_args){{s->who, param(s, 1)}});
}

static void join_params(struct buf *b, const struct saying *s, size_t from)
{
	for (size_t i = from; i < s->l->nparams; i++) {
		if (b->n)
			buf_chr(b, ' ');
		buf_str(b, s->l->params[i]);
	}
}

static void say_mode(const struct saying *s)
{
	char memory[LINE_BODY_MAX];
	struct buf b;

	if (!is_channel(param(s, 0)))
		return;
	buf_init(&b, memory, sizeof(memory));
	join_params(&b, s, 1);
	happened(s, param(s, 0), TEXT_MODE, (struct line_args){{s->who, buf_view(&b)}});
}

static void say_invite(const struct saying *s)
{
	if (is_me(s, param(s, 0)))
		happened(s, STR_NONE, TEXT_INVITED, (struct line_args){{s->who, param(s, 1)}});
}

static void say_kill(const struct saying *s)
{
	say(s, TEXT_KILLED, (struct line_args){{s->who, param(s, 1)}});
}

static void say_away(const struct saying *s)
{
	if (!s->v->fold && !is_me(s, s->who))
		happened(s, STR_NONE, param(s, 0).n ? TEXT_AWAY : TEXT_BACK, (struct line_args){{s->who, param(s, 0)}});
}

static void say_wallops(const struct saying *s)
{
	put_time(s);
	buf_cstr(s->out, "-- ");
	inert_text(s->out, s->who);
	buf_cstr(s->out, ": ");
	put(s->out, param(s, 0));
}

/* FAIL, WARN, NOTE: the last parameter is for people. */
static void say_standard(const struct saying *s)
{
	buf_cstr(s->out, "-- ");
	put(s->out, param(s, s->l->nparams ? s->l->nparams - 1 : 0));
}

static void say_error(const struct saying *s)
{
	struct str text = param(s, 0);
	const char *open = text.n ? memchr(text.p, '[', text.n) : NULL;

	/* "Closing link: (address) [reason]": the reason alone. */
	if (open && text.p[text.n - 1] == ']')
		text = (struct str){open + 1, (size_t)(text.p + text.n - open) - 2};
	say(s, TEXT_END, (struct line_args){{text}});
}

static void say_nothing(const struct saying *s)
{
	(void)s;
}

/* "+ref chathistory #lobby" */
static void say_batch(const struct saying *s)
{
	if (str_starts(param(s, 0), STR("+")) && str_eq(param(s, 1), STR("chathistory")))
		say(s, TEXT_LAST_LINES, (struct line_args){{param(s, 2)}});
}

static const struct {
	struct str command;
	say_fn say;
} commands[] = {
	{STR("PRIVMSG"), say_message},  {STR("NOTICE"), say_notice},    {STR("JOIN"), say_join},
	{STR("PART"), say_part},        {STR("QUIT"), say_quit},        {STR("KICK"), say_kick},
	{STR("NICK"), say_nick},        {STR("TOPIC"), say_topic},      {STR("MODE"), say_mode},
	{STR("INVITE"), say_invite},    {STR("KILL"), say_kill},        {STR("AWAY"), say_away},
	{STR("WALLOPS"), say_wallops},  {STR("FAIL"), say_standard},    {STR("WARN"), say_standard},
	{STR("NOTE"), say_standard},    {STR("ERROR"), say_error},      {STR("BATCH"), say_batch},
	{STR("PING"), say_nothing},     {STR("PONG"), say_nothing},     {STR("CAP"), say_nothing},
	{STR("ACK"), say_nothing},      {STR("ACCOUNT"), say_nothing},  {STR("CHGHOST"), say_nothing},
	{STR("SETNAME"), say_nothing},  {STR("TAGMSG"), say_nothing},   {STR("AUTHENTICATE"), say_nothing},
	{STR("REDACT"), say_nothing},   {STR("MARKREAD"), say_nothing}, {STR("METADATA"), say_nothing},
};

/* Numerics: their parameters after the nick. Those that are not here are shown as they are, without their digits. */

static void args_of(const struct saying *s, struct line_args *args)
{
	for (size_t i = 0; i < sizeof(args->of) / sizeof(args->of[0]); i++)
		args->of[i] = param(s, i + 1);
}

static void say_who(const struct saying *s)
{
	struct str realname = param(s, 7);
	const char *space = realname.n ? memchr(realname.p, ' ', realname.n) : NULL;

	/* "0 Ana" */
	if (space)
		realname = (struct str){space + 1, (size_t)(realname.p + realname.n - space) - 1};
	say(s, TEXT_WHO, (struct line_args){{param(s, 5), param(s, 2), param(s, 3), realname}});
}

static void say_names(const struct saying *s)
{
	struct str names = param(s, 3);

	while (names.n && names.p[names.n - 1] == ' ')
		names.n--;
	say(s, TEXT_HERE, (struct line_args){{param(s, 2), names}});
}

static void say_whois_user(const struct saying *s)
{
	say(s, TEXT_IS, (struct line_args){{param(s, 1), param(s, 2), param(s, 3), param(s, 5)}});
}

static void say_last(const struct saying *s)
{
	struct str text = param(s, s->l->nparams ? s->l->nparams - 1 : 0);

	if (str_starts(text, STR("- ")))
		text = (struct str){text.p + 2, text.n - 2};
	put(s->out, text.n ? text : STR(" "));
}

static void say_greeting(const struct saying *s)
{
	if (!s->v->coming)
		say_last(s);
}

static void say_account(const struct saying *s)
{
	say(s, TEXT_LOGGED_IN, (struct line_args){{param(s, 2)}});
}

static const struct {
	char digits[4];
	enum line_text text; /* or */
	say_fn say;
} numerics[] = {
	{"001", TEXT_NONE, say_nothing},      {"002", TEXT_NONE, say_nothing},    {"003", TEXT_NONE, say_nothing},
	{"004", TEXT_NONE, say_nothing},      {"005", TEXT_NONE, say_nothing},    {"221", TEXT_NONE, say_nothing},
	{"251", TEXT_NONE, say_greeting},     {"252", TEXT_NONE, say_nothing},    {"253", TEXT_NONE, say_nothing},
	{"254", TEXT_NONE, say_nothing},      {"255", TEXT_NONE, say_nothing},    {"265", TEXT_NONE, say_nothing},
	{"266", TEXT_NONE, say_nothing},      {"301", TEXT_AWAY, NULL},           {"311", TEXT_NONE, say_whois_user},
	{"315", TEXT_NONE, say_nothing},      {"317", TEXT_IDLE, NULL},           {"318", TEXT_NONE, say_nothing},
	{"312", TEXT_NONE, say_nothing},      {"319", TEXT_IS_IN, NULL},          {"321", TEXT_NONE, say_nothing},
	{"322", TEXT_CHANNEL, NULL},          {"323", TEXT_NONE, say_nothing},    {"329", TEXT_NONE, say_nothing},
	{"331", TEXT_NO_TOPIC, NULL},         {"332", TEXT_TOPIC, NULL},          {"333", TEXT_NONE, say_nothing},
	{"341", TEXT_INVITING, NULL},         {"352", TEXT_NONE, say_who},        {"353", TEXT_NONE, say_names},
	{"366", TEXT_NONE, say_nothing},      {"369", TEXT_NONE, say_nothing},    {"372", TEXT_NONE, say_last},
	{"375", TEXT_NONE, say_nothing},      {"376", TEXT_NONE, say_nothing},    {"396", TEXT_NONE, say_nothing},
	{"401", TEXT_NO_NICK, NULL},          {"403", TEXT_NO_CHANNEL, NULL},     {"404", TEXT_CANNOT_SEND, NULL},
	{"405", TEXT_TOO_MANY_CHANNELS, NULL}, {"422", TEXT_NONE, say_greeting},  {"432", TEXT_NICK_BAD, NULL},
	{"433", TEXT_NICK_USED, NULL},        {"441", TEXT_NOT_THERE, NULL},      {"442", TEXT_NOT_ON_CHANNEL, NULL},
	{"447", TEXT_NICK_LOCKED, NULL},      {"461", TEXT_MISSING, NULL},        {"464", TEXT_WRONG_PASSWORD, NULL},
	{"465", TEXT_BANNED, NULL},           {"471", TEXT_FULL, NULL},           {"473", TEXT_INVITE_ONLY, NULL},
	{"474", TEXT_CHANNEL_BANNED, NULL},   {"475", TEXT_KEY, NULL},            {"476", TEXT_BAD_CHANNEL, NULL},
	{"477", TEXT_NEEDS_ACCOUNT, NULL},    {"482", TEXT_NOT_OPERATOR, NULL},   {"263", TEXT_TRY_AGAIN, NULL},
	{"704", TEXT_NONE, say_last},         {"705", TEXT_NONE, say_last},       {"706", TEXT_NONE, say_last},
	{"900", TEXT_NONE, say_account},      {"901", TEXT_LOGGED_OUT, NULL},     {"903", TEXT_NONE, say_nothing},
	{"904", TEXT_LOGIN_WRONG, NULL},      {"451", TEXT_ASK_NAME, NULL},
};

/* "401 ana bob :No such nick": "bob: No such nick" */
static void say_plain(const struct saying *s)
{
	char memory[LINE_BODY_MAX * 2];
	size_t last = s->l->nparams ? s->l->nparams - 1 : 0;
	struct buf b;

	buf_init(&b, memory, sizeof(memory));
	for (size_t i = 1; i < last; i++) {
		buf_str(&b, s->l->params[i]);
		buf_cstr(&b, i + 1 == last ? ": " : " ");
	}
	if (last)
		buf_str(&b, s->l->params[last]);
	put(s->out, b.n ? buf_view(&b) : STR(" "));
}

static void say_numeric(const struct saying *s)
{
	struct line_args args;

	for (size_t i = 0; i < sizeof(numerics) / sizeof(numerics[0]); i++) {
		if (!str_eq(s->l->command, str_of(numerics[i].digits)))
			continue;
		args_of(s, &args);
		if (numerics[i].say)
			numerics[i].say(s);
		else
			say(s, numerics[i].text, args);
		return;
	}
	say_plain(s);
}

void line_words(struct buf *out, const struct line_view *v, const struct line *l)
{
	const struct saying s = {out, v, l, line_words_nick(l->source)};

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (!str_eq(l->command, commands[i].command))
			continue;
		commands[i].say(&s);
		return;
	}
	if (l->command.n == 3 && l->command.p[0] >= '0' && l->command.p[0] <= '9')
		say_numeric(&s);
}
