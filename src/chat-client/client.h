#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/vec.h"
#include "chat-client/sasl.h"
#include "loop/loop.h"
#include "net/conn.h"
#include "net/tls.h"
#include "proto/casemap.h"
#include "proto/line.h"

/*
 * One connection to a server: registration, capabilities, who and where we are, and the way out. It shows nothing and
 * reads no keys; what the server says goes on to the owner's handlers.
 */
struct client;
struct options;
struct recall;

/* Capabilities that change what the client does; what it asks for besides is in client_caps.c. */
enum {
	CLIENT_CAP_BATCH = 1 << 0,
	CLIENT_CAP_ECHO = 1 << 1,      /* echo-message */
	CLIENT_CAP_LABEL = 1 << 2,     /* labeled-response; of use only with batch */
	CLIENT_CAP_OTHER = 1 << 3,     /* asked for, and nothing else depends on it */
	CLIENT_CAP_SASL = 1 << 5,      /* wanted where there is an account to log in to */
	CLIENT_CAP_HISTORY = 1 << 4,   /* draft/chathistory; of use only with batch */
	CLIENT_CAP_MULTILINE = 1 << 6, /* draft/multiline; of use only with batch */
	CLIENT_CAP_REDACT = 1 << 7,    /* draft/message-redaction */
	CLIENT_CAP_TAGS = 1 << 8,      /* message-tags */
};

enum client_state {
	CLIENT_REGISTERING,
	CLIENT_READY,
	CLIENT_LEAVING, /* QUIT is sent, or the connection is over */
	CLIENT_OFFLINE, /* it is over, and the owner means to begin again (client_again) */
};

struct client_handlers {
	/* Welcomed; the channels are asked for. */
	void (*ready)(void *ctx);
	/* Every message, before the client takes from it what it needs (so that our old nick and channels still hold).
	 */
	void (*line)(void *ctx, const struct line *line);
	/* The value of the capability sts, each time the server shows it. */
	void (*sts)(void *ctx, struct str value);
	/*
	 * It is over, once. code is one of sysexits; why, printable, is NULL when leaving was our own wish. It is
	 * valid until client_again.
	 */
	void (*over)(void *ctx, int code, const char *why);
};

enum {
	CLIENT_NICK_MAX = 128,
	CLIENT_TARGET_MAX = 256,
	CLIENT_NICK_TRIES = 5, /* '_' appended so many times */
	CLIENT_CHANNELS_MAX = 128,
	CLIENT_WELCOME_MS = 60000,
	CLIENT_QUIET_MS = 120000, /* of silence, then a PING ... */
	CLIENT_PONG_MS = 60000,   /* ... and so long for an answer */
	CLIENT_LINGER_MS = 2000,
	CLIENT_REASON_MAX = 400,
};

struct client {
	struct conn conn;
	struct loop *loop;
	const struct options *options;
	const struct client_handlers *handlers;
	void *ctx;
	enum client_state state;
	unsigned caps;        /* CLIENT_CAP_*: agreed on */
	unsigned caps_wanted; /* bit per row of the table in client_caps.c: offered and wanted */
	char nick[CLIENT_NICK_MAX];
	char wish[CLIENT_NICK_MAX]; /* the nick to ask for */
	unsigned nick_tries;
	size_t prefix; /* length of our nick!user@host; 0: not seen yet */
	enum casemap casemap;
	char target[CLIENT_TARGET_MAX];            /* where plain lines go; "" for nowhere */
	char wanted[CLIENT_TARGET_MAX];            /* the channel that becomes the target when we are in */
	struct vec channels;                       /* names, allocated: where we are */
	struct vec keys;                           /* "channel key" of those that have one, allocated */
	struct vec left;                           /* names, allocated: where we were when the last connection ended */
	unsigned history_max;                      /* lines that the server gives at a time; 0: it did not say */
	unsigned multiline_bytes, multiline_lines; /* what a message of several lines may have */
	const struct recall *recall;               /* what was said of late; NULL: nothing */
	bool paint;                                /* nicks are to be told apart by colour */
	bool welcomed;                             /* once, by this or an earlier connection */
	bool private;                              /* nobody between us and the server can listen in */
	struct sasl sasl;
	struct tls_binding binding; /* of the connection: set by the owner before it begins */
	struct timer alive;
	int64_t heard_ms; /* mono */
	bool pinged;
	int code;        /* what the end will be */
	const char *why; /* static text, or reason */
	char reason[CLIENT_REASON_MAX];
};

/* t: connected, ready; the client's from here on, also on failure. Starts to register. 0 or -errno. */
int client_init(struct client *c, struct conn_hub *hub, struct loop *loop, const struct transport *t);
void client_deinit(struct client *c);

/* The connection is over, and another is to follow: until then nothing is sent, and a wish to quit ends it at once. */
void client_pause(struct client *c);
/* After client_pause: begins anew over t, as client_init does, and goes back to the channels it was in. */
int client_again(struct client *c, struct conn_hub *hub, const struct transport *t);

/*
 * Sends one line, given without CR LF. What could smuggle a second line ends it; its body is cut to what a line may
 * hold. False when the connection is over.
 */
bool client_send(struct client *c, struct str line);
bool client_sendf(struct client *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Room for text sent with that command to that target; see outgoing_room. */
size_t client_room(const struct client *c, struct str command, struct str target);

/* Leaves: QUIT with the reason, last words delivered, then over(code). why: static text or NULL. */
void client_quit(struct client *c, struct str reason, int code, const char *why);

bool client_is_me(const struct client *c, struct str source); /* nick!user@host or nick alone */
bool client_same_name(const struct client *c, struct str a, struct str b);
/*
 * The end will be for this reason, with the last words of the line (NULL: none) behind it, unless another is known
 * already. why: static text.
 */
void client_expect_end(struct client *c, int code, const char *why, const struct line *line);
/* What the message says is told with the end of the connection, or was asked for by ourselves: it is shown once. */
bool client_is_reason(const struct client *c, const struct line *line);

/* A numeric that says that we cannot come into a channel that we wanted. */
bool client_is_refusal(const struct client *c, const struct line *line);
bool client_in_channel(const struct client *c, struct str name);
void client_set_target(struct client *c, struct str name);
/* Asks to come in; the key is used again after a break. */
void client_join(struct client *c, struct str channel, struct str key);

/* The nick of nick!user@host. */
struct str client_source_nick(struct str source);

/* client_caps.c: CAP negotiation. */
void client_caps_start(struct client *c);
void client_caps_line(struct client *c, const struct line *line);
