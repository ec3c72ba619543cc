// SPDX-License-Identifier: Apache-2.0
#include "channel/handshake.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace espgate::channel {
namespace {

constexpr std::string_view both_from_one_package = "restart both from one package";

Expected<Preamble> parse_preamble(std::span<const std::byte> message, std::string_view sender) {
  Preamble preamble = {};
  if (message.size() < sizeof preamble) {
    return tl::unexpected(
        fmt::format("{} sent a message of {} bytes, too short for any", sender, message.size()));
  }
  std::memcpy(&preamble, message.data(), sizeof preamble);
  if (preamble.magic != magic) {
    return tl::unexpected(
        fmt::format("{} does not speak espgate's channel; is another program there?", sender));
  }
  return preamble;
}

// The whole message, if it is of this version, type and size.
template <typename T>
Expected<T> parse(std::span<const std::byte> message, std::string_view sender, std::string_view receiver) {
  const auto preamble = parse_preamble(message, sender);
  if (!preamble) return tl::unexpected(preamble.error());
  if (preamble->version != abi_version) {
    return tl::unexpected(fmt::format("{} speaks version {} of the channel, {} speaks {}; {}", sender,
                                      preamble->version, receiver, abi_version, both_from_one_package));
  }
  T parsed;
  if (preamble->type != parsed.preamble.type || message.size() != sizeof parsed) {
    return tl::unexpected(fmt::format("{} sent message {} of {} bytes where {} of {} was expected; {}",
                                      sender, static_cast<std::uint32_t>(preamble->type), message.size(),
                                      static_cast<std::uint32_t>(parsed.preamble.type), sizeof parsed,
                                      both_from_one_package));
  }
  std::memcpy(static_cast<void*>(&parsed), message.data(), sizeof parsed);
  return parsed;
}

Expected<void> check_layout(const Layout& theirs, std::string_view sender, std::string_view receiver) {
  for (std::size_t i = 0; i < theirs.size(); ++i) {
    if (theirs[i] == layout_entries[i].value) continue;
    return tl::unexpected(fmt::format("{} is built differently from {}: {} is {} there, {} here; {}", sender,
                                      receiver, layout_entries[i].name, theirs[i], layout_entries[i].value,
                                      both_from_one_package));
  }
  return {};
}

std::string refusal_text(std::span<const std::byte> message) {
  const auto text = message.subspan(offsetof(Refusal, why));
  const auto end = std::ranges::find(text, std::byte{0});
  std::string why(reinterpret_cast<const char*>(text.data()), static_cast<std::size_t>(end - text.begin()));
  // It goes to a log: only what can be printed.
  std::ranges::replace_if(why, [](char c) { return c < ' ' || c > '~'; }, '?');
  return why;
}

}  // namespace

Layout our_layout() {
  Layout layout = {};
  std::ranges::transform(layout_entries, layout.begin(), &LayoutEntry::value);
  return layout;
}

std::string layout_text() { return fmt::format("{}:{}", abi_version, fmt::join(our_layout(), ",")); }

Refusal make_refusal(std::string_view why) {
  Refusal refusal;
  why.copy(refusal.why.data(), refusal.why.size() - 1);
  return refusal;
}

Expected<void> check_hello(std::span<const std::byte> message) {
  const auto hello = parse<Hello>(message, "control", "the data plane");
  if (!hello) return tl::unexpected(hello.error());
  return check_layout(hello->layout, "control", "the data plane");
}

Expected<void> check_handover(std::span<const std::byte> message, std::size_t descriptors) {
  const auto handover = parse<StateHandover>(message, "control", "the data plane");
  if (!handover) return tl::unexpected(handover.error());
  if (descriptors != 1) {
    return tl::unexpected(
        fmt::format("control handed over its state with {} descriptors instead of one", descriptors));
  }
  return {};
}

// A refusal is understood from any version: it is how a data plane of another version answers.
Expected<Welcome> parse_welcome(std::span<const std::byte> message, std::size_t descriptors) {
  const auto preamble = parse_preamble(message, "the data plane");
  if (!preamble) return tl::unexpected(preamble.error());
  if (preamble->type == MessageType::refusal) {
    return tl::unexpected(fmt::format("the data plane refuses: {}", refusal_text(message)));
  }
  auto welcome = parse<Welcome>(message, "the data plane", "control");
  if (!welcome) return welcome;
  if (auto same = check_layout(welcome->layout, "the data plane", "control"); !same) {
    return tl::unexpected(same.error());
  }
  const bool counts = welcome->workers >= 1 && welcome->workers <= Welcome::most_workers &&
                      welcome->slots >= 1 && welcome->slots <= Welcome::most_slots;
  const std::size_t needed = Welcome::descriptors_without_state;
  if (!counts || (descriptors != needed && descriptors != needed + 1)) {
    return tl::unexpected(
        fmt::format("the data plane's welcome makes no sense: {} workers, {} slots, {} descriptors",
                    welcome->workers, welcome->slots, descriptors));
  }
  return welcome;
}

}  // namespace espgate::channel
