// SPDX-License-Identifier: MIT
//
// Taking a model name apart. Hubs and libraries write the same facts in many orders and joints;
// what counts is family words, version, size, and whether it is a base model. Everything else
// (quantization, packaging, dates, context sizes) is noise for the question "which model is meant".
#include "ollama/core/facets.h"

#include <math.h>

// Words of a table compare by length and first letter before anything else: this is asked of every
// word of every candidate.
static bool in_table(struct str s, const struct str *words, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (words[i].n == s.n && words[i].p[0] == s.p[0] && str_eq(s, words[i])) {
            return true;
        }
    }
    return false;
}
#define IN_TABLE(s, table) in_table((s), (table), sizeof(table) / sizeof((table)[0]))

static size_t digits_at(struct str s, size_t i) {
    size_t from = i;
    while (i < s.n && char_is_digit(s.p[i])) {
        i++;
    }
    return i - from;
}

// Length of "12" or "12.5" at `i`.
static size_t number_at(struct str s, size_t i) {
    size_t n = digits_at(s, i);
    if (n && i + n + 1 < s.n && s.p[i + n] == '.') {
        size_t fraction = digits_at(s, i + n + 1);
        n += fraction ? fraction + 1 : 0;
    }
    return n;
}

// What number_at found, of at most 8 bytes: whole numbers and powers of ten that a double holds
// exactly, so that one division rounds as strtod does.
static double decimal(struct str s) {
    double digits = 0;
    double scale = 1;
    bool is_fraction = false;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '.') {
            is_fraction = true;
            continue;
        }
        digits = digits * 10 + (s.p[i] - '0');
        scale *= is_fraction ? 10 : 1;
    }
    return digits / scale;
}

bool size_parse(struct str s, struct model_size *size) {
    struct model_size out = {0};
    size_t i = 0;
    if (s.n > 2 && char_lower(s.p[0]) == 'e' && char_is_digit(s.p[1])) {
        i = 1; // effective size
    }
    size_t n = digits_at(s, i);
    if (n && n < 5 && i + n < s.n && char_lower(s.p[i + n]) == 'x') {
        int64_t experts = 0;
        str_to_int64(str_slice(s, i, i + n), &experts);
        out.experts = (int)experts;
        i += n + 1;
    }
    n = number_at(s, i);
    if (n == 0 || n > 8 || i + n + 1 != s.n) {
        return false;
    }
    out.billions = decimal(str_slice(s, i, i + n));
    switch (char_lower(s.p[i + n])) {
    case 'b': break;
    case 'm': out.billions /= 1000; break;
    case 't': out.billions *= 1000; break;
    default: return false;
    }
    if (out.billions <= 0) {
        return false;
    }
    if (size) {
        *size = out;
    }
    return true;
}

bool size_near(struct model_size a, struct model_size b) {
    if (a.billions <= 0 || b.billions <= 0) {
        return false;
    }
    if (a.experts && b.experts && a.experts != b.experts) {
        return false;
    }
    if ((a.experts == 0) != (b.experts == 0)) {
        return false;
    }
    return fabs(a.billions - b.billions) * 6 <= fmax(a.billions, b.billions);
}

static bool has_digit(struct str s) {
    for (size_t i = 0; i < s.n; i++) {
        if (char_is_digit(s.p[i])) {
            return true;
        }
    }
    return false;
}

