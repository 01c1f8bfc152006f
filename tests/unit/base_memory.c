// SPDX-License-Identifier: MIT
//
// Arenas, vectors, buffers, maps and errors.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/strmap.h"
#include "base/vec.h"

static void arena_is_zeroed_and_aligned(void **state) {
    (void)state;
    struct arena arena = {0};
    for (int round = 0; round < 3; round++) {
        size_t total = 0;
        for (size_t size = 0; size < 3000; size += 7) {
            unsigned char *p = arena_alloc(&arena, size);
            assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
            for (size_t i = 0; i < size; i++) {
                assert_int_equal(p[i], 0);
            }
            memset(p, 0xAA, size);
            total += size;
        }
        assert_int_equal(arena.used, total);
        unsigned char *big = arena_alloc(&arena, 3u << 20);
        assert_int_equal(big[(3u << 20) - 1], 0);
        big[(3u << 20) - 1] = 1;
        arena_reset(&arena);
        assert_int_equal(arena.used, 0);
    }
    arena_finish(&arena);
    assert_null(arena.chunk);
    assert_non_null(arena_alloc(&arena, 1)); // may be used again
    arena_finish(&arena);
}

static void arena_copies(void **state) {
    (void)state;
    struct arena arena;
    arena_init(&arena);
    struct str copy = arena_copy(&arena, STR("a\0b"));
    assert_true(str_eq(copy, STR("a\0b")));
    assert_int_equal(copy.p[3], 0);
    assert_string_equal(arena_cstr(&arena, STR_NONE), "");
    assert_true(str_eq(arena_lower(&arena, STR("AbZ[")), STR("abz[")));
    assert_true(str_eq(arena_join(&arena, STR("ab"), STR("c")), STR("abc")));
    assert_true(str_eq(arena_printf(&arena, "%d-%s", 7, "x"), STR("7-x")));
    char *owned = mem_strdup(STR("own"));
    assert_string_equal(owned, "own");
    free(owned);
    arena_finish(&arena);
}

static void arena_overflow_ends_with_70(void **state) {
    (void)state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct arena arena = {0};
        close(STDERR_FILENO);
        arena_alloc_array(&arena, SIZE_MAX / 2, 3);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 70);
}

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#define WITH_ASAN 1
#endif
#endif

static void arena_poisons_what_is_not_handed_out(void **state) {
    (void)state;
#ifdef WITH_ASAN
    struct arena arena = {0};
    char *p = arena_alloc(&arena, 5);
    assert_false(__asan_address_is_poisoned(p + 4));
    assert_true(__asan_address_is_poisoned(p + 5));
    arena_alloc(&arena, 16);
    assert_true(__asan_address_is_poisoned(p + 16)); // the gap between neighbours
    arena_reset(&arena);
    assert_true(__asan_address_is_poisoned(p));
    arena_finish(&arena);
#else
    print_message("skipped: not an ASan build\n");
    skip();
#endif
}

static void vectors_grow_and_zero(void **state) {
    (void)state;
    struct arena arena = {0};
    VEC(struct str) list = {0};
    for (size_t i = 0; i < 1000; i++) {
        struct str *item = VEC_PUSH(&arena, &list);
        assert_null(item->p);
        *item = str_of("x", i);
    }
    assert_int_equal(list.n, 1000);
    for (size_t i = 0; i < 1000; i++) {
        assert_int_equal(list.at[i].n, i);
    }
    list.n = 5; // truncated by the caller: old elements must not shine through
    assert_null(VEC_PUSH(&arena, &list)->p);
    assert_int_equal(list.n, 6);
    arena_finish(&arena);
}

static void buffers_refuse_beyond_the_maximum(void **state) {
    (void)state;
    struct buf buf;
    buf_init(&buf, 10);
    assert_null(buf.p);
    assert_true(str_eq(buf_str(&buf), STR("")));
    assert_true(buf_append(&buf, STR("12345")));
    assert_true(buf_printf(&buf, "%d", 6789));
    assert_false(buf_append(&buf, STR("ab")));
    assert_true(buf.full);
    assert_true(buf_append_char(&buf, '0'));
    assert_false(buf_append_char(&buf, 'x'));
    assert_false(buf_printf(&buf, "%d", 1));
    assert_string_equal(buf.p, "1234567890");
    buf_consume(&buf, 3);
    assert_string_equal(buf.p, "4567890");
    buf_consume(&buf, 99);
    assert_int_equal(buf.n, 0);
    buf_clear(&buf);
    assert_false(buf.full);
    assert_true(buf_append(&buf, STR_NONE));
    assert_true(buf_printf(&buf, "%s", ""));
    buf_finish(&buf);
    assert_null(buf.p);
}

