#include "chatd/watches.h"

#include "command/command.h"

void watches_init(struct watches *w, const struct command_env *env, void (*submit)(void *ctx, struct record *r),
		  void *ctx)
{
	struct loop *loop = env->hub->loop;
	/* The bans' hits are the node's own note, which it alters. */
	struct network *net = (struct network *)env->net;

	w->lists = (struct list_watch){.loop = loop, .net = net, .submit = submit, .ctx = ctx};
	w->presence = (struct presence_watch){
		.loop = loop, .net = net, .server = env->server, .submit = submit, .ctx = ctx};
	w->bans = (struct ban_watch){.loop = loop, .net = net, .submit = submit, .ctx = ctx};
	w->expiry = (struct expiry_watch){.loop = loop, .env = env};
}

void watches_start(struct watches *w)
{
	ban_watch_start(&w->bans);
	list_watch_start(&w->lists);
	presence_watch_start(&w->presence);
	expiry_watch_start(&w->expiry);
}

void watches_reconfigured(struct watches *w)
{
	presence_watch_start(&w->presence);
	expiry_watch_start(&w->expiry);
}

void watches_stop(struct watches *w)
{
	ban_watch_stop(&w->bans);
	list_watch_stop(&w->lists);
	presence_watch_stop(&w->presence);
	expiry_watch_stop(&w->expiry);
}

void watches_note(struct watches *w, const struct change *c)
{
	ban_watch_note(&w->bans, c);
	list_watch_note(&w->lists, c);
	expiry_watch_note(&w->expiry, c);
}
