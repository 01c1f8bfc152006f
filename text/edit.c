// SPDX-License-Identifier: MIT
//
// Applies a batch of changes to a draft: bytes and lines, each with a gap where the next change is
// likely to be.
//
//     bytes  [ head ........ |   gap   | tail ................ ]
//     lines  [ starts from 0 |   gap   | starts from the end   ]
//
// A change moves the gaps to the line before the one it begins in, so that everything it looks at
// is in one piece behind the gap; replaces the bytes; and reads again the lines from there to the
// end of the line it ended in. The line before is read again because an inserted \n may complete
// its \r. Lines behind the gap keep their distance to the end of the text, which no change before
// them moves. So a change costs its own lines and the way from the last one, and a batch of
// thousands of changes does not copy the text thousands of times.
//
// Invariants between changes: head_lines lines begin in [0, head), the others in the tail, where
// the first one is its first byte; lines[0] exists.
#include "text/edit.h"

#include <stdlib.h>

#include "text/internal.h"

struct draft {
    char *bytes;
    size_t capacity, head, tail;
    struct text_line *lines;
    size_t line_capacity, head_lines, tail_lines;
};

static size_t draft_size(const struct draft *draft) {
    return draft->head + draft->tail;
}

static char *draft_tail(const struct draft *draft) {
    return draft->bytes + draft->capacity - draft->tail;
}

static struct text_line *draft_tail_lines(const struct draft *draft) {
    return draft->lines + draft->line_capacity - draft->tail_lines;
}

static size_t draft_line_count(const struct draft *draft) {
    return draft->head_lines + draft->tail_lines;
}

// Makes the gap at least `room` bytes, and one more for the NUL at the end.
static void reserve_bytes(struct draft *draft, size_t room) {
    size_t size = draft_size(draft);
    if (draft->capacity - size > room) {
        return;
    }
    size_t capacity = size + size / 8 + room + 64; // in proportion: a batch grows it rarely
    char *bytes = mem_realloc(NULL, capacity);
    if (draft->head > 0) {
        memcpy(bytes, draft->bytes, draft->head);
    }
    if (draft->tail > 0) {
        memcpy(bytes + capacity - draft->tail, draft_tail(draft), draft->tail);
    }
    free(draft->bytes);
    draft->bytes = bytes;
    draft->capacity = capacity;
}

static void reserve_lines(struct draft *draft, size_t room) {
    size_t count = draft_line_count(draft);
    if (draft->line_capacity - count >= room) {
        return;
    }
    size_t capacity = count + count / 8 + room + 16;
    struct text_line *lines = mem_realloc(NULL, capacity * sizeof(*lines));
    if (draft->head_lines > 0) {
        memcpy(lines, draft->lines, draft->head_lines * sizeof(*lines));
    }
    if (draft->tail_lines > 0) {
        memcpy(lines + capacity - draft->tail_lines, draft_tail_lines(draft),
               draft->tail_lines * sizeof(*lines));
    }
    free(draft->lines);
    draft->lines = lines;
    draft->line_capacity = capacity;
}

// Where `line` begins; a line past the last one: the end.
static size_t draft_line_start(const struct draft *draft, size_t line) {
    if (line >= draft_line_count(draft)) {
        return draft_size(draft);
    }
    return line < draft->head_lines
               ? draft->lines[line].start
               : draft_size(draft) - draft_tail_lines(draft)[line - draft->head_lines].start;
}

// Moves both gaps to the start of `line`.
static void move_gap(struct draft *draft, size_t line) {
    size_t target = draft_line_start(draft, line);
    uint32_t size = (uint32_t)draft_size(draft);
    while (draft->head_lines > line) {
        struct text_line moved = draft->lines[--draft->head_lines];
        draft->tail_lines++;
        *draft_tail_lines(draft) = (struct text_line){size - moved.start, moved.non_ascii};
    }
    while (draft->head_lines < line && draft->tail_lines > 0) {
        struct text_line moved = *draft_tail_lines(draft);
        draft->tail_lines--;
        draft->lines[draft->head_lines++] = (struct text_line){size - moved.start, moved.non_ascii};
    }
    if (target < draft->head) {
        size_t n = draft->head - target;
        memmove(draft_tail(draft) - n, draft->bytes + target, n);
        draft->tail += n;
    } else {
        size_t n = target - draft->head;
        memmove(draft->bytes + draft->head, draft_tail(draft), n);
        draft->tail -= n;
    }
    draft->head = target;
}

