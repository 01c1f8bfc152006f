// SPDX-License-Identifier: MIT
//
// Ollama's variables and parameters: the tables, and the verdicts on values (Go's strconv decides).
#include "ollama_rows.h"

#include "ollama/core/environment.h"

static void check_value(size_t i, enum value_type type, const char *value, bool ok,
                        const char *fix) {
    static const struct str CACHE[] = {STR_INIT("f16"), STR_INIT("q8_0"), STR_INIT("q4_0")};
    struct arena arena = {0};
    struct str got = STR("unset");
    bool verdict = value_check(&arena, type, CACHE, 3, str_from(value), &got);
    if (verdict != ok) {
        print_error("'%s'\n", value);
    }
    CHECK(i, verdict == ok);
    CHECK_STR(i, got, str_from(fix));
    CHECK(i, value_check(&arena, type, CACHE, 3, str_from(value), NULL) == ok);
    // What is offered is right.
    CHECK(i, got.n == 0 || value_check(&arena, type, CACHE, 3, got, NULL));
    arena_finish(&arena);
}

static void values(void **state) {
    (void)state;
    static const struct {
        enum value_type type;
        const char *value;
        bool ok;
        const char *fix;
    } ROWS[] = {
        {VALUE_BOOL, "1", true, ""},
        {VALUE_BOOL, "t", true, ""},
        {VALUE_BOOL, "T", true, ""},
        {VALUE_BOOL, "TRUE", true, ""},
        {VALUE_BOOL, "true", true, ""},
        {VALUE_BOOL, "True", true, ""},
        {VALUE_BOOL, "0", true, ""},
        {VALUE_BOOL, "f", true, ""},
        {VALUE_BOOL, "F", true, ""},
        {VALUE_BOOL, "FALSE", true, ""},
        {VALUE_BOOL, "false", true, ""},
        {VALUE_BOOL, "False", true, ""},
        {VALUE_BOOL, "", true, ""},
        {VALUE_BOOL, " \"true\" ", true, ""},
        {VALUE_BOOL, "yes", false, "true"},
        {VALUE_BOOL, "no", false, "false"},
        {VALUE_BOOL, "On", false, "true"},
        {VALUE_BOOL, "OFF", false, "false"},
        {VALUE_BOOL, "tRUE", false, "true"},
        {VALUE_BOOL, "2", false, ""},
        {VALUE_BOOL, "maybe", false, ""},
        {VALUE_UINT, "0", true, ""},
        {VALUE_UINT, "18446744073709551615", true, ""},
        {VALUE_UINT, "18446744073709551616", false, ""},
        {VALUE_UINT, "-1", false, ""},
        {VALUE_UINT, "+5", false, "5"},
        {VALUE_UINT, "0x10", false, ""},
        {VALUE_UINT, "8k", false, ""},
        {VALUE_UINT, "8_192", false, "8192"},
        {VALUE_UINT, "8,192", false, "8192"},
        {VALUE_UINT, "8,19", false, ""},
        {VALUE_UINT, "4096.0", false, "4096"},
        {VALUE_UINT, "4096.5", false, ""},
        {VALUE_UINT, " 4 ", true, ""},
        {VALUE_DURATION, "5m", true, ""},
        {VALUE_DURATION, "300ms", true, ""},
        {VALUE_DURATION, "1.5h", true, ""},
        {VALUE_DURATION, "2h45m", true, ""},
        {VALUE_DURATION, "-1", true, ""},
        {VALUE_DURATION, "0", true, ""},
        {VALUE_DURATION, "300", true, ""},
        {VALUE_DURATION, "-1m", true, ""},
        {VALUE_DURATION, "1µs", true, ""},
        {VALUE_DURATION, ".5s", true, ""},
        {VALUE_DURATION, "5 m", false, "5m"},
        {VALUE_DURATION, "5min", false, "5m"},
        {VALUE_DURATION, "30 seconds", false, "30s"},
        {VALUE_DURATION, "1d", false, "24h"},
        {VALUE_DURATION, "1H", false, "1h"},
        {VALUE_DURATION, "forever", false, "-1"},
        {VALUE_DURATION, "m", false, ""},
        {VALUE_DURATION, "1.5", false, ""},
        {VALUE_DURATION, "1h30", false, ""},
        {VALUE_DURATION, "1w", false, ""},
        {VALUE_LEVEL, "1", true, ""},
        {VALUE_LEVEL, "-4", true, ""},
        {VALUE_LEVEL, "true", true, ""},
        {VALUE_LEVEL, "2", true, ""},
        {VALUE_LEVEL, "debug", false, "1"},
        {VALUE_LEVEL, "TRACE", false, "2"},
        {VALUE_LEVEL, "info", false, "0"},
        {VALUE_LEVEL, "loud", false, ""},
        {VALUE_WORD, "q8_0", true, ""},
        {VALUE_WORD, "Q8_0", true, ""},
        {VALUE_WORD, "q8", false, "q8_0"},
        {VALUE_WORD, "q4-0", false, "q4_0"},
        {VALUE_WORD, "q", false, ""},
        {VALUE_WORD, "bf16", false, "f16"},
        {VALUE_WORD, "banana", false, ""},
        {VALUE_LIST, "a, b", true, ""},
        {VALUE_HOST, "any thing", true, ""},
        {VALUE_STRING, "x", true, ""},
        {VALUE_DIRECTORY, "/models", true, ""},
        {VALUE_DIRECTORY, "~/models", true, ""},
        {VALUE_DIRECTORY, "models", true, ""},
        {VALUE_DIRECTORY, "./a,b", true, ""},
        {VALUE_DIRECTORY, "D:\\models", true, ""},
        {VALUE_DIRECTORY, "llama3.2:3b,gemma2:2b", false, ""},
        {VALUE_DIRECTORY, "llama3.2:3b, hf.co/a/B:Q4_K_M", false, ""},
        {VALUE_DIRECTORY, "llama3.2", false, ""},
        {VALUE_DIRECTORY, "qwen3:8b", false, ""},
        {VALUE_FLOAT, "0.5", true, ""},
        {VALUE_FLOAT, "x", false, ""},
        {VALUE_INT, "-3", true, ""},
        {VALUE_INT, "3.0", false, "3"},
    };
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        check_value(i, ROWS[i].type, ROWS[i].value, ROWS[i].ok, ROWS[i].fix);
    }
}

