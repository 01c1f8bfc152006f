// SPDX-License-Identifier: MIT
//
// Private to ollama/core: how snapshots are put together, for the two sources of them.
#pragma once

#include "ollama/core/catalog.h"

// An empty snapshot with one reference; catalog_index must follow the last catalog_add.
struct catalog *catalog_new(struct str url, struct str version);
// Room for one more model with its name parsed, or NULL when the name is unusable or the limit is
// met.
// `*cap` starts at 0. The pointer is valid until the next call.
struct model *catalog_add(struct catalog *catalog, size_t *cap, struct str name);
void catalog_index(struct catalog *catalog);
// Bits of an array of capability words.
unsigned catalog_capabilities(struct json_object *list);
// Seconds since 1970 of an RFC 3339 time, 0 when it is none.
int64_t time_from_rfc3339(struct str text);
