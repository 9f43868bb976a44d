#include "chatd/outgoing_body.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account/credential.h"
#include "base/buf.h"
#include "base/mem.h"
#include "proto/json_write.h"
#include "chatd/outgoing_block.h"
#include "proto/base64.h"

/* HEAD_MAX: names of a server, a network and a webhook, each byte of which JSON may write as six. */
enum { HEAD_MAX = 2048, ID_BYTES = 16 };

static void put(void *ctx, const char *p, size_t n)
{
	buf_add(ctx, p, n);
}

void outgoing_body_make(struct outgoing_body *b, const struct outgoing_about *about, const struct outgoing_queue *q)
{
	const struct outgoing_queued *e = STAILQ_FIRST(&q->list);
	size_t room = HEAD_MAX + q->bytes + 2 * (size_t)q->telling;
	unsigned char random[ID_BYTES];
	struct buf out;
	struct json j = {.put = put, .ctx = &out};

	outgoing_body_free(b);
	b->text = mem_alloc(room);
	buf_init(&out, b->text, room);
	json_begin(&j);
	json_str(&j, "webhook", str_of(about->webhook));
	json_str(&j, "server", str_of(about->server));
	json_str(&j, "network", str_of(about->network));
	json_u64(&j, "dropped", about->dropped);
	json_list_begin(&j, "events");
	for (uint32_t i = 0; i < q->telling; i++, e = STAILQ_NEXT(e, next)) {
		if (i)
			buf_chr(&out, ',');
		buf_add(&out, e->text, e->n);
	}
	json_list_end(&j);
	json_end(&j);
	b->n = out.n;
	arc4random_buf(random, sizeof(random));
	memcpy(b->id, "msg_", 4);
	str_hex(b->id + 4, random, sizeof(random));
}

void outgoing_body_free(struct outgoing_body *b)
{
	mem_free(b->text);
	b->text = NULL;
	b->n = 0;
}

static bool make_signature(const struct outgoing_body *b, const char *secret, int64_t seconds, struct buf *out)
{
	unsigned char key[OUTGOING_KEY_MAX], mac[CREDENTIAL_KEY_SIZE];
	size_t size = 0, room = b->n + OUTGOING_FIELD_MAX;
	char *text = mem_alloc(room);
	struct buf signed_text;
	bool made;

	buf_init(&signed_text, text, room);
	buf_fmt(&signed_text, "%s.%lld.", b->id, (long long)seconds);
	buf_add(&signed_text, b->text, b->n);
	made = outgoing_key(str_of(secret), key, &size) &&
	       credential_mac(mac, (struct str){(const char *)key, size}, buf_view(&signed_text));
	if (made)
		base64_encode(out, (struct str){(const char *)mac, sizeof(mac)});
	explicit_bzero(key, sizeof(key));
	mem_free(text);
	return made && !signed_text.full;
}

bool outgoing_body_sign(struct outgoing_body *b, const char *secret, int64_t seconds)
{
	struct buf field;
	bool made;

	snprintf(b->fields[0], OUTGOING_FIELD_MAX, "webhook-id: %s", b->id);
	snprintf(b->fields[1], OUTGOING_FIELD_MAX, "webhook-timestamp: %lld", (long long)seconds);
	b->fields[2][0] = '\0';
	if (!secret)
		return true;
	buf_init(&field, b->fields[2], OUTGOING_FIELD_MAX - 1);
	buf_cstr(&field, "webhook-signature: v1,");
	made = make_signature(b, secret, seconds, &field);
	b->fields[2][field.n] = '\0';
	return made && !field.full;
}
