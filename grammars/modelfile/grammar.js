// SPDX-License-Identifier: MIT
/// <reference types="tree-sitter-cli/dsl" />
// @ts-check
//
// Ollama's Modelfile, for structure, folding and highlighting. Where a token ends depends on the
// whole line (and, for quoted values, on later lines), so every token comes from src/scanner.c;
// this file only says in which order they may stand. A line that is no instruction becomes one
// `invalid` node: nothing a user types makes the parser guess beyond the end of that line.

module.exports = grammar({
  name: 'modelfile',

  // The order is the order of `enum token` in src/scanner.c.
  externals: $ => [
    $._plain_keyword,
    $._parameter_keyword,
    $._message_keyword,
    $.parameter_name,
    $.role,
    $._value_first_line,
    $._value_next_line,
    $.comment,
    $.invalid,
    $._invalid_rest,
  ],

  // Characters that Ollama drops (is_dropped in src/scanner.c) count as blanks.
  extras: _ => [
    /[\u0001-\u0020\u007f-\u00a0\u00ad\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff]/,
  ],

  rules: {
    source_file: $ => repeat(choice($.instruction, $.comment, $.invalid)),

    instruction: $ => choice(
      seq(
        field('keyword', alias($._plain_keyword, $.keyword)),
        optional(field('value', $.value)),
      ),
      seq(
        field('keyword', alias($._parameter_keyword, $.keyword)),
        optional(choice(
          seq(field('name', $.parameter_name), optional(field('value', $.value))),
          alias($._invalid_rest, $.invalid),
        )),
      ),
      seq(
        field('keyword', alias($._message_keyword, $.keyword)),
        optional(choice(
          seq(field('role', $.role), optional(field('value', $.value))),
          alias($._invalid_rest, $.invalid),
        )),
      ),
    ),

    // With its quotes. Only a quoted value has more than one line.
    value: $ => seq($._value_first_line, repeat($._value_next_line)),
  },
});
