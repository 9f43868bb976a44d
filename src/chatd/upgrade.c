#include "chatd/upgrade.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "chatd/config.h"
#include "chatd/forwarded.h"
#include "chatd/http_head.h"
#include "proto/base64.h"

enum { KEY_BYTES = 16, KEY_SIZE = 24, DIGEST_SIZE = 20, ACCEPT_SIZE = 28 };
enum { SWITCHING = 101, FORBIDDEN = 403, UPGRADE_REQUIRED = 426 };

/* RFC 6455 section 1.3. */
static const char magic[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/* What the fields say. */
struct asked {
	struct upgrade *u;
	const struct config *config;
	struct str key;
	bool upgrade, connection, version;
	bool bad; /* something that may stand there once stands there twice, or too much of it */
	bool stranger;
	bool agreed; /* on a subprotocol */
	struct buf forwarded;
};

static bool has_word(struct str list, struct str word)
{
	struct str part;

	while (str_split(&list, ',', &part))
		if (str_eq_nocase(str_trim(part, " \t"), word))
			return true;
	return false;
}

/* The first that is known, as the client prefers them. */
static void take_protocols(struct asked *a, struct str list)
{
	struct str part;

	while (!a->agreed && str_split(&list, ',', &part)) {
		part = str_trim(part, " \t");
		if (str_eq(part, STR("text.ircv3.net")))
			a->u->kind = WEBSOCKET_TEXT;
		else if (str_eq(part, STR("binary.ircv3.net")))
			a->u->kind = WEBSOCKET_BINARY;
		a->agreed = a->u->kind != WEBSOCKET_ANY;
	}
}

static bool is_allowed(const struct config *config, struct str origin)
{
	for (size_t i = 0; i < config->origins.count; i++)
		if (str_eq_nocase(origin, str_of(config->origins.lines[i])))
			return true;
	return config->origins.count == 0;
}

/* Of several the last is by the proxy that is connected. */
static void take_proxy_field(struct asked *a, struct str name, struct str value)
{
	if (str_eq_nocase(name, a->config->forwarded ? STR("Forwarded") : STR("X-Forwarded-For"))) {
		if (a->forwarded.n)
			buf_chr(&a->forwarded, ',');
		buf_str(&a->forwarded, value);
	} else if (!a->config->forwarded && str_eq_nocase(name, STR("X-Forwarded-Proto"))) {
		a->u->secure = forwarded_secure(value, false);
	}
}

static void take_field(void *ctx, struct str name, struct str value)
{
	struct asked *a = ctx;

	if (str_eq_nocase(name, STR("Upgrade"))) {
		a->upgrade = a->upgrade || has_word(value, STR("websocket"));
	} else if (str_eq_nocase(name, STR("Connection"))) {
		a->connection = a->connection || has_word(value, STR("upgrade"));
	} else if (str_eq_nocase(name, STR("Sec-WebSocket-Version"))) {
		a->version = str_eq(value, STR("13"));
	} else if (str_eq_nocase(name, STR("Sec-WebSocket-Key"))) {
		a->bad = a->bad || a->key.n;
		a->key = value;
	} else if (str_eq_nocase(name, STR("Sec-WebSocket-Protocol"))) {
		take_protocols(a, value);
	} else if (str_eq_nocase(name, STR("Origin"))) {
		a->stranger = a->stranger || !is_allowed(a->config, value);
	} else {
		take_proxy_field(a, name, value);
	}
}

/* Base64 of what answers the key. False: the key is none. */
static bool make_accept(char dst[ACCEPT_SIZE], struct str key)
{
	unsigned char text[KEY_SIZE + sizeof(magic) - 1], digest[EVP_MAX_MD_SIZE];
	char bytes[KEY_SIZE];
	struct buf plain, encoded;
	unsigned size = 0;

	buf_init(&plain, bytes, sizeof(bytes));
	if (key.n != KEY_SIZE || !base64_decode(&plain, key) || plain.n != KEY_BYTES)
		return false;
	memcpy(text, key.p, KEY_SIZE);
	memcpy(text + KEY_SIZE, magic, sizeof(magic) - 1);
	if (EVP_Digest(text, sizeof(text), digest, &size, EVP_sha1(), NULL) != 1 || size != DIGEST_SIZE)
		return false;
	buf_init(&encoded, dst, ACCEPT_SIZE);
	base64_encode(&encoded, (struct str){(const char *)digest, size});
	return !encoded.full;
}

static const char *status_text(int status)
{
	switch (status) {
	case FORBIDDEN:
		return "403 Forbidden";
	case HTTP_NOT_FOUND:
		return "404 Not Found";
	case HTTP_NOT_ALLOWED:
		return "405 Method Not Allowed\r\nAllow: GET";
	case UPGRADE_REQUIRED:
		return "426 Upgrade Required\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13";
	default:
		return "400 Bad Request";
	}
}

static void answer(struct upgrade *u, const char accept[ACCEPT_SIZE])
{
	static const char *const protocols[] = {
		[WEBSOCKET_ANY] = "",
		[WEBSOCKET_TEXT] = "Sec-WebSocket-Protocol: text.ircv3.net\r\n",
		[WEBSOCKET_BINARY] = "Sec-WebSocket-Protocol: binary.ircv3.net\r\n",
	};
	int n;

	if (u->status == SWITCHING)
		n = snprintf(u->answer, sizeof(u->answer),
			     "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
			     "Sec-WebSocket-Accept: %.*s\r\n%s\r\n",
			     ACCEPT_SIZE, accept, protocols[u->kind]);
	else
		n = snprintf(u->answer, sizeof(u->answer),
			     "HTTP/1.1 %s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 48\r\n"
			     "Connection: close\r\n\r\nThis is a chat server: it speaks WebSocket here.\n",
			     status_text(u->status));
	u->answer_size = n > 0 && (size_t)n < sizeof(u->answer) ? (size_t)n : 0;
}

static int judge(const struct asked *a, const struct http_head *h, int status)
{
	if (status != HTTP_OK)
		return status == HTTP_MORE ? HTTP_BAD : status;
	if (!a->upgrade || !h->modern)
		return UPGRADE_REQUIRED;
	if (a->bad || !a->connection || a->forwarded.full)
		return HTTP_BAD;
	if (!a->version)
		return UPGRADE_REQUIRED;
	return a->stranger ? FORBIDDEN : SWITCHING;
}

void upgrade_parse(struct upgrade *u, const struct config *config, struct str head)
{
	struct asked a = {.u = u, .config = config};
	struct http_head h = {.field = take_field, .ctx = &a, .max = head.n};
	char accept[ACCEPT_SIZE] = "";
	struct str line;
	int status = HTTP_MORE;

	*u = (struct upgrade){.status = 0};
	buf_init(&a.forwarded, u->forwarded, sizeof(u->forwarded) - 1);
	while (status == HTTP_MORE && str_split(&head, '\n', &line))
		status = http_head_line(&h, line, "/");
	u->forwarded[a.forwarded.n] = '\0';
	if (config->forwarded)
		u->secure = forwarded_secure(str_of(u->forwarded), true);
	u->status = judge(&a, &h, status);
	if (u->status == SWITCHING && !make_accept(accept, a.key))
		u->status = HTTP_BAD;
	answer(u, accept);
}

bool upgrade_forwarded(const struct upgrade *u, bool rfc7239, unsigned nth, struct address *a)
{
	return forwarded_address(str_of(u->forwarded), rfc7239, nth, a);
}
