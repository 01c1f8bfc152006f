// SPDX-License-Identifier: MIT
//
// Inside create.c (until it is clear that a model is to be created) and create_run.c (creating it).
#pragma once

#include "lsp/create.h"

enum create_stage {
    CREATE_LOOKING,
    CREATE_ASKING,
    CREATE_HASHING,
    CREATE_OPENING, // a file to be uploaded
    CREATE_CALLING, // a call to the server is under way
};

struct create {
    struct lsp_server *lsp; // NULL: it closed while a thread was at work
    struct server *server;  // held
    struct arena arena;     // the loop's, or the thread's while one is at work
    enum create_stage stage;
    bool is_cancelled;
    char *model;
    struct model_name name; // parts of `model`
    char *uri;              // the Modelfile's
    char *path;             // empty: it is not on the disk
    struct str root;
    struct str url; // the server's, which may go from the settings meanwhile
    struct create_request request;
    struct create_files files;

    // Looking
    struct request *parked; // not answered yet
    unsigned n_waits;       // for the thread, for the server
    enum err err;           // what the thread says
    struct error error;
    uv_work_t work;

    // Hashing and uploading
    size_t at; // file
    int fd;    // of that file, or -1
    struct sha256 sha;
    char *piece;
    int64_t n_read;             // of that file
    int64_t n_done;             // bytes of files finished in this phase
    struct pull_progress phase; // its total, speed and time left; of the server's own work at last
    struct call *call;
    struct progress *progress;
    struct create *next;
};

// Begins: nobody has to be asked any more.
void create_run(struct create *create);
// Frees it, wherever it stands; no thread and no call may be at work.
void create_destroy(struct create *create);
