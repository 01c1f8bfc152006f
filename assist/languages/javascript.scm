; SPDX-License-Identifier: MIT
; inherits: ecmascript

(field_definition value: [(arrow_function) (function_expression)]) @function
