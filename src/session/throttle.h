#pragma once

#include <stdbool.h>
#include <stdint.h>

struct server;
struct session;

/*
 * Flood control: a token bucket in thousandths of a token. Nobody is cut off for typing fast; the input waits, and TCP holds
 * the sender back.
 */
void throttle_init(struct session *s);
/* Takes what a command cost. True: the bucket is empty, hold the input. */
bool throttle_take(struct session *s, uint32_t cost);
/* When there is a token again, mono ms. */
int64_t throttle_until(const struct session *s);
