/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/engine/event.h"

#include <cstdio>
#include <cstdlib>

namespace daxrace::engine {

namespace {

struct KindInfo {
  std::string_view name;
  Access access;
  Turn turn;
};

constexpr Turn turn_or_default(Turn turn = Turn::kMayWait) { return turn; }

using enum Turn;

constexpr KindInfo kKinds[] = {
#define EVENT(name, access, meaning, ...) {#name, Access::access, turn_or_default(__VA_ARGS__)},
#include "core/engine/events.def"
#undef EVENT
};

uint16_t& roles_registered() {
  static uint16_t count = 0;
  return count;
}

}  // namespace

const Role kRealTimeRole("real-time");
const Role kTaskRole("task");
const Role kNoObjectRole("none");

Access access_of(EventKind kind) { return kKinds[static_cast<size_t>(kind)].access; }
Turn turn_of(EventKind kind) { return kKinds[static_cast<size_t>(kind)].turn; }
std::string_view name_of(EventKind kind) { return kKinds[static_cast<size_t>(kind)].name; }

Role::Role(const char* name) : name_(name), hash_(hash_text(name)), slot_(roles_registered()++) {
  if (slot_ >= kRolesMax) {
    std::fprintf(stderr, "harness: more than %d roles of objects\n", kRolesMax);
    std::abort();
  }
}

Access access_of(const Event& event) {
  bool queues_up = event.kind == EventKind::k_contend && event.point;
  return queues_up ? Access::kWrite : access_of(event.kind);
}

std::string object_name(const Event& event) {
  return std::string(event.role->name()) + "#" + std::to_string(event.object);
}

std::string object_name(const Object& object) {
  return std::string(object.role->name()) + "#" + std::to_string(object.index);
}

}  // namespace daxrace::engine
