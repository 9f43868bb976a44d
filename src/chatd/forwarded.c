#include "chatd/forwarded.h"

#include <string.h>

/* What is of use of an element of RFC 7239. */
struct element {
	struct str node, proto;
};

/* The quote at this place has an odd number of backslashes in front of it. */
static bool is_escaped(struct str s, size_t at)
{
	size_t slashes = 0;

	while (slashes < at && s.p[at - slashes - 1] == '\\')
		slashes++;
	return slashes % 2;
}

/*
 * Where the last element begins. It is looked for from the end: a quote that a client left open in front of what the
 * proxy wrote must not reach into it.
 */
static size_t last_begins(struct str list, bool quotes)
{
	bool quoted = false;

	for (size_t at = list.n; at-- > 0;) {
		if (quotes && list.p[at] == '"' && !(quoted && is_escaped(list, at)))
			quoted = !quoted;
		else if (list.p[at] == ',' && !quoted)
			return at + 1;
	}
	return 0;
}

/* The nth element from the end. */
static bool from_end(struct str list, bool quotes, unsigned nth, struct str *element)
{
	for (;;) {
		size_t at = last_begins(list, quotes);

		*element = str_trim((struct str){list.p + at, list.n - at}, " \t");
		if (nth-- == 0)
			return element->n > 0;
		if (at == 0)
			return false;
		list.n = at - 1;
	}
}

/* RFC 9110, section 5.6.2; and what many write without the quotes that it wants: addresses. */
static bool is_token(char c)
{
	return (unsigned char)c > ' ' && (unsigned char)c < 0x7f && !strchr("\"(),;<=>?@\\{}", c);
}

static struct str take_token(struct str *rest)
{
	size_t n = 0;

	while (n < rest->n && is_token(rest->p[n]))
		n++;
	*rest = (struct str){rest->p + n, rest->n - n};
	return (struct str){rest->p - n, n};
}

/* Without its quotes. False: it has no end. What it escapes stays escaped, and is neither an address nor a scheme. */
static bool take_quoted(struct str *rest, struct str *value)
{
	size_t n = 1;

	while (n < rest->n && rest->p[n] != '"')
		n += rest->p[n] == '\\' ? 2 : 1;
	if (n >= rest->n)
		return false;
	*value = (struct str){rest->p + 1, n - 1};
	*rest = (struct str){rest->p + n + 1, rest->n - n - 1};
	return true;
}

static bool take_pair(struct str *rest, struct str *name, struct str *value)
{
	*rest = str_trim(*rest, " \t");
	*name = take_token(rest);
	if (!name->n || !rest->n || rest->p[0] != '=')
		return false;
	*rest = (struct str){rest->p + 1, rest->n - 1};
	if (rest->n && rest->p[0] == '"') {
		if (!take_quoted(rest, value))
			return false;
	} else {
		*value = take_token(rest);
	}
	*rest = str_trim(*rest, " \t");
	return value->n > 0;
}

/* "by=..;for=..;proto=..". False: it is none, or something stands there twice (section 4). */
static bool parse_element(struct element *e, struct str text)
{
	struct str name, value;

	*e = (struct element){.node = STR_NONE};
	for (;;) {
		struct str *place = NULL;

		if (!take_pair(&text, &name, &value))
			return false;
		if (str_eq_nocase(name, STR("for")))
			place = &e->node;
		else if (str_eq_nocase(name, STR("proto")))
			place = &e->proto;
		if (place && place->n)
			return false;
		if (place)
			*place = value;
		if (!text.n)
			return true;
		if (text.p[0] != ';')
			return false;
		text = (struct str){text.p + 1, text.n - 1};
	}
}

/* "192.0.2.1", "192.0.2.1:80", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:80" */
static bool parse_node(struct str node, struct address *a)
{
	char host[64];
	const char *end;

	if (node.n && node.p[0] == '[') {
		end = memchr(node.p, ']', node.n);
		if (!end)
			return false;
		node = (struct str){node.p + 1, (size_t)(end - node.p) - 1};
	} else {
		end = node.n ? memchr(node.p, ':', node.n) : NULL;
		if (end && !memchr(end + 1, ':', node.n - (size_t)(end - node.p) - 1))
			node.n = (size_t)(end - node.p);
	}
	if (node.n == 0 || node.n >= sizeof(host) || node.p[0] == '/' || node.p[0] == '*')
		return false;
	memcpy(host, node.p, node.n);
	host[node.n] = '\0';
	return address_parse(a, host, "0") == 0;
}

bool forwarded_address(struct str list, bool rfc7239, unsigned nth, struct address *a)
{
	struct str text;
	struct element e;

	if (!from_end(list, rfc7239, nth, &text))
		return false;
	if (!rfc7239)
		return parse_node(text, a);
	return parse_element(&e, text) && parse_node(e.node, a);
}

bool forwarded_secure(struct str list, bool rfc7239)
{
	struct str text;
	struct element e;

	if (!from_end(list, rfc7239, 0, &text))
		return false;
	if (!rfc7239)
		return str_eq_nocase(text, STR("https"));
	return parse_element(&e, text) && str_eq_nocase(e.proto, STR("https"));
}
