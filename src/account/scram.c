#include "account/scram.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "proto/base64.h"
#include "proto/utf8.h"

enum { NONCE_SIZE = 18, NONCE_MAX = 256, FLAG_MAX = 32, BOUND_MAX = 64 };

struct scram {
	char name[SCRAM_NAME_MAX], authzid[SCRAM_NAME_MAX];
	char header[SCRAM_NAME_MAX + FLAG_MAX]; /* of GS2, as the client sent it */
	unsigned char bound[BOUND_MAX];         /* what "c=" has behind the header */
	size_t bound_size;
	char nonce[2 * NONCE_MAX];       /* the client's and ours */
	struct credential credential;
	/* client-first-bare "," server-first; client-final without proof comes behind it */
	char log[3 * SCRAM_MESSAGE_MAX];
	struct buf said;
	bool challenged;
};

/* The escapes are "=2C" and "=3D". */
bool scram_take_name(char out[SCRAM_NAME_MAX], struct str text)
{
	struct buf b;

	buf_init(&b, out, SCRAM_NAME_MAX - 1);
	for (size_t i = 0; i < text.n; i++) {
		struct str rest = {text.p + i, text.n - i};

		if (text.p[i] != '=') {
			buf_chr(&b, text.p[i]);
			continue;
		}
		if (!str_starts(rest, STR("=2C")) && !str_starts(rest, STR("=3D")))
			return false;
		buf_chr(&b, str_starts(rest, STR("=2C")) ? ',' : '=');
		i += 2;
	}
	out[b.n] = '\0';
	return !b.full && utf8_valid(text) && !memchr(out, '\0', b.n);
}

/* The value of "x=value". False: another attribute. */
static bool attribute(struct str part, char letter, struct str *value)
{
	if (part.n < 2 || part.p[0] != letter || part.p[1] != '=')
		return false;
	*value = (struct str){part.p + 2, part.n - 2};
	return true;
}

/* Keeps what the client's side has to be bound to as well. False: there is nothing of that name. */
static bool bind_to(struct scram *s, struct str name, const struct scram_binding *b)
{
	struct str bytes = str_eq(name, STR("tls-exporter"))	       ? b->exporter
			   : str_eq(name, STR("tls-server-end-point")) ? b->endpoint
								       : STR_NONE;

	if (!bytes.n || bytes.n > sizeof(s->bound))
		return false;
	memcpy(s->bound, bytes.p, bytes.n);
	s->bound_size = bytes.n;
	return true;
}

/*
 * "p=name" binds, and belongs to the mechanism that does. "y" says that the client would and believes that we cannot:
 * where we can, somebody in between has hidden it. "n": the client cannot.
 */
static bool take_flag(struct scram *s, struct str flag, const struct scram_binding *b)
{
	static const struct scram_binding none = {0};
	struct str name;

	b = b ? b : &none;
	if (b->plus)
		return attribute(flag, 'p', &name) && bind_to(s, name, b);
	return str_eq(flag, STR("n")) || (str_eq(flag, STR("y")) && !b->offered);
}

/* The flag and an identity, where one is named: "n,,", "p=tls-exporter,a=name,". RFC 5802, 7 */
static bool take_header(struct scram *s, struct str *rest, const struct scram_binding *b)
{
	const char *start = rest->p;
	struct str flag, identity, value;
	size_t size;

	if (!str_split(rest, ',', &flag) || !str_split(rest, ',', &identity))
		return false;
	if (!take_flag(s, flag, b))
		return false;
	if (identity.n && (!attribute(identity, 'a', &value) || !scram_take_name(s->authzid, value)))
		return false;
	size = (size_t)(rest->p - start);
	if (size >= sizeof(s->header))
		return false;
	memcpy(s->header, start, size);
	return true;
}

static bool is_nonce(struct str nonce)
{
	for (size_t i = 0; i < nonce.n; i++)
		if (nonce.p[i] < '!' || nonce.p[i] > '~' || nonce.p[i] == ',')
			return false;
	return nonce.n > 0 && nonce.n < NONCE_MAX;
}

/* A mandatory extension ("m=") in front is one that we do not know. */
static bool take_first(struct scram *s, struct str bare)
{
	struct str rest = bare, part, name, nonce;

	if (!str_split(&rest, ',', &part) || !attribute(part, 'n', &name) || !scram_take_name(s->name, name))
		return false;
	if (!str_split(&rest, ',', &part) || !attribute(part, 'r', &nonce) || !is_nonce(nonce))
		return false;
	memcpy(s->nonce, nonce.p, nonce.n);
	buf_str(&s->said, bare);
	return s->name[0] && !s->said.full;
}

