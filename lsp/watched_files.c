// SPDX-License-Identifier: MIT
//
// workspace/didChangeWatchedFiles: the client watches, we look at what it names.
#include "base/uri.h"
#include "lsp/server_private.h"

void watched_files_on_change(struct lsp_server *server, struct json_object *params) {
    struct json_object *changes = json_get(params, "changes");
    struct arena arena;
    arena_init(&arena);
    for (size_t i = 0; i < json_count(changes); i++) {
        struct str path;
        if (uri_to_path(&arena, json_get_str(json_at(changes, i), "uri"), &path) == ERR_OK) {
            documents_file_changed(server, path_normalize(&arena, path));
        }
        arena_reset(&arena);
    }
    arena_finish(&arena);
}
