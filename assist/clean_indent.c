// SPDX-License-Identifier: MIT
//
// How an answer is indented compared with the place it goes to. Models give code as it stands
// ("full"), with all of it moved to the margin ("dedented"), with only the first line at the margin
// ("trimmed"), or moved by some other amount. The target's own lines are the best witnesses: what
// the answer kept of them tells exactly. Where it kept none, the first line and the second one tell
// by whether the first opens a block.
//
// Widths are counted in characters after an answer's blanks were made tabs, or the reverse, as the
// file has it (`unit`).
#include "assist/clean_parts.h"

#include "base/limits.h"

#define LINES_MAX 20000 // of a target, as witnesses
#define DEFAULT_UNIT 4

// --- what the target tells ---------------------------------------------------------------------

static const struct clean_line *find_line(const struct clean_rules *rules, struct str held,
                                          size_t *slot) {
    uint64_t hash = str_hash(held);
    *slot = hash & (rules->n_lines - 1);
    for (;; *slot = (*slot + 1) & (rules->n_lines - 1)) {
        const struct clean_line *line = &rules->lines[*slot];
        if (!line->is_used || (line->hash == hash && str_eq(str_trim(line->text), held))) {
            return line;
        }
    }
}

const struct clean_line *clean_rules_line(const struct clean_rules *rules, struct str line) {
    struct str held = str_trim(line);
    size_t slot;
    if (rules->n_lines == 0 || held.n == 0) {
        return NULL;
    }
    const struct clean_line *found = find_line(rules, held, &slot);
    return found->is_used ? found : NULL;
}

static size_t count_lines(struct str text) {
    struct str line;
    size_t n = 0;
    while (str_next_line(&text, &line)) {
        n++;
    }
    return n;
}

static void add_lines(struct clean_rules *rules, struct arena *arena) {
    struct str rest = rules->options.code;
    size_t n = count_lines(rest);
    rules->least_rest = SIZE_MAX;
    if (n == 0 || n > LINES_MAX) {
        return;
    }
    for (rules->n_lines = 16; rules->n_lines < 2 * n; rules->n_lines *= 2) {
    }
    rules->lines = ARENA_ARRAY(arena, rules->n_lines, struct clean_line);
    struct str line;
    for (size_t i = 0; str_next_line(&rest, &line); i++) {
        struct str held = str_trim(line);
        if (held.n == 0) {
            continue;
        }
        size_t indent = str_indent(line);
        if (i > 0 && indent < rules->least_rest) {
            rules->least_rest = indent;
        }
        rules->may_expand = rules->may_expand || line.p[0] == ' ';
        size_t slot;
        struct clean_line *known = &rules->lines[(find_line(rules, held, &slot), slot)];
        bool differs = known->is_used && known->indent != indent;
        *known = (struct clean_line){str_hash(held), (uint32_t)indent, true,
                                     known->is_ambiguous || differs, line};
    }
}

// Does a text in no language that we know look like a program?
static bool looks_like_code(const struct clean_rules *rules, struct str code) {
    size_t n_code = 0;
    size_t n = 0;
    struct str line;
    while (str_next_line(&code, &line)) {
        struct str held = str_trim(line);
        if (held.n > 0) {
            n++;
            n_code += !clean_chatter_is_prose(held) &&
                      str_find_char(STR(";{}()=>:,"), held.p[held.n - 1]) != STR_NPOS;
        }
    }
    return rules->is_text && 2 * n_code > n;
}

static bool is_one_of(struct str name, const char *const *names) {
    for (; *names; names++) {
        if (str_ieq(name, str_from(*names))) {
            return true;
        }
    }
    return false;
}

// Blanks by which a line of the target stands deeper than its first one; SIZE_MAX: none does.
static size_t least_step_of(const struct clean_options *options) {
    struct str rest = options->code;
    struct str line;
    size_t base = options->indent.n;
    size_t least = SIZE_MAX;
    while (str_next_line(&rest, &line)) {
        size_t indent = str_indent(line);
        if (indent < line.n && indent > base && indent - base < least) {
            least = indent - base;
        }
    }
    return least;
}

// A target that is not indented as the file is has a way of its own.
static bool may_scale(const struct clean_rules *rules) {
    struct str unit = rules->options.unit;
    bool is_code = !rules->is_prose && !rules->is_text && !rules->is_keyed;
    size_t step = is_code ? least_step_of(&rules->options) : 0;
    return is_code && unit.n > 1 && unit.p[0] == ' ' && (step == SIZE_MAX || step == unit.n);
}

