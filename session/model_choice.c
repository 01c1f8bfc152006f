// SPDX-License-Identifier: MIT
//
// Which model answers when nobody says which. What a server says of a model beats what its name
// promises; a name beats nothing. A model that somebody named is taken or refused, never replaced:
// the user would not notice that another one answers.
// Invariant: what is chosen without being named never forwards text to another machine.
#include "session/model_choice.h"

#include "base/limits.h"
#include "base/utf.h"
#include "ollama/core/library.h"

#define NAME_SHOWN 200 // bytes of a name in a message

static const struct {
    const char *name;
    enum capability capability;
    struct str pull; // what to get where nothing fits: in the library table, and small enough
} ROLES[ROLE_CHOICE_COUNT] = {
    [ROLE_CHOICE_CHAT] = {"chat", CAP_COMPLETION, STR_INIT("ollama pull qwen2.5-coder:7b")},
    [ROLE_CHOICE_AUTOCOMPLETE] = {"autocomplete", CAP_INSERT,
                                  STR_INIT("ollama pull qwen2.5-coder:1.5b")},
    [ROLE_CHOICE_EMBED] = {"embed", CAP_EMBEDDING, STR_INIT("ollama pull nomic-embed-text")},
};

const char *choice_role_name(enum choice_role role) {
    return ROLES[role].name;
}

bool choice_role_parse(struct str name, enum choice_role *role) {
    for (int i = 0; i < ROLE_CHOICE_COUNT; i++) {
        if (str_eq(name, str_from(ROLES[i].name))) {
            *role = (enum choice_role)i;
            return true;
        }
    }
    return false;
}

unsigned choice_role_capabilities(enum choice_role role) {
    return ROLES[role].capability;
}

// --- what a name says ---

enum word_place { WORD_START, WORD_END, WORD_WHOLE };

// Words between the joints of a name: "qwen2.5-coder" ends in "coder", "codellama" begins with
// "code", "devstral" is one of its own.
static const struct {
    struct str word;
    enum word_place place;
} CODE_WORDS[] = {
    {STR_INIT("code"), WORD_START},      {STR_INIT("coder"), WORD_END},
    {STR_INIT("coder"), WORD_START},     {STR_INIT("code"), WORD_END},
    {STR_INIT("starcoder"), WORD_START}, {STR_INIT("devstral"), WORD_START},
    {STR_INIT("swe"), WORD_WHOLE},
};

// They only look so.
static const struct str NOT_CODE_WORDS[] = {
    STR_INIT("encoder"), STR_INIT("decoder"), STR_INIT("sqlcoder"),
    STR_INIT("barcode"), STR_INIT("codec"),
};

// In a tag: a model that goes on with a text instead of answering.
static const struct str BASE_WORDS[] = {STR_INIT("base"), STR_INIT("code"), STR_INIT("text"),
                                        STR_INIT("pt")};
static const struct str TUNED_WORDS[] = {STR_INIT("instruct"), STR_INIT("chat"), STR_INIT("it")};
// Of these only what is called "instruct" answers.
static const struct str BASE_FAMILIES[] = {STR_INIT("starcoder"), STR_INIT("stable-code")};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

// The next word of letters, digits and dots; false at the end.
static bool next_word(struct str *rest, struct str *word) {
    while (rest->n > 0) {
        size_t n = 0;
        while (n < rest->n && (char_is_alnum(rest->p[n]) || rest->p[n] == '.')) {
            n++;
        }
        *word = str_slice(*rest, 0, n);
        *rest = str_from_index(*rest, n + 1);
        if (n > 0) {
            return true;
        }
    }
    return false;
}

static bool has_word_of(struct str text, const struct str *words, size_t n) {
    struct str word;
    while (next_word(&text, &word)) {
        for (size_t i = 0; i < n; i++) {
            if (str_ieq(word, words[i])) {
                return true;
            }
        }
    }
    return false;
}

static bool word_says_code(struct str word) {
    for (size_t i = 0; i < COUNT(NOT_CODE_WORDS); i++) {
        if (str_ieq(word, NOT_CODE_WORDS[i])) {
            return false;
        }
    }
    for (size_t i = 0; i < COUNT(CODE_WORDS); i++) {
        struct str known = CODE_WORDS[i].word;
        enum word_place place = CODE_WORDS[i].place;
        if (place == WORD_START ? str_istarts(word, known)
            : place == WORD_END ? str_iends(word, known)
                                : str_ieq(word, known)) {
            return true;
        }
    }
    return false;
}

