#pragma once

#include <sys/queue.h>

#include "chatd/entrance.h"
#include "loop/loop.h"
#include "net/transport.h"

/* What the files of the entrance share: entrance.c (the way), entrance_steps.c (what stands on it). */

enum { ENTRANCE_BYTES_MAX = 8192 }; /* the longest head of a request */

struct entrance {
	struct entrances *all;
	LIST_ENTRY(entrance) next;
	struct watch watch;
	struct timer deadline;
	struct disposal disposal;
	struct transport transport;
	struct address peer; /* the client, as far as is known */
	unsigned doors;      /* that it can still go through */
	unsigned traits;     /* ARRIVAL_* */
	bool counted;        /* the host knows where it is from */
	const struct entrance_step *step;
	const char *why; /* what was wrong, once it was refused: static text, or detail */
	char detail[96];
	bool tls; /* the handshake has begun */
	char certfp[65]; /* as struct arrival has it; "": none */
	char *certname;  /* the same; NULL: none */
	struct tls_binding *binding; /* NULL: none */
	char *bytes;     /* what was read and belongs to nobody yet; NULL: nothing */
	uint32_t count, room;
	uint32_t extra; /* bytes it may hold beyond a head: the body for a webhook */
	struct {
		bool begun;
		int status;    /* of HTTP; 0: not known before the body is */
		uint32_t left; /* bytes of the body that are waited for behind the head */
	} post;
};

/* What a step says of itself: go on with the next, wait (for POLL_* in *want), it is refused (why says it), or just
 * over, or done: nobody wanted to come in. */
enum entrance_verdict { ENTRANCE_ON, ENTRANCE_WAIT, ENTRANCE_REFUSED, ENTRANCE_GONE, ENTRANCE_DONE };

struct entrance_step {
	enum entrance_stage stage;
	bool (*applies)(const struct entrance *e);
	enum entrance_verdict (*run)(struct entrance *e, unsigned *want);
};

/* In order; run NULL ends them. */
const struct entrance_step *entrance_steps(void);

const struct config *entrance_config(const struct entrance *e);
struct tls_context *entrance_tls(const struct entrance *e); /* NULL: no certificate */

struct hooks *entrance_hooks(const struct entrance *e); /* NULL: none */
int64_t entrance_now(const struct entrance *e);         /* monotonic, ms */

/* More of what the client says, from whatever it is said through. */
enum entrance_verdict entrance_read(struct entrance *e, unsigned *want);

/* entrance_tls.c */
bool entrance_tls_applies(const struct entrance *e);
enum entrance_verdict entrance_tls_run(struct entrance *e, unsigned *want);

/* It may speak for others: its address is trusted. */
bool entrance_trusts(const struct config *config, const struct address *peer);

/* The client is there and nowhere else; false: it may not come in, and knows. */
bool entrance_know(struct entrance *e, const struct address *peer);

/* Makes room for n more bytes behind those that are there; false: that would be more than ENTRANCE_BYTES_MAX and extra. */
bool entrance_reserve(struct entrance *e, uint32_t n);
