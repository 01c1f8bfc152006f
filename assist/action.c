// SPDX-License-Identifier: MIT
//
// The table of our actions, and the reader of the user's. Everything in a set lives in its arena:
// settings may be freed after action_set_create.
#include "assist/action.h"

#include <stdio.h>
#include <stdlib.h>

#include "assist/prompt.h"
#include "assist/template.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/utf.h"

enum {
    NAME_MAX_BYTES = 64,
    TITLE_MAX_BYTES = 200,
    KIND_MAX_BYTES = 100,
    LANGUAGES_MAX = 100,
    PROBLEM_MAX = 400,
};

// Languages with types that may be left out. Elsewhere there is nothing to add, or it is no choice.
static const struct str OPTIONAL_TYPES[] = {
    STR_INIT("python"),
    STR_INIT("javascript"),
    STR_INIT("typescript"),
    STR_INIT("tsx"),
    STR_INIT("javascriptreact"),
    STR_INIT("typescriptreact"),
    STR_INIT("lua"),
    STR_INIT("luau"),
    STR_INIT("ruby"),
    STR_INIT("php"),
    STR_INIT("elixir"),
    STR_INIT("erlang"),
    STR_INIT("julia"),
    STR_INIT("dart"),
    STR_INIT("groovy"),
    STR_INIT("gdscript"),
    STR_INIT("vue"),
    STR_INIT("svelte"),
};

#define CODE_AND_CONFIG (TEXT_CODE | TEXT_CONFIG)
#define REWRITE(name) STR_INIT("refactor.rewrite.ollama-ls." name)

// Prompts are in assist/prompts/NAME.md.
static const struct action BUILT_IN[] = {
    {.name = STR_INIT("explain"),
     .title = STR_INIT("Explain"),
     .kind = STR_INIT("ollama-ls.explain"),
     .doing = STR_INIT("Explaining"),
     .classes = TEXT_ANY,
     .output = OUTPUT_SHOW,
     .target = TARGET_DEFINITION},
    {.name = STR_INIT("fix"),
     .title = STR_INIT("Fix"),
     .kind = STR_INIT("quickfix"),
     .doing = STR_INIT("Fixing"),
     .classes = TEXT_ANY,
     .output = OUTPUT_REPLACE,
     .target = TARGET_NODES,
     .wants_diagnostics = true},
    {.name = STR_INIT("refactor"),
     .title = STR_INIT("Refactor"),
     .kind = REWRITE("refactor"),
     .doing = STR_INIT("Refactoring"),
     .classes = CODE_AND_CONFIG,
     .output = OUTPUT_REPLACE,
     .target = TARGET_NODES},
    {.name = STR_INIT("simplify"),
     .title = STR_INIT("Simplify"),
     .kind = REWRITE("simplify"),
     .doing = STR_INIT("Simplifying"),
     .classes = CODE_AND_CONFIG | TEXT_PROSE,
     .output = OUTPUT_REPLACE,
     .target = TARGET_NODES},
    {.name = STR_INIT("optimise"),
     .title = STR_INIT("Optimise"),
     .kind = REWRITE("optimise"),
     .doing = STR_INIT("Optimising"),
     .classes = CODE_AND_CONFIG,
     .output = OUTPUT_REPLACE,
     .target = TARGET_NODES},
    {.name = STR_INIT("document"),
     .title = STR_INIT("Add documentation"),
     .kind = REWRITE("document"),
     .doing = STR_INIT("Adding documentation"),
     .classes = CODE_AND_CONFIG,
     .output = OUTPUT_REPLACE,
     .target = TARGET_DEFINITION},
    {.name = STR_INIT("types"),
     .title = STR_INIT("Add types"),
     .kind = REWRITE("types"),
     .doing = STR_INIT("Adding types"),
     .languages = OPTIONAL_TYPES,
     .n_languages = sizeof(OPTIONAL_TYPES) / sizeof(OPTIONAL_TYPES[0]),
     .classes = CODE_AND_CONFIG,
     .output = OUTPUT_REPLACE,
     .target = TARGET_DEFINITION},
    {.name = STR_INIT("tests"),
     .title = STR_INIT("Write tests"),
     .kind = REWRITE("tests"),
     .doing = STR_INIT("Writing tests"),
     .classes = TEXT_CODE,
     .output = OUTPUT_INSERT,
     .target = TARGET_BEHIND},
    {.name = STR_INIT("complete"),
     .title = STR_INIT("Complete"),
     .kind = REWRITE("complete"),
     .doing = STR_INIT("Completing"),
     .classes = TEXT_ANY,
     .output = OUTPUT_INSERT,
     .target = TARGET_POINT},
    {.name = STR_INIT("edit"),
     .title = STR_INIT("Edit with an instruction"),
     .kind = REWRITE("edit"),
     .doing = STR_INIT("Editing"),
     .classes = TEXT_ANY,
     .output = OUTPUT_REPLACE,
     .target = TARGET_NODES,
     .wants_instruction = true},
};
enum { BUILT_IN_COUNT = sizeof(BUILT_IN) / sizeof(BUILT_IN[0]) };

