#include "session/exchange.h"

#include <string.h>

#include "account/scram.h"
#include "base/mem.h"
#include "session/session.h"

struct exchange *exchange_begin(struct session *s, enum mechanism mechanism)
{
	exchange_end(s);
	s->exchange = mem_zalloc(sizeof(*s->exchange));
	s->exchange->mechanism = mechanism;
	return s->exchange;
}

static size_t most_of(const struct exchange *x)
{
	return x->mechanism == MECHANISM_OAUTHBEARER || x->mechanism == MECHANISM_IRCV3BEARER ? EXCHANGE_TOKEN_MAX
											      : EXCHANGE_MAX;
}

/* Into fresh memory, so that no copy of a secret is left behind. */
bool exchange_add(struct exchange *x, const char *text)
{
	size_t n = strlen(text), before = x->size;
	char *grown;

	if (before + n > most_of(x))
		return false;
	grown = mem_alloc(before + n + 1);
	if (before)
		memcpy(grown, x->data, before);
	memcpy(grown + before, text, n + 1);
	exchange_clear(x);
	x->data = grown;
	x->size = before + n;
	return true;
}

void exchange_clear(struct exchange *x)
{
	if (x->data)
		explicit_bzero(x->data, x->size);
	mem_free(x->data);
	x->data = NULL;
	x->size = 0;
}

void exchange_end(struct session *s)
{
	if (!s->exchange)
		return;
	exchange_clear(s->exchange);
	scram_free(s->exchange->scram);
	mem_free(s->exchange);
	s->exchange = NULL;
}
