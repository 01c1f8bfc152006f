// SPDX-License-Identifier: MIT
//
// Which model an action runs with: rows of a catalog, a wish and the answer.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/json.h"
#include "ollama/core/library.h"
#include "session/model_choice.h"

#define GB "000000000"

// One model a line: NAME SIZE CAPABILITIES ("-": not told; joined by ","), and "running" or
// "ctx=N", "family=F". "" makes an empty catalog, NULL none.
static struct catalog *catalog_of(const char *lines) {
    if (!lines) {
        return NULL;
    }
    struct json_object *tags = json_object_new_object();
    struct json_object *models = json_object_new_array();
    struct json_object *running = json_object_new_array();
    struct str rest = str_from(lines);
    struct str line;
    while (str_next_line(&rest, &line)) {
        struct json_object *model = json_object_new_object();
        struct json_object *details = json_object_new_object();
        struct str name = str_split(&line, ' ');
        int64_t size = 0;
        assert_true(str_to_int64(str_split(&line, ' '), &size));
        json_set_str(model, "name", name);
        json_set_int(model, "size", size);
        struct str words = str_split(&line, ' ');
        if (!str_eq(words, STR("-"))) {
            struct json_object *capabilities = json_object_new_array();
            while (words.p) {
                json_add(capabilities, json_new_str(str_split(&words, ',')));
            }
            json_set(model, "capabilities", capabilities);
        }
        while (line.p) {
            struct str word = str_split(&line, ' ');
            int64_t context = 0;
            if (str_eq(word, STR("running"))) {
                json_add(running, json_object_get(model));
            } else if (str_starts(word, STR("ctx="))) {
                assert_true(str_to_int64(str_from_index(word, 4), &context));
                json_set_int(details, "context_length", context);
            } else if (str_starts(word, STR("family="))) {
                json_set_str(details, "family", str_from_index(word, 7));
            } else {
                assert_true(str_eq(word, STR("remote")));
                json_set_str(model, "remote_host", STR("https://ollama.com:443"));
            }
        }
        json_set(model, "details", details);
        json_add(models, model);
    }
    json_set(tags, "models", models);
    struct json_object *ps = json_object_new_object();
    json_set(ps, "models", running);
    enum err result;
    struct catalog *catalog =
        catalog_create(STR("http://h:1"), STR("1"), tags, ps, NULL, NULL, &result);
    assert_int_equal(result, ERR_OK);
    json_object_put(tags);
    json_object_put(ps);
    return catalog;
}

#define MIX                                                                                        \
    "nomic-embed-text:latest 274000000 embedding\n"                                                \
    "llama3.1:8b 4900000000 completion,tools ctx=131072\n"                                         \
    "qwen2.5-coder:1.5b 986000000 completion,insert,tools\n"                                       \
    "qwen2.5-coder:7b 4700000000 completion,insert,tools\n"                                        \
    "llava:7b 4700000000 completion,vision\n"

enum { CHAT = ROLE_CHOICE_CHAT, FIM = ROLE_CHOICE_AUTOCOMPLETE, EMBED = ROLE_CHOICE_EMBED };

