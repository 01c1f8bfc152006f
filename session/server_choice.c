// SPDX-License-Identifier: MIT
//
// Choosing a server is asking each in turn whether it could do the work; which model would do it
// there is model_choice's business, so both always agree.
#include "session/server_choice.h"

bool server_choice_is_apple_silicon(void) {
#if defined(__APPLE__) && defined(__aarch64__)
    return true;
#else
    return false;
#endif
}

static size_t first_of_kind(const struct server_choice_input *input, enum server_kind kind) {
    for (size_t i = 0; i < input->n; i++) {
        if (input->servers[i].kind == kind) {
            return i;
        }
    }
    return 0;
}

// Of kind openai, and answers; one that was not asked lately may.
static size_t first_answering_openai(const struct server_choice_input *input) {
    for (size_t i = 0; i < input->n; i++) {
        const struct server_candidate *server = &input->servers[i];
        if (server->kind == SERVER_KIND_OPENAI && (!server->is_known || server->is_reachable)) {
            return i;
        }
    }
    return 0;
}

static size_t preferred(const struct server_choice_input *input) {
    if (input->wanted < input->n) {
        return input->wanted;
    }
    if (str_eq(input->backend, STR("auto"))) {
        return input->is_apple_silicon ? first_answering_openai(input) : 0;
    }
    if (str_eq(input->backend, STR("openai"))) {
        return first_of_kind(input, SERVER_KIND_OPENAI);
    }
    if (str_eq(input->backend, STR("ollama"))) {
        return first_of_kind(input, SERVER_KIND_OLLAMA);
    }
    return 0;
}

static bool could(const struct server_choice_input *input, const struct server_candidate *server) {
    struct arena arena = {0};
    struct choice_input choice = {
        .role = input->role,
        .catalog = server->catalog,
        .argument = input->argument,
        .workspace = input->workspace,
        .settings = input->settings,
    };
    bool has_model =
        server->is_reachable && server->catalog && model_choose(&arena, &choice).name.n > 0;
    arena_finish(&arena);
    return has_model;
}

size_t server_choose(const struct server_choice_input *input) {
    size_t first = preferred(input);
    if (!input->fallback) {
        return first;
    }
    for (size_t i = 0; i <= input->n; i++) { // the preferred one, then all in their order
        size_t index = i == 0 ? first : i - 1;
        const struct server_candidate *server = &input->servers[index];
        if (!server->is_known || could(input, server)) {
            return index;
        }
    }
    return first;
}
