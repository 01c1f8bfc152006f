// SPDX-License-Identifier: MIT
//
// The table of languages and the search in it. A row with a grammar has a query file; a row without
// one still says how a fence and a comment of the language look. The search is linear: a few dozen
// short words, asked once per action.
#include "assist/language.h"

#include "base/arena.h"
#include "base/embed.h"
#include "grammars/grammars.h"

extern const struct embedded_file language_queries_embedded[];

#define WORDS(...)                                                                                 \
    (const char *const[]) {                                                                        \
        __VA_ARGS__, NULL                                                                          \
    }
#define NO_WORDS ((const char *const[]){NULL})
#define C_BLOCK                                                                                    \
    { "/*", "*/" }
#define SGML_BLOCK                                                                                 \
    { "<!--", "-->" }

// clang-format off
static const struct language languages[] = {
    {"c", WORDS("c"), WORDS("c", "h"), WORDS("h"), grammar_c, "//", C_BLOCK, false, false},
    {"python", WORDS("python"), WORDS("py", "pyi", "pyw", "SConstruct"),
     WORDS("py", "python3", "py3", "pycon"), grammar_python, "#", {0}, false, true},
    {"javascript", WORDS("javascript", "javascriptreact"), WORDS("js", "mjs", "cjs", "jsx"),
     WORDS("js", "jsx", "mjs", "node", "ecmascript"), grammar_javascript, "//", C_BLOCK, false,
     false},
    {"typescript", WORDS("typescript"), WORDS("ts", "mts", "cts"), WORDS("ts", "mts", "cts"),
     grammar_typescript, "//", C_BLOCK, false, false},
    {"tsx", WORDS("typescriptreact"), WORDS("tsx"), WORDS("tsx"), grammar_tsx, "//", C_BLOCK,
     false, false},
    {"go", WORDS("go"), WORDS("go"), WORDS("golang"), grammar_go, "//", C_BLOCK, false, false},
    {"rust", WORDS("rust"), WORDS("rs"), WORDS("rs"), grammar_rust, "//", C_BLOCK, false, false},
    {"lua", WORDS("lua"), WORDS("lua", "rockspec"), WORDS("luau", "luajit"), grammar_lua, "--",
     {"--[[", "]]"}, false, false},
    {"json", WORDS("json", "jsonc", "json5", "snippets"),
     WORDS("json", "jsonc", "json5", "webmanifest", "code-workspace", ".babelrc", ".eslintrc"),
     WORDS("jsonc", "json5"), grammar_json, "//", C_BLOCK, false, false},
    {"yaml", WORDS("yaml", "dockercompose", "github-actions-workflow", "helm"),
     WORDS("yaml", "yml", ".clang-format", ".clang-tidy"), WORDS("yml"), grammar_yaml, "#", {0},
     false, true},
    {"toml", WORDS("toml"), WORDS("toml", "Cargo.lock"), NO_WORDS, grammar_toml, "#", {0}, false,
     false},
    {"modelfile", WORDS("modelfile"), WORDS("modelfile", "Modelfile"), NO_WORDS, grammar_modelfile,
     "#", {0}, false, false},
    {"dotenv", WORDS("dotenv", "env"), WORDS("env", ".env", ".envrc"), WORDS("env"),
     grammar_dotenv, "#", {0}, false, false},

    // By lines.
    {"shell", WORDS("shellscript", "sh", "bash", "zsh", "fish"),
     WORDS("sh", "bash", "zsh", "fish", "ksh", ".bashrc", ".bash_profile", ".profile", ".zshrc",
           "PKGBUILD"),
     WORDS("sh", "bash", "zsh", "fish", "console", "shell-session"), NULL, "#", {0}, false, false},
    {"makefile", WORDS("makefile", "make"), WORDS("mk", "mak", "Makefile", "GNUmakefile"),
     WORDS("make"), NULL, "#", {0}, false, false},
    {"dockerfile", WORDS("dockerfile"), WORDS("dockerfile", "Dockerfile", "Containerfile"),
     WORDS("docker"), NULL, "#", {0}, false, false},
    {"cmake", WORDS("cmake"), WORDS("cmake", "CMakeLists.txt"), NO_WORDS, NULL, "#",
     {"#[[", "]]"}, false, false},
    {"cpp", WORDS("cpp", "cuda-cpp"),
     WORDS("cpp", "cc", "cxx", "c++", "hpp", "hh", "hxx", "h++", "ipp", "tpp", "cu", "cuh", "ino"),
     WORDS("c++", "cc", "cxx", "hpp", "cuda"), NULL, "//", C_BLOCK, false, false},
    {"objective-c", WORDS("objective-c", "objective-cpp", "objc"), WORDS("m", "mm"),
     WORDS("objc", "objectivec"), NULL, "//", C_BLOCK, false, false},
    {"java", WORDS("java"), WORDS("java"), NO_WORDS, NULL, "//", C_BLOCK, false, false},
    {"csharp", WORDS("csharp"), WORDS("cs", "csx"), WORDS("cs", "c#"), NULL, "//", C_BLOCK, false,
     false},
    {"fsharp", WORDS("fsharp"), WORDS("fs", "fsi", "fsx"), WORDS("fs", "f#"), NULL, "//",
     {"(*", "*)"}, false, true},
    {"kotlin", WORDS("kotlin"), WORDS("kt", "kts"), WORDS("kt"), NULL, "//", C_BLOCK, false,
     false},
    {"scala", WORDS("scala"), WORDS("scala", "sc", "sbt"), NO_WORDS, NULL, "//", C_BLOCK, false,
     false},
    {"groovy", WORDS("groovy"), WORDS("groovy", "gradle", "Jenkinsfile"), NO_WORDS, NULL, "//",
     C_BLOCK, false, false},
    {"swift", WORDS("swift"), WORDS("swift"), NO_WORDS, NULL, "//", C_BLOCK, false, false},
    {"dart", WORDS("dart"), WORDS("dart"), NO_WORDS, NULL, "//", C_BLOCK, false, false},
    {"zig", WORDS("zig"), WORDS("zig", "zon"), NO_WORDS, NULL, "//", {0}, false, false},
    {"nim", WORDS("nim"), WORDS("nim", "nims"), NO_WORDS, NULL, "#", {"#[", "]#"}, false, true},
    {"ruby", WORDS("ruby"), WORDS("rb", "rake", "gemspec", "Gemfile", "Rakefile"), WORDS("rb"),
     NULL, "#", {0}, false, false},
    {"php", WORDS("php"), WORDS("php", "phtml"), NO_WORDS, NULL, "//", C_BLOCK, false, false},
    {"perl", WORDS("perl"), WORDS("pl", "pm"), WORDS("pl"), NULL, "#", {0}, false, false},
    {"r", WORDS("r"), WORDS("r", ".Rprofile"), NO_WORDS, NULL, "#", {0}, false, false},
    {"julia", WORDS("julia"), WORDS("jl"), WORDS("jl"), NULL, "#", {"#=", "=#"}, false, false},
    {"elixir", WORDS("elixir"), WORDS("ex", "exs"), WORDS("ex", "iex"), NULL, "#", {0}, false,
     false},
    {"erlang", WORDS("erlang"), WORDS("erl", "hrl"), WORDS("erl"), NULL, "%", {0}, false, false},
    {"haskell", WORDS("haskell"), WORDS("hs"), WORDS("hs"), NULL, "--", {"{-", "-}"}, false, true},
    {"ocaml", WORDS("ocaml"), WORDS("ml", "mli"), WORDS("ml"), NULL, NULL, {"(*", "*)"}, false,
     false},
    {"clojure", WORDS("clojure"), WORDS("clj", "cljs", "cljc", "edn"), WORDS("clj"), NULL, ";",
     {0}, false, false},
    {"elisp", WORDS("emacs-lisp", "elisp"), WORDS("el", ".emacs"), WORDS("emacs-lisp", "el"), NULL,
     ";", {0}, false, false},
    {"lisp", WORDS("lisp", "commonlisp"), WORDS("lisp", "cl", "lsp"), WORDS("common-lisp"), NULL,
     ";", {"#|", "|#"}, false, false},
    {"scheme", WORDS("scheme", "racket"), WORDS("scm", "ss", "rkt"), WORDS("racket"), NULL, ";",
     {"#|", "|#"}, false, false},
    {"vim", WORDS("vim", "viml"), WORDS("vim", ".vimrc"), WORDS("viml", "vimscript"), NULL, "\"",
     {0}, false, false},
    {"nix", WORDS("nix"), WORDS("nix"), NO_WORDS, NULL, "#", C_BLOCK, false, false},
    {"terraform", WORDS("terraform", "hcl"), WORDS("tf", "tfvars", "hcl"), WORDS("hcl", "tf"),
     NULL, "#", C_BLOCK, false, false},
    {"proto", WORDS("proto", "proto3", "protobuf"), WORDS("proto"), WORDS("protobuf"), NULL, "//",
     C_BLOCK, false, false},
    {"graphql", WORDS("graphql"), WORDS("graphql", "gql"), WORDS("gql"), NULL, "#", {0}, false,
     false},
    {"powershell", WORDS("powershell"), WORDS("ps1", "psm1", "psd1"), WORDS("ps1", "pwsh"), NULL,
     "#", {"<#", "#>"}, false, false},
    {"bat", WORDS("bat"), WORDS("bat", "cmd"), WORDS("cmd", "batch"), NULL, "REM", {0}, false,
     false},
    {"sql", WORDS("sql", "mysql", "pgsql", "plsql"), WORDS("sql"),
     WORDS("mysql", "pgsql", "postgresql", "sqlite"), NULL, "--", C_BLOCK, false, false},
    {"html", WORDS("html"), WORDS("html", "htm", "xhtml"), NO_WORDS, NULL, NULL, SGML_BLOCK, false,
     false},
    {"vue", WORDS("vue"), WORDS("vue"), NO_WORDS, NULL, NULL, SGML_BLOCK, false, false},
    {"svelte", WORDS("svelte"), WORDS("svelte"), NO_WORDS, NULL, NULL, SGML_BLOCK, false, false},
    {"xml", WORDS("xml", "xsl"), WORDS("xml", "xsd", "xsl", "svg", "plist"), WORDS("svg"), NULL,
     NULL, SGML_BLOCK, false, false},
    {"css", WORDS("css"), WORDS("css"), NO_WORDS, NULL, NULL, C_BLOCK, false, false},
    {"scss", WORDS("scss", "less"), WORDS("scss", "less"), WORDS("less"), NULL, "//", C_BLOCK,
     false, false},
    {"sass", WORDS("sass"), WORDS("sass"), NO_WORDS, NULL, "//", {0}, false, true},
    {"ini", WORDS("ini", "properties"),
     WORDS("ini", "cfg", "conf", "properties", ".gitconfig", ".editorconfig", ".npmrc"),
     WORDS("properties", "conf"), NULL, "#", {0}, false, false},
    {"diff", WORDS("diff"), WORDS("diff", "patch"), WORDS("patch"), NULL, NULL, {0}, false, false},

    // Prose: sentences and fences are content.
    {"markdown", WORDS("markdown", "quarto", "rmd", "mdx"),
     WORDS("md", "markdown", "mdown", "mkd", "mdx", "qmd", "rmd"), WORDS("md", "mdx"), NULL, NULL,
     SGML_BLOCK, true, false},
    {"rst", WORDS("restructuredtext"), WORDS("rst"), WORDS("restructuredtext"), NULL, NULL, {0},
     true, false},
    {"asciidoc", WORDS("asciidoc"), WORDS("adoc", "asciidoc"), WORDS("adoc"), NULL, "//", {0},
     true, false},
    {"org", WORDS("org"), WORDS("org"), NO_WORDS, NULL, "#", {0}, true, false},
    {"latex", WORDS("latex", "tex", "bibtex"), WORDS("tex", "sty", "cls", "bib"), WORDS("tex"),
     NULL, "%", {0}, true, false},
    {"text", WORDS("plaintext", "text", "git-commit", "gitcommit"),
     WORDS("txt", "text", "log", "COMMIT_EDITMSG"), WORDS("txt", "plain", "plaintext"), NULL, NULL,
     {0}, true, false},
};
// clang-format on

