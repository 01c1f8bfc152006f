; SPDX-License-Identifier: MIT
; A declaration stands for itself in a block, not in the head of a `for`.
(translation_unit (_) @statement)
(compound_statement (_) @statement)
(declaration_list (_) @statement)
(field_declaration) @statement
(case_statement (declaration) @statement)
(preproc_if [(declaration) (type_definition)] @statement)
(preproc_ifdef [(declaration) (type_definition)] @statement)
(preproc_else [(declaration) (type_definition)] @statement)
(preproc_elif [(declaration) (type_definition)] @statement)
[
  (expression_statement)
  (if_statement)
  (for_statement)
  (while_statement)
  (do_statement)
  (switch_statement)
  (case_statement)
  (return_statement)
  (break_statement)
  (continue_statement)
  (goto_statement)
  (labeled_statement)
  (function_definition)
  (preproc_def)
  (preproc_function_def)
  (preproc_call)
  (preproc_if)
  (preproc_ifdef)
] @statement

(function_definition body: (_) @body) @function

(struct_specifier body: (_) @body) @class
(union_specifier body: (_) @body) @class
(enum_specifier body: (_) @body) @class
(type_definition type: [
  (struct_specifier body: (_))
  (union_specifier body: (_))
  (enum_specifier body: (_))
]) @class
(declaration type: [
  (struct_specifier body: (_))
  (union_specifier body: (_))
  (enum_specifier body: (_))
]) @class

(preproc_include) @import
(comment) @comment
