#include "command/device.h"
#include "command/sasl.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "account/bearer.h"
#include "account/logins.h"
#include "account/scram.h"
#include "base/mem.h"
#include "command/command.h"
#include "command/families.h"
#include "command/login.h"
#include "command/outside.h"
#include "command/token.h"
#include "net/tls.h"
#include "proto/base64.h"
#include "proto/utf8.h"
#include "session/exchange.h"

enum {
	PART_MAX = 400,
	MESSAGE_MAX = EXCHANGE_TOKEN_MAX / 4 * 3,
	MECHANISMS_MAX = 100,
	REPLY_MAX = SCRAM_MESSAGE_MAX,
};

static const char *const names[MECHANISM_COUNT] = {
	[MECHANISM_PLAIN] = "PLAIN",
	[MECHANISM_EXTERNAL] = "EXTERNAL",
	[MECHANISM_SCRAM_SHA_256] = "SCRAM-SHA-256",
	[MECHANISM_SCRAM_SHA_256_PLUS] = "SCRAM-SHA-256-PLUS",
	[MECHANISM_OAUTHBEARER] = "OAUTHBEARER",
	[MECHANISM_IRCV3BEARER] = "IRCV3BEARER",
};

/* Without a certificate there is nothing outside to go by, and without TLS of our own nothing to bind to. */
static bool available(const struct session *s, enum mechanism m)
{
	switch (m) {
	case MECHANISM_EXTERNAL:
		return s->certfp;
	case MECHANISM_SCRAM_SHA_256_PLUS:
		return s->binding;
	case MECHANISM_OAUTHBEARER:
	case MECHANISM_IRCV3BEARER:
		return token_offered(s);
	default:
		return true;
	}
}

void sasl_mechanisms(const struct session *s, char *out, size_t size)
{
	struct buf b;

	buf_init(&b, out, size - 1);
	for (int m = 0; m < MECHANISM_COUNT; m++) {
		if (!available(s, (enum mechanism)m))
			continue;
		if (b.n)
			buf_chr(&b, ',');
		buf_cstr(&b, names[m]);
	}
	out[b.n] = '\0';
}

static void fail(struct session *s, const char *why)
{
	exchange_end(s);
	reply(s, ERR_SASLFAIL, why ? ": " : "", why ? why : "");
}

/* All that a wrong password leads to looks alike. */
static void answer(const struct login *l, enum login_result result)
{
	exchange_end(l->session);
	if (result == LOGIN_OK)
		reply(l->session, RPL_SASLSUCCESS);
	else
		fail(l->session, result == LOGIN_WRONG ? NULL : reply_words(l->session, login_words(result)));
}

/* The authorisation identity, where one is named, must be the same account. */
static bool is_same(const struct call *call, struct str authzid, struct str account)
{
	return authzid.n == 0 || casemap_eq(network_casemap(call->env->net), authzid, account);
}

/* authzid NUL authcid NUL password: RFC 4616 */
static void take_plain(const struct call *call, struct str message)
{
	struct login_try t = {.mechanism = names[MECHANISM_PLAIN], .answer = answer};
	struct str authzid;

	if (!str_split(&message, '\0', &authzid) || !str_split(&message, '\0', &t.account) ||
	    memchr(message.n ? message.p : "", '\0', message.n) || !utf8_valid(t.account) ||
	    !is_same(call, authzid, t.account)) {
		fail(call->session, NULL);
		return;
	}
	t.account = device_take(call->session, t.account);
	t.password = message;
	login_by_password(call, &t);
}

/* RFC 4422, appendix A: what was shown outside is the certificate. One that its owner told of counts before the
 * authority's word. */
static void take_external(const struct call *call, struct str authzid)
{
	const struct login l = {call->env, call->session, names[MECHANISM_EXTERNAL], false};
	const struct account *a = network_account_of_cert(call->env->net, str_of(call->session->certfp));
	bool may = login_may_try(&l, authzid);

	if (!a && may && call->session->certname)
		a = outside_account(&l, str_of(call->session->certname));
	const struct login_try asked = {names[MECHANISM_EXTERNAL], authzid, STR_NONE, answer};

	if (!a && may && outside_asks_certificates(call->env)) {
		outside_by_certificate(call, &asked);
		return;
	}
	if (!may)
		answer(&l, login_refuse(&l, a, LOGIN_WAIT));
	else if (!a || !is_same(call, authzid, account_str(a, ACCOUNT_NAME)))
		answer(&l, login_refuse(&l, a, LOGIN_WRONG));
	else
		answer(&l, login_enter(&l, a));
}

