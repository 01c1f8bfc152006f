// SPDX-License-Identifier: MIT
//
// Prefix and suffix of a fill-in-the-middle request. The server cuts what is too long without a
// word, from the start of the prefix, and what it then completes has lost its beginning; so all is
// budgeted here. The split of the budget: at most a fifth for the suffix, at most a quarter for
// parts of other documents (nothing in small budgets), the rest for the prefix.
//
// The beginning of the prompt stands still while somebody types: the prefix starts at the first
// line behind a multiple of a step, not at "as much as fits". Otherwise every new line would move
// it, and the server, which keeps what it has read as long as the beginning is the same, would read
// two thousand tokens for every keystroke.
#include "assist/inline_sketch.h"

#include "base/utf.h"

enum {
    TOKENS_LEAST = 64,
    TOKENS_TEMPLATE = 32,  // what the model's template adds
    TOKENS_SNIPPETS = 768, // budgets below have no room for other documents
    SUFFIX_SHARE = 5,
    SNIPPET_SHARE = 4,
    STEPS = 4, // the prefix moves by a quarter of itself
    TOKEN_BYTES = 3,
    PATH_BYTES = 200,
};

struct budget inline_budget(int64_t running, int64_t max) {
    struct budget_input input = {
        .running = running,
        .max = max,
        .num_predict = INLINE_TOKENS_BLOCK,
        .needed = TOKENS_LEAST,
        .wanted = INLINE_TOKENS + TOKENS_TEMPLATE,
    };
    struct budget budget = budget_for(&input);
    int64_t room = budget.prompt - TOKENS_TEMPLATE;
    budget.prompt = room < INLINE_TOKENS ? room : INLINE_TOKENS;
    return budget;
}

// --- comments ------------------------------------------------------------------------------------

struct comment {
    struct str open, close; // of one line; close may be empty
};

// How a line of comment looks; false: there is none, or it would be odd (JSON).
static bool comment_of(const struct language *language, struct comment *comment) {
    if (language->is_prose || strcmp(language->name, "json") == 0) {
        return false;
    }
    if (language->line_comment) {
        *comment = (struct comment){str_from(language->line_comment), STR("")};
        return true;
    }
    *comment = (struct comment){str_from(language->block_comment[0]),
                                str_from(language->block_comment[1])};
    return comment->open.n > 0;
}

static void append_comment(struct buf *out, const struct comment *comment, struct str line) {
    buf_append(out, comment->open);
    if (line.n > 0) {
        buf_append_char(out, ' ');
        buf_append(out, line);
    }
    if (comment->close.n > 0) {
        buf_append_char(out, ' ');
        buf_append(out, comment->close);
    }
    buf_append_char(out, '\n');
}

// A path is somebody else's text: on one line, and it does not end the comment.
static void append_path(struct buf *out, struct arena *arena, const struct comment *comment,
                        const char *before, struct str path, const char *after) {
    path = display_escape(arena, path, PATH_BYTES);
    if (path.n > 0 && !(comment->close.n > 0 && str_contains(path, comment->close))) {
        struct str line = arena_printf(arena, "%s%.*s%s", before, STR_ARG(path), after);
        append_comment(out, comment, line);
    }
}

// --- the document --------------------------------------------------------------------------------

// The last bytes of `s` that fit, at a character: for a line that is longer than the budget.
static struct str bytes_tail(struct str s, size_t tokens) {
    size_t n = tokens * TOKEN_BYTES;
    for (; n > 0; n /= 2) {
        struct str tail = s.n > n ? str_from_index(s, inline_char_forth(s, s.n - n)) : s;
        if (tokens_estimate(tail) <= tokens) {
            return tail;
        }
    }
    return str_from_index(s, s.n);
}

static struct str bytes_head(struct str s, size_t tokens) {
    size_t n = tokens * TOKEN_BYTES;
    for (; n > 0; n /= 2) {
        struct str head = s.n > n ? str_slice(s, 0, inline_char_back(s, n)) : s;
        if (tokens_estimate(head) <= tokens) {
            return head;
        }
    }
    return str_slice(s, 0, 0);
}

// A document may hold tokens of models as content (this one does); the model would take them for
// its own. What is behind the last one and before the first one is sent.
static struct str after_tokens(struct str s) {
    size_t end;
    return inline_token_last(s, &end) ? str_from_index(s, end) : s;
}

