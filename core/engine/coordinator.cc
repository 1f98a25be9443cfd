/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/engine/coordinator.h"

#include <unistd.h>

#include <algorithm>
#include <bit>

#include "core/engine/checkpoint.h"

namespace daxrace::engine {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using State = WorkerPool::State;
using End = WorkersResult::End;

constexpr int kPollMs = 100;
constexpr int kHungryPollMs = 5;               /* somebody has nothing to do */
constexpr milliseconds kAskAgain{5};           /* whoever had nothing to give away */
constexpr int kAttemptsMax = 3;                /* at a part, without getting on */
constexpr size_t kSlotsEach = size_t{1} << 16; /* of the table to begin with: more than one execution fills */
constexpr size_t kSlotsMin = size_t{1} << 18;

size_t half_of_memory() {
  return static_cast<size_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<size_t>(sysconf(_SC_PAGESIZE)) / 2;
}

}  // namespace

Coordinator::Coordinator(Search& search, const WorkersOptions& options, const WorkersCallbacks& callbacks)
    : search_(search),
      options_(options),
      callbacks_(callbacks),
      jobs_(std::max(options.jobs, 1)),
      pool_(jobs_, [this](uint32_t number, Channel& parent, std::atomic<uint32_t>& attention) {
        if (table_) table_->set_owner(number);
        work(search_, parent, table_.get(), attention, callbacks_.run);
      }) {
  if (!search.wants_table()) return;
  table_ = std::make_unique<SharedTable>(
      std::max(kSlotsMin, std::bit_ceil(static_cast<size_t>(jobs_) * kSlotsEach)),
      options.table_bytes_max != 0 ? options.table_bytes_max : half_of_memory());
  search.share(table_.get());
}

void Coordinator::begin_bound() {
  finished_ = {};
  finished_weight_ = shown_ = 0;
  left_out_ = false;
  strays_.clear();
  if (table_) table_->clear();
  queue_.push_back({search_.save()});
}

bool Coordinator::start_all() {
  for (size_t i = 0; i < pool_.members().size(); ++i) {
    if (!pool_.start(i)) return fail("cannot start a process");
  }
  return true;
}

/* --- news --- */

void Coordinator::listen() {
  auto& members = pool_.members();
  for (size_t i = 0; i < members.size(); ++i) {
    bool alive = members[i].channel.fill();
    Message message;
    while (members[i].channel.next(&message)) hear(i, message);
    if (!alive) replace(i);
  }
}

void Coordinator::hear(size_t index, const Message& message) {
  WorkerPool::Member& member = pool_.members()[index];
  auto news = static_cast<News>(message.type);
  ByteReader in(message.bytes);
  switch (news) {
    case News::kReport:
      deliver(search_.bound(), message.bytes);
      return;
    case News::kFault:
      fail(message.bytes);
      return;
    case News::kCrowded:
      return;
    case News::kStray:
      if (strays_.insert(in.u128()).second) queue_.push_back({std::string(in.text())});
      return;
    case News::kNothing:
      member.asked = false;
      member.ask_after = Clock::now() + kAskAgain;
      return;
    case News::kStatus:
    case News::kGave:
    case News::kPaused:
    case News::kDone:
      member.status.read(in);
      break;
  }
  if (news == News::kGave || news == News::kPaused) member.item = {std::string(in.text())};
  if (news == News::kGave) {
    member.asked = false;
    queue_.push_back({std::string(in.text())});
  }
  if (news == News::kPaused) member.state = State::kPaused;
  if (news == News::kDone) finish(member);
}

void Coordinator::finish(WorkerPool::Member& member) {
  finished_.add(member.status.stats);
  finished_weight_ += member.status.progress;
  left_out_ = left_out_ || member.status.left_out;
  member.state = State::kIdle;
  member.asked = member.pausing = false;
  member.item = {};
  member.status = {};
}

/* The member is gone. */
void Coordinator::replace(size_t index) {
  WorkerPool::Member& member = pool_.members()[index];
  std::string how = pool_.bury(member);
  if (ending_ == End::kFailed) return;
  ++result_.killed;
  if (member.state != State::kIdle) {
    gone_.push_back(static_cast<uint32_t>(index) + 1);
    if (++member.item.attempts >= kAttemptsMax) {
      fail("a worker " + how + ", " + std::to_string(kAttemptsMax) + " times in the same part of the search");
      return;
    }
    queue_.push_front(std::move(member.item));
  }
  if (!pool_.start(index)) fail("a worker " + how + ", and no other can be started");
}

void Coordinator::deliver(uint32_t bound, const std::string& bytes) {
  if (ending_ == End::kStopped) return;
  Kept kept = callbacks_.report(bound, bytes);
  if (kept != Kept::kNo) reports_.push_back({bound, bytes});
  if (kept == Kept::kStop) ending_ = End::kStopped;
}

/* --- orders --- */

void Coordinator::feed() {
  auto& members = pool_.members();
  for (size_t i = 0; i < members.size() && !queue_.empty(); ++i) {
    if (members[i].state != State::kIdle) continue;
    members[i].item = std::move(queue_.front());
    queue_.pop_front();
    members[i].state = State::kBusy;
    pool_.order(i, Command::kWork, members[i].item.part);
  }
}

