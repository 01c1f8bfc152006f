// SPDX-License-Identifier: MIT
//
// The diff by lines. Four steps, each of which makes the next one cheaper:
//
//     trim      equal first and last lines go, by bytes; a few stay as room for `slide`
//     number    every line becomes a number, equal lines of both texts the same one; a line that
//               only one text has is changed, whatever comes
//     compare   Myers' O(ND) algorithm in linear space ("An O(ND) Difference Algorithm and Its
//               Variations", 1986, section 4b) on what is left: finds a point half way on a
//               shortest path, then does both halves
//     slide     what was only put in or only taken out may often stand at several places (a
//     function
//               between functions: with the blank line before or behind it); the one that a person
//               would draw is taken
//
// All but the last write one flag per line: changed. The unchanged lines of both texts are the same
// lines in the same order at all times; that is what makes the edits right. Work is bounded by
// LIMIT_DIFF_*: what cannot be afforded is one change, which is never wrong, only coarse.
#include "text/diff.h"

#include "base/limits.h"
#include "base/vec.h"
#include "text/internal.h"

enum {
    SLIDE_MAX = 100,     // lines that a change is moved
    ROOM_BYTES = 8192,   // of equal lines that are kept for it
    INDENT_MAX = 200,    // columns that are looked at
    TAB_COLUMNS = 8,     // any number will do, if both texts are read with the same
    BYTES_PER_STEP = 64, // comparing so many bytes costs as much as comparing two numbers
    // What a line costs before any comparison: one that is where it is expected, one that has to be
    // looked up, and one more that is found far away in memory.
    STEPS_EXPECTED = 2,
    STEPS_LOOKUP = 10,
    STEPS_FAR = 25,
};

struct side {
    struct str text;
    size_t n;        // lines
    uint32_t *start; // n + 1 places
    uint32_t *id;
    bool *changed;
    // Lines that the other side has too.
    size_t shared_n;
    uint32_t *shared;    // their numbers on this side
    uint32_t *shared_id; // and their ids once more, side by side: they are read a million times
};

struct diff {
    struct arena arena; // everything here dies with the diff
    struct side from, to;
    int32_t *forward, *backward; // furthest place on each diagonal, indexed from -(to.shared_n) - 1
    int64_t steps;               // left
};

// --- trim ---

// Does a line begin at `i`? Only the bytes on both sides are looked at.
static bool is_line_start(struct str text, size_t i) {
    if (i == 0 || text.p[i - 1] == '\n') {
        return true;
    }
    return text.p[i - 1] == '\r' && (i == text.n || text.p[i] != '\n');
}

// Bytes of the lines that both texts begin with.
static size_t common_head(struct str a, struct str b) {
    enum { BLOCK = 4096 };
    size_t max = a.n < b.n ? a.n : b.n;
    size_t n = 0;
    while (n + BLOCK <= max && memcmp(a.p + n, b.p + n, BLOCK) == 0) {
        n += BLOCK;
    }
    while (n < max && a.p[n] == b.p[n]) {
        n++;
    }
    if (n == a.n && n == b.n) {
        return n;
    }
    while (!is_line_start(a, n) || !is_line_start(b, n)) {
        n--;
    }
    return n;
}

// Bytes of the lines that both texts end with.
static size_t common_tail(struct str a, struct str b) {
    enum { BLOCK = 4096 };
    const char *a_end = a.p + a.n, *b_end = b.p + b.n;
    size_t max = a.n < b.n ? a.n : b.n;
    size_t n = 0;
    while (n + BLOCK <= max && memcmp(a_end - n - BLOCK, b_end - n - BLOCK, BLOCK) == 0) {
        n += BLOCK;
    }
    while (n < max && a_end[-(ptrdiff_t)n - 1] == b_end[-(ptrdiff_t)n - 1]) {
        n++;
    }
    while (n > 0 && (!is_line_start(a, a.n - n) || !is_line_start(b, b.n - n))) {
        n--;
    }
    return n;
}

// `head` without its last lines, and `tail` (of `text`) without its first ones: room to slide in.
static size_t head_without_room(struct str text, size_t head) {
    size_t i = head;
    for (size_t lines = 0; i > 0 && head - i < ROOM_BYTES && lines < SLIDE_MAX;) {
        i--;
        lines += is_line_start(text, i);
    }
    while (!is_line_start(text, i) && i < head) {
        i++;
    }
    return i;
}

