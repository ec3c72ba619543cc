// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/replay/error.h"
#include "dataplane/replay/link_layer.h"
#include "wire/parse.h"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>

struct pcap;

namespace espgate::replay {

struct Frame {
  std::uint64_t nanoseconds;      // since 1970-01-01 UTC
  wire::Bytes bytes;              // what was captured; valid until the next call of CaptureReader::next()
  std::uint32_t original_length;  // bytes on the wire

  // The capture's snap length took off the end.
  [[nodiscard]] bool cut() const { return original_length > bytes.size(); }
};

// Reads a capture frame by frame: pcap of microseconds or nanoseconds in either byte order, and pcapng.
class CaptureReader {
 public:
  // "-" is standard input. Error: no such file, a directory, empty, not a capture, a link type we don't take.
  [[nodiscard]] static Expected<CaptureReader> open(const std::string& path);
  // Takes over `file`; `name` is what messages call it.
  [[nodiscard]] static Expected<CaptureReader> from_file(std::FILE* file, std::string name);

  [[nodiscard]] int link_type() const;  // DLT_, as pcap_datalink() gives it
  [[nodiscard]] std::string link_type_name() const { return replay::link_type_name(link_type()); }
  [[nodiscard]] const LinkLayer& link_layer() const { return link_layer_; }
  // The format holds nanoseconds (pcapng, or pcap of that precision), so an output should as well.
  [[nodiscard]] bool has_nanoseconds() const { return has_nanoseconds_; }
  [[nodiscard]] std::uint64_t frames_read() const { return frames_read_; }

  // nullopt at the end. A file that breaks off gives all its whole frames first, then an Error that says
  // after which; after an Error there is nothing more.
  [[nodiscard]] Expected<std::optional<Frame>> next();

 private:
  struct Close {
    void operator()(pcap* handle) const;
  };

  CaptureReader(std::unique_ptr<pcap, Close> handle, LinkLayer link_layer, bool has_nanoseconds,
                std::string name)
      : handle_(std::move(handle)),
        link_layer_(link_layer),
        has_nanoseconds_(has_nanoseconds),
        name_(std::move(name)) {}

  std::unique_ptr<pcap, Close> handle_;
  LinkLayer link_layer_;
  bool has_nanoseconds_;
  bool ended_ = false;
  std::uint64_t frames_read_ = 0;
  std::string name_;
};

}  // namespace espgate::replay
