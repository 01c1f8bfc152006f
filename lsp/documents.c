// SPDX-License-Identifier: MIT
//
// The store: which documents are open and what their texts are. A document is found by the client's
// own spelling of its URI, else by its decoded path, since encoders differ ("file:///c%3A/" and
// "file:///c:/" are one file). What a client does wrong (a change to a closed document, a version
// that falls) is logged and taken as well as it can be.
#include "lsp/documents.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/uri.h"
#include "lsp/documents_private.h"
#include "lsp/server.h"
#include "lsp/server_private.h"
#include "text/diff.h"

#define LOG_MODULE "documents"

static struct str own(struct str s) {
    return str_of(mem_strdup(s), s.n);
}

static void disown(struct str *s) {
    free((char *)s->p);
    *s = STR_NONE;
}

// --- finding ---

struct document *documents_find_path(struct lsp_server *server, struct str path) {
    for (struct document *at = server->documents.first; at; at = at->next) {
        if (at->is_file && str_eq(at->path, path)) {
            return at;
        }
    }
    return NULL;
}

struct document *documents_find(struct lsp_server *server, struct str uri) {
    uint64_t hash = str_hash(uri);
    for (struct document *at = server->documents.first; at; at = at->next) {
        if (at->private->uri_hash == hash && str_eq(at->uri, uri)) {
            return at;
        }
    }
    struct document *found = NULL;
    struct arena arena;
    arena_init(&arena);
    struct str path;
    if (uri_to_path(&arena, uri, &path) == ERR_OK) {
        found = documents_find_path(server, path_normalize(&arena, path));
    }
    arena_finish(&arena);
    return found;
}

void document_touch(struct lsp_server *server, struct document *document) {
    document->used = ++server->documents.uses;
}

static int by_use(const void *a, const void *b) {
    uint64_t one = (*(struct document *const *)a)->used;
    uint64_t other = (*(struct document *const *)b)->used;
    return one < other ? 1 : one > other ? -1 : 0;
}

size_t documents_by_use(struct lsp_server *server, struct arena *arena, struct document ***out) {
    size_t n = 0;
    *out = ARENA_ARRAY(arena, server->documents.n + 1, struct document *);
    for (struct document *at = server->documents.first; at; at = at->next) {
        (*out)[n++] = at;
    }
    qsort(*out, n, sizeof(**out), by_use);
    return n;
}

// --- one document ---

static void set_uri(struct lsp_server *server, struct document *document, struct str uri) {
    struct arena arena;
    arena_init(&arena);
    disown(&document->uri);
    disown(&document->path);
    disown(&document->root);
    document->uri = own(uri);
    document->private->uri_hash = str_hash(uri);
    struct str path;
    document->is_file = uri_to_path(&arena, uri, &path) == ERR_OK;
    if (document->is_file) {
        document->path = own(path_normalize(&arena, path));
        document->root = own(session_root_of(server->session, document->path));
    } else {
        struct str scheme = uri_scheme(uri);
        document->path = own(str_from_index(uri, scheme.n + (scheme.n > 0)));
    }
    document->is_ours = document->is_file || str_eq(uri_scheme(uri), STR("untitled"));
    arena_finish(&arena);
}

static void detect_format(struct document *document) {
    struct str bytes = text_str(document->text);
    document->format = FORMAT_NONE;
    if (document->is_ours && bytes.n <= LIMIT_FILE) {
        document->format =
            format_detect(document->path, document->language_id, str_slice(bytes, 0, 512));
    }
}

// Takes `text`, which may be NULL when it is over the limit.
static void set_text(struct document *document, struct text *text,
                     const struct text_splice *splice) {
    document->is_too_large = text == NULL;
    if (!text) {
        LOG_WRN("%.*s is too large to be kept", STR_ARG(document->uri));
        text = text_create(STR_NONE);
        splice = NULL;
    }
    text_release(document->text);
    document->text = text;
    if (document->is_too_large) {
        change_log_clear(&document->private->change_log);
    }
    document__text_changed(document, splice);
    detect_format(document);
}

static struct document *add_document(struct lsp_server *server, struct str uri) {
    struct document *document = mem_alloc(sizeof(*document));
    document->private = mem_alloc(sizeof(*document->private));
    document->text = text_create(STR_NONE);
    document->next = server->documents.first;
    server->documents.first = document;
    server->documents.n++;
    set_uri(server, document, uri);
    return document;
}

static void free_document(struct lsp_server *server, struct document *document) {
    document__drop_all(&server->documents, document);
    session_want(server->session, &document->private->interest, NULL, 0);
    change_log_clear(&document->private->change_log);
    text_release(document->text);
    arena_finish(&document->private->arena);
    arena_finish(&document->private->findings_arena);
    disown(&document->uri);
    disown(&document->path);
    disown(&document->root);
    disown(&document->language_id);
    free(document->private);
    free(document);
}

