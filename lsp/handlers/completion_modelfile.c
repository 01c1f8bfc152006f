// SPDX-License-Identifier: MIT
//
// Completion in a Modelfile where no reference stands: instructions, names of parameters, roles,
// what a template may use, names of renderers and parsers, and the empty places behind FROM and
// PARAMETER. The place is decided by the same state machine that judges the file
// (diagnostics/modelfile.h).
#include "base/utf.h"
#include "diagnostics/modelfile.h"
#include "diagnostics/template.h"
#include "lsp/handlers/completion.h"

// What an instruction is followed by. Snippet syntax: LSP 3.18 "Snippet Syntax".
static const struct {
    enum modelfile_command command;
    struct str snippet;
    struct str about;
} instructions[] = {
    {MODELFILE_FROM, STR_INIT("FROM $0"), STR_INIT("the model or weights to start from; required")},
    {MODELFILE_PARAMETER, STR_INIT("PARAMETER $0"), STR_INIT("sets an option of the model")},
    {MODELFILE_SYSTEM, STR_INIT("SYSTEM \"\"\"$0\"\"\""), STR_INIT("the system message")},
    {MODELFILE_TEMPLATE, STR_INIT("TEMPLATE \"\"\"$0\"\"\""),
     STR_INIT("how messages become the prompt, a Go template")},
    {MODELFILE_MESSAGE, STR_INIT("MESSAGE ${1|user,assistant,system|} $0"),
     STR_INIT("a message of the history that every chat begins with")},
    {MODELFILE_ADAPTER, STR_INIT("ADAPTER $0"), STR_INIT("a LoRA adapter's file or folder")},
    {MODELFILE_LICENSE, STR_INIT("LICENSE \"\"\"$0\"\"\""), STR_INIT("the text of the licence")},
    {MODELFILE_RENDERER, STR_INIT("RENDERER $0"),
     STR_INIT("a built-in writer of prompts, instead of TEMPLATE")},
    {MODELFILE_PARSER, STR_INIT("PARSER $0"), STR_INIT("a built-in reader of answers")},
    {MODELFILE_DRAFT, STR_INIT("DRAFT $0"), STR_INIT("a draft model for speculative decoding")},
    {MODELFILE_REQUIRES, STR_INIT("REQUIRES $0"), STR_INIT("the least version of Ollama")},
};

// Does the line go on behind the completed word? Then the word alone is inserted.
static bool has_more(const struct completion *completion) {
    struct str rest = str_from_index(text_str(completion->document->text), completion->end);
    struct str line;
    return str_next_line(&rest, &line) && str_trim(line).n > 0;
}

static void complete_instructions(struct completion *completion) {
    bool word_only = has_more(completion);
    for (size_t i = 0; i < sizeof(instructions) / sizeof(instructions[0]); i++) {
        struct completion_item item = {
            .label = modelfile_command_name(instructions[i].command),
            .kind = ITEM_KEYWORD,
            .detail = instructions[i].about,
            .snippet = word_only ? STR_NONE : instructions[i].snippet,
        };
        if (!completion_add(completion, &item)) {
            return;
        }
    }
}

// The name with a place for its value, preset where the default is a plain value.
static struct str parameter_snippet(struct arena *arena, const struct parameter *parameter) {
    double number;
    if (parameter->type == VALUE_BOOL) {
        return arena_printf(arena, "%.*s ${1|true,false|}", STR_ARG(parameter->name));
    }
    if (parameter->type == VALUE_STRING) {
        return arena_printf(arena, "%.*s \"$1\"", STR_ARG(parameter->name));
    }
    if (str_to_double(parameter->default_, &number)) {
        return arena_printf(arena, "%.*s ${1:%.*s}", STR_ARG(parameter->name),
                            STR_ARG(parameter->default_));
    }
    return arena_printf(arena, "%.*s $1", STR_ARG(parameter->name));
}

static void complete_parameters(struct completion *completion) {
    struct arena *arena = completion->request->arena;
    bool word_only = has_more(completion);
    for (size_t i = 0; i < parameter_count(); i++) {
        const struct parameter *parameter = parameter_at(i);
        if (parameter->deprecated) {
            continue;
        }
        struct completion_item item = {
            .label = parameter->name,
            .kind = ITEM_PROPERTY,
            .detail =
                arena_printf(arena, "%s, default %.*s", value_type_text(parameter->type),
                             STR_ARG(parameter->default_.n ? parameter->default_ : STR("none"))),
            .documentation = markdown_escape(arena, parameter->about),
            .snippet = word_only ? STR_NONE : parameter_snippet(arena, parameter),
        };
        if (!completion_add(completion, &item)) {
            return;
        }
    }
}

static void add_words(struct completion *completion, const struct str *words, size_t n,
                      struct str detail) {
    for (size_t i = 0; i < n; i++) {
        struct completion_item item = {.label = words[i], .kind = ITEM_VALUE, .detail = detail};
        if (!completion_add(completion, &item)) {
            return;
        }
    }
}

