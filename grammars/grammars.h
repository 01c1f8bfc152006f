// SPDX-License-Identifier: MIT
//
// The syntax tree grammars compiled into the program. json, yaml and toml come from npm source
// packages (package-lock.json), modelfile and dotenv are ours; all have tree-sitter ABI 14, which
// every runtime from 0.20.3 on loads. Node names: the grammars' src/node-types.json, and for ours
// test/corpus/*.txt. The languages are static constants: any thread, never freed.
#pragma once

#include <tree_sitter/api.h>

const TSLanguage *grammar_json(void);
const TSLanguage *grammar_yaml(void);
const TSLanguage *grammar_toml(void);

// source_file: (instruction keyword: (keyword) name: (parameter_name)? role: (role)? value:
// (value)?), (comment), (invalid). A value covers its text as written, quotes included, without the
// blanks around it. Source: Ollama's parser/parser.go.
const TSLanguage *grammar_modelfile(void);

// source_file: (assignment (export)? key: (key) value: (unquoted | single_quoted |
// double_quoted)?), (comment), (invalid). Quoted values include their quotes; without a value,
// `KEY=` has no value node.
const TSLanguage *grammar_dotenv(void);
