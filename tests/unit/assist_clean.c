// SPDX-License-Identifier: MIT
//
// The cleaner: what each part of it takes away and leaves, how early it gives out what is certain,
// and that the cuts between pieces change nothing. Whole answers of models are in tests/quality.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../quality/recording.h"
#include "assist_clean_rig.h"

#define FENCE "```"

static void check_with(const struct clean_options *options, const char *answer, const char *wanted,
                       const char *thinking) {
    for (size_t size = 1; size < 8; size += 3) {
        struct run run;
        run_init(&run);
        run_clean(&run, options, str_from(answer), size, NULL);
        if (!str_eq(buf_str(&run.whole), str_from(wanted))) {
            fail_msg("%s\n--- wanted\n%s\n--- got\n%.*s\n---", answer, wanted,
                     STR_ARG(buf_str(&run.whole)));
        }
        if (thinking) {
            assert_string_equal(run.thinking.p ? run.thinking.p : "", thinking);
        }
        run_finish(&run);
    }
}

static void check(const char *path, const char *answer, const char *wanted) {
    struct clean_options options = clean_options_for(path);
    check_with(&options, answer, wanted, NULL);
}

static void check_thinking(const char *answer, const char *wanted, const char *thinking) {
    struct clean_options options = clean_options_for("a.py");
    check_with(&options, answer, wanted, thinking);
}

static void test_mark_of_an_encoding(void **state) {
    (void)state;
    check("a.py", "\xEF\xBB\xBFx = 1", "x = 1");
    check("a.py", "\xEF\xBB\xBF" FENCE "python\nx = 1\n" FENCE, "x = 1");
    check("a.py", "x = '\xEF\xBB\xBF'", "x = '\xEF\xBB\xBF'");
}

// --- tokens and thinking -----------------------------------------------------------------------

static void test_thinking(void **state) {
    (void)state;
    check_thinking("<think>\nhm\n</think>\n\nx = 1", "x = 1", "hm\n");
    check_thinking("<thinking>a</thinking>x = 1", "x = 1", "a");
    check_thinking("<thought>a</thought>x = 1", "x = 1", "a");
    check_thinking("<reasoning>a</reasoning>x = 1", "x = 1", "a");
    check_thinking("<seed:think>a</seed:think>x = 1", "x = 1", "a");
    check_thinking("[THINK]a[/THINK]x = 1", "x = 1", "a");
    check_thinking("◁think▷a◁/think▷x = 1", "x = 1", "a");
    check_thinking("<|channel>thought\na<channel|>x = 1", "x = 1", "a");
    check_thinking("\n\n<think>a <b> [c] </th\n</think>\nx = 1", "x = 1", "a <b> [c] </th\n");
    check_thinking("<think>never closed\nx = 1", "", "never closed\nx = 1");
    check_thinking("no opening tag\n</think>\n\nx = 1", "x = 1", "no opening tag");
    check_thinking("it ends so.</think>\nx = 1", "x = 1", "it ends so.");
    check_thinking("```python\nx = 0\n```\nno\n</think>\n```python\nx = 1\n```", "x = 1",
                   "```python\nx = 0\n```\nno");
    check_thinking("</think>\n\nx = 1", "x = 1", "");
}

static void test_thinking_that_is_code(void **state) {
    (void)state;
    check("a.py", "TAG = \"<think>\"\nEND = \"</think>\"\nx = 1",
          "TAG = \"<think>\"\nEND = \"</think>\"\nx = 1");
    check("a.py", "x = 1  # behind </think>\ny = 2", "x = 1  # behind </think>\ny = 2");
    check("a.html", "<p/>\n<think>\n a\n</think>\n<p/>", "<p/>\n<think>\n a\n</think>\n<p/>");
    check("a.html", FENCE "html\n<think>\n</think>\n" FENCE, "<think>\n</think>");
    struct clean_options options = clean_options_for("a.xml");
    options.code = STR("<think>a</think>");
    check_with(&options, "<think>b</think>", "<think>b</think>", "");
}

