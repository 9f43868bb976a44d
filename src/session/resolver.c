#include "session/resolver.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <ares.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/queue.h>

#include "base/buf.h"
#include "base/mem.h"
#include "loop/loop.h"
#include "loop/poller.h"
#include "net/address.h"
#include "session/cloak.h"
#include "session/dns_cache.h"
#include "session/dns_name.h"

enum {
	CACHE_MAX = 4096,
	QUERIES_MAX = 1024, /* under way */
	TRIES = 2,          /* of each server ... */
	TRY_MS = 1500,      /* ... for so long at first */
	WORDS_MAX = 8,      /* of one answer */
	TEXT_MAX = 640,
	KEY_MAX = DNS_NAME_MAX + 2,
	/* How long an answer holds: as long as it says within these, or the first where it does not say. */
	KEEP_LEAST_MS = 60 * 1000,
	KEEP_MOST_MS = 3600 * 1000,
	KEEP_NAME_MS = 600 * 1000,
	KEEP_NONE_MS = 300 * 1000,
	KEEP_FAILED_MS = 20 * 1000,
};

struct socket_watch {
	struct watch watch; /* first: handlers get from one to the other */
	struct disposal disposal;
	struct resolver *resolver;
	LIST_ENTRY(socket_watch) next;
};

struct resolver {
	struct loop *loop;
	struct dns_cache *cache;
	ares_channel channel; /* NULL: not open */
	char *servers;        /* NULL: those of the system */
	struct timer timer;
	LIST_HEAD(, socket_watch) watches;
	unsigned queries;
};

struct query {
	struct resolver *resolver;
	struct question *question; /* NULL: nobody wants to know any more */
	enum question_type type;
	char key[KEY_MAX];
};

/* What c-ares waits for next. */
static void arm(struct resolver *r)
{
	struct timeval tv, *next = r->channel ? ares_timeout(r->channel, NULL, &tv) : NULL;

	if (next)
		loop_timer_set(r->loop, &r->timer,
			       loop_clock(r->loop)->mono_ms + (int64_t)next->tv_sec * 1000 + next->tv_usec / 1000 + 1);
	else
		loop_timer_stop(r->loop, &r->timer);
}

