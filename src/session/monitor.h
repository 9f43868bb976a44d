#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/str.h"
#include "base/vec.h"
#include "proto/casemap.h"

/*
 * Who watches which nicks: https://ircv3.net/specs/extensions/monitor
 */
struct session;
struct monitor;
struct monitor_entry;

/* One session's interest in one nick. */
struct monitor_watch {
	struct session *session;
	struct monitor_entry *entry;
	uint32_t at; /* index in the entry's watchers */
	char nick[]; /* as the session wrote it */
};

struct monitor *monitor_new(enum casemap casemap, const struct hash_key *seed);
void monitor_free(struct monitor *m);

enum monitor_result { MONITOR_ADDED, MONITOR_ALREADY, MONITOR_FULL };

enum monitor_result monitor_add(struct monitor *m, struct session *s, struct str nick, uint32_t max);
void monitor_remove(struct monitor *m, struct session *s, struct str nick);
void monitor_clear(struct monitor *m, struct session *s); /* all of the session's */

/* The nth nick the session watches, as it wrote it; NULL at the end. */
const char *monitor_nth(const struct session *s, size_t nth);

/* Who watches the nick (struct monitor_watch *); NULL: nobody. Valid until the next change. */
const struct vec *monitor_watchers(const struct monitor *m, struct str nick);
