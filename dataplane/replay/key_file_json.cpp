// SPDX-License-Identifier: Apache-2.0
// Our own key files: {"esp_sas": [ … ]}, or the array alone. docs/key-files.md has the members. Members that
// we don't know are skipped, so other tools may put their own beside ours.
#include "dataplane/replay/key_file_algorithms.h"
#include "dataplane/replay/key_file_formats.h"
#include "dataplane/replay/key_file_json_element.h"

#include <array>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace espgate::replay {
namespace {

using Type = JsonNode::Type;

std::string known_suites() {
  std::string text = "suites:";
  for (const crypto::Suite& suite : crypto::suites())
    text += fmt::format("{} {}", text.ends_with(':') ? "" : ",", suite.name);
  return text;
}

Expected<void> take_address(const JsonElement& element, std::string_view name, wire::IpAddress& address) {
  const auto member = element.optional(name, Type::string);
  if (!member) return fail(member.error());
  if (*member == nullptr || (*member)->text == "*") return {};
  const auto parsed = parse_address(element.file(), (*member)->text);
  if (!parsed) return element.blame(name, parsed.error());
  address = *parsed;
  return {};
}

Expected<void> take_spi(const JsonElement& element, SaKeys& sa) {
  if (!element.has("spi")) return element.error("\"spi\" is missing");
  const auto spi = element.number("spi");
  if (!spi) return fail(spi.error());
  if (spi->value_or(0) == 0) return element.blame("spi", "SPI 0 is never sent (RFC 4303 §2.1)");
  sa.spi = **spi;
  return {};
}

Expected<void> take_mode(const JsonElement& element, SaKeys& sa) {
  const auto member = element.optional("mode", Type::string);
  if (!member) return fail(member.error());
  if (*member == nullptr || (*member)->text == "any") return {};
  if ((*member)->text == "transport" || (*member)->text == "tunnel") {
    sa.mode = (*member)->text == "tunnel" ? SaKeys::Mode::tunnel : SaKeys::Mode::transport;
    return {};
  }
  return element.blame("mode",
                       fmt::format("expected transport, tunnel or any, got {}", shown((*member)->text)));
}

Expected<void> take_port(const JsonElement& element, std::string_view name, std::uint16_t& port) {
  const auto number = element.number(name);
  if (!number) return fail(number.error());
  if (number->value_or(0) > 0xffff) return element.blame(name, "expected a UDP port");
  port = static_cast<std::uint16_t>(number->value_or(0));
  return {};
}

Expected<void> take_encapsulation(const JsonElement& element, SaKeys& sa) {
  const auto encapsulation = element.object("encap");
  if (!encapsulation) return fail(encapsulation.error());
  if (!*encapsulation) return {};
  const auto type = (*encapsulation)->string("type");
  if (!type) return fail(type.error());
  if (*type != "espinudp") {
    return (*encapsulation)->blame("type", fmt::format("expected espinudp (RFC 3948), got {}", shown(*type)));
  }
  sa.udp_encapsulation = true;
  if (auto done = take_port(**encapsulation, "sport", sa.encapsulation_source_port); !done) return done;
  return take_port(**encapsulation, "dport", sa.encapsulation_destination_port);
}

Expected<void> take_sequence_numbers(const JsonElement& element, SaKeys& sa) {
  const auto esn = element.optional("esn", Type::boolean);
  if (!esn) return fail(esn.error());
  sa.esn = *esn != nullptr && (*esn)->truth;
  const auto window = element.number("replay_window");
  if (!window) return fail(window.error());
  sa.replay_window = window->value_or(0);
  const auto high = element.number("sequence_high");
  if (!high) return fail(high.error());
  sa.sequence_high = sa.esn ? high->value_or(0) : 0;
  return {};
}

// {"suite": "aes256-sha1", "cipher_key": "0x…", "integrity_key": "0x…"}
Expected<void> take_suite(const JsonElement& element, SaKeys& sa) {
  const auto name = element.string("suite");
  if (!name) return fail(name.error());
  const auto suite = crypto::find_suite(*name);
  if (!suite) {
    return element.blame(
        "suite", {fmt::format("unknown suite {}", shown(*name)), {}, known_suites(), ErrorKind::input});
  }
  sa.suite = *suite;
  for (auto [member, key] :
       {std::pair("cipher_key", &sa.cipher_key), std::pair("integrity_key", &sa.integrity_key)}) {
    if (!element.has(member)) continue;  // NULL has no cipher key, an AEAD no integrity key
    auto parsed = element.key(member);
    if (!parsed) return fail(parsed.error());
    *key = std::move(*parsed);
  }
  const std::string_view blamed = sa.cipher_key.size() == crypto::suite(*suite).cipher_key_bytes +
                                                              std::size_t{crypto::suite(*suite).salt_bytes}
                                      ? "integrity_key"
                                      : "cipher_key";
  const std::string_view place = element.node().place;
  if (auto done = check_key_lengths(element.file(), place, place, sa); !done)
    return element.blame(blamed, done.error());
  return {};
}

// {"enc": {"alg": "cbc(aes)", "key": "0x…"}, "auth": {"alg": "hmac(sha1)", "key": "0x…", "trunc_bits": 96}}
Expected<CipherChoice> take_enc(const JsonElement& enc, SaKeys& sa) {
  const auto name = enc.string("alg");
  if (!name) return fail(name.error());
  auto cipher = cipher_from_xfrm(enc.file(), *name);
  if (!cipher) return enc.blame("alg", cipher.error());
  cipher->key = enc.node().place;
  if (cipher->cipher == crypto::Cipher::null) return cipher;
  auto key = enc.key("key");
  if (!key) return fail(key.error());
  cipher->key = enc.node().find("key")->place;
  sa.cipher_key = std::move(*key);
  return cipher;
}

Expected<IntegrityChoice> take_auth(const JsonElement& auth, SaKeys& sa) {
  const auto name = auth.string("alg");
  if (!name) return fail(name.error());
  const auto icv_bits = auth.number("trunc_bits");
  if (!icv_bits) return fail(icv_bits.error());
  auto integrity = integrity_from_xfrm(auth.file(), *name, icv_bits->value_or(0));
  if (!integrity) return auth.blame("alg", integrity.error());
  auto key = auth.key("key");
  if (!key) return fail(key.error());
  integrity->key = auth.node().find("key")->place;
  sa.integrity_key = std::move(*key);
  return integrity;
}

// {"aead": {"alg": "rfc4106(gcm(aes))", "key": "0x…" (with the salt), "icv_bits": 128}}
Expected<CipherChoice> take_aead(const JsonElement& aead, SaKeys& sa) {
  const auto name = aead.string("alg");
  if (!name) return fail(name.error());
  const auto icv_bits = aead.number("icv_bits");
  if (!icv_bits) return fail(icv_bits.error());
  auto cipher = aead_from_xfrm(aead.file(), *name, icv_bits->value_or(0));
  if (!cipher) return aead.blame("alg", cipher.error());
  auto key = aead.key("key");
  if (!key) return fail(key.error());
  cipher->key = aead.node().find("key")->place;
  sa.cipher_key = std::move(*key);
  return cipher;
}

Expected<void> take_algorithms(const JsonElement& element, SaKeys& sa) {
  const auto enc = element.object("enc");
  if (!enc) return fail(enc.error());
  const auto auth = element.object("auth");
  if (!auth) return fail(auth.error());
  const auto aead = element.object("aead");
  if (!aead) return fail(aead.error());
  if (enc->has_value() == aead->has_value()) {
    return element.error("expected either \"suite\", or \"enc\" with \"auth\", or \"aead\"");
  }
  const auto cipher = *enc ? take_enc(**enc, sa) : take_aead(**aead, sa);
  if (!cipher) return fail(cipher.error());
  Expected<IntegrityChoice> integrity;
  if (*auth) integrity = take_auth(**auth, sa);
  if (!integrity) return fail(integrity.error());
  auto done = choose_suite(element.file(), *cipher, *integrity, sa);
  if (!done) done.error().what = fmt::format("{}: {}", element.path(), done.error().what);
  return done;
}

Expected<SaKeys> to_sa(const JsonElement& element) {
  if (element.node().type != Type::object) {
    return element.error(fmt::format("expected an object, got {}", type_name(element.node().type)));
  }
  SaKeys sa;
  sa.where = element.file().line_of(element.node().place);
  auto done = take_address(element, "src", sa.source);
  if (done) done = take_address(element, "dst", sa.destination);
  if (done) done = take_spi(element, sa);
  if (done) done = take_mode(element, sa);
  if (done) done = take_encapsulation(element, sa);
  if (done) done = take_sequence_numbers(element, sa);
  if (done) done = element.has("suite") ? take_suite(element, sa) : take_algorithms(element, sa);
  if (!done) return fail(done.error());
  return sa;
}

// The array of SAs: the whole text, or its member "esp_sas".
Expected<const JsonNode*> sas_of(const KeyText& file, const JsonNode& root) {
  if (root.type == Type::array) return &root;
  const JsonNode* list = root.find("esp_sas");
  if (list == nullptr)
    return file.error(root.place, "\"esp_sas\" is missing", "see docs/key-files.md for the members");
  if (list->type == Type::array) return list;
  return file.error(list->place, fmt::format("esp_sas: expected an array, got {}", type_name(list->type)));
}

}  // namespace

Expected<std::vector<SaKeys>> read_json(const KeyText& file) {
  const auto tree = parse_json(file);
  if (!tree) return fail(tree.error());
  const auto list = sas_of(file, tree->root);
  if (!list) return fail(list.error());
  std::vector<SaKeys> sas;
  for (std::size_t i = 0; i < (*list)->children.size(); ++i) {
    auto sa = to_sa(JsonElement(file, (*list)->children[i], fmt::format("esp_sas[{}]", i)));
    if (!sa) return fail(sa.error());
    sas.push_back(std::move(*sa));
  }
  return sas;
}

}  // namespace espgate::replay
