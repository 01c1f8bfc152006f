// SPDX-License-Identifier: MIT
//
// The wizard's second step: what is installed, what fits this machine, installing, and a first
// answer with its speed.
#include <stdio.h>

#include "base/clock.h"
#include "base/utf.h"
#include "cli/setup.h"
#include "ollama/core/library.h"
#include "ollama/core/recommended.h"

#define PROMPT "Say hello in one short sentence."
#define ANSWER_TOKENS 64
#define ANSWER_SHOWN 300 // bytes

struct wish {
    const char *role; // of the table
    enum choice_role choice;
    const char *use;
};

static const struct wish wishes[] = {
    {"chat", ROLE_CHOICE_CHAT, "AI actions"},
    {"code", ROLE_CHOICE_CHAT, "AI actions on code"},
    {"autocomplete", ROLE_CHOICE_AUTOCOMPLETE, "inline completion"},
    {"embed", ROLE_CHOICE_EMBED, "embeddings"},
};
#define N_WISHES (sizeof(wishes) / sizeof(wishes[0]))

static struct catalog *catalog_of(const struct setup *setup) {
    return setup->server->state == SERVER_OK ? server_catalog(setup->server) : NULL;
}

// What is installed and would be taken for the role; empty: nothing.
static struct str installed_for(struct setup *setup, enum choice_role role) {
    struct catalog *catalog = catalog_of(setup);
    struct choice_input input = {.role = role, .catalog = catalog};
    return catalog ? arena_copy(&setup->arena, model_choose(&setup->arena, &input).name) : STR_NONE;
}

static bool is_installed(struct setup *setup, struct str model) {
    struct catalog *catalog = catalog_of(setup);
    return catalog && catalog_find_written(catalog, model) != NULL;
}

// " (2.0 GB)" as the library table says, or nothing.
static struct str download_size(struct arena *arena, struct str written) {
    struct model_name name;
    const struct library_model *family = NULL;
    if (model_name_parse(written, MODEL_NAME_INFERENCE, &name, NULL) && !name.has_namespace) {
        family = library_find(name.model);
    }
    for (size_t i = 0; family && i < family->n_tags; i++) {
        struct str tag = name.has_tag ? name.tag : family->latest;
        if (str_eq(family->tags[i].tag, tag) && family->tags[i].size > 0) {
            return arena_printf(arena, " (%.*s)",
                                STR_ARG(format_size(arena, family->tags[i].size)));
        }
    }
    return STR_NONE;
}

static void print_table(struct setup *setup) {
    struct arena *arena = &setup->arena;
    printf("\nThis machine has %.*s of memory. What fits it:\n",
           STR_ARG(format_size(arena, (int64_t)setup->memory)));
    for (size_t i = 0; i < N_WISHES; i++) {
        const struct recommended_model *model =
            recommended_for(str_from(wishes[i].role), setup->memory);
        if (!model) {
            printf("  %-13s nothing of our table\n", wishes[i].role);
            continue;
        }
        struct str size = download_size(arena, model->name);
        bool is_here = is_installed(setup, model->name);
        printf("  %-13s %.*s%.*s  %.*s%s\n", wishes[i].role, STR_ARG(model->name), STR_ARG(size),
               STR_ARG(model->about), is_here ? "  [installed]" : "");
    }
    for (size_t i = 0; i < N_WISHES; i++) {
        struct str here = installed_for(setup, wishes[i].choice);
        if (here.n > 0 && strcmp(wishes[i].role, "code") != 0) {
            printf("Installed for %s: %.*s\n", wishes[i].use,
                   STR_ARG(display_escape(arena, here, 120)));
        }
    }
    putchar('\n');
}

// Asks, and installs. *is_done: it was.
static int install(struct setup *setup, struct str model, const char *use, bool *is_done) {
    struct arena *arena = &setup->arena;
    struct str size = download_size(arena, model);
    struct str what =
        arena_printf(arena, "install %.*s%.*s for %s", STR_ARG(model), STR_ARG(size), use);
    struct str question =
        arena_printf(arena, "Install %.*s%.*s for %s?", STR_ARG(model), STR_ARG(size), use);
    *is_done = false;
    if (!setup_ask(setup, arena_cstr(arena, question), arena_cstr(arena, what))) {
        return EXIT_FINE;
    }
    int code = pull_model(&setup->cli, setup->server, "setup", model);
    if (code == EXIT_FINE) {
        *is_done = true;
        cli_session_refresh(&setup->cli, &setup->server, 1);
    }
    return code;
}

// The model to try: the one that was asked for, or is there, or is installed now.
static int get_chat(struct setup *setup) {
    bool is_done = false;
    setup->chat = setup->model.n > 0 ? setup->model : installed_for(setup, ROLE_CHOICE_CHAT);
    if (setup->chat.n > 0 && (is_installed(setup, setup->chat) || !setup->is_ours)) {
        return EXIT_FINE;
    }
    if (!setup->is_ours) {
        puts("No model there fits chat: name one with --model");
        return EXIT_FOUND;
    }
    if (setup->chat.n == 0) {
        const struct recommended_model *model = recommended_for(STR("chat"), setup->memory);
        if (!model) {
            puts("No model of our table fits this machine; name one with --model");
            return EXIT_FOUND;
        }
        setup->chat = model->name;
    }
    struct model_name name;
    if (!model_name_parse(setup->chat, MODEL_NAME_INFERENCE, &name, NULL)) {
        return usage_error("setup", "\"%.*s\" is not a model name", STR_ARG(setup->chat));
    }
    int code = install(setup, setup->chat, "AI actions", &is_done);
    if (code == EXIT_FINE && !is_done && !setup->is_dry) {
        printf("Later: ollama-ls pull %.*s\n", STR_ARG(setup->chat));
        setup->chat = STR_NONE;
        return EXIT_FOUND;
    }
    return code;
}

