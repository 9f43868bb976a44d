#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "command/families.h"
#include "command/secret.h"
#include "net/address.h"
#include "proto/cidr.h"
#include "session/cloak.h"
#include "session/lookup.h"

/*
 * "WEBIRC password gateway hostname ip [:options]": a gateway says for whom it speaks, before all else.
 * https://ircv3.net/specs/extensions/webirc
 */

/* One of the networks, with blanks between them; "localhost": loopback and Unix sockets. */
static bool comes_from(const struct webirc_block *w, const struct session *s)
{
	struct str rest = str_of(w->from), word;
	struct cidr network, address;

	while (str_split(&rest, ' ', &word)) {
		if ((s->flags & SESSION_LOCAL) && str_eq(word, STR("localhost")))
			return true;
		if (cidr_parse(&network, word) && cidr_parse(&address, str_of(s->address)) &&
		    cidr_contains(&network, &address))
			return true;
	}
	return false;
}

static bool trusted(const struct webirc_block *w, const struct session *s, const char *password)
{
	if (!comes_from(w, s) || (!w->password && !w->certfp))
		return false;
	if (w->password && !secret_equal(w->password, password))
		return false;
	return !w->certfp || (s->certfp && strcmp(w->certfp, s->certfp) == 0);
}

static const struct webirc_block *gateway_of(const struct server *server, const struct session *s, const char *password)
{
	for (size_t i = 0; i < server->nwebircs; i++)
		if (trusted(&server->webircs[i], s, password))
			return &server->webircs[i];
	return NULL;
}

/* A client that came over TLS to the gateway, if the gateway came over TLS to us, or never left the machine. */
static bool is_secure(const struct session *s, const char *options)
{
	struct str rest = str_of(options), word;
	bool said = false;

	while (str_split(&rest, ' ', &word))
		said = said || str_eq(word, STR("secure"));
	return said && (s->flags & (SESSION_SECURE | SESSION_LOCAL));
}

static bool parse_peer(struct address *peer, const char *ip)
{
	struct cidr c;

	return cidr_parse(&c, str_of(ip)) && !strchr(ip, '/') && address_parse(peer, ip, "0") == 0;
}

/* The name is what the gateway looked up. */
static void take_name(struct session *s, const char *host)
{
	struct cidr c;

	mem_free(s->reg->realhost);
	s->reg->realhost = NULL;
	if (cloak_host_valid(str_of(host)) && !strpbrk(host, ":/") && strchr(host, '.') &&
	    !cidr_parse(&c, str_of(host)))
		s->reg->realhost = mem_strdup(host);
}

static void give_up(const struct call *call, const char *reason)
{
	call->env->host->quit(call->env->host->ctx, call->session, reason);
}

static void refuse(const struct call *call)
{
	const char *address = call->session->address;

	log_event(EVENT_PASSWORD_WRONG, LOG_FIELDS({"CHATD_PEER", address}), "WEBIRC refused to %s", address);
	give_up(call, "WEBIRC is not for you");
}

static void run_webirc(struct call *call)
{
	const struct command_host *host = call->env->host;
	struct session *s = call->session;
	struct address peer;
	bool secure = is_secure(s, call_word(call, 4));
	char why[400];

	if (s->reg->nick || s->reg->username || (s->flags & SESSION_GATEWAY) ||
	    !gateway_of(call->env->server, s, call_param(call, 0))) {
		refuse(call);
		return;
	}
	if (!parse_peer(&peer, call_param(call, 3))) {
		give_up(call, "WEBIRC names no address");
		return;
	}
	if (!host->move(host->ctx, s, &peer, why, sizeof(why))) {
		give_up(call, why);
		return;
	}
	s->flags &= (uint16_t) ~(SESSION_SECURE | SESSION_LOCAL);
	s->flags |= SESSION_GATEWAY | SESSION_PROXIED;
	if (secure)
		s->flags |= SESSION_SECURE;
	if (address_is_local(&peer))
		s->flags |= SESSION_LOCAL;
	take_name(s, call_param(call, 2));
	lookup_begin(s);
}

static const struct command rows[] = {
	{"WEBIRC", ROLE_UNREGISTERED, 4, 10, -1, run_webirc},
};

const struct command *command_family_webirc(size_t *count)
{
	*count = sizeof(rows) / sizeof(rows[0]);
	return rows;
}
