// SPDX-License-Identifier: MIT
//
// The programs that take model names on their command line: Ollama's own (ollama/ollama cmd/cmd.go,
// v0.33), requests to its API by curl and the like, and tools that name models by a prefix. Names
// after create and push, and the destination of cp, are new: they are never "not installed".
#include "diagnostics/formats/shell_tools.h"

#include "diagnostics/model_place.h"

// The variable of "$X", "${X}", "$(X)", "%X%", "{{X}}" and "$env:X"; empty if the text is no such
// thing.
static struct str variable_of(struct str text) {
    static const struct {
        struct str open, close;
    } forms[] = {{STR_INIT("${"), STR_INIT("}")},  {STR_INIT("$("), STR_INIT(")")},
                 {STR_INIT("{{"), STR_INIT("}}")}, {STR_INIT("%"), STR_INIT("%")},
                 {STR_INIT("$$"), STR_INIT("")},   {STR_INIT("$env:"), STR_INIT("")},
                 {STR_INIT("$"), STR_INIT("")}};
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (text.n > forms[i].open.n + forms[i].close.n && str_starts(text, forms[i].open) &&
            str_ends(text, forms[i].close)) {
            struct str name = str_trim(str_slice(text, forms[i].open.n, text.n - forms[i].close.n));
            if (shell_is_name(name)) {
                return name;
            }
        }
    }
    return STR_NONE;
}

static struct str session_convention(const struct shell_session *session, struct str fallback) {
    return session->convention.n > 0 ? session->convention : fallback;
}

struct reference *shell_add_model(struct shell_session *session, const struct piece *piece,
                                  unsigned flags, enum model_role role, const struct piece *host) {
    struct collector *c = session->collector;
    struct str variable = variable_of(piece->text);
    bool is_known = variable.n == 0 || session->uses.n >= SHELL_USES;
    for (size_t i = 0; i < session->uses.n && !is_known; i++) {
        is_known = str_eq(session->uses.at[i].name, variable);
    }
    if (!is_known) {
        struct shell_use *use = VEC_PUSH(c->arena, &session->uses);
        use->name = variable;
        use->flags = flags;
        use->role = role;
    }
    struct reference *r =
        collect_add(c, REF_MODEL, piece, session_convention(session, STR("command line")));
    if (!r) {
        return NULL;
    }
    r->flags |= flags | session->flags;
    r->role = role;
    if (host) {
        reference_set_host(c, r, *host, HOST_ORIGIN_SIBLING);
    }
    return r;
}

// --- ollama ---

struct verb {
    struct str name;
    unsigned flags; // of each positional model
    enum { ONE, ALL, SOURCE_AND_TARGET, FLAG_MODEL } takes;
};

static const struct verb verbs[] = {
    {STR_INIT("run"), REF_PULLS, ONE},
    {STR_INIT("pull"), REF_INSTALLS, ONE},
    {STR_INIT("push"), REF_NEW_NAME, ONE},
    {STR_INIT("show"), 0, ONE},
    {STR_INIT("stop"), 0, ONE},
    {STR_INIT("rm"), REF_INSTALLS, ALL}, // absence is what it is run for
    {STR_INIT("create"), REF_NEW_NAME, ONE},
    {STR_INIT("cp"), 0, SOURCE_AND_TARGET},
    {STR_INIT("launch"), REF_PULLS, FLAG_MODEL},
};

static bool is_valued_flag(struct str flag) {
    static const struct str flags[] = {
        STR_INIT("-f"),          STR_INIT("--file"),           STR_INIT("-q"),
        STR_INIT("--quantize"),  STR_INIT("--format"),         STR_INIT("--width"),
        STR_INIT("--keepalive"), STR_INIT("--height"),         STR_INIT("--steps"),
        STR_INIT("--seed"),      STR_INIT("--negative"),       STR_INIT("--dimensions"),
        STR_INIT("--model"),     STR_INIT("--draft-quantize"),
    };
    return IS_ONE_OF(flag, flags);
}

