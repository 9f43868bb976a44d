#include "chatctl/account.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include <readpassphrase.h>

#include "account/credential.h"

enum { PASSWORD_SIZE = 302, ITERATIONS = 10000 };

/* From the terminal, twice; where there is none, the first line of what comes in. */
static bool ask(char password[PASSWORD_SIZE])
{
	char again[PASSWORD_SIZE];
	bool same;

	if (!readpassphrase("Password: ", password, PASSWORD_SIZE, RPP_STDIN | RPP_ECHO_OFF) || !*password)
		return false;
	if (!isatty(STDIN_FILENO))
		return true;
	same = readpassphrase("The same again: ", again, sizeof(again), RPP_STDIN | RPP_ECHO_OFF) &&
	       strcmp(again, password) == 0;
	explicit_bzero(again, sizeof(again));
	return same;
}

static bool is_deletion(const struct options *o)
{
	return o->nwords == 3 && strcmp(o->words[0], "account") == 0 && strcmp(o->words[1], "delete") == 0;
}

int account_prepare(struct options *o, char keys[ACCOUNT_KEYS_SIZE])
{
	bool create = o->nwords == 3 && strcmp(o->words[1], "create") == 0;
	char password[PASSWORD_SIZE];
	struct credential c;
	struct buf b;
	bool made;

	if (o->with_data && !is_deletion(o))
		return options_usage();
	if (o->with_data)
		o->words[1] = "forget";
	if (o->nwords != 3 || strcmp(o->words[0], "account") != 0 || (!create && strcmp(o->words[1], "password") != 0))
		return EX_OK;
	made = ask(password) && credential_make(&c, str_of(password), ITERATIONS);
	explicit_bzero(password, sizeof(password));
	if (!made) {
		fputs("chatctl: the password is empty, or not the same twice\n", stderr);
		return EX_DATAERR;
	}
	buf_init(&b, keys, ACCOUNT_KEYS_SIZE - 1);
	credential_write(&b, &c);
	o->words[1] = create ? "create" : "credentials";
	keys[b.n] = '\0';
	o->words[o->nwords++] = keys;
	return EX_OK;
}