// The rest is offered where somebody can choose, and only named otherwise.
static int offer_others(struct setup *setup) {
    for (size_t i = 2; i < N_WISHES; i++) {
        const struct recommended_model *model =
            recommended_for(str_from(wishes[i].role), setup->memory);
        if (!model || installed_for(setup, wishes[i].choice).n > 0) {
            continue;
        }
        if (setup->is_yes || setup->is_dry) {
            printf("For %s, if wanted: ollama-ls pull %.*s\n", wishes[i].use, STR_ARG(model->name));
            continue;
        }
        bool is_done;
        int code = install(setup, model->name, wishes[i].use, &is_done);
        if (code != EXIT_FINE) {
            return code;
        }
        if (is_done && wishes[i].choice == ROLE_CHOICE_AUTOCOMPLETE) {
            setup->autocomplete = model->name;
        }
    }
    return EXIT_FINE;
}

// --- the first answer ---

struct trial {
    struct setup *setup;
    bool is_over;
    struct str text;
    int64_t started_us;
    int64_t first_us; // of the text, 0: none yet
    int code;
};

static bool on_frame(void *data, const struct generation_frame *frame) {
    struct trial *trial = data;
    if ((frame->text.n > 0 || frame->thinking.n > 0) && trial->first_us == 0) {
        trial->first_us = clock_us() - trial->started_us;
    }
    if (frame->text.n > 0 && trial->text.n < ANSWER_SHOWN) {
        trial->text = arena_join(&trial->setup->arena, trial->text, frame->text);
    }
    return true;
}

static void print_speed(const struct trial *trial, const struct call_result *result,
                        const struct generation_end *end) {
    const struct generation_metrics *metrics = &end->metrics;
    int64_t eval_us =
        metrics->eval_us > 0 ? metrics->eval_us : result->elapsed_us - trial->first_us;
    printf("  %lld tokens", (long long)metrics->tokens_out);
    if (metrics->tokens_out > 0 && eval_us > 0) {
        printf(", %.1f tokens/s", (double)metrics->tokens_out * 1e6 / (double)eval_us);
    }
    printf(", first token after %.2f s", (double)trial->first_us / 1e6);
    if (metrics->load_us > 0) {
        printf(" (loading %.2f s)", (double)metrics->load_us / 1e6);
    }
    putchar('\n');
}

static void on_answer(void *data, const struct call_result *result,
                      const struct generation_end *end) {
    struct trial *trial = data;
    struct setup *setup = trial->setup;
    trial->is_over = true;
    metrics_add(session_metrics(setup->cli.session), setup->server->url, setup->chat, result, end);
    if (result->code == ERR_OK) {
        struct str text = display_escape(&setup->arena, str_trim(trial->text), ANSWER_SHOWN);
        printf("  %.*s\n", STR_ARG(text));
        print_speed(trial, result, end);
        return;
    }
    trial->code = EXIT_FOUND;
    fprintf(stderr, "ollama-ls setup: %.*s\n",
            STR_ARG(display_escape(&setup->arena, result->message, 0)));
    if (result->remedy.n > 0) {
        fprintf(stderr, "Try: %.*s\n", STR_ARG(display_escape(&setup->arena, result->remedy, 0)));
    }
}

static int try_model(struct setup *setup) {
    struct trial trial = {.setup = setup, .started_us = clock_us()};
    struct chat_message message = {.role = "user", .content = STR(PROMPT)};
    struct generation_options options = {.num_predict = ANSWER_TOKENS};
    struct generation_handlers handlers = {on_frame, on_answer, &trial};
    printf("Trying %.*s (\"%s\"):\n", STR_ARG(display_escape(&setup->arena, setup->chat, 120)),
           PROMPT);
    fflush(stdout);
    (void)ollama_chat(session_http(setup->cli.session), server_endpoint(setup->server), setup->chat,
                      &message, 1, &options, &handlers);
    while (!trial.is_over) {
        uv_run(&setup->cli.loop, UV_RUN_ONCE);
    }
    return trial.code;
}

int setup_models(struct setup *setup) {
    if (setup->is_ours) {
        print_table(setup);
    }
    int code = get_chat(setup);
    if (code == EXIT_FINE && setup->is_ours) {
        code = offer_others(setup);
    }
    if (code != EXIT_FINE) {
        return code;
    }
    if (setup->is_dry) {
        printf("would try %.*s with \"%s\"\n",
               STR_ARG(display_escape(&setup->arena, setup->chat, 120)), PROMPT);
        return EXIT_FINE;
    }
    return try_model(setup);
}
