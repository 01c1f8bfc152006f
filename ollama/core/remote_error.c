// SPDX-License-Identifier: MIT
//
// What a failed answer means. Ollama has one error shape and many texts for the same thing (four
// for a missing model alone), proxies have their own, and the runner's JSON arrives as text within
// JSON. Texts are matched by the words that stayed the same over the releases; the table is in
// order, the first match wins.
#include "base/json.h"
#include "base/utf.h"
#include "ollama/core/name.h"
#include "ollama/core/protocol.h"

#define MAX_UNWRAP 4
#define MAX_MESSAGE 600

static const struct {
    struct str words;
    enum remote_fault fault;
} TEXTS[] = {
    {STR_INIT("exceed_context_size_error"), FAULT_CONTEXT},
    {STR_INIT("exceeds the available context size"), FAULT_CONTEXT},
    {STR_INIT("longer than the context length"), FAULT_CONTEXT},
    {STR_INIT("exceeds the context length"), FAULT_CONTEXT},
    {STR_INIT("exceeds maximum context length"), FAULT_CONTEXT},
    {STR_INIT("invalid model name"), FAULT_INVALID_NAME},
    {STR_INIT("model is required"), FAULT_INVALID_NAME},
    {STR_INIT("use either :local or :cloud"), FAULT_INVALID_NAME},
    {STR_INIT("more system memory"), FAULT_MEMORY},
    {STR_INIT("out of memory"), FAULT_MEMORY},
    {STR_INIT("cudaMalloc failed"), FAULT_MEMORY},
    {STR_INIT("unable to allocate"), FAULT_MEMORY},
    {STR_INIT("server busy"), FAULT_BUSY},
    {STR_INIT("server overloaded"), FAULT_BUSY},
    {STR_INIT("maximum pending requests"), FAULT_BUSY},
    {STR_INIT("does not support"), FAULT_CAPABILITY},
    {STR_INIT("image generation models are not"), FAULT_CAPABILITY},
    {STR_INIT("cannot run this remote model"), FAULT_CAPABILITY},
    {STR_INIT("unauthorized"), FAULT_UNAUTHORIZED},
    {STR_INIT("access denied"), FAULT_UNAUTHORIZED},
    {STR_INIT("not currently signed in"), FAULT_UNAUTHORIZED},
    {STR_INIT("ollama cloud is disabled"), FAULT_UNAUTHORIZED},
    {STR_INIT("pull model manifest: file does not exist"), FAULT_MODEL_MISSING},
    {STR_INIT("terminated: exit status"), FAULT_RUNNER},
    {STR_INIT("process has terminated"), FAULT_RUNNER},
    {STR_INIT("while running the model"), FAULT_RUNNER},
    {STR_INIT("runner has unexpectedly stopped"), FAULT_RUNNER},
    {STR_INIT("waiting for llama"), FAULT_RUNNER},
    {STR_INIT("llama-server binary not found"), FAULT_RUNNER},
    {STR_INIT("error starting llama"), FAULT_RUNNER},
    {STR_INIT("llama-server response stream"), FAULT_RUNNER},
    {STR_INIT("may be incompatible with your version"), FAULT_RUNNER},
    {STR_INIT("embedding contains NaN"), FAULT_RUNNER},
    {STR_INIT("dial tcp"), FAULT_NETWORK_REMOTE},
    {STR_INIT("no such host"), FAULT_NETWORK_REMOTE},
    {STR_INIT("max retries exceeded"), FAULT_NETWORK_REMOTE},
    {STR_INIT("connection refused"), FAULT_NETWORK_REMOTE},
    {STR_INIT("connection reset"), FAULT_NETWORK_REMOTE},
    {STR_INIT("i/o timeout"), FAULT_NETWORK_REMOTE},
    {STR_INIT("TLS handshake"), FAULT_NETWORK_REMOTE},
    {STR_INIT("network is unreachable"), FAULT_NETWORK_REMOTE},
    {STR_INIT("x509:"), FAULT_NETWORK_REMOTE},
};

// "name "x" is invalid", "source "x" is invalid", …
static bool says_invalid_name(struct str text) {
    return str_ends(text, STR(" is invalid")) &&
           (str_starts(text, STR("name ")) || str_starts(text, STR("source ")) ||
            str_starts(text, STR("destination ")));
}

// "model 'x' not found", 'model "x" not found, try pulling it first'; not "blob … not found".
static bool says_model_missing(struct str text) {
    return str_starts(text, STR("model ")) && str_contains(text, STR("not found"));
}

