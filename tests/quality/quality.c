// SPDX-License-Identifier: MIT
//
// The quality bench of the cleaner: recorded answers of models are cleaned as they would be while
// they stream, put into their files, and compared with what a careful person would have put there.
// Prints a table by category; fails unless every recording is exact and every file whose new code
// is right by its grammar is right as a whole.
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "recording.h"
#include "text/tree.h"

enum { CATEGORIES = 64, LEAST = 70 };

struct category {
    char name[32];
    size_t n, exact;
};

struct bench {
    struct category categories[CATEGORIES];
    size_t n_categories;
    size_t n, exact, parsable, parsed, streamed;
};

static bool parses(const struct language *language, struct str bytes) {
    struct text *text = text_create(bytes);
    struct tree *tree = tree_parse(text, language->grammar(), NULL);
    bool fine = tree && !ts_node_has_error(tree_root(tree));
    tree_destroy(tree);
    text_release(text);
    return fine;
}

static void count(struct bench *bench, struct str name, bool exact) {
    size_t i = 0;
    while (i < bench->n_categories && !str_eq(name, str_from(bench->categories[i].name))) {
        i++;
    }
    if (i == CATEGORIES || name.n == 0 || name.n >= sizeof(bench->categories[0].name)) {
        return;
    }
    if (i == bench->n_categories) {
        memcpy(bench->categories[bench->n_categories++].name, name.p, name.n);
    }
    bench->categories[i].n++;
    bench->categories[i].exact += exact;
}

static struct str apply(struct arena *arena, const struct recording *recording, struct str code) {
    struct str before = str_slice(recording->file, 0, recording->start);
    struct str behind = str_from_index(recording->file, recording->end);
    return arena_join(arena, arena_join(arena, before, code), behind);
}

// Feeds the answer in pieces of the size of tokens; true: the pieces make the whole.
static bool clean(struct arena *arena, const struct recording *recording, struct str *code) {
    struct text *text = text_create(recording->file);
    struct clean_options options;
    recording_options(arena, recording, text, &options);
    struct cleaner *cleaner = cleaner_create(&options);
    struct buf pieces, thinking;
    buf_init(&pieces, LIMIT_ANSWER);
    buf_init(&thinking, LIMIT_ANSWER);
    for (size_t at = 0; at < recording->answer.n; at += 4) {
        cleaner_feed(cleaner, str_slice(recording->answer, at, at + 4), &pieces, &thinking);
    }
    cleaner_end(cleaner, &pieces, &thinking);
    struct str whole = cleaner_text(cleaner);
    bool same = str_eq(whole, buf_str(&pieces));
    *code = whole.n > 0 ? arena_join(arena, options.lead, whole) : STR_NONE;
    buf_finish(&pieces);
    buf_finish(&thinking);
    cleaner_destroy(cleaner);
    text_release(text);
    return same;
}

static void run(void *data, struct arena *arena, const struct recording *recording) {
    struct bench *bench = data;
    struct str code;
    bool streamed = clean(arena, recording, &code);
    struct str got = apply(arena, recording, code);
    struct str wanted = apply(arena, recording, recording->becomes);
    bool exact = str_eq(got, wanted);
    bool is_late = str_contains(recording->tags, STR("late"));
    const struct language *language = language_detect(recording->path, STR_NONE);
    bench->n++;
    bench->exact += exact;
    bench->streamed += streamed;
    if (language->grammar && parses(language, wanted)) {
        bool fine = parses(language, got);
        bench->parsable++;
        bench->parsed += fine;
        if (!fine) {
            printf("DOES NOT PARSE: %.*s\n", STR_ARG(recording->name));
        }
    }
    if (!exact) {
        printf("NOT EXACT: %.*s (%.*s)\n--- wanted\n%.*s\n--- got\n%.*s\n---\n",
               STR_ARG(recording->name), STR_ARG(recording->model), STR_ARG(recording->becomes),
               STR_ARG(code));
    }
    if (streamed == is_late) {
        printf("%s: %.*s\n", is_late ? "MARKED LATE, IS NOT" : "LATE", STR_ARG(recording->name));
        bench->exact -= exact;
        exact = false;
    }
    struct str tags = recording->tags;
    while (tags.p) {
        count(bench, str_trim(str_split(&tags, ' ')), exact);
    }
    count(bench, recording->model, exact);
    count(bench, str_from(language->name), exact);
}

int main(int argc, char **argv) {
    struct bench bench = {0};
    for (int i = 1; i < argc; i++) {
        recordings_each(argv[i], run, &bench);
    }
    printf("%-24s %10s %6s\n", "category", "recordings", "exact");
    for (size_t i = 0; i < bench.n_categories; i++) {
        printf("%-24s %10zu %6zu\n", bench.categories[i].name, bench.categories[i].n,
               bench.categories[i].exact);
    }
    printf(
        "%zu recordings, %zu exact, %zu of %zu parse after the edit, %zu streamed as they ended\n",
        bench.n, bench.exact, bench.parsed, bench.parsable, bench.streamed);
    bool good = bench.n >= LEAST && bench.exact == bench.n && bench.parsed == bench.parsable;
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
