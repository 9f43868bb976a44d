#include "command/courier.h"

#include <stdio.h>
#include <string.h>

#include "account/logins.h"
#include "account/mail.h"
#include "base/log.h"
#include "base/mem.h"
#include "command/account_edit.h"
#include "command/codes.h"
#include "command/command.h"
#include "command/login.h"
#include "command/services.h"
#include "net/address.h"

enum { HOUR_MS = 3600 * 1000, WAIT_MAX_MS = 24 * HOUR_MS, GO_MAX = 64, NAME_TEXT = 512 };

struct courier {
	const struct command_env *env;
	struct mailer *mailer;
	struct timer timer; /* the end of the first account that waits */
	int64_t until;      /* that it is set for, ms since 1970; 0: nothing */
	bool ending;
};

bool courier_able(const struct command_env *env)
{
	return env->courier && mail_possible(&env->server->mail);
}

/* Limits */

static struct logins_limit limit_of(const struct command_env *env)
{
	return (struct logins_limit){env->server->no_limits ? 0 : env->server->mail.per_hour, HOUR_MS};
}

static int64_t mono_ms(const struct command_env *env)
{
	return loop_clock(env->hub->loop)->mono_ms;
}

bool courier_may(const struct command_env *env, const struct session *s)
{
	const struct logins_limit limit = limit_of(env);
	char place[ADDRESS_TEXT_MAX];

	address_place(s->address, place);
	return logins_may(env->logins, LOGINS_MAIL, str_of(place), &limit, mono_ms(env));
}

void courier_count(const struct command_env *env, const struct session *s)
{
	const struct logins_limit limit = limit_of(env);
	char place[ADDRESS_TEXT_MAX];

	address_place(s->address, place);
	logins_count(env->logins, LOGINS_MAIL, str_of(place), &limit, mono_ms(env));
}

static bool count_one(const struct command_env *env, struct str who)
{
	const struct logins_limit limit = limit_of(env);

	if (!logins_may(env->logins, LOGINS_MAIL, who, &limit, mono_ms(env)))
		return false;
	logins_count(env->logins, LOGINS_MAIL, who, &limit, mono_ms(env));
	return true;
}

/* Of all three that are bounded, so that no one of them is a way around the others. Letters of an address have no case
 * here. */
static bool count_all(const struct command_env *env, const struct session *s, const struct letter *l)
{
	char place[ADDRESS_TEXT_MAX], to[MAIL_ADDRESS_MAX + 1];
	size_t i;

	for (i = 0; i < MAIL_ADDRESS_MAX && l->to[i]; i++)
		to[i] = (char)(l->to[i] >= 'A' && l->to[i] <= 'Z' ? l->to[i] - 'A' + 'a' : l->to[i]);
	to[i] = '\0';
	address_place(s->address, place);
	return count_one(env, str_of(place)) && count_one(env, account_str(l->account, ACCOUNT_FOLDED)) &&
	       count_one(env, str_of(to));
}

/* One mail */

struct sending {
	struct mail mail;
	const struct command_env *env;
	uint64_t session;
	int64_t created; /* of the account: another of its name is not this one */
	bool new_account;
	char account[NAME_TEXT];
};

static struct session *session_of(const struct command_env *env, uint64_t id)
{
	struct session *s;

	if (!id)
		return NULL;
	LIST_FOREACH(s, &env->hub->sessions, all)
		if (s->id == id)
			return s;
	return NULL;
}

/* A name that nobody can ever prove to have is free again at once. */
static void give_up(const struct sending *g)
{
	const struct account *a = network_account(g->env->net, str_of(g->account));

	if (g->new_account && !g->env->courier->ending && a && a->created == g->created &&
	    (a->flags & ACCOUNT_UNVERIFIED))
		account_drop(a, g->env, NULL);
}

static void sent(struct mail *mail, const char *why)
{
	struct sending *g = (struct sending *)mail;
	struct session *s = session_of(g->env, g->session);

	(*g->env->errands)--;
	if (why) {
		log_event(EVENT_MAIL_FAILED, LOG_FIELDS({"CHATD_ACCOUNT", g->account}, {"CHATD_REASON", why}),
			  "a mail about account %s could not be sent: %s", g->account, why);
		give_up(g);
		if (s)
			services_say(s, "NickServ", "The mail to you could not be sent. Try again later.");
	}
	explicit_bzero(g, sizeof(*g));
	mem_free(g);
}

static const char *subject_of(const char *purpose)
{
	return strcmp(purpose, CODE_RESET) == 0 ? N_("A new password for your account")
						: N_("Confirm your e-mail address");
}

/* What has happened, and how one goes on. */
static void write_news(struct buf *out, const struct command_env *env, const struct letter *l, enum language language)
{
	const char *name = account_text(l->account, ACCOUNT_NAME), *server = env->server->name;

	if (strcmp(l->purpose, CODE_RESET) == 0)
		buf_fmt(out,
			language_words(language,
				       N_("Somebody, probably you, wants a new password for the account %s on %s.")),
			name, server);
	else if (strcmp(l->purpose, CODE_EMAIL) == 0)
		buf_fmt(out,
			language_words(language,
				       N_("Somebody, probably you, gave this address for the account %s on %s.")),
			name, server);
	else
		buf_fmt(out, language_words(language, N_("Somebody, probably you, made the account %s on %s.")), name,
			server);
	buf_fmt(out, "\n%s\n\n", language_words(language, N_("To go on, type there:")));
	if (strcmp(l->purpose, CODE_RESET) == 0)
		buf_fmt(out, "    /msg NickServ RESETPASS %s %s %s\n", name, l->code,
			language_words(language, N_("<new password>")));
	else
		buf_fmt(out, "    /msg NickServ VERIFY %s %s\n", name, l->code);
}

