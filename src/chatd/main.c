#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/log.h"
#include "chatd/config.h"
#include "chatd/daemon.h"
#include "chatd/handon.h"
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

/* A person at a terminal reads sentences, a journal entries. */
static config_error_fn teller(void)
{
	return service_is_managed() ? logging_config_error : print_error;
}

static int serve(const struct config_source *source, struct logging *logging, char **argv)
{
	struct config config;
	struct daemon_end end;

	if (config_load(&config, source, teller(), NULL) != 0)
		return EX_CONFIG;
	logging_configure(logging, &config);
	end = daemon_run(&config, source, logging);
	config_deinit(&config);
	if (!end.restart || end.code != EX_OK)
		return end.code;
	hand_on(end.handed, end.nhanded);
	execvp(argv[0], argv);
	log_event(EVENT_START_FAILED, LOG_FIELDS({"CHATD_REASON", strerror(errno)}), "restart: %s: %s", argv[0],
		  strerror(errno));
	return EX_OSERR;
}

static int run(const struct config_source *source, char **argv)
{
	struct logging logging;
	int code;

	logging_init(&logging);
	code = serve(source, &logging, argv);
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
	else if (code == OPTIONS_RUN && options.rebuild)
		code = rebuild(&options.source);
	else if (code == OPTIONS_RUN)
		code = run(&options.source, argv);
	options_deinit(&options);
	return code;
}
