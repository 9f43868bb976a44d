#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

/*
 * A machine on which one call goes wrong: preloaded into a program, it counts the calls of each kind, and lets the nth
 * of one kind fail. The file named by FAULT_CONTROL is what it is told by, and tells: a page that both sides map.
 */
enum kind { MEMORY, SEND, RECEIVE, ACCEPT, OPEN, READ, WRITE, SYNC, POLL, SOCKET, SQLITE, CRYPTO, KINDS };

struct control {
	_Atomic uint32_t kind;     /* the one that fails */
	_Atomic int32_t countdown; /* 0: none does */
	_Atomic uint32_t error;    /* errno, or the code of SQLite */
	_Atomic uint32_t fired;    /* how often it has */
	_Atomic uint32_t counts[KINDS];
};

static struct control *control;

__attribute__((constructor)) static void find_control(void)
{
	const char *path = getenv("FAULT_CONTROL");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *page = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof(*control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (fd >= 0)
		close(fd);
	if (page != MAP_FAILED)
		control = page;
}

static int fails(enum kind kind)
{
	if (!control)
		return 0;
	atomic_fetch_add(&control->counts[kind], 1);
	if (control->kind != kind || control->countdown <= 0 || atomic_fetch_sub(&control->countdown, 1) != 1)
		return 0;
	atomic_fetch_add(&control->fired, 1);
	errno = (int)control->error;
	return 1;
}

/* The function of that name which this one stands before. */
#define REAL(name)                                                                                                     \
	static __typeof__(&name) real;                                                                                 \
	if (!real)                                                                                                     \
	real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

/* Memory */

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);

void *malloc(size_t size)
{
	return fails(MEMORY) ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	return fails(MEMORY) ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
	return fails(MEMORY) ? NULL : __libc_realloc(p, size);
}

/* Sockets */

ssize_t send(int fd, const void *p, size_t n, int flags)
{
	REAL(send);
	return fails(SEND) ? -1 : real(fd, p, n, flags);
}

ssize_t sendmsg(int fd, const struct msghdr *m, int flags)
{
	REAL(sendmsg);
	return fails(SEND) ? -1 : real(fd, m, flags);
}

ssize_t recv(int fd, void *p, size_t n, int flags)
{
	REAL(recv);
	return fails(RECEIVE) ? -1 : real(fd, p, n, flags);
}

ssize_t recvmsg(int fd, struct msghdr *m, int flags)
{
	REAL(recvmsg);
	return fails(RECEIVE) ? -1 : real(fd, m, flags);
}

int accept4(int fd, struct sockaddr *address, socklen_t *n, int flags)
{
	REAL(accept4);
	return fails(ACCEPT) ? -1 : real(fd, address, n, flags);
}

int socket(int domain, int type, int protocol)
{
	REAL(socket);
	return fails(SOCKET) ? -1 : real(domain, type, protocol);
}

int socketpair(int domain, int type, int protocol, int ends[2])
{
	REAL(socketpair);
	return fails(SOCKET) ? -1 : real(domain, type, protocol, ends);
}

int epoll_ctl(int poller, int what, int fd, struct epoll_event *event)
{
	REAL(epoll_ctl);
	return fails(POLL) ? -1 : real(poller, what, fd, event);
}

/* Files */

static mode_t mode_of(int flags, va_list ap)
{
	return flags & (O_CREAT | O_TMPFILE) ? va_arg(ap, mode_t) : 0;
}

int open64(const char *path, int flags, ...)
{
	REAL(open64);
	mode_t mode;
	va_list ap;

	va_start(ap, flags);
	mode = mode_of(flags, ap);
	va_end(ap);
	return fails(OPEN) ? -1 : real(path, flags, mode);
}

int openat64(int folder, const char *path, int flags, ...)
{
	REAL(openat64);
	mode_t mode;
	va_list ap;

	va_start(ap, flags);
	mode = mode_of(flags, ap);
	va_end(ap);
	return fails(OPEN) ? -1 : real(folder, path, flags, mode);
}

ssize_t read(int fd, void *p, size_t n)
{
	REAL(read);
	return fails(READ) ? -1 : real(fd, p, n);
}

ssize_t pread64(int fd, void *p, size_t n, off64_t at)
{
	REAL(pread64);
	return fails(READ) ? -1 : real(fd, p, n, at);
}

ssize_t write(int fd, const void *p, size_t n)
{
	REAL(write);
	return fails(WRITE) ? -1 : real(fd, p, n);
}

ssize_t pwrite64(int fd, const void *p, size_t n, off64_t at)
{
	REAL(pwrite64);
	return fails(WRITE) ? -1 : real(fd, p, n, at);
}

int fsync(int fd)
{
	REAL(fsync);
	return fails(SYNC) ? -1 : real(fd);
}

int fdatasync(int fd)
{
	REAL(fdatasync);
	return fails(SYNC) ? -1 : real(fd);
}

/*
 * SQLite: what it returns is the code. It calls itself by these names, too, and takes the code from elsewhere then: a step
 * that was not made would pass for one that went well.
 */

static int is_own(const void *caller)
{
	Dl_info where;

	return dladdr(caller, &where) && where.dli_fname && strstr(where.dli_fname, "libsqlite3");
}

#define SQLITE_FAILS (!is_own(__builtin_return_address(0)) && fails(SQLITE))

int sqlite3_step(void *statement)
{
	REAL(sqlite3_step);
	return SQLITE_FAILS ? (int)control->error : real(statement);
}

int sqlite3_prepare_v3(void *db, const char *text, int n, unsigned flags, void **out, const char **tail)
{
	REAL(sqlite3_prepare_v3);
	*out = NULL;
	return SQLITE_FAILS ? (int)control->error : real(db, text, n, flags, out, tail);
}

int sqlite3_exec(void *db, const char *text, void *each, void *ctx, char **why)
{
	REAL(sqlite3_exec);
	return SQLITE_FAILS ? (int)control->error : real(db, text, each, ctx, why);
}

/* OpenSSL */

void *SSL_new(void *ctx)
{
	REAL(SSL_new);
	return fails(CRYPTO) ? NULL : real(ctx);
}

int SSL_do_handshake(void *ssl)
{
	REAL(SSL_do_handshake);
	return fails(CRYPTO) ? -1 : real(ssl);
}

int SSL_read(void *ssl, void *p, int n)
{
	REAL(SSL_read);
	return fails(CRYPTO) ? -1 : real(ssl, p, n);
}

int SSL_write(void *ssl, const void *p, int n)
{
	REAL(SSL_write);
	return fails(CRYPTO) ? -1 : real(ssl, p, n);
}

int RAND_bytes(unsigned char *p, int n)
{
	REAL(RAND_bytes);
	return fails(CRYPTO) ? 0 : real(p, n);
}

int PKCS5_PBKDF2_HMAC(const char *pass, int npass, const unsigned char *salt, int nsalt, int rounds, const void *md,
		      int n, unsigned char *out)
{
	REAL(PKCS5_PBKDF2_HMAC);
	return fails(CRYPTO) ? 0 : real(pass, npass, salt, nsalt, rounds, md, n, out);
}

unsigned char *HMAC(const void *md, const void *key, int nkey, const unsigned char *p, size_t n, unsigned char *out,
		    unsigned *size)
{
	REAL(HMAC);
	return fails(CRYPTO) ? NULL : real(md, key, nkey, p, n, out, size);
}

int EVP_Digest(const void *p, size_t n, unsigned char *out, unsigned *size, const void *md, void *engine)
{
	REAL(EVP_Digest);
	return fails(CRYPTO) ? 0 : real(p, n, out, size, md, engine);
}