static enum remote_fault fault_of_text(long status, struct str text) {
    if (says_model_missing(text) || (status == 404 && str_contains(text, STR("not found")) &&
                                     !str_starts(text, STR("blob ")))) {
        return FAULT_MODEL_MISSING;
    }
    if (says_invalid_name(text)) {
        return FAULT_INVALID_NAME;
    }
    for (size_t i = 0; i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++) {
        if (str_ifind(text, TEXTS[i].words) != STR_NPOS) {
            return TEXTS[i].fault;
        }
    }
    switch (status) {
    case 401:
    case 403: return FAULT_UNAUTHORIZED;
    case 502: return FAULT_NETWORK_REMOTE;
    case 503:
    case 429: return FAULT_BUSY;
    default: return FAULT_SERVER;
    }
}

struct unwrapped {
    struct str text;       // in the arena
    int64_t prompt_tokens; // of a context overflow, 0: unknown
    int64_t context_tokens;
    struct str signin_url;
    bool is_json;   // the body was a JSON value
    bool has_error; // with an "error"
};

// The innermost words: "error" may be a string, an object with "message", or JSON within a string.
static void unwrap(struct arena *arena, struct str body, struct unwrapped *out) {
    struct str text = body;
    for (int depth = 0; depth < MAX_UNWRAP; depth++) {
        struct str trimmed = str_trim(text);
        if (trimmed.n == 0 || trimmed.p[0] != '{') {
            break;
        }
        struct json_object *root = NULL;
        if (json_parse(arena, trimmed, &root, NULL) != ERR_OK) {
            break;
        }
        out->is_json = true;
        struct json_object *error = json_get(root, "error");
        struct str next = json_str(error);
        if (json_is(error, json_type_object)) {
            next = json_get_str(error, "message");
            out->prompt_tokens = json_get_int(error, "n_prompt_tokens", out->prompt_tokens);
            out->context_tokens = json_get_int(error, "n_ctx", out->context_tokens);
        } else if (!json_has(root, "error")) {
            next = json_get_str(root, "message");
            next = next.n ? next : json_get_str(root, "detail");
        }
        out->has_error = out->has_error || json_has(root, "error");
        struct str url = json_get_str(root, "signin_url");
        if (url.n) {
            out->signin_url = arena_copy(arena, url);
        }
        text = arena_copy(arena, next);
        json_object_put(root);
    }
    out->text = str_trim(text);
}

// The number in "… PREFIX(3004 tokens)", or 0.
static int64_t tokens_behind(struct str text, struct str prefix) {
    size_t at = str_find(text, prefix);
    int64_t n = 0;
    if (at == STR_NPOS) {
        return 0;
    }
    struct str rest = str_from_index(text, at + prefix.n);
    str_to_int64(str_split(&rest, ' '), &n);
    return str_starts(rest, STR("tokens)")) ? n : 0;
}

// The numbers of an overflow are members of the runner's error, or only words in it.
static void fill_tokens(const struct unwrapped *body, struct remote_error *out) {
    int64_t sent = body->prompt_tokens;
    int64_t fits = body->context_tokens;
    sent = sent > 0 ? sent : tokens_behind(body->text, STR("request ("));
    fits = fits > 0 ? fits : tokens_behind(body->text, STR("context size ("));
    out->prompt_tokens = sent > 0 && sent < INT32_MAX ? sent : 0;
    out->context_tokens = fits > 0 && fits < INT32_MAX ? fits : 0;
}

// One line: runners send stack-like texts.
static struct str one_line(struct arena *arena, struct str text) {
    struct str copy = arena_copy(arena, text);
    char *p = (char *)copy.p;
    size_t n = 0;
    for (size_t i = 0; i < copy.n; i++) {
        bool space = copy.p[i] == '\n' || copy.p[i] == '\r' || copy.p[i] == '\t';
        if (!space) {
            p[n++] = copy.p[i];
        } else if (n && p[n - 1] != ' ') {
            p[n++] = ' ';
        }
    }
    return display_escape(arena, str_trim(str_of(p, n)), MAX_MESSAGE);
}

// The command that gets `model`; empty unless the name is safe to put on a command line.
static struct str pull_command(struct arena *arena, struct str model) {
    struct model_name name;
    if (!model_name_parse(model, MODEL_NAME_INFERENCE, &name, NULL)) {
        return STR("");
    }
    struct str trimmed = str_trim(model);
    return arena_printf(arena, "ollama pull %.*s", STR_ARG(trimmed));
}

