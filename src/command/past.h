#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "journal/history.h"

/*
 * What was said before, to be read by those who may. A channel is read by its members: all of it, or what came since
 * they joined (or since their account has a rank there, where that is longer ago), or nothing, as mode +H or the
 * configuration has it; and nothing from before the channel was made. A conversation is read by the accounts that have
 * it, and not by others of the same names that are made later; guests read none.
 */
struct command_env;
struct session;

/* Adds what the name stands for to what is read. False: it is no channel that the session may read. */
bool past_add(const struct command_env *env, const struct session *s, const char *name, struct history_read *r);
/* All channels that the session may read, and the conversations of its account, for HISTORY_TALKS. */
void past_add_all(const struct command_env *env, const struct session *s, struct history_read *r);
/* How a row of HISTORY_TALKS is called: a view into the network or the row; empty: it is not the session's any more. */
struct str past_name(const struct command_env *env, const struct session *s, const struct history_row *row);

/* An answer, in steps and in a batch; the session's input waits. The read is the answer's from here on. */
struct past_answer {
	struct history_read *read;
	const char *target; /* as it is to be called */
	const char *sub;    /* of CHATHISTORY, for its FAIL; NULL: nobody asked, and nothing is said of nothing */
	const char *batch;  /* its type, of a search: that is no CHATHISTORY. Else NULL */
};
void past_answer(const struct command_env *env, struct session *s, const struct past_answer *a);

/* Answers HISTORY_TALKS with the names alone. */
void past_answer_names(const struct command_env *env, struct session *s, struct history_read *r);

/*
 * What came after one time and before another, both ms since 1970: the newest `limit` lines of each channel and
 * conversation, or of name alone. Unasked: no FAIL, and nothing where there is nothing.
 */
struct past_span {
	int64_t after, before; /* before 0: up to now */
	uint32_t limit;
};
void past_replay(const struct command_env *env, struct session *s, const struct past_span *span);
void past_replay_one(const struct command_env *env, struct session *s, const char *name, const struct past_span *span);

/* "2026-01-31T12:34:56.789Z", ms since 1970. False: it is none. */
bool past_time_parse(const char *text, int64_t *ms);
