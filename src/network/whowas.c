#include <string.h>

#include "base/mem.h"
#include "network/state.h"

enum { WHOWAS_TEXTS = 7 };

/* The texts follow the entry in its block. */
static struct whowas *whowas_new(const struct str source[USER_TEXT_COUNT], int64_t time)
{
	static const enum user_text kept[WHOWAS_TEXTS] = {USER_NICK,     USER_NAME,    USER_HOST,
							  USER_REALNAME, USER_ACCOUNT, USER_ADDRESS, USER_REALHOST};
	struct whowas *w;
	char *text[WHOWAS_TEXTS];
	size_t size = sizeof(*w);
	char *at;

	for (int i = 0; i < WHOWAS_TEXTS; i++)
		size += source[kept[i]].n + 1;
	w = mem_alloc(size);
	at = (char *)(w + 1);
	for (int i = 0; i < WHOWAS_TEXTS; i++) {
		struct str s = source[kept[i]];

		text[i] = at;
		if (s.n)
			memcpy(at, s.p, s.n);
		at[s.n] = '\0';
		at += s.n + 1;
	}
	*w = (struct whowas){text[0], text[1], text[2], text[3], text[4], text[5], text[6], time};
	if (!w->account[0])
		w->account = NULL;
	return w;
}

void state_whowas_add(struct network *net, const struct user *u, int64_t time)
{
	struct str text[USER_TEXT_COUNT];

	for (int i = 0; i < USER_TEXT_COUNT; i++)
		text[i] = user_str(u, i);
	state_whowas_restore(net, text, time);
}

void state_whowas_restore(struct network *net, const struct str text[USER_TEXT_COUNT], int64_t time)
{
	uint32_t max = net->config.whowas_max;

	if (!max)
		return;
	mem_free(net->whowas[net->whowas_next]);
	net->whowas[net->whowas_next] = whowas_new(text, time);
	net->whowas_next = (net->whowas_next + 1) % max;
	if (net->whowas_count < max)
		net->whowas_count++;
}

void state_whowas_deinit(struct network *net)
{
	for (uint32_t i = 0; i < net->whowas_count; i++)
		mem_free(net->whowas[i]);
	mem_free(net->whowas);
	net->whowas = NULL;
}

const struct whowas *network_whowas(const struct network *net, struct str nick, size_t nth)
{
	uint32_t max = net->config.whowas_max;

	for (uint32_t back = 1; back <= net->whowas_count; back++) {
		const struct whowas *w = net->whowas[(net->whowas_next + max - back) % max];

		if (casemap_eq(net->config.casemap, str_of(w->nick), nick) && nth-- == 0)
			return w;
	}
	return NULL;
}
