#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "base/mem.h"
#include "net/tls_internal.h"

/* In this order they are offered; whoever names another gets on without (RFC 7301). */
static const unsigned char alpn[] = "\3irc\10http/1.1";

/* Of TLS 1.2: those that keep what was said secret when a key is lost later, with an AEAD. TLS 1.3 has no others. */
static const char ciphers[] = "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL";

int tls_fail(const char *what, char *why, size_t size)
{
	unsigned long code = ERR_peek_last_error();
	const char *reason = code ? ERR_reason_error_string(code) : NULL;

	snprintf(why, size, "%s: %s", what, reason ? reason : "TLS refuses it");
	ERR_clear_error();
	return -EINVAL;
}

void tls_pin(const X509 *cert, char pin[TLS_PIN_MAX])
{
	unsigned char hash[EVP_MAX_MD_SIZE], *key = NULL;
	unsigned n = 0;
	int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &key);

	pin[0] = '\0';
	if (size <= 0 || !EVP_Digest(key, (size_t)size, hash, &n, EVP_sha256(), NULL)) {
		OPENSSL_free(key);
		return;
	}
	OPENSSL_free(key);
	strlcpy(pin, "sha256/", TLS_PIN_MAX);
	EVP_EncodeBlock((unsigned char *)pin + 7, hash, (int)n);
}

/* No key with a password: nobody is there to type it. */
static int no_password(char *dst, int size, int writing, void *ctx)
{
	(void)dst, (void)size, (void)writing, (void)ctx;
	return 0;
}

static int load_pair(SSL_CTX *ctx, const struct tls_pair *pair, char *why, size_t size)
{
	SSL_CTX_set_default_passwd_cb(ctx, no_password);
	if (SSL_CTX_use_certificate_chain_file(ctx, pair->certificate) != 1)
		return tls_fail(pair->certificate, why, size);
	if (SSL_CTX_use_PrivateKey_file(ctx, pair->key, SSL_FILETYPE_PEM) != 1)
		return tls_fail(pair->key, why, size);
	return 0;
}

static SSL_CTX *new_ctx(const SSL_METHOD *method)
{
	SSL_CTX *ctx = SSL_CTX_new(method);

	if (!ctx)
		return NULL;
	SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
	if (SSL_CTX_set_cipher_list(ctx, ciphers) != 1) {
		SSL_CTX_free(ctx);
		return NULL;
	}
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
				      SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
	return ctx;
}

/* Whoever shows a certificate is known by it, whoever signed it; nobody must. */
static int accept_any(int good, X509_STORE_CTX *store)
{
	(void)good, (void)store;
	return 1;
}

/* Who speaks neither means another server: the handshake ends there, so that nobody's mail or page is made to come out
 * of ours (RFC 7301, section 3.2). Who names nothing is let in. */
static int choose_alpn(SSL *ssl, const unsigned char **out, unsigned char *n, const unsigned char *in, unsigned size,
		       void *ctx)
{
	(void)ssl, (void)ctx;
	if (SSL_select_next_proto((unsigned char **)out, n, alpn, sizeof(alpn) - 1, in, size) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	return SSL_TLSEXT_ERR_OK;
}

/* The certificate of whom they ask for, or the first (RFC 6066, section 3). */
static int choose_pair(SSL *ssl, int *alert, void *arg)
{
	const struct tls_context *ctx = arg;
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);

	(void)alert;
	for (size_t i = 0; name && i < ctx->count; i++) {
		if (X509_check_host(SSL_CTX_get0_certificate(ctx->each[i]), name, 0, 0, NULL) == 1) {
			SSL_set_SSL_CTX(ssl, ctx->each[i]);
			return SSL_TLSEXT_ERR_OK;
		}
	}
	return SSL_TLSEXT_ERR_OK;
}

/* OpenSSL wants them without const. */
static bool set_tickets(SSL_CTX *ctx, const unsigned char keys[TLS_TICKET_KEYS])
{
	unsigned char copy[TLS_TICKET_KEYS];
	bool good;

	memcpy(copy, keys, sizeof(copy));
	good = SSL_CTX_set_tlsext_ticket_keys(ctx, copy, sizeof(copy)) == 1;
	explicit_bzero(copy, sizeof(copy));
	return good;
}

static int set_up_server(struct tls_context *tls, SSL_CTX *ctx, const struct tls_server_config *config)
{
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_CLIENT_ONCE, accept_any);
	SSL_CTX_set_alpn_select_cb(ctx, choose_alpn, NULL);
	SSL_CTX_set_tlsext_servername_callback(ctx, choose_pair);
	SSL_CTX_set_tlsext_servername_arg(ctx, tls);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF); /* tickets: the client keeps it */
	if (config->kernel)
		SSL_CTX_set_options(ctx, SSL_OP_ENABLE_KTLS);
	return set_tickets(ctx, config->ticket_keys);
}