// Copies the text with the gaps where the first change wants them, and with room for a keystroke.
static void draft_init(struct draft *draft, const struct text *text, size_t line) {
    enum { ROOM = 256, LINE_ROOM = 16 };
    size_t head = text->lines[line].start;
    *draft = (struct draft){.capacity = (size_t)text->n + ROOM,
                            .head = head,
                            .tail = text->n - head,
                            .line_capacity = text->line_count + LINE_ROOM,
                            .head_lines = line,
                            .tail_lines = text->line_count - line};
    draft->bytes = mem_realloc(NULL, draft->capacity);
    memcpy(draft->bytes, text->bytes, head);
    memcpy(draft_tail(draft), text->bytes + head, draft->tail);
    draft->lines = mem_realloc(NULL, draft->line_capacity * sizeof(*draft->lines));
    memcpy(draft->lines, text->lines, line * sizeof(*draft->lines));
    struct text_line *tail = draft_tail_lines(draft);
    for (size_t i = 0; i < draft->tail_lines; i++) {
        struct text_line copied = text->lines[line + i];
        tail[i] = (struct text_line){text->n - copied.start, copied.non_ascii};
    }
}

static void draft_finish(struct draft *draft) {
    free(draft->bytes);
    free(draft->lines);
}

// Takes the draft's memory.
static struct text *draft_text(struct draft *draft) {
    reserve_bytes(draft, 0);
    move_gap(draft, draft_line_count(draft));
    size_t size = draft_size(draft);
    if (draft->capacity - size > size / 8 + 4096) {
        draft->bytes = mem_realloc(draft->bytes, size + 1);
    }
    return text_adopt(draft->bytes, size, draft->lines, draft->head_lines);
}

// The byte offset of a position at or behind the gap.
static size_t draft_offset(const struct draft *draft, struct position position,
                           enum position_encoding encoding) {
    size_t start = draft_line_start(draft, position.line);
    if (position.line >= draft_line_count(draft)) {
        return start;
    }
    struct str line = str_of(draft_tail(draft) + (start - draft->head),
                             draft_line_start(draft, (size_t)position.line + 1) - start);
    line.n -= line_eol_length(line);
    bool non_ascii = draft_tail_lines(draft)[position.line - draft->head_lines].non_ascii;
    return start + units_to_bytes(line, !non_ascii, position.character, encoding);
}

// Reads the lines from the gap of the lines up to byte `end` of the text, where a line of the tail
// (or the text's end) begins, in place of the `dropped` ones that were there.
static void read_lines(struct draft *draft, size_t from, size_t end, size_t dropped) {
    draft->tail_lines -= dropped;
    struct str before = str_of(draft->bytes + from, draft->head - from);
    struct str after = str_of(draft_tail(draft), end - draft->head);
    struct line_scan scan = {.start = (uint32_t)from, .offset = (uint32_t)from};
    line_scan_feed(&scan, before);
    line_scan_feed(&scan, after);
    line_scan_end(&scan, draft->tail_lines == 0);
    reserve_lines(draft, scan.n);
    memcpy(draft->lines + draft->head_lines, scan.lines, scan.n * sizeof(*scan.lines));
    draft->head_lines += scan.n;
    free(scan.lines);
}

// Replaces bytes [start, end), which stand behind the gap, whose line is `first`; `last` is the
// line that holds `end`.
static void replace(struct draft *draft, size_t start, size_t end, size_t last, struct str text) {
    size_t from = draft->head;
    size_t line_end = draft_line_start(draft, last + 1) - (end - start) + text.n;
    size_t dropped = last + 1 - draft->head_lines;
    reserve_bytes(draft, text.n);
    memmove(draft->bytes + draft->head, draft_tail(draft), start - draft->head);
    draft->tail -= end - draft->head;
    draft->head = start;
    if (text.n > 0) {
        memcpy(draft->bytes + draft->head, text.p, text.n);
        draft->head += text.n;
    }
    read_lines(draft, from, line_end, dropped);
}

// The line where a change wants the gaps, of a text of `count` lines: the one before its own.
static size_t gap_line(const struct text_change *change, size_t count) {
    uint32_t a = change->start.line, b = change->end.line;
    size_t first = a < b ? a : b;
    if (first >= count) {
        first = count - 1;
    }
    return change->whole || first == 0 ? 0 : first - 1;
}

// May the bytes on both sides of `i` be parted? Not inside a character or a \r\n.
static bool is_border(struct str text, size_t i) {
    if (i == 0 || i >= text.n) {
        return true;
    }
    unsigned char c = (unsigned char)text.p[i];
    return (c < 0x80 || c >= 0xc0) && !(text.p[i - 1] == '\r' && c == '\n');
}

