# flare_protocol: the types generated from proto/. Only .cc files include them.
set(proto_root ${CMAKE_SOURCE_DIR}/proto)
set(proto_out ${CMAKE_BINARY_DIR}/generated)
set(proto_files
  flare/model/v1/message
  flare/log/v1/event
  flare/client/v1/frame)
set(proto_sources "")
foreach(file ${proto_files})
  add_custom_command(
    OUTPUT ${proto_out}/${file}.pb.cc ${proto_out}/${file}.pb.h
    COMMAND ${CMAKE_COMMAND} -E make_directory ${proto_out}
    COMMAND protobuf::protoc -I ${proto_root} --cpp_out=${proto_out} ${file}.proto
    WORKING_DIRECTORY ${proto_root}
    DEPENDS ${proto_root}/${file}.proto)
  list(APPEND proto_sources ${proto_out}/${file}.pb.cc)
endforeach()
add_library(flare_protocol STATIC ${proto_sources})
target_include_directories(flare_protocol SYSTEM PUBLIC ${proto_out})
target_link_libraries(flare_protocol PUBLIC protobuf::libprotobuf)
target_compile_options(flare_protocol PRIVATE -w)
