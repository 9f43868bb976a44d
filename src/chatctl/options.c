#include "chatctl/options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "chat_version.h"

enum { OPTION_JSON = 256, OPTION_STATE, OPTION_CASEMAPPING, OPTION_HELP, OPTION_VERSION, OPTION_WITH_DATA, OPTION_DRY_RUN };

static const struct option longs[] = {
	{"casemapping", required_argument, NULL, OPTION_CASEMAPPING},
	{"dry-run", no_argument, NULL, OPTION_DRY_RUN},
	{"help", no_argument, NULL, OPTION_HELP},
	{"json", no_argument, NULL, OPTION_JSON},
	{"socket", required_argument, NULL, 's'},
	{"state", required_argument, NULL, OPTION_STATE},
	{"version", no_argument, NULL, OPTION_VERSION},
	{"with-data", no_argument, NULL, OPTION_WITH_DATA},
	{NULL, 0, NULL, 0},
};

static void help(FILE *out)
{
	fputs("usage: chatctl [-s SOCKET] [--json] COMMAND\n"
	      "  status                     the server in numbers\n"
	      "  users                      who is here\n"
	      "  channels                   what channels there are\n"
	      "  kick CHANNEL NICK [REASON] removes a user from a channel\n"
	      "  kill NICK [REASON]         removes a user from the server\n"
	      "  ban add [DURATION] TARGET [REASON], ban del TARGET|NUMBER, ban list\n"
	      "                             keeps people out: address, network, mask, account\n"
	      "  forbid add NAME [DURATION] [REASON], forbid del NAME, forbid list\n"
	      "                             nicks, #channels and addresses of e-mail that nobody gets\n"
	      "  channel suspend CHANNEL [DURATION] [REASON], channel unsuspend CHANNEL, channel suspended\n"
	      "                             shuts registered channels, and opens them again\n"
	      "  channel create CHANNEL ACCOUNT, channel delete CHANNEL\n"
	      "                             registers one for somebody, and ends that\n"
	      "  channel show CHANNEL, channel noexpire CHANNEL on|off\n"
	      "                             what is kept of one, and whether that is for good\n"
	      "  account list|show|create|password|suspend|unsuspend|verify|totp-off|lock|noexpire|delete [NAME] [REASON]\n"
	      "                             looks after the accounts of people\n"
	      "  account delete --with-data NAME\n"
	      "                             deletes one, and all that is kept of its owner and was said with it\n"
	      "  account export NAME        all that is known of one, and kept of what was said with it, as JSON lines\n"
	      "  webhook add CHANNEL NAME [signed], webhook show|del NAME, webhook format NAME [TEXT], webhook list\n"
	      "                             addresses of HTTP that say something in a channel\n"
	      "  outgoing list, outgoing ping|resume NAME\n"
	      "                             webhooks that tell others what happens\n"
	      "  reload                     reads the configuration again\n"
	      "  export                     what is kept of channels, as JSON lines\n"
	      "  backup DIRECTORY           copies what is kept, and checks the copy\n"
	      "  restore DIRECTORY          puts such a copy in the place of what a stopped server has; [--state DIRECTORY]\n"
	      "  import [--dry-run] anope|atheme|ergo FILE\n"
	      "                             takes over accounts and channels from a file of theirs\n"
	      "  stop [REASON]              ends the server\n"
	      "  restart [REASON]           a fresh process takes its place; nobody is disconnected\n"
	      "  journal verify|dump|replay looks at the files of the server; [--state DIRECTORY]\n"
	      "Manual page: chatctl(8)\n",
	      out);
}

int options_usage(void)
{
	help(stderr);
	return EX_USAGE;
}

static int take(struct options *o, int c)
{
	switch (c) {
	case 's':
		o->socket = optarg;
		return OPTIONS_RUN;
	case OPTION_JSON:
		o->json = true;
		return OPTIONS_RUN;
	case OPTION_DRY_RUN:
		o->dry_run = true;
		return OPTIONS_RUN;
	case OPTION_WITH_DATA:
		o->with_data = true;
		return OPTIONS_RUN;
	case OPTION_STATE:
		o->state = optarg;
		return OPTIONS_RUN;
	case OPTION_CASEMAPPING:
		if (casemap_parse(optarg, &o->casemap))
			return OPTIONS_RUN;
		fprintf(stderr, "chatctl: --casemapping is ascii, rfc1459 or precis\n");
		return EX_USAGE;
	case OPTION_HELP:
		help(stdout);
		return EX_OK;
	case OPTION_VERSION:
		printf("chatctl %s\n", CHAT_VERSION);
		return EX_OK;
	default:
		return options_usage();
	}
}

int options_parse(struct options *o, int argc, char **argv)
{
	int c, code;

	*o = (struct options){.socket = "/run/chatd/control.sock", .state = "/var/lib/chatd", .casemap = CASEMAP_PRECIS};
	while ((c = getopt_long(argc, argv, "s:", longs, NULL)) != -1) {
		code = take(o, c);
		if (code != OPTIONS_RUN)
			return code;
	}
	for (; optind < argc && o->nwords < OPTIONS_WORDS_MAX; optind++)
		o->words[o->nwords++] = argv[optind];
	return optind < argc || o->nwords == 0 ? options_usage() : OPTIONS_RUN;
}
