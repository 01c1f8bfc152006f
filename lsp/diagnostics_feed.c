// SPDX-License-Identifier: MIT
//
// Two channels over one list of marked documents. Push: each marked document's diagnostics are made
// at the end of the turn and published if they differ from what was published last. Pull: the
// client asks; what it holds open (workspace/diagnostic) is told at the end of the turn, and when
// something else than a text changed, it is asked to ask again.
//
// Invariants: a pulling client is never pushed to. A push for a closed document is an empty one,
// once. Work at the end of a turn stops after FEED_BUDGET_US; a document in the middle of a parse
// goes on in the next turn.
#include "lsp/diagnostics_feed.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "lsp/documents_private.h"
#include "lsp/server.h"

#define LOG_MODULE "feed"
#define REFRESH_LIMIT_MS 5000

struct feed_waiting {
    struct request *request;
    struct feed_waiting *next;
};

struct result_id {
    char text[20];
};

// --- one document's diagnostics ---

static int64_t lsp_severity(enum severity severity) {
    switch (severity) {
    case SEVERITY_ERROR: return 1;
    case SEVERITY_WARNING: return 2;
    case SEVERITY_INFORMATION: return 3;
    default: return 4;
    }
}

static void add_href(struct json_object *object, const struct finding *finding) {
    char href[512];
    int n = snprintf(href, sizeof(href), OLLAMA_LS_DOCS_URL "%s", finding_code_name(finding->code));
    struct json_object *description = json_object_new_object();
    json_set_str(description, "href", str_of(href, n > 0 ? (size_t)n : 0));
    json_set(object, "codeDescription", description);
}

static void add_data(struct json_object *object, const struct finding *finding) {
    struct json_object *data = json_object_new_object();
    json_set_int(data, "v", 1);
    json_set_str(data, "code", str_from(finding_code_name(finding->code)));
    json_set_str(data, "name", finding->name);
    json_set_str(data, "host", finding->host);
    json_set(object, "data", data);
}

// Where the host that decided stands, if it stands in this file.
static void add_related(struct lsp_server *server, struct document *document,
                        struct json_object *object, const struct finding *finding) {
    const struct analysis *analysis = document->private->analysis;
    if (!analysis || finding->reference >= analysis->n_references) {
        return;
    }
    const struct reference *reference = &analysis->references[finding->reference];
    if (reference->kind != REF_MODEL || reference->host.end <= reference->host.start) {
        return;
    }
    struct json_object *location = json_object_new_object();
    json_set_str(location, "uri", document->uri);
    json_set(location, "range",
             document_range_json(server, document, reference->host.start, reference->host.end));
    struct json_object *related = json_object_new_object();
    json_set(related, "location", location);
    json_set_str(related, "message", STR("the server is named here"));
    struct json_object *list = json_object_new_array();
    json_add(list, related);
    json_set(object, "relatedInformation", list);
}

static struct json_object *diagnostic(struct lsp_server *server, struct document *document,
                                      const struct finding *finding, struct json_object *range) {
    const struct caps *caps = &server->caps;
    struct json_object *object = json_object_new_object();
    json_set(object, "range", range);
    json_set_int(object, "severity", lsp_severity(finding->severity));
    json_set_str(object, "code", str_from(finding_code_name(finding->code)));
    if (caps->diagnostic_code_href && sizeof(OLLAMA_LS_DOCS_URL) > 1) {
        add_href(object, finding);
    }
    json_set_str(object, "source", STR("ollama-ls"));
    json_set_str(object, "message", finding->message);
    if (caps->diagnostic_tag_deprecated && finding->code == CODE_MODELFILE_DEPRECATED_PARAMETER) {
        struct json_object *tags = json_object_new_array();
        json_add(tags, json_object_new_int(2));
        json_set(object, "tags", tags);
    }
    if (caps->diagnostic_related) {
        add_related(server, document, object, finding);
    }
    if (caps->diagnostic_data) {
        add_data(object, finding);
    }
    return object;
}

