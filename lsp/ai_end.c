// SPDX-License-Identifier: MIT
//
// How a run ends: the edit, or the text shown, or kept for the user. Invariant: a text that a model
// has made and that did not get into the document stays retrievable, unless the user stopped or
// rejected it.
#include "lsp/ai_private.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/uri.h"
#include "base/utf.h"
#include "lsp/show_file.h"

#define LOG_MODULE "ai"
#define RETRY_MS 1000 // for the change that made the client refuse an edit
#define TRIES_MAX 3
#define QUIET_MS 200 // Neovim tells of a change up to 150 ms late
#define QUIET_LIMIT_MS 10000

// --- showing ---

// ".py" of the document, so that the editor highlights what is shown.
static struct str file_name(struct arena *arena, const struct ai_run *run) {
    struct str base = path_base(run->path);
    return run->action.output == OUTPUT_SHOW
               ? arena_printf(arena, "%.*s-%.*s.md", STR_ARG(run->action.name), STR_ARG(base))
               : arena_printf(arena, "%.*s-%.*s", STR_ARG(run->action.name), STR_ARG(base));
}

// The text as a file, opened where the client can. Returns the path; empty: there is none, because
// a plugin shows the stream, or it could not be written. *is_open: the user sees it already.
static struct str show_text(struct ai_run *run, struct arena *arena, struct str text,
                            bool *is_open) {
    *is_open = false;
    if (run->lsp->caps.stream_notification) {
        return STR_NONE;
    }
    struct str path = show_file_write(run->lsp, arena, file_name(arena, run), text);
    if (path.n > 0) {
        *is_open =
            show_file_open(run->lsp, path,
                           arena_printf(arena, "%.*s %.*s: see %.*s", STR_ARG(run->action.title),
                                        STR_ARG(run->name), STR_ARG(path)));
    }
    return path;
}

// --- keeping ---

// The one that was asked for first, but not `newest`, of which the user is just being told.
static void drop_oldest(struct lsp_server *server, const struct ai_run *newest) {
    size_t n = 0;
    struct ai_run *oldest = NULL; // the last in the list: newer ones are put in front
    for (struct ai_run *at = server->ai.first; at; at = at->next) {
        if (at->stage == AI_KEPT) {
            n++;
            oldest = at != newest ? at : oldest;
        }
    }
    if (oldest && n > LIMIT_RESULTS) {
        struct arena arena = {0};
        struct str path =
            show_file_write(server, &arena, file_name(&arena, oldest), buf_str(&oldest->result));
        LOG_WRN("more than %d results wait; the oldest is in %.*s", LIMIT_RESULTS, STR_ARG(path));
        arena_finish(&arena);
        oldest->stage = AI_OVER; // freed later: somebody may be walking the list
        ai__tick_soon(&server->ai);
    }
}

static void keep(struct ai_run *run) {
    run->stage = AI_KEPT;
    text_release(run->text);
    run->text = NULL;
    tree_destroy(run->tree);
    run->tree = NULL;
    buf_finish(&run->delta);
    buf_finish(&run->thinking);
    drop_oldest(run->lsp, run);
}

// Is there something that .accept could put in?
static bool is_worth_keeping(const struct ai_run *run, enum ai_outcome outcome) {
    return run->result.n > 0 && run->action.output != OUTPUT_SHOW && outcome != AI_APPLIED &&
           outcome != AI_CANCELLED;
}

// --- the one end ---

void ai__conclude(struct ai_run *run, enum ai_outcome outcome, enum message_type type,
                  struct str text, const struct error *error) {
    LOG_INF("%.*s with %.*s: %s", STR_ARG(run->action.name), STR_ARG(run->model),
            ai__outcome_name(outcome));
    ai__send_end(run, outcome, error);
    progress_end(run->progress, type, text);
    run->progress = NULL;
    if (is_worth_keeping(run, outcome)) {
        keep(run);
    } else {
        run->stage = AI_OVER;
        ai__free_if_done(run);
    }
}

// "Refactoring app.py HEADLINE", and where the text is, if there is some.
static struct str kept_text(struct ai_run *run, struct arena *arena, const char *headline) {
    struct str start = arena_printf(arena, "%.*s %.*s %s", STR_ARG(run->action.doing),
                                    STR_ARG(run->name), headline);
    if (run->result.n == 0) {
        return start;
    }
    bool is_open;
    struct str path = show_text(run, arena, buf_str(&run->result), &is_open);
    if (run->action.output == OUTPUT_SHOW) {
        return path.n ? arena_printf(arena, "%.*s. What came is in %.*s", STR_ARG(start),
                                     STR_ARG(path))
                      : start;
    }
    const char *how = run->lsp->caps.apply_edit ? "; accept or reject it by code action"
                                                : ""; // it cannot be put in
    return path.n ? arena_printf(arena, "%.*s. The result is kept in %.*s%s", STR_ARG(start),
                                 STR_ARG(path), how)
                  : arena_printf(arena, "%.*s. The result is kept%s", STR_ARG(start), how);
}

