#pragma once

#include "base/str.h"

struct evp_pkey_st;

/*
 * Public keys as providers show them: a JWK, or a set of them, RFC 7517; of RSA, curves, and Ed25519 (RFC 7518, 6, RFC 8037).
 * The key of that name, or of a JWK without one its key. The caller's; NULL: there is none that can be used.
 */
struct evp_pkey_st *jwk_read(struct str json, const char *kid);
