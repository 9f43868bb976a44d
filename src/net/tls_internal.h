#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/ssl.h>

#include "net/tls.h"

/* What the files of TLS share: contexts, certificates, the transport. */
struct tls_context {
	int refs;
	bool kernel;
	size_t count;
	SSL_CTX **each; /* of a server: one for each pair */
};

/* What OpenSSL says of its last failure, behind what. Returns -EINVAL. */
int tls_fail(const char *what, char *why, size_t size);
void tls_pin(const X509 *cert, char pin[TLS_PIN_MAX]);
/* tls_names.c, for transport_tls.c: of a handshake that is done. */
bool tls_binding(SSL *ssl, struct tls_binding *out);
bool tls_name(SSL *ssl, enum tls_name field, char name[TLS_NAME_MAX]);

/* A socket whose keys are the kernel's. */
void transport_ktls_init(struct transport *t, int fd);
