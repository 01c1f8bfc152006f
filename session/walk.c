// SPDX-License-Identifier: MIT
//
// A pool of threads over a stack of folders. A worker takes a folder, reads its entries, handles
// its files itself and pushes its subfolders: few locks, and the files of a folder are read in one
// go.
//
// Invariants: `pending` counts folders pushed and not finished, so 0 means all is done; an ignore
// list lives in the arena of the worker that read it, and all arenas live until the walk ends. No
// file is visited twice: what is given by itself is passed over where a folder leads to it.
#include "session/walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "base/glob.h"
#include "base/limits.h"
#include "base/uri.h"
#include "session/ignore.h"

#define BINARY_HEAD 8192 // bytes looked at for a NUL

struct folder {
    struct folder *next;
    struct str path; // as spelled from the given root
    struct str absolute;
    const struct ignore_list *ignores;
};

struct worker {
    struct walk *walk;
    unsigned number;
    struct arena arena; // folders and ignore lists: until the end of the walk
    char *buffer;       // LIMIT_FILE + 1
    uv_thread_t thread;
};

struct walk {
    const struct walk_options *options;
    uv_mutex_t mutex;
    uv_cond_t changed;
    struct folder *stack;
    size_t pending;
    struct str *given; // absolute, sorted
    size_t n_given;
    atomic_size_t visited;
};

// Checked even if ignored, unless a parent folder is: secrets and local settings are ignored by
// habit, and they are where models are named (DESIGN A2).
static const char *const local_configs[] = {
    ".env",
    ".env.*",
    "*.env",
    ".envrc",
    ".aider*",
    ".continuerc.json",
    "settings.local.json",
    "*.local.yaml",
    "*.local.yml",
    "*.local.json",
    "*.local.toml",
    "opencode.json",
    "opencode.jsonc",
    ".crush.json",
    "crush.json",
    "compose.override.y*ml",
    "docker-compose.override.y*ml",
    ".ollama-ls.json",
};

static bool is_local_config(struct str name) {
    for (size_t i = 0; i < sizeof(local_configs) / sizeof(local_configs[0]); i++) {
        if (glob_match_segment(str_from(local_configs[i]), name)) {
            return true;
        }
    }
    return false;
}

static void report(struct walk *walk, struct str path, int error) {
    if (walk->options->on_error) {
        walk->options->on_error(walk->options->data, path, strerror(error));
    }
}

static bool is_binary(struct str bytes) {
    if (str_starts(bytes, STR("\xff\xfe")) || str_starts(bytes, STR("\xfe\xff"))) {
        return false; // UTF-16: Ollama reads such Modelfiles
    }
    return memchr(bytes.p, 0, bytes.n < BINARY_HEAD ? bytes.n : BINARY_HEAD) != NULL;
}

// Reads what is open in `fd` (closed here). False when it is too large, unreadable or no file.
static bool read_all(struct worker *worker, int fd, struct str *bytes, int *error) {
    struct stat info;
    size_t n = 0;
    *error = 0;
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode) || info.st_size > (off_t)LIMIT_FILE) {
        close(fd);
        return false;
    }
    for (;;) {
        ssize_t got = read(fd, worker->buffer + n, LIMIT_FILE + 1 - n);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            *error = errno;
        }
        if (got <= 0) {
            break;
        }
        n += (size_t)got;
        // A regular file read to its known size is read: one call less per file.
        if (n > LIMIT_FILE || (n == (size_t)info.st_size && n > 0)) {
            break;
        }
    }
    close(fd);
    if (*error || n > LIMIT_FILE) {
        return false;
    }
    worker->buffer[n] = '\0';
    *bytes = str_of(worker->buffer, n);
    return true;
}

static void visit_file(struct worker *worker, int dir_fd, const char *name, struct str path,
                       struct str absolute, bool is_given) {
    const struct walk_options *options = worker->walk->options;
    atomic_fetch_add_explicit(&worker->walk->visited, 1, memory_order_relaxed);
    if (options->wants && !options->wants(options->data, path)) {
        return;
    }
    int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (is_given ? 0 : O_NOFOLLOW);
    int fd = openat(dir_fd, name, flags);
    int error;
    struct str bytes;
    if (fd < 0) {
        report(worker->walk, path, errno);
    } else if (read_all(worker, fd, &bytes, &error)) {
        if (!is_binary(bytes)) {
            options->on_file(options->data, worker->number, path, absolute, bytes);
        }
    } else if (error) {
        report(worker->walk, path, error);
    }
}

