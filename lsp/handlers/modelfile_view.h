// SPDX-License-Identifier: MIT
//
// Inside lsp/handlers/: what the requests about a Modelfile's structure share.
#pragma once

#include "diagnostics/modelfile.h"
#include "lsp/documents.h"
#include "lsp/handlers/handlers.h"
#include "lsp/server.h"

// The document as Ollama's parser reads it, in the request's arena. NULL when it is no Modelfile of
// ours, or is UTF-16 by its BOM (which no editor sends).
const struct modelfile *modelfile_view(struct request *request);

// A comment line: "#" to the end of the line.
struct comment_line {
    size_t start, end; // bytes, from '#'
    size_t line;
};
// Comment lines of a parsed Modelfile: those that stand in no instruction's value. Returns how
// many.
size_t modelfile_comments(struct request *request, const struct modelfile *file,
                          struct comment_line **out);
