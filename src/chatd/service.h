#pragma once

#include <stdbool.h>

/*
 * The service manager and its journal. service_systemd.c; service_none.c where there is neither.
 */
void service_ready(const char *status);
void service_reloading(void); /* followed by service_ready, whatever came of it */
void service_status(const char *status);
void service_stopping(void);

/* stderr is the journal's. */
bool service_has_journal(void);
/* The service manager started this process itself: what stands on stderr is read with its eyes. */
bool service_is_managed(void);
