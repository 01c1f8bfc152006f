; SPDX-License-Identifier: MIT
(instruction) @statement
(comment) @comment
