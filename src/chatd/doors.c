#include "chatd/doors.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/vec.h"
#include "base/wire.h"
#include "chatd/entrance.h"
#include "chatd/handoff.h"
#include "chatd/places.h"
#include "net/complaint.h"
#include "net/listener.h"
#include "proto/line.h"
#include "session/arrival.h"

/* Descriptors that are not for clients: files, listeners, the store, a spare. */
enum { DESCRIPTORS_KEPT = 64, HANDED_MAX = 32 + HANDOFF_CARRIERS_MAX, TEXT_MAX = 4096, WHY_MAX = 400 };

struct door {
	struct listener *listener;
	char *text;          /* as configured; NULL: handed over */
	char *name;          /* of one that was handed over */
	struct door *before; /* while a configuration is applied: its socket is this one's, whose text goes */
	unsigned doors;      /* that it is to have then */
};

struct doors {
	struct loop *loop;
	const struct config *config;
	struct doors_host host;
	struct vec doors; /* struct door * */
	struct places *places;
	struct entrances *entrances;
	uint32_t inside;
	bool open;   /* doors_open was called */
	bool paused; /* the house is full */
	struct doors_counts counts;
	int carriers[HANDOFF_CARRIERS_MAX]; /* of a predecessor's state */
	size_t ncarriers;
};

static void door_free(struct door *door)
{
	if (!door)
		return;
	listener_free(door->listener);
	mem_free(door->text);
	mem_free(door->name);
	mem_free(door);
}

/* A socket that is called like doors has those; one with any other name is for IRC. */
static int adopt(struct doors *d, struct handed_socket *handed, struct door *door, char *why, size_t size)
{
	(void)doors_parse(&handed->doors, handed->name);
	return listener_adopt(&door->listener, d->loop, handed, why, size);
}

static void adopt_handed(struct doors *d, struct handed_socket *handed)
{
	struct door *door = mem_zalloc(sizeof(*door));
	char why[256];

	if (adopt(d, handed, door, why, sizeof(why)) == 0) {
		door->name = mem_strdup(handed->name);
		vec_push(&d->doors, door);
		return;
	}
	log_event(EVENT_SOCKET_REFUSED, LOG_FIELDS({"CHATD_LISTENER", handed->name}, {"CHATD_REASON", why}),
		  "socket \"%s\" from the service manager is not used: %s", handed->name, why);
	close(handed->fd);
	mem_free(door);
}

static void take_handed(struct doors *d)
{
	struct handed_socket handed[HANDED_MAX];
	int count = handed_sockets(handed, HANDED_MAX);

	if (count < 0)
		log_event(EVENT_SOCKET_REFUSED, LOG_FIELDS({"CHATD_REASON", strerror(-count)}),
			  "sockets from the service manager are not used: its LISTEN variables: %s", strerror(-count));
	for (int i = 0; i < count; i++) {
		if (strcmp(handed[i].name, HANDOFF_NAME) == 0 && d->ncarriers < HANDOFF_CARRIERS_MAX)
			d->carriers[d->ncarriers++] = handed[i].fd;
		else
			adopt_handed(d, &handed[i]);
	}
}

size_t doors_carriers(struct doors *d, int fds[HANDOFF_CARRIERS_MAX])
{
	size_t count = d->ncarriers;

	memcpy(fds, d->carriers, count * sizeof(*fds));
	d->ncarriers = 0;
	return count;
}

static void pause_all(struct doors *d, bool pause);
static bool known(void *ctx, const struct address *peer, int fd);
static void enter(void *ctx, const struct arrival *a);
static void lost(void *ctx, const struct address *peer);

struct doors *doors_new(struct loop *loop, const struct config *config, const struct doors_host *host)
{
	struct doors *d = mem_zalloc(sizeof(*d));
	const struct entrance_host entrances = {known, enter, lost, d};

	d->places = places_new(config->network_bits4, config->network_bits6);
	d->loop = loop;
	d->config = config;
	d->host = *host;
	d->entrances = entrances_new(loop, config, &entrances);
	take_handed(d);
	return d;
}

void doors_free(struct doors *d)
{
	if (!d)
		return;
	doors_close(d);
	entrances_free(d->entrances);
	for (size_t i = 0; i < d->ncarriers; i++)
		close(d->carriers[i]);
	places_free(d->places);
	mem_free(d);
}

static uint32_t clients_max(const struct config *config)
{
	struct rlimit limit;
	rlim_t most = DESCRIPTORS_KEPT * 2;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
		most = limit.rlim_cur;
	if (most != RLIM_INFINITY && most > DESCRIPTORS_KEPT)
		most -= DESCRIPTORS_KEPT;
	if (config->max_clients && most > config->max_clients)
		return config->max_clients;
	return most > UINT32_MAX ? UINT32_MAX : (uint32_t)most;
}

