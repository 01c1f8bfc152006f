; SPDX-License-Identifier: MIT
(comment) @comment
(export) @keyword
(key) @property
["=" ":"] @operator
(unquoted) @string
(single_quoted) @string
(double_quoted) @string
(invalid) @error
