#include "session/monitor.h"

#include "base/map.h"
#include "base/mem.h"
#include "proto/name.h"
#include "session/session.h"

enum { WATCHED_MAX = 256 };

struct monitor_entry {
	struct vec watchers; /* struct monitor_watch * */
	uint16_t n;
	char folded[];
};

struct monitor {
	struct map entries; /* struct monitor_entry, by folded nick */
	enum casemap casemap;
};

static struct str entry_key(const void *item)
{
	const struct monitor_entry *e = item;

	return (struct str){e->folded, e->n};
}

struct monitor *monitor_new(enum casemap casemap, const struct hash_key *seed)
{
	struct monitor *m = mem_zalloc(sizeof(*m));

	m->casemap = casemap;
	map_init(&m->entries, entry_key, seed);
	return m;
}

static void entry_free(struct monitor_entry *e)
{
	vec_deinit(&e->watchers);
	mem_free(e);
}

void monitor_free(struct monitor *m)
{
	struct monitor_entry *e;
	uint32_t at = 0;

	if (!m)
		return;
	while ((e = map_next(&m->entries, &at)))
		entry_free(e);
	map_deinit(&m->entries);
	mem_free(m);
}

static struct monitor_entry *find(const struct monitor *m, struct str nick)
{
	BUF_MEMORY char folded[CASEMAP_ROOM(WATCHED_MAX)];

	return nick.n <= WATCHED_MAX ? map_get(&m->entries, casemap_fold(m->casemap, folded, nick)) : NULL;
}

static struct monitor_entry *entry_make(struct monitor *m, struct str nick)
{
	BUF_MEMORY char memory[CASEMAP_ROOM(WATCHED_MAX)];
	struct str folded = casemap_fold(m->casemap, memory, nick);
	struct monitor_entry *e = mem_zalloc(sizeof(*e) + folded.n);

	e->n = (uint16_t)folded.n;
	if (folded.n)
		memcpy(e->folded, folded.p, folded.n);
	map_put(&m->entries, e);
	return e;
}

enum monitor_result monitor_add(struct monitor *m, struct session *s, struct str nick, uint32_t max)
{
	struct monitor_entry *e = find(m, nick);
	struct monitor_watch *w;

	for (uint32_t i = 0; e && i < s->monitors.count; i++) {
		w = s->monitors.items[i];
		if (w->entry == e)
			return MONITOR_ALREADY;
	}
	if (s->monitors.count >= max || nick.n > WATCHED_MAX)
		return MONITOR_FULL;
	if (!e)
		e = entry_make(m, nick);
	w = mem_alloc(sizeof(*w) + nick.n + 1);
	w->session = s;
	w->entry = e;
	memcpy(w->nick, nick.p, nick.n);
	w->nick[nick.n] = '\0';
	w->at = vec_push(&e->watchers, w);
	vec_push(&s->monitors, w);
	return MONITOR_ADDED;
}

/* Takes the session's nth interest away; an entry that nobody watches goes too. */
static void drop(struct monitor *m, struct session *s, uint32_t nth)
{
	struct monitor_watch *w = s->monitors.items[nth], *moved;
	struct monitor_entry *e = w->entry;

	vec_remove(&s->monitors, nth);
	moved = vec_remove(&e->watchers, w->at);
	if (moved)
		moved->at = w->at;
	mem_free(w);
	if (e->watchers.count == 0) {
		map_del(&m->entries, entry_key(e));
		entry_free(e);
	}
}

void monitor_remove(struct monitor *m, struct session *s, struct str nick)
{
	const struct monitor_entry *e = find(m, nick);

	for (uint32_t i = 0; e && i < s->monitors.count; i++) {
		const struct monitor_watch *w = s->monitors.items[i];

		if (w->entry == e) {
			drop(m, s, i);
			return;
		}
	}
}

void monitor_clear(struct monitor *m, struct session *s)
{
	while (s->monitors.count)
		drop(m, s, s->monitors.count - 1);
	vec_deinit(&s->monitors);
}

const char *monitor_nth(const struct session *s, size_t nth)
{
	return nth < s->monitors.count ? ((const struct monitor_watch *)s->monitors.items[nth])->nick : NULL;
}

const struct vec *monitor_watchers(const struct monitor *m, struct str nick)
{
	const struct monitor_entry *e = find(m, nick);

	return e ? &e->watchers : NULL;
}
