#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "command/account_edit.h"
#include "command/command.h"
#include "command/expiry.h"
#include "command/filter.h"
#include "command/forbid.h"
#include "command/hook_wish.h"
#include "command/login.h"
#include "command/services.h"
#include "network/access.h"
#include "network/rules.h"
#include "network/settings.h"
#include "proto/utf8.h"

static const char self[] = "ChanServ";

/* Ranks that an account takes from others: the rest of its room is for what is its own. */
enum { ITEM_MAX = 128, GIVEN_MAX = 64, DATE_MAX = 32 };

/* The customary names of ranks in a channel, the highest first. */
static const struct preset {
	const char *name;
	char letter;
	uint8_t rank;
	const char *says;
} presets[] = {
	{"FOUNDER", 'q', RANK_OWNER, N_("founder")}, {"SOP", 'a', RANK_ADMIN, N_("admin")},
	{"AOP", 'o', RANK_OP, N_("operator")},       {"HOP", 'h', RANK_HALFOP, N_("half-operator")},
	{"VOP", 'v', RANK_VOICE, N_("voice")},
};

enum { PRESETS = sizeof(presets) / sizeof(presets[0]) };

static const struct preset *preset_find(const char *name)
{
	for (size_t i = 0; i < PRESETS; i++)
		if (strcasecmp(presets[i].name, name) == 0)
			return &presets[i];
	return NULL;
}

static const struct preset *preset_of(uint8_t rank)
{
	for (size_t i = 0; i < PRESETS; i++)
		if (presets[i].rank == rank)
			return &presets[i];
	return NULL;
}

static const struct account *own(const struct service_ask *a)
{
	return login_account(a->call->env, a->call->session);
}

/* The channel that the first word names, if the caller may know of it; NULL after saying that there is none. */
static const struct channel *channel_of(const struct service_ask *a)
{
	const struct channel *c = network_channel(a->call->env->net, str_of(a->words[0]));

	if (c && (rule_sees_channel(c, a->call->user) || network_access(a->call->env->net, own(a), str_of(c->name))))
		return c;
	service_tell(a, "There is no such channel.");
	return NULL;
}

/* No-op for a channel that is neither suspended nor forbidden. */
static void say_shut(const struct service_ask *a, const struct channel *c)
{
	const struct ban *b = network_channel_shut(a->call->env->net, str_of(c->name));
	char text[LINE_BODY_MAX];
	struct buf out;

	if (!b)
		return;
	buf_init(&out, text, sizeof(text) - 1);
	forbid_say(&out, b, session_language(a->call->session));
	text[out.n] = '\0';
	services_say(a->call->session, self, "%s", text);
}

/* The same, if the caller's account has at least that rank there. */
static const struct channel *channel_with(const struct service_ask *a, uint8_t least)
{
	const struct channel *c = channel_of(a);

	if (!c)
		return NULL;
	if (network_access(a->call->env->net, own(a), str_of(c->name)) < least)
		service_tell(a, "Your account may not do that in this channel.");
	else if (network_channel_shut(a->call->env->net, str_of(c->name)) && !user_may(a->call->user, PRIV_REGISTER))
		say_shut(a, c);
	else
		return c;
	return NULL;
}

/* Makes it the rank that the account has there; NULL: none. False: something came between, or there is no room. */
static bool set_access(const struct service_ask *a, const struct account *account, const struct channel *c,
		       const struct preset *p)
{
	enum casemap map = network_casemap(a->call->env->net);
	char item[ITEM_MAX];
	struct account_edit e;
	int64_t since = loop_clock(a->call->env->hub->loop)->real_ms;
	struct str channel;
	uint8_t rank;

	account_edit_begin(&e, account);
	for (uint32_t i = 0; i < account->items.count; i++) {
		const struct account_kept *kept = account->items.items[i];
		struct str text = str_of(kept->text);

		if (kept->kind != ACCOUNT_CHANNEL || !access_parse(text, &channel, &rank) ||
		    !casemap_eq(map, channel, str_of(c->name)))
			continue;
		account_edit_drop_exact(&e, ACCOUNT_CHANNEL, text);
		/* A higher rank is no reason to read less of what was said. */
		since = kept->time < since ? kept->time : since;
	}
	if (p) {
		snprintf(item, sizeof(item), "%s %c", c->name, p->letter);
		if (!account_edit_add(&e, ACCOUNT_CHANNEL, str_of(item), since))
			return false;
	}
	return account_edit_submit(&e, a->call->env);
}

