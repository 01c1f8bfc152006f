; SPDX-License-Identifier: MIT
(program (_) @statement)
(statement_block (_) @statement)
(class_body (_) @statement)
(switch_case body: (_) @statement)
(switch_default body: (_) @statement)
[
  (expression_statement)
  (if_statement)
  (for_statement)
  (for_in_statement)
  (while_statement)
  (do_statement)
  (switch_statement)
  (try_statement)
  (return_statement)
  (throw_statement)
  (break_statement)
  (continue_statement)
] @statement

; What has a name of its own is a function; what is handed to a call is part of the statement, but
; for memo(() => …) and the like at the top.
[
  (function_declaration)
  (generator_function_declaration)
  (method_definition)
  (lexical_declaration (variable_declarator value: [
    (arrow_function)
    (function_expression)
    (generator_function)
  ]))
  (variable_declaration (variable_declarator value: [(arrow_function) (function_expression)]))
  (expression_statement (assignment_expression right: [(arrow_function) (function_expression)]))
  (pair value: [(arrow_function) (function_expression)])
  (export_statement declaration: [
    (function_declaration)
    (generator_function_declaration)
    (lexical_declaration (variable_declarator value: [(arrow_function) (function_expression)]))
  ])
  (export_statement value: [(arrow_function) (function_expression)])
] @function
(program [
  (lexical_declaration (variable_declarator value: (call_expression
    arguments: (arguments [(arrow_function) (function_expression)]))))
  (export_statement declaration: (lexical_declaration (variable_declarator
    value: (call_expression arguments: (arguments [(arrow_function) (function_expression)])))))
] @function)

[
  (class_declaration)
  (lexical_declaration (variable_declarator value: (class)))
  (export_statement declaration: (class_declaration))
  (export_statement value: (class))
] @class

(_ body: [(statement_block) (class_body)] @body)

(import_statement) @import
(program [
  (lexical_declaration (variable_declarator value: (call_expression
    function: (identifier) @_callee)))
  (variable_declaration (variable_declarator value: (call_expression
    function: (identifier) @_callee)))
] @import (#eq? @_callee "require"))
(comment) @comment