// What is not code, by the name of a row in the table of languages or by a languageId that it does
// not have. The rest is code, unless its row says that it is prose.
static const struct {
    struct str name;
    enum text_class class;
} CLASSES[] = {
    {STR_INIT("yaml"), TEXT_CONFIG},       {STR_INIT("toml"), TEXT_CONFIG},
    {STR_INIT("modelfile"), TEXT_CONFIG},  {STR_INIT("dotenv"), TEXT_CONFIG},
    {STR_INIT("ini"), TEXT_CONFIG},        {STR_INIT("properties"), TEXT_CONFIG},
    {STR_INIT("xml"), TEXT_CONFIG},        {STR_INIT("html"), TEXT_CONFIG},
    {STR_INIT("css"), TEXT_CONFIG},        {STR_INIT("scss"), TEXT_CONFIG},
    {STR_INIT("sass"), TEXT_CONFIG},       {STR_INIT("less"), TEXT_CONFIG},
    {STR_INIT("dockerfile"), TEXT_CONFIG}, {STR_INIT("makefile"), TEXT_CONFIG},
    {STR_INIT("cmake"), TEXT_CONFIG},      {STR_INIT("terraform"), TEXT_CONFIG},
    {STR_INIT("proto"), TEXT_CONFIG},      {STR_INIT("graphql"), TEXT_CONFIG},
    {STR_INIT("nginx"), TEXT_CONFIG},      {STR_INIT("apache"), TEXT_CONFIG},
    {STR_INIT("systemd"), TEXT_CONFIG},    {STR_INIT("sshconfig"), TEXT_CONFIG},
    {STR_INIT("conf"), TEXT_CONFIG},       {STR_INIT("gitconfig"), TEXT_CONFIG},
    {STR_INIT("ssh_config"), TEXT_CONFIG}, {STR_INIT("desktop"), TEXT_CONFIG},
    {STR_INIT("dosini"), TEXT_CONFIG},     {STR_INIT("jinja"), TEXT_CONFIG},
    {STR_INIT("json"), TEXT_DATA},         {STR_INIT("csv"), TEXT_DATA},
    {STR_INIT("tsv"), TEXT_DATA},          {STR_INIT("diff"), TEXT_DATA},
    {STR_INIT("log"), TEXT_DATA},          {STR_INIT("mail"), TEXT_PROSE},
    {STR_INIT("typst"), TEXT_PROSE},       {STR_INIT("help"), TEXT_PROSE},
    {STR_INIT("asciidoctor"), TEXT_PROSE}, {STR_INIT("pandoc"), TEXT_PROSE},
    {STR_INIT("vimwiki"), TEXT_PROSE},     {STR_INIT("text"), TEXT_PROSE},
    {STR_INIT("plaintext"), TEXT_PROSE},   {STR_INIT("fundamental"), TEXT_PROSE},
};

struct action_set {
    struct arena arena;
    struct action *at; // LIMIT_ACTIONS
    size_t n;
    struct str system;
};

struct reader {
    struct action_set *set;
    void (*on_problem)(void *data, struct str message);
    void *data;
    struct arena scratch; // of messages
    size_t index;         // of the entry in `actions`
    struct str name;      // of the entry, empty: not read yet
};

// --- problems ---

static void tell(struct reader *reader, struct str message) {
    if (reader->on_problem) {
        reader->on_problem(reader->data, display_escape(&reader->scratch, message, PROBLEM_MAX));
    }
}

