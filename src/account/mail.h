#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

/*
 * Mail to people: through a command as sendmail, which gets it on its standard input (with -t), or a relay that speaks
 * SMTP (RFC 5321), where that was built in. The loop never waits for either; how long one may take, and how many may
 * wait, is bounded.
 */
struct loop;
struct mailer;

/* As the configuration says. All strings are its own; NULL: none. */
struct mail_policy {
	char *command; /* a path and words, see loop/child.h */
	char *relay;   /* smtp://host:port or smtps://host:port */
	char *user;    /* at the relay */
	char *password;
	char *from;         /* address of the sender; without it there are no mails */
	int64_t timeout_ms; /* of one mail */
	uint32_t per_hour;  /* to one address, about one account, and for one address of the network; 0: any number */
	int64_t verify_ms;  /* how long a code that proves an address is good; so long does an account wait for it */
	int64_t reset_ms;   /* the same of one that a new password can be set with */
};
void mail_policy_deinit(struct mail_policy *p);

/* Mails can be sent. */
bool mail_possible(const struct mail_policy *p);
/* This program can speak to relays. */
bool mail_relay_built(void);

enum { MAIL_ADDRESS_MAX = 200, MAIL_TEXT_MAX = 3000 };

/*
 * What mails are sent to: name@host, of letters, digits and the marks of RFC 5322 that mean nothing to any program on
 * the way. Nothing of it can end a line, or begin another recipient.
 */
bool mail_address_valid(const char *address);

/* One mail. Its memory is its owner's; it must live until done, which comes once, in the loop. */
struct mail {
	char to[MAIL_ADDRESS_MAX + 1];
	const char *subject;                           /* a static text */
	const char *host;                              /* of the server, for the message's id */
	char text[MAIL_TEXT_MAX];                      /* lines that end with '\n'; secret */
	void (*done)(struct mail *m, const char *why); /* why: NULL: it was handed over; else a sentence */
	STAILQ_ENTRY(mail) next;
};

struct mailer *mailer_new(struct loop *loop);
void mailer_free(struct mailer *m); /* calls done of those that are left; NULL is legal */

enum { MAIL_QUEUE_MAX = 64 };

/* False, and done is not called: too many wait, or p sends none. p must live as long as the mailer; it may change. */
bool mailer_send(struct mailer *m, const struct mail_policy *p, struct mail *mail);
