#include <string.h>

#include "base/mem.h"
#include "session/password.h"
#include "session/server.h"
#include "session/server_opers.h"

const struct oper_block *server_oper(const struct server *s, const char *name)
{
	for (size_t i = 0; i < s->nopers; i++) {
		if (strcmp(s->opers[i].name, name) == 0)
			return &s->opers[i];
	}
	return NULL;
}

const struct oper_class *server_class(const struct server *s, const char *name)
{
	for (size_t i = 0; i < s->nclasses; i++) {
		if (strcmp(s->classes[i].name, name) == 0)
			return &s->classes[i];
	}
	return NULL;
}

static void name_plain(struct buf *out, const char *password, const char *heading, const char *name)
{
	if (password && !password_is_hashed(password))
		buf_fmt(out, "%s[%s%s]", out->n ? ", " : "", heading, name);
}

void server_plain_passwords(const struct server *s, struct buf *out)
{
	name_plain(out, s->password, "server", "");
	for (size_t i = 0; i < s->nopers; i++)
		name_plain(out, s->opers[i].password, "oper ", s->opers[i].name);
	for (size_t i = 0; i < s->nwebircs; i++)
		name_plain(out, s->webircs[i].password, "webirc ", s->webircs[i].name);
}

static void oper_deinit(struct oper_block *o)
{
	if (o->password)
		explicit_bzero(o->password, strlen(o->password));
	mem_free(o->password);
	mem_free(o->name);
	mem_free(o->mask);
	mem_free(o->certfp);
	mem_free(o->account);
	mem_free(o->class_name);
}

void server_opers_deinit(struct server *s)
{
	for (size_t i = 0; i < s->nopers; i++)
		oper_deinit(&s->opers[i]);
	for (size_t i = 0; i < s->nclasses; i++) {
		mem_free(s->classes[i].name);
		mem_free(s->classes[i].title);
	}
	for (size_t i = 0; i < s->nwebircs; i++) {
		mem_free(s->webircs[i].name);
		mem_free(s->webircs[i].from);
		mem_free(s->webircs[i].password);
		mem_free(s->webircs[i].certfp);
	}
	mem_free(s->webircs);
	mem_free(s->opers);
	mem_free(s->classes);
}
