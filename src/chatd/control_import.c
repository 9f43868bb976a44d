#include "chatd/control_import.h"

#include <stdio.h>
#include <string.h>

#include "account/credential.h"
#include "chatd/control_private.h"
#include "command/account_edit.h"
#include "command/command.h"
#include "command/services.h"
#include "network/access.h"
#include "proto/name.h"
#include "proto/utf8.h"

enum { WORDS_MAX = 6, CERTFP_SIZE = 64, ITEM_MAX = 300 };

struct importing {
	struct control_conn *c;
	const struct command_env *env;
	char *words[WORDS_MAX]; /* the last one that is wanted is the rest of the line */
	size_t n;
};

static void refuse(const struct importing *i, const char *why)
{
	control_fail(i->c, "refused", why);
}

static void exists(const struct importing *i)
{
	control_fail(i->c, "exists", "it is here already");
}

/* 0: it is none. Not later than now. */
static int64_t time_of(const struct importing *i, const char *text)
{
	int64_t now = loop_clock(i->env->hub->loop)->real_ms;
	unsigned long long n;

	return str_u64(str_of(text), INT64_MAX, &n) && n && (int64_t)n < now ? (int64_t)n : now;
}

static void finish(const struct importing *i, struct account_edit *e)
{
	if (account_edit_submit(e, i->env))
		control_ok(i->c);
	else
		refuse(i, "the server does not take it");
}

static void import_account(const struct importing *i)
{
	const char *name = i->words[0], *flags = i->words[2], *keys = i->words[3];
	struct credential credential;
	struct account_edit e;

	if (network_account_of_nick(i->env->net, str_of(name))) {
		exists(i);
		return;
	}
	if (!name_nick_valid(network_casemap(i->env->net), str_of(name), i->env->server->nick_max) ||
	    services_is_name(str_of(name)) ||
	    (strcmp(keys, "-") != 0 && !credential_parse(&credential, str_of(keys)))) {
		refuse(i, "its name is no nick here, or its keys cannot be read");
		return;
	}
	/* Who has not proved an address has from now on as long for it as others. */
	account_edit_new(&e, str_of(name), time_of(i, strchr(flags, 'u') ? "-" : i->words[1]));
	if (strcmp(keys, "-") != 0)
		e.r.account.credentials = str_of(keys);
	e.r.account.flags |= (strchr(flags, 's') ? ACCOUNT_SUSPENDED : 0) |
			     (strchr(flags, 'u') ? ACCOUNT_UNVERIFIED : 0) | (strchr(flags, 'p') ? ACCOUNT_PRIVATE : 0);
	finish(i, &e);
	explicit_bzero(&credential, sizeof(credential));
}

/* NULL: that was told. */
static const struct account *account_of(const struct importing *i, const char *name)
{
	const struct account *a = network_account(i->env->net, str_of(name));

	if (!a)
		control_fail(i->c, "no_such_account", "there is no such account");
	return a;
}

static void import_email(const struct importing *i)
{
	const struct account *a = account_of(i, i->words[0]);
	struct account_edit e;

	if (!a)
		return;
	account_edit_begin(&e, a);
	e.r.account.email = str_of(i->words[1]);
	finish(i, &e);
}

static void import_vhost(const struct importing *i)
{
	const struct account *a = account_of(i, i->words[0]);
	struct account_edit e;

	if (!a)
		return;
	if (strspn(i->words[1], "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-._:/") !=
	    strlen(i->words[1])) {
		refuse(i, "that is no host");
		return;
	}
	account_edit_begin(&e, a);
	e.r.account.vhost = str_of(i->words[1]);
	finish(i, &e);
}

static void add_item(const struct importing *i, const struct account *a, enum account_item_kind kind, const char *text)
{
	struct account_edit e;

	account_edit_begin(&e, a);
	if (account_edit_add(&e, kind, str_of(text), loop_clock(i->env->hub->loop)->real_ms))
		finish(i, &e);
	else
		refuse(i, "the account has as much as it can");
}

static void import_nick(const struct importing *i)
{
	const struct account *a = account_of(i, i->words[0]);

	if (!a)
		return;
	if (network_account_of_nick(i->env->net, str_of(i->words[1])))
		exists(i);
	else if (!name_nick_valid(network_casemap(i->env->net), str_of(i->words[1]), i->env->server->nick_max) ||
		 services_is_name(str_of(i->words[1])))
		refuse(i, "that is no nick here");
	else if (account_count(a, ACCOUNT_NICK) >= i->env->server->accounts.nicks_max)
		refuse(i, "the account has as many nicks as it may");
	else
		add_item(i, a, ACCOUNT_NICK, i->words[1]);
}

static void import_cert(const struct importing *i)
{
	const struct account *a = account_of(i, i->words[0]);

	if (!a)
		return;
	if (network_account_of_cert(i->env->net, str_of(i->words[1])))
		exists(i);
	else if (strlen(i->words[1]) != CERTFP_SIZE || strspn(i->words[1], "0123456789abcdef") != CERTFP_SIZE)
		refuse(i, "that is no fingerprint");
	else
		add_item(i, a, ACCOUNT_CERTFP, i->words[1]);
}

