// SPDX-License-Identifier: MIT
//
// didChange batches against the naive model of the unit tests: same text, same positions in three
// encodings, a splice that says what changed, and a tree that equals a fresh one.
//
// Input: encoding and language, length of the first text (2 bytes), the text, then changes: line,
// character, end line, end character (1 byte each), flags, length of the new text, the text.
#include "grammars/grammars.h"
#include "text/tree.h"

#include "unit/text_random.h"
// after cmocka
#include "fuzz/fuzz.h"

enum { BATCH_MAX = 4, CHANGES_MAX = 40, TEXT_MAX = 8000 };

static const TSLanguage *language_of(unsigned which) {
    switch (which % 8) {
    case 1: return grammar_yaml();
    case 2: return grammar_json();
    case 3: return grammar_toml();
    case 4: return grammar_modelfile();
    case 5: return grammar_dotenv();
    default: return NULL;
    }
}

static void check_positions(const struct text *text, struct str bytes,
                            enum position_encoding encoding, size_t offset) {
    offset = offset > bytes.n ? bytes.n : offset;
    struct position position = text_position(text, offset, encoding);
    size_t back = text_offset(text, position, encoding);
    FUZZ_CHECK(back <= offset && offset - back < 4);
    struct position again = text_position(text, back, encoding);
    FUZZ_CHECK(position_cmp(position, again) == 0);
    FUZZ_CHECK(position_cmp(model_position(bytes, back, encoding), position) == 0);
    FUZZ_CHECK(model_offset(bytes, position, encoding) == back);
}

static void check_splice(struct str old, struct str new, struct text_splice splice) {
    FUZZ_CHECK(splice.start <= splice.old_end && splice.old_end <= old.n);
    FUZZ_CHECK(splice.start <= splice.new_end && splice.new_end <= new.n);
    FUZZ_CHECK(old.n - splice.old_end == new.n - splice.new_end);
    FUZZ_CHECK(str_eq(str_slice(old, 0, splice.start), str_slice(new, 0, splice.start)));
    FUZZ_CHECK(str_eq(str_from_index(old, splice.old_end), str_from_index(new, splice.new_end)));
}

// The splices of a batch, against the texts of its changes made one at a time.
static void check_each(struct text *text, const struct text_change *changes,
                       const struct text_splice *each, size_t n, enum position_encoding encoding) {
    struct text *at = text_retain(text);
    for (size_t i = 0; i < n; i++) {
        struct text *next = text_edit(at, &changes[i], 1, encoding, NULL);
        check_splice(text_str(at), text_str(next), each[i]);
        text_release(at);
        at = next;
    }
    text_release(at);
}

static void check_tree(const struct tree *tree, struct text *text, const TSLanguage *language) {
    struct tree *fresh = tree_parse(text, language, NULL);
    char *a = ts_node_string(tree_root(tree));
    char *b = ts_node_string(tree_root(fresh));
    FUZZ_CHECK(strcmp(a, b) == 0);
    FUZZ_CHECK(ts_node_end_byte(tree_root(tree)) <= text_size(text));
    free(a);
    free(b);
    tree_destroy(fresh);
}

static struct text_change read_change(struct fuzz_input *input) {
    struct text_change change = {0};
    change.start = (struct position){fuzz_byte(input), fuzz_byte(input)};
    change.end = (struct position){fuzz_byte(input), fuzz_byte(input)};
    unsigned flags = fuzz_byte(input);
    change.whole = (flags & 0x3f) == 0x3f;
    if (flags & 0x40) { // near the start, where edits meet
        change.end = (struct position){change.start.line, change.start.character + 1};
    }
    change.text = fuzz_bytes(input, fuzz_byte(input));
    return change;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct fuzz_input input = fuzz_input_of(data, size);
    unsigned which = fuzz_byte(&input);
    enum position_encoding encoding = (enum position_encoding)(which % 3);
    const TSLanguage *language = language_of(which / 3);
    size_t length = (size_t)fuzz_byte(&input) * 256 + fuzz_byte(&input);
    struct str first = fuzz_bytes(&input, length > TEXT_MAX ? TEXT_MAX : length);
    struct model model = {0};
    model_replace(&model, 0, 0, first);
    struct text *text = text_create(first);
    struct tree *tree = language ? tree_parse(text, language, NULL) : NULL;

    for (int n = 0; n < CHANGES_MAX && input.rest.n > 0;) {
        struct text_change changes[BATCH_MAX];
        size_t batch = 1 + fuzz_byte(&input) % BATCH_MAX;
        for (size_t i = 0; i < batch; i++, n++) {
            changes[i] = read_change(&input);
            model_apply(&model, &changes[i], encoding);
        }
        struct text_splice splice;
        struct text_splice each[BATCH_MAX];
        struct text *next = text_edit_each(text, changes, batch, encoding, &splice, each);
        FUZZ_CHECK(next && str_eq(text_str(next), model_str(&model)));
        check_splice(text_str(text), text_str(next), splice);
        check_each(text, changes, each, batch, encoding);
        check_positions(next, model_str(&model), encoding, splice.start);
        check_positions(next, model_str(&model), encoding, splice.new_end);
        check_positions(next, model_str(&model), encoding, fuzz_byte(&input));
        if (tree) {
            struct tree_base base = {tree, splice};
            struct tree *newer = tree_parse(next, language, &base);
            FUZZ_CHECK(newer);
            check_tree(newer, next, language);
            tree_destroy(tree);
            tree = newer;
        }
        text_release(text);
        text = next;
    }
    tree_destroy(tree);
    text_release(text);
    model_finish(&model);
    return 0;
}
