#pragma once

#include "network/change.h"

struct channel;
struct command_env;
struct session;

/*
 * METADATA: https://ircv3.net/specs/extensions/metadata, as draft/metadata-2 and as its successor draft/metadata-3, which
 * tells of changes by the numerics that answer questions too.
 */

/* What a session that comes in is told of itself. */
void metadata_welcome(struct session *s);
/* What it had said before it came in (as metadata_text has it), now that it is here. */
void metadata_said(const struct command_env *env, struct session *s, struct str said);
/* What it wants to know of a channel that it came into, and of those who are there. */
void metadata_joined(struct session *s, const struct command_env *env, const struct channel *c);
/* The same of somebody whom it watches. */
void metadata_watched(struct session *s, const struct user *u);
/* All that is known of somebody, with WHOIS. */
void metadata_whois(struct session *s, const struct user *u);

/* The answers that a change is for whoever asked for it. */
void metadata_answer(struct session *s, const struct change *c);
void metadata_refused(struct session *s, const struct change *c);
