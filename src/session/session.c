#include "session/session.h"

#include <ctype.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/tls.h"
#include "proto/line.h"
#include "proto/tags.h"
#include "proto/utf8.h"
#include "session/arrival.h"
#include "session/client_batch.h"
#include "session/exchange.h"
#include "session/held.h"
#include "session/line_door.h"
#include "session/lookup.h"
#include "session/monitor.h"
#include "session/reply.h"
#include "session/server.h"
#include "session/session_internal.h"
#include "session/subscriptions.h"
#include "session/reactions.h"
#include "session/throttle.h"

enum {
	LINGER_MS = 2000,     /* for a peer to take the last words */
	COST_BAD_LINE = 1000, /* thousandths of a token for a line that is no command */
	COST_NO_LINE = 100,   /* and for one with nothing in it */
	STREAM_STEPS = 64,    /* of a long answer in one turn: others wait meanwhile */
};

static struct session *of_conn(struct conn *c)
{
	return (struct session *)c;
}

static struct session *of_timer(struct timer *t)
{
	return (struct session *)((char *)t - offsetof(struct session, timer));
}

static int64_t now_ms(const struct session *s)
{
	return loop_clock(s->hub->loop)->mono_ms;
}

const char *session_nick(const struct session *s)
{
	const char *nick = s->user ? s->hub->host.nick(s->user) : s->reg ? s->reg->nick : NULL;

	return nick ? nick : "*";
}

enum language session_language(const struct session *s)
{
	const struct session_host *host = &s->hub->host;
	unsigned chosen = s->language;

	if (!chosen && host->language)
		chosen = host->language(host->ctx, s);
	return chosen ? (enum language)(chosen - 1) : s->hub->server->language;
}

void session_put(struct session *s, struct str bytes)
{
	if (bytes.n && (!s->held || !held_write(s, bytes)))
		conn_write_str(&s->conn, bytes);
}

void session_write(struct session *s, struct str lines)
{
	if (s->person)
		line_door_write(s, lines);
	else
		session_put(s, lines);
}

void session_registration_free(struct registration *r)
{
	if (!r)
		return;
	mem_free(r->nick);
	mem_free(r->username);
	mem_free(r->realname);
	mem_free(r->away);
	mem_free(r->account);
	mem_free(r->realhost);
	mem_free(r->ident);
	mem_free(r->metadata);
	mem_free(r->gateway);
	if (r->password)
		explicit_bzero(r->password, strlen(r->password));
	mem_free(r->password);
	mem_free(r);
}

/* When it has been waited for long enough. */
static int64_t deadline(const struct session *s)
{
	const struct server *server = s->hub->server;

	if (s->reg)
		return s->heard + server->registration_ms;
	return ((s->flags & SESSION_PINGED) ? s->pinged : s->heard) + server->ping_ms;
}

/* When somebody who has said nothing is told how to come in; INT64_MAX: never. */
static int64_t greeting(const struct session *s)
{
	if ((s->flags & (SESSION_UNDECIDED | SESSION_GREETED)) != SESSION_UNDECIDED)
		return INT64_MAX;
	return s->heard + s->hub->server->line.greet_ms;
}

/* Whoever is held has been heard lately; but that puts off nobody's registration. */
void session_timer_arm(struct session *s)
{
	int64_t due = deadline(s);

	if ((s->flags & SESSION_THROTTLED) && (!s->reg || throttle_until(s) < due))
		due = throttle_until(s);
	if (greeting(s) < due)
		due = greeting(s);
	loop_timer_set(s->hub->loop, &s->timer, due);
}

static void over(struct session *s, const char *reason)
{
	s->hub->host.over(s->hub->host.ctx, s, reason);
}

/* A person answers nothing: the kernel tells when it is not there any more. */
static void ask_alive(struct session *s)
{
	const char *name = s->hub->server->name;
	char line[LINE_BODY_MAX];
	int n = snprintf(line, sizeof(line), ":%s PING %s\r\n", name, name);

	if (s->person)
		line_door_probe(s);
	else
		session_write(s, (struct str){line, (size_t)n});
}

/* Quiet for too long: asked once, then given up. Whatever was heard meanwhile counts as an answer. */
static void check_alive(struct session *s)
{
	const struct server *server = s->hub->server;
	int64_t now = now_ms(s);
	char reason[64];

	if (s->reg) {
		log_event(EVENT_REGISTRATION_TIMEOUT, LOG_FIELDS({"CHATD_PEER", s->address}),
			  "%s did not register in time", s->address);
		over(s, "Registration timed out");
		return;
	}
	if ((s->flags & SESSION_PINGED) && s->heard >= s->pinged)
		s->flags &= (uint16_t)~SESSION_PINGED;
	if ((s->flags & SESSION_PINGED) && s->person) {
		ask_alive(s);
		s->pinged = now;
	} else if (s->flags & SESSION_PINGED) {
		snprintf(reason, sizeof(reason), "Ping timeout: %lld seconds", (long long)(server->ping_ms / 1000));
		over(s, reason);
		return;
	}
	if (now - s->heard >= server->ping_ms) {
		ask_alive(s);
		s->flags |= SESSION_PINGED;
		s->pinged = now;
	}
	session_timer_arm(s);
}

