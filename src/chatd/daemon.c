#include "chatd/daemon.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "chat_version.h"
#include "chatd/admin.h"
#include "chatd/certificates.h"
#include "chatd/doors.h"
#include "chatd/engine.h"
#include "chatd/handoff.h"
#include "chatd/handover.h"
#include "chatd/hooks.h"
#include "chatd/logging.h"
#include "chatd/outgoing.h"
#include "chatd/push.h"
#include "chatd/service.h"
#include "chatd/status.h"
#include "chatd/watchdog.h"
#include "command/cap.h"
#include "command/token.h"
#include "loop/loop.h"
#include "loop/poller.h"
#include "loop/signals.h"
#include "loop/worker.h"

/* For the last goodbyes to arrive, before the program ends without. */
enum { GOODBYE_MS = 5000, WHY_MAX = 512 };

/* A large store may take so long to be read, or to have its last records written on a slow disk. */
enum { OPEN_MS = 600000, CLOSE_MS = 60000 };

/* A successor takes over all that is here: this process after exec, or one that the service manager starts. */
enum leaving { LEAVING_NOT, LEAVING_BY_EXEC, LEAVING_BY_MANAGER };

struct daemon {
	struct config *config;
	const struct config_source *source;
	struct logging *logging;
	struct loop *loop;
	struct engine *engine;
	struct doors *doors;
	struct hooks *hooks;
	struct outgoing *outgoing;
	struct push *push;
	struct certificates *certificates;
	struct admin *admin;
	struct signals *signals;
	struct status *status;
	struct watchdog *watchdog;
	struct worker *worker;
	struct timer goodbye;
	struct disposal stop_later;
	struct daemon_end end;
	const char *farewell; /* what clients hear at the end */
	enum leaving leaving; /* from when it was asked for */
	bool stopping;
};

/* The first complaint is the answer to REHASH; all of them are logged. */
struct complaints {
	char *why;
	size_t size;
	config_error_fn error; /* NULL: nobody else hears them */
	void *error_ctx;
};

static void complain(void *ctx, const struct config_error *error)
{
	struct complaints *c = ctx;

	logging_config_error(NULL, error);
	if (c->why && !*c->why)
		snprintf(c->why, c->size, "%s", error->text);
	if (c->error)
		c->error(c->error_ctx, error);
}

/* What cannot change while people are here stays as it was, and the log says so. */
static void keep_running_values(struct config *fresh, const struct config *old)
{
	fresh->server.started_ms = old->server.started_ms;
	memcpy(fresh->server.cloak.key, old->server.cloak.key, CLOAK_KEY_SIZE);
	mem_free(fresh->server.started);
	fresh->server.started = mem_strdup(old->server.started);
	if (fresh->server.casemap != old->server.casemap)
		log_event(EVENT_CONFIG_LATER, LOG_FIELDS({"CHATD_KEY", "casemapping"}),
			  "casemapping changes at the next start, not at a reload");
	fresh->server.casemap = old->server.casemap;
}

static void log_refused(const char *why)
{
	log_event(EVENT_RELOAD_REFUSED, LOG_FIELDS({"CHATD_REASON", why}), "%s: nothing was changed", why);
}

static void take_certificates(struct daemon *d)
{
	certificates_commit(d->certificates);
	doors_set_tls(d->doors, certificates_tls(d->certificates));
}

/* All sockets or none. */
static bool open_sockets(struct daemon *d, const struct config *fresh, const struct complaints *c)
{
	bool tls = doors_want(d->doors, fresh, DOOR_TLS);

	if (certificates_prepare(d->certificates, fresh, tls, c->why, c->size) < 0)
		return false;
	if (admin_prepare(d->admin, fresh, c->why, c->size) < 0) {
		certificates_drop(d->certificates);
		return false;
	}
	if (doors_apply(d->doors, fresh, c->why, c->size) < 0) {
		admin_drop(d->admin);
		certificates_drop(d->certificates);
		return false;
	}
	admin_commit(d->admin, fresh);
	take_certificates(d);
	return true;
}

