// SPDX-License-Identifier: MIT
//
// The table of our actions, where each is offered, and what the settings may add and may not.
#include "assist/action.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "assist/prompt.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/uri.h"

struct problems {
    struct buf text; // one a line
    size_t n;
};

static void on_problem(void *data, struct str message) {
    struct problems *problems = data;
    problems->n++;
    assert_false(str_contains(message, STR("\n")));
    assert_true(message.n > 0 && message.n < 500);
    buf_append(&problems->text, message);
    buf_append_char(&problems->text, '\n');
}

static struct json_object *parse(const char *text) {
    struct arena arena = {0};
    struct json_object *value = NULL;
    struct error error = {0};
    if (text && json_parse(&arena, str_from(text), &value, &error) != ERR_OK) {
        fail_msg("%s: %.*s", text, STR_ARG(error.message));
    }
    arena_finish(&arena);
    return value;
}

// Each line of `expected` must be in a message; there must be no other messages.
static struct action_set *create(const char *actions, const char *prompts, const char *expected) {
    struct problems problems = {0};
    buf_init(&problems.text, 1u << 20);
    struct json_object *a = parse(actions), *p = parse(prompts);
    struct action_set *set = action_set_create(a, p, on_problem, &problems);
    json_object_put(a); // everything was copied
    json_object_put(p);
    struct str rest = str_from(expected), line;
    size_t n = 0;
    while (str_next_line(&rest, &line)) {
        n++;
        if (!str_contains(buf_str(&problems.text), line)) {
            fail_msg("\"%.*s\" is missing in:\n%s", STR_ARG(line), problems.text.p);
        }
    }
    if (problems.n != n) {
        fail_msg("%zu problems, %zu expected:\n%s", problems.n, n, problems.text.p);
    }
    buf_finish(&problems.text);
    return set;
}

static const struct action *named(const struct action_set *set, const char *name) {
    return action_set_find(set, str_from(name));
}

static void test_ours(void **state) {
    (void)state;
    static const struct {
        const char *name, *title, *kind, *doing;
        enum action_output output;
        enum target_kind target;
    } ROWS[] = {
        {"explain", "Explain", "ollama-ls.explain", "Explaining", OUTPUT_SHOW, TARGET_DEFINITION},
        {"fix", "Fix", "quickfix", "Fixing", OUTPUT_REPLACE, TARGET_NODES},
        {"refactor", "Refactor", "refactor.rewrite.ollama-ls.refactor", "Refactoring",
         OUTPUT_REPLACE, TARGET_NODES},
        {"simplify", "Simplify", "refactor.rewrite.ollama-ls.simplify", "Simplifying",
         OUTPUT_REPLACE, TARGET_NODES},
        {"optimise", "Optimise", "refactor.rewrite.ollama-ls.optimise", "Optimising",
         OUTPUT_REPLACE, TARGET_NODES},
        {"document", "Add documentation", "refactor.rewrite.ollama-ls.document",
         "Adding documentation", OUTPUT_REPLACE, TARGET_DEFINITION},
        {"types", "Add types", "refactor.rewrite.ollama-ls.types", "Adding types", OUTPUT_REPLACE,
         TARGET_DEFINITION},
        {"tests", "Write tests", "refactor.rewrite.ollama-ls.tests", "Writing tests", OUTPUT_INSERT,
         TARGET_BEHIND},
        {"complete", "Complete", "refactor.rewrite.ollama-ls.complete", "Completing", OUTPUT_INSERT,
         TARGET_POINT},
        {"edit", "Edit with an instruction", "refactor.rewrite.ollama-ls.edit", "Editing",
         OUTPUT_REPLACE, TARGET_NODES},
    };
    enum { N = sizeof(ROWS) / sizeof(ROWS[0]) };
    struct action_set *set = create(NULL, NULL, "");
    assert_int_equal(action_set_count(set), N);
    for (size_t i = 0; i < N; i++) {
        const struct action *action = action_set_at(set, i);
        assert_true(str_eq(action->name, str_from(ROWS[i].name)));
        assert_true(str_eq(action->title, str_from(ROWS[i].title)));
        assert_true(str_eq(action->kind, str_from(ROWS[i].kind)));
        assert_true(str_eq(action->doing, str_from(ROWS[i].doing)));
        assert_int_equal(action->output, ROWS[i].output);
        assert_int_equal(action->target, ROWS[i].target);
        assert_int_equal(action->wants_diagnostics, i == 1);
        assert_int_equal(action->wants_instruction, i == 9);
        assert_true(action->prompt.n > 50);
        assert_ptr_equal(action_set_find(set, action->name), action);
    }
    assert_true(action_set_system(set).n > 50);
    assert_null(named(set, "nothing"));
    action_set_destroy(set);
    action_set_destroy(NULL);
}

