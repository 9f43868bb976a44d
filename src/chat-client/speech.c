#include "chat-client/speech.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "chat-client/client.h"
#include "chat-client/outgoing.h"

static const struct str token = STR("said-");

void speech_say(struct speech *s, struct str target, struct str text)
{
	char memory[LINE_BODY_MAX];
	struct buf piece;

	buf_init(&piece, memory, client_room(s->client, STR("PRIVMSG"), target));
	while (outgoing_take(&text, &piece)) {
		if (!client_sendf(s->client, "PRIVMSG %.*s :%.*s", STR_ARG(target), STR_ARG(buf_view(&piece))))
			return;
		s->said(s->ctx, target, buf_view(&piece));
		piece.n = 0;
	}
}

/* One message of several lines on its way. */
struct batch {
	struct speech *speech;
	struct str target;
	const char *begin; /* of what it holds so far; NULL: it is not open */
	unsigned number, lines;
	size_t bytes;
};

static void end_batch(struct batch *b, const char *end)
{
	if (!b->begin)
		return;
	while (end > b->begin && end[-1] == '\n')
		end--;
	client_sendf(b->speech->client, "BATCH -m%u", b->number);
	b->speech->said(b->speech->ctx, b->target, (struct str){b->begin, (size_t)(end - b->begin)});
	b->begin = NULL;
}

/* Room in the batch for one more message of so many bytes, in a new one where the old is full. */
static void need_room(struct batch *b, const char *at, size_t bytes)
{
	const struct client *c = b->speech->client;

	if (b->begin && (b->lines == c->multiline_lines || b->bytes + bytes + 1 > c->multiline_bytes))
		end_batch(b, at);
	if (b->begin)
		return;
	b->number = ++b->speech->batches;
	b->begin = at;
	b->lines = 0;
	b->bytes = 0;
	client_sendf(b->speech->client, "BATCH +m%u draft/multiline %.*s", b->number, STR_ARG(b->target));
}

/* One line, in as many messages as it takes. */
static void add_line(struct batch *b, struct str line)
{
	size_t room = client_room(b->speech->client, STR("PRIVMSG"), b->target);
	char memory[LINE_BODY_MAX], out[LINE_BODY_MAX * 2];
	bool first = true;
	struct buf piece, whole;

	if (!line.n && !b->begin)
		return;
	do {
		const char *at = line.p;

		buf_init(&piece, memory, room);
		(void)outgoing_take(&line, &piece);
		need_room(b, at, piece.n);
		buf_init(&whole, out, sizeof(out));
		buf_fmt(&whole, "@batch=m%u%s PRIVMSG %.*s :", b->number, first ? "" : ";draft/multiline-concat",
			STR_ARG(b->target));
		buf_str(&whole, buf_view(&piece));
		client_send(b->speech->client, buf_view(&whole));
		b->lines++;
		b->bytes += piece.n + first;
		first = false;
	} while (line.n);
}

static void say_batches(struct speech *s, struct str target, struct str text)
{
	struct batch b = {.speech = s, .target = target};
	const char *end = text.p;
	struct str line;

	while (str_split(&text, '\n', &line)) {
		add_line(&b, line);
		if (line.n)
			end = line.p + line.n;
	}
	end_batch(&b, end);
}

/* As many of the lines that wait as may go now. */
static void go_on(struct speech *s)
{
	struct str rest = {s->waiting, s->nwaiting}, line;
	unsigned sent = 0;

	while (sent < SPEECH_BURST && str_split(&rest, '\n', &line)) {
		speech_say(s, str_of(s->target), line);
		sent += line.n > 0;
	}
	memmove(s->waiting, rest.n ? rest.p : "", rest.n);
	s->nwaiting = rest.n;
	if (rest.n) {
		client_sendf(s->client, "PING :%s%u", token.p, ++s->pings);
		return;
	}
	mem_free(s->waiting);
	s->waiting = NULL;
}

void speech_say_lines(struct speech *s, struct str target, struct str text)
{
	unsigned need = CLIENT_CAP_BATCH | CLIENT_CAP_MULTILINE;
	bool waits = s->waiting != NULL;

	if ((s->client->caps & need) == need && s->client->multiline_bytes) {
		say_batches(s, target, text);
		return;
	}
	if (waits && !str_eq(str_of(s->target), target)) {
		speech_say(s, target, text);
		return;
	}
	if (!text.n || target.n >= sizeof(s->target))
		return;
	s->waiting = mem_realloc(s->waiting, s->nwaiting + text.n + 1);
	if (waits)
		s->waiting[s->nwaiting++] = '\n';
	memcpy(s->waiting + s->nwaiting, text.p, text.n);
	s->nwaiting += text.n;
	memcpy(s->target, target.p, target.n);
	s->target[target.n] = '\0';
	if (!waits)
		go_on(s);
}

bool speech_line(struct speech *s, const struct line *line)
{
	unsigned long long number;
	struct str text;

	if (!line->nparams || !str_eq(line->command, STR("PONG")))
		return false;
	text = line->params[line->nparams - 1];
	if (!str_starts(text, token) || !str_u64((struct str){text.p + token.n, text.n - token.n}, UINT32_MAX, &number))
		return false;
	if (number == s->pings && s->waiting)
		go_on(s);
	return true;
}

size_t speech_end(struct speech *s)
{
	struct str rest = {s->waiting, s->nwaiting}, line;
	size_t lines = 0;

	while (str_split(&rest, '\n', &line))
		lines += line.n > 0;
	mem_free(s->waiting);
	s->waiting = NULL;
	s->nwaiting = 0;
	return lines;
}
