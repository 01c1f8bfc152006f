// SPDX-License-Identifier: MIT
//
// Every format's analysis and findings: ranges in the file and in order, limits kept, edits that
// can be applied, one preferred fix at most, nothing found where the probe promises that nothing
// would be, and the same result twice. Input: format (1 byte), path and server (1 byte), the file.
#include "base/json.h"
#include "base/limits.h"
#include "base/uri.h"
#include "base/utf.h"
#include "diagnostics/finding.h"
#include "fuzz/fuzz.h"

enum { FORMATS = FORMAT_MARKDOWN + 1, PATHS = 4 };

// Names that conventions look for, by format.
static const char *const PATHS_OF[FORMATS][PATHS] = {
    [FORMAT_NONE] = {"notes.txt", "a", "b", "c"},
    [FORMAT_MODELFILE] = {"Modelfile", "a.modelfile", "Modelfile", "x/Modelfile"},
    [FORMAT_DOTENV] = {".env", ".env.example", "backend/.env", ".envrc"},
    [FORMAT_YAML] = {"docker-compose.yml", ".continue/config.yaml", "litellm_config.yaml",
                     ".github/workflows/ci.yml"},
    [FORMAT_JSON] = {".continue/config.json", "opencode.json", ".zed/settings.json",
                     "package.json"},
    [FORMAT_TOML] = {".codex/config.toml", "pyproject.toml", "config.toml", "x.toml"},
    [FORMAT_SHELL] = {"run.sh", "start.bat", "justfile", "x.ps1"},
    [FORMAT_MAKEFILE] = {"Makefile", "x.mk", "Makefile", "GNUmakefile"},
    [FORMAT_DOCKERFILE] = {"Dockerfile", "Containerfile", "Dockerfile.dev", "Dockerfile"},
    [FORMAT_SYSTEMD] = {"ollama.service", "ollama.service.d/override.conf", "x.service",
                        "y.service"},
    [FORMAT_NAMEL3SS] = {"app.ai", "x/app.ai", "app.ai", "app.ai"},
    [FORMAT_MARKDOWN] = {"README.md", "docs/a.md", "AGENTS.md", "x.md"},
};

static const char TAGS[] =
    "{\"models\":[{\"name\":\"llama3.2:3b\",\"digest\":\"a1\",\"details\":{\"family\":\"llama\","
    "\"parameter_size\":\"3.2B\",\"context_length\":131072},\"capabilities\":[\"completion\","
    "\"tools\"]},"
    "{\"name\":\"qwen2.5-coder:7b\",\"digest\":\"b2\",\"capabilities\":[\"completion\",\"insert\"]}"
    ","
    "{\"name\":\"nomic-embed-text:latest\",\"digest\":\"c3\",\"capabilities\":[\"embedding\"]},"
    "{\"name\":\"gpt-oss:20b-cloud\",\"remote_host\":\"https://ollama.com\"}]}";

static struct analyzer *analyzer;
static struct catalog *catalog;

static void set_up(void) {
    if (analyzer) {
        return;
    }
    analyzer = analyzer_create(NULL, NULL, NULL);
    struct arena arena;
    arena_init(&arena);
    struct json_object *tags = NULL;
    FUZZ_CHECK(json_parse(&arena, str_from(TAGS), &tags, NULL) == ERR_OK);
    enum err result;
    catalog = catalog_create(STR("http://127.0.0.1:11434"), STR("0.33.0"), tags, NULL, NULL, NULL,
                             &result);
    FUZZ_CHECK(catalog);
    json_object_put(tags);
    arena_finish(&arena);
}

// Which server stands behind a host is of no matter here, that all verdicts occur is.
static struct server_view server_of(void *data, const struct reference_host *host) {
    unsigned which = *(unsigned *)data;
    struct server_view view = {.verdict = VERDICT_OK,
                               .catalog = catalog,
                               .url = STR("http://127.0.0.1:11434"),
                               .is_default = true,
                               .is_loopback = true};
    if (host->origin != HOST_ORIGIN_NONE && !host->is_container) {
        static const enum server_verdict VERDICTS[] = {VERDICT_UNTRUSTED, VERDICT_UNREACHABLE,
                                                       VERDICT_OK, VERDICT_UNKNOWN};
        view.verdict = VERDICTS[(which + host->written.n) % 4];
        view.catalog = view.verdict == VERDICT_OK ? catalog : NULL;
        view.from_file = true;
        view.is_default = false;
    }
    view.capped = host->is_container;
    return view;
}

