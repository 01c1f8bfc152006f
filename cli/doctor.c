// SPDX-License-Identifier: MIT
//
// `doctor`: looks at everything that has to be right and says, for what is not, the command that
// mends it. It mends nothing itself.
#include "cli/doctor.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/utf.h"

void doctor_say(struct doctor *doctor, const char *check, enum doctor_level level,
                struct str message, const char *remedy, ...) {
    struct doctor_line *line = VEC_PUSH(&doctor->arena, &doctor->lines);
    line->check = check;
    line->level = level;
    line->message = display_escape(&doctor->arena, arena_copy(&doctor->arena, message), 600);
    if (remedy) {
        va_list args;
        va_start(args, remedy);
        line->remedy =
            display_escape(&doctor->arena, arena_vprintf(&doctor->arena, remedy, args), 600);
        va_end(args);
    }
}

static const char *level_name(enum doctor_level level) {
    switch (level) {
    case DOCTOR_OK: return "ok";
    case DOCTOR_WARNING: return "warning";
    case DOCTOR_PROBLEM: return "problem";
    }
    return "";
}

static bool all_fine(const struct doctor *doctor) {
    for (size_t i = 0; i < doctor->lines.n; i++) {
        if (doctor->lines.at[i].level != DOCTOR_OK) {
            return false;
        }
    }
    return true;
}

static void print_text(const struct doctor *doctor) {
    for (size_t i = 0; i < doctor->lines.n; i++) {
        const struct doctor_line *line = &doctor->lines.at[i];
        printf("%-8s %s: %.*s%s%.*s\n", level_name(line->level), line->check,
               STR_ARG(line->message), line->remedy.n ? "; try: " : "", STR_ARG(line->remedy));
    }
}

static void print_json(const struct doctor *doctor) {
    struct json_object *root = json_object_new_object();
    struct json_object *checks = json_object_new_array();
    for (size_t i = 0; i < doctor->lines.n; i++) {
        const struct doctor_line *line = &doctor->lines.at[i];
        struct json_object *object = json_object_new_object();
        json_set_str(object, "check", str_from(line->check));
        json_set_str(object, "level", str_from(level_name(line->level)));
        json_set_str(object, "message", line->message);
        if (line->remedy.n > 0) {
            json_set_str(object, "remedy", line->remedy);
        }
        json_add(checks, object);
    }
    json_set_int(root, "version", 1);
    json_set_bool(root, "ok", all_fine(doctor));
    json_set(root, "checks", checks);
    printf("%.*s\n", STR_ARG(json_text(root)));
    json_object_put(root);
}

static void on_problem(void *data, struct str message) {
    struct doctor *doctor = data;
    *VEC_PUSH(&doctor->arena, &doctor->problems) = arena_copy(&doctor->arena, message);
}

// As cli_session_open, but what is wrong with the settings becomes lines of ours.
static void open_session(struct doctor *doctor, const struct session_options *options) {
    struct session_handlers handlers = {.on_problem = on_problem, .data = doctor};
    uv_loop_init(&doctor->cli.loop);
    doctor->cli.session = session_create(&doctor->cli.loop, options, &handlers);
    char *here = realpath(".", NULL);
    struct str root = str_from(here);
    session_set_roots(doctor->cli.session, &root, here ? 1 : 0);
    free(here);
}

static void examine(struct doctor *doctor, const struct session_options *options) {
    doctor_environment(doctor);
    doctor_state_file(doctor);
    open_session(doctor, options);
    doctor_settings(doctor);
    doctor_servers(doctor);
    doctor_program(doctor);
    doctor_models(doctor);
    doctor_disk(doctor);
}

int doctor_run(int argc, char **argv) {
    enum { JSON = 1, HOST };
    static const struct option options[] = {
        {"json", no_argument, NULL, JSON}, {"host", required_argument, NULL, HOST}, {0}};
    struct session_options session_options = {0};
    bool json = false;
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case JSON: json = true; break;
        case HOST: session_options.host_flag = str_from(optarg); break;
        default: return usage_error("doctor", "unknown option or missing value");
        }
    }
    if (optind < argc) {
        return usage_error("doctor", "unexpected \"%s\"", argv[optind]);
    }
    struct doctor doctor = {0};
    examine(&doctor, &session_options);
    if (json) {
        print_json(&doctor);
    } else {
        print_text(&doctor);
    }
    int code = all_fine(&doctor) ? EXIT_FINE : EXIT_FOUND;
    cli_session_close(&doctor.cli);
    arena_finish(&doctor.arena);
    return code;
}
