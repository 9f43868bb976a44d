#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "base/vec.h"
#include "session/line_keys.h"
#include "session/line_texts.h"

struct session;
struct wire_in;
struct wire_out;

/*
 * The line door: somebody who has nothing but nc or telnet. The session is one like all others, with a user like all others; here
 * are its two ends. What is typed becomes commands (line_commands.c), which are run as a client's would be, and each line that
 * is written to the session becomes words (line_words.h).
 *
 * Which of the two a newcomer is shows with the first line alone: clients of IRC begin with a command, or with '@' or ':'. Who says
 * nothing for a while is told in a NOTICE how to come in, which a person can read, and which a client that is slow may get at any time;
 * nothing is decided by it.
 */
enum person_due {
	PERSON_ENTERS = 1 << 0, /* has just become a user: the lobby is next */
	PERSON_NAMED = 1 << 1,  /* logged in before there was a name: the account's is the name */
	PERSON_READS = 1 << 2,  /* came into a channel: its last lines are next */
};

/* What the session has of somebody who types. */
struct person {
	struct line_keys keys;
	char *asked;   /* the account whose password the next line is; NULL: none */
	bool gate;     /* the next line is the server's password */
	char *target;  /* the channel or nick that a plain line is for; NULL: none */
	struct vec channels; /* char *: where it is, the last one last */
	bool bell, fold;
	uint8_t tries; /* at a name */
	uint8_t due;   /* enum person_due */
};

/* How it is set up: [line]. */
struct line_policy {
	char *lobby;      /* where people come in; NULL: nowhere */
	uint32_t last;    /* lines of what was said there before */
	int64_t greet_ms; /* of silence, until somebody is told how to come in */
};

/*
 * The first line of one with SESSION_UNDECIDED. True: it is a person's, and has been taken; the session is one of the line door
 * from now on, or was closed.
 */
bool line_door_first(struct session *s, struct str raw, bool too_long);
/* It is one, whatever it says: greeted, and asked for a name. */
void line_door_begin(struct session *s);
/* It has said nothing for so long. */
void line_door_silence(struct session *s);

/* A line as it was typed, up to `end`; too_long: there was more. */
void line_door_take(struct session *s, struct str raw, char end, bool too_long);
/* Lines of IRC for it, ended by CR LF. */
void line_door_write(struct session *s, struct str lines);

/* It has become a user's. */
void line_door_registered(struct session *s);
/* What is due, from the loop, when no long answer is under way. */
void line_door_go_on(struct session *s);
/* After a long silence: a byte that shows nothing, so that the kernel finds out who is not there any more. */
void line_door_probe(struct session *s);

void line_door_free(struct session *s); /* no-op where there is none */

void line_door_save(const struct session *s, struct wire_out *out);
void line_door_load(struct session *s, struct wire_in *in);

/* What the files of the line door share */

void person_say(struct session *s, enum line_text id, struct str a, struct str b);
void person_set_target(struct person *p, struct str target);
bool person_is_in(const struct person *p, struct str channel);
/* It has typed that, and it is in UTF-8 without controls. In line_commands.c. */
void person_typed(struct session *s, struct str text);
/* That is to be its name. */
void person_name(struct session *s, struct str name);
/* A command of it, its parameters NUL-terminated. */
void person_run(struct session *s, const char *command, const char *const params[], size_t n);
