#include "chatd/engine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "account/helper.h"
#include "account/logins.h"
#include "base/log.h"
#include "base/mem.h"
#include "chatd/carry.h"
#include "chatd/handoff.h"
#include "chatd/keep.h"
#include "session/msgid.h"
#include "chatd/oper_notices.h"
#include "chatd/opers.h"
#include "chatd/past_events.h"
#include "chatd/report.h"
#include "chatd/stay.h"
#include "chatd/watches.h"
#include "command/answers.h"
#include "command/away.h"
#include "command/batch.h"
#include "command/command.h"
#include "command/courier.h"
#include "command/device.h"
#include "command/errand.h"
#include "command/login.h"
#include "command/nicks.h"
#include "command/registration.h"
#include "command/filters.h"
#include "fanout/fanout.h"
#include "fanout/render_past.h"
#include "journal/journal.h"
#include "loop/worker.h"
#include "network/ban.h"
#include "network/network.h"
#include "proto/tags.h"
#include "proto/utf8.h"
#include "session/arrival.h"
#include "session/client_batch.h"
#include "session/held.h"
#include "session/lookup.h"
#include "session/monitor.h"
#include "session/password.h"
#include "session/save.h"
#include "session/session.h"
#include "session/tries.h"

/* How long output waits for a slow disk before its author hears that it may not be kept. */
enum { DISK_MS = 3000 };
enum { WHOWAS_MAX = 1024 };

struct engine {
	struct loop *loop;
	struct config *config;
	struct engine_host host;
	struct session_hub hub;
	struct network *net;
	struct journal *journal; /* NULL until engine_open */
	bool stored;             /* it is on disk */
	struct fanout *fanout;
	struct command_env env;
	struct command_host command_host;
	struct session *asking; /* whose command is running; NULL: none */
	struct msgid_source msgids;
	uint64_t last_user;
	struct keep keep;
	struct past_events past;
	struct watches watches;
	uint64_t position;   /* of the record that was ordered last */
	bool refused;        /* it was, wholly or in part */
	enum refusal why;    /* of the last refusal */
	struct engine_counts counts;
	bool lost;        /* the running command had a record that the journal did not take to keep */
	uint64_t kept;    /* position of the last kept record of the running command; 0: none */
	uint64_t durable; /* everything kept up to here is, or will never be */
	struct oper_notices *notices;
	struct engine_listener listeners[ENGINE_LISTENERS];
	struct tries *tries;
	struct password_memory password, gateways;
	unsigned errands;             /* under way on their worker */
	struct worker *errand_worker; /* slow ones are no reason for the journal to wait */
	uint32_t open;                /* sessions whose descriptor is not released */
	bool arrived;                 /* a predecessor's state is the state */
	uint64_t *missing;            /* users some connection of whom did not come along */
	size_t nmissing;
};

/* The session that a change answers, NULL when it is not one that asks now. */
static struct session *origin_of(const struct engine *e, const struct change *c)
{
	return e->asking && e->asking->id == c->record->session ? e->asking : NULL;
}

static void adopt(struct engine *e, const struct change *c)
{
	struct session *s = origin_of(e, c);

	if (!s)
		return;
	session_register(s, c->user);
	network_user_set_sessions(e->net, c->user->id, s);
	report_client_in(s, c->user);
}

/* All of the user's sessions end with it. */
static void dismiss(struct engine *e, const struct change *c)
{
	struct session *next;
	char reason[512];
	struct str text = utf8_cut(c->text, sizeof(reason) - 1);

	memcpy(reason, text.p ? text.p : "", text.n);
	reason[text.n] = '\0';
	for (struct session *s = c->user->sessions; s; s = next) {
		next = s->next_own;
		report_client_out(s, c->user, reason);
		session_close(s, reason);
	}
	network_user_set_sessions(e->net, c->user->id, NULL);
}

