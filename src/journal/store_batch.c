#include "journal/store_batch.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"

enum { BATCH_FIRST = 64 << 10, BATCH_KEPT = 1 << 20, RECORD_FIRST = 2048 };

/* The memory is never written to a disk as it is, so it may look like this machine. */
struct head {
	uint64_t position;
	int64_t time;
	enum journal_class class;
	uint32_t bytes;
	uint32_t msgid;
	uint32_t target;
};

static bool reserve(struct batch *b, size_t room)
{
	size_t cap = b->cap ? b->cap : BATCH_FIRST;
	char *p;

	while (cap - b->n < room)
		cap *= 2;
	if (cap == b->cap)
		return true;
	p = mem_try_alloc(cap);
	if (!p)
		return false;
	if (b->n)
		memcpy(p, b->bytes, b->n);
	mem_free(b->bytes);
	b->bytes = p;
	b->cap = cap;
	return true;
}

/* The views in about may point into what was encoded, so the buffer must not move until they are copied. */
static int encode(struct batch *b, const struct journal_owner *owner, const void *record, struct head *head)
{
	size_t at = b->n + sizeof(*head);
	size_t room = b->cap - at - ABOUT_MAX;
	struct journal_about about = {0};
	struct buf out;

	buf_init(&out, b->bytes + at, room < RECORD_MAX ? room : RECORD_MAX);
	owner->encode(owner->ctx, &out, record, &about);
	if (out.full)
		return out.cap == RECORD_MAX ? -EMSGSIZE : -EAGAIN;
	if (out.n == 0)
		return 1;
	if (about.msgid.n > ABOUT_MAX || about.target.n > ABOUT_MAX - about.msgid.n)
		return -EMSGSIZE;
	head->time = about.time;
	head->bytes = (uint32_t)out.n;
	head->msgid = (uint32_t)about.msgid.n;
	head->target = (uint32_t)about.target.n;
	out.cap = b->cap - at;
	buf_str(&out, about.msgid);
	buf_str(&out, about.target);
	memcpy(b->bytes + b->n, head, sizeof(*head));
	b->n = at + out.n;
	return 0;
}

int batch_add(struct batch *b, const struct journal_owner *owner, const void *record, uint64_t position,
	      enum journal_class class)
{
	struct head head = {.position = position, .class = class};
	int err = -EAGAIN;

	for (size_t size = RECORD_FIRST; err == -EAGAIN; size *= 2) {
		if (!reserve(b, sizeof(head) + size + ABOUT_MAX))
			return -ENOMEM;
		err = encode(b, owner, record, &head);
	}
	if (err)
		return err;
	b->count++;
	b->states += class == JOURNAL_STATE;
	b->removals += class == JOURNAL_REMOVAL || class == JOURNAL_REVISION;
	b->last = position > b->last ? position : b->last;
	return 0;
}

bool batch_next(const struct batch *b, size_t *at, struct batch_record *out)
{
	const char *p = b->bytes + *at;
	struct head head;

	if (*at >= b->n)
		return false;
	memcpy(&head, p, sizeof(head));
	p += sizeof(head);
	*out = (struct batch_record){
		.position = head.position,
		.class = head.class,
		.about.time = head.time,
		.about.msgid = {p + head.bytes, head.msgid},
		.about.target = {p + head.bytes + head.msgid, head.target},
		.bytes = {p, head.bytes},
	};
	*at += sizeof(head) + head.bytes + head.msgid + head.target;
	return true;
}

void batch_clear(struct batch *b)
{
	if (b->cap > BATCH_KEPT)
		batch_deinit(b);
	b->n = 0;
	b->count = b->states = b->removals = 0;
}

void batch_deinit(struct batch *b)
{
	mem_free(b->bytes);
	b->bytes = NULL;
	b->n = b->cap = 0;
}