static int path_exists(void *data, struct str absolute) {
    (void)data;
    return (int)(absolute.n % 3) - 1;
}

static void check_references(const struct analysis *analysis, struct str bytes) {
    FUZZ_CHECK(analysis->n_references <= LIMIT_REFERENCES);
    for (size_t i = 0; i < analysis->n_references; i++) {
        const struct reference *r = &analysis->references[i];
        FUZZ_CHECK(r->start <= r->end && r->end <= bytes.n && r->prefix_start <= r->start);
        FUZZ_CHECK(i == 0 || analysis->references[i - 1].start <= r->start);
        FUZZ_CHECK(r->host.start <= r->host.end && r->host.end <= bytes.n);
        FUZZ_CHECK(analysis_at(analysis, r->start));
        FUZZ_CHECK(r->kind != REF_PARAMETER_VALUE || r->model_index == SIZE_MAX ||
                   r->model_index < analysis->n_references);
    }
}

static void check_edits(const struct edit *edits, size_t n, struct str bytes) {
    for (size_t i = 0; i < n; i++) {
        FUZZ_CHECK(edits[i].start <= edits[i].end && edits[i].end <= bytes.n);
        FUZZ_CHECK(i == 0 || edits[i - 1].end <= edits[i].start);
    }
}

static void check_findings(const struct findings *findings, struct str bytes) {
    FUZZ_CHECK(findings->n <= LIMIT_FINDINGS);
    for (size_t i = 0; i < findings->n; i++) {
        const struct finding *f = &findings->at[i];
        FUZZ_CHECK(f->start <= f->end && f->end <= bytes.n);
        FUZZ_CHECK(i == 0 || findings->at[i - 1].start <= f->start);
        FUZZ_CHECK(f->severity != SEVERITY_OFF && f->message.n > 0 && utf8_is_valid(f->message));
        size_t preferred = 0;
        for (size_t k = 0; k < f->n_fixes; k++) {
            preferred += f->fixes[k].preferred;
            FUZZ_CHECK(utf8_is_valid(f->fixes[k].title));
            check_edits(f->fixes[k].edits, f->fixes[k].n_edits, bytes);
        }
        FUZZ_CHECK(preferred <= 1);
    }
}

struct outcome {
    size_t references, findings;
};

static struct outcome analyse(struct str bytes, enum format format, struct str path,
                              unsigned which) {
    struct arena arena;
    arena_init(&arena);
    struct text *text = text_create(bytes);
    const TSLanguage *language = format_language(format);
    struct tree *tree = language && (which & 8) ? tree_parse(text, language, NULL) : NULL;
    struct env_entry *entries;
    size_t n_entries =
        dotenv_entries(&arena, which & 16 ? STR("OLLAMA_HOST=10.0.0.1\n") : STR(""), &entries);
    struct str absolute = path_join(&arena, STR("/w"), path);
    struct analysis_input input = {.path = absolute,
                                   .folder_path = path,
                                   .format = format,
                                   .text = text,
                                   .tree = tree,
                                   .dotenv = entries,
                                   .n_dotenv = n_entries};
    struct analysis *analysis = analyzer_run(analyzer, &arena, &input);
    check_references(analysis, bytes);
    if (!analyzer_probe(analyzer, format, absolute, bytes)) {
        FUZZ_CHECK(analysis->n_references == 0);
    }
    struct finding_context context = {
        .server_of = server_of, .path_exists = path_exists, .data = &which, .directory = STR("/w")};
    struct findings findings = findings_make(&arena, &input, analysis, &context);
    check_findings(&findings, bytes);
    struct edit *edits = NULL;
    size_t n_edits = findings_certain_edits(&arena, &findings, &edits);
    check_edits(edits, n_edits, bytes);
    struct outcome outcome = {analysis->n_references, findings.n};
    tree_destroy(tree);
    text_release(text);
    arena_finish(&arena);
    return outcome;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    set_up();
    struct fuzz_input input = fuzz_input_of(data, size);
    enum format format = (enum format)(fuzz_byte(&input) % FORMATS);
    unsigned which = fuzz_byte(&input);
    struct str bytes = fuzz_exact(input.rest);
    struct str path = str_from(PATHS_OF[format][which % PATHS]);
    struct outcome first = analyse(bytes, format, path, which);
    struct outcome second = analyse(bytes, format, path, which);
    FUZZ_CHECK(first.references == second.references && first.findings == second.findings);
    (void)format_detect(path, STR(""), bytes);
    free((char *)bytes.p);
    return 0;
}