static size_t tail_without_room(struct str text, size_t tail) {
    size_t from = text.n - tail;
    size_t i = from, end = from;
    for (size_t lines = 0; i < text.n && i - from < ROOM_BYTES && lines < SLIDE_MAX;) {
        i++;
        if (i == text.n || is_line_start(text, i)) {
            end = i;
            lines++;
        }
    }
    return text.n - end;
}

// --- number ---

// The places of the next \n and \r are remembered: a text that has only one kind is read once.
struct line_reader {
    struct str text;
    size_t lf, cr;
    bool has_lf, has_cr; // they are valid
};

static size_t find_from(struct str text, size_t at, char c) {
    const char *found = memchr(text.p + at, c, text.n - at);
    return found ? (size_t)(found - text.p) : text.n;
}

// Where the line that begins at `at` ends, its EOL included.
static size_t line_end_at(struct line_reader *reader, size_t at) {
    struct str text = reader->text;
    if (!reader->has_lf || reader->lf < at) {
        reader->lf = find_from(text, at, '\n');
        reader->has_lf = true;
    }
    if (!reader->has_cr || reader->cr < at) {
        reader->cr = find_from(text, at, '\r');
        reader->has_cr = true;
    }
    if (reader->cr < reader->lf) {
        return reader->cr + (reader->cr + 1 == reader->lf && reader->lf < text.n ? 2 : 1);
    }
    return reader->lf < text.n ? reader->lf + 1 : text.n;
}

// False: more than `max` lines.
static bool split(struct arena *arena, struct str text, size_t max, struct side *side) {
    size_t room = text.n < max ? text.n : max;
    *side = (struct side){.text = text, .start = ARENA_ARRAY(arena, room + 1, uint32_t)};
    struct line_reader reader = {.text = text};
    for (size_t at = 0; at < text.n;) {
        if (side->n == max) {
            return false;
        }
        at = line_end_at(&reader, at);
        side->start[++side->n] = (uint32_t)at;
    }
    side->id = ARENA_ARRAY(arena, side->n, uint32_t);
    side->shared = ARENA_ARRAY(arena, side->n, uint32_t);
    side->shared_id = ARENA_ARRAY(arena, side->n, uint32_t);
    side->changed = ARENA_ARRAY(arena, side->n, bool);
    return true;
}

static struct str side_line(const struct side *side, size_t i) {
    return str_slice(side->text, side->start[i], side->start[i + 1]);
}

static uint64_t mix(uint64_t hash, uint64_t word) {
    hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
    return hash ^ (hash >> 32);
}

// Eight bytes at a time: texts are megabytes. Collisions cost steps, never a wrong answer.
static uint64_t line_hash(struct str line) {
    uint64_t hash = line.n;
    uint64_t word;
    for (; line.n >= sizeof(word); line = str_from_index(line, sizeof(word))) {
        memcpy(&word, line.p, sizeof(word));
        hash = mix(hash, word);
    }
    word = 0;
    memcpy(&word, line.p, line.n);
    return mix(hash, word);
}

struct numbering {
    struct numbered_line {
        uint32_t hash; // the upper half: the lower one chose the slot
        uint32_t line; // the first one with this number, of `from` unless only_to
        bool in_to, only_to;
    } * at;
    uint32_t n;
    uint32_t *slots; // number + 1, 0 is free
    size_t slot_mask;
};

// Where `line` stands, or the free slot where it belongs; STR_NPOS: out of steps.
static size_t find_slot(struct diff *diff, const struct numbering *numbering, struct str line,
                        uint64_t hash) {
    size_t slot = (size_t)hash & numbering->slot_mask;
    while (numbering->slots[slot] != 0) {
        const struct numbered_line *other = &numbering->at[numbering->slots[slot] - 1];
        if (other->hash == hash >> 32) {
            diff->steps -= STEPS_FAR + (int64_t)(line.n / BYTES_PER_STEP);
            if (str_eq(side_line(other->only_to ? &diff->to : &diff->from, other->line), line)) {
                return slot;
            }
        }
        if (--diff->steps < 0) {
            return STR_NPOS;
        }
        slot = (slot + 1) & numbering->slot_mask;
    }
    return slot;
}

// The line behind the one that the last line of `to` was equal to is looked at first: texts that
// have much in common are read in order.
static bool is_expected(const struct diff *diff, size_t expected, struct str line) {
    return expected < diff->from.n && str_eq(side_line(&diff->from, expected), line);
}