// Reference: ollama.md 4.4 and the probed Modelfiles P36 to P57, R40 to R60.
static void parameter_values(void **state) {
    (void)state;
    static const struct {
        const char *name;
        const char *value;
        bool ok;
    } ROWS[] = {
        {"temperature", "", false},
        {"temperature", "1", true},
        {"temperature", "abc", false},
        {"num_ctx", "4096.0", false},
        {"num_ctx", "-1", true},
        {"num_ctx", "0x10", false},
        {"use_mmap", "yes", false},
        {"use_mmap", "T", true},
        {"stop", "a", true},
        {"stop", "", true},
        {"top_p", "9.5", true},
        {"temperature", "NaN", true},
        {"temperature", "-nan", false},
        {"temperature", "+Inf", true},
        {"temperature", "-infinity", true},
        {"temperature", "infinit", false},
        {"seed", "99999999999999999999", false},
        {"seed", "9223372036854775807", true},
        {"seed", "-9223372036854775808", true},
        {"seed", "+5", true},
        {"seed", "+", false},
        {"seed", "--5", false},
        {"seed", "+-5", false},
        {"num_ctx", "1e3", false},
        {"num_ctx", "1_000", false},
        {"num_ctx", " 5", false},
        {"temperature", ".5", true},
        {"temperature", "5.", true},
        {"temperature", ".", false},
        {"temperature", "1e-3", true},
        {"temperature", "1e", false},
        {"temperature", "1e+", false},
        {"temperature", "0x1p-2", true},
        {"temperature", "0x1", false},
        {"temperature", "0x.8p0", true},
        {"temperature", "1_000.5", true},
        {"temperature", "1__0", false},
        {"temperature", "_1", false},
        {"temperature", "1e39", false},
        {"temperature", "3.4e38", true},
        {"temperature", "1e-60", true},
        {"temperature", "0,5", false},
        {"temperature", " 1", false},
        {"temperature", "1f", false},
        {"num_gpu", "1", true},
        {"main_gpu", "1", true},
        {"num_thread", "1", true},
        {"num_keep", "1", true},
        {"min_p", "0.05", true},
        {"typical_p", "1.0", true},
        {"repeat_last_n", "1", true},
        {"repeat_penalty", "1.0", true},
        {"penalize_newline", "true", true},
        {"mirostat", "1", true},
        {"use_mmap", "", false},
        {"use_mmap", "1", true},
    };
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        const struct parameter *parameter = parameter_find(str_from(ROWS[i].name));
        assert_non_null(parameter);
        bool ok = parameter_value_ok(parameter, str_from(ROWS[i].value));
        if (ok != ROWS[i].ok) {
            print_error("%s '%s'\n", ROWS[i].name, ROWS[i].value);
        }
        CHECK(i, ok == ROWS[i].ok);
    }
}

