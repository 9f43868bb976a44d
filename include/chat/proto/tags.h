#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

/* Message tags: https://ircv3.net/specs/extensions/message-tags */
struct tag {
	struct str key;   /* with its '+' and vendor */
	struct str value; /* still escaped; empty when absent */
};

/* Takes the next tag off *rest. False at the end. Empty ones are skipped. */
bool tags_next(struct str *rest, struct tag *out);

/* The last tag of that key. False when there is none. */
bool tags_find(struct str tags, struct str key, struct tag *out);

/* A key the grammar allows: ['+'] [vendor '/'] letters, digits, hyphens (dots in a vendor). */
bool tags_key_valid(struct str key);

/* Appends a tag to those that are in out, with a ';' between them. value: escaped; empty: the key stands alone. */
void tags_add(struct buf *out, const char *key, struct str value);

void tags_escape(struct buf *out, struct str raw);
void tags_unescape(struct buf *out, struct str escaped);
