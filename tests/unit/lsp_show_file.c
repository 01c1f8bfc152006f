// SPDX-License-Identifier: MIT
//
// Texts shown as files: where they are, who may read them, how many there are.
#include "lsp/show_file.h"

#include "lsp_rig.h"

#include <dirent.h>

static void in_folder(struct rig *rig) {
    rig_open(rig);
    setenv("TMPDIR", rig->folder, 1);
}

// Removes the server's folder. Returns how many files it had.
static size_t remove_files(struct rig *rig) {
    size_t n = 0;
    char path[600];
    DIR *dir = opendir(rig->server->ai.folder);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));) {
        if (entry->d_name[0] != '.') {
            n++;
            snprintf(path, sizeof(path), "%s/%s", rig->server->ai.folder, entry->d_name);
            assert_int_equal(unlink(path), 0);
        }
    }
    closedir(dir);
    assert_int_equal(rmdir(rig->server->ai.folder), 0);
    return n;
}

static void test_private_and_of_a_safe_name(void **state) {
    (void)state;
    struct rig rig;
    struct arena arena = {0};
    struct stat info;
    in_folder(&rig);
    struct str path =
        show_file_write(rig.server, &arena, STR("fix-../a b\x1b\xc3\xa9$(x).py"), STR("text\n"));
    assert_true(str_starts(path, str_from(rig.folder)));
    assert_true(str_ends(path, STR("-fix-.._a_b_____x_.py")));
    assert_int_equal(stat(arena_cstr(&arena, path), &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_int_equal(info.st_size, 5);
    assert_int_equal(stat(rig.server->ai.folder, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0700);
    assert_int_equal(remove_files(&rig), 1);
    arena_finish(&arena);
    rig_close(&rig);
}

// The names differ, so that none is written over by chance.
static void test_the_oldest_goes_for_a_new_one(void **state) {
    (void)state;
    struct rig rig;
    struct arena arena = {0};
    struct stat info;
    in_folder(&rig);
    struct str paths[SHOW_FILES_MAX + 5];
    for (size_t i = 0; i < SHOW_FILES_MAX + 5; i++) {
        paths[i] =
            show_file_write(rig.server, &arena, arena_printf(&arena, "name%zu.md", i), STR("text"));
        assert_true(paths[i].n > 0);
    }
    assert_int_not_equal(stat(arena_cstr(&arena, paths[4]), &info), 0);
    assert_int_equal(stat(arena_cstr(&arena, paths[5]), &info), 0);
    assert_int_equal(remove_files(&rig), SHOW_FILES_MAX);
    arena_finish(&arena);
    rig_close(&rig);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_private_and_of_a_safe_name),
        cmocka_unit_test(test_the_oldest_goes_for_a_new_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
