#include "chat-client/sasl.h"

#include <string.h>
#include <strings.h>

#include "chat-client/client.h"
#include "chat-client/options.h"
#include "chat-client/words.h"
#include "proto/base64.h"

enum { RAW_MAX = OPTIONS_TOKEN_MAX + OPTIONS_HOST_MAX + 256, SCRAM_STEPS = 3 };

static const char *const names[] = {
	[SASL_EXTERNAL] = "EXTERNAL",
	[SASL_SCRAM_SHA_256_PLUS] = "SCRAM-SHA-256-PLUS",
	[SASL_SCRAM_SHA_256] = "SCRAM-SHA-256",
	[SASL_PLAIN] = "PLAIN",
	[SASL_OAUTHBEARER] = "OAUTHBEARER",
	[SASL_IRCV3BEARER] = "IRCV3BEARER",
};

enum { MECHANISMS = sizeof(names) / sizeof(names[0]) };

void sasl_reset(struct sasl *s)
{
	explicit_bzero(s, sizeof(*s));
}

static void give_up(struct client *c, const char *why, const struct line *line)
{
	client_expect_end(c, SASL_EXIT, why, line);
	sasl_reset(&c->sasl);
	client_quit(c, STR_NONE, c->code, c->why);
}

void sasl_offer(struct sasl *s, struct str value)
{
	struct str word;

	s->offered = 0;
	while (str_split(&value, ',', &word)) {
		for (unsigned i = SASL_EXTERNAL; i < MECHANISMS; i++)
			s->offered |= str_eq_nocase(word, str_of(names[i])) ? 1u << i : 0;
		/* those that we do not know make the list a list all the same */
		s->offered |= 1u << SASL_NONE;
	}
}

static bool may_have(const struct sasl *s, enum sasl_mechanism m)
{
	return !s->offered || (s->offered & 1u << m);
}

enum sasl_mechanism sasl_choose(const struct sasl *s, struct sasl_means means)
{
	if (means.token && !means.private)
		return SASL_NONE;
	if (means.token)
		return !may_have(s, SASL_OAUTHBEARER) && may_have(s, SASL_IRCV3BEARER) ? SASL_IRCV3BEARER
										       : SASL_OAUTHBEARER;
	if (!means.password)
		return SASL_EXTERNAL;
	if (means.bound && (s->offered & 1u << SASL_SCRAM_SHA_256_PLUS))
		return SASL_SCRAM_SHA_256_PLUS;
	if (may_have(s, SASL_SCRAM_SHA_256) && s->mechanism != SASL_SCRAM_SHA_256)
		return SASL_SCRAM_SHA_256;
	return means.private ? SASL_PLAIN : SASL_NONE;
}

static bool is_bearer(enum sasl_mechanism m)
{
	return m == SASL_OAUTHBEARER || m == SASL_IRCV3BEARER;
}

/* The words for a mechanism that cannot be. */
static const char *missing(const struct client *c, enum sasl_mechanism m)
{
	if (m == SASL_NONE)
		return c->options->token[0] ? N_("a token is never sent where anybody could listen in: use TLS")
					    : N_("the server takes passwords only as they are, and anybody could "
						 "listen in: use TLS");
	if (is_bearer(m))
		return N_("the server takes no token for a login");
	return m == SASL_EXTERNAL ? N_("the server takes no certificate for a login")
				  : N_("the server has no way to log in that we know");
}

static void start_with(struct client *c, enum sasl_mechanism m)
{
	struct sasl *s = &c->sasl;

	s->mechanism = m;
	s->step = 0;
	s->nheard = 0;
	if (m == SASL_NONE || !may_have(s, m))
		give_up(c, missing(c, m), NULL);
	else
		client_sendf(c, "AUTHENTICATE %s", names[m]);
}

static struct sasl_means means_of(const struct client *c)
{
	return (struct sasl_means){c->options->password[0], c->private,
				   c->binding.exporter_size || c->binding.endpoint_size, c->options->token[0]};
}

void sasl_start(struct client *c)
{
	start_with(c, sasl_choose(&c->sasl, means_of(c)));
}

bool sasl_is_wanted(const struct client *c)
{
	return c->options->account[0] || c->options->token[0];
}

bool sasl_may_enter(const struct client *c)
{
	return !sasl_is_wanted(c) || c->sasl.good;
}

/* The message in as many lines as it takes. */
static void answer(struct client *c, const struct buf *raw)
{
	char memory[BASE64_ENCODED(RAW_MAX)];
	struct str part;
	struct buf b;

	buf_init(&b, memory, sizeof(memory));
	base64_encode(&b, buf_view(raw));
	part = buf_view(&b);
	for (; part.n >= SASL_CHUNK; part.p += SASL_CHUNK, part.n -= SASL_CHUNK)
		client_sendf(c, "AUTHENTICATE %.*s", SASL_CHUNK, part.p);
	client_sendf(c, "AUTHENTICATE %.*s", part.n ? (int)part.n : 1, part.n ? part.p : "+");
	explicit_bzero(memory, sizeof(memory));
}

static bool add_plain(const struct options *o, struct buf *raw)
{
	buf_chr(raw, '\0');
	buf_cstr(raw, o->account);
	buf_chr(raw, '\0');
	buf_cstr(raw, o->password);
	return !raw->full;
}

/* A name as RFC 5802, 5.1, has it. */
static void add_name(struct buf *raw, const char *name)
{
	for (; *name; name++) {
		if (*name == ',' || *name == '=')
			buf_cstr(raw, *name == ',' ? "=2C" : "=3D");
		else
			buf_chr(raw, *name);
	}
}

