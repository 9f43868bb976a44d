#include "chatd/record_json.h"

#include <string.h>

struct showing {
	struct json *json;
	const char *list; /* the list that is open; NULL: none */
};

static void close_list(struct showing *s)
{
	if (s->list)
		json_list_end(s->json);
	s->list = NULL;
}

static void show_text(void *ctx, const char *name, struct str value)
{
	struct showing *s = ctx;

	close_list(s);
	json_str(s->json, name, value);
}

static void show_number(void *ctx, const char *name, uint64_t value)
{
	struct showing *s = ctx;

	close_list(s);
	json_u64(s->json, name, value);
}

static void show_item(void *ctx, const char *name, struct str value)
{
	struct showing *s = ctx;

	if (!s->list || strcmp(s->list, name) != 0) {
		close_list(s);
		json_list_begin(s->json, name);
		s->list = name;
	}
	json_item(s->json, value);
}

void record_json(struct json *j, const struct record *r)
{
	struct showing s = {.json = j};
	const struct record_viewer viewer = {show_text, show_number, show_item, &s};

	json_str(j, "type", str_of(record_type_name(r->type)));
	if (r->time)
		json_time(j, "time", r->time);
	if (r->origin)
		json_u64(j, "origin", r->origin);
	if (r->msgid.n)
		json_str(j, "msgid", r->msgid);
	if (r->flags & RECORD_OVERRIDE)
		json_bool(j, "override", true);
	record_show(r, &viewer);
	close_list(&s);
}
