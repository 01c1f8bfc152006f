// SPDX-License-Identifier: MIT
//
// A reference: a range of a file that names a model, a host, or another thing Ollama reads. What
// every feature works on (DESIGN A4). Plain data in byte offsets into the analysed text; strings
// are borrowed from the analysis' arena or static.
#pragma once

#include "base/vec.h"
#include "ollama/core/catalog.h"
#include "ollama/core/environment.h"
#include "ollama/core/host.h"

enum reference_kind {
    REF_MODEL,           // a model name
    REF_HOST,            // a host or base URL of an Ollama server
    REF_VARIABLE,        // the name of an OLLAMA_* variable
    REF_VARIABLE_VALUE,  // its value, where it is neither a model nor a host
    REF_PARAMETER,       // Modelfile: the name after PARAMETER
    REF_PARAMETER_VALUE, // its value; also num_ctx-like keys in configs
    REF_PATH,            // Modelfile: FROM / ADAPTER / DRAFT path
};

enum model_role {
    ROLE_ANY,
    ROLE_CHAT,         // needs completion
    ROLE_COMPLETION,   // needs completion
    ROLE_AUTOCOMPLETE, // needs insert
    ROLE_EMBED,        // needs embedding
    ROLE_TOOLS,        // needs tools
    ROLE_VISION,       // needs vision
};
unsigned role_capability(enum model_role role); // enum capability bit, 0 for ROLE_ANY
const char *role_name(enum model_role role);
enum model_role role_parse(struct str word); // "chat", "embed", …; ROLE_ANY if unknown

// Where the host of a reference was found (reference config-formats 2.5).
enum host_origin {
    HOST_ORIGIN_NONE,     // nowhere: the default server
    HOST_ORIGIN_SIBLING,  // in the same object, on the same command line, or in the value itself
    HOST_ORIGIN_PROVIDER, // in the provider block the object points to
    HOST_ORIGIN_FILE,     // the format's variable in the same file
    HOST_ORIGIN_DOTENV,   // the format's variable in the nearest .env
};

struct reference_host {
    enum host_origin origin;
    struct str written; // as in the file, without quotes; empty if HOST_ORIGIN_NONE
    size_t start, end;  // where it stands in this file; 0, 0 if it does not
    // A name only containers can resolve: a service of the same compose or Kubernetes file, a
    // dotless name in such a file, host.docker.internal. Neither contacted nor called untrusted
    // (DESIGN A4.3).
    bool is_container;
    uint16_t published_port; // the port that service publishes on the host, 0: none known
    // "mlx://NAME@HOST": a server of kind openai is meant. Only one that the user configured is
    // known to be one; any other is neither contacted nor spoken of.
    bool is_openai;
};

// Flags of a model reference.
enum {
    REF_PULLS = 1 << 0,       // the tool pulls by itself: an absent model is information at most
    REF_INSTALLS = 1 << 1,    // `ollama pull`: an absent model is no finding
    REF_NEW_NAME = 1 << 2,    // create, cp destination, push: only the grammar is checked
    REF_PLACEHOLDER = 1 << 3, // sentinel, template hole, variable: never flagged, no finding at all
    REF_QUIET =
        1 << 4, // completion, hover and symbols only: prose, commented examples, uncertain keys
    REF_EXAMPLE = 1 << 5,      // in a *.example file: at most information
    REF_WRONG_PREFIX = 1 << 6, // `prefix` is not what this tool needs: see `prefix_wanted`
    REF_EMPTY = 1 << 7,        // nothing written yet: a place for completion
};

// How the value is quoted where it stands: completion keeps it and escapes for it.
enum quoting { QUOTE_NONE, QUOTE_DOUBLE, QUOTE_SINGLE, QUOTE_BLOCK };

struct reference {
    enum reference_kind kind;
    size_t start, end;        // the name as written, without quotes and without prefix form
    size_t prefix_start;      // with the prefix form ("ollama/llama3"); == start without one
    struct str text;          // the value, decoded (escapes undone)
    struct str prefix;        // "ollama/", "ollama_chat/", "ollama:chat:", "ollama://"; empty: none
    struct str prefix_wanted; // with REF_WRONG_PREFIX, REF_EMPTY: what it should be ("" = none)
    unsigned flags;
    enum quoting quoting;
    struct str
        convention; // name of the convention that found it, for people ("Continue", "compose")

    // REF_MODEL
    bool is_alias; // `text` is the model that the tool's own name for it stands for ("llama3.1-8b"
                   // in Continue is llama3.1:8b); what is written differs
    enum model_role role;
    struct reference_host host;

    // REF_HOST: does the tool want an OpenAI-style base (…/v1), forbid it, or not care?
    enum { V1_ANY, V1_WANTED, V1_FORBIDDEN } v1;
    bool is_listen_address;  // OLLAMA_HOST and the like: both client and server, 0.0.0.0 is fine
    bool hostname_only;      // the tool wants no scheme (twinny's hostname)
    bool is_container;       // as reference_host.is_container
    uint16_t published_port; // as reference_host.published_port

    // REF_VARIABLE, REF_VARIABLE_VALUE, REF_PARAMETER, REF_PARAMETER_VALUE
    const struct variable *variable;   // NULL: unknown
    const struct parameter *parameter; // NULL: unknown
    // REF_PARAMETER_VALUE of num_ctx: index of the model reference it goes with, or SIZE_MAX
    size_t model_index;
};
