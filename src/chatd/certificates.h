#pragma once

#include <stdbool.h>
#include <stddef.h>

struct config;
struct loop;
struct tls_context;
struct tls_pair;

/*
 * The certificates that TLS doors show: those of the configuration, or one that signs itself, made once in the state
 * directory. A warning comes two weeks before the first of them ends.
 */
struct certificates;

struct certificates *certificates_new(struct loop *loop);
void certificates_free(struct certificates *c);

/*
 * A change in two steps. prepare reads the files that config names; where it names none and wanted says that some door
 * needs one, the one in the state directory, which is made at need. 0; or -errno with a sentence in why, and those
 * before stay. commit puts what was read in the place of those; drop forgets it.
 */
int certificates_prepare(struct certificates *c, const struct config *config, bool wanted, char *why, size_t size);
void certificates_commit(struct certificates *c);
void certificates_drop(struct certificates *c);

/* For new connections; NULL: there are none. */
struct tls_context *certificates_tls(const struct certificates *c);

/* chatd --make-cert: makes the first pair that config names, or that of the state directory. An exit code of sysexits(3). */
int certificates_make(const struct config *config);
