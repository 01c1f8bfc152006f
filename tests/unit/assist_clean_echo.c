// SPDX-License-Identifier: MIT
//
// The cleaner: what an answer repeats of the file around the place that it is put in at. In a file
// "|" is the place. Whole answers of models are in tests/quality/cases/place.txt.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "assist_clean_rig.h"

struct row {
    const char *path, *file, *answer, *wanted;
};

static struct clean_options options_for(const char *path, struct str file, const char *lead) {
    size_t at = str_find_char(file, '|');
    assert_true(at != STR_NPOS);
    struct str before = str_slice(file, 0, at);
    size_t line = str_rfind_char(before, '\n');
    struct str own = str_from_index(before, line == STR_NPOS ? 0 : line + 1);
    size_t n = str_indent(own);
    struct str indent = str_slice(own, 0, n);
    bool has_lead = lead[0] != '\0';
    struct clean_options options = clean_options_for(path);
    options.indent = has_lead ? str_from_index(str_from(lead), 1) : indent;
    options.is_line_start = has_lead || n == own.n;
    options.before = before;
    options.lead = str_from(lead);
    options.after = str_from_index(file, at + 1);
    return options;
}

static void check_with(const struct clean_options *options, struct str answer, struct str wanted) {
    for (size_t size = 1; size < 100; size = size * 3 + 1) {
        struct run run;
        run_init(&run);
        run_clean(&run, options, answer, size, NULL);
        struct str whole = buf_str(&run.whole);
        if (!str_eq(whole, wanted)) {
            fail_msg("%.*s|%.*s\n--- answer\n%.*s\n--- wanted\n%.*s\n--- got\n%.*s\n---",
                     STR_ARG(options->before), STR_ARG(options->after), STR_ARG(answer),
                     STR_ARG(wanted), STR_ARG(whole));
        }
        if (!str_eq(buf_str(&run.text), whole)) {
            fail_msg("pieces of \"%.*s\" are \"%.*s\"", STR_ARG(answer),
                     STR_ARG(buf_str(&run.text)));
        }
        run_finish(&run);
    }
}

static void check_rows(const struct row *rows, size_t n) {
    for (size_t i = 0; i < n; i++) {
        struct clean_options options = options_for(rows[i].path, str_from(rows[i].file), "");
        check_with(&options, str_from(rows[i].answer), str_from(rows[i].wanted));
    }
}
#define CHECK(rows) check_rows(rows, sizeof(rows) / sizeof((rows)[0]))

static void test_beginning(void **state) {
    (void)state;
    static const char file[] = "import os\n\ndef total(items):\n    t = 0\n    |\n";
    static const struct row rows[] = {
        // From the function on, from the file's beginning; with other blanks.
        {"a.py", file, "def total(items):\n    t = 0\n    return t", "return t"},
        {"a.py", file, "import os\ndef total(items):\n    t = 0\n    return t", "return t"},
        {"a.py", file, "\n\n  def total(items):  \n\n    t = 0 \n\n      return t", "return t"},
        {"a.py", file, "def total(items):\n    t = 0\n    return t\nx = 1", "return t\nx = 1"},
        {"a.py", file, "def total(items):\n    t = 0", ""},
        {"a.py", file, "def total(items):\n    t = 0\n", ""},
        // No run up to the place; too little; cut.
        {"a.py", file, "def total(items):\n    t = 1\n", "def total(items):\n        t = 1"},
        {"a.py", file, "def total(items):\n    return t", "def total(items):\n        return t"},
        {"a.py", file, "t = 0\nreturn t", "t = 0\n    return t"},
        {"a.py", file, "def total(items):", "def total(items):"},
        {"a.py", file, "import os\ndef tot", "import os\n    def tot"},
        // The longest repetition, of two that begin alike.
        {"a.py", "def f(x):\n    pass\ndef f(x):\n    pass\n    |",
         "def f(x):\n    pass\ndef f(x):\n    pass\n    return x", "return x"},
        {"a.py", "def f(x):\n    pass\ndef f(x):\n    pass\n    |",
         "def f(x):\n    pass\n    return x", "return x"},
        // Half of the longer one.
        {"a.py", "def f(x):\n    pass\ndef f(x):\n    pass\n    |",
         "def f(x):\n    pass\ndef f(x):\n    return x", "def f(x):\n        return x"},
        // Strings that were opened in it.
        {"a.py", "def f(x):\n    \"\"\"Do it.\n    |\n    \"\"\"\n",
         "def f(x):\n    \"\"\"Do it.\n    ```\n    f(1)\n    ```", "```\n    f(1)\n    ```"},
        {"a.c", "/* a */\nint f(void)\n{\n    |\n}\n", "int f(void)\n{\n    return 1;\n}",
         "return 1;"},
        {"a.sh", "main() {\n    |\n}\n", "main() {\n    run\n}\n", "run"},
        {"a.rb", "def x\n  |\nend\n", "def x\n  1\nend\n", "1"},
        // A comment that announces what follows.
        {"a.py", "    # the sum of all\n    |", "    # the sum of all\n    x = sum(a)",
         "x = sum(a)"},
        {"a.py", "    # sum\n    |", "    # sum\n    x = sum(a)", "# sum\n    x = sum(a)"},
        {"a.md", "# Usage\n\nRun the program in a shell:\n\n|",
         "# Usage\n\nRun the program in a shell:\n\n    ./a", "./a"},
    };
    CHECK(rows);
}

