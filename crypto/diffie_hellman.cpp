// SPDX-License-Identifier: Apache-2.0
#include "crypto/diffie_hellman.h"

#include <algorithm>
#include <array>
#include <map>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/dh.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

namespace espgate::crypto {
namespace {

using Bytes = std::span<const std::byte>;

template <auto release>
struct Release {
  template <typename T>
  void operator()(T* object) const noexcept {
    release(object);
  }
};
using BigNumber = std::unique_ptr<BIGNUM, Release<BN_clear_free>>;
using BigContext = std::unique_ptr<BN_CTX, Release<BN_CTX_free>>;
using Pkey = std::unique_ptr<EVP_PKEY, Release<EVP_PKEY_free>>;
using PkeyContext = std::unique_ptr<EVP_PKEY_CTX, Release<EVP_PKEY_CTX_free>>;
using ParamBuilder = std::unique_ptr<OSSL_PARAM_BLD, Release<OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, Release<OSSL_PARAM_free>>;
using Curve = std::unique_ptr<EC_GROUP, Release<EC_GROUP_free>>;
using Point = std::unique_ptr<EC_POINT, Release<EC_POINT_free>>;

enum class Kind : std::uint8_t { modp, ecp, x25519 };

struct Row {
  DhGroup group;
  Kind kind;
  std::string_view name;
  const char* openssl_name;          // nullptr: OpenSSL knows the prime only
  std::size_t bytes;                 // of the prime, or of a coordinate
  BIGNUM* (*prime)(BIGNUM* result);  // MODP
};

constexpr std::array rows = {
    Row{DhGroup::modp1024, Kind::modp, "modp1024", nullptr, 128, BN_get_rfc2409_prime_1024},
    Row{DhGroup::modp1536, Kind::modp, "modp1536", "modp_1536", 192, BN_get_rfc3526_prime_1536},
    Row{DhGroup::modp2048, Kind::modp, "modp2048", "modp_2048", 256, BN_get_rfc3526_prime_2048},
    Row{DhGroup::modp3072, Kind::modp, "modp3072", "modp_3072", 384, BN_get_rfc3526_prime_3072},
    Row{DhGroup::modp4096, Kind::modp, "modp4096", "modp_4096", 512, BN_get_rfc3526_prime_4096},
    Row{DhGroup::ecp256, Kind::ecp, "ecp256", "P-256", 32, nullptr},
    Row{DhGroup::ecp384, Kind::ecp, "ecp384", "P-384", 48, nullptr},
    Row{DhGroup::ecp521, Kind::ecp, "ecp521", "P-521", 66, nullptr},
    Row{DhGroup::curve25519, Kind::x25519, "curve25519", "X25519", 32, nullptr},
};

// OpenSSL gives its own named groups exponents of twice their strength (RFC 3526 §8); group 2 is worth 80
// bits at best, and an exponent of this length costs little.
constexpr int modp1024_private_bits = 224;

const Row* find_row(DhGroup group) {
  const auto found = std::ranges::find(rows, group, &Row::group);
  return found == rows.end() ? nullptr : &*found;
}

const Row& row_of(DhGroup group) {
  const Row* row = find_row(group);
  if (row == nullptr) throw std::invalid_argument("not a supported Diffie-Hellman group");
  return *row;
}

[[noreturn]] void fail(std::string_view what) {
  std::array<char, 256> reason{};
  ERR_error_string_n(ERR_get_error(), reason.data(), reason.size());
  ERR_clear_error();
  throw std::runtime_error(fmt::format("OpenSSL cannot {}: {}", what, reason.data()));
}

template <typename Pointer>
Pointer checked(Pointer pointer, std::string_view what) {
  if (!pointer) fail(what);
  return pointer;
}

const unsigned char* octets(Bytes bytes) { return reinterpret_cast<const unsigned char*>(bytes.data()); }

BigNumber to_number(Bytes big_endian) {
  BigNumber number(BN_secure_new());  // the flag makes copies of it be wiped
  if (!number || BN_bin2bn(octets(big_endian), static_cast<int>(big_endian.size()), number.get()) == nullptr)
    fail("hold a number");
  return number;
}

BigNumber prime_of(const Row& row) { return checked(BigNumber(row.prime(nullptr)), "give a prime"); }

const char* algorithm_of(const Row& row) {
  if (row.kind == Kind::modp) return "DH";
  return row.kind == Kind::ecp ? "EC" : "X25519";
}

// Domain parameters and, where given, a key, into an EVP_PKEY.
Pkey build(const Row& row, const BIGNUM* private_value, Bytes public_value) {
  const ParamBuilder builder = checked(ParamBuilder(OSSL_PARAM_BLD_new()), "build parameters");
  const BigNumber prime = row.openssl_name == nullptr ? prime_of(row) : BigNumber();
  const BigNumber generator = to_number(std::array{std::byte{2}});
  bool pushed = true;
  if (row.openssl_name != nullptr) {
    pushed =
        OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, row.openssl_name, 0) == 1;
  } else {
    pushed = OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_FFC_P, prime.get()) == 1 &&
             OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_FFC_G, generator.get()) == 1 &&
             OSSL_PARAM_BLD_push_int(builder.get(), OSSL_PKEY_PARAM_DH_PRIV_LEN, modp1024_private_bits) == 1;
  }
  const BigNumber public_number = row.kind == Kind::modp ? to_number(public_value) : BigNumber();
  int selection = EVP_PKEY_KEY_PARAMETERS;
  if (private_value != nullptr) {
    selection = EVP_PKEY_KEYPAIR;
    pushed = pushed && OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, private_value) == 1;
    pushed =
        pushed && (row.kind == Kind::modp
                       ? OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, public_number.get())
                       : OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY,
                                                          public_value.data(), public_value.size())) == 1;
  }
  const Params params(pushed ? OSSL_PARAM_BLD_to_param(builder.get()) : nullptr);
  const PkeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, algorithm_of(row), nullptr));
  EVP_PKEY* built = nullptr;
  if (!params || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &built, selection, params.get()) != 1)
    fail("build a Diffie-Hellman key");
  return Pkey(built);
}

