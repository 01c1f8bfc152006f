// SPDX-License-Identifier: MIT
//
// A whole language server on a dialogue: one message a line. Whatever comes, the server answers
// every request exactly once, sends only JSON-RPC, and closes with nothing left. Nothing of the
// machine is touched: HTTP is fake_http.c, files are not written, no program is started.
//
// Input: lines. A line that begins with '!' and a digit is the answer of a model server to the next
// call (0 refused, 1 garbage status, 2 200, 4 404, 5 500, then the body); any other is a message.
// The server's own requests are answered with null unless the input answers them.
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "fuzz/fake_http.h"
#include "fuzz/fuzz.h"
#include "lsp/server.h"
#include "session/walk.h"

enum { LINES_MAX = 200, IDS_MAX = 256, TURNS_MAX = 200, CLOSE_LIMIT_MS = 5000 };
#define THE_END STR("the-end-of-the-fuzz")

struct dialogue {
    uv_loop_t loop;
    struct lsp_server *server;
    struct {
        struct str id; // JSON text; owned
        int asked, answered;
    } ids[IDS_MAX];
    size_t n_ids;
    struct json_object *to_answer; // ids of requests of the server
    bool is_shut_down;
    bool exited;
    bool closed;
};

// --- nothing of the machine is touched ---

enum err __wrap_file_write_atomic(const char *path, struct str data, unsigned mode,
                                  struct error *error, struct arena *arena);
enum err __wrap_file_write_atomic(const char *path, struct str data, unsigned mode,
                                  struct error *error, struct arena *arena) {
    (void)path, (void)data, (void)mode, (void)error, (void)arena;
    return ERR_OK;
}

int __wrap_uv_spawn(uv_loop_t *loop, uv_process_t *process, const uv_process_options_t *options);
int __wrap_uv_spawn(uv_loop_t *loop, uv_process_t *process, const uv_process_options_t *options) {
    (void)loop, (void)process, (void)options;
    return UV_ENOENT;
}

// Folders of the machine are not walked: a mutated root would be the whole disk.
size_t __wrap_walk_run(const char *const *paths, size_t n, const struct walk_options *options);
size_t __wrap_walk_run(const char *const *paths, size_t n, const struct walk_options *options) {
    (void)paths, (void)n, (void)options;
    return 0;
}

// The built-in conventions are read once: most of a session's time otherwise.
struct analyzer *__real_analyzer_create(struct json_object *conventions,
                                        void (*on_problem)(void *data, struct str message),
                                        void *data);
struct analyzer *__wrap_analyzer_create(struct json_object *conventions,
                                        void (*on_problem)(void *data, struct str message),
                                        void *data);
struct analyzer *__wrap_analyzer_create(struct json_object *conventions,
                                        void (*on_problem)(void *data, struct str message),
                                        void *data) {
    static struct analyzer *built_in;
    if (conventions) {
        return __real_analyzer_create(conventions, on_problem, data);
    }
    if (!built_in) {
        built_in = __real_analyzer_create(NULL, NULL, NULL);
    }
    return analyzer_retain(built_in);
}

// --- who was asked what ---

// The slot of an id, made on first use; NULL when there are too many to follow.
static int *count_of(struct dialogue *d, struct json_object *id, bool is_answer) {
    struct str text = json_text(id);
    size_t i = 0;
    while (i < d->n_ids && !str_eq(d->ids[i].id, text)) {
        i++;
    }
    if (i == IDS_MAX) {
        return NULL;
    }
    if (i == d->n_ids) {
        d->ids[i].id = str_of(mem_strdup(text), text.n);
        d->ids[i].asked = d->ids[i].answered = 0;
        d->n_ids++;
    }
    return is_answer ? &d->ids[i].answered : &d->ids[i].asked;
}

// Ids that the protocol allows; others are answered with id null.
static bool is_request_id(struct json_object *id) {
    int64_t value = json_is(id, json_type_int) ? json_object_get_int64(id) : 0;
    return json_is(id, json_type_string) ||
           (json_is(id, json_type_int) && value >= INT32_MIN && value <= INT32_MAX);
}

static bool on_send(void *data, struct str message, enum send_class class) {
    (void)class;
    struct dialogue *d = data;
    struct arena arena;
    arena_init(&arena);
    struct json_object *object = NULL;
    FUZZ_CHECK(json_parse(&arena, message, &object, NULL) == ERR_OK);
    FUZZ_CHECK(str_eq(json_get_str(object, "jsonrpc"), STR("2.0")));
    bool is_call = json_is(json_get(object, "method"), json_type_string);
    struct json_object *id = json_get(object, "id");
    if (is_call && id) {
        FUZZ_CHECK(json_count(d->to_answer) < 100000);
        json_add(d->to_answer, json_object_get(id));
    } else if (!is_call) {
        FUZZ_CHECK(json_has(object, "result") != json_has(object, "error"));
        FUZZ_CHECK(json_has(object, "id"));
        if (id) {
            int *answered = count_of(d, id, true);
            int *asked = count_of(d, id, false);
            FUZZ_CHECK(!answered || ++*answered <= *asked);
        }
        if (str_eq(json_str(id), THE_END)) {
            d->is_shut_down = true;
        }
    }
    json_object_put(object);
    arena_finish(&arena);
    return true;
}

