// SPDX-License-Identifier: MIT
//
// The small language of prompts: {{name}} stands for a value; {{#name}}…{{/name}} is a part that is
// left out when the value is empty, {{^name}}…{{/name}} one that is left out when it is not. A part
// whose mark is alone on its line takes that line with it. \{{ stands for {{ itself. One pass:
// values are never read as templates. Linear in template and values. Pure.
#pragma once

#include "base/arena.h"
#include "base/buf.h"

#define TEMPLATE_DEPTH 16 // parts within parts

struct template_value {
    struct str name;
    struct str text;
    bool is_block; // stands on lines of its own, whatever the template says
};

// Appends to `out`, until that is full. What template_verify finds wrong is put out as it stands or
// closed at the end.
void template_expand(struct str template, const struct template_value *values, size_t n,
                     struct buf *out);

// Every part closed, every name one of `names`? False with a message in `arena`, with its line.
bool template_verify(struct arena *arena, struct str template, const struct str *names, size_t n,
                    struct str *problem);

// Does the template put the value out anywhere? And without being asked whether it is there, that
// is, outside of parts that depend on it?
bool template_uses(struct str template, struct str name);
bool template_needs(struct str template, struct str name);
