// SPDX-License-Identifier: MIT
//
// "Switch to Ollama / MLX / OpenAI-compatible", where the range touches a place that says which
// back end a program uses. An edit, made when somebody asks for actions: nothing is contacted.
#include "lsp/handlers/action_list.h"
#include "session/backend_switch.h"

#define KIND_SWITCH "refactor.rewrite.ollama-ls.switch"
#define TEXT_MAX (64u * 1024) // read whole for each answer, which may take some milliseconds

static void add_switch(struct action_list *list, enum switch_target to, struct str kind,
                       struct config **read) {
    struct request *request = list->request;
    struct document *document = request->document;
    struct switch_input input = {
        .format = document->format,
        .text = text_str(document->text),
        .read = read,
        .to = to,
        .from = list->start,
        .to_end = list->end > 0 ? list->end : 1, // 0 would mean all of the file
    };
    session_switch_fill(request->arena, session_switch_server(request->server->session, to),
                        &input);
    struct switch_plan plan = switch_make_plan(request->arena, &input);
    if (plan.n_edits == 0) {
        return;
    }
    struct json_object *action = json_object_new_object();
    json_set_str(action, "title",
                 arena_printf(request->arena, "Switch to %s", switch_target_title(to)));
    json_set_str(action, "kind", kind);
    json_set(action, "edit",
             document_workspace_edit(request->server, document, plan.edits, plan.n_edits));
    json_add(list->actions, action);
}

void action_list_add_switch(struct action_list *list) {
    struct document *document = list->request->document;
    if (list->is_automatic || !list->request->server->caps.action_literals || !document->is_ours ||
        document->is_too_large || text_str(document->text).n > TEXT_MAX ||
        !switch_may_be_at(text_str(document->text), list->start, list->end)) {
        return;
    }
    struct config *read = NULL;
    for (int to = 0; to < SWITCH_COUNT; to++) {
        struct str kind = arena_printf(list->request->arena, KIND_SWITCH ".%s",
                                       switch_target_name((enum switch_target)to));
        if (action_list_wants(list, kind)) {
            add_switch(list, (enum switch_target)to, kind, &read);
        }
    }
}
