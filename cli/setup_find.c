// SPDX-License-Identifier: MIT
//
// The wizard's first step: is Ollama installed, does it run, and where. Other addresses than the
// default server's are asked only if that one is on this machine and silent: the short list of
// session/discover.h, all at once, GET /api/version and nothing else, and each is named.
#include <stdio.h>

#include "base/json.h"
#include "base/uri.h"
#include "base/utf.h"
#include "cli/run_program.h"
#include "cli/setup.h"
#include "session/discover.h"
#include "session/start.h"

#define ASK_MS 2500 // for all of them

struct asking;

struct asked {
    struct asking *asking;
    struct call *call;
    struct str url;
    struct str version; // empty: no Ollama there
};

struct asking {
    struct arena *arena;
    struct asked at[DISCOVER_MAX];
    size_t n;
    size_t open;
    bool is_closed; // the timer
    uv_timer_t timer;
};

static void on_closed(uv_handle_t *handle) {
    ((struct asking *)handle->data)->is_closed = true;
}

static void on_version(void *data, const struct call_result *result, struct json_object *answer) {
    struct asked *asked = data;
    struct asking *asking = asked->asking;
    asked->call = NULL;
    if (result->code == ERR_OK) {
        asked->version = display_escape(
            asking->arena, arena_copy(asking->arena, json_get_str(answer, "version")), 60);
    }
    if (--asking->open == 0) {
        uv_close((uv_handle_t *)&asking->timer, on_closed);
    }
}

static void on_late(uv_timer_t *timer) {
    struct asking *asking = timer->data;
    for (size_t i = 0; i < asking->n; i++) {
        if (asking->at[i].call) {
            call_cancel(asking->at[i].call);
        }
    }
}

static void ask_all(struct setup *setup, struct asking *asking) {
    uv_timer_init(&setup->cli.loop, &asking->timer);
    asking->timer.data = asking;
    uv_timer_start(&asking->timer, on_late, ASK_MS, 0);
    asking->open = asking->n;
    for (size_t i = 0; i < asking->n; i++) {
        struct asked *asked = &asking->at[i];
        struct endpoint endpoint = {.url = asked->url, .no_proxy = true}; // no key, no headers
        asked->asking = asking;
        asked->call =
            ollama_version(session_http(setup->cli.session), &endpoint, on_version, asked);
    }
    if (asking->n == 0) {
        uv_close((uv_handle_t *)&asking->timer, on_closed);
    }
    while (!asking->is_closed) {
        uv_run(&setup->cli.loop, UV_RUN_ONCE);
    }
}

static struct str containers(struct setup *setup) {
    static const char *const names[] = {"docker", "podman"};
    struct str lines = STR_NONE;
    for (size_t i = 0; i < 2 && lines.n == 0; i++) {
        struct str path = find_program(&setup->arena, names[i]);
        if (path.n > 0) {
            char *argv[] = {arena_cstr(&setup->arena, path), (char[]){"ps"}, (char[]){"--format"},
                            (char[]){"{{.Names}}\t{{.Image}}\t{{.Ports}}"}, NULL};
            lines = run_program(&setup->arena, &setup->cli.loop, argv);
        }
    }
    return lines;
}

// The server at `url` becomes the default one of a new session.
static void use(struct setup *setup, struct str url) {
    cli_session_close(&setup->cli);
    setup->options.host_flag = url;
    cli_session_open(&setup->cli, &setup->options, NULL, 0);
    setup->server = session_default(setup->cli.session);
    setup->is_found = true;
    cli_session_refresh(&setup->cli, &setup->server, 1);
}

static bool discover(struct setup *setup) {
    struct discover_input input;
    struct discovered found[DISCOVER_MAX];
    struct asking asking = {.arena = &setup->arena};
    discover_read(&setup->arena, &input);
    input.containers = containers(setup);
    size_t n = discover_candidates(&setup->arena, &input, found);
    for (size_t i = 0; i < n; i++) {
        if (!str_eq(found[i].url, setup->server->url)) { // that one was asked
            found[asking.n] = found[i];
            asking.at[asking.n++].url = found[i].url;
        }
    }
    ask_all(setup, &asking);
    struct str chosen = STR_NONE;
    for (size_t i = 0; i < asking.n; i++) {
        struct str version = asking.at[i].version;
        printf("  %.*s (%.*s): %s%.*s\n", STR_ARG(asking.at[i].url), STR_ARG(found[i].why),
               version.n ? "Ollama " : "no answer", STR_ARG(version));
        chosen = chosen.n == 0 && version.n > 0 ? asking.at[i].url : chosen;
    }
    if (chosen.n > 0) {
        use(setup, chosen);
    }
    return chosen.n > 0 && setup->server->state == SERVER_OK;
}

