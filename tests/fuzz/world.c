#include "world.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "chatd/engine.h"
#include "check.h"
#include "loop/loop.h"
#include "proto/name.h"
#include "proto/utf8.h"
#include "session/arrival.h"

static void set_text(char **at, const char *text)
{
	mem_free(*at);
	*at = mem_strdup(text);
}

static void on_config_error(void *ctx, const struct config_error *error)
{
	(void)ctx;
	fprintf(stderr, "%s\n", error->text);
	abort();
}

/* Names as long as they may be, and limits that are soon reached. Flood control comes and goes with each reload. */
static void configure(const struct world *w, struct config *c, unsigned reloads)
{
	const struct config_source source = {.no_limits = reloads % 2 == 0};
	struct oper_block oper = {mem_strdup("root"), mem_strdup("pw"), mem_strdup("*@*")};

	CHECK(config_load(c, &source, on_config_error, NULL) == 0);
	set_text(&c->server.name, "a-server.with-a-name-that-is-as-long-as.names-may-be.in.example");
	set_text(&c->server.network, reloads % 2 ? "Again" : "Net");
	text_lines_add(&c->server.motd, "Be kind.");
	c->server.opers = mem_realloc(c->server.opers, sizeof(oper));
	c->server.opers[0] = oper;
	c->server.nopers = 1;
	c->server.channels_max = 4;
	c->server.list_max = 4;
	c->server.monitor_max = 3;
	c->server.flood_burst = 1 + reloads;
	c->conn_limits.sendq_max = 16 << 10;
	if (w->hooks.configure)
		w->hooks.configure(c);
	server_build(&c->server);
}

static bool on_reload(void *ctx, char *why, size_t size)
{
	struct world *w = ctx;
	struct config fresh;

	(void)why;
	(void)size;
	configure(w, &fresh, ++w->reloads);
	fresh.server.started_ms = w->config.server.started_ms;
	config_deinit(&w->config);
	w->config = fresh;
	engine_reconfigured(w->engine);
	return true;
}

static void on_stop(void *ctx, const char *reason, bool restart)
{
	struct world *w = ctx;

	(void)reason;
	(void)restart;
	w->stopping = true;
}

static void on_gone(void *ctx, const char *host)
{
	const struct world *w = ctx;

	CHECK(w->hooks.any_host || strcmp(host, "localhost") == 0);
}

/* One entry is one line, whoever wrote what is in it. */
static void on_log(void *ctx, const struct log_entry *entry)
{
	(void)ctx;
	CHECK(utf8_valid(str_of(entry->text)));
	for (const char *p = entry->text; *p; p++)
		CHECK((unsigned char)*p >= ' ' && *p != 0x7f);
}

void world_init(struct world *w, const struct world_hooks *hooks)
{
	const struct engine_host host = {on_reload, on_stop, on_gone, NULL, w};

	log_set_sink(on_log, NULL);
	memset(w, 0, sizeof(*w));
	if (hooks)
		w->hooks = *hooks;
	for (int i = 0; i < CLIENTS; i++)
		w->clients[i].fd = -1;
	configure(w, &w->config, 0);
	CHECK(loop_new(&w->loop) == 0);
	CHECK(engine_new(&w->engine, w->loop, &w->config, &host) == 0);
}

void world_open(struct world *w)
{
	char why[256] = "";

	CHECK(engine_open(w->engine, NULL, why, sizeof(why)) == 0);
}

static void client_come(struct world *w, struct client *c)
{
	struct address peer = {.ss.ss_family = AF_UNIX, .len = offsetof(struct sockaddr_un, sun_path)};
	struct arrival arrival;
	int fds[2];

	if (c->fd >= 0)
		return;
	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0);
	arrival_plain(&arrival, fds[0], &peer);
	if (w->hooks.arrive)
		w->hooks.arrive(w, (int)(c - w->clients), &arrival);
	CHECK(engine_accept(w->engine, &arrival));
	*c = (struct client){.fd = fds[1]};
}

static void client_go(struct client *c)
{
	if (c->fd < 0)
		return;
	close(c->fd);
	c->fd = -1;
}

