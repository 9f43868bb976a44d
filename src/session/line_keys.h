#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/*
 * What somebody types at a bare connection, made a line of text: the negotiation of telnet (RFC 854, RFC 855) is taken out,
 * wherever the reads cut it, and declined; backspace, DEL, ^W and ^U edit; escape sequences and other controls are dropped;
 * what is no UTF-8 is taken for Latin-1. Pure.
 */
enum { LINE_KEYS_MAX = 4096 }; /* bytes of a line; what is longer is cut */

enum line_keys_state { KEYS_TEXT, KEYS_IAC, KEYS_OPTION, KEYS_SUB, KEYS_SUB_IAC, KEYS_ESCAPE, KEYS_SEQUENCE };

struct line_keys {
	uint8_t state;     /* enum line_keys_state */
	uint8_t verb;      /* of the option that is being negotiated */
	bool telnet;       /* the peer speaks it */
	bool returned;     /* a CR ended the last line: the LF of the same key may follow */
	char *kept;        /* text of a line that a negotiation has in its middle; NULL: none */
	size_t nkept;
};

void line_keys_deinit(struct line_keys *k);

/*
 * raw: what came up to a line's end, which is `end` ('\n' or '\r'). out: of at least LINE_KEYS_MAX bytes; gets the line, in UTF-8
 * without controls. replies: what telnet is answered; one that does not fit is left out. False: that was no line, or not all of it.
 */
bool line_keys_take(struct line_keys *k, struct str raw, char end, struct buf *out, struct buf *replies);

/* Whether that is the beginning of negotiation, or of a key that is no LF: no client of IRC says so. */
bool line_keys_tell(struct str raw);

/* To a peer that speaks telnet: who types is not to see it, or is again. */
#define TELNET_HIDE STR("\xFF\xFB\x01")
#define TELNET_SHOW STR("\xFF\xFC\x01\r\n")
#define TELNET_NOTHING STR("\xFF\xF1")
