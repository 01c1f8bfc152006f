// SPDX-License-Identifier: MIT
//
// The table of recommended models agrees with the library table, and sizes choose among its rows.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ollama/core/library.h"
#include "ollama/core/recommended.h"

#define GB 1000000000u

static void test_rows_are_library_models_that_can_do_it(void **state) {
    (void)state;
    assert_true(recommended_count() > 10);
    for (size_t i = 0; i < recommended_count(); i++) {
        const struct recommended_model *model = recommended_at(i);
        struct model_name name;
        assert_true(model_name_parse(model->name, MODEL_NAME_INFERENCE, &name, NULL));
        const struct library_model *family = library_find(name.model);
        assert_non_null(family);
        int64_t size = 0;
        for (size_t t = 0; t < family->n_tags; t++) {
            size = str_eq(family->tags[t].tag, name.tag) ? family->tags[t].size : size;
        }
        assert_true(size > 0); // a listed tag, and no cloud model
        assert_true((double)size * 1.3 < (double)model->memory_gb * GB);
        bool embeds = (family->capabilities & CAP_EMBEDDING) != 0;
        assert_int_equal(str_eq(model->role, STR("embed")), embeds);
        assert_true(!str_eq(model->role, STR("autocomplete")) || family->insert);
    }
    assert_null(recommended_at(recommended_count()));
}

static void test_the_largest_that_fits(void **state) {
    (void)state;
    static const char *const roles[] = {"chat", "code", "autocomplete", "embed"};
    for (size_t r = 0; r < 4; r++) {
        struct str role = str_from(roles[r]);
        assert_null(recommended_for(role, 1 * (uint64_t)GB));
        int last = 0;
        for (uint64_t gb = 4; gb <= 256; gb *= 2) {
            const struct recommended_model *model = recommended_for(role, gb * GB);
            assert_non_null(model);
            assert_true((uint64_t)model->memory_gb <= gb && model->memory_gb >= last);
            last = model->memory_gb;
        }
    }
    assert_true(str_eq(recommended_for(STR("chat"), 8 * (uint64_t)GB)->name, STR("gemma3:4b")));
    assert_null(recommended_for(STR("poetry"), 64 * (uint64_t)GB));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_are_library_models_that_can_do_it),
        cmocka_unit_test(test_the_largest_that_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
