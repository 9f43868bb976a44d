#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

/*
 * Names in any script, much as the UsernameCaseMapped profile of RFC 8265 has them, out of ICU.
 *
 * Folding must give the same on every machine and for ever: what is kept is filed under folded names. So it stands on what
 * Unicode promises never to alter (https://www.unicode.org/policies/stability_policy.html): normalisation and case
 * folding of characters that are in Unicode 14, and has by itself what 15.1 added to simple case folding. Later ones are no part of a nick, and are folded to themselves, whatever
 * the ICU at hand knows of them.
 */

enum { PRECIS_GROWTH = 3 }; /* so many bytes may become of one when it is folded */

/*
 * Full-width and half-width forms made usual, canonically equivalent texts made one (NFC), case folded. Any bytes: what is
 * no UTF-8 stays as it is. dst: PRECIS_GROWTH * src.n bytes, and not src. Returns the view of what it wrote; folding
 * that again gives the same.
 */
struct str precis_fold(char *dst, struct str src);

/* The same with its case. */
struct str precis_prepare(char *dst, struct str src);

/*
 * What may stand in a nick: letters, marks and digits of RFC 8264's IdentifierClass, and of ASCII what is_ascii says. A
 * mark follows something, and four follow each other at most; the digits are of one script; RFC 5893's bidi rule holds,
 * but that clients may put '_' behind a nick.
 */
bool precis_nick_valid(struct str nick, bool (*is_ascii)(char c));
