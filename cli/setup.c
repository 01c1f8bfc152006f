// SPDX-License-Identifier: MIT
//
// `setup`: the wizard. Find a server, get a model, try it, connect the editor. Each step says what
// it does; nothing is started, installed or written without a yes, and no download is ever handed
// to a shell.
#include "cli/setup.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/utf.h"

bool setup_ask(struct setup *setup, const char *question, const char *what) {
    if (setup->is_dry) {
        printf("would %s\n", what);
        return false;
    }
    if (setup->is_yes) {
        printf("%s yes\n", question);
        fflush(stdout);
        return true;
    }
    printf("%s [Y/n] ", question);
    fflush(stdout);
    char *line = NULL;
    size_t size = 0;
    ssize_t n = getline(&line, &size, stdin);
    struct str answer = n > 0 ? str_trim(str_of(line, (size_t)n)) : STR("n");
    // The end of input is no yes.
    bool is_yes = answer.n == 0 || str_ieq(answer, STR("y")) || str_ieq(answer, STR("yes"));
    if (n <= 0) {
        putchar('\n');
    }
    free(line);
    return is_yes;
}

static int run(struct setup *setup) {
    int code = setup_find_server(setup);
    if (code == EXIT_FINE) {
        code = setup_models(setup);
    }
    if (code == EXIT_FINE) {
        code = setup_editor(setup);
    }
    return setup->is_dry && code == EXIT_FINE ? EXIT_USAGE : code;
}

static int check_model(struct setup *setup) {
    // On a server of kind openai names are plain strings; what cannot be shown is none anywhere.
    struct str shown = display_escape(&setup->arena, setup->model, 80);
    if (setup->model.n > 0 && setup->model.n <= 512 && str_eq(shown, setup->model) &&
        str_eq(setup->model, str_trim(setup->model))) {
        return EXIT_FINE;
    }
    return usage_error("setup", "\"%.*s\" is not a model name", STR_ARG(shown));
}

int setup_run(int argc, char **argv) {
    enum { MODEL = 1, YES, WRITE, HOST };
    static const struct option options[] = {{"model", required_argument, NULL, MODEL},
                                            {"yes", no_argument, NULL, YES},
                                            {"write", no_argument, NULL, WRITE},
                                            {"host", required_argument, NULL, HOST},
                                            {0}};
    struct setup setup = {0};
    int code = EXIT_FINE;
    bool has_model = false;
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case MODEL:
            setup.model = str_from(optarg);
            has_model = true;
            break;
        case YES: setup.is_yes = true; break;
        case WRITE: setup.writes = true; break;
        case HOST: setup.options.host_flag = str_from(optarg); break;
        default: return usage_error("setup", "unknown option or missing value");
        }
    }
    if (optind < argc) {
        return usage_error("setup", "unexpected \"%s\"", argv[optind]);
    }
    if (has_model) {
        code = check_model(&setup);
    }
    if (code == EXIT_FINE) {
        bool is_terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
        setup.is_dry = !setup.is_yes && !is_terminal;
        setup.memory = uv_get_total_memory();
        uint64_t constrained = uv_get_constrained_memory(); // a container's share
        if (constrained > 0 && constrained < setup.memory) {
            setup.memory = constrained;
        }
        if (setup.is_dry) {
            puts("No terminal to ask on, and no --yes: nothing is started, installed or written.");
        }
        cli_session_open(&setup.cli, &setup.options, NULL, 0);
        code = run(&setup);
        cli_session_close(&setup.cli);
    }
    arena_finish(&setup.arena);
    return code;
}
