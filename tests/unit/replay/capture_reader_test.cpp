// SPDX-License-Identifier: Apache-2.0
#include "dataplane/replay/capture_reader.h"

#include "tests/unit/replay/pcap_text.h"
#include "tests/unit/replay/temporary_file.h"

#include <cstdio>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pcap/pcap.h>

namespace espgate::replay {
namespace {

using testing::HasSubstr;
using testing::StartsWith;
using Order = PcapText::Order;

constexpr std::uint64_t nanoseconds_of_2023 = 1'700'000'000ULL * 1'000'000'000;

Expected<CaptureReader> open_text(const std::string& text) {
  std::FILE* file = std::tmpfile();
  std::fwrite(text.data(), 1, text.size(), file);
  std::rewind(file);
  return CaptureReader::from_file(file, "t.pcap");
}

std::string text_of(const Frame& frame) {
  return {reinterpret_cast<const char*>(frame.bytes.data()), frame.bytes.size()};
}

struct Form {
  const char* name;
  Order order;
  std::uint32_t magic;
  std::uint32_t fraction;  // of 123456789 nanoseconds, in the file's unit
  std::uint64_t nanoseconds;
  bool has_nanoseconds;
};

class CaptureForms : public testing::TestWithParam<Form> {};

TEST_P(CaptureForms, ReadsPacketsWithTheirTimes) {
  const Form& form = GetParam();
  PcapText pcap(form.order, form.magic, DLT_EN10MB);
  pcap.packet(1'700'000'000, form.fraction, "abcd").packet(1'700'000'001, 0, "xyz", 3, 1500);
  auto reader = open_text(pcap.text());
  ASSERT_TRUE(reader) << reader.error().to_string();
  EXPECT_EQ(reader->link_type(), DLT_EN10MB);
  EXPECT_EQ(reader->link_type_name(), "EN10MB (Ethernet)");
  EXPECT_EQ(reader->has_nanoseconds(), form.has_nanoseconds);

  auto frame = reader->next();
  ASSERT_TRUE(frame && *frame);
  EXPECT_EQ((*frame)->nanoseconds, nanoseconds_of_2023 + form.nanoseconds);
  EXPECT_EQ(text_of(**frame), "abcd");
  EXPECT_FALSE((*frame)->cut());

  frame = reader->next();
  ASSERT_TRUE(frame && *frame);
  EXPECT_EQ(text_of(**frame), "xyz");
  EXPECT_EQ((*frame)->original_length, 1500U);
  EXPECT_TRUE((*frame)->cut());

  frame = reader->next();
  ASSERT_TRUE(frame);
  EXPECT_FALSE(*frame);
  EXPECT_EQ(reader->frames_read(), 2U);
}

INSTANTIATE_TEST_SUITE_P(
    CaptureReader, CaptureForms,
    testing::Values(
        Form{"MicrosecondsLittle", Order::little, pcap_magic, 123'456, 123'456'000, false},
        Form{"MicrosecondsBig", Order::big, pcap_magic, 123'456, 123'456'000, false},
        Form{"NanosecondsLittle", Order::little, pcap_nanosecond_magic, 123'456'789, 123'456'789, true},
        Form{"NanosecondsBig", Order::big, pcap_nanosecond_magic, 123'456'789, 123'456'789, true}),
    [](const auto& row) { return row.param.name; });

TEST(CaptureReader, DeliversEveryWholePacketOfAFileCutAnywhere) {
  PcapText pcap(Order::little, pcap_magic, DLT_EN10MB);
  std::vector<std::size_t> ends = {pcap.text().size()};
  for (const char* bytes : {"one", "two and more", "3"})
    ends.push_back(pcap.packet(1, 2, bytes).text().size());

  for (std::size_t length = 0; length <= pcap.text().size(); ++length) {
    SCOPED_TRACE(length);
    auto reader = open_text(pcap.text().substr(0, length));
    if (length < ends[0]) {
      ASSERT_FALSE(reader);
      EXPECT_EQ(reader.error().where, "t.pcap");
      continue;
    }
    ASSERT_TRUE(reader) << reader.error().to_string();
    std::size_t whole = 0;
    while (whole + 1 < ends.size() && ends[whole + 1] <= length) ++whole;
    for (std::size_t i = 0; i < whole; ++i) {
      auto frame = reader->next();
      ASSERT_TRUE(frame && *frame);
    }
    auto end = reader->next();
    if (ends[whole] == length) {
      ASSERT_TRUE(end);
      EXPECT_FALSE(*end);
      continue;
    }
    ASSERT_FALSE(end);
    EXPECT_THAT(end.error().what, StartsWith("breaks off after packet " + std::to_string(whole) + ": "));
    end = reader->next();
    ASSERT_TRUE(end) << "an error is told once";
    EXPECT_FALSE(*end);
  }
}

TEST(CaptureReader, ReadsTheRecordedSessions) {
  for (const char* session : {"aes128-sha1", "aes128gcm16", "nat-random-ports"}) {
    auto reader = CaptureReader::open(capture_path(session, "outer.pcap"));
    ASSERT_TRUE(reader) << reader.error().to_string();
    std::uint64_t last = 0;
    for (auto frame = reader->next(); frame && *frame; frame = reader->next()) last = (*frame)->nanoseconds;
    EXPECT_GT(reader->frames_read(), 1000U);
    EXPECT_GT(last, nanoseconds_of_2023);
    EXPECT_TRUE(reader->next());
  }
}

struct BadFile {
  const char* content;
  std::size_t size;
  const char* message;
};

TEST(CaptureReader, SaysWhatIsWrongWithAFile) {
  const std::vector<BadFile> cases = {
      {"", 0, "t.pcap: is empty; a capture has at least a file header: was it written to the end?"},
      {"\x1f\x8b\x08\x00", 4, "t.pcap: is compressed; decompress it first, or pipe it into -"},
      {"\x28\xb5\x2f\xfd", 4, "t.pcap: is compressed; decompress it first, or pipe it into -"},
      {"src 10.0.0.1", 12,
       "t.pcap: is not a capture: it starts with neither pcap's nor pcapng's magic number; "
       "other formats can be converted with: editcap -F pcapng FILE OUT"},
      {"\xd4\xc3", 2,
       "t.pcap: is not a capture: it starts with neither pcap's nor pcapng's magic number; "
       "other formats can be converted with: editcap -F pcapng FILE OUT"},
  };
  for (const BadFile& bad : cases) {
    auto reader = open_text(std::string(bad.content, bad.size));
    ASSERT_FALSE(reader);
    EXPECT_EQ(reader.error().to_string(), bad.message);
    EXPECT_EQ(reader.error().kind, ErrorKind::input);
  }
}

TEST(CaptureReader, SaysWhatIsWrongWithAPath) {
  auto missing = CaptureReader::open("/nonexistent/in.pcap");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().to_string(),
            "/nonexistent/in.pcap: can't be opened: No such file or directory; "
            "give the path of a capture, or - for standard input");
  auto directory = CaptureReader::open("/tmp");
  ASSERT_FALSE(directory);
  EXPECT_EQ(directory.error().to_string(), "/tmp: is a directory; name a capture file in it");
}

TEST(CaptureReader, RefusesALinkTypeByItsName) {
  auto reader = open_text(PcapText(Order::little, pcap_magic, 127).text());
  ASSERT_FALSE(reader);
  EXPECT_THAT(
      reader.error().to_string(),
      StartsWith("t.pcap: frames of type IEEE802_11_RADIO (802.11 plus radiotap header) are not supported; "
                 "supported are Ethernet, "));
}

TEST(CaptureReader, SurvivesLengthsThatAreOutOfAllProportion) {
  for (const std::uint32_t snap_length : {0U, 1U, 0x7fffffffU, 0x80000000U, 0xffffffffU}) {
    for (const std::uint32_t captured : {100U, 262144U, 262145U, 0x7fffffffU, 0xffffffffU}) {
      SCOPED_TRACE(testing::Message() << "snap length " << snap_length << ", packet " << captured);
      PcapText pcap(Order::little, pcap_magic, DLT_EN10MB, snap_length);
      pcap.packet(1, 0, "short", captured, captured);
      auto reader = open_text(pcap.text());
      ASSERT_TRUE(reader) << reader.error().to_string();
      const auto frame = reader->next();
      ASSERT_FALSE(frame);
      EXPECT_THAT(frame.error().what, StartsWith("breaks off after packet 0: "));
    }
  }
}

TEST(CaptureReader, ReadsAPipeThatDeliversByteByByte) {
  PcapText pcap(Order::big, pcap_nanosecond_magic, DLT_RAW);
  pcap.packet(1, 2, "abc");
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  std::FILE* in = ::fdopen(ends[0], "rb");
  std::setvbuf(in, nullptr, _IONBF, 0);  // the hardest case for giving bytes back
  ASSERT_EQ(::write(ends[1], pcap.text().data(), pcap.text().size()),
            static_cast<ssize_t>(pcap.text().size()));
  ::close(ends[1]);
  auto reader = CaptureReader::from_file(in, "pipe");
  ASSERT_TRUE(reader) << reader.error().to_string();
  const auto frame = reader->next();
  ASSERT_TRUE(frame && *frame);
  EXPECT_EQ(text_of(**frame), "abc");
  EXPECT_EQ((*frame)->nanoseconds, 1'000'000'002U);
}

}  // namespace
}  // namespace espgate::replay
