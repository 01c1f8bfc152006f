// SPDX-License-Identifier: MIT
//
// The Modelfile's own findings: what Ollama's parser refuses, what `ollama create` refuses
// afterwards (parameters, REQUIRES, missing files, the template), and what it warns of. References
// (FROM's model) are judged by models.c.
#include "diagnostics/modelfile.h"

#include "base/uri.h"
#include "diagnostics/rules/rules.h"
#include "diagnostics/template.h"

bool modelfile_path_exists(struct rule_state *state, struct str path, bool *exists) {
    const struct finding_context *context = state->context;
    if (!context->path_exists || context->directory.n == 0 || path.n == 0 ||
        str_find_char(path, '\\') != STR_NPOS) {
        return false;
    }
    struct str asked = path;
    if (path.p[0] != '~') {
        asked = path_join(state->arena, context->directory, path);
        asked = path_normalize(state->arena, asked);
    }
    int answer = context->path_exists(context->data, asked);
    *exists = answer > 0;
    return answer >= 0;
}

// --- the parser's verdict ---

static enum finding_code fault_code(const struct modelfile_fault *fault) {
    switch (fault->kind) {
    case MODELFILE_FAULT_COMMAND:
    case MODELFILE_FAULT_UNFINISHED:
        return fault->command == MODELFILE_COMMANDS ? CODE_MODELFILE_UNKNOWN_INSTRUCTION
                                                    : CODE_MODELFILE_SYNTAX;
    case MODELFILE_FAULT_ROLE: return CODE_MODELFILE_INVALID_ROLE;
    case MODELFILE_FAULT_NO_FROM: return CODE_MODELFILE_MISSING_FROM;
    case MODELFILE_FAULT_NO_VALUE:
    case MODELFILE_FAULT_NAME_CHAR:
    case MODELFILE_FAULT_UNCLOSED: break;
    }
    return CODE_MODELFILE_SYNTAX;
}

// What it means and what to do.
static struct str fault_remedy(struct rule_state *state, const struct modelfile_fault *fault) {
    struct arena *arena = state->arena;
    struct str text = shown(state, fault->text);
    struct str command = modelfile_command_name(fault->command);
    switch (fault->kind) {
    case MODELFILE_FAULT_COMMAND:
    case MODELFILE_FAULT_UNFINISHED:
        if (fault->command != MODELFILE_COMMANDS) {
            return arena_printf(arena, "%.*s needs its value on the same line", STR_ARG(command));
        }
        return arena_printf(
            arena,
            "%.*s is no Modelfile instruction; text over several lines goes between "
            "\"\"\" and \"\"\"",
            STR_ARG(text.n > 0 ? text : STR("this")));
    case MODELFILE_FAULT_ROLE:
        return text.n > 0 ? arena_printf(arena,
                                         "%.*s is no message role: system, user or assistant, in "
                                         "lower case",
                                         STR_ARG(text))
                          : STR("a message role follows one blank behind MESSAGE: system, user or "
                                "assistant");
    case MODELFILE_FAULT_NO_VALUE:
        return arena_printf(arena, "%.*s %.*s needs a value on the same line", STR_ARG(command),
                            STR_ARG(text));
    case MODELFILE_FAULT_NAME_CHAR:
        return fault->command == MODELFILE_MESSAGE
                   ? STR("a message role is followed by one blank and the text")
                   : STR("a parameter's name has only letters, digits and _, and one blank behind "
                         "it");
    case MODELFILE_FAULT_UNCLOSED:
        return arena_printf(
            arena,
            "the quoted value of %.*s is never closed: the closing quotes must be the "
            "last characters of a line",
            STR_ARG(command));
    case MODELFILE_FAULT_NO_FROM: break;
    }
    return STR("a Modelfile needs a FROM line that names a model or a file");
}

static void offer_word(struct rule_state *state, struct finding *finding, size_t start, size_t end,
                       struct str word, bool preferred) {
    struct str title = arena_printf(state->arena, "Change to %.*s", STR_ARG(word));
    struct fix *fix = fix_replace(state, finding, start, end, word, title);
    if (fix) {
        fix->preferred = preferred;
    }
}

