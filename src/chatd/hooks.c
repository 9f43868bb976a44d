#include "chatd/hooks.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account/credential.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/vec.h"
#include "chatd/config.h"
#include "chatd/engine.h"
#include "chatd/hook_text.h"
#include "chatd/hooks_file.h"
#include "command/command.h"
#include "network/network.h"
#include "session/session.h"
#include "proto/name.h"

struct hooks {
	const struct config *config;
	struct engine *engine;
	struct hooks_file file;
	struct hook_reader *reader; /* NULL: not needed yet */
	struct hooks_counts counts;
};

struct hooks *hooks_new(const struct config *config, struct engine *engine)
{
	struct hooks *h = mem_zalloc(sizeof(*h));

	h->config = config;
	h->engine = engine;
	return h;
}

void hooks_free(struct hooks *h)
{
	if (!h)
		return;
	hooks_file_deinit(&h->file);
	hook_reader_free(h->reader);
	mem_free(h);
}

int hooks_open(struct hooks *h)
{
	return h->config->state ? hooks_file_read(&h->file, h->config->state) : 0;
}

const struct hook *hooks_nth(const struct hooks *h, size_t nth)
{
	return nth < h->file.hooks.count ? h->file.hooks.items[nth] : NULL;
}

static struct hook *find(const struct hooks *h, struct str name)
{
	for (uint32_t i = 0; i < h->file.hooks.count; i++) {
		struct hook *hook = h->file.hooks.items[i];

		if (str_eq_nocase(str_of(hook->name), name))
			return hook;
	}
	return NULL;
}

const struct hook *hooks_find(const struct hooks *h, struct str name)
{
	return find(h, name);
}

static bool is_full(const struct hooks *h, struct str channel)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < h->file.hooks.count; i++) {
		const struct hook *hook = h->file.hooks.items[i];

		count += str_eq_nocase(str_of(hook->channel), channel);
	}
	return count >= HOOKS_OF_CHANNEL_MAX || h->file.hooks.count >= HOOKS_MAX;
}

/* Letters, digits and dashes: it stands in an address and in a nick. */
static bool name_fits(struct str name)
{
	for (size_t i = 0; i < name.n; i++) {
		char c = (char)(name.p[i] | 0x20);

		if (!(c >= 'a' && c <= 'z') && !(name.p[i] >= '0' && name.p[i] <= '9') && name.p[i] != '-')
			return false;
	}
	return name.n > 0 && name.n <= HOOK_NAME_MAX;
}

static int write_file(const struct hooks *h)
{
	return hooks_file_write(&h->file, h->config->state);
}

static struct hook *make(struct str channel, struct str name, bool sealed, int64_t now)
{
	struct hook *hook = mem_zalloc(sizeof(*hook));
	unsigned char random[16];

	arc4random_buf(random, sizeof(random));
	str_hex(hook->id, random, sizeof(random));
	hook->name = mem_strndup(name.p, name.n);
	hook->channel = mem_strndup(channel.p, channel.n);
	hook->format = mem_strdup("");
	hook->sealed = sealed;
	hook->created = now;
	return hook;
}

int hooks_add(struct hooks *h, struct str channel, struct str name, bool sealed)
{
	const struct command_env *env = engine_env(h->engine);
	const struct channel *c = network_channel(env->net, channel);
	int err;

	if (!h->config->state)
		return HOOKS_NOT_KEPT;
	if (!name_fits(name))
		return HOOKS_BAD_NAME;
	if (find(h, name))
		return HOOKS_EXISTS;
	if (!c)
		return HOOKS_NO_CHANNEL;
	if (is_full(h, channel))
		return HOOKS_FULL;
	hooks_file_begin(&h->file);
	vec_push(&h->file.hooks, make(str_of(c->name), name, sealed, loop_clock(env->hub->loop)->real_ms));
	err = write_file(h);
	if (err < 0)
		hooks_file_remove(&h->file, h->file.hooks.count - 1);
	return err;
}

int hooks_del(struct hooks *h, struct str name)
{
	for (uint32_t i = 0; i < h->file.hooks.count; i++) {
		struct hook *hook = h->file.hooks.items[i];
		int err;

		if (!str_eq_nocase(str_of(hook->name), name))
			continue;
		h->file.skipped = hook;
		err = write_file(h);
		h->file.skipped = NULL;
		if (err == 0)
			hooks_file_remove(&h->file, i);
		return err;
	}
	return HOOKS_NONE;
}

int hooks_set_format(struct hooks *h, struct str name, struct str format)
{
	struct hook *hook = find(h, name);
	char *before;
	int err;

	if (!hook)
		return HOOKS_NONE;
	before = hook->format;
	hook->format = format.n ? mem_strndup(format.p, format.n) : mem_strdup("");
	err = write_file(h);
	if (err < 0) {
		mem_free(hook->format);
		hook->format = before;
	} else {
		mem_free(before);
	}
	return err;
}

/* Secrets */