static void test_harmony(void **state) {
    (void)state;
    check_thinking("<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>final"
                   "<|message|>x = 1<|return|>",
                   "x = 1", "hm");
    check_thinking("<|channel|>commentary to=user<|message|>so<|end|><|start|>assistant"
                   "<|channel|>final <|constrain|>python<|message|>x = 1",
                   "x = 1", "so");
    check_thinking("<|start|>assistant<|message|>x = 1<|end|>y", "x = 1", "");
}

static void test_tokens(void **state) {
    (void)state;
    static const char *const ENDS[] = {
        "<|end|>",       "<|endoftext|>",
        "<|im_end|>",    "<|eot_id|>",
        "</s>",          "<eos>",
        "<end_of_turn>", "<EOT>",
        "<|user|>\nNow", "<|im_start|>user\nNo",
        "\n[INST] more", "<｜end▁of▁sentence｜>",
        "<|EOT|>",       "<|file_separator|>x",
        "<|return|>",    "<|assistant|>again",
        "<turn|>",       "<|end_of_text|>",
        "<|fim_pad|>",   "<|im_end|>\n<|endoftext|>\n",
    };
    for (size_t i = 0; i < sizeof(ENDS) / sizeof(ENDS[0]); i++) {
        char answer[200];
        snprintf(answer, sizeof(answer), "x = f(1)%s", ENDS[i]);
        check("a.py", answer, "x = f(1)");
        snprintf(answer, sizeof(answer), FENCE "\nx = f(1)\n" FENCE "%s", ENDS[i]);
        check("a.py", answer, "x = f(1)");
    }
    static const char *const STARTS[] = {
        "<|im_start|>assistant\n",
        "<|start_header_id|>assistant<|end_header_id|>\n\n",
        "<start_of_turn>model\n",
        "<s>",
        "<s> [/INST] ",
        "<|assistant|>\n",
        "<|begin_of_text|>",
        "<|fim_middle|>",
        "<｜Assistant｜>",
        "<PRE>",
        "<|turn>model\n",
        "<bos>",
    };
    for (size_t i = 0; i < sizeof(STARTS) / sizeof(STARTS[0]); i++) {
        char answer[200];
        snprintf(answer, sizeof(answer), "%sx = f(1)", STARTS[i]);
        check("a.py", answer, "x = f(1)");
    }
}

static void test_tokens_that_are_code(void **state) {
    (void)state;
    check("a.ml", "let f = a <| b |> c <|> d\nlet g = [|1|]",
          "let f = a <| b |> c <|> d\nlet g = [|1|]");
    check("a.fs", "let f = x |> g <|unknown_thing|> y", "let f = x |> g <|unknown_thing|> y");
    check("a.cpp", "std::vector<s> v;\nv[INST] = 1;", "std::vector<s> v;\nv[INST] = 1;");
    check("a.sh", "cat <<EOT>out\na\nEOT", "cat <<EOT>out\na\nEOT");
    check("a.html", "<s>old</s>", "<s>old</s>");
    check("a.html", "<p>a</p></s>", "<p>a</p>");
    check("a.html", "<PRE>a</PRE>", "<PRE>a</PRE>");
    check("a.py", "STOP = ['<|im_end|>', \"</s>\"]\nx = 1",
          "STOP = ['<|im_end|>', \"</s>\"]\nx = 1");
    check("a.js", "const t = `<|im_end|>`;\nf();", "const t = `<|im_end|>`;\nf();");
    struct clean_options options = clean_options_for("a.txt");
    options.code = STR("<|im_start|>user\nhi<|im_end|>");
    check_with(&options, "<|im_end|>\na<|im_start|>user\nho<|im_end|>\nb<|im_end|>",
               "a<|im_start|>user\nho<|im_end|>\nb", "");
}

