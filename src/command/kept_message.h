#pragma once

#include <stdbool.h>

#include "base/str.h"

struct call;
struct record;

/*
 * A command that is about a message of before, by its msgid: REDACT, EDIT. It is looked up among what is kept of the target
 * and nowhere else, whatever part of it the client may read; the command goes on when it is there.
 */
struct kept_message {
	const char *target, *msgid;
	struct str extra;             /* the command's own */
	const struct record *message; /* NULL: it is not kept there */
};

typedef void (*kept_message_fn)(const struct call *call, const struct kept_message *m);

/*
 * Calls found, with copies of what is given here, or answers that the server is restarting. False: the target is none whose
 * messages the client may be about, and nothing was answered.
 */
bool kept_message_ask(const struct call *call, const struct kept_message *m, kept_message_fn found);

/* FAIL of the command, with the target and the msgid. */
void kept_message_fail(const struct call *call, const struct kept_message *m, const char *code, const char *why);

/* It can stand as a parameter in the middle of a line. */
bool kept_message_word(const char *text);
