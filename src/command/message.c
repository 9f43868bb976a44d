#include "command/message.h"

#include <ctype.h>

#include "base/mem.h"
#include "command/emergency.h"
#include "command/families.h"
#include "command/playback.h"
#include "command/react.h"
#include "command/services.h"
#include "command/filter.h"
#include "command/targets.h"
#include "network/rules.h"
#include "proto/modes.h"
#include "proto/multiline.h"
#include "proto/name.h"
#include "proto/numerics.h"
#include "proto/tags.h"
#include "proto/utf8.h"

/* A message to one or more targets: what is the same for all of them. */
struct sending {
	const struct call *call;
	enum message_kind kind;
	struct str text, tags;
};

/* Nothing automatic may answer a NOTICE, or two programs would never stop: RFC 2812, 3.3.2. */
static bool answers(const struct sending *m)
{
	return m->kind != MESSAGE_NOTICE;
}

/*
 * "@#channel": members from that rank on; of several prefixes the lowest counts. Returns where the channel starts.
 */
static const char *rank_take(const char *target, uint8_t *min_rank)
{
	uint8_t rank;

	*min_rank = 0;
	for (; (rank = rank_of_prefix(*target)) != 0; target++) {
		if (*min_rank == 0 || rank < *min_rank)
			*min_rank = rank;
	}
	return target;
}

static struct record sending_record(const struct sending *m)
{
	struct record r = call_record(m->call, RECORD_MESSAGE);

	r.message.kind = m->kind;
	r.message.channel = STR_NONE;
	r.message.target = 0;
	r.message.min_rank = 0;
	r.message.text = m->text;
	r.message.tags = m->tags;
	return r;
}

static enum filter_target filter_target_of(const struct sending *m, const struct channel *c)
{
	if (m->kind == MESSAGE_NOTICE)
		return FILTER_NOTICE;
	return c ? FILTER_CHANNEL : FILTER_PRIVATE;
}

/*
 * A long line in pieces that overlap by more than what a pattern is about, for a filter looks at so many bytes. True: one of
 * them is kept from where it goes.
 */
static bool line_filtered(const struct call *call, struct filter_try *t, struct str line)
{
	enum { STEP = FILTER_TEXT_MAX - FILTER_PATTERN_MAX };

	while (line.n > FILTER_TEXT_MAX) {
		struct str skipped = utf8_cut(line, STEP);

		t->text = utf8_cut(line, FILTER_TEXT_MAX);
		if (filter_stops(call, t))
			return true;
		line = (struct str){line.p + skipped.n, line.n - skipped.n};
	}
	t->text = line;
	return filter_stops(call, t);
}

/* Each line, with what goes on from it behind it. */
static bool lines_filtered(const struct sending *m, struct filter_try *t)
{
	struct multiline lines = multiline_begin(m->text);
	char *memory = mem_alloc(m->text.n + 1);
	bool concat, stopped = false;
	struct str part;
	struct buf line;

	buf_init(&line, memory, m->text.n + 1);
	while (!stopped && multiline_next(&lines, &part, &concat)) {
		buf_str(&line, part);
		if (lines.concat && !lines.end)
			continue;
		stopped = line.n && line_filtered(m->call, t, buf_view(&line));
		line.n = 0;
	}
	mem_free(memory);
	return stopped;
}

/* True: a filter keeps it from where it goes. */
static bool filtered(const struct sending *m, const struct channel *c, const char *where)
{
	struct filter_try t = {filter_target_of(m, c), m->text, c, where};

	return multiline_is(m->text) ? lines_filtered(m, &t) : filter_stops(m->call, &t);
}

static bool may_react(const struct sending *m, const struct channel *c, const struct user *u, const char *where)
{
	const struct react_try t = {m->tags, c, u, where, !answers(m)};

	return !m->tags.n || react_may(m->call, &t);
}

/* A colour is followed by up to two numbers of two digits, or of six hexadecimal ones. Returns what follows them. */
static const char *colours_skip(const char *p, const char *end, size_t digits)
{
	for (int half = 0; half < 2; half++) {
		const char *at = p + (half ? 1 : 0);
		size_t n = 0;

		if (half && (p == end || *p != ','))
			break;
		while (n < digits && at < end &&
		       (digits == 2 ? isdigit((unsigned char)*at) : isxdigit((unsigned char)*at))) {
			at++;
			n++;
		}
		if (n == 0 || (digits == 6 && n != digits))
			break;
		p = at;
	}
	return p;
}

/* The text as +S lets it through, in memory with room for all of it. */
static struct str formatting_strip(struct str text, char *memory)
{
	const char *p = text.p, *end = text.p + text.n;
	struct buf b;

	buf_init(&b, memory, text.n);
	while (p < end) {
		char c = *p++;

		if (c == '\003' || c == '\004')
			p = colours_skip(p, end, c == '\003' ? 2 : 6);
		else if (!rule_is_formatted((struct str){&c, 1}))
			buf_chr(&b, c);
	}
	return buf_view(&b);
}

/* What +S leaves of it. False: nothing. */
static bool submit_stripped(const struct sending *m, struct record *r)
{
	char *memory = mem_alloc(m->text.n + 1);
	bool blank;

	r->message.text = formatting_strip(m->text, memory);
	blank = multiline_is_blank(r->message.text);
	if (!blank)
		call_submit(m->call, r);
	mem_free(memory);
	return !blank;
}