enum { LANGUAGE_COUNT = sizeof(languages) / sizeof(languages[0]) };

size_t language_count(void) {
    return LANGUAGE_COUNT;
}

const struct language *language_at(size_t i) {
    return i < LANGUAGE_COUNT ? &languages[i] : NULL;
}

static bool has_word(const char *const *words, struct str word) {
    for (; *words; words++) {
        if (str_ieq(str_from(*words), word)) {
            return true;
        }
    }
    return false;
}

// A whole file name among the extensions has a capital or a dot in it.
static bool is_file_name(struct str word) {
    return str_contains(word, STR(".")) || (word.p[0] >= 'A' && word.p[0] <= 'Z');
}

static const struct language *find_name(struct str name) {
    for (size_t i = 0; i < LANGUAGE_COUNT; i++) {
        if (has_word(languages[i].extensions, name)) {
            return &languages[i];
        }
    }
    return NULL;
}

// "Dockerfile.dev", ".env.local".
static const struct language *find_name_before_dot(struct str name) {
    for (size_t i = 0; i < LANGUAGE_COUNT; i++) {
        for (const char *const *word = languages[i].extensions; *word; word++) {
            struct str known = str_from(*word);
            if (is_file_name(known) && name.n > known.n && name.p[known.n] == '.' &&
                str_istarts(name, known)) {
                return &languages[i];
            }
        }
    }
    return NULL;
}

