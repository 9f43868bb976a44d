#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/*
 * chat-bench: load for any IRC server on loopback. It connects clients, has them join channels, then lets the first of
 * each channel talk, saturated (a window of messages not yet seen by the second member) or paced (messages a second),
 * and prints one JSON object: figures of the server's process from /proc, and latency from a time stamp inside each
 * message.
 */
enum { EVENTS = 512, READ_SIZE = 256 << 10, KEEP = 1024, BUCKETS = 4096 };

struct options {
	unsigned port, clients, channels, window, rate, seconds, size, parallel;
	int pid;
	bool echo;
};

enum phase { PHASE_CONNECT, PHASE_TALK };

struct member {
	int fd;
	unsigned id, channel;
	bool first, second, joined;
	unsigned outstanding; /* of the first of a channel */
	unsigned kept;
	char keep[KEEP]; /* an unfinished line */
};

struct bench {
	struct options o;
	int epoll_fd;
	struct member *members;
	struct member **first; /* of each channel */
	unsigned opened, joined;
	enum phase phase;
	uint64_t sent, seen, lost_lines;
	uint64_t buckets[BUCKETS]; /* latency in units of 1/32 of its power of two */
	char text[512];
	char buffer[READ_SIZE + KEEP];
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* Logarithmic buckets, 32 to a power of two: within 3 %. */
static unsigned bucket_of(uint64_t ns)
{
	unsigned power = 63 - (unsigned)__builtin_clzll(ns | 32);
	unsigned at = (power - 5) * 32 + (unsigned)(ns >> (power - 5)) - 32 + 32;

	return at < BUCKETS ? at : BUCKETS - 1;
}

static double bucket_ms(unsigned at)
{
	unsigned power = at / 32, part = at % 32;

	return (double)((uint64_t)(part + 32) << (power ? power - 1 : 0)) / (power ? 1.0 : 2.0) / 1e6;
}

static double percentile(const struct bench *b, double p)
{
	uint64_t total = 0, seen = 0;

	for (unsigned i = 0; i < BUCKETS; i++)
		total += b->buckets[i];
	for (unsigned i = 0; i < BUCKETS; i++) {
		seen += b->buckets[i];
		if (seen && (double)seen >= (double)total * p)
			return bucket_ms(i);
	}
	return 0;
}

static double server_cpu(int pid)
{
	char path[64], line[1024];
	unsigned long long user = 0, system = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "r");
	if (!f)
		return 0;
	if (fgets(line, sizeof(line), f))
		sscanf(strrchr(line, ')') + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu", &user, &system);
	fclose(f);
	return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static long server_rss_kb(int pid)
{
	char path[64], line[256];
	long kb = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "VmRSS: %ld", &kb) == 1)
			break;
	if (f)
		fclose(f);
	return kb;
}

static void say(const struct member *m, const char *text, size_t n)
{
	while (n) {
		ssize_t done = send(m->fd, text, n, MSG_NOSIGNAL);

		if (done < 0 && errno == EAGAIN)
			continue;
		if (done < 0)
			die("send");
		text += done;
		n -= (size_t)done;
	}
}

