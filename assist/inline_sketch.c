// SPDX-License-Identifier: MIT
//
// Which parts of other open documents are worth showing: those that share the most identifiers with
// what stands around the cursor (Jaccard's measure on sets of hashed words). A document is read
// once and becomes a sketch: parts of some twenty lines, each with the hashes of its words. What is
// compared with, a window around the cursor, moves in steps, so that the choice stays the same
// while somebody types: the model server then finds the beginning of the prompt in its cache.
#include "assist/inline_sketch.h"

#include <stdlib.h>

enum {
    PART_LINES = 20,
    PART_BYTES = 1200,
    PART_WORDS = 160,
    WORD_LEAST = 3,      // bytes; "i" and "of" say nothing
    COMMON_MOST = 9,     // of a common word
    SHARED_LEAST = 2,    // words that a part must share
    QUERY_BEFORE = 2560, // bytes before the cursor
    QUERY_AFTER = 1024,
    QUERY_STEP = 512,
    QUERY_WORDS = 512,
    QUERY_SLOTS = 2048, // a power of two, four times as many
};

struct part {
    size_t start, end;
    size_t first_word, n_words;
};

struct inline_sketch {
    struct text *text; // retained
    struct part *parts;
    size_t n_parts, cap_parts;
    uint32_t *words;
    size_t n_words, cap_words;
    bool is_wanted;
};

struct inline_sketches {
    struct inline_sketch *at[INLINE_NEIGHBOURS];
    size_t n;
};

// --- words ---------------------------------------------------------------------------------------