static void add_template_words(struct completion *completion, const struct template_word *words,
                               size_t n, bool is_field, enum item_kind kind) {
    struct arena *arena = completion->request->arena;
    for (size_t i = 0; i < n; i++) {
        struct completion_item item = {
            .label = is_field ? arena_join(arena, STR("."), words[i].name) : words[i].name,
            .kind = kind,
            .detail = words[i].about,
        };
        if (!completion_add(completion, &item)) {
            return;
        }
    }
}

// Inside {{ }}. Behind "$." are Ollama's variables, behind "$x." the fields of a message; a bare
// "." may be either, since `range .Messages` moves it.
static void complete_template(struct completion *completion, bool variables, bool fields,
                              bool words) {
    const struct template_word *at;
    size_t n;
    if (variables) {
        n = template_variables(&at);
        add_template_words(completion, at, n, true, ITEM_VARIABLE);
    }
    if (fields) {
        n = template_message_fields(&at);
        add_template_words(completion, at, n, true, ITEM_PROPERTY);
    }
    if (words) {
        n = template_functions(&at);
        add_template_words(completion, at, n, false, ITEM_FUNCTION);
        n = template_keywords(&at);
        add_template_words(completion, at, n, false, ITEM_KEYWORD);
    }
}

static void template_at(struct request *request, struct document *document, size_t offset,
                        const struct modelfile_place *place) {
    struct completion completion;
    size_t dot = str_rfind_char(place->typed, '.');
    size_t start = dot == STR_NPOS ? place->start : place->start + dot;
    struct str owner = str_slice(place->typed, 0, dot == STR_NPOS ? 0 : dot);
    completion_init(&completion, request, document, start, offset, place->end);
    bool is_bare = owner.n == 0;
    complete_template(&completion, is_bare || str_eq(owner, STR("$")), is_bare || owner.n > 1,
                      dot == STR_NPOS);
    completion_reply(&completion);
}

// Behind PARAMETER NAME where nothing stands yet: there is no reference, so one is made up for the
// place.
static void parameter_value_at(struct completion *completion, const struct modelfile_place *place) {
    struct reference reference = {
        .kind = REF_PARAMETER_VALUE,
        .start = place->start,
        .end = place->end,
        .parameter = parameter_find(place->parameter),
        .model_index = SIZE_MAX,
    };
    if (!reference.parameter) {
        return;
    }
    const struct analysis *analysis =
        document_analysis(completion->request->server, completion->document);
    static const struct analysis nothing;
    for (size_t i = 0; analysis && i < analysis->n_references; i++) {
        if (analysis->references[i].kind == REF_MODEL) {
            reference.model_index = i;
            break;
        }
    }
    if (reference.parameter->type == VALUE_BOOL) {
        static const struct str bools[] = {STR_INIT("true"), STR_INIT("false")};
        add_words(completion, bools, 2, reference.parameter->about);
        return;
    }
    complete_parameter_values(completion, analysis ? analysis : &nothing, &reference);
}

static void complete_value(struct completion *completion, const struct modelfile_place *place) {
    const struct str *names;
    size_t n;
    if (place->command == MODELFILE_RENDERER) {
        n = modelfile_renderers(&names);
        add_words(completion, names, n, STR("renderer"));
    } else if (place->command == MODELFILE_PARSER) {
        n = modelfile_parsers(&names);
        add_words(completion, names, n, STR("parser"));
    } else {
        const struct server *server = session_default(completion->request->server->session);
        if (server && server->version.n) {
            struct str version = display_escape(completion->request->arena, server->version, 80);
            add_words(completion, &version, 1, STR("version of the default server"));
        }
    }
}

bool complete_modelfile(struct request *request, struct document *document, size_t offset) {
    struct modelfile_place place;
    modelfile_place_at(request->arena, text_str(document->text), offset, &place);
    if (place.kind == MODELFILE_PLACE_NONE || place.kind == MODELFILE_PLACE_PATH) {
        return false;
    }
    if (place.kind == MODELFILE_PLACE_TEMPLATE) {
        template_at(request, document, offset, &place);
        return true;
    }
    struct completion completion;
    completion_init(&completion, request, document, place.start, offset, place.end);
    const struct str *roles;
    switch (place.kind) {
    case MODELFILE_PLACE_INSTRUCTION: complete_instructions(&completion); break;
    case MODELFILE_PLACE_PARAMETER: complete_parameters(&completion); break;
    case MODELFILE_PLACE_PARAMETER_VALUE: parameter_value_at(&completion, &place); break;
    case MODELFILE_PLACE_ROLE: {
        size_t n = modelfile_roles(&roles);
        add_words(&completion, roles, n, STR("role"));
        break;
    }
    case MODELFILE_PLACE_MODEL: {
        struct reference reference = {.kind = REF_MODEL,
                                      .start = place.start,
                                      .end = place.end,
                                      .flags = REF_EMPTY | REF_PULLS,
                                      .role = ROLE_ANY};
        complete_models(&completion, &reference);
        break;
    }
    case MODELFILE_PLACE_VALUE: complete_value(&completion, &place); break;
    case MODELFILE_PLACE_TEMPLATE:
    case MODELFILE_PLACE_PATH:
    case MODELFILE_PLACE_NONE: break;
    }
    completion_reply(&completion);
    return true;
}
