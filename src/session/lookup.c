#include "session/lookup.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "proto/cidr.h"
#include "session/dns_name.h"
#include "session/ident.h"
#include "session/resolver.h"
#include "session/server.h"
#include "session/session.h"

enum { NAMES_MAX = 4, REASON_MAX = 256 };

struct lookups {
	struct loop *loop;
	struct resolver *resolver;
	const struct lookup_policy *policy;
};

/* One list that is asked. */
struct list {
	struct question question; /* first: answers get from one to the other */
	struct lookup *lookup;
	uint32_t zone;
};

struct lookup {
	struct lookups *all;
	struct session *session;
	struct timer timer; /* the deadline; when all is known, the call of ready */
	struct cidr address;
	unsigned open; /* answers that are awaited */
	struct question name, forward;
	char *names;        /* that it may have ... */
	struct str untried; /* ... but for those that were asked for */
	unsigned tried;
	char candidate[DNS_NAME_MAX];
	struct ident ident;
	struct list *lists;
	size_t nlists;
	uint32_t score; /* what lists gave it so far, with the strictest of them */
	enum dnsbl_action action;
	char zone[DNS_NAME_MAX], reason[REASON_MAX];
	bool listed;
	void (*ready)(void *ctx);
	void *ctx;
	struct disposal disposal;
};

static void close_one(struct lookup *l);

/* The name */

static bool is_ipv4(const struct lookup *l)
{
	return !strchr(l->session->address, ':');
}

static void try_next(struct lookup *l)
{
	struct str name;

	if (l->tried++ == NAMES_MAX || !str_split(&l->untried, ' ', &name) || name.n >= sizeof(l->candidate)) {
		close_one(l);
		return;
	}
	memcpy(l->candidate, name.p, name.n);
	l->candidate[name.n] = '\0';
	resolver_ask(l->all->resolver, &l->forward, is_ipv4(l) ? QUESTION_IPV4 : QUESTION_IPV6, l->candidate);
}

static void forward_answered(struct question *q, struct str words)
{
	struct lookup *l = (struct lookup *)((char *)q - offsetof(struct lookup, forward));
	struct registration *reg = l->session->reg;
	struct str word;
	struct cidr c;

	while (str_split(&words, ' ', &word)) {
		if (!cidr_parse(&c, word) || memcmp(&c, &l->address, sizeof(c)) != 0)
			continue;
		if (reg && !reg->realhost)
			reg->realhost = mem_strdup(l->candidate);
		close_one(l);
		return;
	}
	try_next(l);
}

static void name_answered(struct question *q, struct str words)
{
	struct lookup *l = (struct lookup *)((char *)q - offsetof(struct lookup, name));

	l->names = mem_strndup(words.n ? words.p : "", words.n);
	l->untried = (struct str){l->names, words.n};
	l->tried = 0;
	try_next(l);
}

static void ask_name(struct lookup *l)
{
	char name[DNS_NAME_MAX];

	if (!l->all->policy->hosts || l->session->reg->realhost || !dns_reverse(&l->address, NULL, name))
		return;
	l->open++;
	l->name.answered = name_answered;
	l->forward.answered = forward_answered;
	resolver_ask(l->all->resolver, &l->name, QUESTION_NAME, name);
}

/* Lists */

static void count_list(struct lookup *l, const struct dnsbl_zone *zone)
{
	l->score += zone->score;
	if (l->zone[0] && zone->action <= l->action)
		return;
	l->action = zone->action;
	(void)snprintf(l->zone, sizeof(l->zone), "%s", zone->name);
	if (zone->reason)
		(void)snprintf(l->reason, sizeof(l->reason), "%s", zone->reason);
	else
		(void)snprintf(l->reason, sizeof(l->reason), "Your address is listed in %s", zone->name);
}

static void list_answered(struct question *q, struct str words)
{
	struct list *list = (struct list *)q;
	struct lookup *l = list->lookup;
	const struct dnsbl_zone *zone = &l->all->policy->zones[list->zone];

	if (dns_words_match(zone->replies, words))
		count_list(l, zone);
	close_one(l);
}

static void ask_lists(struct lookup *l)
{
	const struct lookup_policy *policy = l->all->policy;
	char name[DNS_NAME_MAX];

	l->nlists = policy->nzones;
	l->lists = policy->nzones ? mem_zalloc(policy->nzones * sizeof(*l->lists)) : NULL;
	for (uint32_t i = 0; i < l->nlists; i++) {
		struct list *list = &l->lists[i];

		if (!dns_reverse(&l->address, policy->zones[i].name, name))
			continue;
		list->question.answered = list_answered;
		list->lookup = l;
		list->zone = i;
		l->open++;
		resolver_ask(l->all->resolver, &list->question, QUESTION_IPV4, name);
	}
}

/* The user */

static void ident_done(struct ident *i, const char *user)
{
	struct lookup *l = (struct lookup *)((char *)i - offsetof(struct lookup, ident));
	struct registration *reg = l->session->reg;

	if (user && reg) {
		mem_free(reg->ident);
		reg->ident = mem_strdup(user);
	}
	close_one(l);
}

static void ask_ident(struct lookup *l)
{
	const struct lookup_policy *policy = l->all->policy;
	const struct session *s = l->session;

	/* What comes by a proxy is a connection of the proxy. */
	if (!policy->ident || (s->flags & SESSION_PROXIED) || s->reg->ident)
		return;
	l->ident.done = ident_done;
	if (ident_begin(&l->ident, l->all->loop, s->conn.transport.fd, (uint16_t)policy->ident_port))
		l->open++;
}