static void check_line(struct world *w, const struct client *c, struct str line)
{
	struct line parsed;

	CHECK(line.n && line.p[line.n - 1] == '\r');
	CHECK(utf8_valid(line));
	CHECK(line_parse(&parsed, line, LINE_TAGS_MAX) == LINE_OK);
	if (!str_eq(parsed.command, STR("ERROR")) && !str_eq(parsed.command, STR("AUTHENTICATE")))
		CHECK(parsed.source.n && !memchr(parsed.source.p, ':', parsed.source.n));
	if (w->hooks.heard)
		w->hooks.heard(w, (int)(c - w->clients), &parsed);
}

/* Takes whole lines off the front of what was heard. */
static void check_heard(struct world *w, struct client *c)
{
	char *end;
	size_t at = 0;

	while ((end = memchr(c->heard + at, '\n', c->n - at))) {
		check_line(w, c, (struct str){c->heard + at, (size_t)(end - c->heard) - at});
		at = (size_t)(end - c->heard) + 1;
	}
	memmove(c->heard, c->heard + at, c->n - at);
	c->n -= at;
	CHECK(c->n < LINE_MAX_BYTES);
}

static void client_hear(struct world *w, struct client *c)
{
	ssize_t n;

	while (c->fd >= 0 && !c->deaf) {
		n = recv(c->fd, c->heard + c->n, sizeof(c->heard) - c->n, 0);
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0) {
			client_go(c);
			return;
		}
		c->n += (size_t)n;
		check_heard(w, c);
	}
}

void world_turn(struct world *w)
{
	CHECK(loop_turn(w->loop, 0) == 0);
	if (w->stopping)
		engine_goodbye(w->engine, "Server is going down");
	for (int i = 0; i < CLIENTS; i++)
		client_hear(w, &w->clients[i]);
}

/* What the kernel has no room for is not said: the server holds this one, and the input is bounded. */
static void client_say(struct world *w, struct client *c, struct str text, struct str end)
{
	if (w->stopping)
		return;
	client_come(w, c);
	if (send(c->fd, text.p, text.n, MSG_NOSIGNAL) == (ssize_t)text.n && end.n)
		(void)!send(c->fd, end.p, end.n, MSG_NOSIGNAL);
}

void world_say(struct world *w, int n, struct str text, struct str end)
{
	client_say(w, &w->clients[n], text, end);
}

static void client_do(struct world *w, char what, struct client *c, struct str text)
{
	switch (what) {
	case '~':
		client_say(w, c, text, STR_NONE);
		break;
	case '-':
		client_go(c);
		break;
	case '/':
		if (c->fd >= 0)
			shutdown(c->fd, SHUT_WR);
		break;
	case '!':
		c->deaf = !c->deaf;
		break;
	default:
		client_say(w, c, text, STR("\r\n"));
	}
}

static bool is_sign(const struct world *w, char c)
{
	return c && (strchr("+~-/!", c) || (w->hooks.signs && strchr(w->hooks.signs, c)));
}

static void client_step(struct world *w, char what, int n, struct str text)
{
	if (what && w->hooks.signs && strchr(w->hooks.signs, what))
		w->hooks.step(w, what, n, text);
	else
		client_do(w, what, &w->clients[n], text);
}

static void step(struct world *w, struct str line)
{
	char why[64], what = '\0';

	if (line.n && is_sign(w, line.p[0])) {
		what = line.p[0];
		line = (struct str){line.p + 1, line.n - 1};
	}
	if (line.n && line.p[0] >= '0' && line.p[0] < '0' + CLIENTS)
		client_step(w, what, line.p[0] - '0', (struct str){line.p + 1, line.n - 1});
	else if (line.n && line.p[0] == '*')
		on_reload(w, why, sizeof(why));
	for (int i = 0; i < TURNS && what != '+'; i++)
		world_turn(w);
}

void world_deinit(struct world *w)
{
	world_turn(w);
	for (int i = 0; i < CLIENTS; i++)
		client_go(&w->clients[i]);
	world_turn(w);
	/* Those whom flood control holds would be waited for. */
	engine_goodbye(w->engine, "Server is going down");
	for (int i = 0; i < TURNS_MAX && engine_clients(w->engine); i++)
		world_turn(w);
	CHECK(engine_clients(w->engine) == 0);
	engine_free(w->engine);
	loop_free(w->loop);
	config_deinit(&w->config);
}

void world_run(struct world *w, struct str input)
{
	struct str line;

	while (str_split(&input, '\n', &line))
		step(w, line);
}
