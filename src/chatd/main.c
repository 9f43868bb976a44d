#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/log.h"
#include "chatd/certificates.h"
#include "chatd/config.h"
#include "chatd/daemon.h"
#include "chatd/handover.h"
#include "chatd/logging.h"
#include "chatd/options.h"
#include "chatd/service.h"
#include "journal/store_tools.h"

static void print_text(const char *text)
{
	char escaped[1024];

	log_escape(escaped, sizeof(escaped), text, strlen(text));
	fprintf(stderr, "chatd: %s\n", escaped);
}

static void print_error(void *ctx, const struct config_error *error)
{
	(void)ctx;
	print_text(error->text);
}

static int check(const struct config_source *source)
{
	struct config config;

	if (config_load(&config, source, print_error, NULL) != 0)
		return EX_CONFIG;
	config_deinit(&config);
	printf("chatd: the configuration is good\n");
	return EX_OK;
}

/* What answers queries is made of what is kept, and can always be made again. */
static int rebuild(const struct config_source *source)
{
	struct config config;
	char why[512] = "";
	int err;

	if (config_load(&config, source, print_error, NULL) != 0)
		return EX_CONFIG;
	if (!config.state) {
		print_text("--rebuild needs a directory: --state, or the key state of section [server]");
		config_deinit(&config);
		return EX_USAGE;
	}
	err = store_rebuild(config.state, why, sizeof(why));
	if (err < 0)
		print_text(why[0] ? why : strerror(-err));
	config_deinit(&config);
	return err < 0 ? EX_UNAVAILABLE : EX_OK;
}

static int make_cert(const struct config_source *source)
{
	struct config config;
	int code;

	if (config_load(&config, source, print_error, NULL) != 0)
		return EX_CONFIG;
	code = certificates_make(&config);
	config_deinit(&config);
	return code;
}

/* A person at a terminal reads sentences, a journal entries. */
static config_error_fn teller(void)
{
	return service_is_managed() ? logging_config_error : print_error;
}

/* Clients of the process before are more patient than the one who made a mistake can know. */
static int misconfigured(void)
{
	static const char reason[] = "the configuration is wrong";

	if (!handover_waits())
		return EX_CONFIG;
	log_event(EVENT_HANDOVER_WAITS, LOG_FIELDS({"CHATD_REASON", reason}),
		  "%s: the clients of the process before wait until this one can start", reason);
	return EX_TEMPFAIL;
}

/* True: a successor is to take over. */
static bool serve(const struct config_source *source, struct logging *logging, int *code)
{
	struct config config;
	struct daemon_end end;

	if (config_load(&config, source, teller(), NULL) != 0) {
		*code = misconfigured();
		return false;
	}
	logging_configure(logging, &config);
	end = daemon_run(&config, source, logging);
	config_deinit(&config);
	*code = end.code;
	if (end.successor)
		handover_inherit(end.successor);
	return end.successor;
}

/* For as long as nobody is there to take them, so in the moment between a program and its successor, they wait. */
static void hold_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	for (const int *signo = daemon_signals(); *signo; signo++)
		sigaddset(&set, *signo);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

static int run(const struct config_source *source, char **argv)
{
	struct logging logging;
	int code;

	hold_signals();
	logging_init(&logging);
	/* Where there is no program any more this one goes on: everybody is still here. */
	while (serve(source, &logging, &code)) {
		execvp(argv[0], argv);
		log_event(EVENT_HANDOVER_FAILED, LOG_FIELDS({"CHATD_REASON", strerror(errno)}),
			  "hand-over: %s: %s: the same program goes on", argv[0], strerror(errno));
	}
	logging_deinit(&logging);
	return code;
}

/* What is printed or logged must never go to a client that was given the number of a closed descriptor. */
static void fill_standard_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}

int main(int argc, char **argv)
{
	struct options options;
	int code;

	fill_standard_descriptors();
	signal(SIGPIPE, SIG_IGN);
	code = options_parse(&options, argc, argv);
	if (code == OPTIONS_RUN && options.check_only)
		code = check(&options.source);
	else if (code == OPTIONS_RUN && options.make_cert)
		code = make_cert(&options.source);
	else if (code == OPTIONS_RUN && options.rebuild)
		code = rebuild(&options.source);
	else if (code == OPTIONS_RUN)
		code = run(&options.source, argv);
	options_deinit(&options);
	return code;
}
