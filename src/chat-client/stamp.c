#include "chat-client/stamp.h"

#include <time.h>

/* Reads exactly n digits at *rest, then the byte `after` unless it is NUL. */
static bool take_number(struct str *rest, size_t n, char after, int *value)
{
	size_t used = n + (after != '\0');

	if (rest->n < used || (after && rest->p[n] != after))
		return false;
	*value = 0;
	for (size_t i = 0; i < n; i++) {
		if (rest->p[i] < '0' || rest->p[i] > '9')
			return false;
		*value = *value * 10 + (rest->p[i] - '0');
	}
	rest->p += used;
	rest->n -= used;
	return true;
}

static bool in_range(const struct tm *tm)
{
	return tm->tm_mon >= 0 && tm->tm_mon <= 11 && tm->tm_mday >= 1 && tm->tm_mday <= 31 && tm->tm_hour <= 23 &&
	       tm->tm_min <= 59 && tm->tm_sec <= 60;
}

bool stamp_parse(struct str text, int64_t *ms)
{
	struct tm tm = {0};
	int milli;

	if (!take_number(&text, 4, '-', &tm.tm_year) || !take_number(&text, 2, '-', &tm.tm_mon) ||
	    !take_number(&text, 2, 'T', &tm.tm_mday) || !take_number(&text, 2, ':', &tm.tm_hour) ||
	    !take_number(&text, 2, ':', &tm.tm_min) || !take_number(&text, 2, '.', &tm.tm_sec) ||
	    !take_number(&text, 3, 'Z', &milli) || text.n)
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	if (!in_range(&tm))
		return false;
	*ms = (int64_t)timegm(&tm) * 1000 + milli;
	return true;
}

static void add_local(struct buf *out, int64_t ms, bool dated)
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm tm;

	if (!localtime_r(&seconds, &tm)) {
		buf_cstr(out, "--:--");
		return;
	}
	if (dated)
		buf_fmt(out, "%04d-%02d-%02d ", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
	buf_fmt(out, "%02d:%02d", tm.tm_hour, tm.tm_min);
}

void stamp_clock(struct buf *out, int64_t ms)
{
	add_local(out, ms, false);
}

void stamp_date(struct buf *out, int64_t ms)
{
	add_local(out, ms, true);
}

void stamp_duration(struct buf *out, uint64_t seconds)
{
	static const struct {
		uint64_t size;
		char unit;
	} units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
	size_t i = 0;

	while (i < 3 && seconds < units[i].size)
		i++;
	buf_u64(out, seconds / units[i].size);
	buf_chr(out, units[i].unit);
	if (i == 3)
		return;
	buf_chr(out, ' ');
	buf_u64(out, seconds % units[i].size / units[i + 1].size);
	buf_chr(out, units[i + 1].unit);
}
