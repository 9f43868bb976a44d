#pragma once

#include "proto/json_write.h"

/*
 * All that is known of an account, as JSON objects, a line each: docs/personal-data.md says what is in them. What
 * proves that somebody is its owner is not among it. What was said comes last, the oldest first, and is read as it is
 * asked for, so that an answer of any length holds little at a time.
 */
struct account;
struct command_env;
struct known;

enum known_result {
	KNOWN_LINE,   /* one more was written */
	KNOWN_WAITS,  /* for the disk: wake is called, from the loop, when it is time to ask again */
	KNOWN_END,    /* that was all */
	KNOWN_FAILED, /* the rest cannot be read */
	KNOWN_GONE,   /* there is no such account any more */
};

struct known *known_new(const struct command_env *env, const struct account *a, void (*wake)(void *ctx), void *ctx);
void known_free(struct known *k); /* wake is not called any more */
enum known_result known_next(struct known *k, struct json *j);