// Says what is wrong with the entry under way; returns false, for `return entry_problem(…)`.
static bool entry_problem(struct reader *reader, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static bool entry_problem(struct reader *reader, const char *format, ...) {
    va_list args;
    va_start(args, format);
    struct str what = arena_vprintf(&reader->scratch, format, args);
    va_end(args);
    struct str who = STR_NONE;
    if (reader->name.n > 0) {
        who = arena_printf(&reader->scratch, " (\"%.*s\")", STR_ARG(reader->name));
    }
    tell(reader, arena_printf(&reader->scratch, "actions[%zu]%.*s: %.*s", reader->index,
                              STR_ARG(who), STR_ARG(what)));
    return false;
}

// --- the members of an entry ---

static bool is_word(struct str s, size_t max) {
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (!char_is_alnum(c) && c != '.' && c != '_' && c != '-') {
            return false;
        }
    }
    return s.n > 0 && s.n <= max;
}

static bool read_name(struct reader *reader, struct json_object *entry, struct action *action) {
    struct str name = json_get_str(entry, "name");
    if (!is_word(name, NAME_MAX_BYTES)) {
        return entry_problem(reader,
                             "\"name\" must be a word of 1 to %d letters, digits, \".\", \"_\" and "
                             "\"-\": \"name\": \"translate\"",
                             NAME_MAX_BYTES);
    }
    reader->name = action->name = arena_copy(&reader->set->arena, name);
    return true;
}

static bool read_title(struct reader *reader, struct json_object *entry, struct action *action) {
    struct json_object *value = json_get(entry, "title");
    action->title = action->name;
    if (value) {
        struct str title = str_trim(json_str(value));
        bool is_line = title.n > 0 && title.n <= TITLE_MAX_BYTES;
        for (size_t i = 0; i < title.n; i++) {
            is_line = is_line && (unsigned char)title.p[i] >= ' ' && title.p[i] != 0x7f;
        }
        if (!is_line) {
            return entry_problem(reader, "\"title\" must be a line of at most %d bytes",
                                 TITLE_MAX_BYTES);
        }
        action->title = arena_copy(&reader->set->arena, title);
    }
    action->doing = action->title;
    return true;
}

static bool read_output(struct reader *reader, struct json_object *entry, struct action *action) {
    struct json_object *value = json_get(entry, "output");
    struct str output = value ? json_str(value) : STR("replace");
    if (str_eq(output, STR("replace"))) {
        action->output = OUTPUT_REPLACE;
        action->target = TARGET_NODES;
    } else if (str_eq(output, STR("insert"))) {
        action->output = OUTPUT_INSERT;
        action->target = TARGET_POINT;
    } else if (str_eq(output, STR("show"))) {
        action->output = OUTPUT_SHOW;
        action->target = TARGET_DEFINITION;
    } else {
        return entry_problem(reader, "\"output\" must be \"replace\", \"insert\" or \"show\"");
    }
    return true;
}

// A kind of LSP that a client can ask for; others would never be found in a menu.
static bool is_kind(struct str kind) {
    static const struct str ROOTS[] = {STR_INIT("quickfix"), STR_INIT("refactor"),
                                       STR_INIT("source"), STR_INIT("ollama-ls")};
    for (size_t i = 0; i < sizeof(ROOTS) / sizeof(ROOTS[0]); i++) {
        if (str_starts(kind, ROOTS[i]) && (kind.n == ROOTS[i].n || kind.p[ROOTS[i].n] == '.')) {
            return is_word(kind, KIND_MAX_BYTES);
        }
    }
    return false;
}

static void read_kind(struct reader *reader, struct json_object *entry, struct action *action) {
    struct arena *arena = &reader->set->arena;
    struct json_object *value = json_get(entry, "kind");
    action->kind = arena_printf(
        arena, action->output == OUTPUT_SHOW ? "ollama-ls.%.*s" : "refactor.rewrite.ollama-ls.%.*s",
        STR_ARG(action->name));
    if (!value) {
        return;
    }
    if (!is_kind(json_str(value))) {
        entry_problem(reader,
                      "\"kind\" must begin with quickfix, refactor, source or ollama-ls; \"%.*s\" "
                      "is used",
                      STR_ARG(action->kind));
        return;
    }
    action->kind = arena_copy(arena, json_str(value));
}

