/* What a client says of where it is pushed to, and what is kept of it: the first line is the address, the rest the keys. */

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "check.h"
#include "post/subscription.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_kept(const struct subscription *s)
{
	char memory[POST_URL_MAX + 200];
	struct subscription again;
	struct buf b;

	buf_init(&b, memory, sizeof(memory));
	subscription_write(&b, s);
	CHECK(!b.full && subscription_read(&again, buf_view(&b)));
	CHECK(strcmp(again.endpoint, s->endpoint) == 0 && memcmp(again.auth, s->auth, sizeof(s->auth)) == 0);
	CHECK(str_eq(subscription_endpoint(buf_view(&b)), str_of(s->endpoint)));
	CHECK(subscription_origin(str_of(s->endpoint)).n > sizeof("https://") - 1);
	for (const char *p = s->endpoint; *p; p++)
		CHECK(*p > ' ' && *p < 0x7f && *p != '"' && *p != '\\');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str keys = {(const char *)data, size}, endpoint = STR_NONE;
	struct subscription s;

	(void)!str_split(&keys, '\n', &endpoint);
	if (subscription_parse(&s, endpoint, keys))
		check_kept(&s);
	if (subscription_read(&s, (struct str){(const char *)data, size}))
		check_kept(&s);
	return 0;
}
