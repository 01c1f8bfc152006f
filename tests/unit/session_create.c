// SPDX-License-Identifier: MIT
//
// A Modelfile as a request to create (session/create.h), against what Ollama's own command line
// makes of it (reference: parser/parser.go, api/types.go); the names of models; and which files a
// FROM means, with the traps of symlinks.
#include "session/create.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/uri.h"
#include "ollama/core/name.h"

// --- names ---

static void test_names(void **state) {
    (void)state;
    static const struct {
        const char *path;
        const char *name;
    } rows[] = {
        {"/w/Modelfile.fast", "fast"},
        {"/w/fast.modelfile", "fast"},
        {"/w/Fast.Modelfile", "fast"},
        {"/w/my-model/Modelfile", "my-model"},
        {"/w/my-model/modelfile", "my-model"},
        {"/w/My Model (2)/Modelfile", "my-model-2"},
        {"/Modelfile", "model"},
        {"Modelfile", "model"},
        {"/w/Modelfile.", "modelfile"},
        {"/w/MODELFILE.Llama3.2-3B", "llama3.2-3b"},
        {"/w/a.b.modelfile", "a.b"},
        {"/w/_x.modelfile", "_x"},
        {"/w/.hidden", "hidden"},
        {"/w/--.modelfile", "model"},
        {"/w/...modelfile", "model"},
        {"/w/a:b.modelfile", "a-b"},
        {"/w/caf\xc3\xa9 au lait.modelfile", "caf-au-lait"},
        {"/w/\xe6\xa8\xa1\xe5\x9e\x8b.modelfile", "model"},
        {"/w/notes.txt", "notes"},
        {"Untitled-1", "untitled-1"},
        {"/w/-a-.modelfile", "a"},
        {"/w/a\nb\x1b[31m.modelfile", "a-b-31m"},
        {"", "model"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct arena arena = {0};
        struct str name = create_name(&arena, str_from(rows[i].path));
        if (!str_eq(name, str_from(rows[i].name))) {
            fail_msg("%s: %.*s instead of %s", rows[i].path, STR_ARG(name), rows[i].name);
        }
        arena_finish(&arena);
    }
}

// Whatever the path is, the name is one that Ollama takes.
static void test_names_are_always_legal(void **state) {
    (void)state;
    uint32_t seed = 7;
    for (unsigned round = 0; round < 20000; round++) {
        char path[300] = "/w/Modelfile.";
        size_t n = round % 2 ? 13 : 3;
        seed = seed * 1664525u + 1013904223u;
        size_t end = n + (seed >> 24) % (sizeof(path) - 20);
        for (; n < end; n++) {
            seed = seed * 1664525u + 1013904223u;
            unsigned c = seed >> 24;
            path[n] = (char)(c % 3 ? "aZ9._-/:mo "[c % 11] : (char)(c ? c : 1));
        }
        struct arena arena = {0};
        struct str name = create_name(&arena, str_of(path, n));
        struct model_name parsed;
        if (!model_name_parse(name, MODEL_NAME_NEW, &parsed, NULL) || parsed.has_tag ||
            parsed.has_namespace || parsed.source != MODEL_SOURCE_NONE) {
            fail_msg("%.*s: %.*s", (int)n, path, STR_ARG(name));
        }
        arena_finish(&arena);
    }
}

// --- requests ---

static const struct {
    const char *text;
    const char *body; // JSON, or the message of a refusal
} requests[] = {
    {"FROM x", "{}"},
    {"from x\nsystem hi\nSYSTEM there", "{\"system\":\"there\"}"},
    {"FROM x\nSYSTEM hi\nSYSTEM \"\"\n", "{}"},
    {"FROM x\nSYSTEM \"\"\"\na\n  b \"\"\"\n", "{\"system\":\"\\na\\n  b \"}"},
    {"FROM x\nTEMPLATE {{ .Prompt }}\n", "{\"template\":\"{{ .Prompt }}\"}"},
    {"FROM x\nRENDERER a\nPARSER b\nREQUIRES v0.14.0\n",
     "{\"renderer\":\"a\",\"parser\":\"b\",\"requires\":\"0.14.0\"}"},
    {"FROM x\nREQUIRES 0.14\n", "{\"requires\":\"0.14\"}"},
    {"FROM x\nLICENSE a\nLICENSE \"\"\"b\nc\"\"\"\n", "{\"license\":[\"a\",\"b\\nc\"]}"},
    {"FROM x\nMESSAGE user a: b\nMESSAGE assistant \"\"\"\"\"\"\nMESSAGE system s\n",
     "{\"messages\":[{\"role\":\"user\",\"content\":\"a: b\"},{\"role\":\"assistant\","
     "\"content\":\"\"},{\"role\":\"system\",\"content\":\"s\"}]}"},
    // Types as Ollama's options have them; the last of a kind wins, stops gather.
    {"FROM x\nPARAMETER num_ctx 4096\nPARAMETER num_ctx +8192\n",
     "{\"parameters\":{\"num_ctx\":8192}}"},
    {"FROM x\nPARAMETER seed -1\nPARAMETER use_mmap T\n",
     "{\"parameters\":{\"seed\":-1,\"use_mmap\":true}}"},
    {"FROM x\nPARAMETER use_mmap 0\n", "{\"parameters\":{\"use_mmap\":false}}"},
    {"FROM x\nPARAMETER seed 9223372036854775807\n",
     "{\"parameters\":{\"seed\":9223372036854775807}}"},
    {"FROM x\nPARAMETER stop a\nPARAMETER stop \"b c \"\nPARAMETER stop \"\"\n",
     "{\"parameters\":{\"stop\":[\"a\",\"b c \",\"\"]}}"},
    {"FROM x\nPARAMETER top_k 40\nPARAMETER top_k \"41\"\n", "{\"parameters\":{\"top_k\":41}}"},
    // Floats are Go's float32, written as short as they can be.
    {"FROM x\nPARAMETER temperature 0.7\nPARAMETER top_p 1\nPARAMETER min_p 0x1p-2\n",
     "{\"parameters\":{\"temperature\":0.7,\"top_p\":1,\"min_p\":0.25}}"},
    {"FROM x\nPARAMETER temperature .1\nPARAMETER repeat_penalty -1.1\nPARAMETER typical_p 1e-3\n",
     "{\"parameters\":{\"temperature\":0.1,\"repeat_penalty\":-1.1,\"typical_p\":0.001}}"},
    {"FROM x\nPARAMETER temperature 0.30000001192092896\n",
     "{\"parameters\":{\"temperature\":0.3}}"},
    {"FROM x\nPARAMETER temperature 16777217\n", "{\"parameters\":{\"temperature\":16777216}}"},
    // Deprecated ones are dropped whatever their value.
    {"FROM x\nPARAMETER mirostat 1\nPARAMETER low_vram maybe\n", "{}"},
    {"FROM x\nSYSTEM a\xff"
     "b\n",
     NULL},
    // Refused.
    {"FROM x\nPARAMETER bogus 1\n", "line 2: Ollama refuses the parameter bogus"},
    {"FROM x\nPARAMETER num_ctx 4096.0\n", "line 2: num_ctx takes a whole number"},
    {"FROM x\nPARAMETER num_ctx 1e3\n", "line 2: num_ctx takes a whole number"},
    {"FROM x\nPARAMETER seed 99999999999999999999\n", "line 2: seed takes a whole number"},
    {"FROM x\n\nPARAMETER temperature abc\n", "line 3: temperature takes a number"},
    {"FROM x\nPARAMETER temperature NaN\n", "line 2: temperature takes a number"},
    {"FROM x\nPARAMETER temperature -inf\n", "line 2: temperature takes a number"},
    {"FROM x\nPARAMETER use_mmap yes\n", "line 2: use_mmap takes true or false"},
    {"", "line 1: no FROM line"},
    {"SYSTEM a\n", "line 1: no FROM line"},
    {"FROM x\nSYSTEM \"\"\"a\n", "unexpected EOF"},
    {"FROM x\nMESSAGE tool hi\n", "message role must be one of"},
    {"FROM x\nBAD a\n", "command must be one of"},
};

static void test_requests(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        struct arena arena = {0};
        struct create_request request;
        struct error error = {0};
        struct json_object *wanted = NULL;
        const char *body = requests[i].body;
        enum err err = create_request_read(&arena, str_from(requests[i].text), &request, &error);
        if (!body) { // invalid UTF-8: any body, but valid JSON
            assert_int_equal(err, ERR_OK);
            assert_int_equal(json_check(json_text(request.body), NULL), ERR_OK);
        } else if (body[0] != '{') {
            assert_int_equal(err, ERR_INVALID);
            assert_null(request.body);
            if (!str_contains(error.message, str_from(body))) {
                fail_msg("%s: %.*s", requests[i].text, STR_ARG(error.message));
            }
        } else {
            if (err != ERR_OK) {
                fail_msg("%s: %.*s", requests[i].text, STR_ARG(error.message));
            }
            assert_int_equal(json_parse(&arena, str_from(body), &wanted, &error), ERR_OK);
            // By text as well: 0.7 must not become 0.699999988.
            if (!str_eq(json_text(wanted), json_text(request.body))) {
                fail_msg("%s:\n%s\n%s", requests[i].text, json_text(wanted).p,
                         json_text(request.body).p);
            }
            json_object_put(wanted);
        }
        create_request_finish(&request);
        arena_finish(&arena);
    }
}

