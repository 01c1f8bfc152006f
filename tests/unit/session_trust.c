// SPDX-License-Identifier: MIT
//
// The rules of trust (DESIGN A4) as a table: which hosts that stand in a file are contacted. And
// the state file that remembers what the user trusted.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "session/session.h"

struct fixture {
    uv_loop_t loop;
    struct session *session;
    char folder[64];
    char state[96];
};

static int setup(void **state) {
    struct fixture *f = calloc(1, sizeof(*f));
    snprintf(f->folder, sizeof(f->folder), "/tmp/ols-trust-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    snprintf(f->state, sizeof(f->state), "%s/state.json", f->folder);
    setenv("XDG_CONFIG_HOME", f->folder, 1);
    unsetenv("OLLAMA_HOST");
    uv_loop_init(&f->loop);
    struct session_options options = {.state_path = f->state};
    struct session_handlers handlers = {0};
    f->session = session_create(&f->loop, &options, &handlers);
    struct arena arena = {0};
    struct json_object *settings = NULL;
    assert_int_equal(
        json_parse(&arena,
                   STR("{\"servers\": [{\"name\": \"gpu\", \"url\": \"http://gpu-box:12345\"}],"
                       "\"trustedHosts\": [\"nas\", \"https://big.example\"],"
                       "\"hostMap\": {\"ollama\": \"http://gpu-box:12345\", \"llm:99\": "
                       "\"http://mapped\"}}"),
                   &settings, NULL),
        ERR_OK);
    session_set_source(f->session, SETTINGS_INIT_OPTIONS, settings, false);
    json_object_put(settings);
    arena_finish(&arena);
    *state = f;
    return 0;
}

static int teardown(void **state) {
    struct fixture *f = *state;
    char path[160];
    session_close(f->session, NULL, NULL);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&f->loop), 0);
    unlink(f->state);
    snprintf(path, sizeof(path), "%s.broken", f->state);
    unlink(path);
    rmdir(f->folder);
    free(f);
    return 0;
}

