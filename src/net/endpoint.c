#include "net/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>

#include "net/complaint.h"

struct door {
	const char *name; /* in "accept=" */
	unsigned bit;
};

static const struct door doors[] = {
	{"irc", DOOR_IRC}, {"line", DOOR_LINE}, {"tls", DOOR_TLS}, {"websocket", DOOR_WEBSOCKET}, {"proxy", DOOR_PROXY},
};

struct scheme {
	const char *name;
	unsigned doors;
};

static const struct scheme schemes[] = {
	{"irc", DOOR_IRC},
	{"ircs", DOOR_TLS},
	{"ws", DOOR_WEBSOCKET},
	{"wss", DOOR_WEBSOCKET | DOOR_TLS},
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* Takes "scheme://" off the front. Without one *found is 0. */
static int take_scheme(struct str *rest, unsigned *found, const struct complaint *to)
{
	const char *mark = memmem(rest->p, rest->n, "://", 3);
	*found = 0;
	if (!mark || rest->p[0] == '/')
		return 0;
	struct str name = {rest->p, (size_t)(mark - rest->p)};
	for (size_t i = 0; i < COUNT(schemes); i++)
		if (str_eq_nocase(name, str_of(schemes[i].name)))
			*found = schemes[i].doors;
	if (!*found)
		return complain(to, -EINVAL, "unknown scheme %.*s://; known are irc, ircs, ws, wss", STR_ARG(name));
	rest->n -= name.n + 3;
	rest->p += name.n + 3;
	return 0;
}

/* 0: there is none of that name. */
static unsigned door_bit(struct str name)
{
	for (size_t i = 0; i < COUNT(doors); i++)
		if (str_eq(name, str_of(doors[i].name)))
			return doors[i].bit;
	return 0;
}

static int add_doors(struct str names, unsigned *found, const struct complaint *to)
{
	struct str name;
	while (str_split(&names, ',', &name)) {
		unsigned bit = door_bit(name);
		if (!bit)
			return complain(to, -EINVAL,
					"unknown door \"%.*s\"; known are irc, line, tls, websocket, proxy",
					STR_ARG(name));
		*found |= bit;
	}
	return 0;
}

/* "accept=irc,line&proxy" */
static int parse_query(struct str query, unsigned *found, const struct complaint *to)
{
	struct str part;
	while (str_split(&query, '&', &part)) {
		int error = 0;
		if (str_starts(part, STR("accept=")))
			error = add_doors((struct str){part.p + 7, part.n - 7}, found, to);
		else if (str_eq(part, STR("proxy")))
			*found |= DOOR_PROXY;
		else
			error = complain(to, -EINVAL, "unknown option \"%.*s\"; known are accept=DOORS and proxy",
					 STR_ARG(part));
		if (error)
			return error;
	}
	return 0;
}

static int parse_path(struct endpoint *e, struct str path, const struct complaint *to)
{
	char text[ADDRESS_TEXT_MAX];
	if (path.n >= sizeof(text) || memchr(path.p, '\0', path.n))
		return complain(to, -EINVAL, "the path of the socket is too long");
	memcpy(text, path.p, path.n);
	text[path.n] = '\0';
	if (address_parse(&e->address, text, NULL) < 0)
		return complain(to, -EINVAL, "the path of the socket is too long: %s", text);
	return 0;
}

/* "host:port", "[host]:port" or "port" into its two parts. */
static int split_host(struct str text, struct str *host, struct str *port, const struct complaint *to)
{
	const char *colon = text.p && text.n ? memrchr(text.p, ':', text.n) : NULL;
	bool digits = text.n > 0 && strspn(text.p, "0123456789") >= text.n;
	if (digits) {
		*host = STR_NONE;
		*port = text;
		return 0;
	}
	if (!colon || colon + 1 == text.p + text.n || (text.p[0] == '[' && colon > text.p && colon[-1] != ']'))
		return complain(to, -EINVAL, "no port in \"%.*s\"; write HOST:PORT or /path/of/socket", STR_ARG(text));
	*host = (struct str){text.p, (size_t)(colon - text.p)};
	*port = (struct str){colon + 1, text.n - host->n - 1};
	bool brackets = host->n > 3 && host->p[0] == '[' && host->p[host->n - 1] == ']';
	if (brackets)
		*host = (struct str){host->p + 1, host->n - 2};
	else if (memchr(host->p, ':', host->n))
		return complain(to, -EINVAL, "an IPv6 address needs brackets: [%.*s]:%.*s", STR_ARG(*host),
				STR_ARG(*port));
	return 0;
}

static int parse_inet(struct endpoint *e, struct str text, const struct complaint *to)
{
	struct str host = STR_NONE, port = STR_NONE;
	char host_text[64], port_text[8];
	unsigned long long number;
	int error = split_host(text, &host, &port, to);
	if (error)
		return error;
	if (!str_u64(port, 65535, &number) || number == 0)
		return complain(to, -EINVAL, "port %.*s is not 1..65535", STR_ARG(port));
	snprintf(host_text, sizeof(host_text), "%.*s", STR_ARG(host));
	snprintf(port_text, sizeof(port_text), "%llu", number);
	if (host.n >= sizeof(host_text) || address_parse(&e->address, host_text, port_text) < 0)
		return complain(to, -EINVAL, "\"%.*s\" is not a numeric address", STR_ARG(host));
	e->dual = host.n == 0 || str_eq(host, STR("*"));
	return 0;
}

/* Where nothing says what is spoken, it is IRC. */
static unsigned or_irc(unsigned found)
{
	return found & ~(unsigned)DOOR_PROXY ? found : found | DOOR_IRC;
}

/* The port that everybody knows is open to people without a client too, unless the endpoint says whom it accepts. */
static bool is_usual_port(const struct address *a)
{
	enum { USUAL = 6667 };
	const struct sockaddr *sa = (const struct sockaddr *)&a->ss;
	in_port_t port = 0;

	if (sa->sa_family == AF_INET)
		port = ((const struct sockaddr_in *)&a->ss)->sin_port;
	else if (sa->sa_family == AF_INET6)
		port = ((const struct sockaddr_in6 *)&a->ss)->sin6_port;
	return port == htons(USUAL);
}

static bool names_doors(struct str query)
{
	struct str part;

	while (str_split(&query, '&', &part))
		if (str_starts(part, STR("accept=")))
			return true;
	return false;
}

bool doors_parse(unsigned *found, const char *names)
{
	struct str rest = str_of(names);
	struct str name;
	unsigned named = 0;
	while (str_split(&rest, ',', &name)) {
		unsigned bit = door_bit(name);
		if (!bit)
			return false;
		named |= bit;
	}
	if (named)
		*found = or_irc(named);
	return named;
}

int endpoint_parse(struct endpoint *e, const char *text, char *why, size_t size)
{
	struct complaint to = {why, size};
	struct str rest = str_of(text);
	struct str query = STR_NONE;
	*e = (struct endpoint){.doors = 0};
	int error = take_scheme(&rest, &e->doors, &to);
	const char *mark = rest.n ? memchr(rest.p, '?', rest.n) : NULL;
	if (error)
		return error;
	if (mark) {
		query = (struct str){mark + 1, rest.n - (size_t)(mark + 1 - rest.p)};
		rest.n = (size_t)(mark - rest.p);
	}
	if (rest.n == 0)
		return complain(&to, -EINVAL, "no address in \"%s\"", text);
	error = rest.p[0] == '/' ? parse_path(e, rest, &to) : parse_inet(e, rest, &to);
	if (!error)
		error = parse_query(query, &e->doors, &to);
	if (error)
		return error;
	e->doors = or_irc(e->doors);
	if ((e->doors & ~(unsigned)DOOR_PROXY) == DOOR_IRC && is_usual_port(&e->address) && !names_doors(query))
		e->doors |= DOOR_LINE;
	return 0;
}
