// SPDX-License-Identifier: MIT
//
// `check`: the linter. Three steps: walk and analyse on every core (no network), ask the servers
// that references name (one loop), judge and print. Only files with something in them are kept.
#include "cli/check.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/uri.h"
#include "base/utf.h"
#include "base/vec.h"
#include "cli/fix.h"
#include "session/walk.h"

struct check {
    // options
    void (*report)(const struct check_result *);
    bool fix;
    bool offline;
    bool no_ignore;
    const char *catalog_path;
    struct str host;
    struct cli_session cli;
    struct analyzer *analyzer;
    // shared by workers, behind the mutex
    uv_mutex_t mutex;
    struct arena arena;
    VEC(struct checked_file *) files;
    bool failed; // something could not be read
    struct check_result result;
};

static bool wants(void *data, struct str path) {
    (void)data;
    return format_may_matter(path);
}

static bool is_excluded(void *data, struct str absolute) {
    return session_is_excluded(((struct check *)data)->cli.session, absolute);
}

// The nearest .env, copied: the session's cache is not for several threads.
static void set_dotenv(struct check *check, struct checked_file *file) {
    const struct env_entry *entries;
    uv_mutex_lock(&check->mutex);
    size_t n = session_dotenv(check->cli.session, file->absolute, NULL, NULL, &entries);
    struct env_entry *copy = ARENA_ARRAY(&file->arena, n + 1, struct env_entry);
    for (size_t i = 0; i < n; i++) {
        copy[i] = entries[i];
        copy[i].name = arena_copy(&file->arena, entries[i].name);
        copy[i].value = arena_copy(&file->arena, entries[i].value);
    }
    uv_mutex_unlock(&check->mutex);
    file->input.dotenv = copy;
    file->input.n_dotenv = n;
}

// Analyses file->text (already set) into file->analysis.
static void analyse(struct check *check, struct checked_file *file) {
    file->input.text = file->text;
    file->analysis = analyzer_run_once(check->analyzer, &file->arena, &file->input);
}

// What the conventions' file patterns are matched with; a view of `absolute`.
static struct str folder_path(const struct check *check, struct str absolute) {
    struct str root = session_root_of(check->cli.session, absolute);
    return root.n ? path_relative(absolute, root) : absolute;
}

static struct checked_file *file_create(const struct check *check, struct str path,
                                        struct str absolute, enum format format, struct str bytes) {
    struct checked_file *file = mem_alloc(sizeof(*file));
    file->path = arena_copy(&file->arena, path);
    file->absolute = arena_copy(&file->arena, absolute);
    file->root = session_root_of(check->cli.session, absolute);
    file->text = text_create(bytes);
    file->input.path = file->absolute;
    file->input.folder_path = folder_path(check, file->absolute);
    file->input.format = format;
    return file;
}

static void file_destroy(struct checked_file *file) {
    text_release(file->text);
    arena_finish(&file->arena);
    free(file);
}

static void on_file(void *data, unsigned worker, struct str path, struct str absolute,
                    struct str bytes) {
    struct check *check = data;
    (void)worker;
    enum format format = format_detect(path, STR_NONE, str_slice(bytes, 0, FORMAT_HEAD_BYTES));
    if (format == FORMAT_NONE ||
        !analyzer_probe(check->analyzer, format, folder_path(check, absolute), bytes)) {
        return;
    }
    struct checked_file *file = file_create(check, path, absolute, format, bytes);
    set_dotenv(check, file);
    analyse(check, file);
    if (file->analysis->n_references == 0 && format != FORMAT_MODELFILE) {
        file_destroy(file);
        return;
    }
    uv_mutex_lock(&check->mutex);
    *VEC_PUSH(&check->arena, &check->files) = file;
    uv_mutex_unlock(&check->mutex);
}

static void on_error(void *data, struct str path, const char *reason) {
    struct check *check = data;
    uv_mutex_lock(&check->mutex);
    struct str shown = display_escape(&check->arena, path, 0);
    fprintf(stderr, "ollama-ls check: %.*s: %s\n", STR_ARG(shown), reason);
    check->failed = true;
    uv_mutex_unlock(&check->mutex);
}

