// SPDX-License-Identifier: Apache-2.0
#include "wire/l2tp.h"

#include <algorithm>

namespace espgate::wire {
namespace {

// Writes 16-bit words one after the other.
class WordWriter {
 public:
  explicit WordWriter(MutableBytes buffer) : buffer_(buffer) {}

  void put(std::size_t value) {
    assert(value <= 0xffff && at_ + 2 <= buffer_.size());
    store_big_endian(buffer_.data() + at_, static_cast<std::uint16_t>(value));
    at_ += 2;
  }
  void put_zeros(std::size_t count) {
    assert(at_ + count <= buffer_.size());
    std::ranges::fill(buffer_.subspan(at_, count), std::byte{0});
    at_ += count;
  }
  [[nodiscard]] std::size_t written() const { return at_; }

 private:
  MutableBytes buffer_;
  std::size_t at_ = 0;
};

std::size_t data_header_length(const L2tpDataFields& fields) {
  return 6 + (fields.length_field ? 2u : 0u) + (fields.sequence ? 4u : 0u) +
         (fields.offset ? 2u + std::size_t{*fields.offset} : 0u);
}

}  // namespace

std::size_t build_l2tp_data(MutableBytes buffer, const L2tpDataFields& fields, std::size_t payload_length) {
  WordWriter out(buffer);
  out.put(l2tp_version | (fields.length_field ? l2tp_flag_length : 0) |
          (fields.sequence ? l2tp_flag_sequence : 0) | (fields.offset ? l2tp_flag_offset : 0) |
          (fields.priority ? l2tp_flag_priority : 0));
  if (fields.length_field) out.put(data_header_length(fields) + payload_length);
  out.put(fields.tunnel_id);
  out.put(fields.session_id);
  if (fields.sequence) {
    out.put(fields.sequence->ns);
    out.put(fields.sequence->nr);
  }
  if (fields.offset) {
    out.put(*fields.offset);
    out.put_zeros(*fields.offset);
  }
  return out.written();
}

std::size_t build_l2tp_control(MutableBytes buffer, const L2tpControlFields& fields,
                               std::size_t payload_length) {
  WordWriter out(buffer);
  out.put(l2tp_flag_control | l2tp_flag_length | l2tp_flag_sequence | l2tp_version);
  out.put(l2tp_control_header_length + payload_length);
  out.put(fields.tunnel_id);
  out.put(fields.session_id);
  out.put(fields.ns);
  out.put(fields.nr);
  return out.written();
}

}  // namespace espgate::wire
