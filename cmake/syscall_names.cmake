# cmake -DCOMPILER=cc -DINCLUDE=kernel -DOUTPUT=file.c -P syscall_names.cmake: the names of the system calls by number, from the
# headers that the policy is compiled with.
file(WRITE ${OUTPUT}.in.c "#include \"abi/syscall_numbers.h\"\n")
execute_process(COMMAND ${COMPILER} -E -dM -iquote ${INCLUDE} ${OUTPUT}.in.c OUTPUT_VARIABLE macros RESULT_VARIABLE failed)
if(failed)
  message(FATAL_ERROR "${COMPILER} -E failed")
endif()
string(REGEX MATCHALL "#define __NR_[a-z0-9_]+ [0-9]+" lines "${macros}")
set(rows "")
foreach(line IN LISTS lines)
  string(REGEX REPLACE "#define __NR_([a-z0-9_]+) ([0-9]+)" "    [\\2] = \"\\1\",\n" row "${line}")
  if(NOT row MATCHES "= \"syscalls\"") # some headers have their count among them
    string(APPEND rows "${row}")
  endif()
endforeach()
file(WRITE ${OUTPUT} "/* Generated. */\nconst char *const sj_syscall_names[] = {\n${rows}};\nconst unsigned sj_syscall_name_count = sizeof sj_syscall_names / sizeof *sj_syscall_names;\n")
