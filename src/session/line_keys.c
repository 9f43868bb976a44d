#include "session/line_keys.h"

#include "base/mem.h"

/* RFC 854; and the option of RFC 857. */
enum {
	TELNET_SE = 240,
	TELNET_AYT = 246,
	TELNET_EC = 247,
	TELNET_EL = 248,
	TELNET_SB = 250,
	TELNET_WILL = 251,
	TELNET_WONT = 252,
	TELNET_DO = 253,
	TELNET_DONT = 254,
	TELNET_IAC = 255,
	OPTION_ECHO = 1,
};

enum { KEY_BACKSPACE = 8, KEY_TAB = 9, KEY_KILL = 21, KEY_ERASE_WORD = 23, KEY_ESCAPE = 27, KEY_DEL = 127 };

void line_keys_deinit(struct line_keys *k)
{
	mem_free(k->kept);
	k->kept = NULL;
	k->nkept = 0;
}

/* Editing */

static void erase(struct buf *out)
{
	for (int i = 0; i < 3 && out->n && ((unsigned char)out->p[out->n - 1] & 0xC0) == 0x80; i++)
		out->n--;
	if (out->n)
		out->n--;
}

static void erase_word(struct buf *out)
{
	while (out->n && out->p[out->n - 1] == ' ')
		out->n--;
	while (out->n && out->p[out->n - 1] != ' ')
		out->n--;
}

static void type(struct line_keys *k, struct buf *out, unsigned char c)
{
	switch (c) {
	case KEY_BACKSPACE:
	case KEY_DEL:
		erase(out);
		break;
	case KEY_KILL:
		out->n = 0;
		break;
	case KEY_ERASE_WORD:
		erase_word(out);
		break;
	case KEY_ESCAPE:
		k->state = KEYS_ESCAPE;
		break;
	case KEY_TAB:
		buf_chr(out, ' ');
		break;
	default:
		if (c >= ' ')
			buf_chr(out, (char)c);
	}
}

/* An arrow, and what else sends more than one byte: ESC [ parameters letter, ESC O letter, ESC letter. */
static void escape(struct line_keys *k, unsigned char c)
{
	if (k->state == KEYS_ESCAPE)
		k->state = c == '[' || c == 'O' ? KEYS_SEQUENCE : KEYS_TEXT;
	else if (c >= 0x40 || c < ' ')
		k->state = KEYS_TEXT;
}

/* Telnet */

/* All that is offered is declined, and what was not asked for needs no answer: so nobody can be made to answer for ever. */
static void negotiate(const struct line_keys *k, unsigned char option, struct buf *replies)
{
	char answer[3] = {(char)TELNET_IAC, (char)(k->verb == TELNET_DO ? TELNET_WONT : TELNET_DONT), (char)option};

	/* ECHO is what the server itself offers: this is the answer to that. */
	if ((k->verb == TELNET_DO && option != OPTION_ECHO) || k->verb == TELNET_WILL)
		if (replies->cap - replies->n >= sizeof(answer))
			buf_add(replies, answer, sizeof(answer));
}

static void command(struct line_keys *k, struct buf *out, unsigned char c, struct buf *replies)
{
	k->state = KEYS_TEXT;
	if (c == TELNET_IAC) {
		buf_chr(out, (char)c);
		return;
	}
	k->telnet = true;
	if (c >= TELNET_WILL) {
		k->verb = c;
		k->state = KEYS_OPTION;
	} else if (c == TELNET_SB) {
		k->state = KEYS_SUB;
	} else if (c == TELNET_EC) {
		erase(out);
	} else if (c == TELNET_EL) {
		out->n = 0;
	} else if (c == TELNET_AYT && replies->cap - replies->n >= 7) {
		buf_cstr(replies, "[yes]\r\n");
	}
}

static void take(struct line_keys *k, struct buf *out, unsigned char c, struct buf *replies)
{
	switch (k->state) {
	case KEYS_IAC:
		command(k, out, c, replies);
		break;
	case KEYS_OPTION:
		negotiate(k, c, replies);
		k->state = KEYS_TEXT;
		break;
	case KEYS_SUB:
		k->state = c == TELNET_IAC ? KEYS_SUB_IAC : KEYS_SUB;
		break;
	case KEYS_SUB_IAC:
		k->state = c == TELNET_SE ? KEYS_TEXT : KEYS_SUB;
		break;
	default:
		if (c == TELNET_IAC)
			k->state = KEYS_IAC;
		else if (k->state == KEYS_TEXT)
			type(k, out, c);
		else
			escape(k, c);
	}
}

/* Lines */

static void keep(struct line_keys *k, const struct buf *text)
{
	line_keys_deinit(k);
	if (text->n == 0)
		return;
	k->kept = mem_strndup(text->p, text->n);
	k->nkept = text->n;
}

/* Bytes that are part of no code point are those of a machine from before UTF-8. */
static void to_utf8(struct buf *out, struct str text)
{
	while (text.n) {
		uint32_t cp;
		size_t n = str_code_point(text, &cp);
		unsigned char c = (unsigned char)text.p[0];
		char pair[2] = {(char)(0xC0 | c >> 6), (char)(0x80 | (c & 0x3F))};

		if (out->cap - out->n < (n ? n : sizeof(pair))) {
			out->full = true;
			return;
		}
		if (n && cp >= 0x80 && cp < 0xA0)
			;
		else if (n)
			buf_add(out, text.p, n);
		else
			buf_add(out, c < 0xA0 ? "?" : pair, c < 0xA0 ? 1 : sizeof(pair));
		n = n ? n : 1;
		text = (struct str){text.p + n, text.n - n};
	}
}

bool line_keys_take(struct line_keys *k, struct str raw, char end, struct buf *out, struct buf *replies)
{
	bool second = k->returned && end == '\n' && raw.n == 0 && k->state == KEYS_TEXT;
	char memory[LINE_KEYS_MAX];
	struct buf text;

	k->returned = end == '\r';
	if (second)
		return false;
	buf_init(&text, memory, sizeof(memory));
	buf_add(&text, k->kept, k->nkept);
	for (size_t i = 0; i < raw.n; i++)
		take(k, &text, (unsigned char)raw.p[i], replies);
	if (k->state == KEYS_OPTION || k->state == KEYS_SUB || k->state == KEYS_SUB_IAC) {
		take(k, &text, (unsigned char)end, replies);
		k->returned = false;
		keep(k, &text);
		return false;
	}
	k->state = KEYS_TEXT;
	line_keys_deinit(k);
	to_utf8(out, buf_view(&text));
	out->full |= text.full;
	explicit_bzero(memory, sizeof(memory));
	return true;
}

bool line_keys_tell(struct str raw)
{
	const char *cr = raw.n ? memchr(raw.p, '\r', raw.n) : NULL;

	return raw.n && ((unsigned char)raw.p[0] == TELNET_IAC || (cr && memchr(raw.p, '\n', raw.n) == NULL));
}