static const struct language *detect_by_path(struct str path) {
    struct str name = path;
    for (size_t i = path.n; i > 0; i--) {
        if (path.p[i - 1] == '/' || path.p[i - 1] == '\\') {
            name = str_from_index(path, i);
            break;
        }
    }
    if (name.n == 0) {
        return NULL;
    }
    const struct language *found = find_name(name);
    size_t dot = str_rfind_char(name, '.');
    if (!found && dot != STR_NPOS && dot > 0) {
        found = find_name(str_from_index(name, dot + 1));
    }
    return found ? found : find_name_before_dot(name);
}

const struct language *language_detect(struct str path, struct str language_id) {
    const struct language *found = detect_by_path(path);
    for (size_t i = 0; !found && i < LANGUAGE_COUNT; i++) {
        found = has_word(languages[i].ids, language_id) ? &languages[i] : NULL;
    }
    return found ? found : &languages[LANGUAGE_COUNT - 1];
}

// A language's own name and words go before another's id or extension.
const struct language *language_by_fence(struct str word) {
    if (word.n == 0) {
        return NULL;
    }
    for (size_t i = 0; i < LANGUAGE_COUNT; i++) {
        if (str_ieq(str_from(languages[i].name), word) || has_word(languages[i].fences, word)) {
            return &languages[i];
        }
    }
    for (size_t i = 0; i < LANGUAGE_COUNT; i++) {
        if (has_word(languages[i].ids, word)) {
            return &languages[i];
        }
    }
    return find_name(word);
}

