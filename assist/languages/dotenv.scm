; SPDX-License-Identifier: MIT
(assignment) @statement
(comment) @comment
