#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"

/* CASEMAPPING of ISUPPORT: how names are compared. */
enum casemap { CASEMAP_ASCII, CASEMAP_RFC1459 };

const char *casemap_name(enum casemap map);
bool casemap_parse(const char *name, enum casemap *out);

char casemap_fold_char(enum casemap map, char c);
void casemap_fold(enum casemap map, char *dst, struct str src); /* dst: src.n bytes; may be src itself */
bool casemap_eq(enum casemap map, struct str a, struct str b);
