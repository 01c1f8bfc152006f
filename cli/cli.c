// SPDX-License-Identifier: MIT
//
// The command line: which command runs, --help, --version, and the language server as the default.
#include "cli/cli.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/utf.h"
#include "lsp/lsp.h"

static const struct cli_command commands[] = {
    {"check", "check [PATH...]", "lint files and folders (no PATH: .)",
     "  --format text|json|sarif|github   how findings are printed (default text)\n"
     "  --fix                             apply the certain text edits; nothing is ever pulled\n"
     "  --offline                         open no socket; what is installed is unknown\n"
     "  --catalog FILE                    what is installed: output of `models --json`, or names, "
     "one a line\n"
     "  --host URL                        the default server, instead of OLLAMA_HOST\n"
     "  --severity error|warning|information|hint\n"
     "                                    print and count findings from here on (default warning)\n"
     "  --no-ignore                       do not read .gitignore\n"
     "Exits with 0: nothing found, 1: something, 2: usage or I/O error.\n",
     check_run},
    {"models", "models [--json]", "installed and running models of every configured server",
     "  --json        for programs (and for check --catalog)\n"
     "  --host URL    the default server, instead of OLLAMA_HOST\n",
     models_run},
    {"status", "status [--json] [--watch]", "is the server there, what is loaded",
     "  --json        the status object\n"
     "  --watch       stay, and print again on each change; with --json one object a line\n"
     "  --metrics     instead, as JSON: what was asked of each model in all sessions so far\n"
     "  --host URL    the default server, instead of OLLAMA_HOST\n"
     "Exits with 0 when the default server answers, else 1.\n",
     status_run},
    {"pull", "pull MODEL [--host URL]", "install a model, with progress",
     "  --host URL    the default server, instead of OLLAMA_HOST\n", pull_run},
    {"setup", "setup [--model M] [--yes]",
     "find or start Ollama, install a model, set up the editor",
     "  --model M     the model to install and to try; default: one that fits this machine\n"
     "  --yes         ask nothing: start what is installed, install one model for chat\n"
     "  --write       write the missing settings into the user file, instead of showing them\n"
     "  --host URL    the default server, instead of OLLAMA_HOST\n"
     "Without a terminal and without --yes it says what it would do and exits with 2. Else 0: "
     "ready,\n"
     "1: something is missing, and what to do.\n",
     setup_run},
    {"doctor", "doctor [--json]", "what is wrong, and the command that mends it",
     "  --json        for programs: {version, ok, checks: [{check, level, message, remedy?}]}\n"
     "  --host URL    the default server, instead of OLLAMA_HOST\n"
     "Exits with 0: nothing is wrong, 1: something is to be mended.\n",
     doctor_run},
    {"switch", "switch FILE --to BACKEND", "another back end for a config: ollama, mlx or openai",
     "  --to ollama|mlx|openai   Ollama, an MLX server, any other OpenAI-compatible server\n"
     "  --model M                the model to name; default: as the server calls it\n"
     "  --auto                   choose by platform and by what answers; with --to, that one "
     "first\n"
     "  --dry-run                show the change, leave the file alone\n"
     "Rewrites only what names the back end, its address and its model; prints the change.\n"
     "Exits with 0: switched, or there already, 1: nothing to switch, 2: usage or I/O error.\n",
     switch_run},
};
#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static const struct cli_command *cli_command_find(const char *name) {
    for (size_t i = 0; i < N_COMMANDS; i++) {
        if (strcmp(commands[i].name, name) == 0) {
            return &commands[i];
        }
    }
    return NULL;
}

int usage_error(const char *command, const char *format, ...) {
    va_list args;
    fprintf(stderr, "ollama-ls%s%s: ", command ? " " : "", command ? command : "");
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, "\nTry: ollama-ls %s%s\n", command ? "help " : "--help",
            command ? command : "");
    return EXIT_USAGE;
}

static void print_help(void) {
    puts("ollama-ls: the editor companion for Ollama\n\n"
         "  ollama-ls [--stdio] [--log-file F] [--log-io F] [--host URL]\n"
         "                                      the language server (what an editor starts)");
    for (size_t i = 0; i < N_COMMANDS; i++) {
        printf("  ollama-ls %-25s %s\n", commands[i].synopsis, commands[i].about);
    }
    puts("  ollama-ls --version | --help | help CMD\n\n"
         "Environment: OLLAMA_HOST, OLLAMA_API_KEY, OLLAMA_LS_LOG=error|warn|info|debug, proxy "
         "variables.\n"
         "Settings: $XDG_CONFIG_HOME/ollama-ls/config.json, .ollama-ls.json in a workspace.");
}

