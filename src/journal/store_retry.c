#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "journal/store_private.h"

/* Full and unreadable disks rarely get better at once: they are given a part of the time that a lock is given. */
enum { RETRY_MS = 20, OTHER_PART = 5, LOG_MS = 60000 };

static int64_t mono_ms(void)
{
	return clock_mono_us() / 1000;
}

static bool may_pass(int err)
{
	return err == -EBUSY || err == -ENOSPC || err == -EIO || err == -EROFS || err == -EACCES || err == -ENOMEM;
}

bool trouble_again(struct store *s, int err)
{
	struct trouble *t = &s->trouble;
	int64_t now_ms = mono_ms();
	int64_t patience_ms = s->options.tuning.busy_ms;

	if (err != -EBUSY)
		patience_ms /= OTHER_PART;
	if (!err || t->failing || !may_pass(err))
		return false;
	if (!t->first_ms)
		t->first_ms = now_ms;
	if (now_ms - t->first_ms >= patience_ms)
		return false;
	loop_timer_set(s->options.loop, &s->retry, loop_clock(s->options.loop)->mono_ms + RETRY_MS);
	return true;
}

static const char *reason(int err)
{
	return err == -EBUSY ? "another process has it locked" : strerror(-err);
}

void trouble_gave_up(struct store *s, int err, const struct batch *b)
{
	struct trouble *t = &s->trouble;
	int64_t now_ms = mono_ms();

	t->failing = may_pass(err);
	t->state_lost |= b->states > 0;
	t->lost += b->count;
	t->first_ms = 0;
	if (t->logged_ms && now_ms - t->logged_ms < LOG_MS)
		return;
	t->logged_ms = now_ms;
	log_event(EVENT_STORE_FAILED, LOG_FIELDS({"CHATD_FILE", s->disk.path}, {"CHATD_REASON", reason(err)}),
		  "journal: %s cannot be written: %s. %llu records are lost so far; chat goes on", s->disk.path,
		  reason(err), (unsigned long long)t->lost);
}

void trouble_over(struct store *s)
{
	struct trouble *t = &s->trouble;

	if (t->lost)
		log_event(EVENT_STORE_RECOVERED, LOG_FIELDS({"CHATD_FILE", s->disk.path}),
			  "journal: %s is written again; %llu records were lost", s->disk.path,
			  (unsigned long long)t->lost);
	if (t->state_lost)
		keep_snapshot_now(s);
	t->failing = t->state_lost = false;
	t->lost = 0;
	t->first_ms = 0;
}