static void owe(struct engine *e, const struct change *c)
{
	struct session *s = origin_of(e, c);

	if (c->type == CHANGE_RENAMED)
		answer_renamed(&e->env, c);
	if (c->type != CHANGE_JOINED) {
		if (s)
			answer_change(&e->env, s, c);
		return;
	}
	for (s = c->user->sessions; s; s = s->next_own)
		answer_change(&e->env, s, c);
}

static void tell(void *ctx, const struct change *c)
{
	struct engine *e = ctx;

	e->refused = e->refused || c->type == CHANGE_REFUSED;
	if (c->type == CHANGE_REFUSED)
		e->why = c->refusal;
	keep_note(&e->keep, c);
	if (e->config->keep_events)
		past_events_note(&e->past, c);
	report_channel(c);
	watches_note(&e->watches, c);
	if (c->type == CHANGE_NICK)
		oper_notices_add(e->notices, NOTICE_NICKS, "%.*s is now %s", STR_ARG(c->was), user_nick(c->user));
	if (c->type == CHANGE_USER_ADDED)
		adopt(e, c);
	for (int i = 0; i < ENGINE_LISTENERS; i++)
		if (e->listeners[i].change)
			e->listeners[i].change(e->listeners[i].ctx, c);
	fanout_tell(e->fanout, c);
	owe(e, c);
	if (c->type == CHANGE_USER_ADDED || c->type == CHANGE_NICK)
		nicks_watch(&e->env, c->user);
	if (c->type == CHANGE_QUIT)
		dismiss(e, c);
}

static void ordered(void *ctx, uint64_t position, const void *record)
{
	struct engine *e = ctx;
	const struct change_sink sink = {tell, e};

	e->position = position;
	e->refused = false;
	e->why = REFUSAL_NONE;
	network_apply(e->net, record, &sink);
}

static void durable(void *ctx, uint64_t position, int err)
{
	struct engine *e = ctx;

	e->durable = position;
	held_release(&e->hub, position, err);
}

static void committed(void *ctx, int64_t us)
{
	struct engine *e = ctx;

	histogram_add(&e->counts.commits, us, 1);
}

/* On one machine a record has been applied by now: what was refused is not kept. */
static void encode(void *ctx, struct buf *out, const void *record, struct journal_about *about)
{
	struct engine *e = ctx;

	if (e->refused)
		return;
	keep_encode(&e->keep, out, record, about);
	e->kept = e->position;
}

static bool snapshot(void *ctx, uint64_t nth, struct buf *out)
{
	struct engine *e = ctx;

	return keep_snapshot(&e->keep, nth, out);
}

static bool restore_one(void *ctx, uint64_t position, struct str bytes)
{
	struct engine *e = ctx;
	struct record r;

	/* It was kept, and is part of what the predecessor had. */
	if (e->arrived)
		return true;
	if (!record_decode(&r, &e->keep.room, bytes)) {
		report_damaged_record(position);
		return true;
	}
	network_apply(e->net, &r, NULL);
	return true;
}

/* When the store has no room for more, chat goes on without it, and the author is told. */
static void append(struct engine *e, struct record *r)
{
	enum journal_class class = keep_class(&e->keep, r);
	int err;

	e->counts.records[r->type]++;
	r->time = keep_time(&e->keep, r->type, loop_clock(e->loop)->real_ms);
	r->msgid = msgid_next(&e->msgids, r->time);
	err = e->journal->ops->append(e->journal, r, class);
	if (err < 0)
		report_not_kept(err);
	if (err < 0 && class != JOURNAL_PASSING) {
		e->lost = true;
		e->journal->ops->append(e->journal, r, JOURNAL_PASSING);
	}
}

/* Copies for history, which nobody waits for. */
static void append_events(struct engine *e)
{
	uint64_t kept = e->kept;
	bool refused = e->refused, lost = e->lost;
	enum refusal why = e->why;
	struct past_event *event;

	while ((event = past_events_take(&e->past))) {
		e->counts.records[RECORD_EVENT]++;
		e->journal->ops->append(e->journal, past_event_record(event), JOURNAL_MESSAGE);
		past_event_free(event);
	}
	e->kept = kept;
	e->refused = refused;
	e->lost = lost;
	e->why = why;
}

