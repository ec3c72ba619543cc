// SPDX-License-Identifier: Apache-2.0
// Whom the gateway asks, when it asks again, whom it believes. Servers are played by the test, time is made.
#include "control/aaa/radius_nas.h"

#include "tests/unit/control/radius/radius_reply.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace espgate::control::radius {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

crypto::SecretBytes secret(std::string_view text) { return crypto::SecretBytes(octets_of(text)); }

class RadiusNas : public testing::Test {
 protected:
  RadiusNas() { make({}); }

  // `change` the settings: two servers, 3 s, 2 tries.
  void make(const std::function<void(Settings&)>& change) {
    Settings settings;
    settings.servers.push_back({"one port 1812", "one port 1813", secret("secret one")});
    settings.servers.push_back({"two port 1812", "two port 1813", secret("secret two")});
    settings.nas = {"gateway", 0x0a280001};
    settings.tries = 2;
    if (change) change(settings);
    nas_ = std::make_unique<Nas>(
        std::move(settings),
        [this](std::span<std::byte> bytes) {
          for (std::byte& byte : bytes) byte = std::byte(++random_ & 0xff);
        },
        [] { return std::chrono::system_clock::time_point(1'700'000'000s); });
  }

  static AccessRequest login(std::uint64_t id, std::string user = "alice") {
    AccessRequest request;
    request.id = id;
    request.question.user = std::move(user);
    request.question.method = ppp::Method::pap;
    request.question.password = secret("wonderland");
    request.session.session_id = "5e551011";
    return request;
  }

  AccountingRecord record(AccountingRecord::Kind kind, std::string session = "5e551011") const {
    AccountingRecord made;
    made.kind = kind;
    made.user = "alice";
    made.session.session_id = std::move(session);
    made.happened = now_;
    return made;
  }

  void pass(std::chrono::seconds time) {
    const TimePoint until = now_ + time;
    for (auto due = nas_->next_due(); due && *due <= until; due = nas_->next_due()) {
      now_ = std::max(now_, *due);
      nas_->on_timer(now_);
    }
    now_ = until;
  }

  void answer(const Nas::Datagram& request, Code code, const std::function<void(ReplyBuilder&)>& fill = {}) {
    const std::string of_server = request.server == 0 ? "secret one" : "secret two";
    ReplyBuilder reply(code, request.bytes);
    if (fill) fill(reply);
    nas_->on_datagram(request.service, request.server, reply.signed_with(of_server), now_);
  }

  // The number in an attribute of a request.
  static std::optional<std::uint32_t> number(Octets packet, std::uint8_t wanted) {
    for (std::size_t at = 20; at < packet.size(); at += std::to_integer<std::size_t>(packet[at + 1])) {
      if (packet[at] != std::byte(wanted)) continue;
      std::uint32_t value = 0;
      for (unsigned i = 0; i < 4; ++i)
        value = value << 8 | std::to_integer<std::uint32_t>(packet[at + 2 + i]);
      return value;
    }
    return std::nullopt;
  }

  std::unique_ptr<Nas> nas_;
  TimePoint now_{1000s};
  unsigned random_ = 0;
};

TEST_F(RadiusNas, AsksTheFirstServerAndPassesTheAnswerOn) {
  ASSERT_TRUE(nas_->ask(login(5), now_));
  const auto sent = nas_->take_datagrams();
  ASSERT_THAT(sent, SizeIs(1));
  EXPECT_EQ(sent[0].server, 0U);
  EXPECT_EQ(sent[0].service, Service::access);
  answer(sent[0], Code::access_accept);
  const auto answers = nas_->take_answers();
  ASSERT_THAT(answers, SizeIs(1));
  EXPECT_EQ(answers[0].id, 5U);
  EXPECT_TRUE(answers[0].decided);
  EXPECT_TRUE(answers[0].result.accepted);
  EXPECT_EQ(answers[0].server, "one port 1812");
  EXPECT_EQ(nas_->next_due(), std::nullopt);
}

TEST_F(RadiusNas, RepeatsTheSameBytesAndThenAsksTheNextServer) {
  ASSERT_TRUE(nas_->ask(login(5), now_));
  const auto first = nas_->take_datagrams();
  pass(3s);
  const auto second = nas_->take_datagrams();
  ASSERT_THAT(second, SizeIs(1));
  EXPECT_EQ(second[0].bytes, first[0].bytes) << "that is how the server knows that it is the same request";
  pass(3s);
  const auto third = nas_->take_datagrams();
  ASSERT_THAT(third, SizeIs(1));
  EXPECT_EQ(third[0].server, 1U);
  EXPECT_NE(third[0].bytes, first[0].bytes) << "another secret";
  answer(third[0], Code::access_accept);
  EXPECT_TRUE(nas_->take_answers().at(0).result.accepted);
}

TEST_F(RadiusNas, SaysWhyNobodyCouldBeAsked) {
  ASSERT_TRUE(nas_->ask(login(5), now_));
  pass(12s);
  const auto answers = nas_->take_answers();
  ASSERT_THAT(answers, SizeIs(1));
  EXPECT_FALSE(answers[0].decided);
  EXPECT_FALSE(answers[0].result.accepted);
  EXPECT_EQ(answers[0].result.error, 691U);
  EXPECT_THAT(answers[0].problem, HasSubstr("one port 1812 does not answer (2 tries, 3 s each)"));
  EXPECT_THAT(answers[0].problem, HasSubstr("two port 1812 does not answer"));
}

TEST_F(RadiusNas, AsksADeadServerLastForAWhile) {
  ASSERT_TRUE(nas_->ask(login(1), now_));
  pass(6s);
  (void)nas_->take_datagrams();
  ASSERT_TRUE(nas_->ask(login(2), now_));
  auto sent = nas_->take_datagrams();
  EXPECT_EQ(sent.at(0).server, 1U);
  answer(sent[0], Code::access_accept);
  EXPECT_TRUE(nas_->status(now_).servers[0].dead);
  pass(60s);
  EXPECT_FALSE(nas_->status(now_).servers[0].dead);
  (void)nas_->take_datagrams();
  ASSERT_TRUE(nas_->ask(login(3), now_));
  EXPECT_EQ(nas_->take_datagrams().at(0).server, 0U);
}

TEST_F(RadiusNas, TellsOnceThatAServerGoesAndComes) {
  for (unsigned i = 0; i < 3; ++i) ASSERT_TRUE(nas_->ask(login(i), now_));
  pass(6s);
  auto reports = nas_->take_reports();
  ASSERT_THAT(reports, SizeIs(1));
  EXPECT_THAT(reports[0].text, HasSubstr("one port 1812 does not answer"));
  EXPECT_EQ(reports[0].level, ppp::Level::warning);
  (void)nas_->take_datagrams();
  pass(61s);
  (void)nas_->take_reports();
  (void)nas_->take_datagrams();
  ASSERT_TRUE(nas_->ask(login(9), now_));
  answer(nas_->take_datagrams().at(0), Code::access_accept);
  reports = nas_->take_reports();
  ASSERT_THAT(reports, SizeIs(1));
  EXPECT_EQ(reports[0].text, "RADIUS: one port 1812 answers again");
}

TEST_F(RadiusNas, DoesNotBelieveAForgedAnswerAndWaitsForTheTrueOne) {
  ASSERT_TRUE(nas_->ask(login(5), now_));
  const auto sent = nas_->take_datagrams();
  nas_->on_datagram(Service::access, 0, ReplyBuilder(Code::access_accept, sent[0].bytes).signed_with("guess"),
                    now_);
  EXPECT_THAT(nas_->take_answers(), IsEmpty());
  answer(sent[0], Code::access_reject);
  const auto answers = nas_->take_answers();
  ASSERT_THAT(answers, SizeIs(1));
  EXPECT_FALSE(answers[0].result.accepted);
  EXPECT_EQ(nas_->status(now_).servers[0].counters.unauthentic, 1U);
}

TEST_F(RadiusNas, SaysThatTheSecretIsWrong) {
  make([](Settings& settings) { settings.servers.pop_back(); });
  ASSERT_TRUE(nas_->ask(login(5), now_));
  const auto sent = nas_->take_datagrams();
  nas_->on_datagram(Service::access, 0, ReplyBuilder(Code::access_reject, sent[0].bytes).signed_with("other"),
                    now_);
  pass(6s);
  EXPECT_THAT(nas_->take_answers().at(0).problem, HasSubstr("not as somebody does who knows the secret"));
}

TEST_F(RadiusNas, DoesNotBelieveAnAnswerWithAProxyStateThatItNeverSent) {
  ASSERT_TRUE(nas_->ask(login(5), now_));
  answer(nas_->take_datagrams().at(0), Code::access_accept,
         [](ReplyBuilder& reply) { reply.add(type::proxy_state, "collision"); });
  EXPECT_THAT(nas_->take_answers(), IsEmpty());
}

TEST_F(RadiusNas, InsistsOnMessageAuthenticatorFromAServerThatHasSentOne) {
  for (const bool with : {false, true, false}) {
    ASSERT_TRUE(nas_->ask(login(with ? 2 : 1), now_));
    const auto sent = nas_->take_datagrams();
    answer(sent[0], Code::access_accept, [&](ReplyBuilder& reply) {
      if (with) reply.add_message_authenticator("secret one");
    });
  }
  EXPECT_THAT(nas_->take_answers(), SizeIs(2)) << "the last one could be stripped of it";
}

TEST_F(RadiusNas, InsistsOnMessageAuthenticatorFromTheStartIfToldTo) {
  make([](Settings& settings) { settings.require_message_authenticator = true; });
  ASSERT_TRUE(nas_->ask(login(1), now_));
  const auto sent = nas_->take_datagrams();
  answer(sent[0], Code::access_accept);
  EXPECT_THAT(nas_->take_answers(), IsEmpty());
  answer(sent[0], Code::access_accept,
         [](ReplyBuilder& reply) { reply.add_message_authenticator("secret one"); });
  EXPECT_THAT(nas_->take_answers(), SizeIs(1));
}

TEST_F(RadiusNas, PassesOverWhatAnswersNothing) {
  ASSERT_TRUE(nas_->ask(login(5), now_));
  const auto sent = nas_->take_datagrams();
  nas_->on_datagram(Service::access, 0, octets_of("no RADIUS"), now_);
  answer(sent[0], Code::accounting_response);
  answer({Service::access, 1, sent[0].bytes}, Code::access_accept);
  EXPECT_THAT(nas_->take_answers(), IsEmpty());
  answer(sent[0], Code::access_accept);
  answer(sent[0], Code::access_accept);
  EXPECT_THAT(nas_->take_answers(), SizeIs(1));
}

TEST_F(RadiusNas, GoesOnAtOnceWhenNothingListens) {
  ASSERT_TRUE(nas_->ask(login(5), now_));
  (void)nas_->take_datagrams();
  nas_->on_refused(Service::access, 0, now_);
  EXPECT_EQ(nas_->take_datagrams().at(0).server, 1U);
  nas_->on_refused(Service::access, 1, now_);
  EXPECT_THAT(nas_->take_answers(), IsEmpty()) << "the last one may be restarting";
  pass(6s);
  EXPECT_THAT(nas_->take_answers().at(0).problem,
              HasSubstr("one port 1812 refuses: nothing listens there; two port 1812 refuses"));
}

TEST_F(RadiusNas, RefusesALoginWhenTooManyWait) {
  make([](Settings& settings) { settings.most_waiting = 3; });
  for (unsigned i = 0; i < 256 + 3; ++i) ASSERT_TRUE(nas_->ask(login(i), now_)) << i;
  EXPECT_THAT(nas_->take_datagrams(), SizeIs(256)) << "as many as an identifier tells apart";
  const auto refused = nas_->ask(login(999), now_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), "3 logins wait for the RADIUS servers already");
  EXPECT_EQ(nas_->status(now_).waiting_logins, 3U);
  EXPECT_EQ(nas_->status(now_).refused_logins, 1U);
}

TEST_F(RadiusNas, AsksForTheWaitingWhenThereIsRoomAgain) {
  for (unsigned i = 0; i < 257; ++i) ASSERT_TRUE(nas_->ask(login(i), now_));
  const auto sent = nas_->take_datagrams();
  answer(sent[100], Code::access_reject);
  const auto next = nas_->take_datagrams();
  ASSERT_THAT(next, SizeIs(1));
  EXPECT_EQ(next[0].bytes[1], sent[100].bytes[1]) << "the identifier that is free";
  answer(next[0], Code::access_accept);
  const auto answers = nas_->take_answers();
  ASSERT_THAT(answers, SizeIs(2));
  EXPECT_EQ(answers[1].id, 256U);
}

TEST_F(RadiusNas, DoesNotAskForAClientThatHasGivenUp) {
  make([](Settings& settings) {
    settings.patience = 4s;
    settings.tries = 10;
  });
  for (unsigned i = 0; i < 257; ++i) ASSERT_TRUE(nas_->ask(login(i), now_));
  pass(5s);
  const auto answers = nas_->take_answers();
  ASSERT_THAT(answers, SizeIs(1));
  EXPECT_EQ(answers[0].id, 256U);
  EXPECT_THAT(answers[0].problem, HasSubstr("waited 4 s"));
}

TEST_F(RadiusNas, RefusesWhatRadiusCantCarry) {
  EXPECT_THAT(nas_->ask(login(1, ""), now_).error(), HasSubstr("1 to 253 bytes"));
  EXPECT_THAT(nas_->ask(login(1, std::string(254, 'u')), now_).error(), HasSubstr("this one 254"));
  auto no_password = login(1);
  no_password.question.password = {};
  EXPECT_THAT(nas_->ask(std::move(no_password), now_).error(), HasSubstr("password"));
}

TEST_F(RadiusNas, TellsWhatHappenedUntilAServerAcknowledges) {
  nas_->account(record(AccountingRecord::Kind::stop), now_);
  auto sent = nas_->take_datagrams();
  ASSERT_THAT(sent, SizeIs(1));
  EXPECT_EQ(sent[0].service, Service::accounting);
  EXPECT_EQ(number(sent[0].bytes, type::acct_delay_time), 0U);
  EXPECT_EQ(number(sent[0].bytes, type::event_timestamp), 1'700'000'000U);
  pass(12s);  // both servers are silent
  (void)nas_->take_datagrams();
  const auto reports = nas_->take_reports();
  EXPECT_THAT(reports.back().text, HasSubstr("no RADIUS server takes accounting"));
  EXPECT_EQ(nas_->status(now_).waiting_records, 1U);
  pass(10s);
  sent = nas_->take_datagrams();
  ASSERT_FALSE(sent.empty());
  EXPECT_EQ(number(sent[0].bytes, type::acct_delay_time), 22U);
  EXPECT_EQ(number(sent[0].bytes, type::event_timestamp), 1'700'000'000U - 22);
  answer(sent[0], Code::accounting_response);
  EXPECT_EQ(nas_->status(now_).waiting_records, 0U);
  EXPECT_THAT(nas_->take_reports().back().text, HasSubstr("accounting works again"));
  EXPECT_EQ(nas_->next_due(), std::nullopt);
}

TEST_F(RadiusNas, TellsOfOneSessionInOrder) {
  nas_->account(record(AccountingRecord::Kind::start), now_);
  nas_->account(record(AccountingRecord::Kind::stop), now_);
  nas_->account(record(AccountingRecord::Kind::start, "another"), now_);
  auto sent = nas_->take_datagrams();
  ASSERT_THAT(sent, SizeIs(2)) << "the stop waits for the start to be acknowledged";
  answer(sent[0], Code::accounting_response);
  sent = nas_->take_datagrams();
  ASSERT_THAT(sent, SizeIs(1));
  EXPECT_EQ(number(sent[0].bytes, type::acct_status_type), 2U);
}

TEST_F(RadiusNas, AsksCarefullyWhetherAccountingWorksAgain) {
  for (const char* session : {"a", "b", "c"})
    nas_->account(record(AccountingRecord::Kind::stop, session), now_);
  pass(12s);
  (void)nas_->take_datagrams();
  pass(10s);
  auto sent = nas_->take_datagrams();
  ASSERT_THAT(sent, SizeIs(1));
  answer(sent[0], Code::accounting_response);
  EXPECT_THAT(nas_->take_datagrams(), SizeIs(2));
}

TEST_F(RadiusNas, LosesNoStopInSilence) {
  make([](Settings& settings) { settings.most_records = 1; });
  for (unsigned i = 0; i < 32; ++i)
    nas_->account(record(AccountingRecord::Kind::start, std::to_string(i)), now_);
  auto stop = record(AccountingRecord::Kind::stop, "lost");
  stop.octets_in = 12345;
  nas_->account(stop, now_);
  nas_->account(record(AccountingRecord::Kind::stop, "kept"), now_);
  const auto reports = nas_->take_reports();
  ASSERT_THAT(reports, SizeIs(1));
  EXPECT_EQ(reports[0].level, ppp::Level::warning);
  EXPECT_THAT(reports[0].text, HasSubstr("accounting stop of session lost, user \"alice\", is lost"));
  EXPECT_THAT(reports[0].text, HasSubstr("12345 bytes from the client"));
  EXPECT_EQ(nas_->status(now_).lost_records, 1U);
}

TEST_F(RadiusNas, TellsTheLogWhatItCouldNotTellAServer) {
  nas_->account(record(AccountingRecord::Kind::start), now_);
  nas_->account(record(AccountingRecord::Kind::stop), now_);
  nas_->close();
  const auto reports = nas_->take_reports();
  ASSERT_THAT(reports, SizeIs(2));
  EXPECT_THAT(reports[0].text, HasSubstr("accounting start of session 5e551011"));
  EXPECT_THAT(reports[1].text, HasSubstr("accounting stop of session 5e551011"));
  EXPECT_EQ(nas_->next_due(), std::nullopt);
}

TEST_F(RadiusNas, CountsOctetsBeyond32Bits) {
  auto stop = record(AccountingRecord::Kind::stop);
  stop.octets_in = 0x1234'89abcdef;
  stop.octets_out = 5;
  stop.session_time = 90s;
  stop.cause = TerminateCause::idle_timeout;
  nas_->account(stop, now_);
  const auto sent = nas_->take_datagrams();
  EXPECT_EQ(number(sent[0].bytes, type::acct_input_octets), 0x89abcdefU);
  EXPECT_EQ(number(sent[0].bytes, type::acct_input_gigawords), 0x1234U);
  EXPECT_EQ(number(sent[0].bytes, type::acct_output_octets), 5U);
  EXPECT_EQ(number(sent[0].bytes, type::acct_output_gigawords), 0U);
  EXPECT_EQ(number(sent[0].bytes, type::acct_session_time), 90U);
  EXPECT_EQ(number(sent[0].bytes, type::acct_terminate_cause), 4U);
}

}  // namespace
}  // namespace espgate::control::radius
