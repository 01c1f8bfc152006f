; SPDX-License-Identifier: MIT
; inherits: ecmascript

(public_field_definition value: [(arrow_function) (function_expression)]) @function

(class_body (decorator) @attribute)
(interface_body (_) @statement)

[
  (function_signature)
  (method_signature)
  (abstract_method_signature)
  (export_statement declaration: (function_signature))
  (ambient_declaration (function_signature))
] @function

[
  (abstract_class_declaration)
  (interface_declaration)
  (enum_declaration)
  (type_alias_declaration)
  (internal_module)
  (expression_statement (internal_module))
  (module)
  (ambient_declaration [
    (class_declaration)
    (abstract_class_declaration)
    (interface_declaration)
    (enum_declaration)
    (module)
  ])
  (export_statement declaration: [
    (abstract_class_declaration)
    (interface_declaration)
    (enum_declaration)
    (type_alias_declaration)
    (internal_module)
  ])
] @class
(_ body: [(interface_body) (enum_body)] @body)

(import_alias) @import
