// SPDX-License-Identifier: MIT
//
// What edits make of a text, and ranges that follow a text through its changes. There, what counts
// is whether a byte of the range was replaced, or something was put in between two of them; bytes
// that only moved are the same range.
//
//     range          [s ....... e)
//     before     ====|          |        kept, moved
//     start        ==|===       |        touched: what is left
//     inside         | ======   |        touched: grown or shrunk
//     end            |       ===|==      touched: what is left
//     behind         |          |====    kept
//     covering     ==|==========|==      lost
#include "text/diff.h"
#include "text/internal.h"

static size_t min_size(size_t a, size_t b) {
    return a < b ? a : b;
}

static enum range_fate follow_place(struct text_range *range, const struct text_splice *splice) {
    size_t at = range->start;
    bool is_removal = splice->new_end == splice->start;
    size_t to = at;
    enum range_fate fate = RANGE_KEPT;
    if (splice->old_end < at || (splice->old_end == at && is_removal)) {
        to = at - splice->old_end + splice->new_end;
    } else if (splice->old_end == at) {
        to = splice->new_end;
        fate = RANGE_TOUCHED;
    } else if (splice->start < at) {
        to = splice->start;
        fate = RANGE_LOST;
    } else if (splice->start == at && !is_removal) {
        fate = RANGE_TOUCHED; // what stands behind the place was replaced
    }
    *range = (struct text_range){to, to};
    return fate;
}

enum range_fate text_range_follow(struct text_range *range, const struct text_splice *splice) {
    size_t s = range->start, e = range->end;
    size_t start = splice->start, old_end = splice->old_end, new_end = splice->new_end;
    if (start == old_end && start == new_end) {
        return RANGE_KEPT;
    }
    if (s >= e) {
        return follow_place(range, splice);
    }
    if (start >= e) {
        return RANGE_KEPT;
    }
    if (old_end <= s) {
        *range = (struct text_range){s - old_end + new_end, e - old_end + new_end};
        return RANGE_KEPT;
    }
    if (start < s && old_end > e) {
        *range = (struct text_range){start, start};
        return RANGE_LOST;
    }
    if (start < s && old_end < e) {
        *range = (struct text_range){new_end, e - old_end + new_end};
    } else if (start < s) { // all of it, and something before
        *range = (struct text_range){min_size(s, new_end), new_end};
    } else if (old_end <= e) {
        range->end = e - old_end + new_end;
    } else if (start > s) {
        range->end = start;
    } else { // all of it, and something behind
        size_t more = old_end - e;
        range->end = new_end - s > more ? new_end - more : s;
    }
    return RANGE_TOUCHED;
}

struct str text_apply(struct arena *arena, struct str text, const struct edit *edits, size_t n) {
    size_t size = text.n;
    for (size_t i = 0; i < n; i++) {
        size = size - (edits[i].end - edits[i].start) + edits[i].text.n;
    }
    char *p = arena_alloc(arena, size + 1);
    size_t used = 0, at = 0;
    for (size_t i = 0; i <= n; i++) {
        struct str kept = str_slice(text, at, i < n ? edits[i].start : text.n);
        struct str put = i < n ? edits[i].text : STR_NONE;
        memcpy(p + used, kept.n ? kept.p : "", kept.n);
        memcpy(p + used + kept.n, put.n ? put.p : "", put.n);
        used += kept.n + put.n;
        at = i < n ? edits[i].end : at;
    }
    return str_of(p, used);
}

size_t text_diff_splices(struct arena *arena, struct str from, struct str to,
                         struct text_splice **splices) {
    struct edit *edits;
    size_t n = text_diff(arena, from, to, 0, &edits);
    *splices = ARENA_ARRAY(arena, n, struct text_splice);
    size_t added = 0, removed = 0; // by those before
    for (size_t i = 0; i < n; i++) {
        struct str old = str_slice(from, edits[i].start, edits[i].end);
        struct text_splice splice = splice_between(old, edits[i].text, edits[i].start);
        (*splices)[i] =
            (struct text_splice){splice.start + added - removed, splice.old_end + added - removed,
                                 splice.new_end + added - removed};
        added += edits[i].text.n;
        removed += edits[i].end - edits[i].start;
    }
    return n;
}
