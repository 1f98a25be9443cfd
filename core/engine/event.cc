/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/engine/event.h"

#include <array>
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

std::array<const Role*, Role::kRolesMax>& roles() {
  static std::array<const Role*, Role::kRolesMax> registered{};
  return registered;
}

}  // namespace

const Role kRealTimeRole("real-time");
const Role kTaskRole("task");
const Role kNoObjectRole("none");

Access access_of(EventKind kind) { return kKinds[static_cast<size_t>(kind)].access; }
Turn turn_of(EventKind kind) { return kKinds[static_cast<size_t>(kind)].turn; }
std::string_view name_of(EventKind kind) { return kKinds[static_cast<size_t>(kind)].name; }

Role::Role(const char* name, bool nestable)
    : name_(name), hash_(hash_text(name)), key_(hash_), slot_(roles_registered()++), nestable_(nestable) {
  if (slot_ >= kRolesMax) {
    std::fprintf(stderr, "harness: more than %d roles of objects\n", kRolesMax);
    std::abort();
  }
  roles()[slot_] = this;
}

const Role& role_named(const char* name) {
  const uint64_t hash = hash_text(name);
  const uint16_t count = roles_registered();
  for (uint16_t slot = 0; slot < count; ++slot) {
    if (roles()[slot]->hash() == hash) return *roles()[slot];
  }
  if (count == Role::kRolesMax) return kNoObjectRole;
  return *new Role(name);
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
