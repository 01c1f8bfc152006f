// SPDX-License-Identifier: MIT
//
// The editor of the relay bench: a child on pipes, frames in and out, a prompt reader.
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "relay.h"

enum { MESSAGE_MAX = 1 << 16, READ_MAX = 16 << 20 };

uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

_Noreturn void die(const char *what) {
    perror(what);
    exit(1);
}

void child_start(struct child *child, char *const argv[], bool wants_input) {
    int in[2] = {-1, -1};
    int out[2];
    if ((wants_input && pipe2(in, O_CLOEXEC) != 0) || pipe2(out, O_CLOEXEC) != 0) {
        die("pipe");
    }
    child->pid = fork();
    if (child->pid < 0) {
        die("fork");
    }
    if (child->pid == 0) {
        if (wants_input) {
            dup2(in[0], STDIN_FILENO);
        }
        dup2(out[1], STDOUT_FILENO);
        execvp(argv[0], argv);
        _exit(127);
    }
    if (wants_input) {
        close(in[0]);
    }
    close(out[1]);
    child->in = in[1];
    child->out = out[0];
}

int child_end(struct child *child) {
    int status = 0;
    if (child->in >= 0) {
        close(child->in);
    }
    close(child->out);
    waitpid(child->pid, &status, 0);
    return status;
}

long child_resident(const struct child *child) {
    char path[64];
    char line[256];
    long found = 0;
    (void)snprintf(path, sizeof(path), "/proc/%d/status", (int)child->pid);
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof(line), file)) {
        if (strncmp(line, "VmRSS:", 6) == 0) {
            found = strtol(line + 6, NULL, 10);
        }
    }
    if (file) {
        (void)fclose(file);
    }
    return found;
}

static void write_all(int to, const char *data, size_t n) {
    while (n > 0) {
        ssize_t written = write(to, data, n);
        if (written < 0 && errno != EINTR) {
            die("write to the language server");
        }
        data += written > 0 ? written : 0;
        n -= written > 0 ? (size_t)written : 0;
    }
}

void editor_send(struct editor *editor, const char *format, ...) {
    char body[MESSAGE_MAX];
    char frame[MESSAGE_MAX + 64];
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(body, sizeof(body), format, arguments);
    va_end(arguments);
    n = snprintf(frame, sizeof(frame), "Content-Length: %d\r\n\r\n%s", n, body);
    write_all(editor->child.in, frame, (size_t)n);
}

// Where the body of the first whole message is, and where it ends; 0: it is not whole.
static size_t whole(const struct editor *editor, size_t *body) {
    const char *start = editor->buffer + editor->at;
    const char *end = memmem(start, editor->n - editor->at, "\r\n\r\n", 4);
    if (!end) {
        return 0;
    }
    size_t length = strtoul(start + strlen("Content-Length: "), NULL, 10);
    *body = (size_t)(end - editor->buffer) + 4;
    return editor->n >= *body + length ? *body + length : 0;
}

const char *editor_read(struct editor *editor, size_t *n) {
    static char *message;
    size_t body = 0;
    size_t end;
    if (!editor->buffer) {
        editor->buffer = malloc(READ_MAX);
        message = malloc(READ_MAX);
    }
    if (!editor->buffer || !message) {
        die("malloc");
    }
    while ((end = whole(editor, &body)) == 0) {
        memmove(editor->buffer, editor->buffer + editor->at, editor->n - editor->at);
        editor->n -= editor->at;
        editor->at = 0;
        ssize_t got = read(editor->child.out, editor->buffer + editor->n, READ_MAX - editor->n);
        if (got <= 0) {
            die("the language server ended");
        }
        editor->read_ns = now_ns();
        editor->n += (size_t)got;
    }
    *n = end - body;
    memcpy(message, editor->buffer + body, *n);
    message[*n] = '\0';
    editor->at = end;
    return message;
}

void editor_reply(struct editor *editor, const char *body) {
    const char *id = strstr(body, "\"id\":");
    if (!id || !strstr(body, "\"method\":")) {
        return;
    }
    char value[64];
    size_t n = strcspn(id + 5, ",}");
    if (n >= sizeof(value) || strstr(body, "\"$/")) {
        return;
    }
    memcpy(value, id + 5, n);
    value[n] = '\0';
    const char *result = strstr(body, "workspace/applyEdit") ? "{\"applied\":true}" : "null";
    editor_send(editor, "{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":%s}", value, result);
}

const char *editor_await(struct editor *editor, const char *what, size_t *n) {
    for (;;) {
        const char *body = editor_read(editor, n);
        if (strstr(body, what)) {
            return body;
        }
        editor_reply(editor, body);
    }
}

void editor_start(struct editor *editor, const char *program, const char *folder) {
    char *argv[] = {(char *)program, (char *)"--stdio", NULL};
    size_t n;
    child_start(&editor->child, argv, true);
    editor_send(editor,
                "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":{"
                "\"processId\":null,\"rootUri\":\"file://%s\",\"capabilities\":{\"workspace\":{"
                "\"applyEdit\":true},\"window\":{\"workDoneProgress\":true}},"
                "\"initializationOptions\":{\"stream\":true}}}",
                folder);
    (void)editor_await(editor, "\"id\":1", &n);
    editor_send(editor, "{\"jsonrpc\":\"2.0\",\"method\":\"initialized\",\"params\":{}}");
    editor_send(editor,
                "{\"jsonrpc\":\"2.0\",\"method\":\"textDocument/didOpen\",\"params\":{"
                "\"textDocument\":{\"uri\":\"file://%s/a.txt\",\"languageId\":\"plaintext\","
                "\"version\":1,\"text\":\"one\\n\\ntwo\\n\\nthree\\n\"}}}",
                folder);
}
