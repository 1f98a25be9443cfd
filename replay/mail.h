/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A report from a mailing list as the beginning of a scenario: what it is called, where it is from, what it
 * says in steps and diagrams, and the operations that can be recognised in that.
 */
#ifndef DAXRACE_REPLAY_MAIL_H_
#define DAXRACE_REPLAY_MAIL_H_

#include <string>
#include <vector>

namespace daxrace::replay {

struct Mail {
  std::string subject; /* without "Re:" and "[PATCH ...]" */
  std::string from;
  std::string date;
  std::string message_id;            /* without < and > */
  std::vector<std::string> fixes;    /* "123456789abc (subject)", as in Fixes: lines */
  std::vector<std::string> commits;  /* first 12 digits of hashes that it names */
  std::vector<std::string> steps;    /* numbered, each on one line */
  std::vector<std::string> diagrams; /* lines of CPU0/CPU1 pictures as they stand there */
};

/* Of an mbox (its first mail), a raw mail, or the text of an archive's page. Quotation marks are taken off.
 */
Mail read_mail(const std::string& text);

/* The text of a scenario. It runs; what is to be done with it stands in it as comments. */
std::string scenario_from(const Mail& mail);

}  // namespace daxrace::replay

#endif  // DAXRACE_REPLAY_MAIL_H_
