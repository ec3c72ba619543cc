// SPDX-License-Identifier: Apache-2.0
// What a key file that can't be used is answered with, word by word: place, what was expected, what came.
#include "dataplane/replay/key_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace espgate::replay {
namespace {

struct Case {
  const char* sentence;
  std::string text;
  const char* message;
};

std::string xfrm(const std::string& algorithms, const std::string& mode = "transport") {
  return "src 10.0.0.1 dst 10.0.0.2\n\tproto esp spi 0x100 mode " + mode + "\n\t" + algorithms + "\n";
}

const std::string sha1 = "auth-trunc hmac(sha1) 0x000102030405060708090a0b0c0d0e0f10111213 96\n\t";
const std::string key128 = "0x000102030405060708090a0b0c0d0e0f";

std::string row(const std::string& spi, const std::string& encryption, const std::string& key,
                const std::string& authentication, const std::string& tail = ",\"32-bit\"") {
  return R"("IPv4","*","*",")" + spi + R"(",")" + encryption + R"(",")" + key + R"(",")" + authentication +
         R"(","0123456789abcdef")" + tail;
}

std::string sa(const std::string& members) { return "{\"esp_sas\": [\n{\"spi\": 256, " + members + "}]}"; }

const std::vector<Case> cases = {
    {"something else", "hello world\n",
     "k:1:1: holds no ESP SA; expected `ip xfrm state` (as root), Wireshark's esp_sa table or espgate's "
     "JSON"},

    {"xfrm without keys", "src 10.0.0.1 dst 10.0.0.2\n\tproto esp spi 0x100 mode transport\n",
     "k:1:1: the SAs are listed without their keys; run `ip xfrm state` as root and without \"nokeys\", or "
     "give "
     "Wireshark's esp_sa table"},
    {"xfrm with hidden keys",
     xfrm("auth-trunc hmac(sha1) <<Keys hidden>> 96\n\tenc cbc(aes) <<Keys hidden>>"),
     "k:1:1: the SAs are listed without their keys; run `ip xfrm state` as root and without \"nokeys\", or "
     "give "
     "Wireshark's esp_sa table"},
    {"a cipher key that is too short", xfrm(sha1 + "enc cbc(aes) 0x0001020304050607"),
     "k:4:15: the key of cbc(aes) has 64 bits, expected 128, 192 or 256"},
    {"an integrity key that is too short", xfrm("auth-trunc hmac(sha1) 0x0001 96\n\tenc cbc(aes) " + key128),
     "k:3:24: the key of hmac(sha1) has 16 bits, expected 160"},
    {"an AEAD key without its salt", xfrm("aead rfc4106(gcm(aes)) " + key128 + " 128"),
     "k:3:25: the key of rfc4106(gcm(aes)) has 128 bits (with its salt), expected 160, 224 or 288"},
    {"an AEAD with a short ICV", xfrm("aead rfc4106(gcm(aes)) " + key128 + " 64"),
     "k:3:7: rfc4106(gcm(aes)) with an ICV of 64 bits is not supported; supported: 128 bits"},
    {"an AEAD without the length of its ICV", xfrm("aead rfc4106(gcm(aes)) " + key128),
     "k:3:59: expected the ICV's length in bits behind the key of \"rfc4106(gcm(aes))\", got \"\""},
    {"an unknown AEAD", xfrm("aead rfc4309(ccm(aes)) " + key128 + " 128"),
     "k:3:7: AEAD algorithm \"rfc4309(ccm(aes))\" is not supported; supported: rfc4106(gcm(aes)) or "
     "rfc7539esp(chacha20,poly1305)"},
    {"an unknown cipher", xfrm(sha1 + "enc cbc(blowfish) " + key128),
     "k:4:6: encryption algorithm \"cbc(blowfish)\" is not supported; supported: cbc(aes), cbc(des3_ede) or "
     "ecb(cipher_null)"},
    {"an unknown authentication", xfrm("auth-trunc xcbc(aes) " + key128 + " 96\n\tenc cbc(aes) " + key128),
     "k:3:13: authentication algorithm \"xcbc(aes)\" is not supported; supported: hmac(md5), hmac(sha1), "
     "hmac(sha256), hmac(sha384) or hmac(sha512)"},
    {"an unknown truncation", xfrm("auth-trunc hmac(sha256) 0x00 160\n\tenc cbc(aes) " + key128),
     "k:3:13: hmac(sha256) truncated to 160 bits is not supported; supported: 96 or 128 bits"},
    {"encryption alone", xfrm("enc cbc(aes) " + key128),
     "k:3:6: cbc(aes) together with no integrity is not supported; suites with that cipher: aes128-md5, "
     "aes128-sha1, "
     "aes128-sha256, aes128-sha256_96, aes128-sha384 or aes128-sha512"},
    {"an odd number of digits", xfrm(sha1 + "enc cbc(aes) 0x00010"),
     "k:4:15: a key has an odd number of hexadecimal digits (5); a digit is missing; leading zeros must be "
     "written"},
    {"a key with something else in it", xfrm(sha1 + "enc cbc(aes) 0x000g"),
     "k:4:20: a key behind 0x holds something that is not a hexadecimal digit"},
    {"a key in the place of the name", xfrm("auth-trunc " + key128 + " 96\n\tenc cbc(aes) " + key128),
     "k:3:13: authentication algorithm 34 characters that may be a key is not supported; supported: "
     "hmac(md5), "
     "hmac(sha1), hmac(sha256), hmac(sha384) or hmac(sha512)"},
    {"an unknown mode", xfrm(sha1 + "enc cbc(aes) " + key128, "teleport"),
     "k:2:27: expected mode transport, tunnel or beet, got \"teleport\""},
    {"a bad address",
     "src 10.0.0.256 dst 10.0.0.2\n\tproto esp spi 0x100\n\t" + sha1 + "enc cbc(aes) " + key128,
     "k:1:5: expected an IPv4 or IPv6 address, got \"10.0.0.256\""},
    {"a bad SPI",
     "src 10.0.0.1 dst 10.0.0.2\n\tproto esp spi 0x100000000\n\t" + sha1 + "enc cbc(aes) " + key128,
     "k:2:16: expected an SPI like 0x1a2b3c4d, got \"0x100000000\""},
    {"a command without an SPI",
     "ip xfrm state add src 10.0.0.1 dst 10.0.0.2 proto esp auth md5 " + key128 + " enc cipher_null ''",
     "k:1:19: expected an SPI like 0x1a2b3c4d, got \"src\""},
    {"a bad port",
     xfrm(sha1 + "enc cbc(aes) " + key128 + "\n\tencap type espinudp sport 4500 dport 70000 addr 0.0.0.0"),
     "k:5:39: expected a UDP port, got \"70000\""},

    {"a table with an unknown cipher", "# comment\n" + row("0x100", "CAST5-CBC [RFC2144]", key128, "NULL"),
     "k:2:25: encryption \"CAST5-CBC [RFC2144]\" is not supported; supported: NULL, TripleDES-CBC [RFC2451], "
     "AES-CBC "
     "[RFC3602], AES-GCM with 16 octet ICV [RFC4106], ChaCha20 with Poly1305 [RFC7634]"},
    {"a table with an ICV that no suite has",
     row("0x100", "AES-GCM with 8 octet ICV [RFC4106]", key128, "NULL"),
     "k:1:25: encryption \"AES-GCM with 8 octet ICV [RFC4106]\" is not supported; supported: NULL, "
     "TripleDES-CBC "
     "[RFC2451], AES-CBC [RFC3602], AES-GCM with 16 octet ICV [RFC4106], ChaCha20 with Poly1305 [RFC7634]"},
    {"a table with GCM of no known ICV", row("0x100", "AES-GCM [RFC4106]", key128, "NULL"),
     "k:1:82: AES-GCM [RFC4106] leaves the ICV's length to the authentication, got \"NULL\"; name the cipher "
     "\"AES-GCM with 16 octet ICV [RFC4106]\""},
    {"a table with an unknown authentication", row("0x100", "NULL", "", "MAC-RIPEMD-160-96 [RFC2857]"),
     "k:1:35: authentication \"MAC-RIPEMD-160-96 [RFC2857]\" is not supported; supported: NULL, HMAC-MD5-96 "
     "[RFC2403], "
     "HMAC-SHA-1-96 [RFC2404], HMAC-SHA-256-96 [draft-ietf-ipsec-ciph-sha-256-00], HMAC-SHA-256-128 "
     "[RFC4868], "
     "HMAC-SHA-384-192 [RFC4868], HMAC-SHA-512-256 [RFC4868]"},
    {"a table with a wildcard SPI", row("*", "NULL", "", "HMAC-MD5-96 [RFC2403]"),
     "k:1:17: a wildcard SPI stands for no one SA: replay windows and keys belong to one SPI each; write a "
     "line for "
     "each SPI"},
    {"a table with a pattern for an address", R"("IPv4","10.0.0.*","*","1","NULL","","NULL","")",
     "k:1:9: expected one address or *, got the pattern \"10.0.0.*\""},
    {"a table of another protocol", R"("IPX","*","*","1","NULL","","NULL","")",
     "k:1:2: expected IPv4 or IPv6, got \"IPX\""},
    {"a table with too few fields", R"("IPv4","*","*","1")",
     "k:1:19: expected 8 or 9 fields, got 4; a line is "
     "\"IPv4\",\"source\",\"destination\",\"SPI\",\"encryption\",\"key\",\"authentication\",\"key\""},
    {"a table with too many", row("1", "NULL", "", "NULL", ",\"32-bit\",\"\""), "k:1:65: more than 9 fields"},
    {"a table with an open quote", R"("IPv4","*)", "k:1:8: field 2 has no closing quote"},
    {"a table without quotes", R"("IPv4",*)", "k:1:8: expected field 2 in double quotes"},
    {"a table without commas", R"("IPv4" "*")", "k:1:8: expected a comma behind field 1"},
    {"a table with another sequence number", row("1", "NULL", "", "HMAC-MD5-96 [RFC2403]", ",\"16-bit\""),
     "k:1:74: expected 32-bit or 64-bit, got \"16-bit\""},
    {"a table with a broken escape",
     R"("IPv4","*","*","1","AES-CBC [RFC3602]","ab\xg0","HMAC-MD5-96 [RFC2403]","")",
     "k:1:43: expected two hexadecimal digits behind \\x"},
    {"a table with a key that is too short", row("1", "AES-CBC [RFC3602]", "short", "HMAC-MD5-96 [RFC2403]"),
     "k:1:41: the key of AES-CBC [RFC3602] has 40 bits, expected 128, 192 or 256"},

    {"JSON that breaks off", "{\"esp_sas\": [\n{",
     "k:2:2: not valid JSON: syntax error while parsing object key - unexpected end of input; expected "
     "string literal"},
    {"JSON that breaks off in a key, which is not shown", "[{\"cipher_key\": \"" + key128,
     "k:1:52: not valid JSON: syntax error while parsing value - invalid string: missing closing quote"},
    {"JSON with a trailing comma", "[\n1,\n]",
     "k:3:1: not valid JSON: syntax error while parsing value - unexpected ']'; expected '[', '{', or a "
     "literal"},
    {"JSON with a number beyond all bounds", "[1e999]", "k:1:6: not valid JSON: a number is too large"},
    {"JSON that is followed by something", "[] []",
     "k:1:4: not valid JSON: syntax error while parsing value - unexpected '['; expected end of input"},
    {"JSON that nests too deeply", std::string(100, '['), "k:1:65: nested more than 64 levels deep"},
    {"JSON without the list", "{\"sas\": []}",
     "k:1:1: \"esp_sas\" is missing; see docs/key-files.md for the members"},
    {"JSON with no list", "{\"esp_sas\": {}}", "k:1:13: esp_sas: expected an array, got an object"},
    {"JSON with no object", "[7]", "k:1:2: esp_sas[0]: expected an object, got a number"},
    {"an SA without an SPI", "[{}]", "k:1:2: esp_sas[0]: \"spi\" is missing"},
    {"an SA with SPI 0", "[{\"spi\": 0}]", "k:1:10: esp_sas[0].spi: SPI 0 is never sent (RFC 4303 §2.1)"},
    {"an SA with a negative SPI", "[{\"spi\": -1}]",
     "k:1:10: esp_sas[0].spi: expected a number of at most 32 bits, got \"-1\""},
    {"an SA without algorithms", sa("\"esn\": true"),
     "k:2:1: esp_sas[0]: expected either \"suite\", or \"enc\" with \"auth\", or \"aead\""},
    {"an SA without its key", sa("\"suite\": \"aes128-sha1\""),
     "k:2:1: esp_sas[0].cipher_key: the cipher key of aes128-sha1 has 0 bits, expected 128"},
    {"an SA with a short key", sa("\"suite\": \"aes128-sha1\", \"cipher_key\": \"0x0011\""),
     "k:2:52: esp_sas[0].cipher_key: the cipher key of aes128-sha1 has 16 bits, expected 128"},
    {"an SA with a long integrity key",
     sa("\"suite\": \"null-md5\", \"integrity_key\": \"" + key128 + "00\""),
     "k:2:52: esp_sas[0].integrity_key: the integrity key of null-md5 has 136 bits, expected 128"},
    {"a key that is not hexadecimal", sa("\"suite\": \"null-md5\", \"integrity_key\": \"secret\""),
     "k:2:52: esp_sas[0].integrity_key: expected a key in hexadecimal behind 0x"},
    {"a key that is no string", sa("\"suite\": \"null-md5\",\n\"integrity_key\": 12"),
     "k:3:18: esp_sas[0].integrity_key: expected a string, got a number"},
    {"a bad address", sa("\"src\": \"localhost\""),
     "k:2:21: esp_sas[0].src: expected an IPv4 or IPv6 address, got \"localhost\""},
    {"a bad mode", sa("\"mode\": \"beet\""),
     "k:2:22: esp_sas[0].mode: expected transport, tunnel or any, got \"beet\""},
    {"a bad encapsulation", sa("\"encap\": {\"type\": \"tcp\"}"),
     "k:2:32: esp_sas[0].encap.type: expected espinudp (RFC 3948), got \"tcp\""},
    {"a bad port", sa("\"encap\": {\"type\": \"espinudp\", \"sport\": 65536}"),
     "k:2:53: esp_sas[0].encap.sport: expected a UDP port"},
    {"a short key in the long form",
     sa("\"enc\": {\"alg\": \"cbc(aes)\", \"key\": \"0x00\"}, \"auth\": {\"alg\": \"hmac(md5)\", \"key\": "
        "\"" +
        key128 + "\"}"),
     "k:2:48: esp_sas[0]: the key of cbc(aes) has 8 bits, expected 128, 192 or 256"},
    {"a truncation that there is not",
     sa("\"enc\": {\"alg\": \"cbc(aes)\", \"key\": \"" + key128 +
        "\"}, \"auth\": {\"alg\": \"hmac(md5)\", \"trunc_bits\": 128}"),
     "k:2:103: esp_sas[0].auth.alg: hmac(md5) truncated to 128 bits is not supported; supported: 96 bits"},
};

TEST(KeyFileErrors, SayWhatAndWhere) {
  for (const Case& test : cases) {
    SCOPED_TRACE(test.sentence);
    const auto sas = read_keys(test.text, "k");
    ASSERT_FALSE(sas) << test.text;
    EXPECT_EQ(sas.error().kind, ErrorKind::input);
    EXPECT_EQ(sas.error().to_string(), test.message) << test.text;
    EXPECT_THAT(sas.error().to_string(), testing::Not(testing::HasSubstr("0405060708"))) << "shows a key";
  }
}

TEST(KeyFileErrors, NameEverySuiteToSomebodyWhoMistypedOne) {
  const auto sas = read_keys("[{\"spi\": 256, \"suite\": \"aes-sha1\"}]", "k");
  ASSERT_FALSE(sas);
  EXPECT_EQ(sas.error().what, "esp_sas[0].suite: unknown suite \"aes-sha1\"");
  for (const crypto::Suite& suite : crypto::suites())
    EXPECT_THAT(sas.error().hint, testing::HasSubstr(suite.name));
}

}  // namespace
}  // namespace espgate::replay
