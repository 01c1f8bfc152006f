// SPDX-License-Identifier: MIT
//
// cases_mutate FOLDER [SEED]: the texts of all cases, broken in many ways and made long, must
// neither crash nor hang the analysis, nor lead out of the file. The same seed breaks them in the
// same way.
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/uri.h"
#include "base/utf.h"
#include "case_run.h"

#define VARIANTS 25
#define LONG_BYTES (100u * 1024)
#define SLOW_MS 10000 // with sanitizers, on a machine that is busy otherwise

static uint64_t state;

static size_t below(size_t n) { // xorshift64
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return n ? (size_t)(state % n) : 0;
}

static const char *const splices[] = {
    "\"",   "'",    "`",    "$(",    "${",     "}}", "{{",    "\\\n",       "\r",
    "\xff", "\xc3", "\n\n", "<<A\n", "\t",     ": ", "- ",    "[",          "{",
    "=",    "#",    "\0",   "|\n  ", "\"\"\"", "\n", "FROM ", "ollama run "};
#define N_SPLICES (sizeof(splices) / sizeof(splices[0]))

static struct str mutated(struct arena *arena, struct str text) {
    struct buf out;
    buf_init(&out, 1u << 24);
    size_t at = below(text.n + 1);
    size_t skip = below(4) == 0 ? below(20) : below(2);
    buf_append(&out, str_slice(text, 0, at));
    for (size_t i = below(3) + 1; i > 0; i--) {
        const char *splice = splices[below(N_SPLICES)];
        buf_append(&out, *splice ? str_from(splice) : str_of("", 1));
    }
    if (below(8) != 0) { // else: cut off
        buf_append(&out, str_from_index(text, at + skip));
    }
    struct str copy = arena_copy(arena, buf_str(&out));
    buf_finish(&out);
    return copy;
}

static struct str repeated(struct arena *arena, struct str text, size_t total) {
    struct buf out;
    buf_init(&out, total + text.n + 1);
    while (text.n > 0 && out.n < total && buf_append(&out, text)) {
    }
    struct str copy = arena_copy(arena, buf_str(&out));
    buf_finish(&out);
    return copy;
}

static bool is_sound(const struct case_result *result) {
    size_t size = text_size(result->text);
    size_t last = 0;
    for (size_t i = 0; i < result->analysis->n_references; i++) {
        const struct reference *r = &result->analysis->references[i];
        if (r->prefix_start > r->start || r->start > r->end || r->end > size ||
            r->prefix_start < last || r->host.start > r->host.end || r->host.end > size) {
            return false;
        }
        last = r->prefix_start;
    }
    for (size_t i = 0; i < result->findings.n; i++) {
        const struct finding *f = &result->findings.at[i];
        if (f->start > f->end || f->end > size || !utf8_is_valid(f->message) || f->message.n == 0) {
            return false;
        }
        for (size_t k = 0; k < f->n_fixes; k++) {
            for (size_t e = 0; e < f->fixes[k].n_edits; e++) {
                const struct edit *edit = &f->fixes[k].edits[e];
                if (edit->start > edit->end || edit->end > size) {
                    return false;
                }
            }
        }
    }
    return true;
}

static size_t analyse(struct case_run *run, struct str bytes, const char *name) {
    struct arena arena = {0};
    struct arena *own = run->arena;
    run->arena = &arena;
    struct case_result result;
    int64_t start = clock_ms();
    case_run_analyse(run, bytes, &result);
    int64_t took = clock_ms() - start;
    if (took > SLOW_MS) {
        fprintf(stderr, "%s: %lld ms for %zu bytes\n", name, (long long)took, bytes.n);
    }
    bool is_slow = took > SLOW_MS;
    size_t failed = !is_sound(&result);
    if (failed) {
        fprintf(stderr, "%s: unsound on\n%.*s\n", name, STR_ARG(str_slice(bytes, 0, 4000)));
    }
    case_result_finish(&result);
    run->arena = own;
    arena_finish(&arena);
    return failed + is_slow;
}

static size_t run_case(struct str path, const char *name) {
    struct arena arena = {0};
    struct case_file file;
    size_t failed = 0;
    if (case_file_read(&arena, path, &file)) {
        struct case_run run;
        case_run_init(&run, &arena, &file);
        for (size_t i = 0; i < VARIANTS; i++) {
            struct arena scratch = {0};
            struct str bytes = mutated(&scratch, run.bytes);
            for (size_t more = below(4); more > 0; more--) {
                bytes = mutated(&scratch, bytes);
            }
            failed += analyse(&run, bytes, name);
            arena_finish(&scratch);
        }
        failed += analyse(&run, repeated(&arena, run.bytes, LONG_BYTES), name);
        // One splice over and over, behind what makes the file interesting.
        struct str splice = str_from(splices[below(N_SPLICES)]);
        struct str run_of = repeated(&arena, splice, LONG_BYTES);
        failed += analyse(&run, arena_join(&arena, run.bytes, run_of), name);
        case_run_finish(&run);
    }
    arena_finish(&arena);
    return failed;
}

static int is_case(const struct dirent *entry) {
    return str_ends(str_from(entry->d_name), STR(".case"));
}

int main(int argc, char **argv) {
    if (argc < 2) {
        fprintf(stderr, "usage: cases_mutate FOLDER [SEED]\n");
        return 2;
    }
    uint64_t seed = 1;
    if (argc > 2 && !str_to_uint64(str_from(argv[2]), &seed)) {
        return 2;
    }
    state = seed * 0x9e3779b97f4a7c15u + 1;
    struct dirent **entries = NULL;
    int n = scandir(argv[1], &entries, is_case, alphasort);
    struct arena arena = {0};
    size_t failed = 0;
    for (int i = 0; i < n; i++) {
        struct str path = path_join(&arena, str_from(argv[1]), str_from(entries[i]->d_name));
        failed += run_case(path, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    arena_finish(&arena);
    printf("%d cases, %zu failures\n", n, failed);
    return failed > 0 || n <= 0;
}