static void test_further_tokens(void **state) {
    (void)state;
    const struct str tokens[] = {STR("§end§"), STR("<|odd|>"), STR("")};
    struct clean_options options = clean_options_for("a.py");
    options.tokens = tokens;
    options.n_tokens = 3;
    check_with(&options, "x = 1 <|odd|>\ny = 2§end§", "x = 1 \ny = 2", "");
    check_with(&options, "x = '§en'", "x = '§en'", "");
}

// --- fences ------------------------------------------------------------------------------------

static void test_fences(void **state) {
    (void)state;
    check("a.py", FENCE "python\nx = 1\n" FENCE, "x = 1");
    check("a.py", FENCE "\nx = 1\n" FENCE "\n\nThat is it.", "x = 1");
    check("a.py", "~~~py\nx = 1\n~~~", "x = 1");
    check("a.py", "````python\nx = 1\n" FENCE "\ny = 2\n````", "x = 1\n" FENCE "\ny = 2");
    check("a.py", "   " FENCE "python\n   x = 1\n   y = 2\n   " FENCE, "x = 1\ny = 2");
    check("a.py", FENCE "python\nx = 1", "x = 1");
    check("a.py", FENCE "python\nx = 1\n``", "x = 1");
    check("a.py", FENCE "python\n\n\nx = 1\n\n\n" FENCE, "x = 1");
    check("a.py", FENCE, "");
    check("a.py", FENCE "\n", "");
    check("a.py", FENCE "python", "");
    check("a.py", FENCE "python x = 1" FENCE, "x = 1");
    check("a.py", FENCE "python def f():\n    pass\n" FENCE, "def f():\n    pass");
    check("a.py", FENCE "python title=\"a.py\"\nx = 1\n" FENCE, "x = 1");
    check("a.py", FENCE "python\nx = 1" FENCE "\nmore", "x = 1");
    check("a.js", FENCE "js\nconst a = `x`;\n" FENCE, "const a = `x`;");
    check("a.js", FENCE "js\nconst a = `\nx\n`;\n" FENCE, "const a = `\nx\n`;");
}

static void test_blocks(void **state) {
    (void)state;
    check("a.py", FENCE "bash\npip\n" FENCE "\n" FENCE "python\nx = 1\n" FENCE, "x = 1");
    check("a.py", FENCE "bash\npip\n" FENCE "\n" FENCE "diff\n+x\n" FENCE, "pip");
    check("a.sh", FENCE "bash\nls\n" FENCE "\n" FENCE "\nfile\n" FENCE, "ls");
    check("a.py", FENCE "python\nx = 1\n" FENCE "\n" FENCE "python\nx = 2\n" FENCE, "x = 1");
    check("a.h", FENCE "c++\nint x;\n" FENCE, "int x;");
    check("a.go", FENCE "main.go\nvar x int\n" FENCE, "var x int");
    check("a.py", FENCE "\n$ pip install x\n" FENCE "\n" FENCE "\nx = 1\n" FENCE, "x = 1");
}

static void test_fences_in_documents(void **state) {
    (void)state;
    check("a.md", "# A\n\n" FENCE "js\nx\n" FENCE "\n\nText.",
          "# A\n\n" FENCE "js\nx\n" FENCE "\n\nText.");
    check("a.md", FENCE "markdown\n# A\n" FENCE, "# A");
    check("a.md", FENCE "md\n" FENCE "js\nx\n" FENCE "\nb\n" FENCE, FENCE "js\nx\n" FENCE "\nb");
    check("a.md", FENCE "markdown\na\n" FENCE "\nb\n" FENCE "\nc\n" FENCE,
          "a\n" FENCE "\nb\n" FENCE "\nc");
    check("a.md", FENCE "bash\nnpm i\n" FENCE "\nThen go.",
          FENCE "bash\nnpm i\n" FENCE "\nThen go.");
    check("a.md", FENCE "\nnpm i\n" FENCE "\nThen go.", FENCE "\nnpm i\n" FENCE "\nThen go.");
    check("a.md", FENCE "\nOnly this.\n" FENCE, "Only this.");
    check("a.txt", "Sure, here is the text:\n\nHello.", "Hello.");
    check("a.txt", "Sure, here is the text:\nHello.", "Sure, here is the text:\nHello.");
    check("a.txt", "This is text.\n\nNote that it stays. Let me know.",
          "This is text.\n\nNote that it stays. Let me know.");
}

