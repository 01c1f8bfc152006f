// SPDX-License-Identifier: MIT
//
// Findings as text, as our own JSON (DESIGN A2) and as GitHub workflow commands.
#include <stdio.h>

#include "base/json.h"
#include "base/uri.h"
#include "base/utf.h"
#include "cli/check.h"
#include "text/position.h"

// 1-based, columns in code points.
static struct position one_based(struct text_cursor *cursor, size_t offset) {
    struct position position = text_cursor_position(cursor, offset);
    position.line++;
    position.character++;
    return position;
}

typedef void (*print_fn)(struct arena *arena, const struct checked_file *file,
                         const struct finding *finding, struct position start, struct position end,
                         void *data);

static void each_finding(const struct check_result *result, print_fn print, void *data) {
    for (size_t i = 0; i < result->n_files; i++) {
        struct checked_file *file = result->files[i];
        struct text_cursor starts = text_cursor_init(file->text, POSITION_UTF32);
        struct text_cursor ends = starts;
        for (size_t f = 0; f < file->findings.n; f++) {
            const struct finding *finding = &file->findings.at[f];
            if (severity_reaches(finding->severity, result->threshold)) {
                print(&file->arena, file, finding, one_based(&starts, finding->start),
                      one_based(&ends, finding->end), data);
            }
        }
    }
}

static void print_text(struct arena *arena, const struct checked_file *file,
                       const struct finding *finding, struct position start, struct position end,
                       void *data) {
    (void)end;
    (void)data;
    printf("%.*s:%u:%u: %s: %.*s [%s]\n", STR_ARG(display_escape(arena, file->path, 0)), start.line,
           start.character, severity_name(finding->severity),
           STR_ARG(display_escape(arena, finding->message, 0)), finding_code_name(finding->code));
}

void report_text(const struct check_result *result) {
    each_finding(result, print_text, NULL);
}

// --- JSON ---

static struct json_object *fixes_json(const struct finding *finding) {
    struct json_object *fixes = json_object_new_array();
    for (size_t i = 0; i < finding->n_fixes; i++) {
        const struct fix *fix = &finding->fixes[i];
        struct json_object *object = json_object_new_object();
        struct json_object *edits = json_object_new_array();
        json_set_str(object, "title", fix->title);
        json_set_bool(object, "preferred", fix->preferred);
        for (size_t e = 0; e < fix->n_edits; e++) {
            struct json_object *edit = json_object_new_object();
            json_set_int(edit, "byteStart", (int64_t)fix->edits[e].start);
            json_set_int(edit, "byteEnd", (int64_t)fix->edits[e].end);
            json_set_str(edit, "newText", fix->edits[e].text);
            json_add(edits, edit);
        }
        json_set(object, "edits", edits);
        json_add(fixes, object);
    }
    return fixes;
}

static void add_json(struct arena *arena, const struct checked_file *file,
                     const struct finding *finding, struct position start, struct position end,
                     void *data) {
    struct json_object *object = json_object_new_object();
    json_set_str(object, "path", file->path);
    json_set_str(object, "uri", uri_from_path(arena, file->absolute));
    json_set_int(object, "line", start.line);
    json_set_int(object, "column", start.character);
    json_set_int(object, "endLine", end.line);
    json_set_int(object, "endColumn", end.character);
    json_set_int(object, "byteStart", (int64_t)finding->start);
    json_set_int(object, "byteEnd", (int64_t)finding->end);
    json_set_str(object, "severity", str_from(severity_name(finding->severity)));
    json_set_str(object, "code", str_from(finding_code_name(finding->code)));
    json_set_str(object, "message", display_escape(arena, finding->message, 0));
    if (finding->name.n) {
        json_set_str(object, "name", finding->name);
    }
    if (finding->host.n) {
        json_set_str(object, "host", finding->host);
    }
    json_set(object, "fixes", fixes_json(finding));
    json_add(data, object);
}

void report_json(const struct check_result *result) {
    struct json_object *root = json_object_new_object();
    struct json_object *findings = json_object_new_array();
    json_set_int(root, "version", 1);
    each_finding(result, add_json, findings);
    json_set(root, "findings", findings);
    struct json_object *unchecked = json_object_new_array();
    for (size_t i = 0; i < result->n_unchecked; i++) {
        struct json_object *object = json_object_new_object();
        json_set_str(object, "host", result->unchecked[i].host);
        json_set_int(object, "references", (int64_t)result->unchecked[i].references);
        json_set_str(object, "reason", result->unchecked[i].reason);
        json_add(unchecked, object);
    }
    json_set(root, "unchecked", unchecked);
    struct check_counts counts = check_count(result);
    struct json_object *summary = json_object_new_object();
    json_set_int(summary, "files", (int64_t)result->visited);
    json_set_int(summary, "errors", (int64_t)counts.by_severity[SEVERITY_ERROR]);
    json_set_int(summary, "warnings", (int64_t)counts.by_severity[SEVERITY_WARNING]);
    json_set_int(summary, "informations", (int64_t)counts.by_severity[SEVERITY_INFORMATION]);
    json_set_int(summary, "hints", (int64_t)counts.by_severity[SEVERITY_HINT]);
    json_set(root, "summary", summary);
    printf("%.*s\n", STR_ARG(json_text(root)));
    json_object_put(root);
}

// --- GitHub ---

// Workflow commands escape %, CR, LF, and in properties also ':' and ','.
static struct str github_escape(struct arena *arena, struct str s, bool is_property) {
    struct str out = STR_NONE;
    size_t from = 0;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c == '%' || c == '\r' || c == '\n' || (is_property && (c == ':' || c == ','))) {
            struct str code = arena_printf(arena, "%.*s%%%02X", STR_ARG(str_slice(s, from, i)),
                                           (unsigned)(unsigned char)c);
            out = arena_join(arena, out, code);
            from = i + 1;
        }
    }
    return arena_join(arena, out, str_from_index(s, from));
}

static void print_github(struct arena *arena, const struct checked_file *file,
                         const struct finding *finding, struct position start, struct position end,
                         void *data) {
    (void)data;
    const char *level = finding->severity == SEVERITY_ERROR     ? "error"
                        : finding->severity == SEVERITY_WARNING ? "warning"
                                                                : "notice";
    printf("::%s file=%.*s,line=%u,col=%u,endLine=%u,endColumn=%u,title=ollama-ls %s::%.*s\n",
           level, STR_ARG(github_escape(arena, file->path, true)), start.line, start.character,
           end.line, end.character, finding_code_name(finding->code),
           STR_ARG(github_escape(arena, display_escape(arena, finding->message, 0), false)));
}

void report_github(const struct check_result *result) {
    each_finding(result, print_github, NULL);
}
