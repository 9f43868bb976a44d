#pragma once

#include <stdbool.h>
#include <stddef.h>

struct doors;
struct engine;
struct handoff_in;
struct handoff_out;
struct server;

/*
 * A restart that drops nobody, between two processes. The state goes through the service manager, which keeps it while
 * there is no process, or stays in this one across exec.
 */

/*
 * All that engine and doors have in hand, sealed. across_exec: the service manager hands nothing over anew. NULL: it
 * came to nothing, which was logged; engine_stay then. Not inside the loop.
 */
struct handoff_out *handover_pack(struct engine *e, struct doors *d, bool across_exec);

/* Gives it to the service manager. 0; or -errno: it does not keep such things, or does not answer. */
int handover_store(const struct handoff_out *h);

/* Lays it out for the program that this process is about to become, or for handover_find in this one. Frees h. */
void handover_inherit(struct handoff_out *h);

/*
 * A predecessor's state waits with the service manager for this process, which has not asked for it yet. One that cannot
 * start leaves it there, and EX_TEMPFAIL lets the manager try again.
 */
bool handover_waits(void);

/*
 * What a predecessor left: in this process, or with the service manager (stored, which are its own from here on). NULL:
 * nothing, or nothing that can be used, which is logged.
 */
struct handoff_in *handover_find(const int *stored, size_t nstored);

/* Names are compared as they were, whatever the configuration says. */
void handover_adapt(const struct handoff_in *h, struct server *server);

/* Takes all of it up, before engine_open and doors_apply, and closes what could not be placed. Logs what came of it. */
void handover_arrive(struct handoff_in *h, struct engine *e, struct doors *d);
