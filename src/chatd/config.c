#include "chatd/config.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ini.h"
#include "base/mem.h"
#include "chatd/config_set.h"
#include "command/filters.h"
#include "post/post.h"
#include "proto/cidr.h"
#include "proto/name.h"
#include "session/password.h"

enum { CONFIG_OPERS_MAX = 64, CONFIG_CLASSES_MAX = 64, CONFIG_FILTERS_MAX = 64, CONFIG_ZONES_MAX = 16, CONFIG_HOOKS_MAX = 64, CONFIG_ZONE_NAME_MAX = 100 };

/* A heading, for what can only be said when all files are read. */
struct heading_place {
	char *file;
	unsigned line;
};

struct loading {
	struct config_job job;
	char heading[128];         /* what job.section points to */
	const char *section;       /* of the key table; NULL: the keys that follow are not looked at */
	void *base;                /* what the keys of the section are counted from; NULL: nothing takes them */
	struct heading_place *places; /* one for each of the server's opers */
	struct heading_place *key_places; /* and of its keys for tokens */
	int err;                   /* the first file that could not be read: -errno */
};

static void add_place(struct buf *text, const struct config_job *job)
{
	if (job->file)
		buf_fmt(text, "%s:", job->file);
	if (job->line)
		buf_fmt(text, "%u:", job->line);
	if (text->n)
		buf_chr(text, ' ');
	if (job->section)
		buf_fmt(text, "[%s] ", job->section);
	if (job->key)
		buf_fmt(text, "%s: ", job->key);
}

void config_complain(struct config_job *job, const char *fmt, ...)
{
	char memory[1024];
	char sentence[512];
	struct config_error error = {memory, job->file, job->line, job->key, sentence};
	struct buf text;
	va_list ap;

	if (job->errors++ > CONFIG_ERRORS_MAX)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(sentence, sizeof(sentence), fmt, ap);
	va_end(ap);
	if (job->errors > CONFIG_ERRORS_MAX)
		(void)strlcpy(sentence, "there are more errors", sizeof(sentence));
	buf_init(&text, memory, sizeof(memory) - 1);
	add_place(&text, job);
	buf_cstr(&text, sentence);
	memory[text.n] = '\0';
	job->error(job->ctx, &error);
}

/* The operator of that name, made if need be. Those of before move with it. */
static struct oper_block *open_oper(struct loading *l, const char *name)
{
	struct server *s = &l->job.out->server;

	for (size_t i = 0; i < s->nopers; i++) {
		if (strcmp(s->opers[i].name, name) == 0)
			return &s->opers[i];
	}
	if (s->nopers == CONFIG_OPERS_MAX) {
		config_complain(&l->job, "there are more than %d operators", CONFIG_OPERS_MAX);
		return NULL;
	}
	s->opers = mem_realloc(s->opers, (s->nopers + 1) * sizeof(s->opers[0]));
	l->places = mem_realloc(l->places, (s->nopers + 1) * sizeof(l->places[0]));
	s->opers[s->nopers] = (struct oper_block){.name = mem_strdup(name), .mask = mem_strdup("*@*")};
	l->places[s->nopers] = (struct heading_place){mem_strdup(l->job.file), l->job.line};
	return &s->opers[s->nopers++];
}

/* The same for a class. */
static struct oper_class *open_class(struct loading *l, const char *name)
{
	struct server *s = &l->job.out->server;

	for (size_t i = 0; i < s->nclasses; i++) {
		if (strcmp(s->classes[i].name, name) == 0)
			return &s->classes[i];
	}
	if (s->nclasses == CONFIG_CLASSES_MAX) {
		config_complain(&l->job, "there are more than %d classes", CONFIG_CLASSES_MAX);
		return NULL;
	}
	s->classes = mem_realloc(s->classes, (s->nclasses + 1) * sizeof(s->classes[0]));
	s->classes[s->nclasses] = (struct oper_class){.name = mem_strdup(name)};
	return &s->classes[s->nclasses++];
}

