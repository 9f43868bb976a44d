#include "chat-client/secrets.h"

#include <limits.h>
#include <readpassphrase.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chat-client/options.h"
#include "chat-client/words.h"

/* The first line of a file, which must hold all of it. */
static bool read_line(char *dst, size_t size, const char *path)
{
	FILE *f = fopen(path, "re");
	bool good = f && fgets(dst, (int)size, f) && strlen(dst) + 1 < size;

	if (f)
		fclose(f);
	dst[strcspn(dst, "\r\n")] = '\0';
	return good && dst[0];
}

static bool read_credential(char *dst, size_t size, const char *name)
{
	const char *credentials = getenv("CREDENTIALS_DIRECTORY");
	char path[PATH_MAX];

	return credentials && snprintf(path, sizeof(path), "%s/%s", credentials, name) < (int)sizeof(path) &&
	       read_line(dst, size, path);
}

static bool find_password(struct options *o)
{
	if (o->password_file[0])
		return read_line(o->password, sizeof(o->password), o->password_file);
	if (read_credential(o->password, sizeof(o->password), "chat-client.password") || o->certificate[0])
		return true;
	return readpassphrase(_("Password: "), o->password, sizeof(o->password), RPP_REQUIRE_TTY) && o->password[0];
}

const char *secrets_find(struct options *o)
{
	if (o->token_file[0])
		return read_line(o->token, sizeof(o->token), o->token_file) ? NULL : _("no token can be read");
	if (!o->password_file[0] && read_credential(o->token, sizeof(o->token), "chat-client.token"))
		return NULL;
	o->token[0] = '\0';
	if (!o->account[0] || find_password(o))
		return NULL;
	return _("no password for the account can be read");
}

void secrets_renew(struct options *o)
{
	char fresh[OPTIONS_TOKEN_MAX];

	if (o->token_file[0] && read_line(fresh, sizeof(fresh), o->token_file))
		memcpy(o->token, fresh, sizeof(fresh));
	explicit_bzero(fresh, sizeof(fresh));
}
