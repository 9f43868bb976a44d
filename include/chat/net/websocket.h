#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "net/transport.h"

/*
 * IRC in WebSocket messages, on the server's side: https://ircv3.net/specs/extensions/websocket, RFC 6455. A message is
 * a line; towards the connection it has its LF, towards the peer it has no CR LF.
 */

/* What the subprotocol says about messages. */
enum websocket_kind {
	WEBSOCKET_ANY,  /* nothing was agreed on: both are taken, text is sent */
	WEBSOCKET_TEXT, /* text.ircv3.net; binary is taken nevertheless, so that a line can be refused for its bytes */
	WEBSOCKET_BINARY, /* binary.ircv3.net */
};

/* Close codes, RFC 6455 section 7.4.1. */
enum {
	WEBSOCKET_NORMAL = 1000,
	WEBSOCKET_PROTOCOL = 1002,
	WEBSOCKET_WRONG_TYPE = 1003,
	WEBSOCKET_BAD_UTF8 = 1007,
	WEBSOCKET_POLICY = 1008,
	WEBSOCKET_TOO_BIG = 1009,
};

enum { WEBSOCKET_CONTROL_MAX = 125, WEBSOCKET_HEAD_MAX = 14 };

/* What comes from the peer, as far as it has come. No allocation; copied byte by byte when it is handed over. */
struct websocket_in {
	uint8_t head[WEBSOCKET_HEAD_MAX];
	uint8_t head_count;
	uint8_t kind;      /* enum websocket_kind */
	uint8_t opcode;    /* of the frame under way */
	uint8_t message;   /* opcode of the message under way; 0: none */
	uint8_t turn;      /* which byte of the mask is next */
	uint8_t more;      /* bytes that the code point under way lacks, */
	uint8_t low, high; /* and the bounds of the next */
	bool fin, in_frame;
	bool newline; /* an LF was passed over: at the end of a message it is its end, elsewhere nothing good */
	bool pong;    /* a ping waits for its answer, which is in control */
	bool ended;   /* the peer said goodbye, with this code */
	uint8_t control_count;
	uint16_t code; /* of the end: the peer's, or ours when something was wrong */
	uint16_t idle; /* frames since the last byte that came of one */
	uint32_t left; /* payload of the frame under way that is still to come */
	uint32_t size; /* of the message under way, so far */
	uint8_t control[WEBSOCKET_CONTROL_MAX];
};

/*
 * Takes bytes, and appends what they say to out, which must have room for as many. It stops where the peer says goodbye
 * (ended) or does what it must not; the latter gives false, with what to close with in code.
 */
bool websocket_decode(struct websocket_in *in, struct str bytes, struct buf *out);

/*
 * Puts WebSocket over *t, in its place. early: what was read behind the request; what it says is appended to out, which
 * must have room for as many bytes. False: that was wrong already; the transport stands nevertheless, and
 * will say so.
 */
bool transport_websocket_accept(struct transport *t, enum websocket_kind kind, struct str early, struct buf *out);

/* What its `save` wrote, without its kind, over t, which is plain. For transport_load. */
bool transport_websocket_load(struct transport *t, struct wire_in *in);
