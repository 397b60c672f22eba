#include "server/knock.h"

#include <memory>

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

namespace stampd::server {

void Knock(const Endpoint& endpoint) {
  std::string host = endpoint.host;
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  addrinfo* found = nullptr;
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  if (getaddrinfo(host.c_str(), std::to_string(endpoint.port).c_str(), &hints, &found) != 0) return;
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> address(found, freeaddrinfo);
  const int socket = ::socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (socket < 0) return;
  // Not blocking: the kernel finishes the handshake with a listener on this machine by itself.
  [[maybe_unused]] const int result = connect(socket, address->ai_addr, address->ai_addrlen);
  close(socket);
}

}  // namespace stampd::server
