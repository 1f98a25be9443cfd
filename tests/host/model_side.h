/* SPDX-License-Identifier: GPL-2.0-only */
/* The operations on the model: one task, the default schedule. */
#ifndef DAXRACE_TESTS_HOST_MODEL_SIDE_H_
#define DAXRACE_TESTS_HOST_MODEL_SIDE_H_

#include <array>
#include <functional>

#include "core/engine/strategy_replay.h"
#include "core/model/file.h"
#include "tests/host/side.h"

namespace daxrace::host {

class ModelSide : private kernel::model_observer {
 public:
  ModelSide();

  /* Of the kernel that runs; a test may put wrong ones there. */
  kernel::model_forms& forms() { return forms_; }

  /* Boots and calls `body`, which may call run(). Empty, or how the execution ended if not well. */
  std::string with_machine(const Program& program, const std::function<void()>& body);
  Outcome run(const Op& op);

  /* --- for the rules: the machine as it is --- */
  /* Null: the descriptor is not open. */
  const kernel::file* file_of(const Op& op) const;
  /* What the page of that process maps: false: nothing. */
  bool mapped(int process, uint64_t page, const kernel::inode** inode, uint64_t* file_page) const;

 private:
  void on_event(const kernel::model_event& event) override;
  kernel::file*& slot(const Op& op) {
    return files_[static_cast<size_t>(op.process)][static_cast<size_t>(op.fd)];
  }
  Outcome run_call(const Op& op);
  int64_t open(const Op& op);
  int64_t mmap(const Op& op);
  int64_t fork();

  kernel::model_forms forms_{};
  kernel::model_config config_;
  engine::Execution execution_;
  std::array<std::array<kernel::file*, kFds>, kProcesses> files_{};
  std::vector<uint8_t> nothing_open_; /* for model_config::open_files */
  uint32_t opens_ = 0;
  bool forked_ = false;
  std::vector<uint64_t> read_;
};

}  // namespace daxrace::host

#endif  // DAXRACE_TESTS_HOST_MODEL_SIDE_H_
