// SPDX-License-Identifier: MIT
//
// Inside cli/doctor*.c: what was looked at, and what came of it.
#pragma once

#include "base/vec.h"
#include "cli/cli.h"

enum doctor_level { DOCTOR_OK, DOCTOR_WARNING, DOCTOR_PROBLEM };

struct doctor_line {
    const char *check; // "server"
    enum doctor_level level;
    struct str message;
    struct str remedy; // a command or what to do; empty: nothing is to be done
};

struct doctor {
    struct arena arena;
    struct cli_session cli;
    VEC(struct doctor_line) lines;
    VEC(struct str) problems; // that the session told
};

// A line; `remedy` NULL: none. All texts are escaped here.
void doctor_say(struct doctor *doctor, const char *check, enum doctor_level level,
                struct str message, const char *remedy, ...) __attribute__((format(printf, 5, 6)));
#define SAYF(doctor, ...) arena_printf(&(doctor)->arena, __VA_ARGS__)

// --- doctor_machine.c: before a session exists: opening one moves a broken state file aside ---
void doctor_environment(struct doctor *doctor);
void doctor_state_file(struct doctor *doctor);
void doctor_settings(struct doctor *doctor);
// With a session.
void doctor_program(struct doctor *doctor);
void doctor_disk(struct doctor *doctor);

// --- doctor_servers.c ---
void doctor_servers(struct doctor *doctor);
void doctor_models(struct doctor *doctor);