static const struct {
    const char *what;
    const char *catalog;
    int role;
    const char *argument, *workspace, *settings;
    const char *name; // NULL: an error
    enum choice_source source;
    const char *message, *remedy; // parts
} ROWS[] = {
    // Named ones.
    {"an argument beats all", MIX, CHAT, "llama3.1:8b", "llava:7b", "qwen2.5-coder:7b",
     "llama3.1:8b", CHOICE_ARGUMENT, "", ""},
    {"the workspace beats settings", MIX, CHAT, "", "llava:7b", "qwen2.5-coder:7b", "llava:7b",
     CHOICE_WORKSPACE, "", ""},
    {"settings beat what runs", MIX "x 1 completion running", CHAT, "", "", "LLAMA3.1:8B",
     "llama3.1:8b", CHOICE_SETTINGS, "", ""},
    {"blanks are no name", MIX, CHAT, " ", "", "", "qwen2.5-coder:7b", CHOICE_INSTALLED, "", ""},
    {"the default tag", MIX, EMBED, "nomic-embed-text", "", "", "nomic-embed-text:latest",
     CHOICE_ARGUMENT, "", ""},
    {"named, nothing known", NULL, CHAT, "", "", "some:1", "some:1", CHOICE_SETTINGS, "", ""},
    {"named, not told what it can", "a:1 5 -", FIM, "a:1", "", "", "a:1", CHOICE_ARGUMENT, "", ""},
    {"named and missing", MIX, CHAT, "nope:3b", "", "", NULL, CHOICE_ARGUMENT,
     "model nope:3b is not installed on http://h:1", "ollama pull nope:3b"},
    {"missing, of the workspace", MIX, CHAT, "", "nope", "", NULL, CHOICE_WORKSPACE,
     "model nope, chosen for this workspace, is not installed", "ollama pull nope"},
    {"missing, of the settings", MIX, FIM, "", "", "nope", NULL, CHOICE_SETTINGS,
     "model nope of the setting ai.model.autocomplete is not installed", "ollama pull nope"},
    {"missing, and nothing else", "", CHAT, "nope", "", "", NULL, CHOICE_ARGUMENT, "not installed",
     "ollama pull nope"},
    {"no name at all", MIX, CHAT, "a b\x1b", "", "", NULL, CHOICE_ARGUMENT,
     "\"a b\\x1b\" is no model name: ", "choose qwen2.5-coder:7b"},
    {"a command in disguise", MIX, CHAT, "x; rm -rf ~", "", "", NULL, CHOICE_ARGUMENT,
     "is no model name", "choose"},
    {"cannot insert", MIX, FIM, "llama3.1:8b", "", "", NULL, CHOICE_ARGUMENT,
     "model llama3.1:8b on http://h:1 lacks the capability \"insert\"",
     "choose qwen2.5-coder:1.5b"},
    {"cannot chat", "e:1 5 embedding", CHAT, "e:1", "", "", NULL, CHOICE_ARGUMENT,
     "lacks the capability \"completion\"", "ollama pull qwen2.5-coder:7b"},
    // Remote ones.
    {"remote, named", "gpt-oss:20b-cloud 300 completion remote", CHAT, "", "", "gpt-oss:20b-cloud",
     "gpt-oss:20b-cloud", CHOICE_SETTINGS, "", ""},
    {"remote, named, not listed", MIX, CHAT, "qwen3-coder:480b-cloud", "", "",
     "qwen3-coder:480b-cloud", CHOICE_ARGUMENT, "", ""},
    {"remote, never unasked", "far:1 300 completion remote running\nb:1 4 completion", CHAT, "", "",
     "", "b:1", CHOICE_INSTALLED, "", ""},
    {"a cloud name, never unasked", "qwen3-coder:480b-cloud 300 completion running", CHAT, "", "",
     "", NULL, CHOICE_INSTALLED, "qwen3-coder:480b-cloud would send text to another machine",
     "ollama pull qwen2.5-coder:7b"},
    // Running ones.
    {"what runs", MIX "gemma3:4b 3300000000 completion running", CHAT, "", "", "", "gemma3:4b",
     CHOICE_RUNNING, "", ""},
    {"what runs but does not fit", MIX "bge-m3:latest 5 embedding running", CHAT, "", "", "",
     "qwen2.5-coder:7b", CHOICE_INSTALLED, "", ""},
    {"what runs and does not tell, but its name does", "nomic-embed-text:v1.5 5 - running\nb 4 -",
     CHAT, "", "", "", "b", CHOICE_INSTALLED, "", ""},
    {"what runs and is of bert", "own:1 5 - running family=nomic-bert\nb 4 -", CHAT, "", "", "",
     "b", CHOICE_INSTALLED, "", ""},
    {"two that run", "a:1 5 completion running\ncodestral:22b 4 completion running", CHAT, "", "",
     "", "codestral:22b", CHOICE_RUNNING, "", ""},
    // Installed ones: chat.
    {"code first", MIX, CHAT, "", "", "", "qwen2.5-coder:7b", CHOICE_INSTALLED, "", ""},
    {"the largest that is not too large",
     "a 5" GB " completion\nb 16" GB " completion\nc 17" GB " completion", CHAT, "", "", "", "b",
     CHOICE_INSTALLED, "", ""},
    {"all too large: the least", "a 90" GB " completion\nc 17" GB " completion", CHAT, "", "", "",
     "c", CHOICE_INSTALLED, "", ""},
    {"context decides", "a 5 completion\nb 5 completion ctx=8192\nc 5 completion ctx=4096", CHAT,
     "", "", "", "b", CHOICE_INSTALLED, "", ""},
    {"the name decides", "b 5 completion\na 5 completion", CHAT, "", "", "", "a", CHOICE_INSTALLED,
     "", ""},
    {"pictures come later", "a 5 completion\nb 9 completion,vision\nc 9 completion,image", CHAT, "",
     "", "", "a", CHOICE_INSTALLED, "", ""},
    {"pictures rather than nothing", "b 9 completion,vision\nc 9 completion,image", CHAT, "", "",
     "", "b", CHOICE_INSTALLED, "", ""},
    {"base models come last", "starcoder2:3b 9 completion\nllama3:8b-text 9 completion\nx 1 -",
     CHAT, "", "", "", "x", CHOICE_INSTALLED, "", ""},
    {"not told counts as fitting", "a 5 -", CHAT, "", "", "", "a", CHOICE_INSTALLED, "", ""},
    // Installed ones: the others.
    {"the smallest that inserts", MIX, FIM, "", "", "", "qwen2.5-coder:1.5b", CHOICE_INSTALLED, "",
     ""},
    {"not told is not enough", "codestral:22b 5 -", FIM, "", "", "", NULL, CHOICE_INSTALLED,
     "no model installed on http://h:1 is known to have the capability \"insert\"",
     "ollama pull qwen2.5-coder:1.5b"},
    {"embed", MIX "all-minilm:latest 46000000 embedding", EMBED, "", "", "", "all-minilm:latest",
     CHOICE_INSTALLED, "", ""},
    {"embed, none", "a 5 completion", EMBED, "", "", "", NULL, CHOICE_INSTALLED, "\"embedding\"",
     "ollama pull nomic-embed-text"},
    // Nothing.
    {"nothing installed", "", CHAT, "", "", "", NULL, CHOICE_INSTALLED,
     "no model is installed on http://h:1", "ollama pull qwen2.5-coder:7b"},
    {"nothing known", NULL, CHAT, "", "", "", NULL, CHOICE_INSTALLED,
     "it is not known which models http://h:1 has", "ai.model.chat"},
};

