// SPDX-License-Identifier: MIT
//
// file: URIs and paths. Sources: RFC 3986, RFC 8089. URIs of clients differ in how they
// percent-encode: compare decoded paths, answer with the client's own spelling.
#pragma once

#include "base/arena.h"
#include "base/err.h"

// The path of a file: URI, percent-decoded (authority "" or "localhost" only). ERR_INVALID for
// another scheme, a relative path, a NUL or bad %-escape. `file:///c%3A/x` becomes "/c:/x".
enum err uri_to_path(struct arena *arena, struct str uri, struct str *path);

// file: URI of an absolute path.
struct str uri_from_path(struct arena *arena, struct str path);

// "file", "untitled", …: what stands before the first ':'; empty when there is none.
struct str uri_scheme(struct str uri);

// A URL without its user:password@, and with the values of query parameters cut ("?…"). For every
// URL that is printed, shown or logged (DESIGN A11). Returns `url` itself when it holds neither.
struct str uri_redact(struct arena *arena, struct str url);

// --- paths (POSIX) ---
struct str path_join(struct arena *arena, struct str dir, struct str name); // absolute `name` wins
struct str path_dir(struct str path);  // "/a/b" -> "/a", "/a" -> "/", "a" -> "."
struct str path_base(struct str path); // "/a/b" -> "b"
// Lexical: removes ".", "..", "//" and a trailing "/". Does not look at the disk.
struct str path_normalize(struct arena *arena, struct str path);
// True if `path` is `dir` or below it; both normalised.
bool path_is_within(struct str path, struct str dir);
// `path` relative to `dir` when below it, else `path`.
struct str path_relative(struct str path, struct str dir);

// Reads a regular file of at most `max` bytes into the arena. ERR_NOT_FOUND, ERR_LIMIT, ERR_IO
// (also for FIFOs, devices and folders: never blocks). Follows symlinks.
enum err file_read(struct arena *arena, const char *path, size_t max, struct str *out);

// Writes through a temporary file in the same folder and rename(2): readers see old or new, never
// half. `mode` is the permission of a new file; an existing file's permission is kept.
enum err file_write_atomic(const char *path, struct str data, unsigned mode, struct error *error,
                           struct arena *arena);
