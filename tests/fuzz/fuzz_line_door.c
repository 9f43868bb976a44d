#include <errno.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "chatd/config.h"
#include "chatd/engine.h"
#include "check.h"
#include "loop/loop.h"
#include "proto/utf8.h"
#include "session/arrival.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * Somebody at the line door, and a client of IRC in the same channel. The input is pieces: a byte that says who (its
 * lowest bit) and how long (the others), and the bytes. Whatever is said, what the person gets is fit for a terminal:
 * text in UTF-8, CR LF, a bell, and what telnet negotiates. An input of even length comes in where clients of IRC do too,
 * and may turn out to be one, which gets what such a client gets.
 */
enum { CLIENTS = 2, INPUT_MAX = 16 << 10, TURNS = 3, HEARD_MAX = 64 << 10, IAC = 0xFF };

struct world {
	struct loop *loop;
	struct engine *engine;
	struct config config;
	int fds[CLIENTS]; /* -1: over */
	bool person;
};

static void on_config_error(void *ctx, const struct config_error *error)
{
	(void)ctx;
	fprintf(stderr, "%s\n", error->text);
	abort();
}

static bool on_reload(void *ctx, char *why, size_t size)
{
	(void)ctx;
	(void)why;
	(void)size;
	return true;
}

static void on_stop(void *ctx, const char *reason, bool restart)
{
	(void)ctx;
	(void)reason;
	(void)restart;
}

static void on_gone(void *ctx, const char *host)
{
	(void)ctx;
	(void)host;
}

static void on_log(void *ctx, const struct log_entry *entry)
{
	(void)ctx;
	CHECK(utf8_valid(str_of(entry->text)));
}

static int come(struct world *w, unsigned traits)
{
	struct address peer = {.ss.ss_family = AF_UNIX, .len = offsetof(struct sockaddr_un, sun_path)};
	struct arrival arrival;
	int fds[2];

	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0);
	arrival_plain(&arrival, fds[0], &peer);
	arrival.traits |= traits;
	CHECK(engine_accept(w->engine, &arrival));
	return fds[1];
}

static void turn(struct world *w)
{
	for (int i = 0; i < TURNS; i++)
		CHECK(loop_turn(w->loop, 0) == 0);
}

static void say(struct world *w, int i, const void *p, size_t n)
{
	if (w->fds[i] >= 0)
		(void)send(w->fds[i], p, n, MSG_NOSIGNAL);
	turn(w);
}

/* What stands behind IAC; how many bytes it takes with that. */
static size_t negotiation(const unsigned char *p, size_t n)
{
	CHECK(n > 1);
	return p[1] >= 251 && p[1] <= 254 ? 3 : 2;
}

static void check_shown(unsigned char *p, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n;) {
		if (p[i] == IAC) {
			i += negotiation(p + i, n - i);
			continue;
		}
		CHECK(p[i] >= ' ' || strchr("\r\n\a", p[i]) || p[i] == '\0');
		CHECK(p[i] != 0x7f && p[i] != 0x1b);
		if (p[i])
			p[kept++] = p[i];
		i++;
	}
	CHECK(utf8_valid((struct str){(const char *)p, kept}));
}

/* The turns in between are few, so that what comes at once is whole. */
static void hear(struct world *w, int i)
{
	static unsigned char heard[HEARD_MAX];
	ssize_t n = 1;
	size_t size = 0;

	while (w->fds[i] >= 0 && n > 0 && size < sizeof(heard)) {
		n = recv(w->fds[i], heard + size, sizeof(heard) - size, 0);
		size += n > 0 ? (size_t)n : 0;
	}
	if (n == 0 || (n < 0 && errno != EAGAIN)) {
		close(w->fds[i]);
		w->fds[i] = -1;
	}
	if (i == 0 && w->person && size < sizeof(heard))
		check_shown(heard, size);
}

static void world_init(struct world *w)
{
	static const char client[] = "NICK bob\r\nUSER bob 0 * :Bob\r\nJOIN #lobby\r\n";
	const struct engine_host host = {on_reload, on_stop, on_gone, NULL, w};
	const struct config_source source = {.no_limits = true};
	char why[256] = "";

	CHECK(config_load(&w->config, &source, on_config_error, NULL) == 0);
	mem_free(w->config.server.name);
	w->config.server.name = mem_strdup("chat.example");
	server_build(&w->config.server);
	CHECK(loop_new(&w->loop) == 0);
	CHECK(engine_new(&w->engine, w->loop, &w->config, &host) == 0);
	CHECK(engine_open(w->engine, NULL, why, sizeof(why)) == 0);
	w->fds[1] = come(w, 0);
	say(w, 1, client, sizeof(client) - 1);
	w->fds[0] = come(w, w->person ? ARRIVAL_LINE | ARRIVAL_PERSON : ARRIVAL_LINE);
}

static void world_deinit(struct world *w)
{
	engine_goodbye(w->engine, "over");
	for (int i = 0; i < CLIENTS; i++)
		if (w->fds[i] >= 0)
			close(w->fds[i]);
	turn(w);
	engine_free(w->engine);
	loop_free(w->loop);
	config_deinit(&w->config);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world w;

	if (size > INPUT_MAX)
		return 0;
	log_set_sink(on_log, NULL);
	w.person = size & 1;
	world_init(&w);
	while (size > 1) {
		size_t n = data[0] >> 1;

		n = n < size - 1 ? n : size - 1;
		say(&w, data[0] & 1, data + 1, n);
		for (int i = 0; i < CLIENTS; i++)
			hear(&w, i);
		data += 1 + n;
		size -= 1 + n;
	}
	world_deinit(&w);
	return 0;
}
