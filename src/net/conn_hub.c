#include "net/conn_internal.h"

#include "base/mem.h"

TAILQ_HEAD(conn_list, conn);

/* Free blocks worth giving back, and how long they may stay for the next rush. */
enum { TRIM_ABOVE = 256 << 10, TRIM_MS = 5000 };

struct conn_hub {
	struct loop *loop;
	struct ring_pool *pool;
	struct turn_hook hook;
	struct timer wake; /* set while something is due and no hook is sure to see it */
	struct timer trim; /* set after a rush, to give memory back to the system */
	bool in_hook;
	bool frozen;
	struct conn_counts counts;
	struct conn_list queues[CONN_QUEUES];
	char scratch[CONN_SCRATCH];
};

struct ring_pool *conn_hub_pool(struct conn_hub *hub)
{
	return hub->pool;
}

struct loop *conn_hub_loop(const struct conn_hub *hub)
{
	return hub->loop;
}

const struct conn_counts *conn_hub_counts(const struct conn_hub *hub)
{
	return &hub->counts;
}

struct conn_counts *conn_hub_counting(struct conn_hub *hub)
{
	return &hub->counts;
}

char *conn_hub_scratch(struct conn_hub *hub)
{
	return hub->scratch;
}

static void wake_at_once(struct conn_hub *hub)
{
	loop_timer_set(hub->loop, &hub->wake, loop_clock(hub->loop)->mono_ms);
}

static enum conn_queue queue_for(const struct conn *c)
{
	if (c->state == CONN_DEAD)
		return CONN_QUEUE_DEAD;
	if (c->flags & CONN_PUMP_DUE)
		return CONN_QUEUE_PUMP;
	return c->flags & CONN_FLUSH_DUE ? CONN_QUEUE_FLUSH : CONN_QUEUE_NONE;
}

void conn_place(struct conn *c)
{
	struct conn_hub *hub = c->hub;
	enum conn_queue queue = queue_for(c);
	if (queue == c->queue)
		return;
	if (c->queue)
		TAILQ_REMOVE(&hub->queues[c->queue], c, link);
	c->queue = (uint8_t)queue;
	if (!queue)
		return;
	TAILQ_INSERT_TAIL(&hub->queues[queue], c, link);
	if (!hub->in_hook && !loop_timer_is_set(&hub->wake))
		wake_at_once(hub);
}

/* Only those that are due by now: one that asks again while it is served waits for the next turn. */
static void pump_all(struct timer *t)
{
	struct conn_hub *hub = (struct conn_hub *)((char *)t - offsetof(struct conn_hub, wake));
	struct conn_list *list = &hub->queues[CONN_QUEUE_PUMP];
	struct conn *c;
	size_t count = 0;
	if (hub->frozen)
		return;
	TAILQ_FOREACH(c, list, link)
		count++;
	for (; count > 0 && (c = TAILQ_FIRST(list)); count--) {
		c->flags &= ~CONN_PUMP_DUE;
		conn_place(c);
		conn_pump(c);
	}
}

/* What `ended` does may kill others, but each only once: this comes to an end. */
static void reap_dead(struct conn_hub *hub)
{
	struct conn *c;
	while ((c = TAILQ_FIRST(&hub->queues[CONN_QUEUE_DEAD]))) {
		c->state = CONN_ENDED;
		conn_place(c);
		c->handlers->ended(c, c->end_reason);
		conn_settle(c);
	}
}

static void flush_one(struct conn *c)
{
	c->flags &= ~CONN_FLUSH_DUE;
	conn_place(c);
	if (c->state >= CONN_FLUSHING)
		conn_bye(c);
	else
		conn_flush(c);
}

/* Those whose pump is due as well stay in that queue; a flush must not lose them their place there. */
static void flush_all(struct conn_hub *hub)
{
	struct conn *c, *next;
	while ((c = TAILQ_FIRST(&hub->queues[CONN_QUEUE_FLUSH])))
		flush_one(c);
	TAILQ_FOREACH_SAFE(c, &hub->queues[CONN_QUEUE_PUMP], link, next)
		if (c->flags & CONN_FLUSH_DUE)
			flush_one(c);
}

static void give_back(struct timer *t)
{
	struct conn_hub *hub = (struct conn_hub *)((char *)t - offsetof(struct conn_hub, trim));

	ring_pool_trim(hub->pool);
	mem_trim();
}

void conn_hub_expect_trim(struct conn_hub *hub)
{
	if (!loop_timer_is_set(&hub->trim))
		loop_timer_set(hub->loop, &hub->trim, loop_clock(hub->loop)->mono_ms + TRIM_MS);
}

static void end_turn(struct turn_hook *hook)
{
	struct conn_hub *hub = (struct conn_hub *)((char *)hook - offsetof(struct conn_hub, hook));
	hub->in_hook = true;
	do {
		reap_dead(hub);
		flush_all(hub);
	} while (!TAILQ_EMPTY(&hub->queues[CONN_QUEUE_DEAD]));
	hub->in_hook = false;
	if (ring_pool_kept(hub->pool) > TRIM_ABOVE)
		conn_hub_expect_trim(hub);
	if (TAILQ_EMPTY(&hub->queues[CONN_QUEUE_PUMP]) || hub->frozen)
		loop_timer_stop(hub->loop, &hub->wake);
	else
		wake_at_once(hub);
}

bool conn_hub_is_frozen(const struct conn_hub *hub)
{
	return hub->frozen;
}

void conn_hub_freeze(struct conn_hub *hub)
{
	hub->frozen = true;
}

void conn_hub_thaw(struct conn_hub *hub)
{
	hub->frozen = false;
	if (!TAILQ_EMPTY(&hub->queues[CONN_QUEUE_PUMP]))
		wake_at_once(hub);
}

int conn_hub_new(struct conn_hub **out, struct loop *loop)
{
	struct conn_hub *hub = mem_zalloc(sizeof(*hub));
	hub->loop = loop;
	hub->pool = ring_pool_new();
	hub->hook.run = end_turn;
	hub->wake.due = pump_all;
	hub->trim.due = give_back;
	for (int i = 0; i < CONN_QUEUES; i++)
		TAILQ_INIT(&hub->queues[i]);
	loop_hook_add(loop, &hub->hook);
	*out = hub;
	return 0;
}

void conn_hub_free(struct conn_hub *hub)
{
	if (!hub)
		return;
	loop_hook_remove(hub->loop, &hub->hook);
	loop_timer_stop(hub->loop, &hub->wake);
	loop_timer_stop(hub->loop, &hub->trim);
	ring_pool_free(hub->pool);
	mem_free(hub);
}
