// SPDX-License-Identifier: MIT
//
// URIs, paths, files on a disk of our own (a folder made for each test), and the log.
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define LOG_MODULE "test"
#include "base/log.h"
#include "base/uri.h"

struct fixture {
    struct arena arena;
    char dir[64];
};

static int set_up(void **state) {
    struct fixture *fixture = mem_alloc(sizeof(*fixture));
    memcpy(fixture->dir, "base_files-XXXXXX", sizeof("base_files-XXXXXX")); // in the build folder
    *state = fixture;
    return mkdtemp(fixture->dir) ? 0 : -1;
}

static const char *in_dir(struct fixture *fixture, const char *name) {
    return path_join(&fixture->arena, str_from(fixture->dir), str_from(name)).p;
}

static int tear_down(void **state) {
    static const char *const names[] = {"file", "link", "fifo", "loop", "log"};
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        unlink(in_dir(fixture, names[i]));
    }
    int left = rmdir(fixture->dir); // fails when a temporary file was left behind
    arena_finish(&fixture->arena);
    free(fixture);
    return left;
}

static void assert_str(struct str got, struct str wanted) {
    if (!str_eq(got, wanted)) {
        fail_msg("got \"%.*s\", wanted \"%.*s\"", STR_ARG(got), STR_ARG(wanted));
    }
}

