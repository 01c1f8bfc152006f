// SPDX-License-Identifier: MIT
//
// A getaddrinfo of our own: the linker prefers the program's over the C library's, also for
// libcurl.
#include "support/fake_resolver.h"

#include <netdb.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

static pthread_mutex_t resolver_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t resolver_signal = PTHREAD_COND_INITIALIZER;
static bool resolver_is_released;
static unsigned resolver_n_asked;

__attribute__((visibility("default"))) int getaddrinfo(const char *node, const char *service,
                                                       const struct addrinfo *hints,
                                                       struct addrinfo **out);

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **out) {
    (void)service;
    (void)hints;
    *out = NULL;
    pthread_mutex_lock(&resolver_lock);
    resolver_n_asked++;
    while (node && strcmp(node, "hang.test") == 0 && !resolver_is_released) {
        pthread_cond_wait(&resolver_signal, &resolver_lock);
    }
    pthread_mutex_unlock(&resolver_lock);
    return EAI_NONAME;
}

unsigned resolver_times_asked(void) {
    pthread_mutex_lock(&resolver_lock);
    unsigned n = resolver_n_asked;
    pthread_mutex_unlock(&resolver_lock);
    return n;
}

void resolver_release(void) {
    pthread_mutex_lock(&resolver_lock);
    resolver_is_released = true;
    pthread_cond_broadcast(&resolver_signal);
    pthread_mutex_unlock(&resolver_lock);
}
