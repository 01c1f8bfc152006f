// SPDX-License-Identifier: MIT
//
// Findings: what is wrong with references, and how to mend it (DESIGN A5). Pure: references +
// catalogs in, plain data in byte offsets out.
#pragma once

#include "diagnostics/analysis.h"
#include "ollama/core/library.h"

enum severity {
    SEVERITY_OFF,
    SEVERITY_ERROR,
    SEVERITY_WARNING,
    SEVERITY_INFORMATION,
    SEVERITY_HINT
};
const char *severity_name(enum severity severity);        // "warning"
bool severity_parse(struct str word, enum severity *out); // "off" … "error"

// X-macro of all codes: CODE(enumerator, "name", default severity, "one sentence for docs and
// SARIF").
#define FINDING_CODES(CODE)                                                                        \
    CODE(INVALID_MODEL_NAME, "invalid-model-name", ERROR,                                          \
         "The name breaks Ollama's grammar for model names.")                                      \
    CODE(MODEL_NOT_INSTALLED, "model-not-installed", WARNING,                                      \
         "The model is known but not installed on its server.")                                    \
    CODE(UNKNOWN_MODEL, "unknown-model", WARNING,                                                  \
         "The model is neither installed nor in the library list.")                                \
    CODE(FOREIGN_MODEL_ID, "foreign-model-id", WARNING,                                            \
         "A Hugging Face id or another vendor's name stands where an Ollama name belongs.")        \
    CODE(WRONG_PREFIX, "wrong-prefix", WARNING,                                                    \
         "The provider prefix is not the one this tool needs.")                                    \
    CODE(MISSING_CAPABILITY, "missing-capability", WARNING,                                        \
         "The model cannot do what its place asks for.")                                           \
    CODE(CONTEXT_TOO_LARGE, "context-too-large", WARNING,                                          \
         "num_ctx is above the model's context length.")                                           \
    CODE(INVALID_HOST, "invalid-host", ERROR,                                                      \
         "The host cannot be read, or will not be read as meant.")                                 \
    CODE(HOST_UNREACHABLE, "host-unreachable", INFORMATION,                                        \
         "The host that this file names does not answer.")                                         \
    CODE(HOST_NOT_TRUSTED, "host-not-trusted", HINT,                                               \
         "The host stands in a file and is not trusted, so it is not contacted.")                  \
    CODE(UNKNOWN_VARIABLE, "unknown-variable", WARNING, "Ollama reads no variable of this name.")  \
    CODE(INVALID_VALUE, "invalid-value", WARNING,                                                  \
         "The value is not of the type that Ollama reads.")                                        \
    CODE(DIRECTORY_EXPECTED, "directory-expected", HINT,                                           \
         "OLLAMA_MODELS is a folder, not a list of models.")                                       \
    CODE(MODELFILE_SYNTAX, "modelfile-syntax", ERROR, "Ollama's parser stops here.")               \
    CODE(MODELFILE_MISSING_FROM, "modelfile-missing-from", ERROR,                                  \
         "A Modelfile needs a FROM line.")                                                         \
    CODE(MODELFILE_UNKNOWN_INSTRUCTION, "modelfile-unknown-instruction", ERROR,                    \
         "This is no Modelfile instruction.")                                                      \
    CODE(MODELFILE_UNKNOWN_PARAMETER, "modelfile-unknown-parameter", ERROR,                        \
         "Ollama refuses this parameter.")                                                         \
    CODE(MODELFILE_INVALID_PARAMETER, "modelfile-invalid-parameter", ERROR,                        \
         "Ollama refuses this parameter's value.")                                                 \
    CODE(MODELFILE_DEPRECATED_PARAMETER, "modelfile-deprecated-parameter", WARNING,                \
         "Ollama warns of this parameter and drops it.")                                           \
    CODE(MODELFILE_INVALID_ROLE, "modelfile-invalid-role", ERROR,                                  \
         "The message role is not system, user or assistant.")                                     \
    CODE(MODELFILE_MISSING_FILE, "modelfile-missing-file", ERROR,                                  \
         "The file that the instruction names does not exist.")                                    \
    CODE(MODELFILE_TEMPLATE, "modelfile-template", ERROR,                                          \
         "Ollama refuses this template, or it will print <no value>.")

