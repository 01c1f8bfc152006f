// SPDX-License-Identifier: MIT
//
// `switch`: another back end for a file of variables or settings, in place. What to change is
// diagnostics/switch.c's business; here the server that is meant is found, the change shown, and
// the file written, if it is still the one that was read.
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/limits.h"
#include "base/uri.h"
#include "base/utf.h"
#include "base/vec.h"
#include "cli/cli.h"
#include "cli/fix.h"
#include "cli/show_diff.h"
#include "session/backend_switch.h"

struct switching {
    struct arena arena;
    struct cli_session cli;
    const char *path;
    bool has_target;
    enum switch_target to;
    struct str model;
    bool is_auto;
    bool is_dry;
    enum format format;
    struct str text;
    struct server *server; // of the target; NULL: none is configured
};

static int refuse(struct switching *s, const char *why) {
    struct str shown = display_escape(&s->arena, str_from(s->path), 0);
    fprintf(stderr, "ollama-ls switch: %.*s: %s\n", STR_ARG(shown), why);
    return EXIT_USAGE;
}

static int read_text(struct switching *s) {
    switch (file_read(&s->arena, s->path, LIMIT_FILE, &s->text)) {
    case ERR_OK: break;
    case ERR_NOT_FOUND: return refuse(s, "there is no such file");
    case ERR_LIMIT: return refuse(s, "it is too large (over 4 MiB)");
    default: return refuse(s, "it cannot be read, or is no regular file");
    }
    struct str head = str_slice(s->text, 0, FORMAT_HEAD_BYTES);
    s->format = format_detect(str_from(s->path), STR_NONE, head);
    switch (s->format) {
    case FORMAT_DOTENV:
    case FORMAT_SHELL:
    case FORMAT_YAML:
    case FORMAT_JSON:
    case FORMAT_TOML: break;
    default:
        return refuse(s, "it is no file that can be switched: variables (.env, shell), YAML, JSON "
                         "or TOML");
    }
    return str_find_char(s->text, '\0') == STR_NPOS ? EXIT_FINE : refuse(s, "it is binary");
}

// --- which server ---

static size_t configured(struct session *session, struct server **servers) {
    size_t n = 0;
    struct server *server;
    while (n < LIMIT_SERVERS && (server = session_server_at(session, n)) != NULL) {
        servers[n++] = server;
    }
    return n;
}

static enum switch_target target_of(struct session *session, const struct server *server) {
    if (server->kind == SERVER_KIND_OLLAMA) {
        return SWITCH_OLLAMA;
    }
    return session_switch_server(session, SWITCH_MLX) == server ? SWITCH_MLX : SWITCH_OPENAI;
}

// By platform, as `backend: "auto"` (server_choice.h); where that server does not answer, the first
// that does. A back end that is wished for goes first. NULL: nothing answers.
static struct server *choose_server(struct switching *s) {
    struct session *session = s->cli.session;
    struct server *servers[LIMIT_SERVERS];
    struct server_candidate candidates[LIMIT_SERVERS];
    size_t n = configured(session, servers);
    cli_session_refresh(&s->cli, servers, n);
    for (size_t i = 0; i < n; i++) {
        candidates[i] = (struct server_candidate){
            .kind = servers[i]->kind,
            .is_known = true,
            .is_reachable = servers[i]->state == SERVER_OK,
            .catalog = server_catalog(servers[i]),
        };
    }
    struct server_choice_input input = {
        .servers = candidates,
        .n = n,
        .wanted = SIZE_MAX,
        .backend = STR("auto"),
        .is_apple_silicon = server_choice_is_apple_silicon(),
    };
    struct server *wished = s->has_target ? session_switch_server(session, s->to) : NULL;
    struct server *chosen = servers[server_choose(&input)];
    if (wished && wished->state == SERVER_OK) {
        return wished;
    }
    for (size_t i = 0; i < n && chosen->state != SERVER_OK; i++) {
        chosen = servers[i];
    }
    return chosen->state == SERVER_OK ? chosen : NULL;
}

static int find_target(struct switching *s) {
    if (s->is_auto) {
        s->server = choose_server(s);
        if (!s->server) {
            fputs("ollama-ls switch: no server answers, so --auto cannot choose; see: ollama-ls "
                  "doctor\n",
                  stderr);
            return EXIT_FOUND;
        }
        s->to = target_of(s->cli.session, s->server);
        return EXIT_FINE;
    }
    s->server = session_switch_server(s->cli.session, s->to);
    if (s->server && s->model.n == 0) { // its models are needed
        cli_session_refresh(&s->cli, &s->server, 1);
    }
    return EXIT_FINE;
}