static void offer_near_instruction(struct rule_state *state, struct finding *finding,
                                   const struct modelfile_fault *fault) {
    struct str names[MODELFILE_COMMANDS];
    for (size_t i = 0; i < MODELFILE_COMMANDS; i++) {
        names[i] = modelfile_command_name((enum modelfile_command)i);
    }
    size_t near = suggest_word(fault->text, names, MODELFILE_COMMANDS);
    if (near != STR_NPOS && fault->end - fault->start == fault->text.n) {
        offer_word(state, finding, fault->start, fault->end, names[near], true);
    }
}

static void say_fault(struct rule_state *state, const struct modelfile_fault *fault) {
    struct finding *finding =
        finding_add(state, fault_code(fault), NO_CAP, fault->start, fault->end, SIZE_MAX);
    if (!finding) {
        return;
    }
    finding->name = fault->text;
    finding->message = fault_remedy(state, fault);
    if (finding->code == CODE_MODELFILE_UNKNOWN_INSTRUCTION) {
        offer_near_instruction(state, finding, fault);
    } else if (finding->code == CODE_MODELFILE_INVALID_ROLE && fault->text.n > 0) {
        const struct str *roles;
        size_t n = modelfile_roles(&roles);
        size_t near = suggest_word(fault->text, roles, n);
        if (near != STR_NPOS) {
            offer_word(state, finding, fault->start, fault->end, roles[near],
                       str_ieq(fault->text, roles[near]));
        }
    } else if (fault->kind == MODELFILE_FAULT_NAME_CHAR && fault->command == MODELFILE_MESSAGE &&
               str_eq(str_slice(state->bytes, fault->start, fault->end), STR(":"))) {
        struct fix *fix =
            fix_replace(state, finding, fault->start, fault->end, STR(""), STR("Remove the colon"));
        if (fix) {
            fix->preferred = true;
        }
    }
}

// --- what create refuses ---

static struct str parameter_near(struct str name) {
    struct str names[64];
    size_t n = 0;
    for (size_t i = 0; i < parameter_count() && n < 64; i++) {
        if (!parameter_at(i)->deprecated) {
            names[n++] = parameter_at(i)->name;
        }
    }
    size_t near = suggest_word(name, names, n);
    return near == STR_NPOS ? STR_NONE : names[near];
}

static void check_unknown_parameter(struct rule_state *state,
                                    const struct modelfile_instruction *in) {
    size_t end = in->name.n > 0 ? in->name_end : in->outer_end;
    struct finding *finding =
        finding_add(state, CODE_MODELFILE_UNKNOWN_PARAMETER, NO_CAP,
                    in->name.n > 0 ? in->name_start : in->keyword_start, end, SIZE_MAX);
    if (!finding) {
        return;
    }
    finding->name = in->name;
    if (in->name.n == 0) {
        finding->message =
            STR("one blank only stands between PARAMETER and the name: Ollama reads an "
                "empty parameter name here");
        return;
    }
    struct str near = parameter_near(in->name);
    finding->message = arena_printf(
        state->arena, "Ollama refuses the parameter %.*s%s%.*s%s", STR_ARG(shown(state, in->name)),
        near.n > 0 ? "; did you mean " : "", STR_ARG(near), near.n > 0 ? "?" : ": remove the line");
    if (near.n > 0) {
        offer_word(state, finding, in->name_start, in->name_end, near, true);
    }
}

static bool is_not_finite(const struct parameter *parameter, struct str value) {
    struct str word = value;
    if (parameter->type != VALUE_FLOAT) {
        return false;
    }
    if (word.n > 0 && (word.p[0] == '+' || word.p[0] == '-')) {
        word = str_from_index(word, 1);
    }
    return str_ieq(word, STR("nan")) || str_ieq(word, STR("inf")) || str_ieq(word, STR("infinity"));
}

