#include "town.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "chatd/engine.h"
#include "chatd/handoff.h"
#include "invariant.h"
#include "loop/loop.h"
#include "loop/worker.h"
#include "network/network.h"
#include "session/arrival.h"
#include "session/session.h"

enum { SENDQ = 64 << 10, TURNS_QUIET = 3, WAIT_MS = 20 };

static bool no_reload(void *ctx, char *why, size_t size)
{
	(void)ctx;
	snprintf(why, size, "not here");
	return false;
}

static void no_stop(void *ctx, const char *reason, bool restart)
{
	(void)ctx;
	(void)reason;
	(void)restart;
}

static void no_gone(void *ctx, const char *host)
{
	(void)ctx;
	(void)host;
}

static void bad_config(void *ctx, const struct config_error *error)
{
	(void)ctx;
	broken("configuration: %s", error->text);
}

static void start(struct town *t)
{
	static const struct engine_host host = {no_reload, no_stop, no_gone, NULL, NULL};
	const struct config_source source = {.state = t->state};

	invariant(config_load(&t->config, &source, bad_config, NULL) == 0);
	mem_free(t->config.server.name);
	t->config.server.name = mem_strdup("chat.example");
	t->config.server.no_limits = true;
	t->config.conn_limits.sendq_max = SENDQ;
	server_build(&t->config.server);
	invariant(loop_new(&t->loop) == 0 && worker_new(&t->worker, t->loop) == 0);
	invariant(engine_new(&t->engine, t->loop, &t->config, &host) == 0);
}

static void serve(struct town *t)
{
	char why[256] = "";

	if (engine_open(t->engine, t->worker, why, sizeof(why)) != 0)
		broken("the engine did not open: %s", why);
}

void town_begin(struct town *t, const char *state)
{
	*t = (struct town){.state = state};
	start(t);
	serve(t);
}

void town_end(struct town *t)
{
	engine_free(t->engine);
	worker_free(t->worker);
	loop_free(t->loop);
	config_deinit(&t->config);
}

int town_connect(struct town *t)
{
	static const struct address here = {.ss.ss_family = AF_UNIX, .len = sizeof(sa_family_t)};
	struct arrival a;
	int ends[2];

	invariant(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
	arrival_plain(&a, ends[0], &here);
	if (engine_accept(t->engine, &a))
		return ends[1];
	close(ends[1]);
	return -1;
}

/* What is kept is told when the thread has written it. */
static bool waits_for_disk(const struct town *t)
{
	return t->state && !LIST_EMPTY(&engine_view(t->engine).hub->held);
}

void town_settle(struct town *t)
{
	for (int quiet = 0; quiet < TURNS_QUIET; quiet++) {
		invariant(loop_turn(t->loop, 0) == 0);
		if (waits_for_disk(t) && loop_turn(t->loop, WAIT_MS) == 0)
			quiet = -1;
	}
}

static void taken_up(void *ctx, const char *host)
{
	uint32_t *back = ctx;

	(void)host;
	(*back)++;
}

void town_hand_over(struct town *t)
{
	struct handoff_out *out = handoff_new();
	int carriers[HANDOFF_CARRIERS_MAX];
	uint32_t back = 0;
	struct handoff_in *in;
	uint64_t hash;
	char why[256];
	size_t count;

	invariant(engine_leave(t->engine, out) && handoff_seal(out) == 0);
	hash = network_hash(engine_view(t->engine).net);
	count = handoff_carriers(out, carriers);
	handoff_release(out);
	engine_abandon(t->engine);
	town_end(t);
	start(t);
	if (handoff_open(&in, carriers, count, why, sizeof(why)) != 0)
		broken("hand-over: %s", why);
	invariant(handoff_missing(in) == 0);
	invariant(engine_arrive(t->engine, in, handoff_read(in), taken_up, &back));
	handoff_close(in);
	invariant(network_hash(engine_view(t->engine).net) == hash);
	serve(t);
}

void town_reopen(struct town *t)
{
	uint64_t hash = network_hash_kept(engine_view(t->engine).net);

	engine_abandon(t->engine);
	town_end(t);
	start(t);
	serve(t);
	invariant(!t->state || network_hash_kept(engine_view(t->engine).net) == hash);
}
