// SPDX-License-Identifier: MIT
//
// Showing how a file of the user would change.
#pragma once

#include "base/arena.h"

// A diff by lines, without lines that stay: settings files hold keys that nobody asked to see. In
// what is shown, passwords in URLs and values of names like API_KEY are cut, and nothing can move
// the cursor. To stdout.
void show_diff(struct arena *arena, struct str path, struct str before, struct str after);

// What show_diff makes of a line.
struct str diff_line(struct arena *arena, struct str line);
