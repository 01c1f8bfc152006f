; SPDX-License-Identifier: MIT
(source_file (_) @statement)
(block (_) @statement)
(declaration_list (_) @statement)
(match_arm) @statement

(function_item body: (_) @body) @function
(function_signature_item) @function
(macro_definition) @function

(struct_item) @class
(struct_item body: (field_declaration_list) @body)
(enum_item body: (_) @body) @class
(union_item body: (_) @body) @class
(trait_item body: (_) @body) @class
(impl_item body: (_) @body) @class
(mod_item body: (_) @body) @class
(foreign_mod_item body: (_) @body) @class

(use_declaration) @import
(extern_crate_declaration) @import
(attribute_item) @attribute
(line_comment) @comment
(block_comment) @comment
