#pragma once

#include "proto/json_write.h"
#include "network/record.h"

/*
 * All fields of a record, into an object that the caller begins and ends: "type", "time", "origin" and "msgid" where
 * there are any, then what record_show tells. What is repeated stands in a list.
 */
void record_json(struct json *j, const struct record *r);
