// SPDX-License-Identifier: MIT
//
// Inside diagnostics/ only: reads one convention from JSON. The format is described for people in
// docs/adding-a-convention.md; a member that this reader does not know is a problem, not ignored.
#pragma once

#include "diagnostics/convention.h"

struct convention_reader {
    struct arena *arena;
    void (*on_problem)(void *data, struct str message); // may be NULL
    void *data;
    bool is_user;
    struct str file;                     // built-in file being read, for messages
    size_t index;                        // of the entry being read
    bool failed;                         // the entry has a problem and is left out
    VEC(struct variable_rule) variables; // of all entries read
};

// Reports one line about the entry being read and marks it as failed.
void convention_problem(struct convention_reader *reader, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// False when the entry is left out. `*out` must be zeroed and live as long as the arena.
bool convention_read(struct convention_reader *reader, struct json_object *entry,
                     struct convention *out);

// query.c: the member "query" and what goes with it.
void convention_read_query(struct convention_reader *reader, struct json_object *entry,
                           struct convention *out);
const struct form *convention_read_forms(struct convention_reader *reader,
                                         struct json_object *value, size_t *n);
enum model_role convention_read_role(struct convention_reader *reader, struct json_object *value);

// The lists that belong to no convention: "placeholders", "siblings", "hostVariables",
// "containerNames". Files without them leave the set as it is.
void convention_read_lists(struct convention_reader *reader, struct json_object *root,
                           struct convention_set *set);
