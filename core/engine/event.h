/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Objects that tasks share, and events on them.
 *
 * An object is known by its role and by its number among the objects of that role, in order of creation;
 * never by its address. Two relations stand on events and are kept apart: happens-before (clock.h), for
 * races, and dependency (here), for reductions and reads-from.
 */
#ifndef DAXRACE_CORE_ENGINE_EVENT_H_
#define DAXRACE_CORE_ENGINE_EVENT_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "core/engine/clock.h"
#include "core/engine/hash.h"
#include "core/engine/site.h"

namespace daxrace::engine {

enum class EventKind : uint8_t {
#define EVENT(name, ...) k_##name,
#include "core/engine/events.def"
#undef EVENT
  kCount
};

/* kAdd: changes that commute with each other, but not with a read or a write. */
enum class Access : uint8_t { kNone, kRead, kAdd, kWrite, kEverything };

/* Whether a task may have to wait before it can do an event, and for what (events.def). */
enum class Turn : uint8_t { kMayWait, kFree, kAcquires, kReleases };

Access access_of(EventKind kind);
Turn turn_of(EventKind kind);
std::string_view name_of(EventKind kind);

/* What an object is for: one static Role for each. Registered by its constructor, before main. */
class Role {
 public:
  /* nestable: locks of it may be taken while one of it is held, as far as the order of locks goes; whoever
   * says so has an order of his own among them. */
  explicit Role(const char* name, bool nestable = false);
  bool nestable() const { return nestable_; }
  std::string_view name() const { return name_; }
  uint64_t hash() const { return hash_; }
  /* Object::key of the object of that number. */
  uint64_t key(uint32_t index) const { return key_(index); }
  uint16_t slot() const { return slot_; }

  static constexpr int kRolesMax = 256;

 private:
  std::string_view name_;
  uint64_t hash_;
  Combiner key_;
  uint16_t slot_;
  bool nestable_;
};

/* The role of that name, registered now unless there is one. When there are kRolesMax, kNoObjectRole. The
 * name is not copied. For tests; a static Role costs no search. */
const Role& role_named(const char* name);

extern const Role kRealTimeRole; /* the object of invoke and return */
extern const Role kTaskRole;     /* of spawn, start, finish and join */
extern const Role kNoObjectRole;

/* Base of everything that tasks share. Lives in the arena of an execution. */
struct Object {
  enum class Life : uint8_t { kNone, kAlive, kDead };

  uint64_t key = 0; /* role and number, hashed */
  const Role* role = &kNoObjectRole;
  uint32_t index = 0;
  uint32_t changed_at = 0; /* step of the last change */
  uint32_t last_site = 0;  /* of the last access, for pairs across tasks */
  TaskId last_task = kNoTask;
  Access last_access = Access::kNone;
  TaskId changed_by = kNoTask;
  Life life = Life::kNone; /* Execution::init(), Execution::destroy() */
};

struct Event {
  const Site* site = &kAnonymousSite;
  const Role* role = &kNoObjectRole;
  uint64_t value = 0;
  uint32_t object = 0; /* number among the objects of the role */
  uint8_t choice = 0;  /* taken at the scheduling point before the event; 0: the default */
  bool point = false;  /* a scheduling point came before it: it begins a transition */
  TaskId task = kNoTask;
  EventKind kind = EventKind::kCount;
};

/* As access_of(kind), but coming into a queue writes the queue: a k_contend that is a step of its own. */
Access access_of(const Event& event);

/* `role#number`, as reports print it. */
std::string object_name(const Event& event);
std::string object_name(const Object& object);

/* A step as the dependency relation sees it. */
struct Step {
  uint64_t object = 0; /* Object::key */
  Access access = Access::kNone;
};

/* Whether two ways to touch one object do not commute. Symmetric. */
constexpr bool conflicts(Access a, Access b) {
  if (a == Access::kEverything || b == Access::kEverything) return true;
  if (a == Access::kNone || b == Access::kNone) return false;
  if (a == Access::kWrite || b == Access::kWrite) return true;
  return a != b;
}

/* Whether the order of two steps of different tasks can matter: they conflict on one object, or one of them
 * is a crash. Memory orders do not come into it. Symmetric. */
constexpr bool dependent(const Step& a, const Step& b) {
  if (a.access == Access::kEverything || b.access == Access::kEverything) return true;
  return a.object == b.object && conflicts(a.access, b.access);
}

/* The trace hash after `event`, given the one before it. Any change of task, kind, site, object, value or
 * choice changes it. */
inline uint64_t extend(uint64_t hash, const Event& event) {
  uint64_t who = uint64_t{event.task} | uint64_t{static_cast<uint8_t>(event.kind)} << 8 |
                 uint64_t{event.choice} << 16 | uint64_t{event.point} << 24 | uint64_t{event.object} << 32;
  uint64_t where = event.site->hash + (event.role->hash() << 1 | event.role->hash() >> 63);
  uint64_t what = who * 0x9e3779b97f4a7c15ULL + event.value * 0xd6e8feb86659fd93ULL;
  return fold(hash ^ where, (hash << 32 | hash >> 32) + what);
}

}  // namespace daxrace::engine

#endif  // DAXRACE_CORE_ENGINE_EVENT_H_
