#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * Passwords as they are stored: scrypt (RFC 7914) in the PHC string format,
 * "$scrypt$ln=15,r=8,p=1$SALT$HASH" with both in base64 without padding. Derivations take tens of milliseconds and tens of
 * megabytes: they belong on the worker thread.
 */
enum { PASSWORD_STORED_MAX = 128, PASSWORD_GIVEN_MAX = 1024 };

/* Whether the stored text claims to be a hash and no plain password: it begins with '$' and a name between dollar signs. */
bool password_is_hashed(const char *stored);
/* Whether it is one that password_verify can deal with, within bounds of time and memory. */
bool password_is_sound(const char *stored);

/* stored gets at most PASSWORD_STORED_MAX bytes with the NUL. 0 or -errno. Blocks. */
int password_hash(const char *given, char stored[PASSWORD_STORED_MAX]);

/* Compares in a time that tells nothing of where they differ. Damaged, or no memory to derive: false. Blocks. */
bool password_verify(const char *stored, const char *given);

/*
 * The one that was right last, for a password that everybody gives: the second time costs microseconds. What it holds is
 * of use to this process alone. All zero: none.
 */
struct password_memory {
	unsigned char key[32], digest[32];
	bool set;
};
void password_remember(struct password_memory *m, const char *stored, const char *given);
bool password_remembered(const struct password_memory *m, const char *stored, const char *given);
