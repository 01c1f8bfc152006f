// SPDX-License-Identifier: MIT
//
// Open documents and their findings as the client gets them: synchronisation, positions in every
// encoding, push and pull, trees that are closed and come back. Findings used here need no server:
// OLLAMA_HSOT is a misspelt variable.
#include "lsp_rig.h"

#define WRONG "OLLAMA_HSOT=1\\n"
#define PULLING                                                                                    \
    "{'textDocument':{'diagnostic':{'dataSupport':true}},'workspace':{'diagnostics':"              \
    "{'refreshSupport':true}}}"
#define VERSIONED                                                                                  \
    "{'textDocument':{'publishDiagnostics':{'versionSupport':true,'dataSupport':true}}}"

static void open_document(struct rig *rig, const char *uri, int version, const char *text) {
    char message[4096];
    snprintf(message, sizeof(message),
             "{'jsonrpc':'2.0','method':'textDocument/didOpen','params':{'textDocument':"
             "{'uri':'%s','languageId':'','version':%d,'text':'%s'}}}",
             uri, version, text);
    rig_say(rig, message);
}

static void change_document(struct rig *rig, const char *uri, int version, const char *changes) {
    char message[4096];
    snprintf(message, sizeof(message),
             "{'jsonrpc':'2.0','method':'textDocument/didChange','params':{'textDocument':"
             "{'uri':'%s','version':%d},'contentChanges':[%s]}}",
             uri, version, changes);
    rig_say(rig, message);
}

static void close_document(struct rig *rig, const char *uri) {
    char message[1024];
    snprintf(message, sizeof(message),
             "{'jsonrpc':'2.0','method':'textDocument/didClose','params':{'textDocument':"
             "{'uri':'%s'}}}",
             uri);
    rig_say(rig, message);
}

static struct str text_of(struct rig *rig, const char *uri) {
    struct document *document = documents_find(rig->server, str_from(uri));
    assert_non_null(document);
    return text_str(document->text);
}

static void assert_text(struct rig *rig, const char *uri, const char *expected) {
    struct str text = text_of(rig, uri);
    if (!str_eq(text, str_from(expected))) {
        fail_msg("\"%.*s\" instead of \"%s\"", STR_ARG(text), expected);
    }
}

// The next publication: its number of diagnostics; the version goes to *version (may be NULL; −1:
// none).
static size_t published(struct rig *rig, int64_t *version) {
    rig_spin(rig);
    struct json_object *message = rig_await_method(rig, "textDocument/publishDiagnostics");
    struct json_object *params = json_get(message, "params");
    size_t n = json_count(json_get(params, "diagnostics"));
    if (version) {
        *version = json_get_int(params, "version", -1);
    }
    json_object_put(message);
    return n;
}

static void test_changes(void **state) {
    (void)state;
    struct rig rig;
    rig_open(&rig);
    rig_initialize(&rig, "{}", "{}");
    const char *uri = "file:///w/notes.txt";
    open_document(&rig, uri, 1, "one\\ntwo\\r\\nthree");
    // In the order of the array, each on the result of the one before.
    change_document(&rig, uri, 2,
                    "{'range':{'start':{'line':0,'character':0},'end':{'line':0,'character':3}},"
                    "'text':'1'},{'range':{'start':{'line':0,'character':1},'end':{'line':1,"
                    "'character':0}},'text':'-'}");
    assert_text(&rig, uri, "1-two\r\nthree");
    // Past the end of the line and of the text; the ends swapped.
    change_document(&rig, uri, 3,
                    "{'range':{'start':{'line':0,'character':999},'end':{'line':0,'character':999}"
                    "},'text':'!'},{'range':{'start':{'line':99,'character':9},'end':{'line':99,"
                    "'character':9}},'text':'.'}");
    assert_text(&rig, uri, "1-two!\r\nthree.");
    change_document(&rig, uri, 3,
                    "{'range':{'start':{'line':0,'character':2},'end':{'line':0,'character':0}},"
                    "'text':''}");
    assert_text(&rig, uri, "two!\r\nthree.");
    change_document(&rig, uri, 9,
                    "{'text':'all'},{'range':{'start':{'line':0,'character':3},'end':"
                    "{'line':0,'character':3}},'text':' of it'}");
    assert_text(&rig, uri, "all of it");
    // A version that falls is the client's mistake; the text counts.
    change_document(&rig, uri, 2, "{'text':'older'}");
    assert_text(&rig, uri, "older");
    // What is no change is skipped, the rest is done.
    change_document(&rig, uri, 10,
                    "{'text':5},5,{'range':{'start':{'line':-1,'character':0},'end':"
                    "{'line':0,'character':0}},'text':'x'},{'text':'rest'}");
    assert_text(&rig, uri, "rest");
    change_document(&rig, uri, 11, "");
    assert_text(&rig, uri, "rest");
    close_document(&rig, uri);
    assert_int_equal(rig.server->documents.n, 0);
    change_document(&rig, uri, 12, "{'text':'gone'}");
    close_document(&rig, uri);
    assert_int_equal(rig.server->documents.n, 0);
    rig_close(&rig);
}

