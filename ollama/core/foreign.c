// SPDX-License-Identifier: MIT
//
// Is this a name of another place? Cautious: a wrong "this is a Hugging Face id" about somebody's
// own model is worse than the plain "unknown model" it would get otherwise. Certain signs are: an
// organisation known to live on Hugging Face, a repository name in hub spelling, a name on the list
// of hosted models, and dashed slugs whose words are exactly a library family and a size.
#include "base/limits.h"
#include "ollama/core/facets.h"
#include "ollama/core/library.h"
#include "ollama/core/tables.h"

static bool has_upper(struct str s) {
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] >= 'A' && s.p[i] <= 'Z') {
            return true;
        }
    }
    return false;
}

// "-7B" with a capital: the hub's way to write sizes.
static bool has_hub_size(struct str s) {
    for (size_t i = 1; i < s.n; i++) {
        bool ends = i + 1 == s.n || !char_is_alnum(s.p[i + 1]);
        if (s.p[i] == 'B' && char_is_digit(s.p[i - 1]) && ends) {
            return true;
        }
    }
    return false;
}

// "Llama-3.1-8B-Instruct", "Foo-GGUF": capitals and one of the hub's endings.
static bool is_hub_style(struct str repo) {
    static const struct str MARKS[] = {
        STR_INIT("-Instruct"), STR_INIT("-Chat"), STR_INIT("-GGUF"), STR_INIT("-Base"),
        STR_INIT("-AWQ"),      STR_INIT("-GPTQ"), STR_INIT("-hf"),   STR_INIT("-it"),
    };
    if (!has_upper(repo)) {
        return false;
    }
    if (has_hub_size(repo)) {
        return true;
    }
    for (size_t i = 0; i < sizeof(MARKS) / sizeof(MARKS[0]); i++) {
        size_t at = str_find(repo, MARKS[i]);
        size_t end = at == STR_NPOS ? 0 : at + MARKS[i].n;
        if (at != STR_NPOS && (end == repo.n || repo.p[end] == '-')) {
            return true;
        }
    }
    return false;
}

static bool table_has(struct name_table table, struct str id, bool repo_only) {
    for (size_t i = 0; i < table.n; i++) {
        struct str from = table.rows[i].from;
        if (repo_only) {
            size_t slash = str_find_char(from, '/');
            from = str_from_index(from, slash == STR_NPOS ? 0 : slash + 1);
        }
        if (str_ieq(from, id)) {
            return true;
        }
    }
    return false;
}

static bool is_mapped(struct str id, bool repo_only) {
    return table_has(table_foreign(), id, repo_only) ||
           table_has(table_hub_sources(), id, repo_only);
}

// Suffixes that routers put behind a hub id.
static bool is_router_tag(struct str tag) {
    static const struct str TAGS[] = {
        STR_INIT("free"),  STR_INIT("nitro"),  STR_INIT("extended"), STR_INIT("thinking"),
        STR_INIT("floor"), STR_INIT("online"), STR_INIT("exacto"),   STR_INIT("fastest"),
    };
    for (size_t i = 0; i < sizeof(TAGS) / sizeof(TAGS[0]); i++) {
        if (str_ieq(tag, TAGS[i])) {
            return true;
        }
    }
    return false;
}

static void detect_with_owner(struct str owner, struct str repo, struct str tag, struct str id,
                              struct foreign_id *out) {
    const struct vendor_name *vendor = table_vendor(repo);
    if (vendor && !library_find(repo)) {
        out->is_foreign = true;
        out->vendor = vendor->vendor;
        return;
    }
    bool hub = is_mapped(id, false) || (is_hub_style(repo) && tag.n == 0);
    if (table_is_hub_org(owner)) {
        // With a tag of Ollama's kind the owner may have an account on ollama.com too.
        hub = hub || tag.n == 0 || is_router_tag(tag) || is_hub_style(repo);
    }
    if (hub) {
        out->is_foreign = true;
        out->is_hugging_face = true;
        out->is_gguf = str_ifind(repo, STR("gguf")) != STR_NPOS;
        out->vendor = STR("Hugging Face");
    }
}

// "llama-3.1-8b", "mistral-7b-instruct": words of exactly one library family, and a size. Without a
// size it is a misspelling, not another place's name.
static bool is_slug(struct str model) {
    struct facets written;
    facets_init(&written, model);
    if (written.size.billions <= 0 || written.n_words == 0 ||
        str_find_char(model, '-') == STR_NPOS) {
        return false;
    }
    do {
        if (table_family(&written)) {
            return true;
        }
    } while (facets_drop_version(&written));
    return false;
}

void foreign_id_detect(struct str written, struct foreign_id *out) {
    *out = (struct foreign_id){0};
    struct str id = str_trim(written);
    if (id.n == 0 || id.n > LIMIT_NAME) {
        return;
    }
    struct str tag = STR("");
    struct str name = id;
    size_t slash = str_rfind_char(id, '/');
    size_t colon = str_rfind_char(id, ':');
    if (colon != STR_NPOS && (slash == STR_NPOS || colon > slash)) {
        tag = str_from_index(id, colon + 1);
        name = str_slice(id, 0, colon);
    }
    if (slash != STR_NPOS) {
        struct str owner = str_slice(name, 0, slash);
        struct str repo = str_from_index(name, slash + 1);
        if (owner.n && repo.n && str_find_char(owner, '/') == STR_NPOS &&
            !str_ieq(owner, MODEL_DEFAULT_NAMESPACE)) {
            detect_with_owner(owner, repo, tag, name, out);
        }
        return;
    }
    if (library_find(name)) {
        return;
    }
    const struct vendor_name *vendor = table_vendor(name);
    if (vendor && (tag.n == 0 || str_ieq(tag, MODEL_DEFAULT_TAG))) {
        out->is_foreign = true;
        out->vendor = vendor->vendor;
    } else if (tag.n == 0 && (is_mapped(name, true) || is_hub_style(name))) {
        out->is_foreign = true;
        out->vendor = STR("Hugging Face");
    } else if (tag.n == 0 && is_slug(name)) {
        out->is_foreign = true;
        out->vendor = STR("model hub");
    }
}