static void test_paths_of_a_request(void **state) {
    (void)state;
    struct arena arena = {0};
    struct create_request request;
    struct error error = {0};
    struct str text = STR("FROM a\nADAPTER one\nDRAFT d\nFROM ./b.gguf\nADAPTER two\n");
    assert_int_equal(create_request_read(&arena, text, &request, &error), ERR_OK);
    assert_int_equal(request.n_paths, 4); // of two ADAPTERs the last one
    static const char *const wanted[] = {"a", "d", "./b.gguf", "two"};
    for (size_t i = 0; i < 4; i++) {
        assert_true(str_eq(request.paths[i].written, str_from(wanted[i])));
    }
    create_request_finish(&request);
    arena_finish(&arena);
}

// --- files ---

struct folder {
    char path[64];
    struct arena arena;
    struct create_files files;
    struct error error;
};

static struct folder *folder_create(void) {
    struct folder *folder = calloc(1, sizeof(*folder));
    snprintf(folder->path, sizeof(folder->path), "/tmp/ollama-ls-create-XXXXXX");
    assert_non_null(mkdtemp(folder->path));
    return folder;
}

static void folder_destroy(struct folder *folder) {
    char command[100];
    snprintf(command, sizeof(command), "rm -r %s", folder->path);
    assert_int_equal(system(command), 0);
    arena_finish(&folder->arena);
    free(folder);
}

