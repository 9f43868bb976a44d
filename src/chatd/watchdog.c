#include "chatd/watchdog.h"

#include <stddef.h>

#include "base/mem.h"
#include "chatd/service.h"
#include "loop/loop.h"

struct watchdog {
	struct timer timer;
	struct loop *loop;
	int64_t every_ms;
};

static void feed(struct timer *t)
{
	struct watchdog *w = (struct watchdog *)((char *)t - offsetof(struct watchdog, timer));

	service_alive();
	loop_timer_set(w->loop, &w->timer, loop_clock(w->loop)->mono_ms + w->every_ms);
}

struct watchdog *watchdog_new(struct loop *loop)
{
	int64_t allowed_ms = service_watchdog_ms();
	struct watchdog *w;

	if (allowed_ms <= 0)
		return NULL;
	w = mem_zalloc(sizeof(*w));
	w->timer.due = feed;
	w->loop = loop;
	w->every_ms = allowed_ms > 2 ? allowed_ms / 2 : 1;
	service_watchdog_set(allowed_ms); /* a predecessor may have paused it */
	feed(&w->timer);
	return w;
}

void watchdog_pause(int64_t ms)
{
	if (service_watchdog_ms() > 0)
		service_watchdog_set(ms);
}

void watchdog_free(struct watchdog *w)
{
	if (!w)
		return;
	loop_timer_stop(w->loop, &w->timer);
	mem_free(w);
}