static bool take_config(struct daemon *d, struct complaints *c)
{
	bool tokens = token_possible(&d->config->server);
	struct config fresh;
	int err;

	*c->why = '\0';
	/* New listeners would let people in whom nobody serves. */
	if (d->stopping) {
		(void)strlcpy(c->why, "the server is stopping", c->size);
		log_refused(c->why);
		return false;
	}
	if (config_load(&fresh, d->source, complain, c) != 0) {
		log_refused("the configuration is wrong");
		return false;
	}
	err = push_prepare(d->push, &fresh.server);
	if (err < 0) {
		snprintf(c->why, c->size, "vapid.key in the state directory: %s", strerror(-err));
		log_refused(c->why);
		config_deinit(&fresh);
		return false;
	}
	if (!open_sockets(d, &fresh, c)) {
		log_refused(c->why);
		config_deinit(&fresh);
		return false;
	}
	keep_running_values(&fresh, d->config);
	config_deinit(d->config);
	*d->config = fresh;
	server_build(&d->config->server);
	engine_reconfigured(d->engine);
	if (tokens != token_possible(&d->config->server))
		cap_tell_mechanisms(engine_env(d->engine));
	outgoing_reconfigured(d->outgoing);
	push_reconfigured(d->push);
	logging_configure(d->logging, d->config);
	log_event(EVENT_RELOADED, LOG_NO_FIELDS, "configuration reloaded");
	return true;
}

static bool reload(void *ctx, char *why, size_t size)
{
	return take_config(ctx, &(struct complaints){.why = why, .size = size});
}

/* The same, and the service manager hears of it. */
static bool reload_aloud(void *ctx, config_error_fn error, void *error_ctx, char *why, size_t size)
{
	struct daemon *d = ctx;
	char trouble[WHY_MAX + 64];
	bool done;

	service_reloading();
	done = take_config(d, &(struct complaints){why, size, error, error_ctx});
	snprintf(trouble, sizeof(trouble), "the old configuration holds: %s", why);
	status_ready(d->status, done ? NULL : trouble);
	return done;
}

static void end_if_empty(struct daemon *d)
{
	if (d->stopping && engine_clients(d->engine) == 0)
		loop_stop(d->loop);
}

static void goodbye_over(struct timer *t)
{
	struct daemon *d = (struct daemon *)((char *)t - offsetof(struct daemon, goodbye));

	loop_stop(d->loop);
}

/* When no command is running any more: it may be the one that asked for the end. */
static void stop_now(struct disposal *disposal)
{
	struct daemon *d = (struct daemon *)((char *)disposal - offsetof(struct daemon, stop_later));

	engine_goodbye(d->engine, d->farewell);
	end_if_empty(d);
}

static void log_end(const struct daemon *d, enum log_event event, const char *what, const char *reason)
{
	char count[16];

	(void)snprintf(count, sizeof(count), "%u", engine_clients(d->engine));
	log_event(event, LOG_FIELDS({"CHATD_REASON", reason}, {"CHATD_CLIENTS", count}), "%s: %s", what, reason);
}

static void say_goodbye(struct daemon *d, const char *farewell)
{
	d->stopping = true;
	d->farewell = farewell;
	service_stopping("Saying goodbye");
	doors_close(d->doors);
	admin_shut(d->admin);
	d->goodbye.due = goodbye_over;
	loop_timer_set(d->loop, &d->goodbye, loop_clock(d->loop)->mono_ms + GOODBYE_MS);
	d->stop_later.dispose = stop_now;
	loop_dispose(d->loop, &d->stop_later);
}

/* Whoever would come up with a wrong configuration would not come up. */
static bool config_is_good(const struct daemon *d)
{
	struct config fresh;

	if (config_load(&fresh, d->source, logging_config_error, NULL) != 0)
		return false;
	config_deinit(&fresh);
	return true;
}

/* The rest is done outside of the loop, by leave. A manager that restarts this service is not asked to think again. */
static void ask_to_leave(struct daemon *d, enum leaving how, const char *reason)
{
	if (how == LEAVING_BY_EXEC && !config_is_good(d)) {
		log_refused("no restart: the configuration is wrong");
		return;
	}
	log_end(d, EVENT_RESTARTING, "restarting", reason);
	d->leaving = how;
	loop_stop(d->loop);
}

