#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The service manager and its journal. service_systemd.c; service_none.c where there is neither.
 */
bool service_is_heard(void); /* somebody hears what is told here */
void service_ready(const char *status);
void service_reloading(void); /* followed by service_ready, whatever came of it */
void service_status(const char *status);
void service_stopping(const char *status);

/* What is being done, at the start, at a reload or at the end, may take so long from now on, without being given up. */
void service_extend_timeout(int64_t ms);

/* The time that may pass between two service_alive before the process counts as hung; 0: nobody looks. */
int64_t service_watchdog_ms(void);
void service_alive(void);
/* Another such time from now on, whatever service_watchdog_ms says. */
void service_watchdog_set(int64_t ms);

/* Memory of this process that is resident, rounded up; 0: the system does not tell. */
unsigned service_memory_mb(void);

/* There is a manager that may keep descriptors. */
bool service_can_store(void);
/*
 * Gives descriptors to the service manager to keep under a name until this service is started again. 0 when it has
 * them; or -errno: there is none, it keeps none (-ENOTSUP), or does not answer in time.
 */
int service_store(const char *name, const int *fds, size_t count);
/* It is to keep nothing of that name any more. */
void service_unstore(const char *name);

/* stderr is the journal's. */
bool service_has_journal(void);
/* The service manager started this process itself: what stands on stderr is read with its eyes. */
bool service_is_managed(void);
