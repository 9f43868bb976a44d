#include "chat-client/sts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "chat-client/keep.h"

static const char file[] = "sts";

enum { DURATION_MAX = 100 * 366 * 86400U };

static void take_pair(struct sts *sts, struct str key, struct str value)
{
	unsigned long long n;

	if (str_eq(key, STR("port")) && str_u64(value, UINT16_MAX, &n) && n) {
		sts->has_port = true;
		sts->port = (uint16_t)n;
	} else if (str_eq(key, STR("duration")) && str_u64(value, UINT64_MAX, &n)) {
		sts->has_duration = true;
		sts->duration = n < DURATION_MAX ? n : DURATION_MAX;
	}
}

struct sts sts_parse(struct str value)
{
	struct sts sts = {0};
	struct str word;

	while (str_split(&value, ',', &word)) {
		const char *equals = word.n ? memchr(word.p, '=', word.n) : NULL;

		if (equals) {
			size_t n = (size_t)(equals - word.p);

			take_pair(&sts, (struct str){word.p, n}, (struct str){equals + 1, word.n - n - 1});
		}
	}
	return sts;
}

bool sts_find(const char *folder, const char *host, int64_t now_ms, uint16_t *port)
{
	char value[KEEP_VALUE_MAX];
	unsigned long long number, until;
	struct str rest, word;

	if (!keep_get(folder, file, host, value))
		return false;
	rest = str_of(value);
	if (!str_split(&rest, ' ', &word) || !str_u64(word, UINT16_MAX, &number) || !str_u64(rest, INT64_MAX, &until))
		return false;
	*port = (uint16_t)number;
	return (int64_t)until > now_ms;
}

int sts_keep(const char *folder, const char *host, uint16_t port, int64_t now_ms, uint64_t duration)
{
	char value[KEEP_VALUE_MAX];

	snprintf(value, sizeof(value), "%u %" PRId64, port, now_ms + (int64_t)duration * 1000);
	return keep_put(folder, file, host, duration ? value : NULL);
}
