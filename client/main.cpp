#include <iostream>

#include "client/command_line.h"

int main(int argc, char** argv) {
  using namespace stampd::client;
  return static_cast<int>(RunStamp(argc, argv, {std::cin, std::cout, std::cerr, DetectTerminal()}));
}
