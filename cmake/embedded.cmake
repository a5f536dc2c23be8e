# jails_embedded(NAME SOURCE): a program without a C library, and the library jails_NAME that carries it as bytes, between the
# symbols jails_NAME_begin and jails_NAME_end, for a memfd. Such a program runs inside jails, so it should hold nothing.
enable_language(ASM)
function(jails_embedded name source)
  add_executable(${name} ${source})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR}/kernel)
  target_compile_options(${name} PRIVATE -Wall -Wextra -Werror -O2 -ffreestanding -fno-exceptions -fno-rtti -fno-stack-protector
                         -fno-asynchronous-unwind-tables -fno-threadsafe-statics -fno-pie -mno-sse -mgeneral-regs-only
                         -fcf-protection=none)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR})
  target_link_options(${name} PRIVATE -nostdlib -static -no-pie -s
                      -Wl,--build-id=none,-z,noseparate-code,-z,max-page-size=4096)

  set(bytes ${CMAKE_CURRENT_BINARY_DIR}/${name}_bytes.S)
  file(GENERATE OUTPUT ${bytes} CONTENT
".section .rodata
.globl jails_${name}_begin, jails_${name}_end
jails_${name}_begin: .incbin \"$<TARGET_FILE:${name}>\"
jails_${name}_end:
.section .note.GNU-stack,\"\",@progbits
")
  add_library(jails_${name} STATIC ${bytes})
  set_source_files_properties(${bytes} PROPERTIES OBJECT_DEPENDS ${CMAKE_CURRENT_BINARY_DIR}/${name} GENERATED TRUE)
  add_dependencies(jails_${name} ${name})
endfunction()
