// SPDX-License-Identifier: MIT
//
// From a case file to its findings. Servers are the file's catalogs; nothing is asked of the
// network or the disk: what exists is what the case says.
#include "case_run.h"

#include "base/buf.h"
#include "base/json.h"
#include "base/uri.h"
#include "base/utf.h"
#include "ollama/core/openai.h"

#define DEFAULT_URL STR("http://127.0.0.1:11434")

// --- building ---

// "NAME [CAPABILITIES|-] [CONTEXT] [remote]" as an entry of /api/tags.
static struct json_object *model_from_line(struct arena *arena, struct str line) {
    struct str name = str_split(&line, ' ');
    struct str capabilities = str_split(&line, ' ');
    struct str context = str_split(&line, ' ');
    struct json_object *model = json_object_new_object();
    struct json_object *details = json_object_new_object();
    json_set_str(model, "name", name);
    json_set_str(model, "model", name);
    json_set_str(model, "digest",
                 arena_printf(arena, "%064llx", (unsigned long long)str_hash(name)));
    json_set_int(model, "size", 2000000000);
    int64_t tokens;
    if (str_to_int64(context, &tokens)) {
        json_set_int(details, "context_length", tokens);
    }
    json_set(model, "details", details);
    if (str_eq(str_trim(line), STR("remote"))) {
        json_set_str(model, "remote_host", STR("https://ollama.com:443"));
    }
    if (capabilities.n > 0 && !str_eq(capabilities, STR("-"))) {
        struct json_object *list = json_object_new_array();
        while (capabilities.p) {
            json_add(list, json_new_str(str_split(&capabilities, ',')));
        }
        json_set(model, "capabilities", list);
    }
    return model;
}

// Of kind openai: "embedding" makes it one that only embeds, nothing that is told otherwise.
static struct catalog *openai_from_body(struct arena *arena, struct str url, struct str body) {
    struct openai_sources sources = {.models = json_object_new_object(),
                                     .studio = json_object_new_object()};
    struct json_object *models = json_object_new_array();
    struct json_object *studio = json_object_new_array();
    struct str line;
    while (str_next_line(&body, &line)) {
        struct str name = str_split(&line, ' ');
        struct str words = str_split(&line, ' ');
        struct json_object *model = json_object_new_object();
        json_set_str(model, "id", arena_copy(arena, name));
        if (words.n > 0 && !str_eq(words, STR("-"))) {
            bool embeds = str_eq(words, STR("embedding"));
            json_set_str(model, "type", embeds ? STR("embeddings") : STR("llm"));
        }
        json_add(models, model);
        json_add(studio, json_object_get(model));
    }
    json_set(sources.models, "data", models);
    json_set(sources.studio, "data", studio);
    enum err result;
    struct catalog *catalog = openai_catalog(url, STR(""), &sources, &result);
    json_object_put(sources.models);
    json_object_put(sources.studio);
    return catalog;
}

static struct catalog *catalog_from_body(struct arena *arena, struct str url, struct str body) {
    struct json_object *tags = json_object_new_object();
    struct json_object *models = json_object_new_array();
    struct str line;
    while (str_next_line(&body, &line)) {
        if (str_trim(line).n > 0) {
            json_add(models, model_from_line(arena, str_trim(line)));
        }
    }
    json_set(tags, "models", models);
    enum err result;
    struct catalog *catalog = catalog_create(url, STR("0.33.0"), tags, NULL, NULL, NULL, &result);
    json_object_put(tags);
    return catalog;
}

