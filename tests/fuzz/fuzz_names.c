// SPDX-License-Identifier: MIT
//
// Short texts that stand in files: model names, hosts, values of variables, URIs and paths, globs,
// and what is made of them for people. Input: what to try (1 byte), then one text, or two with a
// NUL between.
#include "base/glob.h"
#include "base/limits.h"
#include "base/uri.h"
#include "base/utf.h"
#include "ollama/core/environment.h"
#include "ollama/core/host.h"
#include "ollama/core/library.h"
#include "ollama/core/name.h"
#include "fuzz/fuzz.h"

static void check_shown(struct str s) {
    FUZZ_CHECK(utf8_is_valid(s));
    for (size_t i = 0; i < s.n;) {
        FUZZ_CHECK(!char_is_unsafe(utf8_next(s, &i)));
    }
}

static void try_name(struct arena *arena, struct str written, enum model_name_use use) {
    struct model_name name = {0};
    struct model_name_problem problem = {0};
    if (!model_name_parse(written, use, &name, &problem)) {
        FUZZ_CHECK(problem.fault != MODEL_NAME_FINE);
        FUZZ_CHECK(problem.start <= problem.end && problem.end <= written.n);
        check_shown(model_name_problem_text(arena, written, &problem));
        return;
    }
    FUZZ_CHECK(name.model.n > 0 && name.tag.n > 0 && name.host.n > 0 && name.namespace_.n > 0);
    FUZZ_CHECK(model_name_eq(&name, &name));
    // The name as shown is the same name, and is shown the same way.
    struct str shown = model_name_display(arena, &name);
    check_shown(shown);
    struct model_name again = {0};
    if (use == MODEL_NAME_INFERENCE) {
        FUZZ_CHECK(model_name_parse(shown, use, &again, NULL));
        FUZZ_CHECK(name.source == MODEL_SOURCE_LOCAL || model_name_eq(&name, &again));
        FUZZ_CHECK(name.source == MODEL_SOURCE_LOCAL ||
                   str_eq(shown, model_name_display(arena, &again)));
        FUZZ_CHECK(!model_name_eq(&name, &again) ||
                   model_name_hash(&name) == model_name_hash(&again));
    }
    (void)model_name_full(arena, &name);
    check_shown(model_name_page(arena, &name));
}

static bool is_plain_name(struct str name) {
    for (size_t i = 0; i < name.n; i++) {
        if (!char_is_alnum(name.p[i]) && name.p[i] != '.' && name.p[i] != '-') {
            return false;
        }
    }
    return name.n > 0;
}

static void try_host(struct arena *arena, struct str written) {
    struct host host;
    host_parse(written, &host);
    FUZZ_CHECK(fuzz_is_inside(host.name, written) || host.name.n > 0);
    FUZZ_CHECK(host_eq(&host, &host));
    struct str url = host_connect_url(arena, &host, true);
    FUZZ_CHECK(str_eq(host_canonical(arena, written), url));
    (void)host_url(arena, &host);
    (void)host_port(&host);
    struct str redacted = uri_redact(arena, written);
    FUZZ_CHECK(str_eq(uri_redact(arena, redacted), redacted));
    if (!host_scheme_is_http(&host) || !is_plain_name(host.name)) {
        return; // Ollama escapes the rest into a URL that it would not read as the same
    }
    // The canonical form is read as the same host, and trust judged by it is the same.
    struct host again;
    host_parse(url, &again);
    FUZZ_CHECK(host_eq(&host, &again) || host.path.n > 0);
    FUZZ_CHECK(host_is_loopback(&host) == host_is_loopback(&again));
}

static void try_uri(struct arena *arena, struct str uri) {
    struct str path;
    if (uri_to_path(arena, uri, &path) == ERR_OK) {
        FUZZ_CHECK(path.n > 0 && path.p[0] == '/' && memchr(path.p, 0, path.n) == NULL);
        struct str back;
        FUZZ_CHECK(uri_to_path(arena, uri_from_path(arena, path), &back) == ERR_OK);
        FUZZ_CHECK(str_eq(path, back));
    }
    (void)uri_scheme(uri);
    (void)uri_redact(arena, uri);
    struct str normal = path_normalize(arena, uri);
    FUZZ_CHECK(str_eq(path_normalize(arena, normal), normal));
    (void)path_join(arena, path_dir(uri), path_base(uri));
    FUZZ_CHECK(path_is_within(normal, normal));
}

static void try_values(struct arena *arena, struct str value) {
    for (enum value_type type = VALUE_BOOL; type <= VALUE_STRING; type++) {
        struct str fix = STR_NONE;
        if (!value_check(arena, type, NULL, 0, value, &fix) && fix.n > 0) {
            FUZZ_CHECK(value_check(arena, type, NULL, 0, fix, NULL)); // a rewriting mends it
        }
    }
    for (size_t i = 0; i < parameter_count(); i++) {
        (void)parameter_value_ok(parameter_at(i), value);
    }
    (void)variable_find(value);
    (void)parameter_find(value);
}

static void try_guesses(struct arena *arena, struct str written) {
    struct foreign_id id;
    foreign_id_detect(written, &id);
    FUZZ_CHECK(!id.is_foreign || id.vendor.n > 0);
    if (written.n > LIMIT_NAME) {
        return;
    }
    struct suggestion suggestions[8];
    size_t n = suggest_models(arena, written, NULL, 0, suggestions, 8);
    FUZZ_CHECK(n <= 8);
    for (size_t i = 0; i < n; i++) {
        struct model_name name;
        FUZZ_CHECK(model_name_parse(suggestions[i].name, MODEL_NAME_INFERENCE, &name, NULL));
        FUZZ_CHECK(suggestions[i].kind != SUGGESTION_INSTALLED);
    }
}

static void try_shown(struct arena *arena, struct str text) {
    check_shown(display_escape(arena, text, 0));
    struct str cut = display_escape(arena, text, 40);
    check_shown(cut);
    FUZZ_CHECK(utf8_is_valid(utf8_sanitize(arena, text)));
    check_shown(markdown_escape(arena, text));
    (void)markdown_code(arena, text);
    FUZZ_CHECK(utf8_length(text) <= utf8_length_utf16(text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct fuzz_input input = fuzz_input_of(data, size);
    unsigned which = fuzz_byte(&input);
    struct arena arena;
    arena_init(&arena);
    struct str text = fuzz_exact(input.rest);
    switch (which % 8) {
    case 0: try_name(&arena, text, MODEL_NAME_INFERENCE); break;
    case 1: try_name(&arena, text, MODEL_NAME_NEW); break;
    case 2: try_host(&arena, text); break;
    case 3: try_uri(&arena, text); break;
    case 4: try_values(&arena, text); break;
    case 5: try_guesses(&arena, text); break;
    case 6: try_shown(&arena, text); break;
    default: {
        struct str path = text;
        struct str pattern = str_split(&path, '\0');
        (void)glob_match(pattern, path);
        (void)glob_match_segment(pattern, path);
        break;
    }
    }
    free((char *)text.p);
    arena_finish(&arena);
    return 0;
}
