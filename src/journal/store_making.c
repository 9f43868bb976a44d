#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "journal/store_private.h"

/*
 * Of one turn. As much again is asked for when that is written, so nothing piles up. After a snapshot that failed, the
 * next is not tried before RETRY_MS.
 */
enum { ITEMS_STEP = 256, BLOCK_SIZE = 64 << 10, RETRY_MS = 60000 };

_Static_assert(BLOCK_SIZE + FRAME_HEAD + RECORD_MAX <= BLOCK_MAX, "a block holds the longest item");

static int64_t mono_ms(void)
{
	return clock_mono_us() / 1000;
}

bool making_wanted(const struct store *s)
{
	const struct keep *k = &s->keep;

	if (!s->restored || s->trouble.failing || k->making.state != ASKING_NOT)
		return false;
	if (!k->urgent && !k->erase && k->since < s->options.tuning.snapshot_after)
		return false;
	return mono_ms() >= k->making.not_before_ms;
}

void making_start(struct store *s)
{
	struct keep *k = &s->keep;
	struct snapshot_making *m = &k->making;

	m->state = ASKING_ITEMS;
	m->spoiled = m->drop = 0;
	m->writer.fd = -1;
	m->position = s->head;
	m->alone = k->erase;
	m->nth = 0;
	m->covers = k->since;
	m->started_ms = mono_ms();
	k->since = 0;
	k->urgent = k->erase = false;
}

/* Each is asked for once, for the owner may walk on with it: so there is room for the longest. */
static int collect_item(struct store *s)
{
	struct snapshot_making *m = &s->keep.making;
	struct buf out;

	buf_init(&out, m->block + m->n + FRAME_HEAD, RECORD_MAX);
	if (!s->owner.snapshot(s->owner.ctx, m->nth, &out))
		return 1;
	if (out.full)
		return -EMSGSIZE;
	m->nth++;
	if (out.n == 0)
		return 0;
	snapshot_frame(m->block + m->n, out.n);
	m->n += FRAME_HEAD + out.n;
	m->in_block++;
	return 0;
}

int making_collect(struct store *s)
{
	struct snapshot_making *m = &s->keep.making;
	int err = 0;

	if (!m->block)
		m->block = mem_try_alloc(BLOCK_SIZE + FRAME_HEAD + RECORD_MAX);
	if (!m->block)
		return -ENOMEM;
	m->n = 0;
	m->in_block = 0;
	for (int i = 0; i < ITEMS_STEP && m->n < BLOCK_SIZE && !err; i++)
		err = collect_item(s);
	if (err == 1)
		m->shows = s->kept;
	return err;
}

int making_write(struct store *s)
{
	struct snapshot_making *m = &s->keep.making;
	int err = m->drop;

	if (!err && m->writer.fd < 0)
		err = snapshot_begin(&m->writer, s->disk.directory, m->position);
	if (!err && m->in_block)
		err = snapshot_block(&m->writer, m->block, m->n, m->in_block);
	if (err)
		snapshot_abort(&m->writer);
	return err;
}

int making_finish(struct store *s)
{
	struct snapshot_making *m = &s->keep.making;
	int err = snapshot_end(&m->writer, &m->older);

	if (!err && m->alone)
		err = snapshot_alone(s->disk.directory, m->position, &m->older);
	if (err)
		snapshot_abort(&m->writer);
	return err;
}

static void end(struct store *s)
{
	struct snapshot_making *m = &s->keep.making;

	m->state = ASKING_NOT;
	mem_free(m->block);
	m->block = NULL;
	m->n = 0;
}

/* What was lost with a batch is no fault of the snapshot's: it is taken as soon as batches get through again. */
void making_failed(struct store *s, int err)
{
	struct keep *k = &s->keep;

	k->since += k->making.covers;
	k->erase |= k->making.alone;
	end(s);
	if (err == -ECANCELED)
		return;
	k->making.not_before_ms = mono_ms() + RETRY_MS;
	log_event(EVENT_SNAPSHOT_FAILED,
		  LOG_FIELDS({"CHATD_FILE", s->disk.directory}, {"CHATD_REASON", strerror(-err)}),
		  "journal: no snapshot could be taken in %s: %s; it is tried again later", s->disk.directory,
		  strerror(-err));
}

void making_done(struct store *s)
{
	struct snapshot_making *m = &s->keep.making;

	end(s);
	m->not_before_ms = 0;
	s->keep.trim_to = m->older;
	s->keep.erased |= m->alone;
	log_text(LOG_LEVEL_INFO, "journal: snapshot at %llu with %llu items in %lld ms",
		 (unsigned long long)m->position, (unsigned long long)m->writer.records,
		 (long long)(mono_ms() - m->started_ms));
}

void making_now(struct store *s)
{
	int err;
	int over;

	making_start(s);
	do {
		over = making_collect(s);
		err = over < 0 ? over : making_write(s);
	} while (!err && !over);
	if (!err)
		err = making_finish(s);
	snapshot_abort(&s->keep.making.writer);
	if (err)
		making_failed(s, err);
	else
		making_done(s);
}
