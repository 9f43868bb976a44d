#pragma once

#include "base/buf.h"
#include "fanout/said.h"
#include "network/change.h"
#include "proto/caps.h"

struct network;

struct render_context {
	const char *server; /* name: the source of what no user did */
	const struct network *net;
};

/*
 * A change -> the line that a client with these capabilities gets. All wording of what people are told lives here.
 */
enum { RENDER_TAGS_MAX = 8191, RENDER_BODY_MAX = 4096, RENDER_SOURCE_MAX = 1600 };

/* The capabilities that make a difference for this change: clients that agree in these get the same bytes. */
cap_set render_matters(const struct change *c);

/* A message as said.h wants it: a view into the change, into the context and into itself. */
struct render_said {
	struct said said;
	char source[RENDER_SOURCE_MAX];
};
void render_said(struct render_said *s, const struct render_context *ctx, const struct change *c);

/* The most bytes that render_lines makes of it. */
size_t render_most(const struct render_context *ctx, const struct change *c);

/* Of all changes but messages: the tags, without '@'; may be empty. */
void render_tags(struct buf *out, const struct change *c, cap_set caps);

/*
 * One or more lines without tags, each of at most 510 bytes (cut on a code point) and ended by LF alone. Nothing where the
 * change has no line for such a client.
 */
void render_body(struct buf *out, const struct render_context *ctx, const struct change *c, cap_set caps);

/* Both, ready to be sent: each line with its tags and CR LF. */
void render_lines(struct buf *out, const struct render_context *ctx, const struct change *c, cap_set caps);
