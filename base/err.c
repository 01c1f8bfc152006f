// SPDX-License-Identifier: MIT
//
// The names of error codes and the making of error messages. The name table has one row per code of
// enum err; a code from nowhere yields "unknown" instead of reading past the table.
#include "base/err.h"

#include <stdarg.h>

#include "base/arena.h"

static const char *const names[] = {
    [ERR_OK] = "ok",
    [ERR_CANCELLED] = "cancelled",
    [ERR_TIMEOUT] = "timeout",
    [ERR_NOT_FOUND] = "not-found",
    [ERR_INVALID] = "invalid",
    [ERR_LIMIT] = "limit",
    [ERR_IO] = "io",
    [ERR_PROTOCOL] = "protocol",
    [ERR_REMOTE] = "remote",
    [ERR_DENIED] = "denied",
    [ERR_CONFLICT] = "conflict",
    [ERR_BUG] = "bug",
};

const char *err_name(enum err code) {
    size_t i = (size_t)code;
    return i < sizeof(names) / sizeof(names[0]) ? names[i] : "unknown";
}

enum err error_set(struct error *error, struct arena *arena, enum err code, const char *format,
                   ...) {
    if (error) {
        va_list args;
        va_start(args, format);
        *error = (struct error){.code = code, .message = arena_vprintf(arena, format, args)};
        va_end(args);
    }
    return code;
}

struct str error_text(struct arena *arena, struct str message, struct str remedy) {
    if (remedy.n == 0) {
        return message;
    }
    const char *what = str_starts(remedy, STR("try ")) ? "" : "try: ";
    return arena_printf(arena, "%.*s; %s%.*s", STR_ARG(message), what, STR_ARG(remedy));
}
