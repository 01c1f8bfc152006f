// SPDX-License-Identifier: MIT
//
// The second half of creating a model: every file is hashed, what the server lacks is uploaded,
// then the server is told to create. Hashing goes piece by piece through libuv's thread pool, so
// that progress and cancel have their turn in between. Invariants: at any time either one piece of
// work is on a thread or one call is under way; every path ends in `conclude`, or, when the
// language server has closed meanwhile, in create_destroy alone.
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/uri.h"
#include "base/utf.h"
#include "lsp/create_private.h"
#include "lsp/handlers/manage.h"

enum {
    READ_BYTES = 1024 * 1024,
    PIECE_BYTES = 16 * 1024 * 1024, // hashed in one go on a thread: some 50 ms
    // Of 100 %, what hashing and uploading may fill; the rest is the server's own work.
    PERCENT_FILES = 95,
};

static struct create_file *current(struct create *create) {
    return &create->files.at[create->at];
}

// --- the end ---

static void conclude(struct create *create, enum err code, struct str why) {
    struct arena arena = {0};
    struct lsp_server *lsp = create->lsp;
    enum message_type type = MESSAGE_INFO;
    struct str text = arena_printf(&arena, "%s is created", create->model);
    if (code == ERR_CANCELLED) {
        text = arena_printf(&arena, "Creating %s was cancelled", create->model);
    } else if (code != ERR_OK) {
        type = MESSAGE_ERROR;
        text = arena_printf(&arena, "Creating %s failed: %.*s", create->model, STR_ARG(why));
    }
    progress_end(create->progress, type, text);
    create->progress = NULL;
    // The catalog's change makes findings, hints and lenses anew.
    server_refresh(create->server);
    status_changed(lsp);
    create_destroy(create);
    arena_finish(&arena);
}

static void conclude_call(struct create *create, const struct call_result *result) {
    struct arena arena = {0};
    conclude(create, result->code,
             result->code == ERR_OK ? STR_NONE : failure_text(&arena, result));
    arena_finish(&arena);
}

static void conclude_cancelled(struct create *create) {
    conclude(create, ERR_CANCELLED, STR_NONE);
}

// --- progress ---

static void phase_begin(struct create *create) {
    pull_progress_finish(&create->phase);
    pull_progress_init(&create->phase);
    create->phase.total = create->files.total;
    create->n_done = 0;
    create->at = 0;
}

// `doing` this file, `n` bytes of it so far.
static void report_file(struct create *create, const char *doing, int64_t n) {
    struct arena arena = {0};
    bool is_upload = create->stage == CREATE_CALLING;
    int64_t total = create->files.total;
    create->phase.completed = create->n_done + n;
    struct str rest = pull_progress_text(&arena, &create->phase, clock_ms());
    struct str name = display_escape(&arena, current(create)->key, 80);
    double share = total > 0 ? (double)create->phase.completed / (double)total : 0;
    int percent = (int)(PERCENT_FILES / 2.0 * (share + (is_upload ? 1 : 0)));
    progress_report(create->progress,
                    arena_printf(&arena, "%s %.*s: %.*s", doing, STR_ARG(name), STR_ARG(rest)),
                    percent);
    arena_finish(&arena);
}

// --- the server's own work ---

static bool on_frame(void *data, struct json_object *frame) {
    struct create *create = data;
    struct arena arena = {0};
    struct pull_progress *phase = &create->phase;
    struct remote_error error;
    if (pull_progress_feed(phase, frame, &arena, &error) == ERR_OK) {
        struct str text = pull_progress_text(&arena, phase, clock_ms());
        text = text.n > 0 ? text : display_escape(&arena, phase->status, 80);
        int percent = pull_progress_percent(phase); // of what it pulls, if it does
        progress_report(create->progress, text, create->files.n > 0 ? PERCENT_FILES : percent);
    }
    arena_finish(&arena);
    return true;
}

static void on_created(void *data, const struct call_result *result) {
    conclude_call(data, result);
}

static void ask_server_to_create(struct create *create) {
    struct stream_handlers handlers = {on_frame, on_created, create};
    pull_progress_finish(&create->phase);
    pull_progress_init(&create->phase);
    create_request_complete(&create->request, str_from(create->model), &create->files);
    create->stage = CREATE_CALLING;
    create->call =
        ollama_create(session_http(create->lsp->session), server_endpoint(create->server),
                      create->request.body, str_from(create->model), &handlers);
}

// --- uploading ---

static void upload_next(struct create *create);

static void file_uploaded(struct create *create) {
    create->n_done += current(create)->size;
    create->at++;
    upload_next(create);
}

static void on_uploaded(void *data, const struct call_result *result, struct json_object *answer) {
    struct create *create = data;
    (void)answer;
    if (result->code == ERR_OK) {
        file_uploaded(create);
    } else {
        conclude_call(create, result);
    }
}

static void on_sent(void *data, int64_t n) {
    report_file(data, "uploading", n);
}

static void open_file(uv_work_t *work) {
    struct create *create = work->data;
    create->err = create_file_open(&create->arena, current(create), &create->fd, &create->error);
}

