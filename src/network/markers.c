#include "network/markers.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

enum { NAME_MAX_BYTES = 512, NUMBER_MAX = 22 };

/* The next line of a text; it is left behind. False: there is none, or none that is good. */
static bool next(struct str *text, struct str *name, int64_t *time)
{
	struct str line;
	unsigned long long number;

	if (text->n == 0 || !str_split(text, '\n', &line) || !str_split(&line, ' ', name) || name->n == 0 ||
	    !str_u64(line, INT64_MAX, &number))
		return false;
	*time = (int64_t)number;
	return true;
}

int64_t markers_get(const char *text, struct str name)
{
	struct str rest = str_of(text), each;
	int64_t time;

	while (next(&rest, &each, &time))
		if (str_eq(each, name))
			return time;
	return 0;
}

/* The one to go: that of the name, or the earliest of too many. */
static struct str leaving(const char *text, struct str name)
{
	struct str rest = str_of(text), each, earliest = name;
	int64_t time, least = INT64_MAX;
	unsigned count = 0;

	while (next(&rest, &each, &time)) {
		if (str_eq(each, name))
			return name;
		if (time < least) {
			least = time;
			earliest = each;
		}
		count++;
	}
	return count >= MARKERS_MAX ? earliest : name;
}

static void put(struct buf *b, struct str name, int64_t time)
{
	buf_fmt(b, "%.*s %lld\n", STR_ARG(name), (long long)time);
}

bool markers_set(char **text, struct str name, int64_t time)
{
	struct str rest = str_of(*text), out = leaving(*text, name), each;
	size_t size = rest.n + name.n + NUMBER_MAX + 2;
	struct buf b;
	int64_t its;
	char *made;

	if (name.n == 0 || name.n > NAME_MAX_BYTES || memchr(name.p, ' ', name.n) || memchr(name.p, '\n', name.n) ||
	    time <= markers_get(*text, name))
		return false;
	made = mem_alloc(size);
	buf_init(&b, made, size - 1);
	while (next(&rest, &each, &its))
		if (!str_eq(each, out))
			put(&b, each, its);
	put(&b, name, time);
	made[b.n] = '\0';
	mem_free(*text);
	*text = made;
	return true;
}

void markers_take(char **text, struct str from)
{
	char *made = NULL;
	struct str name;
	int64_t time;

	if (str_eq(str_of(*text), from))
		return;
	while (next(&from, &name, &time))
		(void)markers_set(&made, name, time);
	mem_free(*text);
	*text = made;
}

void markers_move(char **text, struct str from, struct str to)
{
	int64_t time = markers_get(*text, from), its;
	struct str rest = str_of(*text), each;
	char *made = NULL;

	if (!time || str_eq(from, to))
		return;
	while (next(&rest, &each, &its))
		if (!str_eq(each, from))
			(void)markers_set(&made, each, its);
	(void)markers_set(&made, to, time);
	mem_free(*text);
	*text = made;
}
