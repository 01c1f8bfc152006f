// SPDX-License-Identifier: MIT
#include "cli/fix.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/uri.h"

struct str edits_apply(struct arena *arena, struct str bytes, const struct edit *edits, size_t n) {
    size_t size = bytes.n;
    for (size_t i = 0; i < n; i++) {
        size += edits[i].text.n;
    }
    struct buf buf;
    buf_init(&buf, size + 1);
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        buf_append(&buf, str_slice(bytes, at, edits[i].start));
        buf_append(&buf, edits[i].text);
        at = edits[i].end;
    }
    buf_append(&buf, str_from_index(bytes, at));
    struct str result = arena_copy(arena, buf_str(&buf));
    buf_finish(&buf);
    return result;
}

enum err fix_apply(struct arena *arena, struct str path, struct str expected,
                   const struct edit *edits, size_t n, struct str *out, struct error *error) {
    struct str now;
    const char *name = arena_cstr(arena, path);
    enum err result = file_read(arena, name, LIMIT_FILE, &now);
    if (result != ERR_OK) {
        return error_set(error, arena, result, "it cannot be read again (%s)", err_name(result));
    }
    if (!str_eq(now, expected)) {
        return error_set(error, arena, ERR_CONFLICT, "it changed meanwhile and is left alone");
    }
    *out = edits_apply(arena, expected, edits, n);
    return file_write_atomic(name, *out, 0644, error, arena);
}
