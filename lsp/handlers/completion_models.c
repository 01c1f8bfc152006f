// SPDX-License-Identifier: MIT
//
// Completion of model names: what is installed on the reference's server, fittest first, then what
// the library table knows and can be pulled. Library first after `ollama pull`.
#include <stdlib.h>

#include "base/limits.h"
#include "base/uri.h"
#include "base/utf.h"
#include "lsp/handlers/cards.h"
#include "lsp/handlers/completion.h"
#include "ollama/core/library.h"

struct place {
    struct completion *completion;
    const struct reference *reference;
    const struct server *server;
    const struct catalog *catalog; // may be NULL
    struct str host; // for commands and data: canonical URL, empty: the default server
    unsigned wanted;
};

struct ranked {
    const struct model *model;
    unsigned rank;   // completion_rank, or 0 for all while the list holds them all
    unsigned wanted; // the same for all: qsort has no context
};

static int by_order(const void *a, const void *b) {
    const struct ranked *left = a;
    const struct ranked *right = b;
    if (left->rank != right->rank) {
        return left->rank < right->rank ? -1 : 1;
    }
    return model_order(left->model, right->model, left->wanted);
}

static struct json_object *item_data(struct str model, struct str host) {
    struct json_object *data = json_object_new_object();
    json_set_int(data, "v", 1);
    json_set_str(data, "model", model);
    if (host.n) {
        json_set_str(data, "host", host);
    }
    return data;
}

// The card at once, for clients that cannot have it by resolve; else empty.
static struct str eager_card(const struct place *place, struct str name,
                             const struct model *model) {
    struct model_name parsed;
    const struct request *request = place->completion->request;
    if (request->server->caps.completion_lazy_docs ||
        !model_name_parse(name, MODEL_NAME_INFERENCE, &parsed, NULL)) {
        return STR_NONE;
    }
    return model_card(request->arena, name, &parsed, model, place->server);
}

static void add_installed(struct place *place) {
    const struct catalog *catalog = place->catalog;
    struct arena *arena = place->completion->request->arena;
    if (!catalog) {
        return;
    }
    struct ranked *ranked = ARENA_ARRAY(arena, catalog->n_models + 1, struct ranked);
    size_t n = 0;
    for (size_t i = 0; i < catalog->n_models; i++) {
        struct str text = arena_join(arena, place->completion->prefix, catalog->models[i].name);
        if (completion_fits(place->completion, text)) {
            ranked[n++] = (struct ranked){&catalog->models[i],
                                          completion_rank(place->completion, text), place->wanted};
        }
    }
    // Where some will be cut, those that are nearest to what is typed stay.
    for (size_t i = 0; n <= LIMIT_COMPLETIONS && i < n; i++) {
        ranked[i].rank = 0;
    }
    qsort(ranked, n, sizeof(*ranked), by_order);
    bool stale = place->server && (place->server->stale || place->server->state != SERVER_OK);
    for (size_t i = 0; i < n; i++) {
        const struct model *model = ranked[i].model;
        struct str summary = display_escape(arena, model_summary(arena, model, true), 200);
        struct completion_item item = {
            .label = model->name,
            .kind = ITEM_VALUE,
            .detail = stale ? arena_printf(arena, "%.*s (stale: as last known)", STR_ARG(summary))
                            : summary,
            .size = model->size > 0 ? arena_join(arena, STR(" "), format_size(arena, model->size))
                                    : STR_NONE, // a server of kind openai need not tell
            .description = model->running.loaded ? STR("loaded")
                                                 : display_escape(arena, model->parameters, 20),
            .documentation = eager_card(place, model->name, model),
            .data = item_data(model->name, place->host),
        };
        if (model->remote) {
            item.size = STR(" remote");
        }
        if (!completion_add(place->completion, &item)) {
            return;
        }
    }
}

