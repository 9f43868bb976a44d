#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "proto/line.h"

struct call;
struct session;
struct service;

/* The services that people know from elsewhere: NickServ, ChanServ. They are no users, and do what the commands do. */

enum { SERVICE_WORDS_MAX = 12 };

/* What somebody asks a service for. */
struct service_ask {
	const struct call *call;
	const struct service *service;
	const struct service_row *row;
	const char *words[SERVICE_WORDS_MAX]; /* behind the command */
	size_t n;
};

struct service_row {
	const char *name;
	uint8_t min;  /* words */
	bool account; /* for those alone who are logged in */
	void (*run)(const struct service_ask *a);
	const char *usage;
	const char *help; /* one line */
};

struct service {
	const char *name;
	const char *about;
	const struct service_row *rows;
	size_t count;
};

const struct service *nickserv(void);
const struct service *chanserv(void);
const struct service *memoserv(void);
const struct service *histserv(void);
const struct service *hostserv(void);

/* The nick is a service's: nobody else gets it. */
bool services_is_name(struct str nick);
/* The one that answers to that nick; NULL: none does. */
const struct service *services_find(struct str nick);

/* Answers what was written to it. text is what stands behind the nick. */
void services_ask(const struct call *call, const struct service *service, struct str text);

/*
 * A NOTICE from that service to the client, in the language of the client: the format is looked up, and so is the whole
 * text of services_tell and service_tell. What else is words among the arguments comes through reply_words.
 */
void services_say(struct session *s, const char *service, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

void services_tell(struct session *s, const char *service, const char *english);
void service_tell(const struct service_ask *a, const char *english);
/* How the command is used. */
void service_usage(const struct service_ask *a);

/* The words from that one on, with a blank between them. */
void service_join(const struct service_ask *a, size_t from, struct buf *out);

/*
 * What must be said once more before name is dropped: known to nobody but who may drop it, and another after each
 * change, which revision counts.
 */
enum { SERVICE_CODE_SIZE = 8 };
void service_drop_code(const struct service_ask *a, const char *name, uint64_t revision,
		       char code[SERVICE_CODE_SIZE + 1]);

/* The nth word; NULL: there is none. */
static inline const char *service_word(const struct service_ask *a, size_t n)
{
	return n < a->n ? a->words[n] : NULL;
}
