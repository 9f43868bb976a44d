#include "session/server.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "proto/modes.h"
#include "proto/name.h"
#include "session/server_opers.h"

void text_lines_add(struct text_lines *t, const char *line)
{
	t->lines = mem_realloc(t->lines, (t->count + 1) * sizeof(*t->lines));
	t->lines[t->count++] = mem_strdup(line);
}

void text_lines_clear(struct text_lines *t)
{
	for (size_t i = 0; i < t->count; i++)
		mem_free(t->lines[i]);
	mem_free(t->lines);
	*t = (struct text_lines){NULL, 0};
}

/* The machine's own name where it looks like a host name, for a server that nobody named. */
static char *default_name(void)
{
	char host[NAME_HOST_MAX] = "";

	if (gethostname(host, sizeof(host) - 1) != 0 || !host[0])
		return mem_strdup("chatd.local");
	if (!strchr(host, '.') && strlen(host) + sizeof(".local") <= sizeof(host))
		strlcat(host, ".local", sizeof(host));
	return mem_strdup(host);
}

static char *date_text(int64_t ms)
{
	time_t t = (time_t)(ms / 1000);
	struct tm tm;
	char text[64];

	gmtime_r(&t, &tm);
	strftime(text, sizeof(text), "%a %b %d %Y at %H:%M:%S UTC", &tm);
	return mem_strdup(text);
}

void server_init(struct server *s)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	*s = (struct server){
		.name = default_name(),
		.network = mem_strdup("chatd"),
		.description = mem_strdup("chatd"),
		.started_ms = (int64_t)now.tv_sec * 1000,
		.casemap = CASEMAP_PRECIS,
		.nick_max = NAME_NICK_MAX,
		.channel_max = NAME_CHANNEL_MAX,
		.topic_max = 390,
		.away_max = 200,
		.kick_max = 300,
		.realname_max = 128,
		.channels_max = 100,
		.list_max = 100,
		.modes_max = 12,
		.targets_max = 8,
		.monitor_max = 128,
		.metadata_max = 20,
		.subscriptions_max = 50,
		.metadata_minute = 30,
		.multiline_bytes = 4096,
		.multiline_lines = 100,
		.reactions = 50,
		.reactions_each = 20,
		.multiline_ms = 60 * 1000,
		.bans_max = 10000,
		.filters_max = 100,
		.default_channel_flags = CHAN_NO_EXTERNAL | CHAN_TOPIC_LOCKED,
		.registration_ms = 60 * 1000,
		.ping_ms = 120 * 1000,
		.flood_burst = 40,
		.flood_rate = 5,
		.line = {.lobby = mem_strdup("#lobby"), .last = 20, .greet_ms = 2000},
		.flood_local = true,
		.accounts =
			{
				.registration = true,
				.before_connect = true,
				.multiclient = true,
				.nicks = NICK_STRICT,
				.guest_ms = 30 * 1000,
				.absence_ms = 90LL * 24 * 3600 * 1000,
				.nicks_max = 8,
				.channels_max = 20,
				.password_min = 8,
				.iterations = 10000,
				.attempts = 10,
				.attempts_ms = 10 * 60 * 1000,
			},
		.edit_ms = 24LL * 3600 * 1000,
		.webpush = {.max = 8, .per_minute = 20, .ttl_ms = 24LL * 3600 * 1000},
		.redact_ms = 24LL * 3600 * 1000,
		.history = {.usual = CHAN_HISTORY_ALWAYS, .limit = 1000, .missed = 100},
		.helper = {.processes = 2, .queue = 100, .timeout_ms = 9 * 1000},
		.mail = {.timeout_ms = 30 * 1000, .per_hour = 5, .verify_ms = 24 * 3600 * 1000, .reset_ms = 3600 * 1000},
		.cloak = {.on = true, .may_drop = true},
	};
	s->started = date_text(s->started_ms);
	lookup_policy_init(&s->lookup);
	jwt_policy_init(&s->jwt);
	emergency_init(&s->emergency);
}

