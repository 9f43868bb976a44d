#include "proto/notices.h"

static const struct {
	char letter;
	int8_t needs; /* a privilege beside PRIV_NOTICES; -1: none */
} kinds[NOTICE_COUNT] = {
	[NOTICE_CONNECTS] = {'c', PRIV_SEE_ADDRESS},
	[NOTICE_KILLS] = {'k', -1},
	[NOTICE_BANS] = {'x', PRIV_BAN},
	[NOTICE_OPERS] = {'o', -1},
	[NOTICE_FLOODS] = {'f', PRIV_SEE_ADDRESS},
	[NOTICE_NICKS] = {'n', -1},
	[NOTICE_ERRORS] = {'e', PRIV_SEE_ADDRESS},
	[NOTICE_SERVER] = {'s', -1},
	[NOTICE_REGISTRY] = {'r', -1},
};

char notice_letter(enum notice kind)
{
	return kinds[kind].letter;
}

uint32_t notices_allowed(priv_set privileges)
{
	uint32_t mask = 0;

	if (!(privileges & PRIV_BIT(PRIV_NOTICES)))
		return 0;
	for (int i = 0; i < NOTICE_COUNT; i++) {
		if (kinds[i].needs < 0 || (privileges & PRIV_BIT(kinds[i].needs)))
			mask |= NOTICE_BIT(i);
	}
	return mask;
}

static uint32_t bit_of(char letter)
{
	for (int i = 0; i < NOTICE_COUNT; i++) {
		if (kinds[i].letter == letter)
			return NOTICE_BIT(i);
	}
	return 0;
}

bool notices_change(uint32_t *mask, const char *text, char *bad)
{
	uint32_t changed = *mask;
	bool set = true;

	for (; *text; text++) {
		uint32_t bit = bit_of(*text);

		if (*text == '+' || *text == '-') {
			set = *text == '+';
			continue;
		}
		if (!bit) {
			*bad = *text;
			return false;
		}
		changed = set ? changed | bit : changed & ~bit;
	}
	*mask = changed;
	return true;
}

void notices_show(uint32_t mask, char dst[NOTICE_COUNT + 2])
{
	*dst++ = '+';
	for (int i = 0; i < NOTICE_COUNT; i++) {
		if (mask & NOTICE_BIT(i))
			*dst++ = kinds[i].letter;
	}
	*dst = '\0';
}