/* The whole */

/* What the lists say is judged once, with what is known by then. */
static void judge(struct lookup *l)
{
	static const char *const actions[] = {
		[DNSBL_MARK] = "mark", [DNSBL_ACCOUNT] = "require-account", [DNSBL_REFUSE] = "refuse"};
	const char *address = l->session->address;

	l->listed = l->score && l->score >= l->all->policy->threshold;
	if (!l->listed)
		return;
	log_event(EVENT_ADDRESS_LISTED,
		  LOG_FIELDS({"CHATD_PEER", address}, {"CHATD_ZONE", l->zone}, {"CHATD_ACTION", actions[l->action]}),
		  "%s is listed in %s: %s", address, l->zone, actions[l->action]);
}

/* The answer may have come inside of the resolver: who waits hears of it outside. */
static void close_one(struct lookup *l)
{
	if (--l->open)
		return;
	judge(l);
	loop_timer_set(l->all->loop, &l->timer, loop_clock(l->all->loop)->mono_ms);
}

static void stop(struct lookup *l)
{
	resolver_forget(&l->name);
	resolver_forget(&l->forward);
	for (size_t i = 0; i < l->nlists; i++)
		resolver_forget(&l->lists[i].question);
	ident_stop(&l->ident);
	loop_timer_stop(l->all->loop, &l->timer);
	mem_free(l->lists);
	mem_free(l->names);
	l->lists = NULL;
	l->names = NULL;
	l->nlists = 0;
	l->open = 0;
}

static void timer_due(struct timer *t)
{
	struct lookup *l = (struct lookup *)((char *)t - offsetof(struct lookup, timer));
	void (*ready)(void *ctx) = l->ready;
	bool late = l->open;

	stop(l);
	if (late)
		judge(l);
	l->ready = NULL;
	if (ready)
		ready(l->ctx);
}

static bool wanted(const struct session *s, struct cidr *address)
{
	const struct lookup_policy *policy = &s->hub->server->lookup;

	return (policy->hosts || policy->ident || policy->nzones) && cidr_parse(address, str_of(s->address)) &&
	       (policy->special || !cidr_is_special(address));
}

static void clear(struct lookup *l)
{
	stop(l);
	l->score = 0;
	l->zone[0] = '\0';
	l->listed = false;
}

static void begin(struct lookup *l)
{
	clear(l);
	loop_timer_set(l->all->loop, &l->timer, loop_clock(l->all->loop)->mono_ms + l->all->policy->timeout_ms);
	/* One more, until all are asked: answers that are known come at once. */
	l->open = 1;
	ask_name(l);
	ask_lists(l);
	ask_ident(l);
	close_one(l);
}

/* Nothing is wanted of it any more, but somebody may wait for it. */
static void end_early(struct lookup *l)
{
	if (!l)
		return;
	clear(l);
	loop_timer_set(l->all->loop, &l->timer, loop_clock(l->all->loop)->mono_ms);
}

void lookup_begin(struct session *s)
{
	struct lookups *all = s->hub->lookups;
	struct cidr address;

	if (!all || !s->reg)
		return;
	if (!wanted(s, &address)) {
		end_early(s->lookup);
		return;
	}
	if (!s->lookup)
		s->lookup = mem_zalloc(sizeof(*s->lookup));
	s->lookup->all = all;
	s->lookup->session = s;
	s->lookup->address = address;
	s->lookup->timer.due = timer_due;
	begin(s->lookup);
}

static void dispose(struct disposal *d)
{
	mem_free((char *)d - offsetof(struct lookup, disposal));
}

void lookup_drop(struct session *s)
{
	struct lookup *l = s->lookup;

	if (!l)
		return;
	s->lookup = NULL;
	stop(l);
	l->disposal.dispose = dispose;
	loop_dispose(l->all->loop, &l->disposal);
}

bool lookup_is_open(const struct session *s)
{
	return s->lookup && loop_timer_is_set(&s->lookup->timer);
}

void lookup_await(struct session *s, void (*ready)(void *ctx), void *ctx)
{
	if (!s->lookup)
		return;
	s->lookup->ready = ready;
	s->lookup->ctx = ctx;
}

bool lookup_listed(const struct session *s, struct lookup_listing *out)
{
	if (!s->lookup || !s->lookup->listed)
		return false;
	*out = (struct lookup_listing){s->lookup->action, s->lookup->reason};
	return true;
}

struct lookups *lookups_new(struct loop *loop, const struct lookup_policy *policy, const struct hash_key *seed)
{
	struct lookups *all = mem_zalloc(sizeof(*all));

	all->loop = loop;
	all->policy = policy;
	all->resolver = resolver_new(loop, seed);
	resolver_configure(all->resolver, policy->servers);
	return all;
}

void lookups_free(struct lookups *all)
{
	if (!all)
		return;
	resolver_free(all->resolver);
	mem_free(all);
}

void lookups_reconfigured(struct session_hub *hub)
{
	struct session *s;

	/* Their zones are those of the policy that is gone. */
	LIST_FOREACH(s, &hub->sessions, all)
		if (s->lookup)
			stop(s->lookup);
	resolver_configure(hub->lookups->resolver, hub->lookups->policy->servers);
	LIST_FOREACH(s, &hub->sessions, all)
		if (s->lookup)
			lookup_begin(s);
}
