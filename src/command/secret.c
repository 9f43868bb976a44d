#include "command/secret.h"

#include <string.h>

#include "proto/line.h"

enum { SECRET_MAX = LINE_BODY_MAX };

/* All bytes are compared; the compiler may not know when the answer is settled. */
static bool bytes_equal(const char a[SECRET_MAX], const char b[SECRET_MAX])
{
	volatile unsigned char differ = 0;

	for (size_t i = 0; i < SECRET_MAX; i++)
		differ |= (unsigned char)(a[i] ^ b[i]);
	return differ == 0;
}

bool secret_equal(const char *wanted, const char *given)
{
	char a[SECRET_MAX] = {0}, b[SECRET_MAX] = {0};
	bool fits = strlcpy(a, wanted, sizeof(a)) < sizeof(a);
	bool equal;

	fits &= strlcpy(b, given, sizeof(b)) < sizeof(b);
	equal = bytes_equal(a, b);
	explicit_bzero(a, sizeof(a));
	explicit_bzero(b, sizeof(b));
	return equal && fits;
}
