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
 * chat-bench: load for any IRC server on loopback. Clients register, join channels (each --joins of them), then talk:
 * the first of each channel, or with --direct each to the next one; saturated (a window of messages not yet seen by the
 * second member) or paced (messages a second). One JSON object is printed: what each part cost the server's process as
 * /proc tells, and latency from a time stamp inside each message.
 */
enum { EVENTS = 512, READ_SIZE = 256 << 10, KEEP = 1024, BUCKETS = 4096 };

struct options {
	unsigned port, clients, channels, window, rate, seconds, size, parallel, joins;
	int pid;
	bool echo, direct;
	const char *caps; /* to ask for; NULL: none */
};

/* What the server's process had used, and when. */
struct moment {
	uint64_t ns;
	double cpu;
	long rss_kb;
};

enum { MOMENT_START, MOMENT_REGISTERED, MOMENT_JOINED, MOMENT_TALKED, MOMENT_COUNT };

struct member {
	int fd;
	unsigned id, channel;
	bool first, second, registered;
	unsigned joined;
	unsigned outstanding; /* of the one who talks */
	unsigned kept;
	char keep[KEEP]; /* an unfinished line */
};

struct bench {
	struct options o;
	int epoll_fd;
	struct member *members;
	struct member **first; /* of each channel */
	unsigned opened, registered, ready, joined;
	struct moment at[MOMENT_COUNT];
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
	struct timespec t;
	clockid_t clock;

	if (!pid || clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &t) != 0)
		return 0;
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
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
	char line[512];
	int on = 1, n = 0;

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
	if (b->o.caps)
		n = snprintf(line, sizeof(line), "CAP REQ :%s\r\nCAP END\r\n", b->o.caps);
	else if (b->o.echo && m->first)
		n = snprintf(line, sizeof(line), "CAP REQ :echo-message\r\nCAP END\r\n");
	n += snprintf(line + n, sizeof(line) - (size_t)n, "NICK b%u\r\nUSER b%u 0 * :b\r\n", m->id, m->id);
	say(m, line, (size_t)n);
}

/* The further channels of one are its neighbours'. */
static void join(struct bench *b, struct member *m)
{
	char line[64];

	for (unsigned i = 0; i < b->o.joins; i++) {
		unsigned channel = (m->channel + i) % b->o.channels;

		say(m, line, (size_t)snprintf(line, sizeof(line), "JOIN #bench%u\r\n", channel));
	}
}

static void talk(struct bench *b, struct member *m)
{
	char line[600];
	const char *to = b->o.direct ? "b" : "#bench";
	unsigned number = b->o.direct ? (m->id + 1) % b->o.clients : m->channel;
	int n = snprintf(line, sizeof(line), "PRIVMSG %s%u :%020llu%s\r\n", to, number, (unsigned long long)now_ns(),
			 b->text);

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

	b->seen++;
	if (sent)
		b->buckets[bucket_of(now_ns() - sent)]++;
	if (b->o.direct)
		b->members[(m->id + b->o.clients - 1) % b->o.clients].outstanding--;
	else if (b->o.echo ? m->first : m->second)
		b->first[m->channel]->outstanding--;
}

static bool has(const char *line, size_t n, const char *word)
{
	return memmem(line, n, word, strlen(word)) != NULL;
}

/* The word behind the source; the same digits may stand anywhere else. */
static bool is_numeric(const char *line, size_t n, const char *digits)
{
	const char *space = memchr(line, ' ', n);

	return space && (size_t)(line + n - space) > 4 && memcmp(space + 1, digits, 3) == 0 && space[4] == ' ';
}

