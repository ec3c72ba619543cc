// SPDX-License-Identifier: Apache-2.0
#include "dataplane/replay/capture_writer.h"

#include "dataplane/replay/capture_reader.h"
#include "dataplane/replay/pcapng_blocks.h"
#include "tests/unit/replay/temporary_file.h"

#include <csignal>
#include <cstring>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pcap/pcap.h>
#include <sys/resource.h>
#include <sys/stat.h>

namespace espgate::replay {
namespace {

using testing::HasSubstr;

struct Packet {
  std::uint64_t nanoseconds;
  std::string bytes;
  std::uint32_t original_length;

  friend bool operator==(const Packet&, const Packet&) = default;
};

std::vector<Packet> read_back(const std::string& path, int link_type) {
  auto reader = CaptureReader::open(path);
  EXPECT_TRUE(reader) << reader.error().to_string();
  std::vector<Packet> packets;
  if (!reader) return packets;
  EXPECT_EQ(reader->link_type(), link_type);
  auto frame = reader->next();
  for (; frame && *frame; frame = reader->next()) {
    packets.push_back({(*frame)->nanoseconds,
                       {reinterpret_cast<const char*>((*frame)->bytes.data()), (*frame)->bytes.size()},
                       (*frame)->original_length});
  }
  EXPECT_TRUE(frame) << frame.error().to_string();
  return packets;
}

OutputFrame frame_of(const Packet& packet) {
  return {packet.nanoseconds, std::as_bytes(std::span(packet.bytes)), packet.original_length, {}};
}

struct Output {
  const char* name;
  const char* suffix;
  OutputLink link;
  int dlt;
  TimestampPrecision precision;
  std::uint64_t resolution;  // nanoseconds that a time is rounded down to
};

class CaptureOutputs : public testing::TestWithParam<Output> {};

TEST_P(CaptureOutputs, AreReadBackByLibpcap) {
  const Output& output = GetParam();
  const TemporaryFile file(output.suffix);
  // Every padding of pcapng, an empty packet, one that was cut, and the longest one.
  std::vector<Packet> packets = {{1'795'422'691'868'339'123, "a", 1},
                                 {1'795'422'691'868'339'999, "ab", 2},
                                 {1'795'422'692'000'000'000, "abc", 3},
                                 {1'795'422'692'000'000'001, "abcd", 4},
                                 {0, "", 0},
                                 {1, "cut", 1500},
                                 {2, std::string(max_frame_bytes, 'x'), max_frame_bytes}};
  auto writer = CaptureWriter::create(file.path(), output.link, output.precision);
  ASSERT_TRUE(writer) << writer.error().to_string();
  for (const Packet& packet : packets) ASSERT_TRUE(writer->write(frame_of(packet)));
  ASSERT_TRUE(writer->close());

  for (Packet& packet : packets) packet.nanoseconds -= packet.nanoseconds % output.resolution;
  EXPECT_EQ(read_back(file.path(), output.dlt), packets);
  struct stat status = {};
  ASSERT_EQ(::stat(file.path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U) << "what was encrypted is for the owner only";
}

INSTANTIATE_TEST_SUITE_P(
    CaptureWriter, CaptureOutputs,
    testing::Values(
        Output{"Pcap", ".pcap", OutputLink::raw_ip, DLT_RAW, TimestampPrecision::microseconds, 1000},
        Output{"PcapNanoseconds", ".pcap", OutputLink::raw_ip, DLT_RAW, TimestampPrecision::nanoseconds, 1},
        Output{"PcapEthernet", "", OutputLink::ethernet, DLT_EN10MB, TimestampPrecision::microseconds, 1000},
        Output{"Pcapng", ".pcapng", OutputLink::raw_ip, DLT_RAW, TimestampPrecision::microseconds, 1},
        Output{"PcapngEthernet", ".pcapng", OutputLink::ethernet, DLT_EN10MB, TimestampPrecision::nanoseconds,
               1}),
    [](const auto& row) { return row.param.name; });

TEST(CaptureWriter, CopiesARecordedSession) {
  const std::string original = capture_path("aes128-sha1", "expected.pcap");
  const std::vector<Packet> packets = read_back(original, DLT_RAW);
  ASSERT_GT(packets.size(), 1000U);
  for (const char* suffix : {".pcap", ".pcapng"}) {
    const TemporaryFile file(suffix);
    auto writer = CaptureWriter::create(file.path(), OutputLink::raw_ip, TimestampPrecision::nanoseconds);
    ASSERT_TRUE(writer);
    for (const Packet& packet : packets) ASSERT_TRUE(writer->write(frame_of(packet)));
    ASSERT_TRUE(writer->close());
    EXPECT_EQ(read_back(file.path(), DLT_RAW), packets);
  }
}

// draft-ietf-opsawg-pcapng §4.3: block type 6, then the options behind the padded packet.
TEST(CaptureWriter, PutsCommentsIntoPcapngBlocks) {
  std::vector<std::byte> block;
  const std::string bytes = "12345";
  append_pcapng_packet(block,
                       {0x0000000100000002, std::as_bytes(std::span(bytes)), 9, "dropped: esp_bad_icv"});
  const std::vector<std::uint32_t> head = {6, 68, 0, 1, 2, 5, 9};
  ASSERT_EQ(block.size(), 68U);
  EXPECT_EQ(std::memcmp(block.data(), head.data(), 28), 0);
  EXPECT_EQ(
      std::memcmp(block.data() + 28, "12345\0\0\0\x01\0\x14\0dropped: esp_bad_icv\0\0\0\0\x44\0\0\0", 40), 0);
}

TEST(CaptureWriter, TellsThatTheDiskIsFull) {
  auto writer = CaptureWriter::create("/dev/full", OutputLink::raw_ip, TimestampPrecision::microseconds);
  ASSERT_FALSE(writer);
  EXPECT_EQ(writer.error().kind, ErrorKind::output);
  EXPECT_EQ(writer.error().where, "/dev/full");
  EXPECT_THAT(writer.error().what, HasSubstr("No space left on device"));
}

TEST(CaptureWriter, TellsWhyAFileCanNotBeCreated) {
  auto writer =
      CaptureWriter::create("/nonexistent/out.pcap", OutputLink::raw_ip, TimestampPrecision::microseconds);
  ASSERT_FALSE(writer);
  EXPECT_EQ(writer.error().to_string(), "/nonexistent/out.pcap: can't be created: No such file or directory");
  EXPECT_EQ(writer.error().kind, ErrorKind::output);
}

// Lets files of this process grow to some size only: like a disk that fills up in the middle of a capture.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    previous_handler_ = std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &previous_);
    const rlimit limit = {bytes, previous_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &previous_);
    std::signal(SIGXFSZ, previous_handler_);
  }