/* In parts of 400 bytes; where the last one is full, an empty one tells that it was the last. */
static void challenge(struct session *s, struct str message)
{
	char text[BASE64_ENCODED(REPLY_MAX)];
	struct str rest;
	struct buf b;

	buf_init(&b, text, sizeof(text));
	base64_encode(&b, message);
	for (rest = buf_view(&b); rest.n >= PART_MAX; rest = (struct str){rest.p + PART_MAX, rest.n - PART_MAX})
		reply_bare(s, "AUTHENTICATE %.*s", PART_MAX, rest.p);
	reply_bare(s, "AUTHENTICATE %.*s", rest.n ? (int)rest.n : 1, rest.n ? rest.p : "+");
}

/* Tokens */

/* RFC 7628, 3.2.2: the client hears why, says one thing more, and hears that it failed. */
static void answer_oauth(const struct login *l, enum login_result result)
{
	struct session *s = l->session;

	if (result == LOGIN_OK || !s->exchange) {
		answer(l, result);
		return;
	}
	s->exchange->refused = true;
	s->exchange->why = result == LOGIN_WRONG ? NULL : login_words(result);
	challenge(s, result == LOGIN_WRONG ? STR("{\"status\":\"invalid_token\",\"schemes\":\"bearer\"}")
					   : STR("{\"status\":\"access_denied\",\"schemes\":\"bearer\"}"));
}

/* The account that is left when its device has been taken from behind it. */
static void take_device(struct session *s, char *account)
{
	account[device_take(s, str_of(account)).n] = '\0';
}

static void take_token(const struct call *call, struct str message)
{
	struct exchange *x = call->session->exchange;
	bool oauth = x->mechanism == MECHANISM_OAUTHBEARER;
	struct bearer b;

	if (x->refused) {
		fail(call->session, x->why);
	} else if (!(oauth ? bearer_read_oauth(&b, message) : bearer_read_ircv3(&b, message))) {
		fail(call->session, NULL);
	} else {
		take_device(call->session, b.account);
		token_login(call, names[x->mechanism], &b, oauth ? answer_oauth : answer);
	}
}

/* SCRAM */

static struct login scram_login(const struct call *call)
{
	return (struct login){call->env, call->session, names[call->session->exchange->mechanism], true, STR_NONE};
}

static struct scram_binding binding_of(const struct session *s)
{
	const struct tls_binding *b = s->binding;
	struct scram_binding out = {.plus = s->exchange->mechanism == MECHANISM_SCRAM_SHA_256_PLUS, .offered = b};

	if (b) {
		out.exporter = (struct str){(const char *)b->exporter, b->exporter_size};
		out.endpoint = (struct str){(const char *)b->endpoint, b->endpoint_size};
	}
	return out;
}

/* The account that is named, without the device. */
static struct str scram_who(const struct call *call, const struct scram *scram)
{
	return device_take(call->session, str_of(scram_name(scram)));
}

/* An account that is not there has a salt too. */
static void credential_of(const struct call *call, struct str name, struct credential *c)
{
	const struct account *a = network_account_of_nick(call->env->net, name);

	if (!a || !credential_parse(c, account_str(a, ACCOUNT_CREDENTIALS)))
		credential_fake(c, logins_secret(call->env->logins), name, call->env->server->accounts.iterations);
}

static void scram_begin(const struct call *call, struct str message)
{
	const struct login l = scram_login(call);
	const struct scram_binding binding = binding_of(call->session);
	struct exchange *x = call->session->exchange;
	char text[REPLY_MAX];
	struct credential c;
	struct buf b;

	x->scram = scram_new(message, &binding, NULL);
	if (!x->scram || !is_same(call, str_of(scram_authzid(x->scram)), str_of(scram_name(x->scram)))) {
		fail(call->session, NULL);
		return;
	}
	if (!login_may_try(&l, scram_who(call, x->scram))) {
		answer(&l, login_refuse(&l, NULL, LOGIN_WAIT));
		return;
	}
	credential_of(call, scram_who(call, x->scram), &c);
	buf_init(&b, text, sizeof(text));
	if (scram_challenge(x->scram, &c, &b))
		challenge(call->session, buf_view(&b));
	else
		fail(call->session, NULL);
	explicit_bzero(&c, sizeof(c));
}

