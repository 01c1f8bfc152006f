// SPDX-License-Identifier: MIT
//
// A data file compiled into the program by ols_embed (cmake/embed.cmake). Tables end with name
// NULL.
#pragma once

#include <stddef.h>

struct embedded_file {
    const char *name; // file name without folder
    const char *data; // NUL-terminated behind size
    size_t size;
};