static void add_nonce(struct scram *s, const char *nonce)
{
	unsigned char bytes[NONCE_SIZE];
	char text[NONCE_MAX];
	struct buf b;

	arc4random_buf(bytes, sizeof(bytes));
	buf_init(&b, text, sizeof(text) - 1);
	base64_encode(&b, (struct str){(const char *)bytes, sizeof(bytes)});
	text[b.n] = '\0';
	strlcat(s->nonce, nonce ? nonce : text, sizeof(s->nonce));
}

struct scram *scram_new(struct str client_first, const struct scram_binding *binding, const char *nonce)
{
	struct scram *s = mem_zalloc(sizeof(*s));

	buf_init(&s->said, s->log, sizeof(s->log));
	if (client_first.n > SCRAM_MESSAGE_MAX || !take_header(s, &client_first, binding) || !take_first(s, client_first)) {
		scram_free(s);
		return NULL;
	}
	add_nonce(s, nonce);
	return s;
}

void scram_free(struct scram *s)
{
	if (s)
		explicit_bzero(s, sizeof(*s));
	mem_free(s);
}

const char *scram_name(const struct scram *s)
{
	return s->name;
}

const char *scram_authzid(const struct scram *s)
{
	return s->authzid;
}

bool scram_challenge(struct scram *s, const struct credential *c, struct buf *out)
{
	size_t before = out->n;

	s->credential = *c;
	s->challenged = true;
	buf_cstr(out, "r=");
	buf_cstr(out, s->nonce);
	buf_cstr(out, ",s=");
	base64_encode(out, (struct str){(const char *)c->salt, c->salt_size});
	buf_cstr(out, ",i=");
	buf_u64(out, c->iterations);
	buf_chr(&s->said, ',');
	buf_add(&s->said, out->p + before, out->n - before);
	return !out->full && !s->said.full;
}

bool scram_is_of(const struct scram *s, struct str credentials)
{
	struct credential c;
	bool same = credential_parse(&c, credentials) && credential_same(c.stored, s->credential.stored);

	explicit_bzero(&c, sizeof(c));
	return same;
}

/* "c=" is the header once more, and what it is bound to: nobody between us has altered it. */
static bool is_our_header(const struct scram *s, struct str encoded)
{
	char memory[sizeof(s->header) + BOUND_MAX], wanted[sizeof(memory)];
	struct buf b, ours;

	buf_init(&b, memory, sizeof(memory));
	buf_init(&ours, wanted, sizeof(wanted));
	buf_cstr(&ours, s->header);
	buf_add(&ours, s->bound, s->bound_size);
	return base64_decode(&b, encoded) && str_eq(buf_view(&b), buf_view(&ours));
}

static bool take_final(struct scram *s, struct str final, unsigned char proof[CREDENTIAL_KEY_SIZE])
{
	const char *p = memrchr(final.p, ',', final.n);
	struct str without = {final.p, p ? (size_t)(p - final.p) : 0};
	struct str rest = without, part, value;
	struct buf b;

	if (!p || !str_split(&rest, ',', &part) || !attribute(part, 'c', &value) || !is_our_header(s, value))
		return false;
	if (!str_split(&rest, ',', &part) || !attribute(part, 'r', &value) || !str_eq(value, str_of(s->nonce)))
		return false;
	if (!attribute((struct str){p + 1, final.n - without.n - 1}, 'p', &value))
		return false;
	buf_init(&b, proof, CREDENTIAL_KEY_SIZE);
	buf_chr(&s->said, ',');
	buf_str(&s->said, without);
	return base64_decode(&b, value) && b.n == CREDENTIAL_KEY_SIZE && !s->said.full;
}

/* The proof is the client key hidden under a signature that only the stored key makes: RFC 5802, 3. */
static bool proves(const struct scram *s, unsigned char proof[CREDENTIAL_KEY_SIZE])
{
	unsigned char signature[CREDENTIAL_KEY_SIZE], stored[CREDENTIAL_KEY_SIZE];

	if (!credential_hmac(signature, s->credential.stored, buf_view(&s->said)))
		return false;
	for (size_t i = 0; i < CREDENTIAL_KEY_SIZE; i++)
		proof[i] ^= signature[i];
	return credential_hash(stored, (struct str){(const char *)proof, CREDENTIAL_KEY_SIZE}) &&
	       credential_same(stored, s->credential.stored);
}

bool scram_finish(struct scram *s, struct str client_final, struct buf *out)
{
	unsigned char proof[CREDENTIAL_KEY_SIZE], signature[CREDENTIAL_KEY_SIZE];
	bool right;

	if (!s->challenged || !client_final.n || client_final.n > SCRAM_MESSAGE_MAX ||
	    !take_final(s, client_final, proof))
		return false;
	right = proves(s, proof);
	explicit_bzero(proof, sizeof(proof));
	if (!right || !credential_hmac(signature, s->credential.server, buf_view(&s->said)))
		return false;
	buf_cstr(out, "v=");
	base64_encode(out, (struct str){(const char *)signature, sizeof(signature)});
	return !out->full;
}