static const char *in(struct folder *folder, const char *name) {
    return arena_printf(&folder->arena, "%s/%s", folder->path, name).p;
}

static void put(struct folder *folder, const char *name, struct str bytes) {
    struct error error = {0};
    char *path = arena_cstr(&folder->arena, str_from(in(folder, name)));
    mkdir(arena_cstr(&folder->arena, path_dir(str_from(path))), 0700);
    assert_int_equal(file_write_atomic(path, bytes, 0600, &error, &folder->arena), ERR_OK);
}

static enum err find(struct folder *folder, enum modelfile_command command, const char *written,
                     const char *root) {
    struct create_path path = {command, str_from(written)};
    return create_files_find(&folder->arena, &path, 1, str_from(folder->path), str_from(root),
                             &folder->files, &folder->error);
}

// The keys, each followed by a blank.
static const char *keys(struct folder *folder) {
    struct str all = STR("");
    for (size_t i = 0; i < folder->files.n; i++) {
        all = arena_printf(&folder->arena, "%.*s%.*s ", STR_ARG(all),
                           STR_ARG(folder->files.at[i].key));
    }
    return all.p;
}

static void test_one_file(void **state) {
    (void)state;
    struct folder *f = folder_create();
    put(f, "a.gguf", STR("GGUF\0"));
    put(f, "llama3.2", STR("GGUF\0"));
    assert_int_equal(find(f, MODELFILE_FROM, "./a.gguf", f->path), ERR_OK);
    assert_string_equal(keys(f), "a.gguf ");
    assert_int_equal(f->files.total, 5);
    assert_int_equal(f->files.from.n, 0);
    assert_false(f->files.at[0].is_outside);
    assert_int_equal(find(f, MODELFILE_FROM, in(f, "a.gguf"), "/usr"), ERR_OK);
    assert_true(f->files.at[0].is_outside);
    assert_int_equal(find(f, MODELFILE_FROM, "a.gguf", ""), ERR_OK);
    assert_true(f->files.at[0].is_outside); // there is no workspace
    // A file beats a model of that name.
    assert_int_equal(find(f, MODELFILE_FROM, "llama3.2", f->path), ERR_OK);
    assert_string_equal(keys(f), "llama3.2 ");
    assert_int_equal(find(f, MODELFILE_FROM, "gemma3:4b", f->path), ERR_OK);
    assert_true(str_eq(f->files.from, STR("gemma3:4b")));
    assert_int_equal(f->files.n, 0);
    assert_int_equal(find(f, MODELFILE_FROM, "./b.gguf", f->path), ERR_NOT_FOUND);
    assert_int_equal(find(f, MODELFILE_ADAPTER, "gemma3", f->path), ERR_NOT_FOUND);
    assert_int_equal(find(f, MODELFILE_FROM, "/dev/null", f->path), ERR_INVALID);
    assert_int_equal(find(f, MODELFILE_FROM, "~no-such-user-here/x", f->path), ERR_NOT_FOUND);
    setenv("HOME", f->path, 1);
    assert_int_equal(find(f, MODELFILE_FROM, "~/a.gguf", f->path), ERR_OK);
    assert_string_equal(keys(f), "a.gguf ");
    // Of an unsaved Modelfile.
    struct create_path path = {MODELFILE_FROM, STR("./a.gguf")};
    assert_int_equal(
        create_files_find(&f->arena, &path, 1, STR_NONE, STR_NONE, &f->files, &f->error),
        ERR_NOT_FOUND);
    assert_true(str_contains(f->error.message, STR("not saved")));
    folder_destroy(f);
}

