// SPDX-License-Identifier: MIT
//
// What a Modelfile asks `ollama create` to do. Ollama's server knows no Modelfile: its command line
// turns one into a JSON request and uploads the files it names (ollama/ollama parser/parser.go,
// cmd/cmd.go). This is that half: the request from the text (pure), the files from the disk (to be
// called on a thread), the name of the model from the file's own name.
#pragma once

#include <json-c/json.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/sha256.h"
#include "diagnostics/modelfile.h"

// A legal model name for the Modelfile of that path: "Modelfile.fast" and "fast.modelfile" give
// "fast", "Modelfile" its folder's name; other names their stem. Lower case; what Ollama does not
// allow becomes "-". Never empty.
struct str create_name(struct arena *arena, struct str path);

// A value of FROM, ADAPTER or DRAFT that may name files.
struct create_path {
    enum modelfile_command command;
    struct str written;
};

struct create_request {
    struct json_object *body; // owned: template, system, parameters, messages, …
    struct create_path *paths;
    size_t n_paths;
};

// Everything but the files, from the text of a Modelfile. What Ollama's command line would refuse
// is ERR_INVALID, in words that begin with the line. Strings live in `arena`.
enum err create_request_read(struct arena *arena, struct str bytes, struct create_request *out,
                             struct error *error);
void create_request_finish(struct create_request *request);

#define CREATE_DIGEST (7 + SHA256_HEX) // "sha256:…"

struct create_file {
    enum modelfile_command command;
    struct str key;  // its name in the request: relative, without ".."
    struct str path; // absolute, without symlinks
    bool is_outside; // of the workspace folder
    int64_t size;
    uint64_t device, inode; // with size and time: is it still the same file?
    int64_t seconds, nanoseconds;
    char digest[CREATE_DIGEST + 1]; // empty until it is known
};

struct create_files {
    struct create_file *at;
    size_t n;
    struct str from; // the last FROM that names a model, or empty
    int64_t total;   // bytes
};

// Looks at the disk, and may take long: finds the files that the paths mean, folders read as
// Ollama's command line reads them. `directory` is the Modelfile's (empty: it has none), `root` the
// workspace folder (empty: everything is outside). Links that lead out of a named folder are
// refused. ERR_NOT_FOUND, ERR_DENIED, ERR_LIMIT, ERR_INVALID, ERR_IO.
enum err create_files_find(struct arena *arena, const struct create_path *paths, size_t n,
                           struct str directory, struct str root, struct create_files *out,
                           struct error *error);

// Opens one for reading. ERR_CONFLICT if it is not the file any more that was found.
enum err create_file_open(struct arena *arena, const struct create_file *file, int *fd,
                          struct error *error);

// Puts model, from and the files with their digests into the body.
void create_request_complete(struct create_request *request, struct str model,
                             const struct create_files *files);