static int print_command_help(const char *name) {
    const struct cli_command *command = name ? cli_command_find(name) : NULL;
    if (!name) {
        print_help();
        return EXIT_FINE;
    }
    if (!command) {
        return usage_error(NULL, "there is no command \"%s\"", name);
    }
    printf("ollama-ls %s\n%s.\n\n%s", command->synopsis, command->about, command->help);
    return EXIT_FINE;
}

// Somebody typed the program's name into a terminal: an editor would have piped.
static int explain_on_terminal(void) {
    fputs(
        "ollama-ls is a language server: an editor starts it and talks to it on standard input.\n\n"
        "  Neovim 0.11+   vim.lsp.config('ollama_ls', {cmd = {'ollama-ls'}}); "
        "vim.lsp.enable('ollama_ls')\n"
        "  Emacs eglot    (add-to-list 'eglot-server-programs '(yaml-mode . (\"ollama-ls\")))\n"
        "  Helix          [language-server.ollama-ls] command = \"ollama-ls\"\n\n"
        "In a terminal: ollama-ls check . | setup | doctor | models | status | pull MODEL; more "
        "with --help.\n",
        stderr);
    return EXIT_USAGE;
}

static int run_server(int argc, char **argv) {
    enum { OPT_STDIO = 1, OPT_LOG_FILE, OPT_LOG_IO, OPT_HOST };
    static const struct option options[] = {
        {"stdio", no_argument, NULL, OPT_STDIO},
        {"log-file", required_argument, NULL, OPT_LOG_FILE},
        {"log-io", required_argument, NULL, OPT_LOG_IO},
        {"host", required_argument, NULL, OPT_HOST},
        {0},
    };
    struct lsp_options lsp = {0};
    const char *log_file = NULL;
    bool stdio = false;
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case OPT_STDIO: stdio = true; break;
        case OPT_LOG_FILE: log_file = optarg; break;
        case OPT_LOG_IO: lsp.log_io = optarg; break;
        case OPT_HOST: lsp.host_flag = str_from(optarg); break;
        default: return usage_error(NULL, "unknown option");
        }
    }
    if (optind < argc) {
        return usage_error(NULL, "unexpected \"%s\"", argv[optind]);
    }
    if (!stdio && isatty(STDIN_FILENO)) {
        return explain_on_terminal();
    }
    if (!log_open(log_file)) {
        fprintf(stderr, "ollama-ls: %s cannot be opened for the log; stderr is used\n", log_file);
    }
    return lsp_main(&lsp);
}

int cli_main(int argc, char **argv) {
    enum log_level level;
    const char *wanted = getenv("OLLAMA_LS_LOG");
    log_set_level(wanted && log_level_parse(str_from(wanted), &level) ? level : LOG_WARN);
    if (argc < 2 || argv[1][0] == '-') {
        if (argc == 2 && (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0)) {
            puts("ollama-ls " OLLAMA_LS_VERSION);
            return EXIT_FINE;
        }
        if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
            print_help();
            return EXIT_FINE;
        }
        opterr = 0;
        return run_server(argc, argv);
    }
    if (strcmp(argv[1], "help") == 0) {
        return print_command_help(argc > 2 ? argv[2] : NULL);
    }
    const struct cli_command *command = cli_command_find(argv[1]);
    if (!command) {
        return usage_error(NULL, "there is no command \"%s\"", argv[1]);
    }
    if (argc == 3 && (strcmp(argv[2], "--help") == 0 || strcmp(argv[2], "-h") == 0)) {
        return print_command_help(argv[1]);
    }
    opterr = 0;
    signal(SIGPIPE, SIG_IGN); // a server or reader that goes away is an error, not our end
    int code = command->run(argc - 1, argv + 1);
    // A full disk or a closed pipe must not look like success, nor like findings.
    if (fflush(stdout) != 0 || ferror(stdout)) {
        if (errno != EPIPE) {
            fprintf(stderr, "ollama-ls %s: the output could not be written: %s\n", argv[1],
                    strerror(errno));
        }
        return EXIT_USAGE;
    }
    return code;
}
