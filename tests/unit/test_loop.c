#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "fd_count.h"
#include "loop/loop.h"
#include "loop/poller.h"

enum { PAIRS = 1000, NTIMERS = 8 };

struct fixture;

struct peer {
	struct watch watch; /* of the near end */
	struct fixture *f;
	int far;
	int calls;
	unsigned happened;
};

struct alarm {
	struct timer timer;
	struct fixture *f;
	int id;
	int calls;
	void (*then)(struct alarm *a);
};

struct hook {
	struct turn_hook hook;
	struct fixture *f;
	int id;
	int calls;
	void (*then)(struct hook *h);
};

struct thing {
	struct disposal disposal;
	struct fixture *f;
	struct thing *other;
};

struct fixture {
	struct loop *loop;
	int before;
	struct peer peers[2];
	struct peer heir; /* of a descriptor number */
	struct alarm alarms[NTIMERS];
	struct hook hooks[3];
	int order[32];
	int n;
	int disposed;
};

static void note(struct fixture *f, int id)
{
	assert_true(f->n < 32);
	f->order[f->n++] = id;
}

static void assert_order(const struct fixture *f, const char *digits)
{
	assert_int_equal(f->n, strlen(digits));
	for (int i = 0; i < f->n; i++)
		assert_int_equal(f->order[i], digits[i] - '0');
}

static void on_ready(struct watch *w, unsigned happened)
{
	struct peer *p = (struct peer *)w;
	p->calls++;
	p->happened |= happened;
}

static void on_due(struct timer *t)
{
	struct alarm *a = (struct alarm *)t;
	assert_false(loop_timer_is_set(t));
	assert_true(loop_clock(a->f->loop)->mono_ms >= t->node.key);
	a->calls++;
	note(a->f, a->id);
	if (a->then)
		a->then(a);
}

static void on_hook(struct turn_hook *hook)
{
	struct hook *h = (struct hook *)hook;
	h->calls++;
	note(h->f, h->id);
	if (h->then)
		h->then(h);
}

