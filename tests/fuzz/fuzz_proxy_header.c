#include <stdint.h>

#include "check.h"
#include "net/proxy_header.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A verdict does not depend on how the bytes were cut, and once it is there it stays. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str all = {(const char *)data, size};
	struct proxy_header h, whole;
	enum proxy_result last = proxy_header_parse(&whole, all);
	char text[ADDRESS_TEXT_MAX];

	for (size_t n = 0; n <= size && n <= PROXY_HEADER_MAX; n++) {
		enum proxy_result result = proxy_header_parse(&h, (struct str){all.p, n});

		if (result == PROXY_MORE) {
			CHECK(n < PROXY_HEADER_MAX);
			CHECK(n < size || last == PROXY_MORE);
			continue;
		}
		CHECK(result == last);
		if (result == PROXY_BAD)
			break;
		CHECK(h.size == n && whole.size == n && h.own == whole.own && h.secure == whole.secure);
		if (!h.own) {
			CHECK(h.peer.len > 0 && h.peer.len <= sizeof(h.peer.ss));
			address_format(&h.peer, text);
		}
		break;
	}
	return 0;
}