static void test_what_may_come_twice(void **state) {
    (void)state;
    static const struct row rows[] = {
        {"a.c", "    if (a) {\n        b();\n    }\n    |", "    }\n}", "}\n}"},
        {"a.c", "    return x;\n    |", "return x;", "return x;"},
        {"a.c", "    x = a(b);\n    |", "x = a(b);\n", "x = a(b);"},
        {"a.c", "try {\n    |\n}", "try {\na();\n} catch {\n}",
         "try {\n    a();\n    } catch {\n    }"},
        {"a.json", "[\n{\n    |\n}]", "{\n}", "{\n    }"},
        {"a.rb", "  end\nend\n|", "end\nend", "end\nend"},
        {"a.c", "{\n    |\n}", "{\n    a();\n}", "{\n        a();\n    }"},
        {"a.py", "print(\"hello world\")\n|", "print(\"hello world\")", "print(\"hello world\")"},
        {"a.c", "if (a > b) {\n    b++;\n}\nc();\n|", "if (a > b) {\n    b++;\n}",
         "if (a > b) {\n    b++;\n}"},
    };
    CHECK(rows);
}

static void test_own_line(void **state) {
    (void)state;
    static const struct row rows[] = {
        {"a.py", "def f(a):\n    b = 1\n    return |", "    b = 1\n    return a + b",
         "    b = 1\n    return a + b"},
        {"a.py", "def f(a):\n    b = 1\n    return |", "def f(a):\n    b = 1\n    return a + b",
         "a + b"},
        {"a.py", "def f(a):\n    b = 1\n    return |", "def f(a):\n\n  b = 1\n  return g(\n    a)",
         "g(\n      a)"},
        {"a.py", "def f(a):\n    return |", "def f(a):\n    return", ""},
        {"a.py", "def f(a):\n    return |", "def f(a):\n    retur", "def f(a):\n        retur"},
        {"a.py", "def f(a):\n    x = (|", "def f(a):\n    x = ( a)", " a)"},
        // The line that goes on at the place stood there before.
        {"a.py", "x = foo(\n    1)\nx = foo(|", "x = foo(2)", "2)"},
        {"a.py", "x = foo(\n    1)\nx = foo(|", "x = foo(\n    1)\nx = foo(2)", "2)"},
        {"a.py", "x = foo(\n    1)\nx = foo(|", "x = foo(\n    2)", "\n    2)"},
    };
    CHECK(rows);
    struct clean_options options = options_for("a.py", STR("def f(a):|\n\nx = 1\n"), "\n    ");
    check_with(&options, STR("def f(a):\n    return a"), STR("return a"));
    check_with(&options, STR("def f(a): return a"), STR("def f(a): return a"));
}

