/*
 * bench_journal DIRECTORY [RECORDS]: kept records per second of the journal on disk, in batches of 1 to 10,000, beside
 * what the disk does by itself; then what a million state records (or RECORDS) cost at start. DIRECTORY is made, and
 * must not exist. Run by hand: figures count only beside others of the same run.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "journal/store.h"
#include "journal/store_tools.h"
#include "loop/loop.h"
#include "loop/worker.h"

enum { TARGETS = 50, BYTES = 120, SECONDS = 3, MILLION = 1000000, TAKEN_MAX = 1 << 20 };

struct bench {
	const char *directory;
	struct loop *loop;
	struct worker *worker;
	struct journal *journal;
	uint64_t sent;
	uint64_t durable;
	int failed;
	uint64_t items; /* that a snapshot has */
	uint64_t hash;  /* of the records that were restored */
	uint64_t count;
	char msgid[32], target[16], body[BYTES];
};

static void ordered(void *ctx, uint64_t position, const void *record)
{
	(void)ctx;
	(void)position;
	(void)record;
}

static void durable(void *ctx, uint64_t position, int err)
{
	struct bench *b = ctx;

	b->durable = position;
	b->failed |= err;
}

static void encode(void *ctx, struct buf *out, const void *record, struct journal_about *about)
{
	struct bench *b = ctx;
	unsigned long long n = *(const uint64_t *)record;

	snprintf(b->msgid, sizeof(b->msgid), "%010llx0000abcde", n);
	snprintf(b->target, sizeof(b->target), "#channel%llu", n % TARGETS);
	buf_u64(out, n);
	buf_add(out, b->body, sizeof(b->body));
	*about = (struct journal_about){(int64_t)(1700000000000 + n), str_of(b->msgid), str_of(b->target)};
}

static bool snapshot(void *ctx, uint64_t nth, struct buf *out)
{
	struct bench *b = ctx;

	if (nth >= b->items)
		return false;
	buf_u64(out, nth + 1);
	buf_add(out, b->body, sizeof(b->body));
	return true;
}

static void fail(const char *what, int err)
{
	fprintf(stderr, "%s: %s\n", what, strerror(-err));
	exit(1);
}

static void open_store(struct bench *b, enum durability durability)
{
	const struct journal_owner owner = {ordered, durable, encode, snapshot, b};
	const struct store_options options = {
		.directory = b->directory,
		.loop = b->loop,
		.worker = b->worker,
		.durability = durability,
		.tuning.snapshot_after = UINT32_MAX,
	};
	char why[256];
	int err = store_open(&b->journal, &options, &owner, why, sizeof(why));

	if (err)
		fail(why, err);
}

/* What is still on its way to the disk would slow what is measured next. */
static void close_store(struct bench *b)
{
	b->journal->ops->free(b->journal);
	b->journal = NULL;
	sync();
}

static void send(struct bench *b, uint64_t n, enum journal_class class)
{
	for (uint64_t i = 0; i < n; i++) {
		int err;

		b->sent++;
		err = b->journal->ops->append(b->journal, &b->sent, class);
		if (err)
			fail("append", err);
	}
}

static void wait_durable(struct bench *b)
{
	uint64_t head = b->journal->ops->head(b->journal);

	while (b->durable < head) {
		int err = loop_turn(b->loop, -1);

		if (err)
			fail("loop", err);
	}
	if (b->failed)
		fail("durable", b->failed);
}

