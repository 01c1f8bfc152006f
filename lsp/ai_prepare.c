// SPDX-License-Identifier: MIT
//
// From the request to what the action works on: the syntax tree (in steps, if the document is
// large), the target, the instruction. Nothing is asked of anybody; it cannot take long in one
// turn.
#include "lsp/ai_private.h"

#include <stdlib.h>

#include "base/utf.h"

// Larger documents are taken by lines: nobody waits for seconds.
#define TREE_BYTES_MAX (2u * 1024 * 1024)

// 0 and *done when there is a tree, or none to be had.
static void parse(struct ai_run *run, uint64_t budget_us, bool *done) {
    *done = true;
    if (!run->language->grammar || run->tree || text_size(run->text) > TREE_BYTES_MAX) {
        return;
    }
    if (!run->parse) {
        run->parse = tree_parse_start(run->text, run->language->grammar(), NULL);
    }
    if (run->parse && tree_parse_step(run->parse, budget_us, &run->tree) == ERR_TIMEOUT) {
        *done = false;
        return;
    }
    tree_parse_destroy(run->parse);
    run->parse = NULL;
}

static bool overlaps(const struct text_range *a, const struct text_range *b) {
    if (a->start == a->end || b->start == b->end) {
        return a->start <= b->end && b->start <= a->end;
    }
    return a->start < b->end && b->start < a->end;
}

static const struct ai_run *other_at(const struct ai_run *run) {
    for (const struct ai_run *at = run->lsp->ai.first; at; at = at->next) {
        if (at != run && at->document == run->document && ai__is_at_work(at) &&
            at->stage != AI_PARSING && overlaps(&at->range, &run->range)) {
            return at;
        }
    }
    return NULL;
}

static int find_instruction(struct ai_run *run, const struct context_input *input,
                            struct arena *arena, struct error *error) {
    if (!run->action.wants_instruction || run->instruction.n > 0) {
        return 0;
    }
    run->instruction = context_instruction(&run->arena, input, run->target, &run->code);
    run->has_code = run->instruction.n > 0;
    if (run->instruction.n > 0) {
        return 0;
    }
    (void)error_set(error, arena, ERR_INVALID,
                    "\"%.*s\" needs to be told what to do: select a comment that says it (\"ai: "
                    "make it async\"), or pass \"instruction\"",
                    STR_ARG(run->action.name));
    return RPC_INVALID_PARAMS;
}

// Editors select what a diagnostic marks, or one character: no choice of the user's. A part of one
// line then means the statement it stands in.
static void widen_selection(struct ai_run *run) {
    struct text_range *selection = &run->selection;
    size_t line = text_line_at(run->text, selection->start);
    struct str all = str_trim(text_line(run->text, line));
    struct str selected =
        str_trim(str_slice(text_str(run->text), selection->start, selection->end));
    if (run->action.wants_diagnostics && selection->end <= text_line_end(run->text, line) &&
        !str_eq(all, selected)) {
        selection->end = selection->start;
    }
}

int ai__prepare(struct ai_run *run, uint64_t budget_us, bool *done, struct arena *arena,
                struct error *error) {
    parse(run, budget_us, done);
    if (!*done) {
        return 0;
    }
    widen_selection(run);
    struct context_input input = ai__context_input(run);
    run->target = context_target(&input, run->action.target);
    run->range = run->target;
    run->focus = run->action.target == TARGET_BEHIND ? context_target(&input, TARGET_DEFINITION)
                                                     : run->target;
    const struct ai_run *other = other_at(run);
    if (other) {
        (void)error_set(error, arena, ERR_CONFLICT,
                        "\"%.*s\" is at work on this text already; cancel it first",
                        STR_ARG(other->action.title));
        return RPC_REQUEST_FAILED;
    }
    int code = find_instruction(run, &input, arena, error);
    if (code != 0) {
        return code;
    }
    struct str original = str_slice(text_str(run->text), run->target.start, run->target.end);
    run->original = mem_strdup(original);
    run->original_n = original.n;
    run->stage = AI_ASKING;
    return 0;
}

void ai__parse_again(struct ai_run *run, const struct text_splice *splice) {
    (void)text_range_follow(&run->selection, splice);
    tree_parse_destroy(run->parse);
    run->parse = NULL;
    text_release(run->text);
    run->text = text_retain(run->document->text);
}
