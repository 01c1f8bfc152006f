// SPDX-License-Identifier: MIT
//
// `status`: once, or with --watch again on each change (feeds any status bar).
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/utf.h"
#include "cli/cli.h"

struct watch {
    uv_loop_t loop;
    struct session *session;
    struct interest interest;
    uv_signal_t signals[2];
    uv_timer_t timer; // coalesces changes; at most 4 lines a second (DESIGN A11)
    bool json;
    char *last; // owned: what was printed last
};

#define WATCH_INTERVAL_MS 250

static void print_status(struct json_object *status, bool json) {
    if (json) {
        printf("%.*s\n", STR_ARG(json_text(status)));
    } else {
        struct str state = json_get_str(status, "state");
        struct str message = json_get_str(status, "message");
        printf("%.*s: %.*s\n", STR_ARG(state), STR_ARG(message));
        struct json_object *servers = json_get(status, "servers");
        for (size_t i = 0; i < json_count(servers); i++) {
            struct json_object *server = json_at(servers, i);
            struct str name = json_get_str(server, "name");
            struct str url = json_get_str(server, "url");
            if (json_get_bool(server, "reachable", false)) {
                int64_t n_models = json_get_int(server, "models", 0);
                printf("  %.*s %.*s: %lld model%s, %lld ms\n", STR_ARG(name), STR_ARG(url),
                       (long long)n_models, PLURAL(n_models),
                       (long long)json_get_int(server, "latencyMs", 0));
            } else {
                struct str error = json_get_str(server, "error");
                printf("  %.*s %.*s: not reachable%s%.*s\n", STR_ARG(name), STR_ARG(url),
                       error.n ? ": " : "", STR_ARG(error));
            }
        }
    }
    fflush(stdout);
}

// What counts as a change: all but the ever-moving response time.
static char *comparable(struct json_object *status) {
    struct json_object *copy = NULL;
    if (json_object_deep_copy(status, &copy, NULL) != 0) {
        return mem_strdup(json_text(status));
    }
    struct json_object *servers = json_get(copy, "servers");
    for (size_t i = 0; i < json_count(servers); i++) {
        json_object_object_del(json_at(servers, i), "latencyMs");
    }
    char *text = mem_strdup(json_text(copy));
    json_object_put(copy);
    return text;
}

static void on_timer(uv_timer_t *timer) {
    struct watch *watch = timer->data;
    struct json_object *status = session_status(watch->session, NULL, 0);
    char *now = comparable(status);
    bool settled = !str_eq(json_get_str(status, "state"), STR("starting"));
    if (settled && (!watch->last || strcmp(now, watch->last) != 0)) {
        print_status(status, watch->json);
        free(watch->last);
        watch->last = now;
    } else {
        free(now);
    }
    json_object_put(status);
}

static void on_server(void *data, struct server *server) {
    struct watch *watch = data;
    (void)server;
    if (!uv_is_active((uv_handle_t *)&watch->timer)) {
        uv_timer_start(&watch->timer, on_timer, watch->last ? WATCH_INTERVAL_MS : 0, 0);
    }
}

static void on_signal(uv_signal_t *handle, int number) {
    struct watch *watch = handle->data;
    (void)number;
    session_want(watch->session, &watch->interest, NULL, 0);
    session_close(watch->session, NULL, NULL);
    uv_close((uv_handle_t *)&watch->timer, NULL);
    for (size_t i = 0; i < 2; i++) {
        uv_close((uv_handle_t *)&watch->signals[i], NULL);
    }
}

// At most LIMIT_SERVERS; without documents there are no others.
static size_t configured_servers(struct session *session, struct server **servers) {
    size_t n = 0;
    struct server *server;
    while (n < LIMIT_SERVERS && (server = session_server_at(session, n)) != NULL) {
        servers[n++] = server;
    }
    return n;
}

static int run_watch(const struct session_options *options, bool json) {
    static const int numbers[2] = {SIGINT, SIGTERM};
    struct watch watch = {.json = json};
    struct session_handlers handlers = {on_server, cli_session_problem, &watch};
    uv_loop_init(&watch.loop);
    uv_timer_init(&watch.loop, &watch.timer);
    watch.timer.data = &watch;
    watch.session = session_create(&watch.loop, options, &handlers);
    for (size_t i = 0; i < 2; i++) {
        uv_signal_init(&watch.loop, &watch.signals[i]);
        watch.signals[i].data = &watch;
        uv_signal_start(&watch.signals[i], on_signal, numbers[i]);
    }
    struct server *servers[LIMIT_SERVERS];
    size_t n = configured_servers(watch.session, servers);
    session_want(watch.session, &watch.interest, servers, n);
    uv_run(&watch.loop, UV_RUN_DEFAULT);
    free(watch.last);
    (void)uv_loop_close(&watch.loop);
    return EXIT_FINE;
}

static int run_once(const struct session_options *options, bool json) {
    struct cli_session cli;
    cli_session_open(&cli, options, NULL, 0);
    struct server *servers[LIMIT_SERVERS];
    size_t n = configured_servers(cli.session, servers);
    cli_session_refresh(&cli, servers, n);
    struct json_object *status = session_status(cli.session, NULL, 0);
    print_status(status, json);
    json_object_put(status);
    int code = session_default(cli.session)->state == SERVER_OK ? EXIT_FINE : EXIT_FOUND;
    cli_session_close(&cli);
    return code;
}

// Of all sessions there were; asks no server.
static int run_metrics(struct session_options *options) {
    struct cli_session cli;
    options->offline = true;
    cli_session_open(&cli, options, NULL, 0);
    struct json_object *metrics = session_kept_metrics(cli.session);
    printf("%.*s\n", STR_ARG(json_text(metrics)));
    json_object_put(metrics);
    cli_session_close(&cli);
    return EXIT_FINE;
}

int status_run(int argc, char **argv) {
    enum { OPT_JSON = 1, OPT_WATCH, OPT_HOST, OPT_METRICS };
    static const struct option options[] = {{"json", no_argument, NULL, OPT_JSON},
                                            {"watch", no_argument, NULL, OPT_WATCH},
                                            {"host", required_argument, NULL, OPT_HOST},
                                            {"metrics", no_argument, NULL, OPT_METRICS},
                                            {0}};
    struct session_options session_options = {0};
    bool json = false;
    bool watch = false;
    bool metrics = false;
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case OPT_JSON: json = true; break;
        case OPT_WATCH: watch = true; break;
        case OPT_METRICS: metrics = true; break;
        case OPT_HOST: session_options.host_flag = str_from(optarg); break;
        default: return usage_error("status", "unknown option or missing value");
        }
    }
    if (optind < argc) {
        return usage_error("status", "unexpected \"%s\"", argv[optind]);
    }
    if (metrics && watch) {
        return usage_error("status", "--metrics prints once: leave --watch out");
    }
    if (metrics) {
        return run_metrics(&session_options);
    }
    return watch ? run_watch(&session_options, json) : run_once(&session_options, json);
}
