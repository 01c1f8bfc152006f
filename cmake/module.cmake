# SPDX-License-Identifier: MIT
# ols_module(NAME DIR <sources...> USES <targets...>): a static library of our own code. Headers are
# reached as "folder/file.h" from the top, but only those of the named targets: each target exports
# an include folder that holds a link to its own folder alone, so a wrong #include does not compile.
function(ols_module name)
    cmake_parse_arguments(M "" "DIR" "SOURCES;USES;PRIVATE_USES" ${ARGN})
    if(NOT M_DIR)
        file(RELATIVE_PATH M_DIR ${CMAKE_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR})
    endif()
    set(view ${CMAKE_BINARY_DIR}/include/${name})
    get_filename_component(parent ${view}/${M_DIR} DIRECTORY)
    file(MAKE_DIRECTORY ${parent})
    file(CREATE_LINK ${CMAKE_SOURCE_DIR}/${M_DIR} ${view}/${M_DIR} SYMBOLIC)
    add_library(${name} STATIC ${M_SOURCES})
    target_include_directories(${name} PUBLIC ${view})
    target_link_libraries(${name} PUBLIC ${M_USES} PRIVATE ols_flags ${M_PRIVATE_USES})
endfunction()
