// SPDX-License-Identifier: MIT
//
//   bench_relay PROGRAM FOLDER [--quick]
//
// Measures what stands between a model server and an editor, and prints one JSON object:
// the time from a token's bytes to its delta, beside `curl -N` on the same stream at the same time;
// the tokens a second that are sustained, and memory meanwhile; a cancel until the socket is
// closed. tests/bench/relay.py runs it and knows the gates.
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "relay.h"

enum { DIGITS = 20, SAMPLES = 1 << 20 };

struct samples {
    double *us;
    size_t n;
    double first_us; // of the first token
};

struct bench {
    struct speaker speaker;
    struct editor editor;
    const char *folder;
    bool is_quick;
    int runs; // for ids
};

// The time in every token of `text`, compared with when it was read.
static void take(struct samples *samples, const char *text, size_t n, uint64_t read_ns) {
    size_t digits = 0;
    for (size_t i = 0; i < n; i++) {
        digits = text[i] >= '0' && text[i] <= '9' ? digits + 1 : 0;
        if (digits == DIGITS && samples->n < SAMPLES) {
            uint64_t sent = strtoull(text + i + 1 - DIGITS, NULL, 10);
            double us = (double)(read_ns - sent) / 1000;
            if (samples->n == 0) {
                samples->first_us = us;
            }
            samples->us[samples->n++] = us;
        }
    }
}

static int compare(const void *a, const void *b) {
    double left = *(const double *)a;
    double right = *(const double *)b;
    return (left > right) - (left < right);
}

static double percentile(struct samples *samples, double share) {
    if (samples->n == 0) {
        return -1;
    }
    qsort(samples->us, samples->n, sizeof(double), compare);
    return samples->us[(size_t)(share * (double)(samples->n - 1))];
}

static void samples_init(struct samples *samples) {
    *samples = (struct samples){.us = malloc(SAMPLES * sizeof(double))};
    if (!samples->us) {
        die("malloc");
    }
}

// Token by token, how much later it came than to somebody else on the same stream at the same time:
// what the machine was busy with hits both.
static void samples_added(const struct samples *ours, const struct samples *theirs,
                          struct samples *added) {
    samples_init(added);
    size_t n = ours->n < theirs->n ? ours->n : theirs->n;
    for (size_t i = 0; i < n; i++) {
        added->us[added->n++] = ours->us[i] - theirs->us[i];
    }
}

// --- curl beside us ---

struct tap {
    struct child child;
    struct samples samples;
    uint64_t bytes;
    pthread_t thread;
};

static void *read_tap(void *data) {
    struct tap *tap = data;
    static char buffer[1 << 20];
    size_t kept = 0;
    ssize_t got;
    while ((got = read(tap->child.out, buffer + kept, sizeof(buffer) - kept - 1)) > 0) {
        uint64_t at = now_ns();
        size_t n = kept + (size_t)got;
        tap->bytes += (uint64_t)got;
        buffer[n] = '\0';
        char *end = memrchr(buffer, '\n', n);
        size_t lines = end ? (size_t)(end - buffer) + 1 : 0;
        take(&tap->samples, buffer, lines, at);
        kept = n - lines;
        memmove(buffer, buffer + lines, kept);
    }
    return NULL;
}

static void tap_start(struct tap *tap, int port) {
    char url[64];
    (void)snprintf(url, sizeof(url), "http://127.0.0.1:%d/api/chat", port);
    char *argv[] = {(char *)"curl",
                    (char *)"-sN",
                    (char *)"--noproxy",
                    (char *)"*",
                    (char *)"-d",
                    (char *)"{\"model\":1}",
                    url,
                    NULL};
    samples_init(&tap->samples);
    child_start(&tap->child, argv, false);
    tap->child.in = -1;
    if (pthread_create(&tap->thread, NULL, read_tap, tap) != 0) {
        die("pthread_create");
    }
}

static void tap_end(struct tap *tap) {
    pthread_join(tap->thread, NULL);
    child_end(&tap->child);
}

// --- an action ---

