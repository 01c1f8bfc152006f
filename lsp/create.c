// SPDX-License-Identifier: MIT
//
// The first half of creating a model: which files it takes and what the server has already are
// found out while the request is parked; then it is refused, or the user is asked, or it begins.
// The user is asked before anything leaves that they may not expect: files from outside the
// workspace folder, anything at all to another machine; before a model is replaced, and before the
// server pulls the base model from another registry than Ollama's (as with .pull).
#include "lsp/create.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/uri.h"
#include "base/utf.h"
#include "lsp/create_private.h"
#include "lsp/handlers/manage.h"

#define LISTED_FILES 10

// --- the list ---

struct create *create_find(const struct lsp_server *lsp, const struct server *server,
                           const struct model_name *name) {
    for (struct create *it = lsp->creates; it; it = it->next) {
        if (it->server == server && model_name_eq(&it->name, name)) {
            return it;
        }
    }
    return NULL;
}

bool create_is_from(const struct create *create, struct str uri) {
    return str_eq(str_from(create->uri), uri);
}

struct str create_path_shown(struct arena *arena, const struct create *create) {
    return display_escape(arena, str_from(create->path[0] ? create->path : create->uri), 400);
}

size_t create_count(const struct lsp_server *lsp) {
    size_t n = 0;
    for (const struct create *it = lsp->creates; it; it = it->next) {
        n++;
    }
    return n;
}

static void unlink_create(struct create *create) {
    struct create **link = &create->lsp->creates;
    while (*link != create) {
        link = &(*link)->next;
    }
    *link = create->next;
}

void create_destroy(struct create *create) {
    if (create->lsp) {
        unlink_create(create);
    }
    if (create->fd >= 0) {
        close(create->fd);
    }
    server_drop(create->server);
    create_request_finish(&create->request);
    pull_progress_finish(&create->phase);
    free(create->piece);
    free(create->model);
    free(create->uri);
    free(create->path);
    arena_finish(&create->arena);
    free(create);
}

void creates_close(struct lsp_server *lsp) {
    struct create *it = lsp->creates;
    while (it) {
        struct create *next = it->next;
        // The others are told by rpc_close, or by the end of their calls.
        if (it->stage == CREATE_LOOKING || it->stage == CREATE_HASHING ||
            it->stage == CREATE_OPENING) {
            unlink_create(it);
            it->lsp = NULL;
            it->parked = NULL;
            it->is_cancelled = true;
        }
        it = next;
    }
}

// --- the question ---

// 'it'\''s' where a shell would read the path otherwise.
static struct str shell_word(struct arena *arena, struct str word) {
    bool is_plain = word.n > 0 && word.p[0] != '-';
    for (size_t i = 0; i < word.n && is_plain; i++) {
        char c = word.p[i];
        is_plain = c != '\0' && (char_is_alnum(c) || strchr("_./-+@%:,=", c) || c < 0);
    }
    if (is_plain) {
        return word;
    }
    struct buf out;
    buf_init(&out, word.n * 4 + 16);
    buf_append_char(&out, '\'');
    for (size_t i = 0; i < word.n; i++) {
        if (word.p[i] == '\'') {
            buf_append(&out, STR("'\\''"));
        } else {
            buf_append_char(&out, word.p[i]);
        }
    }
    buf_append_char(&out, '\'');
    struct str quoted = arena_copy(arena, buf_str(&out));
    buf_finish(&out);
    return quoted;
}

struct str create_command_line(struct arena *arena, const struct lsp_server *lsp,
                               const struct server *server, struct str model, struct str path) {
    struct str host = STR_NONE;
    if (server != session_default(lsp->session)) {
        host = arena_printf(arena, "OLLAMA_HOST=%.*s ",
                            STR_ARG(shell_word(arena, uri_redact(arena, server->url))));
    }
    struct str file = path.n > 0 ? shell_word(arena, display_escape(arena, path, 0)) : STR("FILE");
    return arena_printf(arena, "%.*sollama create %.*s -f %.*s", STR_ARG(host), STR_ARG(model),
                        STR_ARG(file));
}

