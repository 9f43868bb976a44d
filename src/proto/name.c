#include "proto/name.h"

#include <stdint.h>

#include "proto/precis.h"

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

static bool is_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f;
}

static bool is_nick_char(char c)
{
	return is_letter(c) || is_digit(c) || is_one_of(c, "[]\\`_^{|}-");
}

bool name_nick_valid(enum casemap map, struct str nick, size_t max)
{
	if (nick.n == 0 || nick.n > max || is_digit(nick.p[0]) || nick.p[0] == '-')
		return false;
	if (casemap_beyond_ascii(map, nick))
		return precis_nick_valid(nick, is_nick_char);
	for (size_t i = 0; i < nick.n; i++) {
		if (!is_nick_char(nick.p[i]))
			return false;
	}
	return true;
}

/* The C1 controls are refused with the rest: terminals obey them too. */
bool name_channel_valid(struct str name, size_t max)
{
	if (name.n < 2 || name.n > max || name.p[0] != '#')
		return false;
	while (name.n) {
		uint32_t cp = 0;
		size_t n = str_code_point(name, &cp);

		if (n == 0 || cp <= ' ' || cp == ',' || (cp >= 0x7f && cp <= 0x9f))
			return false;
		name.p += n;
		name.n -= n;
	}
	return true;
}

bool name_key_valid(struct str key)
{
	if (key.n == 0 || key.n > NAME_KEY_MAX || key.p[0] == ':')
		return false;
	for (size_t i = 0; i < key.n; i++) {
		if (is_control(key.p[i]) || is_one_of(key.p[i], " ,"))
			return false;
	}
	return true;
}

/* Printable ASCII, without what ends a user in nick!user@host, what a mask or a list of targets takes apart, and ':'.
 */
static bool is_username_char(char c)
{
	return c > ' ' && c < 0x7f && !is_one_of(c, "!@*?,:");
}

bool name_username_make(char *dst, struct str wanted)
{
	size_t n = 0;

	for (size_t i = 0; i < wanted.n && n < NAME_USER_MAX; i++) {
		if (is_username_char(wanted.p[i]))
			dst[n++] = wanted.p[i];
	}
	dst[n] = '\0';
	return n > 0;
}
