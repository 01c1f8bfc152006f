// SPDX-License-Identifier: MIT
//
// Starting the Ollama of this machine: `ollama serve`, detached, by absolute path. What the command
// .startServer and `ollama-ls setup` share. Loop thread only.
#pragma once

#include "session/session.h"

// Absolute path of the program: `configured` (the setting ollamaPath), else from PATH without its
// relative entries, which would let a repository bring its own "ollama". Empty: there is none.
struct str ollama_program(struct arena *arena, struct str configured);

struct starting; // a start that is awaited

// Runs `program serve` so that it listens where the default server is looked for, outlives us, and
// asks that server until it answers: then, or when the program ends or keeps silent,
// on_done(failure) once, with an empty text if all is well; never from inside. NULL, and the libuv
// error in *code: it could not be run.
struct starting *starting_begin(uv_loop_t *loop, struct session *session, struct str program,
                                void (*on_done)(void *data, struct str failure), void *data,
                                int *code);
// Stops waiting, without on_done; the program goes on. Not after on_done.
void starting_cancel(struct starting *starting);
