#include "chatd/status.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "chatd/engine.h"
#include "chatd/service.h"
#include "loop/loop.h"

enum { TROUBLE_MAX = 512 };

struct status {
	struct turn_hook hook;
	struct timer timer; /* set: a change waits to be told */
	struct loop *loop;
	const struct engine *engine;
	struct engine_count told;
	int64_t told_ms;
	char trouble[TROUBLE_MAX];
};

static void compose(const struct status *s, char *text, size_t size)
{
	const struct engine_count now = s->told;

	snprintf(text, size, "%u user%s, %u channel%s, %u MB%s%s", now.users, now.users == 1 ? "" : "s", now.channels,
		 now.channels == 1 ? "" : "s", service_memory_mb(), *s->trouble ? "; " : "", s->trouble);
}

static void note(struct status *s)
{
	s->told = engine_count(s->engine);
	s->told_ms = loop_clock(s->loop)->mono_ms;
}

static void tell(struct timer *t)
{
	struct status *s = (struct status *)((char *)t - offsetof(struct status, timer));
	char text[TROUBLE_MAX + 96];

	note(s);
	compose(s, text, sizeof(text));
	service_status(text);
}

/* The end of a turn: is anything other than it was told? */
static void look(struct turn_hook *hook)
{
	struct status *s = (struct status *)((char *)hook - offsetof(struct status, hook));
	const struct engine_count now = engine_count(s->engine);

	if (now.users == s->told.users && now.channels == s->told.channels)
		loop_timer_stop(s->loop, &s->timer);
	else if (!loop_timer_is_set(&s->timer))
		loop_timer_set(s->loop, &s->timer, s->told_ms + STATUS_MS);
}

struct status *status_new(struct loop *loop, const struct engine *engine)
{
	struct status *s = mem_zalloc(sizeof(*s));

	s->hook.run = look;
	s->timer.due = tell;
	s->loop = loop;
	s->engine = engine;
	note(s);
	if (service_is_heard())
		loop_hook_add(loop, &s->hook);
	return s;
}

void status_free(struct status *s)
{
	if (!s)
		return;
	if (service_is_heard())
		loop_hook_remove(s->loop, &s->hook);
	loop_timer_stop(s->loop, &s->timer);
	mem_free(s);
}

void status_ready(struct status *s, const char *trouble)
{
	char text[TROUBLE_MAX + 96];

	snprintf(s->trouble, sizeof(s->trouble), "%s", trouble ? trouble : "");
	note(s);
	compose(s, text, sizeof(text));
	service_ready(text);
}
