#include "journal/store.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "journal/store_lock.h"
#include "journal/store_private.h"

/*
 * What may wait for the disk. State is told about later than messages are: a join that is lost hurts more than a line
 * that its author is told was not taken.
 */
enum { WAITING_MAX = 64 << 20, WAITING_STATE_MAX = 96 << 20 };

/* How long the last batches may be held up by another process. */
enum { OPEN_BUSY_MS = 5000, CLOSE_BUSY_MS = 2000 };

void store_unref(struct store *s)
{
	if (--s->refs)
		return;
	pthread_cond_destroy(&s->worked);
	pthread_mutex_destroy(&s->lock);
	mem_free(s);
}

void store_job_run(struct store_job *j, void (*work)(struct job *job), void (*done)(struct job *job))
{
	j->given = true;
	j->worked = false;
	j->err = 0;
	j->renewed = j->wal_due = j->wal_long = false;
	j->job.work = work;
	j->job.done = done;
	j->store->refs++;
	worker_run(j->worker, &j->job);
}

void store_job_leave_disk(struct store_job *j)
{
	struct disk *d = &j->store->disk;

	j->wal_due = disk_wal_is_due(d);
	j->wal_long = disk_wal_is_long(d);
	j->renewed = d->renewed;
	j->indexed = d->indexed;
	d->renewed = false;
	d->notes = NULL;
}

void store_job_worked(struct store_job *j)
{
	struct store *s = j->store;

	pthread_mutex_lock(&s->lock);
	j->worked = true;
	pthread_cond_broadcast(&s->worked);
	pthread_mutex_unlock(&s->lock);
}

void store_job_settled(struct store_job *j)
{
	j->given = false;
	notes_log(&j->notes, j->store->disk.path);
	keep_indexed(j->store, j->indexed);
	if (j->renewed)
		keep_snapshot_now(j->store);
	j->renewed = false;
	keep_log(j->store, j->wal_due, j->wal_long);
}

void store_job_await(struct store_job *j)
{
	struct store *s = j->store;

	if (!j->given)
		return;
	pthread_mutex_lock(&s->lock);
	while (!j->worked)
		pthread_cond_wait(&s->worked, &s->lock);
	pthread_mutex_unlock(&s->lock);
}

static void write_here(struct store *s)
{
	struct store_job *j = &s->batch_job;
	int64_t started_us = clock_mono_us();

	s->disk.notes = &j->notes;
	j->err = disk_write(&s->disk, s->flying);
	j->us = clock_mono_us() - started_us;
	store_job_leave_disk(j);
	store_job_worked(j);
}

static void work(struct job *job)
{
	write_here(((struct store_job *)job)->store);
}

static void batch_done(struct job *job);

static void fly(struct store *s)
{
	store_job_run(&s->batch_job, work, batch_done);
}

/* The gathered batch becomes the one under way. */
static bool take_off(struct store *s)
{
	struct batch *b = s->gathering;

	if (s->flying || !b->count)
		return false;
	b->number = ++s->number;
	b->follows = s->stored;
	b->durability = s->options.durability;
	s->flying = b;
	s->gathering = b == &s->batches[0] ? &s->batches[1] : &s->batches[0];
	return true;
}

static void tell(struct store *s, uint64_t position, int err)
{
	if (position <= s->told)
		return;
	s->told = position;
	s->owner.durable(s->owner.ctx, position, err);
}

static void gave_up(struct store *s, int err, const struct batch *b)
{
	trouble_gave_up(s, err, b);
	keep_lost(s);
}

static void got_through(struct store *s, const struct batch *b)
{
	s->stored = b->number;
	s->written = b->last;
	if (s->options.committed)
		s->options.committed(s->owner.ctx, s->batch_job.us);
	trouble_over(s);
	keep_written(s, b);
}

/* Its fate is known. The next goes before the owner hears of it, for the worker need not wait for that. */
static void land(struct store *s, int err)
{
	struct batch *b = s->flying;
	uint64_t last = b->last;

	if (err)
		gave_up(s, err, b);
	else
		got_through(s, b);
	batch_clear(b);
	s->flying = NULL;
	if (!s->closing && take_off(s))
		fly(s);
	store_history_landed(s, last);
	tell(s, last, err);
}

