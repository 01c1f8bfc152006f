// SPDX-License-Identifier: MIT
//
// The last words of a crash name the signal, the build and the request.
#include "lsp/fatal.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "lsp/methods.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_SANITIZER 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define HAS_SANITIZER 1
#endif

// Forks a child that dies of `number` while handling `method`; its stderr goes to `text`.
static int die(int number, const struct method *method, char *text, size_t size) {
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        fatal_install(&method);
        raise(number);
        _exit(0);
    }
    close(ends[1]);
    size_t n = 0;
    ssize_t got;
    while (n < size - 1 && (got = read(ends[0], text + n, size - 1 - n)) > 0) {
        n += (size_t)got;
    }
    text[n] = '\0';
    close(ends[0]);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void test_last_words(void **state) {
    (void)state;
#ifdef HAS_SANITIZER
    skip(); // the sanitizer's own report is better
#endif
    char text[500];
    int status = die(SIGSEGV, method_find(STR("textDocument/hover")), text, sizeof(text));
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    assert_non_null(strstr(text, "fatal SIGSEGV in textDocument/hover\n"));
    assert_non_null(strstr(text, "(build "));
    status = die(SIGABRT, NULL, text, sizeof(text));
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    assert_non_null(strstr(text, "fatal SIGABRT in the event loop\n"));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_last_words)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