static void timer_due(struct timer *t)
{
	struct resolver *r = (struct resolver *)((char *)t - offsetof(struct resolver, timer));

	ares_process_fd(r->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	arm(r);
}

static void socket_ready(struct watch *w, unsigned happened)
{
	struct resolver *r = ((struct socket_watch *)w)->resolver;

	ares_process_fd(r->channel, happened & (POLL_READ | POLL_HANGUP) ? w->fd : ARES_SOCKET_BAD,
			happened & POLL_WRITE ? w->fd : ARES_SOCKET_BAD);
	arm(r);
}

static void watch_dispose(struct disposal *d)
{
	mem_free((char *)d - offsetof(struct socket_watch, disposal));
}

static struct socket_watch *find_watch(const struct resolver *r, int fd)
{
	struct socket_watch *w;

	LIST_FOREACH(w, &r->watches, next)
		if (w->watch.fd == fd)
			return w;
	return NULL;
}

/* Called by c-ares for each of its sockets; with nothing wanted, before it is closed. */
static void socket_state(void *ctx, ares_socket_t fd, int readable, int writable)
{
	unsigned want = (readable ? POLL_READ : 0u) | (writable ? POLL_WRITE : 0u);
	struct resolver *r = ctx;
	struct socket_watch *w = find_watch(r, fd);

	if (!w && !want)
		return;
	if (!w) {
		w = mem_zalloc(sizeof(*w));
		w->watch.fd = fd;
		w->watch.ready = socket_ready;
		w->resolver = r;
		LIST_INSERT_HEAD(&r->watches, w, next);
	}
	/* One that cannot be watched ends with its deadline. */
	if (want) {
		(void)loop_watch(r->loop, &w->watch, want);
		return;
	}
	loop_watch_stop(r->loop, &w->watch);
	LIST_REMOVE(w, next);
	w->disposal.dispose = watch_dispose;
	loop_dispose(r->loop, &w->disposal);
}

static void add_word(struct buf *b, const char *word)
{
	if (b->n + strlen(word) + 1 > b->cap)
		return;
	if (b->n)
		buf_chr(b, ' ');
	buf_cstr(b, word);
}

/* A name that no host of a user could be is none. */
static void add_names(struct buf *b, const unsigned char *answer, int n)
{
	static const unsigned char nobody[4];
	struct hostent *host = NULL;

	if (ares_parse_ptr_reply(answer, n, nobody, sizeof(nobody), AF_INET, &host) != ARES_SUCCESS)
		return;
	for (size_t i = 0; i < WORDS_MAX && host->h_aliases[i]; i++) {
		struct str name = str_of(host->h_aliases[i]);

		if (cloak_host_valid(name) && memchr(name.p, '.', name.n) && !memchr(name.p, ':', name.n))
			add_word(b, name.p);
	}
	ares_free_hostent(host);
}

static int least(int a, int b)
{
	return a < b ? a : b;
}

/* Returns for how many seconds it holds. */
static int add_ipv4(struct buf *b, const unsigned char *answer, int n)
{
	struct ares_addrttl found[WORDS_MAX];
	int count = WORDS_MAX, seconds = KEEP_MOST_MS / 1000;
	char text[INET_ADDRSTRLEN];

	if (ares_parse_a_reply(answer, n, NULL, found, &count) != ARES_SUCCESS)
		return 0;
	for (int i = 0; i < count; i++) {
		add_word(b, inet_ntop(AF_INET, &found[i].ipaddr, text, sizeof(text)));
		seconds = least(seconds, found[i].ttl);
	}
	return seconds;
}

static int add_ipv6(struct buf *b, const unsigned char *answer, int n)
{
	struct ares_addr6ttl found[WORDS_MAX];
	int count = WORDS_MAX, seconds = KEEP_MOST_MS / 1000;
	char text[INET6_ADDRSTRLEN];

	if (ares_parse_aaaa_reply(answer, n, NULL, found, &count) != ARES_SUCCESS)
		return 0;
	for (int i = 0; i < count; i++) {
		add_word(b, inet_ntop(AF_INET6, &found[i].ip6addr, text, sizeof(text)));
		seconds = least(seconds, found[i].ttl);
	}
	return seconds;
}

/* Fills in what it says; returns for how long that holds. */
static int64_t read_answer(enum question_type type, struct buf *b, const unsigned char *answer, int n)
{
	int64_t ms = KEEP_NAME_MS;

	if (type == QUESTION_NAME)
		add_names(b, answer, n);
	else
		ms = 1000ll * (type == QUESTION_IPV4 ? add_ipv4(b, answer, n) : add_ipv6(b, answer, n));
	if (!b->n)
		return KEEP_NONE_MS;
	return ms < KEEP_LEAST_MS ? KEEP_LEAST_MS : ms;
}

static void query_done(void *ctx, int status, int timeouts, unsigned char *answer, int n)
{
	struct query *query = ctx;
	struct resolver *r = query->resolver;
	struct question *q = query->question;
	int64_t keep = status == ARES_ENOTFOUND || status == ARES_ENODATA ? KEEP_NONE_MS : KEEP_FAILED_MS;
	char memory[TEXT_MAX];
	struct buf words;

	(void)timeouts;
	buf_init(&words, memory, sizeof(memory) - 1);
	if (status == ARES_SUCCESS)
		keep = read_answer(query->type, &words, answer, n);
	memory[words.n] = '\0';
	if (status != ARES_EDESTRUCTION && status != ARES_ECANCELLED)
		dns_cache_put(r->cache, str_of(query->key), memory, loop_clock(r->loop)->mono_ms + keep);
	r->queries--;
	mem_free(query);
	if (!q)
		return;
	q->query = NULL;
	q->answered(q, buf_view(&words));
}

static bool open_channel(struct resolver *r)
{
	struct ares_options options = {
		.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES,
		.timeout = TRY_MS,
		.tries = TRIES,
		.sock_state_cb = socket_state,
		.sock_state_cb_data = r,
	};
	int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB;

	if (r->channel)
		return true;
	if (ares_init_options(&r->channel, &options, mask) != ARES_SUCCESS) {
		r->channel = NULL;
		return false;
	}
	if (r->servers && ares_set_servers_ports_csv(r->channel, r->servers) != ARES_SUCCESS) {
		ares_destroy(r->channel);
		r->channel = NULL;
	}
	return r->channel;
}

static void close_channel(struct resolver *r)
{
	ares_channel channel = r->channel;

	r->channel = NULL;
	if (channel)
		ares_destroy(channel);
	loop_timer_stop(r->loop, &r->timer);
}

void resolver_ask(struct resolver *r, struct question *q, enum question_type type, const char *name)
{
	static const int types[] = {[QUESTION_NAME] = ns_t_ptr, [QUESTION_IPV4] = ns_t_a, [QUESTION_IPV6] = ns_t_aaaa};
	struct query *query;
	const char *known;
	char key[KEY_MAX];

	(void)snprintf(key, sizeof(key), "%c%s", '0' + (int)type, name);
	known = dns_cache_find(r->cache, str_of(key), loop_clock(r->loop)->mono_ms);
	if (known || r->queries == QUERIES_MAX || !open_channel(r)) {
		char words[TEXT_MAX];

		/* A copy: the next question may put something in its place. */
		(void)snprintf(words, sizeof(words), "%s", known ? known : "");
		q->answered(q, str_of(words));
		return;
	}
	query = mem_zalloc(sizeof(*query));
	query->resolver = r;
	query->question = q;
	query->type = type;
	memcpy(query->key, key, sizeof(key));
	q->query = query;
	r->queries++;
	ares_query(r->channel, name, ns_c_in, types[type], query_done, query);
	arm(r);
}

void resolver_forget(struct question *q)
{
	if (q->query)
		q->query->question = NULL;
	q->query = NULL;
}

struct resolver *resolver_new(struct loop *loop, const struct hash_key *seed)
{
	struct resolver *r = mem_zalloc(sizeof(*r));

	r->loop = loop;
	r->cache = dns_cache_new(CACHE_MAX, seed);
	r->timer.due = timer_due;
	LIST_INIT(&r->watches);
	return r;
}

void resolver_configure(struct resolver *r, const char *servers)
{
	if (str_eq(str_of(servers), str_of(r->servers)))
		return;
	close_channel(r);
	dns_cache_clear(r->cache);
	mem_free(r->servers);
	r->servers = mem_strdup(servers);
}

void resolver_free(struct resolver *r)
{
	if (!r)
		return;
	close_channel(r);
	dns_cache_free(r->cache);
	mem_free(r->servers);
	mem_free(r);
}
