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
#include "command/filter.h"
#include "loop/loop.h"
#include "loop/worker.h"
#include "network/ban.h"
#include "network/network.h"
#include "session/language.h"
#include "session/session.h"
#include "proto/mask.h"
#include "proto/name.h"

struct hooks {
	const struct config *config;
	struct engine *engine;
	struct hooks_file file;
	struct hook_reader *reader; /* NULL: not needed yet */
	struct hooks_counts counts;

	struct loop *loop;
	struct worker *worker; /* NULL: nothing is being written */
	TAILQ_HEAD(, hook_change) changes; /* the first one is */
	unsigned waiting;
	struct job job;
	struct str text; /* the job's, as all below */
	char *directory;
	int err;
};

struct hooks *hooks_new(struct loop *loop, const struct config *config, struct engine *engine)
{
	struct hooks *h = mem_zalloc(sizeof(*h));

	TAILQ_INIT(&h->changes);
	h->loop = loop;
	h->config = config;
	h->engine = engine;
	return h;
}

void hooks_free(struct hooks *h)
{
	if (!h)
		return;
	worker_free(h->worker);
	hooks_file_deinit(&h->file);
	hook_reader_free(h->reader);
	mem_free(h->directory);
	mem_free(h);
}

int hooks_open(struct hooks *h)
{
	/* Of the start, for the file is there, and the thread may use it at any time. */
	h->directory = mem_strdup(h->config->state);
	return h->directory ? hooks_file_read(&h->file, h->directory) : 0;
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

/* Changes: one at a time is written, and holds when it is. */

enum change_kind { CHANGE_ADD, CHANGE_DEL, CHANGE_FORMAT };

struct hook_change {
	TAILQ_ENTRY(hook_change) next;
	enum change_kind kind;
	struct hook *made; /* of ADD */
	char *name;        /* of the others */
	char *format;
	struct hooks_done done;
};

static void change_free(struct hook_change *c)
{
	hook_free(c->made);
	mem_free(c->name);
	mem_free(c->format);
	mem_free(c);
}

static void swap_format(struct hook_change *c, struct hook *hook)
{
	char *before = hook->format;

	hook->format = c->format;
	c->format = before;
}

/* The file as it is after the change. */
static struct str text_after(struct hooks *h, struct hook_change *c)
{
	struct hook *hook = c->kind == CHANGE_ADD ? NULL : find(h, str_of(c->name));
	struct str text;

	hooks_file_begin(&h->file);
	if (c->kind == CHANGE_ADD)
		vec_push(&h->file.hooks, c->made);
	else if (c->kind == CHANGE_DEL)
		h->file.skipped = hook;
	else
		swap_format(c, hook);
	text = hooks_file_text(&h->file);
	if (c->kind == CHANGE_ADD)
		h->file.hooks.count--;
	else if (c->kind == CHANGE_DEL)
		h->file.skipped = NULL;
	else
		swap_format(c, hook);
	return text;
}

static void take_effect(struct hooks *h, struct hook_change *c)
{
	struct hook *hook = c->kind == CHANGE_ADD ? NULL : find(h, str_of(c->name));

	if (c->kind == CHANGE_ADD) {
		vec_push(&h->file.hooks, c->made);
		c->made = NULL;
	} else if (c->kind == CHANGE_FORMAT) {
		swap_format(c, hook);
	} else {
		for (uint32_t i = 0; i < h->file.hooks.count; i++)
			if (h->file.hooks.items[i] == hook)
				hooks_file_remove(&h->file, i);
	}
}

static void write_job(struct job *job)
{
	struct hooks *h = (struct hooks *)((char *)job - offsetof(struct hooks, job));

	h->err = hooks_file_write(h->text, h->directory);
}

static void begin_writing(struct hooks *h);

static void written(struct job *job)
{
	struct hooks *h = (struct hooks *)((char *)job - offsetof(struct hooks, job));
	struct hook_change *c = TAILQ_FIRST(&h->changes);
	struct hooks_done done = c->done;

	hooks_file_text_free(h->text);
	h->text = STR_NONE;
	TAILQ_REMOVE(&h->changes, c, next);
	h->waiting--;
	if (h->err == 0)
		take_effect(h, c);
	change_free(c);
	if (done.done)
		done.done(done.ctx, h->err == 0 ? HOOKS_OK : h->err);
	begin_writing(h);
}

/* Changes before it may have left no place for it, or nothing to change. */
static int why_not(const struct hooks *h, const struct hook_change *c)
{
	if (c->kind != CHANGE_ADD)
		return find(h, str_of(c->name)) ? HOOKS_OK : HOOKS_NONE;
	if (find(h, str_of(c->made->name)))
		return HOOKS_EXISTS;
	return is_full(h, str_of(c->made->channel)) ? HOOKS_FULL : HOOKS_OK;
}

/* The next change may be months away: then the thread goes too. */
static void begin_writing(struct hooks *h)
{
	struct worker *w = h->worker;
	struct hook_change *c;
	int why;

	while ((c = TAILQ_FIRST(&h->changes)) && (why = why_not(h, c)) != HOOKS_OK) {
		TAILQ_REMOVE(&h->changes, c, next);
		h->waiting--;
		if (c->done.done)
			c->done.done(c->done.ctx, why);
		change_free(c);
	}
	if (c) {
		h->text = text_after(h, c);
		h->job = (struct job){.work = write_job, .done = written};
		worker_run(h->worker, &h->job);
	} else {
		h->worker = NULL;
		worker_free(w);
	}
}

static int give(struct hooks *h, struct hook_change *change, struct hooks_done done)
{
	int err = h->waiting >= HOOKS_WAITING_MAX ? HOOKS_BUSY : h->worker ? 0 : worker_new(&h->worker, h->loop);

	if (err) {
		change_free(change);
		return err;
	}
	change->done = done;
	TAILQ_INSERT_TAIL(&h->changes, change, next);
	if (h->waiting++ == 0)
		begin_writing(h);
	return HOOKS_WAIT;
}

int hooks_add(struct hooks *h, struct str channel, struct str name, unsigned flags, struct hooks_done done)
{
	const struct command_env *env = engine_env(h->engine);
	const struct channel *c = network_channel(env->net, channel);
	struct hook_change *change;

	if (!h->directory)
		return HOOKS_NOT_KEPT;
	if (!name_fits(name))
		return HOOKS_BAD_NAME;
	if (find(h, name))
		return HOOKS_EXISTS;
	if (!c)
		return HOOKS_NO_CHANNEL;
	if (is_full(h, channel))
		return HOOKS_FULL;
	change = mem_zalloc(sizeof(*change));
	change->kind = CHANGE_ADD;
	change->made = make(str_of(c->name), name, flags & HOOK_SEALED, loop_clock(h->loop)->real_ms);
	change->made->founders = flags & HOOK_FOUNDERS;
	return give(h, change, done);
}

static struct hook_change *change_of(const struct hook *hook, enum change_kind kind)
{
	struct hook_change *change = mem_zalloc(sizeof(*change));

	change->kind = kind;
	change->name = mem_strdup(hook->name);
	return change;
}

int hooks_del(struct hooks *h, struct str name, struct hooks_done done)
{
	const struct hook *hook = find(h, name);

	return hook ? give(h, change_of(hook, CHANGE_DEL), done) : HOOKS_NONE;
}

int hooks_set_format(struct hooks *h, struct str name, struct str format, struct hooks_done done)
{
	const struct hook *hook = find(h, name);
	struct hook_change *change;

	if (!hook)
		return HOOKS_NONE;
	change = change_of(hook, CHANGE_FORMAT);
	change->format = format.n ? mem_strndup(format.p, format.n) : mem_strdup("");
	return give(h, change, done);
}

void hooks_forget(struct hooks *h, const void *ctx)
{
	struct hook_change *c;

	TAILQ_FOREACH(c, &h->changes, next)
		if (c->done.ctx == ctx)
			c->done = (struct hooks_done){0};
}

enum casemap hooks_casemap(const struct hooks *h)
{
	return h->config->server.casemap;
}

const char *hooks_result_text(int result)
{
	static const char *const texts[] = {
		[HOOKS_OK] = "",
		[HOOKS_NOT_KEPT] = N_("nothing is kept here: there is no state directory"),
		[HOOKS_BAD_NAME] = N_("a name is of letters, digits and dashes, at most 24"),
		[HOOKS_EXISTS] = N_("there is one of that name"),
		[HOOKS_FULL] = N_("there are as many as there may be"),
		[HOOKS_NO_CHANNEL] = N_("there is no such channel"),
		[HOOKS_NONE] = N_("there is no such webhook"),
		[HOOKS_BAD_FORMAT] = N_("a format is one line of text"),
		[HOOKS_BUSY] = N_("too many are being changed already"),
		[HOOKS_WAIT] = "",
	};

	return result < 0 ? strerror(-result) : texts[result];
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

/* "NAME/hook!hook@SERVER": what people see, and what a ban of the channel is compared with. */
static void source_of(const struct hooks *h, const struct hook *hook, char *dst, size_t size)
{
	snprintf(dst, size, "%s/hook!hook@%s", hook->name, h->config->server.name);
}

static bool is_banned(const struct hooks *h, const struct channel *c, const char *source)
{
	const struct vec *bans = &c->lists[CHAN_LIST_BAN];

	for (uint32_t i = 0; i < bans->count; i++) {
		const struct list_entry *ban = bans->items[i];

		if (mask_match(h->config->server.casemap, str_of(ban->mask), str_of(source)))
			return true;
	}
	return false;
}

/* What a founder's says is looked at as if the founder had said it. */
static bool is_filtered(const struct hooks *h, const struct hook *hook, const struct channel *c, struct str text)
{
	const struct filter_try t = {FILTER_CHANNEL, text, c, hook->channel};

	return hook->founders && filter_refuses(engine_env(h->engine), &t);
}

static bool say(struct hooks *h, const struct hook *hook, const char *source, struct str text)
{
	char relay[HOOK_NAME_MAX + 8];
	struct record r = {.type = RECORD_MESSAGE};

	snprintf(relay, sizeof(relay), "%s", hook->name);
	r.message.kind = MESSAGE_PRIVMSG;
	r.message.channel = str_of(hook->channel);
	r.message.text = text;
	r.message.by = str_of(source);
	r.message.relay = str_of(relay);
	return engine_ask(h->engine, &r) == REFUSAL_NONE;
}

static int say_all(struct hooks *h, const struct hook *hook, struct str lines)
{
	const struct network *net = engine_view(h->engine).net;
	const struct channel *c = network_channel(net, str_of(hook->channel));
	char source[HOOK_NAME_MAX + NAME_HOST_MAX + 16];
	struct str line, rest = lines;

	source_of(h, hook, source, sizeof(source));
	if (!c || network_channel_shut(net, str_of(hook->channel)))
		return 404;
	if (is_banned(h, c, source))
		return 403;
	while (str_split(&rest, '\n', &line))
		if (is_filtered(h, hook, c, line))
			return 403;
	while (str_split(&lines, '\n', &line))
		if (line.n && !say(h, hook, source, line))
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
