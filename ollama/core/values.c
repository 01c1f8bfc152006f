// SPDX-License-Identifier: MIT
//
// Is a value what a variable or parameter takes? The verdicts are those of Go's strconv and time
// packages, because Ollama decides by them. A fix is offered only where there is one reading.
#include "ollama/core/environment.h"

#include <math.h>
#include <stdlib.h>

#include "ollama/core/library.h"
#include "ollama/core/name.h"

static bool one_of(struct str s, const char *const *words, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (str_eq(s, str_from(words[i]))) {
            return true;
        }
    }
    return false;
}

static bool one_of_icase(struct str s, const char *const *words, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (str_ieq(s, str_from(words[i]))) {
            return true;
        }
    }
    return false;
}
#define ONE_OF(s, table) one_of((s), (table), sizeof(table) / sizeof((table)[0]))
#define ONE_OF_ICASE(s, table) one_of_icase((s), (table), sizeof(table) / sizeof((table)[0]))

// strconv.ParseBool
static bool bool_ok(struct str s) {
    static const char *const WORDS[] = {"1", "t", "T", "TRUE",  "true",  "True",
                                        "0", "f", "F", "FALSE", "false", "False"};
    return ONE_OF(s, WORDS);
}

static bool digits_only(struct str s) {
    for (size_t i = 0; i < s.n; i++) {
        if (!char_is_digit(s.p[i])) {
            return false;
        }
    }
    return s.n > 0;
}

// strconv.ParseInt(s, 10, 64)
static bool int_ok(struct str s) {
    bool sign = s.n && (s.p[0] == '+' || s.p[0] == '-');
    int64_t value;
    struct str number = sign && s.p[0] == '+' ? str_from_index(s, 1) : s;
    return digits_only(str_from_index(s, sign ? 1 : 0)) && str_to_int64(number, &value);
}

static bool uint_ok(struct str s) {
    uint64_t value;
    return digits_only(s) && str_to_uint64(s, &value);
}

static bool hex_digit(char c) {
    char lower = char_lower(c);
    return char_is_digit(c) || (lower >= 'a' && lower <= 'f');
}

// Go's syntax of a float without sign: decimal or hexadecimal, '_' between digits. The cleaned text
// (underscores dropped) goes to `out`.
static bool float_syntax(struct str s, char *out, size_t *n_out) {
    bool hex = s.n > 2 && s.p[0] == '0' && char_lower(s.p[1]) == 'x';
    size_t i = 0;
    size_t n = 0;
    size_t mantissa = 0;
    bool dot = false;
    if (hex) {
        out[n++] = '0';
        out[n++] = 'x';
        i = 2;
    }
    for (; i < s.n; i++) {
        char c = s.p[i];
        bool digit = hex ? hex_digit(c) : char_is_digit(c);
        if (digit) {
            mantissa++;
        } else if (c == '.' && !dot) {
            dot = true;
        } else if (c == '_' && i > 0 && i + 1 < s.n &&
                   (char_is_digit(s.p[i - 1]) || (hex && (i == 2 || hex_digit(s.p[i - 1])))) &&
                   (hex ? hex_digit(s.p[i + 1]) : char_is_digit(s.p[i + 1]))) {
            continue;
        } else {
            break;
        }
        out[n++] = c;
    }
    if (mantissa == 0) {
        return false;
    }
    if (i < s.n && char_lower(s.p[i]) == (hex ? 'p' : 'e')) {
        out[n++] = s.p[i++];
        if (i < s.n && (s.p[i] == '+' || s.p[i] == '-')) {
            out[n++] = s.p[i++];
        }
        if (i == s.n) {
            return false;
        }
        for (; i < s.n && char_is_digit(s.p[i]); i++) {
            out[n++] = s.p[i];
        }
        if (!char_is_digit(s.p[i - 1])) {
            return false;
        }
    } else if (hex) {
        return false; // a hexadecimal mantissa needs its exponent
    }
    *n_out = n;
    return i == s.n;
}

