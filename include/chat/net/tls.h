#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/transport.h"

/*
 * TLS 1.2 and 1.3 (RFC 5246, RFC 8446) over a plain transport, with OpenSSL. Where the kernel can hold the keys of both
 * directions, a server's connection becomes one to it after the handshake: hardly more memory than a plain one, and it
 * can be handed over at a restart.
 */

/* What one side of TLS needs: certificates, keys. Counted: a connection keeps the one that it began with. */
struct tls_context;

struct tls_pair {
	const char *certificate; /* file in PEM, with its chain behind it */
	const char *key;         /* file in PEM, without a password */
};

enum { TLS_TICKET_KEYS = 80 };

struct tls_server_config {
	const struct tls_pair *pairs; /* the first is for those who name no other */
	size_t count;                 /* at least 1 */
	/* Sessions can be resumed for as long as these are the same. */
	unsigned char ticket_keys[TLS_TICKET_KEYS];
	bool kernel; /* the kernel may hold the keys */
	/* File in PEM of the authorities whose certificates of clients are trusted; NULL: nobody's are. None must be shown. */
	const char *client_authorities;
};

struct tls_client_config {
	const char *authorities; /* file of certificates that are trusted, in PEM; NULL: those of the system */
	const char *certificate; /* to show; NULL: none */
	const char *key;
};

/* 0; or -EINVAL, -errno with a sentence in why that names the file. */
int tls_server_new(struct tls_context **out, const struct tls_server_config *config, char *why, size_t size);
int tls_client_new(struct tls_context **out, const struct tls_client_config *config, char *why, size_t size);
struct tls_context *tls_context_ref(struct tls_context *ctx);
void tls_context_unref(struct tls_context *ctx); /* NULL is legal */
/* A server's: from now on these are the keys of resumption. Sessions of those before begin anew. */
void tls_context_set_tickets(struct tls_context *ctx, const unsigned char keys[TLS_TICKET_KEYS]);

/* When the first of its certificates is no longer valid; ms since 1970. */
int64_t tls_context_expires(const struct tls_context *ctx);
/* The pin of the first certificate: "sha256/" and base64 of the hash of its public key. */
enum { TLS_PIN_MAX = 64 };
void tls_context_pin(const struct tls_context *ctx, char pin[TLS_PIN_MAX]);

/* A certificate that signs itself, for ten years, and its key (P-256), for files that are not there. 0; -errno, why. */
int tls_make_pair(const struct tls_pair *files, const char *name, char *why, size_t size);

/* Puts TLS over *t, which is plain and has nothing read. On failure (-errno) it is as it was. */
int transport_tls_accept(struct transport *t, struct tls_context *ctx);
/* host: whom to ask for, and whose certificate it must be. */
int transport_tls_connect(struct transport *t, struct tls_context *ctx, const char *host);

/*
 * Goes on with the handshake. 0: done; -EAGAIN: wait for what ops->wants says; else it is over, with a sentence in why
 * ("" where the peer just went). Only until it is done: from then on *t is a transport like any other.
 */
int transport_tls_handshake(struct transport *t, char *why, size_t size);

/*
 * What a login can be bound to, so that nobody in between can pass it on: the exporter of RFC 9266 and the hash of the
 * server's certificate, RFC 5929, 4. A size of 0: there is none.
 */
enum { TLS_EXPORTER_SIZE = 32, TLS_ENDPOINT_MAX = 64 };
struct tls_binding {
	uint8_t exporter_size, endpoint_size;
	unsigned char exporter[TLS_EXPORTER_SIZE]; /* of TLS 1.3 alone */
	unsigned char endpoint[TLS_ENDPOINT_MAX];
};

/* The field of a certificate that says whose it is. */
enum tls_name { TLS_NAME_NONE, TLS_NAME_CN, TLS_NAME_UID, TLS_NAME_EMAIL };
enum { TLS_NAME_MAX = 128 };

struct tls_facts {
	char version[16], cipher[64];
	char certfp[65];       /* SHA-256 of the peer's certificate in lower-case hex; "": it showed none */
	char pin[TLS_PIN_MAX]; /* of the peer's public key; "" */
	char alpn[16];
	bool resumed;
	bool trusted; /* the certificate is of an authority that is trusted; to a client: and the host's */
	char distrust[128]; /* why not */
};
/* Of a handshake that is done, before the first read; false: it is none of TLS, or the kernel has it already. */
bool transport_tls_facts(const struct transport *t, struct tls_facts *out);
/* At the same time, on both sides. False: there is nothing to bind to. */
bool transport_tls_binding(const struct transport *t, struct tls_binding *out);
/*
 * That field of the peer's certificate, where an authority that is trusted says so; of an address of e-mail what stands before
 * the '@'. False: it shows none such, or more than one, or one that is no text.
 */
bool transport_tls_name(const struct transport *t, enum tls_name field, char name[TLS_NAME_MAX]);
/*
 * Gives the keys to the kernel where it takes both directions. Call after transport_tls_facts. True: *t is one of the
 * kernel's now.
 */
bool transport_tls_settle(struct transport *t);
