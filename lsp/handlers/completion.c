// SPDX-License-Identifier: MIT
//
// textDocument/completion and completionItem/resolve (DESIGN A6). Works on cached state alone: it
// never waits for a server. What stands at the cursor decides which list is built.
#include "lsp/handlers/completion.h"

#include "base/limits.h"
#include "base/utf.h"

// The range as the text it will be sent as: it stands in every item of the list, and json-c would
// print its numbers anew each time.
static struct json_object *frozen_range(struct request *request, struct document *document,
                                        size_t start, size_t end) {
    struct json_object *range = document_range_json(request->server, document, start, end);
    char *text = mem_strdup(json_text(range));
    json_object_set_serializer(range, json_object_userdata_to_json_string, text,
                               json_object_free_userdata);
    return range;
}

void completion_init(struct completion *completion, struct request *request,
                     struct document *document, size_t start, size_t cursor, size_t end) {
    struct str bytes = text_str(document->text);
    *completion = (struct completion){
        .request = request,
        .document = document,
        .start = start,
        .cursor = cursor,
        .end = end,
        .typed = str_slice(bytes, start, cursor),
        .items = json_object_new_array(),
        .insert_range = frozen_range(request, document, start, cursor),
        .replace_range = frozen_range(request, document, start, end),
    };
}

bool completion_fits(const struct completion *completion, struct str text) {
    return str_isubsequence(text, completion->typed);
}

unsigned completion_rank(const struct completion *completion, struct str text) {
    size_t at = str_ifind(text, completion->typed);
    return at == 0 ? 0 : at != STR_NPOS ? 1 : 2;
}

static void set_edit(const struct completion *completion, struct json_object *object,
                     struct str text) {
    struct json_object *edit = json_object_new_object();
    json_set_str(edit, "newText", text);
    // At the end of the word both ranges are one: the short form is right for every client.
    if (completion->request->server->caps.completion_insert_replace &&
        completion->cursor < completion->end) {
        json_set(edit, "insert", json_object_get(completion->insert_range));
        json_set(edit, "replace", json_object_get(completion->replace_range));
    } else {
        json_set(edit, "range", json_object_get(completion->replace_range));
    }
    json_set(object, "textEdit", edit);
}

static void set_documentation(const struct caps *caps, struct json_object *object,
                              struct str markdown) {
    if (caps->completion_markdown) {
        struct json_object *markup = json_object_new_object();
        json_set_str(markup, "kind", STR("markdown"));
        json_set_str(markup, "value", markdown);
        json_set(object, "documentation", markup);
    } else {
        json_set_str(object, "documentation", markdown);
    }
}

static void set_label_details(struct json_object *object, const struct completion_item *item) {
    struct json_object *details = json_object_new_object();
    if (item->size.n) {
        json_set_str(details, "detail", item->size);
    }
    if (item->description.n) {
        json_set_str(details, "description", item->description);
    }
    json_set(object, "labelDetails", details);
}

bool completion_add(struct completion *completion, const struct completion_item *item) {
    const struct caps *caps = &completion->request->server->caps;
    struct arena *arena = completion->request->arena;
    struct str text = arena_join(arena, completion->prefix, item->label);
    if (!completion_fits(completion, text)) {
        json_object_put(item->data);
        json_object_put(item->command);
        return true;
    }
    if (completion->n >= LIMIT_COMPLETIONS) {
        completion->cut = true;
        json_object_put(item->data);
        json_object_put(item->command);
        return false;
    }
    struct json_object *object = json_object_new_object();
    json_set_str(object, "label", item->label);
    json_set_int(object, "kind", item->kind);
    // The list's own order is the order of fitness; editors sort by sortText.
    char sort[4] = {0};
    size_t rest = completion->n;
    for (size_t i = sizeof(sort); i-- > 0; rest /= 10) {
        sort[i] = (char)('0' + rest % 10);
    }
    json_set_str(object, "sortText", str_of(sort, sizeof(sort)));
    json_set_str(object, "filterText", text);
    if (item->detail.n) {
        json_set_str(object, "detail", item->detail);
    }
    if (caps->completion_label_details && (item->size.n || item->description.n)) {
        set_label_details(object, item);
    }
    if (item->documentation.n) {
        set_documentation(caps, object, item->documentation);
    }
    if (item->snippet.n && caps->completion_snippets) {
        json_set_int(object, "insertTextFormat", 2);
        set_edit(completion, object, item->snippet);
    } else {
        struct str value = arena_join(arena, completion->lead, text);
        set_edit(completion, object, arena_join(arena, value, completion->tail));
    }
    if (item->data) {
        json_set(object, "data", item->data);
    }
    if (item->command) {
        json_set(object, "command", item->command);
    }
    json_add(completion->items, object);
    completion->n++;
    return true;
}

void completion_reply(struct completion *completion) {
    struct json_object *list = json_object_new_object();
    json_set_bool(list, "isIncomplete", completion->cut);
    json_set(list, "items", completion->items);
    json_object_put(completion->insert_range);
    json_object_put(completion->replace_range);
    reply_ok(completion->request, list);
}

// The identifier that ends at the cursor, for names not yet recognised as anything.
static size_t word_start(struct str bytes, size_t cursor) {
    size_t start = cursor;
    while (start > 0 && (char_is_alnum(bytes.p[start - 1]) || bytes.p[start - 1] == '_')) {
        start--;
    }
    return start;
}

