// SPDX-License-Identifier: MIT
//
// One check of a server of kind openai: its list of models, which is its sign of life too; then,
// where the list says which program answers, what that tells besides. Invariants: nothing is asked
// of a program that did not give itself away; every started check ends through step_ended or
// check_succeeded.
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "ollama/io/call.h"
#include "ollama/io/openai.h"
#include "ollama/io/server_internal.h"

#define LOG_MODULE "server"

enum { LOADING_AGAIN_MS = 2000 }; // llama-server loads its model: soon it can tell more

static void on_models(void *data, const struct call_result *result, struct json_object *answer);
static void on_more(void *data, const struct call_result *result, struct json_object *answer);
static void on_infill(void *data, const struct call_result *result, struct json_object *answer);

static void ask(struct server *server, enum check_step step) {
    struct server_private *p = server->private;
    const struct endpoint *endpoint = &p->endpoint;
    p->step = step;
    server_hold(server);
    if (step == CHECK_MODELS) {
        p->has_asked_tags = true;
        p->call = openai_models(p->http, endpoint, on_models, server);
        p->call->known = str_of(p->tags.text, p->tags.n);
    } else if (step == CHECK_PROPS) {
        p->call = openai_props(p->http, endpoint, on_more, server);
    } else if (step == CHECK_STUDIO) {
        p->call = openai_studio_models(p->http, endpoint, on_more, server);
    } else {
        p->call = openai_infill_probe(p->http, endpoint, on_infill, server);
    }
}

void openai_check_start(struct server *server, bool is_wanted) {
    struct server_private *p = server->private;
    p->ps_due_ms = 0;
    if (is_wanted) { // somebody asks anew: what was refused once may be there now
        p->knowledge.insert = INSERT_UNKNOWN;
    }
    ask(server, CHECK_MODELS);
}

static void succeed(struct server *server) {
    struct server_private *p = server->private;
    p->is_dirty = p->is_dirty || p->built_insert != p->knowledge.insert;
    check_succeeded(server);
}

static void forget_more(struct server_private *p) {
    p->is_dirty = p->is_dirty || p->ps.text;
    answer_clear(&p->ps);
}

static void on_models(void *data, const struct call_result *result, struct json_object *answer) {
    struct server *server = data;
    struct server_private *p = server->private;
    struct str text = p->call ? call_body(p->call) : STR_NONE;
    if (step_ended(server, result)) {
        p->health_ms = clock_ms();
        p->tags_ms = p->health_ms;
        server->latency_us = result->elapsed_us;
        if (answer) { // else it is the one before
            p->program = openai_program_of(answer);
        }
        if (answer_take(&p->tags, text, answer)) {
            p->is_dirty = true;
            p->knowledge.insert = INSERT_UNKNOWN;
        }
        if (p->program == OPENAI_LLAMACPP) {
            ask(server, CHECK_PROPS);
        } else if (p->program == OPENAI_LMSTUDIO) {
            ask(server, CHECK_STUDIO);
        } else {
            forget_more(p);
            take_version(server, STR_NONE);
            succeed(server);
        }
    }
    server_drop(server);
}

// The server is gone, or we are: then the check has failed, else only this step has.
static bool is_over(struct server *server, const struct call_result *result) {
    bool is_gone = result->code == ERR_IO || result->code == ERR_TIMEOUT ||
                   result->code == ERR_CANCELLED || server->private->is_closing;
    if (is_gone) {
        step_ended(server, result);
    }
    server->private->call = NULL;
    return is_gone;
}

static void on_more(void *data, const struct call_result *result, struct json_object *answer) {
    struct server *server = data;
    struct server_private *p = server->private;
    struct str text = p->call ? call_body(p->call) : STR_NONE;
    if (is_over(server, result)) {
        server_drop(server);
        return;
    }
    if (result->code == ERR_OK) {
        p->is_dirty = answer_take(&p->ps, text, answer) || p->is_dirty;
        take_version(server, json_get_str(answer, "build_info"));
    } else {
        LOG_DBG("%.*s", STR_ARG(result->message));
        forget_more(p);
        if (result->remote.status == 503) {
            p->ps_due_ms = clock_ms() + LOADING_AGAIN_MS;
        }
    }
    if (p->program == OPENAI_LLAMACPP && p->knowledge.insert == INSERT_UNKNOWN &&
        result->remote.status != 503) {
        ask(server, CHECK_INFILL);
    } else {
        succeed(server);
    }
    server_drop(server);
}

static void on_infill(void *data, const struct call_result *result, struct json_object *answer) {
    struct server *server = data;
    (void)answer;
    if (!is_over(server, result)) {
        server->private->knowledge.insert =
            openai_infill_verdict(result->remote.status, result->message);
        succeed(server);
    }
    server_drop(server);
}