struct json_object *feed_diagnostics(struct lsp_server *server, struct document *document) {
    const struct findings *findings = document_findings(server, document);
    struct json_object *list = json_object_new_array();
    // Findings ascend by start, so one cursor for each end walks the text once.
    struct text_cursor from = text_cursor_init(document->text, server->caps.encoding);
    struct text_cursor to = from;
    for (size_t i = 0; i < findings->n; i++) {
        const struct finding *finding = &findings->at[i];
        if (finding->severity == SEVERITY_OFF) {
            continue;
        }
        struct json_object *range = json_object_new_object();
        json_set(range, "start", position_to_json(text_cursor_position(&from, finding->start)));
        json_set(range, "end", position_to_json(text_cursor_position(&to, finding->end)));
        json_add(list, diagnostic(server, document, finding, range));
    }
    return list;
}

static struct result_id result_id_of(struct json_object *diagnostics) {
    struct result_id id;
    snprintf(id.text, sizeof(id.text), "%016" PRIx64, str_hash(json_text(diagnostics)));
    return id;
}

// --- marks ---

void feed_mark(struct lsp_server *server, struct document *document) {
    if (!document->private->is_marked) {
        document->private->is_marked = true;
        document->private->marked_at = ++server->feed.clock;
        server->feed.n_marked++;
        lsp_server_wake(server);
    }
}

static void unmark(struct lsp_server *server, struct document *document) {
    if (document->private->is_marked) {
        document->private->is_marked = false;
        server->feed.n_marked--;
    }
}

// --- push ---

// Takes `diagnostics`.
static void publish(struct lsp_server *server, const struct document *document,
                    struct json_object *diagnostics) {
    struct json_object *params = json_object_new_object();
    json_set_str(params, "uri", document->uri);
    if (server->caps.diagnostic_version) {
        json_set_int(params, "version", document->version);
    }
    json_set(params, "diagnostics", diagnostics);
    rpc_notify(server, SEND_NEEDED, "textDocument/publishDiagnostics", params);
}

static void push(struct lsp_server *server, struct document *document) {
    if (!document->is_ours) {
        return;
    }
    struct document_private *private = document->private;
    struct json_object *diagnostics = feed_diagnostics(server, document);
    uint64_t hash = str_hash(json_text(diagnostics));
    // A client that compares versions drops findings of an older text: say that they still hold.
    if (server->caps.diagnostic_version && (json_count(diagnostics) > 0 || private->analysis)) {
        hash = hash * 31 + (uint64_t)document->version;
    }
    if (private->is_published && hash == private->published_hash) {
        json_object_put(diagnostics);
        return;
    }
    private->is_published = true;
    private->published_hash = hash;
    publish(server, document, diagnostics);
}

void feed_closed(struct lsp_server *server, struct document *document) {
    unmark(server, document);
    if (document->private->is_published) {
        publish(server, document, json_object_new_array());
    }
}

// --- pull: one document ---

static void answer_document(struct request *request) {
    struct lsp_server *server = request->server;
    struct json_object *report = json_object_new_object();
    struct json_object *items =
        request->document ? feed_diagnostics(server, request->document) : json_object_new_array();
    struct result_id id = result_id_of(items);
    if (request->document) {
        request->document->private->published_hash = str_hash(json_text(items));
        request->document->private->answered_revision = request->document->private->revision;
    }
    struct str previous = json_get_str(request->params, "previousResultId");
    bool is_unchanged = str_eq(previous, str_from(id.text));
    json_set_str(report, "kind", is_unchanged ? STR("unchanged") : STR("full"));
    json_set_str(report, "resultId", str_from(id.text));
    if (is_unchanged) {
        json_object_put(items);
    } else {
        json_set(report, "items", items);
    }
    reply_ok(request, report);
}

static void stop_waiting(struct request *request, void *data) {
    (void)data;
    for (struct feed_waiting **at = &request->server->feed.waiting; *at; at = &(*at)->next) {
        if ((*at)->request == request) {
            struct feed_waiting *gone = *at;
            *at = gone->next;
            free(gone);
            return;
        }
    }
}

