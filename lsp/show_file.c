// SPDX-License-Identifier: MIT
//
// The files are small and local, so they are written at once (ARCHITECTURE.md, "Threads").
#include "lsp/show_file.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/uri.h"

#define LOG_MODULE "show"
#define OPEN_LIMIT_MS 10000

static const char *folder_of(struct ai_set *set) {
    if (!set->folder) {
        struct arena arena = {0};
        struct str base = str_from(getenv("TMPDIR"));
        if (base.n == 0 || base.p[0] != '/') {
            base = STR("/tmp");
        }
        char *folder = arena_cstr(&arena, path_join(&arena, base, STR("ollama-ls-XXXXXX")));
        if (mkdtemp(folder)) { // mode 0700
            set->folder = mem_strdup(str_from(folder));
            set->files = mem_alloc(SHOW_FILES_MAX * sizeof(*set->files));
        } else {
            LOG_WRN("no folder can be made in %.*s", STR_ARG(base));
        }
        arena_finish(&arena);
    }
    return set->folder;
}

// A file name that no shell, editor or file system stumbles over.
static struct str safe_name(struct arena *arena, struct str name, size_t number) {
    name = str_slice(name, name.n > 60 ? name.n - 60 : 0, name.n); // the extension stays
    char *copy = arena_cstr(arena, name);
    for (size_t i = 0; i < name.n; i++) {
        bool is_fine = char_is_alnum(copy[i]) || copy[i] == '.' || copy[i] == '-' || copy[i] == '_';
        copy[i] = is_fine ? copy[i] : '_';
    }
    return arena_printf(arena, "%zu-%s", number, copy);
}

static void remember(struct ai_set *set, struct str path) {
    char **slot = &set->files[set->n_files++ % SHOW_FILES_MAX];
    if (*slot) {
        (void)unlink(*slot); // gone already: as good
        free(*slot);
    }
    *slot = mem_strdup(path);
}

struct str show_file_write(struct lsp_server *server, struct arena *arena, struct str name,
                           struct str text) {
    struct ai_set *set = &server->ai;
    const char *folder = folder_of(set);
    if (!folder) {
        return STR_NONE;
    }
    struct str path = path_join(arena, str_from(folder), safe_name(arena, name, set->n_files));
    struct error error = {0};
    if (file_write_atomic(arena_cstr(arena, path), text, 0600, &error, arena) != ERR_OK) {
        LOG_WRN("%.*s: %.*s", STR_ARG(path), STR_ARG(error.message));
        return STR_NONE;
    }
    remember(set, path);
    return path;
}

static void on_opened(struct lsp_server *server, enum err code, struct json_object *result,
                      void *data) {
    char *fallback = data;
    if (code == ERR_REMOTE || (code == ERR_OK && !json_get_bool(result, "success", false))) {
        lsp_server_show(server, MESSAGE_INFO, str_from(fallback));
    }
    free(fallback);
}

bool show_file_open(struct lsp_server *server, struct str path, struct str fallback) {
    if (!server->caps.show_document) {
        return false;
    }
    struct arena arena = {0};
    struct json_object *params = json_object_new_object();
    json_set_str(params, "uri", uri_from_path(&arena, path));
    json_set_bool(params, "takeFocus", false);
    rpc_request(server, "window/showDocument", params, OPEN_LIMIT_MS, on_opened,
                mem_strdup(fallback));
    arena_finish(&arena);
    return true;
}

void show_file_finish(struct ai_set *set) {
    for (size_t i = 0; set->files && i < SHOW_FILES_MAX; i++) {
        free(set->files[i]);
    }
    free(set->files);
    free(set->folder);
}