static void batch_done(struct job *job)
{
	struct store_job *j = (struct store_job *)job;
	struct store *s = j->store;

	if (j->given) {
		store_job_settled(j);
		if (!trouble_again(s, j->err))
			land(s, j->err);
		keep_next(s);
	}
	store_unref(s);
}

static void retry_due(struct timer *t)
{
	fly((struct store *)((char *)t - offsetof(struct store, retry)));
}

static void seal(struct disposal *d)
{
	struct store *s = (struct store *)((char *)d - offsetof(struct store, seal));

	s->sealing = false;
	if (!s->closing && take_off(s))
		fly(s);
	store_unref(s);
}

static bool is_full(const struct store *s, enum journal_class class)
{
	size_t waiting = s->gathering->n + (s->flying ? s->flying->n : 0);

	return waiting >= (class == JOURNAL_STATE ? WAITING_STATE_MAX : WAITING_MAX);
}

/*
 * The record has been applied by now: one that cannot be kept after all is lost, and the log says so. What was appended
 * while it was being applied is in the batch before it. False: it is not kept.
 */
static bool gather(struct store *s, const void *record, uint64_t position, enum journal_class class)
{
	int err = batch_add(s->gathering, &s->owner, record, position, class);

	if (err < 0)
		log_event(EVENT_NOT_KEPT, LOG_FIELDS({"CHATD_REASON", strerror(-err)}),
			  "journal: record %llu is not kept: %s", (unsigned long long)position, strerror(-err));
	if (err)
		return false;
	s->kept = position > s->kept ? position : s->kept;
	if (!s->flying && !s->sealing) {
		s->sealing = true;
		s->refs++;
		loop_dispose(s->options.loop, &s->seal);
	}
	return true;
}

/* What waits from a time of another durability is told in its turn. */
static int store_append(struct journal *j, const void *record, enum journal_class class)
{
	struct store *s = (struct store *)j;
	bool at_once = s->options.durability == DURABILITY_NONE && s->told == s->kept;
	uint64_t position = s->head + 1;

	if (s->closing)
		return -ESHUTDOWN;
	if (class != JOURNAL_PASSING && is_full(s, class))
		return -ENOBUFS;
	s->head = position;
	s->owner.ordered(s->owner.ctx, position, record);
	if (class != JOURNAL_PASSING && gather(s, record, position, class) && at_once)
		tell(s, s->kept, 0);
	return 0;
}

static uint64_t store_head(const struct journal *j)
{
	return ((const struct store *)j)->head;
}

static int store_restore(struct journal *j, journal_each_fn each, void *ctx)
{
	struct store *s = (struct store *)j;
	struct restored r = {0};
	int64_t started_us = clock_mono_us();
	struct notes notes = {0};
	int err, rc;

	store_job_await(&s->batch_job);
	store_job_await(&s->keep.job);
	err = restore_snapshot(s->disk.directory, true, each, ctx, &r);
	rc = err || r.ended ? SQLITE_OK : restore_states(&s->disk, each, ctx, &r);
	if (disk_is_damage(rc)) {
		s->disk.notes = &notes;
		rc = disk_renew(&s->disk, rc);
		s->disk.notes = NULL;
		notes_log(&notes, s->disk.path);
	}
	if (err || rc)
		return err ? err : disk_errno(rc);
	s->restored = true;
	s->keep.since = r.states < UINT32_MAX ? (uint32_t)r.states : UINT32_MAX;
	if (s->disk.renewed)
		keep_snapshot_now(s);
	s->disk.renewed = false;
	log_event(EVENT_STORE_RESTORED, LOG_FIELDS({"CHATD_FILE", s->disk.path}),
		  "journal: restored in %lld ms: %llu items of the snapshot at %llu, %llu records behind it, head %llu",
		  (long long)(clock_mono_us() - started_us) / 1000, (unsigned long long)r.items,
		  (unsigned long long)r.snapshot, (unsigned long long)r.states, (unsigned long long)s->head);
	return 0;
}

/* The last batches are written here, for the worker may have other work, or be gone. */
static void write_rest(struct store *s)
{
	if (s->disk.db)
		sqlite3_busy_timeout(s->disk.db, s->trouble.failing ? 0 : CLOSE_BUSY_MS);
	while (s->flying || take_off(s)) {
		write_here(s);
		store_job_settled(&s->batch_job);
		land(s, s->batch_job.err);
	}
}

