#include "command/families.h"
#include "command/help_topics.h"
#include "command/targets.h"
#include "command/words.h"
#include "proto/utf8.h"

/*
 * HELP of modern.ircdocs.horse: 704, any number of 705, 706. The last line of the text goes into 706, so each line is
 * held until it is known whether another one follows.
 */
enum { INDEX_WIDTH = 60 };

#define INDEX_TOPIC "*"

static void topic_show(struct session *s, const struct help_topic *topic)
{
	struct str rest = str_of(reply_words(s, topic->text)), line;
	char text[LINE_BODY_MAX];

	reply(s, RPL_HELPSTART, topic->name, topic->syntax);
	text[0] = '\0';
	while (str_split(&rest, '\n', &line) && line.n) {
		reply(s, RPL_HELPTXT, topic->name, text);
		line = utf8_cut(line, sizeof(text) - 1);
		memcpy(text, line.p, line.n);
		text[line.n] = '\0';
	}
	reply(s, RPL_ENDOFHELP, topic->name, text);
}

static void index_show(struct session *s)
{
	size_t count;
	const struct help_topic *topic = help_topics(&count);
	struct words w;

	words_init(&w, s, sizeof(INDEX_TOPIC) + 2);
	if (w.max > INDEX_WIDTH)
		w.max = INDEX_WIDTH;
	reply(s, RPL_HELPSTART, INDEX_TOPIC, reply_words(s, "Commands of this server"));
	reply(s, RPL_HELPTXT, INDEX_TOPIC, "");
	for (size_t i = 0; i < count; i++) {
		if (words_add(&w, str_of(topic[i].name)))
			continue;
		reply(s, RPL_HELPTXT, INDEX_TOPIC, w.text);
		words_clear(&w);
		words_add(&w, str_of(topic[i].name));
	}
	reply(s, RPL_HELPTXT, INDEX_TOPIC, w.text);
	reply(s, RPL_ENDOFHELP, INDEX_TOPIC, reply_words(s, "HELP <command> explains one of them."));
}

static void run_help(struct call *call)
{
	const char *name = call_word(call, 0);
	const struct help_topic *topic = name ? help_find(name) : NULL;

	if (!name || strcmp(name, INDEX_TOPIC) == 0)
		index_show(call->session);
	else if (topic)
		topic_show(call->session, topic);
	else
		reply(call->session, ERR_HELPNOTFOUND, target_shown(name));
}

static const struct command rows[] = {
	{"HELP", ROLE_USER, 0, 20, -1, run_help},
	{"HELPOP", ROLE_USER, 0, 20, -1, run_help},
};

const struct command *command_family_help(size_t *count)
{
	*count = sizeof(rows) / sizeof(rows[0]);
	return rows;
}
