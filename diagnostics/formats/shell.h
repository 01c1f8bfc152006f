// SPDX-License-Identifier: MIT
//
// Inside formats/ only: what the readers of scripts, Makefiles, Dockerfiles and units share.
#pragma once

#include "diagnostics/collect.h"

// A variable that stands where a command takes a model: `ollama run $(MODEL)`.
struct shell_use {
    struct str name;
    unsigned flags; // of the reference that its value is
    enum model_role role;
};

#define SHELL_USES 64 // different variables of one file that are remembered

// Gathers over all commands of one file.
struct shell_session {
    struct collector *collector;
    struct str convention;      // name for people, or empty: told by the command
    unsigned flags;             // added to every reference
    VEC(struct env_item) items; // assignments seen, in order
    VEC(struct shell_use) uses; // one per name: the first
};

void shell_session_init(struct shell_session *session, struct collector *collector,
                        struct str convention, unsigned flags);
void shell_session_script(struct shell_session *session, const struct piece *script);
void shell_session_argv(struct shell_session *session, const struct piece *words, size_t n);
// An assignment seen by the caller; a "${X:-value}" is narrowed to its default value.
void shell_session_assign(struct shell_session *session, const struct piece *name,
                          const struct piece *value);
// Values of variables that commands use as models, and everything environment_collect finds.
void shell_session_finish(struct shell_session *session);

// "NAME=value" cut at the first '='; false if what stands before is no variable name.
bool shell_assignment(const struct piece *word, struct piece *name, struct piece *value);
bool shell_is_name(struct str text); // of a variable

bool shell_is_one_of(struct str text, const struct str *words, size_t n);
#define IS_ONE_OF(text, words) shell_is_one_of((text), (words), sizeof(words) / sizeof((words)[0]))

// The piece of the whole file.
struct piece shell_whole_file(const struct collector *collector);
// Bytes [from, to) of the file as they are.
struct piece shell_file_piece(const struct collector *collector, size_t from, size_t to);
// The logical line at *at: up to a line end not hidden by a backslash. Moves *at behind it. False
// at the end of the file.
bool shell_next_logical_line(struct str bytes, size_t *at, size_t *start, size_t *end);
