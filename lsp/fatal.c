// SPDX-License-Identifier: MIT
//
// A signal handler gets no argument of ours, so what it needs stands in a static variable: the only
// one of the program that changes. Only write(2) and friends are called in it; the report goes to
// stderr, then the signal takes its normal course (core dump, exit status).
#include "lsp/fatal.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lsp/methods.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_SANITIZER 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define HAS_SANITIZER 1
#endif

#define STACK_SIZE (64 * 1024)

static const struct method *const *volatile current;

#ifndef HAS_SANITIZER
static void put(const char *text) {
    size_t n = strlen(text);
    while (n > 0) {
        ssize_t written = write(STDERR_FILENO, text, n);
        if (written <= 0) {
            return;
        }
        text += written;
        n -= (size_t)written;
    }
}

static const char *signal_name(int number) {
    switch (number) {
    case SIGSEGV:
        return "SIGSEGV";
    case SIGBUS:
        return "SIGBUS";
    case SIGFPE:
        return "SIGFPE";
    case SIGILL:
        return "SIGILL";
    default:
        return "SIGABRT";
    }
}

static void on_fatal(int number) {
    const struct method *const *handling = current;
    const struct method *method = handling ? *handling : NULL;
    put("ollama-ls " OLLAMA_LS_VERSION ": fatal ");
    put(signal_name(number));
    put(" in ");
    put(method ? method->name : "the event loop");
    put("\n");
    raise(number); // SA_RESETHAND: the default action now
}
#endif

void fatal_install(const struct method *const *handling) {
    current = handling;
#ifndef HAS_SANITIZER
    static char stack_memory[STACK_SIZE];
    stack_t stack = {.ss_sp = stack_memory, .ss_size = sizeof(stack_memory)};
    sigaltstack(&stack, NULL); // a stack overflow leaves no room on the normal one
    struct sigaction action = {.sa_handler = on_fatal,
                               .sa_flags = (int)(SA_RESETHAND | SA_ONSTACK | SA_NODEFER)};
    sigemptyset(&action.sa_mask);
    static const int numbers[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        sigaction(numbers[i], &action, NULL);
    }
#endif
}

void fatal_forget(void) {
    current = NULL;
}
