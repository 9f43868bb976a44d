#include "chatd/certificates.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "chatd/config.h"
#include "loop/loop.h"
#include "net/tls.h"

enum { PAIRS_MAX = 64, WHY_MAX = 512, DATE_MAX = 32 };

#define DAY_MS (24ll * 60 * 60 * 1000)
#define WARNING_MS (14 * DAY_MS)

struct certificates {
	struct loop *loop;
	struct tls_context *tls, *next; /* NULL: none */
	char *file, *next_file;         /* the first certificate's */
	unsigned char tickets[TLS_TICKET_KEYS];
	int64_t tickets_ms; /* when they were made, mono; 0: they were not */
	struct timer daily;
};

/* Where the certificate that nobody configured is. */
struct own {
	char certificate[PATH_MAX], key[PATH_MAX];
};

static bool own_files(const struct config *config, struct own *own, struct tls_pair *pair)
{
	if (!config->state || strlen(config->state) > PATH_MAX - 16)
		return false;
	snprintf(own->certificate, PATH_MAX, "%s/tls.crt", config->state);
	snprintf(own->key, PATH_MAX, "%s/tls.key", config->state);
	*pair = (struct tls_pair){own->certificate, own->key};
	return true;
}

/* What the service manager hands over, as the unit names it. */
static bool credentials(struct own *own, struct tls_pair *pair)
{
	const char *directory = getenv("CREDENTIALS_DIRECTORY");

	if (!directory || strlen(directory) > PATH_MAX - 32)
		return false;
	snprintf(own->certificate, PATH_MAX, "%s/chatd.tls-certificate", directory);
	snprintf(own->key, PATH_MAX, "%s/chatd.tls-key", directory);
	*pair = (struct tls_pair){own->certificate, own->key};
	return access(own->certificate, F_OK) == 0;
}

/* A file may hold the key as well: then it is named once. */
static size_t configured(const struct config *config, struct own *own, struct tls_pair *pairs)
{
	size_t n = config->tls.certificates.count;

	if (!n && credentials(own, pairs))
		return 1;
	n = n < PAIRS_MAX ? n : PAIRS_MAX;

	for (size_t i = 0; i < n; i++) {
		pairs[i].certificate = config->tls.certificates.lines[i];
		pairs[i].key = i < config->tls.keys.count ? config->tls.keys.lines[i] : pairs[i].certificate;
	}
	return n;
}

static void date_text(int64_t ms, char date[DATE_MAX])
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm tm;

	gmtime_r(&seconds, &tm);
	(void)strftime(date, DATE_MAX, "%Y-%m-%d", &tm);
}

/*
 * Those who come again with a ticket are spared half of the work, also over a reload. After a day there are new keys:
 * whoever finds the old ones reads no more than that day.
 */
static void renew_tickets(struct certificates *c)
{
	int64_t now = loop_clock(c->loop)->mono_ms;

	if (c->tickets_ms && now - c->tickets_ms < DAY_MS)
		return;
	arc4random_buf(c->tickets, sizeof(c->tickets));
	c->tickets_ms = now ? now : 1;
}

/* Once a day, and when the time to warn begins. */
static void look_after(struct certificates *c)
{
	const struct clock *clock = loop_clock(c->loop);
	int64_t end = tls_context_expires(c->tls), left = end - clock->real_ms, wait = DAY_MS;
	char date[DATE_MAX];

	renew_tickets(c);
	tls_context_set_tickets(c->tls, c->tickets);
	if (left <= WARNING_MS) {
		date_text(end, date);
		log_event(EVENT_CERTIFICATE_ENDS, LOG_FIELDS({"CHATD_FILE", c->file}, {"CHATD_UNTIL", date}),
			  "the certificate of %s %s on %s", c->file, left < 0 ? "ended" : "ends", date);
	}
	if (left > WARNING_MS && left - WARNING_MS < DAY_MS)
		wait = left - WARNING_MS;
	loop_timer_set(c->loop, &c->daily, clock->mono_ms + wait);
}

static void daily_due(struct timer *t)
{
	look_after((struct certificates *)((char *)t - offsetof(struct certificates, daily)));
}

struct certificates *certificates_new(struct loop *loop)
{
	struct certificates *c = mem_zalloc(sizeof(*c));

