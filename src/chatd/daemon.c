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
#include "chatd/doors.h"
#include "chatd/engine.h"
#include "chatd/logging.h"
#include "chatd/service.h"
#include "loop/loop.h"
#include "loop/poller.h"
#include "loop/signals.h"
#include "loop/worker.h"

/* For the last goodbyes to arrive, before the program ends without. */
enum { GOODBYE_MS = 5000, WHY_MAX = 512 };

struct daemon {
	struct config *config;
	const struct config_source *source;
	struct logging *logging;
	struct loop *loop;
	struct engine *engine;
	struct doors *doors;
	struct admin *admin;
	struct signals *signals;
	struct worker *worker;
	struct timer goodbye;
	struct disposal stop_later;
	struct daemon_end end;
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

/* All sockets or none. */
static bool open_sockets(struct daemon *d, const struct config *fresh, const struct complaints *c)
{
	if (admin_prepare(d->admin, fresh, c->why, c->size) < 0)
		return false;
	if (doors_apply(d->doors, fresh, c->why, c->size) < 0) {
		admin_drop(d->admin);
		return false;
	}
	admin_commit(d->admin, fresh);
	return true;
}

static bool take_config(struct daemon *d, struct complaints *c)
{
	struct config fresh;

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
	char status[WHY_MAX + 64] = "Serving";
	bool done;

	service_reloading();
	done = take_config(ctx, &(struct complaints){why, size, error, error_ctx});
	if (!done)
		snprintf(status, sizeof(status), "Serving with the old configuration: %s", why);
	service_ready(status);
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

	engine_goodbye(d->engine, d->end.restart ? "Server is restarting, reconnect" : "Server is going down");
	end_if_empty(d);
}

static void log_end(const struct daemon *d, const char *reason)
{
	char count[16];

	(void)snprintf(count, sizeof(count), "%u", engine_clients(d->engine));
	log_event(d->end.restart ? EVENT_RESTARTING : EVENT_STOPPING,
		  LOG_FIELDS({"CHATD_REASON", reason}, {"CHATD_CLIENTS", count}), "%s: %s",
		  d->end.restart ? "restarting" : "stopping", reason);
}

static void stop(void *ctx, const char *reason, bool restart)
{
	struct daemon *d = ctx;

	if (d->stopping)
		return;
	d->stopping = true;
	d->end.restart = restart;
	log_end(d, reason);
	/* A manager that is told of stopping waits for the process to end; in a restart it lives on. */
	if (restart) {
		service_reloading();
		d->end.nhanded = doors_copy_handed(d->doors, d->end.handed, DAEMON_HANDED_MAX);
	} else {
		service_stopping();
	}
	doors_close(d->doors);
	admin_shut(d->admin);
	d->goodbye.due = goodbye_over;
	loop_timer_set(d->loop, &d->goodbye, loop_clock(d->loop)->mono_ms + GOODBYE_MS);
	d->stop_later.dispose = stop_now;
	loop_dispose(d->loop, &d->stop_later);
}

static void on_signal(void *ctx, int signo)
{
	struct daemon *d = ctx;

	char why[WHY_MAX];

	if (signo == SIGHUP)
		reload_aloud(d, NULL, NULL, why, sizeof(why));
	else
		stop(d, signo == SIGTERM ? "SIGTERM" : "SIGINT", false);
}

static bool enter(void *ctx, int fd, const struct address *peer)
{
	struct daemon *d = ctx;

	return engine_accept(d->engine, fd, peer);
}

static void gone(void *ctx, const char *host)
{
	struct daemon *d = ctx;

	doors_left(d->doors, host);
	end_if_empty(d);
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

static int open_journal(struct daemon *d)
{
	char why[WHY_MAX] = "";
	int err = worker_new(&d->worker, d->loop);

	if (err < 0)
		return fail(EX_OSERR, "worker thread", err);
	err = engine_open(d->engine, d->worker, why, sizeof(why));
	if (err == 0)
		return EX_OK;
	if (!why[0])
		(void)strlcpy(why, strerror(-err), sizeof(why));
	log_event(EVENT_START_FAILED, LOG_FIELDS({"CHATD_REASON", why}), "%s: %s", d->config->state, why);
	return EX_CANTCREAT;
}

static int new_admin(struct daemon *d)
{
	const struct admin_host host = {
		.control = {d->engine, d->config, reload_aloud, stop, d},
		.metrics = {d->engine, d->doors},
	};

	return admin_new(&d->admin, d->loop, &host);
}

static int set_up(struct daemon *d)
{
	static const int signos[] = {SIGHUP, SIGTERM, SIGINT, 0};
	const struct engine_host engine_host = {reload, stop, gone, d};
	const struct doors_host doors_host = {enter, d};
	int err, code = prepare_state(d->config->state);

	if (code != EX_OK)
		return code;
	raise_descriptors();
	err = loop_new(&d->loop);
	if (err < 0)
		return fail(EX_OSERR, "event loop", err);
	err = signals_new(&d->signals, d->loop, signos, on_signal, d);
	if (err < 0)
		return fail(EX_OSERR, "signals", err);
	err = engine_new(&d->engine, d->loop, d->config, &engine_host);
	if (err < 0)
		return fail(EX_OSERR, "engine", err);
	d->doors = doors_new(d->loop, d->config, &doors_host);
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

static int serve(struct daemon *d)
{
	char why[WHY_MAX];
	int err = doors_apply(d->doors, d->config, why, sizeof(why));

	if (err == 0)
		err = admin_prepare(d->admin, d->config, why, sizeof(why));
	if (err < 0) {
		log_event(EVENT_START_FAILED, LOG_FIELDS({"CHATD_REASON", why}), "%s", why);
		return err == -EACCES || err == -EPERM ? EX_NOPERM : EX_UNAVAILABLE;
	}
	admin_commit(d->admin, d->config);
	doors_open(d->doors);
	log_start(d);
	service_ready("Serving");
	err = loop_run(d->loop);
	return err < 0 ? fail(EX_OSERR, "event loop", err) : EX_OK;
}

static void tear_down(struct daemon *d)
{
	admin_free(d->admin);
	doors_free(d->doors);
	engine_free(d->engine);
	worker_free(d->worker);
	signals_free(d->signals);
	loop_free(d->loop);
}

struct daemon_end daemon_run(struct config *config, const struct config_source *source, struct logging *logging)
{
	struct daemon d = {.config = config, .source = source, .logging = logging};

	server_build(&config->server);
	d.end.code = set_up(&d);
	if (d.end.code == EX_OK)
		d.end.code = serve(&d);
	tear_down(&d);
	return d.end;
}