static bool read_languages(struct reader *reader, struct json_object *entry,
                           struct action *action) {
    struct json_object *value = json_get(entry, "languages");
    size_t n = json_count(value);
    bool is_good = !value || (json_is(value, json_type_array) && n > 0 && n <= LANGUAGES_MAX);
    struct str *languages = ARENA_ARRAY(&reader->set->arena, is_good ? n : 0, struct str);
    for (size_t i = 0; is_good && i < n; i++) {
        languages[i] = arena_copy(&reader->set->arena, json_str(json_at(value, i)));
        is_good = languages[i].n > 0;
    }
    if (!is_good) {
        return entry_problem(
            reader, "\"languages\" must be an array of 1 to %d names: [\"python\"]", LANGUAGES_MAX);
    }
    action->languages = languages;
    action->n_languages = n;
    action->classes = TEXT_ANY;
    return true;
}

static bool read_prompt(struct reader *reader, struct json_object *entry, struct action *action) {
    struct str prompt = json_get_str(entry, "prompt");
    struct str problem;
    if (str_trim(prompt).n == 0) {
        return entry_problem(reader, "\"prompt\" must be a text that says what to do");
    }
    if (!prompt_check(&reader->scratch, prompt, &problem)) {
        return entry_problem(reader, "\"prompt\": %.*s", STR_ARG(problem));
    }
    action->prompt = arena_copy(&reader->set->arena, prompt);
    action->wants_instruction = template_needs(prompt, STR("instruction"));
    return true;
}

static void look_for_unknown_members(struct reader *reader, struct json_object *entry) {
    static const struct str KNOWN[] = {STR_INIT("name"),   STR_INIT("title"),
                                       STR_INIT("kind"),   STR_INIT("languages"),
                                       STR_INIT("prompt"), STR_INIT("output")};
    json_object_object_foreach (entry, key, value) {
        bool is_known = false;
        (void)value;
        for (size_t i = 0; i < sizeof(KNOWN) / sizeof(KNOWN[0]); i++) {
            is_known = is_known || str_eq(KNOWN[i], str_from(key));
        }
        if (!is_known) {
            entry_problem(reader,
                          "unknown member \"%s\"; there are name, title, kind, languages, "
                          "prompt, output",
                          key);
            return; // one line is enough
        }
    }
}

// --- the set ---

static struct action *find(const struct action_set *set, struct str name) {
    for (size_t i = 0; i < set->n; i++) {
        if (str_eq(set->at[i].name, name)) {
            return &set->at[i];
        }
    }
    return NULL;
}

static bool is_ours(const struct action_set *set, const struct action *action) {
    size_t i = (size_t)(action - set->at);
    return i < BUILT_IN_COUNT && action->title.p == BUILT_IN[i].title.p;
}

static void read_action(struct reader *reader, struct json_object *entry) {
    struct action_set *set = reader->set;
    struct action action = {0};
    reader->name = STR_NONE;
    if (!json_is(entry, json_type_object)) {
        entry_problem(reader, "must be an object: {\"name\": \"translate\", \"prompt\": \"…\"}");
        return;
    }
    if (!read_name(reader, entry, &action) || !read_title(reader, entry, &action) ||
        !read_output(reader, entry, &action) || !read_languages(reader, entry, &action) ||
        !read_prompt(reader, entry, &action)) {
        return;
    }
    struct action *other = find(set, action.name);
    if (other && !is_ours(set, other)) {
        entry_problem(reader, "another action has this name already; give it a name of its own");
        return;
    }
    if (!other && set->n == LIMIT_ACTIONS) {
        entry_problem(reader, "more than %d actions; it is left out", LIMIT_ACTIONS);
        return;
    }
    read_kind(reader, entry, &action);
    look_for_unknown_members(reader, entry);
    *(other ? other : &set->at[set->n++]) = action;
}

static void read_actions(struct reader *reader, struct json_object *actions) {
    if (actions && !json_is(actions, json_type_array)) {
        tell(reader, STR("actions: must be an array of objects"));
        return;
    }
    // What is past the limit is not even looked at: each could cost a message.
    size_t n = json_count(actions);
    for (size_t i = 0; i < n && i <= LIMIT_ACTIONS; i++) {
        reader->index = i;
        read_action(reader, json_at(actions, i));
        arena_reset(&reader->scratch);
    }
}