void feed_on_document(struct request *request) {
    struct lsp_server *server = request->server;
    if (!server->caps.pull_diagnostics) {
        reply_err(request, RPC_METHOD_NOT_FOUND, "diagnostics are pushed in this session");
        return;
    }
    request->document =
        documents_find(server, json_get_str(json_get(request->params, "textDocument"), "uri"));
    if (request->document && !document_prepare(server, request->document, FEED_BUDGET_US)) {
        struct feed_waiting *waiting = mem_alloc(sizeof(*waiting));
        *waiting = (struct feed_waiting){request, server->feed.waiting};
        server->feed.waiting = waiting;
        request_park(request, stop_waiting, NULL);
        return;
    }
    answer_document(request);
}

static void answer_waiting(struct lsp_server *server, const struct document *document) {
    struct feed_waiting **at = &server->feed.waiting;
    while (*at) {
        struct feed_waiting *waiting = *at;
        if (waiting->request->document == document) {
            *at = waiting->next;
            answer_document(waiting->request);
            free(waiting);
        } else {
            at = &waiting->next;
        }
    }
}

// --- pull: the workspace ---

// The report of one document for workspace/diagnostic, or NULL if the client has it.
static struct json_object *workspace_report(struct lsp_server *server, struct document *document,
                                            struct str known) {
    struct json_object *items = feed_diagnostics(server, document);
    uint64_t hash = str_hash(json_text(items));
    struct result_id id = result_id_of(items);
    bool is_known = hash == document->private->watched_hash || str_eq(known, str_from(id.text));
    document->private->watched_hash = hash;
    if (is_known) {
        json_object_put(items);
        return NULL;
    }
    struct json_object *report = json_object_new_object();
    json_set_str(report, "kind", STR("full"));
    json_set_str(report, "resultId", str_from(id.text));
    json_set_str(report, "uri", document->uri);
    json_set_int(report, "version", document->version);
    json_set(report, "items", items);
    return report;
}

// Sends reports: as a partial result if the client gave a token for that, else as the answer. Takes
// `reports`.
static void send_reports(struct request *request, struct json_object *reports) {
    struct json_object *value = json_object_new_object();
    json_set(value, "items", reports);
    struct json_object *token = json_get(request->params, "partialResultToken");
    if (!token) {
        request->server->feed.workspace = NULL;
        reply_ok(request, value);
        return;
    }
    struct json_object *params = json_object_new_object();
    json_set(params, "token", json_object_get(token));
    json_set(params, "value", value);
    rpc_notify(request->server, SEND_NEEDED, "$/progress", params);
}

static void stop_workspace(struct request *request, void *data) {
    (void)data;
    request->server->feed.workspace = NULL;
}

static struct str previous_result_id(struct json_object *params, struct str uri) {
    struct json_object *list = json_get(params, "previousResultIds");
    for (size_t i = 0; i < json_count(list); i++) {
        if (str_eq(json_get_str(json_at(list, i), "uri"), uri)) {
            return json_get_str(json_at(list, i), "value");
        }
    }
    return STR_NONE;
}

void feed_on_workspace(struct request *request) {
    struct lsp_server *server = request->server;
    if (!server->caps.pull_diagnostics) {
        reply_err(request, RPC_METHOD_NOT_FOUND, "diagnostics are pushed in this session");
        return;
    }
    if (server->feed.workspace) { // the client asks anew: the one it held is over
        struct request *old = server->feed.workspace;
        server->feed.workspace = NULL;
        struct json_object *nothing = json_object_new_object();
        json_set(nothing, "items", json_object_new_array());
        reply_ok(old, nothing);
    }
    request_park(request, stop_workspace, NULL);
    server->feed.workspace = request;
    struct json_object *reports = json_object_new_array();
    for (struct document *at = server->documents.first; at; at = at->next) {
        at->private->watched_hash = 0;
        struct json_object *report =
            at->is_ours ? workspace_report(server, at, previous_result_id(request->params, at->uri))
                        : NULL;
        if (report) {
            json_add(reports, report);
        }
    }
    // A client that knows nothing yet and cannot be told in parts wants an answer, even of none;
    // any other one is told when there is news, else it would ask again every two seconds.
    bool must_answer = !json_has(request->params, "partialResultToken") &&
                       json_count(json_get(request->params, "previousResultIds")) == 0;
    if (json_count(reports) > 0 || must_answer) {
        send_reports(request, reports);
    } else {
        json_object_put(reports);
    }
}

