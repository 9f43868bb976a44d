#pragma once

#include <stddef.h>

#include "base/str.h"

/*
 * One IRC line <-> slices. Pure: no allocation, no descriptor; slices point into the raw line.
 * Grammar and limits: modern.ircdocs.horse "Message Format", IRCv3 message-tags.
 */
enum {
	LINE_TAGS_MAX = 8191,        /* '@', tags, ' ': what a server may send in all */
	LINE_CLIENT_TAGS_MAX = 4096, /* '@', 4094 bytes, ' ': what a client may send */
	LINE_BODY_MAX = 512,         /* with CR LF */
	LINE_MAX_BYTES = LINE_TAGS_MAX + LINE_BODY_MAX,
	LINE_PARAMS_MAX = 15,
};

struct line {
	struct str tags;    /* without '@' and the space */
	struct str source;  /* without ':' */
	struct str command; /* a word, as sent: letters or three digits, or what nobody will know */
	struct str params[LINE_PARAMS_MAX];
	size_t nparams;
};

enum line_result {
	LINE_OK = 0,
	LINE_EMPTY,         /* nothing but white space: to be ignored */
	LINE_TAGS_TOO_LONG, /* 417 */
	LINE_BODY_TOO_LONG, /* 417 */
	LINE_BAD_BYTE,      /* NUL, or CR inside */
	LINE_MALFORMED,     /* tags or source with no command behind them */
};

/*
 * raw: one line without its LF; one CR at its end is dropped. tags_max bounds '@tags ' (LINE_TAGS_MAX or
 * LINE_CLIENT_TAGS_MAX). On any result but LINE_OK, *out holds what could be told nevertheless, and the rest of it is
 * empty: for LINE_BODY_TOO_LONG and LINE_MALFORMED the whole line, its command being what stands in the place of one;
 * for the others nothing. So a refusal can bear the label of the line and name its command.
 * Runs of spaces count as one; a source in front is accepted from clients and servers alike; the 15th parameter takes
 * the rest of the line as modern.ircdocs.horse says, with or without a colon.
 */
enum line_result line_parse(struct line *out, struct str raw, size_t tags_max);
