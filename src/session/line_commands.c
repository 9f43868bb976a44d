#include <string.h>

#include "base/mem.h"
#include "proto/base64.h"
#include "proto/line.h"
#include "proto/name.h"
#include "proto/utf8.h"
#include "session/line_door.h"
#include "session/server.h"
#include "session/session_internal.h"

/* What is typed -> commands of IRC, run as a client's are. */

enum {
	TRIES_MAX = 10,     /* at a name */
	PARTS_MAX = 8,      /* of one line that is longer than a message */
	WORD_MAX = 128,
	COST_LOCAL = 1000,  /* thousandths of a token for what is done here */
	COST_NOTHING = 100,
	SASL_PART = 400,
};

static bool is_over(const struct session *s)
{
	return (s->flags & SESSION_CLOSED) || !s->person;
}

void person_run(struct session *s, const char *command, const char *const params[], size_t n)
{
	struct message m = {.command = command, .bytes = strlen(command) + 2};

	for (size_t i = 0; i < n && i < LINE_PARAMS_MAX; i++) {
		m.params[i] = params[i];
		m.bytes += strlen(params[i]) + 1;
	}
	m.nparams = n;
	s->hub->host.command(s->hub->host.ctx, s, &m);
}

static void run_one(struct session *s, const char *command, const char *param)
{
	person_run(s, command, &param, 1);
}

static void run_two(struct session *s, const char *command, const char *a, const char *b)
{
	const char *params[] = {a, b};

	person_run(s, command, params, 2);
}

static void local(struct session *s, enum line_text id, struct str a)
{
	person_say(s, id, a, STR_NONE);
	if (!is_over(s))
		session_charge(s, COST_LOCAL);
}

/* The next word, NUL-terminated; without the ':' that has a meaning of its own in IRC. "": there is none. */
static void take_word(struct str *rest, char dst[WORD_MAX])
{
	struct str word = STR_NONE;

	*rest = str_trim(*rest, " ");
	str_split(rest, ' ', &word);
	while (word.n && word.p[0] == ':')
		word = (struct str){word.p + 1, word.n - 1};
	word = utf8_cut(word, WORD_MAX - 1);
	memcpy(dst, word.p ? word.p : "", word.n);
	dst[word.n] = '\0';
	*rest = str_trim(*rest, " ");
}

/* Text of at most a message, NUL-terminated. */
static void copy_text(struct str text, char dst[LINE_BODY_MAX])
{
	text = utf8_cut(text, LINE_BODY_MAX - 1);
	memcpy(dst, text.p ? text.p : "", text.n);
	dst[text.n] = '\0';
}

/* Saying */

/* What fits a line beside ":nick!user@host PRIVMSG target :", so that nobody reads it cut. */
static size_t room_for(const struct session *s, const char *target)
{
	size_t taken = strlen(session_nick(s)) + NAME_USER_MAX + NAME_HOST_MAX + strlen(target) +
		       strlen(":!@ PRIVMSG  :\1ACTION \1\r\n");

	return taken + 64 < LINE_BODY_MAX ? LINE_BODY_MAX - taken : 64;
}

/* The front of it that is one message: to the last blank, where there is one in its second half. */
static struct str take_part(struct str *rest, size_t room)
{
	struct str part = utf8_cut(*rest, room);
	const char *space = part.n < rest->n ? memrchr(part.p, ' ', part.n) : NULL;

	if (space && (size_t)(space - part.p) > room / 2)
		part.n = (size_t)(space - part.p);
	*rest = (struct str){rest->p + part.n, rest->n - part.n};
	while (rest->n && rest->p[0] == ' ')
		*rest = (struct str){rest->p + 1, rest->n - 1};
	return part;
}

static void say_to(struct session *s, const char *to, struct str text, bool action)
{
	char *target = mem_strdup(to), memory[LINE_BODY_MAX * 2];
	int parts = 0;

	for (; text.n && parts < PARTS_MAX && !is_over(s); parts++) {
		struct str part = take_part(&text, room_for(s, target));
		struct buf b;

		buf_init(&b, memory, sizeof(memory) - 1);
		buf_fmt(&b, action ? "\1ACTION %.*s\1" : "%.*s", STR_ARG(part));
		memory[b.n] = '\0';
		run_two(s, "PRIVMSG", target, memory);
	}
	if (text.n && !is_over(s))
		person_say(s, TEXT_TOO_LONG, STR_NONE, STR_NONE);
	mem_free(target);
}

