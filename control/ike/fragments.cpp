// SPDX-License-Identifier: Apache-2.0
#include "control/ike/fragments.h"

#include "wire/isakmp_builder.h"
#include "wire/isakmp_payloads.h"

#include <algorithm>

namespace espgate::control::ike {

Fragments::Waiting& Fragments::find(const Cookies& cookies, std::uint16_t id, TimePoint now) {
  std::erase_if(waiting_, [&](const Waiting& each) {
    return each.since + most_age <= now || (each.cookies == cookies && each.id != id);
  });
  const auto found =
      std::ranges::find_if(waiting_, [&](const Waiting& each) { return each.cookies == cookies; });
  if (found != waiting_.end()) return *found;
  if (waiting_.size() >= most_messages) waiting_.pop_front();
  return waiting_.emplace_back(Waiting{.cookies = cookies, .id = id, .since = now, .pieces = {}});
}

Expected<std::optional<std::vector<std::byte>>> Fragments::add(const wire::IsakmpMessage& message,
                                                               TimePoint now) {
  auto walk = message.payloads();
  const auto first = walk.next();
  if (!first || !*first) return refuse(Reason::bad_fragment, "a fragment that is cut short");
  const auto piece = wire::IsakmpFragment::parse((*first)->body);
  if (!piece || piece->index > most_pieces || piece->data.empty())
    return refuse(Reason::bad_fragment, "a fragment that is malformed, or of too many");
  const Cookies cookies = {message.header().initiator_cookie.host(),
                           message.header().responder_cookie.host()};
  Waiting& waiting = find(cookies, piece->id, now);
  if (!waiting.pieces.contains(piece->index)) waiting.bytes += piece->data.size();
  const std::uint8_t highest = waiting.pieces.empty() ? std::uint8_t{0} : waiting.pieces.rbegin()->first;
  const bool behind_last =
      waiting.last != 0 && (piece->last ? piece->index != waiting.last : piece->index > waiting.last);
  const bool contradicts = behind_last || (piece->last && highest > piece->index);
  if (contradicts || waiting.bytes > most_bytes) {
    std::erase_if(waiting_, [&](const Waiting& each) { return &each == &waiting; });
    return refuse(Reason::bad_fragment, "fragments that contradict each other or are too large together");
  }
  waiting.pieces.try_emplace(piece->index, piece->data.begin(), piece->data.end());
  if (piece->last) waiting.last = piece->index;
  if (waiting.last == 0 || waiting.pieces.size() != waiting.last) return std::nullopt;
  std::vector<std::byte> whole;
  for (const auto& [index, bytes] : waiting.pieces) whole.insert(whole.end(), bytes.begin(), bytes.end());
  std::erase_if(waiting_, [&](const Waiting& each) { return &each == &waiting; });
  return whole;
}

std::vector<std::vector<std::byte>> cut_into_fragments(wire::Bytes message, std::size_t most_bytes,
                                                       std::uint16_t id) {
  constexpr std::size_t overhead = sizeof(wire::IsakmpHeader) + 4 + 4;
  const auto header = wire::load_header<wire::IsakmpHeader>(message.data());
  const std::size_t piece_bytes = most_bytes - overhead;
  std::vector<std::vector<std::byte>> datagrams;
  for (std::size_t begin = 0; begin < message.size(); begin += piece_bytes) {
    const std::size_t bytes = std::min(piece_bytes, message.size() - begin);
    const bool last = begin + bytes == message.size();
    wire::IsakmpBuilder builder(header.initiator_cookie.host(), header.responder_cookie.host(),
                                wire::IsakmpExchange{header.exchange_type}, 0, header.message_id.host());
    const auto index = static_cast<std::uint8_t>(datagrams.size() + 1);
    builder.payload(wire::IsakmpPayloadType::fragment,
                    {wire::isakmp_fragment(id, index, last, message.subspan(begin, bytes))});
    datagrams.push_back(builder.finish());
  }
  return datagrams;
}

}  // namespace espgate::control::ike
