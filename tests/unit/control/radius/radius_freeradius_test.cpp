// SPDX-License-Identifier: Apache-2.0
// The client against a real FreeRADIUS, in a network of its own (see CMakeLists.txt).
//
//   Client ---- 127.0.0.1:1812, :1813 ---- FreeRADIUS
//      \------- 127.0.0.1:2812 ---- a socket of the test: silent, or passes on what it likes, when it likes
#include "control/aaa/radius_client.h"
#include "crypto/ike_hash.h"
#include "tests/unit/control/radius/freeradius_server.h"
#include "tests/unit/control/radius/radius_reply.h"

#include <algorithm>
#include <array>
#include <memory>
#include <string>

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

namespace espgate::control::radius {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::uint16_t own_port = 2812;
constexpr std::uint16_t nobodys_port = 3812;
constexpr std::uint32_t loopback = 0x7f000001;
const std::string secret = "testing, 123";
const std::string users = R"(alice	Cleartext-Password := "wonderland"
	Framed-IP-Address = 10.40.0.77,
	Framed-Route = "10.60.0.0/16 10.40.0.77 1",
	Framed-Route += "10.61.0.0/16 0.0.0.0 5",
	Class = 0x0001fe,
	Class += 0x74776f,
	Session-Timeout = 3600,
	Idle-Timeout = 600,
	Acct-Interim-Interval = 300,
	Framed-Pool = "sales",
	Filter-Id = "filter",
	MS-Primary-DNS-Server = 10.30.1.53,
	MS-Secondary-NBNS-Server = 10.30.1.54,
	Reply-Message = "hello"

bob	Cleartext-Password := "builder"
	Message-Authenticator = 0x00

carol	Auth-Type := Reject
	Reply-Message = "no more credit"
)";

// A UDP socket on the loopback interface that the test itself answers on.
class OwnSocket {
 public:
  explicit OwnSocket(std::uint16_t port) : descriptor_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    const sockaddr_in address = at(port);
    if (!descriptor_ ||
        ::bind(descriptor_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
      throw std::runtime_error("no socket for the test");
  }
  static sockaddr_in at(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(loopback);
    return address;
  }
  // Waits for one, and remembers where it came from.
  std::vector<std::byte> receive(sockaddr_in* from = nullptr) {
    std::vector<std::byte> bytes(largest_packet);
    sockaddr_in ignored{};
    sockaddr_in* into = from == nullptr ? &ignored : from;
    socklen_t length = sizeof *into;
    const ssize_t got = ::recvfrom(descriptor_.get(), bytes.data(), bytes.size(), 0,
                                   reinterpret_cast<sockaddr*>(into), &length);
    bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    return bytes;
  }
  void send(Octets bytes, const sockaddr_in& to) {
    (void)!::sendto(descriptor_.get(), bytes.data(), bytes.size(), 0, reinterpret_cast<const sockaddr*>(&to),
                    sizeof to);
  }

 private:
  channel::Descriptor descriptor_;
};

class RadiusWithFreeRadius : public testing::Test {
 protected:
  RadiusWithFreeRadius() { config_.radius.enabled = true; }

  void add_server(std::uint16_t port, std::uint16_t accounting_port, std::string_view with = secret) {
    auto& server = config_.radius.servers.emplace_back();
    server.address = wire::IpAddress::v4(loopback);
    server.port = port;
    server.accounting_port = accounting_port;
    server.secret = crypto::SecretBytes(octets_of(with));
  }
  void add_freeradius() { add_server(FreeRadiusServer::port, FreeRadiusServer::accounting_port); }

  void start() {
    auto client = Client::create(config_);
    ASSERT_TRUE(client) << client.error();
    client_ = std::move(*client);
  }