static void say_here(struct session *s, struct str text, bool action)
{
	if (!s->person->target)
		local(s, TEXT_NOWHERE, STR_NONE);
	else
		say_to(s, s->person->target, text, action);
}

/* Coming in */

void person_name(struct session *s, struct str name)
{
	char word[WORD_MAX], text[LINE_BODY_MAX];
	const char *user[] = {NULL, "0", "*", NULL};

	copy_text(str_trim(name, " "), text);
	if (!text[0]) {
		local(s, TEXT_ASK_NAME, STR_NONE);
		return;
	}
	if (s->person->tries++ == TRIES_MAX) {
		s->hub->host.over(s->hub->host.ctx, s, line_text(session_language(s), TEXT_TOO_MANY_NAMES));
		return;
	}
	run_one(s, "NICK", text);
	if (is_over(s) || !s->reg || !s->reg->nick || s->reg->username)
		return;
	(void)strlcpy(word, s->reg->nick, sizeof(word));
	user[0] = user[3] = word;
	person_run(s, "USER", user, 4);
}

static void take_gate(struct session *s, struct str password)
{
	char text[LINE_BODY_MAX];

	copy_text(password, text);
	s->person->gate = false;
	run_one(s, "PASS", text);
	explicit_bzero(text, sizeof(text));
	if (!is_over(s))
		person_say(s, TEXT_ASK_NAME, STR_NONE, STR_NONE);
}

/* RFC 4616, in parts of 400 bytes: https://ircv3.net/specs/extensions/sasl-3.1 */
static void log_in(struct session *s, const char *account, struct str password)
{
	char memory[WORD_MAX + LINE_BODY_MAX], text[BASE64_ENCODED(WORD_MAX + LINE_BODY_MAX)], part[SASL_PART + 1];
	struct buf message, coded;

	buf_init(&message, memory, sizeof(memory));
	buf_chr(&message, '\0');
	buf_cstr(&message, account);
	buf_chr(&message, '\0');
	buf_str(&message, utf8_cut(password, LINE_BODY_MAX - 2));
	buf_init(&coded, text, sizeof(text));
	base64_encode(&coded, buf_view(&message));
	run_one(s, "AUTHENTICATE", "PLAIN");
	for (size_t at = 0; at <= coded.n && !is_over(s) && s->exchange; at += SASL_PART) {
		size_t n = coded.n - at < SASL_PART ? coded.n - at : SASL_PART;

		memcpy(part, n ? text + at : "+", n ? n : 1);
		part[n ? n : 1] = '\0';
		run_one(s, "AUTHENTICATE", part);
	}
	explicit_bzero(memory, sizeof(memory));
	explicit_bzero(text, sizeof(text));
	explicit_bzero(part, sizeof(part));
}

static void take_password(struct session *s, struct str password)
{
	char *account = s->person->asked;

	s->person->asked = NULL;
	if (s->person->keys.telnet)
		session_put(s, TELNET_SHOW);
	log_in(s, account, password);
	mem_free(account);
}

/* Commands: what follows the name is given to them */

typedef void (*command_fn)(struct session *s, struct str rest);

static void missing(struct session *s)
{
	local(s, TEXT_MISSING, STR_NONE);
}

static void do_login(struct session *s, struct str rest)
{
	char account[WORD_MAX];

	take_word(&rest, account);
	if (!account[0] && !s->user) {
		missing(s);
		return;
	}
	if (!account[0])
		(void)strlcpy(account, session_nick(s), sizeof(account));
	if (rest.n) {
		log_in(s, account, rest);
		return;
	}
	mem_free(s->person->asked);
	s->person->asked = mem_strdup(account);
	local(s, TEXT_ASK_PASSWORD, str_of(account));
	if (s->person->keys.telnet)
		session_put(s, TELNET_HIDE);
	else
		person_say(s, TEXT_SEEN_PASSWORD, STR_NONE, STR_NONE);
}

static void do_telnet(struct session *s, struct str rest)
{
	(void)rest;
	s->person->keys.telnet = true;
	local(s, TEXT_TELNET, STR_NONE);
}

static void do_help(struct session *s, struct str rest)
{
	(void)rest;
	local(s, s->user ? TEXT_HELP : TEXT_HELP_BEFORE, STR_NONE);
}

