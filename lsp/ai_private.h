// SPDX-License-Identifier: MIT
//
// Inside ai*.c only: one run.
//
//   PARSING ─> ASKING ─> WAITING ─> STREAMING ─> SETTLING ─> APPLYING ─> gone
//      │          │         │           │            │          │
//      └──────────┴────┬────┴───────────┴────────────┤          └─> refused: KEPT
//                      v                             v
//            failed, cancelled: gone         conflict, review,        .accept: APPLYING
//            (failed with text: KEPT)        cut off: KEPT            .reject: gone
//
// A run ends towards the client in one function (ai__conclude): exactly one "end" on the stream,
// one end of the progress, at most one message. Calls that are still on their way then find it OVER
// and free it when the last has reported.
#pragma once

#include "assist/clean.h"
#include "assist/insert.h"
#include "lsp/ai.h"
#include "lsp/server.h"
#include "ollama/io/generate.h"
#include "session/metrics.h"

enum ai_stage {
    AI_PARSING,   // the syntax tree is being made, in steps
    AI_ASKING,    // the server's models, what runs there
    AI_WAITING,   // the request is out, nothing came yet
    AI_STREAMING, // the answer comes
    AI_SETTLING,  // the answer is whole; waits until the client's changes have surely arrived
    AI_APPLYING,  // the client was asked to apply the edit
    AI_KEPT,      // the result waits for .accept or .reject
    AI_OVER,      // waits for its last call to report
};

enum ai_outcome {
    AI_APPLIED,
    AI_REVIEW,
    AI_CONFLICT,
    AI_CANCELLED,
    AI_FAILED,
    AI_SHOWN,
};

struct ai_run {
    struct lsp_server *lsp;
    struct ai_run *next;
    struct arena arena; // strings of the run
    enum ai_stage stage;
    unsigned pending; // callbacks that will still come

    // What was asked
    struct str id;
    struct action action; // copied: the settings may change
    struct str uri;       // the client's spelling
    struct str path;
    struct str name; // of the file, for people
    struct str instruction;
    struct str model_argument;
    bool review;
    struct context_diagnostic *diagnostics;
    size_t n_diagnostics;

    // What it reads: the text at the start and places in it
    struct document *document; // NULL while it is closed
    const struct language *language;
    struct str language_id;
    struct language clean_language; // the same, as the cleaner has to see it
    struct text *text;
    struct tree_parse *parse;
    struct tree *tree; // NULL: by lines
    struct text_range selection;
    struct text_range target;
    struct text_range focus; // what the model is shown: the target, or the code that tests are for
    struct str
        code; // the target as the model sees it, if a comment was taken out of it; else empty
    bool has_code;
    struct placement placement;

    // Where it ends up: follows the document
    struct text_range range;
    char *original; // bytes of the range at the start
    size_t original_n;
    bool is_touched;      // edited by somebody since
    bool is_lost;         // its place is gone
    uint64_t closed_hash; // of the whole text when the document was closed

    // The server
    struct server *server; // held while a call runs
    struct str server_url; // canonical
    struct str digest;     // of the model, empty: unknown
    struct str model;      // empty: not chosen yet
    bool is_remote;        // forwards the text to another machine
    unsigned capabilities; // of the model
    bool lacks_details;    // the list says too little of it
    unsigned details_asked;
    int64_t context_max;     // tokens, 0: unknown
    bool is_running;         // when it was asked
    int64_t context_running; // tokens, 0: does not run, or does not say
    int64_t num_predict;
    struct call *call;

    // The answer
    struct cleaner *cleaner;
    struct buf delta;    // cleaned, not yet sent
    struct buf thinking; // likewise
    bool has_lead;       // placement.lead is out
    int64_t seq;         // of the stream
    int64_t tokens;
    int64_t asked_ms;
    int64_t first_ms;
    int64_t told_ms; // of the last progress text
    bool is_cut;     // the context had to be shortened to the model's
    struct progress *progress;

    // The end
    struct buf result;       // the whole text, lead included
    int64_t finished_ms;     // when the answer was whole
    int64_t quiet_ms;        // since when the document has not changed
    int64_t applied_version; // the document's when the edit was sent
    int64_t retry_until_ms;  // a refused edit waits for the change that explains it; 0: no
    unsigned tries;
    bool is_accepting; // .accept is at work: the stream's end is out already
};

// ai.c
const char *ai__outcome_name(enum ai_outcome outcome);
void ai__tick_soon(struct ai_set *set); // there is something to do later
void ai__free_if_done(struct ai_run *run);
// What assist/ reads of a run: the text as it was at its start.
struct context_input ai__context_input(const struct ai_run *run);
struct ai_run *ai__find(struct lsp_server *server, struct str id);
bool ai__is_at_work(const struct ai_run *run); // not KEPT, not OVER

// ai_prepare.c: from the request to the target. 0, or the code; true in *done when it is prepared.
int ai__prepare(struct ai_run *run, uint64_t budget_us, bool *done, struct arena *arena,
                struct error *error);
void ai__parse_again(struct ai_run *run, const struct text_splice *splice);

// ai_ask.c: from the target to the request that is out.
void ai__ask(struct ai_run *run);
struct choice_input;
// What model_choose is to be told for this workspace; borrows `argument`.
void ai__choice_input(struct lsp_server *server, struct arena *arena, struct str root,
                      struct str argument, struct choice_input *input);

// ai_stream.c: the answer, and what the client hears of it.
void ai__send_begin(struct ai_run *run);
void ai__send_held(struct ai_run *run, enum send_class class);
void ai__send_end(struct ai_run *run, enum ai_outcome outcome, const struct error *error);
void ai__tell_progress(struct ai_run *run);
bool ai__on_frame(void *data, const struct generation_frame *frame);
void ai__on_done(void *data, const struct call_result *result, const struct generation_end *end);
void ai__end_text(struct ai_run *run); // no more will come: run->result is whole

// ai_end.c
// The one end. `text` is what the progress, or a message, says ("": nothing); it is shown as a
// message where `type` is a warning or an error.
void ai__conclude(struct ai_run *run, enum ai_outcome outcome, enum message_type type,
                  struct str text, const struct error *error);
void ai__fail(struct ai_run *run, struct str message, struct str remedy);
void ai__cancel(struct ai_run *run);
void ai__conflict(struct ai_run *run);
void ai__finish(struct ai_run *run); // the answer is whole
void ai__retry_apply(struct ai_run *run);
void ai__apply_if_quiet(struct ai_run *run);