static void timer_due(struct timer *t)
{
	struct session *s = of_timer(t);

	if (now_ms(s) >= greeting(s)) {
		line_door_silence(s);
		session_timer_arm(s);
		return;
	}
	if (!(s->flags & SESSION_THROTTLED) || (s->reg && now_ms(s) >= deadline(s))) {
		check_alive(s);
		return;
	}
	s->flags &= (uint16_t)~SESSION_THROTTLED;
	session_timer_arm(s);
	if (!s->stream && !conn_is_clogged(&s->conn))
		conn_resume(&s->conn);
}

void session_charge(struct session *s, uint32_t cost)
{
	if ((s->flags & SESSION_CLOSED) || !throttle_take(s, cost))
		return;
	s->flags |= SESSION_THROTTLED;
	session_timer_arm(s);
}

void session_register(struct session *s, const struct user *user)
{
	lookup_drop(s);
	if (s->reg) {
		s->away = s->reg->away;
		s->reg->away = NULL;
	}
	session_registration_free(s->reg);
	s->reg = NULL;
	s->user = user;
	s->hub->unregistered--;
	s->flags &= (uint16_t)~SESSION_UNDECIDED;
	if (s->person)
		line_door_registered(s);
	if (!(s->flags & SESSION_THROTTLED))
		session_timer_arm(s);
}

/* Somebody's browser, or a page in it that was told to post here: not one line of that is a command. */
static bool looks_like_http(const struct session *s, const struct line *line)
{
	static const struct str verbs[] = {STR("GET"),     STR("POST"),   STR("HEAD"),  STR("PUT"),   STR("OPTIONS"),
					   STR("CONNECT"), STR("DELETE"), STR("PATCH"), STR("TRACE"), STR("PRI")};

	if (s->user || line->nparams == 0 ||
	    !(str_starts(line->params[0], STR("/")) || str_starts(line->params[line->nparams - 1], STR("HTTP/"))))
		return false;
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (str_eq_nocase(line->command, verbs[i]))
			return true;
	return false;
}

bool session_is_http(const struct session *s, struct str first)
{
	struct line line;

	return line_parse(&line, first, LINE_CLIENT_TAGS_MAX) == LINE_OK && looks_like_http(s, &line);
}

/*
 * Ends the words of a parsed line with NULs where they stand: each is followed by a space, or by the end that the
 * caller made room for.
 */
static void message_make(struct message *m, const struct line *line, size_t bytes)
{
	char *command = (char *)line->command.p;

	for (size_t i = 0; i < line->command.n; i++)
		if (command[i] >= 'a' && command[i] <= 'z')
			command[i] = (char)(command[i] - 'a' + 'A');
	command[line->command.n] = '\0';
	for (size_t i = 0; i < line->nparams; i++) {
		((char *)line->params[i].p)[line->params[i].n] = '\0';
		m->params[i] = line->params[i].p;
	}
	m->command = command;
	m->nparams = line->nparams;
	m->tags = line->tags;
	m->bytes = bytes;
}

/* As it is said back; "*": it is not fit for that. */
static const char *command_name(const struct line *line, char memory[32])
{
	memory[0] = '\0';
	for (size_t i = 0; i < line->command.n && i < 31; i++) {
		char c = line->command.p[i];

		if (!isalpha((unsigned char)c))
			return "*";
		memory[i] = (char)toupper((unsigned char)c);
		memory[i + 1] = '\0';
	}
	return line->command.n < 32 ? memory : "*";
}

/* why: LINE_OK for one that is a command, but not in UTF-8. */
static void refuse_line(struct session *s, enum line_result why, const struct line *line)
{
	char command[32];

	if (why == LINE_TAGS_TOO_LONG || why == LINE_BODY_TOO_LONG)
		reply(s, ERR_INPUTTOOLONG);
	else if (why == LINE_BAD_BYTE)
		reply(s, ERR_UNKNOWNERROR, "*", "The line holds a NUL or a lone CR and was dropped");
	else if (why == LINE_MALFORMED)
		reply(s, ERR_UNKNOWNERROR, "*", "The line is not a command and was dropped");
	else
		reply_fail(s, command_name(line, command), "INVALID_UTF8", NULL,
			   "Message rejected, it is not valid UTF-8");
	session_charge(s, COST_BAD_LINE);
}

