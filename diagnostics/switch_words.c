// SPDX-License-Identifier: MIT
//
// The vocabulary of switching: which names hold a provider, a model or a base URL, which provider
// speaks what, and how the new values are spelt. Words are compared by their key (lower case,
// without '_' and '-').
#include "diagnostics/switch_internal.h"

#include "diagnostics/path.h"
#include "ollama/core/backend_url.h"

#define COMMENT_MAX 4096 // bytes around a value that are read for what a comment says

static bool is_one_of(struct str word, const struct str *words, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (str_eq(word, words[i])) {
            return true;
        }
    }
    return false;
}

static bool contains_any(struct str word, const struct str *words, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (str_contains(word, words[i])) {
            return true;
        }
    }
    return false;
}

#define ONE_OF(word, words) is_one_of((word), (words), sizeof(words) / sizeof((words)[0]))
#define HAS_ANY(word, words) contains_any((word), (words), sizeof(words) / sizeof((words)[0]))

const char *switch_target_name(enum switch_target target) {
    switch (target) {
    case SWITCH_OLLAMA: return "ollama";
    case SWITCH_MLX: return "mlx";
    case SWITCH_OPENAI: return "openai";
    case SWITCH_COUNT: break;
    }
    return "";
}

const char *switch_target_title(enum switch_target target) {
    switch (target) {
    case SWITCH_OLLAMA: return "Ollama";
    case SWITCH_MLX: return "MLX";
    case SWITCH_OPENAI: return "OpenAI-compatible";
    case SWITCH_COUNT: break;
    }
    return "";
}

bool switch_target_parse(struct str name, enum switch_target *out) {
    for (int i = 0; i < SWITCH_COUNT; i++) {
        if (str_eq(name, str_from(switch_target_name((enum switch_target)i)))) {
            *out = (enum switch_target)i;
            return true;
        }
    }
    return false;
}

bool switch_is_writable(struct str word) {
    for (size_t i = 0; i < word.n; i++) {
        if (!char_is_alnum(word.p[i]) && (word.p[i] == '\0' || !strchr("._:/@+-[]", word.p[i]))) {
            return false;
        }
    }
    return word.n > 0 && (char_is_alnum(word.p[0]) || word.p[0] == '[');
}

struct str switch_key(struct arena *arena, struct str name) {
    char *key = ARENA_ARRAY(arena, name.n + 1, char);
    size_t n = 0;
    for (size_t i = 0; i < name.n; i++) {
        if (name.p[i] != '_' && name.p[i] != '-') {
            key[n++] = char_lower(name.p[i]);
        }
    }
    return str_of(key, n);
}

// --- providers ---

enum switch_backend switch_backend_of(struct str value) {
    static const struct str openai[] = {STR_INIT("openai*"),    STR_INIT("llamacpp*"),
                                        STR_INIT("llama.cpp*"), STR_INIT("llama-cpp*"),
                                        STR_INIT("llama_cpp*"), STR_INIT("lmstudio*"),
                                        STR_INIT("lm-studio*"), STR_INIT("lm_studio*"),
                                        STR_INIT("vllm*"),      STR_INIT("hosted_vllm*")};
    if (str_ieq(value, STR("ollama")) || str_istarts(value, STR("ollama_")) ||
        str_istarts(value, STR("ollama-"))) {
        return BACKEND_OLLAMA;
    }
    if (str_istarts(value, STR("mlx"))) {
        return BACKEND_MLX;
    }
    for (size_t i = 0; i < sizeof(openai) / sizeof(openai[0]); i++) {
        if (wild_match(openai[i], value)) {
            return BACKEND_OPENAI;
        }
    }
    return BACKEND_OTHER;
}

bool switch_is_vendor(struct str value) {
    static const struct str vendors[] = {
        STR_INIT("anthropic*"),  STR_INIT("claude*"),   STR_INIT("gemini*"),
        STR_INIT("google*"),     STR_INIT("vertex*"),   STR_INIT("mistral*"),
        STR_INIT("cohere*"),     STR_INIT("groq*"),     STR_INIT("together*"),
        STR_INIT("azure*"),      STR_INIT("deepseek*"), STR_INIT("xai*"),
        STR_INIT("bedrock*"),    STR_INIT("kimi*"),     STR_INIT("openrouter*"),
        STR_INIT("moonshot*"),   STR_INIT("local*"),    STR_INIT("fake"),
        STR_INIT("huggingface*")};
    if (switch_backend_of(value) != BACKEND_OTHER) {
        return true;
    }
    for (size_t i = 0; i < sizeof(vendors) / sizeof(vendors[0]); i++) {
        if (wild_match(vendors[i], value)) {
            return true;
        }
    }
    return false;
}