/* The same for a gateway. */
static struct webirc_block *open_webirc(struct loading *l, const char *name)
{
	struct server *s = &l->job.out->server;

	for (size_t i = 0; i < s->nwebircs; i++) {
		if (strcmp(s->webircs[i].name, name) == 0)
			return &s->webircs[i];
	}
	if (s->nwebircs == CONFIG_OPERS_MAX) {
		config_complain(&l->job, "there are more than %d gateways", CONFIG_OPERS_MAX);
		return NULL;
	}
	s->webircs = mem_realloc(s->webircs, (s->nwebircs + 1) * sizeof(s->webircs[0]));
	s->webircs[s->nwebircs] = (struct webirc_block){.name = mem_strdup(name)};
	return &s->webircs[s->nwebircs++];
}

/* The same for a filter. */
static struct filter_row *open_filter(struct loading *l, const char *name)
{
	struct server *s = &l->job.out->server;

	for (size_t i = 0; i < s->nfilters; i++) {
		if (strcmp(s->filters[i].name, name) == 0)
			return &s->filters[i];
	}
	if (s->nfilters == CONFIG_FILTERS_MAX) {
		config_complain(&l->job, "there are more than %d filters", CONFIG_FILTERS_MAX);
		return NULL;
	}
	s->filters = mem_realloc(s->filters, (s->nfilters + 1) * sizeof(s->filters[0]));
	s->filters[s->nfilters] = (struct filter_row){
		.name = mem_strdup(name), .targets = mem_strdup("cp"), .action = mem_strdup("refuse")};
	return &s->filters[s->nfilters++];
}

/* The same for a list of the DNS. */
static struct dnsbl_zone *open_zone(struct loading *l, const char *name)
{
	struct lookup_policy *p = &l->job.out->server.lookup;

	for (size_t i = 0; i < p->nzones; i++) {
		if (strcmp(p->zones[i].name, name) == 0)
			return &p->zones[i];
	}
	if (p->nzones == CONFIG_ZONES_MAX) {
		config_complain(&l->job, "there are more than %d lists", CONFIG_ZONES_MAX);
		return NULL;
	}
	p->zones = mem_realloc(p->zones, (p->nzones + 1) * sizeof(p->zones[0]));
	p->zones[p->nzones] =
		(struct dnsbl_zone){.name = mem_strdup(name), .replies = mem_strdup("127.0.0.*"), .score = 1};
	return &p->zones[p->nzones++];
}

/* The same for an outgoing webhook. */
static struct outgoing_block *open_hook(struct loading *l, const char *name)
{
	struct outgoing_policy *p = &l->job.out->outgoing;

	for (size_t i = 0; i < p->count; i++) {
		if (strcmp(p->blocks[i].name, name) == 0)
			return &p->blocks[i];
	}
	if (p->count == CONFIG_HOOKS_MAX) {
		config_complain(&l->job, "there are more than %d webhooks", CONFIG_HOOKS_MAX);
		return NULL;
	}
	p->blocks = mem_realloc(p->blocks, (p->count + 1) * sizeof(p->blocks[0]));
	p->blocks[p->count] = (struct outgoing_block){
		.name = mem_strdup(name), .kinds = OUTGOING_BIT(OUTGOING_MESSAGE), .waiting = 1000};
	return &p->blocks[p->count++];
}

/* The same for a key of tokens. */
static struct jwt_key *open_jwt_key(struct loading *l, const char *kid)
{
	struct jwt_policy *p = &l->job.out->server.jwt;

	for (size_t i = 0; i < p->count; i++) {
		if (strcmp(p->keys[i].kid, kid) == 0)
			return &p->keys[i];
	}
	if (p->count == JWT_KEYS_MAX) {
		config_complain(&l->job, "there are more than %d keys", JWT_KEYS_MAX);
		return NULL;
	}
	p->keys = mem_realloc(p->keys, (p->count + 1) * sizeof(p->keys[0]));
	l->key_places = mem_realloc(l->key_places, (p->count + 1) * sizeof(l->key_places[0]));
	p->keys[p->count] = (struct jwt_key){.kid = mem_strdup(kid)};
	l->key_places[p->count] = (struct heading_place){mem_strdup(l->job.file), l->job.line};
	return &p->keys[p->count++];
}