static void submit(void *ctx, struct record *r)
{
	struct engine *e = ctx;
	struct record kept;
	bool stays;

	if (r->type == RECORD_USER_ADD)
		r->origin = ++e->last_user;
	keep_author(&e->keep, r, network_user(e->net, r->origin));
	keep_begin(&e->keep);
	stays = r->type == RECORD_ACCOUNT && stay_account(e->net, r->account.name);
	append(e, r);
	while (keep_touched(&e->keep, &kept))
		append(e, &kept);
	if (r->type == RECORD_ACCOUNT && !stays && stay_account(e->net, r->account.name))
		stay_begin(&e->env, &e->keep, r->account.name);
	while (keep_next_user(&e->keep, &kept))
		append(e, &kept);
	append_events(e);
}

static void host_attach(void *ctx, struct session *s, const struct user *u)
{
	struct engine *e = ctx;

	session_register(s, u);
	s->next_own = u->sessions;
	network_user_set_sessions(e->net, u->id, s);
	report_client_in(s, u);
}

/* Takes the session off its user, and the user off the network with its last one. */
static void leave(struct engine *e, struct session *s, const char *reason)
{
	const struct user *u = s->user;
	struct record r = {.type = RECORD_USER_QUIT};
	struct session *head, **at;

	if (!u)
		return;
	r.origin = u->id;
	head = u->sessions;
	for (at = &head; *at && *at != s; at = &(*at)->next_own)
		;
	if (*at)
		*at = s->next_own;
	network_user_set_sessions(e->net, u->id, head);
	report_client_out(s, u, reason);
	s->user = NULL;
	if (login_stays(e->net, u))
		device_left(&e->env, s, network_account(e->net, user_str(u, USER_ACCOUNT)),
			    keep_time(&e->keep, RECORD_ACCOUNT, loop_clock(e->loop)->real_ms));
	u = network_user(e->net, r.origin);
	if (!u)
		return;
	if (head || login_stays(e->net, u)) {
		away_settle(&e->env, u);
		if (!head)
			presence_watch_note(&e->watches.presence);
		return;
	}
	r.origin = u->id;
	r.user_quit.reason = str_of(reason);
	submit(e, &r);
}

static void host_quit(void *ctx, struct session *s, const char *reason)
{
	leave(ctx, s, reason);
	session_close(s, reason);
}

static void host_gone(void *ctx, const struct session *s)
{
	struct engine *e = ctx;

	e->open--;
	e->host.gone(e->host.ctx, s->address);
}

/* What the command wrote waits until what it asked to be kept is durable. */
static void hold_answer(struct engine *e, struct session *s, size_t written, const char *command, struct str label)
{
	const struct held_answer answer = {.position = e->kept, .command = command, .label = label};

	if ((s->flags & SESSION_CLOSED) || (!e->lost && e->kept <= e->durable))
		return;
	if (e->lost)
		held_answer_lost(s, written, &answer);
	else
		held_answer_add(s, written, &answer);
}

/* What a session asks now: from here to asked(). */
static size_t ask(struct engine *e, struct session *s)
{
	e->asking = s;
	e->kept = 0;
	e->lost = false;
	return held_mark(s);
}

static void asked(struct engine *e, size_t before, const char *command, struct str label)
{
	struct session *s = e->asking;
	size_t after = held_mark(s);

	e->asking = NULL;
	hold_answer(e, s, after > before ? after - before : 0, command, label);
}

static void host_command(void *ctx, struct session *s, const struct message *m)
{
	struct engine *e = ctx;
	size_t before = ask(e, s);
	BUF_MEMORY char memory[LINE_CLIENT_TAGS_MAX];
	struct str label = batch_label(s, m, memory);

	command_run(&e->env, s, m);
	asked(e, before, m->command, label);
}

