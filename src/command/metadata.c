#include "command/metadata.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "command/account_edit.h"
#include "command/families.h"
#include "command/login.h"
#include "network/metadata.h"
#include "network/rules.h"
#include "session/subscriptions.h"

/* One METADATA command. Before registration there is neither user nor channel: it is of what is being said. */
struct asked {
	const struct call *call;
	struct session *s;
	const char *target; /* as it is shown */
	const struct user *user;
	const struct channel *channel;
};

static void fail(const struct asked *a, const char *code, const char *context, const char *text)
{
	reply_fail(a->s, "METADATA", code, context, text);
}

static void fail_key(const struct asked *a, const char *code, const char *key, const char *text)
{
	char context[LINE_BODY_MAX];

	snprintf(context, sizeof(context), "%s %s", a->target, key);
	fail(a, code, context, text);
}

static struct str text_of(const struct asked *a)
{
	if (a->channel)
		return metadata_text(a->channel->metadata);
	return a->user ? metadata_text(a->user->metadata) : str_of(a->s->reg->metadata);
}

static bool value_of(const struct asked *a, struct str key, struct str *value)
{
	struct str text = text_of(a), each;

	while (metadata_next(&text, &each, value))
		if (str_eq(each, key))
			return true;
	return false;
}

/* Whose it is; a channel that hides is none. False: it was answered. */
static bool find_target(struct asked *a, const char *name)
{
	const struct user *self = a->call->user;

	a->target = self ? user_nick(self) : "*";
	a->user = self;
	if (strcmp(name, "*") == 0)
		return true;
	if (self && *name == '#') {
		a->user = NULL;
		a->channel = network_channel(a->call->env->net, str_of(name));
		if (a->channel && rule_sees_channel(a->channel, self)) {
			a->target = a->channel->name;
			return true;
		}
	} else if (self) {
		a->user = network_user_by_nick(a->call->env->net, str_of(name));
		if (a->user) {
			a->target = user_nick(a->user);
			return true;
		}
	}
	fail(a, "INVALID_TARGET", name, N_("Invalid metadata target"));
	return false;
}

static bool is_self(const struct asked *a)
{
	return !a->channel && a->user == a->call->user;
}

/* What is said of a channel that lets in guests alone, or those with the key, is for those inside. */
static bool may_read(const struct asked *a)
{
	const struct channel *c = a->channel;

	if (!c || network_member(c, a->call->user) || user_may(a->call->user, PRIV_SEE_SECRET) ||
	    !((c->flags & CHAN_INVITE_ONLY) || c->key))
		return true;
	fail_key(a, "KEY_NO_PERMISSION", "*", N_("You are not in that channel"));
	return false;
}

static void show(const struct asked *a, struct str key, struct str value)
{
	reply(a->s, RPL_KEYVALUE, a->target, STR_ARG(key), STR_ARG(value));
}

static void begin_batch(const struct asked *a, struct reply_batch *b)
{
	char what[LINE_BODY_MAX];

	snprintf(what, sizeof(what), "metadata %s", a->target);
	reply_batch_begin(a->s, b, what);
}

static void run_get(struct asked *a)
{
	struct reply_batch batch;

	if (!may_read(a))
		return;
	begin_batch(a, &batch);
	for (size_t i = 2; i < a->call->msg->nparams; i++) {
		const char *key = call_param(a->call, i);
		struct str value;

		if (!metadata_key_fits(str_of(key)))
			fail(a, "KEY_INVALID", *key ? key : "*", N_("Invalid key"));
		else if (value_of(a, str_of(key), &value))
			show(a, str_of(key), value);
		else
			reply(a->s, RPL_KEYNOTSET, a->target, (int)strlen(key), key);
	}
	reply_batch_end(a->s, &batch);
}

static void run_list(struct asked *a)
{
	struct str text, key, value;
	struct reply_batch batch;

	if (!may_read(a))
		return;
	text = text_of(a);
	begin_batch(a, &batch);
	while (metadata_next(&text, &key, &value))
		show(a, key, value);
	reply_batch_end(a->s, &batch);
}

/* Setting */

