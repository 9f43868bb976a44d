#pragma once

/*
 * Why sessions end, in few words that can be counted. What a user says on leaving has "Quit: " in front of it, so
 * nobody passes for something else.
 */
enum session_end {
	SESSION_END_QUIT,
	SESSION_END_CLOSED, /* by the peer, without a word */
	SESSION_END_ERROR,  /* of the connection */
	SESSION_END_SENDQ,
	SESSION_END_PING_TIMEOUT,
	SESSION_END_REGISTRATION_TIMEOUT,
	SESSION_END_KILLED,
	SESSION_END_PASSWORD,
	SESSION_END_BANNED,
	SESSION_END_OTHER, /* the server stops, above all */
	SESSION_END_COUNT,
};

/* reason: as session_close is given it. */
enum session_end session_end_of(const char *reason);

/* "ping_timeout" ... */
const char *session_end_name(enum session_end end);