// "--- catalog [URL] [WORD…]": unreachable, untrusted, unknown, file, capped, openai,
// name=NAME.
static void add_server(struct case_run *run, struct case_server *server,
                       const struct case_section *section) {
    struct str words = section->rest;
    struct str url = section->rest.n > 0 ? str_split(&words, ' ') : DEFAULT_URL;
    server->url = host_canonical(run->arena, url);
    struct server_view *view = &server->view;
    *view = (struct server_view){.verdict = VERDICT_OK, .url = server->url, .name = STR("default")};
    view->is_default = server == run->servers;
    struct host host;
    host_parse(server->url, &host);
    view->is_loopback = host_is_loopback(&host);
    while (words.p) {
        struct str word = str_split(&words, ' ');
        if (str_eq(word, STR("unreachable"))) {
            view->verdict = VERDICT_UNREACHABLE;
        } else if (str_eq(word, STR("untrusted"))) {
            view->verdict = VERDICT_UNTRUSTED;
        } else if (str_eq(word, STR("unknown"))) {
            view->verdict = VERDICT_UNKNOWN;
        } else if (str_eq(word, STR("file"))) {
            view->from_file = true;
            view->name = STR("");
        } else if (str_eq(word, STR("capped"))) {
            view->capped = true;
        } else if (str_eq(word, STR("openai"))) {
            view->kind = SERVER_KIND_OPENAI;
        } else if (str_starts(word, STR("name="))) {
            view->name = str_from_index(word, 5);
        } else {
            run->problem = arena_printf(run->arena, "unknown word %.*s", STR_ARG(word));
        }
    }
    if (view->verdict == VERDICT_OK) {
        view->catalog = (view->kind == SERVER_KIND_OPENAI ? openai_from_body : catalog_from_body)(
            run->arena, server->url, section->body);
    }
}

// A container's name is mapped to the default server; a host that no catalog names is untrusted.
static struct server_view server_of(void *data, const struct reference_host *host) {
    struct case_run *run = data;
    if (host->origin == HOST_ORIGIN_NONE || host->is_container) {
        struct server_view view = run->servers[0].view;
        view.capped = view.capped || host->is_container;
        return view;
    }
    struct str url = host_canonical(run->arena, host->written);
    for (size_t i = 0; i < run->n_servers; i++) {
        bool fits = !host->is_openai || run->servers[i].view.kind == SERVER_KIND_OPENAI;
        if (fits && str_eq(run->servers[i].url, url)) {
            return run->servers[i].view;
        }
    }
    if (host->is_openai) {
        return (struct server_view){.verdict = VERDICT_UNKNOWN, .kind = SERVER_KIND_OPENAI};
    }
    struct host parsed;
    host_parse(host->written, &parsed);
    struct server_view *view = &run->servers[0].view;
    if (view->is_loopback && host_is_loopback(&parsed) && host_port(&parsed) == 11434) {
        return *view; // the same server by another of its names
    }
    return (struct server_view){
        .verdict = host_is_loopback(&parsed) ? VERDICT_UNREACHABLE : VERDICT_UNTRUSTED,
        .url = uri_redact(run->arena, url),
        .is_loopback = host_is_loopback(&parsed),
        .from_file = true,
    };
}

static struct server_view other_server_with(void *data, const struct model_name *name) {
    struct case_run *run = data;
    for (size_t i = 1; i < run->n_servers; i++) {
        struct server_view *view = &run->servers[i].view;
        if (!view->from_file && view->catalog && catalog_find(view->catalog, name)) {
            return *view;
        }
    }
    return (struct server_view){0};
}

static int path_exists(void *data, struct str absolute) {
    struct case_run *run = data;
    struct str rest = run->exists, line;
    if (str_starts(absolute, STR("~"))) {
        return -1; // cases have no home
    }
    while (str_next_line(&rest, &line)) {
        if (str_eq(path_join(run->arena, run->context.directory, str_trim(line)), absolute)) {
            return 1;
        }
    }
    return 0;
}

static void on_problem(void *data, struct str message) {
    struct case_run *run = data;
    run->problem = arena_copy(run->arena, message);
}

static void read_settings(struct case_run *run, struct json_object *settings) {
    struct json_object *ignored = json_get(settings, "ignoreModels");
    struct str *models = ARENA_ARRAY(run->arena, json_count(ignored) + 1, struct str);
    for (size_t i = 0; i < json_count(ignored); i++) {
        models[i] = arena_copy(run->arena, json_str(json_at(ignored, i)));
    }
    run->context.ignore_models = models;
    run->context.n_ignore_models = json_count(ignored);
    struct json_object *severity = json_get(settings, "severity");
    if (severity) {
        json_object_object_foreach (severity, key, value) {
            enum finding_code code;
            if (!finding_code_parse(str_from(key), &code) ||
                !severity_parse(json_str(value), &run->severities[code])) {
                run->problem = arena_printf(run->arena, "bad severity for %s", key);
                continue;
            }
            run->has_severity[code] = true;
        }
    }
    run->context.severities = run->severities;
    run->context.has_severity = run->has_severity;
    run->analyzer = analyzer_create(json_get(settings, "conventions"), on_problem, run);
}