// q4_k_m, q8_0, iq3_m, fp16, bf16, 4bit, int8, mxfp4, …
static bool is_quant(struct str t) {
    static const struct str WORDS[] = {
        STR_INIT("fp16"),  STR_INIT("f16"),   STR_INIT("bf16"), STR_INIT("fp32"), STR_INIT("f32"),
        STR_INIT("fp8"),   STR_INIT("nf4"),   STR_INIT("4bit"), STR_INIT("8bit"), STR_INIT("6bit"),
        STR_INIT("5bit"),  STR_INIT("3bit"),  STR_INIT("int4"), STR_INIT("int8"), STR_INIT("mxfp4"),
        STR_INIT("nvfp4"), STR_INIT("w4a16"), STR_INIT("w8a8"), STR_INIT("8bpw"), STR_INIT("4bpw"),
    };
    if (t.n < 2 || !has_digit(t)) {
        return false; // most words: cheaper than the table
    }
    if (IN_TABLE(t, WORDS)) {
        return true;
    }
    size_t i = t.p[0] == 'i' ? 1 : 0;
    if (i + 1 >= t.n || t.p[i] != 'q' || !char_is_digit(t.p[i + 1])) {
        return false;
    }
    return t.n == i + 2 || t.p[i + 2] == '_';
}

static bool is_noise(struct str t) {
    static const struct str WORDS[] = {
        STR_INIT("instruct"), STR_INIT("chat"),  STR_INIT("it"),          STR_INIT("inst"),
        STR_INIT("hf"),       STR_INIT("gguf"),  STR_INIT("ggml"),        STR_INIT("awq"),
        STR_INIT("gptq"),     STR_INIT("mlx"),   STR_INIT("exl2"),        STR_INIT("bnb"),
        STR_INIT("latest"),   STR_INIT("local"), STR_INIT("safetensors"), STR_INIT("imatrix"),
        STR_INIT("i1"),       STR_INIT("ud"),    STR_INIT("k"),           STR_INIT("m"),
        STR_INIT("s"),        STR_INIT("l"),     STR_INIT("xl"),          STR_INIT("xs"),
        STR_INIT("dynamic"),  STR_INIT("qat"),   STR_INIT("gptqmodel"),   STR_INIT("en"),
        STR_INIT("english"),  STR_INIT("bin"),   STR_INIT("onnx"),        STR_INIT("ollama"),
        STR_INIT("distill"),
    };
    size_t n = digits_at(t, 0);
    if (n == t.n) {
        return n >= 4; // a date: 2407, 0528
    }
    if (IN_TABLE(t, WORDS) || is_quant(t)) {
        return true;
    }
    if (n && n + 1 == t.n && (t.p[n] == 'k' || t.p[n] == 'e')) {
        return true; // 128k context, 16e experts
    }
    struct model_size active;
    return t.n > 2 && t.p[0] == 'a' && char_is_digit(t.p[1]) &&
           size_parse(str_from_index(t, 1), &active); // a3b
}

// "latst", "instuct": misspelt noise is noise.
static bool is_noise_misspelt(struct str t) {
    return t.n > 4 &&
           (edit_distance(t, STR("latest"), 1) <= 1 || edit_distance(t, STR("instruct"), 2) <= 2);
}

bool is_version_word(struct str t) {
    return t.n > 1 && t.p[0] == 'v' && number_at(t, 1) + 1 == t.n;
}

static size_t letters_at(struct str s, size_t i) {
    size_t from = i;
    while (i < s.n && (char_is_alpha(s.p[i]) || (unsigned char)s.p[i] >= 0x80)) {
        i++;
    }
    return i - from;
}

static void push(struct str *words, size_t *n, struct str word) {
    if (word.n && *n < FACET_WORDS) {
        words[(*n)++] = word;
    }
}

static void size_set(struct facets *facets, struct model_size size, struct str text) {
    if (facets->size.billions <= 0) {
        facets->size = size;
        facets->size_text = text;
    }
}

// The number of a family stands behind its name: "llama-3.1" is "llama3.1". The text is closed up
// in place, which is safe because words are views that end before this token.
static void attach_number(struct facets *facets, struct str token) {
    struct str *last = &facets->words[facets->n_words - 1];
    char *end = facets->text + (last->p - facets->text) + last->n;
    memmove(end, token.p, token.n);
    last->n += token.n;
}

