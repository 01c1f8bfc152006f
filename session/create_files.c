// SPDX-License-Identifier: MIT
//
// Which files a Modelfile's FROM, ADAPTER and DRAFT mean. Follows filesForModel of Ollama's
// parser/parser.go: a folder's first pattern with a match decides. Runs on a thread: nothing here
// touches the loop. Untrusted: a Modelfile of a stranger's repository must not get a private file
// uploaded unseen, so paths are resolved first, and links that leave a named folder are refused.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/uri.h"
#include "base/utf.h"
#include "session/create.h"

enum {
    ENTRIES_MAX = 10000, // of one folder
    HEAD_BYTES = 512,    // looked at to tell text from weights
};

typedef VEC(struct create_file) file_list;
typedef VEC(struct str) name_list;

struct finder {
    struct arena *arena;
    struct str directory; // of the Modelfile
    struct str root;      // resolved; empty: none
    enum modelfile_command command;
    file_list files;
    int64_t total;
    struct error *error;
};

static struct str shown(struct finder *finder, struct str path) {
    return display_escape(finder->arena, path, 400);
}

static enum err fail(struct finder *finder, struct str path, int code) {
    enum err err = code == ENOENT || code == ENOTDIR ? ERR_NOT_FOUND : ERR_IO;
    return error_set(finder->error, finder->arena, err, "%.*s: %s", STR_ARG(shown(finder, path)),
                     strerror(code));
}

// --- one path ---

static struct str home_of(struct arena *arena, struct str user) {
    const char *home = user.n == 0 ? getenv("HOME") : NULL;
    if (home) {
        return arena_copy(arena, str_from(home));
    }
    struct passwd entry;
    struct passwd *found = NULL;
    size_t room = 16384;
    char *bytes = ARENA_ARRAY(arena, room, char);
    int failed = user.n == 0 ? getpwuid_r(getuid(), &entry, bytes, room, &found)
                             : getpwnam_r(arena_cstr(arena, user), &entry, bytes, room, &found);
    return failed || !found ? STR_NONE : str_from(entry.pw_dir);
}

// Absolute; empty if there is nothing to begin from.
static struct str expand(struct finder *finder, struct str written) {
    struct arena *arena = finder->arena;
    if (str_starts(written, STR("~"))) {
        struct str rest = str_from_index(written, 1);
        struct str user = str_split(&rest, '/');
        struct str home = home_of(arena, user);
        return home.n == 0 ? STR_NONE : path_normalize(arena, path_join(arena, home, rest));
    }
    if (!str_starts(written, STR("/")) && finder->directory.n == 0) {
        return STR_NONE;
    }
    return path_normalize(arena, path_join(arena, finder->directory, written));
}

// Without symlinks; false with errno.
static bool resolve(struct finder *finder, struct str path, struct str *out) {
    char bytes[PATH_MAX];
    if (!realpath(arena_cstr(finder->arena, path), bytes)) {
        return false;
    }
    *out = arena_copy(finder->arena, str_from(bytes));
    return true;
}

static bool key_is_taken(const struct finder *finder, struct str key) {
    for (size_t i = 0; i < finder->files.n; i++) {
        if (finder->files.at[i].command == finder->command &&
            str_eq(finder->files.at[i].key, key)) {
            return true;
        }
    }
    return false;
}

static void describe(struct create_file *file, const struct stat *info) {
    file->size = (int64_t)info->st_size;
    file->device = (uint64_t)info->st_dev;
    file->inode = (uint64_t)info->st_ino;
    file->seconds = (int64_t)info->st_mtim.tv_sec;
    file->nanoseconds = (int64_t)info->st_mtim.tv_nsec;
}