/* The same, under the label of the line if it can be told: what is not UTF-8 is not said back either. */
static void refuse_labelled(struct session *s, enum line_result why, const struct line *line)
{
	struct tag label = {0};

	if (utf8_valid(line->tags))
		tags_find(line->tags, STR("label"), &label);
	answer_begin(s, label.value);
	refuse_line(s, why, line);
	answer_end(s);
}

static void handle_line(struct session *s, char *text, size_t n)
{
	struct message m;
	struct line line;
	enum line_result result = line_parse(&line, (struct str){text, n}, LINE_CLIENT_TAGS_MAX);

	if (result == LINE_EMPTY) {
		session_charge(s, COST_NO_LINE);
		return;
	}
	if (result != LINE_OK) {
		refuse_labelled(s, result, &line);
		return;
	}
	if (looks_like_http(s, &line)) {
		session_close(s, "This is a chat server, not a web server");
		return;
	}
	if (!utf8_valid((struct str){text, n})) {
		refuse_labelled(s, LINE_OK, &line);
		return;
	}
	message_make(&m, &line, n + 1);
	s->hub->host.command(s->hub->host.ctx, s, &m);
}

bool session_must_wait(const struct session *s)
{
	if (s->flags & SESSION_CLOSED)
		return false;
	return (s->flags & SESSION_THROTTLED) || s->stream || conn_is_clogged(&s->conn);
}

static enum conn_line conn_line_ready(struct conn *c, char *text, size_t n, bool too_long)
{
	struct session *s = of_conn(c);
	char *scratch = s->hub->scratch;

	s->heard = s->reg ? s->heard : now_ms(s);
	if (s->person) {
		line_door_take(s, (struct str){text, n}, conn_line_end(c), too_long);
	} else if ((s->flags & SESSION_UNDECIDED) && line_door_first(s, (struct str){text, n}, too_long)) {
		/* It has been taken. */
	} else if (too_long) {
		refuse_line(s, LINE_BODY_TOO_LONG, NULL);
	} else {
		/* A copy: what the command does may end the connection, and the ring with it. */
		memcpy(scratch, text, n);
		scratch[n] = '\0';
		handle_line(s, scratch, n);
	}
	return session_must_wait(s) ? CONN_HOLD : CONN_NEXT;
}

/* The next one in the queue takes its place. */
static void stream_end(struct session *s)
{
	struct stream *st = s->stream;

	s->stream = st->next;
	st->free(st);
}

/* Until `drained`, or until the disk has what stands in front. */
static bool stream_must_pause(const struct session *s)
{
	return s->stream->waits || conn_is_dead(&s->conn) || conn_is_clogged(&s->conn) || held_waits(s);
}

/* True: it ran to its end. One that finds little to say is not clogged by it, but must pause as well. */
static bool stream_run(struct session *s)
{
	for (int steps = 0; s->stream && !stream_must_pause(s); steps++) {
		if (steps == STREAM_STEPS) {
			conn_call_drained(&s->conn);
			break;
		}
		struct stream *st = s->stream;

		/* One that closes its session is gone by then. */
		if (st->step(st, s) && s->stream == st)
			stream_end(s);
	}
	return !s->stream;
}

void session_stream(struct session *s, struct stream *st)
{
	struct stream **last = &s->stream;

	if (s->flags & SESSION_CLOSED) {
		st->free(st);
		return;
	}
	while (*last)
		last = &(*last)->next;
	st->next = NULL;
	*last = st;
	if (!st->waits)
		answer_open(s);
	if (s->stream == st)
		stream_run(s);
}

void session_stream_resume(struct session *s)
{
	if (!s->stream || !stream_run(s))
		return;
	answer_end(s);
	if (s->person && s->person->due)
		conn_call_drained(&s->conn);
	if (!(s->flags & SESSION_THROTTLED))
		conn_resume(&s->conn);
}

static void conn_drained(struct conn *c)
{
	struct session *s = of_conn(c);

	if (s->stream) {
		session_stream_resume(s);
		return;
	}
	if (s->person)
		line_door_go_on(s);
	if (!s->stream && !(s->flags & (SESSION_THROTTLED | SESSION_CLOSED)))
		conn_resume(c);
}

static void conn_ended(struct conn *c, const char *reason)
{
	over(of_conn(c), reason);
}

static const struct conn_handlers handlers = {
	.line = conn_line_ready,
	.drained = conn_drained,
	.ended = conn_ended,
};

int session_hub_init(struct session_hub *hub, struct loop *loop, struct server *server, const struct session_host *host)
{
	*hub = (struct session_hub){
		.loop = loop,
		.server = server,
		.host = *host,
		.limits = {.sendq_max = 1 << 20, .recvq_max = 32 << 10},
		.last_id = (uint64_t)server->started_ms << 20,
	};
	LIST_INIT(&hub->sessions);
	LIST_INIT(&hub->closing);
	LIST_INIT(&hub->held);
	hub->scratch = mem_alloc(LINE_MAX_BYTES + 1);
	hub->reactions = reactions_new();
	return conn_hub_new(&hub->conns, loop);
}

