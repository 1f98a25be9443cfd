/* SPDX-License-Identifier: GPL-2.0-only */
#include "replay/mail.h"

#include <gtest/gtest.h>

#include "core/scenario/text.h"

namespace daxrace::replay {
namespace {

const char kMail[] = R"(From list Mon Jan  1 00:00:00 2024
From: A Reporter <reporter@example.org>
Subject: Re: [PATCH v2 1/3] dax: an example of a race
Date: Mon, 1 Jan 2024 10:00:00 +0000
Message-ID: <20240101.1@example.org>

> It breaks like this:
>
>   1) process A does a write fault on the
>      mapping
>   2) process B calls fsync(2)
>   3) crash
>
> CPU0 - write(2)          CPU1 - read fault
>
> iomap_begin()
>                          insert_pfn()

Fixes: 0123456789abcdef ("dax: the cause")
This came with commit fedcba9876543210.
)";

TEST(Mail, ReadsHeadersStepsAndDiagram) {
  Mail mail = read_mail(kMail);
  EXPECT_EQ(mail.subject, "dax: an example of a race");
  EXPECT_EQ(mail.from, "A Reporter <reporter@example.org>");
  EXPECT_EQ(mail.message_id, "20240101.1@example.org");
  EXPECT_EQ(mail.fixes, (std::vector<std::string>{"0123456789ab (\"dax: the cause\")"}));
  EXPECT_EQ(mail.commits, (std::vector<std::string>{"fedcba987654"}));
  ASSERT_EQ(mail.steps.size(), 3u);
  EXPECT_EQ(mail.steps[0], "1) process A does a write fault on the mapping");
  ASSERT_FALSE(mail.diagrams.empty());
  EXPECT_EQ(mail.diagrams.front(), "CPU0 - write(2)          CPU1 - read fault");
}

TEST(Mail, BecomesAProgramThatParses) {
  std::string text = scenario_from(read_mail(kMail));
  auto parsed = scenario::parse_strict(text);
  auto* program = std::get_if<scenario::Program>(&parsed);
  ASSERT_NE(program, nullptr) << text;
  EXPECT_EQ(program->source, "https://lore.kernel.org/r/20240101.1@example.org");
  ASSERT_EQ(program->tasks.size(), 2u);
  EXPECT_EQ(program->tasks[0].ops[0].kind, scenario::OpKind::k_write);
  EXPECT_EQ(program->tasks[1].ops[0].kind, scenario::OpKind::k_load);
}

TEST(Mail, OfAnySortGivesAProgram) {
  for (const char* text : {"", "\xff\xfe\n1) fork\n2) swapoff\n", "CPU0 CPU1\n\n", "Subject:\nFrom:\n"}) {
    auto parsed = scenario::parse_strict(scenario_from(read_mail(text)));
    EXPECT_TRUE(std::holds_alternative<scenario::Program>(parsed)) << scenario_from(read_mail(text));
  }
}

}  // namespace
}  // namespace daxrace::replay