static void buffers_take_their_own_bytes(void **state) {
    (void)state;
    struct buf buf;
    buf_init(&buf, 1u << 20);
    buf_append(&buf, STR("ab"));
    for (int i = 0; i < 12; i++) {
        assert_true(buf_append(&buf, buf_str(&buf)));
    }
    assert_int_equal(buf.n, 8192);
    assert_string_equal(buf.p + 8188, "abab");
    buf_finish(&buf);
}

static void maps_keep_order(void **state) {
    (void)state;
    struct arena arena = {0};
    struct strmap map;
    strmap_init(&map, &arena, STRMAP_COPY);
    assert_null(strmap_find(&map, STR("k1")));
    for (uint32_t i = 0; i < 5000; i++) {
        char key[16];
        bool is_new = false;
        int n = snprintf(key, sizeof(key), "k%u", i);
        strmap_put(&map, str_of(key, (size_t)n), &is_new)->number = i;
        assert_true(is_new);
    }
    bool is_new = true;
    assert_int_equal(strmap_put(&map, STR("k77"), &is_new)->number, 77);
    assert_false(is_new);
    assert_int_equal(map.n, 5000);
    for (uint32_t i = 0; i < 5000; i++) {
        assert_int_equal(map.at[i].number, i);
        assert_ptr_equal(strmap_find(&map, map.at[i].key), &map.at[i]);
    }
    assert_null(strmap_find(&map, STR("K77")));
    assert_null(strmap_find(&map, STR("k5000")));
    arena_finish(&arena);
}

static void maps_may_ignore_case(void **state) {
    (void)state;
    struct arena arena = {0};
    struct strmap map;
    int value = 1;
    strmap_init(&map, &arena, STRMAP_ICASE);
    strmap_set(&map, STR("Host"), &value);
    assert_ptr_equal(strmap_get(&map, STR("hOST")), &value);
    assert_null(strmap_get(&map, STR("hos")));
    strmap_set(&map, STR("HOST"), NULL);
    assert_int_equal(map.n, 1);
    assert_true(str_eq(map.at[0].key, STR("Host")));
    assert_true(strmap_find(&map, STR_NONE) == NULL);
    arena_finish(&arena);
}

static void errors_speak(void **state) {
    (void)state;
    struct arena arena = {0};
    struct error error = {.remedy = STR_INIT("stale")};
    assert_int_equal(error_set(&error, &arena, ERR_LIMIT, "%d of %d", 3, 2), ERR_LIMIT);
    assert_int_equal(error.code, ERR_LIMIT);
    assert_true(str_eq(error.message, STR("3 of 2")));
    assert_int_equal(error.remedy.n, 0);
    assert_int_equal(error_set(NULL, &arena, ERR_IO, "unseen"), ERR_IO);
    for (int code = ERR_OK; code <= ERR_BUG; code++) {
        assert_string_not_equal(err_name((enum err)code), "unknown");
    }
    assert_string_equal(err_name(ERR_NOT_FOUND), "not-found");
    assert_string_equal(err_name((enum err)99), "unknown");
    arena_finish(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arena_is_zeroed_and_aligned),
        cmocka_unit_test(arena_copies),
        cmocka_unit_test(arena_overflow_ends_with_70),
        cmocka_unit_test(arena_poisons_what_is_not_handed_out),
        cmocka_unit_test(vectors_grow_and_zero),
        cmocka_unit_test(buffers_refuse_beyond_the_maximum),
        cmocka_unit_test(buffers_take_their_own_bytes),
        cmocka_unit_test(maps_keep_order),
        cmocka_unit_test(maps_may_ignore_case),
        cmocka_unit_test(errors_speak),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