static void stop(void *ctx, const char *reason, bool restart)
{
	struct daemon *d = ctx;

	if (d->stopping || d->leaving)
		return;
	if (restart) {
		ask_to_leave(d, LEAVING_BY_EXEC, reason);
		return;
	}
	log_end(d, EVENT_STOPPING, "stopping", reason);
	say_goodbye(d, "Server is going down");
}

/* The same; false: nothing came of it. */
static bool stop_or_not(void *ctx, const char *reason, bool restart)
{
	const struct daemon *d = ctx;

	stop(ctx, reason, restart);
	return d->stopping || d->leaving;
}

static void on_signal(void *ctx, int signo)
{
	struct daemon *d = ctx;
	char why[WHY_MAX];

	if (d->stopping || d->leaving)
		return;
	if (signo == SIGHUP)
		reload_aloud(d, NULL, NULL, why, sizeof(why));
	else if (signo == SIGUSR1 && service_can_store())
		ask_to_leave(d, LEAVING_BY_MANAGER, "SIGUSR1");
	else if (signo == SIGUSR1 || signo == SIGUSR2)
		ask_to_leave(d, LEAVING_BY_EXEC, signo == SIGUSR1 ? "SIGUSR1" : "SIGUSR2");
	else
		stop(d, signo == SIGTERM ? "SIGTERM" : "SIGINT", false);
}

const int *daemon_signals(void)
{
	static const int signos[] = {SIGHUP, SIGTERM, SIGINT, SIGUSR1, SIGUSR2, 0};

	return signos;
}

static bool enter(void *ctx, const struct arrival *a)
{
	struct daemon *d = ctx;

	return engine_accept(d->engine, a);
}

static bool banned(void *ctx, const struct address *peer, char *why, size_t size)
{
	struct daemon *d = ctx;

	return engine_banned(d->engine, peer, why, size);
}

static void gone(void *ctx, const char *host)
{
	struct daemon *d = ctx;

	doors_left(d->doors, host);
	end_if_empty(d);
}

static bool move(void *ctx, const char *host, const struct address *peer, char *why, size_t size)
{
	struct daemon *d = ctx;

	return doors_moved(d->doors, host, peer, why, size);
}

static bool ask_hooks(void *ctx, struct hook_wish *w)
{
	struct daemon *d = ctx;

	return hooks_wish(d->hooks, w);
}

static int fail(int code, const char *what, int err)
{
	log_event(EVENT_START_FAILED, LOG_FIELDS({"CHATD_REASON", strerror(-err)}), "%s: %s", what, strerror(-err));
	return code;
}

/* As many descriptors as the system lets us have. */
static void raise_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max)
		return;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		log_event(EVENT_DESCRIPTORS_LOW, LOG_FIELDS({"CHATD_REASON", strerror(errno)}),
			  "descriptors stay at their soft limit: %s", strerror(errno));
}

static int prepare_state(const char *state)
{
	struct stat st;

	if (!state)
		return EX_OK;
	if (mkdir(state, 0700) != 0 && errno != EEXIST)
		return fail(EX_CANTCREAT, state, -errno);
	if (stat(state, &st) != 0)
		return fail(EX_CANTCREAT, state, -errno);
	if (!S_ISDIR(st.st_mode))
		return fail(EX_CANTCREAT, state, -ENOTDIR);
	return EX_OK;
}

static int open_cloak(const struct daemon *d)
{
	int err = cloak_open(&d->config->server.cloak, d->config->state);

	if (err < 0)
		return fail(EX_CANTCREAT, "cloak.key in the state directory", err);
	return EX_OK;
}

static int open_journal(struct daemon *d)
{
	char why[WHY_MAX] = "";
	int err = worker_new(&d->worker, d->loop);

	if (err < 0)
		return fail(EX_OSERR, "worker thread", err);
	if (d->config->state)
		service_extend_timeout(OPEN_MS);
	err = engine_open(d->engine, d->worker, why, sizeof(why));
	if (err == 0)
		return EX_OK;
	if (!why[0])
		(void)strlcpy(why, strerror(-err), sizeof(why));
	log_event(EVENT_START_FAILED, LOG_FIELDS({"CHATD_REASON", why}), "%s: %s", d->config->state, why);
	return EX_CANTCREAT;
}

