// moldau: one binary, many verbs. Looks at the first word and hands over; `broker` and `recover` go their own way at
// once, so that nothing of the command line costs a starting broker anything.
#include <cstring>

#include "app/broker_main.h"
#include "app/reference.h"
#include "cli/main.h"

int main(int argc, char** argv) {
  if (argc >= 2 && std::strcmp(argv[1], "broker") == 0) return moldau::app::run_broker(argc - 1, argv + 1);
  if (argc >= 2 && std::strcmp(argv[1], "recover") == 0) return moldau::app::run_recover(argc - 1, argv + 1);
  if (argc == 2 && std::strcmp(argv[1], "reference") == 0) return moldau::app::print_reference();
  return moldau::cli::run(argc, argv);
}
