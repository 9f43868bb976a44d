#include "session/line_door.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/wire.h"
#include "proto/caps.h"
#include "proto/line.h"
#include "session/line_words.h"
#include "session/reply.h"
#include "session/server.h"
#include "session/session_internal.h"

enum { KEPT_MAX = 512, CHANNELS_MAX = 10000 };

static const struct line_policy *policy(const struct session *s)
{
	return &s->hub->server->line;
}

/* Its memory */

static void channels_clear(struct person *p)
{
	for (uint32_t i = 0; i < p->channels.count; i++)
		mem_free(p->channels.items[i]);
	vec_deinit(&p->channels);
}

void line_door_free(struct session *s)
{
	struct person *p = s->person;

	if (!p)
		return;
	line_keys_deinit(&p->keys);
	channels_clear(p);
	mem_free(p->asked);
	mem_free(p->target);
	mem_free(p);
	s->person = NULL;
}

void person_set_target(struct person *p, struct str target)
{
	char *old = p->target;

	p->target = target.n ? mem_strndup(target.p, target.n) : NULL;
	mem_free(old);
}

static uint32_t channel_at(const struct person *p, struct str channel)
{
	uint32_t i = 0;

	while (i < p->channels.count && !str_eq_nocase(str_of(p->channels.items[i]), channel))
		i++;
	return i;
}

bool person_is_in(const struct person *p, struct str channel)
{
	return channel_at(p, channel) < p->channels.count;
}

static void channel_entered(struct session *s, struct str channel)
{
	struct person *p = s->person;

	if (!person_is_in(p, channel))
		vec_push(&p->channels, mem_strndup(channel.p, channel.n));
	person_set_target(p, channel);
	p->due |= PERSON_READS;
	conn_call_drained(&s->conn);
}

/* In order, so that the one before is what remains. */
static void channel_left(struct person *p, struct str channel)
{
	uint32_t at = channel_at(p, channel);
	bool was_target = p->target && str_eq_nocase(str_of(p->target), channel);

	if (at == p->channels.count)
		return;
	mem_free(p->channels.items[at]);
	p->channels.count--;
	memmove(p->channels.items + at, p->channels.items + at + 1, (p->channels.count - at) * sizeof(void *));
	if (was_target)
		person_set_target(p, p->channels.count ? str_of(p->channels.items[p->channels.count - 1]) : STR_NONE);
}

/* What it reads */

void person_say(struct session *s, enum line_text id, struct str a, struct str b)
{
	struct line_args args = {{a, b}};
	char memory[LINE_WORDS_MAX];
	struct buf out;

	buf_init(&out, memory, sizeof(memory));
	line_words_say(&out, session_language(s), id, &args);
	session_put(s, buf_view(&out));
}

static struct line_view view_of(const struct session *s)
{
	return (struct line_view){
		.language = session_language(s),
		.nick = session_nick(s),
		.target = s->person->target,
		.coming = s->user == NULL || (s->person->due & PERSON_ENTERS),
		.fold = s->person->fold,
		.bell = s->person->bell,
		.now = loop_clock(s->hub->loop)->real_ms,
	};
}

static bool is_own(const struct session *s, struct str nick)
{
	return str_eq(nick, str_of(session_nick(s)));
}

/* What the line means for where plain lines go. */
static void note(struct session *s, const struct line *l)
{
	struct person *p = s->person;
	struct str who = line_words_nick(l->source), first = l->nparams ? l->params[0] : STR_NONE;

	if (str_eq(l->command, STR("JOIN")) && is_own(s, who))
		channel_entered(s, first);
	else if (str_eq(l->command, STR("PART")) && is_own(s, who))
		channel_left(p, first);
	else if (str_eq(l->command, STR("KICK")) && l->nparams > 1 && is_own(s, l->params[1]))
		channel_left(p, first);
	else if (str_eq(l->command, STR("NICK")) && p->target && str_eq(who, str_of(p->target)))
		person_set_target(p, first);
	if (!str_eq(l->command, STR("900")) || !s->reg)
		return;
	p->due |= PERSON_NAMED;
	conn_call_drained(&s->conn);
}

static bool same_target(const char *a, const char *b)
{
	return str_eq(str_of(a), str_of(b));
}

static void show(struct session *s, struct str line)
{
	char memory[LINE_WORDS_MAX];
	struct line parsed;
	struct line_view view;
	struct buf out;
	char *before;

	if (line_parse(&parsed, line, LINE_TAGS_MAX) != LINE_OK)
		return;
	before = mem_strdup(s->person->target);
	note(s, &parsed);
	view = view_of(s);
	buf_init(&out, memory, sizeof(memory));
	line_words(&out, &view, &parsed);
	session_put(s, buf_view(&out));
	if (!str_eq(parsed.command, STR("JOIN")) && s->person->target && !same_target(before, s->person->target))
		person_say(s, TEXT_NOW_WITH, str_of(s->person->target), STR_NONE);
	mem_free(before);
}