static int by_path(const void *a, const void *b) {
    const struct checked_file *const *left = a;
    const struct checked_file *const *right = b;
    return str_cmp((*left)->path, (*right)->path);
}

// --- servers ---

static void document_of(struct check *check, struct checked_file *file,
                        struct session_document *document) {
    *document = (struct session_document){
        .session = check->cli.session,
        .root = file->root,
        .directory = path_dir(file->absolute),
        .arena = &file->arena,
    };
}

// Asks every server that a finding may depend on, once; then for missing details.
static void ask_servers(struct check *check) {
    VEC(struct server *) servers = {0};
    for (size_t i = 0; i < check->files.n; i++) {
        struct session_document document;
        struct server **wanted;
        document_of(check, check->files.at[i], &document);
        size_t n = session_servers_of(check->cli.session, &document, check->files.at[i]->analysis,
                                      &wanted);
        for (size_t w = 0; w < n; w++) {
            size_t s = 0;
            while (s < servers.n && servers.at[s] != wanted[w]) {
                s++;
            }
            if (s == servers.n) {
                *VEC_PUSH(&check->arena, &servers) = wanted[w];
            }
        }
    }
    cli_session_refresh(&check->cli, servers.at, servers.n);
    for (size_t i = 0; i < check->files.n; i++) {
        struct session_document document;
        document_of(check, check->files.at[i], &document);
        session_want_details(check->cli.session, &document, check->files.at[i]->analysis);
    }
    cli_session_settle(&check->cli);
}

static void judge(struct check *check, struct checked_file *file) {
    struct session_document *document = ARENA_NEW(&file->arena, struct session_document);
    struct finding_context context;
    document_of(check, file, document);
    session_finding_context(check->cli.session, document, &context);
    file->findings = findings_make(&file->arena, &file->input, file->analysis, &context);
}

// References whose server did not say what it has, by server.
static void collect_unchecked(struct check *check) {
    VEC(struct unchecked_host) hosts = {0};
    for (size_t i = 0; i < check->files.n; i++) {
        struct checked_file *file = check->files.at[i];
        struct session_document document;
        struct finding_context context;
        document_of(check, file, &document);
        session_finding_context(check->cli.session, &document, &context);
        for (size_t r = 0; r < file->analysis->n_references; r++) {
            const struct reference *reference = &file->analysis->references[r];
            if (reference->kind != REF_MODEL || !session_asks_server(reference)) {
                continue;
            }
            struct server_view view = context.server_of(context.data, &reference->host);
            if (view.verdict == VERDICT_OK) {
                continue;
            }
            size_t h = 0;
            while (h < hosts.n && !str_eq(hosts.at[h].host, view.url)) {
                h++;
            }
            if (h == hosts.n) {
                struct unchecked_host *host = VEC_PUSH(&check->arena, &hosts);
                host->host = arena_copy(&check->arena, view.url);
                host->reason = check->offline                      ? STR("offline")
                               : view.verdict == VERDICT_UNTRUSTED ? STR("host not trusted")
                                                                   : STR("no answer");
            }
            hosts.at[h].references++;
        }
    }
    check->result.unchecked = hosts.at;
    check->result.n_unchecked = hosts.n;
}

// --- fixes ---

#define FIX_ROUNDS 4 // an edit may uncover the next finding; overlapping ones wait for a round

static void fix_file(struct check *check, struct checked_file *file, size_t *fixed) {
    for (int round = 0; round < FIX_ROUNDS; round++) {
        struct edit *edits;
        size_t n = findings_certain_edits(&file->arena, &file->findings, &edits);
        if (n == 0) {
            return;
        }
        struct error error = {0};
        struct str bytes;
        if (fix_apply(&file->arena, file->absolute, text_str(file->text), edits, n, &bytes,
                      &error) != ERR_OK) {
            on_error(check, file->path, arena_cstr(&file->arena, error.message));
            return;
        }
        *fixed += n;
        text_release(file->text);
        file->text = text_create(bytes);
        analyse(check, file);
        judge(check, file);
    }
}

