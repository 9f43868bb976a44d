#include "chatd/admin.h"

#include "base/mem.h"
#include "loop/loop.h"
#include "net/conn.h"

enum { END_TURNS = 64, END_WAIT_MS = 20 };

struct admin {
	struct loop *loop;
	struct conn_hub *conns;
	struct control *control;
	struct metrics *metrics;
};

int admin_new(struct admin **out, struct loop *loop, const struct admin_host *host)
{
	struct admin *a = mem_zalloc(sizeof(*a));
	int err = conn_hub_new(&a->conns, loop);

	if (err < 0) {
		mem_free(a);
		return err;
	}
	a->loop = loop;
	a->control = control_new(loop, a->conns, &host->control);
	a->metrics = metrics_new(loop, a->conns, &host->metrics);
	*out = a;
	return 0;
}

int admin_prepare(struct admin *a, const struct config *config, char *why, size_t size)
{
	int err = control_prepare(a->control, config, why, size);

	if (err == 0)
		err = metrics_prepare(a->metrics, config, why, size);
	if (err < 0)
		admin_drop(a);
	return err;
}

void admin_commit(struct admin *a, const struct config *config)
{
	control_commit(a->control, config);
	metrics_commit(a->metrics);
}

void admin_drop(struct admin *a)
{
	control_drop(a->control);
	metrics_drop(a->metrics);
}

void admin_shut(struct admin *a)
{
	control_shut(a->control);
	metrics_shut(a->metrics);
}

/* One that does not take its goodbye is not waited for longer than it would be given anyway. */
void admin_free(struct admin *a)
{
	if (!a)
		return;
	control_end(a->control);
	metrics_end(a->metrics);
	for (int i = 0; i < END_TURNS && control_count(a->control) + metrics_count(a->metrics) > 0; i++) {
		if (loop_turn(a->loop, END_WAIT_MS) < 0)
			break;
	}
	control_free(a->control);
	metrics_free(a->metrics);
	conn_hub_free(a->conns);
	mem_free(a);
}