// The text as the words behind "--- text" want it.
static struct str text_of(struct case_run *run) {
    size_t from = 0;
    const struct case_section *section = case_file_section(run->file, STR("text"), &from);
    if (!section) {
        run->problem = STR("no text");
        return STR("");
    }
    struct buf out;
    buf_init(&out, 1u << 24);
    bool crlf = str_contains(section->rest, STR("crlf"));
    bool utf16 = str_contains(section->rest, STR("utf16"));
    if (utf16) {
        buf_append(&out, STR("\xff\xfe"));
    } else if (str_contains(section->rest, STR("bom"))) {
        buf_append(&out, STR("\xef\xbb\xbf"));
    }
    struct str body = section->body;
    if (str_contains(section->rest, STR("no-eol")) && str_ends(body, STR("\n"))) {
        body.n--;
    }
    for (size_t i = 0; i < body.n; i++) {
        if (crlf && body.p[i] == '\n') {
            buf_append_char(&out, '\r');
        }
        buf_append_char(&out, body.p[i]);
        if (utf16) {
            buf_append_char(&out, '\0');
        }
    }
    struct str text = arena_copy(run->arena, buf_str(&out));
    buf_finish(&out);
    return text;
}

void case_run_init(struct case_run *run, struct arena *arena, const struct case_file *file) {
    *run = (struct case_run){.arena = arena, .file = file};
    struct str relative = case_file_rest(file, STR("path"));
    run->path = path_join(arena, STR("/w"), relative);
    run->context = (struct finding_context){.server_of = server_of,
                                            .other_server_with = other_server_with,
                                            .path_exists = path_exists,
                                            .data = run,
                                            .directory = path_dir(run->path)};
    run->exists = case_file_body(file, STR("exists"));
    size_t from = 0;
    size_t n = 0;
    run->servers = ARENA_ARRAY(arena, file->n + 1, struct case_server);
    const struct case_section *section;
    while ((section = case_file_section(file, STR("catalog"), &from)) != NULL) {
        add_server(run, &run->servers[n++], section);
    }
    if (n == 0) { // nothing known of any server
        run->servers[n++] = (struct case_server){
            .url = DEFAULT_URL,
            .view = {.verdict = VERDICT_UNKNOWN, .url = DEFAULT_URL, .is_default = true}};
    }
    run->n_servers = n;
    struct json_object *settings = NULL;
    struct str json = case_file_body(file, STR("settings"));
    struct error error = {0};
    if (json.n > 0 && json_parse(arena, json, &settings, &error) != ERR_OK) {
        run->problem = error.message;
    }
    read_settings(run, settings);
    json_object_put(settings);
    run->n_dotenv = dotenv_entries(arena, case_file_body(file, STR("dotenv")), &run->dotenv);
    run->bytes = text_of(run);
    struct str head = str_slice(run->bytes, 0, 1024);
    run->format = format_detect(run->path, case_file_rest(file, STR("language")), head);
    if (relative.n == 0) {
        run->problem = STR("no path");
    }
}

void case_run_finish(struct case_run *run) {
    for (size_t i = 0; i < run->n_servers; i++) {
        catalog_release(run->servers[i].view.catalog);
    }
    analyzer_release(run->analyzer);
}

void case_run_analyse(struct case_run *run, struct str bytes, struct case_result *out) {
    *out = (struct case_result){.text = text_create(bytes)};
    const TSLanguage *language = format_language(run->format);
    if (language &&
        analyzer_wants_tree(run->analyzer, run->format, path_relative(run->path, STR("/w")))) {
        out->tree = tree_parse(out->text, language, NULL);
    }
    struct analysis_input input = {.path = run->path,
                                   .folder_path = path_relative(run->path, STR("/w")),
                                   .format = run->format,
                                   .text = out->text,
                                   .tree = out->tree,
                                   .dotenv = run->dotenv,
                                   .n_dotenv = run->n_dotenv};
    out->analysis = analyzer_run(run->analyzer, run->arena, &input);
    out->findings = findings_make(run->arena, &input, out->analysis, &run->context);
}