static void host_resume(void *ctx, struct errand *errand)
{
	struct engine *e = ctx;
	size_t before;

	/* Where there is no worker its command is running still. */
	if (e->asking) {
		errand_finish(errand);
		return;
	}
	before = ask(e, errand->session);
	errand_finish(errand);
	asked(e, before, errand->command, str_of(errand->label));
}

static unsigned host_language(void *ctx, const struct session *s)
{
	const struct engine *e = ctx;

	return login_language(login_account(&e->env, s));
}

static bool host_rehash(void *ctx, char *why, size_t size)
{
	struct engine *e = ctx;

	return e->host.reload(e->host.ctx, why, size);
}

static void host_stop(void *ctx, const char *reason, bool restart)
{
	struct engine *e = ctx;

	e->host.stop(e->host.ctx, reason, restart);
}

static bool host_move(void *ctx, struct session *s, const struct address *peer, char *why, size_t size)
{
	struct engine *e = ctx;
	char host[ADDRESS_TEXT_MAX];

	if (!e->host.move(e->host.ctx, s->address, peer, why, size))
		return false;
	address_host(peer, host);
	mem_free(s->address);
	s->address = mem_strdup(host);
	return true;
}

static void host_read(void *ctx, struct history_read *r)
{
	struct engine *e = ctx;

	e->journal->ops->read(e->journal, r);
}

static void host_show(void *ctx, struct session *s, const struct record *r, const char *target)
{
	struct engine *e = ctx;

	render_past(s, r, target, e->config->server.name);
}

static void random_key(struct hash_key *key)
{
	arc4random_buf(key, sizeof(*key));
}

static void env_init(struct engine *e)
{
	e->command_host = (struct command_host){
		.submit = submit,
		.quit = host_quit,
		.rehash = host_rehash,
		.stop = host_stop,
		.move = host_move,
		.resume = host_resume,
		.attach = host_attach,
		.read = host_read,
		.show = host_show,
		.ctx = e,
	};
	e->env = (struct command_env){
		.net = e->net,
		.server = &e->config->server,
		.monitor = e->hub.monitor,
		.hub = &e->hub,
		.host = &e->command_host,
		.usage = mem_zalloc(command_count() * sizeof(struct command_usage)),
		.errands = &e->errands,
		.tries = e->tries,
		.password = &e->password,
		.gateways = &e->gateways,
		.logins = logins_new(),
		.hooks = &e->host.hooks,
	};
}

int engine_new(struct engine **out, struct loop *loop, struct config *config, const struct engine_host *host)
{
	struct engine *e = mem_zalloc(sizeof(*e));
	const struct session_host session_host = {host_command,     host_quit,    user_nick, host_gone, e,
						  command_is_known, host_language};
	struct network_config network = {.casemap = config->server.casemap, .whowas_max = WHOWAS_MAX};
	struct hash_key key;
	int err;

	e->loop = loop;
	e->config = config;
	e->host = *host;
	e->last_user = (uint64_t)config->server.started_ms << 20;
	msgid_init(&e->msgids);
	err = session_hub_init(&e->hub, loop, &config->server, &session_host);
	if (err < 0) {
		session_hub_deinit(&e->hub);
		mem_free(e);
		return err;
	}
	e->hub.limits = config->conn_limits;
	random_key(&network.seed);
	e->net = network_new(&network);
	random_key(&key);
	e->tries = tries_new(&key);
	random_key(&key);
	e->hub.monitor = monitor_new(config->server.casemap, &key);
	random_key(&key);
	e->hub.lookups = lookups_new(loop, &config->server.lookup, &key);
	e->keep.net = e->net;
	e->keep.config = config;
	e->notices = oper_notices_new(loop, e->net);
	e->fanout = fanout_new(&e->hub, e->net);
	env_init(e);
	watches_init(&e->watches, &e->env, submit, e);
	e->env.courier = courier_new(&e->env);
	e->env.helper = helper_new(loop);
	e->env.filters = filters_new(e->net, &config->server);
	random_key(&key);
	e->env.nicks = nicks_new(e->net, &key);
	*out = e;
	return 0;
}

