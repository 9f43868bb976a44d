#include "chatd/metrics_text.h"

#include "chat_version.h"
#include "command/command.h"
#include "chatd/outgoing.h"
#include "network/ban.h"
#include "session/emergency.h"
#include "network/network.h"
#include "session/session.h"

typedef unsigned long long ull;

static void head(struct buf *out, const char *name, const char *type, const char *unit, const char *help)
{
	buf_fmt(out, "# TYPE chatd_%s %s\n", name, type);
	if (unit)
		buf_fmt(out, "# UNIT chatd_%s %s\n", name, unit);
	buf_fmt(out, "# HELP chatd_%s %s\n", name, help);
}

static void gauge(struct buf *out, const char *name, uint64_t value, const char *help)
{
	head(out, name, "gauge", NULL, help);
	buf_fmt(out, "chatd_%s %llu\n", name, (ull)value);
}

static void counter(struct buf *out, const char *name, uint64_t value, const char *help)
{
	head(out, name, "counter", NULL, help);
	buf_fmt(out, "chatd_%s_total %llu\n", name, (ull)value);
}

static void labelled(struct buf *out, const char *name, const char *label, const char *of, uint64_t value)
{
	buf_fmt(out, "chatd_%s_total{%s=\"%s\"} %llu\n", name, label, of, (ull)value);
}

static void seconds(struct buf *out, int64_t us)
{
	buf_fmt(out, "%lld.%06lld\n", (long long)(us / 1000000), (long long)(us % 1000000));
}

static void histogram(struct buf *out, const char *name, const struct histogram *h, const char *help)
{
	uint64_t count = 0;

	head(out, name, "histogram", "seconds", help);
	for (size_t i = 0; i < HISTOGRAM_STEPS; i++) {
		count += h->counts[i];
		buf_fmt(out, "chatd_%s_bucket{le=\"%s\"} %llu\n", name, histogram_bound_text(i), (ull)count);
	}
	count += h->counts[HISTOGRAM_STEPS];
	buf_fmt(out, "chatd_%s_bucket{le=\"+Inf\"} %llu\n", name, (ull)count);
	buf_fmt(out, "chatd_%s_count %llu\n", name, (ull)count);
	buf_fmt(out, "chatd_%s_sum ", name);
	seconds(out, (int64_t)h->sum_us);
}

static void program(struct buf *out, const struct metrics_view *v)
{
	head(out, "build", "info", NULL, "The program.");
	buf_fmt(out, "chatd_build_info{version=\"%s\"} 1\n", CHAT_VERSION);
	head(out, "start_time_seconds", "gauge", "seconds", "When the server started, since 1970.");
	buf_cstr(out, "chatd_start_time_seconds ");
	seconds(out, v->started_ms * 1000);
}

static uint64_t memberships(const struct network *net)
{
	const struct vec *channels = network_channels(net);
	uint64_t count = 0;

	for (uint32_t i = 0; i < channels->count; i++)
		count += ((const struct channel *)channels->items[i])->members.count;
	return count;
}

static void people(struct buf *out, const struct engine_view *e)
{
	struct network_counts counts = network_counts(e->net);

	gauge(out, "users", counts.users, "Users that are here.");
	gauge(out, "users_max", counts.users_max, "The most users there were at once.");
	gauge(out, "operators", counts.opers, "Operators that are here.");
	gauge(out, "channels", counts.channels, "Channels.");
	gauge(out, "memberships", memberships(e->net), "Members of all channels together.");
	gauge(out, "bans", network_ban_count(e->net), "Bans and filters of the whole server.");
	gauge(out, "defcon", emergency_defcon(network_emergency(e->net)), "The emergency level: 5 is as ever.");
	gauge(out, "sessions", e->hub->count, "Clients that are connected.");
	gauge(out, "sessions_unregistered", e->hub->unregistered, "Those of them that have no user yet.");
}

static void connections(struct buf *out, const struct metrics_view *v)
{
	counter(out, "connections_accepted", v->doors.accepted, "Connections that were let in.");
	head(out, "connections_refused", "counter", NULL, "Connections that were not let in, by reason.");
	labelled(out, "connections_refused", "reason", "address_full", v->doors.address_full);
	labelled(out, "connections_refused", "reason", "banned", v->doors.banned);
	labelled(out, "connections_refused", "reason", "failed", v->doors.failed);
	for (int i = 0; i < ENTRANCE_STAGES; i++)
		labelled(out, "connections_refused", "reason", entrance_stage_name((enum entrance_stage)i),
			 v->doors.entrances.failed[i]);
	gauge(out, "connections_entering", v->doors.entrances.under_way,
	      "Connections that are neither clients yet nor refused.");
	head(out, "connections_closed", "counter", NULL, "Connections that were let in and are over, by reason.");
	for (int i = 0; i < SESSION_END_COUNT; i++)
		labelled(out, "connections_closed", "reason", session_end_name((enum session_end)i),
			 v->engine.hub->ended[i]);
}