static bool is_for_code(const struct model *model) {
    struct str texts[] = {model->parsed.model, model->parsed.tag, model->family};
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct str word;
        while (next_word(&texts[i], &word)) {
            if (word_says_code(word)) {
                return true;
            }
        }
    }
    return false;
}

static bool is_base(const struct model *model) {
    struct str name = model->parsed.model;
    struct str tag = model->parsed.tag;
    if (has_word_of(tag, TUNED_WORDS, COUNT(TUNED_WORDS)) ||
        has_word_of(name, TUNED_WORDS, COUNT(TUNED_WORDS))) {
        return false;
    }
    for (size_t i = 0; i < COUNT(BASE_FAMILIES); i++) {
        if (str_istarts(name, BASE_FAMILIES[i])) {
            return true;
        }
    }
    return has_word_of(tag, BASE_WORDS, COUNT(BASE_WORDS)) ||
           has_word_of(name, BASE_WORDS, 1); // "base" alone: "granite-code" is none
}

// --- what fits ---

// An embedding model of a server that does not tell capabilities.
static bool embeds_by_name(const struct model *model) {
    const struct library_model *known =
        model_name_is_library(&model->parsed) ? library_find(model->parsed.model) : NULL;
    if (known && known->capabilities != 0) {
        return !(known->capabilities & CAP_COMPLETION);
    }
    return str_ifind(model->parsed.model, STR("embed")) != STR_NPOS ||
           str_ifind(model->family, STR("bert")) != STR_NPOS;
}

static bool is_misfit(const struct model *model, enum choice_role role) {
    unsigned wanted = choice_role_capabilities(role);
    return model->capabilities_known && (model->capabilities & wanted) != wanted;
}

static bool fits_unasked(const struct model *model, enum choice_role role) {
    if (is_misfit(model, role)) {
        return false;
    }
    return model->capabilities_known || (role == ROLE_CHOICE_CHAT && !embeds_by_name(model));
}

// --- the order ---

static int by_number(int64_t a, int64_t b) {
    return a < b ? -1 : a > b;
}

static int64_t pictures_rank(const struct model *model) {
    unsigned bits = model->capabilities_known ? model->capabilities : 0;
    return bits & CAP_IMAGE ? 2 : bits & CAP_VISION ? 1 : 0;
}

// What is too large comes last, the least of it first.
static int64_t size_rank(const struct model *model) {
    return model->size > CHOICE_SIZE_MAX ? model->size : -model->size;
}

static int chat_order(const struct model *a, const struct model *b) {
    int order = by_number(is_base(a), is_base(b));
    order = order ? order : by_number(is_for_code(b), is_for_code(a));
    order = order ? order : by_number(pictures_rank(a), pictures_rank(b));
    order = order ? order : by_number(size_rank(a), size_rank(b));
    return order ? order : by_number(b->context_length, a->context_length);
}

static int role_order(const struct model *a, const struct model *b, enum choice_role role) {
    int order = role == ROLE_CHOICE_CHAT ? chat_order(a, b) : by_number(a->size, b->size);
    return order ? order : str_icmp(a->name, b->name);
}

// The best of those that fit; NULL if there is none.
static const struct model *best_of(const struct catalog *catalog, enum choice_role role,
                                   bool is_running, bool is_remote) {
    const struct model *best = NULL;
    for (size_t i = 0; catalog && i < catalog->n_models; i++) {
        const struct model *model = &catalog->models[i];
        if (model->remote != is_remote || (is_running && !model->running.loaded) ||
            !fits_unasked(model, role)) {
            continue;
        }
        if (!best || role_order(model, best, role) < 0) {
            best = model;
        }
    }
    return best;
}

// --- answers ---

static struct str shown(struct arena *arena, struct str name) {
    return display_escape(arena, name, NAME_SHOWN);
}

static struct choice refuse(struct choice choice, enum err code, struct str message,
                            struct str remedy) {
    choice.name = STR_NONE;
    choice.model = NULL;
    choice.error = (struct error){.code = code, .message = message, .remedy = remedy};
    return choice;
}

static struct choice take(struct arena *arena, const struct model *model,
                          enum choice_source source) {
    return (struct choice){
        .name = arena_copy(arena, model->name), .model = model, .source = source};
}

// Who named it, for messages.
static struct str named_by(struct arena *arena, const struct choice_input *input,
                           enum choice_source source) {
    switch (source) {
    case CHOICE_WORKSPACE: return STR(", chosen for this workspace,");
    case CHOICE_SETTINGS:
        return arena_printf(arena, " of the setting ai.model.%s", choice_role_name(input->role));
    case CHOICE_ARGUMENT:
    case CHOICE_RUNNING:
    case CHOICE_INSTALLED: break;
    }
    return STR("");
}

