; SPDX-License-Identifier: MIT
; A key that holds more is what a class is in a program: it shows where one is.
(block_mapping_pair) @statement
(block_sequence_item) @statement
(block_mapping_pair value: (block_node) @body) @class
(comment) @comment
