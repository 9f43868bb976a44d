#include "post/post_private.h"

bool post_built(void)
{
	return false;
}

struct post_engine *post_engine_new(void)
{
	return NULL;
}

void post_engine_free(struct post_engine *e)
{
	(void)e;
}

bool post_engine_add(struct post_engine *e, struct post *p, struct post_terms *terms, bool fresh)
{
	(void)e, (void)p, (void)terms, (void)fresh;
	return false;
}

struct post_terms *post_engine_remove(struct post_engine *e, struct post *p)
{
	(void)e, (void)p;
	return NULL;
}

void post_engine_run(struct post_engine *e)
{
	(void)e;
}

void post_engine_wake(struct post_engine *e)
{
	(void)e;
}

struct post *post_engine_finished(struct post_engine *e)
{
	(void)e;
	return NULL;
}
