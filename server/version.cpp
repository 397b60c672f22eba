#include "server/version.h"

namespace stampd::server {

std::string_view Version() { return STAMPD_VERSION; }

}  // namespace stampd::server
