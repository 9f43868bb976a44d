#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/mem.h"
#include "journal/store_private.h"

/* After a reader was in the way, the log is tried again after so many times the usual wait. */
enum { READER_PATIENCE = 5 };

/*
 * Words are indexed a while after they were written, many at a time, for that costs less of each; and while much is
 * written, later and in larger steps.
 */
enum { INDEX_MS = 1000, INDEX_BEHIND = 40000, INDEX_MANY = 16000, INDEX_BUSY = 1000 };

static void want(struct store *s, enum chore c)
{
	s->keep.wanted |= 1u << c;
}

static int64_t now_ms(const struct store *s)
{
	return loop_clock(s->options.loop)->mono_ms;
}

static int64_t real_ms(const struct store *s)
{
	return loop_clock(s->options.loop)->real_ms;
}

static void be_idle_in(struct store *s, int64_t ms)
{
	if (!s->closing)
		loop_timer_set(s->options.loop, &s->keep.idle, now_ms(s) + ms);
}

/* The next pass is at the latest in ms. */
static void retain_within(struct store *s, int64_t ms)
{
	struct timer *t = &s->keep.retain;
	int64_t due = now_ms(s) + (ms > s->options.tuning.retain_ms ? ms : s->options.tuning.retain_ms);

	if (!s->closing && (!loop_timer_is_set(t) || t->node.key > due))
		loop_timer_set(s->options.loop, t, due);
}

/* A new message can be one too many now, or grow too old later. */
static void retain_after_messages(struct store *s)
{
	const struct retention *r = &s->options.retention;
	int64_t age = r->age_ms;

	if (!age || (r->direct_age_ms && r->direct_age_ms < age))
		age = r->direct_age_ms;
	if (r->count || r->direct_count)
		retain_within(s, 0);
	else if (age)
		retain_within(s, age);
}

static int checkpoint(struct store *s)
{
	disk_checkpoint(&s->disk);
	return 0;
}

static void checkpoint_done(struct store *s, int result)
{
	(void)s;
	(void)result;
}

/* What goes wrong here goes wrong again in the checkpoint, which says so. */
static int sweep(struct store *s)
{
	return disk_errno(disk_sweep(s->disk.path, s->keep.durability));
}

static void sweep_done(struct store *s, int result)
{
	(void)result;
	want(s, CHORE_CHECKPOINT);
}

/* The worker lets go of the file in any case, so an error here is an error of the next block. */
static void ask_on(struct store *s)
{
	struct snapshot_making *m = &s->keep.making;
	int result = making_collect(s);

	if (result < 0)
		m->spoiled = result;
	else if (result == 1)
		m->state = ASKING_DURABLE;
	want(s, CHORE_BLOCK);
}

static void block_done(struct store *s, int result)
{
	struct snapshot_making *m = &s->keep.making;

	if (result < 0)
		making_failed(s, result);
	else if (m->spoiled)
		want(s, CHORE_BLOCK);
	else if (m->state == ASKING_ITEMS)
		ask_on(s);
}

static void finish_done(struct store *s, int result)
{
	if (result < 0) {
		making_failed(s, result);
		return;
	}
	making_done(s);
	want(s, CHORE_TRIM);
}

static int trim(struct store *s)
{
	return disk_trim(&s->disk, s->keep.trim_to);
}

/* What fails here is left to the next snapshot. */
static void trim_done(struct store *s, int result)
{
	want(s, result > 0 ? CHORE_TRIM : CHORE_VACUUM);
	if (result > 0 || !s->keep.erased)
		return;
	/* Whether all is gone is looked at once more; and what the write-ahead log has of it goes too. */
	s->keep.erased = false;
	want(s, CHORE_FORGET);
	be_idle_in(s, 0);
}

static int retain(struct store *s)
{
	struct keep *k = &s->keep;

	return disk_retain(&s->disk, &k->retention, k->real_ms, &k->pass);
}

static void retain_done(struct store *s, int result)
{
	struct keep *k = &s->keep;

	if (result > 0) {
		want(s, CHORE_RETAIN);
		return;
	}
	k->retaining = false;
	want(s, CHORE_VACUUM);
	if (result < 0)
		retain_within(s, 0);
	else if (k->pass.next_ms)
		retain_within(s, k->pass.next_ms - real_ms(s) + 1);
}

static int index_words(struct store *s)
{
	struct disk *d = &s->disk;

	return disk_index_step(d, d->position - d->indexed > INDEX_BEHIND ? INDEX_MANY : INDEX_ROWS);
}

/* Whoever searches waits for it; what fails is tried again with the next batch. */
static void index_done(struct store *s, int result)
{
	if (result > 0)
		want(s, CHORE_INDEX);
	else if (result < 0)
		store_history_indexed(s, result);
}

