#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "chatd/engine.h"
#include "chatd/handoff.h"
#include "check.h"
#include "loop/loop.h"
#include "world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * What a predecessor left. The first byte of the input says how it comes: 'f': all that follows is the file, as it is;
 * otherwise what follows is the engine's part of the state, in a file that is whole, with as many sockets as that byte
 * says. Whatever it is, an engine comes up, serves, and can be handed over and ended.
 */
enum { SOCKETS_MAX = 8 };

static void on_back(void *ctx, const char *host)
{
	unsigned *back = ctx;

	CHECK(host);
	++*back;
}

static struct handoff_in *open_file(struct str bytes)
{
	int fd = memfd_create("state", MFD_CLOEXEC);
	struct handoff_in *in = NULL;
	char why[256] = "";
	int err;

	CHECK(fd >= 0 && write(fd, bytes.p, bytes.n) == (ssize_t)bytes.n);
	err = handoff_open(&in, &fd, 1, why, sizeof(why));
	CHECK(err == 0 ? in != NULL : !in && why[0]);
	return in;
}

/* Our ends of the sockets are in peers. */
static struct handoff_in *open_state(struct str bytes, unsigned sockets, int peers[SOCKETS_MAX])
{
	struct handoff_out *out = handoff_new();
	int carriers[HANDOFF_CARRIERS_MAX], fds[2], theirs[SOCKETS_MAX];
	struct handoff_in *in = NULL;
	char why[256];
	size_t count;

	CHECK(out);
	for (unsigned i = 0; i < sockets; i++) {
		CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0);
		(void)handoff_add(out, fds[0]);
		theirs[i] = fds[0];
		peers[i] = fds[1];
	}
	wire_put(handoff_state(out), bytes.p, bytes.n);
	CHECK(handoff_seal(out) == 0);
	count = handoff_carriers(out, carriers);
	handoff_release(out);
	for (unsigned i = 0; i < sockets; i++)
		close(theirs[i]);
	CHECK(handoff_open(&in, carriers, count, why, sizeof(why)) == 0);
	return in;
}

static void serve(struct world *w, const int *peers, unsigned sockets)
{
	static const char words[] =
		"NICK fuzz\r\nUSER fuzz 0 * :fuzz\r\nCAP END\r\nJOIN #x\r\nPRIVMSG #x :hello\r\nWHO #x\r\n";
	struct handoff_out *out;

	for (unsigned i = 0; i < sockets; i++)
		(void)!send(peers[i], words, sizeof(words) - 1, MSG_NOSIGNAL);
	for (int i = 0; i < TURNS; i++)
		CHECK(loop_turn(w->loop, 0) == 0);
	out = handoff_new();
	CHECK(engine_leave(w->engine, out));
	engine_stay(w->engine);
	handoff_free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct world w;
	const struct world_hooks hooks = {.any_host = true};
	struct str rest = {(const char *)data + 1, size - 1};
	unsigned sockets = 0, back = 0;
	int peers[SOCKETS_MAX];
	struct handoff_in *in;

	if (size < 1 || size > INPUT_MAX)
		return 0;
	sockets = data[0] == 'f' ? 0 : data[0] % (SOCKETS_MAX + 1);
	in = data[0] == 'f' ? open_file(rest) : open_state(rest, sockets, peers);
	world_init(&w, &hooks);
	if (in) {
		struct wire_in state = handoff_read(in);

		/* In a file the doors come first. */
		if (data[0] == 'f')
			(void)wire_section(&state);
		if (!engine_arrive(w.engine, in, state, on_back, &back))
			CHECK(engine_clients(w.engine) == 0 && engine_count(w.engine).users == 0);
		CHECK(back <= sockets);
	}
	handoff_close(in);
	world_open(&w);
	serve(&w, peers, sockets);
	for (unsigned i = 0; i < sockets; i++)
		close(peers[i]);
	world_deinit(&w);
	return 0;
}
