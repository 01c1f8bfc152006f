// SPDX-License-Identifier: MIT
//
// Snapshots of what a server has. Everything lives in the snapshot's own arena and never changes
// after it was built, so that threads share it by counting references only. The server is not
// trusted: odd entries are skipped, numbers are clamped, counts are limited.
#include "ollama/core/catalog.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/utf.h"
#include "ollama/core/catalog_build.h"

static const struct {
    struct str word;
    enum capability bit;
} CAPABILITIES[] = {
    {STR_INIT("completion"), CAP_COMPLETION}, {STR_INIT("tools"), CAP_TOOLS},
    {STR_INIT("insert"), CAP_INSERT},         {STR_INIT("vision"), CAP_VISION},
    {STR_INIT("embedding"), CAP_EMBEDDING},   {STR_INIT("thinking"), CAP_THINKING},
    {STR_INIT("image"), CAP_IMAGE},           {STR_INIT("audio"), CAP_AUDIO},
};
#define N_CAPABILITIES (sizeof(CAPABILITIES) / sizeof(CAPABILITIES[0]))

unsigned capability_parse(struct str word) {
    for (size_t i = 0; i < N_CAPABILITIES; i++) {
        if (str_ieq(word, CAPABILITIES[i].word)) {
            return CAPABILITIES[i].bit;
        }
    }
    return 0;
}

const char *capability_name(enum capability capability) {
    for (size_t i = 0; i < N_CAPABILITIES; i++) {
        if (CAPABILITIES[i].bit == capability) {
            return CAPABILITIES[i].word.p;
        }
    }
    return "unknown";
}

unsigned catalog_capabilities(struct json_object *list) {
    unsigned bits = 0;
    size_t n = json_count(list);
    for (size_t i = 0; i < n && i < 64; i++) {
        bits |= capability_parse(json_str(json_at(list, i)));
    }
    return bits;
}

// --- building ---

struct catalog *catalog_new(struct str url, struct str version) {
    struct catalog *catalog = mem_alloc(sizeof(*catalog));
    catalog->references = 1;
    arena_init(&catalog->arena);
    catalog->url = arena_copy(&catalog->arena, url);
    catalog->version = arena_copy(&catalog->arena, version);
    catalog->fetched_ms = clock_ms();
    return catalog;
}

struct model *catalog_add(struct catalog *catalog, size_t *cap, struct str name) {
    if (name.n == 0 || name.n > LIMIT_NAME) {
        return NULL;
    }
    if (catalog->n_models >= LIMIT_MODELS) {
        catalog->truncated = true;
        return NULL;
    }
    struct model model = {.name = arena_copy(&catalog->arena, name)};
    if (!model_name_parse(model.name, MODEL_NAME_INFERENCE, &model.parsed, NULL)) {
        if (catalog->kind == SERVER_KIND_OLLAMA) {
            return NULL;
        }
        model.parsed = (struct model_name){.host = MODEL_DEFAULT_HOST,
                                           .namespace_ = MODEL_DEFAULT_NAMESPACE,
                                           .model = model.name,
                                           .tag = MODEL_DEFAULT_TAG};
    }
    if (catalog->n_models == *cap) {
        size_t grown = *cap ? *cap * 2 : 16;
        struct model *bigger = ARENA_ARRAY(&catalog->arena, grown, struct model);
        if (*cap) {
            memcpy(bigger, catalog->models, *cap * sizeof(*bigger));
        }
        catalog->models = bigger;
        *cap = grown;
    }
    model.remote = catalog->kind == SERVER_KIND_OLLAMA && model.parsed.source == MODEL_SOURCE_CLOUD;
    struct model *slot = &catalog->models[catalog->n_models++];
    *slot = model;
    return slot;
}

// Position of an equal name in the table, or of the free place for it.
static size_t index_slot(const struct catalog *catalog, const struct model_name *name) {
    size_t mask = catalog->index_size - 1;
    size_t slot = (size_t)model_name_hash(name) & mask;
    while (catalog->index[slot] &&
           !model_name_eq(&catalog->models[catalog->index[slot] - 1].parsed, name)) {
        slot = (slot + 1) & mask;
    }
    return slot;
}