void case_result_finish(struct case_result *result) {
    tree_destroy(result->tree);
    text_release(result->text);
}

// --- showing ---

// The line that holds `start`, and marks under [start, end); tabs stay tabs, so that they line up.
static void show_range(struct buf *out, const struct case_result *result, struct arena *arena,
                       size_t start, size_t end) {
    size_t line = text_line_at(result->text, start);
    size_t line_start = text_line_start(result->text, line);
    size_t line_end = text_line_end(result->text, line);
    struct str bytes = text_str(result->text);
    struct str shown = utf8_sanitize(arena, str_slice(bytes, line_start, line_end));
    if (str_find_char(shown, '\0') != STR_NPOS) { // UTF-16
        buf_printf(out, "bytes %zu to %zu\n", start, end);
        return;
    }
    struct buf head;
    buf_init(&head, 64);
    buf_printf(&head, "%zu: ", line + 1);
    buf_append(out, buf_str(&head));
    buf_append(out, shown);
    buf_append_char(out, '\n');
    for (size_t i = 0; i < head.n; i++) {
        buf_append_char(out, ' ');
    }
    buf_finish(&head);
    struct str before = str_slice(bytes, line_start, start);
    for (size_t i = 0; i < before.n;) {
        buf_append_char(out, before.p[i] == '\t' ? '\t' : ' ');
        utf8_next(before, &i);
    }
    size_t marked = end < line_end ? end : line_end;
    struct str word = str_slice(bytes, start, marked > start ? marked : start);
    for (size_t i = 0; i < word.n;) {
        utf8_next(word, &i);
        buf_append_char(out, '^');
    }
    buf_append(out, word.n == 0 ? STR("|") : end > line_end ? STR("…") : STR(""));
}

static const char *fix_note(const struct fix *fix) {
    return fix->certain ? " (certain)" : fix->preferred ? " (preferred)" : "";
}

struct str case_show_findings(struct arena *arena, const struct case_result *result) {
    struct buf out;
    buf_init(&out, 1u << 24);
    for (size_t i = 0; i < result->findings.n; i++) {
        const struct finding *f = &result->findings.at[i];
        show_range(&out, result, arena, f->start, f->end);
        buf_printf(&out, " %s %s\n    %.*s\n", severity_name(f->severity),
                   finding_code_name(f->code), STR_ARG(f->message));
        for (size_t k = 0; k < f->n_fixes; k++) {
            buf_printf(&out, "    - %.*s%s\n", STR_ARG(f->fixes[k].title), fix_note(&f->fixes[k]));
        }
    }
    struct str copy = arena_copy(arena, buf_str(&out));
    buf_finish(&out);
    return copy;
}

struct str case_show_references(struct arena *arena, const struct case_result *result) {
    static const char *const kinds[] = {
        "model", "host", "variable", "variable-value", "parameter", "parameter-value", "path"};
    static const char *const flags[] = {"pulls", "installs", "new",          "placeholder",
                                        "quiet", "example",  "wrong-prefix", "empty"};
    struct buf out;
    buf_init(&out, 1u << 24);
    for (size_t i = 0; i < result->analysis->n_references; i++) {
        const struct reference *r = &result->analysis->references[i];
        show_range(&out, result, arena, r->start, r->end);
        buf_printf(&out, " %s", kinds[r->kind]);
        if (r->kind == REF_MODEL && r->role != ROLE_ANY) {
            buf_printf(&out, " role=%s", role_name(r->role));
        }
        if (r->prefix.n > 0) {
            buf_printf(&out, " prefix=%.*s", STR_ARG(r->prefix));
        }
        if (r->host.origin != HOST_ORIGIN_NONE) {
            buf_printf(&out, " host=%.*s", STR_ARG(r->host.written));
        }
        for (size_t bit = 0; bit < sizeof(flags) / sizeof(flags[0]); bit++) {
            if (r->flags >> bit & 1) {
                buf_printf(&out, " %s", flags[bit]);
            }
        }
        buf_printf(&out, " [%.*s]\n", STR_ARG(r->convention));
    }
    struct str copy = arena_copy(arena, buf_str(&out));
    buf_finish(&out);
    return copy;
}
