#include "command/hook_wish.h"

#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/mem.h"
#include "command/command.h"
#include "command/errand.h"
#include "command/services.h"

static const char self[] = "ChanServ";

struct wishing {
	struct errand errand; /* first */
	struct hook_wish wish;
	char *channel, *name, *format;
};

static void free_wishing(struct errand *e)
{
	struct wishing *w = (struct wishing *)e;

	explicit_bzero(w->wish.text, sizeof(w->wish.text));
	mem_free(w->channel);
	mem_free(w->name);
	mem_free(w->format);
	mem_free(w);
}

static void tell(struct errand *e, struct session *s)
{
	const struct wishing *w = (const struct wishing *)e;
	struct str lines = str_of(w->wish.text), line;

	if (w->wish.why) {
		services_say(s, self, "That was not done: %s.", reply_words(s, w->wish.why));
		return;
	}
	while (lines.n && str_split(&lines, '\n', &line))
		services_say(s, self, "%.*s", STR_ARG(line));
	switch (w->wish.kind) {
	case HOOK_WISH_LIST:
		services_say(s, self, "These are the webhooks of %s.", w->channel);
		break;
	case HOOK_WISH_ADD:
	case HOOK_WISH_SHOW:
		services_say(s, self, "Whoever knows this address speaks in %s: keep it secret.", w->channel);
		break;
	default:
		services_tell(s, self, "It is done.");
	}
}

static void answered(struct hook_wish *wish)
{
	errand_answered((struct errand *)((char *)wish - offsetof(struct wishing, wish)));
}

static bool kind_of(const struct service_ask *a, enum hook_wish_kind *kind)
{
	static const struct {
		const char *name;
		size_t words; /* behind it, at least */
	} kinds[] = {
		[HOOK_WISH_LIST] = {"LIST", 0}, [HOOK_WISH_ADD] = {"ADD", 1}, [HOOK_WISH_SHOW] = {"SHOW", 1},
		[HOOK_WISH_FORMAT] = {"FORMAT", 1}, [HOOK_WISH_DEL] = {"DEL", 1},
	};
	const char *what = service_word(a, 1);

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcasecmp(what ? what : "LIST", kinds[i].name) != 0)
			continue;
		*kind = (enum hook_wish_kind)i;
		return a->n >= 2 + kinds[i].words || !kinds[i].words;
	}
	return false;
}

static struct wishing *wishing_new(const struct service_ask *a, enum hook_wish_kind kind, const char *channel)
{
	struct wishing *w = mem_zalloc(sizeof(*w));
	char format[LINE_BODY_MAX];
	struct buf b;

	buf_init(&b, format, sizeof(format) - 1);
	service_join(a, 3, &b);
	format[b.n] = '\0';
	w->errand = (struct errand){.done = tell, .free = free_wishing};
	w->channel = mem_strdup(channel);
	w->name = mem_strdup(service_word(a, 2));
	w->format = mem_strdup(format);
	w->wish = (struct hook_wish){.kind = kind,
				     .channel = w->channel,
				     .name = w->name,
				     .format = w->format,
				     .sealed = strcasecmp(format, "SIGNED") == 0,
				     .answered = answered};
	return w;
}

void hook_wish_run(const struct service_ask *a, const char *channel)
{
	const struct hook_desk *desk = a->call->env->hooks;
	enum hook_wish_kind kind;
	struct wishing *w;

	if (!kind_of(a, &kind)) {
		service_usage(a);
		return;
	}
	if (!desk || !desk->ask) {
		services_tell(a->call->session, self, "There are no webhooks here.");
		return;
	}
	w = wishing_new(a, kind, channel);
	if (desk->ask(desk->ctx, &w->wish)) {
		tell(&w->errand, a->call->session);
		free_wishing(&w->errand);
	} else {
		errand_ask(a->call, &w->errand);
	}
}
