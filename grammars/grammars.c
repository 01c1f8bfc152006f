// SPDX-License-Identifier: MIT
//
// Gives the generated parsers names of our own, so that nothing else depends on how tree-sitter
// spells its symbols.
#include "grammars/grammars.h"

const TSLanguage *tree_sitter_json(void);
const TSLanguage *tree_sitter_yaml(void);
const TSLanguage *tree_sitter_toml(void);
const TSLanguage *tree_sitter_c(void);
const TSLanguage *tree_sitter_python(void);
const TSLanguage *tree_sitter_javascript(void);
const TSLanguage *tree_sitter_typescript(void);
const TSLanguage *tree_sitter_tsx(void);
const TSLanguage *tree_sitter_go(void);
const TSLanguage *tree_sitter_rust(void);
const TSLanguage *tree_sitter_lua(void);
const TSLanguage *tree_sitter_modelfile(void);
const TSLanguage *tree_sitter_dotenv(void);

const TSLanguage *grammar_json(void) {
    return tree_sitter_json();
}

const TSLanguage *grammar_yaml(void) {
    return tree_sitter_yaml();
}

const TSLanguage *grammar_toml(void) {
    return tree_sitter_toml();
}

const TSLanguage *grammar_c(void) {
    return tree_sitter_c();
}

const TSLanguage *grammar_python(void) {
    return tree_sitter_python();
}

const TSLanguage *grammar_javascript(void) {
    return tree_sitter_javascript();
}

const TSLanguage *grammar_typescript(void) {
    return tree_sitter_typescript();
}

const TSLanguage *grammar_tsx(void) {
    return tree_sitter_tsx();
}

const TSLanguage *grammar_go(void) {
    return tree_sitter_go();
}

const TSLanguage *grammar_rust(void) {
    return tree_sitter_rust();
}

const TSLanguage *grammar_lua(void) {
    return tree_sitter_lua();
}

const TSLanguage *grammar_modelfile(void) {
    return tree_sitter_modelfile();
}

const TSLanguage *grammar_dotenv(void) {
    return tree_sitter_dotenv();
}
