// SPDX-License-Identifier: MIT
//
// Capabilities: read from what editors really declare (tests/lib/profiles), and nothing is believed
// of values of a wrong type.
#include "lsp/caps.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/uri.h"

static struct caps read_profile(const char *name) {
    struct arena arena;
    arena_init(&arena);
    char path[512];
    snprintf(path, sizeof(path), TEST_DATA_DIR "/lib/profiles/%s.json", name);
    struct str text;
    assert_int_equal(file_read(&arena, path, 1 << 20, &text), ERR_OK);
    struct json_object *profile = NULL;
    assert_int_equal(json_parse(&arena, text, &profile, NULL), ERR_OK);
    struct caps caps;
    caps_read(&caps, json_get(profile, "capabilities"), NULL, NULL);
    json_object_put(profile);
    arena_finish(&arena);
    return caps;
}

static struct caps read_text(const char *client, const char *options) {
    struct arena arena;
    arena_init(&arena);
    struct json_object *client_json = NULL;
    struct json_object *options_json = NULL;
    assert_int_equal(json_parse(&arena, str_from(client), &client_json, NULL), ERR_OK);
    assert_int_equal(json_parse(&arena, str_from(options), &options_json, NULL), ERR_OK);
    struct caps caps;
    caps_read(&caps, client_json, options_json, NULL);
    json_object_put(client_json);
    json_object_put(options_json);
    arena_finish(&arena);
    return caps;
}

static void test_nothing_declared(void **state) {
    (void)state;
    struct caps expected = {.encoding = POSITION_UTF16};
    // Lazy documentation is what the specification gives clients that say nothing of
    // resolveSupport.
    expected.completion_lazy_docs = true;
    expected.completion_lazy_detail = true;
    static const char *const clients[] = {"null",
                                          "{}",
                                          "[]",
                                          "5",
                                          "{\"textDocument\":null}",
                                          "{\"workspace\":{\"applyEdit\":\"yes\"}}",
                                          "{\"general\":{\"positionEncodings\":[5]}}"};
    for (size_t i = 0; i < sizeof(clients) / sizeof(clients[0]); i++) {
        struct caps caps = read_text(clients[i], "{\"status\":1,\"stream\":\"true\"}");
        caps.encoding_negotiated = false;
        caps.completion_lazy_docs = expected.completion_lazy_docs;
        caps.completion_lazy_detail = expected.completion_lazy_detail;
        assert_memory_equal(&caps, &expected, sizeof(caps));
    }
}

static void test_encodings(void **state) {
    (void)state;
    static const struct {
        const char *offered;
        enum position_encoding chosen;
    } rows[] = {
        {"[\"utf-16\"]", POSITION_UTF16},
        {"[\"utf-16\",\"utf-8\"]", POSITION_UTF8},
        {"[\"utf-32\",\"utf-8\",\"utf-16\"]", POSITION_UTF8},
        {"[\"utf-32\",\"utf-16\"]", POSITION_UTF16},
        {"[\"utf-32\"]", POSITION_UTF32},
        {"[\"utf-7\"]", POSITION_UTF16},
        {"[]", POSITION_UTF16},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[200];
        snprintf(text, sizeof(text), "{\"general\":{\"positionEncodings\":%s}}", rows[i].offered);
        struct caps caps = read_text(text, "null");
        assert_int_equal(caps.encoding, rows[i].chosen);
        assert_true(caps.encoding_negotiated);
    }
}

// Each row is one behaviour of one editor that reference documents tell of.
static void test_editors(void **state) {
    (void)state;
    struct caps vscode = read_profile("vscode-11");
    assert_true(vscode.pull_diagnostics);
    assert_false(vscode.diagnostic_version);
    assert_true(vscode.action_tag_llm);
    assert_true(vscode.action_lazy_command);
    assert_true(vscode.work_done_progress);
    assert_int_equal(vscode.encoding, POSITION_UTF16);

    assert_false(read_profile("vscode-9").action_tag_llm);

    struct caps nvim = read_profile("nvim-0.7");
    assert_false(nvim.pull_diagnostics);
    assert_false(nvim.document_changes);
    assert_false(nvim.encoding_negotiated);
    assert_false(nvim.action_lazy_command);

    assert_int_equal(read_profile("nvim-0.12").encoding, POSITION_UTF8);

    struct caps eglot = read_profile("eglot-1.9");
    assert_false(eglot.work_done_progress);
    assert_true(eglot.document_changes);
    assert_false(eglot.edit_metadata);
    assert_true(eglot.action_literals);

    struct caps full = read_profile("full");
    assert_true(full.server_status);
    assert_true(full.pull_diagnostics);
    assert_true(full.diagnostic_data);
    assert_true(full.diagnostic_tag_deprecated);
    assert_true(full.completion_default_data);
}

// Pulling without refresh would leave findings stale: then findings are pushed.
static void test_pull_needs_refresh(void **state) {
    (void)state;
    const char *without = "{\"textDocument\":{\"diagnostic\":{\"dataSupport\":true},"
                          "\"publishDiagnostics\":{\"versionSupport\":true}}}";
    struct caps caps = read_text(without, "null");
    assert_false(caps.pull_diagnostics);
    assert_true(caps.diagnostic_version);
    assert_false(caps.diagnostic_data); // that of the other channel
    const char *with = "{\"textDocument\":{\"diagnostic\":{\"dataSupport\":true},"
                       "\"publishDiagnostics\":{\"versionSupport\":true}},"
                       "\"workspace\":{\"diagnostics\":{\"refreshSupport\":true}}}";
    caps = read_text(with, "null");
    assert_true(caps.pull_diagnostics);
    assert_false(caps.diagnostic_version);
    assert_true(caps.diagnostic_data);
}

static void test_options(void **state) {
    (void)state;
    struct caps caps =
        read_text("{}", "{\"status\":true,\"stream\":true,\"settingsAreUserGrade\":true}");
    assert_true(caps.status_notification);
    assert_true(caps.stream_notification);
    assert_true(caps.settings_are_user_grade);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_declared), cmocka_unit_test(test_encodings),
        cmocka_unit_test(test_editors),          cmocka_unit_test(test_pull_needs_refresh),
        cmocka_unit_test(test_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
