// SPDX-License-Identifier: MIT
//
// The wizard's last step: settings that keep what was found, and how an editor starts us. Settings
// of the user that are there already are never changed.
#include <stdio.h>
#include <unistd.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/uri.h"
#include "base/utf.h"
#include "cli/setup.h"

struct setting {
    const char *path;
    struct json_object *value; // owned
};
#define SETTINGS_MAX 4

static size_t wanted(const struct setup *setup, struct setting out[SETTINGS_MAX]) {
    size_t n = 0;
    if (setup->is_found) {
        out[n++] = (struct setting){"url", json_new_str(setup->server->url)};
    }
    if (setup->chat.n > 0) {
        out[n++] = (struct setting){"ai.model.chat", json_new_str(setup->chat)};
    }
    if (setup->autocomplete.n > 0) {
        out[n++] = (struct setting){"ai.model.autocomplete", json_new_str(setup->autocomplete)};
        out[n++] = (struct setting){"inlineCompletion.enable", json_object_new_boolean(1)};
    }
    return n;
}

static int tell(struct setup *setup, struct str path, struct str why) {
    fprintf(stderr, "ollama-ls setup: %.*s: %.*s\n",
            STR_ARG(display_escape(&setup->arena, path, 0)),
            STR_ARG(display_escape(&setup->arena, why, 0)));
    return EXIT_USAGE;
}

static int write_settings(struct setup *setup, struct str path, struct str before,
                          struct str text) {
    struct arena *arena = &setup->arena;
    struct error error = {0};
    struct str shown = display_escape(arena, path, 0);
    if (setup->is_dry || !setup->writes) {
        printf("%s %.*s:\n%.*s%s", setup->writes ? "would write" : "To keep this (or use --write),",
               STR_ARG(shown), STR_ARG(text), str_ends(text, STR("\n")) ? "" : "\n");
        return EXIT_FINE;
    }
    struct str now = STR_NONE;
    enum err result = file_read(arena, arena_cstr(arena, path), LIMIT_SETTINGS_FILE, &now);
    if ((result != ERR_OK && result != ERR_NOT_FOUND) || !str_eq(now, before)) {
        return tell(setup, path, STR("it changed meanwhile and is left alone"));
    }
    if (settings_save_user(arena, text, &error) != ERR_OK) {
        return tell(setup, path, error.message);
    }
    printf("Written: %.*s\n", STR_ARG(shown));
    return EXIT_FINE;
}

static int keep_settings(struct setup *setup) {
    struct arena *arena = &setup->arena;
    struct setting settings[SETTINGS_MAX];
    struct str path = settings_user_path(arena);
    struct str before = STR_NONE;
    struct error error = {0};
    if (path.n == 0) {
        return tell(setup, STR("settings"), STR("neither XDG_CONFIG_HOME nor HOME is set"));
    }
    enum err result = file_read(arena, arena_cstr(arena, path), LIMIT_SETTINGS_FILE, &before);
    if (result != ERR_OK && result != ERR_NOT_FOUND) {
        return tell(setup, path, arena_printf(arena, "it cannot be read (%s)", err_name(result)));
    }
    struct str text = before;
    size_t n = wanted(setup, settings);
    size_t n_added = 0;
    result = ERR_OK;
    for (size_t i = 0; i < n; i++) {
        bool added = false;
        if (result == ERR_OK) {
            result = settings_add_missing(arena, text, settings[i].path, settings[i].value, &text,
                                          &added, &error);
        }
        n_added += added;
        json_object_put(settings[i].value);
    }
    if (result != ERR_OK) {
        return tell(setup, path, error.message);
    }
    if (n_added == 0) {
        printf("Settings: nothing to add to %.*s\n", STR_ARG(display_escape(arena, path, 0)));
        return EXIT_FINE;
    }
    return write_settings(setup, path, before, text);
}

static void print_editors(void) {
    puts("\nIn your editor:\n"
         "\n"
         "Neovim 0.11 or newer, init.lua:\n"
         "  vim.lsp.config('ollama_ls', { cmd = { 'ollama-ls' }, root_markers = { '.git' } })\n"
         "  vim.lsp.enable('ollama_ls')\n"
         "\n"
         "Emacs, init.el:\n"
         "  (with-eval-after-load 'eglot\n"
         "    (add-to-list 'eglot-server-programs '((conf-mode yaml-mode) . (\"ollama-ls\"))))\n"
         "\n"
         "Helix, languages.toml:\n"
         "  [language-server.ollama-ls]\n"
         "  command = \"ollama-ls\"\n"
         "\n"
         "  [[language]]\n"
         "  name = \"yaml\"\n"
         "  language-servers = [\"yaml-language-server\", \"ollama-ls\"]\n"
         "\n"
         "VS Code: the extension of editors/vscode (scripts/package-vscode makes its package)");
}

int setup_editor(struct setup *setup) {
    int code = keep_settings(setup);
    print_editors();
    return code;
}
