# Warnings and hardening for every target of ours. Those that are off for g++ 12 warn of std::string where nothing is (GCC bugs 105329,
# 105651); the precompiled header takes its mark as a system header away.
# clang finds get_temporary_buffer() deprecated, which std::stable_sort of libstdc++ 12 calls.
add_library(jails_options INTERFACE)
target_compile_options(jails_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion
                       -Werror $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-restrict;-Wno-stringop-overflow;-Wno-stringop-overread;-Wno-array-bounds> $<$<COMPILE_LANGUAGE:CXX>:-fno-rtti> -ffunction-sections -fdata-sections $<$<COMPILE_LANGUAGE:CXX>:-Wno-pedantic>
                       $<$<COMPILE_LANG_AND_ID:CXX,Clang>:-Wno-gnu-statement-expression;-Wno-deprecated-declarations>)
# -iquote: our sys/file.h must not stand in the way of <sys/file.h>.
target_compile_options(jails_options INTERFACE "SHELL:-iquote ${CMAKE_SOURCE_DIR}/src" "SHELL:-iquote ${CMAKE_SOURCE_DIR}/kernel")
target_link_options(jails_options INTERFACE -Wl,--gc-sections)
# Not position independent: relocation would dirty pages of every supervisor.
target_compile_options(jails_options INTERFACE -fno-pie)
target_link_options(jails_options INTERFACE -no-pie)
if(JAILS_SANITIZE)
  # More would take long to compile, and show no more than the lines of a stack.
  set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O1 -g1 -DNDEBUG")
  target_compile_options(jails_options INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
                         $<$<COMPILE_LANG_AND_ID:CXX,Clang>:-fsanitize=fuzzer-no-link>)
  target_link_options(jails_options INTERFACE -fsanitize=address,undefined)
elseif(JAILS_COVERAGE)
  # Counted in files that each program maps as it starts, so a child behind pivot_root(2) counts as well, and one that is killed.
  set(count -fprofile-instr-generate=${CMAKE_BINARY_DIR}/counts/%4m%c.profraw)
  target_compile_options(jails_options INTERFACE ${count} -fcoverage-mapping "SHELL:-mllvm -runtime-counter-relocation")
  target_link_options(jails_options INTERFACE ${count})
else()
  target_compile_options(jails_options INTERFACE -fstack-protector-strong $<$<CONFIG:Release>:-D_FORTIFY_SOURCE=2>)
endif()

# jails_library(NAME SOURCES... LINK LIBS...): one folder, one target; what it may include is what it links.
function(jails_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_library(jails_${name} STATIC ${ARG_SOURCES})
  list(TRANSFORM ARG_LINK PREPEND jails_)
  target_link_libraries(jails_${name} PUBLIC jails_options ${ARG_LINK})
  jails_precompiled(jails_${name})
endfunction()

# The programs link everything statically: a dynamic C++ start alone costs more than `jailctl exec` may. Sanitizers need
# the dynamic kind.
function(jails_static target) # as jails_precompiled()
  if(NOT JAILS_SANITIZE)
    target_link_options(${target} PRIVATE -static -Wl,-z,relro,-z,now,-z,noexecstack)
  endif()
  jails_precompiled(${target} ${ARGN})
endfunction()

# Reading the standard headers is two thirds of what a source costs to compile. Each source still includes what it uses:
# -DJAILS_PRECOMPILED=OFF shows whether it does.
option(JAILS_PRECOMPILED "Precompile the standard headers" ON)
set(JAILS_HEADERS <algorithm> <array> <cerrno> <cstdint> <cstring> <expected> <functional> <map> <memory> <optional> <set> <span>
    <string> <string_view> <utility> <variant> <vector> <fmt/format.h>)
# jails_precompiled(TARGET [OWNER]): with the headers of that target, which has the same options.
function(jails_precompiled target)
  if(JAILS_PRECOMPILED)
    list(APPEND ARGN jails_headers)
    list(GET ARGN 0 owner)
    target_precompile_headers(${target} REUSE_FROM ${owner})
  endif()
endfunction()