// `path` is resolved; `relative` is its name below the folder that was named.
static enum err add_file(struct finder *finder, struct str path, struct str relative) {
    struct arena *arena = finder->arena;
    struct stat info;
    if (lstat(arena_cstr(arena, path), &info) != 0) {
        return fail(finder, path, errno);
    }
    if (!S_ISREG(info.st_mode)) {
        return error_set(finder->error, arena, ERR_INVALID, "%.*s is neither a file nor a folder",
                         STR_ARG(shown(finder, path)));
    }
    for (size_t i = 0; i < finder->files.n; i++) {
        if (finder->files.at[i].command == finder->command &&
            str_eq(finder->files.at[i].path, path)) {
            return ERR_OK; // named twice
        }
    }
    if (finder->files.n == LIMIT_CREATE_FILES) {
        return error_set(finder->error, arena, ERR_LIMIT, "more than %d files", LIMIT_CREATE_FILES);
    }
    // Ollama's command line sends the names without folders; where that would make two files one,
    // the folder stays.
    struct str key = path_base(path);
    key = arena_copy(arena, key_is_taken(finder, key) ? relative : key);
    if (!utf8_is_valid(key) || key_is_taken(finder, key)) {
        return error_set(finder->error, arena, ERR_INVALID,
                         "%.*s: its name cannot be sent, or another file of that name is",
                         STR_ARG(shown(finder, path)));
    }
    struct create_file *file = VEC_PUSH(arena, &finder->files);
    file->command = finder->command;
    file->key = key;
    file->path = path;
    file->is_outside = finder->root.n == 0 || !path_is_within(path, finder->root);
    describe(file, &info);
    finder->total += file->size;
    return ERR_OK;
}

// --- folders ---

