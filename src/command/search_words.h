#pragma once

#include <stdbool.h>

#include "base/str.h"
#include "journal/history.h"

/* What SEARCH was asked for: https://soju.im/search */
enum { SEARCH_WORDS_MAX = 1024 };
struct search_words {
	struct history_search what;
	struct str in; /* a channel or a nick; empty: anywhere */
	unsigned long long limit;
	bool limited;
	char memory[SEARCH_WORDS_MAX]; /* the views are into it */
};

/* "key=value;...", values escaped as those of tags. False: *bad is the key that is unknown, or has no good value. */
bool search_words_parse(struct search_words *out, struct str attributes, struct str *bad);