static void open_section(struct loading *l, const char *name)
{
	if (strcmp(l->section, "oper") == 0)
		l->base = open_oper(l, name);
	else if (strcmp(l->section, "class") == 0)
		l->base = open_class(l, name);
	else if (strcmp(l->section, "dnsbl") == 0)
		l->base = open_zone(l, name);
	else if (strcmp(l->section, "webirc") == 0)
		l->base = open_webirc(l, name);
	else if (strcmp(l->section, "jwt_key") == 0)
		l->base = open_jwt_key(l, name);
	else if (strcmp(l->section, "hook") == 0)
		l->base = open_hook(l, name);
	else
		l->base = open_filter(l, name);
}

static size_t name_max(const char *section)
{
	return strcmp(section, "dnsbl") == 0 || strcmp(section, "jwt_key") == 0 ? CONFIG_ZONE_NAME_MAX : NAME_NICK_MAX;
}

/*
 * "[oper NAME]", "[class NAME]", "[filter NAME]", "[webirc NAME]", "[dnsbl ZONE]", "[jwt_key KID]", "[hook NAME]". False:
 * the heading is none of these.
 */
static bool open_named_section(struct loading *l, const char *heading)
{
	static const char *const sections[] = {"oper", "class", "filter", "webirc", "dnsbl", "jwt_key", "hook"};
	size_t n = strcspn(heading, " ");
	const char *name = heading + n + strspn(heading + n, " ");

	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]) && !l->section; i++) {
		if (strlen(sections[i]) == n && strncmp(heading, sections[i], n) == 0)
			l->section = sections[i];
	}
	if (!l->section)
		return false;
	if (*name == '\0' || strlen(name) > name_max(l->section) || strpbrk(name, " \t"))
		config_complain(&l->job, "the heading wants a name, [%s NAME], of at most %zu bytes", l->section,
				name_max(l->section));
	else
		open_section(l, name);
	return true;
}

static void refuse_section(struct loading *l)
{
	const char *near = config_section_near(l->heading);

	if (near)
		config_complain(&l->job, "there is no such section; [%s] is one", near);
	else
		config_complain(&l->job, "there is no such section");
}

/* Keys of a section that was refused are not looked at: they would say the same once more. */
static void take_section(void *ctx, unsigned line, const char *name)
{
	struct loading *l = ctx;

	l->job.line = line;
	(void)strlcpy(l->heading, name, sizeof(l->heading));
	l->job.section = l->heading;
	l->section = NULL;
	l->base = NULL;
	if (open_named_section(l, name))
		return;
	if (config_section_known(name)) {
		l->section = l->heading;
		l->base = l->job.out;
	} else {
		refuse_section(l);
	}
}

static void refuse_key(struct loading *l, const char *name)
{
	const char *near = config_key_near(l->section, name);
	const char *elsewhere = config_section_of(name);

	if (near)
		config_complain(&l->job, "there is no such key; %s is one", near);
	else if (elsewhere)
		config_complain(&l->job, "there is no such key here; section [%s] has it", elsewhere);
	else
		config_complain(&l->job, "there is no such key");
}

static void set_key(struct loading *l, const char *name, const char *value)
{
	const struct config_key *key = config_key_find(l->section, name);

	if (!key)
		refuse_key(l, name);
	else if (l->base)
		config_set_value(&l->job, key, l->base, value);
}

static void take_value(void *ctx, unsigned line, const char *name, const char *value)
{
	struct loading *l = ctx;

	l->job.line = line;
	l->job.key = name;
	if (l->section)
		set_key(l, name, value);
	else if (!l->job.section)
		config_complain(&l->job, "this stands before the first [section]");
	l->job.key = NULL;
}

static void take_fault(void *ctx, unsigned line, const char *sentence)
{
	struct loading *l = ctx;

	l->job.line = line;
	config_complain(&l->job, "%s", sentence);
}

