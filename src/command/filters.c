#include "command/filters.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/log.h"
#include "base/mem.h"
#include "command/duration.h"
#include "network/ban.h"
#include "network/network.h"
#include "proto/utf8.h"
#include "session/server.h"

/* What one match may cost: backtracking, kilobytes. A harmless pattern needs a few hundred steps at most. */
enum { MATCH_STEPS_MAX = 20000, MATCH_HEAP_MAX = 256, NESTED_MAX = 50, SOURCE_MAX = 4 * FILTER_PATTERN_MAX + 64 };

struct filter {
	pcre2_code *code;
	uint64_t id; /* 0: of the configuration */
	uint32_t targets;
	struct ban own; /* what stands for it then */
	char heading[64];
	char none[1]; /* a reason that there is not */
};

struct filters {
	const struct network *net;
	const struct server *server;
	uint32_t version; /* of the network's */
	bool known;       /* it is one */
	struct filter *each;
	uint32_t count;
	uint32_t targets; /* of all together */
	pcre2_compile_context *compiling;
	pcre2_match_context *matching;
	pcre2_match_data *data;
};

static const char letters[] = "cpntPqu";

bool filter_targets_parse(const char *text, uint32_t *out)
{
	uint32_t set = 0;

	for (; *text; text++) {
		const char *at = strchr(letters, *text);

		if (*text == '*')
			set = FILTER_ALL;
		else if (at)
			set |= 1u << (at - letters);
		else
			return false;
	}
	*out = set;
	return set;
}

void filter_targets_show(struct buf *out, uint32_t targets)
{
	if ((targets & FILTER_ALL) == FILTER_ALL) {
		buf_chr(out, '*');
		return;
	}
	for (int i = 0; letters[i]; i++) {
		if (targets & 1u << i)
			buf_chr(out, letters[i]);
	}
}

static bool is_regex(struct str pattern)
{
	return pattern.n > 2 && pattern.p[0] == '/' && pattern.p[pattern.n - 1] == '/';
}

/* A word as an expression: what stands for something there stands for itself, but * and ?. */
static void add_words(struct buf *out, struct str pattern)
{
	buf_cstr(out, "(?<![\\p{L}\\p{N}])");
	for (size_t i = 0; i < pattern.n; i++) {
		char c = pattern.p[i];

		if (c == '*')
			buf_cstr(out, "\\S*");
		else if (c == '?')
			buf_cstr(out, "\\S");
		else if (c == ' ')
			buf_cstr(out, "\\s+");
		else if (strchr("\\^$.[]|()+{}#-/", c))
			buf_fmt(out, "\\%c", c);
		else
			buf_chr(out, c);
	}
	buf_cstr(out, "(?![\\p{L}\\p{N}])");
}

static struct str source_of(struct str pattern, struct buf *room)
{
	if (is_regex(pattern))
		return (struct str){pattern.p + 1, pattern.n - 2};
	add_words(room, pattern);
	return buf_view(room);
}

static pcre2_code *compile(struct str pattern, pcre2_compile_context *ctx, int *err)
{
	char memory[SOURCE_MAX];
	struct buf room;
	struct str source;
	PCRE2_SIZE at;

	buf_init(&room, memory, sizeof(memory));
	source = source_of(pattern, &room);
	*err = PCRE2_ERROR_INTERNAL;
	if (room.full)
		return NULL;
	return pcre2_compile((PCRE2_SPTR)source.p, source.n,
			     PCRE2_UTF | PCRE2_CASELESS | PCRE2_NEVER_BACKSLASH_C | PCRE2_NO_AUTO_CAPTURE, err, &at,
			     ctx);
}

static pcre2_compile_context *new_compiling(void)
{
	pcre2_compile_context *ctx = pcre2_compile_context_create(NULL);

	if (!ctx)
		return NULL;
	pcre2_set_max_pattern_length(ctx, SOURCE_MAX);
	pcre2_set_parens_nest_limit(ctx, NESTED_MAX);
	return ctx;
}

const char *filter_pattern_check(struct str pattern, char why[128])
{
	pcre2_compile_context *ctx;
	pcre2_code *code;
	int err;

	if (pattern.n < 2 || pattern.n > FILTER_PATTERN_MAX)
		return N_("A pattern has 2 to 256 bytes");
	if (!utf8_valid(pattern))
		return N_("The pattern is not UTF-8");
	ctx = new_compiling();
	code = compile(pattern, ctx, &err);
	pcre2_compile_context_free(ctx);
	if (!code) {
		if (pcre2_get_error_message(err, (PCRE2_UCHAR *)why, 128) < 0)
			snprintf(why, 128, "the pattern is none");
		return why;
	}
	pcre2_code_free(code);
	return NULL;
}

struct filters *filters_new(const struct network *net, const struct server *server)
{
	struct filters *f = mem_zalloc(sizeof(*f));

	f->net = net;
	f->server = server;
	f->compiling = new_compiling();
	f->matching = pcre2_match_context_create(NULL);
	f->data = pcre2_match_data_create(1, NULL);
	if (f->matching) {
		pcre2_set_match_limit(f->matching, MATCH_STEPS_MAX);
		pcre2_set_depth_limit(f->matching, MATCH_STEPS_MAX);
		pcre2_set_heap_limit(f->matching, MATCH_HEAP_MAX);
	}
	return f;
}