static void test_end(void **state) {
    (void)state;
    static const char file[] = "int f(int a) {\n    |\n}\n\nint g(void) {\n    return 2;\n}\n";
    static const struct row rows[] = {
        {"a.c", file, "return a;\n}", "return a;"},
        {"a.c", file, "return a;\n}\n", "return a;"},
        {"a.c", file, "return a; // (\n}\n", "return a; // ("},
        {"a.c", file, "puts(\"{\");\n}\n", "puts(\"{\");"},
        {"a.c", file, "if (a) {\n    b();\n}\n", "if (a) {\n        b();\n    }"},
        {"a.c", file, "if (a) {\n    b();\n}\n}\n", "if (a) {\n        b();\n    }"},
        // The lines that follow, whole or cut. What the answer goes on with is the last to end.
        {"a.c", file, "return a;\n}\n\nint g(void) {\n    return 2;\n}\n", "return a;"},
        {"a.c", file, "return a;\n}\nint g(void) {\n    ret", "return a;"},
        {"a.c", file, "return a;\n}\nint g(void) {\n    return 3;\n}",
         "return a;\n    }\n    int g(void) {\n        return 3;"},
        {"a.c", file, "return a;\n} // f", "return a;\n    } // f"},
        {"a.c", file, "}", "}"},
        // A run within a run.
        {"a.c", "{\n  {\n    {\n      |\n    }\n  }\n}\n", "if (a) {\n  b();\n}\n}\n}\n}",
         "if (a) {\n          b();\n      }"},
        {"a.c", "{\n    |\n    x();\n    x();\n}\n", "y();\nx();\nx();\nx();\n}", "y();\n    x();"},
        // What ends behind the place is not what the answer ends.
        {"a.ts", "class A {\n  f() {\n    |\n}\n", "    g();\n  }", "g();\n  }"},
        {"a.ts", "class A {\n  f() {\n    |\n}\n", "    g();\n  }\n}", "g();\n  }"},
        // Lines that say something.
        {"a.py", "def f(a):\n    |\n    return render(a)\n", "    a = 1\n    return render(a)",
         "a = 1"},
        {"a.py", "def f(a):\n    |\n    return render(a)\n", "a = 1\n    return render(a)",
         "a = 1"},
        {"a.py", "def f(a):\n    |\n    return render(a)\n", "a = 1\nreturn render(a)", "a = 1"},
        {"a.py", "def f(a):\n    |\n    return render(a)\n", "    if a:\n        return render(a)",
         "if a:\n        return render(a)"},
        {"a.py", "def f(a):\n    |\n    return render(a)\n",
         "    if a:\n        b = 1\n        return render(a)",
         "if a:\n        b = 1\n        return render(a)"},
        {"a.py", "def f(a):\n    |\n    return a\n", "    b = 1\n    return a",
         "b = 1\n    return a"},
        {"a.c", "    if (a) {\n        |\n    }\n    return compute(a);\n",
         "        if (b) {\n            c();\n        }\n        return compute(a);",
         "if (b) {\n            c();\n        }\n        return compute(a);"},
        // Blocks of words.
        {"a.lua", "function f(a)\n    |\nend\n", "    return a\nend\n", "return a"},
        {"a.lua", "function f(a)\n    |\nend\n", "if a then\n    return a\nend\n",
         "if a then\n        return a\n    end"},
        {"a.lua", "function f(a)\n    |\nend\n",
         "function f(a)\n    if a then\n        b()\n    end\nend",
         "if a then\n        b()\n    end"},
    };
    CHECK(rows);
}

