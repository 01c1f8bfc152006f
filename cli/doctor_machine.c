// SPDX-License-Identifier: MIT
//
// What is looked at on this machine without asking a server: environment, files, the program.
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/uri.h"
#include "cli/doctor.h"
#include "cli/run_program.h"
#include "ollama/core/library.h"
#include "session/start.h"

#define DISK_LOW ((uint64_t)5 * 1000 * 1000 * 1000) // a small model fits, hardly more

// --- environment ---

static void look_at_ollama_host(struct doctor *doctor) {
    const char *value = getenv("OLLAMA_HOST");
    if (!value || !*value) {
        return;
    }
    struct host host;
    struct arena *arena = &doctor->arena;
    host_parse(str_from(value), &host);
    struct str shown = uri_redact(arena, str_from(value));
    struct str means = uri_redact(arena, host_canonical(arena, str_from(value)));
    struct str text =
        SAYF(doctor, "OLLAMA_HOST=%.*s is read as %.*s", STR_ARG(shown), STR_ARG(means));
    if (!host_scheme_is_http(&host)) {
        doctor_say(doctor, "OLLAMA_HOST", DOCTOR_PROBLEM,
                   SAYF(doctor, "%.*s: no program can use the scheme", STR_ARG(text)),
                   "export OLLAMA_HOST=127.0.0.1:11434");
    } else if (host.bad_port || host.has_userinfo || host.has_query) {
        const char *what = host.bad_port       ? "the port is no number up to 65535"
                           : host.has_userinfo ? "Ollama takes no user name or password there"
                                               : "Ollama takes no ? or # there";
        doctor_say(doctor, "OLLAMA_HOST", DOCTOR_WARNING,
                   SAYF(doctor, "%.*s: %s", STR_ARG(text), what),
                   "export OLLAMA_HOST=127.0.0.1:11434");
    } else if (host.has_scheme && !host.has_port && host_is_loopback(&host)) {
        doctor_say(doctor, "OLLAMA_HOST", DOCTOR_WARNING,
                   SAYF(doctor, "%.*s: a scheme without a port means that scheme's own port",
                        STR_ARG(text)),
                   "export OLLAMA_HOST=%.*s:11434", STR_ARG(host.name));
    } else {
        doctor_say(doctor, "OLLAMA_HOST", DOCTOR_OK,
                   host_is_unspecified(&host)
                       ? SAYF(doctor, "%.*s; a server started with it listens for everybody",
                              STR_ARG(text))
                       : text,
                   NULL);
    }
}

static bool no_proxy_has_loopback(void) {
    static const char *const names[] = {"no_proxy", "NO_PROXY"};
    for (size_t i = 0; i < 2; i++) {
        struct str rest = str_from(getenv(names[i]));
        while (rest.p) {
            struct str entry = str_trim(str_split(&rest, ','));
            if (str_eq(entry, STR("*")) || str_eq(entry, STR("localhost")) ||
                str_starts(entry, STR("127."))) {
                return true;
            }
        }
    }
    return false;
}

static void look_at_proxies(struct doctor *doctor) {
    static const char *const names[] = {"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *value = getenv(names[i]);
        if (value && *value && !no_proxy_has_loopback()) {
            doctor_say(doctor, "proxy", DOCTOR_WARNING,
                       SAYF(doctor,
                            "%s is set, and NO_PROXY does not name localhost: ollama-ls "
                            "goes to loopback directly, other programs may not",
                            names[i]),
                       "export NO_PROXY=localhost,127.0.0.1");
            return;
        }
    }
    doctor_say(doctor, "proxy", DOCTOR_OK, STR("no proxy stands before this machine's own servers"),
               NULL);
}

void doctor_environment(struct doctor *doctor) {
    look_at_ollama_host(doctor);
    look_at_proxies(doctor);
}

// --- files ---