/* A while later, for whoever takes one thing back takes back more. */
static void scrub_later(struct store *s)
{
	if (s->owner.text && !s->closing && !loop_timer_is_set(&s->keep.scrub))
		loop_timer_set(s->options.loop, &s->keep.scrub, now_ms(s) + s->options.tuning.scrub_ms);
}

static int forget(struct store *s)
{
	return disk_forget_step(&s->disk);
}

static void forget_done(struct store *s, int result)
{
	if (result == DISK_FORGET_STATE)
		s->keep.erase = true;
	else if (result > 0)
		want(s, CHORE_FORGET);
	scrub_later(s);
}

static int scrub(struct store *s)
{
	return disk_index_scrub_step(&s->disk);
}

static void scrub_done(struct store *s, int result)
{
	if (result > 0)
		want(s, CHORE_SCRUB);
}

static int vacuum(struct store *s)
{
	return disk_vacuum(&s->disk);
}

static void vacuum_done(struct store *s, int result)
{
	if (result > 0) {
		want(s, CHORE_VACUUM);
	}
}

static int empty_log(struct store *s)
{
	return disk_truncate(&s->disk) ? 0 : -EBUSY;
}

static void empty_log_done(struct store *s, int result)
{
	if (result < 0)
		be_idle_in(s, (int64_t)s->options.tuning.idle_ms * READER_PATIENCE);
}

static const struct {
	int (*work)(struct store *s); /* 1: there is more; 0; -errno */
	void (*done)(struct store *s, int result);
	bool aside;
} chores[CHORE_END] = {
	[CHORE_SWEEP] = {sweep, sweep_done, true},
	[CHORE_CHECKPOINT] = {checkpoint, checkpoint_done, false},
	[CHORE_BLOCK] = {making_write, block_done, true},
	[CHORE_FINISH] = {making_finish, finish_done, true},
	[CHORE_TRIM] = {trim, trim_done, false},
	[CHORE_RETAIN] = {retain, retain_done, false},
	[CHORE_INDEX] = {index_words, index_done, false},
	[CHORE_FORGET] = {forget, forget_done, false},
	[CHORE_SCRUB] = {scrub, scrub_done, false},
	[CHORE_VACUUM] = {vacuum, vacuum_done, false},
	[CHORE_TRUNCATE] = {empty_log, empty_log_done, false},
};

static void work(struct job *job)
{
	struct store_job *j = (struct store_job *)job;
	struct disk *d = &j->store->disk;

	d->notes = &j->notes;
	j->err = chores[j->store->keep.running].work(j->store);
	if (j->err == -EBADMSG)
		j->err = disk_renew(d, SQLITE_CORRUPT);
	store_job_leave_disk(j);
	store_job_worked(j);
}

static void work_aside(struct job *job)
{
	struct store_job *j = (struct store_job *)job;

	j->err = chores[j->store->keep.running].work(j->store);
	store_job_worked(j);
}

static void done(struct job *job)
{
	struct store_job *j = (struct store_job *)job;
	struct store *s = j->store;

	if (j->given) {
		store_job_settled(j);
		chores[s->keep.running].done(s, j->err);
		keep_next(s);
	}
	store_unref(s);
}

/* Its name comes only when all that an item may show is stored: else it could show half of what a lost record did. */
static void look_at_making(struct store *s)
{
	struct snapshot_making *m = &s->keep.making;

	if (making_wanted(s)) {
		making_start(s);
		ask_on(s);
	}
	if (m->state == ASKING_DURABLE && !(s->keep.wanted & 1u << CHORE_BLOCK) && m->shows <= s->written) {
		m->state = ASKING_FINISH;
		want(s, CHORE_FINISH);
	}
	m->drop = m->spoiled;
}

void keep_next(struct store *s)
{
	struct keep *k = &s->keep;
	enum chore c = 0;

	if (s->closing || k->job.given)
		return;
	look_at_making(s);
	while (c < CHORE_END && !(k->wanted & 1u << c))
		c++;
	if (c == CHORE_END)
		return;
	k->wanted &= ~(1u << c);
	k->running = c;
	k->durability = s->options.durability;
	k->job.worker = chores[c].aside ? k->aside : s->options.worker;
	store_job_run(&k->job, chores[c].aside ? work_aside : work, done);
}

static void idle_due(struct timer *t)
{
	struct store *s = (struct store *)((char *)t - offsetof(struct store, keep.idle));

	want(s, CHORE_TRUNCATE);
	keep_next(s);
}

static void index_due(struct timer *t)
{
	keep_index_now((struct store *)((char *)t - offsetof(struct store, keep.index)));
}

