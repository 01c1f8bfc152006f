; SPDX-License-Identifier: MIT
(module (_) @statement)
(block (_) @statement)

(function_definition body: (_) @body) @function
(decorated_definition definition: (function_definition)) @function

(class_definition body: (_) @body) @class
(decorated_definition definition: (class_definition)) @class

(import_statement) @import
(import_from_statement) @import
(future_import_statement) @import
(comment) @comment
