// SPDX-License-Identifier: MIT
//
// Reads and writes case files. A section begins with a line "--- NAME …" and ends at the next one.
#include "case_file.h"

#include "base/buf.h"
#include "base/uri.h"

#define MARK STR("--- ")

bool case_file_read(struct arena *arena, struct str path, struct case_file *out) {
    *out = (struct case_file){.path = path};
    if (file_read(arena, arena_cstr(arena, path), 1u << 22, &out->bytes) != ERR_OK) {
        return false;
    }
    VEC(struct case_section) sections = {0};
    struct str rest = out->bytes, line;
    while (str_next_line(&rest, &line)) {
        if (str_starts(line, MARK)) {
            struct case_section *section = VEC_PUSH(arena, &sections);
            struct str head = str_from_index(line, MARK.n);
            section->name = str_split(&head, ' ');
            section->rest = str_trim(head);
            section->body = str_of(line.p + line.n + (rest.p > line.p + line.n), 0);
        } else if (sections.n > 0) {
            struct case_section *last = &sections.at[sections.n - 1];
            const char *end = rest.p ? rest.p : out->bytes.p + out->bytes.n;
            last->body.n = (size_t)(end - last->body.p);
        }
    }
    out->at = sections.at;
    out->n = sections.n;
    return sections.n > 0;
}

const struct case_section *case_file_section(const struct case_file *file, struct str name,
                                             size_t *from) {
    for (; *from < file->n; (*from)++) {
        if (str_eq(file->at[*from].name, name)) {
            return &file->at[(*from)++];
        }
    }
    return NULL;
}

struct str case_file_body(const struct case_file *file, struct str name) {
    size_t from = 0;
    const struct case_section *section = case_file_section(file, name, &from);
    return section ? section->body : STR("");
}

struct str case_file_rest(const struct case_file *file, struct str name) {
    size_t from = 0;
    const struct case_section *section = case_file_section(file, name, &from);
    return section ? section->rest : STR("");
}

struct str case_file_rewrite(struct arena *arena, const struct case_file *file,
                             struct str references, struct str findings) {
    struct buf out;
    buf_init(&out, 1u << 24);
    const char *begin = file->at[0].name.p - MARK.n;
    buf_append(&out, str_of(file->bytes.p, (size_t)(begin - file->bytes.p)));
    bool has_findings = false;
    for (size_t i = 0; i < file->n; i++) {
        const struct case_section *section = &file->at[i];
        buf_printf(&out, "--- %.*s%s%.*s\n", STR_ARG(section->name), section->rest.n > 0 ? " " : "",
                   STR_ARG(section->rest));
        if (str_eq(section->name, STR("findings"))) {
            has_findings = true;
            buf_append(&out, findings);
        } else if (str_eq(section->name, STR("references"))) {
            buf_append(&out, references);
        } else {
            buf_append(&out, section->body);
        }
    }
    if (!has_findings) {
        buf_append(&out, STR("--- findings\n"));
        buf_append(&out, findings);
    }
    struct str copy = arena_copy(arena, buf_str(&out));
    buf_finish(&out);
    return copy;
}