void session_hub_deinit(struct session_hub *hub)
{
	conn_hub_free(hub->conns);
	reactions_free(hub->reactions);
	mem_free(hub->scratch);
}

struct session *session_make(struct session_hub *hub, const struct transport *t)
{
	struct session *s = mem_zalloc(sizeof(*s));

	if (conn_begin(&s->conn, hub->conns, t, &handlers, &hub->limits) < 0) {
		mem_free(s);
		return NULL;
	}
	s->hub = hub;
	s->timer.due = timer_due;
	LIST_INSERT_HEAD(&hub->sessions, s, all);
	hub->count++;
	return s;
}

static uint16_t flags_of(const struct arrival *a)
{
	uint16_t flags = address_is_local(&a->peer) ? SESSION_LOCAL : 0;

	flags |= a->traits & ARRIVAL_SECURE ? SESSION_SECURE : 0;
	flags |= a->traits & ARRIVAL_WEBSOCKET ? SESSION_WEBSOCKET : 0;
	flags |= a->traits & ARRIVAL_PROXIED ? SESSION_PROXIED : 0;
	if ((a->traits & (ARRIVAL_LINE | ARRIVAL_WEBSOCKET)) == ARRIVAL_LINE)
		flags |= SESSION_UNDECIDED;
	return flags;
}

struct session *session_new(struct session_hub *hub, const struct arrival *a)
{
	struct session *s = session_make(hub, &a->transport);
	char host[ADDRESS_TEXT_MAX];

	if (!s)
		return NULL;
	address_host(&a->peer, host);
	s->id = ++hub->last_id;
	s->address = mem_strdup(host);
	s->certfp = a->certfp ? mem_strdup(a->certfp) : NULL;
	s->certname = a->certname ? mem_strdup(a->certname) : NULL;
	if (a->binding) {
		s->binding = mem_alloc(sizeof(*s->binding));
		*s->binding = *a->binding;
	}
	s->opened = loop_clock(hub->loop)->real_ms;
	s->heard = now_ms(s);
	s->reg = mem_zalloc(sizeof(*s->reg));
	s->flags |= flags_of(a);
	throttle_init(s);
	session_timer_arm(s);
	hub->unregistered++;
	lookup_begin(s);
	if (a->traits & ARRIVAL_PERSON)
		line_door_begin(s);
	if (a->first.n && !conn_feed(&s->conn, a->first))
		conn_kill(&s->conn, "Out of memory");
	return s;
}

void session_free(struct session *s)
{
	LIST_REMOVE(s, all);
	mem_free(s->address);
	mem_free(s->device);
	mem_free(s->certfp);
	mem_free(s->certname);
	mem_free(s->binding);
	mem_free(s->away);
	mem_free(s);
}

static void session_closed(struct conn *c)
{
	struct session *s = of_conn(c);

	s->hub->host.gone(s->hub->host.ctx, s);
	session_free(s);
}

static void say_error(struct session *s, const char *reason)
{
	/* Longer than the line may be, so that the cut sees what it cuts. */
	char line[2 * LINE_BODY_MAX];
	int n = snprintf(line, sizeof(line), "ERROR :Closing link: (%s) [%s]", s->address, reason);
	size_t len = n < 0 ? 0 : (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1;
	struct str cut = utf8_cut((struct str){line, len}, LINE_BODY_MAX - 2);

	memcpy(line + cut.n, "\r\n", 2);
	if (s->person)
		line_door_write(s, (struct str){line, cut.n + 2});
	else
		conn_write(&s->conn, line, cut.n + 2);
}

void session_close(struct session *s, const char *reason)
{
	if (s->flags & SESSION_CLOSED)
		return;
	lookup_drop(s);
	while (s->stream)
		stream_end(s);
	answer_drop(s);
	held_drop(s);
	say_error(s, reason);
	s->hub->ended[session_end_of(reason)]++;
	s->flags |= SESSION_CLOSED;
	s->flags &= (uint16_t)~SESSION_THROTTLED;
	if (s->reg)
		s->hub->unregistered--;
	session_registration_free(s->reg);
	s->reg = NULL;
	s->user = NULL;
	monitor_clear(s->hub->monitor, s);
	subscriptions_free(s);
	exchange_end(s);
	client_batch_end(s);
	line_door_free(s);
	loop_timer_stop(s->hub->loop, &s->timer);
	LIST_REMOVE(s, all);
	LIST_INSERT_HEAD(&s->hub->closing, s, all);
	s->hub->count--;
	conn_close(&s->conn, LINGER_MS, session_closed);
}