// --- chatter -----------------------------------------------------------------------------------

static void test_chatter_before(void **state) {
    (void)state;
    static const char *const BEFORE[] = {
        "Sure! Here's the refactored function:",
        "Certainly, here is the updated code.",
        "Below is the code:",
        "Here is the code you asked for:",
        "Here’s the fixed code:",
        "**Refactored code:**",
        "### Refactored code",
        "I have rewritten the function `f` so that it is faster.",
        "The problem is that `x` is never set. Here is the fix:",
        "Bien sûr ! Voici le code :",
        "Natürlich, hier ist der Code:",
        "¡Claro! Aquí está el código:",
        "当然，这是代码：",
        "Вот исправленный код:",
        "Sure",
        "here is the code:",
    };
    for (size_t i = 0; i < sizeof(BEFORE) / sizeof(BEFORE[0]); i++) {
        char answer[300];
        snprintf(answer, sizeof(answer), "%s\n\nint f(void);", BEFORE[i]);
        check("a.c", answer, "int f(void);");
        snprintf(answer, sizeof(answer), "%s\n" FENCE "c\nint f(void);\n" FENCE, BEFORE[i]);
        check("a.c", answer, "int f(void);");
    }
}

static void test_chatter_behind(void **state) {
    (void)state;
    static const char *const BEHIND[] = {
        "This function returns one.",
        "Explanation:\nIt is one.",
        "**Changes:**\n- one",
        "- I renamed the parameter.\n- I fixed a bug.",
        "1. I renamed the parameter.",
        "Let me know if you need anything else!",
        "Note that x must not be null.",
        "Key improvements:\n* speed",
        "### Explanation\n\nOne.",
        "I've removed the loop.",
        "Cette fonction renvoie un.",
        "Diese Funktion gibt eins zurück.",
        "这个函数返回一。",
        "Usage:\n" FENCE "c\nf();\n" FENCE,
    };
    for (size_t i = 0; i < sizeof(BEHIND) / sizeof(BEHIND[0]); i++) {
        char answer[300];
        snprintf(answer, sizeof(answer), "int f(void);\nint g(void);\n\n%s", BEHIND[i]);
        check("a.c", answer, "int f(void);\nint g(void);");
    }
}

static void test_not_chatter(void **state) {
    (void)state;
    static const struct {
        const char *path, *code;
    } ROWS[] = {
        {"a.js", "this.x = 1;\n\nthis.y = 2;"},
        {"a.js", "let me = 1;\n\nlet them = 2;"},
        {"a.c", "note: x = 1;\n\nnote2: y = 2;"},
        {"a.c", "This t = {0};\n\nThe_type u = make(t);"},
        {"a.c", "# define X 1\n\n#define Y 2"},
        {"a.py", "This(1).run()\n\nNote = 2"},
        {"a.py", "# This is the code.\n\n# Note that it is fine.\nx = 1"},
        {"a.py", "\"\"\"\nText.\n\nThis function is here. Note that.\n\"\"\"\nx = 1"},
        {"a.py", "def f():\n    \"\"\"Does.\n\n    Note that it is so.\n    \"\"\""},
        {"a.sh", "cat <<EOF\nSure.\n\nThis is the text of it.\nEOF\nls"},
        {"a.yaml", "Note: This is the text.\n\nExplanation: It is one.\nHere is the key:\n  a: 1"},
        {"Makefile", "Explanation: all\n\nNote: b\n\techo"},
        {"a.sql", "SELECT a FROM b;\n\nINSERT INTO c VALUES (1);"},
        {"a.sql", "Select The from b where a = 1;"},
        {"a.rs", "impl The for That {}\n\nfn f() -> &'static str { \"a\" }"},
        {"a.java", "String name;\n\nObject the = null;"},
        {"a.hs", "To x = x\n\nIn y = y"},
        {"a.lua", "-- This is it.\n\n-- Note that.\nlocal x = 1"},
        {"a.js", "/* \nAnd so.\n\nThis is what it does. Note that.\n*/\nf();"},
        {"a.go", "var s = `\nAnd so.\n\nThis is what it does.\n`\n"},
        {"a.md", "Sure, this is a text.\n\nLet me know."},
    };
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        struct str code = str_from(ROWS[i].code);
        struct clean_options options = clean_options_for(ROWS[i].path);
        struct run run;
        run_init(&run);
        run_clean(&run, &options, code, 3, NULL);
        struct str wanted = code;
        while (wanted.n > 0 && char_is_space(wanted.p[wanted.n - 1])) {
            wanted.n--;
        }
        if (!str_eq(buf_str(&run.whole), wanted)) {
            fail_msg("%s: %s\n--- got\n%.*s", ROWS[i].path, ROWS[i].code,
                     STR_ARG(buf_str(&run.whole)));
        }
        run_finish(&run);
    }
}

