#pragma once

#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"
#include "network/record.h"
#include "proto/caps.h"

/*
 * A message -> the lines that a client with these capabilities gets, while it happens or read from the history much
 * later: all that is told of messages is worded here. One of several lines is a batch for those who asked for that, and
 * plain lines for others: https://ircv3.net/specs/extensions/multiline
 */
enum {
	SAID_BY_BOT = 1 << 0,     /* of a user who says so */
	SAID_BY_OPER = 1 << 1,    /* of an operator who does not hide it */
	SAID_WITH_CLOCK = 1 << 2, /* long ago, to one who is told of no times: they are in the text */
};

struct said {
	const struct record *record; /* RECORD_MESSAGE: its time, msgid, kind, rank, text and tags */
	struct str source;           /* nick!user@host, or the name of a server */
	struct str account;          /* empty: none */
	struct str target;           /* a channel or a nick, as the reader knows it */
	struct str batch;            /* that it is told as a part of; empty: none */
	unsigned traits;             /* SAID_* */
};

/* It is one batch for such a client, and not some lines. */
bool said_is_batch(const struct said *m, cap_set caps);

/* The most bytes that said_render makes of it, with whatever capabilities. */
size_t said_most(const struct said *m);

/* All of it, ready to be sent: each line with its tags and CR LF. Nothing where such a client hears nothing of it. */
void said_render(struct buf *out, const struct said *m, cap_set caps);

/* As a part of an answer: with its label, or in its batch. */
struct session;
void said_reply(struct session *s, const struct said *m);

/* In parts, for an answer with a label. The tags, without '@', of the batch or of a line; first: of the first one that
 * is told. */
void said_tags(struct buf *out, const struct said *m, cap_set caps, bool first);
/* One line of it without tags and CR LF, of at most 510 bytes. */
void said_line(struct buf *out, const struct said *m, struct str text);
/* What opens the batch, without tags and CR LF, and all lines behind that. */
void said_batch_open(struct buf *out, const struct said *m);
void said_batch_rest(struct buf *out, const struct said *m);
