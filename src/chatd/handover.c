#include "chatd/handover.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "chatd/carry.h"
#include "chatd/doors.h"
#include "chatd/engine.h"
#include "chatd/handoff.h"
#include "chatd/service.h"
#include "session/server.h"

/* The process number and the descriptors, in digits with commas between them. */
#define VARIABLE "HANDOVER_FDS"

enum { LIST_TEXT_MAX = 256, WHY_MAX = 256 };

static void log_failure(const char *reason)
{
	log_event(EVENT_HANDOVER_FAILED, LOG_FIELDS({"CHATD_REASON", reason}), "hand-over: %s", reason);
}

/* Leaving */

struct handoff_out *handover_pack(struct engine *e, struct doors *d, bool across_exec)
{
	struct handoff_out *h = handoff_new();
	int err;

	doors_save(d, h, across_exec);
	err = engine_leave(e, h) ? handoff_seal(h) : -ENOMEM;
	if (err == 0)
		return h;
	log_failure(strerror(-err));
	handoff_free(h);
	return NULL;
}

int handover_store(const struct handoff_out *h)
{
	int fds[HANDOFF_CARRIERS_MAX], err;
	size_t count = handoff_carriers(h, fds);

	service_unstore(HANDOFF_NAME);
	err = service_store(HANDOFF_NAME, fds, count);
	if (err == 0)
		return 0;
	service_unstore(HANDOFF_NAME);
	log_failure(err == -ENOTSUP ? "the service manager keeps no descriptors: FileDescriptorStoreMax= is missing"
				    : strerror(-err));
	return err;
}

void handover_inherit(struct handoff_out *h)
{
	int fds[HANDOFF_CARRIERS_MAX];
	size_t count = handoff_carriers(h, fds);
	char text[LIST_TEXT_MAX];
	struct buf b;

	buf_init(&b, text, sizeof(text) - 1);
	buf_u64(&b, (uint64_t)getpid());
	for (size_t i = 0; i < count; i++) {
		fcntl(fds[i], F_SETFD, 0);
		buf_fmt(&b, ",%d", fds[i]);
	}
	text[b.n] = '\0';
	setenv(VARIABLE, text, 1);
	handoff_release(h);
}

/* Arriving */

bool handover_waits(void)
{
	struct str pid = str_of(getenv("LISTEN_PID")), names = str_of(getenv("LISTEN_FDNAMES")), name;
	unsigned long long number;

	if (!str_u64(pid, INT32_MAX, &number) || (pid_t)number != getpid())
		return false;
	while (str_split(&names, ':', &name))
		if (str_eq(name, STR(HANDOFF_NAME)))
			return true;
	return false;
}

/* 0: there is nothing, or it is another process's. */
static size_t inherited(int fds[HANDOFF_CARRIERS_MAX])
{
	struct str rest = str_of(getenv(VARIABLE)), word;
	unsigned long long number;
	size_t count = 0;

	if (!str_split(&rest, ',', &word) || !str_u64(word, INT32_MAX, &number) || (pid_t)number != getpid())
		return 0;
	while (count < HANDOFF_CARRIERS_MAX && str_split(&rest, ',', &word)) {
		if (!str_u64(word, INT32_MAX, &number) || number <= STDERR_FILENO)
			continue;
		if (fcntl((int)number, F_SETFD, FD_CLOEXEC) == 0)
			fds[count++] = (int)number;
	}
	return count;
}

struct handoff_in *handover_find(const int *stored, size_t nstored)
{
	int fds[2 * HANDOFF_CARRIERS_MAX];
	struct handoff_in *h = NULL;
	char why[WHY_MAX];
	size_t count = inherited(fds);

	unsetenv(VARIABLE);
	/* Before anything is made of it: what cannot be read must not come back with the next start, and the next. */
	if (nstored)
		service_unstore(HANDOFF_NAME);
	for (size_t i = 0; i < nstored && i < HANDOFF_CARRIERS_MAX; i++)
		fds[count++] = stored[i];
	if (count && handoff_open(&h, fds, count, why, sizeof(why)) < 0)
		log_failure(why);
	return h;
}

/* Behind the section of the doors. */
static struct wire_in engine_part(const struct handoff_in *h)
{
	struct wire_in in = handoff_read(h);

	(void)wire_section(&in);
	return in;
}

void handover_adapt(const struct handoff_in *h, struct server *server)
{
	enum casemap casemap;

	if (!carry_casemap(engine_part(h), &casemap) || casemap == server->casemap)
		return;
	log_event(EVENT_CONFIG_LATER, LOG_FIELDS({"CHATD_KEY", "casemapping"}),
		  "casemapping changes when nobody is here: after a stop, not with a restart");
	server->casemap = casemap;
	server_build(server);
}

static void back(void *ctx, const char *host)
{
	doors_entered(ctx, host);
}

static void log_arrival(const struct handoff_in *h, const struct engine *e)
{
	char clients[16];

	(void)snprintf(clients, sizeof(clients), "%u", engine_clients(e));
	log_event(EVENT_HANDOVER, LOG_FIELDS({"CHATD_CLIENTS", clients}),
		  "%s clients are here again, %lld ms after the process before stopped listening to them", clients,
		  (long long)(clock_mono_us() - handoff_time(h)) / 1000);
}

static void log_missing(const struct handoff_in *h)
{
	uint32_t missing = handoff_missing(h);
	char count[16];

	if (!missing)
		return;
	(void)snprintf(count, sizeof(count), "%u", missing);
	log_event(EVENT_HANDOVER_LOST, LOG_FIELDS({"CHATD_COUNT", count}),
		  "%s connections of the process before did not come along", count);
}

void handover_arrive(struct handoff_in *h, struct engine *e, struct doors *d)
{
	struct wire_in in = handoff_read(h);

	doors_load(d, h, &in);
	if (engine_arrive(e, h, in, back, d)) {
		log_missing(h);
		log_arrival(h, e);
	} else {
		log_failure("the state is damaged");
	}
	handoff_close(h);
}