static void test_rows(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        struct arena arena = {0};
        struct catalog *catalog = catalog_of(ROWS[i].catalog);
        struct choice_input input = {
            .role = (enum choice_role)ROWS[i].role,
            .catalog = catalog,
            .argument = str_from(ROWS[i].argument),
            .workspace = str_from(ROWS[i].workspace),
            .settings = str_from(ROWS[i].settings),
            .where = STR("http://h:1"),
        };
        struct choice choice = model_choose(&arena, &input);
        const char *name = ROWS[i].name ? ROWS[i].name : "";
        if (!str_eq(choice.name, str_from(name)) || choice.source != ROWS[i].source) {
            fail_msg("%s: \"%.*s\" of %d instead of \"%s\" of %d (%.*s)", ROWS[i].what,
                     STR_ARG(choice.name), (int)choice.source, name, (int)ROWS[i].source,
                     STR_ARG(choice.error.message));
        }
        if (!str_contains(choice.error.message, str_from(ROWS[i].message)) ||
            !str_contains(choice.error.remedy, str_from(ROWS[i].remedy))) {
            fail_msg("%s: \"%.*s\", \"%.*s\"", ROWS[i].what, STR_ARG(choice.error.message),
                     STR_ARG(choice.error.remedy));
        }
        bool is_chosen = ROWS[i].name != NULL;
        assert_int_equal(choice.error.code == ERR_OK, is_chosen);
        assert_int_equal(choice.error.message.n > 0, !is_chosen);
        assert_int_equal(choice.error.remedy.n > 0, !is_chosen);
        assert_true(is_chosen || choice.model == NULL);
        assert_true(!choice.model || str_eq(choice.model->name, choice.name));
        catalog_release(catalog);
        arena_finish(&arena);
    }
}

