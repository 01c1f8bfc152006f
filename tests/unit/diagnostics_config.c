// SPDX-License-Identifier: MIT
//
// The tree of settings files: what is read, where it stands, what broken texts cost; and that it
// agrees with the tree-sitter grammars, written by others, on texts that are whole.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/limits.h"
#include "diagnostics/config.h"
#include "grammars/grammars.h"

// One line a value: path, '=', the decoded text. Objects and arrays show by their members only.
static void dump(const struct config *config, const struct config_node *node, struct str path,
                 struct buf *out) {
    struct arena *arena = config->arena;
    if (node->kind == CONFIG_OBJECT || node->kind == CONFIG_ARRAY) {
        size_t i = 0;
        for (const struct config_node *child = node->first; child; child = child->next, i++) {
            struct str name = node->kind == CONFIG_ARRAY ? arena_printf(arena, "%zu", i)
                                                         : config_key(config, child);
            dump(config, child,
                 path.n ? arena_printf(arena, "%.*s.%.*s", STR_ARG(path), STR_ARG(name)) : name,
                 out);
        }
        if (!node->first) {
            buf_printf(out, "%.*s %s\n", STR_ARG(path), node->kind == CONFIG_ARRAY ? "[]" : "{}");
        }
        return;
    }
    const struct config_node *value = config_resolve(node);
    if (node->kind == CONFIG_ALIAS) {
        buf_printf(out, "%.*s *%s\n", STR_ARG(path), value ? "" : "?");
    } else if (node->kind == CONFIG_NULL) {
        buf_printf(out, "%.*s @%u\n", STR_ARG(path), (unsigned)node->start);
    } else {
        struct piece piece = config_value(config, node);
        buf_printf(out, "%.*s=%.*s\n", STR_ARG(path), STR_ARG(piece.text));
    }
}

static void check_pieces(const struct config *config, const struct config_node *node) {
    assert_true(node->start <= node->end && node->end <= config->bytes.n);
    if (node->kind == CONFIG_SCALAR) {
        struct piece piece = config_value(config, node);
        for (size_t i = 0; i < piece.text.n; i++) {
            size_t at = piece_offset(&piece, i);
            assert_in_range(at, node->start, node->end);
            assert_true(i == 0 || at >= piece_offset(&piece, i - 1));
        }
    }
    for (const struct config_node *child = node->first; child; child = child->next) {
        assert_ptr_equal(child->parent, node);
        check_pieces(config, child);
    }
}

static void expect(enum format format, const char *text, const char *wanted) {
    struct arena arena;
    arena_init(&arena);
    struct buf out;
    buf_init(&out, 1 << 20);
    struct config *config = config_read(&arena, format, str_from(text));
    for (const struct config_node *root = config->documents; root; root = root->next) {
        if (root != config->documents) {
            buf_append(&out, STR("---\n"));
        }
        dump(config, root, STR_NONE, &out);
        check_pieces(config, root);
    }
    if (!str_eq(buf_str(&out), str_from(wanted))) {
        fail_msg("%s\n--- gives\n%.*s--- instead of\n%s", text, STR_ARG(buf_str(&out)), wanted);
    }
    buf_finish(&out);
    arena_finish(&arena);
}

