// SPDX-License-Identifier: MIT
//
// The terminal half: one file per command, one table that names them (cli.c). A command returns the
// exit code of the process (DESIGN A2): 0 fine, 1 found something or a server said no, 2 usage or
// I/O.
#pragma once

#include "session/session.h"

enum exit_code { EXIT_FINE = 0, EXIT_FOUND = 1, EXIT_USAGE = 2 };

// argv[0] is the command's name ("check").
struct cli_command {
    const char *name;
    const char *synopsis; // "check [PATH...]"
    const char *about;    // one line
    const char *help;     // option lines of `help CMD`
    int (*run)(int argc, char **argv);
};

// The whole program. Returns the exit code.
int cli_main(int argc, char **argv);

int check_run(int argc, char **argv);
int models_run(int argc, char **argv);
int status_run(int argc, char **argv);
int pull_run(int argc, char **argv);
int setup_run(int argc, char **argv);
int doctor_run(int argc, char **argv);
int switch_run(int argc, char **argv);

// "ollama-ls check: MESSAGE" and where to read on, on stderr. Returns EXIT_USAGE.
int usage_error(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

// Installs the model on this server with progress on stdout; failures are told on stderr as those
// of `command`. Returns EXIT_FINE or EXIT_FOUND.
struct cli_session;
int pull_model(struct cli_session *cli, struct server *server, const char *command,
               struct str model);

// --- a session of a command that ends by itself ---
struct cli_session {
    uv_loop_t loop;
    struct session *session;
};
// Prints a problem with the settings to stderr: on_problem of a session's handlers.
void cli_session_problem(void *data, struct str message);
// `roots` may be NULL.
void cli_session_open(struct cli_session *cli, const struct session_options *options,
                      const struct str *roots, size_t n_roots);
void cli_session_close(struct cli_session *cli);
// Asks each of these servers once and waits for the answers (bounded by TIME_CALL_MS per call).
void cli_session_refresh(struct cli_session *cli, struct server *const *servers, size_t n);
// Waits for the details asked for by server_want_details.
void cli_session_settle(struct cli_session *cli);
