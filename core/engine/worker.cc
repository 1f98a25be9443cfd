/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/engine/worker.h"

#include <unistd.h>

#include <chrono>

namespace daxrace::engine {

namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kStatusPeriod = std::chrono::milliseconds(100);

class Worker {
 public:
  Worker(Search& search, Channel& parent, const SharedTable* table, std::atomic<uint32_t>& attention)
      : search_(search), parent_(parent), table_(table), attention_(attention) {}

  [[noreturn]] void run(const WorkerBody& body) {
    for (;;) {
      Message order = wait();
      if (static_cast<Command>(order.type) != Command::kWork) continue; /* came when the last part was done */
      explore(order.bytes, body);
    }
  }

 private:
  Message wait() {
    Message order;
    if (!parent_.receive(&order)) _exit(0);
    return order;
  }

  void tell(News news, std::string_view bytes = {}) {
    if (!parent_.send(static_cast<uint8_t>(news), bytes)) _exit(0);
  }

  void write_status(ByteWriter& out) {
    WorkerStatus{search_.stats(), search_.progress(), search_.left_out()}.write(out);
    next_status_ = Clock::now() + kStatusPeriod;
  }

  void tell_status(News news) {
    std::string bytes;
    ByteWriter out(bytes);
    write_status(out);
    tell(news, bytes);
  }

  void explore(std::string_view part, const WorkerBody& body) {
    std::string error;
    if (!search_.restore(part, &error)) {
      tell(News::kFault, error);
      _exit(1);
    }
    std::string report;
    while (search_.advance()) {
      report.clear();
      body(search_, &report);
      if (!report.empty()) tell(News::kReport, report);
      tell_strays();
      look_up();
    }
    tell_status(News::kDone);
  }

  /* Before anything is saved that no longer has them. */
  void tell_strays() {
    Hash128 name = 0;
    std::string part;
    while (search_.stray(&name, &part)) {
      std::string bytes;
      ByteWriter out(bytes);
      out.u128(name);
      out.text(part);
      tell(News::kStray, bytes);
    }
  }

  /* Between two executions. */
  void look_up() {
    if (table_ != nullptr && table_->crowded()) {
      tell(News::kCrowded);
      while (obey(wait()) != Command::kGo) {
      }
    }
    if (attention_.load(std::memory_order_relaxed) != 0) {
      attention_.store(0);
      parent_.fill();
      Message order;
      while (parent_.next(&order)) {
        if (obey(order) != Command::kPause) continue;
        while (obey(wait()) != Command::kGo) {
        }
      }
    }
    if (Clock::now() >= next_status_) tell_status(News::kStatus);
  }

  Command obey(const Message& message) {
    auto command = static_cast<Command>(message.type);
    if (command == Command::kSplit) give();
    if (command == Command::kPause) {
      std::string bytes;
      ByteWriter out(bytes);
      write_status(out);
      out.text(search_.save());
      tell(News::kPaused, bytes);
    }
    return command;
  }

  void give() {
    std::string given;
    if (!search_.split(&given)) return tell(News::kNothing);
    std::string bytes;
    ByteWriter out(bytes);
    write_status(out);
    out.text(search_.save());
    out.text(given);
    tell(News::kGave, bytes);
  }

  Search& search_;
  Channel& parent_;
  const SharedTable* table_;
  std::atomic<uint32_t>& attention_;
  Clock::time_point next_status_ = Clock::now() + kStatusPeriod;
};

}  // namespace

void WorkerStatus::write(ByteWriter& out) const {
  stats.write(out);
  out.real(progress);
  out.u8(left_out);
}

void WorkerStatus::read(ByteReader& in) {
  stats.read(in);
  progress = in.real();
  left_out = in.u8() != 0;
}

void work(Search& search, Channel& parent, const SharedTable* table, std::atomic<uint32_t>& attention,
          const WorkerBody& body) {
  Worker(search, parent, table, attention).run(body);
}

}  // namespace daxrace::engine
