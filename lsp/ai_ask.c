// SPDX-License-Identifier: MIT
//
// From the target to the request that is out: which model, what it can take, what it is told. The
// server is asked for what is not known or no longer fresh; what runs there is asked each time,
// because a num_ctx that differs from the running one makes Ollama load the model anew.
#include "lsp/ai_private.h"

#include "assist/budget.h"
#include "assist/prompt.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/uri.h"
#include "lsp/ai_model.h"

enum {
    SURROUNDINGS = 3000, // tokens of context beyond the target that are worth their time
    OVERHEAD = 400,      // tokens of the system prompt, the task and the frame, at first guess
    FIT_ROUNDS = 4,
    DETAILS_MAX = 5,    // models whose details are asked for before one is taken
    LARGE = 256 * 1024, // bytes of a target that no prompt is made of to see that it does not fit
};

// --- which model ---

static struct server *server_of(const struct ai_run *run) {
    return ai_model_server(run->lsp, ROLE_CHOICE_CHAT, run->model_argument);
}

static bool choose(struct ai_run *run, struct server *server) {
    struct arena arena = {0};
    struct choice choice =
        ai_model_choose(run->lsp, &arena, server, ROLE_CHOICE_CHAT, run->model_argument);
    bool is_chosen = choice.name.n > 0;
    if (is_chosen) {
        run->model = arena_copy(&run->arena, choice.name);
        run->server_url = arena_copy(&run->arena, server->url);
        if (choice.model) {
            run->digest = arena_copy(&run->arena, choice.model->digest);
            run->is_remote = choice.model->remote;
            run->context_max = choice.model->context_length;
            run->capabilities = choice.model->capabilities_known ? choice.model->capabilities : 0;
            run->lacks_details = !choice.model->remote && (!choice.model->capabilities_known ||
                                                           choice.model->context_length == 0);
        }
        struct model_name name; // a cloud model need not be in the list
        run->is_remote =
            run->is_remote || (model_name_parse(run->model, MODEL_NAME_INFERENCE, &name, NULL) &&
                               name.source == MODEL_SOURCE_CLOUD);
        run->lacks_details = run->lacks_details && !run->is_remote;
        progress_set_model(run->progress, run->model);
        progress_report(run->progress, run->model, -1);
    } else {
        ai__fail(run, choice.error.message, choice.error.remedy);
    }
    arena_finish(&arena);
    return is_chosen;
}

// --- what it is told ---

static enum generation_think think_of(const struct ai_run *run,
                                      const struct ai_settings *settings) {
    // Ollama refuses it for a model that cannot. Servers of the other kind do not tell which can;
    // one that refuses it is asked again without.
    bool is_told = server_of(run)->kind == SERVER_KIND_OLLAMA;
    if (is_told && !(run->capabilities & CAP_THINKING)) {
        return THINK_DEFAULT;
    }
    return settings->think == AI_THINK_ON    ? THINK_ON
           : settings->think == AI_THINK_OFF ? THINK_OFF
                                             : THINK_DEFAULT;
}

static void make_cleaner(struct ai_run *run, const struct context *context, struct str mark) {
    // Code of a language without a row is no prose, though it has no better row than plain text.
    run->clean_language = *run->language;
    run->clean_language.is_prose =
        run->language->is_prose && text_class_of(run->language, run->language_id) == TEXT_PROSE;
    bool is_put_in = run->action.output == OUTPUT_INSERT;
    struct str text = text_str(run->text);
    struct clean_options options = {
        .mode = run->action.output == OUTPUT_SHOW ? CLEAN_MARKDOWN : CLEAN_CODE,
        .language = &run->clean_language,
        .eol = context->eol,
        .indent = run->placement.indent,
        .unit = context->unit,
        .code = run->action.output == OUTPUT_REPLACE ? context->code : STR_NONE,
        .is_line_start = run->placement.is_line_start,
        .before = is_put_in ? str_slice(text, 0, run->target.start) : STR_NONE,
        .lead = is_put_in ? run->placement.lead : STR_NONE,
        .after = is_put_in ? str_from_index(text, run->target.end) : STR_NONE,
        .tokens = &mark,
        .n_tokens = 1,
    };
    run->cleaner = cleaner_create(&options);
}

static struct prompt_input prompt_input_of(struct ai_run *run, const struct context *context) {
    struct str root = session_root_of(run->lsp->session, run->path);
    return (struct prompt_input){
        .action = &run->action,
        .system = action_set_system(ai_actions(run->lsp)),
        .language = run->language,
        .language_id = run->language_id,
        .text = text_str(run->text),
        .target = run->focus,
        .path = root.n ? path_relative(run->path, root) : path_base(run->path),
        .instruction = run->instruction,
        .context = context,
        .diagnostics = run->diagnostics,
        .n_diagnostics = run->n_diagnostics,
    };
}

