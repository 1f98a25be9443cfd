/* SPDX-License-Identifier: GPL-2.0-only */
/* Everything of a program that is not files, processes, regions, tasks and operations. */
#include <algorithm>
#include <bit>

#include "core/model/model.h"
#include "core/scenario/repair_steps.h"
#include "core/scenario/text_words.h"

namespace daxrace::scenario {

namespace {

/* Keeps the words of that shape, each once. Returns whether all were kept. */
bool repair_words(std::vector<std::string>& words, bool (*is_word)(std::string_view), size_t count_max) {
  const size_t before = words.size();
  size_t kept = 0;
  keep_if(words, [&](const std::string& word) {
    const auto end = words.begin() + static_cast<ptrdiff_t>(kept);
    if (kept == count_max || !is_word(word) || std::find(words.begin(), end, word) != end) return false;
    ++kept;
    return true;
  });
  return kept == before;
}

bool repair_kernel(KernelChoice& kernel) {
  const bool version_good = kernel.version.empty() || is_kernel_version(kernel.version);
  if (!version_good) kernel.version.clear();
  const bool without_good = repair_words(kernel.without, is_row_name, kRowsMax);
  const bool with_good = repair_words(kernel.with, is_row_name, kRowsMax);
  return version_good && without_good && with_good;
}

/* Only a whole expectation is kept: a condition or verdict less would expect something else. */
bool repair_expectation(Expectation& expectation) {
  if (!repair_kernel(expectation.kernel)) return false;
  if (!repair_words(expectation.verdicts, is_verdict, kVerdictsMax)) return false;
  if (expectation.verdicts.empty()) expectation.preemptions.reset();
  if (expectation.preemptions)
    expectation.preemptions = std::clamp(*expectation.preemptions, 0, kPreemptionsMax);
  return true;
}

bool has_task(const Program& program, int task) {
  return task >= 0 && static_cast<size_t>(task) < program.tasks.size() + kernel::MODEL_DMA_MAX;
}

void repair_anchor(const Program& program, Anchor& anchor) {
  if (!has_task(program, anchor.task) || !is_site(anchor.site)) anchor = {};
  anchor.op = std::clamp(anchor.op, 0, kOpsMax - 1);
}

/* By step, the first of each step. The index keeps equals in their order: libstdc++ 12 has a std::stable_sort
 * that clang warns about. */
template <typename Choice>
void repair_order(std::vector<Choice>& choices, size_t count_max) {
  const auto in_order = [](const Choice& a, const Choice& b) { return a.step < b.step; };
  const auto same_step = [](const Choice& a, const Choice& b) { return a.step == b.step; };
  if (!std::ranges::is_sorted(choices, in_order)) {
    std::vector<std::pair<uint32_t, size_t>> order;
    for (size_t i = 0; i < choices.size(); ++i) order.emplace_back(choices[i].step, i);
    std::ranges::sort(order);
    std::vector<Choice> sorted;
    for (const auto& [step, i] : order) sorted.push_back(std::move(choices[i]));
    choices = std::move(sorted);
  }
  choices.erase(std::unique(choices.begin(), choices.end(), same_step), choices.end());
  keep_first(choices, count_max);
}

}  // namespace

void repair_header(Program& program) {
  clean_text(program.title);
  clean_text(program.source);
  clean_text(program.question);
  repair_words(program.mirrors, is_symbol, kMirrorsMax);
  keep_if(program.notes, [](std::string& note) {
    clean_text(note);
    return !note.empty();
  });
  keep_first(program.notes, kNotesMax);
  repair_kernel(program.config.kernel);
  Geometry& geometry = program.config.geometry;
  const int pmd_pages = std::clamp(geometry.pmd_pages, 2, kPmdPagesMax);
  geometry.pmd_pages = static_cast<int>(std::bit_floor(static_cast<unsigned>(pmd_pages)));
  geometry.cells = std::clamp(geometry.cells, 1, kCellsMax);
}

void repair_expectations(Program& program) {
  auto& all = program.expectations;
  size_t kept = 0;
  keep_if(all, [&](Expectation& expectation) {
    const auto end = all.begin() + static_cast<ptrdiff_t>(kept);
    const auto same = [&](const Expectation& before) { return before.kernel == expectation.kernel; };
    if (kept == kExpectationsMax || !repair_expectation(expectation)) return false;
    if (std::find_if(all.begin(), end, same) != end) return false;
    ++kept;
    return true;
  });
  if (!program.found) return;
  clean_text(program.found->signature);
  if (!is_verdict(program.found->verdict)) program.found.reset();
}

void repair_schedule(Program& program) {
  Schedule& schedule = program.schedule;
  keep_if(schedule.switches, [&](Switch& entry) {
    repair_anchor(program, entry.anchor);
    return has_task(program, entry.task) && entry.step <= kStepMax;
  });
  keep_if(program.orders, [&](Order& order) {
    repair_anchor(program, order.first);
    repair_anchor(program, order.then);
    return order.first.task >= 0 && order.then.task >= 0;
  });
  if (program.orders.size() > kOrdersMax) program.orders.resize(kOrdersMax);
  std::erase_if(schedule.draws, [](const Draw& draw) { return draw.step > kStepMax; });
  repair_order(schedule.switches, kSwitchesMax);
  repair_order(schedule.draws, kDrawsMax);
}

}  // namespace daxrace::scenario