// Code between what looks like chatter is not lost.
static void test_chatter_that_was_code(void **state) {
    (void)state;
    check("a.txt.unknown", "a\nThis is a line.\nb", "a\nThis is a line.\nb");
    check("a.nim", "x\n\nThis is a line of words that fit.\nf(1)\ng(2)\nh(3)\ni(4)",
          "x\n\nThis is a line of words that fit.\nf(1)\ng(2)\nh(3)\ni(4)");
}

// --- indentation and lines ---------------------------------------------------------------------

static void check_indent(const char *indent, const char *unit, const char *code, const char *answer,
                         const char *wanted) {
    struct clean_options options = clean_options_for("a.py");
    options.indent = str_from(indent);
    options.unit = str_from(unit);
    options.code = str_from(code);
    check_with(&options, answer, wanted, NULL);
}

static void test_indentation(void **state) {
    (void)state;
    const char *wanted = "if a:\n        b()\n    c()";
    const char *code = "    if z:\n        y()";
    check_indent("    ", "    ", code, "if a:\n    b()\nc()", wanted);
    check_indent("    ", "    ", code, "    if a:\n        b()\n    c()", wanted);
    check_indent("    ", "    ", code, "if a:\n        b()\n    c()", wanted);
    check_indent("    ", "    ", code, "        if a:\n            b()\n        c()", wanted);
    check_indent("    ", "    ", code, "  if a:\n      b()\n  c()", wanted);
    check_indent("    ", "    ", code, "if a:\n\tb()\nc()", wanted);
    check_indent("", "    ", "if z:\n    y()", "    if a:\n        b()\n    c()",
                 "if a:\n    b()\nc()");
    check_indent("", "    ", "if z:\n    y()", " if a:\n    b()\nc()", "if a:\n    b()\nc()");
    check_indent("\t", "\t", "\tif z:\n\t\ty()", "if a:\n  b()\n  if c:\n    d()",
                 "if a:\n\t\tb()\n\t\tif c:\n\t\t\td()");
    check_indent("\t", "\t", "\tif z:\n\t\ty()", "if a:\n    b()\n    if c:\n        d()",
                 "if a:\n\t\tb()\n\t\tif c:\n\t\t\td()");
    check_indent("\t", "\t", "\tif z:\n\t\ty()", "    if a:\n        b()", "if a:\n\t\tb()");
    check_indent("        ", "    ", "", "a()\nb()", "a()\n        b()");
    check_indent("        ", "    ", "", "a()\n        b()", "a()\n        b()");
}

// What only later lines tell.
static void test_indentation_that_shows_late(void **state) {
    (void)state;
    check_indent("", "\t", "", "f(a,\n    b);\nif (x) {\n  g();\n}",
                 "f(a,\n\t\tb);\nif (x) {\n\tg();\n}");
    check_indent("        ", "    ", "", "f(a,\n          b)\ng()",
                 "f(a,\n                  b)\n        g()");
    check_indent("    ", "    ", "    def f(a):\n        g(1)\n        h(2)",
                 "def f(\n        a, b,\n    ):\n    g(1)\n    h(2)",
                 "def f(\n            a, b,\n        ):\n        g(1)\n        h(2)");
}

