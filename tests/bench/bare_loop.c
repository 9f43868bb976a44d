#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * The floor that chatd is measured against: an epoll loop that copies lines to the members of a channel, with one send
 * for each member and turn, and does nothing else that a server must. It understands just enough of IRC for chat-bench
 * to talk to it: NICK, USER, JOIN, PRIVMSG to one channel or to a nick that ends in a number, PING.
 */
enum { EVENTS = 256, READ_SIZE = 16 << 10, OUT_MAX = 8 << 20, CHANNELS = 1 << 16, CLIENTS = 1 << 16 };

struct client {
	int fd;
	char nick[32];
	char *in;
	size_t in_len;
	char *out;
	size_t out_len, out_cap;
	bool dirty;
	bool blocked;
	bool dead;
	unsigned channel; /* number of its only channel, 0: none */
};

struct channel {
	struct client **members;
	size_t count, cap;
};

struct loop {
	int epoll_fd, listen_fd;
	struct channel channels[CHANNELS];
	struct client *named[CLIENTS]; /* by the number in the nick */
	struct client **dirty;
	size_t ndirty, dirty_cap;
};

static void put(struct loop *l, struct client *c, const char *p, size_t n)
{
	if (c->out_len + n > OUT_MAX) {
		c->dead = true;
		return;
	}
	if (c->out_len + n > c->out_cap) {
		c->out_cap = (c->out_len + n) * 2;
		c->out = realloc(c->out, c->out_cap);
	}
	memcpy(c->out + c->out_len, p, n);
	c->out_len += n;
	if (c->dirty)
		return;
	c->dirty = true;
	if (l->ndirty == l->dirty_cap) {
		l->dirty_cap = l->dirty_cap ? l->dirty_cap * 2 : 1024;
		l->dirty = realloc(l->dirty, l->dirty_cap * sizeof(*l->dirty));
	}
	l->dirty[l->ndirty++] = c;
}

static void want(struct loop *l, struct client *c, unsigned events)
{
	struct epoll_event e = {.events = events, .data.ptr = c};

	epoll_ctl(l->epoll_fd, EPOLL_CTL_MOD, c->fd, &e);
}

static void flush(struct loop *l, struct client *c)
{
	ssize_t n = send(c->fd, c->out, c->out_len, MSG_NOSIGNAL);

	if (n < 0 && errno != EAGAIN) {
		c->dead = true;
		return;
	}
	if (n > 0) {
		memmove(c->out, c->out + n, c->out_len - (size_t)n);
		c->out_len -= (size_t)n;
	}
	if ((c->out_len > 0) != c->blocked) {
		c->blocked = c->out_len > 0;
		want(l, c, c->blocked ? EPOLLIN | EPOLLOUT : EPOLLIN);
	}
}

static unsigned number_in(const char *name)
{
	return (unsigned)strtoul(name + strcspn(name, "0123456789"), NULL, 10);
}

static void join(struct loop *l, struct client *c, const char *name)
{
	unsigned number = number_in(name) % (CHANNELS - 1) + 1;
	struct channel *ch = &l->channels[number];
	char line[128];

	if (ch->count == ch->cap) {
		ch->cap = ch->cap ? ch->cap * 2 : 16;
		ch->members = realloc(ch->members, ch->cap * sizeof(*ch->members));
	}
	ch->members[ch->count++] = c;
	c->channel = number;
	put(l, c, line, (size_t)snprintf(line, sizeof(line), ":bare 366 %s %s :End\r\n", c->nick, name));
}

static void leave(struct loop *l, struct client *c)
{
	struct channel *ch = &l->channels[c->channel];

	for (size_t i = 0; c->channel && i < ch->count; i++) {
		if (ch->members[i] == c) {
			ch->members[i] = ch->members[--ch->count];
			return;
		}
	}
}

static void privmsg(struct loop *l, struct client *c, const char *rest, size_t n)
{
	const struct channel *ch = &l->channels[c->channel];
	char line[1024];
	int len = snprintf(line, sizeof(line), ":%s!%s@127.0.0.1 PRIVMSG %.*s\r\n", c->nick, c->nick, (int)n, rest);

	if (*rest != '#') {
		struct client *to = l->named[number_in(rest) % CLIENTS];

		if (to)
			put(l, to, line, (size_t)len);
		return;
	}
	for (size_t i = 0; i < ch->count; i++)
		if (ch->members[i] != c)
			put(l, ch->members[i], line, (size_t)len);
}

