#include "chatctl/import.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "chatctl/flat.h"
#include "chatctl/options.h"
#include "chatctl/talk.h"

/*
 * The file is read as a whole, and nothing is asked of the server unless all of it is good. What is here already stays
 * as it is, so what was broken off can be done once more.
 */
enum { LINE_SIZE = 1024, CODE_SIZE = 32 };

struct format {
	const char *name;
	bool (*read)(struct import *im, struct str text);
	const char *place; /* what a number in its errors counts */
};

static const struct format formats[] = {
	{"anope", import_anope, "line"}, {"atheme", import_atheme, "line"}, {"ergo", import_ergo, "byte"}};

struct counts {
	uint32_t done, here, refused;
};

struct carrying {
	struct talk *talk; /* NULL: nothing is asked */
	struct counts accounts, channels, nicks, certs, ranks;
	int code;
};

static void complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static void complain(const char *fmt, ...)
{
	char text[LINE_SIZE], escaped[2 * LINE_SIZE];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_escape(escaped, sizeof(escaped), text, strlen(text));
	fprintf(stderr, "chatctl: %s\n", escaped);
}

/* NULL: that was told. */
static char *read_file(const char *path, size_t *n)
{
	FILE *f = fopen(path, "re");
	struct stat st;
	char *text = NULL;

	if (f && fstat(fileno(f), &st) == 0 && S_ISREG(st.st_mode) && st.st_size <= IMPORT_FILE_MAX &&
	    (text = mem_try_alloc((size_t)st.st_size + 1))) {
		*n = fread(text, 1, (size_t)st.st_size, f);
		if (ferror(f)) {
			mem_free(text);
			text = NULL;
		}
	} else if (f) {
		errno = EFBIG;
	}
	if (!text)
		complain("%s: %s", path, strerror(errno));
	if (f)
		fclose(f);
	return text;
}

/* Asks; false: it was refused, and code says why; or the talk is over, which c->code says. */
static bool ask(struct carrying *c, const char *line, char code[CODE_SIZE])
{
	struct flat f;
	char *answer;

	code[0] = '\0';
	if (!c->talk)
		return true;
	c->code = talk_ask(c->talk, line);
	answer = c->code == EX_OK ? talk_next(c->talk, &c->code) : NULL;
	if (!answer || !flat_read(&f, answer)) {
		c->code = c->code == EX_OK ? EX_PROTOCOL : c->code;
		return false;
	}
	snprintf(code, CODE_SIZE, "%s", flat_value(&f, "code") ? flat_value(&f, "code") : "");
	return strcmp(flat_value(&f, "ok") ? flat_value(&f, "ok") : "", "true") == 0;
}

