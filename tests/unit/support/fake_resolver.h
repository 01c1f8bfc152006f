// SPDX-License-Identifier: MIT
//
// Replaces name resolution in the test that links it, so that no test asks a DNS server: the name
// "hang.test" is being resolved until released, no other name is known.
#pragma once

// How often a name was asked for. Thread-safe, as is the next.
unsigned resolver_times_asked(void);
void resolver_release(void);