static void open_one(struct bench *b)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)b->o.port)};
	struct member *m = &b->members[b->opened];
	struct epoll_event e = {.events = EPOLLIN, .data.ptr = m};
	char line[256];
	int on = 1;

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	m->id = b->opened++;
	m->channel = m->id % b->o.channels;
	m->first = m->id < b->o.channels;
	m->second = !m->first && m->id < 2 * b->o.channels;
	if (m->first)
		b->first[m->channel] = m;
	m->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (m->fd < 0 || connect(m->fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		die("connect");
	setsockopt(m->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	epoll_ctl(b->epoll_fd, EPOLL_CTL_ADD, m->fd, &e);
	say(m, line,
	    (size_t)snprintf(line, sizeof(line), "%sNICK b%u\r\nUSER b%u 0 * :b\r\n%s",
			     b->o.echo && m->first ? "CAP REQ :echo-message\r\nCAP END\r\n" : "", m->id, m->id, ""));
}

static void talk(struct bench *b, struct member *m)
{
	char line[600];
	int n = snprintf(line, sizeof(line), "PRIVMSG #bench%u :%020llu%s\r\n", m->channel,
			 (unsigned long long)now_ns(), b->text);

	say(m, line, (size_t)n);
	m->outstanding++;
	b->sent++;
}

static void fill_window(struct bench *b, struct member *m)
{
	if (!b->o.rate)
		while (m->outstanding < b->o.window)
			talk(b, m);
}

static void on_message(struct bench *b, struct member *m, const char *text, size_t n)
{
	uint64_t sent = n >= 20 ? strtoull(text, NULL, 10) : 0;
	struct member *author = b->first[m->channel];

	b->seen++;
	if (sent)
		b->buckets[bucket_of(now_ns() - sent)]++;
	if (b->o.echo ? m->first : m->second)
		author->outstanding--;
}

static bool has(const char *line, size_t n, const char *word)
{
	return memmem(line, n, word, strlen(word)) != NULL;
}

static void on_line(struct bench *b, struct member *m, const char *line, size_t n)
{
	const char *text;
	char reply[600];

	if ((text = memmem(line, n, " PRIVMSG #", 10)) && (text = memchr(text, ':', n - (size_t)(text - line)))) {
		on_message(b, m, text + 1, n - (size_t)(text + 1 - line));
	} else if (b->phase == PHASE_CONNECT && has(line, n, " 001 ")) {
		say(m, reply, (size_t)snprintf(reply, sizeof(reply), "JOIN #bench%u\r\n", m->channel));
	} else if (b->phase == PHASE_CONNECT && has(line, n, " 366 ")) {
		b->joined += !m->joined;
		m->joined = true;
	} else if (strncmp(line, "PING ", 5) == 0 || has(line, n, " PING ")) {
		text = memmem(line, n, "PING ", 5);
		say(m, reply,
		    (size_t)snprintf(reply, sizeof(reply), "PONG %.*s\r\n", (int)(n - (size_t)(text + 5 - line)),
				     text + 5));
	} else if (strncmp(line, "ERROR", 5) == 0) {
		fprintf(stderr, "%.*s\n", (int)n, line);
		b->lost_lines++;
	}
}

static void receive(struct bench *b, struct member *m)
{
	char *at = b->buffer, *end, *stop;
	ssize_t n;

	memcpy(b->buffer, m->keep, m->kept);
	n = recv(m->fd, b->buffer + m->kept, READ_SIZE, MSG_DONTWAIT);
	if (n <= 0) {
		if (n == 0 || errno != EAGAIN) {
			fprintf(stderr, "client %u lost\n", m->id);
			epoll_ctl(b->epoll_fd, EPOLL_CTL_DEL, m->fd, NULL);
			b->lost_lines++;
		}
		return;
	}
	stop = b->buffer + m->kept + n;
	while ((end = memchr(at, '\n', (size_t)(stop - at)))) {
		on_line(b, m, at, (size_t)(end - at) - (end > at && end[-1] == '\r'));
		at = end + 1;
	}
	m->kept = (unsigned)(stop - at) < KEEP ? (unsigned)(stop - at) : 0;
	memcpy(m->keep, at, m->kept);
	if (m->kept != (unsigned)(stop - at))
		b->lost_lines++;
}

static void turn(struct bench *b, int wait_ms)
{
	struct epoll_event events[EVENTS];
	int n = epoll_wait(b->epoll_fd, events, EVENTS, wait_ms);

	for (int i = 0; i < n; i++)
		receive(b, events[i].data.ptr);
}

static void connect_all(struct bench *b)
{
	while (b->joined < b->o.clients) {
		while (b->opened < b->o.clients && b->opened - b->joined < b->o.parallel)
			open_one(b);
		turn(b, 1000);
	}
}

static void talk_saturated(struct bench *b, uint64_t end)
{
	while (now_ns() < end) {
		for (unsigned i = 0; i < b->o.channels; i++)
			fill_window(b, b->first[i]);
		turn(b, 10);
	}
}

static void talk_paced(struct bench *b, uint64_t end)
{
	uint64_t step = 1000000000u / b->o.rate, next = now_ns();

	for (unsigned i = 0; now_ns() < end;) {
		while (now_ns() >= next) {
			talk(b, b->first[i++ % b->o.channels]);
			next += step;
		}
		turn(b, next > now_ns() + 1000000 ? 1 : 0);
	}
}

static void drain(struct bench *b)
{
	uint64_t members = b->o.clients / b->o.channels;
	uint64_t due = b->sent * (members - 1 + b->o.echo), last = 0, quiet = now_ns();

	while (b->seen < due && now_ns() - quiet < 5000000000u) {
		turn(b, 100);
		if (b->seen != last)
			quiet = now_ns();
		last = b->seen;
	}
}

static void run(struct bench *b)
{
	double cpu0 = server_cpu(b->o.pid), cpu1, cpu2;
	long rss0 = server_rss_kb(b->o.pid), rss1;
	uint64_t start = now_ns(), joined, talked;

	connect_all(b);
	joined = now_ns();
	cpu1 = server_cpu(b->o.pid);
	rss1 = server_rss_kb(b->o.pid);
	b->phase = PHASE_TALK;
	if (b->o.rate)
		talk_paced(b, now_ns() + b->o.seconds * 1000000000ull);
	else if (b->o.seconds)
		talk_saturated(b, now_ns() + b->o.seconds * 1000000000ull);
	drain(b);
	talked = now_ns();
	cpu2 = server_cpu(b->o.pid);
	printf("{\"clients\":%u,\"channels\":%u,\"connect_seconds\":%.3f,\"connect_cpu\":%.2f,\"rss_start_kb\":%ld,"
	       "\"rss_joined_kb\":%ld,\"sent\":%llu,\"delivered\":%llu,\"lost\":%llu,\"talk_seconds\":%.3f,\"talk_"
	       "cpu\":%.2f,"
	       "\"cpu_us_per_delivery\":%.4f,\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"max_ms\":%.3f}\n",
	       b->o.clients, b->o.channels, (double)(joined - start) / 1e9, cpu1 - cpu0, rss0, rss1,
	       (unsigned long long)b->sent, (unsigned long long)b->seen, (unsigned long long)b->lost_lines,
	       (double)(talked - joined) / 1e9, cpu2 - cpu1, b->seen ? (cpu2 - cpu1) / (double)b->seen * 1e6 : 0.0,
	       percentile(b, 0.5), percentile(b, 0.99), percentile(b, 1.0));
}

static void parse(struct options *o, int argc, char **argv)
{
	static const struct option longs[] = {
		{"port", 1, NULL, 'p'},     {"pid", 1, NULL, 'P'},    {"clients", 1, NULL, 'n'},
		{"channels", 1, NULL, 'c'}, {"window", 1, NULL, 'w'}, {"rate", 1, NULL, 'r'},
		{"seconds", 1, NULL, 's'},  {"size", 1, NULL, 'z'},   {"parallel", 1, NULL, 'j'},
		{"echo", 0, NULL, 'e'},     {NULL, 0, NULL, 0},
	};
	unsigned *slots[128] = {['p'] = &o->port, ['n'] = &o->clients, ['c'] = &o->channels, ['w'] = &o->window,
				['r'] = &o->rate, ['s'] = &o->seconds, ['z'] = &o->size,     ['j'] = &o->parallel};
	int opt;

	*o = (struct options){
		.port = 6667, .clients = 100, .channels = 1, .window = 16, .seconds = 5, .size = 60, .parallel = 100};
	while ((opt = getopt_long(argc, argv, "p:P:n:c:w:r:s:z:j:e", longs, NULL)) != -1) {
		if (opt == 'e')
			o->echo = true;
		else if (opt == 'P')
			o->pid = atoi(optarg);
		else if (opt > 0 && opt < 128 && slots[opt])
			*slots[opt] = (unsigned)strtoul(optarg, NULL, 10);
		else
			exit(64);
	}
	if (o->channels == 0 || o->clients < 2 * o->channels || o->size > 400) {
		fprintf(stderr, "chat-bench: two clients for each channel at least, and at most 400 bytes a message\n");
		exit(64);
	}
}

int main(int argc, char **argv)
{
	struct bench *b = calloc(1, sizeof(*b));
	struct rlimit limit;

	parse(&b->o, argc, argv);
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	memset(b->text, 'x', b->o.size);
	b->members = calloc(b->o.clients, sizeof(*b->members));
	b->first = calloc(b->o.channels, sizeof(struct member *));
	b->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	run(b);
	return b->lost_lines ? 1 : 0;
}
