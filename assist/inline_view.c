// SPDX-License-Identifier: MIT
//
// The document around the cursor, as bytes to look at and as a place to recognise. A view is cheap
// (no copy without a selected item), so it is made for every keystroke.
#include "assist/inline_private.h"

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

// Can it be meant? The editor may have sent it for another version of the document.
static bool is_selection_usable(const struct inline_selected *selected, struct str all,
                                size_t offset) {
    if (!selected || selected->start > offset || selected->end < offset || selected->end > all.n ||
        selected->text.n == 0 || selected->text.n > INLINE_SELECTED ||
        selected->end - selected->start > INLINE_SELECTED) {
        return false;
    }
    struct str replaced = str_slice(all, selected->start, selected->end);
    return inline_line_end(replaced, 0) == replaced.n &&
           inline_line_end(selected->text, 0) == selected->text.n &&
           inline_char_back(all, selected->start) == selected->start &&
           inline_char_back(all, selected->end) == selected->end;
}

// The word that ends at the cursor: what an item replaces.
static size_t word_start(struct str before) {
    size_t start = before.n;
    while (start > 0 && before.n - start < INLINE_SELECTED && inline_is_word(before.p[start - 1])) {
        start--;
    }
    return inline_char_forth(before, start);
}

void inline_view_init(struct inline_view *view, struct arena *arena, const struct text *text,
                      size_t offset, const struct inline_selected *selected) {
    struct str all = text_str(text);
    offset = inline_char_back(all, smaller(offset, all.n));
    *view = (struct inline_view){.offset = offset, .size = all.n};
    view->is_selected = is_selection_usable(selected, all, offset);
    size_t start = view->is_selected ? selected->start : offset;
    size_t end = view->is_selected ? selected->end : offset;
    size_t from = start > INLINE_BEFORE ? inline_char_forth(all, start - INLINE_BEFORE) : 0;
    view->before = str_slice(all, from, start);
    size_t to = all.n - end > INLINE_AFTER ? inline_char_back(all, end + INLINE_AFTER) : all.n;
    view->after = str_slice(all, end, to);
    if (view->is_selected) {
        view->before = arena_join(arena, view->before, selected->text);
        view->replaced = str_from_index(view->before, view->before.n - selected->text.n);
        view->offset = start + selected->text.n;
        view->size = all.n - (end - start) + selected->text.n;
    } else {
        size_t word = word_start(view->before);
        view->replaced = str_from_index(view->before, word);
        start -= view->replaced.n;
    }
    view->replace_start = start;
    view->replace_end = end;
}

bool inline_item_init(struct inline_item *item, struct arena *arena, const struct inline_view *view,
                      struct str shown) {
    *item = (struct inline_item){.start = view->replace_start, .end = view->replace_end};
    if (str_is_empty(shown)) {
        return false;
    }
    item->text = arena_join(arena, view->replaced, shown);
    return true;
}

// --- spots ---------------------------------------------------------------------------------------

// Hashes of what stands around a place, as far as the document reaches there.
static uint64_t hash_before(struct str before, size_t at) {
    return str_hash(str_slice(before, at > INLINE_SPOT ? at - INLINE_SPOT : 0, at));
}

static uint64_t hash_after(struct str after, size_t at) {
    return str_hash(str_slice(after, at, at + INLINE_SPOT));
}

void inline_spot_init(struct inline_spot *spot, uint64_t document, const struct inline_view *view) {
    *spot = (struct inline_spot){
        .document = document,
        .offset = view->offset,
        .size = view->size,
        .before = hash_before(view->before, view->before.n),
        .after = hash_after(view->after, 0),
    };
}

enum { CLOSERS = 4 }; // that an editor adds for what one typed

static bool is_added_closer(char c) {
    return inline_is_closer(c) || c == '"' || c == '\'' || c == '`' || c == '>';
}

bool inline_spot_leads_to(const struct inline_spot *spot, uint64_t document,
                          const struct inline_view *view, struct str *typed, size_t *closers) {
    if (spot->document != document || view->offset < spot->offset || view->size < spot->size) {
        return false;
    }
    size_t n = view->offset - spot->offset;
    size_t grown = view->size - spot->size;
    // As much of the view as a spot looks at must be there, or it ends where the document begins.
    size_t needed = smaller(spot->offset, INLINE_SPOT);
    if (grown < n || grown - n > CLOSERS || grown - n > n || grown - n > view->after.n ||
        view->before.n < n + needed) {
        return false;
    }
    for (size_t i = 0; i < grown - n; i++) {
        if (!is_added_closer(view->after.p[i])) {
            return false;
        }
    }
    size_t at = view->before.n - n;
    if (hash_before(view->before, at) != spot->before ||
        hash_after(view->after, grown - n) != spot->after) {
        return false;
    }
    *typed = str_from_index(view->before, at);
    *closers = grown - n;
    return true;
}