// --- queries ---

static struct str query_file(struct str name) {
    for (const struct embedded_file *file = language_queries_embedded; file->name; file++) {
        struct str known = str_from(file->name);
        if (known.n == name.n + 4 && str_starts(known, name) && str_ends(known, STR(".scm"))) {
            return str_of(file->data, file->size);
        }
    }
    return STR_NONE;
}

// The file of `name`, what it inherits in front.
static struct str query_source(struct arena *arena, struct str name) {
    struct str source = query_file(name);
    struct str mark = STR("; inherits: ");
    size_t at = str_find(source, mark);
    if (at == STR_NPOS) {
        return source;
    }
    struct str rest = str_from_index(source, at + mark.n);
    struct str base;
    str_next_line(&rest, &base);
    return arena_join(arena, query_source(arena, str_trim(base)), source);
}

TSQuery *language_query_create(const struct language *language) {
    if (!language->grammar) {
        return NULL;
    }
    struct arena arena;
    arena_init(&arena);
    struct str source = query_source(&arena, str_from(language->name));
    uint32_t offset = 0;
    TSQueryError error = TSQueryErrorNone;
    TSQuery *query =
        ts_query_new(language->grammar(), source.p, (uint32_t)source.n, &offset, &error);
    arena_finish(&arena);
    return query;
}
