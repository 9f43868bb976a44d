#include "chat-client/words.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef CHAT_LOCALEDIR

static const char domain[] = "chat-client";

/* The language is that of a locale which is not installed here: it can be spoken nevertheless. */
static void speak_without_locale(void)
{
	static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
	const char *value = NULL;
	char language[64];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && !(value && *value); i++)
		value = getenv(names[i]);
	if (!value || !*value || !setlocale(LC_MESSAGES, "C.UTF-8"))
		return;
	snprintf(language, sizeof(language), "%.*s", (int)strcspn(value, ".@"), value);
	(void)setenv("LANGUAGE", language, 0);
}

void words_choose(bool ascii)
{
	const char *folder = getenv("TEXTDOMAINDIR");

	if (!setlocale(LC_MESSAGES, ""))
		speak_without_locale();
	(void)bindtextdomain(domain, folder && *folder == '/' ? folder : CHAT_LOCALEDIR);
	(void)bind_textdomain_codeset(domain, ascii ? "ASCII" : "UTF-8");
	(void)textdomain(domain);
}

#else

void words_choose(bool ascii)
{
	(void)ascii;
}

#endif
