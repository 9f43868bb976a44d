#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

/*
 * Reads a line with a JSON object as the server writes them: strings, numbers, true and false; of lists only that they
 * are there.
 */
enum flat_kind { FLAT_STRING, FLAT_NUMBER, FLAT_BOOL, FLAT_LIST };

struct flat_field {
	const char *name;
	const char *value; /* without quotes and escapes; a list: "" */
	enum flat_kind kind;
};

enum { FLAT_FIELDS_MAX = 40 };

struct flat {
	struct flat_field fields[FLAT_FIELDS_MAX];
	size_t count;
};

/* In place: what is found points into text, which is altered. False: it is no such object. */
bool flat_read(struct flat *f, char *text);

/* NULL: it has none. */
const struct flat_field *flat_find(const struct flat *f, const char *name);
const char *flat_value(const struct flat *f, const char *name);
