// SPDX-License-Identifier: MIT
//
// Runs one case: builds its catalogs and settings, analyses its text, and writes down what was
// found.
#pragma once

#include "case_file.h"
#include "diagnostics/finding.h"

struct case_server {
    struct str url; // canonical
    struct server_view view;
};

struct case_run {
    struct arena *arena;
    const struct case_file *file;
    struct analyzer *analyzer;
    enum format format;
    struct str path;  // absolute, made up
    struct str bytes; // the text under analysis
    struct env_entry *dotenv;
    size_t n_dotenv;
    struct case_server *servers; // the first is the default one
    size_t n_servers;
    struct str exists; // body of the section: one path a line
    struct finding_context context;
    enum severity severities[CODE_COUNT];
    bool has_severity[CODE_COUNT];
    struct str problem; // not empty: the case itself is malformed
};

void case_run_init(struct case_run *run, struct arena *arena, const struct case_file *file);
void case_run_finish(struct case_run *run);

struct case_result {
    struct text *text;
    struct tree *tree;
    struct analysis *analysis;
    struct findings findings;
};
// Analyses `bytes` as the case's file.
void case_run_analyse(struct case_run *run, struct str bytes, struct case_result *out);
void case_result_finish(struct case_result *result);

// As case files show it.
struct str case_show_findings(struct arena *arena, const struct case_result *result);
struct str case_show_references(struct arena *arena, const struct case_result *result);