static bool carry(struct carrying *c, struct counts *counts, const char *what, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* One thing; true: it is there now. */
static bool carry(struct carrying *c, struct counts *counts, const char *what, const char *fmt, ...)
{
	char line[LINE_SIZE], code[CODE_SIZE];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (n > 0 && n < LINE_SIZE && ask(c, line, code)) {
		counts->done++;
		return true;
	}
	if (c->code != EX_OK)
		return false;
	if (strcmp(code, "exists") == 0)
		counts->here++;
	else
		counts->refused++;
	complain("%s: %s", what, strcmp(code, "exists") == 0 ? "is here already, and stays as it is" : "was refused");
	explicit_bzero(line, sizeof(line));
	return false;
}

static void carry_account(struct carrying *c, const struct import_account *a)
{
	struct counts more = {0};
	char flags[8];

	snprintf(flags, sizeof(flags), "-%s%s%s", a->suspended ? "s" : "", a->unverified ? "u" : "",
		 a->secret ? "p" : "");
	if (!carry(c, &c->accounts, a->name, "import account %s %lld %s %s", a->name, (long long)a->created, flags,
		   a->credentials ? a->credentials : "-"))
		return;
	if (a->email)
		carry(c, &more, a->name, "import email %s %s", a->name, a->email);
	if (a->vhost)
		carry(c, &more, a->name, "import vhost %s %s", a->name, a->vhost);
	for (uint32_t i = 0; i < a->nicks.count && c->code == EX_OK; i++)
		carry(c, &c->nicks, a->nicks.items[i], "import nick %s %s", a->name, (const char *)a->nicks.items[i]);
	for (uint32_t i = 0; i < a->certs.count && c->code == EX_OK; i++)
		carry(c, &c->certs, a->name, "import cert %s %s", a->name, (const char *)a->certs.items[i]);
}

static void carry_channel(struct carrying *c, const struct import *im, const struct import_channel *ch)
{
	struct counts more = {0};
	const struct import_account *founder = ch->founder ? import_account(im, str_of(ch->founder)) : NULL;

	if (!founder) {
		complain("%s: has no founder among the accounts", ch->name);
		c->channels.refused++;
		return;
	}
	if (!carry(c, &c->channels, ch->name, "import channel %s %lld %s -%s %u %s", ch->name, (long long)ch->created,
		   founder->name, ch->modes, (unsigned)ch->limit, ch->key ? ch->key : "-"))
		return;
	if (ch->topic)
		carry(c, &more, ch->name, "import topic %s %lld %s %s", ch->name, (long long)ch->topic_time,
		      ch->topic_by && !strchr(ch->topic_by, ' ') ? ch->topic_by : "-", ch->topic);
	for (uint32_t i = 0; i < ch->access.count && c->code == EX_OK; i++) {
		const struct import_access *x = ch->access.items[i];

		carry(c, &c->ranks, x->account, "import access %s %s %c", ch->name, x->account, x->rank);
	}
}

static int carry_all(const struct import *im, struct carrying *c)
{
	for (uint32_t i = 0; i < im->accounts.count && c->code == EX_OK; i++)
		carry_account(c, im->accounts.items[i]);
	for (uint32_t i = 0; i < im->channels.count && c->code == EX_OK; i++)
		carry_channel(c, im, im->channels.items[i]);
	return c->code;
}

static void report_counts(const char *what, const struct counts *n)
{
	printf("%-14s %u came over, %u were here already, %u were refused\n", what, n->done, n->here, n->refused);
}

/* How passwords were kept that cannot be used, each kind once. */
static void report_passwords(const struct import *im)
{
	struct import kinds = {.nlosses = 0};
	uint32_t kept = 0;

	for (uint32_t i = 0; i < im->accounts.count; i++) {
		const struct import_account *a = im->accounts.items[i];

		kept += a->credentials != NULL;
		if (!a->credentials)
			import_lose(&kinds, a->passing ? a->passing : "no password");
	}
	printf("%-14s %u can be used as they are\n", "passwords:", kept);
	for (size_t i = 0; i < kinds.nlosses; i++)
		printf("               %u must be set anew: %s\n", kinds.losses[i].count, kinds.losses[i].what);
}

static void report(const struct import *im, const struct carrying *c)
{
	if (!c->talk)
		puts("Nothing was changed. This is what would be asked for; the server refuses what it has already.");
	report_counts("accounts:", &c->accounts);
	report_counts("nicks:", &c->nicks);
	report_counts("certificates:", &c->certs);
	report_counts("channels:", &c->channels);
	report_counts("ranks:", &c->ranks);
	report_passwords(im);
	for (size_t i = 0; i < im->nlosses; i++)
		printf("lost:          %u %s\n", im->losses[i].count, im->losses[i].what);
}

static int carry_over(const struct options *o, const struct import *im)
{
	struct carrying c = {.code = EX_OK};
	int code = o->dry_run ? EX_OK : talk_open(&c.talk, o->socket);

	if (code != EX_OK)
		return code;
	code = carry_all(im, &c);
	report(im, &c);
	talk_close(c.talk);
	return code;
}

static int read_and_carry(const struct options *o, const struct format *format)
{
	struct import im;
	size_t n = 0;
	char *text = read_file(o->words[2], &n);
	int code = EX_DATAERR;

	if (!text)
		return EX_NOINPUT;
	import_init(&im);
	if (format->read(&im, (struct str){text, n}))
		code = carry_over(o, &im);
	else
		complain("%s: %s %zu: %s; nothing was changed", o->words[2], format->place, im.line, im.error);
	import_deinit(&im);
	explicit_bzero(text, n);
	mem_free(text);
	return code;
}

int import_run(const struct options *o)
{
	for (size_t i = 0; o->nwords == 3 && i < sizeof(formats) / sizeof(formats[0]); i++)
		if (strcmp(o->words[1], formats[i].name) == 0)
			return read_and_carry(o, &formats[i]);
	return options_usage();
}