static void on_opened(uv_work_t *work, int status) {
    struct create *create = work->data;
    (void)status;
    if (!create->lsp) {
        create_destroy(create);
    } else if (create->is_cancelled) {
        conclude_cancelled(create);
    } else if (create->err != ERR_OK) {
        conclude(create, create->err, create->error.message);
    } else {
        struct create_file *file = current(create);
        create->stage = CREATE_CALLING;
        create->call = ollama_blob_upload(session_http(create->lsp->session),
                                          server_endpoint(create->server), str_from(file->digest),
                                          create->fd, file->size, on_uploaded, on_sent, create);
        close(create->fd); // the call has its own
        create->fd = -1;
    }
}

static void on_head(void *data, const struct call_result *result, struct json_object *answer) {
    struct create *create = data;
    (void)answer;
    create->call = NULL;
    if (result->code == ERR_OK) {
        file_uploaded(create); // it is there already
    } else if (result->code == ERR_CANCELLED || result->remote.status != 404) {
        conclude_call(create, result);
    } else {
        create->stage = CREATE_OPENING;
        if (uv_queue_work(create->lsp->loop, &create->work, open_file, on_opened) != 0) {
            conclude(create, ERR_BUG, STR("no thread is left"));
        }
    }
}

static bool is_repeated(const struct create *create) {
    for (size_t i = 0; i < create->at; i++) {
        if (strcmp(create->files.at[i].digest, create->files.at[create->at].digest) == 0) {
            return true;
        }
    }
    return false;
}

static void upload_next(struct create *create) {
    create->stage = CREATE_CALLING;
    create->call = NULL;
    while (create->at < create->files.n && is_repeated(create)) {
        create->n_done += current(create)->size;
        create->at++;
    }
    if (create->at == create->files.n) {
        ask_server_to_create(create);
        return;
    }
    report_file(create, "uploading", 0);
    create->call =
        ollama_blob_head(session_http(create->lsp->session), server_endpoint(create->server),
                         str_from(current(create)->digest), on_head, create);
}

// --- hashing ---

static enum err read_failed(struct create *create, const char *why) {
    return error_set(&create->error, &create->arena, ERR_IO, "%.*s: %s",
                     STR_ARG(display_escape(&create->arena, current(create)->path, 400)), why);
}

// On a thread: the next piece, from the file's opening to its digest.
static void hash_piece(uv_work_t *work) {
    struct create *create = work->data;
    struct create_file *file = current(create);
    if (create->fd < 0) {
        create->err = create_file_open(&create->arena, file, &create->fd, &create->error);
        sha256_init(&create->sha);
        create->n_read = 0;
    }
    int64_t end = create->n_read + PIECE_BYTES;
    while (create->err == ERR_OK && create->n_read < file->size && create->n_read < end) {
        ssize_t n = read(create->fd, create->piece, READ_BYTES);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0 || n > file->size - create->n_read) {
            create->err =
                read_failed(create, n < 0 ? strerror(errno) : "changed while it was read");
            return;
        }
        sha256_add(&create->sha, str_of(create->piece, (size_t)n));
        create->n_read += n;
    }
    if (create->err == ERR_OK && create->n_read == file->size) {
        memcpy(file->digest, "sha256:", 7);
        sha256_hex(&create->sha, file->digest + 7);
    }
}

static void hash_next(struct create *create);

static void on_hashed(uv_work_t *work, int status) {
    struct create *create = work->data;
    (void)status;
    if (!create->lsp) {
        create_destroy(create);
        return;
    }
    if (create->is_cancelled) {
        conclude_cancelled(create);
        return;
    }
    if (create->err != ERR_OK) {
        conclude(create, create->err, create->error.message);
        return;
    }
    report_file(create, "hashing", create->n_read);
    if (current(create)->digest[0]) {
        close(create->fd);
        create->fd = -1;
        create->n_done += create->n_read;
        create->at++;
    }
    hash_next(create);
}

static void hash_next(struct create *create) {
    create->stage = CREATE_HASHING;
    if (create->at == create->files.n) {
        free(create->piece);
        create->piece = NULL;
        phase_begin(create);
        upload_next(create);
    } else if (uv_queue_work(create->lsp->loop, &create->work, hash_piece, on_hashed) != 0) {
        conclude(create, ERR_BUG, STR("no thread is left"));
    }
}

// --- the beginning ---

static void on_cancel(void *data) {
    struct create *create = data;
    create->is_cancelled = true;
    if (create->call) {
        call_cancel(create->call);
    }
}

void create_run(struct create *create) {
    struct arena arena = {0};
    struct progress_options options = {
        .title = arena_printf(&arena, "Creating %s", create->model),
        .kind = STR("create"),
        .model = str_from(create->model),
        .has_percentage = true,
        .on_cancel = on_cancel,
        .data = create,
    };
    create->progress = progress_begin(create->lsp, &options);
    arena_finish(&arena);
    create->piece = mem_alloc(READ_BYTES);
    phase_begin(create);
    hash_next(create);
}