static bool complete_word(struct request *request, struct document *document, size_t cursor) {
    struct str bytes = text_str(document->text);
    size_t start = word_start(bytes, cursor);
    struct str word = str_slice(bytes, start, cursor);
    // Three letters of OLLAMA_ and on: fewer would offer variables for every capital O. In small
    // letters it is a variable only where nothing but variables stands.
    struct str known = STR("OLLAMA_");
    struct str longer = word.n < known.n ? known : word;
    struct str shorter = word.n < known.n ? word : known;
    bool begins = word.n >= 3 && (document->format == FORMAT_DOTENV ? str_istarts(longer, shorter)
                                                                    : str_starts(longer, shorter));
    if (!begins || document->format == FORMAT_NONE || document->format == FORMAT_MODELFILE ||
        document->format == FORMAT_MARKDOWN) {
        return false;
    }
    size_t end = cursor;
    while (end < bytes.n && (char_is_alnum(bytes.p[end]) || bytes.p[end] == '_')) {
        end++;
    }
    struct completion completion;
    completion_init(&completion, request, document, start, cursor, end);
    complete_variables(&completion);
    completion_reply(&completion);
    return true;
}

// An empty place without quotes: JSON and TOML want them, YAML a blank behind the colon.
static void complete_quoting(struct completion *completion, const struct reference *reference) {
    struct str bytes = text_str(completion->document->text);
    enum format format = completion->document->format;
    bool is_text = reference->kind == REF_MODEL || reference->kind == REF_HOST;
    if (!(reference->flags & REF_EMPTY) || reference->quoting != QUOTE_NONE || !is_text) {
        return;
    }
    if (format == FORMAT_JSON || format == FORMAT_TOML) {
        completion->lead = completion->tail = STR("\"");
    } else if (format == FORMAT_YAML && completion->start > 0 &&
               bytes.p[completion->start - 1] == ':') {
        completion->lead = STR(" ");
    }
}

static bool complete_reference(struct request *request, struct document *document, size_t cursor) {
    const struct analysis *analysis = document_analysis(request->server, document);
    const struct reference *reference = analysis ? analysis_at(analysis, cursor) : NULL;
    if (!reference || reference->kind == REF_PATH || reference->kind == REF_PARAMETER ||
        (reference->kind == REF_VARIABLE_VALUE && !reference->variable)) {
        return false;
    }
    struct completion completion;
    size_t start = reference->start;
    // A tool that needs a prefix gets it with the name.
    bool add_prefix = reference->kind == REF_MODEL && reference->prefix_wanted.n &&
                      (reference->flags & (REF_WRONG_PREFIX | REF_EMPTY));
    if (add_prefix || cursor < start) {
        start = reference->prefix_start;
    }
    completion_init(&completion, request, document, start, cursor, reference->end);
    if (add_prefix) {
        completion.prefix = reference->prefix_wanted;
    } else if (start < reference->start) {
        completion.prefix = reference->prefix;
    }
    complete_quoting(&completion, reference);
    switch (reference->kind) {
    case REF_MODEL: complete_models(&completion, reference); break;
    case REF_HOST: complete_hosts(&completion, reference); break;
    case REF_VARIABLE: complete_variables(&completion); break;
    case REF_VARIABLE_VALUE: complete_variable_values(&completion, reference->variable); break;
    case REF_PARAMETER_VALUE: complete_parameter_values(&completion, analysis, reference); break;
    case REF_PARAMETER:
    case REF_PATH: break;
    }
    completion_reply(&completion);
    return true;
}

void completion_on_request(struct request *request) {
    struct document *document = request->document;
    size_t cursor;
    if (!document_offset(request->server, document, json_get(request->params, "position"),
                         &cursor)) {
        reply_err(request, RPC_INVALID_PARAMS,
                  "completion needs a position with line and character");
        return;
    }
    if (complete_reference(request, document, cursor) ||
        (document->format == FORMAT_MODELFILE && complete_modelfile(request, document, cursor)) ||
        complete_word(request, document, cursor)) {
        return;
    }
    reply_ok(request, NULL);
}

void completion_on_resolve(struct request *request) {
    struct lsp_server *server = request->server;
    if (!json_is(request->params, json_type_object)) {
        reply_err(request, RPC_INVALID_PARAMS, "completionItem/resolve needs a completion item");
        return;
    }
    struct json_object *item = json_object_get(request->params);
    struct str text = completion_documentation(server, request->arena, json_get(item, "data"));
    if (text.n) {
        set_documentation(&server->caps, item, text);
    }
    reply_ok(request, item);
}

void completion_advertise(const struct lsp_server *server, struct json_object *capabilities) {
    static const char *const triggers[] = {":", "/", ".", "=", "\"", "'", "@", "-"};
    struct json_object *provider = json_object_new_object();
    struct json_object *characters = json_object_new_array();
    for (size_t i = 0; i < sizeof(triggers) / sizeof(triggers[0]); i++) {
        json_add(characters, json_new_str(str_from(triggers[i])));
    }
    json_set(provider, "triggerCharacters", characters);
    json_set_bool(provider, "resolveProvider", true);
    if (server->caps.completion_label_details) {
        struct json_object *item = json_object_new_object();
        json_set_bool(item, "labelDetailsSupport", true);
        json_set(provider, "completionItem", item);
    }
    json_set(capabilities, "completionProvider", provider);
}