static void name(struct loop *l, struct client *c, const char *nick)
{
	snprintf(c->nick, sizeof(c->nick), "%.30s", nick);
	l->named[number_in(c->nick) % CLIENTS] = c;
}

static void handle(struct loop *l, struct client *c, char *line, size_t n)
{
	char reply[128];

	line[n] = '\0';
	if (strncmp(line, "PRIVMSG ", 8) == 0)
		privmsg(l, c, line + 8, n - 8);
	else if (strncmp(line, "NICK ", 5) == 0)
		name(l, c, line + 5);
	else if (strncmp(line, "USER ", 5) == 0)
		put(l, c, reply, (size_t)snprintf(reply, sizeof(reply), ":bare 001 %s :Welcome\r\n", c->nick));
	else if (strncmp(line, "JOIN ", 5) == 0)
		join(l, c, line + 5);
	else if (strncmp(line, "PING ", 5) == 0)
		put(l, c, reply, (size_t)snprintf(reply, sizeof(reply), ":bare PONG bare %.80s\r\n", line + 5));
}

static void receive(struct loop *l, struct client *c)
{
	ssize_t n = recv(c->fd, c->in + c->in_len, READ_SIZE - c->in_len, 0);
	char *at = c->in, *end;

	if (n == 0 || (n < 0 && errno != EAGAIN))
		c->dead = true;
	if (n <= 0)
		return;
	c->in_len += (size_t)n;
	while ((end = memchr(at, '\n', (size_t)(c->in + c->in_len - at)))) {
		size_t len = (size_t)(end - at);

		handle(l, c, at, len && at[len - 1] == '\r' ? len - 1 : len);
		at = end + 1;
	}
	c->in_len -= (size_t)(at - c->in);
	memmove(c->in, at, c->in_len);
}

static void accept_all(struct loop *l)
{
	int fd;

	while ((fd = accept4(l->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		struct client *c = calloc(1, sizeof(*c));
		struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
		int on = 1;

		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		c->fd = fd;
		c->in = malloc(READ_SIZE);
		epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, fd, &e);
	}
}

static void drop(struct loop *l, struct client *c)
{
	leave(l, c);
	if (l->named[number_in(c->nick) % CLIENTS] == c)
		l->named[number_in(c->nick) % CLIENTS] = NULL;
	close(c->fd);
	free(c->in);
	free(c->out);
	free(c);
}

static void turn(struct loop *l)
{
	struct epoll_event events[EVENTS];
	int n = epoll_wait(l->epoll_fd, events, EVENTS, -1);

	for (int i = 0; i < n; i++) {
		struct client *c = events[i].data.ptr;

		if (!c)
			accept_all(l);
		else if (events[i].events & EPOLLOUT)
			flush(l, c);
		if (c && (events[i].events & ~(unsigned)EPOLLOUT))
			receive(l, c);
	}
	for (size_t i = 0; i < l->ndirty; i++) {
		l->dirty[i]->dirty = false;
		if (!l->dirty[i]->blocked)
			flush(l, l->dirty[i]);
	}
	l->ndirty = 0;
	for (int i = 0; i < n; i++) {
		struct client *c = events[i].data.ptr;

		if (c && c->dead)
			drop(l, c);
	}
}

static int listen_on(unsigned port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(fd, SOMAXCONN) < 0) {
		perror("bare-loop");
		exit(1);
	}
	return fd;
}

int main(int argc, char **argv)
{
	struct loop *l = calloc(1, sizeof(*l));
	struct epoll_event e = {.events = EPOLLIN};
	struct rlimit limit;

	if (argc != 2) {
		fprintf(stderr, "usage: bare-loop PORT\n");
		return 64;
	}
	signal(SIGPIPE, SIG_IGN);
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	l->listen_fd = listen_on((unsigned)strtoul(argv[1], NULL, 10));
	l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, l->listen_fd, &e);
	printf("ready\n");
	fflush(stdout);
	for (;;)
		turn(l);
}
