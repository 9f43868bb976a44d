#include "command/ban_order.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "command/duration.h"
#include "command/filters.h"
#include "proto/cidr.h"
#include "proto/mask.h"
#include "proto/name.h"
#include "proto/utf8.h"

enum { WIDEST_V4 = 96 + 8, WIDEST_V6 = 16, LEAST_LITERAL = 2 };

static const char too_wide[] = N_("That would meet nearly everybody");
static const char no_target[] = N_("That is neither an address, nor a mask, nor an account");

/* Letters and digits that are no wildcard and no part of the form. */
static size_t count_literal(const char *mask)
{
	size_t n = 0;

	for (; *mask; mask++)
		n += !strchr("*?!@.:", *mask);
	return n;
}

static bool set_text(struct ban_order *o, enum ban_kind kind, struct str text)
{
	if (text.n == 0 || text.n >= sizeof(o->mask))
		return false;
	o->kind = kind;
	memcpy(o->mask, text.p, text.n);
	o->mask[text.n] = '\0';
	return true;
}

static const char *set_glob(struct ban_order *o, enum ban_kind kind, const char *glob)
{
	if (!set_text(o, kind, str_of(glob)))
		return no_target;
	return count_literal(glob) < LEAST_LITERAL ? too_wide : NULL;
}

static const char *set_cidr(struct ban_order *o, const struct cidr *c)
{
	char text[CIDR_TEXT_MAX];
	bool v4;

	cidr_format(c, text);
	v4 = !strchr(text, ':');
	set_text(o, BAN_ADDRESS, str_of(text));
	return c->bits < (v4 ? WIDEST_V4 : WIDEST_V6) ? too_wide : NULL;
}

/* The part behind "*!*@" or "*@", if that is all there is in front. */
static struct str any_user_at(const char *text)
{
	if (strncmp(text, "*!*@", 4) == 0)
		return str_of(text + 4);
	return strncmp(text, "*@", 2) == 0 ? str_of(text + 2) : str_of(text);
}

static const char *set_mask(struct ban_order *o, const char *text)
{
	char memory[BAN_ORDER_MASK_MAX];
	const char *host;
	struct cidr c;
	struct buf b;

	buf_init(&b, memory, sizeof(memory));
	mask_normalise(&b, str_of(text));
	if (b.full || !set_text(o, BAN_MASK, buf_view(&b)))
		return no_target;
	if (cidr_parse(&c, any_user_at(o->mask)))
		return set_cidr(o, &c);
	/* A network beside a username would be taken for the letters that it is written with. */
	host = strrchr(o->mask, '@') + 1;
	if (host[strcspn(host, "/")] && cidr_parse(&c, (struct str){host, strcspn(host, "/")})) {
		o->mask[0] = '\0';
		return N_("A network of addresses stands alone, or behind *@");
	}
	return count_literal(o->mask) < LEAST_LITERAL ? too_wide : NULL;
}

static const char *parse_any(struct ban_order *o, const char *text, bool accounts)
{
	if (strncasecmp(text, "~a:", 3) == 0)
		return set_glob(o, BAN_ACCOUNT, text + 3);
	if (strncasecmp(text, "account:", 8) == 0)
		return set_glob(o, BAN_ACCOUNT, text + 8);
	if (strncasecmp(text, "~r:", 3) == 0)
		return set_glob(o, BAN_REALNAME, text + 3);
	if (strncasecmp(text, "realname:", 9) == 0)
		return set_glob(o, BAN_REALNAME, text + 9);
	if (strpbrk(text, "!@*?.:"))
		return set_mask(o, text);
	if (!accounts || strlen(text) > NAME_ACCOUNT_MAX || strpbrk(text, " ,/"))
		return no_target;
	return set_text(o, BAN_ACCOUNT, str_of(text)) ? NULL : no_target;
}

