// SPDX-License-Identifier: Apache-2.0
// A client that says anything, in any order, at any time: no IP before it is known, only the address that it
// was given, and a record at any point is as good as the session.
#include "control/ppp/ppp_session.h"
#include "tests/fuzz/invariant.h"

#include <algorithm>
#include <map>

using namespace espgate;
using namespace espgate::control;
using ppp::TimePoint;

namespace {

class Server {
 public:
  explicit Server(unsigned kind) {
    settings_.methods = kind % 2 == 0
                            ? std::vector{ppp::Method::mschapv2, ppp::Method::chap_md5, ppp::Method::pap}
                            : std::vector{ppp::Method::pap};
    settings_.gateway_address = 0x0a280001;
    settings_.dhcp.routes = {{{0x0a1e0000, 16}, 0}};
    session_ = std::make_unique<ppp::PppSession>(settings_, environment());
    session_->start(now_);
    take();
  }
  void run(wire::Bytes input) {
    while (input.size() >= 2) {
      const auto operation = std::to_integer<unsigned>(input[0]);
      const std::size_t length =
          std::min<std::size_t>(std::to_integer<std::size_t>(input[1]), input.size() - 2);
      step(operation, input.subspan(2, length));
      input = input.subspan(2 + length);
    }
  }

 private:
  ppp::PppSession::Environment environment() {
    return {[this](std::span<std::byte> bytes) {
              for (std::byte& byte : bytes) byte = std::byte(++random_ & 0xff);
            },
            {}};
  }
  void step(unsigned operation, wire::Bytes argument) {
    switch (operation % 8) {
      case 0:
        session_->on_frame(argument, now_);
        break;
      case 1:
        acknowledge(argument);
        break;
      case 2:
        session_->on_authenticated(question_, {operation < 128, "S=00", 691, "text"}, now_);
        break;
      case 3:
        session_->on_address(address_question_, ppp::Assigned{0x0a28000a, {1, 0}, {2, 0}}, "", now_);
        break;
      case 4:
        session_->on_opened(opening_question_, operation < 192, now_);
        break;
      case 5:
        now_ += std::chrono::milliseconds(1 + 20 * operation);
        session_->on_timer(now_);
        break;
      case 6:
        if (const auto due = session_->next_due()) now_ = std::max(now_, *due);
        session_->on_timer(now_);
        break;
      default:
        store(operation);
        break;
    }
    take();
  }
  // Our own last Configure-Request, answered: with an Ack, or by another code.
  void acknowledge(wire::Bytes argument) {
    auto frame = last_request_;
    if (frame.size() < 4) return;
    frame[2] = argument.empty() ? std::byte{2} : std::byte{2} | (argument[0] & std::byte{7});
    session_->on_frame(frame, now_);
  }
  void store(unsigned operation) {
    if (operation < 32) return session_->close("the fuzzer stops", now_);
    SecretEncoder out;
    session_->encode(out);
    Decoder in(out.result());
    const auto phase = session_->phase();
    session_ = ppp::PppSession::decode(in, settings_, environment(), now_);
    fuzz::require(session_ != nullptr && in.complete() && session_->phase() == phase);
  }
  void take() {
    for (auto& action : session_->take_actions())
      std::visit([this](const auto& what) { note(what); }, action);
    fuzz::require(session_->phase() == ppp::PppSession::Phase::down || session_->next_due().has_value());
    if (session_->is_ip_up()) fuzz::require(known_ && session_->assigned().address == 0x0a28000a);
  }
  void note(const ppp::SendFrame& send) {
    fuzz::require(!down_ && send.bytes.size() >= 6 && send.bytes.size() <= 66000);
    const auto frame = wire::PppFrame::parse(send.bytes);
    fuzz::require(frame.has_value());
    if (frame->protocol() == wire::ppp_ipv4) return;
    const auto packet = wire::PppPacket::parse(frame->payload());
    fuzz::require(packet.has_value());
    if (packet->code == 1) last_request_ = send.bytes;
    // The client may send IP once it has this, so the data plane must be open.
    if (frame->protocol() == wire::ppp_ipcp && packet->code == 2) fuzz::require(opened_or_asked_);
  }
  void note(const ppp::Authenticate& what) { question_ = what.question; }
  void note(const ppp::NeedAddress& what) { address_question_ = what.question; }
  void note(const ppp::LinkUp& what) {
    fuzz::require(what.mru <= settings_.mru);
    known_ = true;
  }
  void note(const ppp::IpOpening& what) {
    fuzz::require(known_ && what.address == 0x0a28000a);
    opening_question_ = what.question;
    opened_or_asked_ = true;
  }
  void note(const ppp::IpUp& /*what*/) { fuzz::require(known_ && opened_or_asked_); }
  void note(const ppp::IpDown& /*what*/) { opened_or_asked_ = false; }
  void note(const ppp::Down& what) {
    fuzz::require(!down_ && !what.reason.empty());
    down_ = true;
  }
  void note(const ppp::Report& what) { fuzz::require(!what.text.empty()); }

  ppp::Settings settings_;
  std::unique_ptr<ppp::PppSession> session_;
  std::uint32_t random_ = 0;
  TimePoint now_{std::chrono::hours(1)};
  ppp::Question question_ = 0, address_question_ = 0, opening_question_ = 0;
  std::vector<std::byte> last_request_;
  bool known_ = false, opened_or_asked_ = false, down_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const wire::Bytes input = fuzz::as_bytes(data, size);
  if (size == 0) return 0;
  Server(data[0]).run(input.subspan(1));
  // A record that nobody wrote.
  static const ppp::Settings settings;
  Decoder in(input);
  const TimePoint now(std::chrono::hours(2));
  if (auto session = ppp::PppSession::decode(in, settings, {[](std::span<std::byte>) {}, {}}, now)) {
    session->on_timer(now + std::chrono::hours(1));
    session->close("", now);
  }
  return 0;
}
