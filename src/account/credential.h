#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/*
 * What is kept of a password: salted keys of SCRAM-SHA-256, from which it cannot be told. RFC 5802, 3; written as RFC
 * 5803 has it: "SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey".
 */
enum {
	CREDENTIAL_KEY_SIZE = 32,
	CREDENTIAL_SALT_MAX = 32,
	CREDENTIAL_TEXT_MAX = 200,
	CREDENTIAL_ITERATIONS_MIN = 4096, /* RFC 7677, 4 */
	CREDENTIAL_ITERATIONS_MAX = 10000000,
};

struct credential {
	uint32_t iterations;
	size_t salt_size;
	unsigned char salt[CREDENTIAL_SALT_MAX];
	unsigned char stored[CREDENTIAL_KEY_SIZE];
	unsigned char server[CREDENTIAL_KEY_SIZE];
};

/* The one of that scheme among those of an account. False: there is none that can be read. */
bool credential_parse(struct credential *c, struct str text);
void credential_write(struct buf *out, const struct credential *c);

/* Slow, as it shall be. A fresh salt each time. False: the library failed. */
bool credential_make(struct credential *c, struct str password, uint32_t iterations);
/* Slow. Takes the same time whatever the password is. */
bool credential_check(const struct credential *c, struct str password);

/*
 * What stands for an account that is not there: salt and keys that are the same each time for the same name, and
 * that no password opens, so that nobody can tell it from one that is.
 */
void credential_fake(struct credential *c, const unsigned char secret[CREDENTIAL_KEY_SIZE], struct str name,
		     uint32_t iterations);

/* HMAC-SHA256 with a key of any length. */
bool credential_mac(unsigned char out[CREDENTIAL_KEY_SIZE], struct str key, struct str data);

/* The pieces, for scram.c. */
bool credential_hmac(unsigned char out[CREDENTIAL_KEY_SIZE], const unsigned char key[CREDENTIAL_KEY_SIZE],
		     struct str data);
bool credential_hash(unsigned char out[CREDENTIAL_KEY_SIZE], struct str data);
bool credential_same(const unsigned char a[CREDENTIAL_KEY_SIZE], const unsigned char b[CREDENTIAL_KEY_SIZE]);
