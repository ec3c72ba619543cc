// SPDX-License-Identifier: Apache-2.0
#include "dataplane/replay/key_file.h"
#include "tests/unit/replay/sa_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace espgate::replay {
namespace {

struct Case {
  const char* sentence;
  const char* text;
  std::vector<std::string> expected;
};

// The SA that most cases describe.
const std::string aes_sha1 =
    "10.0.0.1 > 10.0.0.2 spi 0x00001000 aes128-sha1 cipher 000102030405060708090a0b0c0d0e0f integrity "
    "101112131415161718191a1b1c1d1e1f20212223 mode transport encap false 0 0 high 0 window 32";

const std::vector<Case> cases = {
    {"as ip xfrm state prints it",
     "src 10.0.0.1 dst 10.0.0.2\n"
     "\tproto esp spi 0x00001000 reqid 16389 mode transport\n"
     "\treplay-window 32 \n"
     "\tauth-trunc hmac(sha1) 0x101112131415161718191a1b1c1d1e1f20212223 96\n"
     "\tenc cbc(aes) 0x000102030405060708090a0b0c0d0e0f\n"
     "\tanti-replay context: seq 0x0, oseq 0x0, bitmap 0x00000000\n"
     "\tsel src 192.0.2.1/32 dst 192.0.2.2/32 proto udp sport 1701 dport 1701\n",
     {aes_sha1}},
    {"as ip -s xfrm state prints it: numbers twice, key lengths, lifetimes, statistics",
     "src 10.0.0.1 dst 10.0.0.2\n"
     "\tproto esp spi 0x00001000(4096) reqid 16389(0x00004005) mode transport\n"
     "\treplay-window 32 seq 0x00000000 flag  (0x00000000)\n"
     "\tauth-trunc hmac(sha1) 0x101112131415161718191a1b1c1d1e1f20212223 (160 bits) 96\n"
     "\tenc cbc(aes) 0x000102030405060708090a0b0c0d0e0f (128 bits)\n"
     "\tlifetime config:\n"
     "\t  limit: soft (INF)(bytes), hard (INF)(bytes)\n"
     "\tlifetime current:\n"
     "\t  0(bytes), 0(packets)\n"
     "\t  add 2023-11-14 22:13:20 use -\n"
     "\tstats:\n"
     "\t  replay-window 0 replay 0 failed 0\n",
     {aes_sha1}},
    {"as ip -o xfrm state prints it, with Windows line ends",
     "src 10.0.0.1 dst 10.0.0.2\\\tproto esp spi 0x1000 reqid 0 mode transport\\\treplay-window 32 "
     "\\\tauth-trunc "
     "hmac(sha1) 0x101112131415161718191a1b1c1d1e1f20212223 96\\\tenc cbc(aes) "
     "0x000102030405060708090a0b0c0d0e0f\\\r\n",
     {aes_sha1}},
    {"as ip xfrm monitor prints it, among other events",
     "acquire proto esp \n  sel src 10.0.0.1/32 dst 10.0.0.2/32 \n  policy src 0.0.0.0/0 dst 0.0.0.0/0 \n"
     "Async event  (0x20)  timer expired \n\tsrc 10.0.0.1 dst 10.0.0.2  reqid 0x1 protocol esp  SPI 0x1000\n"
     "Updated src 10.0.0.1 dst 10.0.0.2\n"
     "\tproto esp spi 0x1000 mode transport\n\treplay-window 32\n"
     "\tauth-trunc hmac(sha1) 0x101112131415161718191a1b1c1d1e1f20212223 96\n"
     "\tenc cbc(aes) 0x000102030405060708090a0b0c0d0e0f\n"
     "Deleted src 10.0.0.1 dst 10.0.0.2\n"
     "\tproto esp spi 0x1000 mode transport\n\treplay-window 32\n"
     "\tauth-trunc hmac(sha1) 0x101112131415161718191a1b1c1d1e1f20212223 96\n"
     "\tenc cbc(aes) 0x000102030405060708090a0b0c0d0e0f\n",
     {aes_sha1}},
    {"as a command, with the kernel's other names and a selector whose src is not the SA's",
     "ip xfrm state add src 10.0.0.1 dst 10.0.0.2 proto esp spi 0x1000 mode transport replay-window 32 "
     "auth sha1 0x101112131415161718191a1b1c1d1e1f20212223 enc aes 0x000102030405060708090a0b0c0d0e0f "
     "sel src 192.0.2.1/32 dst 192.0.2.2/32 proto udp sport 1701 dport 1701 reqid 7\n",
     {aes_sha1}},
    {"as a batch, quoted, keys as text; what is deleted or flushed is no SA",
     "xfrm state flush\n"
     "xfrm state delete src 10.0.0.9 dst 10.0.0.2 proto esp spi 0x9\n"
     "xfrm state add src 10.0.0.1 dst 10.0.0.2 proto esp spi 4096 auth-trunc 'hmac(md5)' "
     "\"abcdefghijklmnop\" 96 "
     "enc \"ecb(cipher_null)\" '' encap espinudp 4500 62000 0.0.0.0 mode tunnel\n",
     {"10.0.0.1 > 10.0.0.2 spi 0x00001000 null-md5 cipher  integrity 6162636465666768696a6b6c6d6e6f70 mode "
      "tunnel encap "
      "true 4500 62000 high 0 window 0"}},
    {"AEAD with ESN and a window beyond 32 packets; IPv6",
     "src 2001:db8::1 dst 2001:db8::2\n"
     "\tproto esp spi 0xc88b7652 reqid 1 mode tunnel\n"
     "\treplay-window 0 flag af-unspec esn\n"
     "\taead rfc4106(gcm(aes)) 0x000102030405060708090a0b0c0d0e0f10111213 128\n"
     "\tencap type espinudp sport 4500 dport 1027 addr ::\n"
     "\tanti-replay esn context:\n"
     "\t seq-hi 0x3, seq 0x1d, oseq-hi 0x0, oseq 0x0\n"
     "\t replay_window 128, bitmap-length 4\n"
     "\t 00000000 00000000 00000000 1fffffff\n",
     {"2001:db8::1 > 2001:db8::2 spi 0xc88b7652 aes128gcm16 cipher 000102030405060708090a0b0c0d0e0f10111213 "
      "integrity  "
      "esn mode tunnel encap true 4500 1027 high 3 window 128"}},
    {"a large window without ESN has that context as well; old ip prints ESN as 80",
     "src 0.0.0.0 dst 10.0.0.2\n\tproto esp spi 0x100 mode beet\n\treplay-window 0 flag af-unspec\n"
     "\taead rfc7539esp(chacha20,poly1305) "
     "0x000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20212223 128\n"
     "\tanti-replay esn context:\n\t seq-hi 0x0, seq 0x1, oseq-hi 0x0, oseq 0x0\n\t replay_window 64, "
     "bitmap-length 2\n"
     "src 10.0.0.1 dst 10.0.0.2\n\tproto esp spi 0x101\n\tflag af-unspec 80\n"
     "\taead rfc7539esp(chacha20,poly1305) "
     "0x000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20212223 128\n"
     "\tanti-replay esn context:\t oseq-hi 0x2, oseq 0xa\n\tdir out\n",
     {"::"
      " > 10.0.0.2 spi 0x00000100 chacha20poly1305 cipher "
      "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20212223 integrity  mode any encap "
      "false 0 0 "
      "high 0 window 64",
      "10.0.0.1 > 10.0.0.2 spi 0x00000101 chacha20poly1305 cipher "
      "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20212223 integrity  esn mode any "
      "encap false 0 0 "
      "high 2 window 0"}},
    {"among policies, AH, IPComp, SAs that are being negotiated and reserved SPIs",
     "src 10.0.0.0/24 dst 10.1.0.0/24 \n\tdir in priority 375423 ptype main \n"
     "\ttmpl src 10.0.0.1 dst 10.0.0.2\n\t\tproto esp reqid 1 mode tunnel\n"
     "src 10.0.0.1 dst 10.0.0.2\n\tproto ah spi 0x00000200 reqid 0 mode transport\n"
     "\tauth-trunc hmac(sha1) 0x101112131415161718191a1b1c1d1e1f20212223 96\n"
     "src 10.0.0.1 dst 10.0.0.2\n\tproto comp spi 0x00000300 reqid 0 mode tunnel\n\tcomp deflate\n"
     "src 10.0.0.1 dst 10.0.0.2\n\tproto esp spi 0x00000000 reqid 0 mode transport\n\treplay-window 0\n"
     "src 10.0.0.1 dst 10.0.0.2\n\tproto esp spi 0x00000400 reqid 0 mode transport\n\treplay-window 0\n"
     "src 10.0.0.1 dst 10.0.0.2\n\tproto esp spi 0x00001000 reqid 0 mode transport\n\treplay-window 32\n"
     "\tauth-trunc hmac(sha1) 0x101112131415161718191a1b1c1d1e1f20212223 96\n"
     "\tenc cbc(aes) 0x000102030405060708090a0b0c0d0e0f\n",
     {aes_sha1}},
    {"SHA2-256 without a truncation means the kernel's 96 bits",
     "src 10.0.0.1 dst 10.0.0.2\n\tproto esp spi 0x1000 mode transport\n"
     "\tauth hmac(sha256) 0x000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"
     "\tenc cbc(aes) 0x000102030405060708090a0b0c0d0e0f\n",
     {"10.0.0.1 > 10.0.0.2 spi 0x00001000 aes128-sha256_96 cipher 000102030405060708090a0b0c0d0e0f integrity "
      "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f mode transport encap false 0 0 high "
      "0 window "
      "0"}},
};

TEST(KeyFileXfrm, IsRead) {
  for (const Case& test : cases) {
    SCOPED_TRACE(test.sentence);
    const auto sas = read_keys(test.text, "xfrm.txt");
    ASSERT_TRUE(sas) << sas.error().to_string();
    EXPECT_EQ(texts(*sas, full_text), test.expected);
  }
}

}  // namespace
}  // namespace espgate::replay
