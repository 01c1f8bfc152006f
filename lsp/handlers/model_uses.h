// SPDX-License-Identifier: MIT
//
// Inside lsp/handlers/: answers made of uses of models.
#pragma once

#include "lsp/handlers/model_at.h"
#include "lsp/model_index.h"

// Answers about files that are not open may be this old; a rename reads them anew.
#define USES_MAX_AGE_MS 2000

// What is asked about, kept while the workspace is read: copied into the request's arena.
struct asked {
    struct str written; // the name at the position
    struct model_name name;
};
// NULL when no model is named there.
struct asked *asked_create(struct request *request);

struct json_object *use_range(const struct model_use *use);    // Range; returns owned
struct json_object *use_location(const struct model_use *use); // Location; returns owned
