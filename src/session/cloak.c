#include "session/cloak.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "account/credential.h"
#include "base/buf.h"

enum { PART_BYTES = 5, PARTS = 3, PATH_SIZE = 4096, BITS_PER_CHAR = 5 };

_Static_assert((int)CLOAK_KEY_SIZE == (int)CREDENTIAL_KEY_SIZE, "the key is one of HMAC-SHA-256");

/* An address as bytes, and to how many of them each part is cut. */
struct subject {
	unsigned char bytes[16];
	const size_t *cuts;
	const char *end;
};

static bool subject_parse(struct subject *s, const char *address)
{
	static const size_t v4[PARTS] = {4, 3, 2}, v6[PARTS] = {8, 6, 4};

	s->cuts = v4;
	s->end = "ip";
	if (inet_pton(AF_INET, address, s->bytes) == 1)
		return true;
	s->cuts = v6;
	return inet_pton(AF_INET6, address, s->bytes) == 1;
}

/* What is hashed begins with what it is, so that no part is another's. */
static void add_part(struct buf *out, const struct cloak *c, char kind, struct str data)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
	unsigned char mac[CREDENTIAL_KEY_SIZE];
	char message[1 + NAME_HOST_MAX * 4];
	uint64_t bits = 0;

	if (data.n > sizeof(message) - 1)
		data.n = sizeof(message) - 1;
	message[0] = kind;
	memcpy(message + 1, data.p, data.n);
	if (!credential_hmac(mac, c->key, (struct str){message, data.n + 1}))
		abort();
	for (size_t i = 0; i < PART_BYTES; i++)
		bits = bits << 8 | mac[i];
	for (int shift = (PART_BYTES * 8) - BITS_PER_CHAR; shift >= 0; shift -= BITS_PER_CHAR)
		buf_chr(out, letters[bits >> shift & 31]);
}

static bool is_local(struct str address)
{
	return str_eq(address, STR("localhost")) || str_starts(address, STR("127.")) || str_eq(address, STR("0::1")) ||
	       str_eq(address, STR("::1"));
}

bool cloak_hides(const struct cloak *c, struct str address)
{
	return c->on && (c->local || !is_local(address));
}

static void finish(struct buf *b, char dst[NAME_HOST_MAX + 1])
{
	dst[b->n] = '\0';
}

void cloak_open_host(struct str address, struct str name, char dst[NAME_HOST_MAX + 1])
{
	struct str host = name.n && name.n <= NAME_HOST_MAX ? name : address;
	struct buf b;

	buf_init(&b, dst, NAME_HOST_MAX);
	buf_str(&b, host);
	finish(&b, dst);
}

/*
 * The end that whoever registered the name has in common with all others below it: two words, or three where the last
 * is a country and the one before it is as short as "co" or "com".
 */
static struct str name_tail(struct str name)
{
	size_t dots[2] = {0, 0}, at = name.n, seen = 0, wanted = 2;

	while (at > 0 && seen < wanted) {
		at--;
		if (name.p[at] != '.')
			continue;
		if (seen < 2)
			dots[seen] = at;
		seen++;
		if (seen == 2 && name.n - dots[0] == 3 && dots[0] - dots[1] <= 4)
			wanted = 3;
	}
	if (seen == wanted)
		at++;
	return (struct str){name.p + at, name.n - at};
}

static void add_address(struct buf *out, const struct cloak *c, const struct subject *s)
{
	for (int i = 0; i < PARTS; i++) {
		add_part(out, c, (char)('0' + s->cuts[i]), (struct str){(const char *)s->bytes, s->cuts[i]});
		buf_chr(out, '.');
	}
	buf_cstr(out, s->end);
}

static void add_name(struct buf *out, const struct cloak *c, struct str name)
{
	add_part(out, c, 'n', name);
	buf_chr(out, '.');
	buf_str(out, name_tail(name));
}

void cloak_host(const struct cloak *c, struct str address, struct str name, char dst[NAME_HOST_MAX + 1])
{
	char text[NAME_HOST_MAX + 1];
	struct subject s;
	struct buf b;

	cloak_open_host(address, STR_NONE, text);
	if (!cloak_hides(c, address) || (!subject_parse(&s, text) && !name.n)) {
		cloak_open_host(address, name, dst);
		return;
	}
	buf_init(&b, dst, NAME_HOST_MAX);
	if (name.n)
		add_name(&b, c, name);
	if (name.n && !b.full) {
		finish(&b, dst);
		return;
	}
	buf_init(&b, dst, NAME_HOST_MAX);
	add_address(&b, c, &s);
	finish(&b, dst);
}

bool cloak_host_valid(struct str host)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:_/";

	if (!host.n || host.n > NAME_HOST_MAX || *host.p == ':')
		return false;
	for (size_t i = 0; i < host.n; i++)
		if (!memchr(allowed, host.p[i], sizeof(allowed) - 1))
			return false;
	return true;
}

static int read_key(struct cloak *c, int fd)
{
	unsigned char key[CLOAK_KEY_SIZE + 1];
	ssize_t n = read(fd, key, sizeof(key));

	if (n < 0)
		return -errno;
	if (n != CLOAK_KEY_SIZE)
		return -EBADMSG;
	memcpy(c->key, key, CLOAK_KEY_SIZE);
	explicit_bzero(key, sizeof(key));
	return 0;
}

/* Under another name first: a crash leaves a whole key or none. */
static int write_key(struct cloak *c, const char *path)
{
	char fresh[PATH_SIZE + 8];
	int fd, err = 0;

	arc4random_buf(c->key, CLOAK_KEY_SIZE);
	snprintf(fresh, sizeof(fresh), "%s.new", path);
	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	if (write(fd, c->key, CLOAK_KEY_SIZE) != CLOAK_KEY_SIZE || fsync(fd) < 0)
		err = errno ? -errno : -EIO;
	close(fd);
	if (err == 0 && rename(fresh, path) < 0)
		err = -errno;
	return err;
}

int cloak_open(struct cloak *c, const char *state)
{
	char path[PATH_SIZE];
	int fd, err;

	if (c->secret)
		return credential_hash(c->key, str_of(c->secret)) ? 0 : -EIO;
	if (!state) {
		arc4random_buf(c->key, CLOAK_KEY_SIZE);
		return 0;
	}
	if (snprintf(path, sizeof(path), "%s/cloak.key", state) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return errno == ENOENT ? write_key(c, path) : -errno;
	err = read_key(c, fd);
	close(fd);
	return err;
}