  static AccessRequest login(std::uint64_t id, std::string user, ppp::Method method) {
    AccessRequest request;
    request.id = id;
    request.session = {"5e551011", "198.51.100.7", "203.0.113.10", 7};
    request.question.user = std::move(user);
    request.question.method = method;
    request.question.identifier = 0x2a;
    for (std::size_t i = 0; i < request.question.challenge.size(); ++i)
      request.question.challenge[i] = std::byte(3 * i + 1);
    return request;
  }
  static AccessRequest pap(std::uint64_t id, std::string user, std::string_view password) {
    auto request = login(id, std::move(user), ppp::Method::pap);
    request.question.password = crypto::SecretBytes(octets_of(password));
    return request;
  }
  static AccessRequest chap(std::uint64_t id, std::string user, std::string_view password) {
    auto request = login(id, std::move(user), ppp::Method::chap_md5);
    const std::array identifier = {std::byte(request.question.identifier)};
    const auto digest =
        crypto::hash(crypto::IkeHash::md5, {identifier, octets_of(password), request.question.challenge});
    request.question.response.assign(digest.span().begin(), digest.span().end());
    return request;
  }
  static AccessRequest mschapv2(std::uint64_t id, std::string user, std::string_view password) {
    auto request = login(id, std::move(user), ppp::Method::mschapv2);
    ppp::Authenticate& question = request.question;
    crypto::MsChapChallenge peer{};
    peer.fill(std::byte{0x5a});
    const auto hash = crypto::nt_password_hash(octets_of(password));
    const auto response = crypto::nt_response(question.challenge, peer, question.user, hash.bytes());
    question.response.assign(peer.begin(), peer.end());
    question.response.resize(24);
    question.response.insert(question.response.end(), response.begin(), response.end());
    question.response.resize(crypto::mschapv2_response_bytes);
    return request;
  }

