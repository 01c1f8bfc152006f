// SPDX-License-Identifier: MIT
//
// The model server of the relay bench. Each connection is a thread that answers the small requests;
// a chat is spoken by the thread that completes the number of listeners, to all of them at once,
// from one write per frame and listener.
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "relay.h"

enum { REQUEST_MAX = 1 << 20, BATCH = 512 };

#define TAG                                                                                        \
    "{\"name\":\"m:1b\",\"model\":\"m:1b\",\"modified_at\":\"2026-11-01T09:30:00Z\",\"size\":1,"   \
    "\"digest\":\"aa\",\"details\":{\"format\":\"gguf\",\"family\":\"llama\",\"families\":null,"   \
    "\"parameter_size\":\"1B\",\"quantization_level\":\"Q4_0\",\"context_length\":131072},"        \
    "\"capabilities\":[\"completion\"]"

static const struct {
    const char *path;
    const char *body;
} answers[] = {
    {"/api/version", "{\"version\":\"0.33.0\"}"},
    {"/api/tags", "{\"models\":[" TAG "}]}"},
    {"/api/ps", "{\"models\":[" TAG ",\"expires_at\":\"2318-04-11T08:22:31Z\",\"size_vram\":1,"
                "\"context_length\":131072}]}"},
    {"/api/show", "{\"capabilities\":[\"completion\"],\"details\":{\"family\":\"llama\"},"
                  "\"model_info\":{\"general.architecture\":\"llama\","
                  "\"llama.context_length\":131072}}"},
};

struct link {
    struct speaker *speaker;
    int socket;
    char *request;
    size_t n;
};

static bool send_all(int socket, const char *data, size_t n) {
    while (n > 0) {
        ssize_t sent = send(socket, data, n, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) {
            continue;
        }
        if (sent <= 0) {
            return false;
        }
        data += sent;
        n -= (size_t)sent;
    }
    return true;
}

// Has the client closed its side? Waits up to `ms`.
static bool has_left(int socket, int ms) {
    struct pollfd poller = {.fd = socket, .events = POLLIN | POLLRDHUP};
    if (poll(&poller, 1, ms) <= 0) {
        return false;
    }
    char byte;
    return (poller.revents & (POLLERR | POLLHUP | POLLRDHUP | POLLNVAL)) != 0 ||
           recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

#define FRAME_HEAD                                                                                 \
    "{\"model\":\"m:1b\",\"created_at\":\"2026-11-21T09:00:00Z\",\"message\":{\"role\":"           \
    "\"assistant\",\"content\":\""

static size_t chunk_of(char *out, size_t size, const char *line) {
    return (size_t)snprintf(out, size, "%zx\r\n%s\r\n", strlen(line), line);
}

// `count` frames as they go out. A timed token is the time it is sent at, a plain one three bytes.
static size_t frames_make(char *out, size_t size, int count, bool is_plain) {
    size_t n = 0;
    char line[400];
    for (int i = 0; i < count; i++) {
        if (is_plain) {
            (void)snprintf(line, sizeof(line), FRAME_HEAD "ab \"},\"done\":false}\n");
        } else {
            (void)snprintf(line, sizeof(line), FRAME_HEAD "%020llu \"},\"done\":false}\n",
                           (unsigned long long)now_ns());
        }
        n += chunk_of(out + n, size - n, line);
    }
    return n;
}

static void wait_until(uint64_t at) {
    struct timespec until = {(time_t)(at / 1000000000), (long)(at % 1000000000)};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR) {
    }
}

static bool to_all(struct speaker *speaker, const char *data, size_t n) {
    bool good = true;
    for (int i = 0; i < speaker->n_taps; i++) {
        // Turns are taken, so that neither listener is always the second.
        int at = (i + (int)(speaker->frames & 1)) % speaker->n_taps;
        good = send_all(speaker->taps[at], data, n) && good;
    }
    return good;
}

static bool anyone_left(const struct speaker *speaker) {
    bool left = false;
    for (int i = 0; i < speaker->n_taps; i++) {
        left = left || has_left(speaker->taps[i], 0);
    }
    return left;
}

// Frames in batches, so that the pace holds at rates that no timer could keep one by one.
static bool speak_frames(struct speaker *speaker) {
    static char frames[BATCH * 300];
    uint64_t begun = now_ns();
    uint64_t end = begun + (uint64_t)(speaker->seconds * 1e9);
    int batch = speaker->rate == 0 ? BATCH : speaker->rate > 2000 ? (int)(speaker->rate / 1000) : 1;
    size_t plain = speaker->is_plain ? frames_make(frames, sizeof(frames), batch, true) : 0;
    while (now_ns() < end) {
        if (speaker->rate > 0) {
            wait_until(begun + (uint64_t)((double)speaker->frames * 1e9 / speaker->rate));
        }
        size_t n = plain ? plain : frames_make(frames, sizeof(frames), batch, false);
        if (!to_all(speaker, frames, n) || anyone_left(speaker)) {
            return false;
        }
        speaker->frames += (uint64_t)batch;
    }
    return true;
}

