// SPDX-License-Identifier: Apache-2.0
#include "channel/unix_socket.h"

#include <array>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/un.h>

namespace espgate::channel {
namespace {

constexpr std::size_t most_descriptors = 8;
constexpr int backlog = 16;

Expected<sockaddr_un> address_of(const std::filesystem::path& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  const std::string& text = path.native();
  if (text.empty() || text.size() >= sizeof address.sun_path) {
    return tl::unexpected(
        fmt::format("{}: a socket's path has 1 to {} bytes, this has {}; set a shorter "
                    "runtime_directory",
                    text, sizeof address.sun_path - 1, text.size()));
  }
  std::memcpy(address.sun_path, text.data(), text.size());
  return address;
}

const sockaddr* generic(const sockaddr_un& address) { return reinterpret_cast<const sockaddr*>(&address); }

tl::unexpected<std::string> system_error(const std::filesystem::path& path, std::string_view what) {
  return tl::unexpected(fmt::format("{}: {}: {}", path.string(), what, std::strerror(errno)));
}

// Whether a file in the way is a socket that nobody listens on any more.
Expected<void> remove_stale(const std::filesystem::path& path, int type) {
  struct stat status = {};
  if (::lstat(path.c_str(), &status) != 0) return {};
  if (!S_ISSOCK(status.st_mode)) {
    return tl::unexpected(fmt::format("{}: is there and is no socket; remove it", path.string()));
  }
  const auto address = address_of(path);
  const Descriptor probe(::socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!address || !probe) return system_error(path, "can't make a socket");
  if (::connect(probe.get(), generic(*address), sizeof *address) == 0) {
    return tl::unexpected(fmt::format("{}: another process (pid {}) listens there; stop it first",
                                      path.string(), peer_credentials(probe.get()).pid));
  }
  if (errno != ECONNREFUSED) return system_error(path, "is there, and can't be replaced");
  if (::unlink(path.c_str()) != 0 && errno != ENOENT)
    return system_error(path, "can't remove what a dead process left");
  return {};
}

// Room for `most_descriptors`, aligned as a control message must be.
union ControlBuffer {
  cmsghdr alignment;
  std::array<char, CMSG_SPACE(most_descriptors * sizeof(int))> bytes;
};

void take_descriptors(msghdr& header, std::vector<Descriptor>& into) {
  for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr; part = CMSG_NXTHDR(&header, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int number = -1;
      std::memcpy(&number, CMSG_DATA(part) + i * sizeof(int), sizeof number);
      into.emplace_back(number);
    }
  }
}

}  // namespace

UnixListener::UnixListener(Descriptor socket, std::filesystem::path path)
    : socket_(std::move(socket)), spare_(::open("/dev/null", O_RDONLY | O_CLOEXEC)), path_(std::move(path)) {}

// Between bind() and listen() nobody can connect, so the mode is narrow before the first connection.
Expected<UnixListener> UnixListener::listen(const std::filesystem::path& path, int type,
                                            std::optional<uid_t> owner) {
  const auto address = address_of(path);
  if (!address) return tl::unexpected(address.error());
  if (auto removed = remove_stale(path, type); !removed) return tl::unexpected(removed.error());
  UnixListener listener(Descriptor(::socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)), path);
  const int socket = listener.descriptor();
  if (socket < 0) return system_error(path, "can't make a socket");
  if (::bind(socket, generic(*address), sizeof *address) != 0)
    return system_error(path, "can't make the socket there");
  listener.remember_file();
  if (::chmod(path.c_str(), 0600) != 0) return system_error(path, "can't make the socket private");
  if (owner && *owner != ::geteuid() && ::chown(path.c_str(), *owner, static_cast<gid_t>(-1)) != 0) {
    return system_error(path, fmt::format("can't give the socket to user {}", *owner));
  }
  if (::listen(socket, backlog) != 0) return system_error(path, "can't listen");
  return listener;
}

void UnixListener::remember_file() {
  struct stat status = {};
  if (::lstat(path_.c_str(), &status) != 0) return;
  device_ = status.st_dev;
  inode_ = status.st_ino;
}

UnixListener::~UnixListener() {
  struct stat status = {};
  if (!socket_ || inode_ == 0 || ::lstat(path_.c_str(), &status) != 0) return;
  if (status.st_dev == device_ && status.st_ino == inode_) ::unlink(path_.c_str());
}

Descriptor UnixListener::accept() {
  Descriptor connection(::accept4(socket_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (connection || (errno != EMFILE && errno != ENFILE)) return connection;
  spare_.reset();
  Descriptor(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC)).reset();
  spare_.reset(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  return {};
}

Expected<Descriptor> connect_unix(const std::filesystem::path& path, int type) {
  const auto address = address_of(path);
  if (!address) return tl::unexpected(address.error());
  Descriptor socket(::socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) return system_error(path, "can't make a socket");
  if (::connect(socket.get(), generic(*address), sizeof *address) != 0)
    return system_error(path, "can't connect");
  return socket;
}

ucred peer_credentials(int socket) {
  ucred credentials = {0, static_cast<uid_t>(-1), static_cast<gid_t>(-1)};
  socklen_t length = sizeof credentials;
  (void)::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &length);
  return credentials;
}

Message receive_message(int socket) {
  Message message;
  message.bytes.resize(Message::capacity);
  ControlBuffer control = {};
  iovec part = {message.bytes.data(), message.bytes.size()};
  msghdr header = {};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = &control;
  header.msg_controllen = sizeof control;
  ssize_t got = -1;
  do {  // ECONNRESET is told once, ahead of messages that wait, when the other side closes without reading
        // all of ours
    got = ::recvmsg(socket, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  } while (got < 0 && (errno == EINTR || errno == ECONNRESET));
  if (got > 0) {
    message.kind = Message::Kind::message;
  } else if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
    message.kind = Message::Kind::nothing_yet;
  }
  message.bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  if (got < 0) return message;
  message.cut = (header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0;
  take_descriptors(header, message.descriptors);
  return message;
}

bool send_message(int socket, std::span<const std::byte> bytes, std::span<const int> descriptors) {
  ControlBuffer control = {};
  iovec part = {const_cast<std::byte*>(bytes.data()), bytes.size()};
  msghdr header = {};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  if (!descriptors.empty()) {
    header.msg_control = &control;
    header.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
    cmsghdr* rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(descriptors.size_bytes());
    std::memcpy(CMSG_DATA(rights), descriptors.data(), descriptors.size_bytes());
  }
  ssize_t sent = -1;
  do {
    sent = ::sendmsg(socket, &header, MSG_DONTWAIT | MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent == static_cast<ssize_t>(bytes.size());
}

}  // namespace espgate::channel
