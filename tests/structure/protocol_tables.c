/*
 * Prints what clients can find here, out of the tables that the server itself uses, as sections of docs/protocol.md.
 * Run by check_protocol.py.
 */
#include <stdio.h>
#include <string.h>

#include "command/command.h"
#include "command/help_topics.h"
#include "proto/caps.h"
#include "proto/modes.h"
#include "proto/privileges.h"
#include "session/server.h"

/* A '|' would end the cell. */
static void cell(const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		printf(text[i] == '|' ? "\\%c" : "%c", text[i]);
}

static void print_caps(void)
{
	size_t count;
	const struct cap_row *rows = caps_rows(&count);

	puts("## Capabilities\n");
	for (size_t i = 0; i < count; i++)
		printf("- `%s`\n", rows[i].name);
}

static const char *who(enum command_role role)
{
	switch (role) {
	case ROLE_ANY:
		return "all";
	case ROLE_UNREGISTERED:
		return "before registration";
	case ROLE_USER:
		return "users";
	case ROLE_OPER:
		return "operators";
	default:
		return privilege_name((enum privilege)(role - ROLE_OPER - 1));
	}
}

static void print_commands(void)
{
	size_t count;
	const struct help_topic *topics = help_topics(&count);

	puts("\n## Commands\n");
	puts("Who may is a privilege where it is for operators who have that alone; the cost is in tenths of what a "
	     "plain command "
	     "takes from flood control.\n");
	puts("| Syntax | Who | Cost | |\n|---|---|---:|---|");
	for (size_t i = 0; i < count; i++) {
		const struct command *c = command_find(topics[i].name);

		if (!c)
			continue;
		fputs("| `", stdout);
		cell(topics[i].syntax, strlen(topics[i].syntax));
		printf("` | %s | %u | ", who(c->role), c->cost);
		cell(topics[i].text, strcspn(topics[i].text, "\n"));
		puts(" |");
	}
}

static void print_tokens(void)
{
	struct server server;

	puts("\n## ISUPPORT\n");
	puts("As without a configuration; limits, the name of the network and what depends on policies follow it.\n");
	server_init(&server);
	server_build(&server);
	for (size_t i = 0; i < server.isupport.count; i++)
		for (char *token = strtok(server.isupport.lines[i], " "); token; token = strtok(NULL, " "))
			printf("- `%s`\n", token);
	server_deinit(&server);
}

static void print_modes(void)
{
	static const char *const kinds[] = {
		[CHAN_MODE_LIST] = "a list",       [CHAN_MODE_PARAM] = "a value, also to unset it",
		[CHAN_MODE_PARAM_SET] = "a value", [CHAN_MODE_FLAG] = "nothing",
		[CHAN_MODE_PREFIX] = "a member",
	};
	size_t count;
	const struct chan_mode *chan = chan_modes(&count);
	const struct user_mode *user;

	puts("\n## Modes\n\nWhat each of them does is in [modes.md](modes.md).\n");
	puts("| Channel mode | Takes |\n|---|---|");
	for (size_t i = 0; i < count; i++)
		printf("| `%c` | %s |\n", chan[i].letter, kinds[chan[i].type]);
	user = user_modes(&count);
	puts("\n| User mode | Set by oneself | Unset by oneself |\n|---|---|---|");
	for (size_t i = 0; i < count; i++)
		printf("| `%c` | %s | %s |\n", user[i].letter,
		       user[i].settable     ? "yes"
		       : user[i].needs >= 0 ? privilege_name((enum privilege)user[i].needs)
					    : "no",
		       user[i].unsettable ? "yes" : "no");
}

int main(void)
{
	print_caps();
	print_commands();
	print_tokens();
	print_modes();
	return 0;
}