void doctor_state_file(struct doctor *doctor) {
    struct arena *arena = &doctor->arena;
    struct str path = state_default_path(arena);
    struct stat status;
    struct str text;
    struct json_object *root = NULL;
    if (path.n == 0) {
        doctor_say(
            doctor, "state", DOCTOR_WARNING,
            STR("neither XDG_STATE_HOME nor HOME is set: trusted hosts and chosen models are "
                "not remembered"),
            "export HOME=/home/you");
        return;
    }
    if (lstat(path.p, &status) != 0) {
        doctor_say(doctor, "state", DOCTOR_OK, SAYF(doctor, "%.*s is not there yet", STR_ARG(path)),
                   NULL);
        return;
    }
    enum err result = file_read(arena, path.p, LIMIT_SETTINGS_FILE, &text);
    if (result == ERR_OK) {
        result = json_parse(arena, text, &root, NULL);
    }
    bool is_fine = result == ERR_OK && json_is(root, json_type_object);
    json_object_put(root);
    if (!is_fine) {
        doctor_say(doctor, "state", DOCTOR_PROBLEM,
                   SAYF(doctor, "%.*s cannot be read as state (trusted hosts, chosen models)",
                        STR_ARG(path)),
                   "mv %.*s %.*s.broken", STR_ARG(path), STR_ARG(path));
    } else if (stat(path.p, &status) == 0 && (status.st_mode & 0077) != 0) {
        doctor_say(doctor, "state", DOCTOR_WARNING,
                   SAYF(doctor, "%.*s can be read by others (mode %04o)", STR_ARG(path),
                        (unsigned)status.st_mode & 07777),
                   "chmod 600 %.*s", STR_ARG(path));
    } else {
        doctor_say(doctor, "state", DOCTOR_OK, SAYF(doctor, "%.*s", STR_ARG(path)), NULL);
    }
}

static bool is_known_key(struct str key) {
    const char *known;
    for (size_t i = 0; (known = settings_key_at(i)) != NULL; i++) {
        struct str path = str_from(known);
        if (str_eq(path, key) || (str_starts(path, key) && path.p[key.n] == '.') ||
            (str_starts(key, path) && key.p[path.n] == '.')) {
            return true;
        }
    }
    return str_eq(key, STR("$schema"));
}

static void say_unknown(struct doctor *doctor, struct str path, struct str key) {
    struct str words[64];
    size_t n = 0;
    const char *known;
    for (size_t i = 0; (known = settings_key_at(i)) != NULL && n < 64; i++) {
        words[n++] = str_from(known);
    }
    size_t near = suggest_word(key, words, n);
    struct str text =
        SAYF(doctor, "%.*s: there is no setting \"%.*s\"", STR_ARG(path), STR_ARG(key));
    if (near == STR_NPOS) {
        doctor_say(doctor, "settings", DOCTOR_WARNING, text, "remove it, see docs/settings.md");
    } else {
        doctor_say(doctor, "settings", DOCTOR_WARNING, text, "write \"%.*s\"",
                   STR_ARG(words[near]));
    }
}

// Keys that no setting has: they would be passed over in silence. At most ten are told.
static void look_at_keys(struct doctor *doctor, struct str path, size_t *n) {
    struct arena *arena = &doctor->arena;
    struct json_object *root = NULL;
    struct str text;
    if (file_read(arena, arena_cstr(arena, path), LIMIT_SETTINGS_FILE, &text) != ERR_OK ||
        json_parse_relaxed(arena, text, &root, NULL) != ERR_OK ||
        !json_is(root, json_type_object)) {
        json_object_put(root);
        return; // the session has told
    }
    json_object_object_foreach (root, name, value) {
        struct str key = arena_copy(arena, str_from(name));
        bool is_section = str_eq(key, STR("ai")) || str_eq(key, STR("inlineCompletion"));
        if (!is_known_key(key) && (*n)++ < 10) {
            say_unknown(doctor, path, key);
        }
        if (!is_section || !json_is(value, json_type_object)) {
            continue;
        }
        json_object_object_foreach (value, member, ignored) {
            struct str full = arena_printf(arena, "%.*s.%s", STR_ARG(key), member);
            (void)ignored;
            if (!is_known_key(full) && (*n)++ < 10) {
                say_unknown(doctor, path, full);
            }
        }
    }
    json_object_put(root);
}