static void submit_modes(const struct service_ask *a, const struct channel *c, const struct mode_op *op)
{
	struct record r = {.type = RECORD_CHANNEL_MODES, .flags = RECORD_OVERRIDE};

	r.channel_modes.channel = str_of(c->name);
	r.channel_modes.ops = op;
	r.channel_modes.nops = 1;
	call_submit(a->call, &r);
}

/* Those of the account who are in the channel get the rank, or lose it, at once. */
static void update_members(const struct service_ask *a, const struct account *account, const struct channel *c,
			   const struct mode_op *op)
{
	for (uint32_t i = 0; i < c->members.count; i++) {
		const struct member *m = channel_member(c, i);
		struct mode_op one = *op;

		if (!str_eq(user_str(m->user, USER_ACCOUNT), account_str(account, ACCOUNT_NAME)))
			continue;
		one.user = m->user->id;
		submit_modes(a, c, &one);
	}
}

static uint32_t founded(const struct account *a)
{
	struct str channel;
	uint32_t n = 0;
	uint8_t rank;

	for (uint32_t i = 0; i < a->items.count; i++) {
		const struct account_kept *item = a->items.items[i];

		n += item->kind == ACCOUNT_CHANNEL && access_parse(str_of(item->text), &channel, &rank) &&
		     rank == RANK_OWNER;
	}
	return n;
}

static void run_register(const struct service_ask *a)
{
	const struct channel *c = channel_of(a);
	const struct mode_op registered = {.set = true, .letter = 'r'}, owner = {.set = true, .letter = 'q'};

	if (!c)
		return;
	if (c->flags & CHAN_REGISTERED) {
		service_tell(a, "This channel is registered already.");
	} else if (!rule_has_rank(network_member(c, a->call->user), RANK_OP)) {
		service_tell(a, "You must be an operator of the channel.");
	} else if (founded(own(a)) >= a->call->env->server->accounts.channels_max) {
		service_tell(a, "Your account has as many channels as it may.");
	} else {
		/* Those whom somebody gave a rank while it was his are nothing to its new founder. */
		account_forget_channel(a->call->env, str_of(c->name));
		if (!set_access(a, own(a), c, preset_find("FOUNDER"))) {
			service_tell(a, "That could not be done: try again.");
			return;
		}
		submit_modes(a, c, &registered);
		update_members(a, own(a), c, &owner);
		expiry_note_channel(a->call->env, c);
		services_say(a->call->session, self, "%s is registered to your account.", c->name);
	}
}

static void run_drop(const struct service_ask *a)
{
	const struct channel *c = channel_with(a, RANK_OWNER);
	char code[SERVICE_CODE_SIZE + 1], *name;

	if (!c)
		return;
	service_drop_code(a, c->folded, own(a)->revision, code);
	if (!service_word(a, 1) || strcmp(service_word(a, 1), code) != 0) {
		services_say(a->call->session, self, "This can not be undone. To drop the channel: DROP %s %s", c->name,
			     code);
		return;
	}
	name = mem_strdup(c->name);
	account_forget_channel(a->call->env, str_of(name));
	account_unregister_channel(a->call->env, str_of(name));
	services_say(a->call->session, self, "%s is registered no more.", name);
	mem_free(name);
}

static struct str date_of(int64_t ms, char dst[DATE_MAX])
{
	struct buf b;

	buf_init(&b, dst, DATE_MAX);
	buf_time(&b, ms);
	return buf_view(&b);
}

/* When somebody with a rank was there last, for those who have one. */
static void say_use(const struct service_ask *a, const struct channel *c)
{
	const struct channel_settings *s = channel_settings(c);
	int64_t until = expiry_of_channel(a->call->env->net, a->call->env->server, c);
	char date[DATE_MAX];

	if (s->used)
		services_say(a->call->session, self, "Last used: %.*s", STR_ARG(date_of(s->used, date)));
	if (until)
		services_say(a->call->session, self, "Expires, if nobody uses it: %.*s", STR_ARG(date_of(until, date)));
	if (s->flags & CHANNEL_NO_EXPIRY)
		service_tell(a, "It does not expire.");
}

static void run_info(const struct service_ask *a)
{
	const struct channel *c = channel_of(a);
	const struct account *founder = c ? network_founder(a->call->env->net, str_of(c->name)) : NULL;

	if (!c)
		return;
	if (!(c->flags & CHAN_REGISTERED)) {
		service_tell(a, "This channel is not registered.");
		return;
	}
	services_say(a->call->session, self, "Channel: %s", c->name);
	services_say(a->call->session, self, "Founder: %s",
		     founder ? account_text(founder, ACCOUNT_NAME) : reply_words(a->call->session, N_("none")));
	if (channel_settings(c)->entry)
		services_say(a->call->session, self, "Entry message: %s", channel_settings(c)->entry);
	if (network_access(a->call->env->net, own(a), str_of(c->name)) || user_may(a->call->user, PRIV_REGISTER))
		say_use(a, c);
	say_shut(a, c);
}

