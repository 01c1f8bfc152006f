// SPDX-License-Identifier: MIT
//
// The one place that asks the system for the time of durations.
#include "base/clock.h"

#include <time.h>

int64_t clock_us(void) {
    struct timespec now = {0};
    clock_gettime(CLOCK_MONOTONIC, &now); // cannot fail for this clock
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_ms(void) {
    return clock_us() / 1000;
}