static void store_free(struct journal *j)
{
	struct store *s = (struct store *)j;

	s->closing = true;
	loop_timer_stop(s->options.loop, &s->retry);
	store_job_await(&s->batch_job);
	if (s->batch_job.given) {
		store_job_settled(&s->batch_job);
		if (!s->batch_job.err)
			land(s, 0);
	}
	store_job_await(&s->keep.job);
	write_rest(s);
	store_history_deinit(s);
	keep_stop(s);
	keep_deinit(s);
	disk_deinit(&s->disk);
	batch_deinit(&s->batches[0]);
	batch_deinit(&s->batches[1]);
	close(s->lock_fd);
	store_unref(s);
}

void store_configure(struct journal *j, enum durability durability, const struct retention *retention)
{
	struct store *s = (struct store *)j;

	s->options.durability = durability;
	s->options.retention = *retention;
	keep_configured(s);
}

static void fill_in(struct store_tuning *t)
{
	static const struct store_tuning usual = {
		.snapshot_after = 20000,
		.busy_ms = 5000,
		.idle_ms = 2000,
		.retain_ms = 60000,
		.scrub_ms = 60000,
		.checkpoint_pages = 1000,
	};

	t->snapshot_after = t->snapshot_after ? t->snapshot_after : usual.snapshot_after;
	t->busy_ms = t->busy_ms ? t->busy_ms : usual.busy_ms;
	t->idle_ms = t->idle_ms ? t->idle_ms : usual.idle_ms;
	t->retain_ms = t->retain_ms ? t->retain_ms : usual.retain_ms;
	t->scrub_ms = t->scrub_ms ? t->scrub_ms : usual.scrub_ms;
	t->checkpoint_pages = t->checkpoint_pages ? t->checkpoint_pages : usual.checkpoint_pages;
}

/* The file, and how far it goes; a snapshot may go further when a power cut took the end of the file. */
static int open_disk(struct store *s, char *why, size_t size)
{
	struct disk *d = &s->disk;
	struct notes notes = {0};
	uint64_t newest = 0;
	int rc;

	d->durability = s->options.durability;
	d->open_busy_ms = OPEN_BUSY_MS;
	d->notes = &notes;
	rc = disk_open(d, why, size);
	if (disk_is_damage(rc))
		rc = disk_renew(d, rc);
	d->open_busy_ms = 0;
	d->notes = NULL;
	notes_log(&notes, s->disk.path);
	if (rc)
		return disk_errno(rc);
	snapshot_clean(d->directory);
	if (snapshot_list(d->directory, &newest, 1) == 1 && newest > d->position)
		d->position = newest;
	return 0;
}

static struct store *make(const struct store_options *options, const struct journal_owner *owner)
{
	static const struct journal_ops ops = {store_append, store_head, store_restore, store_history_read, store_free};
	struct store *s = mem_zalloc(sizeof(*s));

	s->base.ops = &ops;
	s->owner = *owner;
	s->options = *options;
	fill_in(&s->options.tuning);
	s->refs = 1;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->worked, NULL);
	disk_init(&s->disk, options->directory, (int)s->options.tuning.checkpoint_pages);
	s->disk.text = owner->text;
	s->gathering = &s->batches[0];
	s->batch_job.store = s;
	s->batch_job.worker = options->worker;
	s->seal.dispose = seal;
	s->retry.due = retry_due;
	return s;
}

int store_open(struct journal **out, const struct store_options *options, const struct journal_owner *owner, char *why,
	       size_t size)
{
	int fd = store_lock(options->directory, why, size);
	struct store *s;
	int err;

	if (fd < 0)
		return fd;
	s = make(options, owner);
	s->lock_fd = fd;
	err = open_disk(s, why, size);
	if (!err) {
		err = store_history_init(s);
		if (!err)
			err = keep_init(s);
		if (err)
			snprintf(why, size, "no thread for the journal: %s", strerror(-err));
	}
	if (err) {
		store_history_deinit(s);
		disk_deinit(&s->disk);
		close(fd);
		store_unref(s);
		return err;
	}
	s->head = s->kept = s->told = s->written = s->disk.position;
	*out = &s->base;
	return 0;
}
