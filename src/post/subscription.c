#include "post/subscription.h"

#include <string.h>

#include "post/webpush.h"
#include "proto/base64.h"
#include "proto/tags.h"

enum { KEY_TEXT_MAX = 128 };

static bool decode(unsigned char *dst, size_t size, struct str text)
{
	unsigned char memory[KEY_TEXT_MAX];
	struct buf b;
	bool good;

	/* Some pad it. */
	while (text.n && text.p[text.n - 1] == '=')
		text.n--;
	buf_init(&b, memory, sizeof(memory));
	good = base64url_decode(&b, text) && b.n == size;
	if (good)
		memcpy(dst, memory, size);
	explicit_bzero(memory, sizeof(memory));
	return good;
}

static bool take_key(unsigned char *dst, size_t size, struct str keys, const char *name)
{
	char memory[KEY_TEXT_MAX];
	struct tag tag;
	struct buf b;

	buf_init(&b, memory, sizeof(memory));
	if (!tags_find(keys, str_of(name), &tag))
		return false;
	tags_unescape(&b, tag.value);
	return !b.full && decode(dst, size, buf_view(&b));
}

static bool take_endpoint(struct subscription *s, struct str endpoint)
{
	if (!post_url_fits(endpoint, false))
		return false;
	memcpy(s->endpoint, endpoint.p, endpoint.n);
	s->endpoint[endpoint.n] = '\0';
	return true;
}

bool subscription_parse(struct subscription *s, struct str endpoint, struct str keys)
{
	return take_endpoint(s, endpoint) && take_key(s->point, sizeof(s->point), keys, "p256dh") &&
	       take_key(s->auth, sizeof(s->auth), keys, "auth") && webpush_point_valid(s->point);
}

void subscription_write(struct buf *out, const struct subscription *s)
{
	base64url_encode(out, (struct str){(const char *)s->point, sizeof(s->point)});
	buf_chr(out, ' ');
	base64url_encode(out, (struct str){(const char *)s->auth, sizeof(s->auth)});
	buf_chr(out, ' ');
	buf_cstr(out, s->endpoint);
}

bool subscription_read(struct subscription *s, struct str text)
{
	struct str point, auth;

	return str_split(&text, ' ', &point) && str_split(&text, ' ', &auth) &&
	       decode(s->point, sizeof(s->point), point) && decode(s->auth, sizeof(s->auth), auth) &&
	       take_endpoint(s, text);
}

struct str subscription_endpoint(struct str text)
{
	struct str part;

	return str_split(&text, ' ', &part) && str_split(&text, ' ', &part) ? text : STR_NONE;
}

struct str subscription_origin(struct str endpoint)
{
	size_t n = sizeof("https://") - 1;

	while (n < endpoint.n && !memchr("/?#", endpoint.p[n], 3))
		n++;
	return (struct str){endpoint.p, n < endpoint.n ? n : endpoint.n};
}