static bool number_side(struct diff *diff, struct numbering *numbering, struct side *side) {
    bool is_to = side == &diff->to;
    size_t expected = 0; // line of `from`
    for (size_t i = 0; i < side->n && diff->steps >= 0; i++) {
        struct str line = side_line(side, i);
        if (is_to && is_expected(diff, expected, line)) {
            diff->steps -= STEPS_EXPECTED;
            side->id[i] = diff->from.id[expected++];
            numbering->at[side->id[i]].in_to = true;
            continue;
        }
        uint64_t hash = line_hash(line);
        size_t slot = find_slot(diff, numbering, line, hash);
        diff->steps -= STEPS_LOOKUP;
        if (slot == STR_NPOS) {
            return false;
        }
        if (numbering->slots[slot] == 0) {
            numbering->at[numbering->n++] =
                (struct numbered_line){(uint32_t)(hash >> 32), (uint32_t)i, is_to, is_to};
            numbering->slots[slot] = numbering->n;
        }
        struct numbered_line *found = &numbering->at[numbering->slots[slot] - 1];
        side->id[i] = numbering->slots[slot] - 1;
        found->in_to |= is_to;
        expected = found->only_to ? expected : (size_t)found->line + 1;
    }
    return diff->steps >= 0;
}

static void keep_shared(const struct numbering *numbering, struct side *side) {
    for (size_t i = 0; i < side->n; i++) {
        const struct numbered_line *line = &numbering->at[side->id[i]];
        side->changed[i] = line->only_to || !line->in_to;
        if (!side->changed[i]) {
            side->shared_id[side->shared_n] = side->id[i];
            side->shared[side->shared_n++] = (uint32_t)i;
        }
    }
}

// False: it would cost too much.
static bool number_lines(struct diff *diff) {
    size_t lines = diff->from.n + diff->to.n;
    size_t slots = 16;
    while (slots < lines + lines / 2) {
        slots *= 2;
    }
    struct numbering numbering = {.at = ARENA_ARRAY(&diff->arena, lines, struct numbered_line),
                                  .slots = ARENA_ARRAY(&diff->arena, slots, uint32_t),
                                  .slot_mask = slots - 1};
    if (!number_side(diff, &numbering, &diff->from) || !number_side(diff, &numbering, &diff->to)) {
        return false;
    }
    keep_shared(&numbering, &diff->from);
    keep_shared(&numbering, &diff->to);
    return true;
}

// --- compare ---

// Shared lines [x0, x1) of `from` against [y0, y1) of `to`.
struct box {
    int32_t x0, x1, y0, y1;
};

struct place {
    int32_t x, y;
};

static bool is_same(const struct diff *diff, int32_t x, int32_t y) {
    return diff->from.shared_id[x] == diff->to.shared_id[y];
}

// The diagonals (x - y) that one direction of the search looks at: it begins on one and spreads by
// one to each side with every step, up to the corners of the box; a corner that was reached cannot
// lead anywhere, so from there on it shrinks again. That keeps every other diagonal in turn.
struct front {
    int32_t *furthest; // x, by diagonal
    int32_t low, high;
    int32_t none; // behind every x
};

static void front_spread(struct front *front, int32_t low_end, int32_t high_end) {
    if (front->low > low_end) {
        front->low--;
        front->furthest[front->low - 1] = front->none;
    } else {
        front->low++;
    }
    if (front->high < high_end) {
        front->high++;
        front->furthest[front->high + 1] = front->none;
    } else {
        front->high--;
    }
}

// One more edit from the start on every diagonal. True: met what came from the end.
static bool step_forward(struct diff *diff, const struct box *box, struct front *front,
                         const struct front *other, struct place *met) {
    for (int32_t k = front->low; k <= front->high && diff->steps > 0; k += 2) {
        int32_t right = front->furthest[k - 1] + 1, down = front->furthest[k + 1];
        int32_t x = right > down ? right : down;
        int32_t begin = x;
        while (x < box->x1 && x - k < box->y1 && is_same(diff, x, x - k)) {
            x++;
        }
        front->furthest[k] = x;
        diff->steps -= 1 + (x - begin);
        if (other && k >= other->low && k <= other->high && other->furthest[k] <= x) {
            *met = (struct place){x, x - k};
            return true;
        }
    }
    return false;
}

static bool step_backward(struct diff *diff, const struct box *box, struct front *front,
                          const struct front *other, struct place *met) {
    for (int32_t k = front->low; k <= front->high && diff->steps > 0; k += 2) {
        int32_t left = front->furthest[k + 1] - 1, up = front->furthest[k - 1];
        int32_t x = left < up ? left : up;
        int32_t begin = x;
        while (x > box->x0 && x - k > box->y0 && is_same(diff, x - 1, x - k - 1)) {
            x--;
        }
        front->furthest[k] = x;
        diff->steps -= 1 + (begin - x);
        if (other && k >= other->low && k <= other->high && other->furthest[k] >= x) {
            *met = (struct place){x, x - k};
            return true;
        }
    }
    return false;
}

