// SPDX-License-Identifier: MIT
//
// replay_NAME FILE-OR-FOLDER...: runs a fuzz target once on each file, with any compiler and
// without libFuzzer. Every input that once broke something is kept and run again by each build's
// tests. Fails when there is nothing to run.
#include <dirent.h>
#include <errno.h>
#include <time.h>

#include "base/uri.h"
#include "fuzz.h"

#define INPUT_MAX (64u * 1024 * 1024)
#define SLOW_MS 1000

static size_t run_path(const char *path);

static double now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int compare(const struct dirent **a, const struct dirent **b) {
    return strcmp((*a)->d_name, (*b)->d_name);
}

static size_t run_folder(const char *path) {
    struct dirent **entries = NULL;
    int n = scandir(path, &entries, NULL, compare);
    size_t count = 0;
    for (int i = 0; i < n; i++) {
        if (entries[i]->d_name[0] != '.') {
            char name[4096];
            snprintf(name, sizeof(name), "%s/%s", path, entries[i]->d_name);
            count += run_path(name);
        }
        free(entries[i]);
    }
    free(entries);
    return count;
}

static size_t run_path(const char *path) {
    DIR *folder = opendir(path);
    if (folder) {
        closedir(folder);
        return run_folder(path);
    }
    struct arena arena;
    arena_init(&arena);
    struct str bytes;
    if (file_read(&arena, path, INPUT_MAX, &bytes) != ERR_OK) {
        fprintf(stderr, "%s: cannot be read: %s\n", path, strerror(errno));
        exit(2);
    }
    fprintf(stderr, "%s\n", path); // the last one printed is the one that broke
    struct str exact = fuzz_exact(bytes);
    double begin = now_ms();
    (void)LLVMFuzzerTestOneInput((const uint8_t *)exact.p, exact.n);
    double took = now_ms() - begin;
    if (took > SLOW_MS) {
        fprintf(stderr, "    took %.0f ms\n", took);
    }
    free((char *)exact.p);
    arena_finish(&arena);
    return 1;
}

int main(int argc, char **argv) {
    size_t count = 0;
    for (int i = 1; i < argc; i++) {
        count += run_path(argv[i]);
    }
    printf("%zu inputs\n", count);
    return count > 0 ? 0 : 1;
}