static void parameters(void **state) {
    (void)state;
    static const char *const REJECTED[] = {"Temperature",  "bogus",          "",
                                           "numa",         "num_gqa",        "tfs_z",
                                           "num_parallel", "embedding_only", "rope_frequency_base"};
    for (size_t i = 0; i < sizeof(REJECTED) / sizeof(REJECTED[0]); i++) {
        CHECK(i, parameter_find(str_from(REJECTED[i])) == NULL);
    }
    static const char *const DEPRECATED[] = {"penalize_newline", "low_vram",     "f16_kv",
                                             "logits_all",       "vocab_only",   "use_mlock",
                                             "mirostat",         "mirostat_tau", "mirostat_eta"};
    for (size_t i = 0; i < 9; i++) {
        CHECK(i, parameter_find(str_from(DEPRECATED[i]))->deprecated);
    }
    size_t current = 0;
    for (size_t i = 0; i < parameter_count(); i++) {
        const struct parameter *parameter = parameter_at(i);
        current += parameter->deprecated ? 0 : 1;
        CHECK(i, parameter->about.n > 0);
        assert_ptr_equal(parameter_find(parameter->name), parameter);
    }
    assert_int_equal(current, 20);
    assert_true(parameter_find(STR("num_ctx"))->reload);
    assert_false(parameter_find(STR("seed"))->reload);
    assert_null(parameter_at(parameter_count()));
}

static void variables(void **state) {
    (void)state;
    for (size_t i = 0; i < variable_count(); i++) {
        const struct variable *variable = variable_at(i);
        CHECK(i, variable->about.n > 0);
        CHECK(i, variable->obsolete == (variable->since.n > 0 || variable->instead.n > 0));
        CHECK(i, variable->instead.n == 0 || !str_starts(variable->instead, STR("OLLAMA_")) ||
                     variable_find(variable->instead));
        assert_ptr_equal(variable_find(variable->name), variable); // no name twice
        assert_true(value_type_text(variable->type)[0] != '\0');
    }
    const struct variable *variable = variable_find(STR("OLLAMA_KV_CACHE_TYPE"));
    assert_int_equal(variable->n_words, 3);
    assert_true(variable_find(STR("OLLAMA_TMPDIR"))->obsolete);
    assert_int_equal(variable_find(STR("OLLAMA_KEEP_ALIVE"))->type, VALUE_DURATION);
    static const char *const INVENTED[] = {"OLLAMA_BASE_URL", "OLLAMA_MODEL", "OLLAMA_PORT",
                                           "ollama_host", ""};
    for (size_t i = 0; i < 5; i++) {
        CHECK(i, variable_find(str_from(INVENTED[i])) == NULL);
    }
    assert_null(variable_at(variable_count()));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values),
        cmocka_unit_test(parameter_values),
        cmocka_unit_test(parameters),
        cmocka_unit_test(variables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
