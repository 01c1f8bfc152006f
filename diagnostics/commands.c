// SPDX-License-Identifier: MIT
//
// Values of settings that are run or set: from YAML, JSON and TOML to the readers of command lines
// and variables. The shapes are those of compose, Kubernetes, CI files, package.json and
// devcontainers.
#include "diagnostics/settings.h"

#define WORDS_MAX 256 // words of a command written as a list

static bool is_shell(struct str word) {
    size_t slash = str_rfind_char(word, '/');
    struct str base = str_from_index(word, slash == STR_NPOS ? 0 : slash + 1);
    return str_eq(base, STR("sh")) || str_eq(base, STR("bash")) || str_eq(base, STR("zsh")) ||
           str_eq(base, STR("ash")) || str_eq(base, STR("dash"));
}

static bool has_blank(struct str text) {
    for (size_t i = 0; i < text.n; i++) {
        if (char_is_space(text.p[i])) {
            return true;
        }
    }
    return false;
}

void settings_command(struct settings *settings, const struct config_node *node,
                      struct str convention) {
    const struct config *config = settings->config;
    node = config_resolve(node);
    if (!node) {
        return;
    }
    if (node->kind == CONFIG_SCALAR) {
        struct piece script = config_value(config, node);
        shell_command(settings->collector, &script, convention, 0);
        return;
    }
    if (node->kind == CONFIG_OBJECT) { // package.json's scripts, devcontainer's named commands
        for (const struct config_node *each = node->first; each; each = each->next) {
            if (each->matters && config_resolve(each) &&
                config_resolve(each)->kind != CONFIG_OBJECT) {
                settings_command(settings, each, convention);
            }
        }
        return;
    }
    struct piece words[WORDS_MAX];
    size_t n = 0;
    bool is_words = node->kind == CONFIG_ARRAY;
    for (const struct config_node *each = node->first; each; each = each->next) {
        const struct config_node *value = config_resolve(each);
        if (!value || value->kind != CONFIG_SCALAR) {
            if (value && value->kind == CONFIG_OBJECT && each->matters) { // Taskfile: - cmd: …
                const struct config_node *command = config_get(config, value, STR("cmd"));
                if (command && command->kind == CONFIG_SCALAR) {
                    settings_command(settings, command, convention);
                }
            }
            // No alias: lists of aliases of lists of aliases would cost time without a bound.
            bool is_list = each->kind == CONFIG_ARRAY && each->matters;
            if (is_list && node->parent && node->parent->kind != CONFIG_ARRAY) {
                settings_command(settings, each, convention); // cloud-init: - [ollama, run, x]
            }
            is_words = is_words && value && value->kind == CONFIG_SCALAR;
            continue;
        }
        struct piece piece = config_value(config, value);
        bool is_script = has_blank(str_trim(piece.text));
        is_words = is_words && !(n == 0 && is_script);
        if (is_script && each->matters) {
            shell_command(settings->collector, &piece, convention, 0);
        }
        if (n < WORDS_MAX) {
            words[n++] = piece;
        }
    }
    // Lists of lines are done with; a list of words is one command, behind what compose puts in
    // front.
    size_t first =
        n > 0 && (str_eq(words[0].text, STR("CMD")) || str_eq(words[0].text, STR("CMD-SHELL")));
    if (is_words && n > first && !is_shell(words[first].text)) {
        shell_argv(settings->collector, words + first, n - first, convention, 0);
    }
}

