#include "session/msgid.h"

#include <stdlib.h>
#include <string.h>

enum { TIME_CHARS = 10, COUNT_CHARS = 5, RUN_CHARS = 5, CHAR_BITS = 5 };

void msgid_init(struct msgid_source *m)
{
	memset(m, 0, sizeof(*m));
	m->run = arc4random();
}

static const char alphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";

/* Digits that sort like their values, without those that people mistake for others. */
static char *digits(char *dst, uint64_t value, int chars)
{
	for (int i = chars - 1; i >= 0; i--) {
		dst[i] = alphabet[value & ((1u << CHAR_BITS) - 1)];
		value >>= CHAR_BITS;
	}
	return dst + chars;
}

struct str msgid_next(struct msgid_source *m, int64_t now_ms)
{
	char *p = m->text;

	if (now_ms > m->last_ms) {
		m->last_ms = now_ms;
		m->count = 0;
	} else if (++m->count >> (COUNT_CHARS * CHAR_BITS)) {
		m->last_ms++;
		m->count = 0;
	}
	p = digits(p, (uint64_t)m->last_ms, TIME_CHARS);
	p = digits(p, m->count, COUNT_CHARS);
	digits(p, m->run, RUN_CHARS);
	return (struct str){m->text, MSGID_LENGTH};
}

int64_t msgid_time(struct str id)
{
	int64_t ms = 0;

	if (id.n != MSGID_LENGTH)
		return 0;
	for (int i = 0; i < TIME_CHARS; i++) {
		const char *digit = id.p[i] ? strchr(alphabet, id.p[i]) : NULL;

		if (!digit)
			return 0;
		ms = ms << CHAR_BITS | (digit - alphabet);
	}
	return ms;
}