static void start_action(struct bench *bench, const char *action) {
    bench->runs++;
    editor_send(&bench->editor,
                "{\"jsonrpc\":\"2.0\",\"id\":\"c%d\",\"method\":\"workspace/executeCommand\","
                "\"params\":{\"command\":\"ollama-ls.ai\",\"arguments\":[{\"action\":\"%s\","
                "\"id\":\"r%d\",\"uri\":\"file://%s/a.txt\",\"range\":{\"start\":{\"line\":2,"
                "\"character\":0},\"end\":{\"line\":2,\"character\":3}}}]}}",
                bench->runs, action, bench->runs, bench->folder);
}

static bool is_kind(const char *body, const char *kind) {
    char what[40];
    (void)snprintf(what, sizeof(what), "\"kind\":\"%s\"", kind);
    return strstr(body, "$/ollama-ls/stream") && strstr(body, what);
}

// The text of a delta: there is nothing to unescape in what the speaker says.
static size_t text_of(const char *body, const char **text) {
    const char *at = strstr(body, "\"text\":\"");
    *text = "";
    if (!at) {
        return 0;
    }
    *text = at + 8;
    return strcspn(*text, "\"");
}

static void must_be_well(const char *body) {
    if (strstr(body, "\"error\":{")) {
        (void)fprintf(stderr, "%.2000s\n", body);
        exit(1);
    }
}

// --- parts ---

static void latency(struct bench *bench, const char *action, bool is_last) {
    struct samples ours;
    struct tap curl = {0};
    samples_init(&ours);
    speaker_plan(&bench->speaker, 2, 500, bench->is_quick ? 2 : 10, false);
    tap_start(&curl, bench->speaker.port);
    while (speaker_requests(&bench->speaker) % 2 == 0) {
        usleep(1000); // curl is up before the clock of the action starts
    }
    uint64_t begun = now_ns();
    start_action(bench, action);
    double first_ms = 0;
    for (;;) {
        size_t n;
        const char *text;
        const char *body = editor_read(&bench->editor, &n);
        must_be_well(body);
        if (is_kind(body, "delta")) {
            if (ours.n == 0) {
                first_ms = (double)(bench->editor.read_ns - begun) / 1e6;
            }
            n = text_of(body, &text);
            take(&ours, text, n, bench->editor.read_ns);
        } else if (is_kind(body, "end")) {
            break;
        } else {
            editor_reply(&bench->editor, body);
        }
    }
    tap_end(&curl);
    struct samples added;
    samples_added(&ours, &curl.samples, &added);
    double request_ms = (double)(bench->speaker.requested_ns - begun) / 1e6;
    double first = ours.first_us;
    double theirs = curl.samples.first_us;
    printf(
        "\"%s\":{\"added_first_us\":%.1f,\"added_p50_us\":%.1f,\"added_p99_us\":%.1f,"
        "\"tokens\":%zu,\"command_to_request_ms\":%.3f,\"command_to_delta_ms\":%.3f,"
        "\"first_us\":%.1f,\"p50_us\":%.1f,\"p99_us\":%.1f,\"max_us\":%.1f,"
        "\"curl_tokens\":%zu,\"curl_first_us\":%.1f,\"curl_p50_us\":%.1f,\"curl_p99_us\":%.1f}%s",
        action, first - theirs, percentile(&added, 0.5), percentile(&added, 0.99), ours.n,
        request_ms, first_ms, first, percentile(&ours, 0.5), percentile(&ours, 0.99),
        percentile(&ours, 1), curl.samples.n, theirs, percentile(&curl.samples, 0.5),
        percentile(&curl.samples, 0.99), is_last ? "" : ",\n");
    free(ours.us);
    free(curl.samples.us);
    free(added.us);
}

// Reads one reply of plain tokens; counts what came as deltas.
static uint64_t drink(struct bench *bench, double *seconds, long *peak) {
    uint64_t bytes = 0;
    uint64_t begun = now_ns();
    uint64_t messages = 0;
    for (;;) {
        size_t n;
        const char *text;
        const char *body = editor_read(&bench->editor, &n);
        must_be_well(body);
        if (is_kind(body, "delta")) {
            bytes += text_of(body, &text);
            if (++messages % 4096 == 0) {
                long now = child_resident(&bench->editor.child);
                *peak = now > *peak ? now : *peak;
            }
        } else if (is_kind(body, "end")) {
            *seconds = (double)(bench->editor.read_ns - begun) / 1e9;
            return bytes / 3;
        } else {
            editor_reply(&bench->editor, body);
        }
    }
}

