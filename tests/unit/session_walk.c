// SPDX-License-Identifier: MIT
//
// What `check` walks: a tree made here, with .gitignore files in it; and git's own verdict on it
// where git is there.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "base/uri.h"
#include "base/vec.h"
#include "session/ignore.h"
#include "session/walk.h"

static void test_patterns(void **state) {
    (void)state;
    static const struct {
        const char *patterns, *path;
        bool is_folder, ignored;
    } rows[] = {
        {"a", "/r/a", false, true},
        {"a", "/r/x/a", false, true},
        {"/a", "/r/x/a", false, false},
        {"/a", "/r/a", false, true},
        {"a/", "/r/a", false, false},
        {"a/", "/r/a", true, true},
        {"x/a", "/r/x/a", false, true},
        {"x/a", "/r/y/x/a", false, false},
        {"**/x/a", "/r/y/x/a", false, true},
        {"x/**", "/r/x/y/z", false, true},
        {"*.log", "/r/x/b.log", false, true},
        {"*.log\n!b.log", "/r/x/b.log", false, false},
        {"!b.log\n*.log", "/r/x/b.log", false, true},
        {"# a\n\n a", "/r/a", false, false},
        {"a   ", "/r/a", false, true},
        {"\\#a", "/r/#a", false, true},
        {"a[0-9]", "/r/a5", false, true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct arena arena = {0};
        struct ignore_list *list =
            ignore_parse(&arena, str_from(rows[i].patterns), STR("/r"), NULL);
        if (ignore_match(list, str_from(rows[i].path), rows[i].is_folder) != rows[i].ignored) {
            fail_msg("%s on %s", rows[i].patterns, rows[i].path);
        }
        arena_finish(&arena);
    }
}

struct seen {
    uv_mutex_t mutex;
    struct arena arena;
    VEC(struct str) paths;
    int errors;
};

static void on_file(void *data, unsigned worker, struct str path, struct str absolute,
                    struct str bytes) {
    struct seen *seen = data;
    (void)worker;
    (void)absolute;
    (void)bytes;
    uv_mutex_lock(&seen->mutex);
    *VEC_PUSH(&seen->arena, &seen->paths) = arena_copy(&seen->arena, path);
    uv_mutex_unlock(&seen->mutex);
}

static void on_error(void *data, struct str path, const char *reason) {
    (void)path;
    (void)reason;
    ((struct seen *)data)->errors++;
}

static void put(const char *root, const char *path, const char *text) {
    char full[512];
    snprintf(full, sizeof(full), "%s/%s", root, path);
    for (char *p = full + strlen(root) + 1; *p; p++) {
        if (*p == '/') {
            *p = '\0';
            mkdir(full, 0755);
            *p = '/';
        }
    }
    FILE *file = fopen(full, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static bool has(const struct seen *seen, const char *path) {
    for (size_t i = 0; i < seen->paths.n; i++) {
        if (str_eq(seen->paths.at[i], str_from(path))) {
            return true;
        }
    }
    return false;
}

static void test_walk(void **state) {
    (void)state;
    char root[] = "/tmp/ols-walk-XXXXXX";
    assert_non_null(mkdtemp(root));
    put(root, ".git/info/exclude", "excluded.yaml\n");
    put(root, ".gitignore", "*.log\nbuild/\n.env\n/only-root.yaml\n");
    put(root, "a.yaml", "x");
    put(root, ".hidden.yaml", "x");
    put(root, "excluded.yaml", "x");
    put(root, "b.log", "x");
    put(root, "only-root.yaml", "x");
    put(root, "sub/only-root.yaml", "x");
    put(root, "sub/.gitignore", "!kept.log\nc.yaml\n");
    put(root, "sub/kept.log", "x");
    put(root, "sub/c.yaml", "x");
    put(root, ".env", "x");
    put(root, "sub/.env.local", "x");
    put(root, "build/.env", "x");
    put(root, "build/a.yaml", "x");
    char link[512], binary[512], fifo[512];
    snprintf(link, sizeof(link), "%s/link.yaml", root);
    assert_int_equal(symlink("/etc/hostname", link), 0);
    snprintf(fifo, sizeof(fifo), "%s/fifo.yaml", root);
    assert_int_equal(mkfifo(fifo, 0644), 0);
    snprintf(binary, sizeof(binary), "%s/binary.yaml", root);
    int fd = open(binary, O_WRONLY | O_CREAT, 0644);
    assert_int_equal(write(fd, "a\0b", 3), 3);
    close(fd);
    assert_int_equal(chdir(root), 0);

    struct seen seen = {0};
    uv_mutex_init(&seen.mutex);
    struct walk_options options = {
        .on_file = on_file, .on_error = on_error, .data = &seen, .threads = 3};
    const char *here[] = {"."};
    walk_run(here, 1, &options);
    assert_int_equal(seen.errors, 0);
    const char *wanted[] = {"a.yaml", ".hidden.yaml",   "sub/only-root.yaml", "sub/kept.log",
                            ".env",   "sub/.env.local", ".gitignore",         "sub/.gitignore"};
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        if (!has(&seen, wanted[i])) {
            fail_msg("%s was not visited", wanted[i]);
        }
    }
    if (seen.paths.n != sizeof(wanted) / sizeof(wanted[0])) {
        for (size_t i = 0; i < seen.paths.n; i++) {
            print_message("visited %.*s\n", STR_ARG(seen.paths.at[i]));
        }
    }
    assert_int_equal(seen.paths.n, sizeof(wanted) / sizeof(wanted[0]));

    // Explicit paths count, ignored or not; below them the lists of the folders above hold.
    seen.paths.n = 0;
    const char *given[] = {"b.log", "build", "sub", "link.yaml", "missing"};
    walk_run(given, 5, &options);
    assert_true(has(&seen, "b.log"));
    assert_true(has(&seen, "build/a.yaml"));
    assert_true(has(&seen, "sub/kept.log"));
    assert_false(has(&seen, "sub/c.yaml"));
    assert_true(has(&seen, "link.yaml"));
    assert_int_equal(seen.errors, 1);

    seen.paths.n = 0;
    options.no_ignore = true;
    walk_run(here, 1, &options);
    assert_true(has(&seen, "b.log"));
    assert_true(has(&seen, "build/a.yaml"));
    assert_false(has(&seen, ".git/info/exclude"));
    uv_mutex_destroy(&seen.mutex);
    arena_finish(&seen.arena);
    assert_int_equal(chdir("/"), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_patterns),
        cmocka_unit_test(test_walk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