static int open_hooks(struct daemon *d)
{
	int err;

	d->hooks = hooks_new(d->loop, d->config, d->engine);
	err = hooks_open(d->hooks);
	if (err < 0)
		return fail(EX_CANTCREAT, "hooks in the state directory", err);
	doors_set_hooks(d->doors, d->hooks);
	d->outgoing = outgoing_new(d->loop, d->config, d->engine);
	d->push = push_new(d->loop, d->config, d->engine);
	err = push_prepare(d->push, &d->config->server);
	if (err < 0)
		return fail(EX_CANTCREAT, "vapid.key in the state directory", err);
	push_reconfigured(d->push);
	server_build(&d->config->server);
	return EX_OK;
}

static int new_admin(struct daemon *d)
{
	const struct admin_host host = {
		.control = {d->engine, d->hooks, d->outgoing, d->config, reload_aloud, stop_or_not, d},
		.metrics = {d->engine, d->doors, d->hooks, d->outgoing, d->push},
	};

	return admin_new(&d->admin, d->loop, &host);
}

/* Before the engine is made: names must be compared as they were. NULL: there was none. */
static struct handoff_in *find_predecessor(struct daemon *d)
{
	int carriers[HANDOFF_CARRIERS_MAX];
	size_t count = doors_carriers(d->doors, carriers);
	struct handoff_in *predecessor = handover_find(carriers, count);

	if (predecessor)
		handover_adapt(predecessor, &d->config->server);
	return predecessor;
}

static int set_up(struct daemon *d)
{
	struct handoff_in *predecessor;
	const struct engine_host engine_host = {reload, stop, gone, move, d, {ask_hooks, d}};
	const struct doors_host doors_host = {enter, banned, d};
	int err, code = prepare_state(d->config->state);

	if (code == EX_OK)
		code = open_cloak(d);
	if (code != EX_OK)
		return code;
	raise_descriptors();
	err = loop_new(&d->loop);
	if (err < 0)
		return fail(EX_OSERR, "event loop", err);
	err = signals_new(&d->signals, d->loop, daemon_signals(), on_signal, d);
	if (err < 0)
		return fail(EX_OSERR, "signals", err);
	d->doors = doors_new(d->loop, d->config, &doors_host);
	d->certificates = certificates_new(d->loop);
	predecessor = find_predecessor(d);
	err = engine_new(&d->engine, d->loop, d->config, &engine_host);
	if (err < 0) {
		handoff_close(predecessor);
		return fail(EX_OSERR, "engine", err);
	}
	if (predecessor)
		handover_arrive(predecessor, d->engine, d->doors);
	code = open_hooks(d);
	if (code != EX_OK)
		return code;
	err = new_admin(d);
	if (err < 0)
		return fail(EX_OSERR, "side entrances", err);
	return open_journal(d);
}

static void log_start(const struct daemon *d)
{
	const struct address *a;
	char text[ADDRESS_TEXT_MAX];

	log_event(EVENT_START, LOG_FIELDS({"CHATD_VERSION", CHAT_VERSION}, {"CHATD_SERVER", d->config->server.name}),
		  "chatd %s as %s, %s", CHAT_VERSION, d->config->server.name, poller_name());
	if (d->config->server.no_limits)
		log_event(EVENT_NO_LIMITS, LOG_NO_FIELDS,
			  "--no-limits: flood control and limits per address are lifted");
	for (size_t i = 0; (a = doors_nth(d->doors, i)); i++) {
		address_format(a, text);
		log_event(EVENT_LISTENING, LOG_FIELDS({"CHATD_LISTENER", text}), "listening on %s", text);
	}
}