bool switch_is_there(enum switch_backend backend, enum switch_target to) {
    return (backend == BACKEND_OLLAMA && to == SWITCH_OLLAMA) ||
           (backend == BACKEND_MLX && to == SWITCH_MLX) ||
           (backend == BACKEND_OPENAI && to == SWITCH_OPENAI);
}

bool switch_is_embedding(struct str key) {
    static const struct str others[] = {
        STR_INIT("embed"), STR_INIT("rerank"), STR_INIT("vectoriz"),   STR_INIT("tts"),
        STR_INIT("stt"),   STR_INIT("speech"), STR_INIT("transcri"),   STR_INIT("image"),
        STR_INIT("voice"), STR_INIT("audio"),  STR_INIT("moderation"), STR_INIT("ragmodel")};
    return HAS_ANY(key, others);
}

// AUTH_PROVIDER=openai says nothing about models; LLM_PROVIDER=claude does.
bool switch_is_provider_variable(struct str key, struct str value) {
    static const struct str endings[] = {STR_INIT("provider"), STR_INIT("backend"),
                                         STR_INIT("providername")};
    static const struct str words[] = {
        STR_INIT("llm"),    STR_INIT("model"),     STR_INIT("chat"),  STR_INIT("ai"),
        STR_INIT("cortex"), STR_INIT("inference"), STR_INIT("goose"), STR_INIT("completion")};
    static const struct str never[] = {
        STR_INIT("auth"),   STR_INIT("storage"), STR_INIT("fallback"), STR_INIT("search"),
        STR_INIT("email"),  STR_INIT("mail"),    STR_INIT("cache"),    STR_INIT("celery"),
        STR_INIT("memory"), STR_INIT("vector"),  STR_INIT("store"),    STR_INIT("graph")};
    bool is_named = false;
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        is_named = is_named || str_ends(key, endings[i]);
    }
    if (!is_named || HAS_ANY(key, never)) {
        return false;
    }
    return switch_backend_of(value) != BACKEND_OTHER ||
           (HAS_ANY(key, words) && switch_is_vendor(value));
}

bool switch_is_provider_key(struct str key) {
    static const struct str keys[] = {
        STR_INIT("provider"),       STR_INIT("providername"),  STR_INIT("providerid"),
        STR_INIT("llmprovider"),    STR_INIT("modelprovider"), STR_INIT("chatprovider"),
        STR_INIT("aiprovider"),     STR_INIT("backend"),       STR_INIT("llmbackend"),
        STR_INIT("vendor"),         STR_INIT("type"),          STR_INIT("kind"),
        STR_INIT("engine"),         STR_INIT("apitype"),       STR_INIT("api"),
        STR_INIT("litellmprovider")};
    return ONE_OF(key, keys);
}

// --- models and servers ---

bool switch_is_model_key(struct str key) {
    static const struct str keys[] = {
        STR_INIT("model"),       STR_INIT("modelid"),         STR_INIT("modelname"),
        STR_INIT("llmmodel"),    STR_INIT("chatmodel"),       STR_INIT("defaultmodel"),
        STR_INIT("ollamamodel"), STR_INIT("completionmodel"), STR_INIT("autocompletemodel"),
        STR_INIT("openaimodel")};
    return ONE_OF(key, keys);
}

bool switch_is_host_key(struct str key) {
    static const struct str keys[] = {
        STR_INIT("baseurl"),       STR_INIT("apibase"),     STR_INIT("apibaseurl"),
        STR_INIT("apiurl"),        STR_INIT("url"),         STR_INIT("host"),
        STR_INIT("endpoint"),      STR_INIT("serverurl"),   STR_INIT("ollamabaseurl"),
        STR_INIT("ollamaurl"),     STR_INIT("ollamahost"),  STR_INIT("openaibaseurl"),
        STR_INIT("openaiapibase"), STR_INIT("apiendpoint"), STR_INIT("apihost"),
        STR_INIT("llmbaseurl")};
    return ONE_OF(key, keys);
}

bool switch_is_nested_key(struct str key) {
    static const struct str keys[] = {STR_INIT("config"),     STR_INIT("options"),
                                      STR_INIT("settings"),   STR_INIT("params"),
                                      STR_INIT("parameters"), STR_INIT("kwargs"),
                                      STR_INIT("llmconfig"),  STR_INIT("litellmparams")};
    return ONE_OF(key, keys);
}