static void on_line(struct bench *b, struct member *m, const char *line, size_t n)
{
	const char *text;
	char reply[600];

	if ((text = memmem(line, n, " PRIVMSG ", 9)) && (text = memmem(text, n - (size_t)(text - line), " :", 2))) {
		on_message(b, m, text + 2, n - (size_t)(text + 2 - line));
	} else if (!m->registered && is_numeric(line, n, "001")) {
		m->registered = true;
		b->registered++;
	} else if (m->joined < b->o.joins && is_numeric(line, n, "366")) {
		b->ready += ++m->joined == b->o.joins;
		b->joined++;
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

static void register_all(struct bench *b)
{
	while (b->registered < b->o.clients && !b->lost_lines) {
		while (b->opened < b->o.clients && b->opened - b->registered < b->o.parallel)
			open_one(b);
		turn(b, 1000);
	}
}

static void join_all(struct bench *b)
{
	unsigned asked = 0;

	while (b->ready < b->o.clients && !b->lost_lines) {
		while (asked < b->o.clients && asked - b->ready < b->o.parallel)
			join(b, &b->members[asked++]);
		turn(b, 1000);
	}
}

static struct member *talker(struct bench *b, unsigned nth)
{
	return b->o.direct ? &b->members[nth] : b->first[nth];
}

static unsigned talkers(const struct bench *b)
{
	return b->o.direct ? b->o.clients : b->o.channels;
}

static void talk_saturated(struct bench *b, uint64_t end)
{
	while (now_ns() < end) {
		for (unsigned i = 0; i < talkers(b); i++)
			fill_window(b, talker(b, i));
		turn(b, 10);
	}
}

static void talk_paced(struct bench *b, uint64_t end)
{
	uint64_t step = 1000000000u / b->o.rate, next = now_ns();

	for (unsigned i = 0; now_ns() < end;) {
		while (now_ns() >= next) {
			talk(b, talker(b, i++ % talkers(b)));
			next += step;
		}
		turn(b, next > now_ns() + 1000000 ? 1 : 0);
	}
}

static void drain(struct bench *b)
{
	uint64_t members = (uint64_t)b->o.clients * b->o.joins / b->o.channels;
	uint64_t each = b->o.direct ? 1 : members - 1 + b->o.echo;
	uint64_t due = b->sent * each, last = 0, quiet = now_ns();

	while (b->seen < due && now_ns() - quiet < 5000000000u) {
		turn(b, 100);
		if (b->seen != last)
			quiet = now_ns();
		last = b->seen;
	}
}

static void note(struct bench *b, int which)
{
	b->at[which] = (struct moment){now_ns(), server_cpu(b->o.pid), server_rss_kb(b->o.pid)};
}

static double seconds(const struct bench *b, int part)
{
	return (double)(b->at[part].ns - b->at[part - 1].ns) / 1e9;
}

static double cpu(const struct bench *b, int part)
{
	return b->at[part].cpu - b->at[part - 1].cpu;
}

static double each_us(double seconds, double count)
{
	return count > 0 ? seconds / count * 1e6 : 0;
}

static void show(const struct bench *b)
{
	const struct moment *at = b->at;

	printf("{\"clients\":%u,\"channels\":%u,\"joins\":%u,", b->o.clients, b->o.channels, b->joined);
	printf("\"register_seconds\":%.3f,\"register_cpu\":%.4f,\"cpu_us_per_registration\":%.2f,",
	       seconds(b, MOMENT_REGISTERED), cpu(b, MOMENT_REGISTERED),
	       each_us(cpu(b, MOMENT_REGISTERED), b->registered));
	printf("\"join_seconds\":%.3f,\"join_cpu\":%.4f,\"cpu_us_per_join\":%.2f,", seconds(b, MOMENT_JOINED),
	       cpu(b, MOMENT_JOINED), each_us(cpu(b, MOMENT_JOINED), b->joined));
	printf("\"rss_start_kb\":%ld,\"rss_registered_kb\":%ld,\"rss_joined_kb\":%ld,", at[MOMENT_START].rss_kb,
	       at[MOMENT_REGISTERED].rss_kb, at[MOMENT_JOINED].rss_kb);
	printf("\"rss_bytes_per_client\":%.0f,",
	       (double)(at[MOMENT_JOINED].rss_kb - at[MOMENT_START].rss_kb) * 1024 / b->o.clients);
	printf("\"sent\":%llu,\"delivered\":%llu,\"lost\":%llu,\"talk_seconds\":%.3f,\"talk_cpu\":%.4f,",
	       (unsigned long long)b->sent, (unsigned long long)b->seen, (unsigned long long)b->lost_lines,
	       seconds(b, MOMENT_TALKED), cpu(b, MOMENT_TALKED));
	printf("\"cpu_us_per_delivery\":%.4f,\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"max_ms\":%.3f}\n",
	       each_us(cpu(b, MOMENT_TALKED), (double)b->seen), percentile(b, 0.5), percentile(b, 0.99),
	       percentile(b, 1.0));
}

static void run(struct bench *b)
{
	note(b, MOMENT_START);
	register_all(b);
	note(b, MOMENT_REGISTERED);
	join_all(b);
	note(b, MOMENT_JOINED);
	if (b->o.rate)
		talk_paced(b, now_ns() + b->o.seconds * 1000000000ull);
	else if (b->o.seconds)
		talk_saturated(b, now_ns() + b->o.seconds * 1000000000ull);
	drain(b);
	note(b, MOMENT_TALKED);
	show(b);
}

static void parse(struct options *o, int argc, char **argv)
{
	static const struct option longs[] = {
		{"port", 1, NULL, 'p'},     {"pid", 1, NULL, 'P'},    {"clients", 1, NULL, 'n'},
		{"channels", 1, NULL, 'c'}, {"window", 1, NULL, 'w'}, {"rate", 1, NULL, 'r'},
		{"seconds", 1, NULL, 's'},  {"size", 1, NULL, 'z'},   {"parallel", 1, NULL, 'j'},
		{"joins", 1, NULL, 'k'},    {"caps", 1, NULL, 'C'},   {"echo", 0, NULL, 'e'},
		{"direct", 0, NULL, 'd'},   {NULL, 0, NULL, 0},
	};
	unsigned *slots[128] = {['p'] = &o->port, ['n'] = &o->clients, ['c'] = &o->channels, ['w'] = &o->window,
				['r'] = &o->rate, ['s'] = &o->seconds, ['z'] = &o->size,     ['j'] = &o->parallel,
				['k'] = &o->joins};
	int opt;

	*o = (struct options){
		.port = 6667, .clients = 100, .channels = 1, .window = 16, .seconds = 5, .size = 60, .parallel = 100, .joins = 1};
	while ((opt = getopt_long(argc, argv, "p:P:n:c:w:r:s:z:j:k:C:ed", longs, NULL)) != -1) {
		if (opt == 'e')
			o->echo = true;
		else if (opt == 'd')
			o->direct = true;
		else if (opt == 'C')
			o->caps = optarg;
		else if (opt == 'P')
			o->pid = atoi(optarg);
		else if (opt > 0 && opt < 128 && slots[opt])
			*slots[opt] = (unsigned)strtoul(optarg, NULL, 10);
		else
			exit(64);
	}
	if (o->channels == 0 || o->clients < 2 * o->channels || o->size > 400 || o->joins > o->channels) {
		fprintf(stderr, "chat-bench: two clients for each channel at least, at most 400 bytes a message, and no more"
				" joins than channels\n");
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
