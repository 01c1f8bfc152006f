// SPDX-License-Identifier: MIT
//
// A text shown as a file: written to a private temporary folder (mode 0700, files 0600) that is
// made when first needed and left to the system's cleaning, so that nothing a user may still want
// is deleted. At most SHOW_FILES_MAX per session: then the oldest goes for a new one. Loop thread
// only.
#pragma once

#include "lsp/server.h"

#define SHOW_FILES_MAX 100

// `name` is a file name; what is unsafe in it is replaced. The path in `arena`; empty if it could
// not be written.
struct str show_file_write(struct lsp_server *server, struct arena *arena, struct str name,
                           struct str text);

// Opens it by window/showDocument without taking the focus. False if the client cannot. When it
// refuses, `fallback` is shown by window/showMessage.
bool show_file_open(struct lsp_server *server, struct str path, struct str fallback);

// Forgets the files of a session, which stay.
void show_file_finish(struct ai_set *set);
