#include <stdint.h>
#include <string.h>

#include "base/mem.h"
#include "chat-client/scram_client.h"
#include "chatd/engine.h"
#include "check.h"
#include "command/command.h"
#include "loop/loop.h"
#include "net/tls.h"
#include "network/account.h"
#include "network/record.h"
#include "proto/base64.h"
#include "session/arrival.h"
#include "world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * The steps of world.h, with accounts: ann's password is "pw", and client 1 shows ann's certificate; client 2 is bound
 * to TLS, client 3 shows nobody's certificate, and client 4 that of sue, who is suspended. Two more steps: =Ntext  says
 * the text in base64, in parts of AUTHENTICATE; \0 and \n in it are what C makes of them &Nname  SCRAM as it should be:
 * the first message, then, each time, what answers the server's last one Nobody ever becomes kim, whose password nobody
 * knows, or sue.
 */
#define ANN_PRINT "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define SUE_PRINT "ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define NO_PRINT "aa112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
/* Salt and iterations, and the keys of "pw" and of no password at all. */
#define SALT "SCRAM-SHA-256$4096:c2FsdCBvZiBhIGZ1enplcg==$"
#define PW SALT "0v5uSXUrE5G47PxwCcdP9CXBiNRhc3xPCNxweP0ImvA=:ke9Uw8d40rEWxe9gAwc2mVEC+hf2UWg0P3F970f+sFo="
#define NONE SALT "c3RvcmVkc3RvcmVkc3RvcmVkc3RvcmVkc3RvcmVkc3Q=:c3RvcmVkc3RvcmVkc3RvcmVkc3RvcmVkc3RvcmVkc3Q="

enum { PART = 400, MESSAGE_MAX = 6000, CHALLENGE_MAX = 2000 };

struct dialogue {
	struct scram_client scram;
	bool begun;
	char challenge[CHALLENGE_MAX]; /* base64 that came and was not answered */
	size_t n;
};

struct sasl_world {
	struct world world;
	struct tls_binding binding;
	struct dialogue dialogues[CLIENTS];
};

static void arrive(struct world *w, int n, struct arrival *a)
{
	struct sasl_world *s = w->hooks.ctx;
	static const char *const prints[CLIENTS] = {NULL, ANN_PRINT, NULL, NO_PRINT, SUE_PRINT, NULL};

	s->dialogues[n] = (struct dialogue){0};
	a->certfp = prints[n];
	if (n == 2) {
		a->traits |= ARRIVAL_SECURE;
		a->binding = &s->binding;
	}
}

static void heard(struct world *w, int n, const struct line *line)
{
	struct sasl_world *s = w->hooks.ctx;
	struct dialogue *d = &s->dialogues[n];

	/* An account of its own, which REGISTER makes if the thread is fast enough, is no harm; these two are. */
	if (str_eq(line->command, STR("900")))
		CHECK(line->nparams > 2 && !str_eq(line->params[2], STR("kim")) &&
		      !str_eq(line->params[2], STR("sue")));
	if (!str_eq(line->command, STR("AUTHENTICATE")) || line->nparams == 0 || str_eq(line->params[0], STR("+")))
		return;
	CHECK(line->params[0].n <= PART);
	if (d->n + line->params[0].n <= sizeof(d->challenge)) {
		memcpy(d->challenge + d->n, line->params[0].p, line->params[0].n);
		d->n += line->params[0].n;
	}
}

static void say_encoded(struct world *w, int n, struct str message)
{
	char text[BASE64_ENCODED(MESSAGE_MAX)], memory[PART + 32];
	struct str rest;
	struct buf b;
	size_t k;

	buf_init(&b, text, sizeof(text));
	base64_encode(&b, message);
	rest = buf_view(&b);
	do {
		k = rest.n < PART ? rest.n : PART;
		buf_init(&b, memory, sizeof(memory));
		buf_cstr(&b, "AUTHENTICATE ");
		buf_add(&b, k ? rest.p : "+", k ? k : 1);
		world_say(w, n, buf_view(&b), STR("\r\n"));
		rest = (struct str){rest.p + k, rest.n - k};
	} while (k == PART);
}

static void unescape(struct str text, struct buf *out)
{
	for (size_t i = 0; i < text.n; i++) {
		bool escaped = text.p[i] == '\\' && i + 1 < text.n;
		char c = escaped ? text.p[++i] : text.p[i];

		buf_chr(out, escaped && c == '0' ? '\0' : escaped && c == 'n' ? '\n' : c);
	}
}

/* The next message of a client that knows the password. */
static bool scram_next(struct sasl_world *s, int n, struct str name, struct buf *out)
{
	struct dialogue *d = &s->dialogues[n];
	char memory[CHALLENGE_MAX], account[64];
	struct buf decoded;

	if (!d->begun) {
		d->begun = true;
		(void)snprintf(account, sizeof(account), "%.*s", STR_ARG(name));
		if (n == 2)
			scram_client_bind(&d->scram, "tls-exporter",
					  (struct str){(const char *)s->binding.exporter, s->binding.exporter_size});
		return scram_client_first(&d->scram, account, "a-nonce", out);
	}
	buf_init(&decoded, memory, sizeof(memory));
	if (!base64_decode(&decoded, (struct str){d->challenge, d->n}))
		return false;
	d->n = 0;
	return scram_client_verify(&d->scram, buf_view(&decoded)) ||
	       scram_client_final(&d->scram, "pw", buf_view(&decoded), out);
}

/* Passwords are looked at by a thread: nothing is deterministic before it is done. */
static void wait_for_thread(struct world *w)
{
	world_turn(w);
	while (*engine_env(w->engine)->errands)
		CHECK(loop_turn(w->loop, 100) == 0);
}

static void step(struct world *w, char sign, int n, struct str text)
{
	struct sasl_world *s = w->hooks.ctx;
	char memory[MESSAGE_MAX];
	struct buf message;

	buf_init(&message, memory, sizeof(memory));
	if (sign == '=')
		unescape(text, &message);
	else if (!scram_next(s, n, text, &message))
		s->dialogues[n] = (struct dialogue){0};
	say_encoded(w, n, buf_view(&message));
	wait_for_thread(w);
}

static void add_account(struct world *w, const char *name, const char *credentials, const char *print, uint32_t flags)
{
	const struct account_item cert = {ACCOUNT_CERTFP, str_of(print), 1};
	struct record r = {.type = RECORD_ACCOUNT, .time = 1700000000000};

	r.account.name = str_of(name);
	r.account.revision = 1;
	r.account.created = r.time;
	r.account.flags = ACCOUNT_EXISTS | flags;
	r.account.credentials = str_of(credentials);
	r.account.items = &cert;
	r.account.nitems = *print ? 1 : 0;
	CHECK(engine_ask(w->engine, &r) == REFUSAL_NONE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct sasl_world s;
	const struct world_hooks hooks = {.arrive = arrive, .signs = "=&", .step = step, .heard = heard, .ctx = &s};

	if (size > INPUT_MAX)
		return 0;
	s = (struct sasl_world){.binding = {TLS_EXPORTER_SIZE, 32, "exporter", "endpoint"}};
	world_init(&s.world, &hooks);
	world_open(&s.world);
	add_account(&s.world, "ann", PW, ANN_PRINT, 0);
	add_account(&s.world, "kim", NONE, "", 0);
	add_account(&s.world, "sue", PW, SUE_PRINT, ACCOUNT_SUSPENDED);
	world_run(&s.world, (struct str){(const char *)data, size});
	world_deinit(&s.world);
	return 0;
}
