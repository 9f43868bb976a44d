#pragma once

#include <stdbool.h>

#include "chat_version.h"

/*
 * What people read is written in English, marked, and shown in the language that they chose, where po/ has it.
 * _(): here and now. N_(): in a table; it is looked up where it is shown.
 */
#ifdef CHAT_LOCALEDIR
#include <libintl.h>
#define _(text) gettext(text)
#define WORDS(one, many, n) ngettext(one, many, n)
#else
#define _(text) (text)
#define WORDS(one, many, n) ((n) == 1 ? (one) : (many))
#endif
#define N_(text) (text)

/* The same for words with parts that events.c puts in, which are not those of printf. */
#define PHRASE(text) _(text)
#define N_PHRASE(text) (text)

/* Chooses the language that the environment names (LC_ALL, LC_MESSAGES, LANG, LANGUAGE), once. */
void words_choose(bool ascii);
