#pragma once

#include "session/session.h"

/* What session.c and save.c share. */

/* One with nothing but its connection, in the hub's list. NULL: the transport was freed. */
struct session *session_make(struct session_hub *hub, const struct transport *t);
/* What is left of one whose connection is gone. */
void session_free(struct session *s);

/* Bytes for the peer as they are, behind all that was written before. */
void session_put(struct session *s, struct str bytes);

/* A first line that is a browser's, or that of a page in it. */
bool session_is_http(const struct session *s, struct str first);

void session_registration_free(struct registration *r);

/* For the next of its deadlines. */
void session_timer_arm(struct session *s);

/*
 * Before the next command: flood control, a long answer, or answers that the client has not read. Whoever asks more
 * than it reads waits for itself, and is not dropped for it.
 */
bool session_must_wait(const struct session *s);