/* The journal on disk where there is a directory for it, else one that keeps nothing. */
static int open_journal(struct engine *e, struct worker *worker, char *why, size_t size)
{
	const struct journal_owner owner = {ordered, durable, encode, snapshot, e, keep_text};
	const struct store_options options = {
		.directory = e->config->state,
		.loop = e->loop,
		.worker = worker,
		.durability = e->config->durability,
		.retention = e->config->retention,
		.committed = committed,
	};
	int err;

	if (!options.directory) {
		e->journal = journal_local_new(&owner);
		return 0;
	}
	err = store_open(&e->journal, &options, &owner, why, size);
	if (err < 0)
		return err;
	e->stored = true;
	return e->journal->ops->restore(e->journal, restore_one, e);
}

/* Users who have no connection left. */
static void dismiss_missing(struct engine *e)
{
	for (size_t i = 0; i < e->nmissing; i++) {
		const struct user *u = network_user(e->net, e->missing[i]);

		if (u && !u->sessions)
			stay_or_go(&e->env, u);
	}
	mem_free(e->missing);
	e->missing = NULL;
	e->nmissing = 0;
}

int engine_open(struct engine *e, struct worker *worker, char *why, size_t size)
{
	int err = open_journal(e, worker, why, size);

	if (err == 0)
		err = worker_new(&e->errand_worker, e->loop);
	e->env.worker = e->errand_worker;
	if (err < 0)
		return err;
	if (!e->arrived)
		stay_restore(&e->env, &e->last_user);
	dismiss_missing(e);
	opers_warn_plain(&e->env);
	opers_refresh(&e->env);
	nicks_watch_all(&e->env);
	registration_resume_all(&e->env);
	courier_start(e->env.courier);
	watches_start(&e->watches);
	oper_notices_arrive(e->notices);
	return err;
}

/* Leaving for a successor, and arriving */

static struct carry carried(struct engine *e)
{
	return (struct carry){e->net, &e->hub, &e->msgids, &e->last_user};
}

/* And what the worker was asked to do for a command. */
static void await_disk(struct engine *e)
{
	int64_t end = loop_clock(e->loop)->mono_ms + DISK_MS, left = DISK_MS;

	while ((e->errands || !LIST_EMPTY(&e->hub.held)) && left > 0 && loop_turn(e->loop, left) == 0)
		left = end - loop_clock(e->loop)->mono_ms;
	held_release(&e->hub, UINT64_MAX, -ETIMEDOUT);
}

/* The dead have their end in the turn. */
static void settle(struct engine *e)
{
	struct session *s, *next;

	for (s = LIST_FIRST(&e->hub.sessions); s; s = next) {
		next = LIST_NEXT(s, all);
		if (!session_settle(s) && !conn_is_dead(&s->conn))
			host_quit(e, s, "The server is restarting, reconnect");
	}
	loop_turn(e->loop, 0);
}

bool engine_leave(struct engine *e, struct handoff_out *h)
{
	struct carry c = carried(e);

	conn_hub_freeze(e->hub.conns);
	await_disk(e);
	settle(e);
	carry_save(&c, h);
	return !handoff_state(h)->buf.full;
}

void engine_stay(struct engine *e)
{
	struct session *s;

	conn_hub_thaw(e->hub.conns);
	LIST_FOREACH(s, &e->hub.sessions, all)
		session_thaw(s);
}

void engine_abandon(struct engine *e)
{
	struct session *s;

	while ((s = LIST_FIRST(&e->hub.sessions)) || (s = LIST_FIRST(&e->hub.closing))) {
		if (s->user)
			network_user_set_sessions(e->net, s->user->id, NULL);
		session_abandon(s);
	}
	e->open = 0;
}

