// SPDX-License-Identifier: MIT
//
// What `ollama create` says about a Modelfile (data/modelfiles.tsv) against our findings: whatever
// it refuses is an error here and nothing else is, whatever it warns of is a warning. Tables of
// codes and severities; templates against Go's verdict.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/uri.h"
#include "diagnostics/finding.h"
#include "diagnostics/template.h"

static struct server_view no_server(void *data, const struct reference_host *host) {
    (void)data;
    (void)host;
    return (struct server_view){.verdict = VERDICT_UNKNOWN};
}

// The folder of the probes held one file, tiny.gguf.
static int probe_folder(void *data, struct str path) {
    (void)data;
    return str_eq(path, STR("/w/tiny.gguf")) || str_eq(path, STR("/w"));
}

static struct findings findings_of(struct arena *arena, struct analyzer *analyzer,
                                   struct text *text) {
    struct analysis_input input = {.path = STR("/w/Modelfile"),
                                   .folder_path = STR("Modelfile"),
                                   .format = FORMAT_MODELFILE,
                                   .text = text};
    struct finding_context context = {
        .server_of = no_server, .path_exists = probe_folder, .directory = STR("/w")};
    return findings_make(arena, &input, analyzer_run(analyzer, arena, &input), &context);
}

// Accepted by the parser and by the CLI's first step, refused later: "the text is taken as a model
// name; the later failure is then `invalid model name`" (reference 4.3), and names no model can
// have.
static bool is_refused_later(struct str id) {
    static const struct str ids[] = {
        STR_INIT("R3"),  STR_INIT("R4"),  STR_INIT("R5"),  STR_INIT("R6"),  STR_INIT("R7"),
        STR_INIT("R9"),  STR_INIT("R10"), STR_INIT("R16"), STR_INIT("P14"), STR_INIT("P79"),
        STR_INIT("P81"), STR_INIT("P92"), STR_INIT("P98"), STR_INIT("P72"), STR_INIT("R1"),
        STR_INIT("R2"),  STR_INIT("R40"), STR_INIT("R43"), STR_INIT("P80"), STR_INIT("P147"),
    };
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        if (str_eq(id, ids[i])) {
            return true;
        }
    }
    return false;
}

static size_t count(const struct findings *findings, enum severity severity,
                    enum finding_code code) {
    size_t n = 0;
    for (size_t i = 0; i < findings->n; i++) {
        n += findings->at[i].severity == severity &&
             (code == CODE_COUNT || findings->at[i].code == code);
    }
    return n;
}

static size_t occurrences(struct str text, struct str word) {
    size_t n = 0;
    for (size_t at; (at = str_find(text, word)) != STR_NPOS; n++) {
        text = str_from_index(text, at + word.n);
    }
    return n;
}

static void test_create(void **state) {
    (void)state;
    struct arena arena = {0};
    struct analyzer *analyzer = analyzer_create(NULL, NULL, NULL);
    struct str file, line;
    assert_int_equal(file_read(&arena, TEST_DATA_DIR "/unit/data/modelfiles.tsv", 1 << 20, &file),
                     ERR_OK);
    size_t rows = 0;
    while (str_next_line(&file, &line)) {
        if (line.n == 0 || line.p[0] == '#') {
            continue;
        }
        struct str id = str_split(&line, '\t');
        struct json_object *json = NULL;
        assert_int_equal(json_parse(&arena, str_split(&line, '\t'), &json, NULL), ERR_OK);
        struct text *text = text_create(json_str(json));
        json_object_put(json);
        bool accept = str_eq(str_split(&line, '\t'), STR("accept"));
        str_split(&line, '\t');
        struct str create = line;
        bool refused = !accept || str_starts(create, STR("create error")) ||
                       str_starts(create, STR("the JSON request")) || is_refused_later(id);
        struct findings findings = findings_of(&arena, analyzer, text);
        size_t errors = count(&findings, SEVERITY_ERROR, CODE_COUNT);
        bool is_parameter_test = str_contains(text_str(text), STR("PARAMETER param1 ")) ||
                                 str_contains(text_str(text), STR("PARAMETER what "));
        if ((errors > 0) != (refused || is_parameter_test)) {
            fail_msg("%.*s: %zu errors, create: %.*s\n%.*s", STR_ARG(id), errors, STR_ARG(create),
                     STR_ARG(errors > 0 ? findings.at[0].message : STR("")));
        }
        size_t deprecated = count(&findings, SEVERITY_WARNING, CODE_MODELFILE_DEPRECATED_PARAMETER);
        size_t warnings = count(&findings, SEVERITY_WARNING, CODE_COUNT);
        if ((errors == 0 && warnings != deprecated) ||
            deprecated != occurrences(create, STR("is deprecated"))) {
            fail_msg("%.*s: %zu warnings, create: %.*s", STR_ARG(id), warnings, STR_ARG(create));
        }
        text_release(text);
        rows++;
    }
    assert_int_equal(rows, 220);
    analyzer_release(analyzer);
    arena_finish(&arena);
}

