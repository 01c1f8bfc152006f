// SPDX-License-Identifier: MIT
//
// Which servers the settings make, of which kind, and which of them AI work goes to; and the
// metrics that outlive a session.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/uri.h"
#include "session/session.h"

static struct json_object *parse(const char *text) {
    struct arena arena = {0};
    struct json_object *object = NULL;
    assert_int_equal(json_parse(&arena, str_from(text), &object, NULL), ERR_OK);
    arena_finish(&arena);
    return object;
}

// --- settings ---

static unsigned n_problems;

static void on_problem(void *data, struct str message) {
    (void)data;
    (void)message;
    n_problems++;
}

// "KIND URL[ MODEL]" of each server, then "| chat MODEL@SERVER".
static struct str described(struct arena *arena, const char *json, const char *environment,
                            const char *flag) {
    struct settings_input input = {.env_ollama_host = str_from(environment),
                                   .host_flag = str_from(flag)};
    input.sources[SETTINGS_INIT_OPTIONS] = parse(json);
    n_problems = 0;
    struct settings *settings = settings_create(&input, on_problem, NULL);
    struct str text = STR("");
    for (size_t i = 0; i < settings->n_servers; i++) {
        const struct server_setting *server = &settings->servers[i];
        text = arena_printf(arena, "%.*s%s%s %.*s", STR_ARG(text), i > 0 ? ", " : "",
                            server->kind == SERVER_KIND_OPENAI ? "openai" : "ollama",
                            STR_ARG(server->canonical));
    }
    if (settings->ai.model[ROLE_CHOICE_CHAT].n > 0) {
        text = arena_printf(arena, "%.*s | %.*s@%.*s", STR_ARG(text),
                            STR_ARG(settings->ai.model[ROLE_CHOICE_CHAT]),
                            STR_ARG(settings->ai.model_server[ROLE_CHOICE_CHAT]));
    }
    settings_destroy(settings);
    json_object_put(input.sources[SETTINGS_INIT_OPTIONS]);
    return text;
}