static void test_rest_of_line(void **state) {
    (void)state;
    static const struct row rows[] = {
        {"a.py", "print(|)\n", "a)", "a"},
        {"a.py", "print(|)\n", "a)  \n", "a"},
        {"a.py", "print(|)\n", "f(a)", "f(a)"},
        {"a.py", "print(|)\n", "f(a))", "f(a)"},
        {"a.py", "print(|)\n", "\")\"", "\")\""},
        {"a.py", "print(|)\n", "a) + b", "a) + b"},
        {"a.py", "print(\"|\")\n", "hello\")", "hello"},
        {"a.py", "print(\"|\")\n", "hello", "hello"},
        {"a.c", "x = |;\n", "5;", "5"},
        {"a.c", "x = f(a, |, b);\n", "c, b);", "c"},
        {"a.c", "x = | + width;\n", "a + width;", "a"},
        {"a.c", "x = |aab;\n", "1 + aaab;", "1 + a"},
        {"a.c", "x = | + 1\n", "a + 1", "a + 1"},
        {"a.c", "f(|);\nreturn compute(x);\n}\n", "y);\nreturn compute(x);\n}", "y"},
        {"a.c", "f(|);\nreturn compute(x);\n}\n", "y);\nreturn comp", "y);\nreturn comp"},
        {"a.c", "f(|);\nreturn compute(x);\n}\n", "y);\nreturn compute(x);\n", "y"},
        {"a.c", "f(|);\nreturn compute(x);\n}\n", "y);\nreturn other(x);\n", "y);\nreturn other(x"},
        {"a.py", "x = |width\n", "a if b else width", "a if b else "},
        {"a.py", "def f():\n    |width = 3\n", "    x = 1\n    width = 3\n", "x = 1\n    "},
        {"a.py", "|width = 3\n", "x = 1\n\nwidth = 3\n", "x = 1\n\n"},
        {"a.py", "x = |é)\n", "ã + é)", "ã + "},
    };
    CHECK(rows);
}

// What cannot be a repetition leaves in the call it came in.
static void test_streams(void **state) {
    (void)state;
    static const struct {
        const char *piece, *out;
    } PIECES[] = {
        {"def total(it", ""},
        {"ems):\n    pass\nx", "x"},
        {" = 1\ny", " = 1\ny"},
        {" = 2\nta", " = 2"},
        {"b", "\ntab"},
        {"\ntax(t)", ""},
        {"\n", ""},
    };
    struct clean_options options =
        options_for("a.py", STR("def total(items):\n    pass\n|\ntax(t)\n"), "");
    struct cleaner *cleaner = cleaner_create(&options);
    struct buf text, thinking;
    buf_init(&text, 1000);
    buf_init(&thinking, 1000);
    for (size_t i = 0; i < sizeof(PIECES) / sizeof(PIECES[0]); i++) {
        buf_clear(&text);
        cleaner_feed(cleaner, str_from(PIECES[i].piece), &text, &thinking);
        if (!str_eq(buf_str(&text), str_from(PIECES[i].out))) {
            fail_msg("\"%s\" gives \"%.*s\"", PIECES[i].piece, STR_ARG(buf_str(&text)));
        }
    }
    buf_clear(&text);
    cleaner_end(cleaner, &text, &thinking);
    assert_true(str_eq(buf_str(&text), STR("\ntax(t)"))); // says too little
    cleaner_destroy(cleaner);
    buf_finish(&text);
    buf_finish(&thinking);
}

// A file of which only a part is looked at.
static void test_far_lines(void **state) {
    (void)state;
    struct buf file, answer;
    buf_init(&file, LIMIT_ANSWER);
    buf_init(&answer, LIMIT_ANSWER);
    for (int i = 0; i < 2000; i++) {
        buf_printf(&file, "line_number(%d)\n", i);
        if (i >= 1800) {
            buf_printf(&answer, "line_number(%d)\n", i);
        }
    }
    buf_append_char(&file, '|');
    buf_append_char(&file, '\n');
    buf_append(&answer, STR("new_line(1)\n"));
    for (int i = 0; i < 2000; i++) {
        buf_printf(&file, "line_behind(%d)\n", i);
        if (i < 200) {
            buf_printf(&answer, "line_behind(%d)\n", i);
        }
    }
    struct clean_options options = options_for("a.py", buf_str(&file), "");
    check_with(&options, buf_str(&answer), STR("new_line(1)"));
    // From the beginning on it is not known.
    struct str all = str_slice(buf_str(&file), 0, str_find_char(buf_str(&file), '|') - 1);
    check_with(&options, all, all);
    buf_finish(&file);
    buf_finish(&answer);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_beginning),    cmocka_unit_test(test_what_may_come_twice),
        cmocka_unit_test(test_own_line),     cmocka_unit_test(test_end),
        cmocka_unit_test(test_rest_of_line), cmocka_unit_test(test_streams),
        cmocka_unit_test(test_far_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
