#pragma once

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
