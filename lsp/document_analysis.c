// SPDX-License-Identifier: MIT
//
// What is made from a document's text, when it is asked for: probe -> tree -> references ->
// findings. Each step is kept until what it was made of changes:
//
//   tree        the text (an older tree helps to parse the new text); only where something reads it
//   references  the text, the conventions in force, the variables of the nearest .env
//   findings    the references, the settings, the servers they belong to
//
// Invariant: at most DOCUMENTS_TREES trees are alive, those of the documents used last; the others'
// references stay, so closing a tree costs a parse only when that document is edited again.
#include <stdlib.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "base/log.h"
#include "base/uri.h"
#include "lsp/documents_private.h"
#include "lsp/handlers/handlers.h"
#include "lsp/server.h"

#define LOG_MODULE "documents"
#define REQUEST_BUDGET_US 30000 // parsing that a request waits for

// --- dropping ---

void document__drop_findings(struct document *document) {
    struct document_private *private = document->private;
    private->has_findings = false;
    private->findings = (struct findings){0};
    arena_reset(&private->findings_arena);
}

static void drop_tree(struct documents *documents, struct document_private *private) {
    if (private->tree) {
        tree_destroy(private->tree);
        private->tree = NULL;
        documents->n_trees--;
    }
}

static void drop_parse(struct document_private *private) {
    tree_parse_destroy(private->parse);
    private->parse = NULL;
    text_release(private->parse_text);
    private->parse_text = NULL;
}

void document__drop_analysis(struct document *document) {
    struct document_private *private = document->private;
    document__drop_findings(document);
    private->is_analysed = false;
    private->analysis = NULL;
    private->input = (struct analysis_input){0};
    text_release(private->analysis_text);
    private->analysis_text = NULL;
    analyzer_release(private->analyzer);
    private->analyzer = NULL;
    arena_reset(&private->arena);
}

void document__drop_all(struct documents *documents, struct document *document) {
    document__drop_analysis(document);
    drop_parse(document->private);
    drop_tree(documents, document->private);
}

void document__text_changed(struct document *document, const struct text_splice *splice) {
    struct document_private *private = document->private;
    private->revision++;
    drop_parse(private);
    if (!private->tree) {
        return;
    }
    struct text_splice whole = {0, text_size(tree_text(private->tree)), text_size(document->text)};
    if (!splice) {
        private->splice = whole;
    } else if (private->tree_is_behind) {
        private->splice = text_splice_merge(private->splice, *splice);
    } else {
        private->splice = *splice;
    }
    private->tree_is_behind = true;
}

// --- trees ---

static void close_oldest_trees(struct lsp_server *server, const struct document *keep) {
    struct documents *documents = &server->documents;
    while (documents->n_trees > DOCUMENTS_TREES) {
        struct document *oldest = NULL;
        for (struct document *at = documents->first; at; at = at->next) {
            if (at != keep && at->private->tree &&
                (!oldest || at->private->tree_used < oldest->private->tree_used)) {
                oldest = at;
            }
        }
        if (NEVER(!oldest)) {
            return;
        }
        drop_tree(documents, oldest->private);
        documents->has_freed_much = true;
    }
}

// Trees are many small pieces: without this, closed ones stay with the process as holes in its
// heap.
void documents_trim(struct lsp_server *server) {
    if (server->documents.has_freed_much) {
        server->documents.has_freed_much = false;
#ifdef __GLIBC__
        malloc_trim(0);
#endif
    }
}

