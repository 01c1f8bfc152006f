// SPDX-License-Identifier: MIT
//
// Parses on each request: a Modelfile is small, and parsing it costs less than keeping it right.
#include "lsp/handlers/modelfile_view.h"

const struct modelfile *modelfile_view(struct request *request) {
    const struct document *document = request->document;
    if (document->format != FORMAT_MODELFILE || !document->is_ours || document->is_too_large) {
        return NULL;
    }
    struct modelfile *file = ARENA_NEW(request->arena, struct modelfile);
    modelfile_parse(request->arena, text_str(document->text), file);
    return file->is_utf16 ? NULL : file;
}

size_t modelfile_comments(struct request *request, const struct modelfile *file,
                          struct comment_line **out) {
    VEC(struct comment_line) comments = {0};
    const struct text *text = request->document->text;
    size_t next = 0; // instruction that may hold the line
    for (size_t line = 0; line < text_line_count(text); line++) {
        size_t start = text_line_start(text, line);
        size_t end = text_line_end(text, line);
        struct str bytes = text_line(text, line);
        while (start < end && char_is_blank(bytes.p[0])) {
            bytes = str_from_index(bytes, 1);
            start++;
        }
        while (next < file->n && file->at[next].outer_end < start) {
            next++;
        }
        bool is_value = next < file->n && file->at[next].keyword_start < start;
        if (bytes.n && bytes.p[0] == '#' && !is_value) {
            *VEC_PUSH(request->arena, &comments) = (struct comment_line){start, end, line};
        }
    }
    *out = comments.at;
    return comments.n;
}
