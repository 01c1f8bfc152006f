// SPDX-License-Identifier: MIT
//
// Finds the code in an answer: the first block of the file's language, else the answer without the
// sentences before and behind it.
//
//     LEAD --code--> PLAIN --chatter or fence--> TAIL
//       |--fence--> BLOCK --its end--> TAIL
//       '--fence of another language--> SKIP --its end--> LEAD
//
// Invariant: a line is either held whole or flowing. Only what may be a fence, or may begin a line
// of chatter, is held; the first character that rules this out lets the line flow. In a document
// (is_prose) fences and sentences are content, but for a fence around the whole.
#include "assist/clean_parts.h"

#include "base/limits.h"

#define FENCE_INDENT 3
#define LIST_INDENT 12 // of a fence in a list of steps
#define TELLING_MAX 160
#define LINE_MAX (4u * LIMIT_ANSWER) // an answer whose every byte became U+FFFD

void clean_body_init(struct clean_body *body, const struct clean_rules *rules,
                     const struct clean_hints *hints, struct clean_echo *echo) {
    *body = (struct clean_body){.rules = rules, .hints = hints, .echo = echo};
    buf_init(&body->line, LINE_MAX);
    buf_init(&body->opener, LINE_MAX);
    buf_init(&body->plain, 200);
}

void clean_body_finish(struct clean_body *body) {
    buf_finish(&body->line);
    buf_finish(&body->opener);
    buf_finish(&body->plain);
}

static void put(struct clean_body *body, struct str s) {
    for (size_t i = 0; i < s.n; i++) {
        clean_echo_feed(body->echo, s.p[i]);
    }
}

static bool is_blank(struct str s) {
    return str_trim(s).n == 0;
}

static bool in_string(const struct clean_body *body) {
    return clean_strings_is_open(&body->echo->strings) && !body->hints->no_strings &&
           !body->rules->is_prose;
}

// Backticks behind code may be the fence: they wait for the end of the line.
static void flow_char(struct clean_body *body, char c) {
    bool may_close = body->state == BODY_BLOCK && body->fence.mark == '`' && !body->rules->is_prose;
    if (may_close && c == '`') {
        body->n_ticks++;
        return;
    }
    body->has_ticks = body->has_ticks || body->n_ticks >= 3;
    for (; body->n_ticks > 0; body->n_ticks--) {
        put(body, STR("`"));
    }
    if (body->state == BODY_PLAIN) {
        buf_append_char(&body->plain, c);
    }
    clean_echo_feed(body->echo, c);
}

// The held line is content: it goes out, and the rest of it goes through.
static void flow(struct clean_body *body) {
    buf_clear(&body->plain);
    for (size_t i = 0; i < body->line.n; i++) {
        flow_char(body, body->line.p[i]);
    }
    buf_clear(&body->line);
    body->is_flowing = true;
}

static void begin_plain(struct clean_body *body) {
    body->state = BODY_PLAIN;
    if (body->opener.n > 0) {
        put(body, buf_str(&body->opener));
        buf_clear(&body->opener);
    }
}

// --- blocks ------------------------------------------------------------------------------------

static void end_block(struct clean_body *body) {
    body->has_ticks = false;
    body->n_ticks = 0;
    if (body->state == BODY_SKIP) {
        body->state = BODY_LEAD;
    } else {
        body->state = body->rules->is_shown ? BODY_PLAIN : BODY_TAIL;
        body->n_first = body->n_closers;
    }
    buf_clear(&body->line);
}

static void skip_block(struct clean_body *body) {
    body->has_skipped = true;
    body->state = BODY_SKIP;
}

// A document: does this fence stand around the whole?
static bool wraps_document(struct clean_body *body, const struct clean_fence *fence) {
    const struct clean_rules *rules = body->rules;
    if (clean_fence_is_markdown(fence->info)) {
        return !body->hints->fence_is_content;
    }
    if (rules->is_shown || rules->has_fence || body->hints->fence_is_content) {
        return false;
    }
    body->is_guess = fence->info.n == 0;
    return fence->info.n == 0 || rules->is_text || clean_fence_fits(rules, fence->info);
}