static bool seal(const struct hooks *h, const struct hook *hook, const char *what, char dst[HOOK_TOKEN_SIZE + 1])
{
	unsigned char mac[CREDENTIAL_KEY_SIZE];
	char text[16 + HOOK_NAME_MAX + sizeof(hook->id)];
	struct buf b;
	bool made;

	buf_init(&b, text, sizeof(text));
	buf_fmt(&b, "%s %s %s", what, hook->name, hook->id);
	made = !b.full && credential_hmac(mac, h->file.key, buf_view(&b));
	if (made)
		str_hex(dst, mac, sizeof(mac));
	explicit_bzero(mac, sizeof(mac));
	return made;
}

bool hooks_token(const struct hooks *h, const struct hook *hook, char dst[HOOK_TOKEN_SIZE + 1])
{
	return seal(h, hook, "token", dst);
}

bool hooks_secret(const struct hooks *h, const struct hook *hook, char dst[HOOK_TOKEN_SIZE + 1])
{
	return seal(h, hook, "secret", dst);
}

const struct hook *hooks_match(struct hooks *h, struct str path)
{
	char token[HOOK_TOKEN_SIZE + 1];
	const struct hook *hook = NULL;
	struct str name;

	if (str_split(&path, '/', &name) && path.n == HOOK_TOKEN_SIZE)
		hook = find(h, name);
	if (!hook || !hooks_token(h, hook, token) || CRYPTO_memcmp(token, path.p, HOOK_TOKEN_SIZE) != 0)
		hook = NULL;
	explicit_bzero(token, sizeof(token));
	return hook;
}

/* X-Hub-Signature-256: "sha256=" and the HMAC of the body in hex. One that is there must be right. */
static bool is_signed(const struct hooks *h, const struct hook *hook, const struct hook_post *p)
{
	char secret[HOOK_TOKEN_SIZE + 1], digits[HOOK_TOKEN_SIZE + 1];
	unsigned char mac[CREDENTIAL_KEY_SIZE];
	bool good;

	if (!p->signature.n)
		return !hook->sealed;
	if (!str_starts(p->signature, STR("sha256=")) || p->signature.n != 7 + HOOK_TOKEN_SIZE)
		return false;
	good = hooks_secret(h, hook, secret) && credential_mac(mac, str_of(secret), p->body);
	str_hex(digits, mac, sizeof(mac));
	good = good && CRYPTO_memcmp(digits, p->signature.p + 7, HOOK_TOKEN_SIZE) == 0;
	explicit_bzero(secret, sizeof(secret));
	return good;
}

/* Saying it */

static bool pay(struct hook *hook, int64_t now_ms)
{
	if (hook->spent_ms < now_ms)
		hook->spent_ms = now_ms;
	if (hook->spent_ms - now_ms > (int64_t)(HOOK_BURST - 1) * HOOK_PAUSE_MS)
		return false;
	hook->spent_ms += HOOK_PAUSE_MS;
	return true;
}

static bool say(struct hooks *h, const struct hook *hook, struct str text)
{
	char by[HOOK_NAME_MAX + NAME_HOST_MAX + 16], relay[HOOK_NAME_MAX + 8];
	struct record r = {.type = RECORD_MESSAGE};

	snprintf(by, sizeof(by), "%s/hook!hook@%s", hook->name, h->config->server.name);
	snprintf(relay, sizeof(relay), "%s", hook->name);
	r.message.kind = MESSAGE_PRIVMSG;
	r.message.channel = str_of(hook->channel);
	r.message.text = text;
	r.message.by = str_of(by);
	r.message.relay = str_of(relay);
	return engine_ask(h->engine, &r) == REFUSAL_NONE;
}

static int say_all(struct hooks *h, const struct hook *hook, struct str lines)
{
	struct str line;

	if (!network_channel(engine_view(h->engine).net, str_of(hook->channel)))
		return 404;
	while (str_split(&lines, '\n', &line))
		if (line.n && !say(h, hook, line))
			return 404;
	return 204;
}

int hooks_post(struct hooks *h, const struct hook *which, const struct hook_post *p)
{
	struct hook *hook = find(h, str_of(which->name));
	struct hook_body body = {hook_type_of(p->content_type), p->event, str_of(hook->format), p->body};
	char memory[HOOK_TEXT_MAX];
	struct buf text;

	if (!is_signed(h, hook, p))
		return 401;
	if (!pay(hook, p->now_ms))
		return 429;
	if (body.type == HOOK_TYPE_OTHER)
		return 415;
	if (!h->reader)
		h->reader = hook_reader_new();
	buf_init(&text, memory, sizeof(memory));
	if (!h->reader)
		return 500;
	return hook_text_make(h->reader, &body, &text) ? say_all(h, hook, buf_view(&text)) : 400;
}

void hooks_count(struct hooks *h, int status)
{
	if (status == 204)
		h->counts.said++;
	else
		h->counts.refused++;
}

struct hooks_counts hooks_counts(const struct hooks *h)
{
	return h->counts;
}