void doors_entered(struct doors *d, const char *host)
{
	places_add(d->places, host);
	d->inside++;
}

static enum places_result place_enter(struct doors *d, const char *host, bool local)
{
	enum places_result result = PLACES_OK;

	if (local && !d->config->limit_local) {
		doors_entered(d, host);
		return result;
	}
	result = places_enter(d->places, host, &d->config->places, loop_clock(d->loop)->mono_ms);
	if (result == PLACES_OK)
		d->inside++;
	return result;
}

static void turn_away(int fd, const char *why)
{
	char line[LINE_BODY_MAX + 3];
	int n = snprintf(line, sizeof(line), "ERROR :Closing link: %s\r\n", why);

	/* A fresh socket has room for this; where it does not, the peer sees the end alone. */
	if (n > 0 && send(fd, line, (size_t)n, MSG_NOSIGNAL) < 0)
		log_text(LOG_LEVEL_DEBUG, "one who was turned away was not told why");
}

/* Banned there, or too many of them: why says it. */
static bool refuse(struct doors *d, const struct address *peer, char *why, size_t size)
{
	static const struct {
		const char *log, *more, *peer;
	} refusals[] = {
		[PLACES_ADDRESS_FULL] = {"too many connections", "", "too many connections from your address"},
		[PLACES_NETWORK_FULL] = {"too many connections", " and its network",
					 "too many connections from your network"},
		[PLACES_TOO_FAST] = {"connections come too fast", "", "connecting too fast, try again in a minute"},
	};
	enum places_result result;
	char host[ADDRESS_TEXT_MAX];

	if (d->host.banned && d->host.banned(d->host.ctx, peer, why, size)) {
		d->counts.banned++;
		return true;
	}
	address_host(peer, host);
	result = place_enter(d, host, address_is_local(peer));
	if (result == PLACES_OK)
		return false;
	d->counts.address_full++;
	log_event(EVENT_ADDRESS_FULL, LOG_FIELDS({"CHATD_PEER", host}), "%s from %s%s", refusals[result].log, host,
		  refusals[result].more);
	/* There is a text for each that is not PLACES_OK: NOLINTNEXTLINE(clang-analyzer-unix.cstring.NullArg) */
	(void)strlcpy(why, refusals[result].peer, size);
	return true;
}

bool doors_moved(struct doors *d, const char *host, const struct address *peer, char *why, size_t size)
{
	if (refuse(d, peer, why, size))
		return false;
	places_remove(d->places, host);
	d->inside--;
	return true;
}

static void log_full(const struct doors *d)
{
	char count[16];

	(void)snprintf(count, sizeof(count), "%u", d->inside);
	log_event(EVENT_HOUSE_FULL, LOG_FIELDS({"CHATD_CLIENTS", count}),
		  "%s clients: no more are let in until some leave", count);
}

/* One who counts already has become a client, or nothing came of it. */
static void enter(void *ctx, const struct arrival *a)
{
	struct doors *d = ctx;
	char host[ADDRESS_TEXT_MAX];

	if (d->host.enter(d->host.ctx, a)) {
		d->counts.accepted++;
		return;
	}
	d->counts.failed++;
	address_host(&a->peer, host);
	doors_left(d, host);
}

static void on_accept(void *ctx, struct listener *l, int fd, const struct address *peer)
{
	struct doors *d = ctx;
	unsigned at = listener_doors(l);
	char why[WHY_MAX];
	struct arrival a;

	/* Who speaks for others takes a place, but counts nowhere yet. */
	if (entrance_is_proxy(d->entrances, at, peer)) {
		d->inside++;
	} else if (refuse(d, peer, why, sizeof(why))) {
		turn_away(fd, why);
		close(fd);
		return;
	}
	if (entrance_needed(at)) {
		entrance_begin(d->entrances, fd, peer, at);
	} else {
		arrival_plain(&a, fd, peer);
		a.traits |= entrance_traits(at);
		enter(d, &a);
	}
	if (d->inside >= clients_max(d->config)) {
		log_full(d);
		pause_all(d, true);
	}
}

static void pause_all(struct doors *d, bool pause)
{
	d->paused = pause;
	for (uint32_t i = 0; i < d->doors.count; i++) {
		struct listener *l = ((struct door *)d->doors.items[i])->listener;

		if (pause)
			listener_pause(l);
		else
			listener_start(l, on_accept, d);
	}
}