  // As the control process waits: on the descriptor, which becomes readable for datagrams and for time.
  template <typename Done>
  void wait_until(Done done) {
    while (!done()) {
      pollfd wait{client_->descriptor(), POLLIN, 0};
      ASSERT_EQ(::poll(&wait, 1, 60'000), 1) << "nothing comes";
      client_->step();
    }
  }
  std::vector<AccessAnswer> answers(std::size_t count) {
    std::vector<AccessAnswer> got;
    wait_until([&] {
      for (AccessAnswer& answer : client_->take_answers()) got.push_back(std::move(answer));
      return got.size() >= count;
    });
    return got;
  }
  AccessAnswer ask(AccessRequest request) {
    const auto asked = client_->ask(std::move(request));
    EXPECT_TRUE(asked) << asked.error();
    auto got = answers(1);
    return got.empty() ? AccessAnswer{} : std::move(got[0]);
  }

  config::Config config_;
  std::unique_ptr<Client> client_;
};

TEST_F(RadiusWithFreeRadius, PapIsAcceptedAndAttributesArrive) {
  const FreeRadiusServer server("\"" + secret + "\"", users);
  add_freeradius();
  start();
  const auto answer = ask(pap(11, "alice", "wonderland"));
  EXPECT_EQ(answer.id, 11U);
  EXPECT_TRUE(answer.decided);
  EXPECT_TRUE(answer.result.accepted);
  EXPECT_EQ(answer.result.message, "hello");
  EXPECT_EQ(answer.server, "127.0.0.1 port 1812");
  EXPECT_EQ(answer.address, 0x0a28004dU);
  ASSERT_THAT(answer.routes, SizeIs(2));
  EXPECT_EQ(answer.routes[0].prefix.to_string(), "10.60.0.0/16");
  EXPECT_EQ(answer.routes[0].gateway, 0x0a28004dU);
  EXPECT_EQ(answer.routes[1].metric, 5U);
  ASSERT_THAT(answer.classes, SizeIs(2));
  EXPECT_EQ(answer.classes[0], (std::vector{std::byte{0}, std::byte{1}, std::byte{0xfe}}));
  EXPECT_EQ(answer.session_timeout, 3600s);
  EXPECT_EQ(answer.idle_timeout, 600s);
  EXPECT_EQ(answer.interim_interval, 300s);
  EXPECT_EQ(answer.pool, "sales");
  EXPECT_EQ(answer.filter_id, "filter");
  EXPECT_EQ(answer.dns[0], 0x0a1e0135U);
  EXPECT_EQ(answer.nbns[1], 0x0a1e0136U);
  EXPECT_THAT(answer.warnings, IsEmpty());
}

TEST_F(RadiusWithFreeRadius, PapOfSeveralBlocksIsAccepted) {
  const std::string password(100, 'p');
  const FreeRadiusServer server("\"" + secret + "\"", "dave Cleartext-Password := \"" + password + "\"\n");
  add_freeradius();
  start();
  EXPECT_TRUE(ask(pap(1, "dave", password)).result.accepted);
}

TEST_F(RadiusWithFreeRadius, WrongPasswordsAreRefused) {
  const FreeRadiusServer server("\"" + secret + "\"", users);
  add_freeradius();
  start();
  for (auto* make : {pap, chap, mschapv2}) {
    const auto answer = ask(make(1, "alice", "wanderland"));
    EXPECT_TRUE(answer.decided);
    EXPECT_FALSE(answer.result.accepted);
    EXPECT_EQ(answer.result.error, 691U);
    EXPECT_EQ(answer.problem, "");
  }
  EXPECT_EQ(ask(pap(1, "carol", "x")).result.message, "no more credit");
}

TEST_F(RadiusWithFreeRadius, ChapMd5IsAccepted) {
  const FreeRadiusServer server("\"" + secret + "\"", users);
  add_freeradius();
  start();
  EXPECT_TRUE(ask(chap(1, "alice", "wonderland")).result.accepted);
}

TEST_F(RadiusWithFreeRadius, MsChapV2IsAcceptedWithTheServersProof) {
  const FreeRadiusServer server("\"" + secret + "\"", users);
  add_freeradius();
  start();
  auto request = mschapv2(1, "alice", "wonderland");
  const auto expected = crypto::verify_mschapv2(octets_of("wonderland"), request.question.challenge,
                                                request.question.response, "alice");
  const auto answer = ask(std::move(request));
  EXPECT_TRUE(answer.result.accepted);
  EXPECT_EQ(answer.result.authenticator_response, expected) << "what the client will insist on";
}

TEST_F(RadiusWithFreeRadius, MsChapV2sReasonForARefusalPasses) {
  const FreeRadiusServer server("\"" + secret + "\"", users);
  add_freeradius();
  start();
  const auto answer = ask(mschapv2(1, "alice", "wanderland"));
  EXPECT_EQ(answer.result.error, 691U);
  EXPECT_EQ(answer.result.message, "Authentication rejected") << "FreeRADIUS's own words";
}

TEST_F(RadiusWithFreeRadius, AMessageAuthenticatorOfTheServersIsChecked) {
  const FreeRadiusServer server("\"" + secret + "\"", users);
  add_freeradius();
  config_.radius.require_message_authenticator = true;
  config_.radius.tries = 1;
  config_.radius.timeout_seconds = 1;
  start();
  EXPECT_TRUE(ask(pap(1, "bob", "builder")).result.accepted);
  // FreeRADIUS of Debian 12 sends one where it is told to.
  const auto unsigned_answer = ask(pap(2, "alice", "wonderland"));
  EXPECT_FALSE(unsigned_answer.decided);
  EXPECT_THAT(unsigned_answer.problem, HasSubstr("does it send Message-Authenticator?"));
}

TEST_F(RadiusWithFreeRadius, WritesDownWhatSessionsDid) {
  const FreeRadiusServer server("\"" + secret + "\"", users);
  add_freeradius();
  start();
  AccountingRecord record;
  record.session = {"5e551011", "198.51.100.7", "203.0.113.10", 7};
  record.user = "alice";
  record.address = 0x0a28004d;
  record.classes = {{std::byte{0}, std::byte{1}, std::byte{0xfe}}};
  record.happened = std::chrono::steady_clock::now() - 42s;
  for (const auto kind :
       {AccountingRecord::Kind::start, AccountingRecord::Kind::interim, AccountingRecord::Kind::stop}) {
    record.kind = kind;
    record.octets_in = 0x2'00000007;
    record.octets_out = 0x3'00000008;
    record.packets_in = 11;
    record.packets_out = 12;
    record.session_time = 321s;
    record.cause = TerminateCause::idle_timeout;
    client_->account(record);
    wait_until([&, told = client_->status().servers[1].counters.acknowledged] {
      return client_->status().servers[1].counters.acknowledged > told;
    });
  }
  const std::string detail = server.detail();
  for (const char* line : {"Acct-Status-Type = Start",
                           "Acct-Status-Type = Interim-Update",
                           "Acct-Status-Type = Stop",
                           "User-Name = \"alice\"",
                           "Framed-IP-Address = 10.40.0.77",
                           "Class = 0x0001fe",
                           "Acct-Session-Id = \"5e551011\"",
                           "Calling-Station-Id = \"198.51.100.7\"",
                           "NAS-Port-Type = Virtual",
                           "Service-Type = Framed-User",
                           "Framed-Protocol = PPP",
                           "NAS-Identifier = \"espgate\"",
                           "Tunnel-Type:0 = L2TP",
                           "Acct-Input-Octets = 7",
                           "Acct-Input-Gigawords = 2",
                           "Acct-Output-Octets = 8",
                           "Acct-Output-Gigawords = 3",
                           "Acct-Input-Packets = 11",
                           "Acct-Output-Packets = 12",
                           "Acct-Session-Time = 321",
                           "Acct-Terminate-Cause = Idle-Timeout",
                           "Acct-Authentic = RADIUS"})
    EXPECT_THAT(detail, HasSubstr(line));
  EXPECT_THAT(detail, testing::ContainsRegex("Acct-Delay-Time = 4[2-9]"));
}

TEST_F(RadiusWithFreeRadius, GoesToTheSecondServerWhenNothingListensAtTheFirst) {
  const FreeRadiusServer server("\"" + secret + "\"", users);
  add_server(nobodys_port, nobodys_port);
  add_freeradius();
  start();
  const auto answer = ask(pap(1, "alice", "wonderland"));
  EXPECT_TRUE(answer.result.accepted);
  EXPECT_EQ(answer.server, "127.0.0.1 port 1812");
  EXPECT_TRUE(client_->status().servers[0].dead);
}

TEST_F(RadiusWithFreeRadius, GoesToTheSecondServerWhenTheFirstIsSilent) {
  const FreeRadiusServer server("\"" + secret + "\"", users);
  OwnSocket silent(own_port);
  add_server(own_port, own_port);
  add_freeradius();
  config_.radius.timeout_seconds = 1;
  config_.radius.tries = 2;
  start();
  EXPECT_TRUE(ask(pap(1, "alice", "wonderland")).result.accepted);
  EXPECT_EQ(silent.receive(), silent.receive()) << "two tries, the same request";
}

TEST_F(RadiusWithFreeRadius, SaysSoWhenNobodyAnswers) {
  add_server(nobodys_port, nobodys_port);
  config_.radius.timeout_seconds = 1;
  config_.radius.tries = 1;
  start();
  const auto answer = ask(pap(1, "alice", "wonderland"));
  EXPECT_FALSE(answer.decided);
  EXPECT_FALSE(answer.result.accepted);
  EXPECT_EQ(answer.problem,
            "no RADIUS server could be asked: 127.0.0.1 port 3812 refuses: nothing listens there");
}

TEST_F(RadiusWithFreeRadius, MentionsTheSecretWhenTheServerDiscardsWhatItCantVerify) {
  const FreeRadiusServer server("\"" + secret + "\"", users);
  add_server(FreeRadiusServer::port, FreeRadiusServer::accounting_port, "another secret");
  config_.radius.timeout_seconds = 1;
  config_.radius.tries = 1;
  start();
  const auto answer = ask(pap(1, "alice", "wonderland"));
  EXPECT_FALSE(answer.decided);
  EXPECT_THAT(answer.problem, HasSubstr("by the same secret?"));
}

// The test holds a login back and lets a later one through: whoever waits is in nobody's way.
TEST_F(RadiusWithFreeRadius, OneLateAnswerKeepsNobodyWaiting) {
  const FreeRadiusServer server("\"" + secret + "\"", users);
  OwnSocket between(own_port);
  add_server(own_port, own_port);
  config_.radius.timeout_seconds = 60;
  start();
  ASSERT_TRUE(client_->ask(pap(1, "alice", "wonderland")));
  sockaddr_in client{};
  const auto held = between.receive(&client);
  client_->step();
  EXPECT_THAT(client_->take_answers(), IsEmpty());

  ASSERT_TRUE(client_->ask(pap(2, "alice", "wanderland")));
  const auto pass_on = [&](Octets request) {
    between.send(request, OwnSocket::at(FreeRadiusServer::port));
    between.send(between.receive(), client);
  };
  pass_on(between.receive());
  const auto second = answers(1);
  ASSERT_THAT(second, SizeIs(1));
  EXPECT_EQ(second[0].id, 2U);
  EXPECT_FALSE(second[0].result.accepted);

  pass_on(held);
  const auto first = answers(1);
  ASSERT_THAT(first, SizeIs(1));
  EXPECT_EQ(first[0].id, 1U);
  EXPECT_TRUE(first[0].result.accepted);
}

// What radcli 1.2.11 of Debian 12 believes: any datagram with the identifier of the request.
TEST_F(RadiusWithFreeRadius, AForgedAnswerIsNotBelieved) {
  OwnSocket attacker(own_port);
  add_server(own_port, own_port);
  config_.radius.timeout_seconds = 1;
  config_.radius.tries = 1;
  start();
  ASSERT_TRUE(client_->ask(pap(1, "alice", "wonderland")));
  sockaddr_in client{};
  const auto request = attacker.receive(&client);
  attacker.send(ReplyBuilder(Code::access_accept, request).signed_with("a guess"), client);
  const auto answer = answers(1);
  ASSERT_THAT(answer, SizeIs(1));
  EXPECT_FALSE(answer[0].result.accepted);
  EXPECT_THAT(answer[0].problem, HasSubstr("not as somebody does who knows the secret"));
}

}  // namespace
}  // namespace espgate::control::radius
