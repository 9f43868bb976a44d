#include "session/language.h"

#include <stdlib.h>
#include <string.h>

#include "session/phrases.h"

static const struct phrases *phrases_of(enum language language)
{
	size_t count;
	const struct phrases *all = phrases_all(&count);

	return language != LANGUAGE_ENGLISH && (size_t)language <= count ? &all[language - 1] : NULL;
}

const char *language_code(enum language language)
{
	const struct phrases *p = phrases_of(language);

	return language == LANGUAGE_ENGLISH ? "en" : p ? p->code : NULL;
}

bool language_find(struct str code, enum language *out)
{
	const char *own;

	for (int i = LANGUAGE_ENGLISH; (own = language_code((enum language)i)); i++) {
		if (!str_eq_nocase(code, str_of(own)))
			continue;
		*out = (enum language)i;
		return true;
	}
	return false;
}

void language_list(struct buf *out)
{
	const char *code;

	for (int i = LANGUAGE_ENGLISH; (code = language_code((enum language)i)); i++) {
		if (i)
			buf_cstr(out, ", ");
		buf_cstr(out, code);
	}
}

static int compare(const void *english, const void *row)
{
	return strcmp(english, ((const struct phrase *)row)->english);
}

const char *language_words(enum language language, const char *english)
{
	const struct phrases *p = phrases_of(language);
	const struct phrase *row = p ? bsearch(english, p->rows, p->count, sizeof(*p->rows), compare) : NULL;

	return row ? row->other : english;
}
