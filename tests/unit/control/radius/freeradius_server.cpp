// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/control/radius/freeradius_server.h"

#include "channel/descriptor.h"

#include <array>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string_view>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

namespace espgate::control::radius {
namespace {

// {0}: its folder, {1}: the secret, {2} and {3}: the ports.
constexpr std::string_view configuration = R"(name = test
libdir = /usr/lib/freeradius
confdir = {0}
raddbdir = {0}
logdir = {0}
run_dir = {0}
log {{
  destination = stdout
}}
security {{
  reject_delay = 0
  status_server = no
  allow_vulnerable_openssl = yes
}}
client loopback {{
  ipaddr = 127.0.0.1
  secret = {1}
  require_message_authenticator = yes
}}
modules {{
  pap {{
  }}
  chap {{
  }}
  mschap {{
    use_mppe = no
  }}
  files {{
    usersfile = {0}/users
  }}
  detail {{
    filename = {0}/detail
  }}
}}
server default {{
  listen {{
    type = auth
    ipaddr = 127.0.0.1
    port = {2}
  }}
  listen {{
    type = acct
    ipaddr = 127.0.0.1
    port = {3}
  }}
  authorize {{
    chap
    mschap
    files
    pap
  }}
  authenticate {{
    Auth-Type PAP {{
      pap
    }}
    Auth-Type CHAP {{
      chap
    }}
    Auth-Type MS-CHAP {{
      mschap
    }}
  }}
  accounting {{
    detail
  }}
}}
)";

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// The child of a fork: only what is safe there.
[[noreturn]] void become_server(const char* folder, int output) {
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  ::execl("/usr/sbin/freeradius", "freeradius", "-f", "-l", "stdout", "-d", folder, nullptr);
  constexpr std::string_view missing = "/usr/sbin/freeradius can't be run: install the package freeradius\n";
  (void)!::write(STDERR_FILENO, missing.data(), missing.size());
  ::_exit(127);
}

}  // namespace

FreeRadiusServer::FreeRadiusServer(const std::string& secret, const std::string& users) {
  std::string name = (std::filesystem::temp_directory_path() / "espgate-radius-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no folder for FreeRADIUS");
  folder_ = name;
  std::ofstream(folder_ / "radiusd.conf")
      << fmt::format(fmt::runtime(configuration), name, secret, port, accounting_port);
  std::ofstream(folder_ / "users") << users;
  for (const char* file : {"radiusd.conf", "users"})
    std::filesystem::permissions(folder_ / file, std::filesystem::perms::owner_read);
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe for FreeRADIUS");
  const channel::Descriptor output(ends[0]);
  channel::Descriptor input(ends[1]);
  process_ = ::fork();
  if (process_ == 0) become_server(name.c_str(), input.get());
  input.reset();
  std::string said;
  std::array<char, 4096> buffer;
  while (said.find("Ready to process requests") == std::string::npos) {
    const ssize_t got = ::read(output.get(), buffer.data(), buffer.size());
    if (got <= 0) throw std::runtime_error("FreeRADIUS has ended: " + said);
    said.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

FreeRadiusServer::~FreeRadiusServer() {
  if (process_ > 0) {
    ::kill(process_, SIGTERM);
    ::waitpid(process_, nullptr, 0);
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::string FreeRadiusServer::detail() const { return read_file(folder_ / "detail"); }

}  // namespace espgate::control::radius