// Each name against a plain, larger model: chosen if it is known as one for code.
static void test_code_names(void **state) {
    (void)state;
    static const struct {
        const char *name;
        bool is_code;
    } NAMES[] = {
        {"qwen2.5-coder:7b", true},
        {"qwen3-coder:30b", true},
        {"codestral:22b", true},
        {"devstral:24b", true},
        {"devstral-small-2:24b", true},
        {"starcoder2:15b-instruct", true},
        {"deepseek-coder:6.7b", true},
        {"deepseek-coder-v2:16b", true},
        {"granite-code:8b", true},
        {"granite-code:8b-instruct", true},
        {"codegemma:7b", true},
        {"codellama:7b-instruct", true},
        {"codellama:13b", true},
        {"codeqwen:7b", true},
        {"yi-coder:9b", true},
        {"opencoder:8b", true},
        {"hf.co/bartowski/Qwen2.5-Coder-7B-Instruct-GGUF:Q4_K_M", true},
        {"me/my_coder:1", true},
        {"phi4:14b", false},
        {"sqlcoder:7b", false},
        {"my-encoder:1", false},
        {"codec:1", false},
        {"sweet:1", false},
        {"codellama:7b-code", false}, // goes on with a text
        {"starcoder2:15b", false},
        {"qwen2.5-coder:7b-base", false},
    };
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
        struct arena arena = {0};
        struct str lines = arena_printf(&arena, "%s 5 completion\nzz 9 completion", NAMES[i].name);
        struct catalog *catalog = catalog_of(lines.p);
        struct choice_input input = {.role = ROLE_CHOICE_CHAT, .catalog = catalog};
        struct choice choice = model_choose(&arena, &input);
        bool is_chosen = str_eq(choice.name, str_from(NAMES[i].name));
        if (is_chosen != NAMES[i].is_code) {
            fail_msg("%s", NAMES[i].name);
        }
        catalog_release(catalog);
        arena_finish(&arena);
    }
}

static void test_roles(void **state) {
    (void)state;
    static const unsigned BITS[] = {CAP_COMPLETION, CAP_INSERT, CAP_EMBEDDING};
    for (int i = 0; i < ROLE_CHOICE_COUNT; i++) {
        enum choice_role role = ROLE_CHOICE_COUNT;
        assert_true(choice_role_parse(str_from(choice_role_name((enum choice_role)i)), &role));
        assert_int_equal(role, i);
        assert_int_equal(choice_role_capabilities(role), BITS[i]);
        // What is suggested where nothing is installed is a model of the library table.
        struct arena arena = {0};
        struct catalog *catalog = catalog_of("");
        struct choice_input input = {.role = role, .catalog = catalog};
        struct str remedy = model_choose(&arena, &input).error.remedy;
        struct model_name name;
        assert_true(str_starts(remedy, STR("ollama pull ")));
        assert_true(
            model_name_parse(str_from_index(remedy, 12), MODEL_NAME_INFERENCE, &name, NULL));
        const struct library_model *known = library_find(name.model);
        assert_non_null(known);
        assert_true(library_knows_tag(known, name.tag));
        unsigned has = known->capabilities | (known->insert ? CAP_INSERT : 0u);
        assert_int_equal(has & BITS[i], BITS[i]);
        catalog_release(catalog);
        arena_finish(&arena);
    }
    enum choice_role role;
    assert_false(choice_role_parse(STR("Chat"), &role));
    assert_false(choice_role_parse(STR(""), &role));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_code_names),
        cmocka_unit_test(test_roles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
