#include "session/throttle.h"

#include "session/server.h"
#include "session/session.h"

void throttle_init(struct session *s)
{
	s->refilled = loop_clock(s->hub->loop)->mono_ms;
	s->tokens = (int32_t)(s->hub->server->flood_burst * 1000);
}

bool throttle_take(struct session *s, uint32_t cost)
{
	const struct server *server = s->hub->server;
	int64_t now = loop_clock(s->hub->loop)->mono_ms;
	int64_t full = (int64_t)server->flood_burst * 1000;
	int64_t tokens = s->tokens + (now - s->refilled) * server->flood_rate;

	if (server->no_limits)
		return false;
	if (tokens > full)
		tokens = full;
	s->refilled = now;
	s->tokens = (int32_t)(tokens - cost);
	return s->tokens < 0;
}

int64_t throttle_until(const struct session *s)
{
	int64_t rate = s->hub->server->flood_rate;

	return s->refilled + (rate - 1 - s->tokens) / rate;
}
