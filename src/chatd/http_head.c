#include "chatd/http_head.h"

static bool is_token_byte(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (c && strchr("!#$%&'*+-.^_`|~", c));
}

static bool is_token(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (!is_token_byte(s.p[i]))
			return false;
	}
	return s.n > 0;
}

/* Neither a blank nor a control byte. */
static bool is_target(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] <= ' ' || s.p[i] >= 0x7f)
			return false;
	}
	return s.n > 0 && s.p[0] == '/';
}

static int first_line(struct http_head *h, struct str line, const char *path)
{
	struct str method, target, version;
	const char *query;

	if (!str_split(&line, ' ', &method) || !str_split(&line, ' ', &target))
		return HTTP_BAD;
	version = line;
	if (!is_token(method) || !is_target(target))
		return HTTP_BAD;
	if (!str_eq(version, STR("HTTP/1.1")) && !str_eq(version, STR("HTTP/1.0")))
		return HTTP_BAD;
	query = memchr(target.p, '?', target.n);
	if (query)
		target.n = (size_t)(query - target.p);
	h->started = true;
	h->modern = str_eq(version, STR("HTTP/1.1"));
	h->hosted = !h->modern;
	h->known = str_eq(target, str_of(path));
	h->get = str_eq(method, STR("GET"));
	return HTTP_MORE;
}

static bool is_value(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if ((c < ' ' && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

static int field_line(struct http_head *h, struct str line)
{
	struct str name, value;

	if (!memchr(line.p, ':', line.n) || !str_split(&line, ':', &name))
		return HTTP_BAD;
	value = str_trim(line, " \t");
	if (!is_token(name) || !is_value(value))
		return HTTP_BAD;
	if (str_eq_nocase(name, STR("Transfer-Encoding")))
		return HTTP_BAD;
	if (!h->bodied && str_eq_nocase(name, STR("Content-Length")) && !str_eq(value, STR("0")))
		return HTTP_BAD;
	if (str_eq_nocase(name, STR("Host")))
		h->hosted = true;
	if (h->field)
		h->field(h->ctx, name, value);
	return HTTP_MORE;
}

static int finish(const struct http_head *h)
{
	if (!h->hosted)
		return HTTP_BAD;
	if (!h->known)
		return HTTP_NOT_FOUND;
	return h->get ? HTTP_OK : HTTP_NOT_ALLOWED;
}

int http_head_line(struct http_head *h, struct str line, const char *path)
{
	h->bytes += line.n + 1;
	if (h->bytes > (h->max ? h->max : HTTP_HEAD_MAX) || line.n == 0 || line.p[line.n - 1] != '\r')
		return HTTP_BAD;
	line.n--;
	if (!h->started)
		return line.n ? first_line(h, line, path) : HTTP_BAD;
	return line.n ? field_line(h, line) : finish(h);
}
