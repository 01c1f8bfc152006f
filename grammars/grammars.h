// SPDX-License-Identifier: MIT
//
// The syntax tree grammars compiled into the program. modelfile and dotenv are ours, the others
// come from npm source packages (package-lock.json); all have tree-sitter ABI 14, which every
// runtime from 0.20.3 on loads. Node names: the grammars' src/node-types.json, and for ours
// test/corpus/*.txt. The languages are static constants: any thread, never freed.
#pragma once

#include <tree_sitter/api.h>

const TSLanguage *grammar_json(void);
const TSLanguage *grammar_yaml(void);
const TSLanguage *grammar_toml(void);

// What AI actions know the syntax of (assist/language.h). tsx is typescript with JSX, which reads
// `<T>x` casts as tags; javascript reads JSX as it is.
const TSLanguage *grammar_c(void);
const TSLanguage *grammar_python(void);
const TSLanguage *grammar_javascript(void);
const TSLanguage *grammar_typescript(void);
const TSLanguage *grammar_tsx(void);
const TSLanguage *grammar_go(void);
const TSLanguage *grammar_rust(void);
const TSLanguage *grammar_lua(void);

// source_file: (instruction keyword: (keyword) name: (parameter_name)? role: (role)? value:
// (value)?), (comment), (invalid). A value covers its text as written, quotes included, without the
// blanks around it. Source: Ollama's parser/parser.go.
const TSLanguage *grammar_modelfile(void);

// source_file: (assignment (export)? key: (key) value: (unquoted | single_quoted |
// double_quoted)?), (comment), (invalid). Quoted values include their quotes; without a value,
// `KEY=` has no value node.
const TSLanguage *grammar_dotenv(void);
