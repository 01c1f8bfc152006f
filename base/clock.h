// SPDX-License-Identifier: MIT
//
// Time for ages, intervals and measurements: monotonic, unrelated to the calendar. Thread-safe.
#pragma once

#include <stdint.h>

int64_t clock_ms(void); // milliseconds since some moment before the program started
int64_t clock_us(void); // the same in microseconds
