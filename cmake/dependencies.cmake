# SPDX-License-Identifier: MIT
# Libraries from the distribution. No minimum version is asked of pkg-config for tree-sitter:
# Debian's 0.20.7 calls itself 0.6.3 there.
find_package(PkgConfig REQUIRED)
foreach(pair "uv:libuv" "curl:libcurl" "jsonc:json-c" "treesitter:tree-sitter")
    string(REPLACE ":" ";" pair "${pair}")
    list(GET pair 0 id)
    list(GET pair 1 module)
    pkg_check_modules(${id} QUIET IMPORTED_TARGET ${module})
    if(NOT ${id}_FOUND)
        message(FATAL_ERROR "${module} was not found. Install what the build needs with: scripts/deps build")
    endif()
endforeach()
find_package(Threads REQUIRED)
