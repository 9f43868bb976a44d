#include "chat-client/client.h"

#include <stdarg.h>
#include <stdio.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>

#include "base/mem.h"
#include "chat-client/options.h"
#include "chat-client/outgoing.h"
#include "chat-client/render.h"
#include "chat-client/words.h"
#include "proto/name.h"
#include "proto/utf8.h"

enum { CRLF = 2 };

static const struct conn_limits limits = {.sendq_max = 1 << 20, .recvq_max = 64 << 10};

static struct client *of_conn(struct conn *conn)
{
	return (struct client *)((char *)conn - offsetof(struct client, conn));
}

static void set_text(char *dst, size_t size, struct str s)
{
	s = utf8_cut(s, size - 1);
	if (s.n)
		memcpy(dst, s.p, s.n);
	dst[s.n] = '\0';
}

/* The line without what would end it too early. */
static struct str single_line(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\r' || s.p[i] == '\n' || s.p[i] == '\0')
			return (struct str){s.p, i};
	}
	return s;
}

bool client_send(struct client *c, struct str line)
{
	struct str tags = STR_NONE, body = single_line(line);

	if (c->state >= CLIENT_LEAVING)
		return false;
	if (body.n && body.p[0] == '@') {
		const char *space = memchr(body.p, ' ', body.n);

		if (!space || (size_t)(space - body.p) >= LINE_CLIENT_TAGS_MAX)
			return true;
		tags = (struct str){body.p, (size_t)(space - body.p) + 1};
		body = (struct str){body.p + tags.n, body.n - tags.n};
	}
	body = utf8_cut(body, LINE_BODY_MAX - CRLF);
	if (!body.n)
		return true;
	return conn_write_str(&c->conn, tags) && conn_write_str(&c->conn, body) &&
	       conn_write_str(&c->conn, STR("\r\n"));
}

