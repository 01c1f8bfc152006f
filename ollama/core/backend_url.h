// SPDX-License-Identifier: MIT
//
// The URLs in which programs name a back end, a model, or both (DESIGN A14): "ollama://MODEL",
// "ollama://MODEL@HOST:PORT", "mlx://…", "llamacpp://…", "local://…" and "http://HOST:PORT/v1".
// Source: WhisperEngine's LLM_*_API_URL. Pure.
#pragma once

#include "ollama/core/catalog.h"

struct backend_url {
    bool is_form;          // one of these; false: a host as Ollama reads hosts, or a bare name
    enum server_kind kind; // what the server there speaks
    bool has_host;         // `url` was written, not the scheme's default
    bool in_process;       // local:// without a host: no server at all
    struct str model;      // as written; empty: none named
    struct str url;        // to connect to; empty: not a form, or in_process
};

// mlx:// and llamacpp:// mean servers of kind openai here, whose usual port is 8080: the programs
// that load such a model into themselves have nothing to ask. Of a URL that ends in /v1 the kind is
// openai, unless its port is Ollama's. What follows the scheme is a host if it is an address, or
// ends in a port; otherwise a model, with a host behind its last "@". Views into `written` or
// `arena`.
void backend_url_parse(struct arena *arena, struct str written, struct backend_url *out);

// Where the scheme's server is if no host is named: "http://127.0.0.1:8080".
struct str backend_default_url(enum server_kind kind);
