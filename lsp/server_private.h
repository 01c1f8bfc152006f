// SPDX-License-Identifier: MIT
//
// Inside server.c, lifecycle.c, configuration.c only: what keeps a session going.
#pragma once

#include "lsp/server.h"

#define SHOWN_MAX 128  // messages remembered as shown
#define UNSHOWN_MAX 16 // messages that wait for `initialized`

struct lsp_server_private {
    // The end of each turn of the loop.
    uv_check_t check;        // runs after input
    uv_idle_t idle;          // active: the loop does not wait, there is work left
    uv_prepare_t prepare;    // measures turns
    int64_t turn_end_us;     // when the last turn ended
    uint64_t idle_ns;        // uv_metrics_idle_time then
    const char *last_method; // handled in this turn, for the watchdog's message

    uv_timer_t parent_timer; // looks whether the client's process lives
    int64_t parent_pid;
    uv_timer_t settle_timer; // stops waiting for the client's settings
    bool is_settled;
    struct json_object *pushed_settings; // by didChangeConfiguration; owned

    uint64_t views_hash; // of all that hints and lenses show
    bool views_are_marked;
    bool views_are_forced;

    uint64_t shown[SHOWN_MAX]; // hashes
    size_t n_shown;
    struct unshown {
        enum message_type type;
        char *text; // owned
    } unshown[UNSHOWN_MAX];
    size_t n_unshown;

    int exit_code;
    bool is_shut_down; // `shutdown` was answered
    bool is_closing;
    size_t n_open; // handles and the session
    void (*on_exit)(void *data);
    void *exit_data;
    void (*on_closed)(void *data);
    void *closed_data;
};

// Rows of the method table.
void lifecycle_on_initialize(struct request *request);
void lifecycle_on_initialized(struct lsp_server *server, struct json_object *params);
void lifecycle_on_shutdown(struct request *request);
void lifecycle_on_exit(struct lsp_server *server, struct json_object *params);
void lifecycle_on_cancel(struct lsp_server *server, struct json_object *params);
void lifecycle_on_set_trace(struct lsp_server *server, struct json_object *params);
void folders_on_change(struct lsp_server *server, struct json_object *params);
void folders_advertise(const struct lsp_server *server, struct json_object *capabilities);
void configuration_on_change(struct lsp_server *server, struct json_object *params);
void watched_files_on_change(struct lsp_server *server, struct json_object *params);

// Workspace folders as initialize or a change names them.
void folders_read(struct lsp_server *server, struct json_object *initialize_params);
void folders_finish(struct lsp_server *server);

// Something to tell the user once: a mistake in the settings.
void lsp_server__on_problem(void *server, struct str message);

// Asks for the client's settings, if it can be asked.
void configuration_pull(struct lsp_server *server);
// What is registered after `initialized`, in one request.
void registrations_send(struct lsp_server *server);

// The settings are known, or waited for long enough: judging begins.
void lsp_server__settle(struct lsp_server *server);
// Settings, trust or folders changed: everything that depends on them is made again.
void lsp_server__settings_changed(struct lsp_server *server);
// Sends what waited for `initialized`.
void lsp_server__show_waiting(struct lsp_server *server);