bool doors_want(const struct doors *d, const struct config *config, unsigned door)
{
	for (uint32_t i = 0; i < config->nlisten; i++)
		if (config->listen[i].at.doors & door)
			return true;
	for (uint32_t i = 0; i < d->doors.count; i++) {
		const struct door *one = d->doors.items[i];

		if (!one->text && (listener_doors(one->listener) & door))
			return true;
	}
	return false;
}

void doors_set_hooks(struct doors *d, struct hooks *hooks)
{
	entrances_set_hooks(d->entrances, hooks);
}

void doors_set_tls(struct doors *d, struct tls_context *tls)
{
	entrances_set_tls(d->entrances, tls);
}

void doors_open(struct doors *d)
{
	d->open = true;
	if (!d->paused)
		pause_all(d, false);
}

static void one_less(struct doors *d)
{
	d->inside--;
	if (d->paused && d->inside < clients_max(d->config))
		pause_all(d, false);
}

void doors_left(struct doors *d, const char *host)
{
	places_remove(d->places, host);
	one_less(d);
}

/* A place was taken for it already. */
static bool known(void *ctx, const struct address *peer, int fd)
{
	struct doors *d = ctx;
	char why[WHY_MAX];

	if (refuse(d, peer, why, sizeof(why))) {
		if (fd >= 0)
			turn_away(fd, why);
		return false;
	}
	d->inside--;
	return true;
}

static void lost(void *ctx, const struct address *peer)
{
	char host[ADDRESS_TEXT_MAX];

	if (!peer) {
		one_less(ctx);
		return;
	}
	address_host(peer, host);
	doors_left(ctx, host);
}

void doors_close(struct doors *d)
{
	entrances_close(d->entrances);
	for (uint32_t i = 0; i < d->doors.count; i++)
		door_free(d->doors.items[i]);
	vec_deinit(&d->doors);
}

static struct door *find(const struct vec *doors, const char *text)
{
	for (uint32_t i = 0; i < doors->count; i++) {
		struct door *door = doors->items[i];

		if (door->text && strcmp(door->text, text) == 0)
			return door;
	}
	return NULL;
}

static bool any_handed(const struct doors *d)
{
	for (uint32_t i = 0; i < d->doors.count; i++)
		if (!((const struct door *)d->doors.items[i])->text)
			return true;
	return false;
}

static bool named(const struct config *config, const char *text)
{
	for (uint32_t i = 0; i < config->nlisten; i++)
		if (strcmp(config->listen[i].text, text) == 0)
			return true;
	return false;
}

static void close_unnamed(struct doors *d, const struct config *config)
{
	for (uint32_t i = d->doors.count; i-- > 0;) {
		struct door *door = d->doors.items[i];

		if (!door->text || named(config, door->text))
			continue;
		vec_remove(&d->doors, i);
		door_free(door);
	}
}

/* The service manager handed over a socket with this very address. */
static bool is_handed(const struct doors *d, const struct address *wanted)
{
	char text[ADDRESS_TEXT_MAX], other[ADDRESS_TEXT_MAX];

	address_format(wanted, text);
	for (uint32_t i = 0; i < d->doors.count; i++) {
		const struct door *door = d->doors.items[i];

		if (door->text)
			continue;
		address_format(listener_address(door->listener), other);
		if (strcmp(text, other) == 0)
			return true;
	}
	return false;
}

static const char *hint(const struct doors *d, int err)
{
	return err == -EADDRINUSE && any_handed(d) ? "; does a socket unit have it? chatd(8) says more" : "";
}

/* One on the same address that the new configuration calls otherwise: who listens there goes on to do so. */
static struct door *find_before(const struct doors *d, const struct config *config, const struct address *wanted)
{
	char text[ADDRESS_TEXT_MAX], other[ADDRESS_TEXT_MAX];

	address_format(wanted, text);
	for (uint32_t i = 0; i < d->doors.count; i++) {
		struct door *door = d->doors.items[i];

		if (!door->text || named(config, door->text))
			continue;
		address_format(listener_address(door->listener), other);
		if (strcmp(text, other) == 0)
			return door;
	}
	return NULL;
}

/* Opens its socket, or finds it. 0 or -errno, why. */
static int open_door(struct doors *d, const struct config *config, const struct config_listen *wanted,
		     struct door *door, struct complaint to)
{
	char reason[256];
	int err;

	door->before = find_before(d, config, &wanted->at.address);
	door->doors = wanted->at.doors;
	if (door->before)
		return 0;
	err = listener_open(&door->listener, d->loop, &wanted->at, reason, sizeof(reason));
	return err < 0 ? complain(&to, err, "%s: %s%s", wanted->text, reason, hint(d, err)) : 0;
}