// True: the line was a fence that counts.
static bool open_block(struct clean_body *body, const struct clean_fence *fence) {
    const struct clean_rules *rules = body->rules;
    if (rules->is_prose && !wraps_document(body, fence)) {
        return false;
    }
    body->fence = *fence;
    body->fence.info = body->fence.code = STR_NONE; // views into the line
    body->is_talking = true;
    body->depth = 0;
    buf_clear(&body->opener);
    bool fits = rules->is_prose || (clean_fence_fits(rules, fence->info) && !body->is_old);
    body->is_old = false;
    if (!fits && !body->hints->take_first) {
        skip_block(body);
    } else {
        body->state = BODY_BLOCK;
        body->is_fence_new = fence->info.n == 0 && !body->hints->take_first && fence->code.n == 0;
        put(body, fence->code);
        if (fence->code.n > 0) {
            put(body, STR("\n"));
        }
    }
    if (fence->is_whole) {
        end_block(body);
    }
    return true;
}

static bool closes(const struct clean_body *body, const struct clean_fence *fence) {
    return !fence->is_whole && fence->mark == body->fence.mark &&
           fence->length >= body->fence.length && fence->info.n == 0;
}

// In a document a fence inside the outer one is content, if it is closed before that.
static bool closes_document(struct clean_body *body, const struct clean_fence *fence) {
    if (fence->is_whole || fence->mark != body->fence.mark) {
        return false;
    }
    if (fence->info.n > 0) {
        body->depth++;
        return false;
    }
    if (body->depth > 0) {
        body->depth--;
        return false;
    }
    if (fence->length < body->fence.length) {
        return false;
    }
    body->n_closers++;
    return body->hints->close_at == 0 || body->n_closers == body->hints->close_at;
}

// A line that may end the block is complete.
static bool ends_block(struct clean_body *body, struct str line) {
    struct clean_fence fence;
    if (!clean_fence_parse(body->rules, line, FENCE_INDENT, &fence)) {
        return false;
    }
    if (body->rules->is_prose) {
        return closes_document(body, &fence);
    }
    if (body->state == BODY_BLOCK && in_string(body)) {
        body->has_string_fence = true;
        return false;
    }
    // A new fence in code that stands in no string: the end of the last one was forgotten.
    return closes(body, &fence) ||
           (fence.info.n > 0 && fence.mark == body->fence.mark && !fence.is_whole);
}

// --- whole lines -------------------------------------------------------------------------------

static void end_lead_line(struct clean_body *body, struct str line) {
    const struct clean_rules *rules = body->rules;
    struct clean_fence fence;
    if (is_blank(line)) {
        if (body->opener.n > 0 && rules->is_prose) {
            buf_clear(&body->opener); // a sentence, an empty line: it announced what follows
            body->is_talking = true;
        }
        return;
    }
    size_t indent = body->is_talking ? LIST_INDENT : FENCE_INDENT;
    if (clean_fence_parse(rules, line, indent, &fence) && open_block(body, &fence)) {
        return;
    }
    if (rules->is_prose) {
        bool announces = !rules->is_shown && !body->is_talking &&
                         clean_chatter_prose(line, false) == CHATTER_YES;
        if (announces && body->opener.n == 0) {
            buf_append(&body->opener, line);
            buf_append_char(&body->opener, '\n');
            return;
        }
        begin_plain(body);
        flow(body);
        return;
    }
    bool is_chatter = clean_chatter_lead(rules, line, false, body->is_talking) == CHATTER_YES;
    if (clean_fence_find(rules, line, &fence) && (is_chatter || clean_chatter_is_prose(line)) &&
        open_block(body, &fence)) {
        return;
    }
    if (is_chatter || body->hints->must_fence) {
        body->is_talking = true;
        body->is_old = clean_chatter_is_old(line);
        return;
    }
    begin_plain(body);
    flow(body);
}

// What the line says about what was taken for code, or for the end of it.
static void count_line(struct clean_body *body, struct str line, size_t *code, size_t *prose) {
    if (is_blank(line)) {
        return;
    }
    bool talks = clean_chatter_is_prose(line) ||
                 clean_chatter_lead(body->rules, line, false, true) == CHATTER_YES;
    *(talks ? prose : code) += 1;
}