static struct str before_tokens(struct str s) {
    size_t start;
    return inline_token_first(s, &start) ? str_slice(s, 0, start) : s;
}

static struct str take_prefix(const struct inline_view *view, size_t tokens) {
    struct str before = after_tokens(view->before);
    size_t current = inline_line_start(before, before.n);
    struct str line = str_from_index(before, current);
    if (tokens_estimate(line) > tokens) {
        return bytes_tail(line, tokens);
    }
    // The view begins in the middle of a line, unless the document does there.
    if (before.n < view->offset) {
        size_t start = inline_line_end(before, 0);
        start += start < before.n ? 1u : 0u;
        before = str_from_index(before, start < current ? start : current);
    }
    struct str fits = tokens_tail(before, tokens);
    if (fits.n == view->offset) {
        return fits; // the whole document up to the cursor
    }
    size_t step = tokens * TOKEN_BYTES / STEPS;
    size_t at = view->offset - fits.n;
    size_t moved = (at + step - 1) / step * step - at;
    size_t last = inline_line_start(fits, fits.n);
    if (moved > 0 && moved < last) {
        size_t start = inline_line_end(fits, moved - 1) + 1;
        fits = str_from_index(fits, start < last ? start : last);
    }
    return fits;
}

static struct str take_suffix(const struct inline_view *view, size_t tokens) {
    struct str after = before_tokens(view->after);
    if (after.n < view->size - view->offset && after.n == view->after.n) {
        size_t end = after.n; // the view ends in the middle of a line
        while (end > 0 && after.p[end - 1] != '\n') {
            end--;
        }
        after = end > 0 ? str_slice(after, 0, end) : after;
    }
    struct str fits = tokens_head(after, tokens);
    return fits.n > 0 ? fits : bytes_head(str_slice(after, 0, inline_line_end(after, 0)), tokens);
}

// Appends as the model is to see it.
static void append_text(struct buf *out, struct arena *arena, struct str s) {
    s = utf8_sanitize(arena, s);
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\r') {
            if (i + 1 < s.n && s.p[i + 1] == '\n') {
                continue;
            }
            buf_append_char(out, '\n');
        } else {
            buf_append_char(out, s.p[i] ? s.p[i] : ' ');
        }
    }
}

// --- the neighbours ------------------------------------------------------------------------------

static bool is_akin(const struct language *a, const struct language *b) {
    static const char *const SCRIPT[] = {"javascript", "typescript", "tsx", "vue", "svelte", NULL};
    static const char *const C[] = {"c", "cpp", "objective-c", NULL};
    return a == b || strcmp(a->name, b->name) == 0 ||
           (inline_language_is(a, SCRIPT) && inline_language_is(b, SCRIPT)) ||
           (inline_language_is(a, C) && inline_language_is(b, C));
}

// Of the given ones those that may be shown.
static size_t filter_neighbours(const struct inline_prompt_input *input,
                                struct inline_neighbour kept[INLINE_NEIGHBOURS]) {
    size_t n = 0;
    const struct language *language = input->place->language;
    if (strcmp(language->name, "dotenv") == 0) {
        return 0; // secrets stay where they are
    }
    for (size_t i = 0; i < input->n_neighbours && n < INLINE_NEIGHBOURS; i++) {
        const struct inline_neighbour *neighbour = &input->neighbours[i];
        if (is_akin(neighbour->language, language) && !str_eq(neighbour->path, input->path)) {
            kept[n++] = *neighbour;
        }
    }
    return n;
}

static void append_snippet(struct buf *out, struct arena *arena, const struct comment *comment,
                           const struct inline_snippet *snippet) {
    append_path(out, arena, comment, "From ", snippet->neighbour->path, ":");
    struct buf text;
    buf_init(&text, INLINE_NEIGHBOUR_BYTES * 3);
    append_text(&text, arena, snippet->text);
    struct str rest = inline_trim_end(buf_str(&text)), line;
    while (str_next_line(&rest, &line)) {
        append_comment(out, comment, inline_trim_end(line));
    }
    buf_finish(&text);
}

