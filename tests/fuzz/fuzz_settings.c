// SPDX-License-Identifier: MIT
//
// What stands in settings and data files: settings of every source, conventions, catalogs, show
// answers, ignore lists, the edit of .ollama-ls.json. Input: what to try (1 byte), the text.
#include "base/json.h"
#include "base/limits.h"
#include "session/ignore.h"
#include "fuzz/fuzz.h"
#include "session/settings.h"

static void on_problem(void *data, struct str message) {
    FUZZ_CHECK(message.n > 0 && str_find_char(message, '\n') == STR_NPOS);
    ++*(size_t *)data;
}

static void try_settings(struct json_object *object, unsigned which) {
    struct settings_input input = {
        .client_is_user_grade = which & 16, .host_flag = STR(""), .env_ollama_host = STR("")};
    input.sources[(which / 32) % SETTINGS_SOURCE_COUNT] = object;
    size_t problems = 0;
    struct settings *settings = settings_create(&input, on_problem, &problems);
    FUZZ_CHECK(settings->n_servers > 0 && settings->servers[0].canonical.n > 0);
    FUZZ_CHECK(settings->cache_ttl_ms >= 0 && settings->health_interval_ms >= 0);
    FUZZ_CHECK(settings->backend.n == 0 || str_eq(settings->backend, STR("ollama")) ||
               str_eq(settings->backend, STR("openai")) || str_eq(settings->backend, STR("auto")));
    settings_destroy(settings);
}

static void try_conventions(struct arena *arena, struct json_object *object) {
    size_t problems = 0;
    struct analyzer *analyzer = analyzer_create(object, on_problem, &problems);
    struct text *text = text_create(STR("a:\n  b: [{c: llama3.2, url: http://localhost:11434}]\n"));
    struct analysis_input input = {.path = STR("/w/a.yaml"),
                                   .folder_path = STR("a.yaml"),
                                   .format = FORMAT_YAML,
                                   .text = text};
    (void)analyzer_run(analyzer, arena, &input);
    text_release(text);
    analyzer_release(analyzer);
}

static void try_catalog(struct arena *arena, struct str text) {
    struct error error = {0};
    struct catalog *catalog = catalog_from_file(text, arena, &error);
    FUZZ_CHECK(catalog || error.message.n > 0);
    if (!catalog) {
        return;
    }
    FUZZ_CHECK(catalog->n_models <= LIMIT_MODELS);
    for (size_t i = 0; i < catalog->n_models; i++) {
        const struct model *model = &catalog->models[i];
        FUZZ_CHECK(catalog_find(catalog, &model->parsed));
        (void)model_summary(arena, model, true);
        FUZZ_CHECK(model_order(model, model, 0) == 0);
        FUZZ_CHECK(i == 0 || model_order(model, model - 1, 0) == -model_order(model - 1, model, 0));
    }
    catalog_release(catalog);
}

static void try_details(struct json_object *object) {
    struct model_details details = {0};
    model_details_from_show(object, &details);
    FUZZ_CHECK(details.context_length >= 0);
    enum err result = ERR_OK;
    struct catalog *catalog =
        catalog_create(STR("http://127.0.0.1:11434"), STR(""), object, object, NULL, NULL, &result);
    FUZZ_CHECK((catalog != NULL) == (result == ERR_OK));
    catalog_release(catalog);
}

static void try_ignores(struct arena *arena, struct str text) {
    struct str path = text;
    struct str patterns = str_split(&path, '\0');
    struct ignore_list *list = ignore_parse(arena, patterns, STR("/w"), NULL);
    (void)ignore_match(list, arena_join(arena, STR("/w/"), path), false);
    (void)ignore_match(list, arena_join(arena, STR("/w/"), path), true);
}

// After the edit the file is valid and holds the name; doing it again changes nothing that matters.
static void try_ignoring(struct arena *arena, struct str text) {
    struct error error = {0};
    struct str out;
    if (settings_add_ignored_model(arena, text, STR("a\"b:c"), &out, &error) != ERR_OK) {
        FUZZ_CHECK(error.message.n > 0);
        return;
    }
    struct json_object *object = NULL;
    FUZZ_CHECK(json_parse_relaxed(arena, out, &object, &error) == ERR_OK);
    struct json_object *list = json_get(object, "ignoreModels");
    bool is_there = false;
    for (size_t i = 0; i < json_count(list); i++) {
        is_there = is_there || str_eq(json_str(json_at(list, i)), STR("a\"b:c"));
    }
    FUZZ_CHECK(is_there);
    json_object_put(object);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct fuzz_input input = fuzz_input_of(data, size);
    unsigned which = fuzz_byte(&input);
    struct arena arena;
    arena_init(&arena);
    struct str text = fuzz_exact(input.rest);
    struct json_object *object = NULL;
    (void)json_parse_relaxed(&arena, text, &object, NULL);
    switch (which % 6) {
    case 0: try_settings(object, which); break;
    case 1: try_conventions(&arena, object); break;
    case 2: try_catalog(&arena, text); break;
    case 3: try_details(object); break;
    case 4: try_ignores(&arena, text); break;
    default: try_ignoring(&arena, text); break;
    }
    json_object_put(object);
    free((char *)text.p);
    arena_finish(&arena);
    return 0;
}
