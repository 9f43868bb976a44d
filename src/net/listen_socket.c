#include "net/listen_socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { PATH_MODE = 0666 };

static int stream_socket(int family)
{
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	return fd < 0 ? -errno : fd;
}

static int set_flag(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value)) < 0 ? -errno : 0;
}

static int bind_to(int fd, const struct address *a)
{
	return bind(fd, (const struct sockaddr *)&a->ss, a->len) < 0 ? -errno : 0;
}

static int bind_inet(int fd, const struct endpoint *e)
{
	int error = set_flag(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (!error && e->address.ss.ss_family == AF_INET6)
		error = set_flag(fd, IPPROTO_IPV6, IPV6_V6ONLY, !e->dual);
	return error ? error : bind_to(fd, &e->address);
}

/*
 * Removes a socket file that nobody listens at. 0 when the name is free now, -EADDRINUSE when somebody does listen, or
 * it is no socket at all.
 */
static int remove_stale(const struct address *a, const char *path)
{
	struct stat st;
	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EADDRINUSE;
	int fd = stream_socket(AF_UNIX);
	if (fd < 0)
		return fd;
	int error = connect(fd, (const struct sockaddr *)&a->ss, a->len) < 0 ? -errno : -EADDRINUSE;
	close(fd);
	if (error != -ECONNREFUSED)
		return error == -EAGAIN ? -EADDRINUSE : error;
	return unlink(path) < 0 && errno != ENOENT ? -errno : 0;
}

static int bind_unix(int fd, const struct endpoint *e)
{
	const char *path = ((const struct sockaddr_un *)&e->address.ss)->sun_path;
	int error = bind_to(fd, &e->address);
	if (error == -EADDRINUSE) {
		error = remove_stale(&e->address, path);
		if (!error)
			error = bind_to(fd, &e->address);
	}
	if (!error && chmod(path, e->mode ? e->mode : PATH_MODE) < 0) {
		error = -errno;
		unlink(path);
	}
	return error;
}

/* "*" where the system has no IPv6: the same port of IPv4. */
static void take_ipv4(struct endpoint *e)
{
	struct sockaddr_in in = {.sin_family = AF_INET,
				 .sin_port = ((const struct sockaddr_in6 *)&e->address.ss)->sin6_port};
	e->address = (struct address){.len = sizeof(in)};
	memcpy(&e->address.ss, &in, sizeof(in));
	e->dual = false;
}

int listen_socket_open(const struct endpoint *given, const struct complaint *to)
{
	struct endpoint e = *given;
	char text[ADDRESS_TEXT_MAX];
	int fd = stream_socket(e.address.ss.ss_family);
	if (fd == -EAFNOSUPPORT && e.dual) {
		take_ipv4(&e);
		fd = stream_socket(AF_INET);
	}
	address_format(&e.address, text);
	if (fd < 0)
		return complain(to, fd, "cannot make a socket for %s: %s", text, strerror(-fd));
	int error = address_is_unix(&e.address) ? bind_unix(fd, &e) : bind_inet(fd, &e);
	if (!error && listen(fd, SOMAXCONN) < 0)
		error = -errno;
	if (!error)
		return fd;
	close(fd);
	return complain(to, error, "cannot listen on %s: %s", text, strerror(-error));
}

static int get_option(int fd, int option)
{
	int value;
	socklen_t len = sizeof(value);
	return getsockopt(fd, SOL_SOCKET, option, &value, &len) < 0 ? -errno : value;
}

int listen_socket_check(int fd, const struct complaint *to)
{
	int type = get_option(fd, SO_TYPE);
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	if (type < 0)
		return complain(to, -EINVAL, "descriptor %d is not a socket: %s", fd, strerror(-type));
	if (getsockname(fd, (struct sockaddr *)&ss, &len) < 0)
		return complain(to, -EINVAL, "descriptor %d has no address: %s", fd, strerror(errno));
	/* getsockname(2) wrote it: NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult) */
	if (ss.ss_family != AF_INET && ss.ss_family != AF_INET6 && ss.ss_family != AF_UNIX)
		return complain(to, -EINVAL, "descriptor %d is neither an IP nor a Unix socket", fd);
	if (type != SOCK_STREAM)
		return complain(to, -EINVAL, "descriptor %d is not a stream socket", fd);
	if (get_option(fd, SO_ACCEPTCONN) != 1)
		return complain(to, -EINVAL, "descriptor %d is a socket that does not listen", fd);
	return 0;
}
