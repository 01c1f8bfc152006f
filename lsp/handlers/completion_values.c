// SPDX-License-Identifier: MIT
//
// Completion of hosts, of OLLAMA_* variables and their values, and of num_ctx.
#include "base/uri.h"
#include "base/utf.h"
#include "lsp/handlers/completion.h"

void complete_hosts(struct completion *completion, const struct reference *reference) {
    struct lsp_server *server = completion->request->server;
    struct arena *arena = completion->request->arena;
    struct str bytes = text_str(completion->document->text);
    // ollama://MODEL@host:port takes no scheme.
    bool is_behind_model = completion->start > 0 && bytes.p[completion->start - 1] == '@';
    struct server *it;
    for (size_t i = 0; (it = session_server_at(server->session, i)) != NULL; i++) {
        struct str url = uri_redact(arena, it->url);
        if (reference->v1 == V1_WANTED) {
            url = arena_join(arena, url, STR("/v1"));
        }
        if (reference->hostname_only) {
            struct host host;
            host_parse(it->url, &host);
            url = host.name;
        } else if (is_behind_model && str_starts(url, STR("http://"))) {
            url = str_from_index(url, sizeof("http://") - 1);
        }
        struct str state = it->state == SERVER_OK            ? STR("answers")
                           : it->state == SERVER_UNREACHABLE ? STR("does not answer")
                                                             : STR("not asked yet");
        struct completion_item item = {
            .label = url,
            .kind = ITEM_VALUE,
            .detail = it->name.n ? arena_printf(arena, "server \"%.*s\", %.*s",
                                                STR_ARG(display_escape(arena, it->name, 0)),
                                                STR_ARG(state))
                                 : state,
        };
        if (!completion_add(completion, &item)) {
            return;
        }
    }
}

void complete_variables(struct completion *completion) {
    struct arena *arena = completion->request->arena;
    for (size_t i = 0; i < variable_count(); i++) {
        const struct variable *variable = variable_at(i);
        if (variable->obsolete) {
            continue;
        }
        struct completion_item item = {
            .label = variable->name,
            .kind = ITEM_VARIABLE,
            .detail =
                arena_printf(arena, "%s, default %.*s", value_type_text(variable->type),
                             STR_ARG(variable->default_.n ? variable->default_ : STR("unset"))),
            .documentation = markdown_escape(arena, variable->about),
        };
        if (!completion_add(completion, &item)) {
            return;
        }
    }
}

static void add_values(struct completion *completion, const char *const *values, size_t n,
                       struct str detail) {
    for (size_t i = 0; i < n; i++) {
        struct completion_item item = {
            .label = str_from(values[i]),
            .kind = ITEM_VALUE,
            .detail = detail,
        };
        if (!completion_add(completion, &item)) {
            return;
        }
    }
}

void complete_variable_values(struct completion *completion, const struct variable *variable) {
    static const char *const bools[] = {"1", "0", "true", "false"};
    static const char *const levels[] = {"0", "1", "2"};
    static const char *const durations[] = {"5m", "30m", "1h", "24h", "-1", "0"};
    switch (variable->type) {
    case VALUE_BOOL: add_values(completion, bools, 4, variable->about); break;
    case VALUE_LEVEL: add_values(completion, levels, 3, variable->about); break;
    case VALUE_DURATION: add_values(completion, durations, 6, variable->about); break;
    default:
        if (variable->n_words == 0 && variable->default_.n) {
            // The table may say more behind the value: "0 (4096 … by video memory)".
            struct arena *arena = completion->request->arena;
            size_t end = str_find_char(variable->default_, ' ');
            const char *text = arena_cstr(arena, str_slice(variable->default_, 0, end));
            add_values(completion, &text, 1,
                       arena_printf(arena, "default; %.*s", STR_ARG(variable->about)));
        }
        break;
    }
    for (size_t i = 0; i < variable->n_words; i++) {
        struct completion_item item = {
            .label = variable->words[i],
            .kind = ITEM_VALUE,
            .detail = variable->about,
        };
        if (!completion_add(completion, &item)) {
            return;
        }
    }
}

// The context length of the model that the parameter goes with; 0 if unknown.
static int64_t context_of(struct completion *completion, const struct analysis *analysis,
                          const struct reference *reference) {
    struct model_name name;
    if (reference->model_index >= analysis->n_references) {
        return 0;
    }
    const struct reference *model = &analysis->references[reference->model_index];
    struct resolved resolved = document_resolve(completion->request->server, completion->document,
                                                completion->request->arena, model);
    if (!resolved.server || !server_catalog(resolved.server) ||
        !model_name_parse(model->text, MODEL_NAME_INFERENCE, &name, NULL)) {
        return 0;
    }
    const struct model *found = catalog_find(server_catalog(resolved.server), &name);
    return found ? found->context_length : 0;
}

#define CONTEXT_FIRST 2048
#define CONTEXT_UNKNOWN_LAST 131072 // offered up to here when the model's own limit is unknown

void complete_parameter_values(struct completion *completion, const struct analysis *analysis,
                               const struct reference *reference) {
    struct arena *arena = completion->request->arena;
    const struct parameter *parameter = reference->parameter;
    if (!parameter || !str_eq(parameter->name, STR("num_ctx"))) {
        if (parameter && parameter->default_.n) {
            struct completion_item item = {
                .label = parameter->default_,
                .kind = ITEM_VALUE,
                .detail = arena_printf(arena, "default; %.*s", STR_ARG(parameter->range)),
            };
            (void)completion_add(completion, &item);
        }
        return;
    }
    int64_t limit = context_of(completion, analysis, reference);
    int64_t last = limit ? limit : CONTEXT_UNKNOWN_LAST;
    for (int64_t tokens = CONTEXT_FIRST; tokens <= last; tokens *= 2) {
        struct completion_item item = {
            .label = arena_printf(arena, "%lld", (long long)tokens),
            .kind = ITEM_VALUE,
            .detail = format_context(arena, tokens),
        };
        if (!completion_add(completion, &item)) {
            return;
        }
    }
    if (limit && (limit & (limit - 1)) != 0 && limit > CONTEXT_FIRST) {
        struct completion_item item = {
            .label = arena_printf(arena, "%lld", (long long)limit),
            .kind = ITEM_VALUE,
            .detail = STR("all the model was trained for"),
        };
        (void)completion_add(completion, &item);
    }
}
