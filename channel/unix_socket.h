// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "channel/descriptor.h"
#include "channel/error.h"

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <sys/socket.h>

namespace espgate::channel {

// A listening unix socket in the file system, 0600. One that a dead process left behind is replaced, one that
// a live process listens on is refused. The file goes with the object, unless another process has put its own
// there.
class UnixListener {
 public:
  // `type`: SOCK_STREAM or SOCK_SEQPACKET. `owner`: who may connect besides us and root; needs the right to
  // give the file away. Error: path too long, folder missing, already listened on.
  [[nodiscard]] static Expected<UnixListener> listen(const std::filesystem::path& path, int type,
                                                     std::optional<uid_t> owner = {});
  UnixListener(UnixListener&&) noexcept = default;
  UnixListener& operator=(UnixListener&&) = delete;
  ~UnixListener();

  [[nodiscard]] int descriptor() const { return socket_.get(); }
  // The next connection, non-blocking; none: nobody waits. With no descriptors left the caller is hung up on,
  // so that the socket does not stay readable for ever.
  [[nodiscard]] Descriptor accept();

 private:
  UnixListener(Descriptor socket, std::filesystem::path path);
  void remember_file();

  Descriptor socket_;
  Descriptor spare_;  // closed to make room for a connection that is only taken to be closed
  std::filesystem::path path_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

// Connects, non-blocking from then on. Error: in system words; the caller says what to start.
[[nodiscard]] Expected<Descriptor> connect_unix(const std::filesystem::path& path, int type);

// The process at the other end, as the kernel saw it when it connected or listened.
[[nodiscard]] ucred peer_credentials(int socket);

// One message of a SOCK_SEQPACKET socket, with descriptors.
struct Message {
  enum class Kind { message, nothing_yet, closed };
  static constexpr std::size_t capacity = 1024;

  Kind kind = Kind::closed;
  std::vector<std::byte> bytes;  // at most `capacity`
  bool cut = false;              // the message or its descriptors were longer than can be
  std::vector<Descriptor> descriptors;
};
[[nodiscard]] Message receive_message(int socket);
// False: the other side is gone, or does not read.
[[nodiscard]] bool send_message(int socket, std::span<const std::byte> bytes,
                                std::span<const int> descriptors = {});

}  // namespace espgate::channel
