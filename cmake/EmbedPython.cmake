# hone_embed_python(LAYER NAME HEADER FILE...): a header in the build folder with `inline constexpr const char NAME[]`,
# the files' text one after another. HEADER is the path that sources include.
function(hone_embed_python layer name header)
  set(text "")
  foreach(file ${ARGN})
    file(READ ${PROJECT_SOURCE_DIR}/src/${file} content)
    string(APPEND text "${content}\n")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${file})
  endforeach()
  set(HONE_EMBED_NAME ${name})
  set(HONE_EMBED_TEXT "${text}")
  configure_file(${PROJECT_SOURCE_DIR}/cmake/embedded.h.in ${PROJECT_BINARY_DIR}/embedded/${header} @ONLY)
  target_include_directories(hone_${layer} PRIVATE ${PROJECT_BINARY_DIR}/embedded)
endfunction()