static void do_quit(struct session *s, struct str rest)
{
	char text[LINE_BODY_MAX];
	const char *param = text;

	copy_text(rest, text);
	person_run(s, "QUIT", &param, rest.n ? 1 : 0);
}

static void turn_to(struct session *s, const char *target)
{
	person_set_target(s->person, str_of(target));
	local(s, TEXT_NOW_WITH, str_of(target));
}

static void do_join(struct session *s, struct str rest)
{
	char name[1 + WORD_MAX] = "#", key[WORD_MAX]; /* the "#" may be left out */
	const char *params[] = {name, key};

	rest = str_trim(rest, " ");
	take_word(&rest, rest.n && rest.p[0] == '#' ? name : name + 1);
	take_word(&rest, key);
	if (!name[1])
		missing(s);
	else if (person_is_in(s->person, str_of(name)))
		turn_to(s, name);
	else
		person_run(s, "JOIN", params, key[0] ? 2 : 1);
}

static void do_leave(struct session *s, struct str rest)
{
	char name[WORD_MAX] = "", text[LINE_BODY_MAX];
	const char *params[] = {name, text};

	rest = str_trim(rest, " ");
	if (rest.n && rest.p[0] == '#')
		take_word(&rest, name);
	else if (s->person->target)
		(void)strlcpy(name, s->person->target, sizeof(name));
	copy_text(rest, text);
	if (!name[0])
		local(s, TEXT_NOWHERE, STR_NONE);
	else if (name[0] == '#')
		person_run(s, "PART", params, text[0] ? 2 : 1);
	else
		missing(s);
}

static void do_msg(struct session *s, struct str rest)
{
	char name[WORD_MAX];

	take_word(&rest, name);
	if (name[0] && rest.n)
		say_to(s, name, rest, false);
	else
		missing(s);
}

static void do_me(struct session *s, struct str rest)
{
	if (rest.n)
		say_here(s, rest, true);
	else
		missing(s);
}

static void do_who(struct session *s, struct str rest)
{
	char name[WORD_MAX];

	take_word(&rest, name);
	if (!name[0] && s->person->target)
		(void)strlcpy(name, s->person->target, sizeof(name));
	if (!name[0])
		local(s, TEXT_NOWHERE, STR_NONE);
	else
		run_one(s, name[0] == '#' ? "NAMES" : "WHOIS", name);
}

static void do_nick(struct session *s, struct str rest)
{
	char text[LINE_BODY_MAX];

	copy_text(rest, text);
	if (text[0])
		run_one(s, "NICK", text);
	else
		missing(s);
}

static void do_topic(struct session *s, struct str rest)
{
	char name[WORD_MAX] = "", text[LINE_BODY_MAX];
	const char *params[] = {name, text};

	if (rest.n && rest.p[0] == '#')
		take_word(&rest, name);
	else if (s->person->target)
		(void)strlcpy(name, s->person->target, sizeof(name));
	copy_text(rest, text);
	if (name[0] == '#')
		person_run(s, "TOPIC", params, text[0] ? 2 : 1);
	else
		local(s, TEXT_NOWHERE, STR_NONE);
}

static void do_away(struct session *s, struct str rest)
{
	char text[LINE_BODY_MAX];
	const char *param = text;

	copy_text(rest, text);
	person_run(s, "AWAY", &param, text[0] ? 1 : 0);
}

static void do_invite(struct session *s, struct str rest)
{
	char nick[WORD_MAX], name[WORD_MAX];

	take_word(&rest, nick);
	take_word(&rest, name);
	if (!name[0] && s->person->target)
		(void)strlcpy(name, s->person->target, sizeof(name));
	if (nick[0] && name[0])
		run_two(s, "INVITE", nick, name);
	else
		missing(s);
}

static void do_kick(struct session *s, struct str rest)
{
	char nick[WORD_MAX], text[LINE_BODY_MAX], *target = mem_strdup(s->person->target);
	const char *params[] = {target, nick, text};

	take_word(&rest, nick);
	copy_text(rest, text);
	if (nick[0] && target)
		person_run(s, "KICK", params, text[0] ? 3 : 2);
	else
		missing(s);
	mem_free(target);
}

static void do_bell(struct session *s, struct str rest)
{
	s->person->bell = str_eq_nocase(rest, STR("on")) || (!str_eq_nocase(rest, STR("off")) && !s->person->bell);
	local(s, s->person->bell ? TEXT_BELL_ON : TEXT_BELL_OFF, STR_NONE);
}