void ai__fail(struct ai_run *run, struct str message, struct str remedy) {
    struct arena arena = {0};
    if (remedy.n == 0) {
        remedy = STR("try again; if it fails again, the server's log may say why");
    }
    ai__end_text(run);
    struct error error = {
        .code = ERR_REMOTE,
        .message = arena_copy(&arena, display_escape(&arena, message, 400)),
        .remedy = arena_copy(&arena, display_escape(&arena, remedy, 200)),
    };
    struct str why = error_text(&arena, error.message, error.remedy);
    struct str headline = arena_printf(&arena, "failed: %.*s", STR_ARG(why));
    ai__conclude(run, AI_FAILED, MESSAGE_ERROR, kept_text(run, &arena, headline.p), &error);
    arena_finish(&arena);
}

static void stop_call(struct ai_run *run) {
    if (run->call) {
        call_cancel(run->call); // closes the connection now; its report finds the run over
    }
}

void ai__cancel(struct ai_run *run) {
    if (run->is_accepting) { // it has ended towards the client already; the result stays
        run->is_accepting = false;
        run->stage = AI_KEPT;
        return;
    }
    ai__end_text(run);
    stop_call(run);
    ai__conclude(run, AI_CANCELLED, MESSAGE_INFO, STR_NONE, NULL);
}

void ai__conflict(struct ai_run *run) {
    struct arena arena = {0};
    ai__end_text(run);
    stop_call(run);
    struct error error = {
        .code = ERR_CONFLICT,
        .message = STR("the text was edited meanwhile"),
        .remedy = is_worth_keeping(run, AI_CONFLICT)
                      ? STR("accept the result to put it in place of the text as it is now")
                      : STR("run the action again"),
    };
    struct str text = kept_text(run, &arena,
                                "stopped: its text was edited meanwhile, nothing was "
                                "changed");
    ai__conclude(run, AI_CONFLICT, MESSAGE_WARNING, text, &error);
    arena_finish(&arena);
}

// --- the edit ---

static struct str current_text(const struct ai_run *run) {
    return str_slice(text_str(run->document->text), run->range.start, run->range.end);
}

// Characters that nobody sees and that may change what code means. More than the text had?
static bool adds_unsafe(struct str before, struct str after) {
    size_t counts[2] = {0, 0};
    struct str texts[2] = {before, after};
    for (int i = 0; i < 2; i++) {
        for (size_t at = 0; at < texts[i].n;) {
            uint32_t c = utf8_next(texts[i], &at);
            counts[i] += char_is_unsafe(c) && c != '\n' && c != '\r' && c != '\t' ? 1 : 0;
        }
    }
    return counts[1] > counts[0];
}

// One edit at the client. There may be an older one of the same run that it never answered.
struct attempt {
    struct ai_run *run;
    unsigned number;
};

static void on_applied(struct lsp_server *server, enum err code, struct json_object *result,
                       void *data);

// Asks the client to make the edit. False: there is nothing to change.
static bool send_edit(struct ai_run *run) {
    struct arena arena = {0};
    struct document *document = run->document;
    struct str result = buf_str(&run->result);
    struct edit whole = {run->range.start, run->range.end, result};
    struct edit *edits = &whole;
    size_t n = 1;
    if (!run->is_touched) {
        n = text_diff(&arena, current_text(run), result, run->range.start, &edits);
    }
    if (n > 0) {
        struct json_object *params = json_object_new_object();
        json_set_str(params, "label",
                     arena_printf(&arena, "%.*s (%.*s)", STR_ARG(run->action.title),
                                  STR_ARG(display_escape(&arena, run->model, 100))));
        json_set(params, "edit", document_workspace_edit(run->lsp, document, edits, n));
        run->stage = AI_APPLYING;
        run->applied_version = document->version;
        run->retry_until_ms = 0;
        run->tries++;
        run->n_edits++;
        run->pending++;
        struct attempt *attempt = mem_alloc(sizeof(*attempt));
        *attempt = (struct attempt){run, run->n_edits};
        rpc_request(run->lsp, "workspace/applyEdit", params, 0, on_applied, attempt);
    }
    arena_finish(&arena);
    return n > 0;
}