static void end_plain_line(struct clean_body *body, struct str line) {
    const struct clean_rules *rules = body->rules;
    struct clean_fence fence;
    if (!rules->is_prose && clean_fence_parse(rules, line, FENCE_INDENT, &fence)) {
        if (!in_string(body)) {
            body->state = BODY_TAIL;
            body->has_block = fence.info.n > 0 || fence.is_whole;
            body->is_in_tail_block = !fence.is_whole;
            return;
        }
    }
    bool may_end = !rules->is_prose && !in_string(body) && !body->hints->no_tail;
    if (may_end && clean_chatter_tail(rules, line, false, body->is_after_blank) == CHATTER_YES) {
        body->state = BODY_TAIL;
        body->is_tail_chatter = true;
        body->n_tail_prose++;
        return;
    }
    flow(body);
}

static void end_tail_line(struct clean_body *body, struct str line) {
    struct clean_fence fence;
    if (is_blank(line)) {
        return;
    }
    body->has_tail_text = true;
    if (!clean_fence_parse(body->rules, line, LIST_INDENT, &fence)) {
        if (!body->is_in_tail_block) {
            count_line(body, line, &body->n_tail_code, &body->n_tail_prose);
        }
        return;
    }
    body->has_block = body->has_block || fence.info.n > 0 || body->is_in_tail_block;
    body->is_in_tail_block = !body->is_in_tail_block && !fence.is_whole;
    if (body->rules->is_prose) {
        body->has_tail_text = !closes_document(body, &fence) || body->has_tail_text;
    }
}

static void end_block_line(struct clean_body *body, struct str line) {
    if (ends_block(body, line)) {
        end_block(body);
        return;
    }
    if (body->is_fence_new && !is_blank(line)) {
        body->is_fence_new = false;
        if (clean_fence_is_other(body->rules, line)) {
            skip_block(body);
        }
    }
    if (body->state == BODY_BLOCK) {
        flow(body);
    }
}

static void end_line(struct clean_body *body) {
    struct str line = buf_str(&body->line);
    switch (body->state) {
    case BODY_LEAD: end_lead_line(body, line); break;
    case BODY_PLAIN: end_plain_line(body, line); break;
    case BODY_SKIP:
    case BODY_BLOCK: end_block_line(body, line); break;
    case BODY_TAIL: end_tail_line(body, line); break;
    }
    if (!body->is_flowing) {
        buf_clear(&body->line);
    }
}

// --- parts of lines ----------------------------------------------------------------------------

// Only fence marks behind a few blanks, so far.
static bool may_be_fence(struct str line, size_t indent) {
    size_t at = str_indent(line);
    if (at > indent || at == line.n) {
        return at <= indent;
    }
    char mark = line.p[at];
    if (mark != '`' && mark != '~') {
        return false;
    }
    size_t n = 0;
    while (at + n < line.n && line.p[at + n] == mark) {
        n++;
    }
    return n >= 3 || at + n == line.n;
}

static bool must_hold_lead(const struct clean_body *body, struct str line) {
    if (may_be_fence(line, LIST_INDENT) || is_blank(line) || body->hints->must_fence) {
        return true;
    }
    if (body->rules->is_prose) {
        return !body->rules->is_shown && !body->is_talking && body->opener.n == 0 &&
               clean_chatter_prose(line, true) != CHATTER_NO;
    }
    return clean_chatter_lead(body->rules, line, true, body->is_talking) != CHATTER_NO;
}

static bool must_hold_plain(const struct clean_body *body, struct str line) {
    if (body->rules->is_prose) {
        return false;
    }
    if (may_be_fence(line, FENCE_INDENT)) {
        return true;
    }
    return !in_string(body) && !body->hints->no_tail &&
           clean_chatter_tail(body->rules, line, true, body->is_after_blank) != CHATTER_NO;
}

static bool must_hold(struct clean_body *body) {
    struct str line = buf_str(&body->line);
    switch (body->state) {
    case BODY_LEAD: return must_hold_lead(body, line);
    case BODY_PLAIN: return must_hold_plain(body, line);
    case BODY_BLOCK: return body->is_fence_new || may_be_fence(line, FENCE_INDENT);
    case BODY_SKIP:
    case BODY_TAIL: break;
    }
    return true;
}