static void check_parameter(struct rule_state *state, const struct modelfile_instruction *in) {
    const struct parameter *parameter = parameter_find(in->name);
    if (!parameter) {
        check_unknown_parameter(state, in);
        return;
    }
    struct finding *finding;
    if (parameter->deprecated) {
        finding = finding_add(state, CODE_MODELFILE_DEPRECATED_PARAMETER, NO_CAP, in->name_start,
                              in->name_end, SIZE_MAX);
        if (finding) {
            finding->name = in->name;
            finding->message = arena_printf(
                state->arena, "Ollama no longer knows %.*s: it warns and drops the line",
                STR_ARG(in->name));
        }
        return;
    }
    bool is_fine = parameter_value_ok(parameter, in->value);
    if (is_fine && !is_not_finite(parameter, in->value)) {
        return;
    }
    size_t start = in->value.n > 0 ? in->start : in->name_start;
    size_t end = in->value.n > 0 ? in->end : in->name_end;
    finding = finding_add(state, CODE_MODELFILE_INVALID_PARAMETER, NO_CAP, start, end, SIZE_MAX);
    if (!finding) {
        return;
    }
    finding->name = in->name;
    struct str value = in->value.n > 0 ? shown(state, in->value) : STR("nothing");
    finding->message = arena_printf(state->arena, "%.*s takes %s, not %.*s", STR_ARG(in->name),
                                    value_type_text(parameter->type), STR_ARG(value));
    struct str fixed = STR_NONE;
    if (parameter->type == VALUE_BOOL &&
        !value_check(state->arena, VALUE_BOOL, NULL, 0, in->value, &fixed) && fixed.n > 0) {
        offer_word(state, finding, in->start, in->end, fixed, true);
    }
    double number;
    if (parameter->type == VALUE_INT && !is_fine && str_to_double(in->value, &number) &&
        number > -2147483648.0 && number < 2147483648.0 && number == (double)(int64_t)number) {
        offer_word(state, finding, in->start, in->end,
                   arena_printf(state->arena, "%lld", (long long)number), true);
    }
}

static size_t count_digits(struct str text, size_t at) {
    size_t n = 0;
    while (at + n < text.n && char_is_digit(text.p[at + n])) {
        n++;
    }
    return n > 1 && text.p[at] == '0' ? 0 : n; // no leading zeros
}

// golang.org/x/mod/semver with an optional "v": MAJOR[.MINOR[.PATCH[-pre][+build]]].
static bool is_semver(struct str text) {
    size_t at = str_starts(text, STR("v")) ? 1 : 0;
    for (unsigned part = 0; part < 3; part++) {
        size_t n = count_digits(text, at);
        if (n == 0) {
            return false;
        }
        at += n;
        if (at == text.n) {
            return true;
        }
        if (part < 2) {
            if (text.p[at] != '.') {
                return false;
            }
            at++;
        }
    }
    if (text.p[at] != '-' && text.p[at] != '+') {
        return false;
    }
    for (at++; at < text.n; at++) {
        if (!char_is_alnum(text.p[at]) && !strchr("-.+", text.p[at])) {
            return false;
        }
    }
    return !strchr("-.+", text.p[text.n - 1]);
}

static void check_requires(struct rule_state *state, const struct modelfile_instruction *in) {
    if (is_semver(in->value)) {
        return;
    }
    struct finding *finding =
        finding_add(state, CODE_MODELFILE_SYNTAX, NO_CAP, in->outer_start, in->outer_end, SIZE_MAX);
    if (finding) {
        finding->name = in->value;
        finding->message =
            arena_printf(state->arena, "REQUIRES takes a version such as 0.14.0, not %.*s",
                         STR_ARG(shown(state, in->value)));
    }
}

static void check_file(struct rule_state *state, const struct modelfile_instruction *in) {
    bool is_from = in->command == MODELFILE_FROM;
    bool exists = true;
    if ((is_from && !modelfile_from_is_path(in->value)) ||
        !modelfile_path_exists(state, in->value, &exists) || exists) {
        return;
    }
    struct finding *finding =
        finding_add(state, CODE_MODELFILE_MISSING_FILE, NO_CAP, in->start, in->end, SIZE_MAX);
    if (finding) {
        finding->name = in->value;
        finding->message = arena_printf(
            state->arena, "%.*s: there is no file %.*s (paths are relative to the Modelfile)",
            STR_ARG(modelfile_command_name(in->command)), STR_ARG(shown(state, in->value)));
    }
}

