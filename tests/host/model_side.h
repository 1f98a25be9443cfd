/* SPDX-License-Identifier: GPL-2.0-only */
/* The operations on the model: one task, the default schedule. */
#ifndef DAXRACE_TESTS_HOST_MODEL_SIDE_H_
#define DAXRACE_TESTS_HOST_MODEL_SIDE_H_

#include <array>
#include <functional>

#include "core/engine/strategy_replay.h"
#include "core/model/model.h"
#include "tests/host/side.h"

namespace daxrace::host {

class ModelSide : private kernel::model_observer {
 public:
  ModelSide();

  /* Of the kernel that runs; a test may put wrong ones there. */
  kernel::model_forms& forms() { return forms_; }

  /* Boots and calls `body`, which may call run(). Empty, or how the execution ended if not well. */
  std::string with_machine(bool pmd_mappings, const std::function<void()>& body);
  Outcome run(const Op& op);

  /* --- for the rules: the machine as it is --- */
  const kernel::inode* inode_of(int fd) const { return files_[static_cast<size_t>(fd)].f_inode; }
  /* What the region's page maps: false: nothing. */
  bool mapped(uint64_t page, const kernel::inode** inode, uint64_t* file_page) const;

 private:
  void on_event(const kernel::model_event& event) override;
  const kernel::model_file* file(int fd) const;

  kernel::model_forms forms_{};
  kernel::model_config config_;
  engine::Execution execution_;
  std::array<kernel::model_file, kFds> files_{};
  std::vector<uint64_t> read_;
};

}  // namespace daxrace::host

#endif  // DAXRACE_TESTS_HOST_MODEL_SIDE_H_
