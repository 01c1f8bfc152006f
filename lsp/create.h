// SPDX-License-Identifier: MIT
//
// Creating models from Modelfiles: one object per model on its way, from the look at the disk to
// the last status line of the server. It is read from the text at the beginning; edits made
// meanwhile are not in it. Loop thread only; files are found and hashed on libuv's thread pool.
//
//   looking (files, what the server has) -> asking -> hashing -> uploading -> creating
#pragma once

#include "lsp/server.h"
#include "session/create.h"

struct create;

// What to create and from what; strings are copied, `request` is taken.
struct create_order {
    struct server *server;
    struct str model;
    const struct document *document;
    struct create_request request;
};

// The model being created on this server under an equal name, or NULL.
struct create *create_find(const struct lsp_server *lsp, const struct server *server,
                           const struct model_name *name);
bool create_is_from(const struct create *create, struct str uri);
struct str create_path_shown(struct arena *arena, const struct create *create); // its Modelfile
size_t create_count(const struct lsp_server *lsp);

// Parks `request`, which is answered when it is clear whether it can be done and who must be asked.
void create_begin(struct request *request, struct create_order *order);

// The server closes: what a thread is at work on is left to free itself.
void creates_close(struct lsp_server *lsp);

// `ollama create NAME -f PATH`, to be typed into a shell.
struct str create_command_line(struct arena *arena, const struct lsp_server *lsp,
                               const struct server *server, struct str model, struct str path);
