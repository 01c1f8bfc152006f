// SPDX-License-Identifier: MIT
//
// Where bytes and the client's units meet: the functions of documents.h about Position, Range and
// edits. Everything behind them counts bytes.
#include "base/log.h"
#include "lsp/documents_private.h"
#include "lsp/server.h"

#define LOG_MODULE "positions"

bool position_from_json(struct json_object *object, struct position *out) {
    struct json_object *line = json_get(object, "line");
    struct json_object *character = json_get(object, "character");
    if (!json_is(line, json_type_int) || !json_is(character, json_type_int)) {
        return false;
    }
    int64_t l = json_object_get_int64(line);
    int64_t c = json_object_get_int64(character);
    if (l < 0 || c < 0) {
        return false;
    }
    out->line = l > UINT32_MAX ? UINT32_MAX : (uint32_t)l;
    out->character = c > UINT32_MAX ? UINT32_MAX : (uint32_t)c;
    return true;
}

struct json_object *position_to_json(struct position position) {
    struct json_object *object = json_object_new_object();
    json_set_int(object, "line", position.line);
    json_set_int(object, "character", position.character);
    return object;
}

bool document_offset(const struct lsp_server *server, const struct document *document,
                     struct json_object *position, size_t *offset) {
    struct position at;
    if (!position_from_json(position, &at)) {
        return false;
    }
    *offset = text_offset(document->text, at, server->caps.encoding);
    return true;
}

bool document_range(const struct lsp_server *server, const struct document *document,
                    struct json_object *range, size_t *start, size_t *end) {
    if (!document_offset(server, document, json_get(range, "start"), start) ||
        !document_offset(server, document, json_get(range, "end"), end)) {
        return false;
    }
    if (*end < *start) {
        size_t swap = *start;
        *start = *end;
        *end = swap;
    }
    return true;
}

struct json_object *text_range_json(const struct lsp_server *server, const struct text *text,
                                    size_t start, size_t end) {
    struct json_object *range = json_object_new_object();
    enum position_encoding encoding = server->caps.encoding;
    json_set(range, "start", position_to_json(text_position(text, start, encoding)));
    json_set(range, "end", position_to_json(text_position(text, end, encoding)));
    return range;
}

struct json_object *document_range_json(const struct lsp_server *server,
                                        const struct document *document, size_t start, size_t end) {
    return text_range_json(server, document->text, start, end);
}

struct json_object *document_edit_json(const struct lsp_server *server,
                                       const struct document *document, const struct edit *edit) {
    struct json_object *object = json_object_new_object();
    json_set(object, "range", document_range_json(server, document, edit->start, edit->end));
    json_set_str(object, "newText", edit->text);
    return object;
}

struct json_object *document_workspace_edit(const struct lsp_server *server,
                                            const struct document *document,
                                            const struct edit *edits, size_t n) {
    struct json_object *list = json_object_new_array();
    for (size_t i = 0; i < n; i++) {
        json_add(list, document_edit_json(server, document, &edits[i]));
    }
    struct json_object *result = json_object_new_object();
    if (server->caps.document_changes) {
        struct json_object *identifier = json_object_new_object();
        json_set_str(identifier, "uri", document->uri);
        json_set_int(identifier, "version", document->version);
        struct json_object *change = json_object_new_object();
        json_set(change, "textDocument", identifier);
        json_set(change, "edits", list);
        struct json_object *changes = json_object_new_array();
        json_add(changes, change);
        json_set(result, "documentChanges", changes);
    } else {
        struct json_object *changes = json_object_new_object();
        struct arena arena;
        arena_init(&arena);
        json_set(changes, arena_cstr(&arena, document->uri), list);
        arena_finish(&arena);
        json_set(result, "changes", changes);
    }
    return result;
}