// The prompt within the model's context: made, measured, and made again with less around the target
// until it fits. False: not even the target fits; *budget says what would, *size what there is.
static bool make_prompt(struct ai_run *run, struct arena *arena, struct context *context,
                        struct prompt *prompt, struct budget *budget, size_t *size) {
    struct context_input input = ai__context_input(run);
    struct str target = str_slice(text_str(run->text), run->focus.start, run->focus.end);
    size_t target_tokens = tokens_estimate(target);
    size_t base = target_tokens + tokens_estimate(run->instruction) + OVERHEAD;
    struct prompt_input prompt_input = prompt_input_of(run, context);
    struct budget_input wanted = {
        .running = run->context_running,
        .max = run->context_max,
        .num_predict = session_settings(run->lsp->session)->ai.num_predict,
        .needed = (int64_t)base,
        .wanted = (int64_t)base + SURROUNDINGS,
    };
    *budget = budget_for(&wanted);
    *size = base;
    struct str shown = run->has_code ? run->code : target;
    if (shown.n > LARGE && (int64_t)tokens_estimate(shown) > budget->prompt) {
        return false;
    }
    size_t around = SURROUNDINGS;
    if (budget->prompt < wanted.wanted) {
        around = budget->prompt > (int64_t)base ? (size_t)budget->prompt - base : 0;
        run->is_cut = true;
    }
    for (int round = 0; round < FIT_ROUNDS; round++) {
        context_build(arena, &input, run->focus, target_tokens + around, context);
        if (run->has_code) {
            context->code = run->code;
        }
        prompt_build(arena, &prompt_input, prompt);
        if (prompt->is_cut) {
            return false;
        }
        *size = tokens_estimate(prompt->system) + tokens_estimate(prompt->user) + 16;
        wanted.needed = (int64_t)*size;
        wanted.wanted = wanted.needed;
        *budget = budget_for(&wanted);
        if (budget->fits) {
            return true;
        }
        size_t excess = *size - (size_t)budget->prompt;
        if (around == 0) {
            return false;
        }
        run->is_cut = true;
        bool is_last_try = round == FIT_ROUNDS - 2;
        around = around > excess && !is_last_try ? around - excess : 0;
    }
    return false;
}

static void send_request(struct ai_run *run, struct arena *arena, const struct prompt *prompt,
                         const struct budget *budget) {
    struct session *session = run->lsp->session;
    struct server *server = server_of(run);
    const struct ai_settings *settings = &session_settings(session)->ai;
    struct generation_options options = {
        .num_ctx = budget->num_ctx,
        .num_predict = budget->num_predict,
        .has_temperature = settings->has_temperature,
        .temperature = settings->temperature,
        .think = think_of(run, settings),
        .keep_alive = settings->keep_alive,
    };
    struct chat_message messages[] = {{"system", prompt->system}, {"user", prompt->user}};
    struct generation_handlers handlers = {ai__on_frame, ai__on_done, run};
    run->num_predict = budget->num_predict;
    run->stage = AI_WAITING;
    run->asked_ms = clock_ms();
    run->pending++;
    run->server = server;
    server_hold(server);
    run->call = ollama_chat(session_http(session), server_endpoint(server),
                            arena_copy(arena, run->model), messages, 2, &options, &handlers);
    ai__send_begin(run);
    ai__tell_progress(run);
    ai__tick_soon(&run->lsp->ai);
}

static void fail_too_long(struct ai_run *run, const struct prompt *prompt,
                          const struct budget *budget, size_t size) {
    struct arena arena = {0};
    struct str message =
        prompt->is_cut
            ? arena_printf(&arena, "the selection makes a prompt of more than %u MiB",
                           LIMIT_PROMPT / (1024 * 1024))
            : arena_printf(&arena,
                           "the selection makes a prompt of about %zu tokens, %.*s takes %lld "
                           "beside its answer",
                           size, STR_ARG(run->model), (long long)budget->prompt);
    ai__fail(run, message, STR("select less, or choose a model with a longer context"));
    arena_finish(&arena);
}

static void make_request(struct ai_run *run) {
    struct arena arena = {0};
    struct context context = {0};
    struct prompt prompt = {0};
    struct budget budget;
    size_t size;
    if (!make_prompt(run, &arena, &context, &prompt, &budget, &size)) {
        fail_too_long(run, &prompt, &budget, size);
    } else {
        struct context_input input = ai__context_input(run);
        placement_for(&run->arena, &input, run->action.target, run->target, &context,
                      &run->placement);
        run->placement.lead = arena_copy(&run->arena, run->placement.lead);
        make_cleaner(run, &context, prompt.mark);
        send_request(run, &arena, &prompt, &budget);
    }
    arena_finish(&arena);
}

