// SPDX-License-Identifier: MIT
//
// JSON-RPC and the lifecycle: what is legal when, exactly one response per request, ids,
// cancelling, and requests of our own that a client may never answer.
#include "lsp_rig.h"

static void test_before_initialize(void **state) {
    (void)state;
    struct rig rig;
    rig_open(&rig);
    rig_say(&rig, "{'jsonrpc':'2.0','id':7,'method':'textDocument/hover','params':{}}");
    assert_int_equal(rig_code(&rig, 7), -32002);
    rig_say(&rig, "{'jsonrpc':'2.0','id':8,'method':'no/such'}");
    assert_int_equal(rig_code(&rig, 8), -32002);
    rig_say(&rig, "{'jsonrpc':'2.0','id':9,'method':'shutdown'}");
    assert_int_equal(rig_code(&rig, 9), -32002);
    rig_say(&rig, "{'jsonrpc':'2.0','method':'initialized','params':{}}");
    rig_say(&rig, "{'jsonrpc':'2.0','method':'textDocument/didOpen','params':{'textDocument':"
                  "{'uri':'file:///a/.env','languageId':'','version':1,'text':'A=1'}}}");
    rig_expect_silence(&rig);
    assert_int_equal(rig.server->documents.n, 0);
    rig_say(&rig, "{'jsonrpc':'2.0','method':'exit'}");
    assert_true(rig.exited);
    assert_int_equal(lsp_server_exit_code(rig.server), 1);
    rig_close(&rig);
}

static void test_running(void **state) {
    (void)state;
    struct rig rig;
    rig_open(&rig);
    rig_initialize(&rig, "{}", "{}");
    rig_say(&rig, "{'jsonrpc':'2.0','id':2,'method':'initialize','params':{'capabilities':{}}}");
    assert_int_equal(rig_code(&rig, 2), -32600);
    rig_say(&rig, "{'jsonrpc':'2.0','id':3,'method':'no/such'}");
    assert_int_equal(rig_code(&rig, 3), -32601);
    rig_say(&rig, "{'jsonrpc':'2.0','id':4,'method':'$/no/such'}");
    assert_int_equal(rig_code(&rig, 4), -32601);
    rig_say(&rig, "{'jsonrpc':'2.0','id':5,'method':'initialized'}");
    assert_int_equal(rig_code(&rig, 5), -32601);
    rig_say(&rig, "{'jsonrpc':'2.0','method':'$/no/such','params':{}}");
    rig_say(&rig, "{'jsonrpc':'2.0','method':'no/such'}");
    rig_say(&rig, "{'jsonrpc':'2.0','method':'$/cancelRequest','params':{'id':99}}");
    rig_say(&rig, "{'jsonrpc':'2.0','method':'initialized','params':{}}");
    rig_expect_silence(&rig);
    rig_say(&rig, "{'jsonrpc':'2.0','id':6,'method':'textDocument/hover','params':[1]}");
    assert_int_equal(rig_code(&rig, 6), -32602);
    rig_say(&rig, "{'jsonrpc':'2.0','id':7,'method':'textDocument/hover','params':"
                  "{'textDocument':{'uri':'file:///not/open'},'position':"
                  "{'line':0,'character':0}}}");
    assert_int_equal(rig_code(&rig, 7), -32602);
    rig_say(&rig, "{'jsonrpc':'2.0','id':8,'method':'shutdown'}");
    assert_int_equal(rig_code(&rig, 8), 0);
    rig_say(&rig, "{'jsonrpc':'2.0','id':9,'method':'textDocument/hover','params':{}}");
    assert_int_equal(rig_code(&rig, 9), -32600);
    rig_say(&rig, "{'jsonrpc':'2.0','id':10,'method':'shutdown'}");
    assert_int_equal(rig_code(&rig, 10), -32600);
    rig_say(&rig, "{'jsonrpc':'2.0','method':'exit'}");
    assert_true(rig.exited);
    assert_int_equal(lsp_server_exit_code(rig.server), 0);
    rig_close(&rig);
}

static void test_exit_without_shutdown(void **state) {
    (void)state;
    struct rig rig;
    rig_open(&rig);
    rig_initialize(&rig, "{}", "{}");
    rig_say(&rig, "{'jsonrpc':'2.0','method':'exit'}");
    assert_int_equal(lsp_server_exit_code(rig.server), 1);
    rig_close(&rig);
}

// The end of the input counts as a failure, even after shutdown.
static void test_end_of_input(void **state) {
    (void)state;
    struct rig rig;
    rig_open(&rig);
    rig_initialize(&rig, "{}", "{}");
    rig_say(&rig, "{'jsonrpc':'2.0','id':8,'method':'shutdown'}");
    assert_int_equal(rig_code(&rig, 8), 0);
    lsp_server_end_of_input(rig.server);
    assert_int_equal(lsp_server_exit_code(rig.server), 1);
    rig_close(&rig);
}

