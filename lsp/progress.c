// SPDX-License-Identifier: MIT
//
// The life of one piece of long work as the client sees it:
//
//   CREATING --client agrees--> SHOWN --owner ends it--> gone
//      |  refused or no answer      |  shutdown
//      v                            v
//   SILENT (a message at the end)  STOPPED (nothing more is said)
//
// Invariants: "begin" is the first value of a token, "end" the last, each once. A token of our own
// is used only after the client has agreed to it: an editor of 2022 answers an unknown token with
// an error in the user's face. The owner may end the work before the client has answered: then the
// object stays until the answer and says begin and end in one go.
#include "lsp/progress.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/utf.h"
#include "lsp/server.h"

#define CREATE_LIMIT_MS 5000
#define REPORT_INTERVAL_MS 100

enum stage { STAGE_CREATING, STAGE_SHOWN, STAGE_SILENT, STAGE_STOPPED };

struct progress {
    struct lsp_server *server;
    struct progress *next;
    enum stage stage;
    char *id;                  // owned
    struct json_object *token; // owned
    char *title;               // owned, as are the other texts
    char *kind;
    char *model;
    char *message; // latest, or the one of the end; NULL: none
    bool has_percentage;
    int percent;   // −1: unknown
    bool is_dirty; // a report is held back
    int64_t sent_ms;
    int64_t tokens;
    void (*on_cancel)(void *data);
    void *data;
    bool is_loading;
    bool is_cancelled;
    bool is_over;    // the owner has ended it
    bool is_awaited; // the answer to "create" will come here: not to be freed before
    enum message_type end_type;
};

static void on_timer(uv_timer_t *timer);

static void set_message(struct progress *progress, struct str message) {
    free(progress->message);
    progress->message = NULL;
    if (message.n > 0) {
        struct arena arena;
        arena_init(&arena);
        progress->message = mem_strdup(display_escape(&arena, message, 500));
        arena_finish(&arena);
    }
}

static void free_progress(struct progress *progress) {
    struct progress_set *set = &progress->server->progress;
    for (struct progress **at = &set->first; *at; at = &(*at)->next) {
        if (*at == progress) {
            *at = progress->next;
            break;
        }
    }
    json_object_put(progress->token);
    free(progress->id);
    free(progress->title);
    free(progress->kind);
    free(progress->model);
    free(progress->message);
    free(progress);
}

// --- values ---

static struct json_object *new_value(const char *kind) {
    struct json_object *value = json_object_new_object();
    json_set_str(value, "kind", str_from(kind));
    return value;
}

static void add_state(const struct progress *progress, struct json_object *value) {
    if (progress->message) {
        json_set_str(value, "message", str_from(progress->message));
    }
    if (progress->percent >= 0) {
        json_set_int(value, "percentage", progress->percent);
    }
}

static void send_value(struct progress *progress, enum send_class class,
                       struct json_object *value) {
    struct json_object *params = json_object_new_object();
    json_set(params, "token", json_object_get(progress->token));
    json_set(params, "value", value);
    rpc_notify(progress->server, class, "$/progress", params);
    progress->sent_ms = clock_ms();
    progress->is_dirty = false;
}

static void send_begin(struct progress *progress) {
    struct json_object *value = new_value("begin");
    json_set_str(value, "title", str_from(progress->title));
    json_set_bool(value, "cancellable", progress->on_cancel != NULL);
    if (progress->has_percentage && progress->percent < 0) {
        progress->percent = 0; // without one now, clients may ignore those that follow
    }
    add_state(progress, value);
    send_value(progress, SEND_NEEDED, value);
    progress->stage = STAGE_SHOWN;
}

static void send_report(struct progress *progress) {
    struct json_object *value = new_value("report");
    add_state(progress, value);
    send_value(progress, SEND_DROPPABLE, value);
}

static void send_end(struct progress *progress) {
    struct json_object *value = new_value("end");
    if (progress->message) {
        json_set_str(value, "message", str_from(progress->message));
    }
    send_value(progress, SEND_NEEDED, value);
}