static void test_blank_lines(void **state) {
    (void)state;
    check_indent("    ", "    ", "", "a()\n\nb()\n   \nc()\n", "a()\n\n    b()\n   \n    c()");
    check("a.py", "\n\n  \nx = 1\n  \n\n\n", "x = 1");
    check("a.py", "x = 1 \ny = 2   ", "x = 1 \ny = 2");
    check("a.py", "", "");
    check("a.py", " \n \n", "");
}

static void test_string_lines(void **state) {
    (void)state;
    check_indent("    ", "    ", "    q = '''\na\n  b\n'''", "if x:\n    q = '''\na\n  b\n'''",
                 "if x:\n        q = '''\na\n  b\n'''");
    check_indent("    ", "    ", "    q = '''\n  a\n'''", "q = '''\n      a\n'''",
                 "q = '''\n  a\n'''");
    check_indent("    ", "    ", "", "def f():\n    \"\"\"Does.\n\n    More.\n    \"\"\"\n    g()",
                 "def f():\n        \"\"\"Does.\n\n        More.\n        \"\"\"\n        g()");
}

static void test_line_ends(void **state) {
    (void)state;
    struct clean_options options = clean_options_for("a.py");
    options.eol = STR("\r\n");
    check_with(&options, "a\nb\r\nc\rd\r\r\ne\n", "a\r\nb\r\nc\r\nd\r\n\r\ne", "");
    options.eol = STR("\r");
    check_with(&options, "a\r\nb", "a\rb", "");
}

static void test_characters(void **state) {
    (void)state;
    check("a.py", "é = '€😀'", "é = '€😀'");
    check("a.py", "a\xff\x62\xe2\x82", "a\xef\xbf\xbd\x62\xef\xbf\xbd\xef\xbf\xbd");
    check("a.py", "x\xed\xa0\x80y", "x\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdy");
    struct clean_options options = clean_options_for("a.py");
    struct cleaner *cleaner = cleaner_create(&options);
    struct run run;
    run_init(&run);
    cleaner_feed(cleaner, STR("x = '\xe2\x82"), &run.text, &run.thinking);
    assert_string_equal(run.text.p, "x = '");
    cleaner_feed(cleaner, STR("\xac"), &run.text, &run.thinking);
    assert_string_equal(run.text.p, "x = '€");
    cleaner_destroy(cleaner);
    run_finish(&run);
}

// --- promptness --------------------------------------------------------------------------------

// What has come out after each piece; pieces and outs alternate, up to NULL.
static void check_prompt(const struct clean_options *options, const char *const *rows) {
    struct cleaner *cleaner = cleaner_create(options);
    struct run run;
    run_init(&run);
    for (; rows[0]; rows += 2) {
        buf_clear(&run.text);
        cleaner_feed(cleaner, str_from(rows[0]), &run.text, &run.thinking);
        if (!str_eq(buf_str(&run.text), str_from(rows[1]))) {
            fail_msg("after \"%s\": \"%.*s\", not \"%s\"", rows[0], STR_ARG(buf_str(&run.text)),
                     rows[1]);
        }
    }
    cleaner_destroy(cleaner);
    run_finish(&run);
}

