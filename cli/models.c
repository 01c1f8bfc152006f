// SPDX-License-Identifier: MIT
//
// `models`: what every configured server has installed and loaded.
#include <getopt.h>
#include <stdio.h>

#include "base/json.h"
#include "base/uri.h"
#include "base/utf.h"
#include "base/vec.h"
#include "cli/cli.h"

static void print_server(struct arena *arena, struct server *server) {
    // A server without a name of its own is called by its URL.
    struct str name = uri_redact(arena, server->name);
    printf("%.*s (%.*s)", STR_ARG(display_escape(arena, name, 0)),
           STR_ARG(uri_redact(arena, server->url)));
    if (server->state != SERVER_OK) {
        printf(": %.*s\n", STR_ARG(display_escape(arena, server->error_message, 0)));
        if (server->error_remedy.n) {
            printf("  try: %.*s\n", STR_ARG(server->error_remedy));
        }
        return;
    }
    const struct catalog *catalog = server_catalog(server);
    printf(": %.*s, %zu model%s\n", STR_ARG(session_server_title(arena, server)),
           catalog->n_models, PLURAL(catalog->n_models));
    for (size_t i = 0; i < catalog->n_models; i++) {
        const struct model *model = &catalog->models[i];
        struct str shown = display_escape(arena, model->name, 0);
        struct str summary = model_summary(arena, model, true);
        printf("  %-40.*s %.*s\n", STR_ARG(shown), STR_ARG(display_escape(arena, summary, 0)));
    }
}

int models_run(int argc, char **argv) {
    enum { OPT_JSON = 1, OPT_HOST };
    static const struct option options[] = {
        {"json", no_argument, NULL, OPT_JSON}, {"host", required_argument, NULL, OPT_HOST}, {0}};
    struct session_options session_options = {0};
    bool json = false;
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case OPT_JSON: json = true; break;
        case OPT_HOST: session_options.host_flag = str_from(optarg); break;
        default: return usage_error("models", "unknown option or missing value");
        }
    }
    if (optind < argc) {
        return usage_error("models", "unexpected \"%s\"", argv[optind]);
    }
    struct arena arena = {0};
    struct cli_session cli;
    cli_session_open(&cli, &session_options, NULL, 0);
    VEC(struct server *) servers = {0};
    struct server *server;
    for (size_t i = 0; (server = session_server_at(cli.session, i)) != NULL; i++) {
        *VEC_PUSH(&arena, &servers) = server;
    }
    cli_session_refresh(&cli, servers.at, servers.n);
    for (size_t i = 0; i < servers.n; i++) {
        const struct catalog *catalog = server_catalog(servers.at[i]);
        for (size_t m = 0; catalog && m < catalog->n_models; m++) {
            if (!catalog->models[m].capabilities_known || catalog->models[m].context_length == 0) {
                server_want_details(servers.at[i], catalog->models[m].name);
            }
        }
    }
    cli_session_settle(&cli);
    if (json) {
        struct json_object *object = session_models(cli.session);
        printf("%.*s\n", STR_ARG(json_text(object)));
        json_object_put(object);
    }
    for (size_t i = 0; i < servers.n && !json; i++) {
        print_server(&arena, servers.at[i]);
    }
    int code = session_default(cli.session)->state == SERVER_OK ? EXIT_FINE : EXIT_FOUND;
    cli_session_close(&cli);
    arena_finish(&arena);
    return code;
}
