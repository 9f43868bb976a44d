#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "net/tls_internal.h"

enum { YEARS_10 = 3650 * 24 * 60 * 60, SERIAL_BYTES = 16, SAN_MAX = 300 };

static bool add_extension(X509 *cert, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *ext;
	bool good;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, cert, cert, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	good = ext && X509_add_ext(cert, ext, -1) == 1;
	X509_EXTENSION_free(ext);
	return good;
}

static bool set_serial(X509 *cert)
{
	unsigned char bytes[SERIAL_BYTES];
	BIGNUM *number;
	bool good;

	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		return false;
	bytes[0] &= 0x7f;
	number = BN_bin2bn(bytes, sizeof(bytes), NULL);
	good = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert));
	BN_free(number);
	return good;
}

/* RFC 5280. Names are host names: nothing in them means anything to the syntax of extensions. */
static bool fill(X509 *cert, EVP_PKEY *key, const char *name)
{
	X509_NAME *subject = X509_get_subject_name(cert);
	char san[SAN_MAX];

	snprintf(san, sizeof(san), "DNS:%s", name);
	return X509_set_version(cert, 2) == 1 && set_serial(cert) &&
	       X509_gmtime_adj(X509_getm_notBefore(cert), -3600) &&
	       X509_gmtime_adj(X509_getm_notAfter(cert), YEARS_10) && X509_set_pubkey(cert, key) == 1 &&
	       X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0) == 1 &&
	       X509_set_issuer_name(cert, subject) == 1 && add_extension(cert, NID_subject_alt_name, san) &&
	       add_extension(cert, NID_basic_constraints, "critical,CA:FALSE") &&
	       add_extension(cert, NID_ext_key_usage, "serverAuth") && X509_sign(cert, key, EVP_sha256()) > 0;
}

static FILE *create(const char *path, unsigned mode, char *why, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode), error = errno;
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");

	if (!f)
		snprintf(why, size, "%s: %s", path, strerror(error));
	errno = error;
	return f;
}

/* The key first: with a certificate alone nobody would know what is missing. */
static int write_files(const struct tls_pair *files, X509 *cert, EVP_PKEY *key, char *why, size_t size)
{
	FILE *f = create(files->key, 0600, why, size);
	bool good;

	if (!f)
		return -errno;
	good = PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL) == 1;
	good = fflush(f) == 0 && fsync(fileno(f)) == 0 && good;
	fclose(f);
	f = good ? create(files->certificate, 0644, why, size) : NULL;
	if (!f) {
		int error = good ? errno : EIO;

		unlink(files->key);
		return -error;
	}
	good = PEM_write_X509(f, cert) == 1;
	good = fflush(f) == 0 && fsync(fileno(f)) == 0 && good;
	fclose(f);
	if (good)
		return 0;
	unlink(files->key);
	unlink(files->certificate);
	snprintf(why, size, "%s: it could not be written", files->certificate);
	return -EIO;
}

int tls_make_pair(const struct tls_pair *files, const char *name, char *why, size_t size)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	int err;

	if (key && cert && fill(cert, key, name))
		err = write_files(files, cert, key, why, size);
	else
		err = tls_fail(name, why, size);
	X509_free(cert);
	EVP_PKEY_free(key);
	return err;
}