static void test_where_they_are_offered(void **state) {
    (void)state;
    static const char *const IDS[][3] = {
        {"python"},   {"javascript", "javascriptreact"}, {"yaml", "helm"}, {"json", "jsonc"},
        {"markdown"}, {"plaintext", "git-commit"},       {"rust"},         {"html"},
    };
    static const struct language PYTHON = {.name = "python", .ids = IDS[0]},
                                 JS = {.name = "javascript", .ids = IDS[1]},
                                 YAML = {.name = "yaml", .ids = IDS[2]},
                                 JSON = {.name = "json", .ids = IDS[3]},
                                 MD = {.name = "markdown", .ids = IDS[4], .is_prose = true},
                                 TEXT = {.name = "text", .ids = IDS[5], .is_prose = true},
                                 RUST = {.name = "rust", .ids = IDS[6]},
                                 HTML = {.name = "html", .ids = IDS[7]};
    // One letter for each action, in the order of the table: e f r s o d t(ypes) T(ests) c i.
    static const struct {
        const struct language *language;
        const char *id, *offered;
    } ROWS[] = {
        {&PYTHON, "python", "efrsodtTci"},
        {&PYTHON, "", "efrsodtTci"},
        {&JS, "javascriptreact", "efrsodtTci"},
        {&RUST, "rust", "efrsod.Tci"},
        {&YAML, "yaml", "efrsod..ci"},
        {&HTML, "html", "efrsod..ci"},
        {&JSON, "jsonc", "ef......ci"},
        {&MD, "markdown", "ef.s....ci"},
        {&MD, "pandoc", "ef.s....ci"},
        {&TEXT, "plaintext", "ef.s....ci"},
        {&TEXT, "", "ef.s....ci"},
        {&TEXT, "git-commit", "ef.s....ci"},
        {&TEXT, "cobol", "efrsod.Tci"},
        {&TEXT, "gdscript", "efrsodtTci"},
        {&TEXT, "CSV", "ef......ci"},
        {&TEXT, "typst", "ef.s....ci"},
    };
    struct action_set *set = create(NULL, NULL, "");
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        char offered[11] = "efrsodtTci";
        for (size_t k = 0; k < 10; k++) {
            if (!action_fits(action_set_at(set, k), ROWS[i].language, str_from(ROWS[i].id))) {
                offered[k] = '.';
            }
        }
        if (strcmp(offered, ROWS[i].offered) != 0) {
            fail_msg("%s, \"%s\": %s", ROWS[i].language->name, ROWS[i].id, offered);
        }
    }
    action_set_destroy(set);
    set = create("[{\"name\": \"a\", \"prompt\": \"p\", \"languages\": [\"Kotlin\", "
                 "\"javascriptreact\"]}]",
                 NULL, "");
    const struct action *action = named(set, "a");
    assert_true(action_fits(action, &TEXT, STR("kotlin")));
    assert_true(action_fits(action, &JS, STR("javascriptreact")));
    assert_false(action_fits(action, &JS, STR("javascript"))); // the client tells them apart
    assert_true(action_fits(action, &JS, STR("js2-jsx")));     // it does not
    assert_false(action_fits(action, &PYTHON, STR("python")));
    action_set_destroy(set);
}