// A place where a name is still to be typed: the end of the command, one blank behind the last
// word.
static void add_empty(const struct shell_call *call, unsigned flags) {
    const struct piece *last = &call->words[call->n - 1];
    if (call->place > last->end) {
        struct piece piece = {.text = STR(""), .start = last->end + 1, .end = last->end + 1};
        shell_add_model(call->session, &piece, flags, ROLE_ANY, call->host);
    }
}

static void add_flag_model(const struct shell_call *call, unsigned flags) {
    for (size_t i = 2; i < call->n; i++) {
        const struct piece *word = &call->words[i];
        if (str_eq(word->text, STR("--"))) {
            break;
        }
        if (str_eq(word->text, STR("--model"))) {
            if (i + 1 < call->n) {
                shell_add_model(call->session, &call->words[i + 1], flags, ROLE_TOOLS, call->host);
            } else {
                add_empty(call, flags);
            }
        } else if (str_starts(word->text, STR("--model="))) {
            struct piece value = piece_slice(word, 8, word->text.n);
            shell_add_model(call->session, &value, flags, ROLE_TOOLS, call->host);
        }
    }
}

static void ollama_collect(const struct shell_call *call) {
    size_t at = 1;
    while (at < call->n && call->words[at].text.n > 0 && call->words[at].text.p[0] == '-') {
        at += is_valued_flag(call->words[at].text) ? 2 : 1; // flags may stand before the verb
    }
    if (at >= call->n) {
        return;
    }
    const struct verb *verb = NULL;
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]) && !verb; i++) {
        verb = str_eq(call->words[at].text, verbs[i].name) ? &verbs[i] : NULL;
    }
    if (!verb) {
        return;
    }
    if (verb->takes == FLAG_MODEL) {
        add_flag_model(call, verb->flags);
        return;
    }
    size_t found = 0;
    for (size_t i = at + 1; i < call->n; i++) {
        const struct piece *word = &call->words[i];
        if (word->text.n > 0 && word->text.p[0] == '-') {
            i += is_valued_flag(word->text) ? 1 : 0;
            continue;
        }
        unsigned flags = verb->flags;
        if (verb->takes == SOURCE_AND_TARGET && found == 1) {
            flags |= REF_NEW_NAME;
        }
        shell_add_model(call->session, word, flags, ROLE_ANY, call->host);
        found++;
        if (verb->takes == ONE || (verb->takes == SOURCE_AND_TARGET && found == 2)) {
            break;
        }
    }
    if (found == 0) {
        add_empty(call, verb->flags);
    }
}

// --- requests to the API ---

struct endpoint {
    struct str path;
    unsigned flags;
    enum model_role role;
};

static const struct endpoint endpoints[] = {
    {STR_INIT("/api/generate"), 0, ROLE_COMPLETION},
    {STR_INIT("/api/chat"), 0, ROLE_CHAT},
    {STR_INIT("/api/embeddings"), 0, ROLE_EMBED},
    {STR_INIT("/api/embed"), 0, ROLE_EMBED},
    {STR_INIT("/api/show"), 0, ROLE_ANY},
    {STR_INIT("/api/pull"), REF_INSTALLS, ROLE_ANY},
    {STR_INIT("/api/delete"), REF_INSTALLS, ROLE_ANY},
    {STR_INIT("/api/create"), REF_NEW_NAME, ROLE_ANY},
    {STR_INIT("/api/push"), REF_NEW_NAME, ROLE_ANY},
    {STR_INIT("/api/copy"), 0, ROLE_ANY},
    {STR_INIT("/v1/chat/completions"), 0, ROLE_CHAT},
    {STR_INIT("/v1/completions"), 0, ROLE_COMPLETION},
    {STR_INIT("/v1/embeddings"), 0, ROLE_EMBED},
    {STR_INIT("/v1/responses"), 0, ROLE_CHAT},
    {STR_INIT("/v1/messages"), 0, ROLE_CHAT},
};

// Is this a request to an Ollama server? `*base` is the length of the part in front of the path.
static const struct endpoint *endpoint_of(struct str url, size_t *base) {
    for (size_t i = 0; i < sizeof(endpoints) / sizeof(endpoints[0]); i++) {
        size_t at = str_find(url, endpoints[i].path);
        if (at == STR_NPOS || at == 0) {
            continue;
        }
        struct str front = str_slice(url, 0, at);
        bool is_ollama =
            str_ends(front, STR(":11434")) ||
            (str_find_char(front, '$') != STR_NPOS && str_ifind(front, STR("ollama")) != STR_NPOS);
        if (!is_ollama) {
            struct host host;
            host_parse(front, &host);
            is_ollama = host_is_default_port(&host);
        }
        if (is_ollama) {
            *base = at;
            return &endpoints[i];
        }
    }
    return NULL;
}

