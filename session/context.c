// SPDX-License-Identifier: MIT
//
// The bridge from pure analysis to what is known: which server a reference belongs to and what it
// has, the nearest .env, whether a file exists.
#include <stdlib.h>
#include <sys/stat.h>

#include "base/glob.h"
#include "base/limits.h"
#include "base/uri.h"
#include "session/private.h"

static struct server_view view_of(struct session *session, struct arena *arena,
                                  struct server *server) {
    struct server_view view = {
        .kind = server->kind,
        .url = uri_redact(arena, server->url),
        .name = server->name,
        .is_default = server == session_default(session),
        .is_loopback = server->is_loopback,
    };
    if (session->offline) {
        view.kind = session->catalog ? session->catalog->kind : server->kind;
        view.catalog = session->catalog;
        view.verdict = session->catalog ? VERDICT_OK : VERDICT_UNKNOWN;
    } else if (server->state == SERVER_OK && server_catalog(server)) {
        view.catalog = server_catalog(server);
        view.verdict = VERDICT_OK;
    } else if (server->state == SERVER_UNREACHABLE) {
        view.verdict = VERDICT_UNREACHABLE;
    }
    return view;
}

static struct server_view server_of(void *data, const struct reference_host *host) {
    struct session_document *document = data;
    struct resolved resolved =
        session_resolve(document->session, document->arena, document->root, host);
    struct server_view view = {0};
    if (resolved.server) {
        view = view_of(document->session, document->arena, resolved.server);
    } else {
        view.url = uri_redact(document->arena, resolved.canonical);
        view.verdict = resolved.reason == RESOLVED_UNTRUSTED ? VERDICT_UNTRUSTED : VERDICT_UNKNOWN;
    }
    view.kind = host->is_openai ? SERVER_KIND_OPENAI : view.kind;
    view.capped = resolved.capped;
    view.from_file = resolved.reason == RESOLVED_TRUSTED || resolved.reason == RESOLVED_LOOPBACK;
    return view;
}

static struct server_view other_server_with(void *data, const struct model_name *name) {
    struct session_document *document = data;
    struct session *session = document->session;
    for (size_t i = 0; i < session->n_configured && !session->offline; i++) {
        struct server *server = session->configured[i]->server;
        struct catalog *catalog = server_catalog(server);
        bool is_ollama = server->kind == SERVER_KIND_OLLAMA; // "pull it" is the other way out
        if (is_ollama && server->state == SERVER_OK && catalog && catalog_find(catalog, name)) {
            return view_of(session, document->arena, server);
        }
    }
    return (struct server_view){0};
}

static int path_exists(void *data, struct str path) {
    struct session_document *document = data;
    struct stat info;
    if (str_starts(path, STR("~"))) {
        struct str home = str_from(getenv("HOME"));
        if (home.n == 0 || (path.n > 1 && path.p[1] != '/')) {
            return -1; // another user's home
        }
        path = arena_join(document->arena, home, str_from_index(path, 1));
    }
    return stat(arena_cstr(document->arena, path), &info) == 0 ? 1 : 0;
}

void session_finding_context(struct session *session, struct session_document *document,
                             struct finding_context *context) {
    *context = (struct finding_context){
        .server_of = server_of,
        .other_server_with = other_server_with,
        .path_exists = document->directory.n ? path_exists : NULL,
        .data = document,
        .directory = document->directory,
        .severities = session->settings->severities,
        .has_severity = session->settings->has_severity,
        .ignore_models = session->settings->ignore_models,
        .n_ignore_models = session->settings->n_ignore_models,
    };
}

bool session_is_excluded(const struct session *session, struct str path) {
    struct str relative = path_relative(path, session_root_of(session, path));
    for (size_t i = 0; i < session->settings->n_exclude; i++) {
        if (glob_match(session->settings->exclude[i], relative)) {
            return true;
        }
    }
    return false;
}

// A host reference as the host of a model: what the rules of trust take.
struct reference_host session_host_of(const struct reference *reference) {
    if (reference->kind != REF_HOST) {
        return reference->host;
    }
    return (struct reference_host){
        .origin = HOST_ORIGIN_SIBLING,
        .written = reference->text,
        .start = reference->start,
        .end = reference->end,
        .is_container = reference->is_container,
        .published_port = reference->published_port,
    };
}