bool switch_is_client_url(struct str key) {
    static const struct str keys[] = {STR_INIT("openaibaseurl"), STR_INIT("openaiapibase"),
                                      STR_INIT("openaiapibaseurl"), STR_INIT("llmbaseurl"),
                                      STR_INIT("localmodelbaseurl")};
    return ONE_OF(key, keys);
}

bool switch_is_backend_url(struct str key) {
    return str_starts(key, STR("llm")) && str_ends(key, STR("apiurl"));
}

size_t switch_model_prefix(struct str model, enum switch_backend *backend) {
    static const struct {
        struct str prefix;
        enum switch_backend backend;
    } prefixes[] = {{STR_INIT("ollama_chat/"), BACKEND_OLLAMA},
                    {STR_INIT("ollama/"), BACKEND_OLLAMA},
                    {STR_INIT("openai/"), BACKEND_OPENAI}};
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        if (str_starts(model, prefixes[i].prefix) && model.n > prefixes[i].prefix.n) {
            *backend = prefixes[i].backend;
            return prefixes[i].prefix.n;
        }
    }
    return 0;
}

bool switch_is_url(struct str value) {
    return str_istarts(value, STR("http://")) || str_istarts(value, STR("https://"));
}

bool switch_has_scheme(struct str value) {
    return str_istarts(value, STR("ollama://")) || str_istarts(value, STR("mlx://")) ||
           str_istarts(value, STR("llamacpp://")) || str_istarts(value, STR("local://"));
}

struct str switch_url(const struct switcher *switcher, enum switch_target to, bool v1) {
    struct str url = to == SWITCH_OLLAMA ? switcher->ollama_url : switcher->openai_url;
    return v1 ? arena_join(switcher->arena, url, STR("/v1")) : url;
}

bool switch_same_server(struct arena *arena, struct str a, struct str b) {
    return str_eq(host_canonical(arena, a), host_canonical(arena, b));
}

// --- the word for a provider ---

static bool holds_word(struct str text, struct str word) {
    for (size_t i = 0; i + word.n <= text.n; i++) {
        if (str_ieq(str_slice(text, i, i + word.n), word) &&
            (i == 0 || !char_is_alnum(text.p[i - 1])) &&
            (i + word.n == text.n || !char_is_alnum(text.p[i + word.n]))) {
            return true;
        }
    }
    return false;
}

// The rest of the line behind the value, and the lines of comment above it: "# ollama | mlx".
static bool comments_name(const struct switcher *switcher, const struct switch_slot *slot,
                          struct str word) {
    struct str text = switcher->input->text;
    size_t end = slot->value.end;
    size_t far = slot->name_start > COMMENT_MAX ? slot->name_start - COMMENT_MAX : 0;
    while (end < text.n && text.p[end] != '\n' && end - slot->value.end < COMMENT_MAX) {
        end++;
    }
    if (holds_word(str_slice(text, slot->value.end, end), word)) {
        return true;
    }
    size_t start = slot->name_start;
    for (int lines = 0; lines < 16; lines++) {
        while (start > far && text.p[start - 1] != '\n') {
            start--;
        }
        if (start == far) {
            return false;
        }
        size_t line_end = --start;
        while (start > far && text.p[start - 1] != '\n') {
            start--;
        }
        struct str line = str_trim(str_slice(text, start, line_end));
        if (!str_starts(line, STR("#")) && !str_starts(line, STR("//"))) {
            return false;
        }
        if (holds_word(line, word)) {
            return true;
        }
    }
    return false;
}

// Few programs know a provider "mlx": an MLX server speaks OpenAI's API. Written only where the
// file itself says that this one does.
struct str switch_provider_word(const struct switcher *switcher, const struct switch_slot *slot) {
    enum switch_target to = switcher->input->to;
    bool is_title =
        slot->value.text.n > 0 && slot->value.text.p[0] >= 'A' && slot->value.text.p[0] <= 'Z';
    if (to == SWITCH_OLLAMA) {
        return is_title ? STR("Ollama") : STR("ollama");
    }
    if (to == SWITCH_MLX && comments_name(switcher, slot, STR("mlx"))) {
        return is_title ? STR("MLX") : STR("mlx");
    }
    return is_title ? STR("OpenAI") : STR("openai");
}
