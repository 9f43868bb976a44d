#include "command/export.h"

#include "base/mem.h"
#include "command/command.h"
#include "command/known.h"
#include "command/login.h"
#include "command/services.h"

/*
 * An object is longer than a line of IRC may be. What begins with '{' is the front of one, what begins with '+' goes on
 * where the line before ended. An export costs more than a message, for it reads all that somebody has said.
 */
enum { PART_MAX = 340, LINES_OF_A_STEP = 16, EXPORT_COST = 5000 };

struct exporting {
	struct stream stream; /* first: streams come back as this */
	struct known *known;
	struct session *session;
	const char *service;
	struct json json;
	uint64_t lines;
	size_t n;
	char part[PART_MAX + 1];
};

static void say_part(struct exporting *x)
{
	x->part[x->n] = '\0';
	services_say(x->session, x->service, "%s", x->part);
	x->n = 0;
}

/* Parts end where a letter does. */
static void put(void *ctx, const char *p, size_t n)
{
	struct exporting *x = ctx;

	for (size_t i = 0; i < n; i++) {
		bool begins = ((unsigned char)p[i] & 0xc0) != 0x80;

		if (p[i] == '\n') {
			say_part(x);
			continue;
		}
		if (begins && x->n + 4 > PART_MAX) {
			say_part(x);
			x->part[x->n++] = '+';
		}
		if (x->n < PART_MAX)
			x->part[x->n++] = p[i];
	}
}

static bool end(const struct exporting *x, const char *text)
{
	services_say(x->session, x->service, "%s", reply_words(x->session, text));
	return true;
}

static bool step(struct stream *st, struct session *s)
{
	struct exporting *x = (struct exporting *)st;

	x->session = s;
	if (st->cut)
		return end(x, N_("The server is restarting. What came so far is not all: ask again."));
	for (int i = 0; i < LINES_OF_A_STEP; i++) {
		switch (known_next(x->known, &x->json)) {
		case KNOWN_LINE:
			x->lines++;
			break;
		case KNOWN_WAITS:
			st->waits = true;
			return false;
		case KNOWN_END:
			services_say(s, x->service, "That is all: %llu objects.", (unsigned long long)x->lines);
			return true;
		case KNOWN_FAILED:
			return end(x, N_("The rest cannot be read. Ask again later."));
		case KNOWN_GONE:
			return end(x, N_("There is no such account any more."));
		}
	}
	return false;
}

static void wake(void *ctx)
{
	struct exporting *x = ctx;

	x->stream.waits = false;
	session_stream_resume(x->session);
}

static void free_exporting(struct stream *st)
{
	struct exporting *x = (struct exporting *)st;

	known_free(x->known);
	mem_free(x);
}

void export_run(const struct service_ask *a)
{
	const struct call *call = a->call;
	struct exporting *x = mem_zalloc(sizeof(*x));

	call_charge(call, EXPORT_COST);
	x->stream = (struct stream){.step = step, .free = free_exporting};
	x->known = known_new(call->env, login_account(call->env, call->session), wake, x);
	x->session = call->session;
	x->service = a->service->name;
	x->json = (struct json){.put = put, .ctx = x};
	session_stream(call->session, &x->stream);
}
