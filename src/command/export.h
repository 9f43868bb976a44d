#pragma once

struct service_ask;

/* Answers with all that is known of the account of whoever asks, as known.h has it: a stream of NOTICEs. */
void export_run(const struct service_ask *a);