	c->loop = loop;
	c->daily.due = daily_due;
	return c;
}

void certificates_free(struct certificates *c)
{
	if (!c)
		return;
	certificates_drop(c);
	loop_timer_stop(c->loop, &c->daily);
	tls_context_unref(c->tls);
	explicit_bzero(c->tickets, sizeof(c->tickets));
	mem_free(c->file);
	mem_free(c);
}

/* At the first start: a server that is asked for TLS has it, and people can see by its pin that it is the same. */
static int own_pair(const struct config *config, struct own *own, struct tls_pair *pair, char *why, size_t size)
{
	if (!own_files(config, own, pair)) {
		snprintf(why, size, "TLS needs a certificate: see section [tls] of the configuration");
		return -EINVAL;
	}
	if (access(pair->certificate, F_OK) == 0 || access(pair->key, F_OK) == 0)
		return 0;
	return tls_make_pair(pair, config->server.name, why, size);
}

int certificates_prepare(struct certificates *c, const struct config *config, bool wanted, char *why, size_t size)
{
	struct tls_pair pairs[PAIRS_MAX];
	struct tls_server_config server = {.pairs = pairs, .kernel = config->tls.kernel,
					   .client_authorities = config->tls.client_ca};
	struct own *own = mem_alloc(sizeof(*own));
	int err = 0;

	certificates_drop(c);
	server.count = configured(config, own, pairs);
	if (!server.count && wanted) {
		err = own_pair(config, own, &pairs[0], why, size);
		server.count = 1;
	}
	if (!err && server.count) {
		renew_tickets(c);
		memcpy(server.ticket_keys, c->tickets, sizeof(c->tickets));
		err = tls_server_new(&c->next, &server, why, size);
		explicit_bzero(server.ticket_keys, sizeof(server.ticket_keys));
	}
	if (!err && c->next)
		c->next_file = mem_strdup(pairs[0].certificate);
	mem_free(own);
	return err;
}

void certificates_commit(struct certificates *c)
{
	char pin[TLS_PIN_MAX], date[DATE_MAX];

	loop_timer_stop(c->loop, &c->daily);
	tls_context_unref(c->tls);
	mem_free(c->file);
	c->tls = c->next;
	c->file = c->next_file;
	c->next = NULL;
	c->next_file = NULL;
	if (!c->tls)
		return;
	tls_context_pin(c->tls, pin);
	date_text(tls_context_expires(c->tls), date);
	log_event(EVENT_CERTIFICATE, LOG_FIELDS({"CHATD_FILE", c->file}, {"CHATD_PIN", pin}, {"CHATD_UNTIL", date}),
		  "TLS with the certificate of %s, %s, until %s", c->file, pin, date);
	look_after(c);
}

void certificates_drop(struct certificates *c)
{
	tls_context_unref(c->next);
	mem_free(c->next_file);
	c->next = NULL;
	c->next_file = NULL;
}

struct tls_context *certificates_tls(const struct certificates *c)
{
	return c->tls;
}

int certificates_make(const struct config *config)
{
	struct tls_pair pairs[PAIRS_MAX];
	struct tls_server_config server = {.pairs = pairs, .count = 1};
	struct tls_context *tls;
	struct own own;
	char why[WHY_MAX] = "", pin[TLS_PIN_MAX];

	if (!configured(config, &own, pairs) && !own_files(config, &own, &pairs[0])) {
		fprintf(stderr, "chatd: --make-cert needs a place: certificate and key in section [tls], or --state\n");
		return EX_USAGE;
	}
	if (strcmp(pairs[0].certificate, pairs[0].key) == 0) {
		fprintf(stderr, "chatd: --make-cert wants a file of its own for the key\n");
		return EX_USAGE;
	}
	if (tls_make_pair(&pairs[0], config->server.name, why, sizeof(why)) < 0 ||
	    tls_server_new(&tls, &server, why, sizeof(why)) < 0) {
		fprintf(stderr, "chatd: %s\n", why);
		return EX_CANTCREAT;
	}
	tls_context_pin(tls, pin);
	tls_context_unref(tls);
	printf("%s\n%s\nchat-client --pin %s %s\n", pairs[0].certificate, pairs[0].key, pin, config->server.name);
	return EX_OK;
}
