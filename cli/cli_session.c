// SPDX-License-Identifier: MIT
//
// A session for commands that ask servers once and end: the loop is run until the answers are
// there.
#include <stdio.h>

#include "base/arena.h"
#define LOG_MODULE "cli"
#include "base/log.h"
#include "base/utf.h"
#include "cli/cli.h"

void cli_session_problem(void *data, struct str message) {
    (void)data;
    struct arena arena = {0};
    fprintf(stderr, "ollama-ls: %.*s\n", STR_ARG(display_escape(&arena, message, 0)));
    arena_finish(&arena);
}

void cli_session_open(struct cli_session *cli, const struct session_options *options,
                      const struct str *roots, size_t n_roots) {
    struct session_handlers handlers = {.on_problem = cli_session_problem};
    uv_loop_init(&cli->loop);
    cli->session = session_create(&cli->loop, options, &handlers);
    session_set_roots(cli->session, roots, n_roots);
}

void cli_session_close(struct cli_session *cli) {
    session_close(cli->session, NULL, NULL);
    uv_run(&cli->loop, UV_RUN_DEFAULT);
    (void)NEVER(uv_loop_close(&cli->loop) != 0);
}

static void on_checked(void *data, struct server *server) {
    (void)server;
    (*(size_t *)data)--;
}

void cli_session_refresh(struct cli_session *cli, struct server *const *servers, size_t n) {
    size_t open = n;
    for (size_t i = 0; i < n; i++) {
        server_refresh_then(servers[i], on_checked, &open);
    }
    while (open > 0) {
        uv_run(&cli->loop, UV_RUN_ONCE);
    }
}

void cli_session_settle(struct cli_session *cli) {
    struct server *server;
    for (size_t i = 0; (server = session_server_at(cli->session, i)) != NULL; i++) {
        while (server_details_pending(server)) {
            uv_run(&cli->loop, UV_RUN_ONCE);
        }
    }
}