/* How the record about the channel begins; the caller says what of it counts. */
static struct record settings_of(const struct channel *c)
{
	struct record r;

	network_settings_record(c, &r);
	r.channel_settings.what = 0;
	return r;
}

static void set_entry(const struct service_ask *a, const struct channel *c)
{
	char text[LINE_BODY_MAX];
	struct record r;
	struct buf b;

	buf_init(&b, text, sizeof(text));
	service_join(a, 2, &b);
	if (filter_stops(a->call, &(struct filter_try){FILTER_TOPIC, buf_view(&b), c, c->name}))
		return;
	r = settings_of(c);
	r.channel_settings.what = CHANNEL_SET_ENTRY;
	r.channel_settings.entry = utf8_cut(buf_view(&b), a->call->env->server->topic_max);
	call_submit(a->call, &r);
	service_tell(a, b.n ? N_("Whoever joins is told that from now on.")
			    : N_("Whoever joins is told nothing any more."));
}

static void run_set(const struct service_ask *a)
{
	const struct channel *c = channel_with(a, RANK_ADMIN);

	if (!c)
		return;
	if (!(c->flags & CHAN_REGISTERED))
		service_tell(a, "This channel is not registered.");
	else if (strcasecmp(a->words[1], "ENTRYMSG") == 0)
		set_entry(a, c);
	else
		service_usage(a);
}

static void list_access(const struct service_ask *a, const struct channel *c, uint8_t rank)
{
	const struct vec *list = network_access_list(a->call->env->net, str_of(c->name));

	for (uint32_t i = 0; list && i < list->count; i++) {
		const struct account *account = list->items[i];
		uint8_t has = network_access(a->call->env->net, account, str_of(c->name));

		if (!rank || has == rank)
			services_say(a->call->session, self, "%s: %s", account_text(account, ACCOUNT_NAME),
				     reply_words(a->call->session, preset_of(has)->says));
	}
	service_tell(a, "That is the end of the list.");
}

/* The account named, whom the caller's rank there lets alter; NULL after saying why not. */
static const struct account *subject(const struct service_ask *a, const struct channel *c, const char *name)
{
	const struct network *net = a->call->env->net;
	const struct account *account = name ? network_account_of_nick(net, str_of(name)) : NULL;

	if (!account)
		service_tell(a, "There is no such account.");
	else if (network_access(net, account, str_of(c->name)) >= network_access(net, own(a), str_of(c->name)))
		service_tell(a, "Your account may not do that in this channel.");
	else
		return account;
	return NULL;
}

static void add_access(const struct service_ask *a, const struct channel *c, const char *name, const struct preset *p)
{
	const struct account *account = subject(a, c, name);
	struct mode_op op = {.set = true};

	if (!account)
		return;
	if (!p || p->rank >= network_access(a->call->env->net, own(a), str_of(c->name))) {
		service_tell(a, "Your account may not give that rank.");
		return;
	}
	op.letter = p->letter;
	if ((!network_access(a->call->env->net, account, str_of(c->name)) &&
	     account_count(account, ACCOUNT_CHANNEL) >= GIVEN_MAX) ||
	    !set_access(a, account, c, p)) {
		service_tell(a, "That could not be done: the account has as much as it may.");
		return;
	}
	account = network_account_of_nick(a->call->env->net, str_of(name));
	services_say(a->call->session, self, "%s is %s in %s now.", account_text(account, ACCOUNT_NAME),
		     reply_words(a->call->session, p->says), c->name);
	update_members(a, account, c, &op);
}

static void del_access(const struct service_ask *a, const struct channel *c, const char *name)
{
	const struct account *account = subject(a, c, name);
	const struct preset *was =
		account ? preset_of(network_access(a->call->env->net, account, str_of(c->name))) : NULL;
	struct mode_op op = {.set = false};

	if (!account)
		return;
	if (!was || !set_access(a, account, c, NULL)) {
		service_tell(a, "This account has no rank there.");
		return;
	}
	op.letter = was->letter;
	account = network_account_of_nick(a->call->env->net, str_of(name));
	services_say(a->call->session, self, "%s has no rank in %s any more.", account_text(account, ACCOUNT_NAME),
		     c->name);
	update_members(a, account, c, &op);
}

