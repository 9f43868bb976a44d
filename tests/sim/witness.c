#include "witness.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "invariant.h"

static struct witnessed total;

struct witnessed witnessed(void)
{
	return total;
}

/* One line that it heard. */
struct heard {
	char *source, *command, *params[4];
	int nparams;
};

void witness_begin(struct witness *w, int fd, uint32_t id)
{
	memset(w, 0, sizeof(*w));
	w->fd = fd;
	w->id = id;
	w->nick = -1;
}

void witness_end(struct witness *w)
{
	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
	w->nick = -1;
}

void witness_say(struct witness *w, const char *fmt, ...)
{
	char line[512];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line) - 2, fmt, ap);
	va_end(ap);
	memcpy(line + n, "\r\n", 2);
	/* Where the server has ended it, that is found out by reading. */
	(void)send(w->fd, line, (size_t)n + 2, MSG_NOSIGNAL);
}

/* The number in "n7", "n7!user@host", "#c3"; -1: it is none of those. */
static int number(const char *text, const char *prefix, int end)
{
	size_t n = strlen(prefix);
	char *rest;
	long value;

	if (!text || strncmp(text, prefix, n) != 0)
		return -1;
	value = strtol(text + n, &rest, 10);
	return rest != text + n && value >= 0 && value < end ? (int)value : -1;
}

static int nick_of(const char *text)
{
	return number(text, "n", NICKS);
}

static int channel_of(const char *text)
{
	return number(text, "#c", CHANNELS);
}

static bool sees(const struct witness *w, int nick)
{
	for (int c = 0; c < CHANNELS; c++)
		if (w->in[c][nick])
			return true;
	return false;
}

static void leave_all(struct witness *w, int nick)
{
	for (int c = 0; c < CHANNELS; c++)
		w->in[c][nick] = false;
}

static void on_join(struct witness *w, int who, int where)
{
	invariant(who >= 0 && where >= 0 && !w->in[where][who]);
	invariant(who == w->nick || w->in[where][w->nick]);
	w->in[where][who] = true;
	total.joins++;
}

static void on_leaving(struct witness *w, int who, int where)
{
	invariant(who >= 0 && where >= 0 && w->in[where][who]);
	w->in[where][who] = false;
	if (who == w->nick)
		memset(w->in[where], 0, sizeof(w->in[where]));
	total.leavings++;
}

static void on_nick(struct witness *w, int who, int now)
{
	invariant(who >= 0 && now >= 0 && (who == w->nick || sees(w, who)));
	invariant(!sees(w, now));
	for (int c = 0; c < CHANNELS; c++) {
		w->in[c][now] = w->in[c][who];
		w->in[c][who] = false;
	}
	if (who == w->nick)
		w->nick = now;
	total.nicks++;
}

/* Once: whoever has gone is seen no more. */
static void on_quit(struct witness *w, int who)
{
	invariant(who >= 0 && who != w->nick && sees(w, who));
	leave_all(w, who);
	total.quits++;
}

/* "id number": in the order in which it was said, and nothing twice. */
static void on_message(struct witness *w, int who, int where, const char *text)
{
	unsigned id, said;

	invariant(where >= 0 && w->in[where][w->nick] && who >= 0 && w->in[where][who]);
	invariant(sscanf(text, "%u %u", &id, &said) == 2 && id < SPEAKERS);
	invariant(said > w->heard[id]);
	w->heard[id] = said;
	total.messages++;
}

/* Those who were there before it came; itself it has heard of already. */
static void on_names(struct witness *w, int where, char *names)
{
	for (char *name = strtok(names, " "); name; name = strtok(NULL, " ")) {
		int who = nick_of(name + strspn(name, "~&@%+"));

		invariant(who >= 0);
		w->in[where][who] = true;
	}
}

static void hear(struct witness *w, const struct heard *h)
{
	int who = nick_of(h->source);
	const char *command = h->command;

	if (strcmp(command, "001") == 0)
		w->nick = nick_of(h->params[0]);
	else if (strcmp(command, "JOIN") == 0)
		on_join(w, who, channel_of(h->params[0]));
	else if (strcmp(command, "PART") == 0)
		on_leaving(w, who, channel_of(h->params[0]));
	else if (strcmp(command, "KICK") == 0)
		on_leaving(w, nick_of(h->params[1]), channel_of(h->params[0]));
	else if (strcmp(command, "NICK") == 0)
		on_nick(w, who, nick_of(h->params[0]));
	else if (strcmp(command, "QUIT") == 0)
		on_quit(w, who);
	else if (strcmp(command, "PRIVMSG") == 0)
		on_message(w, who, channel_of(h->params[0]), h->params[1]);
	else if (strcmp(command, "353") == 0)
		on_names(w, channel_of(h->params[2]), h->params[3]);
}

static void parse(struct witness *w, char *line)
{
	struct heard h = {0};
	char *rest = line;

	if (*rest == ':')
		h.source = strsep(&rest, " ") + 1;
	h.command = strsep(&rest, " ");
	while (rest && h.nparams < 4) {
		if (*rest == ':') {
			h.params[h.nparams++] = rest + 1;
			break;
		}
		h.params[h.nparams] = strsep(&rest, " ");
		h.nparams++;
	}
	if (h.command)
		hear(w, &h);
}

static void take_lines(struct witness *w)
{
	char *at = w->bytes, *end;

	w->bytes[w->nbytes] = '\0';
	while ((end = strstr(at, "\r\n"))) {
		*end = '\0';
		parse(w, at);
		at = end + 2;
	}
	w->nbytes -= (size_t)(at - w->bytes);
	memmove(w->bytes, at, w->nbytes);
}

void witness_read(struct witness *w)
{
	ssize_t n = 1;

	while (w->fd >= 0 && !w->slow && n > 0) {
		n = recv(w->fd, w->bytes + w->nbytes, sizeof(w->bytes) - 1 - w->nbytes, 0);
		if (n == 0) {
			total.ends++;
			witness_end(w);
		} else if (n > 0) {
			w->nbytes += (size_t)n;
			take_lines(w);
		}
	}
}

static void check_channel(const struct witness *w, const struct network *net, int where, const struct user *self)
{
	char name[16];
	const struct channel *c;
	const struct user *u;

	snprintf(name, sizeof(name), "#c%d", where);
	c = network_channel(net, str_of(name));
	if (!c || !network_member(c, self)) {
		for (int who = 0; who < NICKS; who++)
			invariant(!w->in[where][who]);
		return;
	}
	for (int who = 0; who < NICKS; who++) {
		snprintf(name, sizeof(name), "n%d", who);
		u = network_user_by_nick(net, str_of(name));
		invariant(w->in[where][who] == (u && network_member(c, u)));
	}
}

void witness_check(const struct witness *w, const struct network *net)
{
	char nick[16];
	const struct user *self;

	if (w->fd < 0 || w->slow || w->nick < 0)
		return;
	snprintf(nick, sizeof(nick), "n%d", w->nick);
	self = network_user_by_nick(net, str_of(nick));
	invariant(self);
	for (int where = 0; where < CHANNELS; where++)
		check_channel(w, net, where, self);
}
