#include <stdint.h>

#include "check.h"
#include "proto/casemap.h"
#include "proto/mask.h"
#include "proto/name.h"
#include "proto/precis.h"
#include "proto/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX = 1024 };

static void check_fold(struct str text)
{
	static char once[CASEMAP_ROOM(INPUT_MAX)], twice[CASEMAP_ROOM(CASEMAP_ROOM(INPUT_MAX))];
	struct str folded = casemap_fold(CASEMAP_PRECIS, once, text);

	CHECK(folded.n <= CASEMAP_ROOM(text.n));
	CHECK(utf8_valid(text) == utf8_valid(folded));
	CHECK(str_eq(casemap_fold(CASEMAP_PRECIS, twice, folded), folded));
	if (text.n <= INPUT_MAX / 8)
		CHECK(casemap_eq(CASEMAP_PRECIS, text, folded) && casemap_eq(CASEMAP_PRECIS, folded, text));
}

static void check_nick(struct str text)
{
	static char folded[CASEMAP_ROOM(INPUT_MAX)];
	struct str nick;

	if (!name_nick_valid(CASEMAP_PRECIS, text, NAME_NICK_MAX))
		return;
	CHECK(utf8_valid(text));
	nick = casemap_fold(CASEMAP_PRECIS, folded, text);
	CHECK(name_nick_valid(CASEMAP_PRECIS, nick, CASEMAP_ROOM(NAME_NICK_MAX)));
	CHECK(mask_match(CASEMAP_PRECIS, text, nick) && mask_match(CASEMAP_PRECIS, nick, text));
	for (size_t i = 0; i < nick.n; i++)
		CHECK(!strchr(" ,:!@*?.#~&%+$", nick.p[i]));
}

/* A name; behind a NUL, a second one that a mask is made of. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = {(const char *)data, size < INPUT_MAX ? size : INPUT_MAX}, name;

	while (str_split(&rest, '\0', &name)) {
		check_fold(name);
		check_nick(name);
		(void)mask_match(CASEMAP_PRECIS, name, rest);
	}
	return 0;
}