static void test_promptness(void **state) {
    (void)state;
    struct clean_options options = clean_options_for("a.py");
    static const char *const PLAIN[] = {
        "def", "def",  " f", " f", "(x):", "(x):", "\n", "",  "    ret", "\n    ret", "urn",
        "urn", " x <", " x", " 1", " < 1", "\n\n", "",   "y", "\n\ny",   NULL};
    check_prompt(&options, PLAIN);
    static const char *const FENCED[] = {FENCE "py", "",     "thon\n", "",    "im", "im",
                                         "port",     "port", " os\n",  " os", "``", "",
                                         "`\n",      "",     "Done.",  "",    NULL};
    check_prompt(&options, FENCED);
    static const char *const CHATTY[] = {
        "Sure", "",  ", here it is:\n\n", "", "x =", "x =", " 1\n\n", " 1", "The en", "", "d.",
        "",     NULL};
    check_prompt(&options, CHATTY);
    static const char *const CAPITAL[] = {"Foo",  "", "(",  "Foo(",     "x)\n", "x)",
                                          "This", "", ".x", "\nThis.x", NULL};
    check_prompt(&options, CAPITAL);
    static const char *const THINKING[] = {"<thi", "", "nk>\nhm", "", "</think>\nx =", "x =", NULL};
    check_prompt(&options, THINKING);
    options.indent = STR("    ");
    static const char *const INDENTED[] = {"if a:", "if a:", "\n    b", "",
                                           "()",    "",      "\nc = ",  "\n        b()\n    c =",
                                           "1",     " 1",    NULL};
    check_prompt(&options, INDENTED);
}

// --- all recordings ----------------------------------------------------------------------------

static void check_splits(void *data, struct arena *arena, const struct recording *recording) {
    struct random *random = data;
    struct text *text = text_create(recording->file);
    struct clean_options options;
    recording_options(arena, recording, text, &options);
    bool is_late = str_contains(recording->tags, STR("late"));
    struct run one;
    run_init(&one);
    run_clean(&one, &options, recording->answer, SIZE_MAX, NULL);
    for (size_t size = 0; size < 12; size++) {
        struct run run;
        run_init(&run);
        run_clean(&run, &options, recording->answer, size % 4, random);
        bool same = str_eq(buf_str(&run.whole), buf_str(&one.whole));
        bool joined = is_late || str_eq(buf_str(&run.text), buf_str(&run.whole));
        if (!same || !joined) {
            fail_msg("%.*s, pieces of %zu: %s", STR_ARG(recording->name), size % 4,
                     same ? "the pieces are not the whole" : "another text");
        }
        run_finish(&run);
    }
    // Whatever the answer is cut off behind, the pieces are pieces of the text or it is late.
    for (size_t n = 0; n < recording->answer.n; n += 1 + random_below(random, 7)) {
        struct run a, b;
        run_init(&a);
        run_init(&b);
        run_clean(&a, &options, str_slice(recording->answer, 0, n), 1, random);
        run_clean(&b, &options, str_slice(recording->answer, 0, n), 0, random);
        assert_true(str_eq(buf_str(&a.whole), buf_str(&b.whole)));
        assert_true(str_eq(buf_str(&a.text), buf_str(&b.text)));
        run_finish(&a);
        run_finish(&b);
    }
    run_finish(&one);
    text_release(text);
}

static void test_splits(void **state) {
    (void)state;
    struct random random = {7};
    assert_true(recordings_each(TEST_DATA_DIR "/quality/cases", check_splits, &random) >= 70);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_thinking),
        cmocka_unit_test(test_mark_of_an_encoding),
        cmocka_unit_test(test_thinking_that_is_code),
        cmocka_unit_test(test_harmony),
        cmocka_unit_test(test_tokens),
        cmocka_unit_test(test_tokens_that_are_code),
        cmocka_unit_test(test_further_tokens),
        cmocka_unit_test(test_fences),
        cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_fences_in_documents),
        cmocka_unit_test(test_chatter_before),
        cmocka_unit_test(test_chatter_behind),
        cmocka_unit_test(test_not_chatter),
        cmocka_unit_test(test_chatter_that_was_code),
        cmocka_unit_test(test_indentation),
        cmocka_unit_test(test_indentation_that_shows_late),
        cmocka_unit_test(test_blank_lines),
        cmocka_unit_test(test_string_lines),
        cmocka_unit_test(test_line_ends),
        cmocka_unit_test(test_characters),
        cmocka_unit_test(test_promptness),
        cmocka_unit_test(test_splits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
