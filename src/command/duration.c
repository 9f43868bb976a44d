#include "command/duration.h"

#include <strings.h>

#include "base/str.h"

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DIGITS_MAX = 10 };

#define DAY (24ll * HOUR)
#define LONGEST (36500 * DAY)

static const struct unit {
	char letter;
	int64_t ms;
} units[] = {{'w', 7 * DAY}, {'d', DAY}, {'h', HOUR}, {'m', MINUTE}, {'s', SECOND}};

enum { UNITS = sizeof(units) / sizeof(units[0]) };

static bool is_for_good(const char *text)
{
	static const char *const words[] = {"0", "perm", "permanent", "forever"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcasecmp(text, words[i]) == 0)
			return true;
	}
	return false;
}

/* The unit at the front of *text, which moves past it; 0: there is none. */
static int64_t take_unit(const char **text)
{
	if (**text == '\0')
		return MINUTE;
	for (size_t i = 0; i < UNITS; i++) {
		if ((**text | 0x20) == units[i].letter) {
			(*text)++;
			return units[i].ms;
		}
	}
	return 0;
}

static bool take_part(const char **text, int64_t *ms)
{
	int64_t n = 0, unit;
	int digits = 0;

	for (; **text >= '0' && **text <= '9' && digits < DIGITS_MAX; digits++)
		n = n * 10 + (*(*text)++ - '0');
	unit = digits ? take_unit(text) : 0;
	if (!unit || n > LONGEST / unit)
		return false;
	*ms = n * unit;
	return true;
}

bool duration_parse(const char *text, int64_t *ms)
{
	int64_t sum = 0, part;

	*ms = 0;
	if (is_for_good(text))
		return true;
	do {
		if (!take_part(&text, &part) || sum + part > LONGEST)
			return false;
		sum += part;
	} while (*text);
	*ms = sum;
	return sum > 0;
}

void duration_show(struct buf *out, int64_t ms)
{
	int shown = 0;

	for (size_t i = 0; i < UNITS && shown < 2; i++) {
		if (ms < units[i].ms) {
			shown += shown > 0;
			continue;
		}
		buf_u64(out, (uint64_t)(ms / units[i].ms));
		buf_chr(out, units[i].letter);
		ms %= units[i].ms;
		shown++;
	}
	if (!shown)
		buf_cstr(out, "0s");
}
