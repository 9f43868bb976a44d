#pragma once

#include <stdbool.h>

#include "base/str.h"

/* What jwt.c needs of its keys: RFC 7518, 3, and RFC 8037, 3.1. */
struct jwt_algorithm;
struct jwt_key;

const char *jwt_algorithm_name(const struct jwt_algorithm *a);

/* A copy of it has the key as well. */
void jwt_key_share(struct jwt_key *k);
void jwt_key_drop(struct jwt_key *k);

/* Of a key without a fault. The signature is as a token has it. */
bool jwt_key_signed(const struct jwt_key *k, struct str text, struct str signature);
