# Helpers of the build: source lists without tests, engines, tests beside sources.

# ob_sources(OUT FOLDER...): all .c files below, without *_test.c
function(ob_sources out)
  set(all "")
  foreach(folder ${ARGN})
    file(GLOB_RECURSE found CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${folder}/*.c)
    list(APPEND all ${found})
  endforeach()
  list(FILTER all EXCLUDE REGEX "_test\\.c$")
  list(SORT all)
  set(${out} ${all} PARENT_SCOPE)
endfunction()

# ob_add_test(FILE LIBRARIES...): one cmocka program, run from the repository's root
function(ob_add_test file)
  file(RELATIVE_PATH name ${PROJECT_SOURCE_DIR} ${file})
  string(REGEX REPLACE "\\.c$" "" name ${name})
  string(REPLACE "/" "." name ${name})
  add_executable(${name} ${file})
  target_include_directories(${name} PRIVATE ${CMOCKA_INCLUDE} ${PROJECT_SOURCE_DIR}/engines)
  target_link_libraries(${name} PRIVATE ${ARGN} ${CMOCKA_LIBRARY})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES ENVIRONMENT
    "OUTBOARD_ENGINE_PATH=${OB_ENGINE_DIRECTORY};VIRTUAL_ENV=${PROJECT_SOURCE_DIR}/.venv;OB_COMMAND=${CMAKE_BINARY_DIR}/bin/outboard")
endfunction()

# ob_add_tests(FOLDER LIBRARIES...): every *_test.c below
function(ob_add_tests folder)
  file(GLOB_RECURSE found CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${folder}/*_test.c)
  foreach(file ${found})
    ob_add_test(${file} ${ARGN})
  endforeach()
endfunction()

# ob_add_engine(NAME SOURCES...): a loadable library lib/outboard/ob_engine_NAME.so on top of the kit
function(ob_add_engine name)
  add_library(ob_engine_${name} MODULE ${ARGN})
  target_link_libraries(ob_engine_${name} PRIVATE ob_kit)
  target_include_directories(ob_engine_${name} PRIVATE ${PROJECT_SOURCE_DIR}/engines)
  target_link_options(ob_engine_${name} PRIVATE -Wl,--gc-sections -Wl,--exclude-libs,ALL)
  set_target_properties(ob_engine_${name} PROPERTIES PREFIX "" LIBRARY_OUTPUT_DIRECTORY ${OB_ENGINE_DIRECTORY})
  install(TARGETS ob_engine_${name} DESTINATION ${CMAKE_INSTALL_LIBDIR}/outboard)
endfunction()
