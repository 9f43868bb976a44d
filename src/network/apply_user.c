#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "network/apply.h"
#include "network/rules.h"

/* An account is a mode too. */
static uint32_t modes_with_account(uint32_t modes, struct str account)
{
	return account.n ? modes | USER_REGISTERED : modes & ~(uint32_t)USER_REGISTERED;
}

/* The bits that the origin may alter by itself. */
static uint32_t modes_free(bool set)
{
	uint32_t bits = 0;
	size_t n;
	const struct user_mode *modes = user_modes(&n);

	for (size_t i = 0; i < n; i++) {
		if (set ? modes[i].settable : modes[i].unsettable)
			bits |= modes[i].bit;
	}
	return bits;
}

static bool refused_by_ban(struct apply *a, const struct str text[USER_TEXT_COUNT])
{
	const struct ban_subject subject = {
		.nick = text[USER_NICK],
		.username = text[USER_NAME],
		.host = text[USER_HOST],
		.address = text[USER_ADDRESS],
		.realhost = text[USER_REALHOST],
		.account = text[USER_ACCOUNT],
		.realname = text[USER_REALNAME],
	};
	struct change c = apply_change(a, CHANGE_REFUSED);

	c.ban = network_ban_against(a->net, &subject);
	c.refusal = REFUSAL_SERVER_BAN;
	if (c.ban)
		apply_tell(a, &c);
	return c.ban;
}

static uint32_t modes_by_privilege(const struct user *u)
{
	uint32_t bits = 0;
	size_t n;
	const struct user_mode *modes = user_modes(&n);

	for (size_t i = 0; i < n; i++) {
		if (modes[i].needs >= 0 && user_may(u, (enum privilege)modes[i].needs))
			bits |= modes[i].bit;
	}
	return bits;
}

void apply_user_add(struct apply *a)
{
	const struct record *r = a->r;
	const struct str text[USER_TEXT_COUNT] = {
		[USER_NICK] = r->user_add.nick,         [USER_NAME] = r->user_add.username,
		[USER_HOST] = r->user_add.host,         [USER_REALNAME] = r->user_add.realname,
		[USER_ADDRESS] = r->user_add.address,   [USER_ACCOUNT] = r->user_add.account,
		[USER_REALHOST] = r->user_add.realhost, [USER_CLOAKS] = r->user_add.cloaks,
		[USER_GATEWAY] = r->user_add.gateway,   [USER_COUNTRY] = r->user_add.country,
	};
	uint32_t modes = r->user_add.modes & STATE_USER_MODES & ~(uint32_t)USER_NOTICES;
	struct change c;

	if (r->origin == 0 || text[USER_NICK].n == 0 || state_user(a->net, r->origin))
		return;
	if (state_user_by_nick(a->net, state_text_cut(text[USER_NICK]))) {
		apply_refuse(a, REFUSAL_NICK_IN_USE, NULL, NULL);
		return;
	}
	if (!(r->flags & RECORD_OVERRIDE) &&
	    (refused_by_ban(a, text) ||
	     apply_forbidden(a, network_forbidden(a->net, BAN_NICK, text[USER_NICK]), PRIV_ACCOUNTS)))
		return;
	a->origin = state_user_add(a->net, r->origin, text);
	if (!a->unchecked)
		modes &= modes_free(true);
	state_user_set_modes(a->net, a->origin, modes_with_account(modes, text[USER_ACCOUNT]));
	a->origin->secure = r->user_add.secure;
	a->origin->signon = r->time;
	a->origin->spoke = r->time;
	state_user_set_away(a->origin, r->user_add.away);
	apply_newcomer_metadata(a, a->origin, r->user_add.metadata);
	c = apply_change(a, CHANGE_USER_ADDED);
	apply_tell(a, &c);
}