void catalog_index(struct catalog *catalog) {
    size_t size = 16;
    while (size < catalog->n_models * 2) {
        size *= 2;
    }
    catalog->index_size = size;
    catalog->index = ARENA_ARRAY(&catalog->arena, size, uint32_t);
    for (size_t i = 0; i < catalog->n_models; i++) {
        size_t slot = index_slot(catalog, &catalog->models[i].parsed);
        if (catalog->index[slot] == 0) { // of equal names the first one counts
            catalog->index[slot] = (uint32_t)i + 1;
        }
    }
}

static int64_t not_negative(int64_t n) {
    return n < 0 ? 0 : n;
}

static struct str digest_hex(struct str digest) {
    return str_starts(digest, STR("sha256:")) ? str_from_index(digest, 7) : digest;
}

static void fill_details(struct catalog *catalog, struct model *model, struct json_object *entry,
                         catalog_details_fn details_of, void *data) {
    struct arena *arena = &catalog->arena;
    struct json_object *details = json_get(entry, "details");
    model->digest = arena_copy(arena, digest_hex(json_get_str(entry, "digest")));
    model->size = not_negative(json_get_int(entry, "size", 0));
    model->modified_at = arena_copy(arena, json_get_str(entry, "modified_at"));
    model->modified = time_from_rfc3339(model->modified_at);
    model->family = arena_copy(arena, json_get_str(details, "family"));
    model->parameters = arena_copy(arena, json_get_str(details, "parameter_size"));
    model->quantization = arena_copy(arena, json_get_str(details, "quantization_level"));
    model->context_length = not_negative(json_get_int(details, "context_length", 0));
    model->remote_host = arena_copy(arena, json_get_str(entry, "remote_host"));
    model->remote =
        model->remote || model->remote_host.n > 0 || json_get_str(entry, "remote_model").n > 0;
    struct json_object *capabilities = json_get(entry, "capabilities");
    if (json_count(capabilities) > 0) {
        model->capabilities = catalog_capabilities(capabilities);
        model->capabilities_known = true;
    }
    if (details_of && (!model->capabilities_known || model->context_length == 0)) {
        const struct model_details *more = details_of(data, model->digest);
        if (more && !model->capabilities_known && more->capabilities_known) {
            model->capabilities = more->capabilities;
            model->capabilities_known = true;
        }
        if (more && model->context_length == 0) {
            model->context_length = not_negative(more->context_length);
        }
    }
}

static struct str entry_name(struct json_object *entry) {
    struct str name = json_get_str(entry, "name");
    return name.n ? name : json_get_str(entry, "model");
}

static void fill_running(struct catalog *catalog, struct json_object *ps) {
    struct json_object *models = json_get(ps, "models");
    catalog->running_known =
        json_is(models, json_type_array) || (json_has(ps, "models") && models == NULL);
    size_t n = json_count(models);
    for (size_t i = 0; i < n && i < LIMIT_MODELS; i++) {
        struct json_object *entry = json_at(models, i);
        struct model_name name;
        struct str written = entry_name(entry);
        if (written.n > LIMIT_NAME ||
            !model_name_parse(written, MODEL_NAME_INFERENCE, &name, NULL)) {
            continue;
        }
        struct model *model = (struct model *)catalog_find(catalog, &name);
        if (model) {
            model->running.loaded = true;
            model->running.size = not_negative(json_get_int(entry, "size", 0));
            model->running.size_vram = not_negative(json_get_int(entry, "size_vram", 0));
            model->running.context_length = not_negative(json_get_int(entry, "context_length", 0));
            model->running.expires_at =
                arena_copy(&catalog->arena, json_get_str(entry, "expires_at"));
        }
    }
}