static void test_units(void **state) {
    (void)state;
    static const struct {
        const char *encoding;
        int character; // of the 'x' in "é😀x"
    } rows[] = {{"utf-8", 6}, {"utf-16", 3}, {"utf-32", 2}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct rig rig;
        rig_open(&rig);
        char text[300];
        snprintf(text, sizeof(text), "{'general':{'positionEncodings':['%s']}}", rows[i].encoding);
        rig_initialize(&rig, text, "{}");
        open_document(&rig, "untitled:a", 1, "\xc3\xa9\xf0\x9f\x98\x80x");
        snprintf(text, sizeof(text),
                 "{'range':{'start':{'line':0,'character':%d},'end':{'line':0,'character':%d}},"
                 "'text':'y'}",
                 rows[i].character, rows[i].character + 1);
        change_document(&rig, "untitled:a", 2, text);
        assert_text(&rig, "untitled:a", "\xc3\xa9\xf0\x9f\x98\x80y");
        struct document *document = documents_find(rig.server, STR("untitled:a"));
        struct json_object *range = document_range_json(rig.server, document, 6, 7);
        int64_t character = json_get_int(json_get(range, "start"), "character", -1);
        assert_int_equal(character, rows[i].character);
        size_t start;
        size_t end;
        assert_true(document_range(rig.server, document, range, &start, &end));
        assert_int_equal(start, 6);
        assert_int_equal(end, 7);
        json_object_put(range);
        rig_close(&rig);
    }
}

static void test_spellings(void **state) {
    (void)state;
    struct rig rig;
    rig_open(&rig);
    rig_initialize(&rig, "{}", "{}");
    open_document(&rig, "file:///w/a%20b%2F../c%3A.txt", 1, "x");
    open_document(&rig, "untitled:Untitled-1", 1, "y");
    open_document(&rig, "git:/w/c:.txt?head", 1, "OLLAMA_HSOT=1");
    struct document *file = documents_find(rig.server, STR("file:///w/a%20b/../c:.txt"));
    assert_non_null(file);
    assert_true(file->is_file && file->is_ours);
    assert_true(str_eq(file->path, STR("/w/c:.txt")));
    // The client's own spelling.
    assert_true(str_eq(file->uri, STR("file:///w/a%20b%2F../c%3A.txt")));
    struct document *untitled = documents_find(rig.server, STR("untitled:Untitled-1"));
    assert_true(untitled->is_ours && !untitled->is_file);
    struct document *git = documents_find(rig.server, STR("git:/w/c:.txt?head"));
    assert_false(git->is_ours);
    assert_null(documents_find(rig.server, STR("file:///w/other")));
    assert_null(document_analysis(rig.server, git));
    // A second didOpen in another spelling is the same document.
    open_document(&rig, "file:///w/c:.txt", 5, "z");
    assert_int_equal(rig.server->documents.n, 3);
    assert_text(&rig, "file:///w/c%3A.txt", "z");
    rig_close(&rig);
}

