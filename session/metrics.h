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
// Called after each count. Replaces the one before; NULL: none.
void metrics_on_change(struct metrics *metrics, void (*on_change)(void *data), void *data);

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

// --- kept over sessions ---

// All counts as plain sums, and adding such an object to what is counted already: odd values are
// skipped. Returns owned.
struct json_object *metrics_sums(const struct metrics *metrics);
void metrics_add_sums(struct metrics *metrics, struct json_object *sums);

// The file holds the sums of all sessions that ended or wrote in between. Adds to it what was
// counted since the last call that succeeded; several processes may do so at once (a lock beside
// the file). `patient`: waits a tenth of a second for another one's turn. ERR_CONFLICT: not now.
enum err metrics_save(struct metrics *metrics, const char *path, bool patient);
// What the file holds; a missing or broken one is nothing. Returns owned.
struct metrics *metrics_load(const char *path);
