// SPDX-License-Identifier: MIT
//
// Preloaded into the program under test: writes down every name it looks up and every address it
// connects to (file NETWATCH_LOG), and lets nothing but loopback through. So a test can say "not
// even a DNS question" and mean it.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void note(const char *what, const char *name, unsigned port) {
    const char *path = getenv("NETWATCH_LOG");
    int fd = path ? open(path, O_WRONLY | O_CREAT | O_APPEND, 0600) : -1;
    char line[600];
    int n;

    if (fd < 0) {
        return;
    }
    n = snprintf(line, sizeof line, "%s %s %u\n", what, name ? name : "", port);
    if (n > 0 && write(fd, line, (size_t)n) < 0) {
        _exit(97);
    }
    close(fd);
}

static int is_literal(const char *node) {
    struct in6_addr address;
    return !node || inet_pton(AF_INET, node, &address) == 1 ||
           inet_pton(AF_INET6, node, &address) == 1;
}

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **found) {
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);

    *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    if (!is_literal(node)) {
        note("lookup", node, 0);
        if (strcmp(node, "localhost") != 0) {
            return EAI_NONAME;
        }
    }
    return real(node, service, hints, found);
}

struct hostent *gethostbyname(const char *name) {
    note("lookup", name, 0);
    return NULL;
}

int connect(int fd, const struct sockaddr *address, socklen_t size) {
    int (*real)(int, const struct sockaddr *, socklen_t);
    char text[INET6_ADDRSTRLEN] = "";

    *(void **)&real = dlsym(RTLD_NEXT, "connect");
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)address;
        inet_ntop(AF_INET, &in->sin_addr, text, sizeof text);
        note("connect", text, ntohs(in->sin_port));
        if (strncmp(text, "127.", 4) != 0) {
            errno = ENETUNREACH;
            return -1;
        }
    } else if (address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)address;
        inet_ntop(AF_INET6, &in->sin6_addr, text, sizeof text);
        note("connect", text, ntohs(in->sin6_port));
        if (strcmp(text, "::1") != 0) {
            errno = ENETUNREACH;
            return -1;
        }
    }
    return real(fd, address, size);
}
