// SPDX-License-Identifier: MIT
//
// Hostile files cost time in proportion to their size: each pattern is analysed at a size and at
// twice the size, in CPU time, and must not take more than three times as long (quadratic: four
// times). Small sizes come first, so that even a cubic reader fails soon. The same files show that
// nesting of any depth does not reach the end of the stack.
//
//   fault_scaling [--small] [NAME]
//       --small: without the largest size; NAME: only patterns whose name contains it, with the figures
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/uri.h"
#include "diagnostics/finding.h"

struct pattern {
    const char *name;
    enum format format;
    const char *path;
    struct str head; // so that the probe finds something
    struct str unit; // repeated
    struct str tail;
};

#define PATTERN(name, format, path, head, unit, tail)                                              \
    { name, FORMAT_##format, path, STR_INIT(head), STR_INIT(unit), STR_INIT(tail) }

static const struct pattern PATTERNS[] = {
    PATTERN("shell quotes", SHELL, "a.sh", "ollama run x\n", "\"", ""),
    PATTERN("shell single quotes", SHELL, "a.sh", "ollama run x\n", "'", ""),
    PATTERN("shell mixed quotes", SHELL, "a.sh", "ollama run x\n", "\"'", ""),
    PATTERN("shell backticks", SHELL, "a.sh", "ollama run x\n", "`", ""),
    PATTERN("shell substitutions", SHELL, "a.sh", "ollama run x\n", "$(", ""),
    PATTERN("shell braces", SHELL, "a.sh", "ollama run x\n", "${a:-", ""),
    PATTERN("shell backslashes", SHELL, "a.sh", "ollama run x ", "\\", ""),
    PATTERN("shell continuations", SHELL, "a.sh", "ollama run ", "\\\n", ""),
    PATTERN("shell heredocs", SHELL, "a.sh", "ollama run x\n", "cat <<A\n", ""),
    PATTERN("shell heredocs of other names", SHELL, "a.sh", "ollama run x\n",
            "cat <<'B' <<C\nollama\n", ""),
    PATTERN("shell one long command", SHELL, "a.sh", "ollama run ", "--flag=x ", "llama3"),
    PATTERN("shell pipes", SHELL, "a.sh", "", "ollama run x|", ""),
    PATTERN("shell exports", SHELL, "a.sh", "", "export OLLAMA_HOST=http://a:1\n", ""),
    PATTERN("shell references", SHELL, "a.sh", "", "ollama run lama3\n", ""),
    PATTERN("shell variables", SHELL, "a.sh", "", "M=$M$N ollama run $M\n", ""),
    PATTERN("shell curl bodies", SHELL, "a.sh", "",
            "curl http://localhost:11434/api/chat -d '{\"model\":\"x\"'\n", ""),
    PATTERN("shell curl one body", SHELL, "a.sh", "curl http://localhost:11434/api/chat -d '",
            "{\"model\":", "'"),
    PATTERN("shell nested sh -c", SHELL, "a.sh", "", "sh -c \"ollama run x; ", ""),
    PATTERN("shell wrappers", SHELL, "a.sh", "", "sudo env A=b time ", "ollama run x\n"),
    PATTERN("makefile", MAKEFILE, "Makefile", "", "a:\n\t@ollama run lama3\n", ""),
    PATTERN("makefile continuations", MAKEFILE, "Makefile", "a:\n\tollama run ", "\\\n\t", ""),
    PATTERN("makefile variables", MAKEFILE, "Makefile", "", "M := $(M) $(N)\n",
            "a:\n\tollama run $(M)\n"),
    PATTERN("dockerfile", DOCKERFILE, "Dockerfile", "", "ENV OLLAMA_HOST=a\nRUN ollama pull x\n",
            ""),
    PATTERN("dockerfile continuations", DOCKERFILE, "Dockerfile", "RUN ollama pull ", "\\\n", ""),
    PATTERN("dockerfile heredocs", DOCKERFILE, "Dockerfile", "", "RUN <<EOF\nollama pull x\n", ""),
    PATTERN("systemd", SYSTEMD, "ollama.service", "[Service]\n",
            "Environment=\"OLLAMA_HOST=a\" \"OLLAMA_DEBUG=x\"\n", ""),
    PATTERN("systemd one line", SYSTEMD, "ollama.service",
            "[Service]\nEnvironment=", "\"OLLAMA_HOST=a\" ", ""),
    PATTERN("dotenv", DOTENV, ".env", "", "OLLAMA_MODEL=lama3\n", ""),
    PATTERN("dotenv different names", DOTENV, ".env", "OLLAMA_HOST=x\n",
            "A_MODEL=ollama/x\nB_URL=http://h:11434\n", ""),
    PATTERN("dotenv open quotes", DOTENV, ".env", "OLLAMA_MODEL=x\n", "A=\"\n", ""),
    PATTERN("dotenv open single quotes", DOTENV, ".env", "OLLAMA_MODEL=x\n", "A='b\n", ""),
    PATTERN("dotenv interpolation", DOTENV, ".env", "", "OLLAMA_MODEL=${OLLAMA_MODEL}x\n", ""),
    PATTERN("dotenv one value", DOTENV, ".env", "OLLAMA_MODEL=", "a/b:", "\n"),
    PATTERN("dotenv ignores", DOTENV, ".env", "",
            "OLLAMA_MODEL=lama3 # ollama-ls: ignore[unknown-model]\n", ""),
    PATTERN("yaml lists", YAML, "a.yaml", "model: ollama/x\na:", "\n- b", ""),
    PATTERN("yaml nested lists", YAML, "a.yaml", "model: ollama/x\na:\n  ", "- ", "b\n"),
    PATTERN("yaml nested flow", YAML, "a.yaml", "model: ollama/x\na: ", "[", ""),
    PATTERN("yaml nested maps", YAML, "a.yaml", "model: ollama/x\na: ", "{a: ", ""),
    PATTERN("yaml closing", YAML, "a.yaml", "model: ollama/x\na: ", "]", ""),
    PATTERN("yaml anchors", YAML, "a.yaml", "model: ollama/x\n", "a: &a\n  <<: *a\n", ""),
    PATTERN("yaml aliases", YAML, "a.yaml", "x: &x {provider: ollama, model: y}\nl:\n", "- *x\n",
            ""),
    PATTERN("yaml documents", YAML, "a.yaml", "", "---\nprovider: ollama\nmodel: x\n", ""),
    PATTERN("yaml blocks", YAML, "a.yaml", "provider: ollama\n", "a: |\n  ollama run x\n", ""),
    PATTERN("yaml one block", YAML, "a.yaml", "run: |\n", "  ollama run x\n", ""),
    PATTERN("yaml siblings", YAML, "a.yaml", "",
            "- provider: ollama\n  model: lama3\n  base_url: http://h:11434\n", ""),
    PATTERN("yaml one map of models", YAML, "a.yaml", "provider: ollama\n", "model: lama3\n", ""),
    PATTERN("yaml open quote", YAML, "a.yaml", "provider: ollama\nmodel: \"", "a\n", ""),
    PATTERN("yaml quotes", YAML, "a.yaml", "provider: ollama\n", "\"a\": 'b\n", ""),
    PATTERN("yaml comments", YAML, "a.yaml", "provider: ollama\n", "# model: ollama/lama3\n", ""),
    PATTERN("yaml tags", YAML, "a.yaml", "provider: ollama\nmodel: ", "!a ", "x\n"),
    PATTERN("yaml questions", YAML, "a.yaml", "provider: ollama\n", "? ", "x\n"),
    PATTERN("yaml spaces", YAML, "a.yaml", "provider: ollama\nmodel:", " ", "x\n"),
    PATTERN("yaml newlines", YAML, "a.yaml", "provider: ollama\nmodel:", "\n", "x\n"),
    PATTERN("compose services", YAML, "docker-compose.yml", "services:\n",
            "  a:\n    image: ollama/ollama\n    environment:\n      - OLLAMA_HOST=b:11434\n", ""),
    PATTERN("compose environment", YAML, "docker-compose.yml",
            "services:\n  ollama:\n    environment:\n", "      - OLLAMA_HOST=http://ollama:11434\n",
            ""),
    PATTERN("compose different services", YAML, "docker-compose.yml",
            "services:\n  ollama:\n    ports: [\n", "\"1:11434\", ", "]\n"),
    PATTERN("continue models", YAML, ".continue/config.yaml", "models:\n",
            "  - provider: ollama\n    model: lama3\n    apiBase: http://h:11434\n", ""),
    PATTERN("litellm models", YAML, "litellm_config.yaml", "model_list:\n",
            "  - model_name: x\n    litellm_params:\n      model: ollama/lama3\n", ""),
    PATTERN("workflow steps", YAML, ".github/workflows/a.yml", "jobs:\n  a:\n    steps:\n",
            "      - run: ollama run lama3\n", ""),
    PATTERN("json nested arrays", JSON, "a.json", "{\"model\": \"ollama/x\", \"a\": ", "[", ""),
    PATTERN("json nested objects", JSON, "a.json",
            "{\"model\": \"ollama/x\", \"a\": ", "{\"a\":", ""),
    PATTERN("json siblings", JSON, "a.json", "[", "{\"provider\":\"ollama\",\"model\":\"lama3\"},",
            "0]"),
    PATTERN("json one object", JSON, "a.json", "{\"provider\":\"ollama\"", ",\"model\":\"lama3\"",
            "}"),
    PATTERN("json quotes", JSON, "a.json", "{\"model\": \"ollama/x\",", "\"", ""),
    PATTERN("json escapes", JSON, "a.json", "{\"model\": \"ollama/", "\\u0041", "\"}"),
    PATTERN("json comments", JSON, "a.json", "{\"model\": \"ollama/x\"}", "/*", ""),
    PATTERN("json numbers", JSON, "a.json", "{\"model\": \"ollama/x\", \"a\": ", "1", "}"),
    PATTERN("json zed", JSON, ".zed/settings.json",
            "{\"language_models\":{\"ollama\":{\"available_models\":[", "{\"name\":\"lama3\"},",
            "]}}}"),
    PATTERN("toml tables", TOML, "a.toml", "", "[[a]]\nprovider = \"ollama\"\nmodel = \"lama3\"\n",
            ""),
    PATTERN("toml nested tables", TOML, "a.toml", "provider = \"ollama\"\n[a", ".a",
            "]\nmodel = \"x\"\n"),
    PATTERN("toml dotted keys", TOML, "a.toml", "provider = \"ollama\"\n", "a.b.c.model = \"x\"\n",
            ""),
    PATTERN("toml nested arrays", TOML, "a.toml", "model = \"ollama/x\"\na = ", "[", ""),
    PATTERN("toml inline tables", TOML, "a.toml", "model = \"ollama/x\"\na = ", "{a = ", ""),
    PATTERN("toml open strings", TOML, "a.toml", "model = \"ollama/x\"\n", "a = \"\"\"\n", ""),
    PATTERN("toml different tables", TOML, "a.toml", "model = \"ollama/x\"\n",
            "[a.b]\n[c]\n[a.d]\n", ""),
    PATTERN("modelfile", MODELFILE, "Modelfile", "FROM x\n", "PARAMETER num_ctx 5\n", ""),
    PATTERN("modelfile froms", MODELFILE, "Modelfile", "", "FROM lama3\n", ""),
    PATTERN("modelfile faults", MODELFILE, "Modelfile", "", "FROMM lama3\n", ""),
    PATTERN("modelfile faults between", MODELFILE, "Modelfile", "", "FROM a\nBAD b\n", ""),
    PATTERN("modelfile quotes", MODELFILE, "Modelfile", "FROM x\n", "SYSTEM \"\"\"\n", ""),
    PATTERN("modelfile messages", MODELFILE, "Modelfile", "FROM x\n", "MESSAGE nobody \"hi\"\n",
            ""),
    PATTERN("modelfile unclosed messages", MODELFILE, "Modelfile", "FROM x\n",
            "MESSAGE user \"hi\n", ""),
    PATTERN("template actions", MODELFILE, "Modelfile", "FROM x\nTEMPLATE \"\"\"", "{{ .Promt }}",
            "\"\"\"\n"),
    PATTERN("template ifs", MODELFILE, "Modelfile", "FROM x\nTEMPLATE \"\"\"", "{{ if .A }}",
            "\"\"\"\n"),
    PATTERN("template ranges", MODELFILE, "Modelfile", "FROM x\nTEMPLATE \"\"\"",
            "{{ range $a := .A }}", "\"\"\"\n"),
    PATTERN("template parentheses", MODELFILE, "Modelfile", "FROM x\nTEMPLATE \"\"\"{{ ", "(",
            "}}\"\"\"\n"),
    PATTERN("template variables", MODELFILE, "Modelfile", "FROM x\nTEMPLATE \"\"\"",
            "{{ $a := 1 }}{{ $b }}", "\"\"\"\n"),
    PATTERN("template pipes", MODELFILE, "Modelfile", "FROM x\nTEMPLATE \"\"\"{{ 1 ", "| len ",
            "}}\"\"\"\n"),
    PATTERN("template defines", MODELFILE, "Modelfile", "FROM x\nTEMPLATE \"\"\"",
            "{{ define \"a\" }}{{ template \"b\" }}{{ end }}", "\"\"\"\n"),
    PATTERN("namel3ss", NAMEL3SS, "a.ai", "",
            "ai \"x\":\n  provider is \"ollama\"\n  model is \"lama3\"\n", ""),
    PATTERN("namel3ss braces", NAMEL3SS, "a.ai", "provider is \"ollama\"\n", "a: {", ""),
    PATTERN("namel3ss indents", NAMEL3SS, "a.ai", "provider is \"ollama\"\n", "a:\n", ""),
    PATTERN("namel3ss quotes", NAMEL3SS, "a.ai", "provider is \"ollama\"\n", "\"\\", ""),
    PATTERN("markdown fences", MARKDOWN, "a.md", "", "```sh\nollama run lama3\n", ""),
    PATTERN("markdown blocks", MARKDOWN, "a.md", "", "```sh\nollama run lama3\n```\n", ""),
    PATTERN("markdown backticks", MARKDOWN, "a.md", "ollama run x\n", "`", ""),
    PATTERN("NULs", YAML, "a.yaml", "provider: ollama\nmodel: ", "\0", ""),
    PATTERN("lone carriage returns", SHELL, "a.sh", "ollama run x", "\r", ""),
    PATTERN("invalid UTF-8", DOTENV, ".env", "OLLAMA_MODEL=", "\xf0\x9f", "\n"),
};

enum {
    SMALL = 16 * 1024,
    LARGE = 256 * 1024,
    HUGE = 2 * 1024 * 1024 - 4096
}; // twice HUGE is LIMIT_FILE at most
#define RATIO_MAX 3.0
#define RATIO_MAX_SMALL 5.0 // what is looked back at has a limit that such a file does not meet
#define NOISE_MS 25.0 // below, a ratio says nothing
#define NOISE_SANITIZED_MS 150.0
#define TRIES 3

static struct analyzer *analyzer;
static struct catalog *catalog;

static double cpu_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static struct server_view server_of(void *data, const struct reference_host *host) {
    (void)data;
    bool is_default = host->origin == HOST_ORIGIN_NONE;
    return (struct server_view){.verdict = is_default ? VERDICT_OK : VERDICT_UNTRUSTED,
                                .catalog = is_default ? catalog : NULL,
                                .url = STR("http://127.0.0.1:11434"),
                                .is_default = is_default};
}

static char *make(const struct pattern *pattern, size_t size, size_t *n) {
    size_t units = size / pattern->unit.n;
    *n = pattern->head.n + units * pattern->unit.n + pattern->tail.n;
    char *bytes = mem_alloc(*n + 1);
    memcpy(bytes, pattern->head.p, pattern->head.n);
    for (size_t i = 0; i < units; i++) {
        memcpy(bytes + pattern->head.n + i * pattern->unit.n, pattern->unit.p, pattern->unit.n);
    }
    memcpy(bytes + pattern->head.n + units * pattern->unit.n, pattern->tail.p, pattern->tail.n);
    return bytes;
}

static double run(const struct pattern *pattern, size_t size) {
    size_t n;
    char *bytes = make(pattern, size, &n);
    struct arena arena;
    arena_init(&arena);
    struct text *text = text_create(str_of(bytes, n));
    double begin = cpu_ms();
    struct analysis_input input = {.path = path_join(&arena, STR("/w"), str_from(pattern->path)),
                                   .folder_path = str_from(pattern->path),
                                   .format = pattern->format,
                                   .text = text};
    (void)analyzer_probe(analyzer, pattern->format, input.path, text_str(text));
    struct analysis *analysis = analyzer_run(analyzer, &arena, &input);
    struct finding_context context = {.server_of = server_of, .directory = STR("/w")};
    struct findings findings = findings_make(&arena, &input, analysis, &context);
    struct edit *edits;
    (void)findings_certain_edits(&arena, &findings, &edits);
    double took = cpu_ms() - begin;
    text_release(text);
    arena_finish(&arena);
    free(bytes);
    return took;
}

static bool is_linear(const struct pattern *pattern, size_t size, double noise_ms, bool verbose) {
    double best = 0;
    for (int i = 0; i < TRIES; i++) {
        double once = run(pattern, size);
        double twice = run(pattern, size * 2);
        best = twice / (once > 0.01 ? once : 0.01);
        if (verbose) {
            printf("%-34s %8zu B %9.2f ms, twice %9.2f ms, ratio %.2f\n", pattern->name, size, once,
                   twice, best);
        }
        if (twice < noise_ms || best <= (size == SMALL ? RATIO_MAX_SMALL : RATIO_MAX)) {
            return true;
        }
    }
    printf("%s: twice the size of %zu bytes takes %.1f times as long\n", pattern->name, size, best);
    return false;
}

int main(int argc, char **argv) {
    const char *only = "";
    bool is_small = false;
    bool is_verbose = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--small") == 0) {
            is_small = true;
        } else if (argv[i][0]) {
            only = argv[i];
            is_verbose = true;
        }
    }
    struct arena arena;
    arena_init(&arena);
    analyzer = analyzer_create(NULL, NULL, NULL);
    struct error error = {0};
    catalog = catalog_from_file(STR("llama3.2:3b\nqwen2.5-coder:7b\n"), &arena, &error);
    int failed = 0;
    for (size_t i = 0; i < sizeof(PATTERNS) / sizeof(PATTERNS[0]); i++) {
        const struct pattern *pattern = &PATTERNS[i];
        if (!strstr(pattern->name, only)) {
            continue;
        }
        double noise_ms = is_small ? NOISE_SANITIZED_MS : NOISE_MS;
        bool fine = is_linear(pattern, SMALL, noise_ms, is_verbose) &&
                    is_linear(pattern, LARGE, noise_ms, is_verbose) &&
                    (is_small || is_linear(pattern, HUGE, noise_ms, is_verbose));
        failed += !fine;
        fflush(stdout);
    }
    catalog_release(catalog);
    analyzer_release(analyzer);
    arena_finish(&arena);
    printf("%d patterns are not linear\n", failed);
    return failed > 0;
}
