// SPDX-License-Identifier: MIT
//
// A scan is a snapshot of what it needs (folders, globs, conventions, encoding), so the thread it
// runs on touches nothing of the session. Invariants: at most one scan runs; a waiter is served by
// a scan that began late enough for it; a scan that outlives the session frees index and itself.
#include "lsp/model_index.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/glob.h"
#include "base/limits.h"
#include "base/uri.h"
#include "lsp/server.h"
#include "session/walk.h"

#define SCAN_THREADS 4 // at most: the editor wants cores too

struct waiter {
    struct request *request;
    model_index_ready_fn ready;
    void *data;
    int64_t not_before_ms; // begin of the oldest scan that will do
    struct waiter *next;
};

typedef VEC(struct model_use) use_list;

struct scan {
    uv_work_t work;
    struct model_index *index;
    struct arena arena; // of everything below; behind the mutex while the threads run
    const char **folders;
    size_t n_folders;
    struct str *exclude;
    size_t n_exclude;
    struct analyzer *analyzer; // retained
    enum position_encoding encoding;
    int64_t began_ms;
    uv_mutex_t mutex;
    use_list uses;
    atomic_size_t n_files;
    atomic_bool stop;
    atomic_bool truncated;
};

struct model_index {
    struct lsp_server *server;
    struct scan *running;
    struct scan *latest; // finished; NULL: none yet
    struct waiter *waiters;
    bool is_closed;
};

static void scan_destroy(struct scan *scan) {
    if (scan) {
        analyzer_release(scan->analyzer);
        uv_mutex_destroy(&scan->mutex);
        arena_finish(&scan->arena);
        free(scan);
    }
}

// --- on threads ---

static bool wants(void *data, struct str path) {
    struct scan *scan = data;
    if (atomic_fetch_add(&scan->n_files, 1) >= LIMIT_INDEX_FILES) {
        atomic_store(&scan->truncated, true);
        atomic_store(&scan->stop, true);
    }
    return !atomic_load(&scan->stop) && format_may_matter(path);
}

// `path` relative to the innermost of the folders that hold it.
static struct str in_folder(const struct scan *scan, struct str path) {
    struct str best = STR_NONE;
    for (size_t i = 0; i < scan->n_folders; i++) {
        struct str folder = str_from(scan->folders[i]);
        if (folder.n > best.n && path_is_within(path, folder)) {
            best = folder;
        }
    }
    return best.n ? path_relative(path, best) : path;
}

static bool is_excluded(void *data, struct str absolute) {
    const struct scan *scan = data;
    struct str relative = in_folder(scan, absolute);
    bool excluded = atomic_load(&scan->stop);
    for (size_t i = 0; i < scan->n_exclude && !excluded; i++) {
        excluded = glob_match(scan->exclude[i], relative);
    }
    return excluded;
}

static bool is_use(const struct reference *reference) {
    return reference->kind == REF_MODEL && reference->text.n > 0 &&
           !(reference->flags & (REF_PLACEHOLDER | REF_EMPTY));
}

static struct model_use use_of(struct arena *arena, const struct reference *reference,
                               struct text_cursor *cursor) {
    return (struct model_use){
        .text = arena_copy(arena, reference->text),
        .convention = arena_copy(arena, reference->convention),
        .role = reference->role,
        .flags = reference->flags,
        .start = text_cursor_position(cursor, reference->start),
        .end = text_cursor_position(cursor, reference->end),
    };
}

static void add_uses(struct scan *scan, struct str path, const struct analysis *analysis,
                     const struct text *text) {
    struct text_cursor cursor = text_cursor_init(text, scan->encoding);
    uv_mutex_lock(&scan->mutex);
    struct str uri = uri_from_path(&scan->arena, path);
    for (size_t i = 0; i < analysis->n_references; i++) {
        if (!is_use(&analysis->references[i])) {
            continue;
        }
        if (scan->uses.n >= LIMIT_INDEX_USES) {
            atomic_store(&scan->truncated, true);
            atomic_store(&scan->stop, true);
            break;
        }
        struct model_use use = use_of(&scan->arena, &analysis->references[i], &cursor);
        use.uri = uri;
        *VEC_PUSH(&scan->arena, &scan->uses) = use;
    }
    uv_mutex_unlock(&scan->mutex);
}

static void on_file(void *data, unsigned worker, struct str path, struct str absolute,
                    struct str bytes) {
    struct scan *scan = data;
    (void)worker;
    (void)absolute;
    enum format format = format_detect(path, STR_NONE, str_slice(bytes, 0, FORMAT_HEAD_BYTES));
    struct str folder_path = in_folder(scan, path);
    if (format == FORMAT_NONE || !analyzer_probe(scan->analyzer, format, folder_path, bytes)) {
        return;
    }
    struct arena arena = {0};
    struct text *text = text_create(bytes);
    if (text) {
        struct analysis_input input = {
            .path = path,
            .folder_path = folder_path,
            .format = format,
            .text = text,
        };
        add_uses(scan, path, analyzer_run_once(scan->analyzer, &arena, &input), text);
    }
    text_release(text);
    arena_finish(&arena);
}

static void run(uv_work_t *work) {
    struct scan *scan = work->data;
    unsigned cores = uv_available_parallelism();
    struct walk_options options = {
        .threads = cores < SCAN_THREADS ? cores : SCAN_THREADS,
        .wants = wants,
        .on_file = on_file,
        .is_excluded = is_excluded,
        .data = scan,
    };
    walk_run(scan->folders, scan->n_folders, &options);
}

// --- on the loop ---

static void serve(struct model_index *index);

