// SPDX-License-Identifier: MIT
//
// cases_runner [--update] FOLDER [NAME…]: checks every *.case of a folder. Beyond the expected
// findings it holds each case to what must be true of all findings: ranges in the file, one line of
// text, at most one preferred fix, no secret shown, an applied fix makes its finding go away, and
// certain fixes come to an end. With all cases run, every finding code must have occurred.
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/uri.h"
#include "base/utf.h"
#include "case_run.h"

// Texts hold this word wherever a credential would stand (DESIGN A11).
#define SECRET STR("s3cret")

struct runner {
    bool update;
    size_t n_cases, n_failed, n_updated;
    bool seen[CODE_COUNT];
};

struct check {
    struct runner *runner;
    struct case_run *run;
    const struct case_file *file;
    bool failed;
};

static void complain(struct check *check, const char *what, struct str detail) {
    fprintf(stderr, "%.*s: %s\n%.*s\n", STR_ARG(check->file->path), what, STR_ARG(detail));
    check->failed = true;
}

static struct str apply(struct arena *arena, struct str bytes, const struct edit *edits, size_t n) {
    struct buf out;
    buf_init(&out, 1u << 24);
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        buf_append(&out, str_slice(bytes, at, edits[i].start));
        buf_append(&out, edits[i].text);
        at = edits[i].end;
    }
    buf_append(&out, str_from_index(bytes, at));
    struct str copy = arena_copy(arena, buf_str(&out));
    buf_finish(&out);
    return copy;
}

static bool is_secret(struct str s) {
    return str_contains(s, SECRET);
}

static void check_finding(struct check *check, const struct case_result *result, size_t i) {
    const struct finding *f = &result->findings.at[i];
    struct str bytes = text_str(result->text);
    if (f->start > f->end || f->end > bytes.n) {
        complain(check, "range outside the file", f->message);
    }
    if (f->message.n == 0 || !utf8_is_valid(f->message) ||
        display_escape(check->run->arena, f->message, 0).p != f->message.p) {
        complain(check, "a message must be one printable line", f->message);
    }
    bool leaks = is_secret(f->message) || is_secret(f->name) || is_secret(f->host);
    size_t n_preferred = 0;
    for (size_t k = 0; k < f->n_fixes; k++) {
        leaks = leaks || is_secret(f->fixes[k].title);
        n_preferred += f->fixes[k].preferred;
        if (f->fixes[k].certain && !f->fixes[k].preferred) {
            complain(check, "certain but not preferred", f->fixes[k].title);
        }
    }
    if (leaks) {
        complain(check, "a credential is shown", f->message);
    }
    if (n_preferred > 1) {
        complain(check, "more than one preferred fix", f->message);
    }
}

static size_t count_code(const struct case_result *result, enum finding_code code) {
    size_t n = 0;
    for (size_t i = 0; i < result->findings.n; i++) {
        n += result->findings.at[i].code == code;
    }
    return n;
}

// Every edit that is offered mends what it is offered for.
static void check_fixes(struct check *check, const struct case_result *result) {
    for (size_t i = 0; i < result->findings.n; i++) {
        const struct finding *f = &result->findings.at[i];
        for (size_t k = 0; k < f->n_fixes; k++) {
            const struct fix *fix = &f->fixes[k];
            if (fix->kind != FIX_EDIT) {
                continue;
            }
            struct case_result fixed;
            struct str bytes =
                apply(check->run->arena, text_str(result->text), fix->edits, fix->n_edits);
            case_run_analyse(check->run, bytes, &fixed);
            if (count_code(&fixed, f->code) >= count_code(result, f->code)) {
                complain(check, "still there after the fix", fix->title);
                complain(check, "the text then is", bytes);
            }
            case_result_finish(&fixed);
        }
    }
}

