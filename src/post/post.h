#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/str.h"
#include "proto/cidr.h"

/*
 * Requests of HTTP that this server makes of others (RFC 9110, POST alone). A thread of its own has all that are under
 * way at once, so that neither the loop, nor the journal, nor those who log in wait for the machine of a stranger. No
 * redirect is followed, no proxy is used, and no more of an answer is read than its status.
 *
 * Whom it speaks to is decided by the address that it is about to connect to, after the name was looked up: no name can
 * lead to where nobody on the Internet is, unless the policy allows it.
 */
struct loop;
struct poster;

/* What may be asked of whom. Copied. */
struct post_policy {
	const struct cidr *allowed; /* networks beside those of the Internet */
	uint32_t nallowed;
	bool plain;              /* http:// as well as https:// */
	const char *authorities; /* a file of certificates that are trusted, in the place of the system's; NULL: those */
	int64_t timeout_ms;      /* of one request, the looking up of its name included */
	int64_t keep_ms;         /* how long connections and the thread are kept for the next request */
};

enum { POST_WHY_MAX = 160, POST_URL_MAX = 1000, POST_HEADERS_MAX = 8, POST_UNDER_WAY_MAX = 16 };

/* One request. Its memory, and what it points to, is its owner's; it must live until done, which comes once, in the loop. */
struct post {
	const char *url;
	const char *headers[POST_HEADERS_MAX]; /* "Name: value"; the first NULL ends them */
	struct str body;
	void (*done)(struct post *p);

	/* What became of it. */
	int status;      /* of HTTP; 0: there was no answer, and why is a part of a sentence */
	bool barred;     /* there was none for its address is none that may be used */
	int64_t wait_ms; /* what Retry-After asked for; 0: nothing */
	char why[POST_WHY_MAX];

	void *transfer; /* the poster's */
	TAILQ_ENTRY(post) next;
};

/* This program can make requests. */
bool post_built(void);
/* An address of the web that the policy lets pass as far as can be told without looking up its name. */
bool post_url_fits(struct str url, bool plain);

struct poster *poster_new(struct loop *loop);
void poster_free(struct poster *p); /* calls done of those that are left; NULL is legal */
/* For requests that begin from now on. Before the first one. */
void poster_configure(struct poster *p, const struct post_policy *policy);
/* POST_UNDER_WAY_MAX at once; further ones wait. How many there can be is bounded by those who give them. */
void poster_send(struct poster *p, struct post *post);
