#include "chatd/service.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"

/* For as long the manager is given to answer; it does so at once where it is not busy with something else. */
enum { ANSWER_US = 5000000, NAME_TEXT_MAX = 128, TRIES = 3 };

#define PROBE_NAME "chatd-probe"

bool service_is_heard(void)
{
	return getenv("NOTIFY_SOCKET") != NULL;
}

/* A start that the manager does not hear of is one that it gives up. */
void service_ready(const char *status)
{
	for (int i = 0; i < TRIES && sd_notifyf(0, "READY=1\nSTATUS=%s", status) < 0; i++)
		;
}

void service_reloading(void)
{
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRId64, clock_mono_us());
}

void service_status(const char *status)
{
	sd_notifyf(0, "STATUS=%s", status);
}

void service_stopping(const char *status)
{
	sd_notifyf(0, "STOPPING=1\nSTATUS=%s", status);
}

void service_extend_timeout(int64_t ms)
{
	sd_notifyf(0, "EXTEND_TIMEOUT_USEC=%" PRId64, ms * 1000);
}

int64_t service_watchdog_ms(void)
{
	uint64_t allowed_us = 0;

	return sd_watchdog_enabled(0, &allowed_us) > 0 ? (int64_t)(allowed_us / 1000) : 0;
}

void service_alive(void)
{
	sd_notify(0, "WATCHDOG=1");
}

void service_watchdog_set(int64_t ms)
{
	sd_notifyf(0, "WATCHDOG_USEC=%" PRId64 "", ms * 1000);
}

unsigned service_memory_mb(void)
{
	unsigned long long pages = 0;
	FILE *file = fopen("/proc/self/statm", "re");

	if (!file)
		return 0;
	/* It is the kernel that writes those numbers: NOLINTNEXTLINE(cert-err34-c) */
	if (fscanf(file, "%*u %llu", &pages) != 1)
		pages = 0;
	fclose(file);
	return (unsigned)((pages * (unsigned long long)sysconf(_SC_PAGESIZE) + (1 << 20) - 1) >> 20);
}

/* JOURNAL_STREAM names the device and inode that stderr has when the journal reads it. */
bool service_has_journal(void)
{
	const char *text = getenv("JOURNAL_STREAM");
	struct str rest = str_of(text ? text : ""), word;
	unsigned long long dev, ino;
	struct stat st;

	if (!str_split(&rest, ':', &word) || !str_u64(word, UINT64_MAX, &dev) || !str_u64(rest, UINT64_MAX, &ino) ||
	    fstat(STDERR_FILENO, &st) != 0)
		return false;
	return st.st_dev == (dev_t)dev && st.st_ino == (ino_t)ino;
}

bool service_is_managed(void)
{
	const char *pid = getenv("SYSTEMD_EXEC_PID");

	return service_has_journal() || (pid && strtoll(pid, NULL, 10) == getpid());
}

bool service_can_store(void)
{
	return getenv("NOTIFY_SOCKET") != NULL;
}

/* Until the manager has read all that was told before. */
static int await_manager(void)
{
	int heard = sd_notify_barrier(0, ANSWER_US);

	return heard < 0 ? heard : heard == 0 ? -ENOTSUP : 0;
}

static int offer(const char *name, const int *fds, size_t count)
{
	char text[NAME_TEXT_MAX];
	int told;

	snprintf(text, sizeof(text), "FDSTORE=1\nFDNAME=%s\nFDPOLL=0", name);
	told = sd_pid_notify_with_fds(0, 0, text, fds, (unsigned)count);
	return told < 0 ? told : await_manager();
}

/* A manager that keeps none says nothing, and closes what it is given. */
static int probe(void)
{
	struct pollfd other;
	int ends[2], err;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	err = offer(PROBE_NAME, ends, 1);
	close(ends[0]);
	other = (struct pollfd){.fd = ends[1], .events = POLLIN};
	if (err == 0 && poll(&other, 1, 0) != 0)
		err = -ENOTSUP;
	close(ends[1]);
	service_unstore(PROBE_NAME);
	return err;
}

int service_store(const char *name, const int *fds, size_t count)
{
	int err = probe();

	return err < 0 ? err : offer(name, fds, count);
}

void service_unstore(const char *name)
{
	sd_notifyf(0, "FDSTOREREMOVE=1\nFDNAME=%s", name);
}