void clean_rules_init(struct clean_rules *rules, struct arena *arena,
                      const struct clean_options *options) {
    static const char *const MARKUP[] = {"html",       "xml",      "vue",  "svelte", "php", "tsx",
                                         "javascript", "markdown", "text", "jsx",    NULL};
    static const char *const KEYED[] = {"yaml", "makefile", "toml", "json", "dockerfile", NULL};
    static const char *const TABBED[] = {"go", "makefile", NULL};
    struct str code = options->code;
    *rules = (struct clean_rules){.options = *options};
    rules->language = str_from(options->language->name);
    rules->is_shown = options->mode == CLEAN_MARKDOWN;
    rules->is_text = str_eq(rules->language, STR("text"));
    rules->is_prose =
        rules->is_shown || (options->language->is_prose && !looks_like_code(rules, code));
    rules->is_markup = is_one_of(rules->language, MARKUP);
    rules->is_keyed = is_one_of(rules->language, KEYED);
    rules->has_tokens = clean_token_is_in(code);
    rules->has_fence = str_contains(code, STR("```")) || str_contains(code, STR("~~~"));
    rules->may_expand = str_find_char(options->indent, ' ') != STR_NPOS;
    add_lines(rules, arena);
    rules->may_expand = rules->may_expand && !is_one_of(rules->language, TABBED) &&
                        options->unit.n > 0 && options->unit.p[0] == ' ';
    rules->may_scale = may_scale(rules);
    clean_echo_rules(rules, arena);
}

// --- widths ------------------------------------------------------------------------------------

static bool file_has_tabs(const struct clean_out *out) {
    return str_eq(out->rules->options.unit, STR("\t"));
}

// Levels of the model's steps become levels of the file's.
static void scale(const struct clean_out *out, size_t blanks, struct buf *to) {
    for (; blanks >= out->model_unit; blanks -= out->model_unit) {
        buf_append(to, out->rules->options.unit);
    }
    for (; blanks > 0; blanks--) {
        buf_append_char(to, ' ');
    }
}

void clean_indent_convert(const struct clean_out *out, struct str space, struct buf *to) {
    struct str unit = out->rules->options.unit;
    size_t model_unit = out->model_unit > 0 ? out->model_unit : DEFAULT_UNIT;
    if (out->rules->may_expand && str_find_char(space, '\t') != STR_NPOS) {
        for (size_t i = 0; i < space.n; i++) {
            buf_append(to, space.p[i] == '\t' ? unit : str_of(space.p + i, 1));
        }
        return;
    }
    size_t tabs = 0;
    while (tabs < space.n && space.p[tabs] == '\t') {
        tabs++;
    }
    size_t blanks = space.n - tabs;
    if (out->rules->may_scale && tabs == 0 && out->model_unit > 0 && out->model_unit != unit.n) {
        scale(out, blanks, to);
        return;
    }
    // Behind tabs, blanks are for looks.
    if (!file_has_tabs(out) || tabs > 0) {
        buf_append(to, space);
        return;
    }
    for (; blanks >= model_unit; blanks -= model_unit) {
        buf_append_char(to, '\t');
    }
    for (; blanks > 0; blanks--) {
        buf_append_char(to, ' ');
    }
}

size_t clean_indent_width(const struct clean_out *out, struct str space) {
    struct buf converted;
    buf_init(&converted, SIZE_MAX - 1);
    clean_indent_convert(out, space, &converted);
    size_t n = converted.n;
    buf_finish(&converted);
    return n;
}

static bool is_unit(size_t n) {
    return n == 2 || n == 3 || n == 4 || n == 8;
}

static bool first_opens(const struct clean_out *out) {
    struct str end = str_of(out->first_end, out->n_first_end);
    return out->first_is_item ||
           (end.n > 0 &&
            (str_find_char(STR(":{(["), end.p[end.n - 1]) != STR_NPOS || str_ends(end, STR("=>")) ||
             str_ends(end, STR("then")) || str_ends(end, STR(";do"))));
}

// The second line's step, if the first one certainly opens a block: in brackets anything goes.
// Where the first line lacks its indentation, the others are in the file's steps.
static size_t guess_step(const struct clean_out *out, size_t blanks) {
    size_t unit = out->rules->options.unit.n;
    size_t first = out->first_space.n;
    size_t base = out->rules->options.indent.n;
    bool opens = out->n_first_end > 0 &&
                 str_find_char(STR(":{"), out->first_end[out->n_first_end - 1]) != STR_NPOS;
    bool is_trimmed = first == 0 && base > 0 && blanks > base;
    size_t step = blanks > first ? blanks - first : 0;
    return opens && !is_trimmed && is_unit(step) && first % step == 0 ? step : unit;
}