static bool may_set(const struct asked *a, const char *key)
{
	if (is_self(a) || (a->channel && rule_has_rank(network_member(a->channel, a->call->user), RANK_OP)))
		return true;
	fail_key(a, "KEY_NO_PERMISSION", key, "You do not have permission to do that");
	return false;
}

static bool value_suffices(const struct asked *a, const char *key, const char *value)
{
	if (!value || metadata_value_fits(str_of(value)))
		return true;
	if (session_has(a->s, CAP_METADATA_3))
		fail(a, "INVALID_VALUE", key, N_("The value is too long or no UTF-8"));
	else
		fail(a, "VALUE_INVALID", NULL, N_("The value is too long or no UTF-8"));
	return false;
}

static bool in_pace(const struct asked *a, const char *key)
{
	uint32_t wait = subscriptions_pace(a->s, a->call->env->server->metadata_minute);
	char context[LINE_BODY_MAX];

	if (!wait)
		return true;
	snprintf(context, sizeof(context), "%s %s %u", a->target, key, wait);
	fail(a, "RATE_LIMITED", context, N_("Too many changes"));
	return false;
}

/* The account keeps it. False: it has no room. */
static bool keep(const struct command_env *env, const struct account *a, struct str key, const struct str *value)
{
	struct account_edit e;
	char start[METADATA_KEY_MAX + 2], text[METADATA_KEY_MAX + METADATA_VALUE_MAX + 2];

	snprintf(start, sizeof(start), "%.*s ", STR_ARG(key));
	account_edit_begin(&e, a);
	(void)account_edit_drop(&e, ACCOUNT_METADATA, str_of(start));
	if (value) {
		snprintf(text, sizeof(text), "%s%.*s", start, STR_ARG(*value));
		if (!account_edit_add(&e, ACCOUNT_METADATA, str_of(text), 0))
			return false;
	}
	return account_edit_submit(&e, env);
}

static void submit(const struct asked *a, struct str key, const char *value)
{
	struct record r = call_record(a->call, RECORD_METADATA);

	r.metadata.channel = a->channel ? str_of(a->channel->name) : STR_NONE;
	r.metadata.target = a->user ? a->user->id : 0;
	r.metadata.key = key;
	r.metadata.value = str_of(value);
	r.metadata.remove = !value;
	r.metadata.max = a->call->env->server->metadata_max;
	call_submit(a->call, &r);
}

/* Of somebody who is here. */
static void set(const struct asked *a, const char *key, const char *value)
{
	const struct account *account = is_self(a) ? login_account(a->call->env, a->s) : NULL;
	struct str name = str_of(key), text = str_of(value), now;

	if (account &&
	    (value_of(a, name, &now) || metadata_count(a->user->metadata) < a->call->env->server->metadata_max) &&
	    !keep(a->call->env, account, name, value ? &text : NULL)) {
		fail(a, "LIMIT_REACHED", a->target, "Metadata limit reached");
		return;
	}
	submit(a, name, value);
}

/* Of somebody who is about to come in. */
static void say(const struct asked *a, const char *key, const char *value)
{
	struct registration *reg = a->s->reg;
	struct metadata *m = NULL;
	struct str now;
	bool full;

	metadata_take(&m, str_of(reg->metadata));
	full = metadata_count(m) >= a->call->env->server->metadata_max && !metadata_get(m, str_of(key), &now);
	if (full) {
		fail(a, "LIMIT_REACHED", a->target, "Metadata limit reached");
	} else if (value) {
		(void)metadata_set(&m, str_of(key), str_of(value));
		show(a, str_of(key), str_of(value));
	} else {
		(void)metadata_remove(&m, str_of(key));
		reply(a->s, RPL_KEYNOTSET, a->target, (int)strlen(key), key);
	}
	mem_free(reg->metadata);
	reg->metadata = m ? mem_strndup(m->text, m->n) : NULL;
	mem_free(m);
}

static void run_set(struct asked *a)
{
	const char *key = call_word(a->call, 2), *value = call_param(a->call, 3);
	struct str now;

	if (!key || !metadata_key_fits(str_of(key))) {
		fail(a, "KEY_INVALID", key ? key : "*", N_("Invalid key"));
		return;
	}
	if (!may_set(a, key) || !value_suffices(a, key, value))
		return;
	if (!value && !value_of(a, str_of(key), &now)) {
		fail_key(a, "KEY_NOT_SET", key, N_("That key is not set"));
		return;
	}
	if (!in_pace(a, key))
		return;
	if (a->user || a->channel)
		set(a, key, value);
	else
		say(a, key, value);
}