static int by_name(const void *a, const void *b) {
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static enum err list_folder(struct finder *finder, struct str folder, name_list *out) {
    DIR *dir = opendir(arena_cstr(finder->arena, folder));
    if (!dir) {
        return fail(finder, folder, errno);
    }
    enum err err = ERR_OK;
    struct dirent *entry;
    while (err == ERR_OK && (entry = readdir(dir))) {
        struct str name = str_from(entry->d_name);
        if (str_eq(name, STR(".")) || str_eq(name, STR(".."))) {
            continue;
        }
        if (out->n == ENTRIES_MAX) {
            err = error_set(finder->error, finder->arena, ERR_LIMIT,
                            "%.*s holds more than %d entries", STR_ARG(shown(finder, folder)),
                            ENTRIES_MAX);
        } else {
            *VEC_PUSH(finder->arena, out) = arena_copy(finder->arena, name);
        }
    }
    closedir(dir);
    if (out->n > 1) {
        qsort(out->at, out->n, sizeof(*out->at), by_name);
    }
    return err;
}

enum content { CONTENT_ANY, CONTENT_TEXT, CONTENT_ZIP, CONTENT_WEIGHTS };

// As far as Go's http.DetectContentType matters here: a git-LFS pointer is text, weights are not.
static enum content content_of(struct finder *finder, struct str path) {
    unsigned char head[HEAD_BYTES];
    int fd = open(arena_cstr(finder->arena, path), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    ssize_t n = fd < 0 ? -1 : read(fd, head, sizeof(head));
    if (fd >= 0) {
        close(fd);
    }
    if (n >= 4 && memcmp(head, "PK\3\4", 4) == 0) {
        return CONTENT_ZIP;
    }
    for (ssize_t i = 0; i < n; i++) {
        unsigned char c = head[i];
        if (c <= 0x08 || c == 0x0b || (c >= 0x0e && c <= 0x1a) || (c >= 0x1c && c <= 0x1f)) {
            return CONTENT_WEIGHTS;
        }
    }
    return n < 0 ? CONTENT_ANY : CONTENT_TEXT;
}

struct pattern {
    struct str start, end;
    enum content content;
};

static bool matches(const struct pattern *pattern, struct str name) {
    return name.n >= pattern->start.n + pattern->end.n && str_starts(name, pattern->start) &&
           str_ends(name, pattern->end);
}

struct folder {
    struct str path;     // resolved
    struct str relative; // to the folder that was named; empty: it is that one
    name_list names;
};

// Paths below the named folder that match. False: one of them is not what it should be.
static bool glob(struct finder *finder, const struct folder *folder, const struct pattern *pattern,
                 name_list *out) {
    bool ok = true;
    for (size_t i = 0; i < folder->names.n; i++) {
        struct str name = folder->names.at[i];
        if (!matches(pattern, name)) {
            continue;
        }
        struct str path = path_join(finder->arena, folder->path, name);
        ok =
            ok && (pattern->content == CONTENT_ANY || content_of(finder, path) == pattern->content);
        *VEC_PUSH(finder->arena, out) = path_join(finder->arena, folder->relative, name);
    }
    return ok;
}

static enum err open_folders(struct finder *finder, struct str base, struct folder **out,
                             size_t *n) {
    VEC(struct folder) folders = {0};
    struct folder *top = VEC_PUSH(finder->arena, &folders);
    top->path = base;
    enum err err = list_folder(finder, base, &top->names);
    name_list names = top->names;
    for (size_t i = 0; i < names.n && err == ERR_OK; i++) {
        struct str path = path_join(finder->arena, base, names.at[i]);
        struct stat info;
        // Links to folders are left out, wherever they lead.
        if (lstat(arena_cstr(finder->arena, path), &info) == 0 && S_ISDIR(info.st_mode)) {
            struct folder *folder = VEC_PUSH(finder->arena, &folders);
            folder->path = path;
            folder->relative = names.at[i];
            // One that may not be read holds nothing for us.
            (void)list_folder(finder, path, &folder->names);
        }
    }
    *out = folders.at;
    *n = folders.n;
    return err;
}

static const struct pattern weights[] = {
    {STR_INIT("model"), STR_INIT(".safetensors"), CONTENT_ANY},
    {STR_INIT("consolidated"), STR_INIT(".safetensors"), CONTENT_ANY},
    {STR_INIT("pytorch_model"), STR_INIT(".bin"), CONTENT_ZIP},
    {STR_INIT("consolidated"), STR_INIT(".pth"), CONTENT_ZIP},
    {STR_INIT(""), STR_INIT(".gguf"), CONTENT_WEIGHTS},
    {STR_INIT(""), STR_INIT(".bin"), CONTENT_WEIGHTS},
};

// The weights: of the first pattern that has any and finds them to be what their names say.
static enum err find_weights(struct finder *finder, const struct folder *folders, size_t n,
                             name_list *out) {
    for (size_t i = 0; i < sizeof(weights) / sizeof(weights[0]); i++) {
        name_list found = {0};
        if (!glob(finder, &folders[0], &weights[i], &found) || found.n == 0) {
            continue;
        }
        for (size_t k = 1; k < n && i == 0; k++) {
            (void)glob(finder, &folders[k], &weights[i], &found);
        }
        *out = found;
        return ERR_OK;
    }
    return error_set(finder->error, finder->arena, ERR_NOT_FOUND,
                     "%.*s: no GGUF, safetensors or PyTorch weights in this folder",
                     STR_ARG(shown(finder, folders[0].path)));
}

static enum err find_configuration(struct finder *finder, const struct folder *folders, size_t n,
                                   name_list *out) {
    static const struct pattern json = {STR_INIT(""), STR_INIT(".json"), CONTENT_TEXT};
    static const struct pattern jinja = {STR_INIT("chat_template.jinja"), STR_INIT(""),
                                         CONTENT_TEXT};
    static const struct pattern own = {STR_INIT("tokenizer.model"), STR_INIT(""), CONTENT_WEIGHTS};
    bool ok = true;
    for (size_t i = 0; i < n; i++) {
        ok = glob(finder, &folders[i], &json, out) && ok;
    }
    ok = glob(finder, &folders[0], &jinja, out) && ok;
    if (!ok) {
        return error_set(finder->error, finder->arena, ERR_INVALID,
                         "%.*s: a .json file or the chat template in it is no text",
                         STR_ARG(shown(finder, folders[0].path)));
    }
    name_list tokenizer = {0};
    for (size_t i = 0; i < n; i++) {
        name_list found = {0};
        if (tokenizer.n == 0 && glob(finder, &folders[i], &own, &found)) {
            tokenizer = found;
        }
    }
    for (size_t i = 0; i < tokenizer.n; i++) {
        *VEC_PUSH(finder->arena, out) = tokenizer.at[i];
    }
    return ERR_OK;
}

static enum err add_folder(struct finder *finder, struct str base) {
    struct folder *folders = NULL;
    size_t n = 0;
    name_list names = {0};
    enum err err = open_folders(finder, base, &folders, &n);
    err = err == ERR_OK ? find_weights(finder, folders, n, &names) : err;
    err = err == ERR_OK ? find_configuration(finder, folders, n, &names) : err;
    for (size_t i = 0; i < names.n && err == ERR_OK; i++) {
        struct str path = path_join(finder->arena, base, names.at[i]);
        struct str real;
        if (!resolve(finder, path, &real)) {
            return fail(finder, path, errno);
        }
        if (!path_is_within(real, base)) {
            return error_set(finder->error, finder->arena, ERR_DENIED,
                             "%.*s is a link that leads out of its folder",
                             STR_ARG(shown(finder, path)));
        }
        err = add_file(finder, real, names.at[i]);
    }
    return err;
}

// --- all of them ---

static enum err missing(struct finder *finder, const struct create_path *path) {
    return error_set(finder->error, finder->arena, ERR_NOT_FOUND, "%.*s: there is no file %.*s%s",
                     STR_ARG(modelfile_command_name(path->command)),
                     STR_ARG(shown(finder, path->written)),
                     finder->directory.n == 0 ? " (the Modelfile is not saved yet)" : "");
}

static enum err find_one(struct finder *finder, const struct create_path *path, struct str *from) {
    bool is_from = path->command == MODELFILE_FROM;
    bool may_be_name = is_from && !modelfile_from_is_path(path->written);
    struct str real;
    struct str absolute = expand(finder, path->written);
    finder->command = path->command;
    bool is_there = absolute.n > 0 && resolve(finder, absolute, &real);
    if (!is_there && absolute.n > 0 && errno != ENOENT && errno != ENOTDIR) {
        return fail(finder, absolute, errno);
    }
    if (!is_there && may_be_name) {
        *from = arena_copy(finder->arena, path->written);
        return ERR_OK;
    }
    struct stat info;
    if (!is_there) {
        return missing(finder, path);
    }
    if (lstat(arena_cstr(finder->arena, real), &info) == 0 && S_ISDIR(info.st_mode)) {
        return add_folder(finder, real);
    }
    return add_file(finder, real, path_base(real));
}

enum err create_files_find(struct arena *arena, const struct create_path *paths, size_t n,
                           struct str directory, struct str root, struct create_files *out,
                           struct error *error) {
    struct finder finder = {.arena = arena, .directory = directory, .error = error};
    enum err err = ERR_OK;
    *out = (struct create_files){0};
    if (root.n > 0 && !resolve(&finder, root, &finder.root)) {
        finder.root = STR_NONE; // it is gone: everything is outside
    }
    for (size_t i = 0; i < n && err == ERR_OK; i++) {
        err = find_one(&finder, &paths[i], &out->from);
    }
    out->at = finder.files.at;
    out->n = finder.files.n;
    out->total = finder.total;
    return err;
}

enum err create_file_open(struct arena *arena, const struct create_file *file, int *fd,
                          struct error *error) {
    struct str name = display_escape(arena, file->path, 400);
    struct stat info;
    struct create_file now = *file;
    *fd = open(arena_cstr(arena, file->path),
               O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW);
    if (*fd < 0) {
        return error_set(error, arena, ERR_IO, "%.*s: %s", STR_ARG(name), strerror(errno));
    }
    if (fstat(*fd, &info) == 0) {
        describe(&now, &info);
        if (S_ISREG(info.st_mode) && now.size == file->size && now.device == file->device &&
            now.inode == file->inode && now.seconds == file->seconds &&
            now.nanoseconds == file->nanoseconds) {
            return ERR_OK;
        }
    }
    close(*fd);
    *fd = -1;
    return error_set(error, arena, ERR_CONFLICT, "%.*s changed meanwhile", STR_ARG(name));
}
