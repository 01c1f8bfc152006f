// SPDX-License-Identifier: MIT
//
// The last words of a crash: which signal, which build, which request was being handled. Without
// them a bug report says "the server died".
#pragma once

struct method;

// Installs handlers for SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT. `*handling` is read when the
// process dies: the method being handled, or NULL. Does nothing in sanitizer builds, which have
// better ones.
void fatal_install(const struct method *const *handling);
// `handling` is about to go.
void fatal_forget(void);