static void test_push(void **state) {
    (void)state;
    struct rig rig;
    rig_open(&rig);
    rig_initialize(&rig, VERSIONED, "{}");
    const char *uri = "file:///w/.env";
    int64_t version;
    open_document(&rig, uri, 1, WRONG);
    change_document(&rig, uri, 2, "{'text':'" WRONG WRONG "'}"); // same turn: one publication
    assert_int_equal(published(&rig, &version), 2);
    assert_int_equal(version, 2);
    rig_expect_silence(&rig);
    // Unchanged findings of a new text are said to hold for it.
    change_document(&rig, uri, 3,
                    "{'range':{'start':{'line':2,'character':0},'end':{'line':2,"
                    "'character':0}},'text':'#'}");
    assert_int_equal(published(&rig, &version), 2);
    assert_int_equal(version, 3);
    change_document(&rig, uri, 4, "{'text':''}");
    assert_int_equal(published(&rig, NULL), 0);
    change_document(&rig, uri, 5, "{'text':'" WRONG "'}");
    assert_int_equal(published(&rig, NULL), 1);
    close_document(&rig, uri);
    assert_int_equal(published(&rig, NULL), 0);
    rig_expect_silence(&rig);
    // Changed back within one turn: nothing new to say.
    open_document(&rig, uri, 1, WRONG);
    assert_int_equal(published(&rig, NULL), 1);
    change_document(&rig, uri, 1, "{'text':''}");
    change_document(&rig, uri, 1, "{'text':'" WRONG "'}");
    rig_expect_silence(&rig);
    rig_close(&rig);
}

static void test_push_without_version(void **state) {
    (void)state;
    struct rig rig;
    rig_open(&rig);
    rig_initialize(&rig, "{}", "{}");
    int64_t version;
    open_document(&rig, "file:///w/.env", 7, WRONG);
    rig_spin(&rig);
    struct json_object *message = rig_await_method(&rig, "textDocument/publishDiagnostics");
    struct json_object *params = json_get(message, "params");
    assert_false(json_has(params, "version"));
    struct json_object *first = json_at(json_get(params, "diagnostics"), 0);
    assert_true(str_eq(json_get_str(first, "source"), STR("ollama-ls")));
    assert_true(str_eq(json_get_str(first, "code"), STR("unknown-variable")));
    assert_false(json_has(first, "data"));
    assert_false(json_has(first, "codeDescription"));
    assert_false(json_has(first, "relatedInformation"));
    json_object_put(message);
    change_document(&rig, "file:///w/.env", 8,
                    "{'range':{'start':{'line':1,'character':0},'end':"
                    "{'line':1,'character':0}},'text':'#'}");
    rig_expect_silence(&rig); // the same findings
    // Other documents are told once that they are clean, foreign schemes never.
    open_document(&rig, "file:///w/main.c", 1, "int main(void);");
    assert_int_equal(published(&rig, &version), 0);
    open_document(&rig, "git:/w/.env", 1, WRONG);
    rig_expect_silence(&rig);
    close_document(&rig, "git:/w/.env");
    rig_expect_silence(&rig);
    rig_close(&rig);
}

static struct json_object *pull(struct rig *rig, int64_t id, const char *uri,
                                const char *previous) {
    char message[1024];
    snprintf(message, sizeof(message),
             "{'jsonrpc':'2.0','id':%lld,'method':'textDocument/diagnostic','params':"
             "{'textDocument':{'uri':'%s'},'previousResultId':'%s'}}",
             (long long)id, uri, previous);
    rig_say(rig, message);
    struct json_object *answer = rig_await_answer(rig, id);
    struct json_object *result = json_object_get(json_get(answer, "result"));
    json_object_put(answer);
    return result;
}

static void test_pull(void **state) {
    (void)state;
    struct rig rig;
    rig_open(&rig);
    rig_initialize(&rig, PULLING, "{}");
    const char *uri = "file:///w/.env";
    open_document(&rig, uri, 1, WRONG);
    struct json_object *report = pull(&rig, 2, uri, "");
    assert_true(str_eq(json_get_str(report, "kind"), STR("full")));
    assert_int_equal(json_count(json_get(report, "items")), 1);
    char id[64];
    snprintf(id, sizeof(id), "%.*s", STR_ARG(json_get_str(report, "resultId")));
    json_object_put(report);
    report = pull(&rig, 3, uri, id);
    assert_true(str_eq(json_get_str(report, "kind"), STR("unchanged")));
    assert_true(str_eq(json_get_str(report, "resultId"), str_from(id)));
    assert_false(json_has(report, "items"));
    json_object_put(report);
    rig_expect_silence(&rig); // never pushed, and nothing to refresh
    change_document(&rig, uri, 2, "{'text':''}");
    rig_expect_silence(&rig); // the client knows of its own edit
    report = pull(&rig, 4, uri, id);
    assert_true(str_eq(json_get_str(report, "kind"), STR("full")));
    assert_int_equal(json_count(json_get(report, "items")), 0);
    json_object_put(report);
    report = pull(&rig, 5, "file:///w/closed", "");
    assert_int_equal(json_count(json_get(report, "items")), 0);
    json_object_put(report);
    close_document(&rig, uri);
    rig_expect_silence(&rig);
    rig_close(&rig);
}