static void change_access(const struct service_ask *a, const struct preset *p)
{
	const char *what = service_word(a, 1), *name = service_word(a, 2);
	bool list = !what || strcasecmp(what, "LIST") == 0;
	const struct channel *c = channel_with(a, list ? RANK_VOICE : RANK_ADMIN);

	if (!c)
		return;
	if (list)
		list_access(a, c, p ? p->rank : 0);
	else if (strcasecmp(what, "ADD") == 0)
		add_access(a, c, name, p ? p : service_word(a, 3) ? preset_find(service_word(a, 3)) : NULL);
	else if (strcasecmp(what, "DEL") == 0)
		del_access(a, c, name);
	else
		service_usage(a);
}

static void run_access(const struct service_ask *a)
{
	change_access(a, NULL);
}

static void run_preset(const struct service_ask *a)
{
	change_access(a, preset_find(a->row->name));
}

/* First from the one, then to the other: a channel has never two. */
static void run_transfer(const struct service_ask *a)
{
	const struct channel *c = channel_with(a, RANK_OWNER);
	const struct account *to = c ? subject(a, c, a->words[1]) : NULL;

	if (!to)
		return;
	if (founded(to) >= a->call->env->server->accounts.channels_max)
		service_tell(a, "That account has as many channels as it may.");
	else if (!set_access(a, own(a), c, preset_find("SOP")) ||
		 !set_access(a, network_account_of_nick(a->call->env->net, str_of(a->words[1])), c,
			     preset_find("FOUNDER")))
		service_tell(a, "That could not be done: try again.");
	else
		services_say(a->call->session, self, "%s belongs to %s now.", c->name, a->words[1]);
}

/* The rank that the caller's account has, for one who was there before. */
static void run_up(const struct service_ask *a)
{
	const struct channel *c = channel_with(a, RANK_VOICE);
	struct mode_op op = {.set = true};

	if (!c)
		return;
	op.letter = preset_of(network_access(a->call->env->net, own(a), str_of(c->name)))->letter;
	update_members(a, own(a), c, &op);
}

static void run_hook(const struct service_ask *a)
{
	const struct channel *c = channel_with(a, RANK_OWNER);

	if (c)
		hook_wish_run(a, c->name);
}

static const struct service_row rows[] = {
	{"REGISTER", 1, true, run_register, N_("<channel>"), N_("Makes a channel your account's.")},
	{"DROP", 1, true, run_drop, N_("<channel> [<code>]"), N_("Gives it up.")},
	{"TRANSFER", 2, true, run_transfer, N_("<channel> <account>"), N_("Gives it to another account.")},
	{"INFO", 1, false, run_info, N_("<channel>"), N_("Tells whose it is.")},
	{"SET", 2, true, run_set, N_("<channel> ENTRYMSG [<text>]"),
	 N_("Tells that to whoever joins; without a text: nothing.")},
	{"ACCESS", 1, true, run_access, N_("<channel> LIST | ADD <account> <SOP|AOP|HOP|VOP> | DEL <account>"),
	 N_("Who has which rank, whenever he comes.")},
	{"SOP", 1, true, run_preset, N_("<channel> LIST | ADD <account> | DEL <account>"), N_("The same, of admins.")},
	{"AOP", 1, true, run_preset, N_("<channel> LIST | ADD <account> | DEL <account>"),
	 N_("The same, of operators.")},
	{"HOP", 1, true, run_preset, N_("<channel> LIST | ADD <account> | DEL <account>"),
	 N_("The same, of half-operators.")},
	{"VOP", 1, true, run_preset, N_("<channel> LIST | ADD <account> | DEL <account>"),
	 N_("The same, of those with a voice.")},
	{"HOOK", 1, true, run_hook,
	 N_("<channel> LIST | ADD <name> [SIGNED] | SHOW <name> | FORMAT <name> [<format>] | DEL <name>"),
	 N_("Addresses of HTTP that say something in it.")},
	{"SUSPEND", 1, false, forbid_run_suspend, N_("<channel> [<duration>] [<reason>] | LIST"),
	 N_("Lets nobody in, and keeps all that the channel has. For operators.")},
	{"UNSUSPEND", 1, false, forbid_run_unsuspend, N_("<channel>"), N_("Opens it again. For operators.")},
	{"NOEXPIRE", 2, false, expiry_run_channel, N_("<channel> on|off"),
	 N_("Keeps it, however long nobody uses it. For operators.")},
	{"FORBID", 1, false, forbid_run_channels, N_("ADD <channel> [<duration>] [<reason>] | DEL <channel> | LIST"),
	 N_("Which channels nobody gets, with * and ?. For operators.")},
	{"UP", 1, true, run_up, N_("<channel>"), N_("Gives you the rank that your account has.")},
};

const struct service *chanserv(void)
{
	static const struct service service = {self, N_("ChanServ looks after channels."), rows,
					       sizeof(rows) / sizeof(rows[0])};

	return &service;
}
