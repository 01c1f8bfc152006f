// SPDX-License-Identifier: MIT
//
// Gives the generated parsers names of our own, so that nothing else depends on how tree-sitter
// spells its symbols.
#include "grammars/grammars.h"

const TSLanguage *tree_sitter_json(void);
const TSLanguage *tree_sitter_yaml(void);
const TSLanguage *tree_sitter_toml(void);
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

const TSLanguage *grammar_modelfile(void) {
    return tree_sitter_modelfile();
}

const TSLanguage *grammar_dotenv(void) {
    return tree_sitter_dotenv();
}
