#pragma once

#include "base/hash.h"
#include "base/str.h"

struct loop;

/*
 * Questions to the DNS, with c-ares, whose sockets the loop watches and whose deadlines stand on its heap: nothing here waits.
 * Answers are kept for a while. How many questions are under way has a bound; one too many has no answer at once.
 */
struct resolver;
struct query;

enum question_type {
	QUESTION_NAME, /* PTR: names of hosts */
	QUESTION_IPV4, /* A: numeric addresses */
	QUESTION_IPV6, /* AAAA */
};

/* Embedded in who asks; all zero but for answered. */
struct question {
	/*
	 * words: with a blank between them, names that could be hosts of users, or addresses as address_host writes them; none: there is
	 * no answer. It may ask the next question, but must not free the resolver.
	 */
	void (*answered)(struct question *q, struct str words);
	struct query *query; /* under way; NULL: none */
};

struct resolver *resolver_new(struct loop *loop, const struct hash_key *seed);
/* Nobody is waiting for an answer any more. */
void resolver_free(struct resolver *r);

/*
 * Whom to ask, as "192.0.2.53,[2001:db8::53]:5353"; NULL: whom /etc/resolv.conf names. Where that is a change, what is under way has no
 * answer. Not in an `answered`.
 */
void resolver_configure(struct resolver *r, const char *servers);

/* Asks. What is known already is answered before it returns. */
void resolver_ask(struct resolver *r, struct question *q, enum question_type type, const char *name);
/* The answer is wanted no more; no-op where none is awaited. */
void resolver_forget(struct question *q);
