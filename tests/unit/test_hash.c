#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/hash.h"

/*
 * Made with OpenSSL: openssl mac -macopt hexkey:000102030405060708090a0b0c0d0e0f -macopt size:8
 * -macopt c-rounds:1 -macopt d-rounds:3 SIPHASH, over the bytes 00 01 02 ..; the tag read as little-endian.
 */
static void test_vectors(void **state)
{
	static const struct {
		size_t n;
		uint64_t want;
	} rows[] = {
		{0, 0xabac0158050fc4dc}, {1, 0xc9f49bf37d57ca93},  {7, 0xd3927d989bb11140},  {8, 0x369095118d299a8e},
		{9, 0x25a48eb36c063de4}, {15, 0xd320d86d2a519956}, {16, 0xcc4fdd1a7d908b66}, {63, 0x9d199062b7bbb3a8},
	};
	static const struct hash_key key = {{0x0706050403020100, 0x0f0e0d0c0b0a0908}};
	char bytes[64];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)i;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_true(hash_bytes(&key, (struct str){bytes, rows[i].n}) == rows[i].want);
}

/* Made with CPython 3.11, PYTHONHASHSEED=0: hash(b"...") is SipHash-1-3 with a key of zeros. */
static void test_zero_key(void **state)
{
	static const struct hash_key key = {{0, 0}};

	(void)state;
	assert_true(hash_bytes(&key, STR("a")) == 0x407448d2b89b1813);
	assert_true(hash_bytes(&key, STR("#channel")) == 0xcd73f1d90ea1c010);
	assert_true(hash_bytes(&key, STR("nick!user@host.example")) == 0x9aa3fafef4e3d854);
}

static void test_any_alignment(void **state)
{
	static const struct hash_key key = {{1, 2}};
	char bytes[64];
	uint64_t want = hash_bytes(&key, STR("seventeen bytes!!"));

	(void)state;
	for (size_t at = 0; at < 16; at++) {
		memcpy(bytes + at, "seventeen bytes!!", 17);
		assert_true(hash_bytes(&key, (struct str){bytes + at, 17}) == want);
	}
	assert_true(hash_bytes(&key, STR_NONE) == hash_bytes(&key, STR("")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_zero_key),
		cmocka_unit_test(test_any_alignment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
