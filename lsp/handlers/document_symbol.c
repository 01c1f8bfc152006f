// SPDX-License-Identifier: MIT
//
// textDocument/documentSymbol: the instructions of a Modelfile; elsewhere the models that a file
// names. Clients without hierarchical symbols get the same as SymbolInformation.
#include "base/utf.h"
#include "lsp/handlers/modelfile_view.h"

// LSP SymbolKind: of the first 18, which every client knows.
enum symbol_kind {
    SYMBOL_MODULE = 2,
    SYMBOL_PROPERTY = 7,
    SYMBOL_CONSTANT = 14,
    SYMBOL_STRING = 15
};

#define NAME_MAX_BYTES 120

struct symbol {
    struct str name;   // not empty
    struct str detail; // may be empty
    enum symbol_kind kind;
    size_t start, end;           // the whole
    size_t name_start, name_end; // what is selected
};

static struct str first_line(struct arena *arena, struct str text) {
    struct str line = STR_NONE;
    while (str_next_line(&text, &line) && str_trim(line).n == 0) {
    }
    return display_escape(arena, str_trim(line), NAME_MAX_BYTES);
}

static void add(struct request *request, struct json_object *list, const struct symbol *symbol) {
    struct lsp_server *server = request->server;
    struct document *document = request->document;
    struct json_object *object = json_object_new_object();
    struct json_object *range = document_range_json(server, document, symbol->start, symbol->end);
    json_set_str(object, "name", symbol->name);
    json_set_int(object, "kind", symbol->kind);
    if (server->caps.symbols_hierarchical) {
        if (symbol->detail.n) {
            json_set_str(object, "detail", symbol->detail);
        }
        json_set(object, "range", range);
        json_set(object, "selectionRange",
                 document_range_json(server, document, symbol->name_start, symbol->name_end));
    } else {
        struct json_object *location = json_object_new_object();
        json_set_str(location, "uri", document->uri);
        json_set(location, "range", range);
        json_set(object, "location", location);
        if (symbol->detail.n) {
            json_set_str(object, "containerName", symbol->detail);
        }
    }
    json_add(list, object);
}

static void add_instruction(struct request *request, struct json_object *list,
                            const struct modelfile_instruction *in) {
    struct arena *arena = request->arena;
    struct symbol symbol = {
        .name = modelfile_command_name(in->command),
        .detail = first_line(arena, in->value),
        .start = in->keyword_start,
        .end = in->outer_end > in->keyword_end ? in->outer_end : in->keyword_end,
        .name_start = in->keyword_start,
        .name_end = in->keyword_end,
    };
    switch (in->command) {
    case MODELFILE_FROM:
        symbol.kind = SYMBOL_MODULE;
        symbol.name = arena_printf(arena, "FROM %.*s", STR_ARG(symbol.detail));
        symbol.detail = STR_NONE;
        break;
    case MODELFILE_PARAMETER:
    case MODELFILE_MESSAGE:
        symbol.kind = SYMBOL_PROPERTY;
        symbol.name =
            in->name.n ? arena_printf(arena, "%.*s %.*s", STR_ARG(symbol.name), STR_ARG(in->name))
                       : symbol.name;
        break;
    case MODELFILE_TEMPLATE:
    case MODELFILE_SYSTEM:
    case MODELFILE_LICENSE: symbol.kind = SYMBOL_STRING; break;
    default: symbol.kind = SYMBOL_CONSTANT; break;
    }
    add(request, list, &symbol);
}

static void add_models(struct request *request, struct json_object *list) {
    const struct analysis *analysis = document_analysis(request->server, request->document);
    for (size_t i = 0; analysis && i < analysis->n_references; i++) {
        const struct reference *reference = &analysis->references[i];
        if (reference->kind != REF_MODEL || (reference->flags & (REF_PLACEHOLDER | REF_EMPTY)) ||
            reference->text.n == 0) {
            continue;
        }
        struct symbol symbol = {
            .name = display_escape(request->arena, reference->text, NAME_MAX_BYTES),
            .detail = reference->convention,
            .kind = SYMBOL_CONSTANT,
            .start = reference->prefix_start,
            .end = reference->end,
            .name_start = reference->start,
            .name_end = reference->end,
        };
        add(request, list, &symbol);
    }
}

void document_symbol_on_request(struct request *request) {
    struct json_object *list = json_object_new_array();
    const struct modelfile *file = modelfile_view(request);
    for (size_t i = 0; file && i < file->n; i++) {
        add_instruction(request, list, &file->at[i]);
    }
    if (!file) {
        add_models(request, list);
    }
    reply_ok(request, list);
}

void document_symbol_advertise(const struct lsp_server *server, struct json_object *capabilities) {
    (void)server;
    json_set_bool(capabilities, "documentSymbolProvider", true);
}
