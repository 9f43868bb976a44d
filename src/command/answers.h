#pragma once

#include "command/command.h"
#include "network/change.h"

/*
 * Answers that several commands and changes owe in the same words.
 */

/* 001 to 005, LUSERS, MOTD, the user's modes. */
void answer_welcome(const struct command_env *env, struct session *s);
void answer_lusers(const struct command_env *env, struct session *s);
void answer_motd(const struct command_env *env, struct session *s);
void answer_isupport(const struct command_env *env, struct session *s);

/* 332 and 333, nothing without a topic. */
void answer_topic(struct session *s, const struct channel *c);
/* 353 ... 366 as the session may see it; c NULL: 366 alone, for name. Long ones stream. */
void answer_names(const struct command_env *env, struct session *s, const struct channel *c, const char *name);

/* The numeric for a refusal. */
void answer_refused(struct session *s, const struct change *c);

/* To those in a renamed channel who do not know RENAME, what they see of one they come into. */
void answer_renamed(const struct command_env *env, const struct change *c);

/*
 * What a change owes the session that asked for it, beyond what everybody hears: welcome, topic and names, 305, 306, 341,
 * 301, 381, numerics for refusals. Called by the engine when the change has been told, for each session of the user
 * that it concerns.
 */
void answer_change(const struct command_env *env, struct session *s, const struct change *c);
