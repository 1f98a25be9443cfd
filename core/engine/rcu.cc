/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/engine/rcu.h"

#include "core/engine/edges.h"

namespace daxrace::engine {

namespace {

constexpr Candidates::Mask bit(TaskId task) { return Candidates::Mask{1} << task; }

uint64_t hash_of(Candidates::Mask mask) {
  return combine(static_cast<uint64_t>(mask), static_cast<uint64_t>(mask >> 64));
}

bool only_idle_left(TaskId self) {
  const Execution& execution = Execution::current();
  for (int id = 0; id < execution.task_count(); ++id) {
    const Task& task = execution.task(static_cast<TaskId>(id));
    if (id != self && task.state == Task::State::kRunnable && !task.idle) return false;
  }
  return true;
}

}  // namespace

uint64_t Sections::hash() const { return combine(hash_of(tasks[0]), hash_of(tasks[1])); }

void GracePeriods::init(const Role& role, RcuServer server) {
  Execution& execution = Execution::current();
  execution.init(*this, role);
  readers_ = execution.arena().make_array<PerTask>(static_cast<size_t>(execution.clock_width()));
  server_ = server;
}

/* A domain that is not in use looks as if it had never been. */
void GracePeriods::rehash() {
  Execution& execution = Execution::current();
  uint64_t hash = uint64_t{index_} << 32 | queued_;
  for (int id = 0; id < execution.task_count(); ++id) {
    const PerTask& t = readers_[id];
    uint64_t counts = uint64_t{t.nesting[0]} | uint64_t{t.nesting[1]} << 16 | uint64_t{t.callbacks} << 32;
    if (counts == 0 && !t.runs && t.waits_for.empty()) continue;
    hash = combine(hash, combine(counts << 8 | static_cast<uint64_t>(id), t.runs));
    hash = combine(hash, combine(t.waits_for.hash(), hash_of(t.barriers)));
  }
  for (const RcuHead* head = first_; head != nullptr; head = head->next) {
    uint64_t what = combine(head->key, head->place) + head->caller;
    hash = combine(hash, combine(what, combine(head->waits_for.hash(), hash_of(head->barriers))));
  }
  execution.changed(*this, hashed_, hash);
  hashed_ = hash;
}

/* --- sections --------------------------------------------------------------------------------------------
 */

Sections GracePeriods::open() const {
  Sections sections;
  for (int id = 0; id < Execution::current().task_count(); ++id) {
    for (int index : {0, 1}) {
      if (readers_[id].nesting[index] != 0) sections.tasks[index] |= bit(static_cast<TaskId>(id));
    }
  }
  return sections;
}

void GracePeriods::nest(uint32_t index, int by) {
  readers_[Execution::current().self()].nesting[index] += static_cast<uint32_t>(by);
  rehash();
}

void GracePeriods::enter(uint32_t index, const Site& site) {
  Execution& execution = Execution::current();
  acquire_clock(ended_);
  execution.event(site, EventKind::k_rcu_lock, *this, index);
  nest(index, 1);
  /* No reader waits for another, whoever waits for the grace period. */
  execution.hold(*this, {.exclusive = false, .recursive = true});
}

void GracePeriods::closed(Sections& sections, uint32_t index) const {
  sections.tasks[index] &= ~bit(Execution::current().self());
}

void GracePeriods::leave(uint32_t index, const Site& site) {
  Execution& execution = Execution::current();
  if (nesting(index) == 0) {
    execution.misuse(Misuse::k_unlock_free, *this, site);
    return; /* only where the task is being unwound */
  }
  if (nesting(index) == 1) {
    for (int id = 0; id < execution.task_count(); ++id) closed(readers_[id].waits_for, index);
    for (RcuHead* head = first_; head != nullptr; head = head->next) closed(head->waits_for, index);
  }
  publish_clock(left_);
  execution.release(*this);
  execution.event(site, EventKind::k_rcu_unlock, *this, index);
  nest(index, -1);
}

/* --- grace periods ---------------------------------------------------------------------------------------
 */

TaskId GracePeriods::holder(const Object* object, const Pending& pending) {
  const auto& sections = static_cast<const GracePeriods*>(object)->readers_[pending.detail].waits_for;
  Candidates::Mask tasks = sections.tasks[0] | sections.tasks[1];
  return tasks == 0 ? kNoTask : Candidates(tasks, 0)[0];
}

void GracePeriods::synchronize(const Site& site, [[maybe_unused]] ExpressionGuard guard) {
  Execution& execution = Execution::current();
  TaskId self = execution.self();
  Pending begin{&site, this, EventKind::k_rcu_sync};
  begin.sleeps = true;
  execution.point(begin);
  /* As lockdep's lock_sync(): it waits for readers, whatever they wait for. */
  execution.may_wait_for(*this, site);
  Sections& waits_for = readers_[self].waits_for = open();
  next_index();
  execution.event(site, EventKind::k_rcu_sync, *this,
                  Candidates(waits_for.tasks[0] | waits_for.tasks[1], 0).size());
  rehash();

  Pending end{&site, this, EventKind::k_rcu_synced};
  end.enabled = [](const Object* object, const Pending&, TaskId task) {
    return static_cast<const GracePeriods*>(object)->readers_[task].waits_for.empty();
  };
  end.holder = holder;
  end.detail = self;
  end.sleeps = true;
  execution.point(end);
  end_grace_period(execution.self_task().clock);
  execution.event(site, EventKind::k_rcu_synced, *this, 0);
}

/* `since`: what precedes the grace period. A section that is open now began while it lasted. */
void GracePeriods::end_grace_period(const uint32_t* since) {
  Execution& execution = Execution::current();
  join_clock(ended_, since);
  Sections inside = open();
  for (TaskId reader : Candidates((inside.tasks[0] | inside.tasks[1]) & ~bit(execution.self()), 0)) {
    join(execution.task(reader).clock, since, execution.clock_width());
  }
  execution.tick();
  acquire_clock(left_);
}

/* --- callbacks -------------------------------------------------------------------------------------------
 */

void GracePeriods::call(RcuHead& head, RcuHead::Callback callback, const Site& site,
                        [[maybe_unused]] ExpressionGuard guard) {
  Execution& execution = Execution::current();
  execution.point(site, *this, EventKind::k_rcu_call);
  head.next = nullptr;
  head.callback = callback;
  head.waits_for = open();
  head.barriers = 0;
  head.place = site.hash;
  head.caller = execution.self();
  replace_clock(head.clock);
  RcuHead** end = &first_;
  while (*end != nullptr) end = &(*end)->next;
  *end = &head;
  ++queued_;
  next_index();
  execution.event(site, EventKind::k_rcu_call, *this, queued_);
  rehash();
  tell_servers();
  if (server_ == RcuServer::kSpawned && servers_ == 0) {
    TaskId server = execution.spawn([](void* domain) { static_cast<GracePeriods*>(domain)->serve(); }, this,
                                    "rcu-callbacks");
    servers_ |= bit(server);
  }
}

/* How many callers have a callback that may run, and the one of the nth of them. */
size_t GracePeriods::ready(size_t nth, RcuHead** found) const {
  Candidates::Mask callers = 0;
  size_t n = 0;
  for (RcuHead* head = first_; head != nullptr; head = head->next) {
    bool earlier = (callers & bit(head->caller)) != 0;
    callers |= bit(head->caller);
    if (earlier || !head->waits_for.empty()) continue;
    if (n++ == nth) *found = head;
  }
  return n;
}

bool GracePeriods::can_serve(const Object* object, const Pending&, TaskId task) {
  const auto* domain = static_cast<const GracePeriods*>(object);
  RcuHead* head = nullptr;
  if (domain->first_ == nullptr) return only_idle_left(task);
  return domain->ready(0, &head) != 0;
}

void GracePeriods::tell_servers() {
  for (TaskId server : Candidates(servers_, 0)) {
    Execution::current().task(server).idle = first_ == nullptr && !readers_[server].runs;
  }
}

void GracePeriods::serve(const Site& site) {
  Execution& execution = Execution::current();
  servers_ |= bit(execution.self());
  for (;;) {
    /* Each callback is work of its own, however many there are. */
    execution.self_task().transitions_at_op = execution.self_task().transitions;
    tell_servers();
    execution.point({&site, this, EventKind::k_rcu_invoke, can_serve});
    execution.event(site, EventKind::k_rcu_invoke, *this, queued_);
    RcuHead* head = nullptr;
    size_t n = ready(0, &head);
    if (n == 0) return;
    if (n > 1) ready(execution.choose(static_cast<uint32_t>(n), site), &head);
    unlink(*head);
    invoke(*head, site);
  }
}

void GracePeriods::unlink(const RcuHead& head) {
  RcuHead** link = &first_;
  while (*link != &head) link = &(*link)->next;
  *link = head.next;
  --queued_;
}

/* The callback may free the head, or queue it again. */
void GracePeriods::invoke(RcuHead& head, const Site& site) {
  Execution& execution = Execution::current();
  PerTask& server = readers_[execution.self()];
  server.runs = true;
  server.barriers = head.barriers;
  tell_servers();
  rehash();
  execution.observe(*this, combine(head.key, head.place));
  acquire_clock(head.clock);
  end_grace_period(head.clock);
  ++execution.self_task().atomic_nesting;
  head.callback(&head);
  --execution.self_task().atomic_nesting;
  for (TaskId waiter : Candidates(server.barriers, 0)) --readers_[waiter].callbacks;
  server.runs = false;
  server.barriers = 0;
  publish_clock(called_);
  execution.event(site, EventKind::k_rcu_done, *this, 0);
  rehash();
}

void GracePeriods::barrier(const Site& site, [[maybe_unused]] ExpressionGuard guard) {
  Execution& execution = Execution::current();
  TaskId self = execution.self();
  Pending begin{&site, this, EventKind::k_rcu_barrier};
  begin.sleeps = true;
  execution.point(begin);
  uint32_t callbacks = queued_;
  for (RcuHead* head = first_; head != nullptr; head = head->next) head->barriers |= bit(self);
  for (int id = 0; id < execution.task_count(); ++id) {
    if (!readers_[id].runs) continue;
    readers_[id].barriers |= bit(self);
    ++callbacks;
  }
  readers_[self].callbacks = callbacks;
  execution.event(site, EventKind::k_rcu_barrier, *this, callbacks);
  rehash();

  Pending end{&site, this, EventKind::k_rcu_barrier_done};
  end.enabled = [](const Object* object, const Pending&, TaskId task) {
    return static_cast<const GracePeriods*>(object)->readers_[task].callbacks == 0;
  };
  end.sleeps = true;
  execution.point(end);
  acquire_clock(called_);
  execution.event(site, EventKind::k_rcu_barrier_done, *this, 0);
}

/* --- RCU and SRCU ----------------------------------------------------------------------------------------
 */

void Rcu::read_lock(const Site& site, [[maybe_unused]] ExpressionGuard guard) {
  Execution& execution = Execution::current();
  /* One inside another concerns nobody else. */
  if (nesting(0) != 0) {
    nest(0, 1);
  } else {
    execution.point(site, *this, EventKind::k_rcu_lock);
    enter(0, site);
  }
  ++execution.self_task().rcu_nesting;
}

void Rcu::read_unlock(const Site& site) {
  if (nesting(0) > 1) {
    nest(0, -1);
  } else {
    leave(0, site);
  }
  --Execution::current().self_task().rcu_nesting;
}

uint32_t Srcu::read_lock(const Site& site, [[maybe_unused]] ExpressionGuard guard) {
  Execution& execution = Execution::current();
  execution.point(site, *this, EventKind::k_rcu_lock);
  uint32_t index = index_of_new();
  enter(index, site);
  execution.observe(*this, index);
  return index;
}

void Srcu::read_unlock(uint32_t index, const Site& site) { leave(index, site); }

}  // namespace daxrace::engine