// What a group's keys have in common, made once in the life of the process and only read from then on.
struct Domain {
  Pkey parameters;               // empty for Curve25519, which has none
  std::vector<std::byte> prime;  // MODP
};

const Domain& domain_of(const Row& row) {
  static const std::map<DhGroup, Domain> domains = [] {
    std::map<DhGroup, Domain> made;
    for (const Row& each : rows) {
      Domain& domain = made[each.group];
      if (each.kind == Kind::x25519) continue;
      domain.parameters = build(each, nullptr, {});
      if (each.kind != Kind::modp) continue;
      domain.prime.resize(each.bytes);
      BN_bn2bin(prime_of(each).get(), reinterpret_cast<unsigned char*>(domain.prime.data()));
    }
    return made;
  }();
  return domains.at(row.group);
}

// The public value as OpenSSL writes it: MODP padded, ECP behind a 0x04.
std::vector<std::byte> encoded_public(EVP_PKEY* key) {
  unsigned char* encoded = nullptr;
  const std::size_t size = EVP_PKEY_get1_encoded_public_key(key, &encoded);
  if (size == 0) fail("give a public value");
  const auto* begin = reinterpret_cast<const std::byte*>(encoded);
  std::vector<std::byte> bytes(begin, begin + size);
  OPENSSL_free(encoded);
  return bytes;
}

constexpr std::byte uncompressed{0x04};  // SEC 1 §2.3.3

std::vector<std::byte> with_point_form(Bytes coordinates) {
  std::vector<std::byte> encoded = {uncompressed};
  encoded.insert(encoded.end(), coordinates.begin(), coordinates.end());
  return encoded;
}

// 2 … p-2, big endian and both of the prime's length. p ends in a 1 bit, so that p-1 differs from p in its
// last byte only.
bool in_range(Bytes value, Bytes prime) {
  const std::size_t zeros = static_cast<std::size_t>(
      std::ranges::find_if(value, [](std::byte byte) { return byte != std::byte{0}; }) - value.begin());
  if (zeros == value.size() || (zeros + 1 == value.size() && value.back() == std::byte{1})) return false;
  std::vector<std::byte> greatest(prime.begin(), prime.end());
  greatest.back() ^= std::byte{1};
  return std::ranges::lexicographical_compare(value, greatest);
}

