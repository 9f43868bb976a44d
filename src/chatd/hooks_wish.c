#include <stdio.h>
#include <string.h>

#include "chatd/engine.h"
#include "chatd/hook_text.h"
#include "chatd/hooks.h"
#include "command/command.h"
#include "command/hook_wish.h"
#include "proto/casemap.h"
#include "session/language.h"

static bool is_of(const struct hooks *h, const struct hook *hook, const char *channel)
{
	return hook && casemap_eq(hooks_casemap(h), str_of(hook->channel), str_of(channel));
}

static void put_list(const struct hooks *h, struct hook_wish *w)
{
	const struct hook *hook;
	struct buf b;

	buf_init(&b, w->text, sizeof(w->text) - 1);
	for (size_t i = 0; (hook = hooks_nth(h, i)); i++)
		if (is_of(h, hook, w->channel))
			buf_fmt(&b, "%s%s\n", hook->name, hook->sealed ? ", signed" : "");
	w->text[b.n] = '\0';
}

/* What the address is behind the name of the server is a matter of its endpoints and proxies. */
static void put_address(const struct hooks *h, struct hook_wish *w)
{
	const struct hook *hook = hooks_find(h, str_of(w->name));
	char token[HOOK_TOKEN_SIZE + 1], secret[HOOK_TOKEN_SIZE + 1];

	if (!hook || !hooks_token(h, hook, token) || !hooks_secret(h, hook, secret))
		w->why = N_("its token cannot be made");
	else
		snprintf(w->text, sizeof(w->text), "Path: /hook/%s/%s\nSecret for signatures: %s\n", hook->name, token,
			 secret);
	explicit_bzero(token, sizeof(token));
	explicit_bzero(secret, sizeof(secret));
}

static void written(void *ctx, int result)
{
	struct hook_wish *w = ctx;

	if (result != HOOKS_OK)
		w->why = hooks_result_text(result);
	else if (w->kind == HOOK_WISH_ADD)
		put_address(w->desk, w);
	w->answered(w);
}

static int change(struct hooks *h, struct hook_wish *w)
{
	const struct hooks_done done = {written, w};
	struct str name = str_of(w->name);

	if (w->kind == HOOK_WISH_ADD)
		return hooks_add(h, str_of(w->channel), name, HOOK_FOUNDERS | (w->sealed ? HOOK_SEALED : 0), done);
	if (w->kind == HOOK_WISH_DEL)
		return hooks_del(h, name, done);
	return hooks_set_format(h, name, str_of(w->format), done);
}

/* That somebody else has a webhook of that name is nothing to a founder. */
bool hooks_wish(struct hooks *h, struct hook_wish *w)
{
	int result = HOOKS_OK;

	w->desk = h;
	if (w->kind == HOOK_WISH_LIST)
		put_list(h, w);
	else if (w->kind != HOOK_WISH_ADD && !is_of(h, hooks_find(h, str_of(w->name)), w->channel))
		result = HOOKS_NONE;
	else if (w->kind == HOOK_WISH_SHOW)
		put_address(h, w);
	else if (w->kind == HOOK_WISH_FORMAT && !hook_format_fits(str_of(w->format)))
		result = HOOKS_BAD_FORMAT;
	else
		result = change(h, w);
	if (result != HOOKS_OK && result != HOOKS_WAIT)
		w->why = hooks_result_text(result);
	return result != HOOKS_WAIT;
}