static void test_addresses(void **state) {
    (void)state;
    static const struct {
        const char *json;
        const char *environment;
        const char *flag;
        const char *servers;
        unsigned n_problems;
    } rows[] = {
        {"{}", "", "", "ollama http://127.0.0.1:11434", 0},
        {"{\"url\":\"http://gpu:1\"}", "", "", "ollama http://gpu:1", 0},
        {"{\"url\":\"http://gpu:1/v1\"}", "", "", "openai http://gpu:1", 0},
        {"{\"url\":\"http://gpu:11434/v1\"}", "", "", "ollama http://gpu:11434", 0},
        {"{\"url\":\"https://openrouter.ai/api/v1\"}", "", "",
         "openai https://openrouter.ai:443/api/v1", 0},
        {"{\"url\":\"ollama://llama3.2:3b@gpu:1\"}", "", "",
         "ollama http://gpu:1 | llama3.2:3b@http://gpu:1", 0},
        {"{\"url\":\"mlx://org/m@mac:8081\"}", "", "",
         "openai http://mac:8081 | org/m@http://mac:8081", 0},
        {"{\"url\":\"ollama://gpu:4321\",\"ai\":{\"model\":{\"chat\":\"x\"}}}", "", "",
         "ollama http://gpu:4321 | x@", 0},
        {"{\"url\":\"local://org/m\"}", "", "", "ollama http://127.0.0.1:11434", 1},
        {"{}", "http://h:1/v1", "", "ollama http://h:1", 0},
        {"{}", "ollama://m@h:1", "", "ollama http://h:1 | m@http://h:1", 0},
        {"{}", "llamacpp://box:8082", "", "openai http://box:8082", 0},
        {"{\"url\":\"a:1\"}", "b:2", "llamacpp://c:3000", "openai http://c:3000", 0},
        {"{\"servers\":[{\"url\":\"http://a:1\",\"kind\":\"openai\"},{\"url\":\"http://b:2/v1\"},"
         "{\"url\":\"http://c:3/v1\",\"kind\":\"ollama\"},{\"url\":\"mlx://d\"},"
         "{\"url\":\"local://e\"}]}",
         "", "",
         "ollama http://127.0.0.1:11434, openai http://a:1, openai http://b:2, ollama http://c:3, "
         "openai http://127.0.0.1:8080",
         1},
        {"{\"ai\":{\"model\":{\"chat\":\"ollama://m\"}}}", "", "",
         "ollama http://127.0.0.1:11434 | m@", 0},
        {"{\"ai\":{\"model\":{\"chat\":\"ollama://m@gpu\"}}}", "", "",
         "ollama http://127.0.0.1:11434, ollama http://gpu:11434 | m@http://gpu:11434", 0},
        {"{\"ai\":{\"model\":{\"chat\":\"mlx://org/m\"}},\"servers\":[{\"url\":\"mlx://\"}]}", "",
         "",
         "ollama http://127.0.0.1:11434, openai http://127.0.0.1:8080 | "
         "org/m@http://127.0.0.1:8080",
         0},
        {"{\"ai\":{\"model\":{\"chat\":\"local://m\"}}}", "", "", "ollama http://127.0.0.1:11434",
         1},
        {"{\"ai\":{\"model\":{\"chat\":\"org/m:tag\"}}}", "", "",
         "ollama http://127.0.0.1:11434 | org/m:tag@", 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct arena arena = {0};
        struct str text = described(&arena, rows[i].json, rows[i].environment, rows[i].flag);
        if (!str_eq(text, str_from(rows[i].servers)) || n_problems != rows[i].n_problems) {
            fail_msg("%s: %.*s (%u problems)", rows[i].json, STR_ARG(text), n_problems);
        }
        arena_finish(&arena);
    }
}

// --- the choice ---

// Servers as a word each: kind o(llama) or a(openai), then ok "+", gone "-", not asked "?", then
// its models.
static size_t read_servers(struct arena *arena, const char *text, struct server_candidate *out) {
    struct str rest = str_from(text);
    size_t n = 0;
    while (rest.n > 0) {
        struct str word = str_split(&rest, ' ');
        bool is_openai = word.p[0] == 'a';
        struct json_object *list = json_object_new_array();
        struct str models = str_from_index(word, 2);
        while (models.n > 0) {
            struct json_object *model = json_object_new_object();
            struct str name = str_split(&models, ',');
            json_set_str(model, "name", name);
            json_set_str(model, "id", name);
            json_add(list, model);
        }
        struct json_object *tags = json_object_new_object();
        json_set(tags, is_openai ? "data" : "models", list);
        struct openai_sources sources = {.models = tags};
        enum err result;
        struct catalog *catalog =
            is_openai ? openai_catalog(STR("http://h"), STR(""), &sources, &result)
                      : catalog_create(STR("http://h"), STR("1"), tags, NULL, NULL, NULL, &result);
        assert_int_equal(result, ERR_OK);
        json_object_put(tags);
        out[n++] = (struct server_candidate){
            .kind = is_openai ? SERVER_KIND_OPENAI : SERVER_KIND_OLLAMA,
            .is_known = word.p[1] != '?',
            .is_reachable = word.p[1] == '+',
            .catalog = catalog,
        };
    }
    (void)arena;
    return n;
}

static void test_choice(void **state) {
    (void)state;
    static const struct {
        const char *servers;
        const char *backend;
        const char *flags; // F fallback, A Apple Silicon, 0..9: the server of the setting
        const char *model;
        size_t chosen;
    } rows[] = {
        // The preferred one, whatever its state is
        {"o+x", "", "", "", 0},
        {"o-x a+y", "", "", "", 0},
        {"o+x a+y", "ollama", "", "", 0},
        {"o+x a+y", "openai", "", "", 1},
        {"o+x a-y a+z", "openai", "", "", 1},
        {"a+x o+y", "", "", "", 0},
        {"a+x o+y", "ollama", "", "", 1},
        {"o+x o+y", "openai", "", "", 0},
        {"o+x a+y", "auto", "", "", 0},
        {"o+x a+y", "auto", "A", "", 1},
        {"o+x a-y", "auto", "A", "", 0},
        {"o+x a-y a+z", "auto", "A", "", 2},
        {"o+x a?y", "auto", "A", "", 1},
        {"o-x a-y", "auto", "A", "", 0},
        {"o+x a+y o+z", "openai", "2", "z", 2},
        {"o+x", "", "", "absent", 0},
        // Fallback
        {"o-x o+y", "", "F", "", 1},
        {"o+x o+y", "", "F", "", 0},
        {"o+x o+y", "", "F", "y", 1},
        {"o-x o-y", "", "F", "y", 0},
        {"o+x o+y", "", "F", "absent", 0},
        {"o+x o?y o+z", "", "F", "z", 1},
        {"o-x o?y", "", "F", "", 1},
        {"o?x o+y", "", "F", "y", 0},
        {"o+x a+org/m:q", "", "F", "org/m:q", 1},
        {"o+x a+ORG/m", "", "F", "org/m", 1},
        {"o+x a-y o+y", "openai", "F", "y", 2},
        {"o+y a-y", "openai", "F", "y", 0},
        {"o+ a+y", "", "F", "", 1},
        {"o+nomic-embed-text a+y", "", "F", "", 1},
        {"o+x a-y", "auto", "AF", "", 0},
        {"o-x a-y o+z", "", "F1", "z", 2},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct arena arena = {0};
        struct server_candidate servers[8];
        size_t n = read_servers(&arena, rows[i].servers, servers);
        const char *digit = strpbrk(rows[i].flags, "0123456789");
        struct server_choice_input input = {
            .servers = servers,
            .n = n,
            .wanted = digit ? (size_t)(*digit - '0') : SIZE_MAX,
            .backend = str_from(rows[i].backend),
            .fallback = strchr(rows[i].flags, 'F') != NULL,
            .is_apple_silicon = strchr(rows[i].flags, 'A') != NULL,
            .role = ROLE_CHOICE_CHAT,
            .argument = str_from(rows[i].model),
        };
        size_t chosen = server_choose(&input);
        if (chosen != rows[i].chosen) {
            fail_msg("row %zu, %s: %zu", i, rows[i].servers, chosen);
        }
        for (size_t k = 0; k < n; k++) {
            catalog_release(servers[k].catalog);
        }
        arena_finish(&arena);
    }
}

// --- in a session ---

struct fixture {
    uv_loop_t loop;
    struct session *session;
    char folder[64];
    char state[96];
    char metrics[96];
};

static void open_session(struct fixture *f) {
    struct session_options options = {.state_path = f->state};
    struct session_handlers handlers = {0};
    f->session = session_create(&f->loop, &options, &handlers);
}

static void close_session(struct fixture *f) {
    session_close(f->session, NULL, NULL);
    uv_run(&f->loop, UV_RUN_DEFAULT);
}

static int setup(void **state) {
    struct fixture *f = calloc(1, sizeof(*f));
    snprintf(f->folder, sizeof(f->folder), "/tmp/ols-servers-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    snprintf(f->state, sizeof(f->state), "%s/state.json", f->folder);
    snprintf(f->metrics, sizeof(f->metrics), "%s/metrics.json", f->folder);
    setenv("XDG_CONFIG_HOME", f->folder, 1);
    unsetenv("OLLAMA_HOST");
    uv_loop_init(&f->loop);
    open_session(f);
    *state = f;
    return 0;
}

static int teardown(void **state) {
    struct fixture *f = *state;
    char path[160];
    close_session(f);
    assert_int_equal(uv_loop_close(&f->loop), 0);
    unlink(f->metrics);
    snprintf(path, sizeof(path), "%s.lock", f->metrics);
    unlink(path);
    assert_int_equal(rmdir(f->folder), 0);
    free(f);
    return 0;
}

static void set(struct fixture *f, const char *json) {
    struct json_object *settings = parse(json);
    session_set_source(f->session, SETTINGS_INIT_OPTIONS, settings, false);
    json_object_put(settings);
}

static void test_session_choice(void **state) {
    struct fixture *f = *state;
    struct session_ai_input chat = {.role = ROLE_CHOICE_CHAT};
    set(f, "{\"servers\":[{\"name\":\"mac\",\"url\":\"http://mac:8080\",\"kind\":\"openai\"}]}");
    assert_ptr_equal(session_ai_server(f->session, &chat), session_default(f->session));
    set(f, "{\"backend\":\"openai\",\"servers\":[{\"name\":\"mac\",\"url\":\"http://mac:8080\","
           "\"kind\":\"openai\"}]}");
    struct server *server = session_ai_server(f->session, &chat);
    assert_int_equal(server->kind, SERVER_KIND_OPENAI);
    assert_int_equal(server_endpoint(server)->kind, SERVER_KIND_OPENAI);
    assert_true(session_may_send_text(f->session, server));
    set(f, "{\"ai\":{\"model\":{\"chat\":\"ollama://m@gpu:9999\"}}}");
    server = session_ai_server(f->session, &chat);
    assert_true(str_eq(server->url, STR("http://gpu:9999")));
    assert_true(session_may_send_text(f->session, server));
    chat.argument = STR("other"); // a model that is named elsewhere is not bound to that server
    assert_ptr_equal(session_ai_server(f->session, &chat), session_default(f->session));
    // What a file names is an Ollama, and gets no text.
    struct arena arena = {0};
    struct reference_host host = {.origin = HOST_ORIGIN_SIBLING,
                                  .written = STR("http://127.0.0.1:9999/v1")};
    struct resolved resolved = session_resolve(f->session, &arena, STR(""), &host);
    assert_int_equal(resolved.server->kind, SERVER_KIND_OLLAMA);
    assert_false(session_may_send_text(f->session, resolved.server));
    // "mlx://MODEL@HOST" is spoken of only if the user configured such a server there.
    set(f, "{\"servers\":[{\"url\":\"mlx://mac:8080\"},{\"url\":\"http://gpu:1\"}]}");
    static const struct {
        const char *host;
        bool is_known;
    } rows[] = {{"mac:8080", true},       {"mac", true},    {"http://mac:8080/v1", true},
                {"mac:8081", false},      {"gpu:1", false}, {"127.0.0.1:11434", false},
                {"127.0.0.1:8080", false}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        host.written = str_from(rows[i].host);
        host.is_openai = true;
        resolved = session_resolve(f->session, &arena, STR(""), &host);
        if ((resolved.server != NULL) != rows[i].is_known) {
            fail_msg("%s", rows[i].host);
        }
    }
    set(f, "{\"ai\":{\"model\":{\"autocomplete\":\"mlx://a@mac\"}},"
           "\"inlineCompletion\":{\"model\":\"llamacpp://b@box\"}}");
    struct session_ai_input inserts = {.role = ROLE_CHOICE_AUTOCOMPLETE};
    assert_true(str_eq(session_ai_server(f->session, &inserts)->url, STR("http://box:8080")));
    arena_finish(&arena);
}

// --- metrics that are kept ---

static void add(struct session *session, const char *url, const char *model, enum err code) {
    struct call_result result = {.code = code};
    struct generation_end end = {
        .first_us = 3000, .metrics = {.tokens_in = 10, .tokens_out = 20, .eval_us = 1000000}};
    metrics_add(session_metrics(session), str_from(url), str_from(model), &result, &end);
}

static int64_t kept(struct fixture *f, const char *key) {
    struct json_object *object = session_kept_metrics(f->session);
    struct json_object *server = json_at(json_get(object, "servers"), 0);
    int64_t n = json_get_int(json_at(json_get(server, "models"), 0), key, -1);
    json_object_put(object);
    return n;
}

static void test_kept_metrics(void **state) {
    struct fixture *f = *state;
    assert_int_equal(kept(f, "requests"), -1);
    add(f->session, "http://user:secret@h:1", "m", ERR_OK);
    add(f->session, "http://user:secret@h:1", "m", ERR_IO);
    assert_int_equal(kept(f, "requests"), -1); // not yet
    close_session(f);
    open_session(f);
    assert_int_equal(kept(f, "requests"), 2);
    assert_int_equal(kept(f, "errors"), 1);
    assert_int_equal(kept(f, "tokensOut"), 20);
    assert_int_equal(kept(f, "timeToFirstTokenMs"), 3);
    // Another process writes in between; nothing is lost, and nothing is counted twice.
    struct session *first = f->session;
    open_session(f);
    add(first, "http://user:secret@h:1", "m", ERR_OK);
    add(f->session, "http://user:secret@h:1", "m", ERR_OK);
    close_session(f);
    f->session = first;
    assert_int_equal(metrics_save(session_metrics(f->session), f->metrics, true), ERR_OK);
    assert_int_equal(kept(f, "requests"), 4);
    assert_int_equal(metrics_save(session_metrics(f->session), f->metrics, true), ERR_OK);
    assert_int_equal(kept(f, "requests"), 4);
    struct arena arena = {0};
    struct str text;
    assert_int_equal(file_read(&arena, f->metrics, 100000, &text), ERR_OK);
    assert_false(str_contains(text, STR("secret")));
    arena_finish(&arena);
}

static void test_broken_metrics(void **state) {
    struct fixture *f = *state;
    static const char *const texts[] = {"",
                                        "{",
                                        "[]",
                                        "{\"servers\":5}",
                                        "{\"servers\":[null,{\"models\":[7]}]}",
                                        ("{\"servers\":[{\"url\":\"u\",\"models\":[{\"name\":\"m\","
                                         "\"requests\":-5,\"errors\":\"x\","
                                         "\"tokensIn\":9223372036854775807}]}]}")};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct arena arena = {0};
        assert_int_equal(file_write_atomic(f->metrics, str_from(texts[i]), 0600, NULL, &arena),
                         ERR_OK);
        add(f->session, "u", "m", ERR_OK);
        assert_int_equal(metrics_save(session_metrics(f->session), f->metrics, false), ERR_OK);
        struct json_object *object = session_kept_metrics(f->session);
        struct str text = json_text(object);
        assert_true(str_contains(text, STR("\"name\":\"m\",\"requests\":1,")));
        assert_false(str_contains(text, STR(":-")));
        json_object_put(object);
        arena_finish(&arena);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_choice),
        cmocka_unit_test_setup_teardown(test_session_choice, setup, teardown),
        cmocka_unit_test_setup_teardown(test_kept_metrics, setup, teardown),
        cmocka_unit_test_setup_teardown(test_broken_metrics, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
