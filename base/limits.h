// SPDX-License-Identifier: MIT
//
// Every limit on what comes from outside (DESIGN A12), in one place. Sizes are bytes, times are
// milliseconds unless the name says otherwise.
#pragma once

#define LIMIT_MESSAGE (64u * 1024 * 1024) // one LSP message
#define LIMIT_HEADER (8u * 1024)          // all header lines of one LSP message
#define LIMIT_JSON_DEPTH 128              // nested arrays and objects
#define LIMIT_JSON_VALUES 500000       // of one JSON text: one of 3 bytes takes up to 400 in json-c
#define LIMIT_FILE (4u * 1024 * 1024)  // an analysed file; larger ones are left alone
#define LIMIT_TEXT (64u * 1024 * 1024) // a document held in memory; offsets fit 32 bits
#define LIMIT_FINDINGS 500             // findings per file
#define LIMIT_REFERENCES 5000          // references per file
#define LIMIT_TREE_TOKENS 30000        // of a text that is parsed into a syntax tree
#define LIMIT_CONFIG_NODES 400000      // values of one YAML, JSON or TOML file
#define LIMIT_NDJSON_LINE (8u * 1024 * 1024)    // one line of a model server's stream
#define LIMIT_TAGS_BODY (16u * 1024 * 1024)     // GET /api/tags, GET /api/ps, /v1/models
#define LIMIT_SHOW_BODY (4u * 1024 * 1024)      // POST /api/show
#define LIMIT_EMBED_BODY (16u * 1024 * 1024)    // POST /api/embed
#define LIMIT_VERSION_BODY (64u * 1024)         // GET /api/version and error bodies
#define LIMIT_MODELS 10000                      // models per server
#define LIMIT_NAME 512                          // a model name as written
#define LIMIT_HOST 2048                         // a host or URL as written
#define LIMIT_REQUESTS 1024                     // client requests in flight
#define LIMIT_SERVERS 64                        // of the settings; as many again of files
#define LIMIT_PROBLEMS 50                       // with the settings, told in one session
#define LIMIT_SHOW_IN_FLIGHT 4                  // POST /api/show at once
#define LIMIT_INDEX_FILES 200000                // files looked at for the index of a workspace
#define LIMIT_INDEX_USES 20000                  // model names it holds
#define LIMIT_SYMBOLS 1000                      // answers to one workspace/symbol
#define LIMIT_PATTERN_MS 10                     // a user's pattern on one file
#define LIMIT_WRITE_QUEUE (64u * 1024 * 1024)   // unsent output; above, reading stops
#define LIMIT_WRITE_PROGRESS (4u * 1024 * 1024) // unsent output; above, progress is dropped
#define LIMIT_WRITE_STREAM (128u * 1024)        // unsent output; above, deltas of answers wait
#define LIMIT_QUESTIONS 50                      // autoPull's questions in one session
#define LIMIT_DOTENVS 256                       // .env files whose variables are remembered
#define LIMIT_COMPLETIONS 200                   // items in one completion list
#define LIMIT_SETTINGS_FILE (1u * 1024 * 1024)  // config.json, .ollama-ls.json, state.json
#define LIMIT_CATALOG_FILE (64u * 1024 * 1024)  // check --catalog
#define LIMIT_ANSWER (16u * 1024 * 1024)        // text of one answer of a model: some minutes of 20,000 tokens/s
#define LIMIT_ACTIONS 100                       // AI actions, the user's included
#define LIMIT_TEMPLATE (64u * 1024)             // of a prompt in the settings
#define LIMIT_PROMPT (16u * 1024 * 1024)        // made of one
#define LIMIT_RUNS 64                           // AI actions at work at once
#define LIMIT_RESULTS 64                        // results that wait for accept or reject
#define LIMIT_METRICS 1000                      // models that .metrics tells apart
#define LIMIT_DIFF_BYTES (8u * 1024 * 1024)     // both texts of a diff, without equal ends
#define LIMIT_DIFF_LINES 150000                 // of each of them
#define LIMIT_DIFF_STEPS 3000000                // comparisons of lines in one diff

#define TIME_CONNECT_MS 2000 // to a model server
#define TIME_CALL_MS 5000    // version, tags, ps, show in all