void line_door_write(struct session *s, struct str lines)
{
	struct str line;

	while (s->person && str_split(&lines, '\n', &line))
		show(s, line);
}

/* What it types */

struct typed {
	struct str raw;
	char end;
	bool too_long;
};

/* Fills text, of LINE_KEYS_MAX bytes. False: it is no line, or not all of it. */
static bool take(struct session *s, struct typed typed, struct buf *text)
{
	char memory[256];
	struct buf replies;
	bool whole;

	buf_init(&replies, memory, sizeof(memory));
	whole = line_keys_take(&s->person->keys, typed.raw, typed.end, text, &replies);
	if (replies.n)
		session_put(s, buf_view(&replies));
	if (whole && (typed.too_long || text->full))
		person_say(s, TEXT_TOO_LONG, STR_NONE, STR_NONE);
	return whole;
}

void line_door_take(struct session *s, struct str raw, char end, bool too_long)
{
	char memory[LINE_KEYS_MAX];
	struct buf text;

	buf_init(&text, memory, sizeof(memory));
	if (take(s, (struct typed){raw, end, too_long}, &text))
		person_typed(s, buf_view(&text));
	explicit_bzero(memory, sizeof(memory));
}

/* Coming in */

static cap_set wanted_caps(void)
{
	static const char *const names[] = {"server-time", "away-notify", "batch", "standard-replies",
					    "chghost", "setname", "draft/chathistory"};
	cap_set caps = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct cap_row *row = caps_find(str_of(names[i]));

		caps |= row ? CAP_BIT(row->cap) : 0;
	}
	return caps;
}

static void settle_in(struct session *s)
{
	s->flags |= SESSION_LINE;
	s->flags &= (uint16_t)~SESSION_UNDECIDED;
	conn_end_lines_at_returns(&s->conn);
}

static void make_person(struct session *s)
{
	s->person = mem_zalloc(sizeof(*s->person));
	s->person->bell = true;
	s->person->gate = s->hub->server->password != NULL;
	s->caps = wanted_caps();
	settle_in(s);
}

static void ask(struct session *s)
{
	person_say(s, s->person->gate ? TEXT_ASK_SERVER_PASSWORD : TEXT_ASK_NAME, STR_NONE, STR_NONE);
}

void line_door_begin(struct session *s)
{
	make_person(s);
	person_say(s, TEXT_GREETING, str_of(s->hub->server->network), STR_NONE);
	ask(s);
}

/* What clients begin with, in whatever case, with a parameter behind it; and any command in capitals, with or without. */
static bool is_irc(const struct session *s, struct str first)
{
	static const struct str begins[] = {STR("CAP"),  STR("NICK"), STR("USER"), STR("PASS"),     STR("AUTHENTICATE"),
					    STR("PING"), STR("PONG"), STR("WEBIRC"), STR("REGISTER"), STR("VERIFY")};
	const struct session_host *host = &s->hub->host;
	char name[32];
	struct str word;

	if (first.n && (first.p[0] == ':' || first.p[0] == '@'))
		return true;
	if (!str_split(&first, ' ', &word) || word.n == 0 || word.n >= sizeof(name))
		return false;
	for (size_t i = 0; first.n && i < sizeof(begins) / sizeof(begins[0]); i++)
		if (str_eq_nocase(word, begins[i]))
			return true;
	memcpy(name, word.p, word.n);
	name[word.n] = '\0';
	return host->known && host->known(name);
}

/* The first byte of a ClientHello (RFC 8446, section 5.1). */
static bool is_tls(struct str first)
{
	return first.n && first.p[0] == 22;
}

/* What was said before anybody asked for it is no name; a command counts. */
static void hear_first(struct session *s, struct str text, bool greeted)
{
	if (!greeted) {
		person_say(s, TEXT_GREETING, str_of(s->hub->server->network), STR_NONE);
		ask(s);
	}
	if (greeted || (text.n && text.p[0] == '/'))
		person_typed(s, text);
}

bool line_door_first(struct session *s, struct str raw, bool too_long)
{
	bool greeted = s->flags & SESSION_GREETED;
	char memory[LINE_KEYS_MAX];
	struct str first = raw;
	struct buf text;

	if (first.n && first.p[first.n - 1] == '\r')
		first.n--;
	s->flags &= (uint16_t)~SESSION_UNDECIDED;
	if (is_irc(s, first) || session_is_http(s, first))
		return false;
	if (is_tls(first)) {
		session_close(s, "There is no TLS at this port");
		return true;
	}
	make_person(s);
	buf_init(&text, memory, sizeof(memory));
	if (take(s, (struct typed){first, '\n', too_long}, &text))
		hear_first(s, buf_view(&text), greeted);
	return true;
}

void line_door_silence(struct session *s)
{
	char memory[LINE_BODY_MAX];
	struct line_args args = {{str_of(s->hub->server->network)}};
	struct ring *in = &s->conn.in;
	struct iovec iov[2];
	struct buf b;

	s->flags |= SESSION_GREETED;
	if (ring_bytes(in, iov) && line_keys_tell((struct str){iov[0].iov_base, iov[0].iov_len})) {
		line_door_begin(s);
		conn_call_drained(&s->conn);
		return;
	}
	buf_init(&b, memory, sizeof(memory));
	line_text_fill(&b, session_language(s), TEXT_WAITING, &args);
	reply_notice(s, "*** %.*s", STR_ARG(buf_view(&b)));
}

