#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "proto/privileges.h"

/*
 * Server notices for operators, by kind: each has a letter in the mask that "MODE nick +s" sets. The numbers are handed
 * over at a restart: new ones go to the end.
 */
enum notice {
	NOTICE_CONNECTS,  /* c: clients come and go */
	NOTICE_KILLS,     /* k */
	NOTICE_BANS,      /* x: bans and filters, set, lifted, hit */
	NOTICE_OPERS,     /* o: what operators do, and who becomes one or fails to */
	NOTICE_FLOODS,    /* f: limits that somebody ran into */
	NOTICE_NICKS,     /* n: changes of nick */
	NOTICE_ERRORS,    /* e: warnings and errors of the server */
	NOTICE_SERVER,    /* s: starts, reloads, listeners, and what else is worth a notice */
	NOTICE_REGISTRY,  /* r: registered channels and accounts */
	NOTICE_COUNT
};

#define NOTICE_BIT(kind) (1u << (kind))
#define NOTICE_ALL ((1u << NOTICE_COUNT) - 1)

char notice_letter(enum notice kind);

/* The kinds that an operator with these privileges may have. */
uint32_t notices_allowed(priv_set privileges);

/*
 * The mask that comes of one by a text as "ck", "+ck-f" or "-f". False: *bad is a letter that stands for nothing, and *mask
 * is as it was.
 */
bool notices_change(uint32_t *mask, const char *text, char *bad);

/* "+ck"; "+" for none. */
void notices_show(uint32_t mask, char dst[NOTICE_COUNT + 2]);