bool client_sendf(struct client *c, const char *fmt, ...)
{
	char line[LINE_BODY_MAX * 2];
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	if (n < 0)
		return true;
	return client_send(c, (struct str){line, (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1});
}

size_t client_room(const struct client *c, struct str command, struct str target)
{
	size_t prefix = c->prefix;

	if (!prefix)
		prefix = strlen(c->nick) + 1 + NAME_USER_MAX + 1 + NAME_HOST_MAX;
	return outgoing_room(prefix, command, target);
}

struct str client_source_nick(struct str source)
{
	const char *bang = source.n ? memchr(source.p, '!', source.n) : NULL;

	return bang ? (struct str){source.p, (size_t)(bang - source.p)} : source;
}

bool client_same_name(const struct client *c, struct str a, struct str b)
{
	return casemap_eq(c->casemap, a, b);
}

bool client_is_me(const struct client *c, struct str source)
{
	return client_same_name(c, client_source_nick(source), str_of(c->nick));
}

static int find_channel(const struct client *c, struct str name)
{
	for (uint32_t i = 0; i < c->channels.count; i++) {
		if (client_same_name(c, str_of(c->channels.items[i]), name))
			return (int)i;
	}
	return -1;
}

bool client_is_refusal(const struct client *c, const struct line *line)
{
	char class = line->command.n == 3 ? line->command.p[0] : 0;

	for (size_t i = 0; i < c->options->nchannels && (class == '4' || class == '5') && line->nparams > 1; i++) {
		if (client_same_name(c, line->params[1], str_of(c->options->channels[i])))
			return true;
	}
	return false;
}

bool client_in_channel(const struct client *c, struct str name)
{
	return find_channel(c, name) >= 0;
}

void client_set_target(struct client *c, struct str name)
{
	set_text(c->target, sizeof(c->target), name);
}

/* The key that was given for the channel, with a space in front; "" for none. */
static const char *key_of(const struct client *c, struct str channel, uint32_t *at)
{
	for (uint32_t i = 0; i < c->keys.count; i++) {
		const char *line = c->keys.items[i], *space = strchr(line, ' ');

		*at = i;
		if (client_same_name(c, (struct str){line, (size_t)(space - line)}, channel))
			return space;
	}
	return "";
}

void client_join(struct client *c, struct str channel, struct str key)
{
	char line[CLIENT_TARGET_MAX * 2];
	uint32_t at;

	if (key.n && channel.n + key.n + 2 < sizeof(line) && c->keys.count < CLIENT_CHANNELS_MAX) {
		if (*key_of(c, channel, &at)) {
			mem_free(c->keys.items[at]);
			vec_remove(&c->keys, at);
		}
		snprintf(line, sizeof(line), "%.*s %.*s", STR_ARG(channel), STR_ARG(key));
		vec_push(&c->keys, mem_strdup(line));
	}
	client_sendf(c, "JOIN %.*s%s", STR_ARG(channel), key_of(c, channel, &at));
}

static void come_in(struct client *c, struct str name)
{
	if (client_in_channel(c, name) || c->channels.count == CLIENT_CHANNELS_MAX)
		return;
	vec_push(&c->channels, mem_strndup(name.p, name.n));
	if (!c->target[0] || client_same_name(c, str_of(c->wanted), name))
		client_set_target(c, name);
}

static void go_out(struct client *c, struct str name)
{
	int at = find_channel(c, name);
	bool current = client_same_name(c, str_of(c->target), name);

	if (at < 0)
		return;
	mem_free(c->channels.items[at]);
	vec_remove(&c->channels, (uint32_t)at);
	if (current)
		client_set_target(c, c->channels.count ? str_of(c->channels.items[0]) : STR(""));
}

static void finish(struct client *c, int code, const char *why)
{
	if (c->state >= CLIENT_LEAVING)
		return;
	c->state = CLIENT_LEAVING;
	if (!c->code) {
		c->code = code;
		c->why = why;
	}
	loop_timer_stop(c->loop, &c->alive);
}

static void on_closed(struct conn *conn)
{
	struct client *c = of_conn(conn);

	c->handlers->over(c->ctx, c->code, c->why);
}

/* The ways in which a connection ends, in words for people. */
static const char *ending(const char *reason)
{
	if (!strcmp(reason, "Connection closed"))
		return N_("the server closed the connection");
	if (!strcmp(reason, "Connection reset by peer"))
		return N_("the server broke the connection off");
	if (!strcmp(reason, "Connection timed out"))
		return N_("the server does not answer");
	return N_("the connection is lost");
}

static void on_ended(struct conn *conn, const char *reason)
{
	finish(of_conn(conn), EX_UNAVAILABLE, ending(reason));
	conn_close(conn, 0, on_closed);
}

void client_quit(struct client *c, struct str reason, int code, const char *why)
{
	if (c->state == CLIENT_OFFLINE)
		c->handlers->over(c->ctx, code, why);
	if (c->state >= CLIENT_LEAVING)
		return;
	c->code = code;
	c->why = why;
	client_sendf(c, reason.n ? "QUIT :%.*s" : "QUIT%.*s", STR_ARG(reason));
	finish(c, code, why);
	if (!conn_is_dead(&c->conn))
		conn_close(&c->conn, CLIENT_LINGER_MS, on_closed);
}

void client_expect_end(struct client *c, int code, const char *why, const struct line *line)
{
	struct str text = line && line->nparams ? line->params[line->nparams - 1] : STR_NONE;
	struct buf b;

	if (c->code)
		return;
	c->code = code;
	c->why = c->reason;
	buf_init(&b, c->reason, sizeof(c->reason) - 1);
	buf_cstr(&b, _(why));
	if (text.n)
		buf_cstr(&b, ": ");
	/* whole characters, whatever they grow to */
	render_text(&b, utf8_cut(text, (b.cap - b.n) / RENDER_GROWTH), RENDER_PLAIN);
	c->reason[b.n] = '\0';
}

/* The nick with one more '_'; where there is no room for it, the last other character becomes one. */
static bool next_nick(struct client *c)
{
	size_t n = strlen(c->nick), at;

	if (c->nick_tries++ == CLIENT_NICK_TRIES)
		return false;
	if (n < NAME_NICK_MAX) {
		c->nick[n] = '_';
		c->nick[n + 1] = '\0';
		return true;
	}
	while (n && c->nick[n - 1] == '_')
		n--;
	for (at = n ? n - 1 : 0; at && ((unsigned char)c->nick[at] & 0xc0) == 0x80;)
		at--;
	if (!at)
		return false;
	c->nick[at] = '_';
	memmove(c->nick + at + 1, c->nick + n, strlen(c->nick + n) + 1);
	return true;
}

static void on_nick_taken(struct client *c, const struct line *line)
{
	(void)line;
	if (c->state != CLIENT_REGISTERING)
		return;
	if (next_nick(c))
		client_sendf(c, "NICK %s", c->nick);
	else
		client_quit(c, STR_NONE, EX_TEMPFAIL, N_("the nick is in use, and those like it are"));
}

static void on_nick_wrong(struct client *c, const struct line *line)
{
	if (c->state != CLIENT_REGISTERING)
		return;
	client_expect_end(c, EX_NOPERM, N_("the server does not take this nick"), line);
	client_quit(c, STR_NONE, c->code, c->why);
}

static void on_banned(struct client *c, const struct line *line)
{
	client_expect_end(c, EX_NOPERM, N_("the server refuses us"), line);
}

static void on_fail(struct client *c, const struct line *line)
{
	if (c->state == CLIENT_REGISTERING)
		client_expect_end(c, EX_NOPERM, N_("the server refuses us"), line);
}

static void on_error(struct client *c, const struct line *line)
{
	client_expect_end(c, EX_UNAVAILABLE, N_("the server closed the connection"), line);
}

static void forget(struct vec *names)
{
	for (uint32_t i = 0; i < names->count; i++)
		mem_free(names->items[i]);
	vec_deinit(names);
}

static void on_welcome(struct client *c, const struct line *line)
{
	if (c->state != CLIENT_REGISTERING || !line->nparams)
		return;
	if (!sasl_may_enter(c)) {
		client_quit(c, STR_NONE, SASL_EXIT, N_("the server lets us in without a login"));
		return;
	}
	set_text(c->nick, sizeof(c->nick), line->params[0]);
	c->state = CLIENT_READY;
	c->code = 0;
	c->why = NULL;
	for (size_t i = 0; i < c->options->nchannels && !c->welcomed; i++)
		client_sendf(c, "JOIN %s", c->options->channels[i]);
	for (uint32_t i = 0; i < c->left.count; i++)
		client_join(c, str_of(c->left.items[i]), STR_NONE);
	forget(&c->left);
	c->welcomed = true;
	c->handlers->ready(c->ctx);
}

/* What follows the key in one word of ISUPPORT. False when it is another. */
static bool support_value(struct str word, struct str key, char *value, size_t size)
{
	if (!str_starts(word, key))
		return false;
	set_text(value, size, (struct str){word.p + key.n, word.n - key.n});
	return true;
}

static void on_support(struct client *c, const struct line *line)
{
	unsigned long long n;
	char value[32];

	for (size_t i = 1; i < line->nparams; i++) {
		if (support_value(line->params[i], STR("CASEMAPPING="), value, sizeof(value)))
			(void)casemap_parse(value, &c->casemap);
		else if (support_value(line->params[i], STR("CHATHISTORY="), value, sizeof(value)) &&
			 str_u64(str_of(value), 1 << 20, &n))
			c->history_max = (unsigned)n;
	}
}

static void on_ping(struct client *c, const struct line *line)
{
	if (line->nparams)
		client_sendf(c, "PONG :%.*s", STR_ARG(line->params[line->nparams - 1]));
}

/* Whoever had the nick that we want has it no more. */
static void take_back_nick(struct client *c, const struct line *line)
{
	if (!client_is_me(c, str_of(c->wish)) && client_same_name(c, client_source_nick(line->source), str_of(c->wish)))
		client_sendf(c, "NICK %s", c->wish);
}

static void on_nick(struct client *c, const struct line *line)
{
	if (line->nparams && client_is_me(c, line->source)) {
		set_text(c->nick, sizeof(c->nick), line->params[0]);
		set_text(c->wish, sizeof(c->wish), line->params[0]);
		c->prefix = 0;
	}
	take_back_nick(c, line);
}

static void on_quit(struct client *c, const struct line *line)
{
	take_back_nick(c, line);
}

static void on_join(struct client *c, const struct line *line)
{
	if (line->nparams && client_is_me(c, line->source))
		come_in(c, line->params[0]);
}

static void on_part(struct client *c, const struct line *line)
{
	if (line->nparams && client_is_me(c, line->source))
		go_out(c, line->params[0]);
}

static void on_kick(struct client *c, const struct line *line)
{
	if (line->nparams > 1 && client_is_me(c, line->params[1]))
		go_out(c, line->params[0]);
}

/* told: while registering, what it says becomes part of the reason for the end, or was dealt with. */
static const struct {
	const char *command;
	void (*handle)(struct client *c, const struct line *line);
	bool told;
} reactions[] = {
	{"001", on_welcome, false},       {"005", on_support, false},     {"432", on_nick_wrong, true},
	{"433", on_nick_taken, true},     {"436", on_nick_taken, true},   {"437", on_nick_taken, true},
	{"464", on_banned, true},         {"465", on_banned, true},       {"902", sasl_failed, true},
	{"903", sasl_done, true},         {"904", sasl_failed, true},     {"905", sasl_failed, true},
	{"906", sasl_failed, true},       {"908", sasl_mechanisms, true}, {"AUTHENTICATE", sasl_line, true},
	{"CAP", client_caps_line, false}, {"ERROR", on_error, true},      {"FAIL", on_fail, true},
	{"JOIN", on_join, false},         {"KICK", on_kick, false},       {"NICK", on_nick, false},
	{"PART", on_part, false},         {"PING", on_ping, false},       {"QUIT", on_quit, false},
};

enum { REACTIONS = sizeof(reactions) / sizeof(reactions[0]) };

bool client_is_reason(const struct client *c, const struct line *line)
{
	/* these end a connection whenever they come */
	if (str_eq_nocase(line->command, STR("ERROR")) || str_eq(line->command, STR("465")))
		return true;
	for (size_t i = 0; i < REACTIONS && c->state == CLIENT_REGISTERING; i++) {
		if (reactions[i].told && str_eq_nocase(line->command, str_of(reactions[i].command)))
			return true;
	}
	return false;
}

/* What the client itself takes from a message. */
static void react(struct client *c, const struct line *line)
{
	for (size_t i = 0; i < REACTIONS; i++) {
		if (str_eq_nocase(line->command, str_of(reactions[i].command)))
			reactions[i].handle(c, line);
	}
	if (memchr(line->source.n ? line->source.p : "", '!', line->source.n) && client_is_me(c, line->source))
		c->prefix = line->source.n;
}

static enum conn_line on_line(struct conn *conn, char *text, size_t n, bool too_long)
{
	struct client *c = of_conn(conn);
	enum line_result result;
	struct line line;

	c->heard_ms = loop_clock(c->loop)->mono_ms;
	c->pinged = false;
	result = line_parse(&line, (struct str){text, n}, LINE_TAGS_MAX);
	if (too_long || (result != LINE_OK && result != LINE_BODY_TOO_LONG))
		return CONN_NEXT;
	c->handlers->line(c->ctx, &line);
	if (c->state < CLIENT_LEAVING)
		react(c, &line);
	return CONN_NEXT;
}

static void begin(struct client *c)
{
	client_caps_start(c);
	client_sendf(c, "NICK %s", c->nick);
	client_sendf(c, "USER %s 0 * :%s", c->options->user, c->nick);
}

/* One timer for all waiting: the first moment, the welcome, and the silence of a connection that died unnoticed. */
static void on_alive(struct timer *timer)
{
	struct client *c = (struct client *)((char *)timer - offsetof(struct client, alive));
	int64_t now = loop_clock(c->loop)->mono_ms;

	if (!c->heard_ms) {
		c->heard_ms = now;
		begin(c);
		loop_timer_set(c->loop, timer, now + CLIENT_WELCOME_MS);
	} else if (c->state == CLIENT_REGISTERING) {
		client_quit(c, STR_NONE, EX_TEMPFAIL, N_("the server does not let us in"));
	} else if (now - c->heard_ms < CLIENT_QUIET_MS) {
		loop_timer_set(c->loop, timer, c->heard_ms + CLIENT_QUIET_MS);
	} else if (!c->pinged) {
		c->pinged = true;
		client_sendf(c, "PING :alive");
		loop_timer_set(c->loop, timer, now + CLIENT_PONG_MS);
	} else {
		finish(c, EX_UNAVAILABLE, N_("the server does not answer"));
		conn_close(&c->conn, 0, on_closed);
	}
}

/* A Unix socket, or an address of this machine. */
static bool stays_here(int fd)
{
	struct sockaddr_storage peer;
	socklen_t size = sizeof(peer);
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (getpeername(fd, (struct sockaddr *)&peer, &size) < 0)
		return false;
	memcpy(&v4, &peer, sizeof(v4));
	memcpy(&v6, &peer, sizeof(v6));
	switch (peer.ss_family) {
	case AF_UNIX:
		return true;
	case AF_INET:
		return ntohl(v4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	case AF_INET6:
		return IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr) ||
		       (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr) && v6.sin6_addr.s6_addr[12] == IN_LOOPBACKNET);
	default:
		return false;
	}
}