static void test_templates(void **state) {
    (void)state;
    // Text and what is found: "" nothing, "E word" an error, "W word" a warning at these bytes.
    static const struct {
        const char *text;
        const char *found;
    } cases[] = {
        {"", ""},
        {"plain { } text }}", ""},
        {"{{ .Prompt }}", ""},
        {"{{- .Prompt -}}", ""},
        {"{{.Prompt}}{{/* note */}}{{- /* note */ -}}", ""},
        {"{{ if .System }}a{{ else if .Prompt }}b{{ else }}c{{ end }}", ""},
        {"{{ range .Messages }}{{ .Content }}{{ else }}none{{ end }}", ""},
        {"{{ range $i, $m := .Messages }}{{ $m.Role }}{{ $i }}{{ $.System }}{{ end }}", ""},
        {"{{ $x := 1 }}{{ $x = 2 }}{{ $x }}", ""},
        {"{{ with $m := index .Messages 0 }}{{ $m.Role }}{{ .Role }}{{ end }}", ""},
        {"{{ len .Messages | printf \"%d\" | print }}", ""},
        {"{{ printf \"%q %v\" \"a\\\"b\" `raw\n` 'x' 1.5 -3 0x1F true nil }}", ""},
        {"{{ define \"t\" }}{{ .Whatever }}{{ end }}{{ template \"t\" . }}", ""},
        {"{{ block \"b\" .Tools }}{{ .Whatever }}{{ end }}", ""},
        {"{{ range .Tools }}{{ .Function.Name }}{{ range $k, $v := .Function.Parameters.Properties "
         "}}"
         "{{ $v.Type }}{{ end }}{{ end }}",
         ""},
        {"{{ (index .Messages 0).Role }}", ""},
        {"{{ range .Messages }}{{ if .ToolCalls }}{{ break }}{{ end }}{{ continue }}{{ end }}", ""},
        {"{{ .Think }}{{ .ThinkLevel }}{{ .IsThinkSet }}{{ .Suffix }}{{ .Response }}", ""},
        {"{{ if\n.System\n}}x{{ end }}", ""},
        {"{{ .First }}", "W First"},
        {"{{ .system }}", "W system"},
        {"{{ $.Nope }}", "W Nope"},
        {"{{ range .Messages }}{{ .Prompt }}{{ end }}", "E Prompt"},
        {"{{ range .Messages }}{{ .content }}{{ end }}", "E content"},
        {"{{ range $m := .Messages }}{{ $m.Contents }}{{ end }}", "E Contents"},
        {"{{ range slice .Messages 1 }}{{ .Nope }}{{ end }}", "E Nope"},
        {"{{ (index .Messages 0).Nope }}", "E Nope"},
        {"{{ range .Messages }}{{ range .ToolCalls }}{{ .Name }}{{ end }}{{ end }}", "E Name"},
        {"{{ range .Tools }}{{ .Name }}{{ end }}", "E Name"},
        {"{{ .Prompt", "E {{"},
        {"{{ .Prompt }", "E }"},
        {"{{ if .System }}x", "E {{"},
        {"x{{ end }}", "E {{ end"},
        {"x{{ else }}", "E {{ else"},
        {"{{ if }}x{{ end }}", "E {{ if }}"},
        {"{{ }}", "E {{ }}"},
        {"{{ nofunc 1 }}", "E nofunc"},
        {"{{ $x }}", "E $x"},
        {"{{ if .System }}{{ $x := 1 }}{{ end }}{{ $x }}", "E $x"},
        {"{{ \"open }}", "E \"open }}"},
        {"{{ `open }}", "E `open }}"},
        {"{{/* open }}", "E {{/*"},
        {"{{ (len .Messages }}", "E {{ (len .Messages "},
        {"{{ len .Messages) }}", "E )"},
        {"{{ .Prompt | }}", "E }}"},
        {"{{ break }}", "E {{ break"},
        {"{{ template x }}", "E x"},
        {"{{ if .System }}{{ define \"t\" }}{{ end }}{{ end }}", "E define"},
        {"{{ 1.x }}", ""},
        {"{{ .Prompt# }}", "E #"},
        {"{{ with $a, $b := .System }}{{ end }}", "E ,"},
        {"{{ range .Messages }}{{ else }}{{ else }}{{ end }}", "E {{ else "},
    };
    struct arena arena = {0};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct str text = str_from(cases[i].text);
        struct template_problem *problems;
        size_t n = template_check(&arena, text, &problems);
        struct str found = STR("");
        if (n > 0) {
            found = arena_printf(&arena, "%s %.*s", problems[0].is_error ? "E" : "W",
                                 STR_ARG(str_slice(text, problems[0].start, problems[0].end)));
        }
        if (n > 1 || !str_eq(found, str_from(cases[i].found))) {
            fail_msg("%s\n expected \"%s\", got %zu: \"%.*s\" %.*s", cases[i].text, cases[i].found,
                     n, STR_ARG(found), STR_ARG(n > 0 ? problems[0].message : STR("")));
        }
    }
    arena_finish(&arena);
}