// The owner is done and it is known whether the client shows progress.
static void conclude(struct progress *progress) {
    if (progress->stage == STAGE_SHOWN) {
        send_end(progress);
    }
    bool is_trouble = progress->end_type <= MESSAGE_WARNING;
    if (progress->message && progress->stage != STAGE_STOPPED &&
        (is_trouble || progress->stage == STAGE_SILENT)) {
        lsp_server_show(progress->server, progress->end_type, str_from(progress->message));
    }
    free_progress(progress);
}

// --- begin ---

static void on_created(struct lsp_server *server, enum err code, struct json_object *result,
                       void *data) {
    struct progress *progress = data;
    (void)server;
    (void)result;
    progress->is_awaited = false;
    if (progress->stage == STAGE_CREATING) {
        if (code == ERR_OK) {
            send_begin(progress);
        } else {
            progress->stage = code == ERR_CANCELLED ? STAGE_STOPPED : STAGE_SILENT;
        }
    }
    if (progress->is_over) {
        conclude(progress);
    }
}

static void create_token(struct progress *progress) {
    struct arena arena = {0};
    progress->token = json_new_str(arena_printf(&arena, "ollama-ls/%s", progress->id));
    arena_finish(&arena);
    if (!progress->server->caps.work_done_progress) {
        progress->stage = STAGE_SILENT;
        return;
    }
    progress->stage = STAGE_CREATING;
    progress->is_awaited = true;
    struct json_object *params = json_object_new_object();
    json_set(params, "token", json_object_get(progress->token));
    rpc_request(progress->server, "window/workDoneProgress/create", params, CREATE_LIMIT_MS,
                on_created, progress);
}

bool progress_has(const struct lsp_server *server, struct str id) {
    for (const struct progress *at = server->progress.first; at; at = at->next) {
        if (str_eq(id, str_from(at->id))) {
            return true;
        }
    }
    return false;
}

// A client may have chosen numbers too.
static char *new_id(struct lsp_server *server) {
    char text[24];
    do {
        snprintf(text, sizeof(text), "%llu", (unsigned long long)++server->progress.next_id);
    } while (progress_has(server, str_from(text)) || ai_has(server, str_from(text)));
    return mem_strdup(str_from(text));
}

struct progress *progress_begin(struct lsp_server *server, const struct progress_options *options) {
    struct progress_set *set = &server->progress;
    struct progress *progress = mem_alloc(sizeof(*progress));
    progress->server = server;
    progress->title = mem_strdup(options->title);
    progress->kind = mem_strdup(options->kind);
    progress->model = mem_strdup(options->model);
    progress->has_percentage = options->has_percentage;
    progress->percent = -1;
    progress->on_cancel = options->on_cancel;
    progress->data = options->data;
    progress->id = options->id.n ? mem_strdup(options->id) : new_id(server);
    progress->next = set->first;
    set->first = progress;
    if (json_is(options->token, json_type_string) || json_is(options->token, json_type_int)) {
        progress->token = json_object_get(options->token);
        send_begin(progress);
    } else {
        create_token(progress);
    }
    status_changed(server);
    return progress;
}

// --- reports ---

static void arm_timer(struct progress_set *set) {
    if (!uv_is_active((uv_handle_t *)&set->timer)) {
        uv_timer_start(&set->timer, on_timer, REPORT_INTERVAL_MS, REPORT_INTERVAL_MS);
    }
}

static void on_timer(uv_timer_t *timer) {
    struct lsp_server *server = timer->data;
    bool is_any_dirty = false;
    int64_t now = clock_ms();
    for (struct progress *at = server->progress.first; at; at = at->next) {
        if (at->is_dirty && at->stage == STAGE_SHOWN && now - at->sent_ms >= REPORT_INTERVAL_MS) {
            send_report(at);
        }
        is_any_dirty = is_any_dirty || at->is_dirty;
    }
    if (!is_any_dirty) {
        uv_timer_stop(timer);
    }
}

