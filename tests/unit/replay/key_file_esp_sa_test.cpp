// SPDX-License-Identifier: Apache-2.0
#include "dataplane/replay/key_file.h"
#include "tests/unit/replay/sa_text.h"

#include <gtest/gtest.h>

namespace espgate::replay {
namespace {

struct Case {
  const char* sentence;
  const char* line;
  const char* expected;
};

constexpr Case cases[] = {
    {"SPI in decimal, spaces, 64-bit sequence numbers",
     R"( "IPv4" , "10.0.0.1", "10.0.0.2", "257", "AES-CBC [RFC3602]", "0x000102030405060708090a0b0c0d0e0f", )"
     R"("HMAC-SHA-1-96 [RFC2404]", "0x101112131415161718191a1b1c1d1e1f20212223", "64-bit" )",
     "10.0.0.1 > 10.0.0.2 spi 0x00000101 aes128-sha1 cipher 000102030405060708090a0b0c0d0e0f integrity "
     "101112131415161718191a1b1c1d1e1f20212223 esn mode any encap false 0 0 high 0"},
    {"eight fields, as before Wireshark 4.2; a key by its characters",
     R"("IPv6","*","2001:db8::2","0xFFFFFFFF","TripleDES-CBC [RFC2451]","abcdefghijklmnopqrstuvwx",)"
     R"("HMAC-MD5-96 [RFC2403]","0123456789abcdef")",
     ":: > 2001:db8::2 spi 0xffffffff 3des-md5 cipher 6162636465666768696a6b6c6d6e6f707172737475767778 "
     "integrity "
     "30313233343536373839616263646566 mode any encap false 0 0 high 0"},
    {"a key with escaped characters",
     R"("IPv4","*","*","0x101","NULL","","HMAC-MD5-96 [RFC2403]","\"\\\x00\xff456789abcdef","32-bit")",
     ":: > :: spi 0x00000101 null-md5 cipher  integrity 225c00ff343536373839616263646566 mode any encap "
     "false 0 0 high "
     "0"},
    {"the empty key as 0x",
     R"("IPv4","*","*","0x101","NULL","0x","HMAC-MD5-96 [RFC2403]","0123456789abcdef","32-bit")",
     ":: > :: spi 0x00000101 null-md5 cipher  integrity 30313233343536373839616263646566 mode any encap "
     "false 0 0 high "
     "0"},
    {"AES-GCM with its salt, and something in the column that Wireshark ignores",
     R"("IPv4","*","*","0x101","AES-GCM with 16 octet ICV [RFC4106]","0x000102030405060708090a0b0c0d0e0f10111213",)"
     R"("NULL","0xff")",
     ":: > :: spi 0x00000101 aes128gcm16 cipher 000102030405060708090a0b0c0d0e0f10111213 integrity  mode any "
     "encap "
     "false 0 0 high 0"},
    {"AES-GCM as older tables have it",
     R"("IPv4","*","*","0x101","AES-GCM [RFC4106]","0x000102030405060708090a0b0c0d0e0f10111213",)"
     R"("ANY 128 bit authentication [no checking]","")",
     ":: > :: spi 0x00000101 aes128gcm16 cipher 000102030405060708090a0b0c0d0e0f10111213 integrity  mode any "
     "encap "
     "false 0 0 high 0"},
    {"ChaCha20",
     R"("IPv4","*","*","0x101","ChaCha20 with Poly1305 [RFC7634]",)"
     R"("0x000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20212223","NULL","","32-bit")",
     ":: > :: spi 0x00000101 chacha20poly1305 cipher "
     "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20212223 integrity  mode any encap "
     "false 0 0 high "
     "0"},
    {"the short SHA2-256",
     R"("IPv4","*","*","0x101","AES-CBC [RFC3602]","0x000102030405060708090a0b0c0d0e0f",)"
     R"("HMAC-SHA-256-96 [draft-ietf-ipsec-ciph-sha-256-00]",)"
     R"("0x000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f","32-bit")",
     ":: > :: spi 0x00000101 aes128-sha256_96 cipher 000102030405060708090a0b0c0d0e0f integrity "
     "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f mode any encap false 0 0 high 0"},
};

TEST(KeyFileEspSa, IsRead) {
  for (const Case& test : cases) {
    SCOPED_TRACE(test.sentence);
    const auto sas = read_keys(std::string(test.line) + "\r\n", "esp_sa");
    ASSERT_TRUE(sas) << sas.error().to_string();
    ASSERT_EQ(sas->size(), 1U);
    EXPECT_EQ(sa_text(sas->front()), test.expected);
  }
}

}  // namespace
}  // namespace espgate::replay