static void tell_workspace(struct lsp_server *server, struct document *document) {
    if (!server->feed.workspace || !document->is_ours) {
        return;
    }
    struct json_object *report = workspace_report(server, document, STR_NONE);
    if (report) {
        struct json_object *reports = json_object_new_array();
        json_add(reports, report);
        send_reports(server->feed.workspace, reports);
    }
}

void feed_advertise(const struct lsp_server *server, struct json_object *capabilities) {
    if (!server->caps.pull_diagnostics) {
        return;
    }
    struct json_object *provider = json_object_new_object();
    json_set_str(provider, "identifier", STR("ollama-ls"));
    json_set_bool(provider, "interFileDependencies", true); // the nearest .env
    json_set_bool(provider, "workspaceDiagnostics", server->caps.pull_workspace);
    json_set(capabilities, "diagnosticProvider", provider);
}

// --- refresh ---

static void on_refreshed(struct lsp_server *server, enum err code, struct json_object *result,
                         void *data) {
    (void)code;
    (void)result;
    (void)data;
    server->feed.is_refresh_sent = false;
    if (server->feed.is_refresh_wanted) {
        lsp_server_wake(server);
    }
}

// After an edit the client asks by itself. Anything else that changed an answer it has to be told.
static void refresh_if_changed(struct lsp_server *server, struct document *document) {
    struct document_private *private = document->private;
    if (private->answered_revision != private->revision) {
        return;
    }
    struct json_object *items = feed_diagnostics(server, document);
    uint64_t hash = str_hash(json_text(items));
    json_object_put(items);
    if (hash != private->published_hash) {
        private->published_hash = hash;
        server->feed.is_refresh_wanted = true;
    }
}

static void send_refresh(struct lsp_server *server) {
    struct diagnostics_feed *feed = &server->feed;
    if (feed->is_refresh_wanted && !feed->is_refresh_sent) {
        feed->is_refresh_sent = true;
        feed->is_refresh_wanted = false;
        rpc_request(server, "workspace/diagnostic/refresh", NULL, REFRESH_LIMIT_MS, on_refreshed,
                    NULL);
    }
}

// --- the end of a turn ---

// The document that was marked first: one parse is finished before the next begins, since half a
// parse holds much memory.
static struct document *next_marked(const struct lsp_server *server) {
    struct document *next = NULL;
    for (struct document *at = server->documents.first; at; at = at->next) {
        if (at->private->is_marked &&
            (!next || at->private->marked_at < next->private->marked_at)) {
            next = at;
        }
    }
    return next;
}

bool feed_end_turn(struct lsp_server *server) {
    struct diagnostics_feed *feed = &server->feed;
    if (server->rpc.state < RPC_READY || server->rpc.state > RPC_RUNNING ||
        !lsp_server_is_settled(server)) {
        return false; // whoever changes that wakes us again
    }
    int64_t deadline = clock_us() + FEED_BUDGET_US;
    struct document *document;
    while (feed->n_marked > 0 && (document = next_marked(server))) {
        int64_t left = deadline - clock_us();
        if (left <= 0 || !document_prepare(server, document, (uint64_t)left)) {
            return true;
        }
        unmark(server, document);
        if (server->caps.pull_diagnostics) {
            answer_waiting(server, document);
            tell_workspace(server, document);
            refresh_if_changed(server, document);
        } else {
            push(server, document);
        }
    }
    if (server->rpc.state == RPC_RUNNING) {
        send_refresh(server);
    }
    documents_trim(server);
    return false;
}
