#pragma once

#include "account/credential.h"
#include "base/str.h"
#include "base/vec.h"
#include "chatd/hooks.h"

/*
 * The file of the hooks: text, its first line "chatd-hooks 1 KEY", then a line "NAME CHANNEL ID CREATED FLAGS FORMAT"
 * for each; FLAGS is 1 of one that wants signatures and 2 of one that a founder made, added. It holds a secret, and is for the owner alone. It is replaced as a whole.
 */
struct hooks_file {
	struct vec hooks;           /* struct hook * */
	const struct hook *skipped; /* is not written */
	unsigned char key[CREDENTIAL_KEY_SIZE];
	bool keyed;
};

/* A key, where there is none yet. */
void hooks_file_begin(struct hooks_file *f);
void hook_free(struct hook *hook); /* NULL is legal */
void hooks_file_remove(struct hooks_file *f, uint32_t nth);
void hooks_file_deinit(struct hooks_file *f);

/* 0, -errno, or -EBADMSG for one that is damaged. One that is not there is empty. */
int hooks_file_read(struct hooks_file *f, const char *directory);

/* All of it as it is to be written, which hooks_file_text_free frees; empty: there is no memory. */
struct str hooks_file_text(const struct hooks_file *f);
void hooks_file_text_free(struct str text);
/* In any thread. On disk, the name of it too, when 0 comes back. Else -errno. */
int hooks_file_write(struct str text, const char *directory);