 private:
  rlimit previous_ = {};
  void (*previous_handler_)(int) = SIG_DFL;
};

TEST(CaptureWriter, LeavesAWholeCaptureWhenTheDiskFillsUp) {
  for (const char* suffix : {".pcap", ".pcapng"}) {
    const TemporaryFile file(suffix);
    const Packet packet = {1'000'000'000, std::string(1000, 'p'), 1000};
    auto writer = CaptureWriter::create(file.path(), OutputLink::raw_ip, TimestampPrecision::microseconds);
    ASSERT_TRUE(writer);
    Expected<void> done;
    {
      const FileSizeLimit limit(1'000'000);
      for (int i = 0; done && i < 3000; ++i) done = writer->write(frame_of(packet));
    }
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().to_string(), file.path() +
                                            ": can't be written: File too large; what was written before is "
                                            "a whole capture");
    EXPECT_EQ(done.error().kind, ErrorKind::output);
    EXPECT_FALSE(writer->write(frame_of(packet))) << "nothing goes behind a hole";
    EXPECT_FALSE(writer->close());
    const auto packets = read_back(file.path(), DLT_RAW);  // fails on a broken record
    EXPECT_GT(packets.size(), 500U);
  }
}

TEST(CaptureWriter, RefusesAFrameThatReadersWouldRefuse) {
  const TemporaryFile file(".pcap");
  auto writer = CaptureWriter::create(file.path(), OutputLink::raw_ip, TimestampPrecision::microseconds);
  ASSERT_TRUE(writer);
  const auto done = writer->write(frame_of({0, std::string(max_frame_bytes + 1, 'x'), 0}));
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().what, HasSubstr("262145 bytes"));
  EXPECT_TRUE(writer->close());
  EXPECT_TRUE(writer->close()) << "closing twice is harmless";
  EXPECT_FALSE(writer->write(frame_of({0, "x", 1})));
}

}  // namespace
}  // namespace espgate::replay
