// SPDX-License-Identifier: Apache-2.0
#include "config/radius_secret.h"

#include "config/printable.h"
#include "config/radius.h"
#include "config/secret_file.h"

#include <algorithm>

#include <fmt/format.h>
#include <sys/stat.h>

namespace espgate::config {

std::optional<std::string> fault_of_radius_secret(std::span<const std::byte> characters) {
  if (characters.empty()) return "it is empty";
  if (characters.size() > RadiusServer::longest_secret)
    return fmt::format("it is longer than {} bytes", RadiusServer::longest_secret);
  const auto is_control = [](std::byte byte) { return byte < std::byte{' '} || byte == std::byte{0x7f}; };
  if (std::ranges::any_of(characters, is_control)) return "it has a control character in it";
  return std::nullopt;
}

tl::expected<crypto::SecretBytes, PresharedKeyFileError> read_radius_secret_file(
    const std::filesystem::path& path) {
  const auto fail = [&](std::string_view why, std::string hint = {}) {
    return tl::unexpected(PresharedKeyFileError{
        fmt::format("secret_file: {} {}", in_quotes(path.string()), why), std::move(hint)});
  };
  const auto file = read_regular_secret_file(path, 2 * RadiusServer::longest_secret);
  if (!file) return fail(file.error());
  if ((file->mode & (S_IRWXG | S_IRWXO)) != 0)
    return fail(fmt::format("may be used by others than its owner (mode {:04o})", file->mode),
                "chmod 600 " + printable(path.string()));
  std::span<const std::byte> characters = file->content.bytes();
  while (!characters.empty() &&
         (characters.back() == std::byte{'\n'} || characters.back() == std::byte{'\r'}))
    characters = characters.first(characters.size() - 1);
  if (const auto fault = fault_of_radius_secret(characters)) return fail("holds no secret: " + *fault);
  return crypto::SecretBytes(characters);
}

}  // namespace espgate::config