// Parses for at most `budget_us`. True: `*out` is the tree of the present text, or NULL if there is
// none to be had.
static bool tree_within(struct lsp_server *server, struct document *document, uint64_t budget_us,
                        struct tree **out) {
    struct documents *documents = &server->documents;
    struct document_private *private = document->private;
    *out = NULL;
    const TSLanguage *language = format_language(document->format);
    if (!language) {
        drop_tree(documents, private);
        return true;
    }
    private->tree_used = ++documents->clock;
    if (private->tree && tree_language(private->tree) != language) {
        drop_tree(documents, private);
    }
    if (private->tree && !private->tree_is_behind) {
        *out = private->tree;
        return true;
    }
    if (!private->parse) {
        struct tree_base base = {private->tree, private->splice};
        private->parse = tree_parse_start(document->text, language, private->tree ? &base : NULL);
        private->parse_text = text_retain(document->text);
    }
    struct tree *tree = NULL;
    if (private->parse && tree_parse_step(private->parse, budget_us, &tree) == ERR_TIMEOUT) {
        return false;
    }
    drop_parse(private);
    drop_tree(documents, private);
    if (tree) {
        private->tree = tree;
        private->tree_is_behind = false;
        documents->n_trees++;
        close_oldest_trees(server, document);
    }
    *out = tree;
    return true;
}

struct tree *document_tree(struct lsp_server *server, struct document *document) {
    struct tree *tree = NULL;
    tree_within(server, document, REQUEST_BUDGET_US, &tree);
    return tree;
}

// --- references ---

static bool open_text(void *data, struct str path, struct str *text) {
    struct document *document = documents_find_path(data, path);
    if (document) {
        *text = text_str(document->text);
    }
    return document != NULL;
}

static size_t dotenv_of(struct lsp_server *server, const struct document *document,
                        const struct env_entry **entries) {
    *entries = NULL;
    return document->is_file
               ? session_dotenv(server->session, document->path, open_text, server, entries)
               : 0;
}

static uint64_t hash_dotenv(const struct env_entry *entries, size_t n) {
    uint64_t hash = n;
    for (size_t i = 0; i < n; i++) {
        hash = hash * 31 + str_hash(entries[i].name);
        hash = hash * 31 + str_hash(entries[i].value);
    }
    return hash;
}

static bool is_up_to_date(struct lsp_server *server, struct document *document) {
    struct document_private *private = document->private;
    if (!private->is_analysed || private->analysis_text != document->text ||
        private->input.format != document->format ||
        private->analyzer != session_analyzer(server->session)) {
        return false;
    }
    if (private->environment != server->documents.environment) {
        const struct env_entry *entries;
        size_t n = dotenv_of(server, document, &entries);
        if (hash_dotenv(entries, n) != private->dotenv_hash) {
            return false;
        }
        private->environment = server->documents.environment;
    }
    return true;
}

// What the conventions' file patterns are matched with.
static struct str folder_path(const struct document *document) {
    return document->root.n ? path_relative(document->path, document->root) : document->path;
}

struct analysis_input document_input(struct lsp_server *server, struct document *document,
                                     struct arena *arena) {
    const struct env_entry *entries;
    size_t n = dotenv_of(server, document, &entries);
    struct env_entry *copy = ARENA_ARRAY(arena, n ? n : 1, struct env_entry);
    for (size_t i = 0; i < n; i++) {
        copy[i] = entries[i];
        copy[i].name = arena_copy(arena, entries[i].name);
        copy[i].value = arena_copy(arena, entries[i].value);
    }
    return (struct analysis_input){
        .path = arena_copy(arena, document->path),
        .folder_path = arena_copy(arena, folder_path(document)),
        .format = document->format,
        .text = document->text,
        .dotenv = copy,
        .n_dotenv = n,
    };
}

static bool may_hold_references(struct lsp_server *server, struct document *document,
                                struct analyzer *analyzer) {
    return document->format != FORMAT_NONE && !document->is_too_large &&
           !(document->is_file && session_is_excluded(server->session, document->path)) &&
           analyzer_probe(analyzer, document->format, folder_path(document),
                          text_str(document->text));
}

static struct analysis *analyze(const struct analyzer *analyzer, struct document_private *private) {
    struct arena scratch;
    arena_init(&scratch);
    struct analysis *result = analyzer_run(analyzer, &scratch, &private->input);
    result = analysis_copy(&private->arena, result, private->analysis_text);
    arena_finish(&scratch);
    return result;
}