static void test_table(void **state) {
    struct fixture *f = *state;
    static const struct {
        const char *host;
        enum resolve_reason reason;
        const char *url; // of the server that would be asked
    } rows[] = {
        {"", RESOLVED_DEFAULT, "http://127.0.0.1:11434"},
        {"127.0.0.1", RESOLVED_CONFIGURED, "http://127.0.0.1:11434"},
        {"http://localhost:11434", RESOLVED_CONFIGURED, "http://127.0.0.1:11434"},
        {"http://localhost:11434/v1", RESOLVED_CONFIGURED, "http://127.0.0.1:11434"},
        {"0.0.0.0:11434", RESOLVED_CONFIGURED, "http://127.0.0.1:11434"},
        {"gpu-box:12345", RESOLVED_CONFIGURED, "http://gpu-box:12345"},
        {"GPU-BOX:12345", RESOLVED_CONFIGURED, "http://gpu-box:12345"},
        {"nas", RESOLVED_TRUSTED, "http://nas:11434"},
        {"https://big.example", RESOLVED_TRUSTED, "https://big.example:443"},
        {"127.0.0.2", RESOLVED_LOOPBACK, "http://127.0.0.2:11434"},
        {"[::1]:11434", RESOLVED_LOOPBACK, "http://[::1]:11434"},
        {"localhost:12345", RESOLVED_LOOPBACK, "http://localhost:12345"},
        {"http://ollama:1", RESOLVED_MAPPED, "http://gpu-box:12345"},
        {"llm:99", RESOLVED_MAPPED, "http://mapped:80"},
        // Hostile ones.
        {"gpu-box:12346", RESOLVED_UNTRUSTED, NULL},
        {"http://gpu-box", RESOLVED_UNTRUSTED, NULL},
        {"http://nas", RESOLVED_UNTRUSTED, NULL},
        {"http://big.example", RESOLVED_UNTRUSTED, NULL},
        {"evil.example", RESOLVED_UNTRUSTED, NULL},
        {"localhost:22", RESOLVED_UNTRUSTED, NULL},
        {"127.0.0.1:6379", RESOLVED_UNTRUSTED, NULL},
        {"localhost.evil.example:11434", RESOLVED_UNTRUSTED, NULL},
        {"127.0.0.1.nip.io", RESOLVED_UNTRUSTED, NULL},
        {"127.0.0.1@evil.example:11434", RESOLVED_UNTRUSTED, NULL},
        {"http://127.0.0.3:11434/admin", RESOLVED_UNTRUSTED, NULL},
        {"http://127.0.0.3:11434?x=1", RESOLVED_UNTRUSTED, NULL},
        {"http://127.0.0.3:11434#x", RESOLVED_UNTRUSTED, NULL},
        {"http://user:pw@127.0.0.3:11434", RESOLVED_UNTRUSTED, NULL},
        {"0x7f.1", RESOLVED_UNTRUSTED, NULL},
        {"2130706433", RESOLVED_UNTRUSTED, NULL},
        {"::ffff:127.0.0.1", RESOLVED_UNTRUSTED, NULL},
        {"llm:98", RESOLVED_UNTRUSTED, NULL},
        {"file:///etc/passwd", RESOLVED_UNUSABLE, NULL},
        {"gopher://127.0.0.1:11434", RESOLVED_UNUSABLE, NULL},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct arena arena = {0};
        struct reference_host host = {
            .origin = rows[i].host[0] ? HOST_ORIGIN_SIBLING : HOST_ORIGIN_NONE,
            .written = str_from(rows[i].host),
        };
        struct resolved resolved = session_resolve(f->session, &arena, STR("/w"), &host);
        if (resolved.reason != rows[i].reason) {
            fail_msg("%s: reason %d instead of %d", rows[i].host, (int)resolved.reason,
                     (int)rows[i].reason);
        }
        assert_int_equal(resolved.server != NULL, rows[i].url != NULL);
        if (rows[i].url && !str_eq(resolved.server->url, str_from(rows[i].url))) {
            fail_msg("%s: %.*s instead of %s", rows[i].host, STR_ARG(resolved.server->url),
                     rows[i].url);
        }
        arena_finish(&arena);
    }
}

static void test_containers(void **state) {
    struct fixture *f = *state;
    struct arena arena = {0};
    struct reference_host host = {
        .origin = HOST_ORIGIN_SIBLING, .written = STR("http://db:11434"), .is_container = true};
    struct resolved resolved = session_resolve(f->session, &arena, STR("/w"), &host);
    assert_int_equal(resolved.reason, RESOLVED_DEFAULT);
    assert_true(resolved.capped);
    host.published_port = 11435;
    resolved = session_resolve(f->session, &arena, STR("/w"), &host);
    assert_int_equal(resolved.reason, RESOLVED_MAPPED);
    assert_true(resolved.capped);
    assert_true(str_eq(resolved.server->url, STR("http://127.0.0.1:11435")));
    arena_finish(&arena);
}

// Text goes only where the user's own settings point to (DESIGN A4.5).
static void test_where_text_may_go(void **state) {
    struct fixture *f = *state;
    static const struct {
        const char *host;
        bool may;
    } rows[] = {
        {"", true}, // the default
        {"gpu-box:12345", true},
        {"http://localhost:11434", true}, // the default in another spelling
        {"nas", false},                   // trustedHosts: may be asked, not told
        {"127.0.0.2", false},             // a file's own loopback
        {"localhost:12345", false},
        {"llm:99", false}, // mapped, to a host that is no server of the settings
        {"http://ollama:1", true},
        {"http://far.example:8080", false}, // trusted by .trustHost
    };
    struct arena arena = {0};
    assert_int_equal(state_trust(session_state(f->session), STR("/w"),
                                 STR("http://far.example:8080"), NULL, &arena),
                     ERR_OK);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct reference_host host = {
            .origin = rows[i].host[0] ? HOST_ORIGIN_SIBLING : HOST_ORIGIN_NONE,
            .written = str_from(rows[i].host),
        };
        struct resolved resolved = session_resolve(f->session, &arena, STR("/w"), &host);
        assert_non_null(resolved.server);
        if (session_may_send_text(f->session, resolved.server) != rows[i].may) {
            fail_msg("%s", rows[i].host);
        }
    }
    assert_false(session_may_send_text(f->session, NULL));

    // A server that the settings name no more, and one of another kind.
    struct server *gpu = session_server_by_url(f->session, STR("http://gpu-box:12345"));
    assert_true(session_may_send_text(f->session, gpu));
    struct json_object *settings = NULL;
    assert_int_equal(json_parse(&arena,
                                STR("{\"servers\": [{\"name\": \"default\", \"kind\": \"openai\","
                                    "\"url\": \"http://mlx:1\"}]}"),
                                &settings, NULL),
                     ERR_OK);
    session_set_source(f->session, SETTINGS_INIT_OPTIONS, settings, false);
    json_object_put(settings);
    assert_false(session_may_send_text(f->session, gpu));
    assert_false(session_may_send_text(f->session, session_default(f->session)));
    arena_finish(&arena);
}

