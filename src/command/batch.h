#pragma once

#include <stdbool.h>

#include "base/str.h"
#include "proto/line.h"

struct call;
struct message;
struct session;

/* A line in a batch that its client has begun, or one that ends it for want of being in it. True: it was taken. */
bool batch_takes(struct call *call);

/* What the answer to a line will bear: its own label, or that of the batch which it ends. */
struct str batch_label(const struct session *s, const struct message *m, char memory[LINE_CLIENT_TAGS_MAX]);