// Blanks that the model indents by, from its first lines.
size_t clean_indent_guess_unit(const struct clean_out *out, struct str space) {
    size_t first = out->first_space.n;
    size_t base = out->rules->options.indent.n;
    if (out->rules->may_scale && str_find_char(space, '\t') == STR_NPOS) {
        return guess_step(out, space.n);
    }
    if (!file_has_tabs(out) || str_find_char(space, '\t') != STR_NPOS) {
        return DEFAULT_UNIT;
    }
    size_t step = space.n > first ? space.n - first : 0;
    if (first > 0 && base > 0 && first % base == 0 && is_unit(first / base)) {
        return first / base;
    }
    if (first_opens(out) && base > 0 && first == 0 && space.n % (base + 1) == 0 &&
        space.n / (base + 1) >= 4 && is_unit(space.n / (base + 1))) {
        return space.n / (base + 1);
    }
    return is_unit(step) ? step : DEFAULT_UNIT;
}

// --- the decision ------------------------------------------------------------------------------

// A line that stands no deeper than the one that opened its block. Of one character, the first of
// its line, it is a guess.
static bool is_shallow(struct str line) {
    static const struct str WORDS[] = {STR_INIT("case"), STR_INIT("default"), STR_INIT("end"),
                                       STR_INIT("else"), STR_INIT("elif"),    STR_INIT("except")};
    if (line.n > 0 && str_find_char(STR("})]#"), line.p[0]) != STR_NPOS) {
        return true;
    }
    for (size_t i = 0; i < sizeof(WORDS) / sizeof(WORDS[0]); i++) {
        if (str_starts(line, WORDS[i]) || (line.n == 1 && WORDS[i].p[0] == line.p[0])) {
            return true;
        }
    }
    return false;
}

// The target is at the margin: only an answer that is too deep has to move, and only the first
// character of the line is known.
static ptrdiff_t decide_margin(const struct clean_out *out, size_t first, size_t second,
                               struct str line) {
    size_t unit = out->rules->options.unit.n;
    bool is_stray = first < unit && first < 3 && !file_has_tabs(out);
    bool is_relative = first_opens(out) && second <= first && !is_shallow(line);
    if (first == 0 || second < first || is_stray || is_relative) {
        return 0;
    }
    return -(ptrdiff_t)first;
}

// What a line opens stands deeper than the line.
static bool is_possible(const struct clean_out *out, ptrdiff_t shift) {
    ptrdiff_t base = (ptrdiff_t)out->rules->options.indent.n;
    return !out->second_is_deep || (ptrdiff_t)out->second_width + shift > base;
}

static ptrdiff_t decide_indented(const struct clean_out *out, size_t first, struct str line) {
    const struct clean_options *options = &out->rules->options;
    size_t base = options->indent.n;
    size_t unit = options->unit.n;
    size_t second = out->second_width;
    ptrdiff_t full = 0;
    ptrdiff_t dedented = (ptrdiff_t)base;
    ptrdiff_t moved = (ptrdiff_t)base - (ptrdiff_t)first;
    const struct clean_line *known = clean_rules_line(out->rules, line);
    ptrdiff_t told = known ? (ptrdiff_t)known->indent - (ptrdiff_t)second : 0;
    bool is_told = known && !known->is_ambiguous && is_possible(out, told);
    if (is_told && (told == full || told == dedented || told == moved)) {
        return told;
    }
    if (!options->is_line_start && first > 0) {
        first = 0; // what stands before the first line there means nothing
    }
    bool is_relative = out->second_is_deep && first > 0 && second <= first;
    if (first > 0 && first != base) {
        return is_relative ? dedented : moved;
    }
    if (first == base) {
        bool is_left = second == 0 && out->rules->least_rest >= base && !is_shallow(line);
        return (is_relative && second <= unit) || is_left ? dedented : full;
    }
    bool may_be_dedented = out->second_is_deep && second < base + unit && base <= unit;
    return second < base || may_be_dedented ? dedented : full;
}