static void take_socket(struct door *door)
{
	if (!door->before)
		return;
	door->listener = door->before->listener;
	door->before->listener = NULL;
	door->before = NULL;
	listener_set_doors(door->listener, door->doors);
}

/* Opens those that are new into fresh. */
static int open_new(struct doors *d, const struct config *config, struct vec *fresh, char *why, size_t size)
{
	for (uint32_t i = 0; i < config->nlisten; i++) {
		const struct config_listen *wanted = &config->listen[i];
		struct door *door;
		int err;

		if (find(&d->doors, wanted->text) || find(fresh, wanted->text) || is_handed(d, &wanted->at.address))
			continue;
		door = mem_zalloc(sizeof(*door));
		err = open_door(d, config, wanted, door, (struct complaint){why, size});
		if (err < 0) {
			mem_free(door);
			return err;
		}
		door->text = mem_strdup(wanted->text);
		vec_push(fresh, door);
	}
	return 0;
}

int doors_apply(struct doors *d, const struct config *config, char *why, size_t size)
{
	struct vec fresh = {0};
	int err = 0;

	if (!(config->listen_default && any_handed(d)))
		err = open_new(d, config, &fresh, why, size);
	for (uint32_t i = 0; err < 0 && i < fresh.count; i++)
		door_free(fresh.items[i]);
	if (err == 0) {
		for (uint32_t i = 0; i < fresh.count; i++)
			take_socket(fresh.items[i]);
		close_unnamed(d, config);
		for (uint32_t i = 0; i < fresh.count; i++)
			vec_push(&d->doors, fresh.items[i]);
		/* Here the limit may move, either way. */
		if (d->open)
			pause_all(d, d->inside >= clients_max(config));
	}
	vec_deinit(&fresh);
	return err;
}

const struct address *doors_nth(const struct doors *d, size_t nth)
{
	return nth < d->doors.count ? listener_address(((const struct door *)d->doors.items[nth])->listener) : NULL;
}

struct doors_counts doors_counts(const struct doors *d)
{
	struct doors_counts counts = d->counts;

	counts.entrances = entrances_counts(d->entrances);
	return counts;
}

/* Leaving for a successor, and arriving */

void doors_save(const struct doors *d, struct handoff_out *h, bool handed_too)
{
	struct wire_out *out = handoff_state(h);
	size_t begun = wire_begin(out);

	for (uint32_t i = 0; i < d->doors.count; i++) {
		const struct door *door = d->doors.items[i];
		size_t inner;

		if (!door->text && !handed_too)
			continue;
		inner = wire_begin(out);
		wire_put_u32(out, handoff_add(h, listener_fd(door->listener)));
		wire_put_u8(out, door->text != NULL);
		wire_put_text(out, door->text ? door->text : door->name);
		wire_end(out, inner);
	}
	wire_end(out, begun);
}

void doors_leave(struct doors *d)
{
	for (uint32_t i = 0; i < d->doors.count; i++)
		listener_leave(((struct door *)d->doors.items[i])->listener);
}

/* One that the configuration does not name any more is closed. */
static void adopt_own(struct doors *d, struct handed_socket *handed, char *text)
{
	struct door *door = mem_zalloc(sizeof(*door));
	char why[256];

	door->text = text;
	for (uint32_t i = 0; i < d->config->nlisten; i++) {
		if (strcmp(d->config->listen[i].text, text) != 0)
			continue;
		handed->doors = d->config->listen[i].at.doors;
		if (listener_adopt(&door->listener, d->loop, handed, why, sizeof(why)) < 0)
			break;
		vec_push(&d->doors, door);
		return;
	}
	close(handed->fd);
	door_free(door);
}

void doors_load(struct doors *d, struct handoff_in *h, struct wire_in *in)
{
	struct wire_in doors = wire_section(in);

	while (wire_more(&doors)) {
		struct wire_in one = wire_section(&doors);
		struct handed_socket handed = {.fd = handoff_take(h, wire_u32(&one)), .doors = DOOR_IRC};
		struct str text;

		handed.own = wire_bounded(&one, 1, 1);
		text = wire_text(&one, TEXT_MAX);
		if (handed.fd == HANDOFF_NONE)
			continue;
		if (!handed.own) {
			snprintf(handed.name, sizeof(handed.name), "%.*s", STR_ARG(text));
			adopt_handed(d, &handed);
		} else {
			adopt_own(d, &handed, mem_strndup(text.n ? text.p : "", text.n));
		}
	}
}
