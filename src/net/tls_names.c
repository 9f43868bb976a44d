#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>

#include "net/tls_internal.h"

/* What a handshake tells beside its keys: what a login is bound to, and who the peer is. */

static void take_exporter(SSL *ssl, struct tls_binding *b)
{
	static const char label[] = "EXPORTER-Channel-Binding"; /* RFC 9266, 2 */

	if (SSL_version(ssl) != TLS1_3_VERSION)
		return;
	if (SSL_export_keying_material(ssl, b->exporter, sizeof(b->exporter), label, sizeof(label) - 1, NULL, 0, 0) ==
	    1)
		b->exporter_size = sizeof(b->exporter);
}

/* By the hash that the certificate was signed with, or SHA-256 in place of one that is broken: RFC 5929, 4.1. */
static const EVP_MD *endpoint_hash(const X509 *cert)
{
	int hash = NID_undef;

	if (!OBJ_find_sigid_algs(X509_get_signature_nid(cert), &hash, NULL) || hash == NID_undef)
		return NULL;
	return hash == NID_md5 || hash == NID_sha1 ? EVP_sha256() : EVP_get_digestbynid(hash);
}

static void take_endpoint(const SSL *ssl, struct tls_binding *b)
{
	const X509 *cert = SSL_is_server(ssl) ? SSL_get_certificate(ssl) : SSL_get0_peer_certificate(ssl);
	const EVP_MD *hash = cert ? endpoint_hash(cert) : NULL;
	unsigned n = 0;

	if (hash && EVP_MD_get_size(hash) <= TLS_ENDPOINT_MAX && X509_digest(cert, hash, b->endpoint, &n) == 1)
		b->endpoint_size = (uint8_t)n;
}

bool tls_binding(SSL *ssl, struct tls_binding *out)
{
	*out = (struct tls_binding){0};
	take_exporter(ssl, out);
	take_endpoint(ssl, out);
	ERR_clear_error();
	return out->exporter_size || out->endpoint_size;
}

/* The text, if there is one that is a name: no NUL hides what follows. */
static bool take_text(const ASN1_STRING *text, char stop, char name[TLS_NAME_MAX])
{
	unsigned char *utf8 = NULL;
	int n = text ? ASN1_STRING_to_UTF8(&utf8, text) : -1;
	const char *end = n > 0 ? memchr(utf8, stop, (size_t)n) : NULL;
	size_t size = end ? (size_t)(end - (const char *)utf8) : n > 0 ? (size_t)n : 0;
	bool good = size && size < TLS_NAME_MAX && !memchr(utf8, '\0', (size_t)n) && (end || stop == '\0');

	if (good) {
		memcpy(name, utf8, size);
		name[size] = '\0';
	}
	OPENSSL_free(utf8);
	return good;
}

static bool subject_field(const X509 *cert, int nid, char name[TLS_NAME_MAX])
{
	const X509_NAME *subject = X509_get_subject_name(cert);
	int at = X509_NAME_get_index_by_NID(subject, nid, -1);

	if (at < 0 || X509_NAME_get_index_by_NID(subject, nid, at) >= 0)
		return false;
	return take_text(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)), '\0', name);
}

/* Of its alternative names: the one address of e-mail. */
static bool email_field(const X509 *cert, char name[TLS_NAME_MAX])
{
	GENERAL_NAMES *all = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	const ASN1_STRING *found = NULL;
	int count = 0;
	bool good;

	for (int i = 0; i < sk_GENERAL_NAME_num(all); i++) {
		const GENERAL_NAME *each = sk_GENERAL_NAME_value(all, i);

		if (each->type != GEN_EMAIL)
			continue;
		found = each->d.rfc822Name;
		count++;
	}
	good = count == 1 && take_text(found, '@', name);
	GENERAL_NAMES_free(all);
	return good;
}

bool tls_name(SSL *ssl, enum tls_name field, char name[TLS_NAME_MAX])
{
	X509 *cert = SSL_get_verify_result(ssl) == X509_V_OK ? SSL_get1_peer_certificate(ssl) : NULL;
	bool good = false;

	if (!cert)
		return false;
	if (field == TLS_NAME_CN)
		good = subject_field(cert, NID_commonName, name);
	else if (field == TLS_NAME_UID)
		good = subject_field(cert, NID_userId, name);
	else if (field == TLS_NAME_EMAIL)
		good = email_field(cert, name);
	X509_free(cert);
	ERR_clear_error();
	return good;
}