static void test_folders(void **state) {
    (void)state;
    struct folder *f = folder_create();
    put(f, "st/model.safetensors", STR("\0"));
    put(f, "st/model.bin", STR("\0"));
    put(f, "st/config.json", STR("{}"));
    put(f, "st/chat_template.jinja", STR("{{ x }}"));
    put(f, "st/tokenizer.model", STR("\0\1"));
    put(f, "st/README.md", STR("x"));
    put(f, "st/notes.json.txt", STR("x"));
    mkdir(in(f, "st/sub"), 0700);
    put(f, "st/sub/config.json", STR("[]"));
    put(f, "st/sub/model-2.safetensors", STR("\0"));
    assert_int_equal(find(f, MODELFILE_FROM, "./st", f->path), ERR_OK);
    assert_string_equal(keys(f), "model.safetensors model-2.safetensors config.json "
                                 "sub/config.json chat_template.jinja tokenizer.model ");
    // A git-LFS pointer is no weights: the next pattern has its turn.
    put(f, "pt/pytorch_model.bin", STR("version https://git-lfs.github.com/spec/v1\n"));
    put(f, "pt/b.gguf", STR("GGUF\3\0\0\0"));
    assert_int_equal(find(f, MODELFILE_FROM, "./pt", f->path), ERR_OK);
    assert_string_equal(keys(f), "b.gguf ");
    put(f, "pt/pytorch_model.bin", STR("PK\3\4rest"));
    assert_int_equal(find(f, MODELFILE_FROM, "./pt/", f->path), ERR_OK);
    assert_string_equal(keys(f), "pytorch_model.bin ");
    put(f, "pt/config.json", STR("\0\0"));
    assert_int_equal(find(f, MODELFILE_FROM, "./pt", f->path), ERR_INVALID);
    put(f, "none/readme", STR("x"));
    assert_int_equal(find(f, MODELFILE_FROM, "./none", f->path), ERR_NOT_FOUND);
    // The empty value is the Modelfile's own folder.
    put(f, "own.gguf", STR("GGUF\3\0\0\0"));
    put(f, "pt/config.json", STR("{}"));
    assert_int_equal(find(f, MODELFILE_FROM, "", f->path), ERR_OK);
    assert_true(str_contains(str_from(keys(f)), STR("own.gguf ")));
    folder_destroy(f);
}

