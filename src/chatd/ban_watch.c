#include "chatd/ban_watch.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/log.h"
#include "net/address.h"
#include "network/ban.h"
#include "proto/cidr.h"
#include "proto/utf8.h"
#include "session/emergency.h"

/* The wait is measured by another clock than the one that people read: it is looked at again after a day. */
enum { WAIT_MAX_MS = 24 * 3600 * 1000, CLEAR_MAX = 64 };

static int64_t real_ms(const struct ban_watch *w)
{
	return loop_clock(w->loop)->real_ms;
}

static void arm(struct ban_watch *w)
{
	const struct ban *b = network_ban_due(w->net);
	int64_t wait;

	w->until = b ? b->until : 0;
	if (!b) {
		loop_timer_stop(w->loop, &w->timer);
		return;
	}
	wait = b->until - real_ms(w);
	if (wait < 0)
		wait = 0;
	loop_timer_set(w->loop, &w->timer, loop_clock(w->loop)->mono_ms + (wait < WAIT_MAX_MS ? wait : WAIT_MAX_MS));
}

static void due(struct timer *t)
{
	struct ban_watch *w = (struct ban_watch *)((char *)t - offsetof(struct ban_watch, timer));
	const struct ban *b;

	for (int i = 0; i < CLEAR_MAX && (b = network_ban_due(w->net)) && b->until <= real_ms(w); i++) {
		struct record r = {.type = RECORD_BAN_CLEAR, .flags = RECORD_OVERRIDE};

		r.ban_clear.id = b->id;
		w->submit(w->ctx, &r);
	}
	arm(w);
}

void ban_watch_start(struct ban_watch *w)
{
	w->timer.due = due;
	arm(w);
}

void ban_watch_stop(struct ban_watch *w)
{
	loop_timer_stop(w->loop, &w->timer);
}

/* Views of what an entry of a ban says, as the log takes it. */
struct told {
	char id[24], until[32], by[512];
};

static const char *text_of(char *dst, size_t size, struct str s)
{
	snprintf(dst, size, "%.*s", STR_ARG(s));
	return *dst ? dst : NULL;
}

static void tell_init(struct told *t, const struct ban *b, struct str by)
{
	struct buf out;

	snprintf(t->id, sizeof(t->id), "%" PRIu64, b->id);
	buf_init(&out, t->until, sizeof(t->until) - 1);
	if (b->until)
		ban_time(&out, b->until);
	t->until[out.n] = '\0';
	(void)text_of(t->by, sizeof(t->by), by);
}

static void log_set(const struct ban *b)
{
	struct told t;

	tell_init(&t, b, str_of(b->by));
	log_event(EVENT_BAN_SET,
		  LOG_FIELDS({"CHATD_BAN", t.id}, {"CHATD_KIND", ban_kind_name(b->kind)}, {"CHATD_TARGET", b->mask},
			     {"CHATD_ACTION", ban_action_name(b->action)}, {"CHATD_BY", *t.by ? t.by : NULL},
			     {"CHATD_UNTIL", *t.until ? t.until : NULL},
			     {"CHATD_REASON", *b->reason ? b->reason : NULL}),
		  "%s %s is banned (%s) by %s, %s%s: %s", ban_kind_name(b->kind), b->mask, ban_action_name(b->action),
		  *t.by ? t.by : "the server", *t.until ? "until " : "for good", t.until, b->reason);
}

static void log_cleared(const struct change *c)
{
	const struct ban *b = c->ban;
	struct str by = c->record->ban_clear.by;
	struct told t;

	tell_init(&t, b, by);
	log_event(EVENT_BAN_REMOVED,
		  LOG_FIELDS({"CHATD_BAN", t.id}, {"CHATD_KIND", ban_kind_name(b->kind)}, {"CHATD_TARGET", b->mask},
			     {"CHATD_BY", *t.by ? t.by : NULL}, {"CHATD_REASON", by.n ? NULL : "expired"}),
		  "the ban of %s %s is gone: %s%s", ban_kind_name(b->kind), b->mask,
		  by.n ? "removed by " : "its time is over", t.by);
}

static void log_met(const struct ban *b, const struct ban_subject *s)
{
	char id[24], nick[64], account[64], address[128];
	const char *who = text_of(nick, sizeof(nick), s->nick);

	snprintf(id, sizeof(id), "%" PRIu64, b->id);
	text_of(address, sizeof(address), s->address);
	log_event(EVENT_USER_BANNED,
		  LOG_FIELDS({"CHATD_BAN", id}, {"CHATD_TARGET", b->mask}, {"CHATD_NICK", who},
			     {"CHATD_ACCOUNT", text_of(account, sizeof(account), s->account)},
			     {"CHATD_PEER", *address ? address : NULL},
			     {"CHATD_REASON", *b->reason ? b->reason : NULL}),
		  "%s%s%s is not let in: %s is banned: %s", who ? who : "", who ? " from " : "", address, b->mask,
		  b->reason);
}

static struct ban_subject subject_of(const struct change *c)
{
	const struct record *r = c->record;

	if (c->user)
		return ban_subject_of(c->user);
	return (struct ban_subject){
		.nick = r->user_add.nick, .address = r->user_add.address, .account = r->user_add.account};
}

static void met(struct ban_watch *w, const struct change *c)
{
	const struct ban_subject s = subject_of(c);

	network_ban_hit(w->net, c->ban, real_ms(w));
	log_met(c->ban, &s);
}

static void log_emergency(const struct change *c)
{
	char level[16], by[512];

	snprintf(level, sizeof(level), "%u", emergency_defcon(c->record->emergency.level));
	text_of(by, sizeof(by), c->record->emergency.by);
	log_event(EVENT_EMERGENCY, LOG_FIELDS({"CHATD_LEVEL", level}, {"CHATD_BY", *by ? by : NULL}),
		  "the emergency level is %s now, by %s", level, by);
}

/* Only one that ends earlier, or the end of the one that is waited for, moves the timer. */
void ban_watch_note(struct ban_watch *w, const struct change *c)
{
	if (c->type == CHANGE_EMERGENCY)
		log_emergency(c);
	if (!c->ban)
		return;
	if (c->type == CHANGE_BAN_SET) {
		log_set(c->ban);
		if (c->ban->until && (!w->until || c->ban->until < w->until))
			arm(w);
	} else if (c->type == CHANGE_BAN_CLEARED) {
		log_cleared(c);
	} else {
		met(w, c);
	}
}

void ban_watch_met(struct ban_watch *w, const struct ban *b, const char *host)
{
	const struct ban_subject s = {.address = str_of(host)};

	network_ban_hit(w->net, b, real_ms(w));
	log_met(b, &s);
}

bool ban_watch_refuses(struct ban_watch *w, const struct address *peer, char *why, size_t size)
{
	char host[ADDRESS_TEXT_MAX];
	const struct ban *ban;
	struct cidr address;
	char memory[1200];
	struct buf text;

	address_host(peer, host);
	ban = cidr_parse(&address, str_of(host)) ? network_ban_address(w->net, &address) : NULL;
	if (!ban)
		return false;
	ban_watch_met(w, ban, host);
	buf_init(&text, memory, sizeof(memory));
	ban_explain(&text, ban);
	snprintf(why, size, "%.*s", STR_ARG(utf8_cut(buf_view(&text), size - 1)));
	return true;
}
