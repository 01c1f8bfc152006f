// SPDX-License-Identifier: MIT
//
// SARIF 2.1.0 (OASIS), for GitHub code scanning and the like: one run, one rule per finding code.
#include <stdio.h>

#include "base/json.h"
#include "base/uri.h"
#include "base/utf.h"
#include "cli/check.h"
#include "text/position.h"

static const char *level(enum severity severity) {
    return severity == SEVERITY_ERROR ? "error" : severity == SEVERITY_WARNING ? "warning" : "note";
}

static struct json_object *text_object(struct str text) {
    struct json_object *object = json_object_new_object();
    json_set_str(object, "text", text);
    return object;
}

static struct json_object *rules(void) {
    struct json_object *list = json_object_new_array();
    for (int i = 0; i < CODE_COUNT; i++) {
        enum finding_code code = (enum finding_code)i;
        struct json_object *rule = json_object_new_object();
        struct json_object *configuration = json_object_new_object();
        json_set_str(rule, "id", str_from(finding_code_name(code)));
        json_set(rule, "shortDescription", text_object(str_from(finding_code_about(code))));
        json_set_str(configuration, "level", str_from(level(finding_code_severity(code))));
        json_set(rule, "defaultConfiguration", configuration);
        if (OLLAMA_LS_DOCS_URL[0]) {
            struct arena arena = {0};
            json_set_str(
                rule, "helpUri",
                arena_printf(&arena, "%s#%s", OLLAMA_LS_DOCS_URL, finding_code_name(code)));
            arena_finish(&arena);
        }
        json_add(list, rule);
    }
    return list;
}

static struct json_object *region(const struct text *text, size_t start, size_t end) {
    struct json_object *object = json_object_new_object();
    struct position from = text_position(text, start, POSITION_UTF32);
    struct position to = text_position(text, end, POSITION_UTF32);
    json_set_int(object, "startLine", (int64_t)from.line + 1);
    json_set_int(object, "startColumn", (int64_t)from.character + 1);
    json_set_int(object, "endLine", (int64_t)to.line + 1);
    json_set_int(object, "endColumn", (int64_t)to.character + 1);
    return object;
}

// A relative path is a relative reference (percent-encoded), an absolute one a file: URI.
static struct json_object *artifact(struct arena *arena, const struct checked_file *file) {
    struct json_object *object = json_object_new_object();
    struct str uri = uri_from_path(arena, file->absolute);
    if (file->path.n && file->path.p[0] != '/') {
        struct str encoded = uri_from_path(arena, path_join(arena, STR("/"), file->path));
        uri = str_from_index(encoded, STR("file:///").n);
    }
    json_set_str(object, "uri", uri);
    return object;
}

static struct json_object *fixes(struct arena *arena, const struct checked_file *file,
                                 const struct finding *finding) {
    struct json_object *list = json_object_new_array();
    for (size_t i = 0; i < finding->n_fixes; i++) {
        const struct fix *fix = &finding->fixes[i];
        if (fix->n_edits == 0) {
            continue; // SARIF fixes are text edits only
        }
        struct json_object *replacements = json_object_new_array();
        for (size_t e = 0; e < fix->n_edits; e++) {
            struct json_object *replacement = json_object_new_object();
            json_set(replacement, "deletedRegion",
                     region(file->text, fix->edits[e].start, fix->edits[e].end));
            json_set(replacement, "insertedContent", text_object(fix->edits[e].text));
            json_add(replacements, replacement);
        }
        struct json_object *change = json_object_new_object();
        json_set(change, "artifactLocation", artifact(arena, file));
        json_set(change, "replacements", replacements);
        struct json_object *changes = json_object_new_array();
        json_add(changes, change);
        struct json_object *object = json_object_new_object();
        json_set(object, "description", text_object(fix->title));
        json_set(object, "artifactChanges", changes);
        json_add(list, object);
    }
    return list;
}

static struct json_object *result_object(struct arena *arena, const struct checked_file *file,
                                         const struct finding *finding) {
    struct json_object *physical = json_object_new_object();
    json_set(physical, "artifactLocation", artifact(arena, file));
    json_set(physical, "region", region(file->text, finding->start, finding->end));
    struct json_object *location = json_object_new_object();
    json_set(location, "physicalLocation", physical);
    struct json_object *locations = json_object_new_array();
    json_add(locations, location);
    struct json_object *object = json_object_new_object();
    json_set_str(object, "ruleId", str_from(finding_code_name(finding->code)));
    json_set_int(object, "ruleIndex", (int64_t)finding->code);
    json_set_str(object, "level", str_from(level(finding->severity)));
    json_set(object, "message", text_object(display_escape(arena, finding->message, 0)));
    json_set(object, "locations", locations);
    struct json_object *list = fixes(arena, file, finding);
    if (json_count(list)) {
        json_set(object, "fixes", list);
    } else {
        json_object_put(list);
    }
    return object;
}

void report_sarif(const struct check_result *result) {
    struct json_object *results = json_object_new_array();
    for (size_t i = 0; i < result->n_files; i++) {
        struct checked_file *file = result->files[i];
        for (size_t f = 0; f < file->findings.n; f++) {
            if (severity_reaches(file->findings.at[f].severity, result->threshold)) {
                json_add(results, result_object(&file->arena, file, &file->findings.at[f]));
            }
        }
    }
    struct json_object *driver = json_object_new_object();
    json_set_str(driver, "name", STR("ollama-ls"));
    json_set_str(driver, "version", STR(OLLAMA_LS_VERSION));
    json_set(driver, "rules", rules());
    struct json_object *tool = json_object_new_object();
    json_set(tool, "driver", driver);
    struct json_object *run = json_object_new_object();
    json_set(run, "tool", tool);
    json_set_str(run, "columnKind", STR("unicodeCodePoints"));
    json_set(run, "results", results);
    struct json_object *runs = json_object_new_array();
    json_add(runs, run);
    struct json_object *root = json_object_new_object();
    json_set_str(root, "$schema", STR("https://json.schemastore.org/sarif-2.1.0.json"));
    json_set_str(root, "version", STR("2.1.0"));
    json_set(root, "runs", runs);
    printf("%.*s\n", STR_ARG(json_text(root)));
    json_object_put(root);
}
