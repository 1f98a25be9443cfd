/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who does what, in the words of a mail: tasks and operations as far as they can be recognised.
 */
#ifndef DAXRACE_REPLAY_MAIL_ACTORS_H_
#define DAXRACE_REPLAY_MAIL_ACTORS_H_

#include <algorithm>
#include <string>
#include <vector>

namespace daxrace::replay {

/* An operation, and the words that it comes from. */
struct Deed {
  std::string operation;
  std::string said;
};

struct Actor {
  std::string name;
  bool process = false; /* of its own */
  bool small = false;   /* maps a page, not a huge one */
  std::vector<Deed> deeds;
  bool acts() const {
    return std::any_of(deeds.begin(), deeds.end(), [](const Deed& deed) { return !deed.operation.empty(); });
  }
};

/* Operations in the order in which they stand there; `%` in them is the mapping, or the memory, of whoever
 * does it. */
std::vector<std::string> operations_in(const std::string& text, size_t max);

/* The head of a diagram says what each side does; what is under it decides only where the head is silent. */
std::vector<Actor> actors_of_diagram(const std::vector<std::string>& diagram);
/* "process A ...", "CPU1: ...": a task of its own; what names nobody belongs to the one before. */
std::vector<Actor> actors_of_steps(const std::vector<std::string>& steps);
/* "thread1 does ... and thread2 does ...", or "..., concurrently ..., and concurrently ...". */
std::vector<Actor> actors_of_sentence(const std::string& sentence);

/* There are several, and each does something. */
bool all_act(const std::vector<Actor>& actors);

}  // namespace daxrace::replay

#endif  // DAXRACE_REPLAY_MAIL_ACTORS_H_
