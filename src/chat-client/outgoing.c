#include "chat-client/outgoing.h"

#include <stdint.h>

#include "chat-client/codepoint.h"
#include "proto/line.h"

static uint32_t fit(uint32_t cp)
{
	if (cp == '\r' || cp == '\n')
		return ' ';
	return cp == 0 || cp == CODEPOINT_BAD ? CODEPOINT_REPLACEMENT : cp;
}

bool outgoing_take(struct str *rest, struct buf *out)
{
	if (!rest->n)
		return false;
	while (rest->n) {
		struct str after = *rest;
		uint32_t cp = fit(codepoint_take(&after));

		if (codepoint_size(cp) > out->cap - out->n)
			break;
		codepoint_add(out, cp);
		*rest = after;
	}
	return true;
}

struct str outgoing_chomp(struct str text)
{
	if (text.n && text.p[text.n - 1] == '\r')
		text.n--;
	return text;
}

size_t outgoing_room(size_t prefix, struct str command, struct str target)
{
	/* ":prefix command target :text\r\n" */
	size_t used = 1 + prefix + 1 + command.n + 1 + target.n + 2 + 2;

	if (used + OUTGOING_ROOM_MIN > LINE_BODY_MAX)
		return OUTGOING_ROOM_MIN;
	return LINE_BODY_MAX - used;
}
