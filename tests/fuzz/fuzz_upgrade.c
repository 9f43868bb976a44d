#include <stdint.h>

#include "chatd/config.h"
#include "chatd/upgrade.h"
#include "check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config config = {.forwarded = size && data[size - 1] == '\n'};
	struct upgrade u;
	struct address a;
	char text[ADDRESS_TEXT_MAX];

	upgrade_parse(&u, &config, (struct str){(const char *)data, size});
	CHECK(u.status == 101 || (u.status >= 400 && u.status < 500));
	CHECK(u.answer_size > 4 && u.answer_size < sizeof(u.answer));
	CHECK(memcmp(u.answer + u.answer_size - (u.status == 101 ? 4 : 1), "\r\n\r\n", u.status == 101 ? 4 : 0) == 0);
	CHECK(memchr(u.forwarded, '\0', sizeof(u.forwarded)));
	for (unsigned i = 0; i < 8; i++)
		if (upgrade_forwarded(&u, config.forwarded, i, &a))
			address_format(&a, text);
	return 0;
}
