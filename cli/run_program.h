// SPDX-License-Identifier: MIT
//
// What a program of this machine prints, for `setup` and `doctor`: `docker ps`, `ollama --version`.
#pragma once

#include "cli/cli.h"

// Runs `argv` (argv[0] an absolute path; ends with NULL) without input and with a time limit, and
// returns at most 64 KiB of what it printed; empty if it could not be run, failed, or took too
// long (it is ended then).
struct str run_program(struct arena *arena, uv_loop_t *loop, char *const *argv);

// The program of this name in PATH's absolute entries; empty: none.
struct str find_program(struct arena *arena, const char *name);