// Said at the end too: progress may have been too quick to be read.
static const char *cut_text(const struct ai_run *run) {
    return run->is_cut ? " (its context was cut to fit the model)" : "";
}

static void conclude_applied(struct ai_run *run, const char *what) {
    struct arena arena = {0};
    if (run->is_accepting) {
        run->stage = AI_OVER;
        ai__free_if_done(run);
    } else {
        ai__conclude(run, AI_APPLIED, MESSAGE_INFO,
                     arena_printf(&arena, "%.*s %.*s: %s%s", STR_ARG(run->action.title),
                                  STR_ARG(run->name), what, cut_text(run)),
                     NULL);
    }
    arena_finish(&arena);
}

// The client takes no edit, or refused it: the user gets the text.
static void give_text(struct ai_run *run, const char *headline) {
    struct arena arena = {0};
    struct str text = kept_text(run, &arena, headline);
    if (run->is_accepting) {
        run->is_accepting = false;
        run->stage = AI_KEPT;
        lsp_server_show(run->lsp, MESSAGE_WARNING, text);
    } else {
        ai__conclude(run, AI_SHOWN, MESSAGE_WARNING, text, NULL);
    }
    arena_finish(&arena);
}

static bool is_text_unchanged(const struct ai_run *run) {
    return run->document && str_eq(current_text(run), str_of(run->original, run->original_n));
}

void ai__retry_apply(struct ai_run *run) {
    bool is_late = clock_ms() >= run->retry_until_ms;
    bool can_retry = run->document && run->document->version != run->applied_version &&
                     is_text_unchanged(run) && run->tries < TRIES_MAX;
    if (can_retry) {
        if (!send_edit(run)) {
            conclude_applied(run, "nothing to change");
        }
    } else if (is_late) {
        run->retry_until_ms = 0;
        give_text(run, "is done, but the editor refused the edit");
    }
}

static void on_applied(struct lsp_server *server, enum err code, struct json_object *result,
                       void *data) {
    struct attempt *attempt = data;
    struct ai_run *run = attempt->run;
    bool is_latest = attempt->number == run->n_edits;
    free(attempt);
    run->pending--;
    if (run->stage != AI_APPLYING || !is_latest) {
        ai__free_if_done(run);
        return;
    }
    if (code == ERR_OK && json_get_bool(result, "applied", false)) {
        conclude_applied(run, "done");
    } else if (code == ERR_CANCELLED) {
        ai__cancel(run); // the session ends
    } else if (run->is_accepting && run->is_touched) {
        give_text(run, "was refused by the editor");
    } else {
        // Perhaps the client is ahead of us: its change may be on the way, or here already.
        run->retry_until_ms = clock_ms() + RETRY_MS;
        ai__retry_apply(run);
        ai__tick_soon(&server->ai);
    }
}

// A client that takes edits with a version refuses one that crosses a change of its own. One that
// takes plain `changes` makes it, in the wrong place: so it is sent when no change has come for
// longer than such clients hold them back.
void ai__apply_if_quiet(struct ai_run *run) {
    if (!run->lsp->caps.document_changes) {
        int64_t now = clock_ms();
        int64_t since = run->quiet_ms > run->finished_ms ? run->quiet_ms : run->finished_ms;
        if (now - since < QUIET_MS && now - run->finished_ms < QUIET_LIMIT_MS) {
            return;
        }
    }
    if (!send_edit(run)) {
        conclude_applied(run, "nothing to change");
    }
}

// --- a whole answer ---

// What the user has to see: by a plugin, from the stream; else as one message, also where progress
// is shown, since its last words are easily missed.
static void conclude_and_tell(struct ai_run *run, enum ai_outcome outcome, struct str text) {
    struct lsp_server *lsp = run->lsp;
    bool has_plugin = lsp->caps.stream_notification;
    ai__conclude(run, outcome, MESSAGE_INFO, has_plugin ? text : STR_NONE, NULL);
    if (!has_plugin) {
        lsp_server_show(lsp, MESSAGE_INFO, text);
    }
}