static struct str remedy_for(struct arena *arena, const struct choice_input *input) {
    const struct model *other = best_of(input->catalog, input->role, false, false);
    return other ? arena_printf(arena, "choose %.*s", STR_ARG(shown(arena, other->name)))
                 : ROLES[input->role].pull;
}

static struct choice take_named(struct arena *arena, const struct choice_input *input,
                                struct str written, enum choice_source source) {
    struct choice choice = {.name = arena_copy(arena, str_trim(written)), .source = source};
    struct model_name name;
    struct model_name_problem problem;
    struct str by = named_by(arena, input, source);
    struct str safe = shown(arena, written);
    if (written.n > LIMIT_NAME ||
        !model_name_parse(written, MODEL_NAME_INFERENCE, &name, &problem)) {
        struct str why = written.n > LIMIT_NAME ? STR("it is too long")
                                                : model_name_problem_text(arena, written, &problem);
        return refuse(choice, ERR_INVALID,
                      arena_printf(arena, "\"%.*s\"%.*s is no model name: %.*s", STR_ARG(safe),
                                   STR_ARG(by), STR_ARG(why)),
                      remedy_for(arena, input));
    }
    if (!input->catalog) {
        return choice;
    }
    choice.model = catalog_find(input->catalog, &name);
    if (!choice.model) {
        // A server need not list what it forwards, and is not believed in full when it lists more
        // than we take.
        if (name.source == MODEL_SOURCE_CLOUD || input->catalog->truncated) {
            return choice;
        }
        return refuse(choice, ERR_NOT_FOUND,
                      arena_printf(arena, "model %.*s%.*s is not installed on %.*s", STR_ARG(safe),
                                   STR_ARG(by), STR_ARG(input->where)),
                      arena_printf(arena, "ollama pull %.*s", STR_ARG(choice.name)));
    }
    if (is_misfit(choice.model, input->role)) {
        return refuse(choice, ERR_INVALID,
                      arena_printf(arena, "model %.*s%.*s on %.*s lacks the capability \"%s\"",
                                   STR_ARG(safe), STR_ARG(by), STR_ARG(input->where),
                                   capability_name(ROLES[input->role].capability)),
                      remedy_for(arena, input));
    }
    choice.name = arena_copy(arena, choice.model->name);
    return choice;
}

static struct choice none(struct arena *arena, const struct choice_input *input) {
    struct choice choice = {.source = CHOICE_INSTALLED};
    const struct catalog *catalog = input->catalog;
    enum choice_role role = input->role;
    struct str pull = ROLES[role].pull;
    if (!catalog) {
        return refuse(
            choice, ERR_NOT_FOUND,
            arena_printf(arena, "it is not known which models %.*s has", STR_ARG(input->where)),
            arena_printf(arena, "name one in the setting ai.model.%s", choice_role_name(role)));
    }
    if (catalog->n_models == 0) {
        return refuse(choice, ERR_NOT_FOUND,
                      arena_printf(arena, "no model is installed on %.*s", STR_ARG(input->where)),
                      pull);
    }
    const struct model *remote = best_of(catalog, role, false, true);
    const char *capability = capability_name(ROLES[role].capability);
    if (remote) {
        struct str name = shown(arena, remote->name);
        return refuse(
            choice, ERR_NOT_FOUND,
            arena_printf(arena,
                         "no model on %.*s itself has the capability \"%s\": %.*s would send text "
                         "to another machine, and is used only if you choose it",
                         STR_ARG(input->where), capability, STR_ARG(name)),
            pull);
    }
    return refuse(choice, ERR_NOT_FOUND,
                  arena_printf(arena,
                               "no model installed on %.*s is known to have the capability "
                               "\"%s\"",
                               STR_ARG(input->where), capability),
                  pull);
}

struct choice model_choose(struct arena *arena, const struct choice_input *input) {
    const struct {
        struct str name;
        enum choice_source source;
    } named[] = {
        {input->argument, CHOICE_ARGUMENT},
        {input->workspace, CHOICE_WORKSPACE},
        {input->settings, CHOICE_SETTINGS},
    };
    for (size_t i = 0; i < COUNT(named); i++) {
        if (str_trim(named[i].name).n > 0) {
            return take_named(arena, input, named[i].name, named[i].source);
        }
    }
    const struct model *model = best_of(input->catalog, input->role, true, false);
    if (model) {
        return take(arena, model, CHOICE_RUNNING);
    }
    model = best_of(input->catalog, input->role, false, false);
    return model ? take(arena, model, CHOICE_INSTALLED) : none(arena, input);
}
