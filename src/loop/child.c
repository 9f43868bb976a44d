#include "loop/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"

/* Of a command that is cut up: the words are in text. */
struct words {
	char *text;
	char *argv[CHILD_WORDS_MAX + 1];
};

static bool cut(struct words *w, const char *command)
{
	size_t n = 0;
	char *rest, *word;

	w->text = rest = mem_strdup(command);
	while ((word = strsep(&rest, " ")) && n < CHILD_WORDS_MAX)
		if (*word)
			w->argv[n++] = word;
	w->argv[n] = NULL;
	return n && !word && w->argv[0][0] == '/';
}

bool child_command_valid(const char *command)
{
	struct words w;
	bool valid = cut(&w, command);

	mem_free(w.text);
	return valid;
}

static int open_pipe(int ends[2])
{
	if (pipe(ends) < 0)
		return -errno;
	(void)fcntl(ends[0], F_SETFD, FD_CLOEXEC);
	(void)fcntl(ends[1], F_SETFD, FD_CLOEXEC);
	return 0;
}

static void close_one(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* The child's ends and ours: [0] of both is read. */
struct pipes {
	int in[2], out[2];
};

static void close_pipes(struct pipes *p)
{
	close_one(&p->in[0]);
	close_one(&p->in[1]);
	close_one(&p->out[0]);
	close_one(&p->out[1]);
}

static int open_pipes(struct pipes *p, bool talks)
{
	int err = open_pipe(p->in);

	if (!err && talks)
		err = open_pipe(p->out);
	if (err)
		close_pipes(p);
	return err;
}

/* All that we have is closed on exec; what is given is not. */
static int spawn(pid_t *pid, char *const argv[], const struct pipes *p)
{
	static const char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", locale[] = "LC_ALL=C";
	char *environment[] = {(char *)(uintptr_t)path, (char *)(uintptr_t)locale, NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none, all;
	int err;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &all);
	posix_spawnattr_setpgroup(&attr, 0);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, p->in[0], STDIN_FILENO);
	if (p->out[1] >= 0)
		posix_spawn_file_actions_adddup2(&actions, p->out[1], STDOUT_FILENO);
	else
		posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	err = posix_spawn(pid, argv[0], &actions, &attr, argv, environment);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attr);
	return -err;
}

static void kill_and_wait(pid_t pid)
{
	(void)kill(-pid, SIGKILL);
	(void)kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		continue;
}

/* What is ours of the pipes. */
static int adopt(struct child *c, pid_t pid, struct pipes *p)
{
	int fd = child_exit_open(pid);

	if (fd < 0) {
		kill_and_wait(pid);
		return fd;
	}
	*c = (struct child){.pid = pid, .in = p->in[1], .out = p->out[0], .exited = fd};
	(void)fcntl(c->in, F_SETFL, O_NONBLOCK);
	if (c->out >= 0)
		(void)fcntl(c->out, F_SETFL, O_NONBLOCK);
	p->in[1] = -1;
	p->out[0] = -1;
	return 0;
}

int child_start(struct child *c, const char *command, bool talks)
{
	struct pipes p = {{-1, -1}, {-1, -1}};
	struct words w;
	pid_t pid = 0;
	int err = cut(&w, command) ? open_pipes(&p, talks) : -EINVAL;

	*c = (struct child){.in = -1, .out = -1, .exited = -1};
	if (!err)
		err = spawn(&pid, w.argv, &p);
	if (!err)
		err = adopt(c, pid, &p);
	close_pipes(&p);
	mem_free(w.text);
	return err;
}

void child_close_in(struct child *c)
{
	close_one(&c->in);
}

void child_close_out(struct child *c)
{
	close_one(&c->out);
}

void child_kill(const struct child *c)
{
	if (c->pid)
		(void)kill(-c->pid, SIGKILL);
}

static void close_all(struct child *c)
{
	close_one(&c->in);
	close_one(&c->out);
	close_one(&c->exited);
	c->pid = 0;
}

/* Whatever of its group is left has nobody any more. */
int child_reap(struct child *c)
{
	int status = -1;

	child_kill(c);
	if (waitpid(c->pid, &status, WNOHANG) != c->pid)
		status = -1;
	close_all(c);
	return status;
}

void child_end(struct child *c)
{
	if (!c->pid)
		return;
	kill_and_wait(c->pid);
	close_all(c);
}