static void finish_shown(struct ai_run *run) {
    struct arena arena = {0};
    bool is_open;
    struct str path = show_text(run, &arena, buf_str(&run->result), &is_open);
    struct str start =
        arena_printf(&arena, "%.*s %.*s", STR_ARG(run->action.title), STR_ARG(run->name));
    if (is_open || run->lsp->caps.stream_notification) {
        ai__conclude(run, AI_SHOWN, MESSAGE_INFO,
                     arena_printf(&arena, "%.*s: done%s", STR_ARG(start), cut_text(run)), NULL);
    } else if (path.n > 0) {
        conclude_and_tell(
            run, AI_SHOWN,
            arena_printf(&arena, "%.*s: see %.*s%s", STR_ARG(start), STR_ARG(path), cut_text(run)));
    } else {
        conclude_and_tell(run, AI_SHOWN,
                          arena_copy(&arena, str_slice(buf_str(&run->result), 0, 2000)));
    }
    arena_finish(&arena);
}

void ai__finish(struct ai_run *run) {
    struct arena arena = {0};
    if (run->result.n == 0) {
        ai__fail(run,
                 arena_printf(&arena, "%.*s answered without %s", STR_ARG(run->model),
                              run->action.output == OUTPUT_SHOW ? "any text" : "any code"),
                 STR("try again, or choose another model"));
    } else if (run->action.output == OUTPUT_SHOW) {
        finish_shown(run);
    } else if (run->review ||
               adds_unsafe(str_of(run->original, run->original_n), buf_str(&run->result))) {
        const char *headline = run->review ? "is done and waits for you"
                                           : "is done and waits for you: it holds hidden or "
                                             "control characters";
        conclude_and_tell(run, AI_REVIEW, kept_text(run, &arena, headline));
    } else if (!run->lsp->caps.apply_edit) {
        give_text(run, "is done; this editor takes no edits");
    } else {
        struct lsp_server *lsp = run->lsp; // the run may be gone after this
        run->stage = AI_SETTLING;
        run->finished_ms = clock_ms();
        ai__apply_if_quiet(run);
        ai__tick_soon(&lsp->ai);
    }
    arena_finish(&arena);
}

// --- accept, reject ---

static struct ai_run *find_kept(struct lsp_server *server, struct str id, struct arena *arena,
                                struct error *error) {
    struct ai_run *run = ai__find(server, id);
    if (run && run->stage == AI_KEPT) {
        return run;
    }
    (void)error_set(error, arena, ERR_NOT_FOUND, "no result waits under the id \"%.*s\"%s",
                    STR_ARG(display_escape(arena, id, 80)), run ? " yet" : "");
    return NULL;
}

// Why the result cannot go into the document, or NULL.
static const char *obstacle(const struct ai_run *run) {
    if (!run->document) {
        return "its document is not open, or is another text now";
    }
    if (run->document->is_too_large) {
        return "its document is too large now";
    }
    if (run->is_lost) {
        return "its place in the document is gone";
    }
    if (!run->lsp->caps.apply_edit) {
        return "this editor takes no edits";
    }
    return NULL;
}

int ai_accept(struct lsp_server *server, struct str id, struct arena *arena, struct error *error) {
    struct ai_run *run = find_kept(server, id, arena, error);
    if (!run) {
        return RPC_REQUEST_FAILED;
    }
    const char *why = obstacle(run);
    if (why) {
        struct str path =
            show_file_write(server, arena, file_name(arena, run), buf_str(&run->result));
        (void)error_set(error, arena, ERR_CONFLICT, "%s; the result %s%.*s", why,
                        path.n > 0 ? "is in " : "is still kept", STR_ARG(path));
        return RPC_REQUEST_FAILED;
    }
    run->is_accepting = true;
    run->tries = 0;
    if (!send_edit(run)) {
        conclude_applied(run, "nothing to change");
    }
    return 0;
}

int ai_reject(struct lsp_server *server, struct str id, struct arena *arena, struct error *error) {
    struct ai_run *run = find_kept(server, id, arena, error);
    if (!run) {
        return RPC_REQUEST_FAILED;
    }
    run->stage = AI_OVER;
    ai__free_if_done(run);
    return 0;
}

size_t ai_results(struct lsp_server *server, struct arena *arena, const struct document *document,
                  size_t start, size_t end, struct ai_result **results) {
    VEC(struct ai_result) list = {0};
    for (struct ai_run *at = server->ai.first; at; at = at->next) {
        if (at->stage == AI_KEPT && at->document == document && !at->is_lost &&
            at->range.start <= end && start <= at->range.end) {
            *VEC_PUSH(arena, &list) = (struct ai_result){
                .id = at->id,
                .title = arena_printf(arena, "%.*s (%.*s)", STR_ARG(at->action.title),
                                      STR_ARG(display_escape(arena, at->model, 80))),
                .range = at->range,
            };
        }
    }
    *results = list.at;
    return list.n;
}