struct text_splice splice_between(struct str old, struct str new, size_t start) {
    size_t max = old.n < new.n ? old.n : new.n;
    size_t head = 0, tail = 0;
    while (head < max && old.p[head] == new.p[head]) {
        head++;
    }
    while (!is_border(old, head) || !is_border(new, head)) {
        head--;
    }
    while (tail < max - head && old.p[old.n - tail - 1] == new.p[new.n - tail - 1]) {
        tail++;
    }
    while (tail > 0 && (!is_border(old, old.n - tail) || !is_border(new, new.n - tail))) {
        tail--;
    }
    return (struct text_splice){start + head, start + old.n - tail, start + new.n - tail};
}

// `tight` may be NULL: what really changed.
static struct text_splice apply(struct draft *draft, const struct text_change *change,
                                enum position_encoding encoding, struct text_splice *tight) {
    size_t last = draft_line_count(draft) - 1;
    size_t start = 0, end = draft_size(draft);
    move_gap(draft, gap_line(change, draft_line_count(draft)));
    if (!change->whole) {
        bool ordered = position_cmp(change->start, change->end) <= 0;
        struct position low = ordered ? change->start : change->end;
        struct position high = ordered ? change->end : change->start;
        start = draft_offset(draft, low, encoding);
        end = draft_offset(draft, high, encoding);
        last = high.line < last ? high.line : last;
    }
    if (tight) {
        struct str old = str_of(draft_tail(draft) + (start - draft->head), end - start);
        *tight = splice_between(old, change->text, start);
    }
    replace(draft, start, end, last, change->text);
    return (struct text_splice){start, end, start + change->text.n};
}

struct text_splice text_splice_merge(struct text_splice first, struct text_splice second) {
    size_t a = first.new_end, b = second.old_end; // both in the text between the two
    return (struct text_splice){
        .start = first.start < second.start ? first.start : second.start,
        .old_end = b > a ? first.old_end + (b - a) : first.old_end,
        .new_end = a > b ? second.new_end + (a - b) : second.new_end,
    };
}

// Takes what is equal off both ends of a splice. But at its start the non-ASCII bytes before it (up
// to a character's length) stay inside: how they are read depends on what follows them, and a lexer
// that looked at a character has told the tree of its first byte only.
static struct text_splice splice_trim(struct str old, struct str new, struct text_splice splice) {
    size_t start = splice.start, old_end = splice.old_end, new_end = splice.new_end;
    while (start < old_end && start < new_end && old.p[start] == new.p[start]) {
        start++;
    }
    while (old_end > start && new_end > start && old.p[old_end - 1] == new.p[new_end - 1]) {
        old_end--;
        new_end--;
    }
    if (start == old_end && start == new_end) {
        return (struct text_splice){start, start, start};
    }
    for (int i = 0; i < 3 && start > 0 && (unsigned char)old.p[start - 1] >= 0x80; i++) {
        start--;
    }
    return (struct text_splice){start, old_end, new_end};
}

struct text *text_edit_each(struct text *text, const struct text_change *changes, size_t n,
                            enum position_encoding encoding, struct text_splice *splice,
                            struct text_splice *each) {
    struct text_splice all = {0, 0, 0};
    struct text *result = NULL;
    if (n == 0) {
        result = text_retain(text);
        goto out;
    }
    struct draft draft;
    draft_init(&draft, text, gap_line(&changes[0], text->line_count));
    for (size_t i = 0; i < n; i++) {
        // Not exact (the change may remove more), but a limit all the same.
        if (changes[i].text.n > LIMIT_TEXT || draft_size(&draft) > LIMIT_TEXT) {
            draft_finish(&draft);
            goto out;
        }
        struct text_splice one = apply(&draft, &changes[i], encoding, each ? &each[i] : NULL);
        all = i == 0 ? one : text_splice_merge(all, one);
    }
    if (draft_size(&draft) > LIMIT_TEXT) {
        draft_finish(&draft);
        goto out;
    }
    result = draft_text(&draft);
    all = splice_trim(text_str(text), text_str(result), all);
out:
    if (splice) {
        *splice = all;
    }
    return result;
}

struct text *text_edit(struct text *text, const struct text_change *changes, size_t n,
                       enum position_encoding encoding, struct text_splice *splice) {
    return text_edit_each(text, changes, n, encoding, splice, NULL);
}
