#include "chatd/hash_password.h"

#include <errno.h>
#include <readpassphrase.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "session/password.h"

static bool ask(char *given, size_t size)
{
	char again[PASSWORD_GIVEN_MAX];
	bool same;

	if (!readpassphrase("Password: ", given, size, RPP_REQUIRE_TTY) ||
	    !readpassphrase("The same again: ", again, sizeof(again), RPP_REQUIRE_TTY))
		return false;
	same = strcmp(given, again) == 0;
	explicit_bzero(again, sizeof(again));
	if (!same)
		fputs("chatd: the two differ\n", stderr);
	return same;
}

static bool read_line(char *given, int size)
{
	size_t n;

	if (!fgets(given, size, stdin)) {
		fputs("chatd: no password on standard input\n", stderr);
		return false;
	}
	n = strcspn(given, "\r\n");
	if (given[n] == '\0' && n + 1 == (size_t)size) {
		fputs("chatd: the password is too long\n", stderr);
		return false;
	}
	given[n] = '\0';
	return true;
}

int hash_password(void)
{
	char given[PASSWORD_GIVEN_MAX] = "", stored[PASSWORD_STORED_MAX];
	bool read = isatty(STDIN_FILENO) ? ask(given, sizeof(given)) : read_line(given, sizeof(given));
	int err = 0;

	if (read && !*given) {
		fputs("chatd: an empty password opens for everybody\n", stderr);
		read = false;
	}
	if (read)
		err = password_hash(given, stored);
	explicit_bzero(given, sizeof(given));
	if (!read)
		return EX_DATAERR;
	if (err < 0) {
		fprintf(stderr, "chatd: %s\n", strerror(-err));
		return EX_OSERR;
	}
	puts(stored);
	return EX_OK;
}