static bool feeds_others(const struct document *document) {
    return document->is_file && document->format == FORMAT_DOTENV;
}

// Other documents below a .env read it.
static void environment_changed(struct lsp_server *server, const struct document *source) {
    server->documents.environment++;
    struct str folder = path_dir(source->path);
    for (struct document *at = server->documents.first; at; at = at->next) {
        if (at != source && at->is_file && path_is_within(at->path, folder)) {
            feed_mark(server, at);
        }
    }
}

static void changed(struct lsp_server *server, struct document *document) {
    feed_mark(server, document);
    if (feeds_others(document)) {
        environment_changed(server, document);
    }
}

// --- notifications ---

void documents_on_open(struct lsp_server *server, struct json_object *params) {
    struct json_object *item = json_get(params, "textDocument");
    struct str uri = json_get_str(item, "uri");
    if (uri.n == 0 || !json_is(json_get(item, "text"), json_type_string)) {
        LOG_WRN("didOpen without uri or text");
        return;
    }
    struct document *document = documents_find(server, uri);
    if (document) {
        LOG_WRN("%.*s was open already", STR_ARG(uri));
        ai_on_close(server, document); // what went on there was about another text
        set_uri(server, document, uri);
    } else {
        document = add_document(server, uri);
    }
    disown(&document->language_id);
    document->language_id = own(json_get_str(item, "languageId"));
    document->version = json_get_int(item, "version", 0);
    change_log_clear(&document->private->change_log);
    set_text(document, text_create(json_get_str(item, "text")), NULL);
    document_touch(server, document);
    ai_on_open(server, document);
    changed(server, document);
}

// A text that was not made of the one before, told to AI actions as the changes that it comes to.
// Takes `text`; NULL: over the limit.
static void replace_text(struct lsp_server *server, struct document *document, struct arena *arena,
                         struct text *text, const struct text_splice *splice) {
    struct text *before = text_retain(document->text);
    struct text_splice lost = {0, text_size(before), 0}; // of a text over the limit
    set_text(document, text, text ? splice : NULL);
    if (ai_follows(server, document)) {
        struct text_splice *splices = &lost;
        size_t n = 1;
        if (text) {
            n = text_diff_splices(arena, text_str(before), text_str(text), &splices);
        }
        for (size_t i = 0; i < n; i++) {
            ai_on_change(server, document, &splices[i]);
        }
    }
    text_release(before);
}

static void replace_whole(struct lsp_server *server, struct document *document, struct arena *arena,
                          const struct text_change *change) {
    struct text_splice splice;
    struct text *text = text_edit(document->text, change, 1, server->caps.encoding, &splice);
    replace_text(server, document, arena, text, &splice);
}

// Changes of parts, told to AI actions one by one: to them it matters what was changed and what
// only stands between two changes.
static void edit_followed(struct lsp_server *server, struct document *document, struct arena *arena,
                          const struct text_change *changes, size_t n, struct text_splice *all) {
    struct text_splice *each = ARENA_ARRAY(arena, n, struct text_splice);
    struct text_splice lost = {0, text_size(document->text), 0}; // of a text over the limit
    struct text *text =
        text_edit_each(document->text, changes, n, server->caps.encoding, all, each);
    set_text(document, text, text ? all : NULL);
    for (size_t i = 0; i < (text ? n : 1); i++) {
        ai_on_change(server, document, text ? &each[i] : &lost);
    }
}

// *splice: what all changes did together, if each is of a part.
static void apply_changes(struct lsp_server *server, struct document *document, struct arena *arena,
                          const struct text_change *changes, size_t n, struct text_splice *splice) {
    if (!ai_follows(server, document)) {
        struct text *text = text_edit(document->text, changes, n, server->caps.encoding, splice);
        set_text(document, text, splice);
        return;
    }
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i; end < n && !changes[end].whole; end++) {
        }
        if (end > i) {
            edit_followed(server, document, arena, changes + i, end - i, splice);
        } else {
            replace_whole(server, document, arena, &changes[end++]);
        }
    }
    ai_after_changes(server, document);
}

// A change that was overtaken by later ones: true if it is where it belongs now.
static bool restore_order(struct lsp_server *server, struct document *document, struct arena *arena,
                          int64_t version, struct json_object *events) {
    if (version >= document->version) {
        return false;
    }
    struct text *text;
    bool is_late = change_log_insert(&document->private->change_log, document->text, version,
                                     events, server->caps.encoding, &text);
    LOG_WRN("the version of %.*s falls from %lld to %lld: %s", STR_ARG(document->uri),
            (long long)document->version, (long long)version,
            is_late ? "a change came late and was put in its place" : "taken as it comes");
    if (is_late) {
        replace_text(server, document, arena, text, NULL);
        ai_after_changes(server, document);
    }
    return is_late;
}