void apply_user_nick(struct apply *a)
{
	struct change c = apply_change(a, CHANGE_NICK);
	struct str nick = state_text_cut(a->r->user_nick.nick);
	const struct user *holder = state_user_by_nick(a->net, nick);
	char was[NETWORK_TEXT_MAX];
	const struct channel *where = NULL;
	enum refusal refusal;

	if (nick.n == 0 || str_eq(nick, user_str(a->origin, USER_NICK)))
		return;
	if (holder && holder != a->origin) {
		apply_refuse(a, REFUSAL_NICK_IN_USE, a->origin, NULL);
		return;
	}
	if (apply_forbidden(a, network_forbidden(a->net, BAN_NICK, nick), PRIV_ACCOUNTS))
		return;
	refusal = a->unchecked ? REFUSAL_NONE : rule_nick(a->origin, &where);
	if (apply_refuse(a, refusal, a->origin, where))
		return;
	c.was = user_str(a->origin, USER_NICK);
	memcpy(was, c.was.p, c.was.n);
	c.was.p = was;
	if (!holder)
		state_whowas_add(a->net, a->origin, a->r->time);
	state_user_set_text(a->net, a->origin, USER_NICK, nick);
	apply_tell(a, &c);
	apply_banned(a, a->origin);
}

/* Told once, while the user is everywhere still. */
void apply_leave(struct apply *a, struct user *u, struct str text, const struct ban *ban)
{
	struct change c = apply_change(a, CHANGE_QUIT);

	c.user = u;
	c.text = text;
	c.ban = ban;
	apply_tell(a, &c);
	state_whowas_add(a->net, u, a->r->time);
	state_user_remove(a->net, u);
}

void apply_user_quit(struct apply *a)
{
	apply_leave(a, a->origin, a->r->user_quit.reason, NULL);
}

void apply_user_kill(struct apply *a)
{
	struct user *target;
	char memory[2 * NETWORK_TEXT_MAX + 16];
	struct buf text;

	if (!a->unchecked && !user_may(a->origin, PRIV_KILL)) {
		apply_refuse(a, REFUSAL_NOT_OPER, NULL, NULL);
		return;
	}
	target = apply_target(a, a->r->user_kill.target, NULL);
	if (!target)
		return;
	buf_init(&text, memory, sizeof(memory));
	buf_cstr(&text, "Killed (");
	buf_str(&text, a->origin ? user_str(a->origin, USER_NICK) : STR(STATE_SERVER_ACTOR));
	buf_cstr(&text, " (");
	buf_str(&text, state_text_cut(a->r->user_kill.reason));
	buf_cstr(&text, "))");
	apply_leave(a, target, buf_view(&text), NULL);
}

/* Told even when nothing is new, for the origin is owed an answer; was says whether others need to hear. */
void apply_user_away(struct apply *a)
{
	struct change c = apply_change(a, CHANGE_AWAY);
	char *was = a->origin->away;

	a->origin->away = NULL;
	state_user_set_away(a->origin, a->r->user_away.text);
	c.was = str_of(was);
	c.text = a->r->user_away.text;
	apply_tell(a, &c);
	mem_free(was);
}

/* The same. */
void apply_user_realname(struct apply *a)
{
	struct change c = apply_change(a, CHANGE_REALNAME);
	char was[NETWORK_TEXT_MAX];

	c.was = user_str(a->origin, USER_REALNAME);
	memcpy(was, c.was.p, c.was.n);
	c.was.p = was;
	state_user_set_text(a->net, a->origin, USER_REALNAME, a->r->user_realname.realname);
	c.text = user_str(a->origin, USER_REALNAME);
	apply_tell(a, &c);
	apply_banned(a, a->origin);
}

void apply_user_host(struct apply *a)
{
	struct change c = apply_change(a, CHANGE_HOST);
	struct str username = state_text_cut(a->r->user_host.username);
	struct str host = state_text_cut(a->r->user_host.host);
	char memory[2 * NETWORK_TEXT_MAX + 1];
	struct buf was;

	if (str_eq(username, user_str(a->origin, USER_NAME)) && str_eq(host, user_str(a->origin, USER_HOST)))
		return;
	buf_init(&was, memory, sizeof(memory));
	buf_str(&was, user_str(a->origin, USER_NAME));
	buf_chr(&was, '@');
	buf_str(&was, user_str(a->origin, USER_HOST));
	state_user_set_text(a->net, a->origin, USER_NAME, username);
	state_user_set_text(a->net, a->origin, USER_HOST, host);
	c.was = buf_view(&was);
	apply_tell(a, &c);
}