// A place on a shortest path through the box, neither its first nor its last corner. The box's
// first lines differ, and its last ones. False: out of steps.
static bool find_middle(struct diff *diff, const struct box *box, struct place *middle) {
    int32_t low_end = box->x0 - box->y1, high_end = box->x1 - box->y0;
    int32_t first = box->x0 - box->y0, last = box->x1 - box->y1;
    // The number of edits in all is odd or even as the distance of the two diagonals is; so each
    // direction can meet the other on its own diagonals in one of the two cases only.
    bool is_odd = ((first - last) & 1) != 0;
    struct front forward = {diff->forward, first, first, INT32_MIN / 2};
    struct front backward = {diff->backward, last, last, INT32_MAX / 2};
    forward.furthest[first] = box->x0;
    backward.furthest[last] = box->x1;
    while (diff->steps > 0) {
        front_spread(&forward, low_end, high_end);
        if (step_forward(diff, box, &forward, is_odd ? &backward : NULL, middle)) {
            return true;
        }
        front_spread(&backward, low_end, high_end);
        if (step_backward(diff, box, &backward, is_odd ? NULL : &forward, middle)) {
            return true;
        }
    }
    return false;
}

static void mark_changed(struct diff *diff, const struct box *box) {
    for (int32_t x = box->x0; x < box->x1; x++) {
        diff->from.changed[diff->from.shared[x]] = true;
    }
    for (int32_t y = box->y0; y < box->y1; y++) {
        diff->to.changed[diff->to.shared[y]] = true;
    }
}

// Recursion is as deep as the logarithm of the number of edits: each half has half of them.
static void compare(struct diff *diff, struct box box) {
    while (box.x0 < box.x1 && box.y0 < box.y1 && is_same(diff, box.x0, box.y0)) {
        box.x0++;
        box.y0++;
    }
    while (box.x0 < box.x1 && box.y0 < box.y1 && is_same(diff, box.x1 - 1, box.y1 - 1)) {
        box.x1--;
        box.y1--;
    }
    struct place middle;
    if (box.x0 == box.x1 || box.y0 == box.y1 || !find_middle(diff, &box, &middle)) {
        mark_changed(diff, &box);
        return;
    }
    compare(diff, (struct box){box.x0, middle.x, box.y0, middle.y});
    compare(diff, (struct box){middle.x, box.x1, middle.y, box.y1});
}

static void compare_all(struct diff *diff) {
    size_t x = diff->from.shared_n, y = diff->to.shared_n;
    // Diagonals -y .. x, and one more on each side.
    diff->forward = ARENA_ARRAY(&diff->arena, x + y + 3, int32_t) + y + 1;
    diff->backward = ARENA_ARRAY(&diff->arena, x + y + 3, int32_t) + y + 1;
    compare(diff, (struct box){0, (int32_t)x, 0, (int32_t)y});
}

// --- slide ---

// Columns of blanks that a line begins with; -1: the line is blank.
static int indent_of(struct str line) {
    int columns = 0;
    for (size_t i = 0; i < line.n && columns < INDENT_MAX; i++) {
        if (line.p[i] == '\t') {
            columns += TAB_COLUMNS - columns % TAB_COLUMNS;
        } else if (line.p[i] == ' ') {
            columns++;
        } else {
            return char_is_space(line.p[i]) ? -1 : columns;
        }
    }
    return columns < INDENT_MAX ? -1 : columns;
}

// How bad it looks when a change begins or ends before line `i`: best where little is indented, and
// of those places at a blank line.
static int border_cost(const struct side *side, size_t i) {
    enum { LOOK_AHEAD = 4 };
    if (i == side->n) {
        return 0;
    }
    int indent = indent_of(side_line(side, i));
    bool is_blank = indent < 0 || i == 0 || indent_of(side_line(side, i - 1)) < 0;
    for (size_t k = i + 1; indent < 0 && k < side->n && k <= i + LOOK_AHEAD; k++) {
        indent = indent_of(side_line(side, k));
    }
    return 2 * (indent < 0 ? 0 : indent) + (is_blank ? 0 : 1);
}