static void filters_deinit(struct server *s)
{
	for (size_t i = 0; i < s->nfilters; i++) {
		mem_free(s->filters[i].name);
		mem_free(s->filters[i].pattern);
		mem_free(s->filters[i].targets);
		mem_free(s->filters[i].action);
		mem_free(s->filters[i].reason);
	}
	mem_free(s->filters);
}

void server_deinit(struct server *s)
{
	mem_free(s->name);
	mem_free(s->network);
	mem_free(s->icon);
	mem_free(s->filehost);
	mem_free(s->webpush.contact);
	mem_free(s->description);
	mem_free(s->password);
	mem_free(s->started);
	mem_free(s->config_path);
	mem_free(s->client_tag_deny);
	mem_free(s->filter_exempt);
	filters_deinit(s);
	lookup_policy_deinit(&s->lookup);
	mem_free(s->flood_exempt);
	emergency_deinit(&s->emergency);
	if (s->cloak.secret)
		explicit_bzero(s->cloak.secret, strlen(s->cloak.secret));
	mem_free(s->cloak.secret);
	mem_free(s->line.lobby);
	mail_policy_deinit(&s->mail);
	helper_policy_deinit(&s->helper);
	jwt_policy_deinit(&s->jwt);
	for (size_t i = 0; i < sizeof(s->admin) / sizeof(s->admin[0]); i++)
		mem_free(s->admin[i]);
	server_opers_deinit(s);
	text_lines_clear(&s->motd);
	text_lines_clear(&s->isupport);
	memset(s, 0, sizeof(*s));
}

/* 005 takes at most 13 tokens a line, and the line 512 bytes: with the longest names in front, and its words behind. */
enum { TOKENS_PER_LINE = 13, TOKENS_LINE_MAX = 380 };

struct tokens {
	struct server *server;
	struct buf line;
	unsigned count;
	char memory[TOKENS_LINE_MAX];
};

static void tokens_flush(struct tokens *t)
{
	if (t->count == 0)
		return;
	buf_chr(&t->line, '\0');
	text_lines_add(&t->server->isupport, t->memory);
	buf_init(&t->line, t->memory, sizeof(t->memory));
	t->count = 0;
}

