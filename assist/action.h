// SPDX-License-Identifier: MIT
//
// The AI actions: ten of our own (a table) and the user's (settings `actions`, DESIGN A8). Pure.
#pragma once

#include <json-c/json.h>

#include "assist/context.h"

enum action_output {
    OUTPUT_REPLACE, // the answer replaces the target
    OUTPUT_INSERT,  // it is put in at the target, which is empty
    OUTPUT_SHOW,    // it is shown as Markdown; the document is not touched
};

// What kind of text a language is: not every action makes sense in each.
enum text_class {
    TEXT_CODE = 1,   // what can be run and tested, and every language that is not known
    TEXT_CONFIG = 2, // configuration, markup and styles: comments, but nothing to test
    TEXT_DATA = 4,   // JSON, CSV, patches: not even comments
    TEXT_PROSE = 8,  // sentences
    TEXT_ANY = 15,
};

struct action {
    struct str name;   // "refactor"
    struct str title;  // "Refactor"
    struct str kind;   // "refactor.rewrite.ollama-ls.refactor", "quickfix", "ollama-ls.explain"
    struct str doing;  // "Refactoring": for progress
    struct str prompt; // the task, a template (prompt.h)
    const struct str *languages; // names or languageIds it is for
    size_t n_languages;          // 0: all
    unsigned classes;            // of enum text_class: where it makes sense
    enum action_output output;
    enum target_kind target;
    bool wants_diagnostics; // fix: only where there are some
    bool wants_instruction; // edit, and a prompt that cannot do without {{instruction}}: by
                            // argument, else by a comment in the selection
};

struct action_set;

// Ours, and those of the setting `actions` (borrowed; NULL: none): [{name, title?, kind?,
// languages?, prompt, output?}]. A user's action of the name of one of ours replaces it, in its
// place. `prompts` is the setting ai.prompts (borrowed; NULL: none): {NAME: template} replaces the
// prompt of an action of ours, "system" the system prompt. Mistakes are told by on_problem (one
// line each, may be NULL): an action that cannot be is left out, of one with a wrong kind or an
// unknown member the rest is used. At most LIMIT_ACTIONS. Returns owned.
struct action_set *action_set_create(struct json_object *actions, struct json_object *prompts,
                                     void (*on_problem)(void *data, struct str message),
                                     void *data);
void action_set_destroy(struct action_set *set); // accepts NULL

size_t action_set_count(const struct action_set *set);
const struct action *action_set_at(const struct action_set *set, size_t i);
const struct action *action_set_find(const struct action_set *set, struct str name); // or NULL
struct str action_set_system(const struct action_set *set); // the system prompt, a template

// A file of the row "text" whose languageId that row does not have ("cobol") is code of a language
// that we have no row for; without an id it is prose.
enum text_class text_class_of(const struct language *language, struct str language_id);

// Is it offered in this language?
bool action_fits(const struct action *action, const struct language *language,
                 struct str language_id);