struct catalog *catalog_create(struct str url, struct str version, struct json_object *tags,
                               struct json_object *ps, catalog_details_fn details_of, void *data,
                               enum err *result) {
    struct json_object *models = json_get(tags, "models");
    bool is_list = json_is(models, json_type_array);
    // Old servers send null for "none installed".
    if (!is_list && !(json_has(tags, "models") && models == NULL)) {
        *result = ERR_PROTOCOL;
        return NULL;
    }
    struct catalog *catalog = catalog_new(url, version);
    size_t cap = 0;
    size_t n = json_count(models);
    for (size_t i = 0; i < n && !catalog->truncated; i++) {
        struct json_object *entry = json_at(models, i);
        struct model *model = catalog_add(catalog, &cap, entry_name(entry));
        if (model) {
            fill_details(catalog, model, entry, details_of, data);
        }
    }
    catalog_index(catalog);
    if (ps) {
        fill_running(catalog, ps);
    }
    *result = ERR_OK;
    return catalog;
}

void model_details_from_show(struct json_object *show, struct model_details *details) {
    *details = (struct model_details){0};
    struct json_object *capabilities = json_get(show, "capabilities");
    if (json_count(capabilities) > 0) {
        details->capabilities = catalog_capabilities(capabilities);
        details->capabilities_known = true;
    }
    details->context_length =
        not_negative(json_get_int(json_get(show, "details"), "context_length", 0));
    // The architecture's own key only: vision and audio parts have lengths of their own.
    struct json_object *info = json_get(show, "model_info");
    struct str architecture = json_get_str(info, "general.architecture");
    char key[128];
    static const char SUFFIX[] = ".context_length";
    if (architecture.n && architecture.n < sizeof(key) - sizeof(SUFFIX)) {
        memcpy(key, architecture.p, architecture.n);
        memcpy(key + architecture.n, SUFFIX, sizeof(SUFFIX));
        int64_t length = json_get_int(info, key, 0);
        if (length > 0) {
            details->context_length = length;
        }
    }
}

struct catalog *catalog_retain(struct catalog *catalog) {
    __atomic_add_fetch(&catalog->references, 1, __ATOMIC_RELAXED);
    return catalog;
}

void catalog_release(struct catalog *catalog) {
    if (catalog && __atomic_sub_fetch(&catalog->references, 1, __ATOMIC_ACQ_REL) == 0) {
        arena_finish(&catalog->arena);
        free(catalog->known);
        free(catalog);
    }
}

const struct model *catalog_find(const struct catalog *catalog, const struct model_name *name) {
    if (catalog == NULL || catalog->index_size == 0) {
        return NULL;
    }
    uint32_t found = catalog->index[index_slot(catalog, name)];
    return found ? &catalog->models[found - 1] : NULL;
}

const struct model *catalog_find_written(const struct catalog *catalog, struct str written) {
    written = str_trim(written);
    if (catalog == NULL) {
        return NULL;
    }
    if (catalog->kind == SERVER_KIND_OLLAMA) {
        struct model_name name;
        bool is_name =
            written.n <= LIMIT_NAME && model_name_parse(written, MODEL_NAME_INFERENCE, &name, NULL);
        return is_name ? catalog_find(catalog, &name) : NULL;
    }
    const struct model *alike = NULL;
    for (size_t i = 0; i < catalog->n_models; i++) {
        const struct model *model = &catalog->models[i];
        if (str_eq(model->name, written)) {
            return model;
        }
        alike = !alike && str_ieq(model->name, written) ? model : alike;
    }
    return alike;
}

bool model_has(const struct model *model, unsigned wanted) {
    return model->capabilities_known && (model->capabilities & wanted) == wanted;
}

bool model_lacks(const struct model *model, unsigned wanted) {
    return model->capabilities_known &&
           (wanted & ~(model->capabilities | model->capabilities_unsure)) != 0;
}

// 0 known fit, 1 unknown, 2 known misfit.
static int fit_rank(const struct model *model, unsigned wanted) {
    if (wanted == 0) {
        return 0;
    }
    return model_has(model, wanted) ? 0 : model_lacks(model, wanted) ? 2 : 1;
}

int model_order(const struct model *a, const struct model *b, unsigned wanted) {
    if (a->running.loaded != b->running.loaded) {
        return a->running.loaded ? -1 : 1;
    }
    int fit = fit_rank(a, wanted) - fit_rank(b, wanted);
    if (fit != 0) {
        return fit;
    }
    if (a->modified != b->modified) {
        return a->modified > b->modified ? -1 : 1;
    }
    return str_icmp(a->name, b->name);
}