static void push(struct worker *worker, struct str path, struct str absolute,
                 const struct ignore_list *ignores) {
    struct folder *folder = ARENA_NEW(&worker->arena, struct folder);
    *folder = (struct folder){NULL, path, absolute, ignores};
    uv_mutex_lock(&worker->walk->mutex);
    folder->next = worker->walk->stack;
    worker->walk->stack = folder;
    worker->walk->pending++;
    uv_cond_signal(&worker->walk->changed);
    uv_mutex_unlock(&worker->walk->mutex);
}

// The list of a .gitignore in the folder, or `parent` when there is none.
static const struct ignore_list *read_ignores(struct worker *worker, int dir_fd, const char *name,
                                              struct str folder, const struct ignore_list *parent) {
    int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    int error;
    struct str bytes;
    if (fd < 0 || !read_all(worker, fd, &bytes, &error)) {
        return parent;
    }
    return ignore_parse(&worker->arena, arena_copy(&worker->arena, bytes), folder, parent);
}

static unsigned char entry_type(int dir_fd, const struct dirent *entry) {
    struct stat info;
    if (entry->d_type != DT_UNKNOWN) {
        return entry->d_type;
    }
    if (fstatat(dir_fd, entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0) {
        return DT_UNKNOWN;
    }
    return S_ISDIR(info.st_mode) ? DT_DIR : S_ISREG(info.st_mode) ? DT_REG : DT_UNKNOWN;
}

static int compare_paths(const void *a, const void *b) {
    const struct str *left = a;
    const struct str *right = b;
    return str_cmp(*left, *right);
}

// The path among the given ones, or NULL; of equal ones always the same.
static const struct str *find_given(const struct walk *walk, struct str absolute) {
    return bsearch(&absolute, walk->given, walk->n_given, sizeof(absolute), compare_paths);
}

static void visit_entry(struct worker *worker, const struct folder *folder, int dir_fd,
                        const struct dirent *entry, const struct ignore_list *ignores,
                        struct arena *scratch) {
    const struct walk_options *options = worker->walk->options;
    struct str name = str_from(entry->d_name);
    if (str_eq(name, STR(".")) || str_eq(name, STR("..")) || str_eq(name, STR(".git"))) {
        return;
    }
    unsigned char type = entry_type(dir_fd, entry);
    if (type != DT_DIR && type != DT_REG) {
        return; // symlinks, sockets, FIFOs
    }
    struct arena *arena = type == DT_DIR ? &worker->arena : scratch;
    struct str path = str_eq(folder->path, STR(".")) ? arena_copy(arena, name)
                                                     : path_join(arena, folder->path, name);
    struct str absolute = path_join(arena, folder->absolute, name);
    if (find_given(worker->walk, absolute)) {
        return;
    }
    if (ignore_match(ignores, absolute, type == DT_DIR) &&
        (type == DT_DIR || !is_local_config(name))) {
        return;
    }
    if (options->is_excluded && options->is_excluded(options->data, absolute)) {
        return;
    }
    if (type == DT_DIR) {
        push(worker, path, absolute, ignores);
    } else {
        visit_file(worker, dir_fd, entry->d_name, path, absolute, false);
    }
}

static void visit_folder(struct worker *worker, const struct folder *folder) {
    int fd = open(folder->path.p, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir) {
        report(worker->walk, folder->path, errno);
        if (fd >= 0) {
            close(fd);
        }
        return;
    }
    const struct ignore_list *ignores = folder->ignores;
    if (!worker->walk->options->no_ignore) {
        ignores = read_ignores(worker, fd, ".git/info/exclude", folder->absolute, ignores);
        ignores = read_ignores(worker, fd, ".gitignore", folder->absolute, ignores);
    }
    struct arena scratch = {0};
    const struct dirent *entry;
    while ((entry = readdir(dir)) != NULL) {
        visit_entry(worker, folder, fd, entry, ignores, &scratch);
        arena_reset(&scratch);
    }
    arena_finish(&scratch);
    closedir(dir);
}

static void work(void *data) {
    struct worker *worker = data;
    struct walk *walk = worker->walk;
    uv_mutex_lock(&walk->mutex);
    for (;;) {
        while (!walk->stack && walk->pending > 0) {
            uv_cond_wait(&walk->changed, &walk->mutex);
        }
        if (walk->pending == 0) {
            break;
        }
        struct folder *folder = walk->stack;
        walk->stack = folder->next;
        uv_mutex_unlock(&walk->mutex);
        visit_folder(worker, folder);
        uv_mutex_lock(&walk->mutex);
        if (--walk->pending == 0) {
            uv_cond_broadcast(&walk->changed);
        }
    }
    uv_mutex_unlock(&walk->mutex);
}

// Ignore lists of the folders above `absolute`, from the repository's root down.
static const struct ignore_list *ignores_above(struct worker *worker, struct str absolute) {
    struct arena *arena = &worker->arena;
    struct str root = absolute;
    struct stat info;
    while (stat(arena_cstr(arena, path_join(arena, root, STR(".git"))), &info) != 0) {
        if (root.n <= 1) {
            return NULL; // in no repository
        }
        root = path_dir(root);
    }
    const struct ignore_list *ignores = NULL;
    for (size_t end = root.n; end < absolute.n; end++) {
        if (end != root.n && absolute.p[end] != '/') {
            continue;
        }
        struct str folder = arena_copy(arena, str_slice(absolute, 0, end));
        int fd = open(folder.p, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd >= 0) {
            ignores = read_ignores(worker, fd, ".git/info/exclude", folder, ignores);
            ignores = read_ignores(worker, fd, ".gitignore", folder, ignores);
            close(fd);
        }
    }
    return ignores;
}

struct start {
    const char *given;
    struct str path;
    struct str absolute; // empty: it is not there, and that has been said
    struct stat info;
};

static void resolve(struct worker *worker, struct start *start) {
    struct str path = arena_copy(&worker->arena, str_from(start->given));
    while (path.n > 1 && path.p[path.n - 1] == '/') {
        path = arena_copy(&worker->arena, str_slice(path, 0, path.n - 1));
    }
    start->path = path;
    char *real = realpath(start->given, NULL);
    if (!real || stat(real, &start->info) != 0) {
        report(worker->walk, path, errno);
    } else {
        start->absolute = arena_copy(&worker->arena, str_from(real));
    }
    free(real);
}

static void begin(struct worker *worker, const struct start *start) {
    if (S_ISDIR(start->info.st_mode)) {
        push(worker, start->path, start->absolute,
             worker->walk->options->no_ignore ? NULL : ignores_above(worker, start->absolute));
    } else if (S_ISREG(start->info.st_mode)) {
        visit_file(worker, AT_FDCWD, start->given, start->path, start->absolute, true);
    } else {
        report(worker->walk, start->path, EINVAL);
    }
}

// Each of the given paths once, under its first spelling.
static void begin_all(struct worker *worker, const char *const *paths, size_t n) {
    struct walk *walk = worker->walk;
    struct start *starts = ARENA_ARRAY(&worker->arena, n, struct start);
    walk->given = ARENA_ARRAY(&worker->arena, n, struct str);
    for (size_t i = 0; i < n; i++) {
        starts[i] = (struct start){.given = paths[i]};
        resolve(worker, &starts[i]);
        if (starts[i].absolute.n) {
            walk->given[walk->n_given++] = starts[i].absolute;
        }
    }
    qsort(walk->given, walk->n_given, sizeof(*walk->given), compare_paths);
    bool *begun = ARENA_ARRAY(&worker->arena, n, bool);
    memset(begun, 0, n * sizeof(*begun));
    for (size_t i = 0; i < n; i++) {
        const struct str *given = find_given(walk, starts[i].absolute);
        if (given && !begun[given - walk->given]) {
            begun[given - walk->given] = true;
            begin(worker, &starts[i]);
        }
    }
}

unsigned walk_threads(const struct walk_options *options) {
    unsigned n = options->threads ? options->threads : uv_available_parallelism();
    return n < 1 ? 1 : n > 32 ? 32 : n;
}

size_t walk_run(const char *const *paths, size_t n, const struct walk_options *options) {
    struct walk walk = {.options = options};
    unsigned threads = walk_threads(options);
    struct worker *workers = mem_alloc(threads * sizeof(*workers));
    uv_mutex_init(&walk.mutex);
    uv_cond_init(&walk.changed);
    for (unsigned i = 0; i < threads; i++) {
        workers[i] =
            (struct worker){.walk = &walk, .number = i, .buffer = mem_alloc(LIMIT_FILE + 2)};
    }
    begin_all(&workers[0], paths, n);
    unsigned started = 0;
    for (unsigned i = 1; i < threads; i++) {
        if (uv_thread_create(&workers[i].thread, work, &workers[i]) != 0) {
            break; // fewer cores, same result
        }
        started = i;
    }
    work(&workers[0]);
    for (unsigned i = 1; i <= started; i++) {
        uv_thread_join(&workers[i].thread);
    }
    for (unsigned i = 0; i < threads; i++) {
        arena_finish(&workers[i].arena);
        free(workers[i].buffer);
    }
    uv_cond_destroy(&walk.changed);
    uv_mutex_destroy(&walk.mutex);
    free(workers);
    return atomic_load(&walk.visited);
}