// The strings of the outermost object of a JSON text, one after the other.
struct json_member {
    struct str key;
    size_t from, to; // the string value, without quotes
};

static bool json_string_end(struct str text, size_t *at) {
    for (size_t i = *at + 1; i < text.n; i++) {
        if (text.p[i] == '\\') {
            i++;
        } else if (text.p[i] == '"') {
            *at = i;
            return true;
        }
    }
    return false;
}

// Moves *at behind the next member "key": "value" of the outermost object. False at the end.
static bool json_next_member(struct str text, size_t *at, unsigned *depth,
                             struct json_member *out) {
    struct str key = STR_NONE;
    bool has_colon = false;
    for (size_t i = *at; i < text.n; i++) {
        char c = text.p[i];
        if (c == '"') {
            size_t start = i;
            if (!json_string_end(text, &i)) {
                return false;
            }
            if (*depth != 1) {
                continue;
            }
            if (!has_colon) {
                key = str_slice(text, start + 1, i);
                continue;
            }
            *out = (struct json_member){key, start + 1, i};
            *at = i + 1;
            return true;
        }
        if (c == '{' || c == '[') {
            (*depth)++;
            has_colon = false;
        } else if ((c == '}' || c == ']') && *depth > 0) {
            (*depth)--;
        } else if (c == ':') {
            has_colon = true;
        } else if (c == ',') {
            has_colon = false;
        }
    }
    return false;
}

static void body_collect(const struct shell_call *call, const struct piece *body,
                         const struct endpoint *endpoint, const struct piece *host) {
    size_t at = 0;
    unsigned depth = 0;
    struct json_member member;
    bool is_copy = str_eq(endpoint->path, STR("/api/copy"));
    bool is_create = str_eq(endpoint->path, STR("/api/create"));
    while (json_next_member(body->text, &at, &depth, &member)) {
        unsigned flags = endpoint->flags;
        if (is_copy ? str_eq(member.key, STR("source"))
                    : is_create && str_eq(member.key, STR("from"))) {
            flags = 0;
        } else if (is_copy && str_eq(member.key, STR("destination"))) {
            flags = REF_NEW_NAME;
        } else if (is_copy || (!str_eq(member.key, STR("model")) &&
                               (!str_eq(member.key, STR("name")) || endpoint->role != ROLE_ANY))) {
            continue;
        }
        struct piece value = piece_slice(body, member.from, member.to);
        shell_add_model(call->session, &value, flags, endpoint->role, host);
    }
}

static void request_collect(const struct shell_call *call) {
    struct collector *c = call->session->collector;
    const struct endpoint *endpoint = NULL;
    struct piece host = {0};
    for (size_t i = 1; i < call->n && !endpoint; i++) {
        size_t base = 0;
        endpoint = endpoint_of(call->words[i].text, &base);
        if (endpoint) {
            host = piece_slice(&call->words[i], 0, base);
        }
    }
    if (!endpoint) {
        return;
    }
    struct reference *r =
        collect_add(c, REF_HOST, &host, session_convention(call->session, STR("curl")));
    if (r) {
        r->flags |= call->session->flags;
        r->v1 = V1_ANY;
    }
    for (size_t i = 1; i < call->n; i++) {
        struct piece word = call->words[i];
        size_t open = str_find_char(word.text, '{');
        if (open == STR_NPOS) {
            continue;
        }
        // "-d{…}", "--json={…}": the option in front may be glued on.
        if (open > 0 && word.text.p[0] == '-') {
            word = piece_slice(&word, open, word.text.n);
        }
        if (str_trim(word.text).p[0] == '{') {
            body_collect(call, &word, endpoint, &host);
        }
    }
}

// --- other tools ---

