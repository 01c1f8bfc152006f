; SPDX-License-Identifier: MIT
; The cases of a switch hold their statements next to their values, and `x := f()` may stand in the
; head of an `if`: hence by parent.
(source_file (_) @statement)
(block (_) @statement)
(field_declaration) @statement
(method_elem) @statement
(expression_case [
  (expression_statement) (assignment_statement) (short_var_declaration) (return_statement)
  (if_statement) (for_statement) (go_statement) (defer_statement) (send_statement)
  (inc_statement) (dec_statement) (var_declaration) (break_statement) (continue_statement)
  (expression_switch_statement) (type_switch_statement) (select_statement)
] @statement)
(type_case [
  (expression_statement) (assignment_statement) (short_var_declaration) (return_statement)
  (if_statement) (for_statement) (go_statement) (defer_statement) (send_statement)
  (inc_statement) (dec_statement) (var_declaration) (break_statement) (continue_statement)
  (expression_switch_statement) (type_switch_statement) (select_statement)
] @statement)
(default_case (_) @statement)
(communication_case [
  (expression_statement) (assignment_statement) (short_var_declaration) (return_statement)
  (if_statement) (for_statement) (go_statement) (defer_statement)
  (inc_statement) (dec_statement) (var_declaration) (break_statement) (continue_statement)
  (expression_switch_statement) (type_switch_statement) (select_statement)
] @statement)

(function_declaration body: (_) @body) @function
(method_declaration body: (_) @body) @function
(short_var_declaration right: (expression_list (func_literal body: (_) @body))) @function
(var_declaration (var_spec value: (expression_list (func_literal body: (_) @body)))) @function

; In `type ( … )` each type is one; `type x …` alone is the whole.
(type_spec type: (struct_type (field_declaration_list) @body)) @class
(type_spec type: (interface_type)) @class
(type_declaration . (type_spec type: [(struct_type) (interface_type)]) .) @class

(import_declaration) @import
(comment) @comment