/* Some modes go together, so what really changed shows afterwards. */
static void change_modes(struct apply *a, struct change *c, uint32_t modes)
{
	uint32_t was = a->origin->modes;

	state_user_set_modes(a->net, a->origin, modes);
	c->set = a->origin->modes & ~was;
	c->clear = was & ~a->origin->modes;
	if ((c->clear & USER_NOTICES) && a->origin->oper)
		a->origin->oper->notices = 0;
}

/* USER_REGISTERED is the account's, whoever asks. */
void apply_user_modes(struct apply *a)
{
	struct change c = apply_change(a, CHANGE_USER_MODES);
	uint32_t set = a->r->user_modes.set & STATE_USER_MODES & ~(uint32_t)USER_REGISTERED;
	uint32_t clear = a->r->user_modes.clear & ~(uint32_t)USER_REGISTERED;

	if (!a->unchecked) {
		set &= modes_free(true) | modes_by_privilege(a->origin);
		clear &= modes_free(false);
	}
	set &= ~(uint32_t)USER_NOTICES;
	change_modes(a, &c, (a->origin->modes | set) & ~clear);
	if (c.set || c.clear)
		apply_tell(a, &c);
}

void apply_user_account(struct apply *a)
{
	struct change c = apply_change(a, CHANGE_ACCOUNT);
	struct str account = state_text_cut(a->r->user_account.account);
	char was[NETWORK_TEXT_MAX];

	if (str_eq(account, user_str(a->origin, USER_ACCOUNT)))
		return;
	snprintf(was, sizeof(was), "%s", user_text(a->origin, USER_ACCOUNT));
	state_user_set_text(a->net, a->origin, USER_ACCOUNT, account);
	a->origin->kept = a->origin->kept && account.n;
	change_modes(a, &c, modes_with_account(a->origin->modes, account));
	c.text = user_str(a->origin, USER_ACCOUNT);
	apply_tell(a, &c);
	apply_account_metadata(a, a->origin, str_of(was));
	for (uint32_t i = 0; i < a->origin->memberships.count; i++)
		apply_access(a, a->origin->memberships.items[i]);
	apply_banned(a, a->origin);
}

/* What a new class does not allow any more goes with the old one. */
static uint32_t modes_left(const struct user *u)
{
	size_t n;
	const struct user_mode *rows = user_modes(&n);
	uint32_t modes = u->modes & ~(uint32_t)USER_NOTICES;

	for (size_t i = 0; i < n; i++) {
		if (rows[i].needs >= 0 && !(u->oper->privileges & PRIV_BIT(rows[i].needs)))
			modes &= ~rows[i].bit;
	}
	return u->oper->notices ? modes | USER_NOTICES : modes;
}

/* Told where it makes one an operator, or takes a mode; that privileges are others now is for whoever asked. */
void apply_user_oper(struct apply *a)
{
	struct change c = apply_change(a, CHANGE_USER_MODES);
	struct user *u = a->origin;
	const struct state_oper text = {a->r->user_oper.name, a->r->user_oper.class_name, a->r->user_oper.title,
					u->oper ? u->oper->notices : 0};

	if (!a->unchecked)
		return;
	state_user_set_oper(u, &text, a->r->user_oper.privileges);
	change_modes(a, &c, modes_left(u) | USER_OPER);
	if (c.set || c.clear)
		apply_tell(a, &c);
}

/* Told even when nothing is new: the origin is owed the mask. */
void apply_user_notices(struct apply *a)
{
	struct change c = apply_change(a, CHANGE_USER_MODES);
	struct user_oper *oper = a->origin->oper;

	if (!oper) {
		apply_refuse(a, REFUSAL_NOT_OPER, a->origin, NULL);
		return;
	}
	oper->notices = a->r->user_notices.mask & notices_allowed(oper->privileges);
	change_modes(a, &c,
		     oper->notices ? a->origin->modes | USER_NOTICES : a->origin->modes & ~(uint32_t)USER_NOTICES);
	apply_tell(a, &c);
}