static void test_users_actions(void **state) {
    (void)state;
    struct action_set *set = create(
        "[{\"name\": \"translate\", \"title\": \"Translate comments\", \"prompt\": \"Do.\"},"
        "{\"name\": \"review\", \"prompt\": \"{{code}} {{instruction}}\", \"output\": "
        "\"show\", \"languages\": [\"python\"]},"
        "{\"name\": \"sql\", \"prompt\": \"{{#instruction}}{{instruction}}{{/instruction}}\","
        "\"output\": \"insert\", \"kind\": \"source.sql\"},"
        "{\"name\": \"fix\", \"title\": \"Repair\", \"prompt\": \"Repair it.\"}]",
        NULL, "");
    assert_int_equal(action_set_count(set), 13);
    const struct action *translate = named(set, "translate"), *review = named(set, "review"),
                        *sql = named(set, "sql"), *fix = named(set, "fix");
    assert_true(str_eq(translate->title, STR("Translate comments")));
    assert_true(str_eq(translate->doing, STR("Translate comments")));
    assert_true(str_eq(translate->kind, STR("refactor.rewrite.ollama-ls.translate")));
    assert_int_equal(translate->output, OUTPUT_REPLACE);
    assert_int_equal(translate->target, TARGET_NODES);
    assert_int_equal(translate->n_languages, 0);
    assert_false(translate->wants_instruction);
    assert_true(str_eq(review->title, STR("review")));
    assert_true(str_eq(review->kind, STR("ollama-ls.review")));
    assert_int_equal(review->output, OUTPUT_SHOW);
    assert_int_equal(review->target, TARGET_DEFINITION);
    assert_true(review->wants_instruction);
    assert_true(str_eq(sql->kind, STR("source.sql")));
    assert_int_equal(sql->target, TARGET_POINT);
    assert_false(sql->wants_instruction);         // it can do without
    assert_ptr_equal(fix, action_set_at(set, 1)); // in the place of ours
    assert_true(str_eq(fix->title, STR("Repair")));
    assert_false(fix->wants_diagnostics);
    action_set_destroy(set);
}

static void test_mistakes_are_told_and_left_out(void **state) {
    (void)state;
    static const struct {
        const char *actions, *problem;
        size_t more; // actions than ours
    } ROWS[] = {
        {"{}", "actions: must be an array of objects", 0},
        {"[]", "", 0},
        {"[1, null]", "actions[0]: must be an object\nactions[1]: must be an object", 0},
        {"[{}]", "actions[0]: \"name\" must be a word of 1 to 64 letters", 0},
        {"[{\"name\": \"a b\"}]", "actions[0]: \"name\" must be a word", 0},
        {"[{\"name\": 5}]", "actions[0]: \"name\" must be a word", 0},
        {"[{\"name\": \"a\"}]", "actions[0] (\"a\"): \"prompt\" must be a text", 0},
        {"[{\"name\": \"a\", \"prompt\": \" \\n\"}]", "actions[0] (\"a\"): \"prompt\" must be", 0},
        {"[{\"name\": \"a\", \"prompt\": \"{{cod}}\"}]",
         "actions[0] (\"a\"): \"prompt\": line 1: there is no value \"cod\"", 0},
        {"[{\"name\": \"a\", \"prompt\": \"p\", \"title\": \"x\\ny\"}]", "\"title\" must be a line",
         0},
        {"[{\"name\": \"a\", \"prompt\": \"p\", \"title\": 1}]", "\"title\" must be a line", 0},
        {"[{\"name\": \"a\", \"prompt\": \"p\", \"output\": \"print\"}]",
         "\"output\" must be \"replace\", \"insert\" or \"show\"", 0},
        {"[{\"name\": \"a\", \"prompt\": \"p\", \"languages\": \"c\"}]", "\"languages\" must be",
         0},
        {"[{\"name\": \"a\", \"prompt\": \"p\", \"languages\": []}]", "\"languages\" must be", 0},
        {"[{\"name\": \"a\", \"prompt\": \"p\", \"languages\": [\"c\", 1]}]",
         "\"languages\" must be", 0},
        {"[{\"name\": \"a\", \"prompt\": \"p\"}, {\"name\": \"a\", \"prompt\": \"q\"}]",
         "actions[1] (\"a\"): another action has this name already", 1},
        // Of these the rest is used.
        {"[{\"name\": \"a\", \"prompt\": \"p\", \"kind\": \"refactoring\"}]",
         "actions[0] (\"a\"): \"kind\" must begin with quickfix, refactor, source or ollama-ls; "
         "\"refactor.rewrite.ollama-ls.a\" is used",
         1},
        {"[{\"name\": \"a\", \"prompt\": \"p\", \"kind\": \"quickfix.\\u0001\"}]",
         "\"kind\" must begin", 1},
        {"[{\"name\": \"a\", \"prompt\": \"p\", \"langauges\": [\"c\"]}]",
         "unknown member \"langauges\"", 1},
        {"[{\"name\": \"a\", \"prompt\": \"p\", \"kind\": null, \"title\": null}]", "", 1},
    };
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        struct action_set *set = create(ROWS[i].actions, NULL, ROWS[i].problem);
        assert_int_equal(action_set_count(set), 10 + ROWS[i].more);
        action_set_destroy(set);
    }
    struct json_object *bad = parse("[{}]"); // nobody listens
    action_set_destroy(action_set_create(bad, bad, NULL, NULL));
    json_object_put(bad);
}