// Moves changed lines [start, end) of one side to the best of the places within reach, the last of
// equally good ones. Returns how far.
static ptrdiff_t slide_group(struct side *side, size_t start, size_t end, size_t up, size_t down) {
    size_t n = end - start;
    size_t first = start, last = start;
    while (start - first < up && side->id[first - 1] == side->id[first + n - 1]) {
        first--;
    }
    while (last - start < down && side->id[last] == side->id[last + n]) {
        last++;
    }
    size_t best = last;
    int best_cost = INT32_MAX;
    for (size_t i = first; i <= last; i++) {
        int cost = border_cost(side, i) + border_cost(side, i + n);
        if (cost <= best_cost) {
            best = i;
            best_cost = cost;
        }
    }
    memset(side->changed + start, 0, n);
    memset(side->changed + best, 1, n);
    return (ptrdiff_t)best - (ptrdiff_t)start;
}

// Unchanged lines from line i of `from` and j of `to` on, SLIDE_MAX at most; one less if a change
// follows, which is to stay apart.
static size_t lines_free(const struct diff *diff, size_t i, size_t j) {
    size_t n = 0;
    while (n < SLIDE_MAX && i + n < diff->from.n && j + n < diff->to.n &&
           !diff->from.changed[i + n] && !diff->to.changed[j + n]) {
        n++;
    }
    return n > 0 && (i + n < diff->from.n || j + n < diff->to.n) ? n - 1 : n;
}

// Moves both behind the change at line i of `from` and j of `to`. False: there is none, both moved
// by the line that is the same.
static bool pass_change(const struct diff *diff, size_t *i, size_t *j) {
    size_t i0 = *i, j0 = *j;
    while (*i < diff->from.n && diff->from.changed[*i]) {
        ++*i;
    }
    while (*j < diff->to.n && diff->to.changed[*j]) {
        ++*j;
    }
    if (*i > i0 || *j > j0) {
        return true;
    }
    ++*i;
    ++*j;
    return false;
}

static void slide(struct diff *diff) {
    struct side *from = &diff->from, *to = &diff->to;
    size_t gap = 0; // lines that the next change may go up
    bool is_first = true;
    for (size_t i = 0, j = 0; i < from->n || j < to->n;) {
        size_t i0 = i, j0 = j;
        if (!pass_change(diff, &i, &j)) {
            gap++;
            continue;
        }
        size_t up = is_first || gap == 0 ? gap : gap - 1;
        up = up < SLIDE_MAX ? up : SLIDE_MAX;
        ptrdiff_t moved = 0;
        if (i == i0) {
            moved = slide_group(to, j0, j, up, lines_free(diff, i, j));
        } else if (j == j0) {
            moved = slide_group(from, i0, i, up, lines_free(diff, i, j));
        }
        i = (size_t)((ptrdiff_t)i + moved);
        j = (size_t)((ptrdiff_t)j + moved);
        gap = 0;
        is_first = false;
    }
}

// --- the edits ---

static size_t collect(struct arena *arena, const struct diff *diff, size_t offset,
                      struct edit **edits) {
    const struct side *from = &diff->from, *to = &diff->to;
    VEC(struct edit) found = {0};
    for (size_t i = 0, j = 0; i < from->n || j < to->n;) {
        size_t i0 = i, j0 = j;
        if (!pass_change(diff, &i, &j)) {
            continue;
        }
        *VEC_PUSH(arena, &found) = (struct edit){offset + from->start[i0], offset + from->start[i],
                                                 str_slice(to->text, to->start[j0], to->start[j])};
    }
    *edits = found.at;
    return found.n;
}

size_t text_diff(struct arena *arena, struct str from, struct str to, size_t offset,
                 struct edit **edits) {
    *edits = NULL;
    size_t head = common_head(from, to);
    if (head == from.n && head == to.n) {
        return 0;
    }
    size_t tail = common_tail(str_from_index(from, head), str_from_index(to, head));
    size_t roomy_head = head_without_room(from, head);
    size_t roomy_tail = tail_without_room(from, tail);
    struct str a = str_slice(from, roomy_head, from.n - roomy_tail);
    struct str b = str_slice(to, roomy_head, to.n - roomy_tail);
    struct diff diff = {.steps = LIMIT_DIFF_STEPS};
    size_t n = 1;
    if (a.n + b.n <= LIMIT_DIFF_BYTES && split(&diff.arena, a, LIMIT_DIFF_LINES, &diff.from) &&
        split(&diff.arena, b, LIMIT_DIFF_LINES, &diff.to) && number_lines(&diff)) {
        compare_all(&diff);
        slide(&diff);
        n = collect(arena, &diff, offset + roomy_head, edits);
    } else {
        *edits = ARENA_NEW(arena, struct edit);
        **edits =
            (struct edit){offset + head, offset + from.n - tail, str_slice(to, head, to.n - tail)};
    }
    arena_finish(&diff.arena);
    return n;
}
