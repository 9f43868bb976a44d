#include "chat-client/dial.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/clock.h"
#include "chat-client/options.h"
#include "chat-client/secure.h"
#include "chat-client/words.h"
#include "net/address.h"
#include "net/transport.h"

/* Waits for a connect that is under way. 0 or -errno. */
static int await_connect(int fd)
{
	int64_t deadline = clock_mono_us() + DIAL_SECONDS * 1000000LL;
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	int error = 0;
	socklen_t size = sizeof(error);

	for (;;) {
		int64_t left_ms = (deadline - clock_mono_us()) / 1000;
		int n = poll(&p, 1, left_ms > 0 ? (int)left_ms : 0);

		if (n > 0)
			break;
		if (n == 0)
			return -ETIMEDOUT;
		if (errno != EINTR)
			return -errno;
	}
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
		return -errno;
	return -error;
}

/* A connected socket, or -errno. */
static int dial_address(const struct sockaddr *address, socklen_t len)
{
	bool local = address->sa_family == AF_UNIX;
	int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | (local ? 0 : SOCK_NONBLOCK), 0);
	int on = 1, r = 0;

	if (fd < 0)
		return -errno;
	/* a path that has no room in its queue refuses those who do not wait, so there it blocks */
	if (connect(fd, address, len) < 0)
		r = errno == EINPROGRESS || errno == EINTR ? await_connect(fd) : -errno;
	if (!r && local && fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
		r = -errno;
	if (r < 0) {
		close(fd);
		return r;
	}
	if (!local)
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

static int dial_path(const struct options *o, char *why, size_t size)
{
	struct address address;
	int r = address_parse(&address, o->host, NULL);

	if (!r)
		r = dial_address((const struct sockaddr *)&address.ss, address.len);
	if (r >= 0)
		return r;
	snprintf(why, size, _("cannot connect to %s: %s"), o->host, strerror(-r));
	return -EX_UNAVAILABLE;
}

static int dial_name(const struct options *o, char *why, size_t size)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG}, *list, *at;
	int r = getaddrinfo(o->host, o->port, &hints, &list);

	/* ::1 is good even where no interface has an IPv6 address that AI_ADDRCONFIG would count */
	if (r) {
		hints.ai_flags = 0;
		r = getaddrinfo(o->host, o->port, &hints, &list);
	}
	if (r) {
		snprintf(why, size, _("%s port %s: %s"), o->host, o->port, gai_strerror(r));
		return -EX_NOHOST;
	}
	r = -EADDRNOTAVAIL;
	for (at = list; at && r < 0; at = at->ai_next)
		r = dial_address(at->ai_addr, at->ai_addrlen);
	freeaddrinfo(list);
	if (r >= 0)
		return r;
	snprintf(why, size, _("cannot connect to %s port %s: %s"), o->host, o->port, strerror(-r));
	return -EX_UNAVAILABLE;
}

int dial_server(const struct options *options, struct transport *t, struct secure_report *report)
{
	bool local = options->host[0] == '/';
	int fd = (local ? dial_path : dial_name)(options, report->why, sizeof(report->why));

	report->note[0] = '\0';
	report->binding = (struct tls_binding){0};
	if (fd < 0)
		return fd;
	transport_plain_init(t, fd);
	return options->tls && !local ? secure_transport(options, t, report) : 0;
}