void doctor_settings(struct doctor *doctor) {
    struct arena *arena = &doctor->arena;
    struct str path = settings_user_path(arena);
    size_t unknown = 0;
    for (size_t i = 0; i < doctor->problems.n; i++) {
        doctor_say(doctor, "settings", DOCTOR_WARNING, doctor->problems.at[i],
                   "see docs/settings.md");
    }
    if (path.n > 0) {
        look_at_keys(doctor, path, &unknown);
    }
    look_at_keys(doctor, str_from(SETTINGS_WORKSPACE_NAME), &unknown);
    if (doctor->problems.n == 0 && unknown == 0) {
        bool is_there = path.n > 0 && access(path.p, F_OK) == 0;
        doctor_say(doctor, "settings", DOCTOR_OK,
                   SAYF(doctor, "%.*s%s", STR_ARG(path), is_there ? "" : " is not there: defaults"),
                   NULL);
    }
}

// --- program and disk ---

// "ollama version is 0.33.0", or "… client version is 0.33.0" where no server answers.
static struct str version_in(struct str text) {
    struct str line;
    while (str_next_line(&text, &line)) {
        size_t at = str_find(line, STR("version is "));
        if (at != STR_NPOS) {
            return str_trim(str_from_index(line, at + 11));
        }
    }
    return STR_NONE;
}

void doctor_program(struct doctor *doctor) {
    struct arena *arena = &doctor->arena;
    struct session *session = doctor->cli.session;
    struct str configured = session_settings(session)->ollama_path;
    struct str program = ollama_program(arena, configured);
    struct server *server = session_default(session);
    bool is_needed =
        server->is_loopback && server->kind == SERVER_KIND_OLLAMA && server->state != SERVER_OK;
    if (program.n > 0) {
        char *argv[] = {arena_cstr(arena, program), (char[]){"--version"}, NULL};
        struct str version = version_in(run_program(arena, &doctor->cli.loop, argv));
        doctor_say(
            doctor, "program", DOCTOR_OK,
            SAYF(doctor, "%.*s%s%.*s", STR_ARG(program), version.n ? ", " : "", STR_ARG(version)),
            NULL);
    } else if (configured.n > 0) {
        doctor_say(doctor, "program", DOCTOR_WARNING,
                   SAYF(doctor, "ollamaPath is %.*s, which is no program with an absolute path",
                        STR_ARG(configured)),
                   "set ollamaPath to the output of: command -v ollama");
    } else {
        doctor_say(doctor, "program", is_needed ? DOCTOR_PROBLEM : DOCTOR_OK,
                   STR("there is no ollama in PATH (relative entries are not looked at)"),
                   is_needed ? "get it from https://ollama.com/download" : NULL);
    }
}

void doctor_disk(struct doctor *doctor) {
    struct arena *arena = &doctor->arena;
    struct server *server = session_default(doctor->cli.session);
    const char *models = getenv("OLLAMA_MODELS");
    const char *home = getenv("HOME");
    struct statvfs disk;
    if (!server->is_loopback || server->kind != SERVER_KIND_OLLAMA || (!models && !home)) {
        return; // its disk is its own
    }
    struct str path = models && *models ? str_from(models)
                                        : path_join(arena, str_from(home), STR(".ollama/models"));
    if (statvfs(arena_cstr(arena, path), &disk) != 0) {
        return; // a service keeps them elsewhere, or there are none yet
    }
    uint64_t free_bytes = (uint64_t)disk.f_bavail * disk.f_frsize;
    struct str size =
        format_size(arena, (int64_t)(free_bytes > INT64_MAX ? INT64_MAX : free_bytes));
    struct str text = SAYF(doctor, "%.*s free for models in %.*s", STR_ARG(size), STR_ARG(path));
    if (free_bytes < DISK_LOW) {
        doctor_say(doctor, "disk", DOCTOR_WARNING, text, "ollama rm MODEL");
    } else {
        doctor_say(doctor, "disk", DOCTOR_OK, text, NULL);
    }
}
