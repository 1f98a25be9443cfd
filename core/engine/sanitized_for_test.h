/* SPDX-License-Identifier: GPL-2.0-only */
/* Instrumented tests do a share of the work: an execution costs thirty times as much, a fault a hundred
 * times. */
#ifndef DAXRACE_CORE_ENGINE_SANITIZED_FOR_TEST_H_
#define DAXRACE_CORE_ENGINE_SANITIZED_FOR_TEST_H_

#include <cstddef>
#include <utility>
#include <vector>

namespace daxrace {

#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool kSanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif
#else
inline constexpr bool kSanitized = false;
#endif

/* One in eight of them there, from everywhere in the list. */
template <typename T>
std::vector<T> share_of(std::vector<T> list) {
  if (!kSanitized) return list;
  std::vector<T> share;
  for (size_t i = 0; i < list.size(); i += 8) share.push_back(std::move(list[i]));
  return share;
}

}  // namespace daxrace

#endif  // DAXRACE_CORE_ENGINE_SANITIZED_FOR_TEST_H_
