// SPDX-License-Identifier: MIT
//
// `pull MODEL`: a progress bar on a terminal, plain lines otherwise. Ctrl-C closes the stream;
// Ollama keeps what it has and goes on from there next time.
#include <getopt.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/uri.h"
#include "base/utf.h"
#include "cli/cli.h"

#define BAR_WIDTH 30
#define REPORT_MS 100        // between two drawings of the bar
#define PLAIN_REPORT_MS 5000 // between two plain lines

struct pull {
    struct arena arena;
    struct pull_progress progress;
    struct call *call;
    const char *command;
    uv_signal_t signal;
    bool is_terminal;
    bool is_over; // on_done ran and the signal's handle is closed: it lives in this struct
    enum err result;
    int64_t reported_ms;
    uint64_t last_status; // hash
};

static void print_progress(struct pull *pull, bool final) {
    int64_t now = clock_ms();
    int64_t pause = pull->is_terminal ? REPORT_MS : PLAIN_REPORT_MS;
    uint64_t status_hash = str_hash(pull->progress.status);
    bool new_status = status_hash != pull->last_status;
    if (!final && !new_status && now - pull->reported_ms < pause) {
        return;
    }
    struct arena arena = {0};
    int percent = pull_progress_percent(&pull->progress);
    struct str status = display_escape(&arena, pull->progress.status, 60);
    struct str amount = pull_progress_text(&arena, &pull->progress, now);
    if (percent < 0) {
        printf(pull->is_terminal ? "\r\033[K%.*s" : "%.*s\n", STR_ARG(status));
    } else if (pull->is_terminal) {
        int filled = percent * BAR_WIDTH / 100;
        printf("\r\033[K%3d%% [", percent);
        for (int i = 0; i < BAR_WIDTH; i++) {
            putchar(i < filled ? '#' : '.');
        }
        printf("] %.*s", STR_ARG(amount));
    } else {
        printf("%d%% %.*s (%.*s)\n", percent, STR_ARG(amount), STR_ARG(status));
    }
    if (final && pull->is_terminal) {
        putchar('\n');
    }
    fflush(stdout);
    pull->reported_ms = now;
    pull->last_status = status_hash;
    arena_finish(&arena);
}

static bool on_frame(void *data, struct json_object *frame) {
    struct pull *pull = data;
    struct remote_error error;
    if (pull_progress_feed(&pull->progress, frame, &pull->arena, &error) == ERR_OK) {
        print_progress(pull, pull->progress.success);
    }
    return true;
}

static void on_signal_closed(uv_handle_t *handle) {
    ((struct pull *)handle->data)->is_over = true;
}

static void on_done(void *data, const struct call_result *result) {
    struct pull *pull = data;
    pull->call = NULL;
    pull->result = result->code;
    if (result->code != ERR_OK) {
        struct str message = display_escape(&pull->arena, result->message, 0);
        fprintf(stderr, "%sollama-ls %s: %.*s\n", pull->is_terminal ? "\n" : "", pull->command,
                STR_ARG(message));
        if (result->remedy.n) {
            fprintf(stderr, "Try: %.*s\n",
                    STR_ARG(display_escape(&pull->arena, result->remedy, 0)));
        }
    }
    uv_close((uv_handle_t *)&pull->signal, on_signal_closed);
}

static void on_interrupt(uv_signal_t *handle, int number) {
    struct pull *pull = handle->data;
    (void)number;
    if (pull->call) {
        call_cancel(pull->call);
    }
}

int pull_model(struct cli_session *cli, struct server *server, const char *command,
               struct str model) {
    struct pull pull = {.is_terminal = isatty(STDOUT_FILENO) != 0, .command = command};
    struct stream_handlers handlers = {on_frame, on_done, &pull};
    pull_progress_init(&pull.progress);
    uv_signal_init(&cli->loop, &pull.signal);
    pull.signal.data = &pull;
    uv_signal_start(&pull.signal, on_interrupt, SIGINT);
    pull.call = ollama_pull(session_http(cli->session), server_endpoint(server), model, &handlers);
    while (!pull.is_over) {
        uv_run(&cli->loop, UV_RUN_ONCE);
    }
    if (pull.result == ERR_OK) {
        metrics_add_pull(session_metrics(cli->session), server->url, model);
        printf("%.*s is installed on %.*s\n", STR_ARG(model),
               STR_ARG(uri_redact(&pull.arena, server->url)));
    }
    pull_progress_finish(&pull.progress);
    arena_finish(&pull.arena);
    return pull.result == ERR_OK ? EXIT_FINE : EXIT_FOUND;
}

int pull_run(int argc, char **argv) {
    enum { OPT_HOST = 1 };
    static const struct option options[] = {{"host", required_argument, NULL, OPT_HOST}, {0}};
    struct session_options session_options = {0};
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case OPT_HOST: session_options.host_flag = str_from(optarg); break;
        default: return usage_error("pull", "unknown option or missing value");
        }
    }
    if (optind != argc - 1) {
        return usage_error("pull", "name one model, such as llama3.2:3b");
    }
    struct model_name name;
    struct model_name_problem problem;
    struct str model = str_from(argv[optind]);
    if (!model_name_parse(model, MODEL_NAME_INFERENCE, &name, &problem)) {
        struct arena arena = {0};
        struct str shown = display_escape(&arena, model, 80);
        struct str why = model_name_problem_text(&arena, model, &problem);
        int code =
            usage_error("pull", "\"%.*s\" is not a model name: %.*s", STR_ARG(shown), STR_ARG(why));
        arena_finish(&arena);
        return code;
    }
    struct cli_session cli;
    cli_session_open(&cli, &session_options, NULL, 0);
    int code = pull_model(&cli, session_default(cli.session), "pull", str_trim(model));
    cli_session_close(&cli);
    return code;
}
