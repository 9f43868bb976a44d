#include "chatd/config_value.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"

struct unit {
	const char *name;
	uint64_t factor;
};

/* Digits at the front of *text, which moves past them. False: there are none, or too many. */
static bool take_number(const char **text, uint64_t *out)
{
	const char *p = *text;
	uint64_t n = 0;

	for (; isdigit((unsigned char)*p); p++) {
		if (n > UINT64_MAX / 1000)
			return false;
		n = n * 10 + (uint64_t)(*p - '0');
	}
	if (p == *text)
		return false;
	*text = p;
	*out = n;
	return true;
}

static const struct unit *take_unit(const char **text, const struct unit *units, size_t count)
{
	size_t len = 0;

	while (isalpha((unsigned char)(*text)[len]))
		len++;
	for (size_t i = 0; i < count; i++) {
		if (strlen(units[i].name) == len && strncasecmp(*text, units[i].name, len) == 0) {
			*text += len;
			return &units[i];
		}
	}
	return NULL;
}

static bool take_quantity(const char **text, const struct unit *units, size_t count, uint64_t *out)
{
	const struct unit *unit;
	uint64_t n;

	if (!take_number(text, &n))
		return false;
	unit = take_unit(text, units, count);
	if (!unit || n > UINT64_MAX / 4 / unit->factor)
		return false;
	*out = n * unit->factor;
	return true;
}

bool config_value_duration(const char *text, uint64_t *ms)
{
	static const struct unit units[] = {
		{"", 1000}, {"s", 1000}, {"ms", 1}, {"m", 60000}, {"h", 3600000}, {"d", 86400000},
	};
	uint64_t sum = 0;
	uint64_t part;

	do {
		if (!take_quantity(&text, units, sizeof(units) / sizeof(units[0]), &part) || sum > UINT64_MAX / 4)
			return false;
		sum += part;
	} while (*text);
	*ms = sum;
	return true;
}

bool config_value_size(const char *text, uint64_t *bytes)
{
	static const struct unit units[] = {{"", 1}, {"k", 1 << 10}, {"m", 1 << 20}, {"g", 1 << 30}};

	return take_quantity(&text, units, sizeof(units) / sizeof(units[0]), bytes) && *text == '\0';
}

bool config_value_bool(const char *text, bool *out)
{
	static const struct {
		const char *word;
		bool value;
	} words[] = {
		{"yes", true}, {"true", true}, {"on", true}, {"no", false}, {"false", false}, {"off", false},
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcasecmp(text, words[i].word) == 0) {
			*out = words[i].value;
			return true;
		}
	}
	return false;
}

enum { NEAR_WORD_MAX = 32 };

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* How many letters must be added, left out or changed to make b of a; both at most NEAR_WORD_MAX long. */
static unsigned edit_distance(const char *a, const char *b)
{
	unsigned row[NEAR_WORD_MAX + 1];
	size_t len = strlen(b);

	for (unsigned j = 0; j <= len; j++)
		row[j] = j;
	for (unsigned i = 0; a[i]; i++) {
		unsigned corner = row[0]++;

		for (size_t j = 0; j < len; j++) {
			unsigned change = corner + (tolower((unsigned char)a[i]) != tolower((unsigned char)b[j]));

			corner = row[j + 1];
			row[j + 1] = least(change, least(corner, row[j]) + 1);
		}
	}
	return row[len];
}

const char *config_value_near(const char *word, const char *const *words, size_t count)
{
	const char *best = NULL;
	unsigned best_distance = 3;

	if (strlen(word) > NEAR_WORD_MAX)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		unsigned d;

		if (strlen(words[i]) > NEAR_WORD_MAX)
			continue;
		d = edit_distance(word, words[i]);
		if (d < best_distance && d < strlen(words[i])) {
			best = words[i];
			best_distance = d;
		}
	}
	return best;
}

static bool is_address(int family, struct str s)
{
	char text[INET6_ADDRSTRLEN];
	unsigned char bytes[sizeof(struct in6_addr)];

	if (!s.n || s.n >= sizeof(text))
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	return inet_pton(family, text, bytes) == 1;
}

static bool is_port(struct str s)
{
	unsigned long long port;

	return str_u64(s, UINT16_MAX, &port) && port > 0;
}

static struct str between(const char *from, const char *to)
{
	return (struct str){from, (size_t)(to - from)};
}

/* "192.0.2.53", "192.0.2.53:53", "2001:db8::53", "[2001:db8::53]", "[2001:db8::53]:53" */
static bool is_server(struct str s)
{
	const char *end = s.p + s.n, *mark;

	if (is_address(AF_INET, s) || is_address(AF_INET6, s))
		return true;
	if (s.n && s.p[0] == '[') {
		mark = memchr(s.p, ']', s.n);
		if (!mark || !is_address(AF_INET6, between(s.p + 1, mark)))
			return false;
		return mark + 1 == end || (mark[1] == ':' && is_port(between(mark + 2, end)));
	}
	mark = s.n ? memchr(s.p, ':', s.n) : NULL;
	return mark && is_address(AF_INET, between(s.p, mark)) && is_port(between(mark + 1, end));
}

bool config_value_servers(const char *text)
{
	struct str rest = str_of(text), one;
	bool any = false;

	while (str_split(&rest, ',', &one)) {
		while (one.n && one.p[0] == ' ')
			one = (struct str){one.p + 1, one.n - 1};
		if (!is_server(one))
			return false;
		any = true;
	}
	return any && text[strlen(text) - 1] != ',';
}