static void family_token(struct facets *facets, struct str t) {
    struct str *last = facets->n_words ? &facets->words[facets->n_words - 1] : NULL;
    size_t letters = letters_at(t, 0);
    if (letters == 0 && last && !has_digit(*last) && digits_at(t, 0) && !is_version_word(*last)) {
        attach_number(facets, t);
        return;
    }
    // "mistral7b": a size that is glued to the name; but "e4b" and "v2b" are no names.
    struct model_size size;
    if (letters > 0 && letters < t.n && size_parse(str_from_index(t, letters), &size) &&
        char_lower(t.p[t.n - 1]) == 'b') {
        push(facets->words, &facets->n_words, str_slice(t, 0, letters));
        size_set(facets, size, str_from_index(t, letters));
        return;
    }
    // "qwen2.5vl" is "qwen2.5", "vl"; "gemma3n" stays.
    size_t number = number_at(t, letters);
    size_t split = letters + number;
    if (letters > 1 && number && letters_at(t, split) >= 2) {
        push(facets->words, &facets->n_words, str_slice(t, 0, split));
        family_token(facets, str_from_index(t, split));
        return;
    }
    push(facets->words, &facets->n_words, t);
}

static void token_add(struct facets *facets, struct str t, bool in_tag, bool first_in_tag) {
    static const struct str BASES[] = {
        STR_INIT("base"),
        STR_INIT("text"),
        STR_INIT("pt"),
    };
    struct model_size size;
    if (size_parse(t, &size)) {
        size_set(facets, size, t);
    } else if (str_eq(t, STR("cloud"))) {
        facets->cloud = true;
    } else if (is_noise(t)) {
        facets->quant = facets->quant || is_quant(t);
    } else if (IN_TABLE(t, BASES) && (in_tag || str_eq(t, STR("base")) || str_eq(t, STR("pt")))) {
        facets->base = true;
    } else if (!in_tag) {
        family_token(facets, t);
    } else if (first_in_tag && number_at(t, 0) == t.n && facets->size.billions <= 0) {
        str_to_double(t, &size.billions);
        size.experts = 0;
        size_set(facets, size, t);
        facets->size_without_unit = true;
    } else if (!is_noise_misspelt(t)) {
        push(facets->tag_words, &facets->n_tag_words, t);
    }
}

// Owners that stand before the family in slugs: "meta-llama-3-8b".
static void owner_drop(struct facets *facets) {
    static const struct str OWNERS[] = {
        STR_INIT("meta"),    STR_INIT("google"), STR_INIT("microsoft"), STR_INIT("openai"),
        STR_INIT("nvidia"),  STR_INIT("ibm"),    STR_INIT("mistralai"), STR_INIT("facebook"),
        STR_INIT("alibaba"), STR_INIT("c4ai"),
    };
    if (facets->n_words > 1 && IN_TABLE(facets->words[0], OWNERS)) {
        facets->n_words--;
        memmove(facets->words, facets->words + 1, facets->n_words * sizeof(facets->words[0]));
    }
}

static void key_make(struct facets *facets) {
    facets->key_n = 0;
    for (size_t w = 0; w < facets->n_words; w++) {
        for (size_t i = 0; i < facets->words[w].n && facets->key_n < FACET_TEXT; i++) {
            if (facets->words[w].p[i] != '.') {
                facets->key[facets->key_n++] = facets->words[w].p[i];
            }
        }
    }
}

static bool is_joint(const struct facets *facets, size_t i) {
    char c = facets->text[i];
    bool inner = i > 0 && i + 1 < facets->text_n && char_is_digit(facets->text[i - 1]) &&
                 char_is_digit(facets->text[i + 1]);
    if (c == '.') {
        return !inner;
    }
    return !char_is_alnum(c) && (unsigned char)c < 0x80;
}