static void test_not_a_message(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int64_t code;
    } rows[] = {
        {"{", -32700},
        {"", -32700},
        {"{'jsonrpc':'2.0','id':1,'method':'shutdown'", -32700},
        {"{'a':NaN}", -32700},
        {"\xff", -32700},
        {"[]", -32600},
        {"[{'jsonrpc':'2.0','id':1,'method':'shutdown'},"
         "{'jsonrpc':'2.0','id':2,'method':'x'}]",
         -32600},
        {"1", -32600},
        {"null", -32600},
        {"{}", -32600},
        {"{'jsonrpc':'2.0','id':null,'method':'shutdown'}", -32600},
        {"{'jsonrpc':'2.0','id':1.5,'method':'shutdown'}", -32600},
        {"{'jsonrpc':'2.0','id':true,'method':'shutdown'}", -32600},
        {"{'jsonrpc':'2.0','id':[1],'method':'shutdown'}", -32600},
        {"{'jsonrpc':'2.0','id':99999999999,'method':'shutdown'}", -32600},
        {"{'jsonrpc':'2.0','method':5}", -32600},
    };
    struct rig rig;
    rig_open(&rig);
    rig_initialize(&rig, "{}", "{}");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        rig_say(&rig, rows[i].text);
        int64_t code = rig_null_code(&rig);
        if (code != rows[i].code) {
            fail_msg("%s: %lld instead of %lld", rows[i].text, (long long)code,
                     (long long)rows[i].code);
        }
        rig_expect_silence(&rig);
    }
    lsp_server_receive_garbage(rig.server, STR("no header"));
    assert_int_equal(rig_null_code(&rig), -32700);
    rig_say(&rig, "{'jsonrpc':'1.0','id':5,'method':'shutdown'}");
    assert_int_equal(rig_code(&rig, 5), -32600);
    rig_say(&rig, "{'jsonrpc':'2.0','id':6,'method':'shutdown'}"); // still of sound mind
    assert_int_equal(rig_code(&rig, 6), 0);
    rig_close(&rig);
}

static bool is_text_id(struct json_object *message, const void *what) {
    return !json_has(message, "method") && str_eq(json_get_str(message, "id"), str_from(what));
}

static void test_ids_come_back_as_sent(void **state) {
    (void)state;
    struct rig rig;
    rig_open(&rig);
    rig_initialize(&rig, "{}", "{}");
    rig_say(&rig, "{'jsonrpc':'2.0','id':'1','method':'no/such'}");
    json_object_put(rig_await(&rig, is_text_id, "1"));
    rig_say(&rig, "{'jsonrpc':'2.0','id':-5,'method':'no/such'}");
    assert_int_equal(rig_code(&rig, -5), -32601);
    rig_say(&rig, "{'jsonrpc':'2.0','id':'','method':'no/such'}");
    json_object_put(rig_await(&rig, is_text_id, ""));
    rig_close(&rig);
}

#define PULLING                                                                                    \
    "{'textDocument':{'diagnostic':{}},'workspace':{'diagnostics':{'refreshSupport':true}}}"

static void test_cancel(void **state) {
    (void)state;
    struct rig rig;
    rig_open(&rig);
    rig_initialize(&rig, PULLING, "{}");
    const char *hold = "{'jsonrpc':'2.0','id':2,'method':'workspace/diagnostic','params':"
                       "{'previousResultIds':[{'uri':'file:///w/.env','value':'1'}]}}";
    rig_say(&rig, hold);
    rig_expect_silence(&rig);
    // Another id than 2.
    rig_say(&rig, "{'jsonrpc':'2.0','method':'$/cancelRequest','params':{'id':'2'}}");
    rig_expect_silence(&rig);
    rig_say(&rig, "{'jsonrpc':'2.0','method':'$/cancelRequest','params':{'id':2}}");
    assert_int_equal(rig_code(&rig, 2), -32800);
    rig_say(&rig, "{'jsonrpc':'2.0','method':'$/cancelRequest','params':{'id':2}}");
    rig_expect_silence(&rig);
    assert_int_equal(rig.server->rpc.n_requests, 0);

    // A request that is held is answered before shutdown is.
    rig_say(&rig, hold);
    rig_say(&rig, "{'jsonrpc':'2.0','id':3,'method':'shutdown'}");
    struct json_object *first = json_at(rig.out, 0);
    assert_int_equal(json_get_int(first, "id", 0), 2);
    assert_int_equal(rig_code(&rig, 2), -32800);
    assert_int_equal(rig_code(&rig, 3), 0);
    rig_close(&rig);
}

