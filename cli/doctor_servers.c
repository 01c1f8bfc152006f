// SPDX-License-Identifier: MIT
//
// What is asked of the servers: do they answer, are they new enough, have they the models for what
// is set, and how much context do the running ones have.
#include "base/limits.h"
#include "base/uri.h"
#include "cli/doctor.h"
#include "ollama/core/recommended.h"

// --- servers ---

// Numbers of a version, "0.12.3-rc1" → 0, 12, 3. False: it is none.
static bool parse_version(struct str text, uint64_t out[3]) {
    for (int i = 0; i < 3; i++) {
        struct str part = i < 2 ? str_split(&text, '.') : text;
        size_t n = 0;
        while (n < part.n && char_is_digit(part.p[n])) {
            n++;
        }
        if (!str_to_uint64(str_slice(part, 0, n), &out[i])) {
            return false;
        }
    }
    return true;
}

static bool is_before(const uint64_t version[3], uint64_t major, uint64_t minor, uint64_t patch) {
    return version[0] != major   ? version[0] < major
           : version[1] != minor ? version[1] < minor
                                 : version[2] < patch;
}

// What the server does not know yet; NULL: nothing that matters.
static const char *missing_in(struct str text) {
    uint64_t version[3];
    if (!parse_version(text, version) || (version[0] == 0 && version[1] == 0 && version[2] == 0)) {
        return NULL; // built by hand
    }
    return is_before(version, 0, 1, 38)  ? "which models are loaded, what models can do, thinking"
           : is_before(version, 0, 6, 4) ? "what models can do (capabilities), thinking"
           : is_before(version, 0, 9, 0) ? "switching thinking on and off"
                                         : NULL;
}

static void say_server(struct doctor *doctor, struct server *server, bool is_default) {
    struct arena *arena = &doctor->arena;
    struct str url = uri_redact(arena, server->url);
    if (server->state != SERVER_OK) {
        struct str remedy = server->error_remedy;
        if (remedy.n == 0) {
            remedy = STR("ollama-ls setup");
        }
        doctor_say(doctor, "server", is_default ? DOCTOR_PROBLEM : DOCTOR_WARNING,
                   SAYF(doctor, "%.*s%s does not answer: %.*s", STR_ARG(url),
                        is_default ? " (default)" : "", STR_ARG(server->error_message)),
                   "%.*s", STR_ARG(remedy));
        return;
    }
    struct str text =
        SAYF(doctor, "%.*s%s: %.*s, %lld ms", STR_ARG(url), is_default ? " (default)" : "",
             STR_ARG(session_server_title(arena, server)),
             (long long)((server->latency_us + 999) / 1000));
    const char *missing = server->kind == SERVER_KIND_OLLAMA ? missing_in(server->version) : NULL;
    if (missing) {
        doctor_say(doctor, "server", DOCTOR_WARNING,
                   SAYF(doctor, "%.*s; too old for: %s", STR_ARG(text), missing),
                   "update it: https://ollama.com/download");
    } else {
        doctor_say(doctor, "server", DOCTOR_OK, text, NULL);
    }
}

void doctor_servers(struct doctor *doctor) {
    struct server *servers[LIMIT_SERVERS];
    struct server *server;
    size_t n = 0;
    while (n < LIMIT_SERVERS && (server = session_server_at(doctor->cli.session, n)) != NULL) {
        servers[n++] = server;
    }
    cli_session_refresh(&doctor->cli, servers, n);
    for (size_t i = 0; i < n; i++) {
        say_server(doctor, servers[i], servers[i] == session_default(doctor->cli.session));
        const struct catalog *catalog = server_catalog(servers[i]);
        for (size_t m = 0; catalog && m < catalog->n_models && m < 50; m++) {
            if (!catalog->models[m].capabilities_known || catalog->models[m].context_length == 0) {
                server_want_details(servers[i], catalog->models[m].name);
            }
        }
    }
    cli_session_settle(&doctor->cli);
}

// --- models ---

struct need {
    enum choice_role role;
    const char *check;
    const char *recommended; // role of that table
    const char *use;
};