static void take_change(struct lsp_server *server, struct document *document, struct arena *arena,
                        int64_t version, struct json_object *events) {
    struct text_change *changes;
    struct text_splice splice = {0};
    struct text *before = text_retain(document->text);
    int64_t before_version = document->version;
    document->version = version;
    size_t n = change_events_read(arena, events, document->is_too_large, &changes);
    if (n > 0) {
        apply_changes(server, document, arena, changes, n, &splice);
    }
    if (!document->is_too_large) {
        change_log_add(&document->private->change_log, before, before_version, version, events,
                       &splice);
    }
    text_release(before);
}

void documents_on_change(struct lsp_server *server, struct json_object *params) {
    struct json_object *item = json_get(params, "textDocument");
    struct document *document = documents_find(server, json_get_str(item, "uri"));
    if (!document) {
        LOG_WRN("didChange of a document that is not open");
        return;
    }
    document_touch(server, document);
    struct arena arena;
    arena_init(&arena);
    struct json_object *events = json_get(params, "contentChanges");
    int64_t version = json_get_int(item, "version", document->version);
    if (!restore_order(server, document, &arena, version, events)) {
        take_change(server, document, &arena, version, events);
    }
    arena_finish(&arena);
    changed(server, document);
}

void documents_on_save(struct lsp_server *server, struct json_object *params) {
    struct str uri = json_get_str(json_get(params, "textDocument"), "uri");
    struct document *document = documents_find(server, uri);
    if (document && document->is_file) {
        documents_file_changed(server, document->path);
    }
}

void documents_on_close(struct lsp_server *server, struct json_object *params) {
    struct str uri = json_get_str(json_get(params, "textDocument"), "uri");
    struct document *document = documents_find(server, uri);
    if (!document) {
        LOG_WRN("didClose of a document that is not open");
        return;
    }
    rpc_cancel_document(server, document);
    ai_on_close(server, document);
    inline_on_close(server, document);
    feed_closed(server, document);
    for (struct document **at = &server->documents.first; *at; at = &(*at)->next) {
        if (*at == document) {
            *at = document->next;
            server->documents.n--;
            break;
        }
    }
    if (feeds_others(document)) {
        environment_changed(server, document); // from now on the disk counts
    }
    free_document(server, document);
    server->documents.has_freed_much = true;
}

void documents_advertise(const struct lsp_server *server, struct json_object *capabilities) {
    (void)server;
    struct json_object *sync = json_object_new_object();
    json_set_bool(sync, "openClose", true);
    json_set_int(sync, "change", 2); // incremental
    struct json_object *save = json_object_new_object();
    json_set_bool(save, "includeText", false);
    json_set(sync, "save", save);
    json_set(capabilities, "textDocumentSync", sync);
}

// --- what documents depend on ---

static bool has_to_do_with(const struct document *document, const struct server *server) {
    // Findings name other configured servers that have a model, so these matter to every document.
    if (server->is_configured) {
        return true;
    }
    const struct interest *interest = &document->private->interest;
    for (size_t i = 0; i < interest->n; i++) {
        if (interest->servers[i] == server) {
            return true;
        }
    }
    return false;
}

void documents_invalidate(struct lsp_server *server, const struct server *changed_server) {
    for (struct document *at = server->documents.first; at; at = at->next) {
        if (!changed_server) {
            struct str uri = own(at->uri); // folders may have changed: find its root again
            set_uri(server, at, uri);
            disown(&uri);
            document__drop_analysis(at); // what is excluded may have changed too
            feed_mark(server, at);
        } else if (at->private->analysis && has_to_do_with(at, changed_server)) {
            document__drop_findings(at);
            feed_mark(server, at);
        }
    }
}

void documents_file_changed(struct lsp_server *server, struct str path) {
    enum file_news news = session_file_changed(server->session, path);
    if (news == FILE_NEWS_SETTINGS) {
        lsp_server__settings_changed(server);
        return;
    }
    if (news == FILE_NEWS_VARIABLES) {
        server->documents.environment++;
        for (struct document *at = server->documents.first; at; at = at->next) {
            feed_mark(server, at);
        }
    }
    for (struct document *at = server->documents.first; at; at = at->next) {
        if (at->format == FORMAT_MODELFILE) { // it may name the file
            document__drop_findings(at);
            feed_mark(server, at);
        }
    }
}

void documents_finish(struct lsp_server *server) {
    while (server->documents.first) {
        struct document *document = server->documents.first;
        server->documents.first = document->next;
        free_document(server, document);
    }
    server->documents.n = 0;
}
