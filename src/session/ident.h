#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "loop/loop.h"
#include "proto/name.h"

/*
 * Asks the machine that a connection comes from whose connection it is. RFC 1413. It waits for nobody; who wants an end of
 * it by some time calls ident_stop then.
 */
enum { IDENT_LINE_MAX = 512 }; /* of an answer that is read */

struct ident {
	/* user: fit to be the username of somebody; NULL: there is no answer. Stopped already, and not called in ident_begin. */
	void (*done)(struct ident *i, const char *user);
	struct loop *loop; /* NULL: not begun, or over */
	struct watch watch;
	uint16_t theirs, ours; /* ports of the connection */
	bool asked;
	uint32_t n;
	char line[IDENT_LINE_MAX];
};

/* client: the connected socket that is asked about; port: where to ask. done is set. False: it cannot be asked. */
bool ident_begin(struct ident *i, struct loop *loop, int client, uint16_t port);
/* No-op when it is not under way. */
void ident_stop(struct ident *i);

/* Reads an answer without its line end. False: it names no user, or is about other ports. */
bool ident_parse(struct str line, uint16_t theirs, uint16_t ours, char dst[NAME_USER_MAX + 1]);
