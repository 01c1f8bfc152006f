// SPDX-License-Identifier: MIT
//
// Every use of a model name in the files of the workspace folders: for references, rename, symbols.
// Read from disk on a thread of the pool by the rules of `check` (session/walk.h); an open buffer
// beats the disk. Nothing is read before somebody asks. Loop thread only.
#pragma once

#include "lsp/documents.h"

struct model_index; // owned by the server, made at the first question

// One place that names a model. Strings live as long as the index' answer, or the request's arena.
struct model_use {
    struct str uri;
    struct str text;       // the model's name, decoded
    struct str convention; // for people
    enum model_role role;
    unsigned flags;             // REF_…
    struct position start, end; // the name without prefix form and quotes, in the client's units
};

// Calls ready(request, data) with an index that is at most `max_age_ms` old: at once, or after the
// request was parked for a scan. Not called when the request is cancelled meanwhile. `data` may
// live in the request's arena.
typedef void (*model_index_ready_fn)(struct request *request, void *data);
void model_index_await(struct request *request, int64_t max_age_ms, model_index_ready_fn ready,
                       void *data);

// All uses in open documents and, where a document is not open, on disk; by uri and place. In the
// request's arena. Call from a ready callback. `*truncated` (may be NULL): a limit was met.
size_t model_index_uses(struct request *request, struct model_use **out, bool *truncated);

// The session ends: what runs is told to stop, and frees itself. Accepts NULL.
void model_index_close(struct model_index *index);