static void do_joins(struct session *s, struct str rest)
{
	s->person->fold = str_eq_nocase(rest, STR("off")) || (!str_eq_nocase(rest, STR("on")) && !s->person->fold);
	local(s, s->person->fold ? TEXT_JOINS_OFF : TEXT_JOINS_ON, STR_NONE);
}

/* As a client would send it: a word that begins with ':' takes all that follows. */
static void pass_on(struct session *s, const char *command, struct str rest)
{
	char words[LINE_PARAMS_MAX][LINE_BODY_MAX];
	const char *params[LINE_PARAMS_MAX];
	size_t n = 0;

	for (rest = str_trim(rest, " "); rest.n && n < LINE_PARAMS_MAX; n++) {
		struct str word = STR_NONE;

		if (rest.p[0] == ':' || n == LINE_PARAMS_MAX - 1) {
			word = rest.p[0] == ':' ? (struct str){rest.p + 1, rest.n - 1} : rest;
			rest = STR_NONE;
		} else {
			str_split(&rest, ' ', &word);
		}
		copy_text(word, words[n]);
		params[n] = words[n];
		rest = str_trim(rest, " ");
	}
	person_run(s, command, params, n);
}

static const struct {
	struct str name;
	command_fn run;   /* or */
	const char *pass; /* to be passed on */
	bool before;      /* before there is a name as well */
} rows[] = {
	{STR("join"), do_join, NULL, false},       {STR("j"), do_join, NULL, false},
	{STR("leave"), do_leave, NULL, false},     {STR("part"), do_leave, NULL, false},
	{STR("msg"), do_msg, NULL, false},         {STR("m"), do_msg, NULL, false},
	{STR("me"), do_me, NULL, false},           {STR("who"), do_who, NULL, false},
	{STR("names"), do_who, NULL, false},       {STR("nick"), do_nick, NULL, false},
	{STR("topic"), do_topic, NULL, false},     {STR("login"), do_login, NULL, true},
	{STR("help"), do_help, NULL, true},        {STR("h"), do_help, NULL, true},
	{STR("quit"), do_quit, NULL, true},        {STR("exit"), do_quit, NULL, true},
	{STR("bye"), do_quit, NULL, true},         {STR("away"), do_away, NULL, false},
	{STR("invite"), do_invite, NULL, false},   {STR("kick"), do_kick, NULL, false},
	{STR("bell"), do_bell, NULL, true},        {STR("joins"), do_joins, NULL, true},
	{STR("telnet"), do_telnet, NULL, true},    {STR("list"), NULL, "LIST", false},
	{STR("whois"), NULL, "WHOIS", false},      {STR("mode"), NULL, "MODE", false},
	{STR("motd"), NULL, "MOTD", false},        {STR("ns"), NULL, "NICKSERV", false},
	{STR("cs"), NULL, "CHANSERV", false},      {STR("ms"), NULL, "MEMOSERV", false},
	{STR("nickserv"), NULL, "NICKSERV", false}, {STR("chanserv"), NULL, "CHANSERV", false},
	{STR("memoserv"), NULL, "MEMOSERV", false}, {STR("knock"), NULL, "KNOCK", false},
	{STR("oper"), NULL, "OPER", false},        {STR("setname"), NULL, "SETNAME", false},
};

static void do_command(struct session *s, struct str text)
{
	struct str name = STR_NONE;

	str_split(&text, ' ', &name);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!str_eq_nocase(name, rows[i].name) || !(rows[i].before || s->user))
			continue;
		if (rows[i].run)
			rows[i].run(s, str_trim(text, " "));
		else
			pass_on(s, rows[i].pass, text);
		return;
	}
	local(s, TEXT_NO_COMMAND, utf8_cut(name, WORD_MAX));
}

void person_typed(struct session *s, struct str text)
{
	struct person *p = s->person;
	bool slash = text.n && text.p[0] == '/' && !(text.n > 1 && text.p[1] == '/');

	if (p->asked) {
		take_password(s, text);
		return;
	}
	if (slash) {
		do_command(s, (struct str){text.p + 1, text.n - 1});
		return;
	}
	if (text.n && text.p[0] == '/')
		text = (struct str){text.p + 1, text.n - 1};
	if (p->gate)
		take_gate(s, text);
	else if (!s->user)
		person_name(s, text);
	else if (str_trim(text, " ").n)
		say_here(s, text, false);
	else
		session_charge(s, COST_NOTHING);
}
