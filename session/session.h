// SPDX-License-Identifier: MIT
//
// What the language server and the terminal commands share: settings in force, the servers they
// name, which hosts of files may be contacted (DESIGN A4), and the answer to "what is known of the
// server this reference belongs to". Does the I/O that pure analysis must not. Loop thread only.
#pragma once

#include "session/metrics.h"
#include "session/settings.h"
#include "session/state.h"

struct session;

struct session_options {
    struct str host_flag;    // --host; may be empty
    const char *state_path;  // NULL: the default place
    bool offline;            // opens no socket at all; every server is unknown
    struct catalog *catalog; // check --catalog: stands for every server; retained. May be NULL
};

struct session_handlers {
    // A server's state or catalog changed: findings on it are out of date.
    void (*on_server)(void *data, struct server *server);
    // Something to tell the user once (settings problem).
    void (*on_problem)(void *data, struct str message);
    void *data;
};

// Reads the user file. Opens no socket. Returns owned.
struct session *session_create(uv_loop_t *loop, const struct session_options *options,
                               const struct session_handlers *handlers);
// Cancels everything; frees itself when all handles are closed, then calls on_closed (may be NULL).
void session_close(struct session *session, void (*on_closed)(void *data), void *data);

// Replaces one source of settings (borrowed; NULL: absent) and applies the result: servers that
// went are closed, new ones made. `root`s' workspace files are read by session_set_roots.
// `user_grade` matters for SETTINGS_CLIENT only.
void session_set_source(struct session *session, enum settings_source source,
                        struct json_object *value, bool user_grade);
// Workspace folders (absolute, normalised). Reads their .ollama-ls.json; the first folder's wins
// per key.
void session_set_roots(struct session *session, const struct str *roots, size_t n);
// A file changed on disk. If it holds settings that are in force they are read and applied.
enum file_news {
    FILE_NEWS_NONE,      // it is nothing to us
    FILE_NEWS_VARIABLES, // a .env
    FILE_NEWS_SETTINGS,  // the user file, or .ollama-ls.json of a workspace folder
};
enum file_news session_file_changed(struct session *session, struct str path);

const struct settings *
session_settings(const struct session *session); // borrowed until the next change
struct analyzer *
session_analyzer(struct session *session); // borrowed; built from settings on demand
struct state *session_state(struct session *session);
struct http *session_http(struct session *session);       // made on first use; NULL when offline
struct metrics *session_metrics(struct session *session); // of the session's whole life

// The workspace folder that holds `path` (the innermost), or an empty view.
struct str session_root_of(const struct session *session, struct str path);
bool session_is_excluded(const struct session *session, struct str path); // settings exclude[]

// --- servers ---
struct server *session_default(struct session *session);
size_t
session_server_count(const struct session *session); // configured ones first, then files' hosts
struct server *session_server_at(const struct session *session, size_t i);
struct server *session_server_by_url(const struct session *session,
                                     struct str canonical); // or NULL

// May text of documents go there (DESIGN A4.5)? Only to the servers of the settings in force, the
// environment or --host that are of kind "ollama": never to a host that a file names, trusted or
// not.
bool session_may_send_text(const struct session *session, const struct server *server);

enum resolve_reason {
    RESOLVED_DEFAULT,    // no host, or an unmapped container's name
    RESOLVED_CONFIGURED, // equals one of the user's servers
    RESOLVED_TRUSTED,    // trustedHosts or .trustHost
    RESOLVED_LOOPBACK,   // a literal loopback on port 11434 or a configured server's port
    RESOLVED_MAPPED,     // hostMap, or a published port
    RESOLVED_UNTRUSTED,  // not to be contacted: server is NULL
    RESOLVED_UNUSABLE,   // no http(s) host in it: server is NULL
};
struct resolved {
    enum resolve_reason reason;
    struct server *server; // borrowed; NULL if not to be contacted
    struct str canonical;  // URL that was judged; in `arena`
    bool capped;           // a container's name: severity at most information
};
// The host that a reference is about: its own text for REF_HOST, else the host its model belongs
// to.
struct reference_host session_host_of(const struct reference *reference);
// Does a finding on this reference depend on what a server says?
bool session_asks_server(const struct reference *reference);

// Applies the rules of trust. Creates the server object of a trusted host (at most LIMIT_SERVERS)
// but contacts nothing: that is session_want. `root` is the workspace folder of the file.
struct resolved session_resolve(struct session *session, struct arena *arena, struct str root,
                                const struct reference_host *host);

// The servers whose state findings of this file depend on: those its models and hosts resolve to,
// and, if it names a model, the user's other servers (which may have it). Returns their number; the
// array is in document->arena.
struct session_document;
size_t session_servers_of(struct session *session, const struct session_document *document,
                          const struct analysis *analysis, struct server ***servers);

// An open document or a check uses these servers: counted interest (server_interest). Replaces the
// previous set of the same holder; n = 0 drops it.
struct interest {
    struct server **servers; // owned array
    size_t n;
};
void session_want(struct session *session, struct interest *interest, struct server *const *servers,
                  size_t n);

// Fills the pure context of findings_make for a file. `document` keeps what the callbacks need and
// must live as long as the context is used.
struct session_document {
    struct session *session;
    struct str root;
    struct str directory;
    struct arena *arena; // for views
};
void session_finding_context(struct session *session, struct session_document *document,
                             struct finding_context *context);

// Variables of the nearest .env: upward from the file's folder to its workspace folder, outside any
// the file's own folder only. Cached by path and change time. `open_text` (may be NULL) gives the
// text of an open buffer: an open buffer beats the disk. Borrowed until the next loop turn.
typedef bool (*session_open_text_fn)(void *data, struct str path, struct str *text);
size_t session_dotenv(struct session *session, struct str path, session_open_text_fn open_text,
                      void *data, const struct env_entry **entries);

// Asks /api/show for referenced models whose details are missing (server_want_details).
void session_want_details(struct session *session, struct session_document *document,
                          const struct analysis *analysis);

// --- status (DESIGN A11) ---
struct active_job {
    struct str id;
    struct str kind; // "pull", "load", "unload", "delete", or the name of an AI action
    struct str model;
    int64_t tokens;
    bool is_loading; // the answer is held back: its model is being loaded
};
// The status object. Returns owned.
struct json_object *session_status(struct session *session, const struct active_job *jobs,
                                   size_t n_jobs);
// {health, quiescent, message} derived from a status object. Returns owned.
struct json_object *session_server_status(struct json_object *status);
// The object of `models --json`. Returns owned.
struct json_object *session_models(struct session *session);