static void on_scanned(uv_work_t *work, int status) {
    struct scan *scan = work->data;
    struct model_index *index = scan->index;
    (void)status;
    index->running = NULL;
    if (index->is_closed) {
        scan_destroy(scan);
        scan_destroy(index->latest);
        free(index);
        return;
    }
    scan_destroy(index->latest);
    index->latest = scan;
    serve(index);
}

static void scan_start(struct model_index *index) {
    struct lsp_server *server = index->server;
    const struct settings *settings = session_settings(server->session);
    struct scan *scan = mem_alloc(sizeof(*scan));
    struct arena *arena = &scan->arena;
    scan->index = index;
    scan->work.data = scan;
    scan->began_ms = clock_ms();
    scan->encoding = server->caps.encoding;
    scan->analyzer = analyzer_retain(session_analyzer(server->session));
    uv_mutex_init(&scan->mutex);
    scan->folders = ARENA_ARRAY(arena, server->n_folders + 1, const char *);
    for (size_t i = 0; i < server->n_folders; i++) {
        bool is_inside = false; // a folder within another is walked with it
        for (size_t k = 0; k < server->n_folders; k++) {
            bool is_same = str_eq(server->folders[i].path, server->folders[k].path);
            is_inside =
                is_inside || ((is_same ? k < i : k != i) &&
                              path_is_within(server->folders[i].path, server->folders[k].path));
        }
        if (!is_inside && server->folders[i].path.n) {
            scan->folders[scan->n_folders++] = arena_cstr(arena, server->folders[i].path);
        }
    }
    scan->exclude = ARENA_ARRAY(arena, settings->n_exclude + 1, struct str);
    scan->n_exclude = settings->n_exclude;
    for (size_t i = 0; i < settings->n_exclude; i++) {
        scan->exclude[i] = arena_copy(arena, settings->exclude[i]);
    }
    index->running = scan;
    if (scan->n_folders == 0 || uv_queue_work(server->loop, &scan->work, run, on_scanned) != 0) {
        on_scanned(&scan->work, 0); // only open documents then
    }
}

static void waiter_unlink(struct model_index *index, struct waiter *waiter) {
    struct waiter **link = &index->waiters;
    while (*link != waiter) {
        link = &(*link)->next;
    }
    *link = waiter->next;
}

static void on_cancelled(struct request *request, void *data) {
    waiter_unlink(request->server->index, data);
    free(data);
}

static void serve(struct model_index *index) {
    struct waiter *waiter = index->waiters;
    while (waiter) {
        if (!index->latest || index->latest->began_ms < waiter->not_before_ms) {
            waiter = waiter->next;
            continue;
        }
        waiter_unlink(index, waiter);
        waiter->ready(waiter->request, waiter->data);
        free(waiter);
        waiter = index->waiters;
    }
    if (index->waiters && !index->running) {
        scan_start(index);
    }
}

void model_index_await(struct request *request, int64_t max_age_ms, model_index_ready_fn ready,
                       void *data) {
    struct lsp_server *server = request->server;
    if (!server->index) {
        server->index = mem_alloc(sizeof(*server->index));
        server->index->server = server;
    }
    struct model_index *index = server->index;
    int64_t not_before_ms = clock_ms() - max_age_ms;
    if (index->latest && index->latest->began_ms >= not_before_ms && max_age_ms > 0) {
        ready(request, data);
        return;
    }
    struct waiter *waiter = mem_alloc(sizeof(*waiter));
    *waiter = (struct waiter){request, ready, data, not_before_ms, index->waiters};
    index->waiters = waiter;
    request_park(request, on_cancelled, waiter);
    if (!index->running) {
        scan_start(index);
    }
}

static int by_place(const void *a, const void *b) {
    const struct model_use *left = a;
    const struct model_use *right = b;
    int order = str_cmp(left->uri, right->uri);
    return order ? order : position_cmp(left->start, right->start);
}

size_t model_index_uses(struct request *request, struct model_use **out, bool *truncated) {
    struct lsp_server *server = request->server;
    struct arena *arena = request->arena;
    use_list uses = {0};
    for (struct document *it = server->documents.first; it; it = it->next) {
        const struct analysis *analysis = it->is_ours ? document_analysis(server, it) : NULL;
        struct text_cursor cursor = text_cursor_init(it->text, server->caps.encoding);
        for (size_t i = 0; analysis && i < analysis->n_references; i++) {
            if (is_use(&analysis->references[i])) {
                struct model_use use = use_of(arena, &analysis->references[i], &cursor);
                use.uri = it->uri;
                *VEC_PUSH(arena, &uses) = use;
            }
        }
    }
    const struct scan *scan = server->index ? server->index->latest : NULL;
    struct str open_uri = STR_NONE; // uses of a file follow each other: looked up once
    bool is_open = false;
    for (size_t i = 0; scan && i < scan->uses.n; i++) {
        if (!str_eq(scan->uses.at[i].uri, open_uri)) {
            open_uri = scan->uses.at[i].uri;
            is_open = documents_find(server, open_uri) != NULL;
        }
        if (!is_open) {
            *VEC_PUSH(arena, &uses) = scan->uses.at[i];
        }
    }
    if (uses.n > 1) {
        qsort(uses.at, uses.n, sizeof(*uses.at), by_place);
    }
    if (truncated) {
        *truncated = scan && atomic_load(&scan->truncated);
    }
    *out = uses.at;
    return uses.n;
}

void model_index_close(struct model_index *index) {
    if (!index) {
        return;
    }
    index->is_closed = true;
    if (index->running) {
        atomic_store(&index->running->stop, true); // it frees all when it is done
        return;
    }
    scan_destroy(index->latest);
    free(index);
}
