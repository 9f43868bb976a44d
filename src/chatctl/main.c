#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "chatctl/account.h"
#include "chatctl/backup.h"
#include "chatctl/import.h"
#include "chatctl/journal.h"
#include "chatctl/options.h"
#include "chatctl/request.h"
#include "chatctl/restore.h"

static int run(struct options *o)
{
	char keys[ACCOUNT_KEYS_SIZE];
	int code = account_prepare(o, keys);

	if (code != EX_OK)
		return code;
	if (strcmp(o->words[0], "journal") == 0)
		return journal_run(o);
	if (strcmp(o->words[0], "restore") == 0)
		return restore_run(o);
	if (strcmp(o->words[0], "import") == 0)
		return import_run(o);
	return strcmp(o->words[0], "backup") == 0 ? backup_run(o) : request_run(o);
}

int main(int argc, char **argv)
{
	struct options options;
	int code;

	setlocale(LC_CTYPE, "");
	code = options_parse(&options, argc, argv);
	if (code == OPTIONS_RUN)
		code = run(&options);
	if ((fflush(stdout) != 0 || ferror(stdout)) && code == EX_OK) {
		fprintf(stderr, "chatctl: not all could be written\n");
		code = EX_IOERR;
	}
	return code;
}
