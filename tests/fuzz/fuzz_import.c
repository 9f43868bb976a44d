/* Files of other servers: the first byte says of which. Whatever comes of it fits a request, and a line. */

#include <stdint.h>
#include <string.h>

#include "check.h"
#include "chatctl/import.h"
#include "proto/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text)
{
	if (!text)
		return;
	CHECK(*text && strlen(text) <= IMPORT_TEXT_MAX && utf8_valid(str_of(text)));
	for (; *text; text++)
		CHECK((unsigned char)*text >= ' ' && *text != 0x7f);
}

static void check_account(const struct import *im, const struct import_account *a)
{
	CHECK(import_account(im, str_of(a->name)) == a);
	check_text(a->name);
	check_text(a->email);
	check_text(a->vhost);
	CHECK(a->created >= 0);
	for (uint32_t i = 0; i < a->nicks.count; i++)
		check_text(a->nicks.items[i]);
	for (uint32_t i = 0; i < a->certs.count; i++)
		CHECK(strlen(a->certs.items[i]) == 64);
}

static void check_channel(const struct import *im, const struct import_channel *c)
{
	CHECK(import_channel(im, str_of(c->name)) == c && c->name[0] == '#');
	check_text(c->name);
	check_text(c->founder);
	check_text(c->key);
	check_text(c->topic);
	check_text(c->topic_by);
	CHECK(strlen(c->modes) < sizeof(c->modes) && c->created >= 0);
	for (uint32_t i = 0; i < c->access.count; i++) {
		const struct import_access *x = c->access.items[i];

		check_text(x->account);
		CHECK(x->rank && strchr("aohv", x->rank));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool (*const readers[])(struct import * im, struct str text) = {import_anope, import_atheme,
									       import_ergo};
	struct import im;
	bool good;

	if (!size)
		return 0;
	import_init(&im);
	good = readers[data[0] % 3](&im, (struct str){(const char *)data + 1, size - 1});
	CHECK(good == !im.error[0]);
	for (uint32_t i = 0; i < im.accounts.count; i++)
		check_account(&im, im.accounts.items[i]);
	for (uint32_t i = 0; i < im.channels.count; i++)
		check_channel(&im, im.channels.items[i]);
	import_deinit(&im);
	return 0;
}