// Words of many languages, which no two documents are akin by.
static bool is_common(struct str word) {
    static const char *const COMMON[] = {
        // sorted
        "False",   "NULL",      "None",    "True",   "and",     "async",   "await",    "bool",
        "break",   "case",      "catch",   "char",   "class",   "const",   "continue", "def",
        "default", "elif",      "else",    "end",    "enum",    "except",  "export",   "extern",
        "false",   "final",     "fn",      "for",    "from",    "func",    "function", "if",
        "impl",    "import",    "include", "int",    "let",     "local",   "long",     "mut",
        "new",     "nil",       "not",     "null",   "package", "private", "pub",      "public",
        "return",  "self",      "size_t",  "static", "str",     "string",  "struct",   "super",
        "switch",  "the",       "then",    "this",   "throw",   "true",    "try",      "type",
        "typeof",  "undefined", "use",     "using",  "var",     "void",    "while",    "with"};
    size_t low = 0, high = sizeof(COMMON) / sizeof(COMMON[0]);
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = str_cmp(word, str_from(COMMON[middle]));
        if (order == 0) {
            return true;
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return false;
}

static uint32_t word_hash(struct str word) {
    uint64_t hash = str_hash(word);
    uint32_t folded = (uint32_t)(hash ^ (hash >> 32));
    return folded ? folded : 1; // 0 is a free slot
}

// The next word of `s` from *i that counts. False: there is none.
static bool next_word(struct str s, size_t *i, uint32_t *hash) {
    while (*i < s.n) {
        if (!inline_is_word(s.p[*i])) {
            (*i)++;
            continue;
        }
        size_t start = *i;
        while (*i < s.n && inline_is_word(s.p[*i])) {
            (*i)++;
        }
        struct str word = str_slice(s, start, *i);
        if (word.n >= WORD_LEAST && !char_is_digit(word.p[0]) &&
            (word.n > COMMON_MOST || !is_common(word))) {
            *hash = word_hash(word);
            return true;
        }
    }
    return false;
}

static int compare_words(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static size_t sort_unique(uint32_t *words, size_t n) {
    qsort(words, n, sizeof(words[0]), compare_words);
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (kept == 0 || words[kept - 1] != words[i]) {
            words[kept++] = words[i];
        }
    }
    return kept;
}

// --- a sketch ------------------------------------------------------------------------------------

static void add_part(struct inline_sketch *sketch, struct str all, size_t start, size_t end) {
    uint32_t words[PART_WORDS];
    size_t n = 0, i = 0;
    struct str part = str_slice(all, start, end);
    while (n < PART_WORDS && next_word(part, &i, &words[n])) {
        n++;
    }
    n = sort_unique(words, n);
    if (n < SHARED_LEAST) {
        return;
    }
    if (sketch->n_parts == sketch->cap_parts) {
        sketch->cap_parts = sketch->cap_parts ? 2 * sketch->cap_parts : 16;
        sketch->parts = mem_realloc(sketch->parts, sketch->cap_parts * sizeof(*sketch->parts));
    }
    if (sketch->n_words + n > sketch->cap_words) {
        sketch->cap_words = 2 * (sketch->n_words + n);
        sketch->words = mem_realloc(sketch->words, sketch->cap_words * sizeof(*sketch->words));
    }
    memcpy(sketch->words + sketch->n_words, words, n * sizeof(words[0]));
    sketch->parts[sketch->n_parts++] = (struct part){start, end, sketch->n_words, n};
    sketch->n_words += n;
}

static struct inline_sketch *sketch_create(struct text *text) {
    struct inline_sketch *sketch = mem_alloc(sizeof(*sketch));
    sketch->text = text_retain(text);
    struct str all = str_slice(text_str(text), 0, INLINE_NEIGHBOUR_BYTES);
    size_t start = 0, lines = 0;
    for (size_t at = 0; at < all.n;) {
        size_t end = inline_line_end(all, at);
        bool is_whole = end < all.n || all.n == text_size(text);
        end += end < all.n && all.p[end] == '\r' && end + 1 < all.n && all.p[end + 1] == '\n' ? 2u
               : end < all.n                                                                  ? 1u
                                                                                              : 0u;
        if (end - at > PART_BYTES || !is_whole) { // data, or code that nobody reads
            add_part(sketch, all, start, at);
            start = end;
            lines = 0;
        } else if (++lines == PART_LINES || end - start > PART_BYTES) {
            add_part(sketch, all, start, end - start > PART_BYTES ? at : end);
            start = end - start > PART_BYTES ? at : end;
            lines = start == at ? 1 : 0;
        }
        at = end;
    }
    add_part(sketch, all, start, all.n);
    return sketch;
}

static void sketch_destroy(struct inline_sketch *sketch) {
    text_release(sketch->text);
    free(sketch->parts);
    free(sketch->words);
    free(sketch);
}

// --- the cache of them ---------------------------------------------------------------------------

struct inline_sketches *inline_sketches_create(void) {
    return mem_alloc(sizeof(struct inline_sketches));
}

size_t inline_sketches_count(const struct inline_sketches *sketches) {
    return sketches->n;
}

void inline_sketches_clear(struct inline_sketches *sketches) {
    while (sketches->n > 0) {
        sketch_destroy(sketches->at[--sketches->n]);
    }
}

void inline_sketches_destroy(struct inline_sketches *sketches) {
    if (sketches) {
        inline_sketches_clear(sketches);
        free(sketches);
    }
}

// Drops what is not of these texts: so there is room for all of them.
static void prepare(struct inline_sketches *sketches, struct text *const *texts, size_t n) {
    for (size_t i = sketches->n; i-- > 0;) {
        bool is_wanted = false;
        for (size_t j = 0; j < n; j++) {
            is_wanted = is_wanted || sketches->at[i]->text == texts[j];
        }
        if (!is_wanted) {
            sketch_destroy(sketches->at[i]);
            sketches->at[i] = sketches->at[--sketches->n];
        }
    }
}

static const struct inline_sketch *sketch_of(struct inline_sketches *sketches, struct text *text) {
    for (size_t i = 0; i < sketches->n; i++) {
        if (sketches->at[i]->text == text) {
            return sketches->at[i];
        }
    }
    sketches->at[sketches->n++] = sketch_create(text);
    return sketches->at[sketches->n - 1];
}

// --- choosing ------------------------------------------------------------------------------------

struct query {
    uint32_t slots[QUERY_SLOTS];
    size_t n;
};

static void query_add(struct query *query, struct str s) {
    size_t i = 0;
    uint32_t hash;
    while (query->n < QUERY_WORDS && next_word(s, &i, &hash)) {
        size_t slot = hash % QUERY_SLOTS;
        while (query->slots[slot] && query->slots[slot] != hash) {
            slot = (slot + 1) % QUERY_SLOTS;
        }
        query->n += query->slots[slot] ? 0 : 1u;
        query->slots[slot] = hash;
    }
}

static bool query_has(const struct query *query, uint32_t hash) {
    size_t slot = hash % QUERY_SLOTS;
    while (query->slots[slot] && query->slots[slot] != hash) {
        slot = (slot + 1) % QUERY_SLOTS;
    }
    return query->slots[slot] == hash;
}

// Both ends stand still while somebody types: they are at multiples of a step from the beginning of
// the document, and from its end. The line that is being typed is not looked at.
static void query_init(struct query *query, const struct inline_view *view) {
    *query = (struct query){.n = 0};
    struct str before = view->before;
    before.n = inline_line_start(before, before.n);
    size_t first = view->offset - view->before.n; // where the view begins
    size_t end = (first + before.n) / QUERY_STEP * QUERY_STEP;
    size_t start = end > QUERY_BEFORE ? end - QUERY_BEFORE : 0;
    // Short documents are looked at whole.
    end = first + before.n < QUERY_BEFORE ? first + before.n : end;
    start = start > first ? start - first : 0;
    query_add(query, str_slice(before, start, end > first ? end - first : 0));
    size_t behind = view->size - view->offset;
    size_t keep = behind > QUERY_AFTER ? (behind - QUERY_AFTER) / QUERY_STEP * QUERY_STEP : 0;
    size_t line = inline_line_end(view->after, 0);
    query_add(query, str_slice(view->after, line, behind - keep));
}

// Shared words among all words, in millionths.
static uint32_t score_of(const struct query *query, const struct inline_sketch *sketch,
                         const struct part *part) {
    size_t shared = 0;
    for (size_t i = 0; i < part->n_words; i++) {
        shared += query_has(query, sketch->words[part->first_word + i]) ? 1u : 0u;
    }
    if (shared < SHARED_LEAST) {
        return 0;
    }
    return (uint32_t)(shared * 1000000 / (query->n + part->n_words - shared));
}

// Best first; equals keep their order.
static void keep_best(struct inline_snippet *best, size_t *n, struct inline_snippet snippet) {
    size_t at = *n;
    while (at > 0 && best[at - 1].score < snippet.score) {
        at--;
    }
    if (at == INLINE_SNIPPETS) {
        return;
    }
    size_t moved = (*n < INLINE_SNIPPETS ? *n : INLINE_SNIPPETS - 1) - at;
    memmove(best + at + 1, best + at, moved * sizeof(best[0]));
    best[at] = snippet;
    *n += *n < INLINE_SNIPPETS ? 1u : 0u;
}

size_t inline_snippets_choose(struct inline_sketches *sketches, const struct inline_view *view,
                              const struct inline_neighbour *neighbours, size_t n,
                              struct inline_snippet best[INLINE_SNIPPETS]) {
    struct text *texts[INLINE_NEIGHBOURS];
    n = n < INLINE_NEIGHBOURS ? n : INLINE_NEIGHBOURS;
    for (size_t i = 0; i < n; i++) {
        texts[i] = neighbours[i].text;
    }
    prepare(sketches, texts, n);
    struct query query;
    query_init(&query, view);
    size_t n_best = 0;
    for (size_t i = 0; i < n; i++) {
        const struct inline_sketch *sketch = sketch_of(sketches, texts[i]);
        struct str all = text_str(texts[i]);
        for (size_t j = 0; j < sketch->n_parts; j++) {
            const struct part *part = &sketch->parts[j];
            uint32_t score = score_of(&query, sketch, part);
            if (score > 0) {
                struct str text = str_slice(all, part->start, part->end);
                keep_best(best, &n_best, (struct inline_snippet){&neighbours[i], text, score});
            }
        }
    }
    return n_best;
}