/* The flags of those letters. */
static uint32_t flags_of(const char *letters)
{
	uint32_t flags = 0;

	for (; *letters; letters++) {
		const struct chan_mode *mode = chan_mode_find(*letters);

		if (mode && mode->type == CHAN_MODE_FLAG)
			flags |= mode->bit;
	}
	return flags;
}

static void give_founder(const struct importing *i, const struct account *founder)
{
	char item[ITEM_MAX];

	snprintf(item, sizeof(item), "%s q", i->words[0]);
	add_item(i, founder, ACCOUNT_CHANNEL, item);
}

static void import_channel(const struct importing *i)
{
	const struct channel *c = network_channel(i->env->net, str_of(i->words[0]));
	const struct account *founder = account_of(i, i->words[2]);
	struct engine *engine = control_of(i->c)->host.engine;
	struct record r = {.type = RECORD_CHANNEL};
	unsigned long long limit = 0;

	if (!founder)
		return;
	if ((c && (c->flags & CHAN_REGISTERED)) || network_founder(i->env->net, str_of(i->words[0]))) {
		exists(i);
		return;
	}
	if (!name_channel_valid(str_of(i->words[0]), i->env->server->channel_max) || i->words[0][0] != '#') {
		refuse(i, "that is no name of a channel here");
		return;
	}
	if (c)
		network_channel_record(c, &r, engine_room(engine));
	r.flags |= RECORD_OVERRIDE;
	r.channel.name = str_of(i->words[0]);
	if (!c)
		r.channel.created = time_of(i, i->words[1]);
	r.channel.flags |= CHAN_REGISTERED | flags_of(i->words[3]);
	if (str_u64(str_of(i->words[4]), UINT32_MAX, &limit) && limit)
		r.channel.limit = (uint32_t)limit;
	if (strcmp(i->words[5], "-") != 0 && name_key_valid(str_of(i->words[5])))
		r.channel.key = str_of(i->words[5]);
	if (engine_ask(engine, &r) != REFUSAL_NONE)
		refuse(i, "the network refused it");
	else
		give_founder(i, founder);
}

static void import_topic(const struct importing *i)
{
	const struct channel *c = network_channel(i->env->net, str_of(i->words[0]));
	struct engine *engine = control_of(i->c)->host.engine;
	struct record r = {.type = RECORD_CHANNEL};

	if (!c || !(c->flags & CHAN_REGISTERED)) {
		control_fail(i->c, "no_such_channel", "there is no such registered channel");
		return;
	}
	network_channel_record(c, &r, engine_room(engine));
	r.flags |= RECORD_OVERRIDE;
	r.channel.topic = utf8_cut(str_of(i->words[3]), i->env->server->topic_max);
	r.channel.topic_by = strcmp(i->words[2], "-") == 0 ? STR_NONE : str_of(i->words[2]);
	r.channel.topic_time = time_of(i, i->words[1]);
	if (engine_ask(engine, &r) == REFUSAL_NONE)
		control_ok(i->c);
	else
		refuse(i, "the network refused it");
}

static void import_access(const struct importing *i)
{
	const struct account *a = account_of(i, i->words[1]);
	const struct channel *c = network_channel(i->env->net, str_of(i->words[0]));
	char item[ITEM_MAX];

	if (!a)
		return;
	if (!c || !(c->flags & CHAN_REGISTERED) || strlen(i->words[2]) != 1 || !strchr("aohv", i->words[2][0])) {
		refuse(i, "there is no such channel, or no such rank");
		return;
	}
	if (network_access(i->env->net, a, str_of(i->words[0]))) {
		exists(i);
		return;
	}
	snprintf(item, sizeof(item), "%s %c", c->name, i->words[2][0]);
	add_item(i, a, ACCOUNT_CHANNEL, item);
}

static const struct {
	const char *what;
	size_t words;
	void (*run)(const struct importing *i);
	bool logged; /* what belongs to those goes with them */
} rows[] = {
	{"account", 4, import_account, true}, {"email", 2, import_email, false},   {"vhost", 2, import_vhost, false},
	{"nick", 2, import_nick, false},      {"cert", 2, import_cert, false},     {"channel", 6, import_channel, true},
	{"topic", 4, import_topic, false},    {"access", 3, import_access, false},
};

void control_import(struct control_conn *c, const char *const *words, size_t n)
{
	struct importing i = {.c = c, .env = engine_env(control_of(c)->host.engine)};
	char line[CONTROL_REQUEST_MAX + 1], *rest = line;

	snprintf(line, sizeof(line), "%s", n > 1 ? words[1] : "");
	for (size_t at = 0; at < sizeof(rows) / sizeof(rows[0]); at++) {
		if (strcmp(words[0], rows[at].what) != 0)
			continue;
		while (rest && i.n < rows[at].words - 1)
			i.words[i.n++] = strsep(&rest, " ");
		if (rest && *rest)
			i.words[i.n++] = rest;
		if (i.n == rows[at].words) {
			if (rows[at].logged)
				control_log(c, &(struct control_deed){.command = "import", .target = i.words[0]});
			rows[at].run(&i);
		} else {
			control_fail(c, "bad_request", "the request has too few words");
		}
		explicit_bzero(line, sizeof(line));
		return;
	}
	control_fail(c, "bad_request", "there is nothing of that kind");
}