static void end_flow(struct clean_body *body) {
    bool closes_here = body->n_ticks >= 3 && body->n_ticks >= body->fence.length &&
                       !body->has_ticks && !in_string(body) && !body->echo->strings.is_remark;
    if (closes_here) {
        end_block(body);
        return;
    }
    for (; body->n_ticks > 0; body->n_ticks--) {
        put(body, STR("`"));
    }
    body->has_ticks = false;
    if (body->state == BODY_PLAIN && !body->rules->is_prose) {
        count_line(body, buf_str(&body->plain), &body->n_plain_code, &body->n_plain_prose);
    }
}

void clean_body_feed(struct clean_body *body, char c) {
    if (c == '\n') {
        bool was_code = clean_body_is_code(body);
        bool was_blank = !body->is_flowing && is_blank(buf_str(&body->line));
        if (!body->is_flowing) {
            end_line(body);
        }
        if (body->is_flowing) {
            end_flow(body);
        }
        if ((was_code || body->state == BODY_PLAIN) && clean_body_is_code(body)) {
            clean_echo_feed(body->echo, '\n');
        }
        body->is_after_blank = was_blank || is_blank(buf_str(&body->plain));
        body->is_flowing = false;
        body->stripped = 0;
        return;
    }
    if (body->is_flowing) {
        flow_char(body, c);
        return;
    }
    bool in_block = body->state == BODY_BLOCK || body->state == BODY_SKIP;
    if (in_block && body->line.n == 0 && char_is_blank(c) && body->stripped < body->fence.indent) {
        body->stripped++;
        return;
    }
    buf_append_char(&body->line, c);
    // A word is looked at when it is over; what is still open after so much is held as it is.
    bool may_tell = body->line.n < TELLING_MAX && (body->line.n < 20 || !char_is_alnum(c));
    if (may_tell && !must_hold(body)) {
        if (body->state == BODY_LEAD) {
            begin_plain(body);
        }
        flow(body);
    }
}

// --- the end -----------------------------------------------------------------------------------

static void end_last_line(struct clean_body *body) {
    struct str line = buf_str(&body->line);
    if (body->is_flowing) {
        end_flow(body);
        return;
    }
    // Half a closing fence, cut off.
    bool is_cut =
        body->state == BODY_BLOCK && body->fence.mark == '`' && str_eq(str_trim(line), STR("``"));
    if (line.n > 0 && !is_cut) {
        end_line(body);
        if (body->is_flowing) {
            end_flow(body);
        }
    }
}

static bool review_plain(const struct clean_body *body, struct clean_hints *hints) {
    bool is_talk = body->n_plain_prose > body->n_plain_code && body->has_block;
    if (body->state == BODY_TAIL && is_talk && !hints->must_fence) {
        hints->must_fence = true;
        return true;
    }
    if (body->is_tail_chatter && !hints->no_tail && body->n_tail_code > body->n_tail_prose + 1) {
        hints->no_tail = true;
        return true;
    }
    return false;
}

static bool review_document(const struct clean_body *body, struct clean_hints *hints) {
    if (body->state != BODY_TAIL || !body->has_tail_text) {
        return false;
    }
    if (hints->close_at == 0 && body->n_closers > body->n_first && body->n_closers % 2 == 1) {
        hints->close_at = body->n_closers;
        return true;
    }
    if (body->is_guess && !hints->fence_is_content && body->rules->is_prose &&
        !body->rules->is_text && body->n_tail_code + body->n_tail_prose > 0) {
        hints->fence_is_content = true;
        return true;
    }
    return false;
}

bool clean_body_end(struct clean_body *body, struct clean_hints *hints) {
    end_last_line(body);
    bool found = body->state == BODY_PLAIN || body->state == BODY_BLOCK || body->state == BODY_TAIL;
    if (!found && body->has_skipped && !hints->take_first) {
        hints->take_first = true;
        return true;
    }
    if (body->has_string_fence && !hints->no_strings && in_string(body)) {
        hints->no_strings = true;
        return true;
    }
    return body->rules->is_prose ? review_document(body, hints) : review_plain(body, hints);
}