// The best snippets, the best one last: nearest to the cursor. Returns how many were taken.
static size_t append_snippets(struct buf *out, struct arena *arena,
                              const struct inline_prompt_input *input,
                              const struct comment *comment, size_t tokens) {
    struct inline_neighbour neighbours[INLINE_NEIGHBOURS];
    size_t n = filter_neighbours(input, neighbours);
    if (n == 0) {
        return 0;
    }
    struct inline_sketches *own = input->sketches ? NULL : inline_sketches_create();
    struct inline_snippet best[INLINE_SNIPPETS];
    n = inline_snippets_choose(own ? own : input->sketches, input->view, neighbours, n, best);
    struct str blocks[INLINE_SNIPPETS];
    size_t taken = 0;
    for (size_t i = 0; i < n; i++) {
        struct str text = best[i].text;
        size_t at;
        if ((comment->close.n > 0 && str_contains(text, comment->close)) ||
            inline_token_first(text, &at)) {
            continue; // it would end the comment, or the model's patience
        }
        struct buf block;
        buf_init(&block, INLINE_NEIGHBOUR_BYTES * 3);
        append_snippet(&block, arena, comment, &best[i]);
        size_t cost = tokens_estimate(buf_str(&block));
        if (cost <= tokens && !block.full) {
            tokens -= cost;
            blocks[taken++] = arena_copy(arena, buf_str(&block));
        }
        buf_finish(&block);
    }
    for (size_t i = taken; i-- > 0;) {
        buf_append(out, blocks[i]);
    }
    inline_sketches_destroy(own);
    return taken;
}

// --- all of it -----------------------------------------------------------------------------------

static void add_stop(struct inline_prompt *out, struct str stop) {
    for (size_t i = 0; i < out->n_stops; i++) {
        if (str_eq(out->stops[i], stop)) {
            return;
        }
    }
    if (stop.n > 0 && out->n_stops < INLINE_STOPS) {
        out->stops[out->n_stops++] = stop;
    }
}

// Where the answer must go on in the line, its end is the end of everything. On an empty line the
// model may begin with one, or with a fence: there the filter decides.
static void add_stops(struct inline_prompt *out, const struct inline_prompt_input *input) {
    const struct inline_place *place = input->place;
    if (!place->is_block && !place->is_blank_line) {
        add_stop(out, STR("\n"));
    }
    for (size_t i = 0; i < input->n_stops && i < INLINE_STOPS / 2; i++) {
        add_stop(out, input->stops[i]);
    }
    for (size_t i = 0; i < inline_token_count; i++) {
        add_stop(out, inline_tokens[i]);
    }
}

void inline_prompt_build(struct arena *arena, const struct inline_prompt_input *input,
                         struct inline_prompt *out) {
    *out = (struct inline_prompt){.num_predict = input->place->is_block ? INLINE_TOKENS_BLOCK
                                                                        : INLINE_TOKENS_LINE};
    size_t tokens = input->tokens > TOKENS_LEAST ? (size_t)input->tokens : TOKENS_LEAST;
    struct buf prefix, suffix;
    buf_init(&prefix, 4 * INLINE_BEFORE + 8 * INLINE_NEIGHBOUR_BYTES);
    buf_init(&suffix, 4 * INLINE_AFTER);

    append_text(&suffix, arena, take_suffix(input->view, tokens / SUFFIX_SHARE));
    if (suffix.n == 0) {
        buf_append_char(&suffix, '\n');
    }
    size_t suffix_tokens = tokens_estimate(buf_str(&suffix));
    size_t left = tokens - (suffix_tokens < tokens ? suffix_tokens : tokens);

    struct comment comment;
    if (comment_of(input->place->language, &comment)) {
        if (tokens >= TOKENS_SNIPPETS) {
            out->n_snippets =
                append_snippets(&prefix, arena, input, &comment, tokens / SNIPPET_SHARE);
        }
        append_path(&prefix, arena, &comment, "", input->path, "");
    }
    size_t head_tokens = tokens_estimate(buf_str(&prefix));
    if (head_tokens > left / 2) {
        buf_clear(&prefix);
        head_tokens = 0;
        out->n_snippets = 0;
    }
    append_text(&prefix, arena, take_prefix(input->view, left - head_tokens));
    if (prefix.n == 0) {
        buf_append_char(&prefix, '\n');
    }
    out->prefix = arena_copy(arena, buf_str(&prefix));
    out->suffix = arena_copy(arena, buf_str(&suffix));
    out->tokens = tokens_estimate(out->prefix) + tokens_estimate(out->suffix);
    add_stops(out, input);
    buf_finish(&prefix);
    buf_finish(&suffix);
}
