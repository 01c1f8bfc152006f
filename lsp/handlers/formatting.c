// SPDX-License-Identifier: MIT
//
// textDocument/formatting for Modelfiles: instructions in capitals at the start of their line, one
// blank behind them, no blanks at the ends of lines. Values are never touched.
//
// Invariant: Ollama reads the formatted file as it read the old one. It is checked, not believed:
// the result is parsed, and where anything differs, or the file is at fault, nothing is changed.
#include <stdlib.h>

#include "base/buf.h"
#include "base/limits.h"
#include "lsp/handlers/modelfile_view.h"

struct changes {
    struct request *request;
    struct str bytes;
    VEC(struct edit) edits;
};

static void change(struct changes *changes, size_t start, size_t end, struct str text) {
    if (!str_eq(str_slice(changes->bytes, start, end), text)) {
        *VEC_PUSH(changes->request->arena, &changes->edits) = (struct edit){start, end, text};
    }
}

// Blanks in front of `at` on its line.
static size_t blanks_before(struct str bytes, size_t at) {
    while (at > 0 && char_is_blank(bytes.p[at - 1])) {
        at--;
    }
    return at;
}

static size_t blanks_behind(struct str bytes, size_t at) {
    while (at < bytes.n && char_is_blank(bytes.p[at])) {
        at++;
    }
    return at;
}

static bool is_line_start(struct str bytes, size_t at) {
    return at == 0 || bytes.p[at - 1] == '\n' || bytes.p[at - 1] == '\r';
}

static bool is_line_end(struct str bytes, size_t at) {
    return at == bytes.n || bytes.p[at] == '\n' || bytes.p[at] == '\r';
}

// From `end` of one word to `start` of the next: one blank, if nothing but blanks stands between.
static void join(struct changes *changes, size_t end, size_t start) {
    if (start > end && blanks_behind(changes->bytes, end) >= start) {
        change(changes, end, start, STR(" "));
    }
}

static void trim_end(struct changes *changes, size_t end) {
    size_t stop = blanks_behind(changes->bytes, end);
    if (is_line_end(changes->bytes, stop)) {
        change(changes, end, stop, STR(""));
    }
}

static void add_instruction(struct changes *changes, const struct modelfile_instruction *in) {
    size_t indent = blanks_before(changes->bytes, in->keyword_start);
    if (is_line_start(changes->bytes, indent)) {
        change(changes, indent, in->keyword_start, STR(""));
    }
    change(changes, in->keyword_start, in->keyword_end, modelfile_command_name(in->command));
    if (in->outer_end <= in->outer_start) {
        return; // no value: the blank behind the keyword is what makes it one
    }
    if (in->name.n) {
        join(changes, in->keyword_end, in->name_start);
        join(changes, in->name_end, in->outer_start);
    } else {
        join(changes, in->keyword_end, in->outer_start);
    }
    trim_end(changes, in->outer_end);
}

static struct str apply(struct changes *changes) {
    struct buf buf;
    size_t at = 0;
    buf_init(&buf, LIMIT_FILE * 2);
    for (size_t i = 0; i < changes->edits.n; i++) {
        const struct edit *edit = &changes->edits.at[i];
        buf_append(&buf, str_slice(changes->bytes, at, edit->start));
        buf_append(&buf, edit->text);
        at = edit->end;
    }
    buf_append(&buf, str_from_index(changes->bytes, at));
    struct str text = buf.full ? STR_NONE : arena_copy(changes->request->arena, buf_str(&buf));
    buf_finish(&buf);
    return text;
}

static bool reads_the_same(struct changes *changes, const struct modelfile *old) {
    struct modelfile file;
    modelfile_parse(changes->request->arena, apply(changes), &file);
    if (file.n != old->n || file.n_faults != old->n_faults) {
        return false;
    }
    for (size_t i = 0; i < file.n; i++) {
        if (file.at[i].command != old->at[i].command || !str_eq(file.at[i].name, old->at[i].name) ||
            !str_eq(file.at[i].value, old->at[i].value)) {
            return false;
        }
    }
    return true;
}

static int by_start(const void *a, const void *b) {
    const struct edit *left = a;
    const struct edit *right = b;
    return left->start < right->start ? -1 : left->start > right->start;
}

static void add_comments(struct changes *changes, const struct modelfile *file) {
    struct comment_line *comments;
    size_t n = modelfile_comments(changes->request, file, &comments);
    for (size_t i = 0; i < n; i++) {
        size_t indent = blanks_before(changes->bytes, comments[i].start);
        size_t end = blanks_before(changes->bytes, comments[i].end);
        change(changes, indent, comments[i].start, STR(""));
        change(changes, end, comments[i].end, STR(""));
    }
}

static void add_final_newline(struct changes *changes, struct json_object *options) {
    if (json_get_bool(options, "insertFinalNewline", false) && changes->bytes.n &&
        !is_line_start(changes->bytes, changes->bytes.n)) {
        change(changes, changes->bytes.n, changes->bytes.n, STR("\n"));
    }
}

void formatting_on_request(struct request *request) {
    const struct modelfile *file = modelfile_view(request);
    struct json_object *list = json_object_new_array();
    if (!file || file->n_faults > 0) {
        reply_ok(request, list);
        return;
    }
    struct changes changes = {.request = request, .bytes = text_str(request->document->text)};
    for (size_t i = 0; i < file->n; i++) {
        add_instruction(&changes, &file->at[i]);
    }
    add_comments(&changes, file);
    if (changes.edits.n > 1) {
        qsort(changes.edits.at, changes.edits.n, sizeof(*changes.edits.at), by_start);
    }
    add_final_newline(&changes, json_get(request->params, "options"));
    size_t n = reads_the_same(&changes, file) ? changes.edits.n : 0;
    for (size_t i = 0; i < n; i++) {
        json_add(list,
                 document_edit_json(request->server, request->document, &changes.edits.at[i]));
    }
    reply_ok(request, list);
}

void formatting_advertise(const struct lsp_server *server, struct json_object *capabilities) {
    (void)server;
    json_set_bool(capabilities, "documentFormattingProvider", true);
}
