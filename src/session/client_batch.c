#include "session/client_batch.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/mem.h"
#include "proto/line.h"
#include "proto/multiline.h"
#include "session/reply.h"
#include "session/server.h"
#include "session/session.h"

enum { ROOM_FIRST = 512, TEXT_MAX = 64 << 10 };

static int64_t now_ms(const struct session *s)
{
	return loop_clock(s->hub->loop)->mono_ms;
}

static char *copy(struct str s)
{
	return s.n ? mem_strndup(s.p, s.n) : NULL;
}

static void deadline_due(struct timer *t)
{
	struct client_batch *b = (struct client_batch *)((char *)t - offsetof(struct client_batch, deadline));

	client_batch_fail(b, "TIMEOUT", b->ref, "The batch was left open for too long");
	client_batch_give_up(b);
}

static struct client_batch *make(struct session *s, struct str ref)
{
	struct client_batch *b = mem_zalloc(sizeof(*b));

	client_batch_end(s);
	b->session = s;
	b->deadline.due = deadline_due;
	b->ref = mem_strndup(ref.p, ref.n);
	s->client_batch = b;
	return b;
}

struct client_batch *client_batch_open(struct session *s, struct str ref, struct str target)
{
	struct client_batch *b = make(s, ref);

	b->target = copy(target);
	loop_timer_set(s->hub->loop, &b->deadline, now_ms(s) + s->hub->server->multiline_ms);
	return b;
}

static void make_room(struct client_batch *b, size_t more)
{
	if (b->room - b->size >= more)
		return;
	if (b->room == 0)
		b->room = ROOM_FIRST;
	while (b->room - b->size < more)
		b->room *= 2;
	b->text = mem_realloc(b->text, b->room);
}

enum client_batch_result client_batch_add(struct client_batch *b, struct str line, bool concat)
{
	const struct server *server = b->session->hub->server;
	size_t more = line.n + (b->lines && !concat);
	struct buf out;

	if (b->lines >= server->multiline_lines)
		return CLIENT_BATCH_TOO_MANY;
	if (b->bytes + more > server->multiline_bytes)
		return CLIENT_BATCH_TOO_LONG;
	make_room(b, line.n + 1);
	buf_init(&out, b->text + b->size, b->room - b->size);
	if (b->lines)
		buf_chr(&out, concat ? MULTILINE_CONCAT : MULTILINE_BREAK);
	buf_str(&out, line);
	b->size += out.n;
	b->bytes += (uint32_t)more;
	b->lines++;
	return CLIENT_BATCH_OK;
}

static void forget(struct client_batch *b)
{
	mem_free(b->target);
	mem_free(b->tags);
	mem_free(b->label);
	mem_free(b->text);
	b->target = b->tags = b->label = b->text = NULL;
	b->size = b->room = 0;
}

void client_batch_give_up(struct client_batch *b)
{
	loop_timer_stop(b->session->hub->loop, &b->deadline);
	forget(b);
	b->over = true;
}

/* Not as a part of what is being answered: that is another line, under a label of its own. */
void client_batch_fail(const struct client_batch *b, const char *code, const char *context, const char *why)
{
	struct session *s = b->session;
	char label[LINE_CLIENT_TAGS_MAX + 8] = "", body[2 * LINE_BODY_MAX];
	int n = snprintf(body, sizeof(body), ":%s FAIL BATCH %s%s%s :%s", s->hub->server->name, code,
			 context ? " " : "", context ? context : "", why);

	if (b->label && session_has(s, CAP_LABELED_RESPONSE) && session_has(s, CAP_BATCH))
		snprintf(label, sizeof(label), "label=%s", b->label);
	reply_direct(s, str_of(label), (struct str){body, n < (int)sizeof(body) ? (size_t)n : sizeof(body) - 1});
}

void client_batch_free(struct client_batch *b)
{
	if (!b)
		return;
	loop_timer_stop(b->session->hub->loop, &b->deadline);
	forget(b);
	mem_free(b->ref);
	mem_free(b);
}

void client_batch_end(struct session *s)
{
	client_batch_free(s->client_batch);
	s->client_batch = NULL;
}

void client_batch_save(const struct session *s, struct wire_out *out)
{
	const struct client_batch *b = s->client_batch;
	size_t begun = wire_begin(out);

	if (b) {
		wire_put_text(out, b->ref);
		wire_put_text(out, b->target);
		wire_put_text(out, b->tags);
		wire_put_text(out, b->label);
		wire_put_str(out, (struct str){b->text, b->size});
		wire_put_u32(out, b->bytes);
		wire_put_u32(out, b->lines);
		wire_put_u8(out, (uint8_t)b->kind);
		wire_put_u8(out, b->over);
		wire_put_i64(out, b->over ? 0 : b->deadline.node.key - now_ms(s));
	}
	wire_end(out, begun);
}

static void load_text(struct client_batch *b, struct wire_in *in)
{
	struct str text = wire_str(in);

	if (text.n > TEXT_MAX)
		wire_fail(in);
	if (!text.n || in->bad)
		return;
	make_room(b, text.n);
	memcpy(b->text, text.p, text.n);
	b->size = text.n;
}

void client_batch_load(struct session *s, struct wire_in *in)
{
	struct wire_in saved = wire_section(in);
	struct client_batch *b;
	struct str ref;

	if (!wire_more(&saved))
		return;
	ref = wire_text(&saved, LINE_MAX_BYTES);
	/* One that was refused for its name may have an empty one. */
	if (saved.bad || !ref.p) {
		wire_fail(in);
		return;
	}
	b = make(s, ref);
	b->target = copy(wire_text(&saved, LINE_MAX_BYTES));
	b->tags = copy(wire_text(&saved, LINE_MAX_BYTES));
	b->label = copy(wire_text(&saved, LINE_MAX_BYTES));
	load_text(b, &saved);
	b->bytes = wire_u32(&saved);
	b->lines = wire_u32(&saved);
	b->kind = (enum client_batch_kind)wire_bounded(&saved, 1, CLIENT_BATCH_NOTICE);
	b->over = wire_bounded(&saved, 1, 1);
	if (!b->over)
		loop_timer_set(s->hub->loop, &b->deadline, now_ms(s) + wire_i64(&saved));
	if (saved.bad)
		wire_fail(in);
}
