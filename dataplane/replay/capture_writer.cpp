// SPDX-License-Identifier: Apache-2.0
#include "dataplane/replay/capture_writer.h"

#include "dataplane/replay/pcapng_blocks.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <pcap/pcap.h>
#include <stdio_ext.h>
#include <sys/stat.h>
#include <unistd.h>

namespace espgate::replay {
namespace {

constexpr std::size_t buffer_bytes = std::size_t{1} << 18;
constexpr std::size_t pcap_record_header_bytes = 16;

tl::unexpected<Error> output_error(std::string_view name, std::string what) {
  return fail({std::move(what), std::string(name), {}, ErrorKind::output});
}

Expected<std::FILE*> open_output(const std::string& path, const std::string& name) {
  const int descriptor = path == "-" ? ::dup(STDOUT_FILENO)
                                     : ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  std::FILE* file = descriptor < 0 ? nullptr : ::fdopen(descriptor, "wb");
  if (file == nullptr) return output_error(name, fmt::format("can't be created: {}", std::strerror(errno)));
  return file;
}

timeval to_timeval(std::uint64_t nanoseconds, TimestampPrecision precision) {
  const auto fraction = static_cast<suseconds_t>(nanoseconds % 1'000'000'000);
  return {.tv_sec = static_cast<time_t>(nanoseconds / 1'000'000'000),
          .tv_usec = precision == TimestampPrecision::nanoseconds ? fraction : fraction / 1000};
}

}  // namespace

// The open file in either format. Records are handed to the system only whole, several at a time, so that
// after a failed write the end of the last whole record is known.
class CaptureWriter::Output {
 public:
  Output(std::FILE* file, std::string name) : file_(file), name_(std::move(name)), buffer_(buffer_bytes) {
    static_cast<void>(std::setvbuf(file_, buffer_.data(), _IOFBF, buffer_.size()));
  }
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;
  ~Output() { release(); }

  Expected<void> start_pcapng(OutputLink link) {
    block_ = pcapng_file_header(link);
    static_cast<void>(std::fwrite(block_.data(), 1, block_.size(), file_));  // flush() sees errors
    return flush(block_.size());
  }

  Expected<void> start_pcap(OutputLink link, TimestampPrecision precision) {
    precision_ = precision;
    handle_ = pcap_open_dead_with_tstamp_precision(
        link == OutputLink::ethernet ? DLT_EN10MB : DLT_RAW, max_frame_bytes,
        precision == TimestampPrecision::nanoseconds ? PCAP_TSTAMP_PRECISION_NANO
                                                     : PCAP_TSTAMP_PRECISION_MICRO);
    if (handle_ != nullptr) dumper_ = pcap_dump_fopen(handle_, file_);
    if (dumper_ == nullptr) return output_error(name_, "can't be written as a capture");
    return flush(sizeof(pcap_file_header));
  }

  Expected<void> write(const OutputFrame& frame) {
    if (failure_) return fail(*failure_);
    if (file_ == nullptr) return output_error(name_, "is closed");
    if (frame.bytes.size() > max_frame_bytes) {
      return output_error(name_, fmt::format("a frame of {} bytes is longer than a capture may hold ({})",
                                             frame.bytes.size(), max_frame_bytes));
    }
    const std::size_t size =
        dumper_ != nullptr ? pcap_record_header_bytes + frame.bytes.size() : encode(frame);
    if (pending_ + size > buffer_.size()) {
      if (auto done = flush(0); !done) return done;
    }
    errno = 0;
    if (dumper_ != nullptr) {
      dump(frame);
    } else {
      static_cast<void>(std::fwrite(block_.data(), 1, block_.size(), file_));  // flush() sees errors
    }
    pending_ += size;
    return std::ferror(file_) != 0 || pending_ > buffer_.size() ? flush(0) : Expected<void>();
  }

  Expected<void> close() {
    if (failure_) return fail(*failure_);
    if (file_ == nullptr) return {};
    auto result = flush(0);
    release();
    return result;
  }

 private:
  std::size_t encode(const OutputFrame& frame) {
    block_.clear();
    append_pcapng_packet(block_, frame);
    return block_.size();
  }

  void dump(const OutputFrame& frame) {
    const auto captured = static_cast<bpf_u_int32>(frame.bytes.size());
    const pcap_pkthdr header = {.ts = to_timeval(frame.nanoseconds, precision_),
                                .caplen = captured,
                                .len = std::max(captured, frame.original_length)};
    pcap_dump(reinterpret_cast<u_char*>(dumper_), &header,
              reinterpret_cast<const u_char*>(frame.bytes.data()));
  }

  // Hands what is pending, and `more` bytes that were not counted yet, to the system.
  Expected<void> flush(std::size_t more) {
    const bool failed_before = std::ferror(file_) != 0;
    if (!failed_before) errno = 0;
    if (!failed_before && std::fflush(file_) == 0) {
      whole_bytes_ += static_cast<off_t>(std::exchange(pending_, 0) + more);
      return {};
    }
    failure_ = Error{fmt::format("can't be written: {}", std::strerror(errno == 0 ? EIO : errno)), name_,
                     "what was written before is a whole capture", ErrorKind::output};
    __fpurge(file_);  // or closing would try the rest again
    cut_to_whole_records();
    return fail(*failure_);
  }

  void cut_to_whole_records() {
    struct stat status = {};
    if (::fstat(::fileno(file_), &status) != 0 || !S_ISREG(status.st_mode) || status.st_size <= whole_bytes_)
      return;
    if (::ftruncate(::fileno(file_), whole_bytes_) != 0) failure_->hint = "its last packet is incomplete";
  }

  void release() {
    if (dumper_ != nullptr) {
      pcap_dump_close(std::exchange(dumper_, nullptr));  // closes file_ as well
    } else if (file_ != nullptr) {
      static_cast<void>(std::fclose(file_));
    }
    file_ = nullptr;
    if (handle_ != nullptr) pcap_close(std::exchange(handle_, nullptr));
  }

  std::FILE* file_;
  std::string name_;
  std::vector<char> buffer_;  // stdio's
  std::vector<std::byte> block_;
  pcap_t* handle_ = nullptr;
  pcap_dumper_t* dumper_ = nullptr;
  TimestampPrecision precision_ = TimestampPrecision::nanoseconds;
  std::size_t pending_ = 0;  // bytes of records since the last flush
  off_t whole_bytes_ = 0;    // bytes that the system has taken, up to the end of a record
  std::optional<Error> failure_;
};

CaptureWriter::CaptureWriter(std::unique_ptr<Output> output) : output_(std::move(output)) {}
CaptureWriter::CaptureWriter(CaptureWriter&&) noexcept = default;
CaptureWriter& CaptureWriter::operator=(CaptureWriter&&) noexcept = default;
CaptureWriter::~CaptureWriter() = default;

Expected<CaptureWriter> CaptureWriter::create(const std::string& path, OutputLink link,
                                              TimestampPrecision precision) {
  const std::string name = path == "-" ? "standard output" : path;
  auto file = open_output(path, name);
  if (!file) return fail(file.error());
  auto output = std::make_unique<Output>(*file, name);
  auto started = path.ends_with(".pcapng") ? output->start_pcapng(link) : output->start_pcap(link, precision);
  if (!started) return fail(started.error());
  return CaptureWriter(std::move(output));
}

Expected<void> CaptureWriter::write(const OutputFrame& frame) { return output_->write(frame); }

Expected<void> CaptureWriter::close() { return output_->close(); }

}  // namespace espgate::replay