/* The account that was challenged for: while the client thought about it, the name may have become somebody else's. */
static const struct account *scram_account(const struct call *call)
{
	const struct scram *scram = call->session->exchange->scram;
	const struct account *a = network_account_of_nick(call->env->net, scram_who(call, scram));

	return a && scram_is_of(scram, account_str(a, ACCOUNT_CREDENTIALS)) ? a : NULL;
}

static void scram_prove(const struct call *call, struct str message)
{
	const struct login l = scram_login(call);
	struct exchange *x = call->session->exchange;
	const struct account *a = network_account_of_nick(call->env->net, scram_who(call, x->scram));
	char text[REPLY_MAX];
	struct buf b;

	/* Many that were begun at once are no way around the limit. */
	if (!login_may_try(&l, scram_who(call, x->scram))) {
		answer(&l, login_refuse(&l, a, LOGIN_WAIT));
		return;
	}
	buf_init(&b, text, sizeof(text));
	x->proven = scram_finish(x->scram, message, &b) && scram_account(call);
	if (x->proven)
		challenge(call->session, buf_view(&b));
	else
		answer(&l, login_refuse(&l, a, LOGIN_WRONG));
}

static void take_scram(const struct call *call, struct str message)
{
	const struct login l = scram_login(call);
	struct exchange *x = call->session->exchange;
	const struct account *a;

	if (!x->scram) {
		scram_begin(call, message);
	} else if (!x->proven) {
		scram_prove(call, message);
	} else {
		a = scram_account(call);
		if (message.n || !a)
			fail(call->session, NULL);
		else
			answer(&l, login_enter(&l, a));
	}
}

static void take_message(const struct call *call, struct str message)
{
	switch (call->session->exchange->mechanism) {
	case MECHANISM_PLAIN:
		take_plain(call, message);
		break;
	case MECHANISM_EXTERNAL:
		take_external(call, message);
		break;
	case MECHANISM_OAUTHBEARER:
	case MECHANISM_IRCV3BEARER:
		take_token(call, message);
		break;
	default:
		take_scram(call, message);
	}
}

/* A message that is whole. */
static void decode(const struct call *call)
{
	struct exchange *x = call->session->exchange;
	char memory[MESSAGE_MAX];
	struct buf b;
	bool ok;

	buf_init(&b, memory, sizeof(memory));
	ok = base64_decode(&b, (struct str){x->data, x->size});
	exchange_clear(x);
	if (ok)
		take_message(call, buf_view(&b));
	else
		fail(call->session, NULL);
	explicit_bzero(memory, b.n);
}

static void take_part(const struct call *call, const char *part)
{
	struct session *s = call->session;
	size_t n = strlen(part);
	bool empty = strcmp(part, "+") == 0;

	if (n > PART_MAX) {
		exchange_end(s);
		reply(s, ERR_SASLTOOLONG);
	} else if (!empty && !exchange_add(s->exchange, part)) {
		fail(s, NULL);
	} else if (n < PART_MAX) {
		decode(call);
	}
}

static void begin(const struct call *call, const char *name)
{
	struct session *s = call->session;
	char list[MECHANISMS_MAX];
	int m = 0;

	while (m < MECHANISM_COUNT && strcasecmp(names[m], name) != 0)
		m++;
	if (m == MECHANISM_COUNT || !available(s, (enum mechanism)m)) {
		sasl_mechanisms(s, list, sizeof(list));
		reply(s, RPL_SASLMECHS, list);
		fail(s, NULL);
		return;
	}
	exchange_begin(s, (enum mechanism)m);
	challenge(s, STR_NONE);
}

static void run_authenticate(struct call *call)
{
	const char *word = call_param(call, 0);
	struct session *s = call->session;

	if (strcmp(word, "*") == 0) {
		exchange_end(s);
		reply(s, ERR_SASLABORTED);
	} else if (s->exchange) {
		take_part(call, word);
	} else {
		begin(call, word);
	}
}

static const struct command rows[] = {
	{"AUTHENTICATE", ROLE_ANY, 1, 10, -1, run_authenticate},
};

const struct command *command_family_sasl(size_t *count)
{
	*count = sizeof(rows) / sizeof(rows[0]);
	return rows;
}