void clean_indent_decide(struct clean_out *out, struct str space, struct str line) {
    size_t first = clean_indent_width(out, buf_str(&out->first_space));
    out->second_width = clean_indent_width(out, space);
    out->second_is_deep = first_opens(out) && !is_shallow(line);
    if (out->is_first_told) {
        out->shift = (ptrdiff_t)out->rules->options.indent.n - (ptrdiff_t)first;
        return;
    }
    out->shift = out->rules->options.indent.n == 0
                     ? decide_margin(out, first, out->second_width, line)
                     : decide_indented(out, first, line);
}

// --- the review --------------------------------------------------------------------------------

void clean_indent_count(struct clean_out *out, struct str space, struct str line) {
    size_t width = clean_indent_width(out, space);
    bool is_directive = line.n > 0 && line.p[0] == '#';
    if (width < out->least_rest && !is_directive) {
        out->least_rest = width;
    }
    if (space.n > 0 && space.p[0] == ' ') {
        out->n_blank_lines++;
        size_t step = space.n > out->first_space.n ? space.n - out->first_space.n : SIZE_MAX;
        out->least_step = step < out->least_step ? step : out->least_step;
        for (size_t i = 2; i < sizeof(out->n_odd) / sizeof(out->n_odd[0]); i++) {
            out->n_odd[i] += space.n % i != 0;
        }
    }
    const struct clean_line *known = clean_rules_line(out->rules, line);
    if (!known || known->is_ambiguous || line.n < 2) {
        return;
    }
    ptrdiff_t shift = (ptrdiff_t)known->indent - (ptrdiff_t)width;
    for (size_t i = 0; i < CLEAN_VOTES; i++) {
        if (i == out->n_votes) {
            out->votes[out->n_votes++].shift = shift;
        }
        if (out->votes[i].shift == shift) {
            out->votes[i].n++;
            return;
        }
    }
}

static size_t votes_for(const struct clean_out *out, ptrdiff_t shift) {
    for (size_t i = 0; i < out->n_votes; i++) {
        if (out->votes[i].shift == shift) {
            return out->votes[i].n;
        }
    }
    return 0;
}

// Had all lines been known: another shift?
static bool review_shift(const struct clean_out *out, ptrdiff_t *shift) {
    ptrdiff_t base = (ptrdiff_t)out->rules->options.indent.n;
    ptrdiff_t first = (ptrdiff_t)clean_indent_width(out, buf_str(&out->first_space));
    ptrdiff_t choices[] = {0, base, base - first};
    size_t own = votes_for(out, out->shift);
    for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++) {
        size_t n = votes_for(out, choices[i]);
        bool may = choices[i] != out->shift && is_possible(out, choices[i]);
        if (may && n >= 2 && n > 2 * own) {
            *shift = choices[i];
            return true;
        }
    }
    bool is_too_far_left = out->shift == 0 && first == 0 && own == 0 && base > 0 &&
                           out->least_rest < (size_t)base && out->rules->least_rest >= (size_t)base;
    *shift = base;
    return is_too_far_left;
}

static size_t unit_of_all(const struct clean_out *out) {
    static const size_t UNITS[] = {8, 4, 2, 3};
    for (size_t i = 0; i < sizeof(UNITS) / sizeof(UNITS[0]); i++) {
        if (10 * out->n_odd[UNITS[i]] <= out->n_blank_lines) {
            return UNITS[i];
        }
    }
    return DEFAULT_UNIT;
}

// The steps that the answer turned out to have, where they are others than was thought; 0: no.
static size_t review_step(const struct clean_out *out) {
    size_t unit = out->rules->options.unit.n;
    size_t all = unit_of_all(out);
    if (out->model_unit != unit && out->model_unit > 0) {
        return 10 * out->n_odd[out->model_unit] > out->n_blank_lines ? unit : 0;
    }
    return all < unit && all == out->least_step ? all : 0;
}

bool clean_indent_review(const struct clean_out *out, struct clean_hints *hints) {
    if (!hints->model_unit && out->rules->may_scale && out->n_blank_lines > 1 &&
        review_step(out) > 0) {
        hints->model_unit = review_step(out);
        return true;
    }
    if (!hints->model_unit && file_has_tabs(out) && out->n_blank_lines > 1 &&
        unit_of_all(out) < out->model_unit) {
        hints->model_unit = unit_of_all(out);
        return true;
    }
    if (!hints->has_shift && !out->is_first_told && out->is_decided &&
        review_shift(out, &hints->shift)) {
        hints->has_shift = true;
        return true;
    }
    return false;
}
