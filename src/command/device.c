#include "command/device.h"

#include <string.h>

#include "base/mem.h"
#include "command/account_edit.h"
#include "command/command.h"
#include "command/past.h"

/* Neither is the name of a device. */
static const struct str no_device = STR("*"), some_device = STR("?");

static bool is_device(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
		      c == '_' || c == '.'))
			return false;
	}
	return s.n > 0 && s.n <= DEVICE_MAX;
}

struct str device_take(struct session *s, struct str name)
{
	const char *at = name.n ? memchr(name.p, '@', name.n) : NULL;
	struct str device;

	if (!at)
		return name;
	device = (struct str){at + 1, name.n - (size_t)(at + 1 - name.p)};
	if (!is_device(device))
		return name;
	if (!s->device)
		s->device = mem_strndup(device.p, device.n);
	return (struct str){name.p, (size_t)(at - name.p)};
}

static struct str device_of(const struct session *s)
{
	return s->device ? str_of(s->device) : no_device;
}

static void drop_oldest(struct account_edit *e)
{
	uint32_t n = 0, oldest = 0;

	for (uint32_t i = 0; i < e->r.account.nitems; i++) {
		if (e->items[i].kind != ACCOUNT_SEEN)
			continue;
		if (!n++ || e->items[i].time < e->items[oldest].time)
			oldest = i;
	}
	if (n >= DEVICES_MAX)
		account_edit_drop_exact(e, ACCOUNT_SEEN, e->items[oldest].text);
}

static void note(const struct command_env *env, const struct account *a, struct str device, int64_t now)
{
	struct account_edit e;

	account_edit_begin(&e, a);
	account_edit_drop_exact(&e, ACCOUNT_SEEN, device);
	account_edit_drop_exact(&e, ACCOUNT_SEEN, some_device);
	drop_oldest(&e);
	if (account_edit_add(&e, ACCOUNT_SEEN, device, now))
		account_edit_submit(&e, env);
}

void device_left(const struct command_env *env, const struct session *s, const struct account *a, int64_t now)
{
	note(env, a, device_of(s), now);
}

void device_lost(const struct command_env *env, const struct account *a, int64_t now)
{
	note(env, a, some_device, now);
}

/* When the device was here last, or any if it never was; 0: none was. */
static int64_t seen(const struct session *s, const struct account *a)
{
	int64_t any = 0;

	for (uint32_t i = 0; i < a->items.count; i++) {
		const struct account_kept *item = a->items.items[i];

		if (item->kind != ACCOUNT_SEEN)
			continue;
		if (str_eq(str_of(item->text), device_of(s)))
			return item->time;
		any = item->time > any ? item->time : any;
	}
	return any;
}

void device_catch_up(const struct command_env *env, struct session *s, const struct account *a)
{
	struct past_span span = {.limit = env->server->history.missed};

	if (!span.limit || !s->user || session_has(s, CAP_CHATHISTORY) || session_has(s, CAP_ZNC_PLAYBACK) ||
	    !(a->flags & ACCOUNT_ALWAYS_ON))
		return;
	span.after = seen(s, a);
	if (!span.after)
		span.after = s->user->signon;
	past_replay(env, s, &span);
}