// The model that is taken for a role. What is not there matters if something is set that needs it.
static void look_at_role(struct doctor *doctor, const struct need *need, bool is_needed) {
    struct arena *arena = &doctor->arena;
    struct session *session = doctor->cli.session;
    struct session_ai_input wanted = {.role = need->role};
    struct server *server = session_ai_server(session, &wanted);
    if (server->state != SERVER_OK) {
        return;
    }
    const struct ai_settings *ai = &session_settings(session)->ai;
    struct choice_input input = {
        .role = need->role,
        .catalog = server_catalog(server),
        .settings = ai->model[need->role],
        .where = uri_redact(arena, server->url),
    };
    struct choice choice = model_choose(arena, &input);
    if (choice.name.n > 0) {
        bool is_remote = choice.model && choice.model->remote;
        doctor_say(doctor, need->check, DOCTOR_OK,
                   SAYF(doctor, "%.*s, for %s%s", STR_ARG(choice.name), need->use,
                        is_remote ? " (remote: text leaves this machine)" : ""),
                   NULL);
        return;
    }
    const struct recommended_model *model =
        recommended_for(str_from(need->recommended), uv_get_total_memory());
    bool is_named = input.settings.n > 0;
    enum doctor_level level = is_needed || is_named ? DOCTOR_WARNING : DOCTOR_OK;
    if (server->kind == SERVER_KIND_OPENAI || is_named || !model) {
        doctor_say(doctor, need->check, level, choice.error.message, "%.*s",
                   STR_ARG(choice.error.remedy));
    } else {
        doctor_say(doctor, need->check, level,
                   SAYF(doctor, "no installed model is fit for %s", need->use),
                   "ollama-ls pull %.*s", STR_ARG(model->name));
    }
}

// More than the server gives a model cannot be sent; what is longer is cut off in silence by
// programs that do not say num_ctx.
static void look_at_running(struct doctor *doctor, const struct catalog *catalog) {
    for (size_t i = 0; i < catalog->n_models; i++) {
        const struct model *model = &catalog->models[i];
        int64_t given = model->running.context_length;
        if (!model->running.loaded || given <= 0) {
            continue;
        }
        struct str text = SAYF(doctor, "%.*s is loaded with num_ctx %lld", STR_ARG(model->name),
                               (long long)given);
        if (model->context_length > given) {
            text = SAYF(doctor,
                        "%.*s of %lld: longer prompts of programs that do not send num_ctx "
                        "are cut (OLLAMA_CONTEXT_LENGTH sets the default)",
                        STR_ARG(text), (long long)model->context_length);
        }
        bool is_too_much = model->context_length > 0 && given > model->context_length;
        if (is_too_much) {
            doctor_say(doctor, "context", DOCTOR_WARNING,
                       SAYF(doctor, "%.*s, more than the %lld it was made for", STR_ARG(text),
                            (long long)model->context_length),
                       "ollama stop %.*s, and num_ctx %lld or less", STR_ARG(model->name),
                       (long long)model->context_length);
        } else {
            doctor_say(doctor, "context", DOCTOR_OK, text, NULL);
        }
    }
}

static void look_at_remote(struct doctor *doctor, const struct catalog *catalog) {
    struct str names = STR_NONE;
    size_t n = 0;
    for (size_t i = 0; i < catalog->n_models; i++) {
        if (catalog->models[i].remote && n++ < 5) {
            names = SAYF(doctor, "%.*s%s%.*s", STR_ARG(names), names.n ? ", " : "",
                         STR_ARG(catalog->models[i].name));
        }
    }
    if (n > 0) {
        doctor_say(doctor, "cloud", DOCTOR_OK,
                   SAYF(doctor,
                        "%zu model%s send text to another machine, and are used only when "
                        "you name them: %.*s",
                        n, n == 1 ? "" : "s", STR_ARG(names)),
                   NULL);
    }
}

void doctor_models(struct doctor *doctor) {
    struct session *session = doctor->cli.session;
    struct server *server = session_default(session);
    const struct catalog *catalog = server->state == SERVER_OK ? server_catalog(server) : NULL;
    const struct ai_settings *ai = &session_settings(session)->ai;
    static const struct need chat = {ROLE_CHOICE_CHAT, "chat model", "chat", "AI actions"};
    static const struct need insert = {ROLE_CHOICE_AUTOCOMPLETE, "insert model", "autocomplete",
                                       "inline completion"};
    static const struct need embed = {ROLE_CHOICE_EMBED, "embedding model", "embed", "embeddings"};
    if (catalog) {
        doctor_say(doctor, "models", DOCTOR_OK,
                   SAYF(doctor, "%zu installed on %.*s", catalog->n_models,
                        STR_ARG(uri_redact(&doctor->arena, server->url))),
                   NULL);
    }
    look_at_role(doctor, &chat, ai->enable);
    look_at_role(doctor, &insert, ai->inline_completion.enable);
    look_at_role(doctor, &embed, false);
    if (catalog) {
        look_at_running(doctor, catalog);
        look_at_remote(doctor, catalog);
    }
}
