// SPDX-License-Identifier: MIT
//
// The quality bench of inline completion: recorded answers of models and what is shown of them,
// exactly. The cursor stands at «» (recording.h tells the format); "%% becomes" is what is inserted
// there. Tags: "cut" is an answer that num_predict ended, "tree" a place that only a syntax tree
// tells. Prints a table by category; fails unless every recording is exact, however the answer is
// cut into pieces, and every file that is right by its grammar with what was wanted is right.
#include <stdio.h>
#include <stdlib.h>

#include "assist/inline.h"
#include "recording.h"

enum { CATEGORIES = 64, LEAST = 85 };

struct category {
    char name[32];
    size_t n, exact;
};

struct bench {
    struct category categories[CATEGORIES];
    size_t n_categories;
    size_t n, exact, parsable, parsed, doubled, whole;
    size_t bytes, taken; // of all answers; of them before it was enough
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

// What is shown, the answer coming in pieces of `size` bytes; *taken: how much of it was waited
// for.
static struct str show(struct arena *arena, const struct recording *recording, bool with_tree,
                       size_t size, size_t *taken) {
    const struct language *language = language_detect(recording->path, STR_NONE);
    struct text *text = text_create(recording->file);
    struct tree *tree =
        with_tree && language->grammar ? tree_parse(text, language->grammar(), NULL) : NULL;
    struct inline_view view;
    struct inline_place place;
    inline_view_init(&view, arena, text, recording->start, NULL);
    inline_place_init(&place, &view, language, tree);
    struct inline_filter *filter = inline_filter_create(&view, &place);
    bool is_enough = false;
    size_t at = 0;
    for (; at < recording->answer.n && !is_enough; at += size) {
        is_enough = inline_filter_feed(filter, str_slice(recording->answer, at, at + size));
    }
    *taken = at < recording->answer.n ? at : recording->answer.n;
    bool is_cut = !is_enough && str_contains(recording->tags, STR("cut"));
    struct str shown = arena_copy(arena, inline_filter_end(filter, is_cut));
    inline_filter_destroy(filter);
    tree_destroy(tree);
    text_release(text);
    return shown;
}

static struct str apply(struct arena *arena, const struct recording *recording, struct str shown) {
    struct str before = str_slice(recording->file, 0, recording->start);
    struct str behind = str_from_index(recording->file, recording->end);
    return arena_join(arena, arena_join(arena, before, shown), behind);
}

// Does the line behind the cursor stand there twice now?
static bool doubles(const struct recording *recording, struct str shown) {
    struct str rest = str_from_index(recording->file, recording->end), line = STR_NONE;
    while (str_next_line(&rest, &line) && str_trim(line).n == 0) {
    }
    struct str last = shown, next = str_trim(line);
    size_t at = str_rfind_char(shown, '\n');
    last = at == STR_NPOS ? shown : str_from_index(shown, at + 1);
    bool has_word = false;
    for (size_t i = 0; i < next.n; i++) {
        has_word = has_word || char_is_alnum(next.p[i]);
    }
    return has_word && str_eq(str_trim(last), next);
}

static void check_grammar(struct bench *bench, struct arena *arena,
                          const struct recording *recording, struct str shown) {
    const struct language *language = language_detect(recording->path, STR_NONE);
    if (language->grammar && parses(language, apply(arena, recording, recording->becomes))) {
        bool fine = parses(language, apply(arena, recording, shown));
        bench->parsable++;
        bench->parsed += fine;
        if (!fine) {
            printf("DOES NOT PARSE: %.*s\n", STR_ARG(recording->name));
        }
    }
}

static void run(void *data, struct arena *arena, const struct recording *recording) {
    struct bench *bench = data;
    size_t taken, ignored;
    struct str shown = show(arena, recording, true, 4, &taken);
    struct str other = str_contains(recording->tags, STR("tree"))
                           ? shown
                           : show(arena, recording, false, 4, &ignored);
    bool is_whole = true;
    for (size_t size = 1; size < 40; size += 6) {
        is_whole = is_whole && str_eq(shown, show(arena, recording, true, size, &ignored));
    }
    bool exact = str_eq(shown, recording->becomes) && str_eq(shown, other);
    bench->n++;
    bench->exact += exact;
    bench->whole += is_whole;
    bench->doubled += doubles(recording, shown);
    bench->bytes += recording->answer.n;
    bench->taken += taken;
    check_grammar(bench, arena, recording, shown);
    if (!exact) {
        printf("NOT EXACT: %.*s (%.*s)\n--- wanted\n%.*s\n--- got\n%.*s\n--- got without a tree\n"
               "%.*s\n---\n",
               STR_ARG(recording->name), STR_ARG(recording->model), STR_ARG(recording->becomes),
               STR_ARG(shown), STR_ARG(other));
    }
    if (!is_whole) {
        printf("DEPENDS ON THE PIECES: %.*s\n", STR_ARG(recording->name));
    }
    struct str tags = recording->tags;
    while (tags.p) {
        count(bench, str_trim(str_split(&tags, ' ')), exact);
    }
    count(bench, recording->model, exact);
    count(bench, str_from(language_detect(recording->path, STR_NONE)->name), exact);
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
    printf("%zu recordings, %zu exact, %zu of %zu parse with what is shown, %zu with a doubled "
           "line, %zu of %zu bytes of answers waited for\n",
           bench.n, bench.exact, bench.parsed, bench.parsable, bench.doubled, bench.taken,
           bench.bytes);
    bool good = bench.n >= LEAST && bench.exact == bench.n && bench.parsed == bench.parsable &&
                bench.whole == bench.n && bench.doubled == 0;
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
