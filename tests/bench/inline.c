// SPDX-License-Identifier: MIT
//
//   bench_inline PROGRAM FOLDER [--quick]
//
// Measures what inline completion costs, and prints one JSON object: the time from a request to its
// answer beyond the time that the model server took itself, beside curl on the same request; what a
// keystroke in a source file of 1 MB costs while each is followed by a request; how many requests
// are in flight at once, and memory. tests/bench/inline.py runs it and knows the gates.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "relay.h"

enum { TOKENS = 4, OPEN_MAX_LINKS = 64, ROUNDS_MAX = 4096, BODY_MAX = 1 << 18, SOURCE = 1 << 20 };

// What the model server did.
struct model {
    uint64_t requested_ns; // the last request was read
    uint64_t spoken_ns;    // its last byte was written
    bool is_slow;          // speaks until the client leaves
    int open[OPEN_MAX_LINKS];
    int n_open;
    int most_open; // that were really open when another request came
    int requests;
    char body[BODY_MAX]; // of the last request
    size_t body_n;
};

struct samples {
    double us[ROUNDS_MAX];
    size_t n;
};

struct bench {
    struct speaker speaker;
    struct model model;
    struct editor editor;
    const char *folder;
    int version;
    int id;
    int line, column; // of the cursor
};

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

static void add(struct samples *samples, double us) {
    if (samples->n < ROUNDS_MAX) {
        samples->us[samples->n++] = us;
    }
}

// --- the model ---

static void say(int socket, const char *text, bool is_last) {
    char line[300];
    char chunk[400];
    (void)snprintf(
        line, sizeof(line),
        "{\"model\":\"m:1b\",\"created_at\":\"2026-11-21T09:00:00Z\",\"response\":\"%s\","
        "\"done\":%s}\n",
        text, is_last ? "true,\"done_reason\":\"stop\",\"eval_count\":4" : "false");
    int n = snprintf(chunk, sizeof(chunk), "%zx\r\n%s\r\n%s", strlen(line), line,
                     is_last ? "0\r\n\r\n" : "");
    (void)socket_send(socket, chunk, (size_t)n);
}

static void enter(struct model *model, int socket, const char *body, size_t n) {
    int open = 1;
    for (int i = 0; i < model->n_open; i++) {
        open += socket_left(model->open[i], 0) ? 0 : 1;
    }
    model->most_open = open > model->most_open ? open : model->most_open;
    if (model->n_open < OPEN_MAX_LINKS) {
        model->open[model->n_open++] = socket;
    }
    model->requests++;
    model->body_n = n < BODY_MAX ? n : BODY_MAX;
    memcpy(model->body, body, model->body_n);
}

static void leave(struct model *model, int socket) {
    for (int i = 0; i < model->n_open; i++) {
        if (model->open[i] == socket) {
            model->open[i] = model->open[--model->n_open];
            return;
        }
    }
}

static void on_generate(struct speaker *speaker, int socket, const char *body, size_t n) {
    static const char head[] = "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n"
                               "Transfer-Encoding: chunked\r\n\r\n";
    struct model *model = speaker->data;
    uint64_t requested = now_ns();
    pthread_mutex_lock(&speaker->lock);
    enter(model, socket, body, n);
    bool is_slow = model->is_slow;
    pthread_mutex_unlock(&speaker->lock);
    (void)socket_send(socket, head, sizeof(head) - 1);
    for (int i = 0; is_slow ? !socket_left(socket, 20) : i < TOKENS; i++) {
        say(socket, is_slow ? "Q" : " zz9", false);
    }
    if (!is_slow) {
        say(socket, "", true);
    }
    pthread_mutex_lock(&speaker->lock);
    model->requested_ns = requested;
    model->spoken_ns = now_ns();
    leave(model, socket);
    pthread_mutex_unlock(&speaker->lock);
}

// What the server took itself for the last request, once it is over.
static double own_us(struct bench *bench, int requests) {
    struct model *model = &bench->model;
    for (;;) {
        pthread_mutex_lock(&bench->speaker.lock);
        bool is_over = model->requests >= requests && model->n_open == 0;
        double us = (double)(model->spoken_ns - model->requested_ns) / 1000;
        pthread_mutex_unlock(&bench->speaker.lock);
        if (is_over) {
            return us;
        }
        usleep(50);
    }
}

// --- the editor ---

