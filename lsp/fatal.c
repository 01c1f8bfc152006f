// SPDX-License-Identifier: MIT
//
// A signal handler gets no argument of ours, so what it needs stands in static variables: the only
// ones of the program that change. Only write(2) and friends are called in it; the report goes to
// stderr, then the signal takes its normal course (core dump, exit status).
#include "lsp/fatal.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef __linux__
#include <elf.h>
#include <link.h>
#endif

#include "lsp/methods.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_SANITIZER 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define HAS_SANITIZER 1
#endif

#define STACK_SIZE (64 * 1024)

static const struct method *const *volatile current;

#ifndef HAS_SANITIZER
static char build_id[48] = "unknown";

#ifdef __linux__
// The build id that the linker left in a note: 4-byte name, type and bytes, each padded to 4.
static void read_note(const char *p, size_t size) {
    static const char digits[] = "0123456789abcdef";
    while (size >= sizeof(ElfW(Nhdr))) {
        ElfW(Nhdr) note;
        memcpy(&note, p, sizeof(note));
        size_t name = ((size_t)note.n_namesz + 3) / 4 * 4;
        size_t total = sizeof(note) + name + ((size_t)note.n_descsz + 3) / 4 * 4;
        if (total > size) {
            return;
        }
        if (note.n_type == NT_GNU_BUILD_ID && note.n_descsz < sizeof(build_id) / 2) {
            const unsigned char *id = (const unsigned char *)p + sizeof(note) + name;
            for (size_t i = 0; i < note.n_descsz; i++) {
                build_id[i * 2] = digits[id[i] >> 4];
                build_id[i * 2 + 1] = digits[id[i] & 15];
            }
            build_id[note.n_descsz * 2] = '\0';
            return;
        }
        p += total;
        size -= total;
    }
}

// The first object is the program itself: no other is looked at.
static int read_object(struct dl_phdr_info *info, size_t size, void *data) {
    (void)size;
    (void)data;
    for (size_t i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        if (header->p_type == PT_NOTE) {
            read_note((const char *)(info->dlpi_addr + header->p_vaddr), header->p_memsz);
        }
    }
    return 1;
}
#endif

static void put(const char *text) {
    size_t n = strlen(text);
    while (n > 0) {
        ssize_t written = write(STDERR_FILENO, text, n);
        if (written <= 0) {
            return;
        }
        text += written;
        n -= (size_t)written;
    }
}

static const char *signal_name(int number) {
    switch (number) {
    case SIGSEGV: return "SIGSEGV";
    case SIGBUS: return "SIGBUS";
    case SIGFPE: return "SIGFPE";
    case SIGILL: return "SIGILL";
    default: return "SIGABRT";
    }
}

static void on_fatal(int number) {
    const struct method *const *handling = current;
    const struct method *method = handling ? *handling : NULL;
    put("ollama-ls " OLLAMA_LS_VERSION " (build ");
    put(build_id);
    put("): fatal ");
    put(signal_name(number));
    put(" in ");
    put(method ? method->name : "the event loop");
    put("\n");
    raise(number); // SA_RESETHAND: the default action now
}
#endif

void fatal_install(const struct method *const *handling) {
    current = handling;
#ifndef HAS_SANITIZER
#ifdef __linux__
    dl_iterate_phdr(read_object, NULL);
#endif
    static char stack_memory[STACK_SIZE];
    stack_t stack = {.ss_sp = stack_memory, .ss_size = sizeof(stack_memory)};
    sigaltstack(&stack, NULL); // a stack overflow leaves no room on the normal one
    struct sigaction action = {.sa_handler = on_fatal,
                               .sa_flags = (int)(SA_RESETHAND | SA_ONSTACK | SA_NODEFER)};
    sigemptyset(&action.sa_mask);
    static const int numbers[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        sigaction(numbers[i], &action, NULL);
    }
#endif
}

void fatal_forget(void) {
    current = NULL;
}
