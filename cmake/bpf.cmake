# BPF programs: C -> object (clang, -target bpf) -> skeleton header (bpftool), one a source file.
find_program(JAILS_BPF_CLANG NAMES clang-19 clang REQUIRED)
find_program(JAILS_BPFTOOL NAMES bpftool PATHS /usr/sbin /sbin REQUIRED)

# <linux/types.h> includes <asm/types.h>, which Debian keeps in a directory that only the host's compiler searches.
set(JAILS_BPF_INCLUDES)
if(CMAKE_LIBRARY_ARCHITECTURE)
  list(APPEND JAILS_BPF_INCLUDES -idirafter /usr/include/${CMAKE_LIBRARY_ARCHITECTURE})
endif()
string(TOLOWER "${CMAKE_SYSTEM_PROCESSOR}" jails_bpf_arch)
if(jails_bpf_arch MATCHES "^(x86_64|amd64)$")
  set(JAILS_BPF_ARCH x86)
elseif(jails_bpf_arch MATCHES "^(aarch64|arm64)$")
  set(JAILS_BPF_ARCH arm64)
else()
  set(JAILS_BPF_ARCH ${jails_bpf_arch})
endif()

# jails_bpf(NAME...): NAME.bpf.c of the current folder become NAME.skel.h in the current binary folder; the target
# jails_kernel carries them.
function(jails_bpf)
  set(skeletons)
  foreach(name ${ARGN})
    set(source ${CMAKE_CURRENT_SOURCE_DIR}/${name}.bpf.c)
    set(compiled ${CMAKE_CURRENT_BINARY_DIR}/${name}.bpf.o)
    set(object ${CMAKE_CURRENT_BINARY_DIR}/${name}.o)
    set(skeleton ${CMAKE_CURRENT_BINARY_DIR}/skel/${name}.skel.h)
    add_custom_command(
      OUTPUT ${compiled}
      # -g for BTF; the prefix map keeps the build's own paths out of it, so that one source gives one object.
      COMMAND ${JAILS_BPF_CLANG} -target bpf -O2 -g -std=gnu2x -Wall -Wextra -Werror -Wno-unused-function
              -Wno-unused-parameter
              -Wno-missing-declarations -D__TARGET_ARCH_${JAILS_BPF_ARCH} -iquote ${CMAKE_SOURCE_DIR}/kernel
              ${JAILS_BPF_INCLUDES} -ffile-prefix-map=${CMAKE_SOURCE_DIR}/=
              -MD -MF ${compiled}.d -MT ${compiled} -c ${source} -o ${compiled}
      DEPENDS ${source}
      DEPFILE ${compiled}.d
      COMMENT "BPF ${name}"
      VERBATIM)
    # The linker keeps BTF and drops DWARF, half of the file.
    add_custom_command(
      OUTPUT ${object}
      COMMAND ${JAILS_BPFTOOL} gen object ${object} ${compiled}
      DEPENDS ${compiled}
      VERBATIM)
    add_custom_command(
      OUTPUT ${skeleton}
      COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_CURRENT_BINARY_DIR}/skel
      COMMAND sh -c "exec \"$1\" gen skeleton \"$2\" name \"$3\" > \"$4\"" sh ${JAILS_BPFTOOL} ${object} sj_${name}
              ${skeleton}
      DEPENDS ${object}
      COMMENT "BPF skeleton ${name}"
      VERBATIM)
    list(APPEND skeletons ${skeleton})
  endforeach()
  add_custom_target(jails_kernel_skeletons DEPENDS ${skeletons})
  add_library(jails_kernel INTERFACE)
  add_dependencies(jails_kernel jails_kernel_skeletons)
  target_include_directories(jails_kernel SYSTEM INTERFACE ${CMAKE_CURRENT_BINARY_DIR}/skel)
endfunction()
