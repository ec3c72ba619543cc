// SPDX-License-Identifier: Apache-2.0
#include "control/aaa/radius_answer.h"

#include "config/printable.h"
#include "control/aaa/radius_attributes.h"
#include "control/aaa/radius_text.h"

#include <fmt/format.h>

namespace espgate::control::radius {
namespace {

using std::chrono::seconds;

constexpr std::uint32_t client_chooses = 0xffffffff, nas_chooses = 0xfffffffe;  // RFC 2865 §5.8
constexpr std::uint32_t least_interim = 60;                                     // RFC 2869 §5.16
constexpr std::size_t most_routes = 64;
constexpr std::size_t most_classes = 8;
constexpr unsigned authentication_failure = 691;  // RFC 2759 §6
constexpr std::string_view wrong_password = "wrong user name or password";

std::string text_of(Octets value) { return {reinterpret_cast<const char*>(value.data()), value.size()}; }

// Reads the attributes of one reply.
class Understanding {
 public:
  explicit Understanding(const AccessRequest& request) : question_(request.question) {
    answer_.id = request.id;
    answer_.decided = true;
  }

  void read(const Attribute& attribute) {
    if (attribute.vendor == 0) return read_standard(attribute);
    if (attribute.vendor == microsoft) read_microsoft(attribute);
  }

  AccessAnswer accept() {
    answer_.result.accepted = true;
    if (question_.method == ppp::Method::mschapv2) take_proof();
    if (!answer_.result.accepted) return refuse();
    answer_.result.message = reply_message_;
    return std::move(answer_);
  }

  AccessAnswer reject() {
    answer_.result.error = error_.error;
    answer_.result.message = !error_.message.empty()   ? error_.message
                             : !reply_message_.empty() ? reply_message_
                                                       : std::string(wrong_password);
    return refuse();
  }

  // A second question to the user, as one-time passwords need it, has no place in PPP's protocols.
  AccessAnswer challenge() {
    answer_.problem =
        "the server has a further question for the user (Access-Challenge), which PAP and CHAP can't pass "
        "on; "
        "let it decide by one answer";
    return reject();
  }

 private:
  // Nothing that was granted counts.
  AccessAnswer refuse() {
    AccessAnswer refused;
    refused.id = answer_.id;
    refused.decided = true;
    refused.result.error = answer_.result.error;
    refused.result.message = answer_.result.message;
    refused.problem = answer_.problem;
    return refused;
  }

  void warn(std::string what) { answer_.warnings.push_back(std::move(what)); }

  std::optional<std::uint32_t> number(const Attribute& attribute, std::string_view name) {
    if (attribute.value.size() != 4) {
      warn(fmt::format("{} has {} bytes instead of 4 and is passed over", name, attribute.value.size()));
      return std::nullopt;
    }
    std::uint32_t value = 0;
    for (const std::byte byte : attribute.value) value = value << 8 | std::to_integer<std::uint32_t>(byte);
    return value;
  }

  void read_limit(const Attribute& attribute, std::string_view name, std::optional<seconds>& into) {
    const auto value = number(attribute, name);
    if (value && *value != 0) into = seconds(*value);
  }

  void read_standard(const Attribute& attribute) {
    switch (attribute.type) {
      case type::user_name:
        answer_.user = text_of(attribute.value);
        return;
      case type::framed_ip_address:
        return read_address(attribute);
      case type::framed_route:
        return read_route(attribute);
      case type::framed_pool:
        answer_.pool = text_of(attribute.value);
        return;
      case type::filter_id:
        answer_.filter_id = text_of(attribute.value);
        return;
      case type::class_value:
        if (answer_.classes.size() < most_classes && !attribute.value.empty())
          answer_.classes.emplace_back(attribute.value.begin(), attribute.value.end());
        return;
      case type::session_timeout:
        return read_limit(attribute, "Session-Timeout", answer_.session_timeout);
      case type::idle_timeout:
        return read_limit(attribute, "Idle-Timeout", answer_.idle_timeout);
      case type::acct_interim_interval:
        return read_interim(attribute);
      case type::reply_message:
        reply_message_ += text_of(attribute.value);
        return;
      default:
        return;
    }
  }