// What changed findings without an edit is told by a refresh, once per change.
static void test_refresh(void **state) {
    (void)state;
    struct rig rig;
    rig_open(&rig);
    rig_initialize(&rig, PULLING, "{}");
    const char *uri = "file:///w/.env";
    open_document(&rig, uri, 1, WRONG);
    json_object_put(pull(&rig, 2, uri, ""));
    rig_expect_silence(&rig);
    rig_say(&rig, "{'jsonrpc':'2.0','method':'workspace/didChangeConfiguration','params':"
                  "{'settings':{'ollama-ls':{'severity':{'unknown-variable':'off'}}}}}");
    rig_spin(&rig);
    struct json_object *refresh = rig_await_method(&rig, "workspace/diagnostic/refresh");
    json_object_put(refresh);
    rig_say(&rig, "{'jsonrpc':'2.0','method':'workspace/didChangeConfiguration','params':"
                  "{'settings':{'ollama-ls':{'severity':{'unknown-variable':'off'}}}}}");
    rig_expect_silence(&rig);
    rig_close(&rig);
}

static void test_workspace_pull(void **state) {
    (void)state;
    struct rig rig;
    rig_open(&rig);
    rig_initialize(&rig, PULLING, "{}");
    open_document(&rig, "file:///w/.env", 1, WRONG);
    rig_say(&rig, "{'jsonrpc':'2.0','id':2,'method':'workspace/diagnostic','params':"
                  "{'previousResultIds':[],'partialResultToken':'part'}}");
    rig_spin(&rig);
    struct json_object *part = rig_await_method(&rig, "$/progress");
    struct json_object *items = json_path(part, "params.value.items");
    assert_int_equal(json_count(items), 1);
    assert_true(str_eq(json_get_str(json_at(items, 0), "uri"), STR("file:///w/.env")));
    assert_int_equal(json_get_int(json_at(items, 0), "version", -1), 1);
    json_object_put(part);
    rig_expect_silence(&rig); // held
    change_document(&rig, "file:///w/.env", 2, "{'text':''}");
    rig_spin(&rig);
    part = rig_await_method(&rig, "$/progress");
    json_object_put(part);
    // Asking anew ends the one that is held. Without a token the answer is the news.
    rig_say(&rig, "{'jsonrpc':'2.0','id':3,'method':'workspace/diagnostic','params':"
                  "{'previousResultIds':[{'uri':'file:///w/.env','value':'old'}]}}");
    assert_int_equal(rig_code(&rig, 2), 0);
    assert_int_equal(rig_code(&rig, 3), 0);
    rig_expect_silence(&rig);
    rig_close(&rig);
}

// The tree of a document is that of its text, as a parse from scratch would give it.
static void assert_tree(struct rig *rig, const char *uri) {
    struct document *document = documents_find(rig->server, str_from(uri));
    struct tree *tree = NULL;
    for (int turn = 0; !tree && turn < 1000; turn++) { // a busy machine may take several
        tree = document_tree(rig->server, document);
    }
    assert_non_null(tree);
    assert_ptr_equal(tree_text(tree), document->text);
    struct tree *fresh = tree_parse(document->text, tree_language(tree), NULL);
    char *have = ts_node_string(tree_root(tree));
    char *want = ts_node_string(tree_root(fresh));
    assert_string_equal(have, want);
    assert_int_equal(ts_node_end_byte(tree_root(tree)), ts_node_end_byte(tree_root(fresh)));
    free(have);
    free(want);
    tree_destroy(fresh);
}