// One member of ai.prompts.
static void override(struct reader *reader, struct str name, struct json_object *value) {
    struct action_set *set = reader->set;
    struct arena *scratch = &reader->scratch;
    bool is_system = str_eq(name, STR("system"));
    struct action *action = find(set, name);
    struct str template = json_str(value);
    struct str problem = STR_NONE;
    if (!is_system && !action) {
        problem = STR("no such action; names are system, explain, fix, refactor, simplify, "
                      "optimise, document, types, tests, complete, edit");
    } else if (!is_system && !is_ours(set, action)) {
        problem = STR("this action is of the setting actions, and its prompt is there");
    } else if (str_trim(template).n == 0) {
        problem = STR("must be a text that is not empty");
    } else {
        prompt_check(scratch, template, &problem);
    }
    if (problem.n > 0) {
        tell(reader,
             arena_printf(scratch, "ai.prompts: \"%.*s\": %.*s", STR_ARG(name), STR_ARG(problem)));
        return;
    }
    template = arena_copy(&set->arena, template);
    if (is_system) {
        set->system = template;
        return;
    }
    action->prompt = template;
    action->wants_instruction =
        action->wants_instruction || template_needs(template, STR("instruction"));
}

static void read_prompts(struct reader *reader, struct json_object *prompts) {
    size_t told = 0;
    if (!prompts) {
        return;
    }
    if (!json_is(prompts, json_type_object)) {
        tell(reader, STR("ai.prompts: must be an object: {\"fix\": \"…\"}"));
        return;
    }
    json_object_object_foreach (prompts, key, value) {
        if (told++ > LIMIT_ACTIONS) {
            break;
        }
        if (value) { // null: not set
            override(reader, str_from(key), value);
        }
        arena_reset(&reader->scratch);
    }
}

struct action_set *action_set_create(struct json_object *actions, struct json_object *prompts,
                                     void (*on_problem)(void *data, struct str message),
                                     void *data) {
    struct action_set *set = mem_alloc(sizeof(*set));
    struct reader reader = {.set = set, .on_problem = on_problem, .data = data};
    set->at = ARENA_ARRAY(&set->arena, LIMIT_ACTIONS, struct action);
    set->n = BUILT_IN_COUNT;
    set->system = prompt_embedded(STR("system"));
    for (size_t i = 0; i < BUILT_IN_COUNT; i++) {
        set->at[i] = BUILT_IN[i];
        set->at[i].prompt = prompt_embedded(BUILT_IN[i].name);
    }
    read_actions(&reader, actions);
    read_prompts(&reader, prompts);
    arena_finish(&reader.scratch);
    return set;
}

void action_set_destroy(struct action_set *set) {
    if (set) {
        arena_finish(&set->arena);
        free(set);
    }
}

size_t action_set_count(const struct action_set *set) {
    return set->n;
}

const struct action *action_set_at(const struct action_set *set, size_t i) {
    return &set->at[i];
}

const struct action *action_set_find(const struct action_set *set, struct str name) {
    return find(set, name);
}

struct str action_set_system(const struct action_set *set) {
    return set->system;
}

// --- where an action is offered ---

static bool is_id_of(const struct language *language, struct str id) {
    for (const char *const *one = language->ids; one && *one; one++) {
        if (str_ieq(str_from(*one), id)) {
            return true;
        }
    }
    return false;
}

// 0: not in the table.
static unsigned class_named(struct str name) {
    for (size_t i = 0; i < sizeof(CLASSES) / sizeof(CLASSES[0]); i++) {
        if (str_ieq(CLASSES[i].name, name)) {
            return CLASSES[i].class;
        }
    }
    return 0;
}

enum text_class text_class_of(const struct language *language, struct str language_id) {
    struct str name = str_from(language->name);
    bool is_unknown =
        str_eq(name, STR("text")) && language_id.n > 0 && !is_id_of(language, language_id);
    unsigned class = class_named(is_unknown ? language_id : name);
    if (class != 0) {
        return (enum text_class) class;
    }
    return language->is_prose && !is_unknown ? TEXT_PROSE : TEXT_CODE;
}

bool action_fits(const struct action *action, const struct language *language,
                 struct str language_id) {
    if ((action->classes & text_class_of(language, language_id)) == 0) {
        return false;
    }
    bool is_own_id = language_id.n > 0 && is_id_of(language, language_id);
    for (size_t i = 0; i < action->n_languages; i++) {
        struct str wanted = action->languages[i];
        if (str_ieq(wanted, str_from(language->name)) || str_ieq(wanted, language_id) ||
            (!is_own_id && is_id_of(language, wanted))) {
            return true;
        }
    }
    return action->n_languages == 0;
}
