// flare: everything in one process, on embedded engines.
#include "flare/app/main.h"

int main(int argc, char** argv) {
  using namespace flare::app;
  return flare::app::main(argc, argv, "flare",
                          {
                              add_engines,
                              add_tokens,
                              add_gateway_directory,
                              add_signaling_online,
                              add_storage_reader,
                              add_storage_writer,
                              add_push_server,
                              add_push_worker,
                              add_client_loops,
                              add_admin,
                          });
}