static void measure_disk(const struct bench *b)
{
	char path[4096], block[4096] = {0};
	int64_t start, us;
	int n = 0, fd;

	sync();
	start = clock_mono_us();
	snprintf(path, sizeof(path), "%s/fsync", b->directory);
	fd = open(path, O_RDWR | O_CREAT, 0600);
	if (fd < 0)
		fail(path, -errno);
	do {
		if (pwrite(fd, block, sizeof(block), (off_t)(n++ % 256) * (off_t)sizeof(block)) < 0 ||
		    fdatasync(fd) < 0)
			fail(path, -errno);
		us = clock_mono_us() - start;
	} while (us < 1000000);
	close(fd);
	unlink(path);
	printf("the disk alone: %.0f writes of 4 kB with fdatasync a second\n", n * 1e6 / (double)us);
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void measure_batches(struct bench *b, const char *name, uint64_t size)
{
	static int64_t took[TAKEN_MAX];
	int64_t start = clock_mono_us(), us;
	size_t n = 0;

	do {
		int64_t before = clock_mono_us();

		send(b, size, JOURNAL_MESSAGE);
		wait_durable(b);
		us = clock_mono_us();
		took[n++] = us - before;
		us -= start;
	} while (us < SECONDS * 1000000 && n < TAKEN_MAX);
	qsort(took, n, sizeof(took[0]), compare);
	printf("%s, batches of %5llu: %7.0f records a second; a batch: median %.2f, p99 %.2f, longest %.2f ms\n", name,
	       (unsigned long long)size, (double)(n * size) * 1e6 / (double)us, (double)took[n / 2] / 1000,
	       (double)took[n - n / 100 - 1] / 1000, (double)took[n - 1] / 1000);
}

static bool fold(void *ctx, uint64_t position, struct str bytes)
{
	struct bench *b = ctx;
	const struct hash_key key = {{b->hash, 0}};

	(void)position;
	b->hash = hash_bytes(&key, bytes);
	b->count++;
	return true;
}

/* Restores, and says how long it took. Gives the hash of what came. */
static uint64_t measure_restore(struct bench *b, const char *from)
{
	int64_t start = clock_mono_us();

	b->hash = b->count = 0;
	if (b->journal->ops->restore(b->journal, fold, b) < 0)
		fail("restore", -EIO);
	printf("restored %llu records from %s in %.2f s, hash %016llx\n", (unsigned long long)b->count, from,
	       (double)(clock_mono_us() - start) / 1e6, (unsigned long long)b->hash);
	return b->hash;
}

static void measure_states(struct bench *b, uint64_t n)
{
	uint64_t hash;
	int64_t start;

	open_store(b, DURABILITY_CRASH);
	b->sent = 0;
	start = clock_mono_us();
	for (uint64_t left = n; left; left -= left < 10000 ? left : 10000) {
		send(b, left < 10000 ? left : 10000, JOURNAL_STATE);
		wait_durable(b);
	}
	printf("%llu state records written in %.2f s\n", (unsigned long long)n,
	       (double)(clock_mono_us() - start) / 1e6);
	close_store(b);
	open_store(b, DURABILITY_CRASH);
	hash = measure_restore(b, "the database");
	b->items = n;
	send(b, 1, JOURNAL_STATE);
	start = clock_mono_us();
	close_store(b);
	printf("stopped, with a snapshot of %llu items, in %.2f s\n", (unsigned long long)n,
	       (double)(clock_mono_us() - start) / 1e6);
	open_store(b, DURABILITY_CRASH);
	if (measure_restore(b, "a snapshot") != hash)
		fail("the hashes differ", -EBADMSG);
	close_store(b);
}

int main(int argc, char **argv)
{
	static const uint64_t sizes[] = {1, 10, 100, 1000, 10000};
	static struct bench b;

	if (argc < 2 || mkdir(argv[1], 0700) < 0) {
		fprintf(stderr, "usage: bench_journal DIRECTORY [RECORDS]; the directory is made\n");
		return 2;
	}
	b.directory = argv[1];
	memset(b.body, 'x', sizeof(b.body));
	if (loop_new(&b.loop) < 0 || worker_new(&b.worker, b.loop) < 0)
		return 1;
	for (size_t i = 0; i < 2 * sizeof(sizes) / sizeof(sizes[0]); i++) {
		bool power = i >= sizeof(sizes) / sizeof(sizes[0]);

		if (i % (sizeof(sizes) / sizeof(sizes[0])) == 0)
			measure_disk(&b);
		open_store(&b, power ? DURABILITY_POWER : DURABILITY_CRASH);
		measure_batches(&b, power ? "power" : "crash", sizes[i % (sizeof(sizes) / sizeof(sizes[0]))]);
		close_store(&b);
	}
	measure_states(&b, argc > 2 ? strtoull(argv[2], NULL, 10) : MILLION);
	worker_free(b.worker);
	loop_free(b.loop);
	return 0;
}
