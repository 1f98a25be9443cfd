/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * "Did you mean": the nearest known word by edit distance. Neighbours swapped count once; the case of letters
 * does not count.
 */
#include <algorithm>
#include <array>

#include "core/scenario/text.h"
#include "core/scenario/text_words.h"

namespace daxrace::scenario {

namespace {

/* Longer words are not compared: the time must not depend on the square of what somebody feeds us. */
constexpr size_t kCompareMax = 80;

char folded(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same(char a, char b) { return folded(a) == folded(b); }

size_t edit_distance(std::string_view a, std::string_view b) {
  std::array<std::array<size_t, kCompareMax + 1>, 3> rows{};
  for (size_t j = 0; j <= b.size(); ++j) rows[0][j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    auto& row = rows[i % 3];
    const auto& above = rows[(i + 2) % 3];
    const auto& two_above = rows[(i + 1) % 3];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = above[j - 1] + (same(a[i - 1], b[j - 1]) ? 0 : 1);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, replaced});
      const bool swapped = i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]);
      if (swapped) row[j] = std::min(row[j], two_above[j - 2] + 1);
    }
  }
  return rows[a.size() % 3][b.size()];
}

/* How far a word may be from what was meant: a third of it, and never all of it. */
size_t distance_max(size_t longer) {
  return std::min({longer - 1, std::max<size_t>(1, longer / 3), size_t{3}});
}

bool is_abbreviation(std::string_view word, std::string_view of) {
  return word.size() >= 3 && word.size() < of.size() &&
         std::ranges::equal(word, of.substr(0, word.size()), same);
}

}  // namespace

std::string_view did_you_mean(std::string_view word, const std::vector<std::string_view>& candidates) {
  std::string_view best;
  size_t best_distance = kCompareMax;
  if (word.empty() || word.size() > kCompareMax) return best;
  for (const std::string_view candidate : candidates) {
    if (candidate.empty() || candidate.size() > kCompareMax) continue;
    size_t distance = edit_distance(word, candidate);
    if (distance > distance_max(std::max(word.size(), candidate.size()))) {
      if (!is_abbreviation(word, candidate)) continue;
      distance = kCompareMax - 1; /* a last resort */
    }
    if (distance >= best_distance) continue;
    best = candidate;
    best_distance = distance;
  }
  return best;
}

}  // namespace daxrace::scenario
