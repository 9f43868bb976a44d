#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "network/record.h"

struct ban;
struct network;
struct server;

/*
 * The filters of the network (bans of kind BAN_FILTER), compiled: what they match, and nothing of what comes of it. A
 * text is looked at without its colours, and without regard to case. No pattern takes long: one that would is given up.
 */

/* What is looked at. The bits are stored: new ones go to the end. */
enum filter_target {
	FILTER_CHANNEL = 1 << 0, /* c: PRIVMSG to a channel */
	FILTER_PRIVATE = 1 << 1, /* p: PRIVMSG to a user */
	FILTER_NOTICE = 1 << 2,  /* n: to either */
	FILTER_TOPIC = 1 << 3,   /* t */
	FILTER_PART = 1 << 4,    /* P */
	FILTER_QUIT = 1 << 5,    /* q */
	FILTER_USER = 1 << 6,    /* u: "nick!user@host realname" of whoever comes in */
	FILTER_ALL = (1 << 7) - 1,
};

/* Letters, "*" for all. False: one of them is none, or there is none. */
bool filter_targets_parse(const char *letters, uint32_t *out);
void filter_targets_show(struct buf *out, uint32_t targets);

enum { FILTER_PATTERN_MAX = 256, FILTER_TEXT_MAX = 1024 };

/*
 * A pattern is /a regular expression of PCRE2/, or a word or several, with * and ? within a word, that stands between
 * others. NULL: it is one; or a sentence.
 */
const char *filter_pattern_check(struct str pattern, char why[128]);

/* "warn", "ban=1h"; ban_ms is that of struct ban. False: it is none. */
bool filter_action_parse(const char *word, enum ban_action *action, int64_t *ban_ms);

struct filters;

/* Those of the network, whose changes are seen by themselves, and then those of the server's configuration (NULL:
 * none). */
struct filters *filters_new(const struct network *net, const struct server *server);
/* The configuration is another one. */
void filters_reconfigured(struct filters *f);
void filters_free(struct filters *f);

/* The first that matches; NULL: none does. One of the configuration has no id, and its section's heading for who set
 * it. */
const struct ban *filters_match(struct filters *f, enum filter_target target, struct str text);