struct comeback {
	struct engine *e;
	engine_back_fn back;
	void *ctx;
};

static void on_back(void *ctx, struct session *s)
{
	const struct comeback *a = ctx;

	a->e->open++;
	a->back(a->ctx, s->address);
}

static void on_lost(void *ctx, uint64_t user)
{
	struct engine *e = ((const struct comeback *)ctx)->e;

	e->missing = mem_realloc(e->missing, (e->nmissing + 1) * sizeof(*e->missing));
	e->missing[e->nmissing++] = user;
}

bool engine_arrive(struct engine *e, struct handoff_in *h, struct wire_in in, engine_back_fn back, void *ctx)
{
	struct comeback a = {e, back, ctx};
	const struct carry c = carried(e);
	const struct carry_load to = {on_back, on_lost, &a};

	e->arrived = carry_load(&c, h, in, &to);
	return e->arrived;
}

void engine_free(struct engine *e)
{
	if (!e)
		return;
	engine_abandon(e);
	lookups_free(e->hub.lookups);
	worker_free(e->errand_worker);
	courier_free(e->env.courier);
	helper_free(e->env.helper);
	watches_stop(&e->watches);
	keep_forget(&e->keep);
	mem_free(e->env.usage);
	filters_free(e->env.filters);
	nicks_free(&e->env);
	logins_free(e->env.logins);
	mem_free(e->missing);
	past_events_deinit(&e->past);
	tries_free(e->tries);
	oper_notices_free(e->notices);
	fanout_free(e->fanout);
	if (e->journal)
		e->journal->ops->free(e->journal);
	monitor_free(e->hub.monitor);
	network_free(e->net);
	session_hub_deinit(&e->hub);
	mem_free(e);
}

bool engine_banned(struct engine *e, const struct address *peer, char *why, size_t size)
{
	return ban_watch_refuses(&e->watches.bans, peer, why, size);
}

bool engine_accept(struct engine *e, const struct arrival *a)
{
	if (!session_new(&e->hub, a)) {
		report_client_failed(&a->peer);
		return false;
	}
	e->open++;
	return true;
}

void engine_reconfigured(struct engine *e)
{
	e->hub.limits = e->config->conn_limits;
	filters_reconfigured(e->env.filters);
	lookups_reconfigured(&e->hub);
	opers_warn_plain(&e->env);
	opers_refresh(&e->env);
	watches_reconfigured(&e->watches);
	if (e->stored)
		store_configure(e->journal, e->config->durability, &e->config->retention);
}

void engine_goodbye(struct engine *e, const char *reason)
{
	struct session *s, *next;

	for (s = LIST_FIRST(&e->hub.sessions); s; s = next) {
		next = LIST_NEXT(s, all);
		session_close(s, reason);
	}
}

struct engine_count engine_count(const struct engine *e)
{
	return (struct engine_count){network_users(e->net)->count, network_channels(e->net)->count};
}

uint32_t engine_clients(const struct engine *e)
{
	return e->open;
}

struct engine_view engine_view(const struct engine *e)
{
	return (struct engine_view){e->net, &e->hub, e->env.usage, &e->counts, e->position, e->durable};
}

enum refusal engine_ask(struct engine *e, struct record *r)
{
	r->flags |= RECORD_OVERRIDE;
	submit(e, r);
	return e->refused ? e->why : REFUSAL_NONE;
}

const struct command_env *engine_env(const struct engine *e)
{
	return &e->env;
}

struct record_room *engine_room(struct engine *e)
{
	return &e->keep.room;
}

void engine_listen(struct engine *e, enum engine_place place, const struct engine_listener *listener)
{
	e->listeners[place] = *listener;
	if (place == ENGINE_LISTENER_OUTGOING)
		oper_notices_listen(e->notices, listener->notices, listener->notice, listener->ctx);
}
