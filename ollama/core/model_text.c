// SPDX-License-Identifier: MIT
//
// Facts of a model in few words, as hints, details and tables show them. Text that came from a
// server is escaped here, once.
#include "base/utf.h"
#include "ollama/core/catalog.h"

struct str format_size(struct arena *arena, int64_t bytes) {
    static const struct {
        double value;
        const char *unit;
    } UNITS[] = {{1e12, "TB"}, {1e9, "GB"}, {1e6, "MB"}, {1e3, "kB"}};
    for (size_t i = 0; i < 4; i++) {
        double value = (double)bytes / UNITS[i].value;
        if (value >= 10) {
            return arena_printf(arena, "%lld %s", (long long)value, UNITS[i].unit);
        }
        if (value >= 1) {
            return arena_printf(arena, "%.1f %s", value, UNITS[i].unit);
        }
    }
    return arena_printf(arena, "%lld B", (long long)(bytes < 0 ? 0 : bytes));
}

struct str format_context(struct arena *arena, int64_t tokens) {
    const int64_t k = 1024;
    if (tokens < 0) {
        tokens = 0;
    }
    if (tokens >= k * k && tokens % (k * k) == 0) {
        return arena_printf(arena, "%lldM", (long long)(tokens / (k * k)));
    }
    if (tokens < k) {
        return arena_printf(arena, "%lld", (long long)tokens);
    }
    return arena_printf(arena, "%lldK", (long long)(tokens / k + (tokens % k >= k / 2 ? 1 : 0)));
}

struct str model_summary(struct arena *arena, const struct model *model, bool with_state) {
    struct str parts[6];
    size_t n = 0;
    if (model->parameters.n) {
        parts[n++] = display_escape(arena, model->parameters, 16);
    }
    if (model->quantization.n && !str_ieq(model->quantization, STR("unknown"))) {
        parts[n++] = display_escape(arena, model->quantization, 16);
    }
    if (model->size > 0 && !model->remote) {
        parts[n++] = format_size(arena, model->size);
    }
    if (model->context_length > 0) {
        parts[n++] = format_context(arena, model->context_length);
    }
    if (with_state && model->running.loaded) {
        parts[n++] = STR("loaded");
    }
    if (with_state && model->remote) {
        parts[n++] = STR("remote: text leaves this machine");
    }
    struct str out = STR("");
    for (size_t i = 0; i < n; i++) {
        out = i == 0 ? parts[i] : arena_join(arena, arena_join(arena, out, STR(" · ")), parts[i]);
    }
    return out;
}