static void test_yaml(void **state) {
    (void)state;
    static const char *const rows[][2] = {
        {"a: 1\nb: two words # comment\nc: 'it''s'\nd: \"x\\ty\\u00e9\"\n",
         "a=1\nb=two words\nc=it's\nd=x\ty\xc3\xa9\n"},
        {"a:\n  b:\n    - x\n    - y: 1\n      z: 2\n    -\n      w: 3\n",
         "a.b.0=x\na.b.1.y=1\na.b.1.z=2\na.b.2.w=3\n"},
        {"a:\n- x\n- y\nb: z\n", "a.0=x\na.1=y\nb=z\n"},
        {"- - 1\n  - 2\n- - 3\n", "0.0=1\n0.1=2\n1.0=3\n"},
        {"a: {b: 1, \"c\": [x, 'y', {z: w}], d}\ne: []\nf: {}\n",
         "a.b=1\na.c.0=x\na.c.1=y\na.c.2.z=w\na.d @34\ne []\nf {}\n"},
        {"a: [x: 1, http://h:1/p]\n", "a.0.x=1\na.1=http://h:1/p\n"},
        {"a: [\n  x,\n  # no\n  y\n]\nb: 1\n", "a.0=x\na.1=y\nb=1\n"},
        {"{\"a\":1,\"b\":{\"c\":\"d\"}}\n", "a=1\nb.c=d\n"},
        {"a: |\n  one\n   two\n\n  three\nb: >\n  one\n  two\n\n  three\nc: >-\n    x\n",
         "a=one\n two\n\nthree\nb=one two\nthree\nc=x\n"},
        {"a: |2\n    x\n  y\nb: |\nc: 1\n", "a=  x\ny\nb=\nc=1\n"},
        {"run: |\n  a: b\n  # text\nx: 1\n", "run=a: b\n# text\nx=1\n"},
        {"a: one\n  two\n\n  three\nb: \"one\n  two\"\nc: 'x\n\n  y'\n",
         "a=one two\nthree\nb=one two\nc=x\ny\n"},
        {"a: \"x \\\n   y\"\n", "a=x y\n"},
        {"base: &b {x: 1, y: 2}\nd:\n  <<: *b\n  y: 3\ne: *b\nf: *none\n",
         "base.x=1\nbase.y=2\nd.<< *\nd.y=3\ne *\nf *?\n"},
        {"a: &x !!str v\nb: !t\n  c: d\nl:\n  - &k\n    m: n\n", "a=v\nb.c=d\nl.0.m=n\n"},
        {"--- # one\na: 1\n...\n---\nb: 2\n--- text\n", "a=1\n---\nb=2\n---\n=text\n"},
        {"%YAML 1.2\n---\na: 1\n", "a=1\n"},
        {"\xef\xbb\xbf"
         "a: 1\r\nb: c d\r\n",
         "a=1\nb=c d\n"},
        {"? a\n: b\n? c\nd: e\n", "a=b\nc @11\nd=e\n"},
        {"'a b': 1\n\"c\\td\": 2\na:b: 3\n", "a b=1\nc\td=2\na:b=3\n"},
        {"a: http://h:1/x#y\nb: x#y #z\n", "a=http://h:1/x#y\nb=x#y\n"},
        {"a: b\na: c\n", "a=b\na=c\n"},
        {"", ""},
        {"# nothing\n\n", ""},
        // places for completion
        {"a:\nb: \nc: # x\n", "a @2\nb @6\nc @10\n"},
        {"l:\n  -\n  - \n", "l.0 @6\nl.1 @11\n"},
        // what a strict parser refuses
        {"a: 1\nfoo\nb: 2\n", "a=1\nb=2\n"},
        {"s:\n  a:\n    i: x\n    foo\n    bar: y\n  b:\n    i: z\n    mod\n",
         "s.a.i=x\ns.a.bar=y\ns.b.i=z\n"},
        {"a: \"open\nb: 2\nc: \"3\"\n", "a=open\nb=2\nc=3\n"},
        {"a: [x, y\nb: 2\n", "a.0=x\na.1=y\nb=2\n"},
        {"a: {x: 1\nb: 2\n", "a.x=1\nb=2\n"},
        {"a: b\n    c: d\ne: f\n", "a=b\nc=d\ne=f\n"},
        {"a:\n\tb: 1\n", "a.b=1\n"},
        {"{{- if .x }}\na: {{ .v | quote }}\nb: {{ .w }}/x\n  {{- end }}\n"
         "c:\n  {{- range .l }}\n  - {{ . }}\n  {{- end }}\n  - z\n",
         "a={{ .v | quote }}\nb={{ .w }}/x\nc.0={{ . }}\nc.1=z\n"},
        {"{{- /* two\nlines */ -}}\na: 1\n{% if x %}\nb: 2\n{% endif %}\n{{ .k }}: 3\n",
         "a=1\nb=2\n{{ .k }}=3\n"},
        {"a: 1\n<<<<<<< HEAD\nb: 2\n=======\nb: 3\n>>>>>>> x\nc: 4\n", "a=1\nb=2\nb=3\nc=4\n"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        expect(FORMAT_YAML, rows[i][0], rows[i][1]);
    }
}

static void test_json(void **state) {
    (void)state;
    static const char *const rows[][2] = {
        {"{\"a\":1,\"b\":[true,null,\"x\"],\"c\":{}}", "a=1\nb.0=true\nb.1=null\nb.2=x\nc {}\n"},
        {"{\"a\":\"\\\"\\u00e9\\ud83d\\ude00\\n\"}", "a=\"\xc3\xa9\xf0\x9f\x98\x80\n\n"},
        {"// c\n{\"a\":1, /* x */ \"b\":2,}\n", "a=1\nb=2\n"},
        {"{a: 'x', $b: [1,],}", "a=x\n$b.0=1\n"},
        {"{\"a\": , \"b\": 1}", "a @6\nb=1\n"},
        {"{\"a\":\n \"b\": 1}", "a @5\nb=1\n"},
        {"{\"a\": \"open\n \"b\": 1}", "a=open\nb=1\n"},
        {"{\"a\": {\"b\": 1", "a.b=1\n"},
        {"{\"a\"}", "a @4\n"},
        {"[1,2", "0=1\n1=2\n"},
        {"\"x\"", "=x\n"},
        {"{\"a\":1}\n{\"a\":2}\n", "a=1\n---\na=2\n"},
        {"\xef\xbb\xbf{\"a\":1}", "a=1\n"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        expect(FORMAT_JSON, rows[i][0], rows[i][1]);
    }
}

static void test_toml(void **state) {
    (void)state;
    static const char *const rows[][2] = {
        {"a = 1\nb.c = \"x\\ty\" # z\n[t]\nd = 'r\\a'\n[t.u]\ne = true\n",
         "a=1\nb.c=x\ty\nt.d=r\\a\nt.u.e=true\n"},
        {"[[l]]\na = 1\n[l.s]\nb = 2\n[[l]]\na = 3\n", "l.0.a=1\nl.0.s.b=2\nl.1.a=3\n"},
        {"i = {a = 1, b.c = 2, d = {}}\nl = [\n  1, # x\n  {k = 'v'},\n]\n",
         "i.a=1\ni.b.c=2\ni.d {}\nl.0=1\nl.1.k=v\n"},
        {"a = \"\"\"\none \\\n   two\"\"\"\nb = '''\nx\ny'''\n", "a=one two\nb=x\ny\n"},
        {"[\"a.b\".'c d']\ne = 1\n", "a.b.c d.e=1\n"},
        {"[x]\na = 1\n[y]\nb = 2\n[x.z]\nc = 3\n", "x.a=1\nx.z.c=3\ny.b=2\n"},
        {"a =\nb = 2\n", "a @3\nb=2\n"},
        {"a\nb = 2\n", "a @1\nb=2\n"},
        {"a = \"open\nb = 2\n", "a=open\nb=2\n"},
        {"[open\na = 1\n", "open.a=1\n"},
        {"[]\na = 1\n= 3\nb = 2\n", "a=1\nb=2\n"},
        {"d = 2020-01-01T00:00:00Z\nn = 1_000\n", "d=2020-01-01T00:00:00Z\nn=1_000\n"},
        {"", " {}\n"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        expect(FORMAT_TOML, rows[i][0], rows[i][1]);
    }
}

static void test_get(void **state) {
    (void)state;
    struct arena arena;
    arena_init(&arena);
    struct config *config = config_read(
        &arena, FORMAT_YAML,
        STR("b: &b {x: 1, y: 2}\nc: &c {y: 9, z: 8}\na:\n  <<: [*b, *c]\n  w: 0\nd: 1\nd: 2\n"));
    const struct config_node *root = config->documents;
    const struct config_node *a = config_get(config, root, STR("a"));
    assert_true(str_eq(config_text(config, config_get(config, a, STR("w"))), STR("0")));
    assert_true(
        str_eq(config_text(config, config_get(config, a, STR("y"))), STR("2"))); // the first wins
    assert_true(str_eq(config_text(config, config_get(config, a, STR("z"))), STR("8")));
    assert_null(config_get(config, a, STR("q")));
    assert_true(
        str_eq(config_text(config, config_get(config, root, STR("d"))), STR("2"))); // the last
    assert_null(config_get(config, NULL, STR("d")));
    arena_finish(&arena);
}

// --- against the grammars ---

struct ranges {
    struct range {
        size_t start, end;
    } at[4000];
    size_t n;
};

static void add_range(struct ranges *ranges, size_t start, size_t end) {
    assert_true(ranges->n < 4000);
    ranges->at[ranges->n++] = (struct range){start, end};
}

static int compare_ranges(const void *a, const void *b) {
    const struct range *x = a;
    const struct range *y = b;
    return x->start != y->start ? (x->start < y->start ? -1 : 1)
                                : (x->end > y->end) - (x->end < y->end);
}

static void own_ranges(const struct config_node *node, struct ranges *out) {
    if (node->has_key) {
        add_range(out, node->key_start, node->key_end);
    }
    if (node->kind == CONFIG_SCALAR) {
        add_range(out, node->start, node->end);
    }
    for (const struct config_node *child = node->first; child; child = child->next) {
        own_ranges(child, out);
    }
}

static void grammar_ranges(TSNode node, enum format format, struct ranges *out) {
    const char *type = ts_node_type(node);
    size_t start = ts_node_start_byte(node);
    size_t end = ts_node_end_byte(node);
    bool is_quoted = false;
    bool is_scalar = false;
    if (format == FORMAT_YAML) {
        is_quoted =
            strcmp(type, "double_quote_scalar") == 0 || strcmp(type, "single_quote_scalar") == 0;
        is_scalar = is_quoted || strcmp(type, "plain_scalar") == 0;
    } else if (format == FORMAT_JSON) {
        is_quoted = strcmp(type, "string") == 0;
        is_scalar = is_quoted || strcmp(type, "number") == 0 || strcmp(type, "true") == 0;
    } else {
        is_quoted = strcmp(type, "string") == 0 || strcmp(type, "quoted_key") == 0;
        is_scalar = is_quoted || strcmp(type, "bare_key") == 0 || strcmp(type, "integer") == 0 ||
                    strcmp(type, "boolean") == 0;
    }
    if (is_scalar) {
        add_range(out, start + is_quoted, end - is_quoted);
        return;
    }
    for (uint32_t i = 0; i < ts_node_child_count(node); i++) {
        grammar_ranges(ts_node_child(node, i), format, out);
    }
}

static unsigned next_random(unsigned *seed) {
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 10;
}

static void write_scalar(struct buf *out, enum format format, unsigned *seed) {
    static const char *const words[] = {"ollama", "llama3.2:3b", "a b", "http://h:11434/v1", "x#y",
                                        "3"};
    unsigned word = next_random(seed) % 6;
    unsigned style = next_random(seed) % 3;
    if (format == FORMAT_JSON) {
        buf_printf(out, style ? "\"%s\"" : word % 2 ? "12" : "true", words[word]);
    } else if (format == FORMAT_TOML) {
        buf_printf(out, style == 2 ? "7" : style ? "\"%s\"" : "'%s'", words[word]);
    } else {
        buf_printf(out, style == 2 ? "%s" : style ? "\"%s\"" : "'%s'", words[word]);
    }
}

static void write_flow(struct buf *out, enum format format, unsigned *seed, int depth) {
    unsigned kind = depth > 3 ? 2 : next_random(seed) % 4;
    if (kind > 1) {
        write_scalar(out, format, seed);
        return;
    }
    unsigned n = next_random(seed) % 4;
    buf_append_char(out, kind ? '{' : '[');
    for (unsigned i = 0; i < n; i++) {
        buf_printf(out, i ? ", " : "");
        if (kind) {
            buf_printf(out,
                       format == FORMAT_JSON   ? "\"k%u\": "
                       : format == FORMAT_TOML ? "k%u = "
                                               : "k%u: ",
                       i);
        }
        write_flow(out, format, seed, depth + 1);
    }
    buf_append_char(out, kind ? '}' : ']');
}

static void write_block(struct buf *out, unsigned *seed, int indent) {
    bool is_list = next_random(seed) % 3 == 0;
    unsigned n = 1 + next_random(seed) % 4;
    for (unsigned i = 0; i < n; i++) {
        if (next_random(seed) % 8 == 0) {
            buf_printf(out, "%*s# note: x\n\n", indent, "");
        }
        buf_printf(out, is_list ? "%*s-" : "%*sk%u:", indent, "", i);
        if (indent < 8 && next_random(seed) % 2) {
            buf_append_char(out, '\n');
            write_block(out, seed, indent + 2);
        } else {
            buf_append_char(out, ' ');
            write_flow(out, FORMAT_YAML, seed, 2);
            buf_printf(out, next_random(seed) % 4 ? "\n" : "   # c\n");
        }
    }
}

static void write_text(struct buf *out, enum format format, unsigned *seed) {
    if (format == FORMAT_YAML) {
        write_block(out, seed, 0);
    } else if (format == FORMAT_JSON) {
        write_flow(out, format, seed, 0);
    } else {
        for (unsigned i = 0; i < 6; i++) {
            if (next_random(seed) % 3 == 0) {
                buf_printf(out, next_random(seed) % 2 ? "[t%u.s]\n" : "[[l%u]]\n", i);
            }
            buf_printf(out, "a%u = ", i);
            write_flow(out, format, seed, 1);
            buf_append_char(out, '\n');
        }
    }
}

static void test_grammars_agree(void **state) {
    (void)state;
    static struct ranges own, theirs;
    static const enum format formats[] = {FORMAT_YAML, FORMAT_JSON, FORMAT_TOML};
    size_t compared = 0;
    for (unsigned round = 0; round < 900; round++) {
        enum format format = formats[round % 3];
        unsigned seed = round * 7919 + 1;
        struct buf text;
        buf_init(&text, 1 << 20);
        write_text(&text, format, &seed);
        TSParser *parser = ts_parser_new();
        assert_true(ts_parser_set_language(parser, format_language(format)));
        TSTree *tree = ts_parser_parse_string(parser, NULL, text.p, (uint32_t)text.n);
        if (!ts_node_has_error(ts_tree_root_node(tree))) {
            struct arena arena;
            arena_init(&arena);
            own.n = theirs.n = 0;
            struct config *config = config_read(&arena, format, buf_str(&text));
            for (const struct config_node *root = config->documents; root; root = root->next) {
                own_ranges(root, &own);
            }
            grammar_ranges(ts_tree_root_node(tree), format, &theirs);
            qsort(own.at, own.n, sizeof(own.at[0]), compare_ranges);
            qsort(theirs.at, theirs.n, sizeof(theirs.at[0]), compare_ranges);
            bool same = own.n == theirs.n;
            for (size_t i = 0; same && i < own.n; i++) {
                same = own.at[i].start == theirs.at[i].start && own.at[i].end == theirs.at[i].end;
            }
            if (!same) {
                fail_msg("round %u: %zu ranges instead of %zu in\n%s", round, own.n, theirs.n,
                         text.p);
            }
            compared++;
            arena_finish(&arena);
        }
        ts_tree_delete(tree);
        ts_parser_delete(parser);
        buf_finish(&text);
    }
    assert_true(compared > 800); // else the generator writes nonsense
}

// --- limits ---

static void test_limits(void **state) {
    (void)state;
    static const struct {
        const char *unit;
        enum format format;
    } rows[] = {{"[", FORMAT_JSON},     {"{\"a\":", FORMAT_JSON}, {"- ", FORMAT_YAML},
                {"[", FORMAT_YAML},     {"{a: ", FORMAT_YAML},    {"a = [", FORMAT_TOML},
                {"&a ", FORMAT_YAML},   {"? ", FORMAT_YAML},      {"{{", FORMAT_YAML},
                {"\"", FORMAT_YAML},    {"'", FORMAT_TOML},       {"[[a]]\n", FORMAT_TOML},
                {"a.", FORMAT_TOML},    {"*a ", FORMAT_YAML},     {"|\n", FORMAT_YAML},
                {"a:\n ", FORMAT_YAML}, {"/*", FORMAT_JSON},      {"\"a\":", FORMAT_JSON},
                {"!", FORMAT_YAML},     {"\\", FORMAT_JSON}};
    static char text[1 << 20];
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t n = strlen(rows[i].unit);
        for (size_t k = 0; k + n <= sizeof(text); k += n) {
            memcpy(text + k, rows[i].unit, n);
        }
        struct arena arena;
        arena_init(&arena);
        struct config *config =
            config_read(&arena, rows[i].format, str_of(text, sizeof(text) / n * n));
        assert_true(config->n_nodes <= LIMIT_CONFIG_NODES);
        arena_finish(&arena);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_yaml),           cmocka_unit_test(test_json),
        cmocka_unit_test(test_toml),           cmocka_unit_test(test_get),
        cmocka_unit_test(test_grammars_agree), cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