static void test_template_depth(void **state) {
    (void)state;
    struct arena arena = {0};
    size_t n = 200000;
    char *text = ARENA_ARRAY(&arena, n + 1, char);
    for (size_t i = 0; i < n; i++) {
        text[i] = "{{if("[i % 5];
    }
    struct template_problem *problems;
    assert_true(template_check(&arena, str_of(text, n), &problems) <= 1);
    memset(text, '(', n);
    memcpy(text, "{{", 2);
    assert_true(template_check(&arena, str_of(text, n), &problems) <= 1);
    arena_finish(&arena);
}

static void test_tables(void **state) {
    (void)state;
    struct arena arena = {0};
    struct str docs;
    assert_int_equal(file_read(&arena, SOURCE_DIR "/docs/findings.md", 1 << 20, &docs), ERR_OK);
    for (size_t i = 0; i < CODE_COUNT; i++) {
        enum finding_code code;
        assert_true(finding_code_parse(str_from(finding_code_name((enum finding_code)i)), &code));
        assert_int_equal(code, i);
        assert_true(finding_code_severity(code) != SEVERITY_OFF);
        assert_true(strlen(finding_code_about(code)) > 10);
        const char *name = finding_code_name(code); // the anchor that codeDescription links to
        assert_true(str_contains(docs, arena_printf(&arena, "\n## %s\n", name)));
    }
    arena_finish(&arena);
    for (int i = SEVERITY_OFF; i <= SEVERITY_HINT; i++) {
        enum severity severity;
        assert_true(severity_parse(str_from(severity_name((enum severity)i)), &severity));
        assert_int_equal(severity, i);
    }
    enum severity severity;
    assert_false(severity_parse(STR("Error"), &severity));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_create),
        cmocka_unit_test(test_templates),
        cmocka_unit_test(test_template_depth),
        cmocka_unit_test(test_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