static void send_channel(const struct sending *m, const char *name, uint8_t min_rank)
{
	const struct call *call = m->call;
	const struct channel *c = network_channel(call->env->net, str_of(name));
	struct record r;

	if (!c || !rule_sees_channel(c, call_user(call))) {
		if (answers(m))
			reply(call->session, ERR_NOSUCHCHANNEL, target_shown(name));
		return;
	}
	if (filtered(m, c, name) || !may_react(m, c, NULL, name))
		return;
	r = sending_record(m);
	r.message.channel = str_of(name);
	r.message.min_rank = min_rank;
	if (!(c->flags & CHAN_STRIP_COLOUR) || !m->text.n)
		call_submit(call, &r);
	else if (!submit_stripped(m, &r) && answers(m))
		reply(call->session, ERR_NOTEXTTOSEND);
}

/* A service is asked for one thing in a line. */
static void send_service(const struct sending *m, const struct service *service)
{
	struct multiline lines = multiline_begin(m->text);
	struct str line;
	bool concat;

	while (call_user(m->call) && multiline_next(&lines, &line, &concat))
		services_ask(m->call, service, line);
}

static void send_user(const struct sending *m, const char *nick)
{
	const struct call *call = m->call;
	const struct user *target = network_user_by_nick(call->env->net, str_of(nick));
	struct record r;

	if (!target && m->kind == MESSAGE_PRIVMSG && playback_takes(call, nick, m->text))
		return;
	if (!target && services_find(str_of(nick)) && m->kind != MESSAGE_TAGMSG) {
		if (answers(m))
			send_service(m, services_find(str_of(nick)));
		return;
	}
	if (!target) {
		if (answers(m))
			reply(call->session, ERR_NOSUCHNICK, target_shown(nick));
		return;
	}
	if (!emergency_may_write(call, target)) {
		if (answers(m))
			reply(call->session, ERR_NEEDREGGEDNICK, user_nick(target));
		return;
	}
	if (filtered(m, NULL, nick) || !may_react(m, NULL, target, nick))
		return;
	r = sending_record(m);
	r.message.target = target->id;
	call_submit(call, &r);
}

static void send_one(const struct sending *m, const char *target)
{
	uint8_t min_rank;
	const char *name = rank_take(target, &min_rank);

	if (name_is_channel(name))
		send_channel(m, name, min_rank);
	else
		send_user(m, target);
}

void message_send_one(const struct call *call, const struct message_said *said, const char *target)
{
	const struct sending m = {call, said->kind, said->text, said->tags};

	send_one(&m, target);
}

static void send_all(const struct sending *m)
{
	const struct call *call = m->call;
	enum casemap map = network_casemap(call->env->net);
	struct targets t;

	targets_init(&t, call_param(call, 0), NULL, call->env->server->targets_max);
	t.quiet = !answers(m);
	t.cost = 1000;
	while (call_user(call) && targets_next(&t, call)) {
		if (!targets_repeated(&t, map))
			send_one(m, t.word);
	}
}

void message_tags_pick(struct buf *out, const struct call *call)
{
	struct str rest = call->msg->tags;
	struct tag tag;

	if (!session_has(call->session, CAP_MESSAGE_TAGS))
		return;
	while (tags_next(&rest, &tag)) {
		if (tag.key.p[0] != '+' || !tags_key_valid(tag.key) || !server_tag_allowed(call->env->server, tag.key))
			continue;
		if (out->n)
			buf_chr(out, ';');
		buf_str(out, tag.key);
		if (tag.value.n) {
			buf_chr(out, '=');
			buf_str(out, tag.value);
		}
	}
}

static void send_run(const struct call *call, enum message_kind kind)
{
	BUF_MEMORY char memory[LINE_CLIENT_TAGS_MAX];
	struct sending m = {.call = call, .kind = kind, .text = STR_NONE};
	struct buf tags;

	buf_init(&tags, memory, sizeof(memory));
	message_tags_pick(&tags, call);
	m.tags = tags.full ? STR_NONE : buf_view(&tags);
	if (kind != MESSAGE_TAGMSG)
		m.text = str_of(call_param(call, 1));
	if (call_word(call, 0) && (kind == MESSAGE_TAGMSG ? m.tags.n : m.text.n))
		send_all(&m);
	else if (!call_word(call, 0) && answers(&m))
		reply(call->session, ERR_NORECIPIENT, call->row->name);
	else if (kind == MESSAGE_PRIVMSG)
		reply(call->session, ERR_NOTEXTTOSEND);
}

static void privmsg_run(struct call *call)
{
	send_run(call, MESSAGE_PRIVMSG);
}

static void notice_run(struct call *call)
{
	send_run(call, MESSAGE_NOTICE);
}

/* Without a tag that may be relayed there is nothing to tell: it goes nowhere, and that is no error. */
static void tagmsg_run(struct call *call)
{
	send_run(call, MESSAGE_TAGMSG);
}

static const struct command rows[] = {
	{"PRIVMSG", ROLE_USER, 0, 10, -1, privmsg_run},
	{"NOTICE", ROLE_USER, 0, 10, -1, notice_run},
	{"TAGMSG", ROLE_USER, 0, 10, CAP_MESSAGE_TAGS, tagmsg_run},
};

const struct command *command_family_message(size_t *count)
{
	*count = sizeof(rows) / sizeof(rows[0]);
	return rows;
}