static void scrub_due(struct timer *t)
{
	struct store *s = (struct store *)((char *)t - offsetof(struct store, keep.scrub));

	want(s, CHORE_SCRUB);
	keep_next(s);
}

/* A pass that is under way is not begun again, or targets at the end would never have their turn. */
static void retain_due(struct timer *t)
{
	struct store *s = (struct store *)((char *)t - offsetof(struct store, keep.retain));
	struct keep *k = &s->keep;

	if (k->retaining) {
		retain_within(s, 0);
		return;
	}
	k->retaining = true;
	k->pass = (struct retain_pass){0};
	k->retention = s->options.retention;
	k->real_ms = real_ms(s);
	want(s, CHORE_RETAIN);
	keep_next(s);
}

int keep_init(struct store *s)
{
	struct keep *k = &s->keep;
	int err = worker_new(&k->aside, s->options.loop);

	if (err)
		return err;
	k->job.store = s;
	k->idle.due = idle_due;
	k->retain.due = retain_due;
	k->index.due = index_due;
	k->scrub.due = scrub_due;
	k->indexed = s->disk.indexed;
	if (s->owner.text) {
		/* What an earlier process left to do. */
		want(s, CHORE_FORGET);
		scrub_later(s);
		loop_timer_set(s->options.loop, &k->index, now_ms(s) + INDEX_MS);
	}
	k->making.writer.fd = -1;
	keep_configured(s);
	return 0;
}

void keep_deinit(struct store *s)
{
	worker_free(s->keep.aside);
	mem_free(s->keep.making.block);
}

void keep_configured(struct store *s)
{
	const struct retention *r = &s->options.retention;

	if (r->age_ms || r->count || r->direct_age_ms || r->direct_count)
		retain_within(s, 0);
	else
		loop_timer_stop(s->options.loop, &s->keep.retain);
}

static void index_after(struct store *s, const struct batch *b)
{
	struct keep *k = &s->keep;
	uint64_t behind = s->written > k->indexed ? s->written - k->indexed : 0;

	if (!s->owner.text || b->count == b->states)
		return;
	if (behind >= (b->count < INDEX_BUSY ? INDEX_ROWS : INDEX_BEHIND))
		want(s, CHORE_INDEX);
	else if (!s->closing && !loop_timer_is_set(&k->index))
		loop_timer_set(s->options.loop, &k->index, now_ms(s) + INDEX_MS);
}

void keep_indexed(struct store *s, uint64_t position)
{
	s->keep.indexed = position;
	store_history_indexed(s, 0);
}

void keep_index_now(struct store *s)
{
	want(s, CHORE_INDEX);
	keep_next(s);
}

void keep_written(struct store *s, const struct batch *b)
{
	struct keep *k = &s->keep;

	k->since += b->states;
	if (b->count > b->states)
		retain_after_messages(s);
	index_after(s, b);
	if (b->removals)
		want(s, CHORE_FORGET);
}

void keep_lost(struct store *s)
{
	struct snapshot_making *m = &s->keep.making;

	if (m->state != ASKING_ITEMS && m->state != ASKING_DURABLE)
		return;
	m->spoiled = -ECANCELED;
	want(s, CHORE_BLOCK);
}

void keep_log(struct store *s, bool due, bool is_long)
{
	struct keep *k = &s->keep;
	bool moving = (k->job.given && k->running == CHORE_SWEEP) || (k->wanted & 1u << CHORE_CHECKPOINT);

	if (due && !moving)
		want(s, CHORE_SWEEP);
	if (is_long)
		be_idle_in(s, s->options.tuning.idle_ms);
}

void keep_snapshot_now(struct store *s)
{
	be_idle_in(s, 0); /* for nothing else may happen */
	s->keep.urgent = true;
	s->keep.making.not_before_ms = 0;
}

/* What was under way has ended, but nobody has looked at what came of it. */
static void settle(struct store *s)
{
	struct keep *k = &s->keep;
	struct store_job *j = &k->job;

	store_job_await(j);
	if (j->given) {
		store_job_settled(j);
		if (k->running == CHORE_FINISH && j->err == 0)
			making_done(s);
	}
	if (k->making.state != ASKING_NOT) {
		snapshot_abort(&k->making.writer);
		making_failed(s, -ECANCELED);
	}
}

void keep_stop(struct store *s)
{
	struct keep *k = &s->keep;

	settle(s);
	loop_timer_stop(s->options.loop, &k->idle);
	loop_timer_stop(s->options.loop, &k->retain);
	loop_timer_stop(s->options.loop, &k->index);
	loop_timer_stop(s->options.loop, &k->scrub);
	if (s->restored && (k->since || k->urgent || s->trouble.state_lost))
		making_now(s);
}