// More documents than trees are kept: the oldest are closed, and come back when they are asked for.
static void test_trees_come_back(void **state) {
    (void)state;
    struct rig rig;
    rig_open(&rig);
    rig_initialize(&rig, "{}", "{}");
    char uri[64];
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < DOCUMENTS_TREES * 2; i++) {
            snprintf(uri, sizeof(uri), "file:///w/%d/compose.yaml", i);
            if (round == 0) {
                open_document(&rig, uri, 1,
                              "services:\\n  a:\\n    environment:\\n      OLLAMA_HSOT: 1\\n");
                assert_int_equal(published(&rig, NULL), 1);
                // Findings in YAML need no tree.
                assert_int_equal(rig.server->documents.n_trees, 0);
            } else {
                change_document(&rig, uri, round,
                                "{'range':{'start':{'line':0,'character':0},'end':"
                                "{'line':0,'character':0}},'text':'a: 1\\n'}");
                assert_tree(&rig, uri);
                rig_spin(&rig);
                json_object_put(rig_find(&rig, rig_is_method, "textDocument/publishDiagnostics"));
            }
            assert_true(rig.server->documents.n_trees <= DOCUMENTS_TREES);
        }
    }
    assert_int_equal(rig.server->documents.n_trees, DOCUMENTS_TREES);
    rig_close(&rig);
}

// The tree follows the text through many edits, several of them between two looks.
static void test_tree_follows(void **state) {
    (void)state;
    struct rig rig;
    rig_open(&rig);
    rig_initialize(&rig, "{}", "{}");
    const char *uri = "file:///w/compose.yaml";
    open_document(&rig, uri, 1, "services:\\n  a:\\n    environment:\\n      KEY: 1\\n");
    assert_tree(&rig, uri);
    for (int i = 1; i <= 40; i++) {
        char change[300];
        change_document(&rig, uri, i * 2,
                        "{'range':{'start':{'line':0,'character':0},'end':{'line':0,'character':0}"
                        "},'text':'k: [a, {b: c}]\\n'}");
        if (i % 3 == 0) {
            assert_tree(&rig, uri);
        }
        snprintf(change, sizeof(change),
                 "{'range':{'start':{'line':%d,'character':11},'end':{'line':%d,'character':12}},"
                 "'text':'%d'}",
                 i + 3, i + 3, i % 10);
        change_document(&rig, uri, i * 2 + 1, change);
        assert_tree(&rig, uri);
    }
    rig_close(&rig);
}

// A client that never sends `initialized`, or never its settings, gets its findings all the same.
static void test_forgetful_clients(void **state) {
    (void)state;
    struct rig rig;
    rig_open(&rig);
    rig_say(&rig, "{'jsonrpc':'2.0','id':1,'method':'initialize','params':{'capabilities':{},"
                  "'rootUri':null,'processId':null}}");
    assert_int_equal(rig_code(&rig, 1), 0);
    open_document(&rig, "file:///w/.env", 1, WRONG);
    struct json_object *message = rig_await_method(&rig, "textDocument/publishDiagnostics");
    json_object_put(message);
    rig_close(&rig);

    rig_open(&rig);
    rig_initialize(&rig, "{'workspace':{'configuration':true}}", "{}");
    open_document(&rig, "file:///w/.env", 1, WRONG);
    json_object_put(rig_await_method(&rig, "workspace/configuration"));
    rig_expect_silence(&rig); // the settings may say that it is no finding
    json_object_put(rig_await_method(&rig, "textDocument/publishDiagnostics"));
    rig_close(&rig);
}

// A document without anything for us has no tree.
static void test_costs_nothing(void **state) {
    (void)state;
    struct rig rig;
    rig_open(&rig);
    rig_initialize(&rig, "{}", "{}");
    open_document(&rig, "file:///w/a.yaml", 1, "a:\\n  b: 1\\n");
    assert_int_equal(published(&rig, NULL), 0);
    assert_int_equal(rig.server->documents.n_trees, 0);
    rig_close(&rig);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_changes),
        cmocka_unit_test(test_units),
        cmocka_unit_test(test_spellings),
        cmocka_unit_test(test_push),
        cmocka_unit_test(test_push_without_version),
        cmocka_unit_test(test_pull),
        cmocka_unit_test(test_refresh),
        cmocka_unit_test(test_workspace_pull),
        cmocka_unit_test(test_trees_come_back),
        cmocka_unit_test(test_tree_follows),
        cmocka_unit_test(test_forgetful_clients),
        cmocka_unit_test(test_costs_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
