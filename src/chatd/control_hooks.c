#include "chatd/control_hooks.h"

#include <stdio.h>
#include <string.h>

#include "chatd/control_private.h"
#include "chatd/hook_text.h"
#include "chatd/hooks.h"

static struct hooks *hooks_of(struct control_conn *c)
{
	return control_of(c)->host.hooks;
}

static void conclude(struct control_conn *c, int result)
{
	static const char *const codes[] = {
		[HOOKS_OK] = "",
		[HOOKS_NOT_KEPT] = "no_store",
		[HOOKS_BAD_NAME] = "bad_request",
		[HOOKS_EXISTS] = "refused",
		[HOOKS_FULL] = "refused",
		[HOOKS_NO_CHANNEL] = "no_such_channel",
		[HOOKS_NONE] = "no_such_webhook",
		[HOOKS_BUSY] = "busy",
		[HOOKS_BAD_FORMAT] = "bad_request",
		[HOOKS_WAIT] = "",
	};

	if (result == HOOKS_WAIT)
		c->waits = true;
	else if (result == HOOKS_OK)
		control_ok(c);
	else
		control_fail(c, result < 0 ? "failed" : codes[result], hooks_result_text(result));
}

/* It is on the disk, or will not be. */
static void written(void *ctx, int result)
{
	struct control_conn *c = ctx;

	c->waits = false;
	conclude(c, result);
	side_conn_touch(&c->base);
	conn_resume(&c->base.conn);
}

static void describe(struct control_conn *c, const struct hook *hook)
{
	struct json *j = &c->json;

	json_str(j, "webhook", str_of(hook->name));
	json_str(j, "channel", str_of(hook->channel));
	json_time(j, "created", hook->created);
	json_bool(j, "signed", hook->sealed);
	json_bool(j, "founders", hook->founders);
	json_str(j, "format", str_of(hook->format));
}

static void show(struct control_conn *c, const char *name)
{
	const struct hook *hook = hooks_find(hooks_of(c), str_of(name));
	char token[HOOK_TOKEN_SIZE + 1] = "", secret[HOOK_TOKEN_SIZE + 1] = "",
				     path[HOOK_TOKEN_SIZE + HOOK_NAME_MAX + 16];

	if (!hook) {
		conclude(c, HOOKS_NONE);
		return;
	}
	if (!hooks_token(hooks_of(c), hook, token) || !hooks_secret(hooks_of(c), hook, secret)) {
		control_fail(c, "failed", "its token cannot be made");
		return;
	}
	snprintf(path, sizeof(path), "/hook/%s/%s", hook->name, token);
	json_begin(&c->json);
	describe(c, hook);
	json_str(&c->json, "path", str_of(path));
	json_str(&c->json, "secret", str_of(secret));
	json_end(&c->json);
	explicit_bzero(token, sizeof(token));
	explicit_bzero(secret, sizeof(secret));
	explicit_bzero(path, sizeof(path));
	control_ok(c);
}

/* The first word of a line, which is left behind. */
static struct str word(struct str *line)
{
	struct str one = STR_NONE;

	(void)!str_split(line, ' ', &one);
	return one;
}

static void added(void *ctx, int result)
{
	struct control_conn *c = ctx;

	if (result != HOOKS_OK) {
		written(c, result);
		return;
	}
	c->waits = false;
	show(c, c->hook);
	side_conn_touch(&c->base);
	conn_resume(&c->base.conn);
}

static void add(struct control_conn *c, struct str line)
{
	struct str channel = word(&line), name = word(&line), how = line;
	char where[256];

	if (!name.n || name.n > HOOK_NAME_MAX || (how.n && !str_eq(how, STR("signed")))) {
		control_fail(c, "bad_request", "wanted is webhook add CHANNEL NAME [signed]");
		return;
	}
	snprintf(c->hook, sizeof(c->hook), "%.*s", STR_ARG(name));
	snprintf(where, sizeof(where), "%.*s", STR_ARG(channel));
	control_log(c, &(struct control_deed){"webhook add", where, c->hook, NULL});
	conclude(c, hooks_add(hooks_of(c), channel, name, how.n ? HOOK_SEALED : 0, (struct hooks_done){added, c}));
}

static void set_format(struct control_conn *c, struct str line)
{
	struct str name = word(&line);

	if (!hook_format_fits(line))
		conclude(c, HOOKS_BAD_FORMAT);
	else
		conclude(c, hooks_set_format(hooks_of(c), name, line, (struct hooks_done){written, c}));
}

static void del(struct control_conn *c, const char *name)
{
	control_log(c, &(struct control_deed){"webhook del", NULL, name, NULL});
	conclude(c, hooks_del(hooks_of(c), str_of(name), (struct hooks_done){written, c}));
}

void control_hook_forget(struct control_conn *c)
{
	hooks_forget(hooks_of(c), c);
}

static bool step(struct control_conn *c)
{
	const struct hook *hook;

	for (unsigned i = 0; i < CURSOR_LINES; i++) {
		hook = hooks_nth(hooks_of(c), c->hooks);
		if (!hook) {
			control_ok(c);
			return true;
		}
		c->hooks++;
		json_begin(&c->json);
		describe(c, hook);
		json_end(&c->json);
	}
	return false;
}

void control_hook(struct control_conn *c, const char *const *words, size_t n)
{
	if (strcmp(words[0], "list") == 0 && n == 1) {
		c->hooks = 0;
		c->step = step;
	} else if (strcmp(words[0], "add") == 0 && n == 2) {
		add(c, str_of(words[1]));
	} else if (strcmp(words[0], "show") == 0 && n == 2) {
		show(c, words[1]);
	} else if (strcmp(words[0], "del") == 0 && n == 2) {
		del(c, words[1]);
	} else if (strcmp(words[0], "format") == 0 && n == 2) {
		set_format(c, str_of(words[1]));
	} else {
		control_fail(c, "bad_request", "wanted is webhook add, show, format, del or list");
	}
}