struct check_counts check_count(const struct check_result *result) {
    struct check_counts counts = {0};
    for (size_t i = 0; i < result->n_files; i++) {
        for (size_t f = 0; f < result->files[i]->findings.n; f++) {
            enum severity severity = result->files[i]->findings.at[f].severity;
            if (severity_reaches(severity, result->threshold)) {
                counts.by_severity[severity]++;
            }
        }
    }
    return counts;
}

// --- the command ---

static int summarise(struct check *check, size_t fixed) {
    struct check_counts counts = check_count(&check->result);
    size_t total = 0;
    for (int i = SEVERITY_ERROR; i <= SEVERITY_HINT; i++) {
        total += counts.by_severity[i];
    }
    fflush(stdout); // the summary comes last, also where both go to one place
    for (size_t i = 0; i < check->result.n_unchecked; i++) {
        const struct unchecked_host *host = &check->result.unchecked[i];
        fprintf(stderr, "%zu reference%s on %.*s not checked (%.*s)\n", host->references,
                host->references == 1 ? "" : "s", STR_ARG(host->host), STR_ARG(host->reason));
    }
    if (fixed) {
        fprintf(stderr, "%zu edit%s applied\n", fixed, fixed == 1 ? "" : "s");
    }
    fprintf(stderr, "%zu files checked: %zu errors, %zu warnings, %zu informations, %zu hints\n",
            check->result.visited, counts.by_severity[SEVERITY_ERROR],
            counts.by_severity[SEVERITY_WARNING], counts.by_severity[SEVERITY_INFORMATION],
            counts.by_severity[SEVERITY_HINT]);
    return check->failed ? EXIT_USAGE : total ? EXIT_FOUND : EXIT_FINE;
}

static int run(struct check *check, const char *const *paths, size_t n_paths) {
    struct walk_options walk = {
        .no_ignore = check->no_ignore,
        .wants = wants,
        .on_file = on_file,
        .on_error = on_error,
        .is_excluded = session_settings(check->cli.session)->n_exclude ? is_excluded : NULL,
        .data = check,
    };
    check->result.visited = walk_run(paths, n_paths, &walk);
    if (check->files.n) {
        qsort(check->files.at, check->files.n, sizeof(*check->files.at), by_path);
    }
    if (!check->offline && check->files.n) {
        ask_servers(check);
    }
    size_t fixed = 0;
    for (size_t i = 0; i < check->files.n; i++) {
        judge(check, check->files.at[i]);
        if (check->fix) {
            fix_file(check, check->files.at[i], &fixed);
        }
    }
    collect_unchecked(check);
    check->result.files = check->files.at;
    check->result.n_files = check->files.n;
    check->report(&check->result);
    return summarise(check, fixed);
}

static bool parse_format(const char *word, struct check *check) {
    static const struct {
        const char *name;
        void (*report)(const struct check_result *);
    } formats[] = {{"text", report_text},
                   {"json", report_json},
                   {"sarif", report_sarif},
                   {"github", report_github}};
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        if (strcmp(word, formats[i].name) == 0) {
            check->report = formats[i].report;
            return true;
        }
    }
    return false;
}

// EXIT_FINE, or EXIT_USAGE when it has been told.
static int parse_options(int argc, char **argv, struct check *check) {
    enum { FORMAT = 1, FIX, OFFLINE, CATALOG, HOST, SEVERITY, NO_IGNORE };
    static const struct option options[] = {{"format", required_argument, NULL, FORMAT},
                                            {"fix", no_argument, NULL, FIX},
                                            {"offline", no_argument, NULL, OFFLINE},
                                            {"catalog", required_argument, NULL, CATALOG},
                                            {"host", required_argument, NULL, HOST},
                                            {"severity", required_argument, NULL, SEVERITY},
                                            {"no-ignore", no_argument, NULL, NO_IGNORE},
                                            {0}};
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case FORMAT:
            if (!parse_format(optarg, check)) {
                return usage_error("check", "--format must be text, json, sarif or github");
            }
            break;
        case FIX: check->fix = true; break;
        case OFFLINE: check->offline = true; break;
        case CATALOG: check->catalog_path = optarg; break;
        case HOST: check->host = str_from(optarg); break;
        case SEVERITY:
            if (!severity_parse(str_from(optarg), &check->result.threshold) ||
                check->result.threshold == SEVERITY_OFF) {
                return usage_error("check",
                                   "--severity must be error, warning, information or hint");
            }
            break;
        case NO_IGNORE: check->no_ignore = true; break;
        default: return usage_error("check", "unknown option or missing value");
        }
    }
    return EXIT_FINE;
}

