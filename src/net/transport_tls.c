#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "base/mem.h"
#include "base/str.h"
#include "loop/poller.h"
#include "net/tls_internal.h"

/* A record holds no more. */
enum { RECORD_MAX = 16384 };

struct tls {
	SSL *ssl;
	struct tls_context *ctx;
	size_t retry;   /* so many bytes must be offered again: they are in a record already */
	unsigned wants; /* POLL_*, of the operation that waits */
	bool failed;    /* nothing may be sent any more, not even a goodbye */
};

/* What came of an operation, as ops say it. */
static int result(struct tls *tls, int ret)
{
	int error = SSL_get_error(tls->ssl, ret);

	switch (error) {
	case SSL_ERROR_WANT_READ:
		return -EAGAIN;
	case SSL_ERROR_WANT_WRITE:
		tls->wants = POLL_WRITE;
		return -EAGAIN;
	case SSL_ERROR_ZERO_RETURN:
		return 0;
	default:
		break;
	}
	tls->failed = true;
	/* Most programs close without a goodbye. For lines that have ends of their own this is no matter. */
	if (error == SSL_ERROR_SSL && ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING)
		return 0;
	if (error == SSL_ERROR_SYSCALL)
		return errno ? -errno : 0;
	return -EPROTO;
}

static int prepare(struct transport *t, struct tls **tls)
{
	*tls = t->state;
	(*tls)->wants = 0;
	ERR_clear_error();
	errno = 0;
	return (*tls)->failed ? -EPIPE : 0;
}

static ssize_t tls_read(struct transport *t, struct iovec *iov, int iovcnt)
{
	struct tls *tls;
	ssize_t total = 0;
	int n = prepare(t, &tls);

	if (n)
		return n;
	for (int i = 0; i < iovcnt; i++) {
		size_t had = 0;

		while (had < iov[i].iov_len) {
			n = SSL_read(tls->ssl, (char *)iov[i].iov_base + had, (int)(iov[i].iov_len - had));
			if (n <= 0)
				return total ? total : result(tls, n);
			had += (size_t)n;
			total += n;
		}
	}
	return total;
}

/* The first n bytes of what is to be sent, in one piece. */
static const char *gather(const struct iovec *iov, int iovcnt, size_t n, char room[RECORD_MAX])
{
	size_t front = iov[0].iov_len;

	if (front >= n || iovcnt < 2)
		return iov[0].iov_base;
	memcpy(room, iov[0].iov_base, front);
	memcpy(room + front, iov[1].iov_base, n - front);
	return room;
}

static size_t size_of(const struct iovec *iov, int iovcnt)
{
	size_t n = 0;

	for (int i = 0; i < iovcnt; i++)
		n += iov[i].iov_len;
	return n;
}

static void skip(struct iovec **iov, int *iovcnt, size_t n)
{
	while (*iovcnt > 0 && n >= (*iov)->iov_len) {
		n -= (*iov)->iov_len;
		++*iov;
		--*iovcnt;
	}
	if (*iovcnt > 0) {
		(*iov)->iov_base = (char *)(*iov)->iov_base + n;
		(*iov)->iov_len -= n;
	}
}

/* By whole records, so that one which did not go out is offered again just as it was. */
static ssize_t tls_write(struct transport *t, struct iovec *iov, int iovcnt)
{
	char room[RECORD_MAX];
	struct tls *tls;
	ssize_t total = 0;
	size_t left;
	int n = prepare(t, &tls);

	if (n)
		return n;
	for (left = size_of(iov, iovcnt); left; left = size_of(iov, iovcnt)) {
		size_t piece = left < RECORD_MAX ? left : RECORD_MAX;

		if (tls->retry)
			piece = tls->retry;
		n = SSL_write(tls->ssl, gather(iov, iovcnt, piece, room), (int)piece);
		if (n <= 0) {
			n = result(tls, n);
			tls->retry = n == -EAGAIN ? piece : 0;
			return total ? total : n ? n : -EPIPE;
		}
		tls->retry = 0;
		total += n;
		skip(&iov, &iovcnt, (size_t)n);
	}
	return total;
}

/* close_notify, and then the end of what is sent (RFC 8446, section 6.1). */
static int tls_shutdown(struct transport *t)
{
	struct tls *tls;

	if (prepare(t, &tls) == 0 && SSL_is_init_finished(tls->ssl) && !tls->retry) {
		int n = SSL_shutdown(tls->ssl);

		if (n < 0 && result(tls, n) == -EAGAIN && tls->wants == POLL_WRITE)
			return -EAGAIN;
	}
	return shutdown(t->fd, SHUT_WR) < 0 ? -errno : 0;
}

static unsigned tls_wants(const struct transport *t)
{
	return ((const struct tls *)t->state)->wants;
}

static bool tls_pending(const struct transport *t)
{
	return SSL_pending(((const struct tls *)t->state)->ssl) > 0;
}

