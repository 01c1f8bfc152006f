# SPDX-License-Identifier: MIT
# ols_embed(TARGET SYMBOL OUT files...): compile data files into TARGET. Makes OUT.c with
#   const struct embedded_file SYMBOL[] = {{"name", data, size}, ..., {0}};
# (struct embedded_file: base/embed.h). The generator is a CMake script: the build needs no other tool.
function(ols_embed target symbol out)
    set(files ${ARGN})
    set(generated ${CMAKE_CURRENT_BINARY_DIR}/${out}.c)
    add_custom_command(
        OUTPUT ${generated}
        COMMAND ${CMAKE_COMMAND} -DOUT=${generated} -DSYMBOL=${symbol} "-DFILES=${files}"
            -P ${CMAKE_SOURCE_DIR}/cmake/embed-script.cmake
        DEPENDS ${files} ${CMAKE_SOURCE_DIR}/cmake/embed-script.cmake
        VERBATIM)
    target_sources(${target} PRIVATE ${generated})
endfunction()