static bool replaces(const struct create *create) {
    const struct catalog *catalog = server_catalog(create->server);
    return catalog && catalog_find(catalog, &create->name);
}

static size_t count_outside(const struct create *create) {
    size_t n = 0;
    for (size_t i = 0; i < create->files.n; i++) {
        n += create->files.at[i].is_outside;
    }
    return n;
}

// "/models/a.gguf (4.1 GB), …": those from outside, or all.
static void list_files(struct buf *out, struct arena *arena, const struct create *create,
                       bool all) {
    size_t n_listed = 0;
    size_t n_more = 0;
    int64_t more = 0;
    for (size_t i = 0; i < create->files.n; i++) {
        const struct create_file *file = &create->files.at[i];
        if (!all && !file->is_outside) {
            continue;
        }
        if (n_listed == LISTED_FILES) {
            n_more++;
            more += file->size;
            continue;
        }
        const char *outside = all && file->is_outside ? ", outside the workspace folder" : "";
        buf_printf(out, "%s%.*s (%.*s%s)", n_listed > 0 ? ", " : "",
                   STR_ARG(display_escape(arena, file->path, 400)),
                   STR_ARG(format_size(arena, file->size)), outside);
        n_listed++;
    }
    if (n_more > 0) {
        buf_printf(out, ", and %zu more (%.*s)", n_more, STR_ARG(format_size(arena, more)));
    }
}

// The registry that the server would pull the base model from, unless it is there or Ollama's own.
static struct str foreign_registry(const struct create *create) {
    const struct catalog *catalog = server_catalog(create->server);
    struct model_name base;
    if (create->files.from.n == 0 ||
        !model_name_parse(create->files.from, MODEL_NAME_INFERENCE, &base, NULL) ||
        model_name_is_default_registry(&base) || (catalog && catalog_find(catalog, &base))) {
        return STR_NONE;
    }
    return base.host;
}

// Empty: nobody has to be asked.
static struct str question_of(struct arena *arena, const struct create *create) {
    bool is_remote = !create->server->is_loopback;
    size_t n_outside = count_outside(create);
    bool is_replaced = replaces(create);
    struct str registry = foreign_registry(create);
    if (!is_remote && n_outside == 0 && !is_replaced && registry.n == 0) {
        return STR_NONE;
    }
    struct buf out;
    buf_init(&out, 64 * 1024);
    buf_printf(&out, "Create %s on %.*s?", create->model,
               STR_ARG(uri_redact(arena, create->server->url)));
    if (is_replaced) {
        buf_printf(&out, " It replaces the installed model of that name.");
    }
    if (registry.n > 0) {
        buf_printf(&out, " The server pulls its base model from %.*s.",
                   STR_ARG(display_escape(arena, registry, 100)));
    }
    if (is_remote) {
        buf_printf(&out, " The Modelfile's text is sent to that machine%s",
                   create->files.n > 0 ? ", and these files are uploaded: " : ".");
        list_files(&out, arena, create, true);
    } else if (n_outside > 0) {
        buf_printf(&out, " These files from outside the workspace folder are uploaded: ");
        list_files(&out, arena, create, false);
    }
    struct str text = arena_copy(arena, buf_str(&out));
    buf_finish(&out);
    return text;
}

// The server may have gone from the settings while something was waited for.
static bool is_still_meant(const struct create *create) {
    struct session *session = create->lsp->session;
    return session_server_by_url(session, create->url) == create->server &&
           session_may_send_text(session, create->server);
}

static void on_answer(struct lsp_server *lsp, bool yes, void *data) {
    struct create *create = data;
    (void)lsp;
    if (yes && !create->is_cancelled && is_still_meant(create)) {
        create_run(create);
    } else {
        create_destroy(create);
    }
}

// --- looking ---

