# find_package(hone) for programs outside the tree: the archive, the public headers and a config file that finds the
# same LibTorch again.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
install(TARGETS hone EXPORT honeTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS hone_cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
set_target_properties(hone_cli PROPERTIES INSTALL_RPATH "${HONE_TORCH_RPATH}")
install(DIRECTORY include/hone DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT honeTargets NAMESPACE hone:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/hone)
configure_package_config_file(cmake/honeConfig.cmake.in ${PROJECT_BINARY_DIR}/honeConfig.cmake
                              INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/hone)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/honeConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/honeConfig.cmake ${PROJECT_BINARY_DIR}/honeConfigVersion.cmake
              cmake/LibTorch.cmake DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/hone)