/* What a ticket says of a client's certificate holds for as long as the same authorities are trusted. */
static bool set_context(SSL_CTX *ctx, const char *authorities)
{
	unsigned char id[EVP_MAX_MD_SIZE] = {0};
	STACK_OF(X509_OBJECT) *all = authorities ? X509_STORE_get0_objects(SSL_CTX_get_cert_store(ctx)) : NULL;

	for (int i = 0; i < sk_X509_OBJECT_num(all); i++) {
		const X509 *cert = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(all, i));
		unsigned char hash[EVP_MAX_MD_SIZE] = {0};
		unsigned n = 0;

		if (!cert || X509_digest(cert, EVP_sha256(), hash, &n) != 1)
			continue;
		for (unsigned k = 0; k < n; k++)
			id[k] = (unsigned char)(id[k] + hash[k]);
	}
	return SSL_CTX_set_session_id_context(ctx, id, SSL_MAX_SID_CTX_LENGTH) == 1;
}

static int add_pair(struct tls_context *tls, const struct tls_server_config *config, size_t nth, char *why, size_t size)
{
	SSL_CTX *ctx = new_ctx(TLS_server_method());

	if (!ctx)
		return tls_fail("TLS", why, size);
	tls->each[tls->count++] = ctx;
	if (!set_up_server(tls, ctx, config))
		return tls_fail("TLS", why, size);
	if (config->client_authorities && SSL_CTX_load_verify_locations(ctx, config->client_authorities, NULL) != 1)
		return tls_fail(config->client_authorities, why, size);
	if (!set_context(ctx, config->client_authorities))
		return tls_fail("TLS", why, size);
	return load_pair(ctx, &config->pairs[nth], why, size);
}

int tls_server_new(struct tls_context **out, const struct tls_server_config *config, char *why, size_t size)
{
	struct tls_context *tls = mem_zalloc(sizeof(*tls));
	int err = config->count ? 0 : -EINVAL;

	tls->refs = 1;
	tls->kernel = config->kernel;
	tls->each = mem_zalloc((config->count + 1) * sizeof(SSL_CTX *));
	for (size_t i = 0; i < config->count && !err; i++)
		err = add_pair(tls, config, i, why, size);
	if (err) {
		tls_context_unref(tls);
		return err;
	}
	*out = tls;
	return 0;
}

static int set_up_client(SSL_CTX *ctx, const struct tls_client_config *config, char *why, size_t size)
{
	const struct tls_pair pair = {config->certificate, config->key};

	/* What came of it is a fact: whoever asks decides. */
	SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
	SSL_CTX_set_alpn_protos(ctx, alpn, 4);
	if (config->authorities && SSL_CTX_load_verify_locations(ctx, config->authorities, NULL) != 1)
		return tls_fail(config->authorities, why, size);
	if (!config->authorities)
		SSL_CTX_set_default_verify_paths(ctx);
	return config->certificate ? load_pair(ctx, &pair, why, size) : 0;
}

int tls_client_new(struct tls_context **out, const struct tls_client_config *config, char *why, size_t size)
{
	struct tls_context *tls = mem_zalloc(sizeof(*tls));
	SSL_CTX *ctx = new_ctx(TLS_client_method());
	int err;

	tls->refs = 1;
	tls->each = mem_zalloc(sizeof(SSL_CTX *));
	if (ctx)
		tls->each[tls->count++] = ctx;
	err = ctx ? set_up_client(ctx, config, why, size) : tls_fail("TLS", why, size);
	if (err) {
		tls_context_unref(tls);
		return err;
	}
	*out = tls;
	return 0;
}

struct tls_context *tls_context_ref(struct tls_context *ctx)
{
	ctx->refs++;
	return ctx;
}

void tls_context_unref(struct tls_context *ctx)
{
	if (!ctx || --ctx->refs > 0)
		return;
	for (size_t i = 0; i < ctx->count; i++)
		SSL_CTX_free(ctx->each[i]);
	mem_free(ctx->each);
	mem_free(ctx);
}

void tls_context_set_tickets(struct tls_context *ctx, const unsigned char keys[TLS_TICKET_KEYS])
{
	for (size_t i = 0; i < ctx->count; i++)
		(void)set_tickets(ctx->each[i], keys);
}

int64_t tls_context_expires(const struct tls_context *ctx)
{
	int64_t first = INT64_MAX;
	struct tm tm;

	for (size_t i = 0; i < ctx->count; i++) {
		const X509 *cert = SSL_CTX_get0_certificate(ctx->each[i]);
		int64_t ms;

		if (!cert || ASN1_TIME_to_tm(X509_get0_notAfter(cert), &tm) != 1)
			continue;
		ms = (int64_t)timegm(&tm) * 1000;
		first = ms < first ? ms : first;
	}
	return first;
}

void tls_context_pin(const struct tls_context *ctx, char pin[TLS_PIN_MAX])
{
	const X509 *cert = ctx->count ? SSL_CTX_get0_certificate(ctx->each[0]) : NULL;

	pin[0] = '\0';
	if (cert)
		tls_pin(cert, pin);
}