static struct str remedy_of(struct arena *arena, const struct remote_error *error, struct str model,
                            const struct unwrapped *body) {
    switch (error->fault) {
    case FAULT_MODEL_MISSING:
        if (str_contains(body->text, STR("file does not exist"))) {
            return STR("look the name up at https://ollama.com/library");
        }
        return pull_command(arena, model);
    case FAULT_CAPABILITY: return STR("choose a model with that capability");
    case FAULT_CONTEXT:
        if (error->prompt_tokens > 0) {
            int64_t fits = 1024;
            while (fits <= error->prompt_tokens) {
                fits *= 2;
            }
            return arena_printf(arena, "set num_ctx to %lld, or send less text", (long long)fits);
        }
        return STR("set a larger num_ctx, or send less text");
    case FAULT_MEMORY:
        return STR("use a smaller model or num_ctx, or unload others with ollama stop");
    case FAULT_BUSY: return STR("try again in a moment");
    case FAULT_UNAUTHORIZED:
        if (str_starts(body->signin_url, STR("https://ollama.com/"))) {
            struct str url = display_escape(arena, body->signin_url, 500);
            return arena_printf(arena, "ollama signin, or open %.*s", STR_ARG(url));
        }
        if (str_contains(body->text, STR("ollama cloud is disabled"))) {
            return STR("unset OLLAMA_NO_CLOUD on the server, or choose a local model");
        }
        return STR("ollama signin");
    case FAULT_FORBIDDEN_HOST:
        return STR("let the proxy send 'Host: localhost', or set OLLAMA_ORIGINS on the server");
    case FAULT_NOT_OLLAMA: return STR("check the URL: the answer is not Ollama's");
    case FAULT_NETWORK_REMOTE: return STR("check the server's network and its HTTPS_PROXY");
    case FAULT_RUNNER:
        return STR("see the server's log; updating Ollama or pulling the model again often helps");
    case FAULT_SERVER:
        if (str_starts(body->text, STR("pull model manifest: 412"))) {
            return STR("update Ollama: https://ollama.com/download");
        }
        if (str_contains(body->text, STR("token repeat limit"))) {
            return STR("try again, with a higher temperature or another model");
        }
        if (error->status ==
            499) { // it gave up on us: it is being stopped, or a proxy was impatient
            return STR("try again; the server or a proxy before it ended the request");
        }
        break;
    case FAULT_NONE:
    case FAULT_INVALID_NAME: break;
    }
    return STR("");
}

// Words for an answer that brought none of its own.
static struct str own_words(struct arena *arena, long status, struct str content_type,
                            enum remote_fault fault) {
    if (fault == FAULT_FORBIDDEN_HOST) {
        return STR("the server refused the request by its Host or Origin check");
    }
    if (status >= 300 && status < 400) {
        return arena_printf(arena, "the server answered with a redirect (%ld)", status);
    }
    struct str type = content_type;
    struct str media = str_trim(str_split(&type, ';'));
    media = display_escape(arena, media, 60);
    if (fault == FAULT_NOT_OLLAMA && media.n) {
        return arena_printf(arena, "status %ld with %.*s instead of JSON", status, STR_ARG(media));
    }
    if (status == 0) { // within a stream
        return STR("an error without a reason");
    }
    return arena_printf(arena, "status %ld without a reason", status);
}

static enum remote_fault fault_without_json(long status, struct str body) {
    if (str_trim(body).n == 0) {
        switch (status) {
        case 403: return FAULT_FORBIDDEN_HOST;
        case 401: return FAULT_UNAUTHORIZED;
        case 429:
        case 503: return FAULT_BUSY;
        case 200:
        case 201:
        case 204: return FAULT_NONE; // copy and delete answer with nothing
        default: return status >= 500 ? FAULT_SERVER : FAULT_NOT_OLLAMA;
        }
    }
    return status == 401 || status == 403 ? FAULT_UNAUTHORIZED : FAULT_NOT_OLLAMA;
}

void remote_error_classify(struct arena *arena, long status, struct str content_type,
                           struct str body, struct str model, struct remote_error *out) {
    *out = (struct remote_error){.status = status};
    struct unwrapped inner = {0};
    unwrap(arena, body, &inner);
    bool failed = status >= 400 || (status >= 300 && status < 400);
    bool html = str_istarts(str_trim(body), STR("<"));
    if (inner.is_json && !inner.has_error && !failed) {
        return; // a good answer
    }
    if (!inner.is_json) {
        out->fault = fault_without_json(status, body);
    } else if (inner.has_error) {
        out->fault = fault_of_text(status, inner.text);
    } else {
        out->fault = status == 404 || status == 405 || status < 400
                         ? FAULT_NOT_OLLAMA
                         : fault_of_text(status, inner.text);
    }
    if (out->fault == FAULT_NONE) {
        return;
    }
    bool has_words = inner.text.n > 0 && !html;
    out->message = has_words ? one_line(arena, inner.text)
                             : own_words(arena, status, content_type, out->fault);
    if (out->fault == FAULT_CONTEXT) {
        fill_tokens(&inner, out);
    }
    out->remedy = remedy_of(arena, out, model, &inner);
}
