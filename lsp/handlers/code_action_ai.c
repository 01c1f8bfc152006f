// SPDX-License-Identifier: MIT
//
// AI actions in the list of code actions (DESIGN A8). Listing them asks nobody and reads no syntax
// tree: it is done at every move of the cursor. What cannot be done now is listed as disabled with
// the reason where the client shows that, and only when the user asked for actions.
#include "lsp/handlers/action_list.h"

#include "base/utf.h"

#define KIND_QUICKFIX STR("quickfix")
#define TAG_LLM_GENERATED 1
#define LOOKED_AT (256u * 1024) // bytes of a selection; no model takes much more, and it takes time

// A finding of ours says what servers have; no model can know that better.
static bool is_foreign(struct json_object *diagnostic) {
    return json_is(diagnostic, json_type_object) &&
           !str_eq(json_get_str(diagnostic, "source"), STR("ollama-ls"));
}

// Other servers' diagnostics in the request, as they came. Returns owned; NULL: none.
static struct json_object *foreign_diagnostics(const struct action_list *list) {
    struct json_object *given = json_get(list->context, "diagnostics");
    struct json_object *found = NULL;
    for (size_t i = 0; i < json_count(given); i++) {
        if (is_foreign(json_at(given, i))) {
            found = found ? found : json_object_new_array();
            json_add(found, json_object_get(json_at(given, i)));
        }
    }
    return found;
}

// What the command needs of a diagnostic; `data` and the like may be long and stay out.
static struct json_object *for_command(struct json_object *diagnostics) {
    static const char *const members[] = {"range", "severity", "code", "source", "message"};
    struct json_object *list = json_object_new_array();
    for (size_t i = 0; i < json_count(diagnostics); i++) {
        struct json_object *copy = json_object_new_object();
        for (size_t m = 0; m < sizeof(members) / sizeof(members[0]); m++) {
            struct json_object *value = json_get(json_at(diagnostics, i), members[m]);
            if (value) {
                json_set(copy, members[m], json_object_get(value));
            }
        }
        json_add(list, copy);
    }
    return list;
}

// Why it cannot be done here and now; empty: it can.
static struct str obstacle(struct action_list *list, const struct action *action,
                           struct json_object *diagnostics, const struct error *impossible) {
    if (impossible->message.n > 0) {
        return error_text(list->request->arena, impossible->message, impossible->remedy);
    }
    if (action->wants_diagnostics && !diagnostics) {
        return STR("no problem is reported here");
    }
    if (action->wants_instruction) {
        struct document *document = list->request->document;
        struct context_input input = {
            .text = document->text,
            .language = language_detect(document->path, document->language_id),
            .selection = {list->start, list->end},
        };
        if (list->end - list->start > LOOKED_AT) {
            input.selection.end = list->start + LOOKED_AT;
        }
        if (context_instruction(list->request->arena, &input, input.selection, NULL).n == 0) {
            return STR("select a comment that says what to do");
        }
    }
    return STR_NONE;
}

static void add_ai(struct action_list *list, const struct action *action,
                   struct json_object *diagnostics, const struct error *impossible) {
    struct request *request = list->request;
    const struct caps *caps = &request->server->caps;
    struct str reason = obstacle(list, action, diagnostics, impossible);
    if (reason.n > 0 && (!caps->action_disabled || list->is_automatic)) {
        return;
    }
    struct json_object *argument = json_object_new_object();
    json_set_str(argument, "action", action->name);
    json_set_str(argument, "uri", request->document->uri);
    json_set(argument, "range",
             document_range_json(request->server, request->document, list->start, list->end));
    if (action->wants_diagnostics) {
        json_set(argument, "diagnostics", for_command(diagnostics));
    }
    struct str title = arena_printf(request->arena, "%.*s with AI", STR_ARG(action->title));
    struct json_object *object = action_list_add(
        list, title, action->kind, command_object(request->arena, title, "ai", argument));
    if (!object) {
        return;
    }
    if (action->wants_diagnostics && diagnostics) {
        json_set(object, "diagnostics", json_object_get(diagnostics));
    }
    if (caps->action_tag_llm) {
        struct json_object *tags = json_object_new_array();
        json_add(tags, json_object_new_int(TAG_LLM_GENERATED));
        json_set(object, "tags", tags);
    }
    if (reason.n > 0) {
        struct json_object *disabled = json_object_new_object();
        json_set_str(disabled, "reason", display_escape(request->arena, reason, 300));
        json_set(object, "disabled", disabled);
    }
}

static void add_results(struct action_list *list) {
    struct request *request = list->request;
    struct ai_result *results;
    size_t n = ai_results(request->server, request->arena, request->document, list->start,
                          list->end, &results);
    static const char *const verbs[][2] = {{"Accept", "accept"}, {"Reject", "reject"}};
    for (size_t i = 0; i < n; i++) {
        // A client that takes no edits can only forget it; its text was shown.
        for (size_t v = request->server->caps.apply_edit ? 0 : 1; v < 2; v++) {
            struct json_object *argument = json_object_new_object();
            json_set_str(argument, "id", results[i].id);
            struct str title =
                arena_printf(request->arena, "%s: %.*s", verbs[v][0], STR_ARG(results[i].title));
            (void)action_list_add(list, title, KIND_QUICKFIX,
                                  command_object(request->arena, title, verbs[v][1], argument));
        }
    }
}

void action_list_add_ai(struct action_list *list) {
    struct request *request = list->request;
    struct lsp_server *server = request->server;
    struct document *document = request->document;
    if (!document->is_ours || document->is_too_large) {
        return;
    }
    if (action_list_wants(list, KIND_QUICKFIX)) {
        add_results(list);
    }
    if (!session_settings(server->session)->ai.enable) {
        return;
    }
    // Without being asked, and where nothing is selected, only "Fix" is worth the room.
    bool is_brief = json_count(list->only) == 0 && (list->is_automatic || list->start == list->end);
    const struct language *language = language_detect(document->path, document->language_id);
    const struct action_set *set = ai_actions(server);
    struct json_object *diagnostics = foreign_diagnostics(list);
    struct error impossible = {0};
    (void)ai_is_possible(server, request->arena, STR_NONE, &impossible);
    for (size_t i = 0; i < action_set_count(set); i++) {
        const struct action *action = action_set_at(set, i);
        bool is_due = !is_brief || (action->wants_diagnostics && diagnostics);
        if (is_due && action_list_wants(list, action->kind) &&
            action_fits(action, language, document->language_id)) {
            add_ai(list, action, diagnostics, &impossible);
        }
    }
    json_object_put(diagnostics);
}

void action_kinds_ai(struct json_object *kinds) {
    json_add(kinds, json_new_str(STR("refactor.rewrite.ollama-ls")));
    json_add(kinds, json_new_str(STR("ollama-ls.explain")));
}
