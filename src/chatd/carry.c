#include "chatd/carry.h"

#include <unistd.h>

#include "base/mem.h"
#include "chatd/handoff.h"
#include "session/msgid.h"
#include "network/network.h"
#include "network/snapshot.h"
#include "session/save.h"
#include "session/session.h"

enum { NOT_CARRIED = UINT32_MAX };

static void save_numbers(const struct carry *c, struct wire_out *out)
{
	size_t begun = wire_begin(out);

	wire_put_u32(out, network_casemap(c->net));
	wire_put_u64(out, *c->last_user);
	wire_put_u64(out, c->hub->last_id);
	wire_put_u64(out, c->hub->last_batch);
	wire_put_i64(out, c->msgids->last_ms);
	wire_end(out, begun);
}

/* One that cannot leave is named all the same, for its user to be missed over there. */
static void save_session(const struct session *s, struct handoff_out *h)
{
	struct wire_out *out = handoff_state(h);
	size_t begun = wire_begin(out);

	wire_put_u64(out, s->user ? s->user->id : 0);
	wire_put_u32(out, conn_can_leave(&s->conn) ? handoff_add(h, s->conn.transport.fd) : NOT_CARRIED);
	session_save(s, out);
	wire_end(out, begun);
}

void carry_save(const struct carry *c, struct handoff_out *h)
{
	struct wire_out *out = handoff_state(h);
	size_t begun = wire_begin(out), inner;
	const struct session *s;

	save_numbers(c, out);
	inner = wire_begin(out);
	network_save(c->net, out);
	wire_end(out, inner);
	inner = wire_begin(out);
	LIST_FOREACH(s, &c->hub->sessions, all)
		save_session(s, h);
	wire_end(out, inner);
	wire_end(out, begun);
}

bool carry_casemap(struct wire_in in, enum casemap *casemap)
{
	struct wire_in carried = wire_section(&in);
	struct wire_in numbers = wire_section(&carried);

	*casemap = (enum casemap)wire_bounded(&numbers, 4, CASEMAP_COUNT - 1);
	return !numbers.bad;
}

static bool load_numbers(const struct carry *c, struct wire_in *in)
{
	struct wire_in numbers = wire_section(in);
	uint64_t last_user, last_id, last_batch;
	int64_t last_ms;

	(void)wire_u32(&numbers);
	last_user = wire_u64(&numbers);
	last_id = wire_u64(&numbers);
	last_batch = wire_u64(&numbers);
	last_ms = wire_i64(&numbers);
	if (numbers.bad)
		return false;
	*c->last_user = last_user;
	c->hub->last_id = last_id;
	c->hub->last_batch = last_batch;
	c->msgids->last_ms = last_ms;
	return true;
}

/* NULL: it did not come, or nothing could be made of it. */
static struct session *load_session(const struct carry *c, struct handoff_in *h, uint64_t id, struct wire_in *in)
{
	const struct user *u = id ? network_user(c->net, id) : NULL;
	int fd = handoff_take(h, wire_u32(in));
	struct session *s;

	if (fd == HANDOFF_NONE)
		return NULL;
	if (id && !u) {
		close(fd);
		return NULL;
	}
	s = session_load(c->hub, fd, u, in);
	if (!s || !u)
		return s;
	s->next_own = u->sessions;
	network_user_set_sessions(c->net, id, s);
	return s;
}

static void load_one(const struct carry *c, struct handoff_in *h, struct wire_in *in, const struct carry_load *to)
{
	uint64_t id = wire_u64(in);
	struct session *s = load_session(c, h, id, in);

	if (s)
		to->back(to->ctx, s);
	else if (id)
		to->lost(to->ctx, id);
}

/* From the last to the first, for each is put in front of those that are there. */
static void load_sessions(const struct carry *c, struct handoff_in *h, struct wire_in *in, const struct carry_load *to)
{
	struct wire_in *each = NULL;
	size_t count = 0, room = 0;

	while (wire_more(in)) {
		if (count == room) {
			room = room ? room * 2 : 64;
			each = mem_realloc(each, room * sizeof(*each));
		}
		each[count++] = wire_section(in);
	}
	while (count-- > 0)
		load_one(c, h, &each[count], to);
	mem_free(each);
}

bool carry_load(const struct carry *c, struct handoff_in *h, struct wire_in in, const struct carry_load *to)
{
	struct wire_in carried = wire_section(&in);
	struct wire_in net, sessions;

	if (!load_numbers(c, &carried))
		return false;
	net = wire_section(&carried);
	sessions = wire_section(&carried);
	if (carried.bad || !network_load(c->net, &net))
		return false;
	load_sessions(c, h, &sessions, to);
	return true;
}
