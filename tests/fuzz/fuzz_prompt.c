// SPDX-License-Identifier: MIT
//
// Prompts: any template with any values, and any settings. Values never become templates, code
// never gets out of its fence, and what the check accepts is put out whole.
#include "assist/prompt.h"
#include "assist/template.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/utf.h"
#include "fuzz.h"

static const char *const IDS[] = {"python", NULL};
static const struct language LANGUAGES[] = {
    {.name = "python", .ids = IDS, .line_comment = "#"},
    {.name = "text", .ids = IDS, .is_prose = true},
    {.name = "json", .ids = IDS},
};

static void on_problem(void *data, struct str message) {
    (void)data;
    FUZZ_CHECK(message.n > 0 && !str_contains(message, STR("\n")) && utf8_is_valid(message));
}

static void fuzz_settings(struct str text) {
    struct arena arena = {0};
    struct json_object *value = NULL;
    if (json_parse(&arena, text, &value, NULL) == ERR_OK) {
        struct action_set *set = action_set_create(json_get(value, "actions"),
                                                   json_get(value, "prompts"), on_problem, NULL);
        FUZZ_CHECK(action_set_count(set) >= 10 && action_set_count(set) <= LIMIT_ACTIONS);
        for (size_t i = 0; i < action_set_count(set); i++) {
            const struct action *action = action_set_at(set, i);
            struct str problem;
            FUZZ_CHECK(action->name.n > 0 && action->title.n > 0 && action->kind.n > 0);
            FUZZ_CHECK(action_set_find(set, action->name) == action);
            FUZZ_CHECK(prompt_check(&arena, action->prompt, &problem));
        }
        action_set_destroy(set);
    }
    json_object_put(value);
    arena_finish(&arena);
}

// In place of a value that no template text can hold.
static void check_values_stay(struct arena *arena, struct str template, struct str value) {
    static const struct str NAMES[] = {STR_INIT("code"), STR_INIT("path"), STR_INIT("context")};
    struct template_value values[3];
    for (size_t i = 0; i < 3; i++) {
        values[i] = (struct template_value){NAMES[i], value, i == 0};
    }
    struct buf buf;
    struct str problem;
    buf_init(&buf, LIMIT_PROMPT);
    template_expand(template, values, 3, &buf);
    if (value.n > 0 && template_verify(arena, template, NAMES, 3, &problem)) {
        bool is_out = str_contains(buf_str(&buf), value);
        bool is_used = template_uses(template, NAMES[0]) || template_uses(template, NAMES[1]) ||
                       template_uses(template, NAMES[2]);
        bool has_none_part = str_contains(template, STR("^"));
        FUZZ_CHECK(!is_used || is_out || has_none_part || buf.full);
    }
    buf_finish(&buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct fuzz_input input = fuzz_input_of(data, size);
    unsigned which = fuzz_byte(&input);
    if (which == 255) {
        fuzz_settings(input.rest);
        return 0;
    }
    struct arena arena = {0};
    size_t at = fuzz_byte(&input);
    size_t n = (size_t)fuzz_byte(&input) * 256 + fuzz_byte(&input);
    struct str template = fuzz_exact(fuzz_bytes(&input, n)), text = fuzz_exact(input.rest);
    struct action action = {.prompt = template, .output = (enum action_output)(which / 16 % 3)};
    struct context context = {.code = which & 4 ? text : STR_NONE,
                              .before = str_slice(text, 0, at),
                              .after = str_from_index(text, at),
                              .imports = str_slice(text, 3, 9),
                              .unit = STR("\t")};
    struct context_diagnostic found = {.start = at, .line = 1, .message = text, .code = text};
    struct prompt_input prompt_input = {.action = &action,
                                        .system = template,
                                        .language = &LANGUAGES[which % 3],
                                        .language_id = str_slice(text, 0, at % 8),
                                        .path = text,
                                        .instruction = which & 8 ? text : STR_NONE,
                                        .context = &context,
                                        .text = text,
                                        .target = {at, at + (which & 3)},
                                        .diagnostics = &found,
                                        .n_diagnostics = 1};
    struct prompt prompt;
    prompt_build(&arena, &prompt_input, &prompt);
    FUZZ_CHECK(prompt.user.n <= LIMIT_PROMPT && prompt.system.n <= LIMIT_PROMPT);
    FUZZ_CHECK(str_contains(prompt.user, STR("Answer ")) || template_uses(template, STR("rule")));
    check_values_stay(&arena, template, text);
    free((char *)template.p);
    free((char *)text.p);
    arena_finish(&arena);
    return 0;
}
