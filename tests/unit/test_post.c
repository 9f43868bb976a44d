#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/un.h>
#include <cmocka.h>

#include "base/mem.h"
#include "loop/loop.h"
#include "post/post.h"
#include "post/post_address.h"

static void addresses(void **state)
{
	static const struct {
		const char *address;
		bool usual, allowed;
	} cases[] = {
		{"8.8.8.8", true, true},
		{"2a00::1", true, true},
		{"127.0.0.1", false, true},
		{"::1", false, false},
		{"10.0.0.1", false, true},
		{"10.0.1.1", false, false},
		{"169.254.169.254", false, false},
		{"192.168.1.1", false, false},
		{"224.0.0.1", false, false},
		{"255.255.255.255", false, false},
		{"0.0.0.0", false, false},
		{"fe80::1", false, false},
		{"fd00::1", false, false},
		{"ff02::1", false, false},
		{"64:ff9b::7f00:1", false, false},
		{"2002:7f00:1::", false, false},
		{"2001:0:1::", false, false},
		{"::127.0.0.1", false, false},
		{"::ffff:192.168.0.1", false, false},
		{"::ffff:8.8.8.8", true, true},
	};
	struct cidr networks[2], c;
	const struct post_policy usual = {.nallowed = 0}, own = {.allowed = networks, .nallowed = 2};

	(void)state;
	assert_true(cidr_parse(&networks[0], STR("127.0.0.0/8")) && cidr_parse(&networks[1], STR("10.0.0.0/24")));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_true(cidr_parse(&c, str_of(cases[i].address)));
		assert_int_equal(post_address_allowed(&usual, &c), cases[i].usual);
		assert_int_equal(post_address_allowed(&own, &c), cases[i].allowed);
	}
}

static void sockets(void **state)
{
	const struct post_policy usual = {.nallowed = 0};
	struct sockaddr_in four = {.sin_family = AF_INET};
	struct sockaddr_in6 six = {.sin6_family = AF_INET6};
	struct sockaddr_un un = {.sun_family = AF_UNIX};

	(void)state;
	assert_int_equal(inet_pton(AF_INET, "192.0.2.1", &four.sin_addr), 1);
	assert_false(post_sockaddr_allowed(&usual, (const struct sockaddr *)&four));
	assert_int_equal(inet_pton(AF_INET, "1.2.3.4", &four.sin_addr), 1);
	assert_true(post_sockaddr_allowed(&usual, (const struct sockaddr *)&four));
	assert_int_equal(inet_pton(AF_INET6, "::ffff:127.0.0.1", &six.sin6_addr), 1);
	assert_false(post_sockaddr_allowed(&usual, (const struct sockaddr *)&six));
	assert_int_equal(inet_pton(AF_INET6, "2a00::1", &six.sin6_addr), 1);
	assert_true(post_sockaddr_allowed(&usual, (const struct sockaddr *)&six));
	assert_false(post_sockaddr_allowed(&usual, (const struct sockaddr *)&un));
}

static void urls(void **state)
{
	char longest[POST_URL_MAX + 2];

	(void)state;
	assert_true(post_url_fits(STR("https://a.example/x?y=z#f"), false));
	assert_true(post_url_fits(STR("https://[2a00::1]:8443/"), false));
	assert_true(post_url_fits(STR("http://a"), true));
	assert_false(post_url_fits(STR("http://a"), false));
	assert_false(post_url_fits(STR("https://"), false));
	assert_false(post_url_fits(STR("https:///x"), false));
	assert_false(post_url_fits(STR("https://@x"), false));
	assert_false(post_url_fits(STR("file:///etc/passwd"), true));
	assert_false(post_url_fits(STR("HTTPS://a"), true));
	assert_false(post_url_fits(STR("https://a b"), false));
	assert_false(post_url_fits(STR("https://a\r\nX: y"), false));
	assert_false(post_url_fits(STR("https://\xc3\xa4.example"), false));
	assert_false(post_url_fits(STR("https://a/\0b"), false));
	memset(longest, 'a', sizeof(longest));
	memcpy(longest, "https://", 8);
	assert_true(post_url_fits((struct str){longest, POST_URL_MAX}, false));
	assert_false(post_url_fits((struct str){longest, POST_URL_MAX + 1}, false));
}

struct one {
	struct post post;
	unsigned done;
};

static void note(struct post *p)
{
	((struct one *)p)->done++;
}

/* Where it may not go it does not go, and who gave it hears why; of the rest at the end too. */
static void refused(void **state)
{
	struct post_policy policy = {.plain = true, .timeout_ms = 5000, .keep_ms = 0};
	struct one one = {.post = {.url = "http://127.0.0.1:9/", .done = note}}, last = one;
	struct poster *p;
	struct loop *loop;

	(void)state;
	if (!post_built())
		skip();
	assert_int_equal(loop_new(&loop), 0);
	p = poster_new(loop);
	poster_configure(p, &policy);
	poster_send(p, &one.post);
	while (!one.done)
		assert_int_equal(loop_turn(loop, -1), 0);
	assert_int_equal(one.post.status, 0);
	assert_true(one.post.barred);
	assert_string_equal(one.post.why, "its address is none that may be used");
	poster_configure(p, &policy);
	poster_send(p, &last.post);
	poster_free(p);
	assert_int_equal(last.done, 1);
	assert_int_equal(one.done, 1);
	loop_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses),
		cmocka_unit_test(sockets),
		cmocka_unit_test(urls),
		cmocka_unit_test(refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
