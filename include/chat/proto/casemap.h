#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"

/* CASEMAPPING of ISUPPORT: how names are compared. As stored: these numbers are not used again. */
enum casemap {
	CASEMAP_ASCII,
	CASEMAP_RFC1459,
	CASEMAP_PRECIS, /* names of any script, see proto/precis.h; those in ASCII as with CASEMAP_ASCII */
	CASEMAP_COUNT,
};

/* The bytes that n of them may be when they are folded. */
#define CASEMAP_ROOM(n) (3 * (n)) /* PRECIS_GROWTH */

const char *casemap_name(enum casemap map);
bool casemap_parse(const char *name, enum casemap *out);

/* Of ASCII alone; other bytes stay. */
char casemap_fold_char(enum casemap map, char c);
/* dst: CASEMAP_ROOM(src.n) bytes, and not src. Returns the view of what is there then. */
struct str casemap_fold(enum casemap map, char *dst, struct str src);
bool casemap_eq(enum casemap map, struct str a, struct str b);

/* Whether folding it takes more than the table of bytes. */
bool casemap_beyond_ascii(enum casemap map, struct str s);