static void token(struct tokens *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void token(struct tokens *t, const char *fmt, ...)
{
	char text[340];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (t->count == TOKENS_PER_LINE || t->line.n + strlen(text) + 2 > t->line.cap)
		tokens_flush(t);
	if (t->count++)
		buf_chr(&t->line, ' ');
	buf_cstr(&t->line, text);
}

/* Letters of one CHANMODES type, or prefix letters, or prefixes. */
static void mode_letters(char *dst, enum chan_mode_type type, bool prefixes)
{
	size_t count;
	const struct chan_mode *row = chan_modes(&count);

	for (size_t i = 0; i < count; i++)
		if (row[i].type == type)
			*dst++ = prefixes ? row[i].prefix : row[i].letter;
	*dst = '\0';
}

static void mode_tokens(struct tokens *t)
{
	char list[32], param[32], param_set[32], flag[64], letters[16], prefixes[16];

	mode_letters(list, CHAN_MODE_LIST, false);
	mode_letters(param, CHAN_MODE_PARAM, false);
	mode_letters(param_set, CHAN_MODE_PARAM_SET, false);
	mode_letters(flag, CHAN_MODE_FLAG, false);
	mode_letters(letters, CHAN_MODE_PREFIX, false);
	mode_letters(prefixes, CHAN_MODE_PREFIX, true);
	token(t, "CHANMODES=%s,%s,%s,%s", list, param, param_set, flag);
	token(t, "PREFIX=(%s)%s", letters, prefixes);
	token(t, "STATUSMSG=%s", prefixes);
	token(t, "MAXLIST=%s:%u", list, t->server->list_max);
}

/* A value of 005 holds no space: as \x20, as modern.ircdocs.horse has it. */
static void text_token(struct tokens *t, const char *key, const char *name)
{
	char escaped[300];
	struct buf b;

	buf_init(&b, escaped, sizeof(escaped) - 1);
	for (; name && *name; name++) {
		if (*name == ' ' || *name == '=' || *name == '\\')
			buf_fmt(&b, "\\x%02X", (unsigned)*name);
		else
			buf_chr(&b, *name);
	}
	escaped[b.n] = '\0';
	/* Part of an address leads nowhere. */
	if (b.n && !b.full)
		token(t, "%s=%s", key, escaped);
}

static void limit_tokens(struct tokens *t)
{
	const struct server *s = t->server;

	token(t, "NICKLEN=%u", s->nick_max);
	token(t, "USERLEN=%d", NAME_USER_MAX);
	token(t, "HOSTLEN=%d", NAME_HOST_MAX);
	token(t, "CHANNELLEN=%u", s->channel_max);
	token(t, "TOPICLEN=%u", s->topic_max);
	token(t, "KICKLEN=%u", s->kick_max);
	token(t, "AWAYLEN=%u", s->away_max);
	token(t, "NAMELEN=%u", s->realname_max);
	token(t, "KEYLEN=%d", NAME_KEY_MAX);
	token(t, "CHANLIMIT=#:%u", s->channels_max);
	token(t, "MODES=%u", s->modes_max);
	token(t, "MONITOR=%u", s->monitor_max);
	token(t, "TARGMAX=JOIN:,KICK:%u,LIST:,NAMES:1,NOTICE:%u,PART:,PRIVMSG:%u,TAGMSG:%u,WHOIS:%u", s->targets_max,
	      s->targets_max, s->targets_max, s->targets_max, s->targets_max);
}

void server_build(struct server *s)
{
	struct tokens t = {.server = s};

	buf_init(&t.line, t.memory, sizeof(t.memory));
	text_lines_clear(&s->isupport);
	text_token(&t, "NETWORK", s->network);
	text_token(&t, "draft/ICON", s->icon);
	text_token(&t, "draft/FILEHOST", s->filehost);
	text_token(&t, "soju.im/FILEHOST", s->filehost);
	token(&t, "CASEMAPPING=%s", casemap_name(s->casemap));
	token(&t, "CHANTYPES=#");
	mode_tokens(&t);
	limit_tokens(&t);
	token(&t, "EXCEPTS=e");
	token(&t, "INVEX=I");
	token(&t, "EXTBAN=~,%sUacmrwz", s->lookup.countries ? "G" : "");
	token(&t, "ACCOUNTEXTBAN=a");
	token(&t, "ELIST=CMNTU");
	token(&t, "KNOCK");
	token(&t, "CHATHISTORY=%u", s->history.limit);
	token(&t, "MSGREFTYPES=msgid,timestamp");
	token(&t, "BOT=B");
	if (s->webpush.on && s->webpush.key[0])
		token(&t, "VAPID=%s", s->webpush.key);
	if (s->accounts.required)
		token(&t, "draft/ACCOUNTREQUIRED");
	token(&t, "SAFELIST");
	token(&t, "UTF8ONLY");
	token(&t, "WHOX");
	if (s->client_tag_deny)
		token(&t, "CLIENTTAGDENY=%s", s->client_tag_deny);
	tokens_flush(&t);
}

bool server_tag_allowed(const struct server *s, struct str key)
{
	struct str rest = str_of(s->client_tag_deny), item, name = {key.p + 1, key.n - 1};
	bool allowed = true;

	while (str_split(&rest, ',', &item)) {
		if (str_eq(item, STR("*")))
			allowed = false;
		else if (str_eq(item, name))
			return false;
		else if (item.n > 1 && item.p[0] == '-' && str_eq((struct str){item.p + 1, item.n - 1}, name))
			return true;
	}
	return allowed;
}