const char *ban_target_parse(struct ban_order *o, enum ban_form form, const char *text)
{
	struct cidr c;

	if (form == BAN_FORM_REALNAME)
		return set_glob(o, BAN_REALNAME, text);
	if (cidr_parse(&c, any_user_at(text)))
		return set_cidr(o, &c);
	if (form == BAN_FORM_ADDRESS)
		return N_("That is no address, nor a network of them");
	return parse_any(o, text, form == BAN_FORM_ANY);
}

/* True: the word says how, and not whom or why. */
static bool take_option(struct ban_order *o, const char *word)
{
	if (strcasecmp(word, "REQUIRE-SASL") == 0)
		o->action = BAN_NEED_ACCOUNT;
	else if (strcasecmp(word, "SHUN") == 0)
		o->action = BAN_SHUN;
	else
		return false;
	return true;
}

/* Options and one duration from words[at] on; returns how many words those are. */
static size_t take_options(struct ban_order *o, bool *timed, const char *const *words, size_t n)
{
	size_t at = 0;

	while (at < n) {
		int64_t ms;
		bool named = at + 1 < n && strcasecmp(words[at], "DURATION") == 0;

		if (!take_option(o, words[at])) {
			if (*timed || !duration_parse(words[at + named], &ms))
				break;
			*timed = true;
			o->duration_ms = ms;
			at += named;
		}
		at++;
	}
	return at;
}

void ban_order_reason(struct ban_order *o, const char *const *words, size_t n)
{
	char text[1024];
	struct buf b;
	struct str cut;

	buf_init(&b, text, sizeof(text));
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_chr(&b, ' ');
		buf_cstr(&b, words[i]);
	}
	cut = utf8_cut(buf_view(&b), sizeof(o->reason) - 1);
	memcpy(o->reason, cut.n ? cut.p : "", cut.n);
	o->reason[cut.n] = '\0';
}

const char *ban_order_parse(struct ban_order *o, enum ban_form form, const char *const *words, size_t n)
{
	bool timed = false;
	const char *why;
	size_t at = n > 1 ? take_options(o, &timed, words, n - 1) : 0;

	if (at >= n || !*words[at])
		return N_("Whom? A target is missing");
	why = ban_target_parse(o, form, words[at]);
	if (why)
		return why;
	at++;
	at += take_options(o, &timed, words + at, n - at);
	ban_order_reason(o, words + at, n - at);
	return NULL;
}

void ban_order_record(const struct ban_order *o, struct record *r, int64_t now)
{
	r->type = RECORD_BAN_SET;
	r->flags |= RECORD_OVERRIDE;
	r->ban.kind = o->kind;
	r->ban.action = o->action;
	r->ban.mask = str_of(o->mask);
	r->ban.reason = str_of(o->reason);
	r->ban.until = o->duration_ms ? now + o->duration_ms : 0;
}

char ban_letter(const struct ban *b)
{
	static const char letters[BAN_KIND_COUNT] = {'D', 'K', 'A', 'X', 'F', 'N', 'C', 'E', 'C'};

	return b->action == BAN_SHUN ? 'S' : letters[b->kind];
}

void ban_describe(struct buf *out, const struct ban *b, enum language language, int64_t now)
{
	buf_fmt(out, "#%llu %s %s", (unsigned long long)b->id, ban_kind_name(b->kind), b->mask);
	if (b->kind == BAN_FILTER) {
		buf_cstr(out, language_words(language, N_(" on ")));
		filter_targets_show(out, b->targets);
	}
	buf_fmt(out, ": %s", ban_action_name(b->action));
	if (b->action == BAN_BAN) {
		buf_chr(out, '=');
		duration_show(out, b->ban_ms);
	}
	buf_fmt(out, language_words(language, N_(", set by %s ")), *b->by ? b->by : "*");
	ban_time(out, b->time);
	if (b->until) {
		buf_cstr(out, language_words(language, N_(", ends in ")));
		duration_show(out, b->until > now ? b->until - now : 0);
	} else {
		buf_cstr(out, language_words(language, N_(", for good")));
	}
	buf_fmt(out, language_words(language, N_(", met %llu: %s")), (unsigned long long)b->hits,
		*b->reason ? b->reason : language_words(language, N_("no reason given")));
}
