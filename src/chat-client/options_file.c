#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/ini.h"
#include "chat-client/options.h"
#include "chat-client/words.h"

/* The file as it is read. The first thing that is wrong is told. */
struct reading {
	struct options *options;
	struct options other; /* what stands in parts that are not used, to be checked */
	struct options_source *source;
	bool named; /* somebody said which part: the file's own choice does not count */
	bool headed, used, wrong;
};

__attribute__((format(printf, 3, 4))) static void tell(struct reading *r, unsigned line, const char *fmt, ...)
{
	struct options_source *to = r->source;
	va_list args;
	size_t n;

	if (r->wrong)
		return;
	r->wrong = true;
	snprintf(to->why, to->size, "%s:%u: ", to->path, line);
	n = strlen(to->why);
	va_start(args, fmt);
	vsnprintf(to->why + n, to->size - n, fmt, args);
	va_end(args);
}

static void take_section(void *ctx, unsigned line, const char *name)
{
	struct reading *r = ctx;
	const char *host = r->source->host;

	r->headed = true;
	/* what may be wrong with a part is a matter of its own */
	r->other = (struct options){0};
	if (strlen(name) >= sizeof(r->options->server) || !name[0]) {
		tell(r, line, _("no part of the configuration can be called [%s]"), name);
		return;
	}
	r->used = r->options->server[0] && (r->named || !host) ? !strcmp(name, r->options->server)
							       : host && !strcmp(name, host);
	if (r->used && r->source->found)
		tell(r, line, _("[%s] stands here a second time"), name);
	if (!r->used)
		return;
	r->source->found = true;
	strlcpy(r->options->server, name, sizeof(r->options->server));
}

static void take_value(void *ctx, unsigned line, const char *key, const char *value)
{
	struct reading *r = ctx;
	bool counts = r->headed ? r->used : true;
	const char *why;

	if (!strcmp(key, "server")) {
		if (r->headed)
			tell(r, line, _("server stands before the first [heading]"));
		if (r->named || r->headed)
			return;
	}
	why = options_set(counts ? r->options : &r->other, key, value);
	if (why)
		tell(r, line, "%s = %s: %s", key, value, why);
}

static void take_fault(void *ctx, unsigned line, const char *sentence)
{
	tell(ctx, line, "%s", _(sentence));
}

static bool fail(struct options_source *source, int error)
{
	snprintf(source->why, source->size, "%s: %s", source->path, strerror(error));
	return false;
}

bool options_read_file(struct options *o, struct options_source *source)
{
	struct reading r = {.options = o, .source = source, .named = o->server[0]};
	const struct ini_sink sink = {take_section, take_value, take_fault, &r};
	FILE *file = fopen(source->path, "re");
	int rc;

	if (!file && errno == ENOENT && !o->config_file[0])
		return true;
	if (!file)
		return fail(source, errno);
	rc = ini_read(file, &sink);
	(void)fclose(file);
	if (rc && !r.wrong)
		return fail(source, -rc);
	return !r.wrong;
}
