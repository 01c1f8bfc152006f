// SPDX-License-Identifier: MIT
//
// textDocument/foldingRange for Modelfiles: values over several lines, and runs of comment lines.
// Whole lines only, which every client can fold.
#include "lsp/handlers/modelfile_view.h"

static void add(struct json_object *ranges, size_t first, size_t last, const char *kind) {
    if (last <= first) {
        return;
    }
    struct json_object *range = json_object_new_object();
    json_set_int(range, "startLine", (int64_t)first);
    json_set_int(range, "endLine", (int64_t)last);
    if (kind) {
        json_set_str(range, "kind", str_from(kind));
    }
    json_add(ranges, range);
}

void folding_range_on_request(struct request *request) {
    struct json_object *ranges = json_object_new_array();
    const struct modelfile *file = modelfile_view(request);
    const struct text *text = request->document->text;
    for (size_t i = 0; file && i < file->n; i++) {
        add(ranges, text_line_at(text, file->at[i].keyword_start),
            text_line_at(text, file->at[i].outer_end), NULL);
    }
    struct comment_line *comments;
    size_t n = file ? modelfile_comments(request, file, &comments) : 0;
    for (size_t i = 0; i < n;) {
        size_t last = i;
        while (last + 1 < n && comments[last + 1].line == comments[last].line + 1) {
            last++;
        }
        add(ranges, comments[i].line, comments[last].line, "comment");
        i = last + 1;
    }
    reply_ok(request, ranges);
}

void folding_range_advertise(const struct lsp_server *server, struct json_object *capabilities) {
    (void)server;
    json_set_bool(capabilities, "foldingRangeProvider", true);
}