void progress_report(struct progress *progress, struct str message, int percent) {
    set_message(progress, message);
    if (percent > progress->percent) {
        progress->percent = percent > 100 ? 100 : percent;
    }
    if (progress->stage != STAGE_SHOWN) {
        return; // what is known by then goes into "begin"
    }
    progress->is_dirty = true;
    if (clock_ms() - progress->sent_ms >= REPORT_INTERVAL_MS) {
        send_report(progress);
    } else {
        arm_timer(&progress->server->progress);
    }
}

void progress_set_tokens(struct progress *progress, int64_t tokens) {
    progress->tokens = tokens;
    status_changed(progress->server);
}

void progress_set_model(struct progress *progress, struct str model) {
    free(progress->model);
    progress->model = mem_strdup(model);
    status_changed(progress->server);
}

void progress_set_loading(struct progress *progress, bool is_loading) {
    if (progress->is_loading != is_loading) {
        progress->is_loading = is_loading;
        status_changed(progress->server);
    }
}

void progress_end(struct progress *progress, enum message_type type, struct str message) {
    set_message(progress, message);
    progress->end_type = type;
    progress->is_over = true;
    progress->on_cancel = NULL;
    progress->is_dirty = false;
    status_changed(progress->server);
    if (!progress->is_awaited) {
        conclude(progress);
    }
}

// --- stopping ---

struct str progress_id(const struct progress *progress) {
    return str_from(progress->id);
}

bool progress_is_cancelled(const struct progress *progress) {
    return progress->is_cancelled;
}

static bool ask_to_stop(struct progress *progress) {
    if (!progress->on_cancel || progress->is_cancelled) {
        return false;
    }
    progress->is_cancelled = true;
    progress->on_cancel(progress->data);
    return true;
}

// The hook may end its own progress and others', so the search starts anew after each.
size_t progress_cancel(struct lsp_server *server, struct str id) {
    size_t n = 0;
    struct progress *at = server->progress.first;
    while (at) {
        if ((id.n == 0 || str_eq(id, str_from(at->id))) && ask_to_stop(at)) {
            n++;
            at = server->progress.first;
        } else {
            at = at->next;
        }
    }
    return n;
}

void progress_on_cancel(struct lsp_server *server, struct json_object *params) {
    struct json_object *token = json_get(params, "token");
    for (struct progress *at = server->progress.first; at; at = at->next) {
        if (json_object_equal(at->token, token)) {
            ask_to_stop(at);
            return;
        }
    }
}

size_t progress_jobs(struct lsp_server *server, struct arena *arena, struct active_job **jobs) {
    VEC(struct active_job) list = {0};
    for (struct progress *at = server->progress.first; at; at = at->next) {
        if (!at->is_over) {
            *VEC_PUSH(arena, &list) = (struct active_job){
                .id = str_from(at->id),
                .kind = str_from(at->kind),
                .model = str_from(at->model),
                .tokens = at->tokens,
                .is_loading = at->is_loading,
            };
        }
    }
    *jobs = list.at;
    return list.n;
}

// --- the set ---

void progress_set_init(struct progress_set *set, struct lsp_server *server, uv_loop_t *loop) {
    *set = (struct progress_set){0};
    uv_timer_init(loop, &set->timer);
    set->timer.data = server;
}

void progress_set_stop(struct progress_set *set) {
    for (struct progress *at = set->first; at; at = at->next) {
        if (at->stage == STAGE_SHOWN) {
            set_message(at, STR_NONE);
            send_end(at);
        }
        at->stage = STAGE_STOPPED;
    }
    struct lsp_server *server = set->timer.data;
    progress_cancel(server, STR_NONE);
}

void progress_set_close(struct progress_set *set, uv_close_cb on_closed) {
    uv_close((uv_handle_t *)&set->timer, on_closed);
}

void progress_set_finish(struct progress_set *set) {
    while (set->first) {
        free_progress(set->first);
    }
}
