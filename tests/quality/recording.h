// SPDX-License-Identifier: MIT
//
// Recordings of what models answer, for the bench (quality.c) and the unit tests of the cleaner. A
// file holds several; a line that begins with %% begins a part:
//
//     %% recording NAME | MODEL | TAGS
//     %% file PATH
//     the file before, «with the target marked»
//     %% answer
//     what the model sent
//     %% becomes
//     what the target has to become
//
// The line end before a marker belongs to no part but the file. "␍" stands for a carriage return.
// Tags name the categories of the bench; "late" marks an answer whose end shows that what was given
// out before was wrong, "show" one that is shown as Markdown, "put" one that is put in at the mark,
// "behind" one that is put in there behind a definition; they become what goes in, line ends and
// indentation before the answer included.
#pragma once

#include <dirent.h>

#include "assist/clean.h"
#include "assist/insert.h"
#include "base/uri.h"

struct recording {
    struct str name, model, tags, path;
    struct str file; // without the marks
    struct str answer, becomes;
    size_t start, end; // of the target
};

static inline struct str recording_unescape(struct arena *arena, struct str s) {
    char *out = ARENA_ARRAY(arena, s.n + 1, char);
    size_t n = 0;
    while (s.n > 0) {
        bool is_cr = str_starts(s, STR("␍"));
        out[n++] = is_cr ? '\r' : s.p[0];
        s = str_from_index(s, is_cr ? sizeof("␍") - 1 : 1);
    }
    return str_of(out, n);
}

// The part from `*rest` on up to the next marker; `*rest` moves to that.
static inline struct str recording_part(struct arena *arena, struct str *rest, bool keeps_end) {
    size_t end = str_starts(*rest, STR("%% ")) ? 0 : str_find(*rest, STR("\n%% "));
    struct str part = str_slice(*rest, 0, end == STR_NPOS ? rest->n : end);
    bool ends = end == STR_NPOS && str_ends(part, STR("\n"));
    *rest = end == STR_NPOS ? STR_NONE : str_from_index(*rest, end == 0 ? 0 : end + 1);
    if (ends && !keeps_end) {
        part.n--;
    }
    return recording_unescape(arena, keeps_end && !ends ? str_of(part.p, part.n + 1) : part);
}

static inline struct str recording_marker(struct str *rest) {
    size_t end = str_find_char(*rest, '\n');
    struct str line = str_slice(*rest, 0, end);
    *rest = str_from_index(*rest, end == STR_NPOS ? rest->n : end + 1);
    size_t word = str_find_char(str_from_index(line, 3), ' ');
    return word == STR_NPOS ? STR_NONE : str_from_index(line, 3 + word + 1);
}

// False at the end of the file.
static inline bool recording_next(struct arena *arena, struct str *rest, struct recording *out) {
    while (rest->n > 0 && !str_starts(*rest, STR("%% recording "))) {
        recording_marker(rest);
    }
    if (rest->n == 0) {
        return false;
    }
    struct str head = recording_marker(rest);
    out->name = str_trim(str_split(&head, '|'));
    out->model = str_trim(str_split(&head, '|'));
    out->tags = str_trim(head);
    out->path = str_trim(recording_marker(rest));
    struct str file = recording_part(arena, rest, true);
    recording_marker(rest);
    out->answer = recording_part(arena, rest, false);
    recording_marker(rest);
    out->becomes = recording_part(arena, rest, false);
    size_t open = str_find(file, STR("«"));
    size_t close = str_find(file, STR("»"));
    if (open == STR_NPOS || close == STR_NPOS || close < open) {
        return false;
    }
    size_t mark = sizeof("«") - 1;
    struct str before = str_slice(file, 0, open);
    struct str target = str_slice(file, open + mark, close);
    out->start = open;
    out->end = open + target.n;
    out->file =
        arena_join(arena, arena_join(arena, before, target), str_from_index(file, close + mark));
    return true;
}

// What the rest of the program would ask of the cleaner. Views into `text` and `arena`.
static inline void recording_options(struct arena *arena, const struct recording *recording,
                                     struct text *text, struct clean_options *out) {
    const struct language *language = language_detect(recording->path, STR_NONE);
    struct text_range target = {recording->start, recording->end};
    struct context_input input = {.text = text, .language = language, .selection = target};
    struct context context = {0};
    context_build(arena, &input, target, 100000, &context);
    bool is_behind = str_contains(recording->tags, STR("behind"));
    bool is_put_in = is_behind || str_contains(recording->tags, STR("put"));
    enum target_kind kind = is_behind ? TARGET_BEHIND : is_put_in ? TARGET_POINT : TARGET_NODES;
    struct placement place;
    placement_for(arena, &input, kind, target, &context, &place);
    *out = (struct clean_options){
        .mode = str_contains(recording->tags, STR("show")) ? CLEAN_MARKDOWN : CLEAN_CODE,
        .language = language,
        .eol = context.eol,
        .indent = place.indent,
        .unit = context.unit,
        .code = is_put_in ? STR_NONE : context.code,
        .is_line_start = place.is_line_start,
    };
    if (is_put_in) {
        out->before = str_slice(recording->file, 0, recording->start);
        out->lead = place.lead;
        out->after = str_from_index(recording->file, recording->end);
    }
}

// Runs `each` on all recordings of the folder, in the order of names; returns their number.
static inline size_t recordings_each(const char *folder,
                                     void (*each)(void *data, struct arena *arena,
                                                  const struct recording *recording),
                                     void *data) {
    struct dirent **entries = NULL;
    int n = scandir(folder, &entries, NULL, alphasort);
    size_t count = 0;
    for (int i = 0; i < n; i++) {
        struct arena arena;
        arena_init(&arena);
        struct str rest;
        char *path = arena_cstr(&arena, arena_printf(&arena, "%s/%s", folder, entries[i]->d_name));
        if (str_ends(str_from(entries[i]->d_name), STR(".txt")) &&
            file_read(&arena, path, 1 << 20, &rest) == ERR_OK) {
            struct recording recording;
            while (recording_next(&arena, &rest, &recording)) {
                each(data, &arena, &recording);
                count++;
            }
        }
        arena_finish(&arena);
        free(entries[i]);
    }
    free(entries);
    return count;
}