  void read_address(const Attribute& attribute) {
    const auto value = number(attribute, "Framed-IP-Address");
    if (!value || *value == nas_chooses || *value == client_chooses) return;
    const std::uint32_t first_byte = *value >> 24;
    if (first_byte == 0 || first_byte == 127 || first_byte >= 224)
      return warn(fmt::format("Framed-IP-Address {:#010x} is no host's; one of the pool is given", *value));
    answer_.address = value;
  }

  void read_route(const Attribute& attribute) {
    const std::string text = text_of(attribute.value);
    const auto route = parse_framed_route(text);
    if (!route) return warn("Framed-Route is not understood: " + config::in_quotes(text));
    if (answer_.routes.size() == most_routes)
      return warn(
          fmt::format("more than {} Framed-Route; {} is passed over", most_routes, config::in_quotes(text)));
    answer_.routes.push_back(*route);
  }

  void read_interim(const Attribute& attribute) {
    const auto value = number(attribute, "Acct-Interim-Interval");
    if (!value || *value == 0) return;
    if (*value < least_interim)
      warn(fmt::format("Acct-Interim-Interval {} is less than {}, which is taken", *value, least_interim));
    answer_.interim_interval = seconds(std::max(*value, least_interim));
  }

  void read_server(const Attribute& attribute, std::string_view name, std::uint32_t& into) {
    if (const auto value = number(attribute, name)) into = *value;
  }

  void read_microsoft(const Attribute& attribute) {
    switch (attribute.type) {
      case microsoft_type::chap_error:
        if (auto error = parse_ms_chap_error(attribute.value)) error_ = std::move(*error);
        return;
      case microsoft_type::chap2_success:
        proof_ = parse_ms_chap2_success(attribute.value);
        return;
      case microsoft_type::primary_dns_server:
        return read_server(attribute, "MS-Primary-DNS-Server", answer_.dns[0]);
      case microsoft_type::secondary_dns_server:
        return read_server(attribute, "MS-Secondary-DNS-Server", answer_.dns[1]);
      case microsoft_type::primary_nbns_server:
        return read_server(attribute, "MS-Primary-NBNS-Server", answer_.nbns[0]);
      case microsoft_type::secondary_nbns_server:
        return read_server(attribute, "MS-Secondary-NBNS-Server", answer_.nbns[1]);
      default:
        return;
    }
  }

  // Without it the client, who wants to see that the server knows the password too, would hang up.
  void take_proof() {
    answer_.result.accepted = proof_ && proof_->identifier == question_.identifier;
    if (answer_.result.accepted) {
      answer_.result.authenticator_response = proof_->response;
      if (reply_message_.empty()) reply_message_ = proof_->message;
      return;
    }
    answer_.problem = !proof_
                          ? "the server accepts the user, but without a proper MS-CHAP2-Success, which the "
                            "client insists on; does its mschap module know the password?"
                          : "the server accepts the user, but its MS-CHAP2-Success is for another question";
    answer_.result.message = wrong_password;
  }

  const ppp::Authenticate& question_;
  AccessAnswer answer_;
  std::string reply_message_;
  MsChapError error_{authentication_failure, {}};
  std::optional<MsChap2Success> proof_;
};

}  // namespace

AccessAnswer understand(const Reply& reply, const AccessRequest& request) {
  Understanding understanding(request);
  for (const Attribute& attribute : reply.attributes()) understanding.read(attribute);
  switch (reply.code()) {
    case Code::access_accept:
      return understanding.accept();
    case Code::access_challenge:
      return understanding.challenge();
    default:
      return understanding.reject();
  }
}

AccessAnswer no_answer(const AccessRequest& request, std::string problem) {
  AccessAnswer answer;
  answer.id = request.id;
  answer.result.error = authentication_failure;
  answer.result.message = "nobody can say now whether the password is right; try again later";
  answer.problem = std::move(problem);
  return answer;
}

}  // namespace espgate::control::radius