// --- what runs ---

// Settings may change while a server is asked. What holds now decides where the text goes, and if.
static bool is_still_possible(struct ai_run *run) {
    struct arena arena = {0};
    struct error reason = {0};
    bool is_possible = ai_is_possible(run->lsp, &arena, run->model_argument, &reason);
    if (!is_possible) {
        ai__fail(run, reason.message, reason.remedy);
    }
    arena_finish(&arena);
    return is_possible;
}

// One runner serves all names of the same weights, and /api/ps lists it by the one it was loaded
// by.
static bool is_same_model(struct json_object *item, const struct ai_run *run) {
    struct str digest = json_get_str(item, "digest");
    struct model_name wanted;
    struct model_name name;
    return (run->digest.n > 0 && str_ends(digest, run->digest)) ||
           (model_name_parse(run->model, MODEL_NAME_INFERENCE, &wanted, NULL) &&
            model_name_parse(json_get_str(item, "name"), MODEL_NAME_INFERENCE, &name, NULL) &&
            model_name_eq(&name, &wanted));
}

// Tokens; −1: it runs with a context it does not tell, 0: it does not run.
static int64_t running_context(struct json_object *answer, const struct ai_run *run) {
    struct json_object *models = json_get(answer, "models");
    for (size_t i = 0; i < json_count(models); i++) {
        struct json_object *item = json_at(models, i);
        if (is_same_model(item, run)) {
            int64_t context = json_get_int(item, "context_length", 0);
            return context > 0 ? context : -1;
        }
    }
    return 0;
}

static void on_ps(void *data, const struct call_result *result, struct json_object *answer) {
    struct ai_run *run = data;
    struct server *server = run->server;
    run->call = NULL;
    run->server = NULL;
    run->pending--;
    server_drop(server);
    if (run->stage != AI_ASKING) {
        ai__free_if_done(run);
        return;
    }
    if (server != server_of(run)) {
        ai__ask(run);
        return;
    }
    if (!is_still_possible(run)) {
        return;
    }
    if (result->code == ERR_IO || result->code == ERR_TIMEOUT || result->code == ERR_CANCELLED) {
        server_refresh(server_of(run));
        ai__fail(run, result->message, result->remedy);
        return;
    }
    int64_t context = result->code == ERR_OK ? running_context(answer, run) : 0;
    run->is_running = context != 0;
    run->context_running = context > 0 ? context : 0;
    make_request(run);
}

static void ask_ps(struct ai_run *run) {
    struct session *session = run->lsp->session;
    run->server = server_of(run);
    server_hold(run->server);
    run->pending++;
    run->call = ollama_ps(session_http(session), server_endpoint(run->server), on_ps, run);
}

static void go_on(struct ai_run *run, struct server *server);

// What a model can do and take is known now, as far as it can be: perhaps it is not the right one.
static void on_details(void *data, struct server *server) {
    struct ai_run *run = data;
    run->pending--;
    if (run->stage != AI_ASKING) {
        ai__free_if_done(run);
    } else if (server != server_of(run)) {
        ai__ask(run);
    } else {
        go_on(run, server);
    }
}

// Lists of servers before 0.30 tell neither capabilities nor the context length.
static void go_on(struct ai_run *run, struct server *server) {
    if (!choose(run, server)) {
        return;
    }
    if (run->lacks_details && run->details_asked++ < DETAILS_MAX) {
        run->pending++;
        server_details_then(server, run->model, on_details, run);
    } else if (server->kind == SERVER_KIND_OPENAI) {
        run->is_running = true; // as far as can be known: such servers do not tell
        run->context_running = run->context_max;
        make_request(run);
    } else {
        ask_ps(run);
    }
}

// --- what there is ---

static void on_refreshed(void *data, struct server *server) {
    struct ai_run *run = data;
    run->pending--;
    if (run->stage != AI_ASKING) {
        ai__free_if_done(run);
        return;
    }
    if (server != server_of(run)) {
        ai__ask(run); // the settings changed meanwhile
    } else if (server->state != SERVER_OK || !server_catalog(server)) {
        ai__fail(run, server->error_message, server->error_remedy);
    } else {
        go_on(run, server);
    }
}

void ai__ask(struct ai_run *run) {
    struct session *session = run->lsp->session;
    struct server *server = server_of(run);
    if (!is_still_possible(run)) {
        return;
    }
    int64_t age = clock_ms() - server->checked_ms;
    if (server->state == SERVER_OK && server_catalog(server) && !server->stale &&
        age <= session_settings(session)->cache_ttl_ms) {
        go_on(run, server);
        return;
    }
    run->pending++;
    progress_report(run->progress, STR("asking which models there are"), -1);
    server_refresh_then(server, on_refreshed, run);
}
