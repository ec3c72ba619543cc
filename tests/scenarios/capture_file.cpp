// SPDX-License-Identifier: Apache-2.0
#include "tests/scenarios/capture_file.h"

#include "tests/scenarios/program.h"

#include <cstring>
#include <stdexcept>

namespace espgate::test {
namespace {

constexpr std::uint32_t magic_microseconds = 0xa1b2c3d4;
constexpr std::uint32_t magic_nanoseconds = 0xa1b23c4d;
constexpr std::uint32_t snap_length = 262144;

std::uint32_t load(const std::string& text, std::size_t at) {
  std::uint32_t value = 0;
  std::memcpy(&value, text.data() + at, sizeof value);
  return value;
}

class Writer {
 public:
  explicit Writer(bool big_endian) : big_endian_(big_endian) {}

  Writer& u16(std::uint32_t value) { return number(value, 2); }
  Writer& u32(std::uint32_t value) { return number(value, 4); }
  Writer& raw(const std::string& bytes) {
    text += bytes;
    return *this;
  }
  // Fills up to a multiple of four bytes, as pcapng wants.
  Writer& pad() {
    text.resize((text.size() + 3) / 4 * 4);
    return *this;
  }

  std::string text;

 private:
  Writer& number(std::uint32_t value, unsigned size) {
    for (unsigned i = 0; i < size; ++i)
      text += static_cast<char>(value >> 8 * (big_endian_ ? size - 1 - i : i) & 0xff);
    return *this;
  }

  bool big_endian_;
};

void append_block(Writer& out, const CaptureForm& form, std::uint32_t type, const std::string& body) {
  const auto length = static_cast<std::uint32_t>(12 + body.size());
  out.raw(Writer(form.big_endian).u32(type).u32(length).raw(body).u32(length).text);
}

std::string as_pcapng(const std::vector<Record>& records, const CaptureForm& form) {
  Writer out(form.big_endian);
  append_block(out, form, 0x0a0d0d0a,
               Writer(form.big_endian).u32(0x1a2b3c4d).u16(1).u16(0).u32(0xffffffff).u32(0xffffffff).text);
  Writer interface(form.big_endian);
  interface.u16(form.link_type).u16(0).u32(snap_length);
  if (form.nanoseconds) interface.u16(9).u16(1).raw("\x09").pad().u16(0).u16(0);
  append_block(out, form, 1, interface.text);
  for (const Record& record : records) {
    const std::uint64_t time = form.nanoseconds ? record.nanoseconds : record.nanoseconds / 1000;
    append_block(out, form, 6,
                 Writer(form.big_endian)
                     .u32(0)
                     .u32(static_cast<std::uint32_t>(time >> 32))
                     .u32(static_cast<std::uint32_t>(time))
                     .u32(static_cast<std::uint32_t>(record.bytes.size()))
                     .u32(record.original_length)
                     .raw(record.bytes)
                     .pad()
                     .text);
  }
  return out.text;
}

std::string as_pcap(const std::vector<Record>& records, const CaptureForm& form) {
  Writer out(form.big_endian);
  out.u32(form.nanoseconds ? magic_nanoseconds : magic_microseconds)
      .u16(2)
      .u16(4)
      .u32(0)
      .u32(0)
      .u32(snap_length);
  out.u32(form.link_type);
  for (const Record& record : records) {
    const std::uint64_t below_second = record.nanoseconds % 1'000'000'000;
    out.u32(static_cast<std::uint32_t>(record.nanoseconds / 1'000'000'000))
        .u32(static_cast<std::uint32_t>(form.nanoseconds ? below_second : below_second / 1000))
        .u32(static_cast<std::uint32_t>(record.bytes.size()))
        .u32(record.original_length)
        .raw(record.bytes);
  }
  return out.text;
}

}  // namespace

std::vector<Record> read_capture(const std::filesystem::path& path) {
  const std::string text = read_file(path);
  if (text.size() < 24) throw std::runtime_error(path.string() + " is no pcap");
  const std::uint64_t unit = load(text, 0) == magic_nanoseconds ? 1 : 1000;
  std::vector<Record> records;
  for (std::size_t at = 24; at + 16 <= text.size();) {
    const std::uint32_t length = load(text, at + 8);
    records.push_back({load(text, at) * 1'000'000'000ULL + load(text, at + 4) * unit,
                       text.substr(at + 16, length), load(text, at + 12)});
    at += 16 + length;
  }
  return records;
}

void write_capture(const std::filesystem::path& path, const std::vector<Record>& records,
                   const CaptureForm& form) {
  const bool pcapng = form.container == CaptureForm::Container::pcapng;
  write_file(path, pcapng ? as_pcapng(records, form) : as_pcap(records, form));
}

}  // namespace espgate::test