#define MAX_FROM_FILES 32

// The files that FROM lines name, as far as they are there.
struct from_files {
    struct str paths[MAX_FROM_FILES];
    size_t n;
};

static struct str absolute(struct rule_state *state, struct str path) {
    return path_normalize(state->arena, path_join(state->arena, state->context->directory, path));
}

static void collect_from_files(struct rule_state *state, const struct modelfile *file,
                               struct from_files *out) {
    out->n = 0;
    for (size_t i = 0; i < file->n && out->n < MAX_FROM_FILES; i++) {
        bool exists = false;
        if (file->at[i].command == MODELFILE_FROM &&
            modelfile_path_exists(state, file->at[i].value, &exists) && exists) {
            out->paths[out->n++] = absolute(state, file->at[i].value);
        }
    }
}

// DRAFT must be another file than FROM.
static void check_draft(struct rule_state *state, const struct from_files *from,
                        const struct modelfile_instruction *draft) {
    struct str path = from->n > 0 ? absolute(state, draft->value) : STR_NONE;
    for (size_t i = 0; i < from->n; i++) {
        if (!str_eq(path, from->paths[i])) {
            continue;
        }
        struct finding *finding =
            finding_add(state, CODE_MODELFILE_SYNTAX, NO_CAP, draft->start, draft->end, SIZE_MAX);
        if (finding) {
            finding->name = draft->value;
            finding->message = STR("DRAFT must not name the same file as FROM");
        }
        return;
    }
}

// --- the template ---

static size_t value_offset(const struct modelfile_instruction *in, size_t i) {
    return in->map ? in->map[i] : in->start + i;
}

static void check_template(struct rule_state *state, const struct modelfile_instruction *in) {
    struct template_problem *problems;
    size_t n = template_check(state->arena, in->value, &problems);
    for (size_t i = 0; i < n; i++) {
        const struct template_problem *problem = &problems[i];
        size_t start = value_offset(in, problem->start);
        size_t end = value_offset(in, problem->end);
        struct finding *finding = finding_add(state, CODE_MODELFILE_TEMPLATE,
                                              problem->is_error ? SEVERITY_ERROR : SEVERITY_WARNING,
                                              start, end, SIZE_MAX);
        if (!finding) {
            continue;
        }
        finding->message = problem->message;
        finding->name = str_slice(in->value, problem->start, problem->end);
        if (problem->instead.n > 0) {
            bool has_dot = start > 0 && state->bytes.p[start - 1] == '.';
            struct str title = arena_printf(state->arena, "Change to %s%.*s", has_dot ? "." : "",
                                            STR_ARG(problem->instead));
            struct fix *fix = fix_replace(state, finding, start, end, problem->instead, title);
            if (fix) {
                fix->preferred = true;
            }
        }
    }
}

void rule_modelfile(struct rule_state *state) {
    struct modelfile file;
    modelfile_parse(state->arena, state->bytes, &file);
    state->no_edits = file.is_utf16;
    for (size_t i = 0; i < file.n_faults; i++) {
        say_fault(state, &file.faults[i]);
    }
    struct from_files from;
    collect_from_files(state, &file, &from);
    const struct modelfile_instruction *template = NULL;
    for (size_t i = 0; i < file.n && !state->full; i++) {
        const struct modelfile_instruction *in = &file.at[i];
        switch (in->command) {
        case MODELFILE_PARAMETER: check_parameter(state, in); break;
        case MODELFILE_REQUIRES: check_requires(state, in); break;
        case MODELFILE_DRAFT:
            check_draft(state, &from, in);
            check_file(state, in);
            break;
        case MODELFILE_FROM:
        case MODELFILE_ADAPTER: check_file(state, in); break;
        case MODELFILE_TEMPLATE:
            template = in; // the last one wins; the others are never looked at
            break;
        default: break;
        }
    }
    if (template) {
        check_template(state, template);
    }
}
