; SPDX-License-Identifier: MIT
(pair) @statement
(table) @statement
(table) @class
(table_array_element) @statement
(table_array_element) @class
(comment) @comment
