#pragma once

struct engine;
struct loop;
struct status;

/*
 * What the service manager shows of the running server: "42 users, 7 channels, 3 MB". Told anew when users or channels
 * are other than they were, STATUS_MS after the last time at the earliest; while nothing changes, nothing wakes up.
 */
enum { STATUS_MS = 10000 };

struct status *status_new(struct loop *loop, const struct engine *engine);
void status_free(struct status *s);

/* Ready, at the start and after a reload. trouble: a sentence shown until the next time; NULL: there is none. */
void status_ready(struct status *s, const char *trouble);