static void converts_uris(void **state) {
    struct arena *arena = &((struct fixture *)*state)->arena;
    static const struct {
        const char *uri;
        const char *path; // NULL: invalid
    } cases[] = {
        {"file:///a/b", "/a/b"},
        {"file:/a", "/a"},
        {"FILE://LocalHost/a", "/a"},
        {"file:///c%3A/x", "/c:/x"},
        {"file:///a%20b%c3%A9", "/a bé"},
        {"file:///a+b?q#f", "/a+b"},
        {"file:///a%2Fb", "/a/b"},
        {"file:///%23", "/#"},
        {"file://host/a", NULL},
        {"http:///a", NULL},
        {"file:a", NULL},
        {"file:///%", NULL},
        {"file:///%4", NULL},
        {"file:///%zz", NULL},
        {"file:///a%00b", NULL},
        {"", NULL},
        {"file://", NULL},
        {"untitled:Untitled-1", NULL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct str path = STR_NONE;
        enum err err = uri_to_path(arena, str_from(cases[i].uri), &path);
        assert_int_equal(err, cases[i].path ? ERR_OK : ERR_INVALID);
        assert_str(path, str_from(cases[i].path));
    }
    struct str odd = STR("/a b/é#?%\x01\xff:~");
    struct str uri = uri_from_path(arena, odd);
    assert_str(uri, STR("file:///a%20b/%C3%A9%23%3F%25%01%FF%3A~"));
    struct str back;
    assert_int_equal(uri_to_path(arena, uri, &back), ERR_OK);
    assert_str(back, odd);
    assert_str(uri_scheme(STR("untitled:x")), STR("untitled"));
    assert_int_equal(uri_scheme(STR("/a:b")).n, 0);
    assert_int_equal(uri_scheme(STR("nothing")).n, 0);
}

static void redacts_secrets(void **state) {
    struct arena *arena = &((struct fixture *)*state)->arena;
    static const char *const cases[][2] = {
        {"http://user:pw@host:1/x", "http://host:1/x"},
        {"http://a@b@host/x", "http://host/x"},
        {"http://u:p/w@host/x", "http://host/x"},
        {"http://u:p#w@host", "http://host"},
        {"user:pw@host", "host"},
        {"https://host/v1?key=secret&a=b#c", "https://host/v1?…"},
        {"https://u:p@host/?k=s", "https://host/?…"},
        {"http://host:11434/a@b", "http://host:11434/a@b"},
        {"http://[u:p%40host:1]:80/x", "http://[host:1]:80/x"},
        {"http://host/?", "http://host/?"},
        {"localhost:11434", "localhost:11434"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_str(uri_redact(arena, str_from(cases[i][0])), str_from(cases[i][1]));
    }
    struct str clean = STR("http://host/x");
    assert_ptr_equal(uri_redact(arena, clean).p, clean.p);
}

static void handles_paths(void **state) {
    struct arena *arena = &((struct fixture *)*state)->arena;
    static const char *const normal[][2] = {
        {"/a/./b//c/", "/a/b/c"},
        {"/a/../b", "/b"},
        {"/../..", "/"},
        {"a/..", "."},
        {"../a/../..", "../.."},
        {"a/b/../../..", ".."},
        {"", "."},
        {"./a", "a"},
        {"/", "/"},
        {"//a", "/a"},
        {"a/../b", "b"},
        {"/a/b/../../c", "/c"},
    };
    for (size_t i = 0; i < sizeof(normal) / sizeof(normal[0]); i++) {
        assert_str(path_normalize(arena, str_from(normal[i][0])), str_from(normal[i][1]));
    }
    assert_str(path_dir(STR("/a/b")), STR("/a"));
    assert_str(path_dir(STR("/a/b/")), STR("/a"));
    assert_str(path_dir(STR("/a")), STR("/"));
    assert_str(path_dir(STR("a")), STR("."));
    assert_str(path_base(STR("/a/b")), STR("b"));
    assert_str(path_base(STR("b")), STR("b"));
    assert_str(path_base(STR("/")), STR("/"));
    assert_str(path_join(arena, STR("/a"), STR("b")), STR("/a/b"));
    assert_str(path_join(arena, STR("/"), STR("b")), STR("/b"));
    assert_str(path_join(arena, STR("/a"), STR("/b")), STR("/b"));
    assert_true(path_is_within(STR("/a/b"), STR("/a")));
    assert_true(path_is_within(STR("/a"), STR("/a")));
    assert_true(path_is_within(STR("/a"), STR("/")));
    assert_false(path_is_within(STR("/ab"), STR("/a")));
    assert_false(path_is_within(STR("/"), STR("/a")));
    assert_str(path_relative(STR("/a/b/c"), STR("/a")), STR("b/c"));
    assert_str(path_relative(STR("/a"), STR("/")), STR("a"));
    assert_str(path_relative(STR("/ab"), STR("/a")), STR("/ab"));
}

static void writes_and_reads(void **state) {
    struct fixture *fixture = *state;
    struct arena *arena = &fixture->arena;
    const char *file = in_dir(fixture, "file");
    struct stat st;
    struct str got;
    assert_int_equal(file_read(arena, file, 100, &got), ERR_NOT_FOUND);
    assert_int_equal(file_write_atomic(file, STR("a\0b"), 0600, NULL, arena), ERR_OK);
    assert_int_equal(file_read(arena, file, 3, &got), ERR_OK);
    assert_str(got, STR("a\0b"));
    assert_int_equal(file_read(arena, file, 2, &got), ERR_LIMIT);
    assert_int_equal(stat(file, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(chmod(file, 0751), 0);
    assert_int_equal(file_write_atomic(file, STR(""), 0600, NULL, arena), ERR_OK);
    assert_int_equal(stat(file, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0751); // an existing file's permission is kept
    assert_int_equal(file_read(arena, file, 0, &got), ERR_OK);
    assert_int_equal(got.n, 0);
    struct error error = {0};
    const char *nowhere = in_dir(fixture, "no/such");
    assert_int_equal(file_write_atomic(nowhere, STR("x"), 0600, &error, arena), ERR_NOT_FOUND);
    assert_true(str_contains(error.message, STR("no/such")));
    assert_int_equal(file_write_atomic(fixture->dir, STR("x"), 0600, &error, arena), ERR_INVALID);
}

static void writes_through_symlinks(void **state) {
    struct fixture *fixture = *state;
    struct arena *arena = &fixture->arena;
    const char *link = in_dir(fixture, "link");
    struct stat st;
    struct str got;
    assert_int_equal(symlink("file", link), 0);
    // Dangling at first, then with a target.
    assert_int_equal(file_write_atomic(link, STR("new"), 0644, NULL, arena), ERR_OK);
    assert_int_equal(file_write_atomic(link, STR("newer"), 0644, NULL, arena), ERR_OK);
    assert_int_equal(lstat(link, &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_int_equal(file_read(arena, in_dir(fixture, "file"), 100, &got), ERR_OK);
    assert_str(got, STR("newer"));
    const char *loop = in_dir(fixture, "loop");
    assert_int_equal(symlink("loop", loop), 0);
    assert_int_equal(file_write_atomic(loop, STR("x"), 0644, NULL, arena), ERR_INVALID);
    assert_int_equal(file_read(arena, loop, 100, &got), ERR_IO);
}

// A disk that is full, as far as a process can make one: no file may grow beyond a few bytes.
static void leaves_the_old_file_when_writing_fails(void **state) {
    struct fixture *fixture = *state;
    struct arena *arena = &fixture->arena;
    const char *file = in_dir(fixture, "file");
    assert_int_equal(file_write_atomic(file, STR("old"), 0600, NULL, arena), ERR_OK);
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    struct rlimit tight = {.rlim_cur = 8, .rlim_max = before.rlim_max};
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    struct error error = {0};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    enum err err = file_write_atomic(file, STR("longer than eight"), 0600, &error, arena);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, handler);
    assert_int_equal(err, ERR_IO);
    assert_true(str_starts(error.message, STR("cannot write ")));
    struct str got;
    assert_int_equal(file_read(arena, file, 100, &got), ERR_OK);
    assert_str(got, STR("old")); // tear_down sees whether the temporary file is gone
}

static void reads_regular_files_only(void **state) {
    struct fixture *fixture = *state;
    struct arena *arena = &fixture->arena;
    struct str got;
    const char *fifo = in_dir(fixture, "fifo");
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_int_equal(file_read(arena, fifo, 100, &got), ERR_IO); // and does not wait for a writer
    assert_int_equal(file_read(arena, "/dev/zero", 100, &got), ERR_IO);
    assert_int_equal(file_read(arena, fixture->dir, 100, &got), ERR_IO);
#ifdef __linux__
    // Its size is 0, and it has content.
    assert_int_equal(file_read(arena, "/proc/self/stat", 65536, &got), ERR_OK);
    assert_true(got.n > 10);
    assert_int_equal(file_read(arena, "/proc/self/stat", 10, &got), ERR_LIMIT);
#endif
}

static void count_line(void *data, enum log_level level, const char *module, struct str message) {
    (void)message;
    assert_string_equal(module, "test");
    assert_int_equal(level, LOG_WARN);
    ++*(size_t *)data;
    LOG_WRN("a sink that logs must not recurse");
}

static int evaluated;

static int count_evaluation(void) {
    return ++evaluated;
}

static void logs_lines(void **state) {
    struct fixture *fixture = *state;
    const char *path = in_dir(fixture, "log");
    size_t seen = 0;
    assert_true(log_open(path));
    log_set_level(LOG_WARN);
    log_set_sink(count_line, &seen);
    LOG_WRN("red \x1b[31m\nnext %d", 7);
    LOG_INF("never %d", count_evaluation());
    log_set_sink(NULL, NULL);
    char big[9000];
    memset(big, 'x', sizeof(big) - 1);
    big[sizeof(big) - 1] = '\0';
    LOG_ERR("%s", big);
    log_close();
    assert_int_equal(seen, 1);
    assert_int_equal(evaluated, 0);
    struct str text;
    assert_int_equal(file_read(&fixture->arena, path, 65536, &text), ERR_OK);
    assert_true(str_contains(text, STR(" warn test: red \\x1b[31m\\nnext 7\n")));
    assert_true(str_ends(text, STR("xxx…\n")));
    assert_false(str_contains(text, STR("never")));
    assert_false(log_open(fixture->dir));
    log_close();
    enum log_level level = LOG_ERROR;
    assert_true(log_level_parse(STR("Debug"), &level));
    assert_int_equal(level, LOG_DEBUG);
    assert_false(log_level_parse(STR("loud"), &level));
}

enum { THREADS = 8, LINES = 500 };

static void *log_lines(void *data) {
    for (int i = 0; i < LINES; i++) {
        LOG_ERR("thread %c%c%c%c", *(char *)data, *(char *)data, *(char *)data, *(char *)data);
    }
    return NULL;
}

static void logs_from_threads(void **state) {
    struct fixture *fixture = *state;
    const char *path = in_dir(fixture, "log");
    char names[THREADS + 1] = "abcdefgh";
    pthread_t threads[THREADS];
    assert_true(log_open(path));
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, log_lines, &names[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    log_close();
    struct str text;
    struct str line;
    size_t count = 0;
    assert_int_equal(file_read(&fixture->arena, path, 1u << 20, &text), ERR_OK);
    while (str_next_line(&text, &line)) {
        struct str name = str_from_index(line, line.n - 4);
        assert_true(str_contains(line, STR(" error test: thread ")));
        assert_true(name.p[0] == name.p[1] && name.p[1] == name.p[2] && name.p[2] == name.p[3]);
        count++;
    }
    assert_int_equal(count, THREADS * LINES);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(converts_uris),
        CASE(redacts_secrets),
        CASE(handles_paths),
        CASE(writes_and_reads),
        CASE(writes_through_symlinks),
        CASE(reads_regular_files_only),
        CASE(leaves_the_old_file_when_writing_fails),
        CASE(logs_lines),
        CASE(logs_from_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