void facets_init(struct facets *facets, struct str written) {
    facets->n_words = facets->n_tag_words = facets->key_n = 0;
    facets->size = (struct model_size){0};
    facets->size_text = STR_NONE;
    facets->size_without_unit = facets->base = facets->quant = facets->cloud = false;
    facets->standard = facets->size_measured = false;
    facets->text_n = written.n < FACET_TEXT ? written.n : FACET_TEXT;
    for (size_t i = 0; i < facets->text_n; i++) {
        facets->text[i] = char_lower(written.p[i]);
    }
    struct str text = str_of(facets->text, facets->text_n);
    bool in_tag = false;
    bool first_in_tag = false;
    size_t from = 0;
    for (size_t i = 0; i <= text.n; i++) {
        bool at_end = i == text.n;
        // '_' binds quantizations ("q4_k_m"); elsewhere it is a joint, or a dot between digits.
        if (!at_end && text.p[i] == '_') {
            if (is_quant(str_slice(text, from, i))) {
                continue;
            }
            bool decimal = i > from && char_is_digit(text.p[i - 1]) && i + 1 < text.n &&
                           char_is_digit(text.p[i + 1]) &&
                           str_find_char(str_slice(text, from, i), '.') == STR_NPOS;
            if (decimal) {
                facets->text[i] = '.';
                continue;
            }
        }
        if (!at_end && !is_joint(facets, i)) {
            continue;
        }
        struct str token = str_slice(text, from, i);
        bool is_tag = !at_end && text.p[i] == ':';
        if (token.n) {
            token_add(facets, token, in_tag, first_in_tag);
            first_in_tag = false;
        }
        if (is_tag && (facets->n_words || token.n)) {
            first_in_tag = !in_tag;
            in_tag = true;
        }
        from = i + 1;
    }
    owner_drop(facets);
    key_make(facets);
}

bool facets_drop_version(struct facets *facets) {
    if (facets->n_words < 2 || !is_version_word(facets->words[facets->n_words - 1])) {
        return false;
    }
    facets->n_words--;
    key_make(facets);
    return true;
}

struct str facets_key(const struct facets *facets) {
    return str_of(facets->key, facets->key_n);
}

struct str facets_base(const struct facets *facets) {
    if (facets->n_words == 0) {
        return STR("");
    }
    return str_slice(facets->words[0], 0, letters_at(facets->words[0], 0));
}

struct str facets_version(const struct facets *facets) {
    if (facets->n_words == 0) {
        return STR("");
    }
    return str_from_index(facets->words[0], letters_at(facets->words[0], 0));
}

static size_t min_of(size_t a, size_t b) {
    return a < b ? a : b;
}

size_t edit_distance(struct str a, struct str b, size_t far) {
    enum { MAX = 64 };
    size_t gap = a.n > b.n ? a.n - b.n : b.n - a.n;
    if (a.n > MAX || b.n > MAX || gap > far) {
        return far + 1;
    }
    size_t rows[3][MAX + 1];
    for (size_t j = 0; j <= b.n; j++) {
        rows[0][j] = j;
    }
    for (size_t i = 1; i <= a.n; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i + 2) % 3];
        const size_t *above2 = rows[(i + 1) % 3];
        size_t best = row[0] = i;
        char ca = char_lower(a.p[i - 1]);
        for (size_t j = 1; j <= b.n; j++) {
            char cb = char_lower(b.p[j - 1]);
            size_t cost = min_of(above[j] + 1, row[j - 1] + 1);
            cost = min_of(cost, above[j - 1] + (ca == cb ? 0 : 1));
            if (i > 1 && j > 1 && ca == char_lower(b.p[j - 2]) && char_lower(a.p[i - 2]) == cb) {
                cost = min_of(cost, above2[j - 2] + 1);
            }
            row[j] = cost;
            best = min_of(best, cost);
        }
        if (best > far) {
            return far + 1;
        }
    }
    size_t distance = rows[a.n % 3][b.n];
    return distance > far ? far + 1 : distance;
}