static void forget(struct filters *f)
{
	for (uint32_t i = 0; i < f->count; i++)
		pcre2_code_free(f->each[i].code);
	mem_free(f->each);
	f->each = NULL;
	f->count = 0;
	f->targets = 0;
}

void filters_free(struct filters *f)
{
	if (!f)
		return;
	forget(f);
	pcre2_match_data_free(f->data);
	pcre2_match_context_free(f->matching);
	pcre2_compile_context_free(f->compiling);
	mem_free(f);
}

bool filter_action_parse(const char *word, enum ban_action *action, int64_t *ban_ms)
{
	static const enum ban_action actions[] = {BAN_REFUSE, BAN_WARN, BAN_HIDE, BAN_KICK, BAN_BAN};
	size_t n = strcspn(word, "=");

	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		const char *name = ban_action_name(actions[i]);

		if (strlen(name) != n || strncasecmp(word, name, n) != 0)
			continue;
		*action = actions[i];
		if (actions[i] == BAN_BAN)
			return word[n] && duration_parse(word + n + 1, ban_ms);
		return !word[n];
	}
	return false;
}

static struct filter *add(struct filters *f, const struct ban *b)
{
	int err;
	pcre2_code *code = compile(str_of(b->mask), f->compiling, &err);

	if (!code)
		return NULL;
	/* Where memory may not be made executable the same code is interpreted. */
	(void)pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
	f->each[f->count] = (struct filter){.code = code, .id = b->id, .targets = b->targets};
	f->targets |= b->targets;
	return &f->each[f->count++];
}

/* The configuration was checked when it was read. */
static void add_row(struct filters *f, const struct filter_row *row)
{
	struct ban b = {.kind = BAN_FILTER, .mask = row->pattern};
	struct filter *filter;

	if (!filter_targets_parse(row->targets, &b.targets) || !filter_action_parse(row->action, &b.action, &b.ban_ms))
		return;
	filter = add(f, &b);
	if (!filter)
		return;
	snprintf(filter->heading, sizeof(filter->heading), "[filter %s]", row->name);
	filter->own = b;
	filter->own.by = filter->heading;
	filter->own.reason = row->reason ? row->reason : filter->none;
}

void filters_reconfigured(struct filters *f)
{
	f->known = false;
}

static void look(struct filters *f)
{
	uint32_t version = network_ban_version(f->net, BAN_FILTER);
	const struct vec *bans = network_bans(f->net, BAN_FILTER);
	size_t rows = f->server ? f->server->nfilters : 0;

	if (f->known && f->version == version)
		return;
	forget(f);
	f->known = true;
	f->version = version;
	if (bans->count + rows == 0 || !f->matching || !f->data)
		return;
	f->each = mem_alloc((bans->count + rows) * sizeof(*f->each));
	for (uint32_t i = 0; i < bans->count; i++)
		(void)add(f, bans->items[i]);
	for (size_t i = 0; i < rows; i++)
		add_row(f, &f->server->filters[i]);
}

/* The digits of a colour behind byte 3: "4", "04,12". */
static size_t skip_colour(struct str s, size_t at)
{
	size_t digits = 0;

	while (at < s.n && digits < 2 && s.p[at] >= '0' && s.p[at] <= '9') {
		at++;
		digits++;
	}
	return at;
}

/* The text as people read it. */
static struct str plain_text(struct str s, char dst[FILTER_TEXT_MAX])
{
	size_t n = 0;

	if (s.n > FILTER_TEXT_MAX)
		s = utf8_cut(s, FILTER_TEXT_MAX);
	for (size_t i = 0; i < s.n;) {
		char c = s.p[i++];

		if (c == 3) {
			size_t end = skip_colour(s, i);

			if (end > i && end < s.n && s.p[end] == ',')
				end = skip_colour(s, end + 1);
			i = end;
		} else if (!strchr("\x02\x0f\x11\x16\x1d\x1e\x1f", c) || c == '\0') {
			dst[n++] = c;
		}
	}
	return (struct str){dst, n};
}

static bool matches(struct filters *f, const struct filter *filter, struct str text)
{
	int rc = pcre2_match(filter->code, (PCRE2_SPTR)text.p, text.n, 0, PCRE2_NO_UTF_CHECK, f->data, f->matching);
	char id[64];

	if (rc >= 0)
		return true;
	if (rc != PCRE2_ERROR_NOMATCH) {
		if (filter->id)
			snprintf(id, sizeof(id), "%llu", (unsigned long long)filter->id);
		else
			snprintf(id, sizeof(id), "%s", filter->heading);
		log_event(EVENT_FILTER_GIVEN_UP, LOG_FIELDS({"CHATD_BAN", id}),
			  "filter %s takes too long for a text, which was let through", id);
	}
	return false;
}

const struct ban *filters_match(struct filters *f, enum filter_target target, struct str text)
{
	char memory[FILTER_TEXT_MAX];

	look(f);
	if (!(f->targets & target) || !text.n || !utf8_valid(text))
		return NULL;
	text = plain_text(text, memory);
	for (uint32_t i = 0; i < f->count; i++) {
		if ((f->each[i].targets & target) && matches(f, &f->each[i], text))
			return f->each[i].id ? network_ban(f->net, f->each[i].id) : &f->each[i].own;
	}
	return NULL;
}
