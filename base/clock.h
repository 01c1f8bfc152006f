// SPDX-License-Identifier: MIT
//
// Monotonic time: for durations and deadlines, not for dates. Thread-safe.
#pragma once

#include <stdint.h>

int64_t clock_ms(void); // milliseconds since an unspecified start
int64_t clock_us(void); // microseconds since the same start