static struct json_object *pull_command(struct arena *arena, struct str model, struct str host) {
    struct json_object *argument = json_object_new_object();
    json_set_str(argument, "model", model);
    if (host.n) {
        json_set_str(argument, "host", host);
    }
    json_set_bool(argument, "ask", true);
    struct json_object *arguments = json_object_new_array();
    json_add(arguments, argument);
    struct json_object *command = json_object_new_object();
    json_set_str(command, "title", arena_printf(arena, "Pull %.*s", STR_ARG(model)));
    json_set_str(command, "command", STR("ollama-ls.pull"));
    json_set(command, "arguments", arguments);
    return command;
}

static bool is_installed(const struct place *place, struct str name) {
    struct model_name parsed;
    return place->catalog && model_name_parse(name, MODEL_NAME_INFERENCE, &parsed, NULL) &&
           catalog_find(place->catalog, &parsed);
}

static bool add_library_tag(struct place *place, const struct library_model *model,
                            const struct library_tag *tag) {
    struct arena *arena = place->completion->request->arena;
    struct str name = arena_printf(arena, "%.*s:%.*s", STR_ARG(model->name), STR_ARG(tag->tag));
    if (is_installed(place, name) ||
        !completion_fits(place->completion, arena_join(arena, place->completion->prefix, name))) {
        return true;
    }
    struct str size = tag->size ? format_size(arena, tag->size) : STR_NONE;
    struct completion_item item = {
        .label = name,
        .kind = ITEM_REFERENCE,
        .detail = tag->cloud ? STR("library, cloud: text leaves this machine")
                             : arena_printf(arena, "library, not installed%s%.*s",
                                            tag->size ? " · " : "", STR_ARG(size)),
        .size = tag->size ? arena_join(arena, STR(" "), size) : STR_NONE,
        .description = STR("not installed"),
        .documentation = eager_card(place, name, NULL),
        .data = item_data(name, place->host),
    };
    // After `ollama pull` the script installs it; elsewhere accepting a name offers the pull.
    if (!(place->reference->flags & REF_INSTALLS)) {
        item.command = pull_command(arena, name, place->host);
    }
    return completion_add(place->completion, &item);
}

// Library models that can do what the place asks for; those that cannot are left out.
static void add_library(struct place *place) {
    if ((place->server && place->server->kind == SERVER_KIND_OPENAI) ||
        place->reference->host.is_openai) {
        return; // nothing of it can be pulled there
    }
    for (size_t i = 0; i < library_count(); i++) {
        const struct library_model *model = library_at(i);
        unsigned capabilities = model->capabilities | (model->insert ? CAP_INSERT : 0u);
        if (place->wanted && !(capabilities & place->wanted)) {
            continue;
        }
        for (size_t t = 0; t < model->n_tags; t++) {
            if (!add_library_tag(place, model, &model->tags[t])) {
                return;
            }
        }
    }
}

void complete_models(struct completion *completion, const struct reference *reference) {
    struct request *request = completion->request;
    struct resolved resolved =
        document_resolve(request->server, completion->document, request->arena, reference);
    struct place place = {
        .completion = completion,
        .reference = reference,
        .server = resolved.server,
        .catalog = resolved.server ? server_catalog(resolved.server) : NULL,
        .wanted = role_capability(reference->role),
    };
    if (resolved.server && resolved.server != session_default(request->server->session)) {
        place.host = resolved.server->url;
    }
    if (reference->flags & REF_INSTALLS) {
        add_library(&place);
        add_installed(&place);
    } else {
        add_installed(&place);
        add_library(&place);
    }
}

struct str completion_documentation(struct lsp_server *server, struct arena *arena,
                                    struct json_object *data) {
    struct str written = json_get_str(data, "model");
    struct str host = json_get_str(data, "host");
    struct model_name name;
    if (written.n == 0 || written.n > LIMIT_NAME ||
        !model_name_parse(written, MODEL_NAME_INFERENCE, &name, NULL)) {
        return STR_NONE;
    }
    const struct server *at =
        host.n ? session_server_by_url(server->session, host) : session_default(server->session);
    const struct catalog *catalog = at ? server_catalog(at) : NULL;
    const struct model *model = catalog ? catalog_find(catalog, &name) : NULL;
    return model_card(arena, written, &name, model, at);
}