// "--ollama-model", "--ollamaModel": such a flag takes Ollama's own names.
static bool is_ollama_flag(struct str word) {
    return str_starts(word, STR("--")) && str_ifind(word, STR("ollama")) != STR_NPOS &&
           str_iends(word, STR("model"));
}

static bool is_model_flag(struct str word) {
    static const struct str flags[] = {
        STR_INIT("--model"),         STR_INIT("-m"),
        STR_INIT("--weak-model"),    STR_INIT("--editor-model"),
        STR_INIT("--llm"),           STR_INIT("--embedding-model"),
        STR_INIT("--embedding"),     STR_INIT("--small-model"),
        STR_INIT("--default-model"),
    };
    return IS_ONE_OF(word, flags) || is_ollama_flag(word);
}

struct tool_context {
    const struct shell_call *call;
    bool is_bare; // the tool takes Ollama's names without a prefix
    unsigned flags;
    enum model_role role;
};

static void add_tool_model(const struct tool_context *tool, const struct piece *value,
                           bool is_embedding) {
    size_t prefix = prefix_form(value->text);
    bool is_slash = prefix > 0 && value->text.p[prefix - 1] == '/';
    if (!tool->is_bare && !is_slash) {
        return;
    }
    struct piece name = *value;
    if (is_slash) {
        name = piece_slice(value, prefix, value->text.n);
    }
    struct reference *r = shell_add_model(tool->call->session, &name, tool->flags,
                                          is_embedding ? ROLE_EMBED : tool->role, NULL);
    if (r && tool->call->session->flags == 0) {
        r->convention = tool->call->program;
    }
    if (r && is_slash) {
        r->prefix = str_slice(value->text, 0, prefix);
        r->prefix_start = value->start;
        if (str_eq(tool->call->program, STR("aider")) && str_eq(r->prefix, STR("ollama/"))) {
            // aider's own advice: the chat route keeps the model's chat format.
            r->flags |= REF_WRONG_PREFIX;
            r->prefix_wanted = STR("ollama_chat/");
        }
    }
}

static void tool_collect(const struct shell_call *call) {
    struct tool_context tool = {.call = call, .role = ROLE_CHAT};
    struct str program = call->program;
    bool has_oss = false;
    for (size_t i = 1; i < call->n; i++) {
        has_oss = has_oss || str_eq(call->words[i].text, STR("--oss")) ||
                  str_eq(call->words[i].text, STR("set-ollama"));
    }
    if (str_eq(program, STR("codex")) || str_eq(program, STR("deepeval"))) {
        tool.is_bare = has_oss;
        tool.role = str_eq(program, STR("codex")) ? ROLE_TOOLS : ROLE_CHAT;
    } else if (str_eq(program, STR("llm"))) {
        tool.is_bare = true; // only with its Ollama plugin, which nothing here tells
        tool.flags = REF_QUIET;
    }
    bool is_bare = tool.is_bare;
    for (size_t i = 1; i < call->n; i++) {
        const struct piece *word = &call->words[i];
        size_t equals = str_find_char(word->text, '=');
        struct str flag = equals == STR_NPOS ? word->text : str_slice(word->text, 0, equals);
        if (!is_model_flag(flag)) {
            continue;
        }
        bool is_embedding = str_contains(flag, STR("embed"));
        tool.is_bare = is_bare || is_ollama_flag(flag);
        if (equals != STR_NPOS) {
            struct piece value = piece_slice(word, equals + 1, word->text.n);
            add_tool_model(&tool, &value, is_embedding);
        } else if (i + 1 < call->n) {
            add_tool_model(&tool, &call->words[++i], is_embedding);
        }
    }
}

void shell_call_collect(const struct shell_call *call) {
    static const struct str clients[] = {STR_INIT("curl"),
                                         STR_INIT("wget"),
                                         STR_INIT("xh"),
                                         STR_INIT("curlie"),
                                         STR_INIT("iwr"),
                                         STR_INIT("irm"),
                                         STR_INIT("Invoke-RestMethod"),
                                         STR_INIT("Invoke-WebRequest")};
    if (str_eq(call->program, STR("ollama"))) {
        ollama_collect(call);
    } else if (IS_ONE_OF(call->program, clients)) {
        request_collect(call);
    } else {
        tool_collect(call);
    }
}
