// SPDX-License-Identifier: MIT
//
// A Modelfile as the request to /api/create, the way Ollama's own command line writes it: later
// lines beat earlier ones, stop and LICENSE gather, parameters have the type of the option of that
// name, deprecated ones are dropped, and what is empty is left out.
#include "session/create.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/uri.h"
#include "base/utf.h"
#include "ollama/core/environment.h"
#include "ollama/core/name.h"

#define NAME_MAX_BYTES 80 // of the model's part

// --- the name ---

static bool char_fits_name(char c) {
    return char_is_alnum(c) || c == '_' || c == '-' || c == '.';
}

// Lower case, each run of other characters one "-", neither punctuation first nor last.
static struct str legal_name(struct arena *arena, struct str text) {
    char *out = ARENA_ARRAY(arena, text.n + 1, char);
    size_t n = 0;
    for (size_t i = 0; i < text.n && n < NAME_MAX_BYTES; i++) {
        char c = char_fits_name(text.p[i]) ? char_lower(text.p[i]) : '-';
        bool is_first = n == 0 && !char_is_alnum(c) && c != '_';
        bool is_run = n > 0 && c == '-' && out[n - 1] == '-';
        if (!is_first && !is_run) {
            out[n++] = c;
        }
    }
    while (n > 0 && (out[n - 1] == '-' || out[n - 1] == '.')) {
        n--;
    }
    return str_of(out, n);
}

struct str create_name(struct arena *arena, struct str path) {
    struct str word = STR("modelfile");
    struct str base = path_base(path);
    struct str stem = base;
    if (str_istarts(base, STR("modelfile.")) && base.n > word.n + 1) {
        stem = str_from_index(base, word.n + 1);
    } else if (str_ieq(base, word)) {
        stem = path_base(path_dir(path));
    } else {
        size_t dot = str_rfind_char(base, '.');
        stem = dot == STR_NPOS || dot == 0 ? base : str_slice(base, 0, dot);
    }
    struct str name = legal_name(arena, stem);
    return name.n > 0 ? name : STR("model");
}

// --- the request ---

struct reader {
    struct arena *arena;
    struct str bytes;
    struct create_request *request;
    struct json_object *parameters;
    struct json_object *messages;
    struct json_object *licenses;
    VEC(struct create_path) paths;
    struct error *error;
};

static enum err refuse(struct reader *reader, size_t offset, struct str why) {
    size_t line = 1;
    struct str before = str_slice(reader->bytes, 0, offset);
    for (size_t i = 0; i < before.n; i++) {
        line += before.p[i] == '\n';
    }
    return error_set(reader->error, reader->arena, ERR_INVALID, "line %zu: %.*s", line,
                     STR_ARG(why));
}

// The shortest decimal that is this float: what Go writes, so that 0.7 stays 0.7.
static struct json_object *new_float(float value) {
    char text[40];
    for (int digits = 1; digits <= 9; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, (double)value);
        if (strtof(text, NULL) == value) {
            break;
        }
    }
    return json_object_new_double_s((double)value, text);
}

static void add_stop(struct reader *reader, const char *name, struct str value) {
    struct json_object *list = json_get(reader->parameters, name);
    if (!list) {
        list = json_object_new_array();
        json_set(reader->parameters, name, list);
    }
    json_add(list, json_new_str(value));
}

static enum err read_parameter(struct reader *reader, const struct modelfile_instruction *in) {
    struct arena *arena = reader->arena;
    const struct parameter *parameter = parameter_find(in->name);
    struct parameter_value value;
    struct str shown = display_escape(arena, in->name, 80);
    if (!parameter) {
        return refuse(reader, in->keyword_start,
                      arena_printf(arena, "Ollama refuses the parameter %.*s", STR_ARG(shown)));
    }
    if (parameter->deprecated) {
        return ERR_OK;
    }
    if (!parameter_value_read(parameter, in->value, &value)) {
        return refuse(reader, in->keyword_start,
                      arena_printf(arena, "%.*s takes %s, not %.*s", STR_ARG(shown),
                                   value_type_text(parameter->type),
                                   STR_ARG(display_escape(arena, in->value, 80))));
    }
    const char *name = arena_cstr(arena, in->name);
    switch (parameter->type) {
    case VALUE_INT: json_set_int(reader->parameters, name, value.integer); break;
    case VALUE_FLOAT: json_set(reader->parameters, name, new_float(value.number)); break;
    case VALUE_BOOL: json_set_bool(reader->parameters, name, value.boolean); break;
    default: add_stop(reader, name, in->value); break;
    }
    return ERR_OK;
}

