/*
 * fill-history DIRECTORY [MESSAGES]: makes a store with a million messages (or MESSAGES) in the registered channel
 * #bench, ten a second up to now. DIRECTORY is made, and must not exist. For tools/bench-history.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "journal/store.h"
#include "loop/loop.h"
#include "loop/worker.h"
#include "network/record.h"
#include "proto/modes.h"
#include "session/msgid.h"

enum { MILLION = 1000000, EVERY_MS = 100, OF_A_TURN = 5000 };

struct filling {
	uint64_t durable;
	int failed;
	struct record channel; /* all that there is of state */
};

static void ordered(void *ctx, uint64_t position, const void *record)
{
	(void)ctx;
	(void)position;
	(void)record;
}

static void durable(void *ctx, uint64_t position, int err)
{
	struct filling *f = ctx;

	f->durable = position;
	f->failed |= err;
}

static void encode(void *ctx, struct buf *out, const void *record, struct journal_about *about)
{
	const struct record *r = record;

	(void)ctx;
	record_encode(out, r);
	*about = (struct journal_about){.time = r->time, .msgid = r->msgid};
	if (r->type == RECORD_MESSAGE)
		about->target = r->message.channel;
}

static bool snapshot(void *ctx, uint64_t nth, struct buf *out)
{
	struct filling *f = ctx;

	if (nth == 0)
		record_encode(out, &f->channel);
	return nth == 0;
}

static bool ignore(void *ctx, uint64_t position, struct str bytes)
{
	(void)ctx;
	(void)position;
	(void)bytes;
	return true;
}

static void add_channel(struct filling *f, struct journal *j, int64_t created)
{
	struct record r = {.type = RECORD_CHANNEL, .flags = RECORD_OVERRIDE, .time = created};

	r.channel.name = STR("#bench");
	r.channel.created = created;
	r.channel.flags = CHAN_REGISTERED;
	f->channel = r;
	j->ops->append(j, &r, JOURNAL_STATE);
}

/* One line in ten thousand has a rare word, one in a hundred another, and one in a thousand is somebody else's. */
static void add_message(struct journal *j, struct msgid_source *ids, uint64_t n, int64_t time)
{
	static const char *const words[] = {"morning", "evening", "weather", "kernel", "coffee", "meeting", "release"};
	const char *nth = n % 10000 == 7 ? "rare" : n % 100 == 3 ? "uncommon" : words[n % 7];
	char text[160];
	struct record r = {.type = RECORD_MESSAGE, .time = time};

	snprintf(text, sizeof(text), "this is what somebody said as number %llu, and %s is in it",
		 (unsigned long long)n, nth);
	r.msgid = msgid_next(ids, time);
	r.message.channel = STR("#bench");
	r.message.text = str_of(text);
	r.message.by = n % 1000 == 5 ? STR("seldom!user@host.example") : STR("somebody!user@host.example");
	r.message.account = STR("somebody");
	j->ops->append(j, &r, JOURNAL_MESSAGE);
}

static void settle(struct filling *f, struct journal *j, struct loop *loop)
{
	while (f->durable < j->ops->head(j) && loop_turn(loop, 100) == 0)
		;
}

int main(int argc, char **argv)
{
	uint64_t count = argc > 2 ? strtoull(argv[2], NULL, 10) : MILLION;
	int64_t begin = (int64_t)time(NULL) * 1000 - (int64_t)(count + 1) * EVERY_MS;
	struct filling f = {0};
	const struct journal_owner owner = {ordered, durable, encode, snapshot, &f};
	struct store_options options = {.directory = argc > 1 ? argv[1] : "", .durability = DURABILITY_NONE};
	struct msgid_source ids;
	struct journal *j;
	char why[256];

	if (argc < 2 || mkdir(argv[1], 0700) < 0) {
		fprintf(stderr, "usage: fill-history DIRECTORY [MESSAGES]; the directory is made\n");
		return 2;
	}
	if (loop_new(&options.loop) < 0 || worker_new(&options.worker, options.loop) < 0)
		return 1;
	if (store_open(&j, &options, &owner, why, sizeof(why)) < 0) {
		fprintf(stderr, "%s\n", why);
		return 1;
	}
	j->ops->restore(j, ignore, NULL);
	store_configure(j, DURABILITY_CRASH, &(struct retention){0});
	msgid_init(&ids);
	add_channel(&f, j, begin);
	for (uint64_t n = 0; n < count; n++) {
		add_message(j, &ids, n, begin + (int64_t)n * EVERY_MS);
		if (n % OF_A_TURN == 0)
			settle(&f, j, options.loop);
	}
	settle(&f, j, options.loop);
	j->ops->free(j);
	worker_free(options.worker);
	loop_free(options.loop);
	return f.failed ? 1 : 0;
}
