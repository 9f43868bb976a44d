#include "network/metadata.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "proto/utf8.h"

bool metadata_key_fits(struct str key)
{
	for (size_t i = 0; i < key.n; i++) {
		char c = key.p[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && !memchr("_./-", c, 4))
			return false;
	}
	return key.n > 0 && key.n <= METADATA_KEY_MAX;
}

bool metadata_value_fits(struct str value)
{
	for (size_t i = 0; i < value.n; i++)
		if (value.p[i] == '\n' || value.p[i] == '\r' || value.p[i] == '\0')
			return false;
	return value.n <= METADATA_VALUE_MAX && utf8_valid(value);
}

bool metadata_next(struct str *text, struct str *key, struct str *value)
{
	struct str line;

	if (text->n == 0 || !str_split(text, '\n', &line) || !str_split(&line, ' ', key))
		return false;
	*value = line;
	return true;
}

bool metadata_get(const struct metadata *m, struct str key, struct str *value)
{
	struct str text = metadata_text(m), each;

	while (metadata_next(&text, &each, value))
		if (str_eq(each, key))
			return true;
	return false;
}

static void put(struct metadata *m, struct str key, struct str value)
{
	memcpy(m->text + m->n, key.p, key.n);
	m->text[m->n + key.n] = ' ';
	if (value.n)
		memcpy(m->text + m->n + key.n + 1, value.p, value.n);
	m->n += (uint32_t)(key.n + value.n + 2);
	m->text[m->n - 1] = '\n';
	m->count++;
}

/* With that key as it is to be; value NULL: without it. */
static void rebuild(struct metadata **at, struct str key, const struct str *value)
{
	struct metadata *was = *at,
			*m = mem_alloc(sizeof(*m) + metadata_text(was).n + METADATA_KEY_MAX + METADATA_VALUE_MAX + 2);
	struct str text = metadata_text(was), each, its;
	bool found = false;

	m->count = m->n = 0;
	while (metadata_next(&text, &each, &its)) {
		if (!str_eq(each, key)) {
			put(m, each, its);
		} else {
			found = true;
			if (value)
				put(m, key, *value);
		}
	}
	if (!found && value)
		put(m, key, *value);
	mem_free(was);
	if (m->count == 0) {
		mem_free(m);
		m = NULL;
	}
	*at = m ? mem_realloc(m, sizeof(*m) + m->n) : NULL;
}

bool metadata_set(struct metadata **m, struct str key, struct str value)
{
	struct str now;
	bool set = metadata_get(*m, key, &now);

	if (!metadata_key_fits(key) || !metadata_value_fits(value) || (set && str_eq(now, value)) ||
	    (!set && metadata_count(*m) >= METADATA_KEYS_MAX))
		return false;
	rebuild(m, key, &value);
	return true;
}

bool metadata_remove(struct metadata **m, struct str key)
{
	struct str now;

	if (!metadata_get(*m, key, &now))
		return false;
	rebuild(m, key, NULL);
	return true;
}

void metadata_take(struct metadata **m, struct str text)
{
	struct metadata *made = NULL;
	struct str key, value;

	if (str_eq(text, metadata_text(*m)))
		return;
	while (metadata_next(&text, &key, &value))
		(void)metadata_set(&made, key, value);
	mem_free(*m);
	*m = made;
}
