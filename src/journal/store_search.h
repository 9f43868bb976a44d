#pragma once

#include "journal/history_source.h"
#include "journal/store_disk.h"

/* For history_source: ctx is a struct disk. -ETIME: it would take too long. */
int store_search(void *ctx, struct history_read *r);
/* store_said.c: the same for HISTORY_SAID. */
int store_said(void *ctx, struct history_read *r);
