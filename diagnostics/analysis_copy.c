// SPDX-License-Identifier: MIT
//
// Reading a file leaves much behind in its arena (decoded values, environments, paths) that the
// result does not need. Who keeps a result for long copies it and drops the rest.
#include "diagnostics/analysis.h"

static struct str keep(struct arena *arena, struct str bytes, struct str s) {
    bool is_view = s.p >= bytes.p && s.p <= bytes.p + bytes.n;
    return s.n == 0 || is_view ? s : arena_copy(arena, s);
}

struct analysis *analysis_copy(struct arena *arena, const struct analysis *analysis,
                               const struct text *text) {
    struct str bytes = text_str(text);
    struct analysis *copy = ARENA_NEW(arena, struct analysis);
    *copy = *analysis;
    size_t n = analysis->n_references;
    copy->references = ARENA_ARRAY(arena, n ? n : 1, struct reference);
    for (size_t i = 0; i < n; i++) {
        struct reference *reference = &copy->references[i];
        *reference = analysis->references[i];
        reference->text = keep(arena, bytes, reference->text);
        reference->prefix = keep(arena, bytes, reference->prefix);
        reference->prefix_wanted = keep(arena, bytes, reference->prefix_wanted);
        reference->convention = keep(arena, bytes, reference->convention);
        reference->host.written = keep(arena, bytes, reference->host.written);
    }
    copy->ignores =
        ARENA_ARRAY(arena, analysis->n_ignores ? analysis->n_ignores : 1, struct ignore);
    for (size_t i = 0; i < analysis->n_ignores; i++) {
        copy->ignores[i] = analysis->ignores[i];
        copy->ignores[i].codes = keep(arena, bytes, analysis->ignores[i].codes);
    }
    return copy;
}