static void set_text(struct reader *reader, const char *key, struct str value) {
    if (value.n > 0) {
        json_set_str(reader->request->body, key, value);
    } else {
        json_object_object_del(reader->request->body, key); // the last one wins, also an empty one
    }
}

static void add_message(struct reader *reader, const struct modelfile_instruction *in) {
    struct json_object *message = json_object_new_object();
    json_set_str(message, "role", in->name);
    json_set_str(message, "content", in->value);
    json_add(reader->messages, message);
}

// Of several ADAPTERs only the last one counts.
static void add_path(struct reader *reader, const struct modelfile_instruction *in) {
    if (in->command == MODELFILE_ADAPTER) {
        size_t n = 0;
        for (size_t i = 0; i < reader->paths.n; i++) {
            if (reader->paths.at[i].command != MODELFILE_ADAPTER) {
                reader->paths.at[n++] = reader->paths.at[i];
            }
        }
        reader->paths.n = n;
    }
    *VEC_PUSH(reader->arena, &reader->paths) =
        (struct create_path){in->command, arena_copy(reader->arena, in->value)};
}

static enum err read_instruction(struct reader *reader, const struct modelfile_instruction *in) {
    struct str value = in->value;
    switch (in->command) {
    case MODELFILE_FROM:
    case MODELFILE_ADAPTER:
    case MODELFILE_DRAFT: add_path(reader, in); break;
    case MODELFILE_TEMPLATE: set_text(reader, "template", value); break;
    case MODELFILE_SYSTEM: set_text(reader, "system", value); break;
    case MODELFILE_RENDERER: set_text(reader, "renderer", value); break;
    case MODELFILE_PARSER: set_text(reader, "parser", value); break;
    case MODELFILE_REQUIRES:
        set_text(reader, "requires", str_from_index(value, str_starts(value, STR("v"))));
        break;
    case MODELFILE_LICENSE: json_add(reader->licenses, json_new_str(value)); break;
    case MODELFILE_MESSAGE: add_message(reader, in); break;
    case MODELFILE_PARAMETER: return read_parameter(reader, in);
    case MODELFILE_COMMANDS: break;
    }
    return ERR_OK;
}

// Into the body unless there is nothing in it.
static void set_unless_empty(struct create_request *request, const char *key,
                             struct json_object *value) {
    bool is_array = json_is(value, json_type_array);
    if (is_array ? json_count(value) > 0 : json_object_object_length(value) > 0) {
        json_set(request->body, key, value);
    } else {
        json_object_put(value);
    }
}

enum err create_request_read(struct arena *arena, struct str bytes, struct create_request *out,
                             struct error *error) {
    *out = (struct create_request){.body = json_object_new_object()};
    struct reader reader = {
        .arena = arena,
        .bytes = bytes,
        .request = out,
        .parameters = json_object_new_object(),
        .messages = json_object_new_array(),
        .licenses = json_object_new_array(),
        .error = error,
    };
    struct modelfile file;
    modelfile_parse(arena, bytes, &file);
    enum err err = file.n_faults == 0 ? ERR_OK
                                      : refuse(&reader, file.faults[0].start,
                                               modelfile_fault_text(arena, &file.faults[0]));
    for (size_t i = 0; i < file.n && err == ERR_OK; i++) {
        err = read_instruction(&reader, &file.at[i]);
    }
    set_unless_empty(out, "parameters", reader.parameters);
    set_unless_empty(out, "messages", reader.messages);
    set_unless_empty(out, "license", reader.licenses);
    out->paths = reader.paths.at;
    out->n_paths = reader.paths.n;
    if (err != ERR_OK) {
        create_request_finish(out);
    }
    return err;
}

void create_request_finish(struct create_request *request) {
    json_object_put(request->body);
    *request = (struct create_request){0};
}

void create_request_complete(struct create_request *request, struct str model,
                             const struct create_files *files) {
    json_set_str(request->body, "model", model);
    json_set_bool(request->body, "stream", true);
    if (files->from.n > 0) {
        json_set_str(request->body, "from", files->from);
    }
    for (size_t i = 0; i < files->n; i++) {
        const struct create_file *file = &files->at[i];
        const char *member = file->command == MODELFILE_ADAPTER ? "adapters"
                             : file->command == MODELFILE_DRAFT ? "draft_files"
                                                                : "files";
        struct json_object *group = json_get(request->body, member);
        if (!group) {
            group = json_object_new_object();
            json_set(request->body, member, group);
        }
        struct json_object *digest = json_new_str(str_from(file->digest));
        json_object_object_add(group, file->key.p, digest); // the arena ends every string with NUL
    }
}
