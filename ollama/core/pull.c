// SPDX-License-Identifier: MIT
//
// Progress of a pull. Ollama reports per layer, one after the other, and may step back after a
// failed part; people want one number that never falls. The server is not trusted: layers are
// counted up to a limit, sizes are clamped, and a stream of any length needs no further memory.
#include "base/json.h"
#include "ollama/core/catalog.h"
#include "ollama/core/protocol.h"

#define MAX_LAYERS 1024
#define MAX_DIGEST 160
#define MAX_STATUS 200
#define MAX_SIZE ((int64_t)1 << 50) // 1024 of them still fit into 64 bits

void pull_progress_init(struct pull_progress *progress) {
    *progress = (struct pull_progress){.percent = -1};
    arena_init(&progress->arena);
}

void pull_progress_finish(struct pull_progress *progress) {
    arena_finish(&progress->arena);
}

static struct pull_layer *layer_find(struct pull_progress *progress, struct str digest) {
    for (size_t i = 0; i < progress->n_layers; i++) {
        if (str_eq(progress->layers[i].digest, digest)) {
            return &progress->layers[i];
        }
    }
    if (progress->n_layers == MAX_LAYERS || digest.n > MAX_DIGEST) {
        return NULL;
    }
    if (progress->n_layers == progress->cap_layers) {
        size_t cap = progress->cap_layers ? progress->cap_layers * 2 : 8;
        struct pull_layer *layers = ARENA_ARRAY(&progress->arena, cap, struct pull_layer);
        if (progress->n_layers) {
            memcpy(layers, progress->layers, progress->n_layers * sizeof(*layers));
        }
        progress->layers = layers;
        progress->cap_layers = cap;
    }
    struct pull_layer *layer = &progress->layers[progress->n_layers++];
    layer->digest = arena_copy(&progress->arena, digest);
    return layer;
}

static int64_t clamp(int64_t value, int64_t max) {
    return value < 0 ? 0 : value > max ? max : value;
}

// The status text lives in one buffer that every frame overwrites.
static void status_set(struct pull_progress *progress, struct str text) {
    if (progress->status_buffer == NULL) {
        progress->status_buffer = arena_alloc(&progress->arena, MAX_STATUS + 1);
    }
    size_t n = text.n < MAX_STATUS ? text.n : MAX_STATUS;
    // A character cut at the end would not be UTF-8 any more.
    while (n < text.n && n > 0 && ((unsigned char)text.p[n] & 0xc0) == 0x80) {
        n--;
    }
    memcpy(progress->status_buffer, text.p, n);
    progress->status = str_of(progress->status_buffer, n);
}

enum err pull_progress_feed(struct pull_progress *progress, struct json_object *frame,
                            struct arena *arena, struct remote_error *error) {
    if (json_has(frame, "error")) {
        remote_error_classify(arena, 0, STR(""), json_text(frame), STR(""), error);
        return ERR_REMOTE;
    }
    struct str status = json_get_str(frame, "status");
    if (status.n) {
        status_set(progress, status);
    }
    if (str_eq(status, STR("success"))) {
        progress->success = true;
    }
    struct str digest = json_get_str(frame, "digest");
    struct pull_layer *layer = digest.n ? layer_find(progress, digest) : NULL;
    if (layer == NULL) {
        return ERR_OK;
    }
    progress->total -= layer->total;
    progress->completed -= layer->completed;
    layer->total = clamp(json_get_int(frame, "total", layer->total), MAX_SIZE);
    layer->completed = clamp(json_get_int(frame, "completed", 0), layer->total);
    progress->total += layer->total;
    progress->completed += layer->completed;
    return ERR_OK;
}

int pull_progress_percent(struct pull_progress *progress) {
    int percent = -1;
    if (progress->success) {
        percent = 100;
    } else if (progress->total > 0) {
        // Further layers may come: only the final frame means 100.
        double share = (double)progress->completed / (double)progress->total;
        percent = (int)(share * 100);
        percent = percent > 99 ? 99 : percent;
    }
    if (percent > progress->percent) {
        progress->percent = percent;
    }
    return progress->percent;
}

struct str pull_progress_text(struct arena *arena, struct pull_progress *progress, int64_t now_ms) {
    if (progress->total == 0) {
        return STR_NONE;
    }
    if (progress->begun_ms == 0 && progress->completed > 0) {
        progress->begun_ms = now_ms;
        progress->begun_bytes = progress->completed;
    }
    struct str text =
        arena_printf(arena, "%.*s of %.*s", STR_ARG(format_size(arena, progress->completed)),
                     STR_ARG(format_size(arena, progress->total)));
    int64_t ms = now_ms - progress->begun_ms;
    int64_t bytes = progress->completed - progress->begun_bytes;
    if (progress->begun_ms == 0 || ms <= 0 || bytes <= 0 ||
        progress->completed >= progress->total) {
        return text;
    }
    // A thousand times the sum of all sizes would not fit into 64 bits.
    int64_t speed = bytes > MAX_SIZE ? clamp(bytes / ms, MAX_SIZE) * 1000 : bytes * 1000 / ms;
    speed = speed < 1 ? 1 : speed;
    int64_t left = (progress->total - progress->completed) / speed;
    return arena_printf(arena, "%.*s, %.*s/s, %lldm%02llds left", STR_ARG(text),
                        STR_ARG(format_size(arena, speed)), (long long)(left / 60),
                        (long long)(left % 60));
}
