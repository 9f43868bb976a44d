#include "command/ban_test.h"

#include <string.h>

#include "base/mem.h"
#include "command/ban_order.h"
#include "command/command.h"
#include "command/cursor.h"
#include "command/targets.h"
#include "network/network.h"

/* Whom a ban would meet, and what would meet somebody. */

enum { SHOWN_MAX = 100 };

struct test {
	struct stream st;
	const struct network *net;
	struct ban_order order;
	struct ban ban; /* views of the order */
	struct cursor cursor;
	bool addresses; /* may be known to who asks */
	uint64_t met;
};

static void show(const struct test *t, struct session *s, const struct user *u)
{
	const char *address = t->addresses ? user_text(u, USER_ADDRESS) : "";
	const char *account = user_text(u, USER_ACCOUNT);

	reply_notice(s, "%s!%s@%s%s%s%s%s", user_nick(u), user_text(u, USER_NAME), user_text(u, USER_HOST),
		     *address ? " " : "", address, *account ? ", account " : "", account);
}

/* Who may not see addresses does not find them out like this. */
static bool is_met(const struct test *t, const struct user *u)
{
	struct ban_subject subject = ban_subject_of(u);

	if (!t->addresses)
		subject.address = subject.realhost = STR_NONE;
	return ban_matches(t->net, &t->ban, &subject);
}

static bool step(struct stream *st, struct session *s)
{
	struct test *t = (struct test *)st;
	const struct vec *users = network_users(t->net);
	struct cursor_block b;
	bool more = !st->cut && cursor_next(&t->cursor, users->count, CURSOR_LINES, &b);

	for (uint32_t i = more ? b.end : 0; more && i-- > b.from;) {
		if (is_met(t, users->items[i]) && t->met++ < SHOWN_MAX)
			show(t, s, users->items[i]);
	}
	if (!more)
		reply(s, RPL_TESTMASK, (unsigned long long)t->met, target_shown(t->order.mask));
	return !more;
}

static void test_free(struct stream *st)
{
	mem_free(st);
}

void ban_test_mask(struct call *call)
{
	struct test *t = mem_zalloc(sizeof(*t));
	const char *why = ban_target_parse(&t->order, BAN_FORM_ANY, call_param(call, 0));

	/* What is too wide to be set may be asked for. */
	if (why && !t->order.mask[0]) {
		reply_fail(call->session, call->row->name, "INVALID_TARGET", target_shown(call_param(call, 0)), why);
		mem_free(t);
		return;
	}
	t->st.step = step;
	t->st.free = test_free;
	t->net = call->env->net;
	t->ban.kind = t->order.kind;
	t->ban.mask = t->order.mask;
	t->ban.nmask = strlen(t->order.mask);
	if (t->ban.kind == BAN_ADDRESS)
		(void)cidr_parse(&t->ban.cidr, str_of(t->order.mask));
	t->cursor.left = UINT32_MAX;
	t->addresses = user_may(call->user, PRIV_SEE_ADDRESS);
	session_stream(call->session, &t->st);
}

/* "nick", "nick!user@host", "user@host" or an address, as one who would come like that. */
static struct ban_subject subject_of(const struct call *call, const char *text)
{
	const struct user *u = network_user_by_nick(call->env->net, str_of(text));
	struct str rest = str_of(text), part;
	struct ban_subject s = {0};

	if (u)
		return ban_subject_of(u);
	if (strchr(text, '!') && str_split(&rest, '!', &part))
		s.nick = part;
	if (rest.n && memchr(rest.p, '@', rest.n) && str_split(&rest, '@', &part))
		s.username = part;
	s.host = s.address = rest;
	return s;
}

void ban_test_line(struct call *call)
{
	const char *text = call_param(call, 0);
	const struct ban_subject s = subject_of(call, text);
	const struct ban *b = network_ban_against(call->env->net, &s);
	int64_t now = loop_clock(call->session->hub->loop)->real_ms, left;

	if (!b)
		b = network_shun_against(call->env->net, &s);
	if (!b) {
		reply(call->session, RPL_NOTESTLINE, target_shown(text));
		return;
	}
	left = b->until ? (b->until - now + 59999) / 60000 : 0;
	reply(call->session, RPL_TESTLINE, ban_letter(b), (long long)left, target_shown(b->mask), b->reason);
}
