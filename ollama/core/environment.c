// SPDX-License-Identifier: MIT
//
// Ollama's variables and parameters as const tables, made from data/*.tsv at build time.
#include "ollama/core/environment.h"

#include "environment_tables.inc"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

size_t variable_count(void) {
    return COUNT(variables);
}

const struct variable *variable_at(size_t i) {
    return i < COUNT(variables) ? &variables[i] : NULL;
}

const struct variable *variable_find(struct str name) {
    for (size_t i = 0; i < COUNT(variables); i++) {
        if (str_eq(variables[i].name, name)) {
            return &variables[i];
        }
    }
    return NULL;
}

size_t parameter_count(void) {
    return COUNT(parameters);
}

const struct parameter *parameter_at(size_t i) {
    return i < COUNT(parameters) ? &parameters[i] : NULL;
}

const struct parameter *parameter_find(struct str name) {
    for (size_t i = 0; i < COUNT(parameters); i++) {
        if (str_eq(parameters[i].name, name)) {
            return &parameters[i];
        }
    }
    return NULL;
}