// strconv.ParseFloat(s, 32)
static bool float_ok(struct str s) {
    static const char *const WORDS[] = {"inf", "infinity"};
    bool sign = s.n && (s.p[0] == '+' || s.p[0] == '-');
    struct str number = str_from_index(s, sign ? 1 : 0);
    if (ONE_OF_ICASE(number, WORDS) || str_ieq(s, STR("nan"))) {
        return true;
    }
    char clean[320];
    size_t n = 0;
    if (number.n >= sizeof(clean) || !float_syntax(number, clean, &n)) {
        return false;
    }
    clean[n] = '\0';
    char *end = NULL;
    double value = strtod(clean, &end); // checked text: no locale can read it otherwise but for '.'
    return end && (*end != '\0' || fabs(value) <= 3.4028235677973366e38);
}

// time.ParseDuration
bool duration_is_valid(struct str s) {
    static const char *const UNITS[] = {"ns", "us", "µs", "μs", "ms", "s", "m", "h"};
    if (s.n && (s.p[0] == '+' || s.p[0] == '-')) {
        s = str_from_index(s, 1);
    }
    if (str_eq(s, STR("0"))) {
        return true;
    }
    if (s.n == 0) {
        return false;
    }
    while (s.n) {
        size_t i = 0;
        size_t count = 0;
        bool dot = false;
        for (; i < s.n && (char_is_digit(s.p[i]) || (s.p[i] == '.' && !dot)); i++) {
            dot = dot || s.p[i] == '.';
            count += char_is_digit(s.p[i]) ? 1 : 0;
        }
        size_t unit = i;
        while (i < s.n && s.p[i] != '.' && !char_is_digit(s.p[i])) {
            i++;
        }
        if (count == 0 || !ONE_OF(str_slice(s, unit, i), UNITS)) {
            return false;
        }
        s = str_from_index(s, i);
    }
    return true;
}

static struct str bool_fix(struct str s) {
    static const char *const YES[] = {"yes", "y", "on", "enable", "enabled", "true"};
    static const char *const NO[] = {"no", "n", "off", "disable", "disabled", "false"};
    if (ONE_OF_ICASE(s, YES)) {
        return STR("true");
    }
    return ONE_OF_ICASE(s, NO) ? STR("false") : STR("");
}

static struct str level_fix(struct str s) {
    if (str_ieq(s, STR("info"))) {
        return STR("0");
    }
    if (str_ieq(s, STR("debug"))) {
        return STR("1");
    }
    if (str_ieq(s, STR("trace"))) {
        return STR("2");
    }
    return bool_fix(s);
}

// "8_192", "8,192", "+5", "4096.0" are one whole number in a spelling that Ollama does not take.
static struct str uint_fix(struct arena *arena, struct str s) {
    if (s.n && s.p[0] == '+') {
        s = str_from_index(s, 1);
    }
    size_t dot = str_find_char(s, '.');
    if (dot != STR_NPOS) {
        for (size_t i = dot + 1; i < s.n; i++) {
            if (s.p[i] != '0') {
                return STR("");
            }
        }
        s = str_slice(s, 0, dot);
    }
    char *out = arena_alloc(arena, s.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        bool group = (s.p[i] == '_' || s.p[i] == ',') && i > 0 && (s.n - i - 1) % 4 == 3;
        if (!group) {
            out[n++] = s.p[i];
        }
    }
    struct str fixed = str_of(out, n);
    return uint_ok(fixed) ? fixed : STR("");
}

// "5 m", "5min", "30 seconds", "1d", "forever".
static struct str duration_fix(struct arena *arena, struct str s) {
    static const char *const FOREVER[] = {"forever", "infinite", "infinity", "inf", "always"};
    static const char *const SECONDS[] = {"s", "sec", "secs", "second", "seconds"};
    static const char *const MINUTES[] = {"m", "min", "mins", "minute", "minutes"};
    static const char *const HOURS[] = {"h", "hr", "hrs", "hour", "hours"};
    static const char *const DAYS[] = {"d", "day", "days"};
    if (ONE_OF_ICASE(s, FOREVER)) {
        return STR("-1");
    }
    size_t i = 0;
    while (i < s.n && char_is_digit(s.p[i])) {
        i++;
    }
    struct str number = str_slice(s, 0, i);
    struct str unit = str_trim(str_from_index(s, i));
    int64_t value;
    if (!str_to_int64(number, &value) || value > 1000000) {
        return STR("");
    }
    if (ONE_OF_ICASE(unit, SECONDS)) {
        return arena_printf(arena, "%llds", (long long)value);
    }
    if (ONE_OF_ICASE(unit, MINUTES)) {
        return arena_printf(arena, "%lldm", (long long)value);
    }
    if (ONE_OF_ICASE(unit, HOURS)) {
        return arena_printf(arena, "%lldh", (long long)value);
    }
    if (ONE_OF_ICASE(unit, DAYS)) {
        return arena_printf(arena, "%lldh", (long long)(value * 24));
    }
    return STR("");
}