static void on_exit_(void *data) {
    ((struct dialogue *)data)->exited = true;
}

static void on_closed(void *data) {
    ((struct dialogue *)data)->closed = true;
}

// --- the dialogue ---

// Until the loop would wait for longer than a moment.
static void spin(struct dialogue *d) {
    for (int i = 0; i < TURNS_MAX; i++) {
        int wait = uv_backend_timeout(&d->loop);
        if (wait < 0 || wait > 1) {
            (void)uv_run(&d->loop, UV_RUN_NOWAIT);
            wait = uv_backend_timeout(&d->loop);
            if (wait < 0 || wait > 1) {
                return;
            }
        }
        (void)uv_run(&d->loop, wait == 0 ? UV_RUN_NOWAIT : UV_RUN_ONCE);
    }
}

static void answer_all(struct dialogue *d) {
    struct json_object *ids = d->to_answer;
    d->to_answer = json_object_new_array();
    struct arena arena;
    arena_init(&arena);
    for (size_t i = 0; i < json_count(ids) && !d->exited; i++) {
        struct str text = arena_printf(&arena, "{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":null}",
                                       json_text(json_at(ids, i)).p);
        lsp_server_receive(d->server, text);
    }
    arena_finish(&arena);
    json_object_put(ids);
}

static void say(struct dialogue *d, struct str line) {
    struct arena arena;
    arena_init(&arena);
    struct json_object *message = NULL;
    if (json_parse(&arena, line, &message, NULL) == ERR_OK && json_is(message, json_type_object)) {
        struct json_object *id = json_get(message, "id");
        bool is_answer = !json_has(message, "method") &&
                         (json_has(message, "result") || json_has(message, "error"));
        int *asked = !is_answer && is_request_id(id) ? count_of(d, id, false) : NULL;
        if (asked) {
            ++*asked; // an answer may be an error about the message itself
        }
    }
    json_object_put(message);
    arena_finish(&arena);
    struct str exact = fuzz_exact(line);
    lsp_server_receive(d->server, exact);
    free((char *)exact.p);
}

static void queue_answer(struct str line) {
    static const long STATUS[] = {0, 299, 200, 301, 404, 500, 403, 400, 503, 204};
    struct str body = fuzz_exact(str_from_index(line, 2));
    for (size_t i = 0; i < body.n; i++) {
        char *c = (char *)body.p + i;
        *c = *c == '\x01' ? '\n' : *c; // lines of NDJSON
    }
    fake_http_queue(STATUS[(unsigned char)(line.p[1] - '0') % 10], body);
    free((char *)body.p);
}

static void run(struct dialogue *d, struct str input) {
    for (int n = 0; input.p && n < LINES_MAX && !d->exited; n++) {
        struct str line = str_split(&input, '\n');
        if (line.n >= 2 && line.p[0] == '!' && char_is_digit(line.p[1])) {
            queue_answer(line);
            continue;
        }
        if (line.n == 0) {
            continue;
        }
        say(d, line);
        if (n % 3 != 0) { // messages come in packets too
            spin(d);
            answer_all(d);
        }
    }
    spin(d);
    if (d->exited) {
        return;
    }
    // A running server answers all that is left before `shutdown`.
    bool is_running = d->server->rpc.state == RPC_READY || d->server->rpc.state == RPC_RUNNING;
    say(d, STR("{\"jsonrpc\":\"2.0\",\"id\":\"the-end-of-the-fuzz\",\"method\":\"shutdown\"}"));
    spin(d);
    FUZZ_CHECK(d->is_shut_down);
    for (size_t i = 0; i < d->n_ids && is_running; i++) {
        if (d->ids[i].asked != d->ids[i].answered) {
            fprintf(stderr, "id %.*s: asked %d times, answered %d times\n", STR_ARG(d->ids[i].id),
                    d->ids[i].asked, d->ids[i].answered);
            abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    log_set_level(LOG_ERROR);
    setenv("XDG_CONFIG_HOME", "/dev/null", 1);
    unsetenv("OLLAMA_HOST");
    struct dialogue *d = mem_alloc(sizeof(*d));
    d->to_answer = json_object_new_array();
    FUZZ_CHECK(uv_loop_init(&d->loop) == 0);
    struct lsp_server_options options = {.host_flag = STR("127.0.0.1:11434"),
                                         .state_path = "/dev/null/state.json",
                                         .sink = {.send = on_send, .data = d},
                                         .on_exit = on_exit_,
                                         .data = d};
    d->server = lsp_server_create(&d->loop, &options);
    run(d, str_of((const char *)data, size));
    lsp_server_end_of_input(d->server);
    lsp_server_close(d->server, on_closed, d);
    int64_t begin = clock_ms(); // work on other threads may end after the server is closed
    while (uv_run(&d->loop, UV_RUN_NOWAIT) && clock_ms() - begin < CLOSE_LIMIT_MS) {
    }
    FUZZ_CHECK(d->closed);
    FUZZ_CHECK(uv_loop_close(&d->loop) == 0);
    for (size_t i = 0; i < d->n_ids; i++) {
        free((char *)d->ids[i].id.p);
    }
    json_object_put(d->to_answer);
    free(d);
    fake_http_reset();
    return 0;
}
