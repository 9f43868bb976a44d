#include "chatd/handoff_format.h"

#include <string.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/wire.h"

static const char magic[8] = "chatdho\n";

/* The last value covers the head itself. */
enum { CHECKED = HANDOFF_HEAD_SIZE - 8 };

uint64_t handoff_hash(struct str body)
{
	static const struct hash_key key = {{0x6368617464, 0x68616e646f6666}};

	return hash_bytes(&key, body);
}

void handoff_head_write(char dst[HANDOFF_HEAD_SIZE], const struct handoff_head *head)
{
	struct wire_out out;
	struct buf room;

	buf_init(&room, dst, HANDOFF_HEAD_SIZE);
	wire_init_fixed(&out, room);
	wire_put(&out, magic, sizeof(magic));
	wire_put_number(&out, head->version, 2);
	wire_put_number(&out, head->needs, 2);
	wire_put_u64(&out, head->id);
	wire_put_i64(&out, head->time);
	wire_put_number(&out, head->body_size, 4);
	wire_put_u64(&out, head->body_hash);
	wire_put_u64(&out, handoff_hash(buf_view(&out.buf)));
}

bool handoff_head_read(struct handoff_head *head, struct str bytes)
{
	struct wire_in in = wire_read(bytes);

	if (bytes.n < HANDOFF_HEAD_SIZE || memcmp(bytes.p, magic, sizeof(magic)) != 0)
		return false;
	in.rest.p += sizeof(magic);
	in.rest.n -= sizeof(magic);
	head->version = (uint16_t)wire_number(&in, 2);
	head->needs = (uint16_t)wire_number(&in, 2);
	head->id = wire_u64(&in);
	head->time = wire_i64(&in);
	head->body_size = wire_u32(&in);
	head->body_hash = wire_u64(&in);
	return wire_u64(&in) == handoff_hash((struct str){bytes.p, CHECKED});
}

void handoff_message_write(char dst[HANDOFF_MESSAGE_SIZE], const struct handoff_message *m)
{
	struct wire_out out;
	struct buf room;

	buf_init(&room, dst, HANDOFF_MESSAGE_SIZE);
	wire_init_fixed(&out, room);
	wire_put_u64(&out, m->id);
	wire_put_u32(&out, m->first);
	wire_put_u32(&out, m->count);
}

struct handoff_message handoff_message_read(const char bytes[HANDOFF_MESSAGE_SIZE])
{
	struct wire_in in = wire_read((struct str){bytes, HANDOFF_MESSAGE_SIZE});
	struct handoff_message m = {.id = wire_u64(&in)};

	m.first = wire_u32(&in);
	m.count = wire_u32(&in);
	return m;
}