static void run_clear(struct asked *a)
{
	struct reply_batch batch;
	struct str text, key, value;
	char name[METADATA_KEY_MAX + 1];

	if (!may_set(a, "*") || !in_pace(a, "*"))
		return;
	begin_batch(a, &batch);
	while ((text = text_of(a)).n && metadata_next(&text, &key, &value)) {
		snprintf(name, sizeof(name), "%.*s", STR_ARG(key));
		if (a->user || a->channel)
			set(a, name, NULL);
		else
			say(a, name, NULL);
	}
	reply_batch_end(a->s, &batch);
}

/* Subscriptions */

static void tell_all(struct session *s, const char *target, struct str text, bool subscribed)
{
	struct subscription_line l = {.target = target};

	while (metadata_next(&text, &l.key, &l.value))
		if (!subscribed || subscriptions_has(s, l.key))
			subscriptions_tell(s, &l, true);
}

void metadata_watched(struct session *s, const struct user *u)
{
	if (s->subscriptions)
		tell_all(s, user_nick(u), metadata_text(u->metadata), true);
}

/* Those channels that it hears of: it may ask for all of them with SYNC, one by one. */
static void sync_later(const struct asked *a)
{
	const struct user *u = a->user;

	for (uint32_t i = 0; u && i < u->memberships.count; i++)
		reply(a->s, RPL_METADATASYNCLATER, ((const struct member *)u->memberships.items[i])->channel->name);
}

static void run_sub(struct asked *a)
{
	char keys[LINE_BODY_MAX];
	struct buf done;

	buf_init(&done, keys, sizeof(keys) - 1);
	for (size_t i = 2; i < a->call->msg->nparams; i++) {
		const char *key = call_param(a->call, i);

		if (!metadata_key_fits(str_of(key))) {
			fail(a, "KEY_INVALID", *key ? key : "*", N_("Invalid key"));
		} else if (subscriptions_add(a->s, str_of(key), a->call->env->server->subscriptions_max)) {
			buf_fmt(&done, "%s%s", done.n ? " " : "", key);
		} else {
			fail(a, "TOO_MANY_SUBS", key, N_("Too many subscriptions"));
			break;
		}
	}
	keys[done.n] = '\0';
	if (done.n) {
		reply(a->s, RPL_METADATASUBOK, keys);
		sync_later(a);
	}
}

static void run_unsub(struct asked *a)
{
	char keys[LINE_BODY_MAX];
	struct buf done;

	buf_init(&done, keys, sizeof(keys) - 1);
	for (size_t i = 2; i < a->call->msg->nparams; i++) {
		const char *key = call_param(a->call, i);

		if (!metadata_key_fits(str_of(key))) {
			fail(a, "KEY_INVALID", *key ? key : "*", N_("Invalid key"));
			continue;
		}
		subscriptions_remove(a->s, str_of(key));
		buf_fmt(&done, "%s%s", done.n ? " " : "", key);
	}
	keys[done.n] = '\0';
	if (done.n)
		reply(a->s, RPL_METADATAUNSUBOK, keys);
}

static void run_subs(struct asked *a)
{
	struct reply_batch batch;
	const char *key;

	reply_batch_begin(a->s, &batch, "metadata-subs");
	for (size_t i = 0; (key = subscriptions_nth(a->s, i)); i++)
		reply(a->s, RPL_METADATASUBS, key);
	reply_batch_end(a->s, &batch);
}

static void run_sync(struct asked *a)
{
	struct reply_batch batch;

	if (!may_read(a))
		return;
	if (a->channel) {
		metadata_joined(a->s, a->call->env, a->channel);
		return;
	}
	begin_batch(a, &batch);
	tell_all(a->s, a->target, text_of(a), true);
	reply_batch_end(a->s, &batch);
}

