/* SPDX-License-Identifier: GPL-2.0-only */
/* Which findings of a campaign are told as one. */
#include <gtest/gtest.h>

#include "replay/campaign.h"

namespace daxrace::replay {
namespace {

constexpr const char* kPlace = "/dax_insert_entry:set:i_pages#0/insert_pfn:set:pte#0";

class Causes : public testing::Test {
 protected:
  CampaignFinding& add(const std::string& file, const std::string& operations,
                       const std::string& verdict = "stale-read") {
    CampaignFinding& finding = state_.findings[file];
    finding.file = file;
    finding.verdict = verdict;
    finding.signature = verdict + "/" + operations + kPlace;
    finding.confirmed = true;
    finding.size = 100;
    finding.hits = 1;
    return finding;
  }
  static void explain(CampaignFinding& finding, std::vector<std::string> closed_by) {
    finding.explained = true;
    finding.closed_by = std::move(closed_by);
  }
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const CampaignCause& cause : state_.causes()) names.push_back(cause.name);
    return names;
  }

  CampaignState state_;
};

TEST_F(Causes, NobodyKnowsAreToldApartByPlaceNotByOperation) {
  add("a.dax", "load/write");
  add("b.dax", "read/store");
  add("c.dax", "read/store", "lost-write");
  const std::vector<std::string> want{std::string("lost-write") + kPlace, std::string("stale-read") + kPlace};
  EXPECT_EQ(names(), want);
  EXPECT_FALSE(state_.causes()[1].closed);
  EXPECT_EQ(state_.causes()[1].hits(), 2u);
}

TEST_F(Causes, OneThatIsExplainedSpeaksForThoseAtItsPlacesThatAreNot) {
  explain(add("a.dax", "load/write"), {"13e451fdc1af", "entry-locks-shared"});
  add("b.dax", "read/store");
  EXPECT_EQ(names(), std::vector<std::string>{"goes away with 13e451fdc1af"});
  EXPECT_TRUE(state_.causes()[0].closed);
}

TEST_F(Causes, WhatNothingClosesIsNotWhatTheSamePlacesHaveElsewhere) {
  explain(add("a.dax", "load/write"), {"13e451fdc1af"});
  explain(add("b.dax", "read/store"), {});
  explain(add("c.dax", "read/punch"), {"cd656375f940"});
  EXPECT_EQ(names().size(), 3u);
}

TEST_F(Causes, OneChangeIsOneCauseWhateverTheVerdict) {
  explain(add("a.dax", "load/write"), {"13e451fdc1af"});
  explain(add("b.dax", "read/store", "lost-write"), {"13e451fdc1af"});
  EXPECT_EQ(names().size(), 1u);
}

TEST_F(Causes, TheOneToLookAtIsNewAndConfirmedAndSmall) {
  add("a.dax", "load/write").known = true;
  add("b.dax", "load/punch").confirmed = false;
  add("c.dax", "load/zero").size = 50;
  CampaignFinding& best = add("d.dax", "load/truncate");
  best.minimised = "done";
  add("e.dax", "load/collapse");
  const CampaignCause cause = state_.causes()[0];
  ASSERT_EQ(cause.findings.size(), 5u);
  EXPECT_EQ(cause.findings[0]->file, "d.dax");
  EXPECT_EQ(cause.findings[1]->file, "c.dax");
  EXPECT_EQ(cause.findings[4]->file, "a.dax");
}

}  // namespace
}  // namespace daxrace::replay
