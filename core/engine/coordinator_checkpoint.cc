/* SPDX-License-Identifier: GPL-2.0-only */
/* What a search by workers is put into, and made from again: parts, what was counted, reports, the table. */
#include "core/engine/checkpoint.h"
#include "core/engine/coordinator.h"

namespace daxrace::engine {

namespace {
/* At least, of each in the file. */
constexpr size_t kBoundBytes = 48;
constexpr size_t kReportBytes = 12;
constexpr size_t kPartBytes = 8;
}  // namespace

/* All are paused or idle. */
std::string Coordinator::checkpoint() const {
  std::string payload;
  ByteWriter out(payload);
  out.u32(search_.bound());
  out.u8(left_out_);
  finished_.write(out);
  out.real(finished_weight_);
  out.u64(result_.bounds.size());
  for (const WorkersResult::Bound& each : result_.bounds) {
    out.u32(each.bound);
    each.stats.write(out);
  }
  out.u64(reports_.size());
  for (const Report& report : reports_) {
    out.u32(report.bound);
    out.text(report.bytes);
  }
  std::vector<std::string_view> parts;
  for (const WorkerPool::Item& item : queue_) parts.push_back(item.part);
  for (const WorkerPool::Member& member : pool_.members()) {
    if (member.state != WorkerPool::State::kIdle) parts.push_back(member.item.part);
  }
  out.u64(parts.size());
  for (std::string_view part : parts) out.text(part);
  out.u64(strays_.size());
  for (Hash128 name : strays_) out.u128(name);
  if (table_) table_->write(out);
  return seal(search_.identity(), payload);
}

void Coordinator::write_checkpoint(std::string_view bytes) {
  result_.error.clear();
  written_ = write_file(options_.checkpoint, bytes, &result_.error) || written_;
  checkpoint_at_ = std::chrono::steady_clock::now() + std::chrono::milliseconds(options_.checkpoint_ms);
}

bool Coordinator::resume() {
  std::string bytes;
  if (!read_file(options_.resume, &bytes, &result_.error)) return false;
  std::string_view payload;
  if (!unseal(bytes, search_.identity(), &payload, &result_.error)) {
    return fail(options_.resume + ": " + result_.error);
  }
  ByteReader in(payload);
  uint32_t bound = in.u32();
  while (search_.bound() < bound && search_.widen(true)) {
  }
  left_out_ = in.u8() != 0;
  finished_.read(in);
  finished_weight_ = in.real();
  for (uint64_t n = in.count(kBoundBytes); n > 0; --n) {
    WorkersResult::Bound each{in.u32(), {}, true};
    each.stats.read(in);
    result_.bounds.push_back(each);
  }
  std::vector<Report> reports;
  for (uint64_t n = in.count(kReportBytes); n > 0; --n) {
    uint32_t found_at = in.u32();
    reports.push_back({found_at, std::string(in.text())});
  }
  for (uint64_t n = in.count(kPartBytes); n > 0; --n) queue_.push_back({std::string(in.text())});
  for (uint64_t n = in.count(sizeof(Hash128)); n > 0; --n) strays_.insert(in.u128());
  if (table_) table_->read(in);
  if (!in.at_end() || search_.bound() != bound)
    return fail(options_.resume + ": the checkpoint is cut off or damaged");
  for (const Report& report : reports) deliver(report.bound, report.bytes);
  written_ = options_.resume == options_.checkpoint;
  return true;
}

}  // namespace daxrace::engine
