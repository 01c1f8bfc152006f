// SPDX-License-Identifier: MIT
//
// The language server as a whole: what cli/main.c starts.
#pragma once

#include "base/str.h"

struct lsp_options {
    struct str host_flag; // --host: replaces the default server; may be empty
    const char *log_io;   // --log-io: file that gets a transcript of all messages; may be NULL
};

// Speaks the Language Server Protocol on stdin and stdout until `exit`, the end of the input or a
// signal. Points fd 1 at stderr, so that nothing else can write into the protocol. Ignores SIGPIPE.
// Returns the exit code: 0 after `shutdown` and `exit` (or SIGTERM, SIGINT), else 1.
int lsp_main(const struct lsp_options *options);
