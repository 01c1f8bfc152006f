// SPDX-License-Identifier: MIT
//
// Inside diagnostics/ only: one file of settings (YAML, JSON, TOML) while the conventions look at
// it.
#pragma once

#include "diagnostics/model_place.h"

struct settings {
    struct collector *collector;
    const struct convention_set *set;
    const struct config *config;
    const struct config_node *root; // of the document being looked at
};

// The object around a value: the nearest one above, over arrays.
const struct config_node *settings_object(const struct config_node *node);

// config-formats 2.2 and 2.3: an object that says "ollama" or names an Ollama URL, and the models
// beside. `object` is one that holds a needle.
void siblings_collect(struct settings *settings, const struct config_node *object);

// A value that is a command line, a script, a list of lines, or a list of words.
void settings_command(struct settings *settings, const struct config_node *node,
                      struct str convention);

// A command whose words stand in two places: {command: ollama, args: [pull, x]}, or behind the
// entry point of Ollama's image. False when the value is a command of its own.
bool settings_split_command(struct settings *settings, const struct config_node *node,
                            struct str convention);

// A map, a list of "NAME=value" or a list of {name, value}.
void settings_environment(struct settings *settings, const struct config_node *node,
                          struct str convention);

// query.c: the user's tree-sitter queries on this file.
void queries_collect(struct collector *collector, const struct convention *convention);
