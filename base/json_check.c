// SPDX-License-Identifier: MIT
//
// A recogniser of RFC 8259 texts. It keeps one bit per open container (object or array), so depth
// costs no stack. Invariant of the main loop: `state` says what may come next at `at`; each step
// consumes at least one byte or fails.
#include "base/json.h"
#include "base/limits.h"
#include "base/utf.h"

enum state {
    WANT_VALUE,         // after ':' or ',' in an array, or at the start
    WANT_VALUE_OR_END,  // after '['
    WANT_KEY_OR_END,    // after '{'
    WANT_KEY,           // after ',' in an object
    AFTER_VALUE,        // ',' or the end of the container
};

struct checker {
    struct str text;
    size_t at;
    size_t depth;
    size_t values;
    bool is_object[LIMIT_JSON_DEPTH];
};

static int peek(const struct checker *c) {
    return c->at < c->text.n ? (unsigned char)c->text.p[c->at] : -1;
}

static bool take(struct checker *c, char wanted) {
    if (peek(c) != (unsigned char)wanted) {
        return false;
    }
    c->at++;
    return true;
}

static void skip_space(struct checker *c) {
    for (int b = peek(c); b == ' ' || b == '\n' || b == '\r' || b == '\t'; b = peek(c)) {
        c->at++;
    }
}

static bool is_hex(int b) {
    return (b >= '0' && b <= '9') || (b >= 'a' && b <= 'f') || (b >= 'A' && b <= 'F');
}

static bool take_escape(struct checker *c) {
    int b = peek(c);
    if (b != 'u') {
        bool known = b > 0 && strchr("\"\\/bfnrt", b) != NULL;
        c->at += known ? 1 : 0;
        return known;
    }
    c->at++;
    for (int i = 0; i < 4; i++) {
        if (!is_hex(peek(c))) {
            return false;
        }
        c->at++;
    }
    return true;
}

// Behind the opening quote.
static bool take_string(struct checker *c) {
    for (;;) {
        int b = peek(c);
        if (b < 0x20) { // a control character, or the end
            return false;
        }
        if (b < 0x80) {
            c->at++;
            if (b == '"') {
                return true;
            }
            if (b == '\\' && !take_escape(c)) {
                return false;
            }
            continue;
        }
        size_t before = c->at;
        size_t after = before;
        // A U+FFFD that was written out takes three bytes, an invalid byte only one.
        if (utf8_next(c->text, &after) == 0xFFFD && after == before + 1) {
            return false;
        }
        c->at = after;
    }
}

static bool take_digits(struct checker *c) {
    size_t first = c->at;
    while (peek(c) >= '0' && peek(c) <= '9') {
        c->at++;
    }
    return c->at > first;
}

static bool take_number(struct checker *c) {
    (void)take(c, '-');
    if (!take(c, '0') && !take_digits(c)) {
        return false;
    }
    if (take(c, '.') && !take_digits(c)) {
        return false;
    }
    if (take(c, 'e') || take(c, 'E')) {
        if (!take(c, '+')) {
            (void)take(c, '-');
        }
        return take_digits(c);
    }
    return true;
}

static bool take_word(struct checker *c, struct str word) {
    for (size_t i = 0; i < word.n; i++) {
        if (!take(c, word.p[i])) {
            return false;
        }
    }
    return true;
}

static bool take_scalar(struct checker *c) {
    switch (peek(c)) {
    case '"':
        c->at++;
        return take_string(c);
    case 't':
        return take_word(c, STR("true"));
    case 'f':
        return take_word(c, STR("false"));
    case 'n':
        return take_word(c, STR("null"));
    default:
        return take_number(c);
    }
}

static enum err open_container(struct checker *c, bool is_object, enum state *state) {
    if (c->depth == LIMIT_JSON_DEPTH) {
        return ERR_LIMIT;
    }
    c->is_object[c->depth++] = is_object;
    c->at++;
    *state = is_object ? WANT_KEY_OR_END : WANT_VALUE_OR_END;
    return ERR_OK;
}

// A value, or the end of an array that has just been opened.
static enum err step_value(struct checker *c, enum state *state) {
    int b = peek(c);
    if (b == ']' && *state == WANT_VALUE_OR_END) {
        c->at++;
        c->depth--;
        *state = AFTER_VALUE;
        return ERR_OK;
    }
    if (c->values++ == LIMIT_JSON_VALUES) {
        return ERR_LIMIT;
    }
    if (b == '{' || b == '[') {
        return open_container(c, b == '{', state);
    }
    *state = AFTER_VALUE;
    return take_scalar(c) ? ERR_OK : ERR_INVALID;
}

static enum err step_key(struct checker *c, enum state *state) {
    if (*state == WANT_KEY_OR_END && take(c, '}')) {
        c->depth--;
        *state = AFTER_VALUE;
        return ERR_OK;
    }
    if (!take(c, '"') || !take_string(c)) {
        return ERR_INVALID;
    }
    skip_space(c);
    if (!take(c, ':')) {
        return ERR_INVALID;
    }
    *state = WANT_VALUE;
    return ERR_OK;
}

// Only with a container open.
static enum err step_after(struct checker *c, enum state *state) {
    bool is_object = c->is_object[c->depth - 1];
    if (take(c, ',')) {
        *state = is_object ? WANT_KEY : WANT_VALUE;
        return ERR_OK;
    }
    if (!take(c, is_object ? '}' : ']')) {
        return ERR_INVALID;
    }
    c->depth--;
    return ERR_OK;
}

enum err json_check(struct str text, size_t *offset) {
    struct checker c;
    c.text = text;
    c.at = 0;
    c.depth = 0;
    c.values = 0;
    enum state state = WANT_VALUE;
    enum err err = ERR_OK;
    skip_space(&c);
    while (err == ERR_OK && !(state == AFTER_VALUE && c.depth == 0)) {
        switch (state) {
        case WANT_VALUE:
        case WANT_VALUE_OR_END:
            err = step_value(&c, &state);
            break;
        case WANT_KEY_OR_END:
        case WANT_KEY:
            err = step_key(&c, &state);
            break;
        case AFTER_VALUE:
            err = step_after(&c, &state);
            break;
        }
        if (err == ERR_OK) {
            skip_space(&c);
        }
    }
    if (err == ERR_OK && c.at < text.n) {
        err = ERR_INVALID;
    }
    if (offset) {
        *offset = c.at;
    }
    return err;
}