// --- the change ---

static int write_change(struct switching *s, const struct switch_plan *plan) {
    struct error error = {0};
    struct stat status;
    struct str out;
    // Renaming would get round the permission: what is not to be written is left alone.
    if (stat(s->path, &status) == 0 && (status.st_mode & 0222) == 0) {
        return refuse(s, "it is read-only and left alone");
    }
    if (fix_apply(&s->arena, str_from(s->path), s->text, plan->edits, plan->n_edits, &out,
                  &error) != ERR_OK) {
        return refuse(s, arena_cstr(&s->arena, display_escape(&s->arena, error.message, 0)));
    }
    return EXIT_FINE;
}

static int change(struct switching *s) {
    struct switch_input input = {
        .format = s->format, .text = s->text, .to = s->to, .model = s->model};
    session_switch_fill(&s->arena, s->server, &input);
    struct switch_plan plan = switch_make_plan(&s->arena, &input);
    struct str shown = display_escape(&s->arena, str_from(s->path), 0);
    for (size_t i = 0; i < plan.n_notes; i++) {
        struct str note = diff_line(&s->arena, plan.notes[i]);
        fprintf(stderr, "note: %.*s\n", STR_ARG(note));
    }
    if (plan.n_places == 0) {
        fprintf(stderr, "ollama-ls switch: %.*s names no back end that could be switched\n",
                STR_ARG(shown));
        return EXIT_FOUND;
    }
    if (plan.n_edits == 0) {
        printf("%.*s: nothing to change, it is %s already\n", STR_ARG(shown),
               switch_target_title(s->to));
        return EXIT_FINE;
    }
    struct str after = edits_apply(&s->arena, s->text, plan.edits, plan.n_edits);
    show_diff(&s->arena, str_from(s->path), s->text, after);
    fflush(stdout);
    int code = s->is_dry ? EXIT_FINE : write_change(s, &plan);
    if (code == EXIT_FINE) {
        fprintf(stderr, "%.*s: %s %s\n", STR_ARG(shown),
                s->is_dry ? "would be switched to" : "switched to", switch_target_title(s->to));
    }
    return code;
}

static int check_model(struct switching *s) {
    struct model_name name;
    bool is_fine = switch_is_writable(s->model) && s->model.n <= LIMIT_NAME;
    if (is_fine && s->has_target && s->to == SWITCH_OLLAMA) {
        is_fine = model_name_parse(s->model, MODEL_NAME_INFERENCE, &name, NULL);
    }
    if (is_fine) {
        return EXIT_FINE;
    }
    struct str shown = display_escape(&s->arena, s->model, 80);
    return usage_error("switch", "\"%.*s\" is not a model name", STR_ARG(shown));
}

static int parse_options(int argc, char **argv, struct switching *s) {
    enum { TO = 1, MODEL, AUTO, DRY_RUN };
    static const struct option options[] = {{"to", required_argument, NULL, TO},
                                            {"model", required_argument, NULL, MODEL},
                                            {"auto", no_argument, NULL, AUTO},
                                            {"dry-run", no_argument, NULL, DRY_RUN},
                                            {0}};
    int option;
    bool has_model = false;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case TO:
            s->has_target = switch_target_parse(str_from(optarg), &s->to);
            if (!s->has_target) {
                return usage_error("switch", "--to must be ollama, mlx or openai");
            }
            break;
        case MODEL:
            s->model = str_from(optarg);
            has_model = true;
            break;
        case AUTO: s->is_auto = true; break;
        case DRY_RUN: s->is_dry = true; break;
        default: return usage_error("switch", "unknown option or missing value");
        }
    }
    if (optind != argc - 1) {
        return usage_error("switch", "name one file");
    }
    if (!s->has_target && !s->is_auto) {
        return usage_error("switch", "say where: --to ollama, mlx or openai, or --auto");
    }
    s->path = argv[optind];
    return has_model ? check_model(s) : EXIT_FINE;
}

int switch_run(int argc, char **argv) {
    struct switching s = {0};
    int code = parse_options(argc, argv, &s);
    if (code == EXIT_FINE) {
        code = read_text(&s);
    }
    if (code == EXIT_FINE) {
        struct session_options options = {0};
        cli_session_open(&s.cli, &options, NULL, 0);
        code = find_target(&s);
        if (code == EXIT_FINE) {
            code = change(&s);
        }
        cli_session_close(&s.cli);
    }
    arena_finish(&s.arena);
    return code;
}
