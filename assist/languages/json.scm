; SPDX-License-Identifier: MIT
; A pair that holds more is what a class is in a program: its key shows where one is.
(document (_) @statement)
(array (_) @statement)
(pair) @statement
(pair value: [(object) (array)] @body) @class
(comment) @comment
