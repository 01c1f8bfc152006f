// SPDX-License-Identifier: MIT
/// <reference types="tree-sitter-cli/dsl" />
// @ts-check
//
// Environment files (.env, .env.*, *.env, the assignments of .envrc). Whether a word is a key, and
// where a value ends, depends on the rest of the line and, for quoted values, on later lines, so
// nearly every token comes from src/scanner.c. Lines that are no assignment (merge-conflict
// markers, shell code) become one `invalid` node each; the lines around them keep their structure.

module.exports = grammar({
  name: 'dotenv',

  // The order is the order of `enum token` in src/scanner.c.
  externals: $ => [
    $.export,
    $.key,
    $.unquoted,
    $._single_quoted_first_line,
    $._double_quoted_first_line,
    $._quoted_next_line,
    $.comment,
    $.invalid,
  ],

  extras: _ => [/[ \t\r\n]/],

  rules: {
    source_file: $ => repeat(choice($.assignment, $.comment, $.invalid)),

    assignment: $ => seq(
      optional($.export),
      field('key', $.key),
      choice('=', ':'),
      optional(field('value', $._value)),
    ),

    // Quoted ones with their quotes; an unquoted one without the blanks around it.
    _value: $ => choice($.unquoted, $.single_quoted, $.double_quoted),
    single_quoted: $ => seq($._single_quoted_first_line, repeat($._quoted_next_line)),
    double_quoted: $ => seq($._double_quoted_first_line, repeat($._quoted_next_line)),
  },
});
