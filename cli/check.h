// SPDX-License-Identifier: MIT
//
// Inside cli/: the result of `check` as data, for the printers (report.c, sarif.c).
#pragma once

#include "cli/cli.h"

struct checked_file {
    struct str path; // as the user spelled it
    struct str absolute;
    struct str root;    // workspace folder, for .env look-up and trust; may be empty
    struct arena arena; // everything below
    struct text *text;  // owned
    struct analysis_input input;
    struct analysis *analysis;
    struct findings findings;
};

struct unchecked_host {
    struct str host; // redacted URL
    size_t references;
    struct str reason;
};

struct check_result {
    struct checked_file **files; // sorted by path; those with references only
    size_t n_files;
    size_t visited; // files looked at in all
    struct unchecked_host *unchecked;
    size_t n_unchecked;
    enum severity threshold; // findings below are neither printed nor counted
};

struct check_counts {
    size_t by_severity[SEVERITY_HINT + 1];
};

// SEVERITY_ERROR is above SEVERITY_HINT.
static inline bool severity_reaches(enum severity severity, enum severity threshold) {
    return severity != SEVERITY_OFF && severity <= threshold;
}

struct check_counts check_count(const struct check_result *result);

// Printers: to stdout. docs_url is OLLAMA_LS_DOCS_URL, maybe "".
void report_text(const struct check_result *result);
void report_json(const struct check_result *result);
void report_github(const struct check_result *result);
void report_sarif(const struct check_result *result);
