#include "session/end.h"

#include <stddef.h>
#include <string.h>

#include "net/conn.h"

/* By how the reasons begin that this program gives. */
static const struct {
	const char *front;
	enum session_end end;
} reasons[] = {
	{"Client Quit", SESSION_END_QUIT},
	{"Quit: ", SESSION_END_QUIT},
	{"Connection closed", SESSION_END_CLOSED},
	{"Connection ", SESSION_END_ERROR},
	{"Broken pipe", SESSION_END_ERROR},
	{"No route to host", SESSION_END_ERROR},
	{"Network is unreachable", SESSION_END_ERROR},
	{"Out of memory", SESSION_END_ERROR},
	{CONN_SENDQ_EXCEEDED, SESSION_END_SENDQ},
	{"Ping timeout", SESSION_END_PING_TIMEOUT},
	{"Registration timed out", SESSION_END_REGISTRATION_TIMEOUT},
	{"Killed (", SESSION_END_KILLED},
	{"Password incorrect", SESSION_END_PASSWORD},
	{"Banned: ", SESSION_END_BANNED},
};

enum session_end session_end_of(const char *reason)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (strncmp(reason, reasons[i].front, strlen(reasons[i].front)) == 0)
			return reasons[i].end;
	}
	return SESSION_END_OTHER;
}

const char *session_end_name(enum session_end end)
{
	static const char *const names[SESSION_END_COUNT] = {
		[SESSION_END_QUIT] = "quit",
		[SESSION_END_CLOSED] = "closed",
		[SESSION_END_ERROR] = "error",
		[SESSION_END_SENDQ] = "sendq",
		[SESSION_END_PING_TIMEOUT] = "ping_timeout",
		[SESSION_END_REGISTRATION_TIMEOUT] = "registration_timeout",
		[SESSION_END_KILLED] = "killed",
		[SESSION_END_PASSWORD] = "password",
		[SESSION_END_BANNED] = "banned",
		[SESSION_END_OTHER] = "other",
	};

	return names[end];
}
