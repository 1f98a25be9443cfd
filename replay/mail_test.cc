/* SPDX-License-Identifier: GPL-2.0-only */
#include "replay/mail.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/scenario/text.h"
#include "replay/mail_decode.h"

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

scenario::Program program_of(const std::string& mail) {
  std::string text = scenario_from(read_mail(mail));
  auto parsed = scenario::parse_strict(text);
  auto* program = std::get_if<scenario::Program>(&parsed);
  EXPECT_NE(program, nullptr) << text;
  return program == nullptr ? scenario::Program{} : *program;
}

std::string file_text(const std::string& name) {
  std::ifstream file(std::string(DAXRACE_SOURCE_DIR) + "/tests/mails/" + name, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_FALSE(text.str().empty()) << name;
  return text.str();
}

/* "P.A: load m, load m; P.B: write f 0 1pg" */
std::string tasks_of(const scenario::Program& program) {
  std::string out;
  for (const scenario::Task& task : program.tasks) {
    out += (out.empty() ? "" : "; ") + program.processes[static_cast<size_t>(task.process)] + "." +
           task.name + ":";
    for (const scenario::Operation& op : task.ops)
      out += (&op == task.ops.data() ? " " : ", ") + scenario::print_operation(program, op);
  }
  return out;
}

TEST(Mail, ReadsHeadersStepsAndDiagram) {
  Mail mail = read_mail(kMail);
  EXPECT_EQ(mail.subject, "dax: an example of a race");
  EXPECT_FALSE(mail.is_patch);
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
  scenario::Program program = program_of(kMail);
  EXPECT_EQ(program.source, "https://lore.kernel.org/r/20240101.1@example.org");
  EXPECT_EQ(tasks_of(program), "P.A: write f 0 1pg; P.B: load m");
}

TEST(Mail, OfAnySortGivesAProgram) {
  for (const char* text :
       {"", "\xff\xfe\n1) fork\n2) swapoff\n", "CPU0 CPU1\n\n", "Subject:\nFrom:\n", "<html>&#xffffff;<",
        "From: a\nContent-Type: multipart/mixed; boundary=x\n\n--x\n--x\n",
        "From: =?utf-8?b?////?=\nTo: =?x?q?=zz?=\n\nbody", "1) a\n2) a #b\n3) ### c\n"}) {
    auto parsed = scenario::parse_strict(scenario_from(read_mail(text)));
    EXPECT_TRUE(std::holds_alternative<scenario::Program>(parsed)) << scenario_from(read_mail(text));
  }
  const std::string lines(300000, 'a');
  program_of("From: x\nSubject: " + lines + "\n\n" + lines + " while " + lines);
}

TEST(Mail, StepsOfProcessesWithMappingsOfTheirOwn) {
  scenario::Program program = program_of(
      "1) process A writes through the mapping of the PMD\n"
      "2) process B maps 4K of it and writes to the mapping\n"
      "3) fsync\n4) process A stores\n5) crash\n");
  EXPECT_EQ(tasks_of(program), "P.A: store m+1pg, store m+1pg, crash; Q.B: store n, fsync f");
}

TEST(Mail, SentencesThatSayWhatHappensAtOnce) {
  EXPECT_EQ(tasks_of(program_of(
                "Say thread1 does an O_DIRECT read into it and thread2 does munmap()+close() while the\n"
                "read is in flight.")),
            "P.A: dioread m; P.B: munmap m, close f");
  EXPECT_EQ(tasks_of(program_of(
                "It breaks by reading a file via O_DIRECT to a part of a page, concurrently writing to\n"
                "another part of the same page, and concurrently write-protecting it via clear_refs.")),
            "P.A: dioread a; P.B: store a.1; P.C: clearrefs");
}

TEST(Mail, KnowsThePatchesThatTheModelHas) {
  std::string text = scenario_from(
      read_mail("From: x\nSubject: [PATCH] dax: fix data corruption when fault races with write\n\n"
                "CPU0 - write(2)     CPU1 - read fault\n\nreads are stale\n"));
  EXPECT_NE(text.find("daxrace models 13e451fdc1af (v4.12)"), text.npos) << text;
  EXPECT_NE(text.find("# expect without 13e451fdc1af: stale-read\n"), text.npos) << text;
  EXPECT_NE(text.find("explore` on this file --without 13e451fdc1af"), text.npos) << text;
}

TEST(Mail, Mbox) {
  Mail mail = read_mail(file_text("invented.mbox"));
  EXPECT_EQ(mail.subject, "dax: zeros through a mapping although write(2) has returned");
  EXPECT_EQ(mail.from, "Ren\xc3\xa9 Reporter <reporter@example.org>");
  EXPECT_EQ(mail.functions.front(), "dax_iomap_pte_fault");
  EXPECT_EQ(tasks_of(program_of(file_text("invented.mbox"))), "P.A: load m, load m; P.B: write f 0 1pg");
}

TEST(Mail, MultipartWithEncodings) {
  Mail mail = read_mail(file_text("multipart.eml"));
  EXPECT_EQ(mail.subject, "mm: swap-out and (na\xc3\xafve) direct I/O");
  EXPECT_FALSE(mail.is_patch) << "a reply";
  EXPECT_TRUE(mail.steps.empty()) << "the same in HTML is not read twice";
  EXPECT_EQ(tasks_of(program_of(file_text("multipart.eml"))), "P.A: dioread a; P.B: pageout a");
}

TEST(Mail, PageOfAnArchive) {
  Mail mail = read_mail(file_text("invented.html"));
  EXPECT_EQ(mail.subject, "dax: an invented patch");
  EXPECT_TRUE(mail.is_patch);
  EXPECT_EQ(mail.from, "A. Author <author@example.org>");
  EXPECT_EQ(mail.date, "2024-03-05 10:00 UTC");
  EXPECT_EQ(mail.message_id, "20240305.1@example.org");
  EXPECT_EQ(mail.fixes, (std::vector<std::string>{"0123456789ab (\"dax: an invented cause\")"}));
  EXPECT_TRUE(mail.steps.empty()) << "what a script or a patch holds is no step";
  EXPECT_EQ(mail.verdicts, (std::vector<std::string>{"lost-after-sync"}));
  EXPECT_EQ(tasks_of(program_of(file_text("invented.html"))), "P.A: store m; P.B: fsync f");
}

TEST(MailDecode, LeavesOtherTextAlone) {
  const std::string page = "diff mbox series\n\nRe: x\n=3D =?utf-8?q?a?=\n";
  EXPECT_EQ(plain_mail(page), page);
  EXPECT_EQ(plain_mail("From: a\nTo: b\nContent-Transfer-Encoding: quoted-printable\n\na=3Db=\nc\n"),
            "From: a\nTo: b\nContent-Transfer-Encoding: quoted-printable\n\na=bc\n\n");
}

}  // namespace
}  // namespace daxrace::replay