static void open_peer(struct fixture *f, struct peer *p)
{
	int ends[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
	*p = (struct peer){.watch = {.ready = on_ready, .fd = ends[0]}, .f = f, .far = ends[1]};
}

static void close_peer(struct fixture *f, struct peer *p)
{
	loop_watch_stop(f->loop, &p->watch);
	close(p->watch.fd);
	close(p->far);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	assert_non_null(f);
	f->before = fd_count();
	assert_int_equal(loop_new(&f->loop), 0);
	open_peer(f, &f->peers[0]);
	open_peer(f, &f->peers[1]);
	for (int i = 0; i < NTIMERS; i++)
		f->alarms[i] = (struct alarm){.timer.due = on_due, .f = f, .id = i};
	for (int i = 0; i < 3; i++)
		f->hooks[i] = (struct hook){.hook.run = on_hook, .f = f, .id = i};
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	close_peer(f, &f->peers[0]);
	close_peer(f, &f->peers[1]);
	loop_free(f->loop);
	assert_int_equal(fd_count(), f->before);
	free(f);
	return 0;
}

static void say(int fd)
{
	assert_int_equal(write(fd, "x", 1), 1);
}

static int64_t now(const struct fixture *f)
{
	return loop_clock(f->loop)->mono_ms;
}

static void set_alarm(struct fixture *f, int i, int64_t after_ms)
{
	loop_timer_set(f->loop, &f->alarms[i].timer, now(f) + after_ms);
}

static void turn(struct fixture *f, int64_t max_wait_ms)
{
	assert_int_equal(loop_turn(f->loop, max_wait_ms), 0);
}

/* Fails when a turn waits although there is something to do. */
static void turn_at_once(struct fixture *f)
{
	int64_t start = clock_mono_us();
	turn(f, 5000);
	assert_true(clock_mono_us() - start < 2000000);
}

static void watches(void **state)
{
	struct fixture *f = *state;
	struct peer *p = &f->peers[0];
	loop_watch_stop(f->loop, &p->watch);
	assert_int_equal(loop_watch(f->loop, &p->watch, POLL_READ), 0);
	turn(f, 0);
	assert_int_equal(p->calls, 0);
	say(p->far);
	turn(f, 1000);
	assert_int_equal(p->calls, 1);
	assert_int_equal(p->happened, POLL_READ);
	assert_int_equal(loop_watch(f->loop, &p->watch, 0), 0);
	turn(f, 0);
	assert_int_equal(p->calls, 1);
	assert_int_equal(loop_watch(f->loop, &p->watch, POLL_READ | POLL_WRITE), 0);
	turn(f, 1000);
	assert_int_equal(p->calls, 2);
	assert_int_equal(p->happened, POLL_READ | POLL_WRITE);
	loop_watch_stop(f->loop, &p->watch);
	loop_watch_stop(f->loop, &p->watch);
	turn(f, 0);
	assert_int_equal(p->calls, 2);
}

/* A closed descriptor shows whether the kernel was asked. */
static void same_want_asks_nobody(void **state)
{
	struct fixture *f = *state;
	struct watch w = {.ready = on_ready, .fd = dup(f->peers[0].watch.fd)};
	assert_int_equal(loop_watch(f->loop, &w, POLL_WRITE), 0);
	assert_int_equal(loop_watch(f->loop, &w, 0), 0);
	close(w.fd);
	assert_int_equal(loop_watch(f->loop, &w, 0), 0);
	assert_int_equal(loop_watch(f->loop, &w, POLL_READ), -EBADF);
	assert_int_equal(w.want, 0);
	w.fd = dup(f->peers[0].watch.fd);
	assert_int_equal(loop_watch(f->loop, &w, POLL_READ), 0);
	close(w.fd);
	assert_int_equal(loop_watch(f->loop, &w, POLL_READ), 0);
	loop_watch_stop(f->loop, &w);
}

/* Ends the other peer and gives its descriptor's number to a socket with nothing to read. */
static void on_ready_replace_other(struct watch *w, unsigned happened)
{
	struct peer *p = (struct peer *)w;
	struct fixture *f = p->f;
	struct peer *other = &f->peers[p == &f->peers[0]];
	int number = other->watch.fd;
	on_ready(w, happened);
	loop_watch_stop(f->loop, w);
	loop_watch_stop(f->loop, &other->watch);
	close(number);
	open_peer(f, &f->heir);
	assert_int_equal(f->heir.watch.fd, number);
	assert_int_equal(loop_watch(f->loop, &f->heir.watch, POLL_READ), 0);
	other->watch.fd = dup(number); /* so that teardown has something to close */
}

static void stale_event_spares_new_owner(void **state)
{
	struct fixture *f = *state;
	for (int i = 0; i < 2; i++) {
		f->peers[i].watch.ready = on_ready_replace_other;
		assert_int_equal(loop_watch(f->loop, &f->peers[i].watch, POLL_READ), 0);
		say(f->peers[i].far);
	}
	turn(f, 1000);
	assert_int_equal(f->peers[0].calls + f->peers[1].calls, 1);
	assert_int_equal(f->heir.calls, 0);
	turn(f, 0);
	assert_int_equal(f->heir.calls, 0);
	say(f->heir.far);
	turn(f, 1000);
	assert_int_equal(f->heir.calls, 1);
	assert_int_equal(f->peers[0].calls + f->peers[1].calls, 1);
	close_peer(f, &f->heir);
}

/* As above, but the number comes back in the very same watch. */
static void on_ready_recycle_other(struct watch *w, unsigned happened)
{
	struct peer *p = (struct peer *)w;
	struct fixture *f = p->f;
	struct peer *other = &f->peers[p == &f->peers[0]];
	int number = other->watch.fd;
	int calls = other->calls;
	on_ready(w, happened);
	loop_watch_stop(f->loop, w);
	close_peer(f, other);
	open_peer(f, other);
	assert_int_equal(other->watch.fd, number);
	other->calls = calls;
	assert_int_equal(loop_watch(f->loop, &other->watch, POLL_READ), 0);
}

static void stale_event_spares_recycled_watch(void **state)
{
	struct fixture *f = *state;
	for (int i = 0; i < 2; i++) {
		f->peers[i].watch.ready = on_ready_recycle_other;
		assert_int_equal(loop_watch(f->loop, &f->peers[i].watch, POLL_READ), 0);
		say(f->peers[i].far);
	}
	turn(f, 1000);
	turn(f, 0);
	assert_int_equal(f->peers[0].calls + f->peers[1].calls, 1);
}

static void on_ready_narrow_other(struct watch *w, unsigned happened)
{
	struct peer *p = (struct peer *)w;
	struct peer *other = &p->f->peers[p == &p->f->peers[0]];
	on_ready(w, happened);
	assert_int_equal(loop_watch(p->f->loop, &other->watch, POLL_READ), 0);
}

static void event_nobody_wants_any_more_is_left_out(void **state)
{
	struct fixture *f = *state;
	for (int i = 0; i < 2; i++) {
		f->peers[i].watch.ready = on_ready_narrow_other;
		assert_int_equal(loop_watch(f->loop, &f->peers[i].watch, POLL_READ | POLL_WRITE), 0);
	}
	say(f->peers[0].far);
	say(f->peers[1].far);
	turn(f, 1000);
	assert_int_equal(f->peers[0].calls, 1);
	assert_int_equal(f->peers[1].calls, 1);
	assert_int_equal(f->peers[0].happened | f->peers[1].happened, POLL_READ | POLL_WRITE);
	assert_int_equal(f->peers[0].happened & f->peers[1].happened, POLL_READ);
}

static void on_ready_hang_up(struct watch *w, unsigned happened)
{
	struct peer *p = (struct peer *)w;
	char buf[8];
	on_ready(w, happened);
	if (read(w->fd, buf, sizeof(buf)) == 0)
		loop_watch_stop(p->f->loop, w);
}

static void end_of_stream_comes_after_data(void **state)
{
	struct fixture *f = *state;
	struct peer *p = &f->peers[0];
	p->watch.ready = on_ready_hang_up;
	assert_int_equal(loop_watch(f->loop, &p->watch, POLL_READ), 0);
	say(p->far);
	close(p->far);
	p->far = -1;
	turn(f, 1000);
	assert_int_equal(p->watch.want, POLL_READ);
	turn(f, 1000);
	assert_int_equal(p->watch.want, 0);
	assert_int_equal(p->calls, 2);
	turn(f, 0);
	assert_int_equal(p->calls, 2);
}

static void many_watches(void **state)
{
	static struct peer peers[PAIRS];
	struct fixture *f = *state;
	int left = PAIRS;
	assert_int_equal(fd_raise_limit(), 0);
	for (int i = 0; i < PAIRS; i++) {
		open_peer(f, &peers[i]);
		peers[i].watch.ready = on_ready_hang_up;
		assert_int_equal(loop_watch(f->loop, &peers[i].watch, POLL_READ), 0);
		say(peers[i].far);
	}
	for (int turns = 0; left > 0; turns++) {
		assert_true(turns < PAIRS);
		turn(f, 1000);
		left = PAIRS;
		for (int i = 0; i < PAIRS; i++)
			left -= peers[i].calls;
	}
	turn(f, 0);
	for (int i = 0; i < PAIRS; i++) {
		assert_int_equal(peers[i].calls, 1);
		close_peer(f, &peers[i]);
	}
}

static void timers_fire_in_order(void **state)
{
	static const int after[] = {9, 3, 27, 15, 6, 21, 12, 24};
	struct fixture *f = *state;
	for (int i = 0; i < NTIMERS; i++)
		set_alarm(f, i, after[i]);
	set_alarm(f, 0, 18);
	set_alarm(f, 6, 1);
	loop_timer_stop(f->loop, &f->alarms[7].timer);
	loop_timer_stop(f->loop, &f->alarms[7].timer);
	while (f->n < NTIMERS - 1)
		turn(f, 1000);
	turn(f, 20);
	assert_order(f, "6143052");
}

static void timer_fires_in_one_turn_and_not_early(void **state)
{
	struct fixture *f = *state;
	int64_t deadline = clock_mono_us() / 1000 + 40;
	loop_hook_add(f->loop, &f->hooks[1].hook);
	loop_timer_set(f->loop, &f->alarms[0].timer, deadline);
	assert_true(loop_timer_is_set(&f->alarms[0].timer));
	turn(f, -1);
	assert_true(clock_mono_us() >= deadline * 1000);
	assert_order(f, "01");
	loop_hook_remove(f->loop, &f->hooks[1].hook);
}

static void stop_others(struct alarm *a)
{
	loop_timer_stop(a->f->loop, &a->f->alarms[1].timer);
	loop_timer_stop(a->f->loop, &a->f->alarms[a->id].timer);
	set_alarm(a->f, 2, 0);
	set_alarm(a->f, 3, -1000);
}

static void due_timer_stops_and_sets_others(void **state)
{
	struct fixture *f = *state;
	f->alarms[0].then = stop_others;
	set_alarm(f, 0, -3);
	set_alarm(f, 1, -2);
	set_alarm(f, 2, -1);
	set_alarm(f, 4, 0);
	turn_at_once(f);
	assert_order(f, "04");
	while (f->n < 4)
		turn_at_once(f);
	assert_int_equal(f->alarms[1].calls, 0);
	assert_int_equal(f->alarms[2].calls, 1);
	assert_int_equal(f->alarms[3].calls, 1);
}

static void again_at_once(struct alarm *a)
{
	set_alarm(a->f, a->id, 0);
}

static void timer_set_to_now_by_itself_lets_the_turn_end(void **state)
{
	struct fixture *f = *state;
	f->alarms[0].then = again_at_once;
	set_alarm(f, 0, 0);
	turn_at_once(f);
	assert_int_equal(f->alarms[0].calls, 1);
	turn_at_once(f);
	assert_int_equal(f->alarms[0].calls, 2);
	loop_timer_stop(f->loop, &f->alarms[0].timer);
}

/* Sleeps in the handler, as one would that took long; what is due meanwhile is not waited for. */
static void be_slow(struct alarm *a)
{
	usleep(300000);
	set_alarm(a->f, 1, 200);
}

static void wait_counts_from_real_time(void **state)
{
	struct fixture *f = *state;
	f->alarms[0].then = be_slow;
	set_alarm(f, 0, 0);
	turn_at_once(f);
	int64_t start = clock_mono_us();
	turn(f, -1);
	assert_order(f, "01");
	assert_true(clock_mono_us() - start < 150000);
}

static void idle_loop_sleeps(void **state)
{
	struct fixture *f = *state;
	loop_hook_add(f->loop, &f->hooks[0].hook);
	assert_int_equal(loop_watch(f->loop, &f->peers[0].watch, POLL_READ), 0);
	set_alarm(f, 1, 150);
	while (f->alarms[1].calls == 0)
		turn(f, -1);
	assert_int_equal(f->hooks[0].calls, 1);
	turn(f, 30);
	assert_int_equal(f->hooks[0].calls, 2);
	loop_hook_remove(f->loop, &f->hooks[0].hook);
}

static void add_third(struct hook *h)
{
	h->then = NULL;
	loop_hook_add(h->f->loop, &h->f->hooks[2].hook);
}

static void remove_second(struct hook *h)
{
	loop_hook_remove(h->f->loop, &h->f->hooks[1].hook);
	h->then = NULL;
}

static void move_to_end(struct hook *h)
{
	loop_hook_remove(h->f->loop, &h->hook);
	loop_hook_add(h->f->loop, &h->hook);
}

static void hooks_run_in_order(void **state)
{
	struct fixture *f = *state;
	f->hooks[0].then = add_third;
	loop_hook_add(f->loop, &f->hooks[0].hook);
	loop_hook_add(f->loop, &f->hooks[1].hook);
	turn(f, 0);
	assert_order(f, "01");
	turn_at_once(f);
	assert_order(f, "01012");
	f->hooks[0].then = remove_second;
	turn(f, 0);
	assert_order(f, "0101202");
	loop_hook_remove(f->loop, &f->hooks[0].hook);
	turn(f, 0);
	assert_order(f, "01012022");
	loop_hook_remove(f->loop, &f->hooks[2].hook);
	turn(f, 0);
	assert_order(f, "01012022");
}

static void hook_removes_itself_last_or_not(void **state)
{
	struct fixture *f = *state;
	loop_hook_add(f->loop, &f->hooks[0].hook);
	loop_hook_add(f->loop, &f->hooks[1].hook);
	f->hooks[1].then = remove_second;
	turn(f, 0);
	loop_hook_add(f->loop, &f->hooks[1].hook);
	f->hooks[0].then = remove_second;
	turn(f, 0);
	assert_order(f, "010");
	f->hooks[0].then = move_to_end;
	turn(f, 0);
	assert_order(f, "0100");
	turn_at_once(f);
	assert_order(f, "01000");
	loop_hook_remove(f->loop, &f->hooks[0].hook);
}

static void set_due(struct hook *h)
{
	set_alarm(h->f, 5, 0);
	h->then = NULL;
}

static void timer_due_from_hook_does_not_wait(void **state)
{
	struct fixture *f = *state;
	f->hooks[0].then = set_due;
	loop_hook_add(f->loop, &f->hooks[0].hook);
	turn(f, 0);
	turn_at_once(f);
	assert_order(f, "050");
	loop_hook_remove(f->loop, &f->hooks[0].hook);
}

static void dispose_thing(struct disposal *d)
{
	struct thing *t = (struct thing *)d;
	t->f->disposed++;
	note(t->f, 7);
	if (t->other)
		loop_dispose(t->f->loop, &t->other->disposal);
	free(t);
}

static struct thing *new_thing(struct fixture *f, struct thing *other)
{
	struct thing *t = calloc(1, sizeof(*t));
	assert_non_null(t);
	*t = (struct thing){.disposal.dispose = dispose_thing, .f = f, .other = other};
	return t;
}

static void on_ready_dispose(struct watch *w, unsigned happened)
{
	struct peer *p = (struct peer *)w;
	struct thing *t = new_thing(p->f, new_thing(p->f, NULL));
	on_ready(w, happened);
	loop_watch_stop(p->f->loop, w);
	loop_dispose(p->f->loop, &t->disposal);
	assert_int_equal(p->f->disposed, 0);
	assert_ptr_equal(t->f, p->f);
}

static void disposal_comes_after_handlers_and_hooks(void **state)
{
	struct fixture *f = *state;
	loop_hook_add(f->loop, &f->hooks[0].hook);
	f->peers[0].watch.ready = on_ready_dispose;
	assert_int_equal(loop_watch(f->loop, &f->peers[0].watch, POLL_READ), 0);
	say(f->peers[0].far);
	turn(f, 1000);
	assert_order(f, "077");
	/* The hooks have not seen what the disposals did. */
	turn_at_once(f);
	assert_order(f, "0770");
	turn(f, 10);
	assert_order(f, "07700");
	loop_hook_remove(f->loop, &f->hooks[0].hook);
}

static void disposal_does_not_wait(void **state)
{
	struct fixture *f = *state;
	loop_dispose(f->loop, &new_thing(f, NULL)->disposal);
	turn_at_once(f);
	assert_int_equal(f->disposed, 1);
	loop_dispose(f->loop, &new_thing(f, new_thing(f, NULL))->disposal);
	loop_free(f->loop);
	assert_int_equal(f->disposed, 3);
	assert_int_equal(loop_new(&f->loop), 0);
}

static void stop_loop(struct alarm *a)
{
	loop_stop(a->f->loop);
}

static void run_ends_with_stop(void **state)
{
	struct fixture *f = *state;
	f->alarms[1].then = stop_loop;
	set_alarm(f, 0, 2);
	set_alarm(f, 1, 5);
	set_alarm(f, 2, 60000);
	assert_int_equal(loop_run(f->loop), 0);
	assert_order(f, "01");
	set_alarm(f, 1, 1);
	assert_int_equal(loop_run(f->loop), 0);
	assert_order(f, "011");
	loop_stop(f->loop);
	assert_int_equal(loop_run(f->loop), 0);
	loop_free(NULL);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(watches),
		WITH(same_want_asks_nobody),
		WITH(stale_event_spares_new_owner),
		WITH(stale_event_spares_recycled_watch),
		WITH(event_nobody_wants_any_more_is_left_out),
		WITH(end_of_stream_comes_after_data),
		WITH(many_watches),
		WITH(timers_fire_in_order),
		WITH(timer_fires_in_one_turn_and_not_early),
		WITH(due_timer_stops_and_sets_others),
		WITH(timer_set_to_now_by_itself_lets_the_turn_end),
		WITH(wait_counts_from_real_time),
		WITH(idle_loop_sleeps),
		WITH(hooks_run_in_order),
		WITH(hook_removes_itself_last_or_not),
		WITH(timer_due_from_hook_does_not_wait),
		WITH(disposal_comes_after_handlers_and_hooks),
		WITH(disposal_does_not_wait),
		WITH(run_ends_with_stop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