static void write_text(struct mail *mail, const struct command_env *env, const struct letter *l, enum language language)
{
	char until[32];
	struct buf b;

	buf_init(&b, until, sizeof(until) - 1);
	buf_time(&b, l->until);
	until[b.n] = '\0';
	buf_init(&b, mail->text, sizeof(mail->text) - 1);
	buf_fmt(&b, "%s\n\n", language_words(language, N_("Hello,")));
	write_news(&b, env, l, language);
	buf_chr(&b, '\n');
	buf_fmt(&b,
		language_words(language, N_("The code is good until %s. If it was not you, nothing needs to be done.")),
		until);
	buf_chr(&b, '\n');
	mail->text[b.n] = '\0';
}

/* The account's, for it may be somebody else who asks; else that of who asks. */
static enum language language_of(const struct command_env *env, const struct session *s, const struct account *a)
{
	unsigned chosen = login_language(a);

	if (chosen)
		return (enum language)(chosen - 1);
	return s ? session_language(s) : env->server->language;
}

bool courier_send(const struct command_env *env, const struct session *s, const struct letter *l)
{
	enum language language = language_of(env, s, l->account);
	struct sending *g;

	if (!courier_able(env) || !mail_address_valid(l->to) || !count_all(env, s, l))
		return false;
	g = mem_zalloc(sizeof(*g));
	g->env = env;
	g->session = l->session;
	g->created = l->account->created;
	g->new_account = strcmp(l->purpose, CODE_VERIFY) == 0;
	g->mail.subject = language_words(language, subject_of(l->purpose));
	g->mail.host = env->server->name;
	g->mail.done = sent;
	(void)strlcpy(g->mail.to, l->to, sizeof(g->mail.to));
	(void)strlcpy(g->account, account_text(l->account, ACCOUNT_NAME), sizeof(g->account));
	write_text(&g->mail, env, l, language);
	/* A restart waits for those that are under way, within bounds. */
	(*env->errands)++;
	if (mailer_send(env->courier->mailer, &env->server->mail, &g->mail))
		return true;
	(*env->errands)--;
	explicit_bzero(g, sizeof(*g));
	mem_free(g);
	return false;
}

/* Accounts that wait */

static int64_t real_ms(const struct courier *c)
{
	return loop_clock(c->env->hub->loop)->real_ms;
}

/* The clock that people read is another than the one that is waited by: it is looked at again after a day. */
static void arm(struct courier *c, int64_t until)
{
	int64_t wait = until - real_ms(c);

	c->until = until;
	wait = wait < 0 ? 0 : wait < WAIT_MAX_MS ? wait : WAIT_MAX_MS;
	loop_timer_set(c->env->hub->loop, &c->timer, mono_ms(c->env) + wait);
}

/* 0: it waits for nothing. One without a code has no way to be verified any more. */
static int64_t end_of(const struct account *a)
{
	int64_t until;

	if (!(a->flags & ACCOUNT_UNVERIFIED))
		return 0;
	until = code_until(a, CODE_VERIFY);
	return until ? until : 1;
}

static void expire(const struct courier *c, const struct account *a)
{
	const char *name = account_text(a, ACCOUNT_NAME);

	log_event(EVENT_ACCOUNT_EXPIRED, LOG_FIELDS({"CHATD_ACCOUNT", name}),
		  "account %s is no more: nobody has proved its e-mail address", name);
	account_drop(a, c->env, NULL);
}

/* From the last on: whoever goes is replaced by one that was looked at. */
static void look(struct courier *c)
{
	const struct vec *accounts = network_accounts(c->env->net);
	int64_t first = 0;
	int gone = 0;

	for (uint32_t i = accounts->count; i-- > 0;) {
		const struct account *a = accounts->items[i];
		int64_t end = end_of(a);

		if (end && end <= real_ms(c) && gone < GO_MAX) {
			expire(c, a);
			gone++;
		} else if (end && (!first || end < first)) {
			first = end;
		}
	}
	c->until = 0;
	if (first)
		arm(c, first);
}

static void due(struct timer *t)
{
	look((struct courier *)((char *)t - offsetof(struct courier, timer)));
}

struct courier *courier_new(const struct command_env *env)
{
	struct courier *c = mem_zalloc(sizeof(*c));

	c->env = env;
	c->timer.due = due;
	c->mailer = mailer_new(env->hub->loop);
	return c;
}

void courier_free(struct courier *c)
{
	if (!c)
		return;
	c->ending = true;
	loop_timer_stop(c->env->hub->loop, &c->timer);
	mailer_free(c->mailer);
	mem_free(c);
}

void courier_start(struct courier *c)
{
	look(c);
}

void courier_watch(const struct command_env *env, int64_t until)
{
	struct courier *c = env->courier;

	if (c && (!c->until || until < c->until))
		arm(c, until);
}