/* As many as have nothing to do. */
void Coordinator::ask() {
  size_t idle = pool_.count(State::kIdle);
  auto& members = pool_.members();
  auto asked = static_cast<size_t>(
      std::count_if(members.begin(), members.end(), [](const auto& m) { return m.asked; }));
  for (size_t i = 0; i < members.size() && asked < idle; ++i) {
    WorkerPool::Member& member = members[i];
    if (member.state != State::kBusy || member.asked || Clock::now() < member.ask_after) continue;
    member.asked = true;
    ++asked;
    pool_.order(i, Command::kSplit);
  }
}

bool Coordinator::pause_wanted() const {
  return ending_ != End::kComplete || Interrupt::requested() || (table_ && table_->crowded()) ||
         (table_ && !gone_.empty()) || (!options_.checkpoint.empty() && Clock::now() >= checkpoint_at_);
}

void Coordinator::pause_all() {
  pausing_ = true;
  auto& members = pool_.members();
  for (size_t i = 0; i < members.size(); ++i) {
    if (members[i].state != State::kBusy || members[i].pausing) continue;
    members[i].pausing = true;
    pool_.order(i, Command::kPause);
  }
}

/* All are paused or idle. */
void Coordinator::go_on() {
  if (ending_ == End::kComplete && Interrupt::requested()) ending_ = End::kInterrupted;
  /* Words taken back one after the other while others come to them would leave gaps: what somebody begins
   * anew could end at one that is still there. */
  for (uint32_t owner : gone_) {
    if (table_) table_->forget(owner);
  }
  gone_.clear();
  if (table_ && table_->crowded() && ending_ == End::kComplete) table_->grow();
  std::string bytes;
  bool due = !options_.checkpoint.empty() && Clock::now() >= checkpoint_at_;
  if (!options_.checkpoint.empty() && (ending_ == End::kInterrupted || (due && ending_ == End::kComplete))) {
    bytes = checkpoint();
  }
  pausing_ = false;
  auto& members = pool_.members();
  for (size_t i = 0; i < members.size() && ending_ == End::kComplete; ++i) {
    members[i].pausing = false;
    if (members[i].state != State::kPaused) continue;
    members[i].state = State::kBusy;
    pool_.order(i, Command::kGo);
  }
  if (!bytes.empty()) write_checkpoint(bytes);
}

/* --- bounds --- */

bool Coordinator::next_bound() {
  if (table_) finished_.states = table_->keys();
  result_.bounds.push_back({search_.bound(), finished_, true});
  result_.last = progress();
  if (!search_.widen(left_out_)) return false;
  begin_bound();
  return true;
}

WorkersProgress Coordinator::progress() {
  WorkersProgress now;
  now.bound = search_.bound();
  now.stats = finished_;
  double done = finished_weight_;
  for (const WorkerPool::Member& member : pool_.members()) {
    if (member.state == State::kIdle) continue;
    now.stats.add(member.status.stats);
    done += member.status.progress;
  }
  shown_ = std::clamp(done, shown_, 1.0);
  now.done = shown_;
  for (const WorkersResult::Bound& each : result_.bounds) {
    if (each.bound == now.bound) continue;
    Search::Stats earlier = each.stats;
    earlier.states = 0;
    now.stats.add(earlier);
  }
  return now;
}

/* The search ends within a bound. */
void Coordinator::close(End end) {
  result_.end = end;
  Search::Stats stats = finished_;
  for (const WorkerPool::Member& member : pool_.members()) {
    if (member.state != State::kIdle) stats.add(member.status.stats);
  }
  result_.last = progress();
  if (table_) stats.states = result_.last.stats.states = table_->keys();
  result_.bounds.push_back({search_.bound(), stats, false});
}

WorkersResult Coordinator::run() {
  if (options_.resume.empty()) {
    begin_bound();
  } else if (!resume()) {
    result_.end = End::kFailed;
    return result_;
  }
  checkpoint_at_ = Clock::now() + milliseconds(options_.checkpoint_ms);
  if (ending_ == End::kComplete) start_all();
  for (;;) {
    if (ending_ == End::kFailed) break;
    if (pause_wanted()) pause_all();
    if (pausing_ && pool_.count(State::kBusy) == 0) {
      go_on();
      if (ending_ != End::kComplete) break;
    }
    if (!pausing_) {
      feed();
      if (pool_.count(State::kBusy) == 0 && queue_.empty()) {
        if (!next_bound()) break;
        continue;
      }
      if (queue_.empty()) ask();
    }
    pool_.wait(pool_.count(State::kIdle) != 0 ? kHungryPollMs : kPollMs);
    listen();
    if (callbacks_.progress) callbacks_.progress(progress());
  }
  if (ending_ != End::kComplete) close(ending_);
  bool over = ending_ == End::kComplete || ending_ == End::kStopped;
  if (over && written_) remove_file(options_.checkpoint);
  return result_;
}

WorkersResult run_workers(Search& search, const WorkersOptions& options, const WorkersCallbacks& callbacks) {
  return Coordinator(search, options, callbacks).run();
}

}  // namespace daxrace::engine
