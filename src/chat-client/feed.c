#include "chat-client/feed.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "chat-client/client.h"
#include "chat-client/outgoing.h"
#include "chat-client/words.h"
#include "loop/poller.h"
#include "proto/tags.h"

static void finish(struct feed *f, int code, const char *why)
{
	if (f->done)
		return;
	f->done = true;
	loop_watch_stop(f->loop, &f->watch);
	loop_timer_stop(f->loop, &f->patience);
	f->handlers->done(f->ctx, code, why);
}

static bool labels(const struct feed *f)
{
	unsigned need = CLIENT_CAP_LABEL | CLIENT_CAP_BATCH;

	return (f->client->caps & need) == need;
}

static void send_ping(struct feed *f)
{
	f->pinged = f->sent;
	client_sendf(f->client, "PING :feed-%llu", (unsigned long long)f->sent);
}

static void send_piece(struct feed *f, struct str text)
{
	char memory[LINE_BODY_MAX + 64];
	struct buf b;

	buf_init(&b, memory, sizeof(memory));
	f->sent++;
	if (labels(f))
		buf_fmt(&b, "@label=feed-%llu ", (unsigned long long)f->sent);
	buf_fmt(&b, "PRIVMSG %s :", f->target);
	buf_str(&b, text);
	client_send(f->client, buf_view(&b));
	f->handlers->said(f->ctx, str_of(f->target), text);
	if (!labels(f) && f->sent - f->pinged >= FEED_PING_EVERY)
		send_ping(f);
}

static void drop(struct feed *f, size_t n)
{
	f->n -= n;
	memmove(f->buffer, f->buffer + n, f->n);
}

/* Sends one piece of the line at the front of the buffer. False when there is none, or not yet a whole one. */
static bool take_piece(struct feed *f)
{
	size_t room = client_room(f->client, STR("PRIVMSG"), str_of(f->target));
	const char *end = f->n ? memchr(f->buffer, '\n', f->n) : NULL;
	struct str line = {f->buffer, end ? (size_t)(end - f->buffer) : f->n};
	char memory[LINE_BODY_MAX];
	struct buf piece;

	if (!end && !f->eof && f->n < FEED_BUFFER)
		return false;
	if (end || f->eof)
		line = outgoing_chomp(line);
	buf_init(&piece, memory, room);
	if (outgoing_take(&line, &piece)) {
		drop(f, (size_t)(line.p - f->buffer));
		send_piece(f, buf_view(&piece));
		return true;
	}
	if (!f->n)
		return false;
	/* nothing is left of this line but its end */
	drop(f, end ? (size_t)(end - f->buffer) + 1 : f->n);
	return true;
}

static bool window_open(const struct feed *f)
{
	return f->sent - f->acked < FEED_WINDOW;
}

/* More input, when there is room for it. False when there will be none for now. */
static bool read_more(struct feed *f)
{
	ssize_t n;

	if (f->eof || f->n == FEED_BUFFER)
		return false;
	do
		n = read(STDIN_FILENO, f->buffer + f->n, FEED_BUFFER - f->n);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN)
		return false;
	if (n <= 0)
		f->eof = true;
	else
		f->n += (size_t)n;
	return true;
}

/* Sends what the window allows; a file is read as the window moves, a pipe when it has something. */
static void pump(struct feed *f)
{
	while (window_open(f) && !f->done && (take_piece(f) || (f->file && read_more(f))))
		;
}

static void check_end(struct feed *f)
{
	if (!f->eof || f->n || f->done)
		return;
	if (f->acked == f->sent)
		finish(f, EX_OK, NULL);
	else if (!labels(f) && f->pinged < f->sent)
		send_ping(f);
}

static void be_patient(struct feed *f)
{
	loop_timer_set(f->loop, &f->patience, loop_clock(f->loop)->mono_ms + FEED_PATIENCE_MS);
}

/* What was sent is waited for; where nothing is, there is no deadline. */
static void watch_patience(struct feed *f)
{
	if (f->sent == f->acked)
		loop_timer_stop(f->loop, &f->patience);
	else if (!loop_timer_is_set(&f->patience))
		be_patient(f);
}

static void go_on(struct feed *f)
{
	bool want;

	if (!f->open || f->done)
		return;
	pump(f);
	check_end(f);
	if (f->done)
		return;
	watch_patience(f);
	want = !f->eof && !f->file && f->n < FEED_BUFFER && window_open(f);
	if (loop_watch(f->loop, &f->watch, want ? POLL_READ : 0) == 0)
		return;
	/* the poller takes no regular file, nor /dev/null */
	f->file = true;
	go_on(f);
}