static bool word_ok(const struct str *words, size_t n, struct str s) {
    for (size_t i = 0; i < n; i++) {
        if (str_ieq(words[i], s)) {
            return true;
        }
    }
    return n == 0;
}

// The one word that begins with `s`, else the nearest.
static struct str word_fix(const struct str *words, size_t n, struct str s) {
    size_t found = STR_NPOS;
    for (size_t i = 0; i < n; i++) {
        if (str_istarts(words[i], s)) {
            if (found != STR_NPOS) {
                return STR("");
            }
            found = i;
        }
    }
    if (found == STR_NPOS) {
        found = suggest_word(s, words, n);
    }
    return found == STR_NPOS ? STR("") : words[found];
}

// A list of models, or one that the library knows, where a directory belongs.
static bool looks_like_models(struct str s) {
    struct str rest = s;
    bool several = str_find_char(s, ',') != STR_NPOS;
    while (rest.p) {
        struct str item = str_trim(str_split(&rest, ','));
        struct model_name name;
        if (!model_name_parse(item, MODEL_NAME_INFERENCE, &name, NULL)) {
            return false;
        }
        if (!several && !(name.has_tag && !name.has_namespace) && !library_find(item)) {
            return false;
        }
    }
    return true;
}

bool value_check(struct arena *arena, enum value_type type, const struct str *words, size_t n_words,
                 struct str value, struct str *fix) {
    struct str none;
    fix = fix ? fix : &none;
    *fix = STR("");
    struct str s = str_trim(value);
    while (s.n && (s.p[0] == '"' || s.p[0] == '\'')) { // as Ollama reads its variables
        s = str_from_index(s, 1);
    }
    while (s.n && (s.p[s.n - 1] == '"' || s.p[s.n - 1] == '\'')) {
        s.n--;
    }
    if (s.n == 0) {
        return true;
    }
    bool ok = true;
    switch (type) {
    case VALUE_BOOL:
        ok = bool_ok(s);
        *fix = ok ? *fix : bool_fix(s);
        break;
    case VALUE_UINT:
        ok = uint_ok(s);
        *fix = ok ? *fix : uint_fix(arena, s);
        break;
    case VALUE_INT:
        ok = int_ok(s);
        *fix = ok ? *fix : uint_fix(arena, s);
        break;
    case VALUE_FLOAT: ok = float_ok(s); break;
    case VALUE_DURATION:
        ok = duration_is_valid(s) || int_ok(s);
        *fix = ok ? *fix : duration_fix(arena, s);
        break;
    case VALUE_LEVEL:
        ok = bool_ok(s) || int_ok(s);
        *fix = ok ? *fix : level_fix(s);
        break;
    case VALUE_WORD:
        ok = word_ok(words, n_words, s);
        *fix = ok ? *fix : word_fix(words, n_words, s);
        break;
    case VALUE_DIRECTORY: ok = !looks_like_models(s); break;
    case VALUE_LIST:
    case VALUE_HOST: // any text is read somehow; ollama/core/host.h judges
    case VALUE_STRING: break;
    }
    return ok;
}

const char *value_type_text(enum value_type type) {
    switch (type) {
    case VALUE_BOOL: return "true or false";
    case VALUE_UINT: return "a whole number";
    case VALUE_INT: return "a whole number, also negative";
    case VALUE_FLOAT: return "a number";
    case VALUE_DURATION: return "a duration such as 5m or 300 (seconds)";
    case VALUE_LIST: return "a list separated by commas";
    case VALUE_LEVEL: return "a level such as 0, 1 or 2";
    case VALUE_HOST: return "an address such as 127.0.0.1:11434";
    case VALUE_DIRECTORY: return "a directory";
    case VALUE_WORD: return "one of the known words";
    case VALUE_STRING: return "text";
    }
    return "text";
}

bool parameter_value_ok(const struct parameter *parameter, struct str value) {
    switch (parameter->type) {
    case VALUE_INT: return int_ok(value);
    case VALUE_FLOAT: return float_ok(value);
    case VALUE_BOOL: return bool_ok(value);
    default: return true;
    }
}
