// SPDX-License-Identifier: MIT
//
// Stands in for ollama/io/http.c: no socket is ever opened. Answers come from a queue that the fuzz
// input fills, else from a small Ollama with four models.
#pragma once

#include "ollama/io/http.h"

// The next call is answered with this; copied. Status 0: refused. At most a few wait.
void fake_http_queue(long status, struct str body);
void fake_http_reset(void);
size_t fake_http_calls(void); // started since the reset
