// SPDX-License-Identifier: MIT
//
// Leveled logging to stderr or a file. The level comes from OLLAMA_LS_LOG (error, warn, info,
// debug). Control characters are escaped; URLs lose their credentials before they get here
// (uri_redact). The log is the one process-wide object: it is set up by main before threads start.
// Thread-safe.
#pragma once

#include "base/str.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

// Sees each line that is logged at or above the level, e.g. to mirror it to the editor. May be
// NULL.
typedef void (*log_sink)(void *data, enum log_level level, const char *module, struct str message);

// `path` NULL: stderr. False when the file cannot be opened (stderr is used then).
bool log_open(const char *path);
void log_close(void);
void log_set_level(enum log_level level);
void log_set_sink(log_sink sink, void *data);
bool log_level_parse(struct str name, enum log_level *out);
bool log_enabled(enum log_level level);

void log_write(enum log_level level, const char *module, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// Each .c file that logs defines LOG_MODULE "name" before use. Arguments are not evaluated when
// off.
#define LOG_AT(level, ...)                                                                         \
    (log_enabled(level) ? log_write(level, LOG_MODULE, __VA_ARGS__) : (void)0)
#define LOG_ERR(...) LOG_AT(LOG_ERROR, __VA_ARGS__)
#define LOG_WRN(...) LOG_AT(LOG_WARN, __VA_ARGS__)
#define LOG_INF(...) LOG_AT(LOG_INFO, __VA_ARGS__)
#define LOG_DBG(...) LOG_AT(LOG_DEBUG, __VA_ARGS__)

// NEVER(x): `x` is impossible unless we have a bug. Aborts in debug and sanitizer builds; else logs
// and yields true so that the caller takes its safe branch: if (NEVER(n > max)) { return ERR_BUG; }
bool log_never(const char *expression, const char *file, int line);
#define NEVER(x) ((x) ? log_never(#x, __FILE__, __LINE__) : false)