static void throughput(struct bench *bench, const char *name, double rate, double length,
                       bool is_last) {
    double seconds = 0;
    long before = child_resident(&bench->editor.child);
    long peak = before;
    speaker_plan(&bench->speaker, 1, rate, length, true);
    start_action(bench, "explain");
    uint64_t tokens = drink(bench, &seconds, &peak);
    long after = child_resident(&bench->editor.child);
    peak = after > peak ? after : peak;
    printf("\"%s\":{\"seconds\":%.2f,\"sent\":%llu,\"tokens\":%llu,\"per_second\":%.0f,"
           "\"rss_before_kib\":%ld,\"rss_peak_kib\":%ld,\"rss_after_kib\":%ld}%s",
           name, seconds, (unsigned long long)bench->speaker.frames, (unsigned long long)tokens,
           (double)tokens / seconds, before, peak, after, is_last ? "" : ",\n");
}

// What the server can say at all, read by curl.
static void ceiling(struct bench *bench, double length) {
    struct tap curl = {0};
    uint64_t begun = now_ns();
    speaker_plan(&bench->speaker, 1, 0, length, true);
    tap_start(&curl, bench->speaker.port);
    tap_end(&curl);
    printf("\"curl\":{\"per_second\":%.0f},\n",
           (double)bench->speaker.frames * 1e9 / (double)(now_ns() - begun));
    free(curl.samples.us);
}

static void cancel(struct bench *bench, int rounds) {
    struct samples times;
    samples_init(&times);
    for (int i = 0; i < rounds; i++) {
        size_t n;
        speaker_plan(&bench->speaker, 1, 1000, 60, false);
        bench->speaker.closed_ns = 0;
        start_action(bench, "explain");
        (void)editor_await(&bench->editor, "\"kind\":\"delta\"", &n);
        uint64_t begun = now_ns();
        editor_send(&bench->editor,
                    "{\"jsonrpc\":\"2.0\",\"method\":\"window/workDoneProgress/cancel\","
                    "\"params\":{\"token\":\"ollama-ls/r%d\"}}",
                    bench->runs);
        (void)editor_await(&bench->editor, "\"kind\":\"end\"", &n);
        pthread_mutex_lock(&bench->speaker.lock);
        while (bench->speaker.closed_ns == 0) {
            pthread_mutex_unlock(&bench->speaker.lock);
            usleep(100);
            pthread_mutex_lock(&bench->speaker.lock);
        }
        times.us[times.n++] = (double)(bench->speaker.closed_ns - begun) / 1000;
        pthread_mutex_unlock(&bench->speaker.lock);
    }
    printf("\"cancel\":{\"rounds\":%d,\"p50_ms\":%.3f,\"max_ms\":%.3f}", rounds,
           percentile(&times, 0.5) / 1000, percentile(&times, 1) / 1000);
    free(times.us);
}

int main(int argc, char **argv) {
    static struct bench bench;
    if (argc < 3) {
        (void)fprintf(stderr, "bench_relay PROGRAM FOLDER [--quick]\n");
        return 2;
    }
    bench.folder = argv[2];
    bench.is_quick = argc > 3 && strcmp(argv[3], "--quick") == 0;
    (void)signal(SIGPIPE, SIG_IGN);
    speaker_start(&bench.speaker);
    char host[64];
    (void)snprintf(host, sizeof(host), "127.0.0.1:%d", bench.speaker.port);
    (void)setenv("OLLAMA_HOST", host, 1);
    editor_start(&bench.editor, argv[1], bench.folder);

    printf("{");
    latency(&bench, "explain", false);
    latency(&bench, "complete", false);
    ceiling(&bench, bench.is_quick ? 1 : 3);
    throughput(&bench, "burst", 0, bench.is_quick ? 0.5 : 2, false);
    throughput(&bench, "sustained", 22000, bench.is_quick ? 5 : 60, false);
    cancel(&bench, bench.is_quick ? 20 : 50);
    printf("}\n");
    (void)child_end(&bench.editor.child); // an end of input: its exit code is 1
    return 0;
}
