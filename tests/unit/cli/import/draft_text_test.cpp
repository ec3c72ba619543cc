// SPDX-License-Identifier: Apache-2.0
// The text that comes out.
#include "tests/unit/cli/import/imported.h"

namespace espgate::openswan {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST(DraftText, MarksWhatIsNotKnown) {
  MadeUpFiles files;
  files.contents = {{"ipsec.conf", "config setup\n interfaces=\"ipsec0=ens6\"\n" + conn_l2tp +
                                       "\tleftnexthop=10.20.0.254\n"}};
  Notes notes;
  const auto draft = import_openswan({"ipsec.conf", "", {}}, files, notes);
  ASSERT_TRUE(draft);
  const DraftText text = to_toml(*draft);
  EXPECT_EQ(text.missing.size(), 7U);
  for (const char* place : {"# FILL IN: interface = \"ens6\"", "# FILL IN: address = \"10.20.0.10/24\"",
                            "# FILL IN: gateway = \"10.20.0.254\"", "# FILL IN: pool", "# FILL IN: secret"})
    EXPECT_THAT(std::string(as_text(text.text)), HasSubstr(place));
  const auto parsed = config::parse_config(as_text(text.text), "made.toml");
  ASSERT_FALSE(parsed);
  for (const config::Problem& problem : parsed.error().errors)
    EXPECT_THAT(problem.what, HasSubstr("is missing in ["))
        << "an error other than a missing key: " << problem.to_string();
}

TEST(DraftText, StaysTomlWhateverAConnectionIsCalled) {
  const Imported imported = import_texts(
      "conn of\x9a\x9e\x1b[2J\n type=transport\n right=%any\n auto=add\n ike=aes256-sha1-modp2048\n");
  EXPECT_THAT(imported.text, HasSubstr("conn of??"));
  EXPECT_THAT(imported.text, Not(HasSubstr("\x1b")));
}

TEST(DraftText, CanBeShownWithoutKeys) {
  MadeUpFiles files;
  files.contents = {{"ipsec.conf", conn_l2tp}, {"ipsec.secrets", any_psk}};
  Notes notes;
  const auto draft = import_openswan({"ipsec.conf", "ipsec.secrets", made_up_surroundings}, files, notes);
  const DraftText text = to_toml(draft.value());
  EXPECT_THAT(std::string(as_text(text.text)), HasSubstr("secret = 'a key for whoever dials'"));
  EXPECT_THAT(std::string(as_text(text.covered)),
              AllOf(HasSubstr("secret = '…'"), Not(HasSubstr("whoever"))));
}

}  // namespace
}  // namespace espgate::openswan
