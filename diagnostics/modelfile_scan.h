// SPDX-License-Identifier: MIT
//
// Inside diagnostics/ only: the state machine behind modelfile_parse and modelfile_place_at.
#pragma once

#include "diagnostics/modelfile.h"

enum modelfile_state {
    STATE_NIL,
    STATE_NAME,
    STATE_VALUE,
    STATE_PARAMETER,
    STATE_MESSAGE,
    STATE_COMMENT,
    STATE_SKIP, // ours: the rest of a line at fault
};

struct modelfile_scanner {
    struct arena *arena;
    struct str bytes;
    size_t at;
    enum { UTF_8, UTF_16_LE, UTF_16_BE } encoding;
    enum modelfile_state state;
    unsigned line;
    bool after_fault; // no instruction was read since the last fault
    struct modelfile_instruction current;
    // What is collected in this state, and where each byte stands if that is not simply from
    // text_start on (`is_mapped`).
    VEC(char) text;
    VEC(uint32_t) map;
    bool is_mapped;
    size_t text_start, text_end; // in the file
    size_t solid_from, solid_to; // `text` without blanks at both ends; equal: all blank
    VEC(struct modelfile_instruction) instructions;
    VEC(struct modelfile_fault) faults;
};

void modelfile_scanner_init(struct modelfile_scanner *scanner, struct arena *arena,
                            struct str bytes);
// Feeds all bytes; what is still open stays open.
void modelfile_scanner_run(struct modelfile_scanner *scanner);
// The end of the file: commits what is complete, else a fault.
void modelfile_scanner_flush(struct modelfile_scanner *scanner);
struct modelfile_fault *modelfile_fault_add(struct modelfile_scanner *scanner,
                                            enum modelfile_fault_kind kind, size_t start,
                                            size_t end);
