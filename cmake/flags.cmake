# SPDX-License-Identifier: MIT
# Compiler flags of all our own code: one language level, many warnings, hardening.
set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
add_compile_definitions(_GNU_SOURCE)

# ols_flags carries what third-party grammar code is not held to.
add_library(ols_flags INTERFACE)
target_compile_options(ols_flags INTERFACE
    -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wconversion -Wpointer-arith
    -Wvla -Wformat=2 -Wundef -fvisibility=hidden -fno-common -fstack-protector-strong)
if(OLLAMA_LS_WERROR)
    target_compile_options(ols_flags INTERFACE -Werror)
endif()
if(OLLAMA_LS_SANITIZE)
    add_compile_options(-fsanitize=${OLLAMA_LS_SANITIZE} -fno-omit-frame-pointer
        -fno-sanitize-recover=all)
    add_link_options(-fsanitize=${OLLAMA_LS_SANITIZE})
elseif(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
    target_compile_options(ols_flags INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
endif()
if(NOT APPLE)
    add_link_options(-Wl,-z,relro,-z,now -Wl,--as-needed)
endif()