// Applying them again and again comes to an end. (A mended host can show that its models are
// wrong.)
static void check_certain(struct check *check, const struct case_result *result) {
    struct edit *edits;
    size_t n = findings_certain_edits(check->run->arena, &result->findings, &edits);
    struct str bytes = text_str(result->text);
    for (unsigned round = 0; n > 0 && round < 4; round++) {
        bytes = apply(check->run->arena, bytes, edits, n);
        struct case_result fixed;
        case_run_analyse(check->run, bytes, &fixed);
        n = findings_certain_edits(check->run->arena, &fixed.findings, &edits);
        case_result_finish(&fixed);
    }
    if (n > 0) {
        complain(check, "certain fixes never come to an end", bytes);
    }
}

static void compare(struct check *check, const char *section, struct str got) {
    struct str expected = case_file_body(check->file, str_from(section));
    if (!str_eq(got, expected)) {
        complain(check, "expected", expected);
        complain(check, "got", got);
    }
}

static void update(struct check *check, struct str references, struct str findings) {
    struct str text = case_file_rewrite(check->run->arena, check->file, references, findings);
    if (str_eq(text, check->file->bytes)) {
        return;
    }
    struct error error = {0};
    if (file_write_atomic(arena_cstr(check->run->arena, check->file->path), text, 0644, &error,
                          check->run->arena) != ERR_OK) {
        complain(check, "cannot be written", error.message);
    }
    check->runner->n_updated++;
}

static void run_case(struct runner *runner, struct str path) {
    struct arena arena = {0};
    struct case_file file;
    struct case_run run;
    struct check check = {.runner = runner, .run = &run, .file = &file};
    runner->n_cases++;
    if (!case_file_read(&arena, path, &file)) {
        complain(&check, "cannot be read", STR(""));
        runner->n_failed++;
        arena_finish(&arena);
        return;
    }
    case_run_init(&run, &arena, &file);
    if (run.problem.n > 0) {
        complain(&check, "bad case", run.problem);
    }
    struct case_result result;
    case_run_analyse(&run, run.bytes, &result);
    struct str findings = case_show_findings(&arena, &result);
    struct str references = case_show_references(&arena, &result);
    if (runner->update) {
        update(&check, references, findings);
    } else {
        compare(&check, "findings", findings);
        size_t from = 0;
        if (case_file_section(&file, STR("references"), &from)) {
            compare(&check, "references", references);
        }
    }
    for (size_t i = 0; i < result.findings.n; i++) {
        runner->seen[result.findings.at[i].code] = true;
        check_finding(&check, &result, i);
    }
    check_fixes(&check, &result);
    check_certain(&check, &result);
    case_result_finish(&result);
    case_run_finish(&run);
    runner->n_failed += check.failed;
    arena_finish(&arena);
}

static int is_case(const struct dirent *entry) {
    return str_ends(str_from(entry->d_name), STR(".case"));
}

static bool is_wanted(const char *name, int argc, char **argv) {
    for (int i = 0; i < argc; i++) {
        if (str_contains(str_from(name), str_from(argv[i]))) {
            return true;
        }
    }
    return argc == 0;
}

int main(int argc, char **argv) {
    struct runner runner = {0};
    int at = 1;
    if (at < argc && str_eq(str_from(argv[at]), STR("--update"))) {
        runner.update = true;
        at++;
    }
    if (at >= argc) {
        fprintf(stderr, "usage: cases_runner [--update] FOLDER [NAME...]\n");
        return 2;
    }
    const char *folder = argv[at++];
    struct dirent **entries = NULL;
    int n = scandir(folder, &entries, is_case, alphasort);
    struct arena arena = {0};
    for (int i = 0; i < n; i++) {
        if (is_wanted(entries[i]->d_name, argc - at, argv + at)) {
            run_case(&runner, path_join(&arena, str_from(folder), str_from(entries[i]->d_name)));
        }
        free(entries[i]);
    }
    free(entries);
    arena_finish(&arena);
    for (size_t code = 0; code < CODE_COUNT && at >= argc; code++) {
        if (!runner.seen[code]) {
            fprintf(stderr, "no case shows %s\n", finding_code_name((enum finding_code)code));
            runner.n_failed++;
        }
    }
    printf("%zu cases, %zu failed, %zu updated\n", runner.n_cases, runner.n_failed,
           runner.n_updated);
    return runner.n_failed > 0 || runner.n_cases == 0;
}