static void release(struct tls *tls)
{
	SSL_free(tls->ssl);
	tls_context_unref(tls->ctx);
	mem_free(tls);
}

static void tls_free(struct transport *t)
{
	release(t->state);
	close(t->fd);
	t->fd = -1;
}

static const struct transport_ops tls_ops = {
	.read = tls_read,
	.write = tls_write,
	.shutdown = tls_shutdown,
	.wants = tls_wants,
	.pending = tls_pending,
	.free = tls_free,
};

static struct tls *begin(struct transport *t, struct tls_context *ctx)
{
	struct tls *tls = mem_zalloc(sizeof(*tls));

	ERR_clear_error();
	tls->ssl = SSL_new(ctx->each[0]);
	if (!tls->ssl || SSL_set_fd(tls->ssl, t->fd) != 1) {
		SSL_free(tls->ssl);
		mem_free(tls);
		return NULL;
	}
	tls->ctx = tls_context_ref(ctx);
	return tls;
}

static void stand_on(struct transport *t, struct tls *tls)
{
	*t = (struct transport){.ops = &tls_ops, .state = tls, .fd = t->fd};
}

int transport_tls_accept(struct transport *t, struct tls_context *ctx)
{
	struct tls *tls = begin(t, ctx);

	if (!tls)
		return -ENOMEM;
	SSL_set_accept_state(tls->ssl);
	stand_on(t, tls);
	return 0;
}

int transport_tls_connect(struct transport *t, struct tls_context *ctx, const char *host)
{
	struct tls *tls = begin(t, ctx);

	if (!tls)
		return -ENOMEM;
	if (SSL_set_tlsext_host_name(tls->ssl, host) != 1 || SSL_set1_host(tls->ssl, host) != 1) {
		release(tls);
		return -EINVAL;
	}
	SSL_set_connect_state(tls->ssl);
	stand_on(t, tls);
	return 0;
}

int transport_tls_handshake(struct transport *t, char *why, size_t size)
{
	struct tls *tls;
	int n, err = prepare(t, &tls);

	why[0] = '\0';
	if (err)
		return err;
	n = SSL_do_handshake(tls->ssl);
	if (n == 1)
		return 0;
	err = result(tls, n);
	if (err == -EPROTO)
		(void)tls_fail("TLS", why, size);
	ERR_clear_error();
	return err ? err : -ECONNRESET;
}

/* Facts */

static void take_peer(SSL *ssl, struct tls_facts *f)
{
	X509 *cert = SSL_get1_peer_certificate(ssl);
	unsigned char hash[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	if (!cert)
		return;
	if (X509_digest(cert, EVP_sha256(), hash, &n) == 1)
		str_hex(f->certfp, hash, n);
	tls_pin(cert, f->pin);
	X509_free(cert);
}

bool transport_tls_facts(const struct transport *t, struct tls_facts *out)
{
	const unsigned char *alpn = NULL;
	unsigned n = 0;
	SSL *ssl;
	long verdict;

	*out = (struct tls_facts){.resumed = false};
	if (t->ops != &tls_ops)
		return false;
	ssl = ((const struct tls *)t->state)->ssl;
	snprintf(out->version, sizeof(out->version), "%s", SSL_get_version(ssl));
	snprintf(out->cipher, sizeof(out->cipher), "%s", SSL_get_cipher_name(ssl));
	SSL_get0_alpn_selected(ssl, &alpn, &n);
	if (n < sizeof(out->alpn) && n)
		memcpy(out->alpn, alpn, n);
	out->resumed = SSL_session_reused(ssl) == 1;
	take_peer(ssl, out);
	verdict = SSL_get_verify_result(ssl);
	out->trusted = out->certfp[0] && verdict == X509_V_OK;
	if (verdict != X509_V_OK)
		snprintf(out->distrust, sizeof(out->distrust), "%s", X509_verify_cert_error_string(verdict));
	return true;
}

bool transport_tls_binding(const struct transport *t, struct tls_binding *out)
{
	return t->ops == &tls_ops && tls_binding(((const struct tls *)t->state)->ssl, out);
}

bool transport_tls_name(const struct transport *t, enum tls_name field, char name[TLS_NAME_MAX])
{
	return t->ops == &tls_ops && tls_name(((const struct tls *)t->state)->ssl, field, name);
}

bool transport_tls_settle(struct transport *t)
{
	struct tls *tls = t->state;
	int fd = t->fd;

	if (t->ops != &tls_ops || !tls->ctx->kernel || SSL_has_pending(tls->ssl))
		return false;
	if (!BIO_get_ktls_send(SSL_get_wbio(tls->ssl)) || !BIO_get_ktls_recv(SSL_get_rbio(tls->ssl)))
		return false;
	release(tls);
	transport_ktls_init(t, fd);
	return true;
}