static const struct {
	const char *name;
	void (*run)(struct asked *a);
	bool self; /* one's own subscriptions */
	bool here; /* of those alone who are here */
} subcommands[] = {
	{"GET", run_get, false, false},     {"LIST", run_list, false, false}, {"SET", run_set, false, false},
	{"CLEAR", run_clear, false, false}, {"SUB", run_sub, true, false},    {"UNSUB", run_unsub, true, false},
	{"SUBS", run_subs, true, false},    {"SYNC", run_sync, false, true},
};

static void metadata_run(struct call *call)
{
	struct asked a = {.call = call, .s = call->session};
	const char *name = call_param(call, 1);

	if (!call->env->server->metadata_max) {
		reply(call->session, ERR_UNKNOWNCOMMAND, call->row->name);
		return;
	}
	if (!find_target(&a, call_param(call, 0)))
		return;
	for (size_t i = 0; i < sizeof(subcommands) / sizeof(subcommands[0]); i++) {
		if (!str_eq_nocase(str_of(name), str_of(subcommands[i].name)))
			continue;
		if ((subcommands[i].self && !is_self(&a)) || (subcommands[i].here && !call->user))
			fail(&a, "INVALID_TARGET", call_param(call, 0), N_("Invalid metadata target"));
		else
			subcommands[i].run(&a);
		return;
	}
	fail(&a, "SUBCOMMAND_INVALID", *name ? name : "*", N_("Invalid subcommand"));
}

/* What others owe */

static bool knows(const struct session *s)
{
	return session_has(s, CAP_METADATA_2) || session_has(s, CAP_METADATA_3);
}

void metadata_welcome(struct session *s)
{
	struct reply_batch batch;
	char what[LINE_BODY_MAX];

	if (!knows(s))
		return;
	snprintf(what, sizeof(what), "metadata %s", user_nick(s->user));
	reply_batch_begin(s, &batch, what);
	tell_all(s, user_nick(s->user), metadata_text(s->user->metadata), false);
	reply_batch_end(s, &batch);
}

void metadata_whois(struct session *s, const struct user *u)
{
	struct str text = metadata_text(u->metadata), key, value;

	while (knows(s) && metadata_next(&text, &key, &value))
		reply(s, RPL_WHOISKEYVALUE, user_nick(u), STR_ARG(key), STR_ARG(value));
}

void metadata_said(const struct command_env *env, struct session *s, struct str said)
{
	struct call call = {.env = env, .session = s, .user = s->user};
	struct asked a = {.call = &call, .s = s, .user = s->user};
	const struct account *account;
	struct str key, value, now;

	while (s->user && metadata_next(&said, &key, &value)) {
		account = login_account(env, s);
		if (account)
			(void)keep(env, account, key, &value);
		if (!metadata_get(s->user->metadata, key, &now) || !str_eq(now, value)) {
			char text[METADATA_VALUE_MAX + 1];

			snprintf(text, sizeof(text), "%.*s", STR_ARG(value));
			submit(&a, key, text);
		}
	}
}

void metadata_answer(struct session *s, const struct change *c)
{
	const char *target = c->channel ? c->channel->name : user_nick(c->user);

	if (c->removed)
		reply(s, RPL_KEYNOTSET, target, STR_ARG(c->key));
	else
		reply(s, RPL_KEYVALUE, target, STR_ARG(c->key), STR_ARG(c->text));
}

void metadata_refused(struct session *s, const struct change *c)
{
	const char *target = c->channel ? c->channel->name : c->user ? user_nick(c->user) : "*";
	char context[LINE_BODY_MAX];

	if (c->refusal == REFUSAL_METADATA_FULL) {
		reply_fail(s, "METADATA", "LIMIT_REACHED", target, "Metadata limit reached");
		return;
	}
	snprintf(context, sizeof(context), "%s %.*s", target, STR_ARG(c->record->metadata.key));
	reply_fail(s, "METADATA", "KEY_NO_PERMISSION", context, "You do not have permission to do that");
}

static const struct command rows[] = {
	{"METADATA", ROLE_ANY, 2, 10, -1, metadata_run},
};

const struct command *command_family_metadata(size_t *count)
{
	*count = sizeof(rows) / sizeof(rows[0]);
	return rows;
}
