#include "session/ident.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "loop/poller.h"

static struct str trim(struct str s)
{
	while (s.n && (s.p[0] == ' ' || s.p[0] == '\t')) {
		s.p++;
		s.n--;
	}
	while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t' || s.p[s.n - 1] == '\r'))
		s.n--;
	return s;
}

static bool is_port(struct str text, uint16_t port)
{
	unsigned long long n;

	return str_u64(trim(text), UINT16_MAX, &n) && n == port;
}

bool ident_parse(struct str line, uint16_t theirs, uint16_t ours, char dst[NAME_USER_MAX + 1])
{
	struct str first, second, kind, system;

	if (!str_split(&line, ',', &first) || !str_split(&line, ':', &second) || !str_split(&line, ':', &kind) ||
	    !str_split(&line, ':', &system))
		return false;
	if (!is_port(first, theirs) || !is_port(second, ours) || !str_eq_nocase(trim(kind), STR("USERID")))
		return false;
	return name_username_make(dst, trim(line));
}

void ident_stop(struct ident *i)
{
	if (!i->loop)
		return;
	loop_watch_stop(i->loop, &i->watch);
	(void)close(i->watch.fd);
	i->loop = NULL;
}

static void end(struct ident *i, const char *user)
{
	ident_stop(i);
	i->done(i, user);
}

static void ask(struct ident *i)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "%u, %u\r\n", (unsigned)i->theirs, (unsigned)i->ours);

	/* The first bytes of a connection fit whole; where it came to nothing, this says so. */
	if (send(i->watch.fd, text, (size_t)n, MSG_NOSIGNAL) != n || loop_watch(i->loop, &i->watch, POLL_READ) < 0)
		end(i, NULL);
	else
		i->asked = true;
}

static void hear(struct ident *i)
{
	char user[NAME_USER_MAX + 1];
	ssize_t n = recv(i->watch.fd, i->line + i->n, sizeof(i->line) - i->n, 0);
	const char *eol;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	i->n += n > 0 ? (uint32_t)n : 0;
	eol = memchr(i->line, '\n', i->n);
	if (!eol && n > 0 && i->n < sizeof(i->line))
		return;
	if (eol && ident_parse((struct str){i->line, (size_t)(eol - i->line)}, i->theirs, i->ours, user))
		end(i, user);
	else
		end(i, NULL);
}

static void ready(struct watch *w, unsigned happened)
{
	struct ident *i = (struct ident *)((char *)w - offsetof(struct ident, watch));

	(void)happened;
	if (i->asked)
		hear(i);
	else
		ask(i);
}

/* Takes the port out of the address, and puts another in its place. False: it has none. */
static bool swap_port(struct sockaddr_storage *ss, uint16_t *old, uint16_t port)
{
	in_port_t *at = ss->ss_family == AF_INET    ? &((struct sockaddr_in *)ss)->sin_port
			: ss->ss_family == AF_INET6 ? &((struct sockaddr_in6 *)ss)->sin6_port
						    : NULL;

	if (!at)
		return false;
	*old = ntohs(*at);
	*at = htons(port);
	return true;
}

/* From the address that the client came to: that is the one the other machine knows. */
static bool dial(struct ident *i, const struct sockaddr_storage *here, const struct sockaddr_storage *there,
		 socklen_t n)
{
	int fd = socket(there->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return false;
	i->watch = (struct watch){.fd = fd, .ready = ready};
	if (bind(fd, (const struct sockaddr *)here, n) == 0 &&
	    (connect(fd, (const struct sockaddr *)there, n) == 0 || errno == EINPROGRESS) &&
	    loop_watch(i->loop, &i->watch, POLL_WRITE) == 0)
		return true;
	(void)close(fd);
	return false;
}

bool ident_begin(struct ident *i, struct loop *loop, int client, uint16_t port)
{
	struct sockaddr_storage here = {0}, there = {0};
	socklen_t n = sizeof(here), peer = sizeof(there);

	ident_stop(i);
	i->asked = false;
	i->n = 0;
	if (getsockname(client, (struct sockaddr *)&here, &n) < 0 ||
	    getpeername(client, (struct sockaddr *)&there, &peer) < 0 || n != peer || !swap_port(&here, &i->ours, 0) ||
	    !swap_port(&there, &i->theirs, port))
		return false;
	i->loop = loop;
	if (!dial(i, &here, &there, n))
		i->loop = NULL;
	return i->loop;
}
