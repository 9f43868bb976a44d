#pragma once

struct loop;
struct signals;

/*
 * Signals as events. signos ends with 0; the set is blocked in the calling thread (so call it before threads start) and arrives in order
 * of delivery through handler, from the loop; what was pending already does too. 0 or -errno.
 */
int signals_new(struct signals **out, struct loop *loop, const int *signos, void (*handler)(void *ctx, int signo),
                void *ctx);
/*
 * Unblocks them again; those still pending are dropped. Those that were blocked before stay so, and pending ones wait for
 * whoever comes next, after exec too. Legal in the handler; before loop_free.
 */
void signals_free(struct signals *s);