// EXIT_FINE, with *catalog NULL where the file leaves open what is installed. Else EXIT_USAGE. What
// there is to say goes to stderr.
static int read_catalog(struct check *check, struct catalog **catalog) {
    struct error error = {0};
    struct str text;
    *catalog = NULL;
    enum err result = file_read(&check->arena, check->catalog_path, LIMIT_CATALOG_FILE, &text);
    if (result != ERR_OK) {
        (void)error_set(&error, &check->arena, result, "it cannot be read (%s)", err_name(result));
    } else {
        *catalog = catalog_from_file(text, &check->arena, &error);
    }
    if (!*catalog) {
        fprintf(stderr, "ollama-ls check: --catalog %s: %.*s\n", check->catalog_path,
                STR_ARG(error.message));
    }
    bool leaves_open = result == ERR_OK && error.code == ERR_NOT_FOUND;
    return *catalog || leaves_open ? EXIT_FINE : EXIT_USAGE;
}

// The folder that a given path stands for: itself or its parent, absolute; empty if it is not
// there.
static struct str root_of_path(struct arena *arena, const char *given) {
    struct stat info;
    char *real = realpath(given, NULL);
    struct str path = arena_copy(arena, str_from(real));
    bool is_there = real && stat(real, &info) == 0;
    free(real);
    if (!is_there) {
        return STR_NONE;
    }
    return S_ISDIR(info.st_mode) ? path : path_dir(path);
}

// The workspace: the working folder, and what is given outside of it or has settings of its own.
static void open_session(struct check *check, struct catalog *catalog, const char *const *paths,
                         size_t n) {
    struct session_options options = {
        .host_flag = check->host,
        .offline = check->offline,
        .catalog = catalog,
    };
    VEC(struct str) roots = {0};
    char *here = realpath(".", NULL);
    struct str cwd = arena_copy(&check->arena, str_from(here));
    free(here);
    if (cwd.n) {
        *VEC_PUSH(&check->arena, &roots) = cwd;
    }
    for (size_t i = 0; i < n; i++) {
        struct str root = root_of_path(&check->arena, paths[i]);
        struct str settings = path_join(&check->arena, root, str_from(SETTINGS_WORKSPACE_NAME));
        bool is_own = root.n && (cwd.n == 0 || !path_is_within(root, cwd) ||
                                 (!str_eq(root, cwd) && access(settings.p, R_OK) == 0));
        if (is_own) {
            *VEC_PUSH(&check->arena, &roots) = root;
        }
    }
    cli_session_open(&check->cli, &options, roots.at, roots.n);
    check->analyzer = analyzer_retain(session_analyzer(check->cli.session));
}

int check_run(int argc, char **argv) {
    static const char *const here[] = {"."};
    struct check check = {.report = report_text, .result = {.threshold = SEVERITY_WARNING}};
    int code = parse_options(argc, argv, &check);
    if (code != EXIT_FINE) {
        return code;
    }
    struct catalog *catalog = NULL;
    if (check.catalog_path && (code = read_catalog(&check, &catalog)) != EXIT_FINE) {
        arena_finish(&check.arena);
        return code;
    }
    // A list of what is installed stands for every server: nothing needs to be asked.
    check.offline = check.offline || check.catalog_path;
    bool given = optind < argc;
    const char *const *paths = given ? (const char *const *)argv + optind : here;
    size_t n_paths = given ? (size_t)(argc - optind) : 1;
    open_session(&check, catalog, paths, n_paths);
    uv_mutex_init(&check.mutex);
    code = run(&check, paths, n_paths);
    for (size_t i = 0; i < check.files.n; i++) {
        file_destroy(check.files.at[i]);
    }
    uv_mutex_destroy(&check.mutex);
    analyzer_release(check.analyzer);
    cli_session_close(&check.cli);
    catalog_release(catalog);
    arena_finish(&check.arena);
    return code;
}