bool document_prepare(struct lsp_server *server, struct document *document, uint64_t budget_us) {
    if (is_up_to_date(server, document)) {
        return true;
    }
    struct document_private *private = document->private;
    struct analyzer *analyzer = session_analyzer(server->session);
    bool is_worth_it = may_hold_references(server, document, analyzer);
    struct tree *tree = NULL;
    if (is_worth_it && analyzer_wants_tree(analyzer, document->format, folder_path(document)) &&
        !tree_within(server, document, budget_us, &tree)) {
        feed_mark(server, document); // goes on at the end of the turn
        return false;
    }
    document__drop_analysis(document);
    private->analyzer = analyzer_retain(analyzer);
    private->analysis_text = text_retain(document->text);
    private->environment = server->documents.environment;
    private->input = document_input(server, document, &private->arena);
    private->dotenv_hash = hash_dotenv(private->input.dotenv, private->input.n_dotenv);
    private->is_analysed = true;
    if (is_worth_it) {
        private->input.tree = tree;
        private->analysis = analyze(analyzer, private);
        private->input.tree = NULL; // not ours to keep: it may be closed
    } else {
        drop_tree(&server->documents, private);
    }
    return true;
}

const struct analysis *document_analysis(struct lsp_server *server, struct document *document) {
    return document_prepare(server, document, REQUEST_BUDGET_US) ? document->private->analysis
                                                                 : NULL;
}

// --- servers and findings ---

struct session_document *document_session(struct lsp_server *server, struct document *document,
                                          struct arena *arena) {
    struct session_document *result = ARENA_NEW(arena, struct session_document);
    result->session = server->session;
    result->root = document->root;
    result->directory = document->is_file ? path_dir(document->path) : STR_NONE;
    result->arena = arena;
    return result;
}

struct resolved document_resolve(struct lsp_server *server, struct document *document,
                                 struct arena *arena, const struct reference *reference) {
    struct reference_host host = session_host_of(reference);
    return session_resolve(server->session, arena, document->root, &host);
}

typedef VEC(struct server *) server_list;

static void add_server(struct arena *arena, server_list *list, struct server *server) {
    for (size_t i = 0; i < list->n; i++) {
        if (list->at[i] == server) {
            return;
        }
    }
    *VEC_PUSH(arena, list) = server;
}

// Servers that the document needs are kept fresh while it is open: those its findings depend on,
// and those whose models complete a place that is still empty.
static void want_servers(struct lsp_server *server, struct document *document) {
    const struct analysis *analysis = document->private->analysis;
    struct interest *interest = &document->private->interest;
    if (!analysis) {
        session_want(server->session, interest, NULL, 0);
        return;
    }
    struct arena arena;
    arena_init(&arena);
    struct session_document *context = document_session(server, document, &arena);
    server_list wanted = {0};
    wanted.n = session_servers_of(server->session, context, analysis, &wanted.at);
    wanted.cap = wanted.n;
    for (size_t i = 0; i < analysis->n_references; i++) {
        const struct reference *reference = &analysis->references[i];
        if (reference->kind == REF_MODEL && (reference->flags & (REF_EMPTY | REF_INSTALLS))) {
            struct resolved place = document_resolve(server, document, &arena, reference);
            if (place.server) {
                add_server(&arena, &wanted, place.server);
            }
        }
    }
    session_want(server->session, interest, wanted.at, wanted.n);
    session_want_details(server->session, context, analysis);
    arena_finish(&arena);
}

const struct findings *document_findings(struct lsp_server *server, struct document *document) {
    static const struct findings none;
    struct document_private *private = document->private;
    if (!document_prepare(server, document, REQUEST_BUDGET_US)) {
        return &none;
    }
    if (private->has_findings) {
        return &private->findings;
    }
    private->has_findings = true;
    if (lsp_server_is_settled(server)) {
        want_servers(server, document);
    }
    if (private->analysis) {
        struct arena *arena = &private->findings_arena;
        struct finding_context context = {0};
        session_finding_context(server->session, document_session(server, document, arena),
                                &context);
        private->findings = findings_make(arena, &private->input, private->analysis, &context);
        if (session_settings(server->session)->auto_pull && lsp_server_is_settled(server)) {
            auto_pull_consider(server, &private->findings);
        }
    }
    return &private->findings;
}