// Trust is per URL and workspace folder, and survives; the file is private.
static void test_trust_is_remembered(void **state) {
    struct fixture *f = *state;
    struct arena arena = {0};
    struct reference_host host = {.origin = HOST_ORIGIN_SIBLING,
                                  .written = STR("http://far.example:8080/v1")};
    assert_int_equal(session_resolve(f->session, &arena, STR("/w"), &host).reason,
                     RESOLVED_UNTRUSTED);
    assert_int_equal(state_trust(session_state(f->session), STR("/w"),
                                 STR("http://far.example:8080"), NULL, &arena),
                     ERR_OK);
    assert_int_equal(session_resolve(f->session, &arena, STR("/w"), &host).reason,
                     RESOLVED_TRUSTED);
    assert_int_equal(session_resolve(f->session, &arena, STR("/other"), &host).reason,
                     RESOLVED_UNTRUSTED);
    host.written = STR("https://far.example:8080");
    assert_int_equal(session_resolve(f->session, &arena, STR("/w"), &host).reason,
                     RESOLVED_UNTRUSTED);
    struct state *again = state_open(f->state);
    assert_true(state_is_trusted(again, STR("/w"), STR("http://far.example:8080")));
    state_close(again);
    struct stat info;
    assert_int_equal(stat(f->state, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    arena_finish(&arena);
}

static void test_two_writers_and_a_broken_file(void **state) {
    struct fixture *f = *state;
    struct arena arena = {0};
    struct state *other = state_open(f->state);
    assert_int_equal(state_trust(session_state(f->session), STR("/a"), STR("u1"), NULL, &arena),
                     ERR_OK);
    assert_int_equal(state_set_model(other, STR("/a"), STR("chat"), STR("m"), NULL, &arena),
                     ERR_OK);
    state_reload(session_state(f->session));
    assert_true(state_is_trusted(other, STR("/a"), STR("u1")));
    assert_true(str_eq(state_model(session_state(f->session), STR("/a"), STR("chat")), STR("m")));
    // Who removes the file takes the trust back: nobody's memory brings it back.
    assert_int_equal(remove(f->state), 0);
    assert_int_equal(state_trust(other, STR("/a"), STR("u2"), NULL, &arena), ERR_OK);
    assert_false(state_is_trusted(other, STR("/a"), STR("u1")));
    state_close(other);
    FILE *file = fopen(f->state, "w");
    fputs("{not json", file);
    fclose(file);
    other = state_open(f->state);
    assert_false(state_is_trusted(other, STR("/a"), STR("u1")));
    state_close(other);
    char aside[160];
    snprintf(aside, sizeof(aside), "%s.broken", f->state);
    assert_int_equal(access(aside, R_OK), 0);
    arena_finish(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_table, setup, teardown),
        cmocka_unit_test_setup_teardown(test_containers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_where_text_may_go, setup, teardown),
        cmocka_unit_test_setup_teardown(test_trust_is_remembered, setup, teardown),
        cmocka_unit_test_setup_teardown(test_two_writers_and_a_broken_file, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
