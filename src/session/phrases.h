#pragma once

#include <stddef.h>

/* What po/chatd/tables.py makes of the .po files there, when the daemon is built. */
struct phrase {
	const char *english, *other;
};

struct phrases {
	const char *code;          /* of the language, as "es" or "pt_BR" */
	const struct phrase *rows; /* in the order of strcmp of their English */
	size_t count;
};

/* One for each language but English. */
const struct phrases *phrases_all(size_t *count);
