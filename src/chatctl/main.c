#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "chatctl/journal.h"
#include "chatctl/options.h"
#include "chatctl/request.h"

int main(int argc, char **argv)
{
	struct options options;
	int code;

	setlocale(LC_CTYPE, "");
	code = options_parse(&options, argc, argv);
	if (code == OPTIONS_RUN)
		code = strcmp(options.words[0], "journal") == 0 ? journal_run(&options) : request_run(&options);
	if ((fflush(stdout) != 0 || ferror(stdout)) && code == EX_OK) {
		fprintf(stderr, "chatctl: not all could be written\n");
		code = EX_IOERR;
	}
	return code;
}