static int connect_with(struct client *c, struct conn_hub *hub, const struct transport *t)
{
	static const struct conn_handlers handlers = {.line = on_line, .ended = on_ended};

	c->state = CLIENT_REGISTERING;
	c->casemap = CASEMAP_RFC1459;
	c->heard_ms = 0;
	c->private = c->options->tls || stays_here(t->fd);
	strlcpy(c->nick, c->wish, sizeof(c->nick));
	c->alive.due = on_alive;
	loop_timer_set(c->loop, &c->alive, loop_clock(c->loop)->mono_ms);
	return conn_begin(&c->conn, hub, t, &handlers, &limits);
}

int client_init(struct client *c, struct conn_hub *hub, struct loop *loop, const struct transport *t)
{
	c->loop = loop;
	strlcpy(c->wish, c->options->nick, sizeof(c->wish));
	return connect_with(c, hub, t);
}

void client_pause(struct client *c)
{
	loop_timer_stop(c->loop, &c->alive);
	c->state = CLIENT_OFFLINE;
	/* a connection that ended before it was let in leaves the names for the next one */
	if (!c->left.count) {
		c->left = c->channels;
		c->channels = (struct vec){0};
	}
	forget(&c->channels);
}

int client_again(struct client *c, struct conn_hub *hub, const struct transport *t)
{
	c->caps = c->caps_wanted = 0;
	sasl_reset(&c->sasl);
	c->nick_tries = 0;
	c->prefix = 0;
	c->pinged = false;
	c->history_max = 0;
	c->code = 0;
	c->why = NULL;
	return connect_with(c, hub, t);
}

void client_deinit(struct client *c)
{
	sasl_reset(&c->sasl);
	forget(&c->channels);
	forget(&c->left);
	forget(&c->keys);
}