void settings_environment(struct settings *settings, const struct config_node *node,
                          struct str convention) {
    const struct config *config = settings->config;
    VEC(struct env_item) items = {0};
    node = config_resolve(node);
    if (!node || (node->kind != CONFIG_OBJECT && node->kind != CONFIG_ARRAY)) {
        return;
    }
    for (const struct config_node *each = node->first; each; each = each->next) {
        const struct config_node *value = config_resolve(each);
        if (!value) {
            continue;
        }
        struct env_item item = {0};
        if (node->kind == CONFIG_OBJECT) {
            if (!each->has_key || value->kind == CONFIG_OBJECT || value->kind == CONFIG_ARRAY) {
                continue;
            }
            item.name = config_key_piece(config, each);
            item.value = config_value(config, value);
        } else if (value->kind == CONFIG_OBJECT) {
            const struct config_node *name = config_get(config, value, STR("name"));
            const struct config_node *text = config_get(config, value, STR("value"));
            if (!name || name->kind != CONFIG_SCALAR || !text ||
                (text->kind != CONFIG_SCALAR && text->kind != CONFIG_NULL)) {
                continue;
            }
            item.name = config_value(config, name);
            item.value = config_value(config, text);
        } else {
            struct piece pair = config_value(config, value);
            size_t equals = str_find_char(pair.text, '=');
            if (equals == STR_NPOS || equals == 0) {
                continue;
            }
            item.name = piece_slice(&pair, 0, equals);
            item.value = piece_slice(&pair, equals + 1, pair.text.n);
        }
        *VEC_PUSH(settings->collector->arena, &items) = item;
    }
    environment_collect(settings->collector, items.at, items.n, convention, 0);
}

// Is `node` what follows the entry point of Ollama's image: compose's `command`, Kubernetes'
// `args`?
static bool follows_entrypoint(const struct config *config, const struct config_node *object,
                               const struct config_node *node) {
    struct str image = config_text(config, config_get(config, object, STR("image")));
    return wild_match(STR("*ollama/ollama*"), image) &&
           !config_get(config, object, STR("entrypoint")) &&
           (str_eq(config_key(config, node), STR("command")) ||
            (str_eq(config_key(config, node), STR("args")) &&
             !config_get(config, object, STR("command"))));
}

// `command: pull llama3.2` of Ollama's image, as if "ollama" stood in front.
static void image_command(struct settings *settings, const struct config_node *node,
                          struct str convention) {
    struct piece piece = config_value(settings->config, node);
    struct arena *arena = settings->collector->arena;
    static const struct str program = STR_INIT("ollama ");
    struct str text = arena_join(arena, program, piece.text);
    uint32_t *map = ARENA_ARRAY(arena, text.n + 1, uint32_t);
    for (size_t i = 0; i <= text.n; i++) {
        map[i] = (uint32_t)piece_offset(&piece, i < program.n ? 0 : i - program.n);
    }
    map[text.n] = (uint32_t)piece.end;
    piece.text = text;
    piece.map = map;
    shell_command(settings->collector, &piece, convention, 0);
}

bool settings_split_command(struct settings *settings, const struct config_node *node,
                            struct str convention) {
    const struct config *config = settings->config;
    const struct config_node *object = settings_object(node);
    const struct config_node *value = config_resolve(node);
    if (!object || !value || node->parent != object) {
        return false;
    }
    bool is_follower = follows_entrypoint(config, object, node);
    if (value->kind == CONFIG_SCALAR && is_follower) {
        struct str text = config_text(config, value);
        size_t blank = str_find_char(text, ' ');
        struct str first = str_slice(text, 0, blank == STR_NPOS ? text.n : blank);
        if (!is_shell(first) && !str_eq(first, STR("ollama"))) {
            image_command(settings, value, convention);
            return true;
        }
    }
    if (value->kind != CONFIG_ARRAY || !value->first) {
        return false;
    }
    struct piece words[WORDS_MAX];
    size_t n = 0;
    const struct config_node *command = config_get(config, object, STR("command"));
    if (command && command != value && str_eq(config_key(config, node), STR("args"))) {
        const struct config_node *each = command->kind == CONFIG_ARRAY ? command->first : command;
        for (; each && n < WORDS_MAX / 2;
             each = command->kind == CONFIG_ARRAY ? each->next : NULL) {
            words[n++] = config_value(config, config_resolve(each));
        }
    } else if (is_follower && !is_shell(config_text(config, value->first)) &&
               !str_eq(config_text(config, value->first), STR("ollama"))) {
        words[n++] =
            (struct piece){.text = STR("ollama"), .start = value->start, .end = value->start};
    }
    if (n == 0 || is_shell(words[0].text)) {
        return false;
    }
    for (const struct config_node *each = value->first; each && n < WORDS_MAX; each = each->next) {
        words[n++] = config_value(config, config_resolve(each));
    }
    shell_argv(settings->collector, words, n, convention, 0);
    return true;
}
