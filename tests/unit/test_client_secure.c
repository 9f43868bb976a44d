#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "chat-client/keep.h"
#include "chat-client/options.h"
#include "chat-client/secure.h"
#include "chat-client/sts.h"

struct fixture {
	char top[64], folder[128];
};

static int set_up(void **state)
{
	static struct fixture f;

	strcpy(f.top, "/tmp/test_client_secure.XXXXXX");
	assert_non_null(mkdtemp(f.top));
	snprintf(f.folder, sizeof(f.folder), "%s/a/b", f.top);
	*state = &f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	static const char *const parts[] = {"/a/b/known-hosts", "/a/b/sts", "/a/b/file", "/a/b", "/a", ""};
	char path[256];

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		snprintf(path, sizeof(path), "%s%s", f->top, parts[i]);
		(void)remove(path);
	}
	return access(f->top, F_OK) == 0;
}

static void test_keep(void **state)
{
	struct fixture *f = *state;
	char value[KEEP_VALUE_MAX], path[256];
	struct stat st;

	assert_false(keep_get(f->folder, "file", "h:1", value));
	assert_int_equal(keep_put(f->folder, "file", "h:1", "one"), 0);
	assert_int_equal(keep_put(f->folder, "file", "h:12", "two words"), 0);
	assert_int_equal(keep_put(f->folder, "file", "h:1", "three"), 0);
	assert_true(keep_get(f->folder, "file", "h:1", value));
	assert_string_equal(value, "three");
	assert_true(keep_get(f->folder, "file", "h:12", value));
	assert_string_equal(value, "two words");
	assert_int_equal(keep_put(f->folder, "file", "h:1", NULL), 0);
	assert_false(keep_get(f->folder, "file", "h:1", value));
	assert_true(keep_get(f->folder, "file", "h:12", value));
	assert_true(keep_put(f->folder, "file", "two lines\n", "x") < 0);
	snprintf(path, sizeof(path), "%s/file", f->folder);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(stat(f->folder, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
}

static void test_trusted_and_not(void **state)
{
	struct fixture *f = *state;
	struct options o = {.host = "h", .port = "6697"};
	struct tls_facts facts = {.pin = "sha256/A", .trusted = true};
	struct secure_report report = {0};

	assert_int_equal(secure_judge(&o, f->folder, &facts, &report), 0);
	facts.trusted = false;
	strcpy(facts.distrust, "certificate has expired");
	assert_int_equal(secure_judge(&o, f->folder, &facts, &report), -EX_NOPERM);
	assert_non_null(strstr(report.why, "expired"));
}

static void test_pin(void **state)
{
	struct fixture *f = *state;
	struct options o = {.host = "h", .port = "6697", .pin = "sha256/A"};
	struct tls_facts facts = {.pin = "sha256/A", .distrust = "certificate has expired"};
	struct secure_report report = {0};

	assert_int_equal(secure_judge(&o, f->folder, &facts, &report), 0);
	/* no authority makes up for another key */
	facts.trusted = true;
	strcpy(facts.pin, "sha256/B");
	assert_int_equal(secure_judge(&o, f->folder, &facts, &report), -EX_NOPERM);
}

static void test_first_use(void **state)
{
	struct fixture *f = *state;
	struct options o = {.host = "h", .port = "6697"};
	struct tls_facts facts = {.pin = "sha256/A", .distrust = "self-signed certificate"};
	struct secure_report report = {0};

	assert_int_equal(secure_judge(&o, f->folder, &facts, &report), 0);
	assert_non_null(strstr(report.note, "sha256/A"));
	report.note[0] = '\0';
	assert_int_equal(secure_judge(&o, f->folder, &facts, &report), 0);
	assert_string_equal(report.note, "");
	strcpy(facts.pin, "sha256/B");
	assert_int_equal(secure_judge(&o, f->folder, &facts, &report), -EX_NOPERM);
	assert_non_null(strstr(report.why, "ANOTHER KEY"));
	/* where nothing can be kept, a first use would be every use */
	assert_int_equal(secure_judge(&o, NULL, &facts, &report), -EX_NOPERM);
}

static void check_near(const char *text, bool near)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};

	if (inet_pton(AF_INET, text, &v4.sin_addr) == 1) {
		assert_int_equal(secure_is_near((const struct sockaddr *)&v4), near);
		return;
	}
	assert_int_equal(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
	assert_int_equal(secure_is_near((const struct sockaddr *)&v6), near);
}

static void test_private_networks(void **state)
{
	static const char *const near[] = {"127.0.0.1",  "10.255.0.1", "172.31.0.1", "192.168.3.4", "169.254.1.1",
					   "100.64.0.1", "::1",        "fe80::1",    "fd00::1",     "::ffff:10.1.2.3"};
	static const char *const far[] = {"192.0.2.1",   "172.32.0.1", "11.0.0.1",        "100.128.0.1",
					  "2001:db8::1", "fec0::1",    "::ffff:192.0.2.1"};

	(void)state;
	for (size_t i = 0; i < sizeof(near) / sizeof(near[0]); i++)
		check_near(near[i], true);
	for (size_t i = 0; i < sizeof(far) / sizeof(far[0]); i++)
		check_near(far[i], false);
}

static void test_sts(void **state)
{
	struct fixture *f = *state;
	struct sts sts = sts_parse(STR("port=6697,preload,duration=60,other=1"));
	uint16_t port = 0;

	assert_true(sts.has_port && sts.has_duration);
	assert_int_equal(sts.port, 6697);
	assert_int_equal(sts.duration, 60);
	sts = sts_parse(STR("port=0,duration=x"));
	assert_false(sts.has_port || sts.has_duration);
	assert_false(sts_find(f->folder, "h", 1000, &port));
	assert_int_equal(sts_keep(f->folder, "h", 7000, 1000, 60), 0);
	assert_true(sts_find(f->folder, "h", 60999, &port));
	assert_int_equal(port, 7000);
	assert_false(sts_find(f->folder, "h", 61000, &port));
	assert_int_equal(sts_keep(f->folder, "h", 7000, 1000, 0), 0);
	assert_false(sts_find(f->folder, "h", 1000, &port));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_keep, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_trusted_and_not, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_pin, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_first_use, set_up, tear_down),
		cmocka_unit_test(test_private_networks),
		cmocka_unit_test_setup_teardown(test_sts, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
