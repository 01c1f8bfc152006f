// SPDX-License-Identifier: MIT
//
// Modelfiles, read exactly as Ollama's command line reads them (ollama/ollama parser/parser.go,
// v0.33; the verdict of record is tests/unit/data/modelfiles.tsv). Pure: bytes in, byte ranges out.
// All offsets count bytes of the input, whatever its encoding (UTF-8 with or without BOM; UTF-16 by
// BOM).
#pragma once

#include "base/vec.h"
#include "diagnostics/reference.h"

enum modelfile_command {
    MODELFILE_FROM,
    MODELFILE_LICENSE,
    MODELFILE_TEMPLATE,
    MODELFILE_SYSTEM,
    MODELFILE_ADAPTER,
    MODELFILE_DRAFT,
    MODELFILE_RENDERER,
    MODELFILE_PARSER,
    MODELFILE_PARAMETER,
    MODELFILE_MESSAGE,
    MODELFILE_REQUIRES,
    MODELFILE_COMMANDS, // how many there are; also "none"
};
// "FROM"; upper case as people write it.
struct str modelfile_command_name(enum modelfile_command command);
// Any case; MODELFILE_COMMANDS if `word` is none.
enum modelfile_command modelfile_command_parse(struct str word);

struct modelfile_instruction {
    enum modelfile_command command;
    size_t keyword_start, keyword_end;
    // PARAMETER's name or MESSAGE's role as written; empty for the others.
    struct str name;
    size_t name_start, name_end;
    // The value, decoded (characters that Ollama drops are dropped; blanks and quotes around
    // removed).
    struct str value;
    size_t start, end;             // in the file, without quotes
    size_t outer_start, outer_end; // with them
    const uint32_t *map;  // offset of each byte of `value` and of its end; NULL: as it stands
    enum quoting quoting; // NONE, DOUBLE or BLOCK (""")
};

enum modelfile_fault_kind {
    MODELFILE_FAULT_COMMAND,    // a word that is no instruction, or an instruction without a value
    MODELFILE_FAULT_ROLE,       // not system, user or assistant
    MODELFILE_FAULT_NO_VALUE,   // PARAMETER or MESSAGE ends behind the name
    MODELFILE_FAULT_NAME_CHAR,  // a character that a parameter's name or a role cannot hold
    MODELFILE_FAULT_UNCLOSED,   // a quoted value is never closed
    MODELFILE_FAULT_UNFINISHED, // the file ends in a keyword, a name or a role
    MODELFILE_FAULT_NO_FROM,
};
struct modelfile_fault {
    enum modelfile_fault_kind kind;
    size_t start, end;              // what to point at
    unsigned line;                  // as Ollama counts: every \r and every \n, from 1
    struct str text;                // what had been collected: "unexpected EOF: <text>"
    enum modelfile_command command; // whose value is missing; MODELFILE_COMMANDS: unknown word
};

struct modelfile {
    struct modelfile_instruction *at;
    size_t n;
    // The first is Ollama's verdict; Ollama stops there. The others come from reading on at the
    // next line that is an instruction, for people who mend a file from top to bottom.
    struct modelfile_fault *faults;
    size_t n_faults;
    bool is_utf16;
};

// Strings live in `arena` or are views into `bytes`.
void modelfile_parse(struct arena *arena, struct str bytes, struct modelfile *out);

// Ollama's own words for a fault: `(line 3): command must be one of "from", …`.
struct str modelfile_fault_text(struct arena *arena, const struct modelfile_fault *fault);

// Is the value of FROM meant as a path? By its looks alone: absolute, ~, ./, ../, a weights file's
// ending, or empty (the Modelfile's folder). Ollama itself asks the disk first.
bool modelfile_from_is_path(struct str value);

// What is being typed at `offset`, for completion.
enum modelfile_place_kind {
    MODELFILE_PLACE_NONE,            // comment, free text
    MODELFILE_PLACE_INSTRUCTION,     // the first word of a line
    MODELFILE_PLACE_MODEL,           // value of FROM
    MODELFILE_PLACE_PATH,            // value of ADAPTER, DRAFT
    MODELFILE_PLACE_PARAMETER,       // name after PARAMETER
    MODELFILE_PLACE_PARAMETER_VALUE, // its value; `parameter` is the name
    MODELFILE_PLACE_ROLE,            // role after MESSAGE
    MODELFILE_PLACE_TEMPLATE,        // inside {{ }} of a TEMPLATE: variables and functions
    MODELFILE_PLACE_VALUE,           // value of RENDERER, PARSER, REQUIRES
};
struct modelfile_place {
    enum modelfile_place_kind kind;
    enum modelfile_command command; // the instruction it belongs to, or MODELFILE_COMMANDS
    struct str parameter;
    size_t start, end; // the word around `offset`: what a completion replaces
    struct str typed;  // its part in front of `offset`
};
void modelfile_place_at(struct arena *arena, struct str bytes, size_t offset,
                        struct modelfile_place *out);

// Names that RENDERER and PARSER take (Ollama does not check them at create time).
size_t modelfile_renderers(const struct str **out);
size_t modelfile_parsers(const struct str **out);
// "system", "user", "assistant".
size_t modelfile_roles(const struct str **out);