static void on_ready(struct watch *w, unsigned happened)
{
	struct feed *f = (struct feed *)((char *)w - offsetof(struct feed, watch));

	(void)happened;
	(void)read_more(f);
	go_on(f);
}

static void on_patience(struct timer *timer)
{
	struct feed *f = (struct feed *)((char *)timer - offsetof(struct feed, patience));

	if (!f->open) {
		finish(f, EX_TEMPFAIL, N_("the channel stays closed"));
	} else if (!labels(f) && f->pinged < f->sent) {
		/* too few lines for a PING so far: they were not asked after */
		send_ping(f);
		be_patient(f);
	} else {
		finish(f, EX_TEMPFAIL, N_("the server does not acknowledge what was sent"));
	}
}

static void acknowledge(struct feed *f, uint64_t upto)
{
	if (upto > f->acked && upto <= f->sent)
		f->acked = upto;
}

/* The number behind "feed-". */
static bool token_number(struct str token, uint64_t *number)
{
	static const char mark[] = "feed-";
	size_t n = sizeof(mark) - 1;
	unsigned long long value;

	if (!str_starts(token, str_of(mark)) || !str_u64((struct str){token.p + n, token.n - n}, UINT64_MAX, &value))
		return false;
	*number = value;
	return true;
}

static bool is_error(const struct line *line)
{
	char class = line->command.n == 3 ? line->command.p[0] : 0;

	return class == '4' || class == '5' || str_eq(line->command, STR("FAIL"));
}

/* A refusal of what goes to our channel, as far as it can be told without a label. */
static bool is_refusal(const struct feed *f, const struct line *line)
{
	if (!is_error(line))
		return false;
	if (str_eq(line->command, STR("FAIL")))
		return line->nparams && str_eq(line->params[0], STR("PRIVMSG"));
	return line->nparams > 1 && client_same_name(f->client, line->params[1], str_of(f->target));
}

static bool is_about_target(const struct feed *f, const struct line *line)
{
	return line->nparams && client_same_name(f->client, line->params[0], str_of(f->target));
}

static void on_echo(struct feed *f)
{
	f->echoed++;
	if (!labels(f) && (f->client->caps & CLIENT_CAP_ECHO))
		acknowledge(f, f->echoed);
}

/* What our own doings in the channel, seen from there, mean. */
static void on_own(struct feed *f, const struct line *line)
{
	if (str_eq(line->command, STR("JOIN")))
		f->open = true;
	else if (str_eq(line->command, STR("PRIVMSG")))
		on_echo(f);
	else if (str_eq(line->command, STR("PART")))
		finish(f, EX_NOPERM, N_("the server took us out of the channel"));
}

static void on_labelled(struct feed *f, const struct line *line)
{
	uint64_t number;
	struct tag tag;

	if (!line->tags.n || !tags_find(line->tags, STR("label"), &tag) || !token_number(tag.value, &number))
		return;
	if (is_error(line))
		finish(f, EX_NOPERM, N_("the server refuses what we say"));
	acknowledge(f, number);
}

static void on_pong(struct feed *f, const struct line *line)
{
	uint64_t number;

	if (line->nparams && token_number(line->params[line->nparams - 1], &number) && !labels(f))
		acknowledge(f, number);
}

void feed_line(struct feed *f, const struct line *line)
{
	uint64_t acked = f->acked;
	bool was_open = f->open;

	if (f->done)
		return;
	on_labelled(f, line);
	if (str_eq(line->command, STR("PONG")))
		on_pong(f, line);
	else if (is_refusal(f, line))
		finish(f, EX_NOPERM,
		       f->open ? N_("the server refuses what we say") : N_("the server does not let us in there"));
	else if (is_about_target(f, line) && client_is_me(f->client, line->source))
		on_own(f, line);
	else if (str_eq(line->command, STR("KICK")) && is_about_target(f, line) && line->nparams > 1 &&
		 client_is_me(f->client, line->params[1]))
		finish(f, EX_NOPERM, N_("we were kicked out of the channel"));
	if (f->done || (acked == f->acked && was_open == f->open))
		return;
	loop_timer_stop(f->loop, &f->patience);
	go_on(f);
}

void feed_init(struct feed *f, struct loop *loop, struct client *client, const char *target)
{
	f->loop = loop;
	f->client = client;
	f->target = target;
	f->watch = (struct watch){.ready = on_ready, .fd = STDIN_FILENO};
	f->patience.due = on_patience;
}

void feed_start(struct feed *f)
{
	be_patient(f);
}

void feed_deinit(struct feed *f)
{
	loop_watch_stop(f->loop, &f->watch);
	loop_timer_stop(f->loop, &f->patience);
}