static void speak(struct speaker *speaker) {
    static const char head[] = "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n"
                               "Transfer-Encoding: chunked\r\n\r\n";
    char last[600];
    size_t n = chunk_of(last, sizeof(last),
                        "{\"model\":\"m:1b\",\"message\":{\"role\":\"assistant\",\"content\":\"\"},"
                        "\"done\":true,\"done_reason\":\"stop\",\"eval_count\":1}\n");
    n += (size_t)snprintf(last + n, sizeof(last) - n, "0\r\n\r\n");
    speaker->frames = 0;
    bool good = to_all(speaker, head, sizeof(head) - 1) && speak_frames(speaker) &&
                to_all(speaker, last, n);
    if (!good) {
        speaker->closed_ns = now_ns();
    }
}

// A chat request: the thread that makes the number of listeners full speaks to all of them.
static void chat(struct link *link) {
    struct speaker *speaker = link->speaker;
    pthread_mutex_lock(&speaker->lock);
    speaker->requests++;
    speaker->requested_ns = now_ns();
    speaker->taps[speaker->n_taps++] = link->socket;
    uint64_t mine = speaker->replies;
    if (speaker->n_taps >= speaker->listeners_wanted) {
        pthread_mutex_unlock(&speaker->lock);
        speak(speaker);
        pthread_mutex_lock(&speaker->lock);
        speaker->n_taps = 0;
        speaker->replies++;
        pthread_cond_broadcast(&speaker->changed);
    } else {
        while (speaker->replies == mine) {
            pthread_cond_wait(&speaker->changed, &speaker->lock);
        }
    }
    pthread_mutex_unlock(&speaker->lock);
}

static bool answer(struct link *link) {
    char head[200];
    if (strstr(link->request, " /api/chat ")) {
        chat(link);
        return !has_left(link->socket, 0);
    }
    const char *body = "{}";
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        if (strstr(link->request, answers[i].path)) {
            body = answers[i].body;
        }
    }
    int n = snprintf(head, sizeof(head),
                     "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                     "Content-Length: %zu\r\n\r\n",
                     strlen(body));
    return send_all(link->socket, head, (size_t)n) && send_all(link->socket, body, strlen(body));
}

// One whole request, cut off the front of what came.
static bool read_request(struct link *link) {
    for (;;) {
        link->request[link->n] = '\0';
        const char *end = strstr(link->request, "\r\n\r\n");
        if (end) {
            const char *field = strcasestr(link->request, "\r\ncontent-length:");
            size_t body = field && field < end ? strtoul(field + 17, NULL, 10) : 0;
            size_t whole = (size_t)(end - link->request) + 4 + body;
            if (link->n >= whole) {
                link->n = 0; // nobody pipelines
                return true;
            }
        }
        ssize_t got = recv(link->socket, link->request + link->n, REQUEST_MAX - link->n - 1, 0);
        if (got <= 0) {
            return false;
        }
        link->n += (size_t)got;
    }
}

static void *serve(void *data) {
    struct link *link = data;
    link->request = malloc(REQUEST_MAX);
    while (link->request && read_request(link) && answer(link)) {
    }
    close(link->socket);
    free(link->request);
    free(link);
    return NULL;
}

static void *accept_all(void *data) {
    struct speaker *speaker = data;
    for (;;) {
        int socket = accept(speaker->listener, NULL, NULL);
        if (socket < 0) {
            return NULL;
        }
        int on = 1;
        (void)setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        struct link *link = calloc(1, sizeof(*link));
        pthread_t thread;
        if (!link) {
            die("calloc");
        }
        link->speaker = speaker;
        link->socket = socket;
        if (pthread_create(&thread, NULL, serve, link) != 0) {
            die("pthread_create");
        }
        pthread_detach(thread);
    }
}

void speaker_start(struct speaker *speaker) {
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t n = sizeof(address);
    pthread_t thread;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    pthread_mutex_init(&speaker->lock, NULL);
    pthread_cond_init(&speaker->changed, NULL);
    speaker->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (speaker->listener < 0 ||
        bind(speaker->listener, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        listen(speaker->listener, 64) != 0 ||
        getsockname(speaker->listener, (struct sockaddr *)&address, &n) != 0) {
        die("listen");
    }
    speaker->port = ntohs(address.sin_port);
    if (pthread_create(&thread, NULL, accept_all, speaker) != 0) {
        die("pthread_create");
    }
    pthread_detach(thread);
}

void speaker_plan(struct speaker *speaker, int wanted, double rate, double seconds, bool is_plain) {
    pthread_mutex_lock(&speaker->lock);
    speaker->listeners_wanted = wanted;
    speaker->rate = rate;
    speaker->seconds = seconds;
    speaker->is_plain = is_plain;
    pthread_mutex_unlock(&speaker->lock);
}

uint64_t speaker_requests(struct speaker *speaker) {
    pthread_mutex_lock(&speaker->lock);
    uint64_t n = speaker->requests;
    pthread_mutex_unlock(&speaker->lock);
    return n;
}