void line_door_registered(struct session *s)
{
	s->person->due = (uint8_t)((s->person->due | PERSON_ENTERS) & ~PERSON_NAMED);
	conn_call_drained(&s->conn);
}

static void enter(struct session *s)
{
	const char *lobby = policy(s)->lobby;

	person_say(s, TEXT_WELCOME, str_of(session_nick(s)), STR_NONE);
	if (lobby && !person_is_in(s->person, str_of(lobby)))
		person_run(s, "JOIN", &lobby, 1);
	else if (!s->person->target)
		person_say(s, TEXT_NOWHERE, STR_NONE, STR_NONE);
}

/* What was said before it came, where that is kept. */
static void read_last(struct session *s)
{
	const struct session_host *host = &s->hub->host;
	char *channel = mem_strdup(s->person->target);
	char count[16];
	const char *params[] = {"LATEST", channel, "*", count};

	(void)snprintf(count, sizeof(count), "%u", policy(s)->last);
	if (channel && policy(s)->last && host->known && host->known("CHATHISTORY"))
		person_run(s, "CHATHISTORY", params, 4);
	mem_free(channel);
}

void line_door_go_on(struct session *s)
{
	while (s->person && s->person->due && !s->stream && !(s->flags & SESSION_CLOSED)) {
		unsigned due = s->person->due;

		if (due & PERSON_ENTERS) {
			s->person->due &= (uint8_t)~PERSON_ENTERS;
			enter(s);
		} else if (due & PERSON_READS) {
			s->person->due &= (uint8_t)~PERSON_READS;
			read_last(s);
		} else {
			s->person->due &= (uint8_t)~PERSON_NAMED;
			if (s->reg && s->reg->account && !s->person->gate)
				person_name(s, str_of(s->reg->account));
		}
	}
}

/* NUL is "no operation" to every terminal (RFC 854); a program that logs the bytes is spared by NOP where it speaks telnet. */
void line_door_probe(struct session *s)
{
	session_put(s, s->person->keys.telnet ? TELNET_NOTHING : (struct str){"", 1});
}

/* Over a restart */

void line_door_save(const struct session *s, struct wire_out *out)
{
	const struct person *p = s->person;

	wire_put_u8(out, p->keys.state);
	wire_put_u8(out, p->keys.verb);
	wire_put_u8(out, p->keys.telnet);
	wire_put_u8(out, p->keys.returned);
	wire_put_str(out, (struct str){p->keys.kept, p->keys.nkept});
	wire_put_text(out, p->asked);
	wire_put_u8(out, p->gate);
	wire_put_text(out, p->target);
	wire_put_u8(out, p->bell);
	wire_put_u8(out, p->fold);
	wire_put_u8(out, p->tries);
	wire_put_u8(out, p->due);
	wire_put_u32(out, p->channels.count);
	for (uint32_t i = 0; i < p->channels.count; i++)
		wire_put_text(out, p->channels.items[i]);
}

static char *take_text(struct wire_in *in)
{
	struct str s = wire_text(in, KEPT_MAX);

	return s.p ? mem_strndup(s.p, s.n) : NULL;
}

static void load_keys(struct line_keys *k, struct wire_in *in)
{
	struct str kept;

	k->state = (uint8_t)wire_bounded(in, 1, KEYS_SEQUENCE);
	k->verb = (uint8_t)wire_bounded(in, 1, UINT8_MAX);
	k->telnet = wire_bounded(in, 1, 1);
	k->returned = wire_bounded(in, 1, 1);
	kept = wire_str(in);
	if (in->bad || kept.n > LINE_KEYS_MAX)
		wire_fail(in);
	else if (kept.n)
		k->kept = mem_strndup(kept.p, kept.n);
	k->nkept = k->kept ? kept.n : 0;
}

void line_door_load(struct session *s, struct wire_in *in)
{
	struct person *p = s->person = mem_zalloc(sizeof(*p));
	uint32_t count;

	load_keys(&p->keys, in);
	p->asked = take_text(in);
	p->gate = wire_bounded(in, 1, 1);
	p->target = take_text(in);
	p->bell = wire_bounded(in, 1, 1);
	p->fold = wire_bounded(in, 1, 1);
	p->tries = (uint8_t)wire_bounded(in, 1, UINT8_MAX);
	p->due = (uint8_t)wire_bounded(in, 1, UINT8_MAX);
	count = wire_count(in, 1);
	for (uint32_t i = 0; i < count && i < CHANNELS_MAX && !in->bad; i++) {
		char *channel = take_text(in);

		if (channel)
			vec_push(&p->channels, channel);
	}
	settle_in(s);
	if (p->due)
		conn_call_drained(&s->conn);
}
