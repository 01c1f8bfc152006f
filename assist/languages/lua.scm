; SPDX-License-Identifier: MIT
(chunk (_) @statement)
(block (_) @statement)

(function_declaration body: (_) @body) @function
(variable_declaration (assignment_statement (expression_list
  (function_definition body: (_) @body)))) @function
(assignment_statement (expression_list (function_definition body: (_) @body))) @function
(field value: (function_definition body: (_) @body)) @function

((variable_declaration (assignment_statement (expression_list
  (function_call name: (identifier) @_callee)))) @import
  (#eq? @_callee "require"))
(comment) @comment
