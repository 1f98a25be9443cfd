/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A report from a mailing list as the beginning of a scenario: what it is called, where it is from, what it
 * says in steps, diagrams and sentences, and the operations that can be recognised in that.
 */
#ifndef DAXRACE_REPLAY_MAIL_H_
#define DAXRACE_REPLAY_MAIL_H_

#include <string>
#include <vector>

namespace daxrace::replay {

struct Mail {
  std::string subject; /* without "Re:" and "[PATCH ...]" */
  bool is_patch = false;
  bool huge = false; /* it speaks of huge pages */
  std::string from;
  std::string date;
  std::string message_id;             /* without < and > */
  std::vector<std::string> fixes;     /* "123456789abc (subject)", as in Fixes: lines */
  std::vector<std::string> commits;   /* first 12 digits of hashes that it names */
  std::vector<std::string> steps;     /* numbered, each on one line */
  std::vector<std::string> diagrams;  /* lines of CPU0/CPU1 pictures as they stand there */
  std::vector<std::string> sentences; /* that say of two or more what they do at the same time */
  std::vector<std::string> functions; /* kernel functions, those that are named most first */
  std::vector<std::string> verdicts;  /* that its words suggest */
};

/* Of an mbox, a mail, or an archive's page, as HTML or text. Quotation marks are taken off. */
Mail read_mail(const std::string& text);

/* The text of a scenario. It runs; what is to be done with it stands in it as comments. */
std::string scenario_from(const Mail& mail);

}  // namespace daxrace::replay

#endif  // DAXRACE_REPLAY_MAIL_H_