enum finding_code {
#define CODE(id, name, severity, about) CODE_##id,
    FINDING_CODES(CODE)
#undef CODE
        CODE_COUNT
};
const char *finding_code_name(enum finding_code code);
const char *finding_code_about(enum finding_code code);
enum severity finding_code_severity(enum finding_code code); // default
bool finding_code_parse(struct str name, enum finding_code *out);

enum fix_kind {
    FIX_EDIT,         // text edits only
    FIX_PULL,         // command .pull {model, host}
    FIX_START_SERVER, // command .startServer
    FIX_SHOW_STATUS,  // command .status
    FIX_TRUST_HOST,   // command .trustHost {host}
    FIX_IGNORE_MODEL, // "Ignore NAME in this workspace": writes .ollama-ls.json
};

struct fix {
    enum fix_kind kind;
    struct str title;
    bool preferred; // the one an editor applies by "auto fix"; at most one per finding
    bool certain;   // check --fix may apply it (DESIGN A2)
    struct edit *edits;
    size_t n_edits;
    struct str model; // FIX_PULL, FIX_IGNORE_MODEL
    struct str host; // FIX_PULL (canonical URL, empty: default server), FIX_TRUST_HOST (as written)
};

struct finding {
    enum finding_code code;
    enum severity severity;
    size_t start, end; // bytes
    struct str message;
    struct str name;   // model, variable or parameter it is about; may be empty
    struct str host;   // redacted URL of the server asked; may be empty
    struct fix *fixes; // best first
    size_t n_fixes;
    size_t reference; // index into the analysis, or SIZE_MAX
};

// What is known of the server a reference belongs to.
enum server_verdict {
    VERDICT_UNKNOWN,     // not asked yet, offline, or not to be asked: say nothing about models
    VERDICT_OK,          // catalog is current
    VERDICT_UNREACHABLE, // say nothing about models; host-unreachable if it is this file's own host
    VERDICT_UNTRUSTED,   // not contacted: host-not-trusted
};
struct server_view {
    enum server_verdict verdict;
    enum server_kind kind;   // SERVER_KIND_OPENAI: names are plain strings, nothing is pulled
    struct catalog *catalog; // borrowed; NULL unless known
    struct str url;          // canonical, redacted
    struct str name;         // for people; may be empty
    bool is_default;         // the user's default server
    bool is_loopback;
    bool from_file; // this file's own host, not one of the user's
    bool capped;    // a container's name was mapped: severity at most information
};

struct finding_context {
    // The server that a reference with this host resolves to. Pure.
    struct server_view (*server_of)(void *data, const struct reference_host *host);
    // Another configured server that has the model, or an empty view. May be NULL.
    struct server_view (*other_server_with)(void *data, const struct model_name *name);
    // Does a file exist? For FROM / ADAPTER paths; answers from what the caller looked up. May be
    // NULL (unknown: nothing is said). -1 unknown, 0 no, 1 yes.
    int (*path_exists)(void *data, struct str path); // absolute, or as written if it begins with ~
    void *data;
    struct str directory;            // of the file, absolute; empty for untitled documents
    const enum severity *severities; // CODE_COUNT overrides, or NULL. SEVERITY_OFF silences
    const bool *has_severity;        // which of them are set
    const struct str *ignore_models; // settings ignoreModels: globs over names
    size_t n_ignore_models;
};

struct findings {
    struct finding *at; // sorted by start
    size_t n;
    bool truncated; // LIMIT_FINDINGS met
};

// All findings of a file: those about references, and for Modelfiles the parser's verdict.
struct findings findings_make(struct arena *arena, const struct analysis_input *input,
                              const struct analysis *analysis,
                              const struct finding_context *context);

// Edits of all certain fixes, sorted and free of overlaps (a later overlapping one is left out).
size_t findings_certain_edits(struct arena *arena, const struct findings *findings,
                              struct edit **out);
