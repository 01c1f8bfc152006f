// SPDX-License-Identifier: MIT
//
// What a switch of back ends means for this user: which of the configured servers is meant, and how
// it calls its models. Fills what diagnostics/switch.h leaves open.
#pragma once

#include "diagnostics/switch.h"
#include "session/session.h"

// The configured server that a switch to `to` means, or NULL: then where such a server usually is.
// MLX: one whose name says mlx; on Apple Silicon any of kind openai.
struct server *session_switch_server(struct session *session, enum switch_target to);

// Fills url, choose and data for a switch to this server, which may be NULL. Names are chosen from
// what is known of it; nothing is asked. `arena` must outlive the plan.
void session_switch_fill(struct arena *arena, struct server *server, struct switch_input *input);
