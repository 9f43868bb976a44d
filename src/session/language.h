#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/mark.h"
#include "base/str.h"

/*
 * What people are told is written in English, marked, and looked up in the language of who reads it. Which words are
 * marked, and how a language is added: docs/translating.md. What is kept and what is sent to several at once has no
 * language: it is English.
 */
enum language {
	LANGUAGE_ENGLISH, /* those of po/chatd/LINGUAS follow, in its order */
	LANGUAGE_MAX = 255,
};

/* "en", "es"; false: there is no such language here. The case of letters does not count. */
bool language_find(struct str code, enum language *out);

/* NULL: there are fewer. */
const char *language_code(enum language language);

/* All codes, with a comma between them. */
void language_list(struct buf *out);

/* english itself where it was not translated. What comes back takes the same arguments as english does. */
const char *language_words(enum language language, const char *english) __attribute__((format_arg(2)));