// Error: a sentence.
tl::expected<Pkey, std::string> peer_key(const Row& row, Bytes value) {
  const auto refuse = [&](std::string_view why) {
    ERR_clear_error();
    return tl::unexpected(fmt::format("the peer's Diffie-Hellman value {}", why));
  };
  if (value.size() != public_bytes(row.group)) {
    return refuse(fmt::format("has {} bytes, but those of {} have {}", value.size(), row.name,
                              public_bytes(row.group)));
  }
  if (row.kind == Kind::x25519) {
    Pkey peer(EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, nullptr, octets(value), value.size()));
    if (!peer) return refuse("was not taken by OpenSSL");
    return peer;
  }
  const Domain& domain = domain_of(row);
  if (row.kind == Kind::modp && !in_range(value, domain.prime))
    return refuse(fmt::format("is not between 2 and p-2 of {}", row.name));
  Pkey peer(EVP_PKEY_new());
  if (!peer || EVP_PKEY_copy_parameters(peer.get(), domain.parameters.get()) != 1)
    return refuse("was not taken by OpenSSL");
  const auto encoded =
      row.kind == Kind::ecp ? with_point_form(value) : std::vector<std::byte>(value.begin(), value.end());
  if (EVP_PKEY_set1_encoded_public_key(peer.get(), octets(encoded), encoded.size()) != 1) {
    return refuse(row.kind == Kind::ecp ? fmt::format("is not a point on the curve of {}", row.name)
                                        : "was not taken by OpenSSL");
  }
  return peer;
}

// g^x mod p, padded. nullopt: x is not between 1 and p-2.
std::optional<std::vector<std::byte>> modp_public(const Row& row, const BIGNUM* private_value) {
  const BigNumber prime = prime_of(row);
  const BigNumber generator = to_number(std::array{std::byte{2}});
  const BigContext context(BN_CTX_secure_new());
  const BigNumber power(BN_new());
  const BigNumber bound(BN_dup(prime.get()));
  if (!context || !power || !bound || BN_sub_word(bound.get(), 1) != 1) fail("hold a number");
  if (BN_is_zero(private_value) || BN_cmp(private_value, bound.get()) >= 0) return std::nullopt;
  std::vector<std::byte> value(row.bytes);
  if (BN_mod_exp_mont_consttime(power.get(), generator.get(), private_value, prime.get(), context.get(),
                                nullptr) != 1 ||
      BN_bn2binpad(power.get(), reinterpret_cast<unsigned char*>(value.data()),
                   static_cast<int>(value.size())) < 0)
    fail("raise a number to a power");
  return value;
}

// x·G, uncompressed. nullopt: x is not between 1 and n-1.
std::optional<std::vector<std::byte>> ecp_public(const Row& row, const BIGNUM* private_value) {
  const Curve curve(EC_GROUP_new_by_curve_name(EC_curve_nist2nid(row.openssl_name)));
  const BigContext context(BN_CTX_secure_new());
  if (!curve || !context) fail("make a curve");
  if (BN_is_zero(private_value) || BN_cmp(private_value, EC_GROUP_get0_order(curve.get())) >= 0)
    return std::nullopt;
  const Point point(EC_POINT_new(curve.get()));
  std::vector<std::byte> value(1 + 2 * row.bytes);
  if (!point || EC_POINT_mul(curve.get(), point.get(), private_value, nullptr, nullptr, context.get()) != 1 ||
      EC_POINT_point2oct(curve.get(), point.get(), POINT_CONVERSION_UNCOMPRESSED,
                         reinterpret_cast<unsigned char*>(value.data()), value.size(),
                         context.get()) != value.size())
    fail("multiply a point");
  return value;
}

}  // namespace

bool is_supported(std::uint16_t number) { return find_row(DhGroup{number}) != nullptr; }

