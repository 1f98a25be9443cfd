/* SPDX-License-Identifier: GPL-2.0-only */
/* What a finding lock-order says: one sentence, or the report that lockdep would print. */
#include "core/engine/failure.h"

namespace daxrace::engine {

namespace {

std::string class_name(const Role& role, uint8_t subclass) {
  std::string text(role.name());
  return subclass == 0 ? text : text + "/" + std::to_string(subclass);
}

std::string object_of(const Role& role, uint32_t object) {
  return std::string(role.name()) + "#" + std::to_string(object);
}

std::string to_class(const LockEdge& edge) { return class_name(*edge.to, edge.to_subclass); }
std::string from_class(const LockEdge& edge) { return class_name(*edge.from, edge.from_subclass); }

/* Which execution, unless it is the one of the finding. */
std::string when(const LockEdge& edge, const Finding& finding) {
  if (edge.execution == finding.args[1]) return "";
  if (edge.execution == 0) return " of an earlier execution";
  return " of execution " + std::to_string(edge.execution);
}

std::string names(const LockEdge& edge) { return edge.task_name.data(); }

std::string taken(const LockEdge& edge, const Finding& finding) {
  return object_of(*edge.to, edge.to_object) + at_step(edge.to_step, *edge.to_site) + when(edge, finding);
}

std::string held(const LockEdge& edge) {
  return object_of(*edge.from, edge.from_object) + ", since step " + std::to_string(edge.from_step) +
         in_function(*edge.from_site);
}

std::string mode(bool shared) { return shared ? "{shared}" : "{exclusive}"; }

std::string line(const LockEdge& edge, bool outer) {
  std::string text = "  (" + (outer ? from_class(edge) : to_class(edge)) + ")" +
                     mode(outer ? edge.from_shared : edge.to_shared) + ", " +
                     (outer ? object_of(*edge.from, edge.from_object) : object_of(*edge.to, edge.to_object)) +
                     ", at: ";
  const Site& site = outer ? *edge.from_site : *edge.to_site;
  return text + site.name() + ", step " + std::to_string(outer ? edge.from_step : edge.to_step) + "\n";
}

/* How a class is taken by whoever has it second. */
std::string take(const std::string& name, bool shared) { return (shared ? "rlock(" : "lock(") + name + ");"; }

std::string two_columns(const std::string& left, const std::string& right) {
  std::string text = "  " + left;
  if (!right.empty()) text.append(left.size() < 26 ? 26 - left.size() : 1, ' ');
  return text + right + "\n";
}

/* With more than two classes, lockdep too shows the two processors between which the circle closes. */
std::string scenario(std::span<const LockEdge> chain) {
  const LockEdge& now = chain.front();
  const LockEdge& back = chain.back();
  std::string text;
  if (chain.size() > 2) {
    text += "Chain exists of:\n  ";
    for (const LockEdge& edge : chain.subspan(1)) text += from_class(edge) + " --> ";
    text += to_class(back) + "\n\n";
  }
  text += " Possible unsafe locking scenario:\n\n";
  text += two_columns("     CPU0", "CPU1") + two_columns("     ----", "----");
  text += two_columns(take(from_class(now), now.from_shared), "");
  text += two_columns("", take(from_class(back), back.from_shared));
  text += two_columns("", take(to_class(back), back.to_shared));
  text += two_columns(take(to_class(now), now.to_shared), "");
  return text + "\n *** DEADLOCK ***\n";
}

std::string recursion_report(const LockEdge& edge) {
  std::string text = "WARNING: possible recursive locking detected\n" + names(edge) +
                     " has taken the lock:\n" + line(edge, false) + "\nbut it already held the lock:\n" +
                     line(edge, true) +
                     "\nother info that might help us debug this:\n Possible unsafe locking scenario:\n\n";
  text += two_columns("     CPU0", "") + two_columns("     ----", "");
  text += two_columns(take(from_class(edge), edge.from_shared), "");
  text += two_columns(take(to_class(edge), edge.to_shared), "");
  return text + "\n *** DEADLOCK ***\n\n May be due to missing lock nesting notation\n";
}

}  // namespace

std::string describe_lock_order(const Finding& finding, const Execution&) {
  std::span<const LockEdge> chain = LockOrder::edges(finding);
  const LockEdge& now = chain.front();
  std::string text = names(now) + " takes " + taken(now, finding) + " while it holds " + held(now);
  if (chain.size() == 1) return text + ": two locks of one class, whose order nothing says";
  std::string between = "; but ";
  for (const LockEdge& edge : chain.subspan(1)) {
    text += between + names(edge) + " takes " + taken(edge, finding) + " while it holds " + held(edge);
    between = ", and ";
  }
  return text + ": each can wait for the next";
}

std::string lockdep_report(const Finding& finding, const Execution&) {
  std::span<const LockEdge> chain = LockOrder::edges(finding);
  const LockEdge& now = chain.front();
  if (chain.size() == 1) return recursion_report(now);
  std::string text = "WARNING: possible circular locking dependency detected\n" + names(now) +
                     " has taken the lock:\n" + line(now, false) + "\nbut it already held the lock:\n" +
                     line(now, true) + "\nwhich lock already depends on the new lock.\n\n" +
                     "the existing dependency chain (in reverse order) is:\n\n";
  for (size_t i = chain.size() - 1; i > 0; --i) {
    const LockEdge& edge = chain[i];
    text += "-> #" + std::to_string(i) + " (" + to_class(edge) + ")" + mode(edge.to_shared) + ":\n       " +
            names(edge) + " takes " + taken(edge, finding) + "\n       while it holds " + held(edge) + "\n\n";
  }
  text += "-> #0 (" + to_class(now) + ")" + mode(now.to_shared) + ":\n       " + names(now) + " takes " +
          taken(now, finding) + "\n       while it holds " + held(now) +
          "\n\nother info that might help us debug this:\n\n";
  return text + scenario(chain);
}

}  // namespace daxrace::engine