// A request that is held when the input ends gets no answer, and its memory is freed (ASan looks).
static void test_end_with_request_in_flight(void **state) {
    (void)state;
    struct rig rig;
    rig_open(&rig);
    rig_initialize(&rig, PULLING, "{}");
    rig_say(&rig, "{'jsonrpc':'2.0','id':2,'method':'workspace/diagnostic','params':"
                  "{'previousResultIds':[{'uri':'file:///w/.env','value':'1'}]}}");
    lsp_server_end_of_input(rig.server);
    rig_expect_silence(&rig);
    rig_close(&rig);
}

struct answer {
    int calls;
    enum err code;
    int64_t value;
};

static void on_answer(struct lsp_server *server, enum err code, struct json_object *result,
                      void *data) {
    (void)server;
    struct answer *answer = data;
    answer->calls++;
    answer->code = code;
    answer->value = json_is(result, json_type_int) ? json_object_get_int64(result) : -1;
}

static void test_requests_of_ours(void **state) {
    (void)state;
    struct rig rig;
    rig_open(&rig);
    rig_initialize(&rig, "{}", "{}");
    struct answer answers[4] = {{0}};
    for (int i = 0; i < 4; i++) {
        rpc_request(rig.server, "test/ask", NULL, i == 2 ? 30 : 0, on_answer, &answers[i]);
    }
    int64_t ids[4];
    for (int i = 0; i < 4; i++) {
        struct json_object *message = rig_await_method(&rig, "test/ask");
        ids[i] = json_get_int(message, "id", -1);
        json_object_put(message);
    }
    char text[200];
    snprintf(text, sizeof(text), "{'jsonrpc':'2.0','id':%lld,'result':42}", (long long)ids[1]);
    rig_say(&rig, text);
    rig_say(&rig, text); // a second time: dropped
    assert_int_equal(answers[1].calls, 1);
    assert_int_equal(answers[1].code, ERR_OK);
    assert_int_equal(answers[1].value, 42);
    snprintf(text, sizeof(text), "{'jsonrpc':'2.0','id':%lld,'error':{'code':-1,'message':'no'}}",
             (long long)ids[0]);
    rig_say(&rig, text);
    assert_int_equal(answers[0].code, ERR_REMOTE);
    rig_say(&rig, "{'jsonrpc':'2.0','id':777,'result':null}");
    rig_say(&rig, "{'jsonrpc':'2.0','id':'x','result':null}");
    rig_say(&rig, "{'jsonrpc':'2.0','id':null,'error':{'code':-32700,'message':'what?'}}");
    int64_t begin = clock_ms();
    while (!answers[2].calls && clock_ms() - begin < RIG_LIMIT_MS) {
        uv_run(&rig.loop, UV_RUN_ONCE);
    }
    assert_int_equal(answers[2].code, ERR_TIMEOUT);
    assert_int_equal(answers[3].calls, 0);
    rig_expect_silence(&rig);
    rig_close(&rig);
    assert_int_equal(answers[3].calls, 1);
    assert_int_equal(answers[3].code, ERR_CANCELLED);
    assert_int_equal(answers[2].calls, 1);
}

static void test_trace(void **state) {
    (void)state;
    struct rig rig;
    rig_open(&rig);
    rig_initialize(&rig, "{}", "{}");
    rig_say(&rig, "{'jsonrpc':'2.0','method':'$/setTrace','params':{'value':'messages'}}");
    json_object_put(rig_await_method(&rig, "$/logTrace"));
    rig_say(&rig, "{'jsonrpc':'2.0','id':2,'method':'textDocument/hover','params':{}}");
    assert_int_equal(rig_code(&rig, 2), -32602);
    struct json_object *line = rig_await_method(&rig, "$/logTrace");
    assert_false(json_has(json_get(line, "params"), "verbose"));
    json_object_put(line);
    rig_say(&rig, "{'jsonrpc':'2.0','method':'$/setTrace','params':{'value':'verbose'}}");
    line = rig_await_method(&rig, "$/logTrace");
    assert_true(json_has(json_get(line, "params"), "verbose"));
    json_object_put(line);
    rig_say(&rig, "{'jsonrpc':'2.0','method':'$/setTrace','params':{'value':'off'}}");
    rig_expect_silence(&rig);
    rig_close(&rig);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_before_initialize),
        cmocka_unit_test(test_running),
        cmocka_unit_test(test_exit_without_shutdown),
        cmocka_unit_test(test_end_of_input),
        cmocka_unit_test(test_not_a_message),
        cmocka_unit_test(test_ids_come_back_as_sent),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_end_with_request_in_flight),
        cmocka_unit_test(test_requests_of_ours),
        cmocka_unit_test(test_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
