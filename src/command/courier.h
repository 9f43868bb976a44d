#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * Mails about accounts, and the end of accounts whose address nobody has proved. What a mail leads to is never told to
 * somebody who could learn from it whether an account is there.
 */
struct account;
struct command_env;
struct courier;
struct session;

struct courier *courier_new(const struct command_env *env);
void courier_free(struct courier *c); /* NULL is legal */
/* When the accounts are there: those that wait in vain go, now and when their time is over. */
void courier_start(struct courier *c);

/* Whether mails can be sent, as the configuration is. */
bool courier_able(const struct command_env *env);

/* Whether the session may cause one more now. */
bool courier_may(const struct command_env *env, const struct session *s);

/* As if one had been: what is not sent to accounts that are not there counts as well. */
void courier_count(const struct command_env *env, const struct session *s);

struct letter {
	const struct account *account;
	const char *to;
	const char *purpose; /* of codes.h */
	const char *code;
	int64_t until;    /* the code's, ms since 1970 */
	uint64_t session; /* that hears it when the mail cannot be sent; 0: nobody does */
};

/* Sends the code. False: it is not sent, for the queue is full or too many went there. Counts for the session's
 * address. */
bool courier_send(const struct command_env *env, const struct session *s, const struct letter *l);

/* A new account waits for its code until then, ms since 1970. */
void courier_watch(const struct command_env *env, int64_t until);
