# SPDX-License-Identifier: MIT
# ols_grammar_packages(OUT): sets OUT to a node_modules folder with the packages of the lock file.
# It is OLLAMA_LS_GRAMMARS_DIR (cache or environment variable) where that is set, for builds without
# network; else a cache folder named after the lock file's hash, filled by `npm ci` the first time.
set(OLLAMA_LS_GRAMMARS_DIR "" CACHE PATH
    "Folder with the node_modules of grammars/package-lock.json, for builds without network")

function(ols_grammar_packages out)
    set(given "${OLLAMA_LS_GRAMMARS_DIR}")
    if(NOT given)
        set(given "$ENV{OLLAMA_LS_GRAMMARS_DIR}")
    endif()
    if(given)
        if(IS_DIRECTORY "${given}/node_modules")
            set(given "${given}/node_modules")
        endif()
        if(NOT IS_DIRECTORY "${given}/tree-sitter-json")
            message(FATAL_ERROR "OLLAMA_LS_GRAMMARS_DIR (${given}) holds no grammar packages. Fill it on a "
                "machine with network: copy grammars/package.json, package-lock.json and .npmrc there and "
                "run `npm ci` in it.")
        endif()
        set(${out} "${given}" PARENT_SCOPE)
        return()
    endif()

    set(inputs package.json package-lock.json .npmrc)
    set(contents "")
    foreach(input ${inputs})
        file(READ ${CMAKE_CURRENT_SOURCE_DIR}/${input} content)
        string(APPEND contents "${content}")
        set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${input})
    endforeach()
    string(SHA256 hash "${contents}")
    string(SUBSTRING ${hash} 0 16 hash)
    if(NOT "$ENV{XDG_CACHE_HOME}" STREQUAL "")
        set(cache "$ENV{XDG_CACHE_HOME}/ollama-ls")
    elseif(NOT "$ENV{HOME}" STREQUAL "")
        set(cache "$ENV{HOME}/.cache/ollama-ls")
    else()
        set(cache "${CMAKE_BINARY_DIR}/cache")
    endif()
    set(folder "${cache}/npm-${hash}")

    # Two builds may start at once: one installs, the other waits for it.
    file(MAKE_DIRECTORY ${cache})
    file(LOCK ${folder}.lock GUARD FUNCTION TIMEOUT 300 RESULT_VARIABLE locked)
    if(NOT locked EQUAL 0)
        message(FATAL_ERROR "Another build has been installing the grammars for five minutes. If none "
            "runs, delete ${folder}.lock.")
    endif()
    # npm ci begins by removing node_modules, so the mark of a whole install is written last.
    if(NOT EXISTS ${folder}/complete)
        find_program(npm_program npm)
        mark_as_advanced(npm_program)
        if(NOT npm_program)
            message(FATAL_ERROR "npm was not found; it fetches the grammars' sources once. Install Node.js "
                "(apt-get install nodejs npm, or https://nodejs.org), or give the packages in "
                "-DOLLAMA_LS_GRAMMARS_DIR=FOLDER.")
        endif()
        message(STATUS "Fetching the grammars' sources into ${folder}")
        file(REMOVE_RECURSE ${folder})
        file(MAKE_DIRECTORY ${folder})
        foreach(input ${inputs})
            file(COPY ${CMAKE_CURRENT_SOURCE_DIR}/${input} DESTINATION ${folder})
        endforeach()
        execute_process(
            COMMAND ${npm_program} ci --no-audit --no-fund --loglevel=error
            WORKING_DIRECTORY ${folder}
            RESULT_VARIABLE result OUTPUT_VARIABLE log ERROR_VARIABLE log)
        if(NOT result EQUAL 0)
            message(FATAL_ERROR "npm ci failed in ${folder}:\n${log}\nCheck `npm config get registry` and the "
                "network (or proxy), and configure again. Without network, give the packages in "
                "-DOLLAMA_LS_GRAMMARS_DIR=FOLDER.")
        endif()
        # Four fifths of the packages are binaries for Node, which nothing here runs.
        file(GLOB binaries ${folder}/node_modules/*/prebuilds ${folder}/node_modules/*/*/prebuilds
            ${folder}/node_modules/*/*.wasm ${folder}/node_modules/*/*/*.wasm)
        file(REMOVE_RECURSE ${binaries})
        file(TOUCH ${folder}/complete)
    endif()
    set(${out} ${folder}/node_modules PARENT_SCOPE)
endfunction()