/* It cannot leave: it goes on, or where the manager wants it to end it says goodbye. */
static void stay(struct daemon *d, enum leaving how)
{
	int err = signals_new(&d->signals, d->loop, daemon_signals(), on_signal, d);

	if (err < 0)
		(void)fail(EX_OSERR, "signals", err);
	d->leaving = LEAVING_NOT;
	engine_stay(d->engine);
	if (how == LEAVING_BY_EXEC)
		status_ready(d->status, NULL);
	else
		say_goodbye(d, "Server is restarting, reconnect");
}

/* False: it stays. */
static bool leave(struct daemon *d)
{
	enum leaving how = d->leaving;
	struct handoff_out *h;

	/* A manager that is told of stopping waits for the process to end; after exec it lives on. */
	if (how == LEAVING_BY_EXEC)
		service_reloading();
	else
		service_stopping("Handing over");
	/* Those that come from here on are for the successor. */
	signals_free(d->signals);
	d->signals = NULL;
	h = handover_pack(d->engine, d->doors, how == LEAVING_BY_EXEC);
	if (!h || (how == LEAVING_BY_MANAGER && handover_store(h) < 0)) {
		handoff_free(h);
		stay(d, how);
		return false;
	}
	engine_abandon(d->engine);
	doors_leave(d->doors);
	doors_close(d->doors);
	admin_shut(d->admin);
	if (how == LEAVING_BY_EXEC) {
		watchdog_pause(OPEN_MS);
		d->end.successor = h;
	} else {
		handoff_free(h);
	}
	return true;
}

static int serve(struct daemon *d)
{
	char why[WHY_MAX];
	bool tls = doors_want(d->doors, d->config, DOOR_TLS);
	int err = certificates_prepare(d->certificates, d->config, tls, why, sizeof(why));

	if (err == 0)
		err = doors_apply(d->doors, d->config, why, sizeof(why));
	if (err == 0)
		err = admin_prepare(d->admin, d->config, why, sizeof(why));
	if (err < 0) {
		log_event(EVENT_START_FAILED, LOG_FIELDS({"CHATD_REASON", why}), "%s", why);
		return err == -EACCES || err == -EPERM ? EX_NOPERM : EX_UNAVAILABLE;
	}
	admin_commit(d->admin, d->config);
	take_certificates(d);
	doors_open(d->doors);
	log_start(d);
	d->status = status_new(d->loop, d->engine);
	d->watchdog = watchdog_new(d->loop);
	status_ready(d->status, NULL);
	do
		err = loop_run(d->loop);
	while (err == 0 && d->leaving && !leave(d));
	return err < 0 ? fail(EX_OSERR, "event loop", err) : EX_OK;
}

static void tear_down(struct daemon *d)
{
	if ((d->stopping || d->leaving == LEAVING_BY_MANAGER) && d->config->state)
		service_extend_timeout(CLOSE_MS);
	status_free(d->status);
	watchdog_free(d->watchdog);
	admin_free(d->admin);
	doors_free(d->doors);
	hooks_free(d->hooks);
	outgoing_free(d->outgoing);
	push_free(d->push);
	certificates_free(d->certificates);
	engine_free(d->engine);
	worker_free(d->worker);
	signals_free(d->signals);
	loop_free(d->loop);
}

/* They came here, and this process cannot serve them: they go back to the manager, for the next try. */
static void give_back(struct daemon *d)
{
	struct handoff_out *h;

	if (!d->engine || !d->doors || engine_clients(d->engine) == 0 || !service_can_store())
		return;
	h = handover_pack(d->engine, d->doors, false);
	if (h && handover_store(h) == 0) {
		engine_abandon(d->engine);
		doors_leave(d->doors);
		log_event(EVENT_HANDOVER_WAITS, LOG_FIELDS({"CHATD_REASON", "the start failed"}),
			  "the start failed: the clients of the process before wait until this one can start");
		d->end.code = EX_TEMPFAIL;
	}
	handoff_free(h);
}

struct daemon_end daemon_run(struct config *config, const struct config_source *source, struct logging *logging)
{
	struct daemon d = {.config = config, .source = source, .logging = logging};

	server_build(&config->server);
	d.end.code = set_up(&d);
	if (d.end.code == EX_OK)
		d.end.code = serve(&d);
	if (d.end.code != EX_OK)
		give_back(&d);
	tear_down(&d);
	return d.end;
}