static void test_links(void **state) {
    (void)state;
    struct folder *f = folder_create();
    put(f, "secret/key", STR("k"));
    mkdir(in(f, "work"), 0700);
    mkdir(in(f, "work/m"), 0700);
    put(f, "work/m/model.safetensors", STR("\0"));
    assert_int_equal(symlink(in(f, "secret/key"), in(f, "work/a.gguf")), 0);
    assert_int_equal(find(f, MODELFILE_FROM, "work/a.gguf", in(f, "work")), ERR_OK);
    assert_true(f->files.at[0].is_outside);
    assert_true(str_eq(f->files.at[0].path, str_from(in(f, "secret/key"))));
    assert_string_equal(keys(f), "key ");
    // Inside a folder no link leads out, but one within it is fine.
    assert_int_equal(symlink("model.safetensors", in(f, "work/m/model-2.safetensors")), 0);
    assert_int_equal(find(f, MODELFILE_FROM, "work/m", in(f, "work")), ERR_OK);
    assert_string_equal(keys(f), "model.safetensors ");
    assert_int_equal(symlink(in(f, "secret"), in(f, "work/m/sub")), 0);
    put(f, "secret/x.json", STR("{}"));
    assert_int_equal(find(f, MODELFILE_FROM, "work/m", in(f, "work")), ERR_OK);
    assert_string_equal(keys(f), "model.safetensors ");
    assert_int_equal(symlink(in(f, "secret/key"), in(f, "work/m/config.json")), 0);
    assert_int_equal(find(f, MODELFILE_FROM, "work/m", in(f, "work")), ERR_DENIED);
    // A loop is no endless way.
    assert_int_equal(symlink("loop", in(f, "loop")), 0);
    assert_int_equal(find(f, MODELFILE_FROM, "./loop", f->path), ERR_IO);
    folder_destroy(f);
}

static void test_opening_what_was_found(void **state) {
    (void)state;
    struct folder *f = folder_create();
    int fd = -1;
    put(f, "a.gguf", STR("GGUF\0"));
    assert_int_equal(find(f, MODELFILE_FROM, "a.gguf", f->path), ERR_OK);
    assert_int_equal(create_file_open(&f->arena, &f->files.at[0], &fd, &f->error), ERR_OK);
    close(fd);
    put(f, "a.gguf", STR("GGUF\0")); // another file of that name
    assert_int_equal(create_file_open(&f->arena, &f->files.at[0], &fd, &f->error), ERR_CONFLICT);
    assert_int_equal(fd, -1);
    unlink(in(f, "a.gguf"));
    assert_int_equal(symlink("/etc/passwd", in(f, "a.gguf")), 0);
    assert_int_equal(create_file_open(&f->arena, &f->files.at[0], &fd, &f->error), ERR_IO);
    folder_destroy(f);
}

static void test_completing(void **state) {
    (void)state;
    struct arena arena = {0};
    struct create_request request;
    struct error error = {0};
    assert_int_equal(create_request_read(&arena, STR("FROM x"), &request, &error), ERR_OK);
    struct create_file at[3] = {
        {.command = MODELFILE_FROM, .key = STR("a.gguf"), .digest = "sha256:1"},
        {.command = MODELFILE_ADAPTER, .key = STR("b"), .digest = "sha256:2"},
        {.command = MODELFILE_DRAFT, .key = STR("c"), .digest = "sha256:3"},
    };
    struct create_files files = {.at = at, .n = 3, .from = STR("x")};
    create_request_complete(&request, STR("new"), &files);
    assert_string_equal(json_text(request.body).p,
                        "{\"model\":\"new\",\"stream\":true,\"from\":\"x\",\"files\":{\"a.gguf\":"
                        "\"sha256:1\"},\"adapters\":{\"b\":\"sha256:2\"},\"draft_files\":{\"c\":"
                        "\"sha256:3\"}}");
    create_request_finish(&request);
    arena_finish(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),      cmocka_unit_test(test_names_are_always_legal),
        cmocka_unit_test(test_requests),   cmocka_unit_test(test_paths_of_a_request),
        cmocka_unit_test(test_one_file),   cmocka_unit_test(test_folders),
        cmocka_unit_test(test_links),      cmocka_unit_test(test_opening_what_was_found),
        cmocka_unit_test(test_completing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