bool session_asks_server(const struct reference *reference) {
    unsigned never = REF_PLACEHOLDER | REF_EMPTY | REF_QUIET;
    if (reference->kind == REF_MODEL) {
        never |= REF_NEW_NAME | REF_INSTALLS;
    } else if (reference->kind != REF_HOST) {
        return false;
    }
    return !(reference->flags & never);
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

size_t session_servers_of(struct session *session, const struct session_document *document,
                          const struct analysis *analysis, struct server ***servers) {
    server_list list = {0};
    bool has_model = false;
    for (size_t i = 0; i < analysis->n_references; i++) {
        const struct reference *reference = &analysis->references[i];
        if (!session_asks_server(reference)) {
            continue;
        }
        struct reference_host host = session_host_of(reference);
        struct server *server =
            session_resolve(session, document->arena, document->root, &host).server;
        if (server) {
            add_server(document->arena, &list, server);
        }
        has_model = has_model || reference->kind == REF_MODEL;
    }
    for (size_t i = 0; has_model && i < session->n_configured; i++) {
        add_server(document->arena, &list, session->configured[i]->server);
    }
    *servers = list.at;
    return list.n;
}

void session_want_details(struct session *session, struct session_document *document,
                          const struct analysis *analysis) {
    if (session->offline) {
        return;
    }
    for (size_t i = 0; i < analysis->n_references; i++) {
        const struct reference *reference = &analysis->references[i];
        if (reference->kind != REF_MODEL || (reference->flags & (REF_PLACEHOLDER | REF_EMPTY))) {
            continue;
        }
        struct resolved resolved =
            session_resolve(session, document->arena, document->root, &reference->host);
        const struct model *model =
            resolved.server ? catalog_find_written(server_catalog(resolved.server), reference->text)
                            : NULL;
        if (model && (!model->capabilities_known || model->context_length == 0)) {
            server_want_details(resolved.server, model->name);
        }
    }
}

// --- the nearest .env ---

static struct dotenv_cache *cache_entry(struct session *session, struct str path) {
    struct dotenv_cache **last = NULL;
    size_t n = 0;
    for (struct dotenv_cache **it = &session->dotenvs; *it; it = &(*it)->next) {
        if (str_eq(str_from((*it)->path), path)) {
            return *it;
        }
        last = it;
        n++;
    }
    struct dotenv_cache *entry = NULL;
    if (n >= LIMIT_DOTENVS) { // the oldest one makes room
        entry = *last;
        *last = NULL;
        free(entry->path);
        arena_finish(&entry->arena);
        *entry = (struct dotenv_cache){0};
    } else {
        entry = mem_alloc(sizeof(*entry));
    }
    entry->path = mem_strdup(path);
    entry->next = session->dotenvs;
    session->dotenvs = entry;
    return entry;
}

// True if `path` is there; then *entry holds its variables as they are now.
static bool read_dotenv(struct session *session, struct str path, struct dotenv_cache **entry) {
    struct stat info;
    if (stat(path.p, &info) != 0 || !S_ISREG(info.st_mode)) {
        return false;
    }
    struct dotenv_cache *cached = cache_entry(session, path);
    if (cached->seconds != info.st_mtim.tv_sec || cached->nanoseconds != info.st_mtim.tv_nsec ||
        cached->size != info.st_size) {
        struct str text;
        arena_reset(&cached->arena);
        cached->n = 0;
        if (file_read(&cached->arena, path.p, LIMIT_FILE, &text) == ERR_OK) {
            cached->n = dotenv_entries(&cached->arena, text, &cached->entries);
        }
        cached->seconds = info.st_mtim.tv_sec;
        cached->nanoseconds = info.st_mtim.tv_nsec;
        cached->size = info.st_size;
    }
    *entry = cached;
    return true;
}

// An open buffer's variables live in the cache entry too, unkeyed, so they are read anew each time.
static void use_buffer(struct session *session, struct str path, struct str text,
                       struct dotenv_cache **entry) {
    struct dotenv_cache *cached = cache_entry(session, path);
    arena_reset(&cached->arena);
    cached->size = -1;
    cached->n = dotenv_entries(&cached->arena, arena_copy(&cached->arena, text), &cached->entries);
    *entry = cached;
}

size_t session_dotenv(struct session *session, struct str path, session_open_text_fn open_text,
                      void *data, const struct env_entry **entries) {
    struct arena arena = {0};
    struct str root = session_root_of(session, path);
    struct str dir = path_dir(path);
    struct dotenv_cache *found = NULL;
    while (!found) {
        struct str candidate = path_join(&arena, dir, STR(".env"));
        struct str text;
        if (open_text && open_text(data, candidate, &text)) {
            use_buffer(session, candidate, text, &found);
        } else if (!read_dotenv(session, candidate, &found)) {
            if (root.n == 0 || dir.n <= root.n) {
                break;
            }
            dir = path_dir(dir);
        }
    }
    arena_finish(&arena);
    *entries = found ? found->entries : NULL;
    return found ? found->n : 0;
}