static void webhooks(struct buf *out, const struct hooks_counts *h)
{
	head(out, "webhook_requests", "counter", NULL, "Requests for incoming webhooks, by what came of them.");
	labelled(out, "webhook_requests", "result", "said", h->said);
	labelled(out, "webhook_requests", "result", "refused", h->refused);
}

static void outgoing(struct buf *out, const struct outgoing *o)
{
	struct outgoing_view v, all = {0};
	unsigned paused = 0;

	for (size_t i = 0; outgoing_nth(o, i, &v); i++) {
		all.sent += v.sent;
		all.dropped += v.dropped;
		all.refused += v.refused;
		all.waiting += v.waiting;
		paused += v.paused_until != 0;
	}
	head(out, "outgoing_webhook_events", "counter", NULL, "Events for outgoing webhooks, by what became of them.");
	labelled(out, "outgoing_webhook_events", "result", "sent", all.sent);
	labelled(out, "outgoing_webhook_events", "result", "dropped", all.dropped);
	labelled(out, "outgoing_webhook_events", "result", "refused", all.refused);
	gauge(out, "outgoing_webhook_waiting", all.waiting, "Events that wait for outgoing webhooks.");
	gauge(out, "outgoing_webhook_paused", paused, "Outgoing webhooks that are paused, for they failed.");
}

static void pushes(struct buf *out, const struct push_counts *c)
{
	head(out, "push_messages", "counter", NULL, "Messages pushed to devices, by what became of them.");
	labelled(out, "push_messages", "result", "sent", c->sent);
	labelled(out, "push_messages", "result", "failed", c->failed);
	labelled(out, "push_messages", "result", "dropped", c->dropped);
	counter(out, "push_subscriptions_gone", c->gone, "Devices that their push service does not know any more.");
}

static void traffic(struct buf *out, const struct session_hub *hub)
{
	const struct conn_counts *counts = conn_hub_counts(hub->conns);
	const struct ring_pool *pool = conn_hub_pool(hub->conns);

	head(out, "received_bytes", "counter", "bytes", "Bytes from clients.");
	buf_fmt(out, "chatd_received_bytes_total %llu\n", (ull)counts->bytes_in);
	head(out, "sent_bytes", "counter", "bytes", "Bytes to clients.");
	buf_fmt(out, "chatd_sent_bytes_total %llu\n", (ull)counts->bytes_out);
	counter(out, "lines", counts->lines, "Lines from clients.");
	head(out, "sendq_bytes", "gauge", "bytes", "Bytes that wait to be read by clients.");
	buf_fmt(out, "chatd_sendq_bytes %llu\n", (ull)conn_hub_sendq(hub->conns));
	head(out, "buffers_bytes", "gauge", "bytes",
	     "Memory for what clients sent or are sent: in use, and kept for use.");
	buf_fmt(out, "chatd_buffers_bytes{state=\"used\"} %llu\n", (ull)ring_pool_lent(pool));
	buf_fmt(out, "chatd_buffers_bytes{state=\"kept\"} %llu\n", (ull)ring_pool_kept(pool));
}

static void work(struct buf *out, const struct engine_view *e)
{
	head(out, "commands", "counter", NULL, "Commands of clients, by name.");
	for (size_t i = 0; i < command_count(); i++)
		labelled(out, "commands", "command", command_nth(i)->name, e->usage[i].count);
	head(out, "records", "counter", NULL, "What was asked of the state, by type.");
	for (int type = 1; type < RECORD_TYPE_END; type++)
		labelled(out, "records", "type", record_type_name((enum record_type)type), e->counts->records[type]);
}

void metrics_text(struct buf *out, const struct metrics_view *v)
{
	program(out, v);
	people(out, &v->engine);
	connections(out, v);
	webhooks(out, &v->hooks);
	outgoing(out, v->outgoing);
	pushes(out, &v->push);
	traffic(out, v->engine.hub);
	work(out, &v->engine);
	counter(out, "loop_turns", v->turns, "Turns of the event loop.");
	histogram(out, "turn_seconds", v->turn,
		  "Turns, from their wake-up until all output was sent as far as it goes.");
	histogram(out, "delivery_seconds", v->delivery,
		  "Lines, each from the wake-up that brought it until what it caused was sent as far as it goes.");
	histogram(out, "journal_commit_seconds", &v->engine.counts->commits,
		  "Writing batches of the journal to the disk.");
	buf_cstr(out, "# EOF\n");
}