static void open_source(struct bench *bench) {
    size_t size = 2 * (size_t)SOURCE;
    char *body = malloc(size);
    if (!body) {
        die("malloc");
    }
    int n = snprintf(body, size,
                     "{\"jsonrpc\":\"2.0\",\"method\":\"textDocument/didOpen\",\"params\":{"
                     "\"textDocument\":{\"uri\":\"file://%s/big.py\",\"languageId\":\"python\","
                     "\"version\":1,\"text\":\"",
                     bench->folder);
    size_t at = (size_t)n;
    size_t length = 0; // of the text: \n takes two bytes here
    int line = 0;
    bool has_place = false;
    for (int i = 0; length < SOURCE; i++) {
        n = snprintf(body + at, size - at,
                     "def function_%05d(alpha, beta):\\n    return compute(alpha, beta, %d)\\n\\n",
                     i, i);
        at += (size_t)n;
        length += (size_t)n - 3;
        line += 3;
        if (length > SOURCE / 2 && !has_place) {
            has_place = true;
            bench->line = line + 1;
            bench->column = 12;
            at += (size_t)snprintf(body + at, size - at, "def here():\\n    total = \\n\\n");
            line += 3;
        }
    }
    at += (size_t)snprintf(body + at, size - at, "\"}}}");
    editor_send_body(&bench->editor, body, at);
    bench->version = 1;
    free(body);
}

// One character; every fortieth begins a line.
static void type(struct bench *bench, int number) {
    bool is_line = number % 40 == 39;
    char text[] = {(char)('a' + number % 16), '\0'};
    editor_send(&bench->editor,
                "{\"jsonrpc\":\"2.0\",\"method\":\"textDocument/didChange\",\"params\":{"
                "\"textDocument\":{\"uri\":\"file://%s/big.py\",\"version\":%d},"
                "\"contentChanges\":[{\"range\":{\"start\":{\"line\":%d,\"character\":%d},"
                "\"end\":{\"line\":%d,\"character\":%d}},\"text\":\"%s\"}]}}",
                bench->folder, ++bench->version, bench->line, bench->column, bench->line,
                bench->column, is_line ? "\\n    " : text);
    bench->column = is_line ? 4 : bench->column + 1;
    bench->line += is_line ? 1 : 0;
}

// Asks for a completion at the cursor; the id.
static int ask(struct bench *bench, bool is_invoked) {
    editor_send(&bench->editor,
                "{\"jsonrpc\":\"2.0\",\"id\":\"i%d\",\"method\":\"textDocument/inlineCompletion\","
                "\"params\":{\"textDocument\":{\"uri\":\"file://%s/big.py\"},\"position\":{"
                "\"line\":%d,\"character\":%d},\"context\":{\"triggerKind\":%d}}}",
                ++bench->id, bench->folder, bench->line, bench->column, is_invoked ? 1 : 2);
    return bench->id;
}

static const char *await_answer(struct bench *bench, int id) {
    char what[40];
    size_t n;
    (void)snprintf(what, sizeof(what), "\"id\":\"i%d\"", id);
    return editor_await(&bench->editor, what, &n);
}

// Everything sent so far was handled: an ordered round trip.
static void barrier(struct bench *bench) {
    char what[40];
    size_t n;
    editor_send(&bench->editor, "{\"jsonrpc\":\"2.0\",\"id\":\"b%d\",\"method\":\"$/bench\"}",
                ++bench->id);
    (void)snprintf(what, sizeof(what), "\"id\":\"b%d\"", bench->id);
    (void)editor_await(&bench->editor, what, &n);
}

static void must_hold(bool holds, const char *body) {
    if (!holds) {
        (void)fprintf(stderr, "%.2000s\n", body);
        exit(1);
    }
}

static void start(struct bench *bench, const char *program, int pause_ms) {
    char options[100];
    (void)snprintf(options, sizeof(options),
                   "\"inlineCompletion.enable\":true,\"inlineCompletion.debounceMs\":%d", pause_ms);
    bench->editor = (struct editor){0};
    editor_start(&bench->editor, program, bench->folder, options);
    open_source(bench);
    // Until the server's models are known the answer is an empty list.
    for (int i = 0; !strstr(await_answer(bench, ask(bench, true)), "zz9"); i++) {
        must_hold(i < 500, "no completion");
        usleep(10000);
    }
}

// --- parts ---

