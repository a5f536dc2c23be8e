# Warnings and hardening for every target of ours. -Wno-restrict: g++ 12 warns of std::string where nothing is (GCC bug 105329).
add_library(jails_options INTERFACE)
target_compile_options(jails_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion
                       -Werror $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-restrict> $<$<COMPILE_LANGUAGE:CXX>:-fno-rtti> -ffunction-sections -fdata-sections $<$<COMPILE_LANGUAGE:CXX>:-Wno-pedantic>
                       $<$<COMPILE_LANG_AND_ID:CXX,Clang>:-Wno-gnu-statement-expression>)
# -iquote: our sys/file.h must not stand in the way of <sys/file.h>.
target_compile_options(jails_options INTERFACE "SHELL:-iquote ${CMAKE_SOURCE_DIR}/src" "SHELL:-iquote ${CMAKE_SOURCE_DIR}/kernel")
target_link_options(jails_options INTERFACE -Wl,--gc-sections)
if(JAILS_SANITIZE)
  target_compile_options(jails_options INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(jails_options INTERFACE -fsanitize=address,undefined)
else()
  target_compile_options(jails_options INTERFACE -fstack-protector-strong $<$<CONFIG:Release>:-D_FORTIFY_SOURCE=2>)
endif()

# jails_library(NAME SOURCES... LINK LIBS...): one folder, one target; what it may include is what it links.
function(jails_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_library(jails_${name} STATIC ${ARG_SOURCES})
  list(TRANSFORM ARG_LINK PREPEND jails_)
  target_link_libraries(jails_${name} PUBLIC jails_options ${ARG_LINK})
endfunction()

# The programs link everything statically: a dynamic C++ start alone costs more than `jailctl exec` may. Not PIE: relocation
# would dirty pages of every supervisor. Sanitizers need the dynamic kind.
function(jails_static target)
  if(NOT JAILS_SANITIZE)
    target_link_options(${target} PRIVATE -static -no-pie -Wl,-z,relro,-z,now,-z,noexecstack)
    target_compile_options(${target} PRIVATE -fno-pie)
  endif()
endfunction()
