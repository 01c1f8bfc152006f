; SPDX-License-Identifier: MIT
(comment) @comment
(keyword) @keyword
(parameter_name) @property
(role) @constant.builtin
(value) @string
(invalid) @error
