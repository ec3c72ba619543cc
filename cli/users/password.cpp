// SPDX-License-Identifier: Apache-2.0
#include "cli/users/password.h"

#include "config/secret_file.h"
#include "control/aaa/secrets_words.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ostream>
#include <span>
#include <string_view>

#include <fmt/format.h>
#include <sys/random.h>
#include <termios.h>
#include <unistd.h>

namespace espgate::cli {
namespace {

using Password = tl::expected<crypto::SecretBytes, std::string>;

constexpr std::size_t longest_line = 4096;  // longer ones are no passwords, and are refused below

// What is typed is not shown; back as it was when this goes.
class WithoutEcho {
 public:
  WithoutEcho() : changed_(::tcgetattr(STDIN_FILENO, &before_) == 0) {
    termios hidden = before_;
    hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    if (changed_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
  }
  WithoutEcho(const WithoutEcho&) = delete;
  WithoutEcho& operator=(const WithoutEcho&) = delete;
  ~WithoutEcho() {
    if (changed_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }

 private:
  termios before_{};
  bool changed_;
};

// By system calls: a stream would leave copies behind.
crypto::SecretBytes read_line() {
  crypto::SecretBytes line(longest_line);
  std::size_t used = 0;
  while (used < longest_line) {
    const ssize_t got = ::read(STDIN_FILENO, line.data() + used, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0 || line.data()[used] == std::byte{'\n'}) break;
    ++used;
  }
  return crypto::SecretBytes(line.bytes().first(used));
}

crypto::SecretBytes without_return(crypto::SecretBytes line) {
  if (line.empty() || line.bytes().back() != std::byte{'\r'}) return line;
  return crypto::SecretBytes(line.bytes().first(line.size() - 1));
}

Password type_twice(std::ostream& prompt) {
  const WithoutEcho quiet;
  prompt << "password: " << std::flush;
  crypto::SecretBytes first = read_line();
  prompt << "\nonce more: " << std::flush;
  const crypto::SecretBytes second = read_line();
  prompt << '\n' << std::flush;
  if (!crypto::equal_in_constant_time(first.bytes(), second.bytes()))
    return tl::unexpected<std::string>("the two passwords differ");
  return first;
}

Password read_file(const std::string& path) {
  auto file = config::read_secret_file(path, 64U << 10);
  if (!file) return tl::unexpected(path + ": " + file.error());
  const auto bytes = file->content.bytes();
  const auto end = std::ranges::find(bytes, std::byte{'\n'});
  if (std::ranges::any_of(std::span(end, bytes.end()),
                          [](std::byte byte) { return byte != std::byte{'\n'}; }))
    return tl::unexpected(path + ": has more than one line; a password is one");
  return crypto::SecretBytes(std::span(bytes.begin(), end));
}

Password checked(crypto::SecretBytes password) {
  const std::string_view text(reinterpret_cast<const char*>(password.data()), password.size());
  if (text.empty()) return tl::unexpected<std::string>("an empty password: anybody could come");
  if (text.size() > control::SecretsWords::longest)
    return tl::unexpected(
        fmt::format("a password of more than {} bytes would not be read", control::SecretsWords::longest));
  if (text.find('\0') != std::string_view::npos)
    return tl::unexpected<std::string>("a password with a zero byte in it would not be read");
  if (text.starts_with("@/"))
    return tl::unexpected<std::string>(
        "a password that begins with @/ would be taken for the name of a file");
  return password;
}

}  // namespace

crypto::SecretBytes generate_password() {
  // 32 of them: five bits each. Without 0, 1, I and O.
  constexpr std::string_view letters = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
  static_assert(letters.size() == 32);
  constexpr std::size_t length = 24;
  crypto::SecretBytes password(length);
  while (::getrandom(password.data(), length, 0) != static_cast<ssize_t>(length)) {
  }
  for (std::byte& byte : password.bytes())
    byte = static_cast<std::byte>(letters[std::to_integer<std::size_t>(byte) % letters.size()]);
  return password;
}

Password take_password(const PasswordSource& source, std::ostream& prompt) {
  if (source.generate) return generate_password();
  auto password = !source.file.empty() && source.file != "-" ? read_file(source.file)
                  : ::isatty(STDIN_FILENO) == 1              ? type_twice(prompt)
                                                             : Password(read_line());
  if (!password) return password;
  return checked(without_return(std::move(*password)));
}

}  // namespace espgate::cli