// --- starting ---

struct awaited {
    bool is_over;
    struct arena *arena;
    struct str failure;
};

static void on_started(void *data, struct str failure) {
    struct awaited *awaited = data;
    awaited->is_over = true;
    awaited->failure = arena_copy(awaited->arena, failure);
}

static int start(struct setup *setup) {
    struct arena *arena = &setup->arena;
    struct str program = display_escape(arena, setup->program, 0);
    struct str question =
        arena_printf(arena, "Ollama is not running. Start %.*s serve?", STR_ARG(program));
    struct str what = arena_printf(arena, "start %.*s serve", STR_ARG(program));
    if (!setup_ask(setup, arena_cstr(arena, question), arena_cstr(arena, what))) {
        if (setup->is_dry) {
            return EXIT_FINE; // the next steps say what they would do
        }
        puts("Start it yourself, then run this again: ollama serve");
        return EXIT_FOUND;
    }
    int code;
    struct awaited awaited = {.arena = arena};
    if (!starting_begin(&setup->cli.loop, setup->cli.session, setup->program, on_started, &awaited,
                        &code)) {
        fprintf(stderr, "ollama-ls setup: %.*s could not be started: %s\n", STR_ARG(program),
                uv_strerror(code));
        return EXIT_FOUND;
    }
    while (!awaited.is_over) {
        uv_run(&setup->cli.loop, UV_RUN_ONCE);
    }
    if (awaited.failure.n > 0) {
        fprintf(stderr, "ollama-ls setup: %.*s\n", STR_ARG(awaited.failure));
        return EXIT_FOUND;
    }
    printf("Ollama is running; it goes on when this ends.\n");
    cli_session_refresh(&setup->cli, &setup->server, 1);
    return EXIT_FINE;
}

static void print_how_to_install(void) {
    puts("Ollama is not installed. Get it from https://ollama.com/download, or");
#if defined(__APPLE__)
    puts("  brew install ollama");
#else
    puts("  curl -fsSL https://ollama.com/install.sh -o install.sh   # read it, then: sh "
         "install.sh");
    puts("  a container: https://hub.docker.com/r/ollama/ollama");
#endif
    puts("Then run this again. A program elsewhere: the setting ollamaPath.");
}

// --- the step ---

static void print_server(struct setup *setup) {
    printf("Server: %.*s, %.*s\n", STR_ARG(uri_redact(&setup->arena, setup->server->url)),
           STR_ARG(session_server_title(&setup->arena, setup->server)));
}

// Of somebody else, or not Ollama: it is taken as it is.
static int take_other(struct setup *setup) {
    struct server *server = setup->server;
    if (server->state != SERVER_OK) {
        printf("Server: %.*s does not answer: %.*s\n",
               STR_ARG(uri_redact(&setup->arena, server->url)),
               STR_ARG(display_escape(&setup->arena, server->error_message, 0)));
        puts(server->kind == SERVER_KIND_OPENAI
                 ? "It is the default server of your settings, of kind openai: start it yourself."
                 : "It is on another machine: start it there.");
        return EXIT_FOUND;
    }
    print_server(setup);
    puts(server->kind == SERVER_KIND_OPENAI
             ? "It is of kind openai: its models are its own, nothing is installed."
             : "It is on another machine: nothing is started or installed there.");
    return EXIT_FINE;
}

int setup_find_server(struct setup *setup) {
    struct arena *arena = &setup->arena;
    setup->server = session_default(setup->cli.session);
    setup->program = ollama_program(arena, session_settings(setup->cli.session)->ollama_path);
    setup->program = arena_copy(arena, setup->program); // sessions come and go
    bool is_local = setup->server->is_loopback && setup->server->kind == SERVER_KIND_OLLAMA;
    cli_session_refresh(&setup->cli, &setup->server, 1);
    if (!is_local) {
        return take_other(setup);
    }
    setup->is_ours = true;
    printf("Program: %.*s\n", STR_ARG(setup->program.n ? display_escape(arena, setup->program, 0)
                                                       : STR("no ollama in PATH")));
    if (setup->server->state == SERVER_OK) {
        print_server(setup);
        return EXIT_FINE;
    }
    printf("Server: %.*s does not answer. Also asking:\n",
           STR_ARG(uri_redact(arena, setup->server->url)));
    if (discover(setup)) {
        print_server(setup);
        return EXIT_FINE;
    }
    if (setup->program.n == 0) {
        print_how_to_install();
        return EXIT_FOUND;
    }
    return start(setup);
}