/* RFC 7628, 3.1; its last step is for the server that has said why not. */
static bool add_oauth(struct client *c, struct buf *raw)
{
	const struct options *o = c->options;

	if (c->sasl.step) {
		buf_chr(raw, '\1');
		return c->sasl.step == 1;
	}
	buf_cstr(raw, o->account[0] ? "n,a=" : "n,");
	add_name(raw, o->account);
	buf_cstr(raw, ",\1");
	if (o->host[0] != '/')
		buf_fmt(raw, "host=%s\1port=%s\1", o->host, o->port);
	buf_cstr(raw, "auth=Bearer ");
	buf_cstr(raw, o->token);
	buf_cstr(raw, "\1\1");
	return !raw->full;
}

/* https://github.com/ircv3/ircv3-specifications/pull/545; what two dots are in has three parts: a JWT. */
static bool add_ircv3(const struct options *o, struct buf *raw)
{
	const char *dot = strchr(o->token, '.'), *last = strrchr(o->token, '.');

	buf_cstr(raw, o->account);
	buf_chr(raw, '\0');
	buf_cstr(raw, dot && dot != last ? "jwt" : "oauth2");
	buf_chr(raw, '\0');
	buf_cstr(raw, o->token);
	return !raw->full;
}

static bool is_scram(const struct sasl *s)
{
	return s->mechanism == SASL_SCRAM_SHA_256 || s->mechanism == SASL_SCRAM_SHA_256_PLUS;
}

/* To the keys of TLS 1.3 (RFC 9266), or the server's certificate (RFC 5929). */
static void bind_login(struct client *c)
{
	const struct tls_binding *b = &c->binding;
	struct scram_client *s = &c->sasl.scram;

	if (c->sasl.mechanism == SASL_SCRAM_SHA_256_PLUS && b->exporter_size)
		scram_client_bind(s, "tls-exporter", (struct str){(const char *)b->exporter, b->exporter_size});
	else if (c->sasl.mechanism == SASL_SCRAM_SHA_256_PLUS)
		scram_client_bind(s, "tls-server-end-point", (struct str){(const char *)b->endpoint, b->endpoint_size});
	else if (c->sasl.offered && (b->exporter_size || b->endpoint_size))
		scram_client_bind(s, NULL, STR_NONE);
}

static bool add_scram(struct client *c, struct str heard, struct buf *raw)
{
	const struct options *o = c->options;

	switch (c->sasl.step) {
	case 0:
		bind_login(c);
		return scram_client_first(&c->sasl.scram, o->account, NULL, raw);
	case 1:
		return scram_client_final(&c->sasl.scram, o->password, heard, raw);
	default:
		return scram_client_verify(&c->sasl.scram, heard);
	}
}

static void go_on(struct client *c, struct str heard)
{
	char memory[RAW_MAX];
	struct buf raw;
	bool good = true;

	buf_init(&raw, memory, sizeof(memory));
	if (c->sasl.mechanism == SASL_PLAIN)
		good = add_plain(c->options, &raw);
	else if (c->sasl.mechanism == SASL_OAUTHBEARER)
		good = add_oauth(c, &raw);
	else if (c->sasl.mechanism == SASL_IRCV3BEARER)
		good = add_ircv3(c->options, &raw);
	else if (is_scram(&c->sasl))
		good = add_scram(c, heard, &raw);
	c->sasl.step++;
	if (good)
		answer(c, &raw);
	else
		give_up(c, N_("the server does not prove that it knows the account"), NULL);
	explicit_bzero(memory, sizeof(memory));
}

void sasl_line(struct client *c, const struct line *line)
{
	struct sasl *s = &c->sasl;
	char memory[SASL_HEARD_MAX];
	struct buf heard;
	struct str part;

	if (!s->mechanism || c->state != CLIENT_REGISTERING || !line->nparams)
		return;
	part = str_eq(line->params[0], STR("+")) ? STR_NONE : line->params[0];
	buf_init(&heard, memory, sizeof(memory));
	if (part.n > SASL_CHUNK || part.n > sizeof(s->heard) - s->nheard) {
		give_up(c, N_("the server's answer to the login is not one"), NULL);
		return;
	}
	if (part.n)
		memcpy(s->heard + s->nheard, part.p, part.n);
	s->nheard += part.n;
	if (part.n == SASL_CHUNK)
		return;
	if (base64_decode(&heard, (struct str){s->heard, s->nheard})) {
		s->nheard = 0;
		go_on(c, buf_view(&heard));
	} else {
		give_up(c, N_("the server's answer to the login is not one"), NULL);
	}
}

void sasl_done(struct client *c, const struct line *line)
{
	struct sasl *s = &c->sasl;

	(void)line;
	if (!s->mechanism || c->state != CLIENT_REGISTERING)
		return;
	/* a server that skips its proof may be one that asks only to hear ours */
	if (is_scram(s) && s->step < SCRAM_STEPS) {
		give_up(c, N_("the server does not prove that it knows the account"), NULL);
		return;
	}
	sasl_reset(s);
	s->good = true;
	client_sendf(c, "CAP END");
}

void sasl_failed(struct client *c, const struct line *line)
{
	struct sasl *s = &c->sasl;

	if (!s->mechanism || c->state != CLIENT_REGISTERING)
		return;
	/* one that did not say what it knows, and does not know this */
	if (!(s->offered & 1u << SASL_SCRAM_SHA_256) && s->mechanism == SASL_SCRAM_SHA_256 && !s->step)
		start_with(c, sasl_choose(s, means_of(c)));
	else
		give_up(c,
			is_bearer(s->mechanism) ? N_("the server does not take this token")
						: N_("the server does not take this account and password"),
			line);
}

void sasl_mechanisms(struct client *c, const struct line *line)
{
	if (c->sasl.mechanism && !c->sasl.offered && line->nparams > 1)
		sasl_offer(&c->sasl, line->params[1]);
}
