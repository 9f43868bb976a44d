#include "chatd/options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/mem.h"
#include "chat_version.h"
#include "chatd/hash_password.h"

static const char usage[] =
	"usage: chatd [-c FILE] [--check-config] [--listen ADDRESS]... [--state DIRECTORY] [--no-limits]\n"
	"             [--rebuild] [--hash-password] [--make-cert]\n"
	"\n"
	"  -c, --config FILE     read FILE and FILE.d/*.conf; without it /etc/chatd/chatd.conf is read where it "
	"exists\n"
	"      --check-config    say what is wrong with the configuration, and exit\n"
	"  -l, --listen ADDRESS  listen here instead of where the configuration says; can be repeated:\n"
	"                        127.0.0.1:6667, [::1]:6667, /path/socket\n"
	"      --state DIRECTORY keep what is kept here\n"
	"      --rebuild         make what answers queries anew from what is kept, and exit\n"
	"      --hash-password   ask for a password, print what stands for it in the configuration, and exit\n"
	"      --make-cert       make a certificate that signs itself, print its pin, and exit\n"
	"      --no-limits       lift flood control and limits per address, for benchmarks\n"
	"  -h, --help            print this\n"
	"  -V, --version         print the version\n"
	"\n"
	"See chatd(8) and chatd.conf(5).\n";

enum { OPT_CHECK = 256, OPT_STATE, OPT_NO_LIMITS, OPT_REBUILD, OPT_HASH_PASSWORD, OPT_MAKE_CERT };

static const struct option longs[] = {
	{"config", required_argument, NULL, 'c'},
	{"check-config", no_argument, NULL, OPT_CHECK},
	{"listen", required_argument, NULL, 'l'},
	{"state", required_argument, NULL, OPT_STATE},
	{"no-limits", no_argument, NULL, OPT_NO_LIMITS},
	{"rebuild", no_argument, NULL, OPT_REBUILD},
	{"hash-password", no_argument, NULL, OPT_HASH_PASSWORD},
	{"make-cert", no_argument, NULL, OPT_MAKE_CERT},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'V'},
	{NULL, 0, NULL, 0},
};

#define DEFAULT_PATH CHATD_SYSCONFDIR "/chatd/chatd.conf"

static int take(struct options *o, int opt)
{
	switch (opt) {
	case 'c':
		o->source.path = optarg;
		return OPTIONS_RUN;
	case 'l':
		o->listen = mem_realloc(o->listen, (o->source.nlisten + 1) * sizeof(*o->listen));
		o->listen[o->source.nlisten++] = optarg;
		return OPTIONS_RUN;
	case OPT_CHECK:
		o->check_only = true;
		return OPTIONS_RUN;
	case OPT_STATE:
		o->source.state = optarg;
		return OPTIONS_RUN;
	case OPT_REBUILD:
		o->rebuild = true;
		return OPTIONS_RUN;
	case OPT_MAKE_CERT:
		o->make_cert = true;
		return OPTIONS_RUN;
	case OPT_HASH_PASSWORD:
		return hash_password();
	case OPT_NO_LIMITS:
		o->source.no_limits = true;
		return OPTIONS_RUN;
	case 'h':
		fputs(usage, stdout);
		return EX_OK;
	case 'V':
		printf("chatd %s\n", CHAT_VERSION);
		return EX_OK;
	default:
		fputs("Try 'chatd --help'.\n", stderr);
		return EX_USAGE;
	}
}

int options_parse(struct options *o, int argc, char **argv)
{
	int opt, result;

	memset(o, 0, sizeof(*o));
	while ((opt = getopt_long(argc, argv, "c:l:hV", longs, NULL)) != -1) {
		result = take(o, opt);
		if (result != OPTIONS_RUN)
			return result;
	}
	if (optind < argc) {
		fprintf(stderr, "chatd: unexpected argument '%s'\nTry 'chatd --help'.\n", argv[optind]);
		return EX_USAGE;
	}
	if (!o->source.path && access(DEFAULT_PATH, F_OK) == 0)
		o->source.path = DEFAULT_PATH;
	o->source.listen = o->listen;
	return OPTIONS_RUN;
}

void options_deinit(struct options *o)
{
	mem_free(o->listen);
}