std::span<const DhGroup> supported_groups() {
  static constexpr auto groups = [] {
    std::array<DhGroup, rows.size()> all{};
    for (std::size_t i = 0; i < rows.size(); ++i) all[i] = rows[i].group;
    return all;
  }();
  return groups;
}

std::size_t public_bytes(DhGroup group) {
  const Row* row = find_row(group);
  if (row == nullptr) return 0;
  return row->kind == Kind::ecp ? 2 * row->bytes : row->bytes;
}

std::size_t shared_bytes(DhGroup group) {
  const Row* row = find_row(group);
  return row == nullptr ? 0 : row->bytes;
}

std::string_view to_string(DhGroup group) {
  if (group == DhGroup::modp768) return "modp768";
  const Row* row = find_row(group);
  return row == nullptr ? "unknown" : row->name;
}

std::optional<DhGroup> find_dh_group(std::string_view name) {
  const auto found = std::ranges::find(rows, name, &Row::name);
  if (found == rows.end()) return std::nullopt;
  return found->group;
}

void DhKeyPair::FreeKey::operator()(evp_pkey_st* key) const noexcept { EVP_PKEY_free(key); }

DhKeyPair::DhKeyPair(DhGroup group, Key key)
    : group_(group), key_(std::move(key)), public_value_(encoded_public(key_.get())) {
  if (row_of(group).kind == Kind::ecp) public_value_.erase(public_value_.begin());
  if (public_value_.size() != public_bytes(group)) fail("give a public value of the group's length");
}

DhKeyPair DhKeyPair::generate(DhGroup group) {
  const Row& row = row_of(group);
  const PkeyContext context(
      row.kind == Kind::x25519
          ? EVP_PKEY_CTX_new_from_name(nullptr, "X25519", nullptr)
          : EVP_PKEY_CTX_new_from_pkey(nullptr, domain_of(row).parameters.get(), nullptr));
  EVP_PKEY* key = nullptr;
  if (!context || EVP_PKEY_keygen_init(context.get()) != 1 || EVP_PKEY_generate(context.get(), &key) != 1)
    fail("generate a Diffie-Hellman key");
  return {group, Key(key)};
}

tl::expected<DhKeyPair, std::string> DhKeyPair::from_private(DhGroup group, Bytes private_value) {
  const Row& row = row_of(group);
  if (row.kind == Kind::x25519) {
    Key key(
        EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, nullptr, octets(private_value), private_value.size()));
    if (key) return DhKeyPair(group, std::move(key));
    ERR_clear_error();
    return tl::unexpected(std::string("a private value of curve25519 has 32 bytes"));
  }
  const BigNumber number = to_number(private_value);
  const auto value = row.kind == Kind::modp ? modp_public(row, number.get()) : ecp_public(row, number.get());
  if (!value) return tl::unexpected(fmt::format("not a private value of {}: zero, or too large", row.name));
  return DhKeyPair(group, Key(build(row, number.get(), *value).release()));
}

tl::expected<SecretBytes, std::string> DhKeyPair::shared(Bytes peer_public) const {
  const Row& row = row_of(group_);
  const auto peer = peer_key(row, peer_public);
  if (!peer) return tl::unexpected(peer.error());
  // OpenSSL is not asked to validate the peer's value: for safe primes the range is all there is to check,
  // and the curves' cofactor is 1, so its y^q and n·Q would only double the time.
  const PkeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key_.get(), nullptr));
  if (!context || EVP_PKEY_derive_init(context.get()) != 1 ||
      (row.kind == Kind::modp && EVP_PKEY_CTX_set_dh_pad(context.get(), 1) != 1) ||
      EVP_PKEY_derive_set_peer_ex(context.get(), peer->get(), 0) != 1)
    fail("derive a Diffie-Hellman secret");
  SecretBytes secret(row.bytes);
  std::size_t size = secret.size();
  if (EVP_PKEY_derive(context.get(), reinterpret_cast<unsigned char*>(secret.data()), &size) != 1 ||
      size != secret.size()) {
    ERR_clear_error();
    return tl::unexpected(fmt::format(
        "the peer's Diffie-Hellman value leads to no secret of {}: it is of small order", row.name));
  }
  return secret;
}

}  // namespace espgate::crypto