static void look_for_files(uv_work_t *work) {
    struct create *create = work->data;
    struct str directory = create->path[0] ? path_dir(str_from(create->path)) : STR_NONE;
    create->err = create_files_find(&create->arena, create->request.paths, create->request.n_paths,
                                    directory, create->root, &create->files, &create->error);
}

static void refuse(struct create *create, struct str why, struct str remedy) {
    struct request *parked = create->parked;
    create->parked = NULL;
    reply_err(parked, RPC_REQUEST_FAILED, "%.*s", STR_ARG(error_text(parked->arena, why, remedy)));
    create_destroy(create);
}

static void decide(struct create *create) {
    struct arena *arena = &create->arena;
    const struct server *server = create->server;
    if (create->err != ERR_OK) {
        refuse(create, create->error.message, create->error.remedy);
        return;
    }
    if (server->state == SERVER_UNREACHABLE) {
        refuse(create, server->error_message, server->error_remedy);
        return;
    }
    if (!is_still_meant(create)) {
        refuse(create, STR("the server is not in the settings any more"), STR_NONE);
        return;
    }
    struct str question = question_of(arena, create);
    if (question.n > 0 && !create->lsp->caps.show_message_request) {
        refuse(create, arena_printf(arena, "this editor cannot be asked: %.*s", STR_ARG(question)),
               create_command_line(arena, create->lsp, server, str_from(create->model),
                                   str_from(create->path)));
        return;
    }
    struct request *parked = create->parked;
    create->parked = NULL;
    reply_ok(parked, NULL);
    if (question.n == 0) {
        create_run(create);
        return;
    }
    create->stage = CREATE_ASKING;
    (void)ask_user(create->lsp, question, STR("Create"), on_answer, create);
}

static void one_looked(struct create *create) {
    if (--create->n_waits > 0) {
        return;
    }
    if (create->is_cancelled) {
        create_destroy(create);
    } else {
        decide(create);
    }
}

static void on_files(uv_work_t *work, int status) {
    (void)status;
    one_looked(work->data);
}

static void on_refreshed(void *data, struct server *server) {
    (void)server;
    one_looked(data);
}

static void on_withdrawn(struct request *request, void *data) {
    struct create *create = data;
    (void)request;
    create->parked = NULL;
    create->is_cancelled = true;
}

void create_begin(struct request *request, struct create_order *order) {
    struct lsp_server *lsp = request->server;
    const struct document *document = order->document;
    struct create *create = mem_alloc(sizeof(*create));
    create->lsp = lsp;
    create->server = order->server;
    create->fd = -1;
    create->model = mem_strdup(order->model);
    (void)model_name_parse(str_from(create->model), MODEL_NAME_NEW, &create->name, NULL);
    create->uri = mem_strdup(document->uri);
    create->path = mem_strdup(document->is_file ? document->path : STR_NONE);
    create->root = arena_copy(&create->arena, document->root);
    create->url = arena_copy(&create->arena, order->server->url);
    create->request = order->request;
    create->next = lsp->creates;
    lsp->creates = create;
    pull_progress_init(&create->phase);
    // The paths live in the request's arena so far.
    struct create_path *paths =
        ARENA_ARRAY(&create->arena, create->request.n_paths, struct create_path);
    for (size_t i = 0; i < create->request.n_paths; i++) {
        paths[i].command = create->request.paths[i].command;
        paths[i].written = arena_copy(&create->arena, create->request.paths[i].written);
    }
    create->request.paths = paths;
    server_hold(create->server);
    create->parked = request;
    request_park(request, on_withdrawn, create);
    create->n_waits = 2;
    create->work.data = create;
    if (uv_queue_work(lsp->loop, &create->work, look_for_files, on_files) != 0) {
        create->err = error_set(&create->error, &create->arena, ERR_BUG, "no thread is left");
        create->n_waits--;
    }
    // Asked anew: a model that was made in a terminal a moment ago is not to be replaced unasked.
    server_refresh_then(create->server, on_refreshed, create);
}