static void fail_file(struct loading *l, int err)
{
	l->job.line = 0;
	l->job.section = NULL;
	config_complain(&l->job, "%s", strerror(-err));
	if (!l->err)
		l->err = err;
}

static void load_file(struct loading *l, const char *path)
{
	struct ini_sink sink = {take_section, take_value, take_fault, l};
	FILE *f = fopen(path, "re");
	int rc = f ? 0 : -errno;

	l->job.file = path;
	l->job.section = NULL;
	l->section = NULL;
	if (f) {
		rc = ini_read(f, &sink);
		(void)fclose(f);
	}
	if (rc < 0)
		fail_file(l, rc);
	l->job.file = NULL;
	l->job.line = 0;
	l->job.section = NULL;
}

static int is_drop_in(const struct dirent *entry)
{
	size_t n = strlen(entry->d_name);

	return entry->d_name[0] != '.' && n > 5 && strcmp(entry->d_name + n - 5, ".conf") == 0;
}

/* The order is the same in every locale. */
static int compare_names(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static char *join_text(const char *a, const char *between, const char *b)
{
	size_t size = strlen(a) + strlen(between) + strlen(b) + 1;
	char *whole = mem_alloc(size);

	(void)snprintf(whole, size, "%s%s%s", a, between, b);
	return whole;
}

static void load_drop_ins(struct loading *l, const char *path)
{
	char *dir = join_text(path, ".d", "");
	struct dirent **entries = NULL;
	int n = scandir(dir, &entries, is_drop_in, compare_names);

	if (n < 0 && errno != ENOENT && errno != ENOTDIR) {
		l->job.file = dir;
		fail_file(l, -errno);
		l->job.file = NULL;
	}
	for (int i = 0; i < n; i++) {
		char *file = join_text(dir, "/", entries[i]->d_name);

		load_file(l, file);
		mem_free(file);
		free(entries[i]);
	}
	free(entries);
	mem_free(dir);
}

static void check_filters(struct loading *l)
{
	const struct server *s = &l->job.out->server;

	for (size_t i = 0; i < s->nfilters; i++) {
		const struct filter_row *row = &s->filters[i];
		char memory[128];
		const char *why = filter_pattern_check(str_of(row->pattern), memory);
		enum ban_action action;
		uint32_t targets;
		int64_t ban_ms;

		if (!why && !filter_targets_parse(row->targets, &targets))
			why = "the targets are letters of cpntPqu, or *";
		if (!why && !filter_action_parse(row->action, &action, &ban_ms))
			why = "the action is refuse, warn, hide, kick, or ban=DURATION";
		if (why)
			config_complain(&l->job, "[filter %s]: %s", row->name, why);
	}
}

static bool is_from(const char *from)
{
	struct str rest = str_of(from), word;
	struct cidr network;

	while (str_split(&rest, ' ', &word))
		if (!str_eq(word, STR("localhost")) && !cidr_parse(&network, word))
			return false;
	return true;
}

static void check_webircs(struct loading *l)
{
	const struct server *s = &l->job.out->server;

	for (size_t i = 0; i < s->nwebircs; i++) {
		const struct webirc_block *w = &s->webircs[i];

		if (!w->from || !is_from(w->from))
			config_complain(&l->job, "[webirc %s]: from wants addresses and networks, or localhost", w->name);
		if (!w->password && !w->certfp)
			config_complain(&l->job, "[webirc %s] has neither a password nor a fingerprint", w->name);
	}
}

/* What would be asked of people and could not be done. */
static void check_mail(struct loading *l)
{
	const struct server *s = &l->job.out->server;
	const char *relay = s->mail.relay;

	if ((s->accounts.email_verify || s->accounts.password_reset) && !mail_possible(&s->mail))
		config_complain(&l->job, "[accounts]: email_verify and password_reset want from in [mail], and command or "
					 "relay");
	if (relay && strncmp(relay, "smtp://", 7) != 0 && strncmp(relay, "smtps://", 8) != 0)
		config_complain(&l->job, "[mail]: relay begins with smtp:// or smtps://");
	if (relay && !mail_relay_built())
		config_complain(&l->job, "[mail]: this program was built without relays; name a command");
}

static void check_hooks(struct loading *l)
{
	const struct config *c = l->job.out;

	for (size_t i = 0; i < c->outgoing.count; i++) {
		const struct outgoing_block *b = &c->outgoing.blocks[i];
		unsigned char key[OUTGOING_KEY_MAX];
		size_t size;

		if (!post_built())
			config_complain(&l->job, "[hook %s]: this program was built without libcurl", b->name);
		if (!b->url || !post_url_fits(str_of(b->url), c->post.plain))
			config_complain(&l->job, "[hook %s]: url wants an address, https://..., or http://... with plain in "
						 "[outgoing]",
					b->name);
		if (b->secret && !outgoing_key(str_of(b->secret), key, &size))
			config_complain(&l->job, "[hook %s]: behind whsec_ a secret is base64", b->name);
		if (!b->channels && (b->kinds & OUTGOING_OF_CHANNELS))
			config_complain(&l->job, "[hook %s]: events of channels want channels", b->name);
		explicit_bzero(key, sizeof(key));
	}
}

/* It stands between quotes in what services get. */
static void check_webpush(struct loading *l)
{
	const struct server *s = &l->job.out->server;
	const char *contact = s->webpush.contact;

	if (s->webpush.on && !post_built())
		config_complain(&l->job, "[webpush]: this program was built without libcurl");
	if (contact && ((strncmp(contact, "mailto:", 7) != 0 && strncmp(contact, "https://", 8) != 0) ||
			strpbrk(contact, " \"\\")))
		config_complain(&l->job, "[webpush]: contact begins with mailto: or https://, and has no blanks in it");
}

static void check_opers(struct loading *l)
{
	const struct server *s = &l->job.out->server;

	for (size_t i = 0; i < s->nopers; i++) {
		const struct oper_block *o = &s->opers[i];

		/* There is a place for each: NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
		l->job.file = l->places[i].file;
		l->job.line = l->places[i].line;
		if (!o->password && !o->certfp && !o->account)
			config_complain(&l->job, "[oper %s] has no password, and no fingerprint or account either",
					o->name);
		if (o->class_name && !server_class(s, o->class_name))
			config_complain(&l->job, "[oper %s]: there is no [class %s]", o->name, o->class_name);
	}
	l->job.file = NULL;
	l->job.line = 0;
}

/* A token that does not say for whom it is, and from whom, would be good at all doors that its key opens. */
static void check_jwt(struct loading *l)
{
	const struct jwt_policy *p = &l->job.out->server.jwt;

	for (size_t i = 0; i < p->count; i++) {
		const char *why = jwt_key_fault(&p->keys[i]);

		l->job.file = l->key_places[i].file;
		l->job.line = l->key_places[i].line;
		if (why)
			config_complain(&l->job, "[jwt_key %s]: %s", p->keys[i].kid, why);
	}
	l->job.file = NULL;
	l->job.line = 0;
	if (p->count && !(p->issuer && p->audience))
		config_complain(&l->job, "[jwt]: keys for tokens want an issuer and an audience");
}

static void take_listen(struct loading *l, const struct config_source *source)
{
	struct config *c = l->job.out;

	l->job.key = "--listen";
	if (source->nlisten)
		config_clear_endpoints(c);
	for (size_t i = 0; i < source->nlisten; i++)
		config_add_endpoint(&l->job, source->listen[i]);
	l->job.key = NULL;
	if (c->nlisten)
		return;
	c->listen_default = true;
	config_add_endpoint(&l->job, "127.0.0.1:6667");
}

/* A proxy on this machine, unless others are named. */
static void take_proxies(struct config *c)
{
	if (c->proxies.set)
		return;
	c->proxies.items = mem_zalloc(2 * sizeof(*c->proxies.items));
	c->proxies.count = 2;
	(void)cidr_parse(&c->proxies.items[0], STR("127.0.0.0/8"));
	(void)cidr_parse(&c->proxies.items[1], STR("::1"));
}

static void take_state(struct config *c, const struct config_source *source)
{
	const char *given = getenv("STATE_DIRECTORY");

	if (source->state) {
		mem_free(c->state);
		c->state = mem_strdup(source->state);
	} else if (!c->state && given && *given) {
		c->state = mem_strndup(given, strcspn(given, ":"));
	}
}

/* Where a service manager has made a directory for it. NULL: nowhere. */
static char *default_control_path(void)
{
	const char *given = getenv("RUNTIME_DIRECTORY");
	char *first, *path;

	if (!given || *given != '/')
		return NULL;
	first = mem_strndup(given, strcspn(given, ":"));
	path = join_text(first, "/", "control.sock");
	mem_free(first);
	return path;
}

static void set_defaults(struct config *c)
{
	*c = (struct config){
		.log_level = LOG_LEVEL_INFO,
		.log_target = CONFIG_LOG_AUTO,
		.places = {.per_address = 16, .per_network = 64, .address_rate = 30, .network_rate = 120},
		.network_bits4 = 24,
		.network_bits6 = 48,
		.handshake_ms = 10000,
		.hook_body = 64 << 10,
		.outgoing = {.retry_ms = 1000, .pause_ms = 3600 * 1000, .attempts = 10},
		.post = {.timeout_ms = 10 * 1000, .keep_ms = 15 * 1000},
		.tls = {.kernel = true},
		.durability = DURABILITY_CRASH,
		.keep_direct = true,
		.keep_events = true,
		.retention = {.age_ms = 30ll * 24 * 3600 * 1000,
			      .count = 100000,
			      .direct_age_ms = 30ll * 24 * 3600 * 1000,
			      .direct_count = 100000},
		.conn_limits = {.sendq_max = 1 << 20, .recvq_max = 16 << 10},
	};
	server_init(&c->server);
	c->control_path = default_control_path();
	c->control_group = mem_strdup("chatd");
}

static void take_command_line(struct loading *l, const struct config_source *source)
{
	struct config *c = l->job.out;

	take_listen(l, source);
	take_proxies(c);
	take_state(c, source);
	c->server.config_path = mem_strdup(source->path);
	if (source->no_limits) {
		c->server.no_limits = true;
		c->places = (struct places_limits){0};
	}
}

static void free_places(struct loading *l)
{
	for (size_t i = 0; i < l->job.out->server.nopers; i++)
		mem_free(l->places[i].file);
	for (size_t i = 0; i < l->job.out->server.jwt.count; i++)
		mem_free(l->key_places[i].file);
	mem_free(l->places);
	mem_free(l->key_places);
}

int config_load(struct config *out, const struct config_source *source, config_error_fn error, void *ctx)
{
	struct config made;
	struct loading l = {.job = {.out = &made, .error = error, .ctx = ctx}};

	set_defaults(&made);
	if (source->path) {
		load_file(&l, source->path);
		load_drop_ins(&l, source->path);
	}
	check_opers(&l);
	check_webircs(&l);
	check_mail(&l);
	check_jwt(&l);
	check_filters(&l);
	check_hooks(&l);
	check_webpush(&l);
	take_command_line(&l, source);
	free_places(&l);
	if (l.job.errors) {
		config_deinit(&made);
		return l.err ? l.err : 1;
	}
	*out = made;
	return 0;
}

void config_deinit(struct config *c)
{
	config_clear_endpoints(c);
	mem_free(c->listen);
	mem_free(c->state);
	mem_free(c->control_path);
	mem_free(c->control_group);
	mem_free(c->metrics.text);
	mem_free(c->proxies.items);
	mem_free(c->post.allowed.items);
	mem_free(c->post.authorities);
	outgoing_policy_deinit(&c->outgoing);
	text_lines_clear(&c->origins);
	text_lines_clear(&c->tls.certificates);
	text_lines_clear(&c->tls.keys);
	mem_free(c->tls.client_ca);
	server_deinit(&c->server);
	*c = (struct config){0};
}
