#include "chat-client/keys.h"

#include <stdint.h>
#include <wctype.h>

#include "chat-client/codepoint.h"

enum { ESC = 0x1B };

/* How many bytes a character takes that starts so; 1 for what starts none. */
static size_t character_length(unsigned char lead)
{
	if (lead < 0xC2 || lead > 0xF4)
		return 1;
	if (lead < 0xE0)
		return 2;
	return lead < 0xF0 ? 3 : 4;
}

/* ESC [ parameters final, ESC O x, ESC x. */
static bool sequence_is_whole(const struct keys *k)
{
	unsigned char last = k->bytes[k->n - 1];

	if (k->n == 1)
		return false;
	if (k->bytes[1] == '[')
		return k->n > 2 && last >= 0x40 && last <= 0x7E;
	return k->bytes[1] != 'O' || k->n == 3;
}

/*
 * What the editor is given for the sequences of special keys. It does not get those itself: of one that it does not
 * know it would take the end for text.
 */
static const struct {
	const char *sequence; /* without ESC */
	wchar_t key[3];
} specials[] = {
	{"[A", L"\x10"},         {"OA", L"\x10"},     {"[B", L"\x0E"},     {"OB", L"\x0E"},  {"[C", L"\x06"},
	{"OC", L"\x06"},         {"[D", L"\x02"},     {"OD", L"\x02"},     {"[H", L"\x01"},  {"OH", L"\x01"},
	{"[1~", L"\x01"},        {"[7~", L"\x01"},    {"[F", L"\x05"},     {"OF", L"\x05"},  {"[4~", L"\x05"},
	{"[8~", L"\x05"},        {"[3~", L"\x1C"},    {"[1;5C", L"\033f"}, {"Oc", L"\033f"}, {"[1;3C", L"\033f"},
	{"[200~", {KEYS_PASTE}}, {"[1;5D", L"\033b"}, {"[1;3D", L"\033b"}, {"Od", L"\033b"},
};

static enum keys_result translate(struct str sequence, wchar_t *out, size_t *count)
{
	for (size_t i = 0; i < sizeof(specials) / sizeof(specials[0]); i++) {
		if (!str_eq(sequence, str_of(specials[i].sequence)))
			continue;
		*count = wcslen(specials[i].key);
		wmemcpy(out, specials[i].key, *count);
		return KEYS_WHOLE;
	}
	return KEYS_NONE;
}

static enum keys_result put_sequence(struct keys *k, wchar_t *out, size_t *count)
{
	struct str rest = {(const char *)k->bytes + 1, k->n - 1};

	/* Escape again: the first one was a key of its own */
	if (rest.n && k->bytes[k->n - 1] == ESC) {
		k->n = 1;
		return KEYS_MORE;
	}
	if (!sequence_is_whole(k) && k->n < KEYS_MAX)
		return KEYS_MORE;
	k->n = 0;
	if (rest.n != 1)
		return translate(rest, out, count);
	out[0] = ESC;
	out[1] = (unsigned char)rest.p[0];
	*count = 2;
	return KEYS_WHOLE;
}

static enum keys_result put_character(struct keys *k, wchar_t *out, size_t *count)
{
	struct str all = {(const char *)k->bytes, k->n};
	uint32_t cp;

	if (k->n < character_length(k->bytes[0]))
		return KEYS_MORE;
	k->n = 0;
	cp = codepoint_take(&all);
	/* a control of the second kind would be shown by the editor as it is */
	if (cp == CODEPOINT_BAD || (cp >= 0x80 && !iswprint((wint_t)cp)))
		return KEYS_NONE;
	out[0] = (wchar_t)cp;
	*count = 1;
	return KEYS_WHOLE;
}

enum keys_result keys_put(struct keys *k, unsigned char byte, wchar_t out[KEYS_OUT_MAX], size_t *count)
{
	*count = 0;
	k->bytes[k->n++] = byte;
	return k->bytes[0] == ESC ? put_sequence(k, out, count) : put_character(k, out, count);
}
