#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/str.h"
#include "loop/loop.h"

/*
 * Programs of the administrator that know who somebody is: PAM, a directory, a web site. Each gets a question as one
 * line of JSON on its standard input and answers with one line on its standard output, one at a time; several run
 * beside one another, for as long as they like. A program may also answer once and end with 0. What does not answer in
 * time, or says what is no answer, is ended and started again, after a while that grows: whoever asked hears that
 * nobody knows.
 */
struct helper;

/* As the configuration says. */
struct helper_policy {
	char *command;      /* see loop/child.h; NULL: there is none */
	uint32_t processes; /* at most, beside one another */
	uint32_t queue;     /* questions that wait */
	int64_t timeout_ms; /* of one question, its wait included */
	bool certificates;  /* it is asked about certificates too */
	bool tokens;        /* and about tokens that no key here has signed */
};
void helper_policy_deinit(struct helper_policy *p);

enum { HELPER_LINE_MAX = 4000, HELPER_NAME_MAX = 128, HELPER_PROCESSES_MAX = 16 };

enum helper_verdict {
	HELPER_YES,
	HELPER_NO,
	HELPER_BROKEN, /* nobody knows */
};

/* Its memory is the asker's; it must live until it is answered, which comes once, in the loop and never before
 * helper_ask is back. */
struct helper_question {
	/* account: whom the helper says that it is; empty: it does not say. Valid during the call. */
	void (*answered)(struct helper_question *q, enum helper_verdict verdict, struct str account);
	char line[HELPER_LINE_MAX]; /* with its newline; secret, and forgotten when it is answered */
	uint32_t size;
	/* the helper's */
	struct helper *helper;
	struct timer deadline;
	bool waits;
	TAILQ_ENTRY(helper_question) next;
};

/* What is asked. Texts that are NULL are left out. False: it does not fit, or is not UTF-8. */
struct helper_about {
	struct str account;    /* empty: the helper is to say */
	/* one of these three */
	struct str passphrase; /* of the account */
	const char *certfp;    /* SHA-256 in hex of the client's certificate */
	struct str token;
	const char *address;   /* where it comes from */
};
bool helper_write(struct helper_question *q, const struct helper_about *about);

struct helper *helper_new(struct loop *loop);
void helper_free(struct helper *h); /* answers what is left; NULL is legal */

/* p must live as long as the helper; it may change. False, and answered is not called: too many wait. */
bool helper_ask(struct helper *h, const struct helper_policy *p, struct helper_question *q);
