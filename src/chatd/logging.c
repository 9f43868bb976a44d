#include "chatd/logging.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "chatd/journald.h"
#include "chatd/service.h"

/* 0 or -errno. */
static int use_journal(struct logging *l)
{
	int err = l->journald ? 0 : journald_open(&l->journald, NULL);

	if (err == 0)
		log_set_sink(journald_write, l->journald);
	return err;
}

static void set_target(struct logging *l, enum config_log_target target)
{
	int err = 0;

	log_set_sink(NULL, NULL);
	log_set_prefix(service_is_managed());
	if (target == CONFIG_LOG_JOURNAL || (target == CONFIG_LOG_AUTO && service_has_journal()))
		err = use_journal(l);
	if (err < 0)
		log_event(EVENT_LOG_ELSEWHERE, LOG_FIELDS({"CHATD_REASON", strerror(-err)}),
			  "the log goes to standard error, for the journal cannot be reached: %s", strerror(-err));
}

void logging_init(struct logging *l)
{
	*l = (struct logging){0};
	set_target(l, CONFIG_LOG_AUTO);
}

void logging_configure(struct logging *l, const struct config *config)
{
	log_set_level(config->log_level);
	set_target(l, config->log_target);
}

void logging_deinit(struct logging *l)
{
	log_set_sink(NULL, NULL);
	journald_free(l->journald);
	l->journald = NULL;
}

void logging_config_error(void *ctx, const struct config_error *error)
{
	char line[16];

	(void)ctx;
	(void)snprintf(line, sizeof(line), "%u", error->line);
	log_event(EVENT_CONFIG_WRONG,
		  LOG_FIELDS({"CHATD_FILE", error->file}, {"CHATD_LINE", error->line ? line : NULL},
			     {"CHATD_KEY", error->key}, {"CHATD_REASON", error->sentence}),
		  "%s", error->text);
}
