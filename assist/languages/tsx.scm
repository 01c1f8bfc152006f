; SPDX-License-Identifier: MIT
; inherits: typescript