static void test_prompts(void **state) {
    (void)state;
    struct action_set *set =
        create("[{\"name\": \"mine\", \"prompt\": \"p\"}]",
               "{\"system\": \"Be brief.\", \"fix\": \"Mend {{code}}\", \"simplify\": "
               "\"{{instruction}}\", "
               "\"mine\": \"q\", \"fixx\": \"r\", \"types\": \"{{\", \"tests\": 5, \"edit\": null}",
               "ai.prompts: \"mine\": this action is of the setting actions\n"
               "ai.prompts: \"fixx\": no such action; names are system, explain, fix\n"
               "ai.prompts: \"types\": line 1: a {{ without }}\n"
               "ai.prompts: \"tests\": must be a text");
    assert_true(str_eq(action_set_system(set), STR("Be brief.")));
    assert_true(str_eq(named(set, "fix")->prompt, STR("Mend {{code}}")));
    assert_true(named(set, "fix")->wants_diagnostics);
    assert_true(named(set, "simplify")->wants_instruction);
    assert_true(str_eq(named(set, "mine")->prompt, STR("p")));
    assert_true(str_eq(named(set, "types")->prompt, prompt_embedded(STR("types"))));
    assert_true(str_eq(named(set, "edit")->prompt, prompt_embedded(STR("edit"))));
    action_set_destroy(set);
    action_set_destroy(create(NULL, "[]", "ai.prompts: must be an object"));
}

static void test_limits(void **state) {
    (void)state;
    struct buf buf;
    buf_init(&buf, 1u << 20);
    for (int i = 0; i < 2000; i++) {
        buf_printf(&buf, "%s{\"name\": \"n%d\", \"prompt\": \"p\"}", i == 0 ? "[" : ",", i);
    }
    buf_append_char(&buf, ']');
    struct problems problems = {0};
    buf_init(&problems.text, 1u << 20);
    struct json_object *actions = parse(buf.p);
    struct action_set *set = action_set_create(actions, NULL, on_problem, &problems);
    assert_int_equal(action_set_count(set), LIMIT_ACTIONS);
    assert_true(problems.n >= 1 && problems.n < 20);
    assert_true(str_contains(buf_str(&problems.text), STR("more than 100 actions")));
    action_set_destroy(set);
    json_object_put(actions);
    buf_finish(&problems.text);
    buf_finish(&buf);
}

// The examples of the documentation are taken without a complaint.
static void test_documentation(void **state) {
    (void)state;
    struct arena arena = {0};
    struct str rest;
    size_t blocks = 0;
    assert_int_equal(file_read(&arena, SOURCE_DIR "/docs/ai-actions.md", LIMIT_FILE, &rest),
                     ERR_OK);
    for (size_t at; (at = str_find(rest, STR("```json\n"))) != STR_NPOS; blocks++) {
        rest = str_from_index(rest, at + strlen("```json\n"));
        struct str block = str_slice(rest, 0, str_find(rest, STR("```")));
        struct json_object *value = parse(arena_cstr(&arena, block));
        struct problems problems = {0};
        buf_init(&problems.text, 1u << 20);
        struct action_set *set = action_set_create(
            json_get(value, "actions"), json_path(value, "ai.prompts"), on_problem, &problems);
        if (problems.n > 0) {
            fail_msg("%s", problems.text.p);
        }
        assert_true(action_set_count(set) == 13 ||
                    str_starts(action_set_system(set), STR("You are a terse")));
        action_set_destroy(set);
        buf_finish(&problems.text);
        json_object_put(value);
        rest = str_from_index(rest, block.n + 3);
    }
    assert_int_equal(blocks, 2);
    arena_finish(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ours),          cmocka_unit_test(test_where_they_are_offered),
        cmocka_unit_test(test_users_actions), cmocka_unit_test(test_mistakes_are_told_and_left_out),
        cmocka_unit_test(test_prompts),       cmocka_unit_test(test_limits),
        cmocka_unit_test(test_documentation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