// The same request by curl: what it took beyond the server's own time.
static double curl_us(struct bench *bench) {
    char path[4200];
    char data[4204];
    char url[64];
    char out[100] = "";
    (void)snprintf(path, sizeof(path), "%s/request.json", bench->folder);
    (void)snprintf(data, sizeof(data), "@%s", path);
    (void)snprintf(url, sizeof(url), "http://127.0.0.1:%d/api/generate", bench->speaker.port);
    FILE *file = fopen(path, "we");
    if (!file || fwrite(bench->model.body, 1, bench->model.body_n, file) != bench->model.body_n ||
        fclose(file) != 0) {
        die(path);
    }
    char *argv[] = {(char *)"curl",
                    (char *)"-sN",
                    (char *)"--noproxy",
                    (char *)"*",
                    (char *)"-o",
                    (char *)"/dev/null",
                    (char *)"-w",
                    (char *)"%{time_total}",
                    (char *)"--data-binary",
                    data,
                    url,
                    NULL};
    struct child child;
    int requests = bench->model.requests + 1;
    child_start(&child, argv, false);
    child.in = -1;
    size_t n = 0;
    ssize_t got;
    while ((got = read(child.out, out + n, sizeof(out) - n - 1)) > 0) {
        n += (size_t)got;
    }
    must_hold(child_end(&child) == 0, "curl failed");
    return strtod(out, NULL) * 1e6 - own_us(bench, requests);
}

static void latency(struct bench *bench, int rounds) {
    struct samples ours = {0};
    struct samples theirs = {0};
    for (int i = 0; i < rounds; i++) {
        type(bench, i % 39);
        barrier(bench);
        int requests = bench->model.requests + 1;
        uint64_t begun = now_ns();
        const char *body = await_answer(bench, ask(bench, true));
        must_hold(strstr(body, "zz9") != NULL, body);
        double us = (double)(bench->editor.read_ns - begun) / 1000;
        add(&ours, us - own_us(bench, requests));
        add(&theirs, curl_us(bench));
    }
    printf("\"latency\":{\"rounds\":%d,\"added_p50_us\":%.1f,\"added_p99_us\":%.1f,"
           "\"curl_p50_us\":%.1f,\"curl_p99_us\":%.1f},\n",
           rounds, percentile(&ours, 0.5), percentile(&ours, 0.99), percentile(&theirs, 0.5),
           percentile(&theirs, 0.99));
}

// Keystrokes, each followed by a request that the next one supersedes.
static void keystrokes(struct bench *bench, const char *name, int count, bool is_last) {
    struct samples change = {0};
    struct samples request = {0};
    bench->model.is_slow = true;
    bench->model.most_open = 0;
    int before = bench->model.requests;
    long early = 0;
    for (int i = 0; i < count; i++) {
        uint64_t begun = now_ns();
        type(bench, i);
        barrier(bench);
        uint64_t changed = now_ns();
        (void)ask(bench, false);
        barrier(bench);
        add(&change, (double)(changed - begun) / 1000);
        add(&request, (double)(now_ns() - changed) / 1000);
        if (i == count / 10) {
            early = child_resident(&bench->editor.child);
        }
        usleep(2000);
    }
    long late = child_resident(&bench->editor.child);
    bench->model.is_slow = false;
    (void)await_answer(bench, ask(bench, true)); // supersedes the last one
    printf("\"%s\":{\"keystrokes\":%d,\"change_p50_us\":%.1f,\"change_p99_us\":%.1f,"
           "\"request_p50_us\":%.1f,\"request_p99_us\":%.1f,\"most_open\":%d,\"requests\":%d,"
           "\"rss_early_kib\":%ld,\"rss_late_kib\":%ld}%s",
           name, count, percentile(&change, 0.5), percentile(&change, 0.99),
           percentile(&request, 0.5), percentile(&request, 0.99), bench->model.most_open,
           bench->model.requests - before, early, late, is_last ? "" : ",\n");
}

int main(int argc, char **argv) {
    static struct bench bench;
    if (argc < 3) {
        (void)fprintf(stderr, "bench_inline PROGRAM FOLDER [--quick]\n");
        return 2;
    }
    bool is_quick = argc > 3 && strcmp(argv[3], "--quick") == 0;
    int count = is_quick ? 300 : 1000;
    bench.folder = argv[2];
    (void)signal(SIGPIPE, SIG_IGN);
    bench.speaker.on_generate = on_generate;
    bench.speaker.data = &bench.model;
    speaker_start(&bench.speaker);
    char host[64];
    (void)snprintf(host, sizeof(host), "127.0.0.1:%d", bench.speaker.port);
    (void)setenv("OLLAMA_HOST", host, 1);

    printf("{");
    start(&bench, argv[1], 150);
    latency(&bench, is_quick ? 50 : 300);
    keystrokes(&bench, "paused", count, false);
    (void)child_end(&bench.editor.child);
    free(bench.editor.buffer);
    start(&bench, argv[1], 0);
    keystrokes(&bench, "hurried", count, true);
    (void)child_end(&bench.editor.child);
    printf("}\n");
    return 0;
}
