// SPDX-License-Identifier: MIT
//
// Whole files in and out. Reading never blocks on what only looks like a file (FIFOs, devices);
// writing never leaves half a file behind: the new text is on the disk before its name is.
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/uri.h"

static enum err err_of_errno(int code) {
    switch (code) {
    case ENOENT:
    case ENOTDIR: return ERR_NOT_FOUND;
    default: return ERR_IO;
    }
}

// Fills `p` with up to `n` bytes; fewer only at the end of the file. -1 on an error.
static ssize_t read_fully(int fd, char *p, size_t n) {
    size_t done = 0;
    while (done < n) {
        ssize_t got = read(fd, p + done, n - done);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return -1;
        }
        if (got == 0) {
            break;
        }
        done += (size_t)got;
    }
    return (ssize_t)done;
}

// Files of /proc and /sys say size 0 and have content, and a file may grow while it is read: so the
// size is a first guess, and the end is where read(2) says it is.
static enum err read_all(struct arena *arena, int fd, size_t guess, size_t max, struct str *out) {
    size_t room = guess + 1; // one more than expected finds the end without a second pass
    char *p = ARENA_ARRAY(arena, room + 1, char);
    size_t n = 0;
    for (;;) {
        ssize_t got = read_fully(fd, p + n, room - n);
        if (got < 0) {
            return ERR_IO;
        }
        n += (size_t)got;
        if (n > max) {
            return ERR_LIMIT;
        }
        if (n < room) {
            p[n] = '\0';
            *out = str_of(p, n);
            return ERR_OK;
        }
        room = room > max / 2 ? max + 1 : room * 2 + 4096;
        room = room > max + 1 ? max + 1 : room;
        char *bigger = ARENA_ARRAY(arena, room + 1, char);
        memcpy(bigger, p, n);
        p = bigger;
    }
}

enum err file_read(struct arena *arena, const char *path, size_t max, struct str *out) {
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        return err_of_errno(errno);
    }
    enum err err = ERR_IO;
    struct stat st;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
        err = (uintmax_t)st.st_size > max ? ERR_LIMIT
                                          : read_all(arena, fd, (size_t)st.st_size, max, out);
    }
    close(fd);
    return err;
}

static bool write_fully(int fd, struct str data) {
    while (data.n > 0) {
        ssize_t n = write(fd, data.p, data.n);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return false;
        }
        data = str_from_index(data, (size_t)n);
    }
    return true;
}

// Owner and permission for the temporary file: those of the file it replaces. Another owner can be
// given only by root; without that the file becomes ours, as with any editor. Set-id bits never
// pass to a new owner.
static bool adopt(int fd, const struct stat *old, unsigned mode) {
    if (!old) {
        return fchmod(fd, (mode_t)mode) == 0;
    }
    mode_t kept = old->st_mode & 07777;
    if (fchown(fd, old->st_uid, old->st_gid) != 0) {
        kept &= 0777;
        if (fchown(fd, (uid_t)-1, old->st_gid) != 0) {
            kept &= (mode_t)~070; // the group is another one than was meant
        }
    }
    return fchmod(fd, kept) == 0;
}

// So that the new name survives a power cut too. Some file systems cannot: no failure.
static void sync_dir(struct arena *arena, struct str target) {
    int fd = open(arena_cstr(arena, path_dir(target)), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd);
        close(fd);
    }
}

// Where the bytes belong: a symlink's target, even one that does not exist yet; else `path` itself.
static enum err resolve_target(struct arena *arena, const char *path, struct str *out) {
    struct str target = arena_copy(arena, str_from(path));
    for (int hops = 0; hops < 40; hops++) {
        char link[PATH_MAX];
        ssize_t n = readlink(target.p, link, sizeof(link));
        if (n < 0) {
            *out = target;
            return ERR_OK;
        }
        if ((size_t)n >= sizeof(link)) {
            return ERR_LIMIT;
        }
        target = path_join(arena, path_dir(target), str_of(link, (size_t)n));
    }
    return ERR_INVALID;
}

static enum err replace(struct arena *arena, struct str target, struct str data, unsigned mode,
                        const char **step) {
    struct stat st;
    *step = "stat";
    bool exists = stat(target.p, &st) == 0;
    if (exists && !S_ISREG(st.st_mode)) {
        errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
        return ERR_INVALID;
    }
    struct str dir = path_dir(target);
    char *name = arena_cstr(arena, path_join(arena, dir, STR(".ollama-ls-XXXXXX")));
    *step = "create a file beside";
    int fd = mkostemp(name, O_CLOEXEC);
    if (fd < 0) {
        return err_of_errno(errno);
    }
    *step = "write";
    bool ok = write_fully(fd, data) && adopt(fd, exists ? &st : NULL, mode) && fsync(fd) == 0;
    int failure = ok ? 0 : errno;
    if (close(fd) != 0 && ok) {
        ok = false;
        failure = errno;
    }
    if (ok) {
        *step = "rename to";
        ok = rename(name, target.p) == 0;
        failure = ok ? 0 : errno;
    }
    if (!ok) {
        unlink(name);
        errno = failure;
        return ERR_IO;
    }
    sync_dir(arena, target);
    return ERR_OK;
}

enum err file_write_atomic(const char *path, struct str data, unsigned mode, struct error *error,
                           struct arena *arena) {
    struct str target;
    enum err err = resolve_target(arena, path, &target);
    if (err != ERR_OK) {
        return error_set(error, arena, err, "%s: too many levels of symbolic links", path);
    }
    const char *step = "";
    err = replace(arena, target, data, mode, &step);
    if (err != ERR_OK) {
        int code = errno;
        return error_set(error, arena, err, "cannot %s %s: %s", step, path, strerror(code));
    }
    return ERR_OK;
}
