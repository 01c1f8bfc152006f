// SPDX-License-Identifier: MIT
//
// What was asked of each model of each server in this session (DESIGN A10): counted here, told by
// the command .metrics, and one line in the log per call. Loop thread only.
#pragma once

#include <json-c/json.h>

#include "ollama/io/generate.h"

struct metrics;

struct metrics *metrics_create(void);          // returns owned
void metrics_destroy(struct metrics *metrics); // accepts NULL

// A generating call is over. `server` is the server's canonical URL, shown without credentials.
void metrics_add(struct metrics *metrics, struct str server, struct str model,
                 const struct call_result *result, const struct generation_end *end);
// A pull was finished well.
void metrics_add_pull(struct metrics *metrics, struct str server, struct str model);
// An answer came from a cache of ours instead of the server.
void metrics_add_hit(struct metrics *metrics, struct str server, struct str model);
// The user took a completion of a model that was asked before; others are not counted.
void metrics_add_accepted(struct metrics *metrics, struct str server, struct str model);

// {version: 1, servers: [{url, models: [{name, requests, errors, cancelled, tokensIn, tokensOut,
// tokensPerSecond, timeToFirstTokenMs, loadMs, cacheHits, pulls, accepted}]}]}: tokensPerSecond
// over all, timeToFirstTokenMs and loadMs the mean of those that told it; null where nothing was
// told. At most LIMIT_METRICS models are told apart, the rest is counted under the name "". Returns
// owned.
struct json_object *metrics_object(const struct metrics *metrics);
