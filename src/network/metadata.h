#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/*
 * What people say about themselves and their channels, by keys: https://ircv3.net/specs/extensions/metadata
 * As text, and as stored: "key value\n" for each, in the order in which they were set first.
 */
enum {
	METADATA_KEY_MAX = 64,
	METADATA_VALUE_MAX = 400,
	METADATA_KEYS_MAX = 32, /* of one user or channel; no record makes more */
	METADATA_TEXT_MAX = METADATA_KEYS_MAX * (METADATA_KEY_MAX + METADATA_VALUE_MAX + 2),
};

struct metadata {
	uint32_t count; /* keys */
	uint32_t n;     /* bytes */
	char text[];
};

bool metadata_key_fits(struct str key);
bool metadata_value_fits(struct str value);

/* NULL is legal in all below: nothing is set. Views are valid until the next change. */
static inline uint32_t metadata_count(const struct metadata *m)
{
	return m ? m->count : 0;
}

static inline struct str metadata_text(const struct metadata *m)
{
	return m ? (struct str){m->text, m->n} : STR_NONE;
}

/* False: not set. */
bool metadata_get(const struct metadata *m, struct str key, struct str *value);
/* The next one of a text; it is left behind. False: there is no more. */
bool metadata_next(struct str *text, struct str *key, struct str *value);

/* False: it changes nothing, or does not fit. */
bool metadata_set(struct metadata **m, struct str key, struct str value);
bool metadata_remove(struct metadata **m, struct str key);
/* All of a text that fits, and nothing else; views into *m are legal. */
void metadata_take(struct metadata **m, struct str text);
