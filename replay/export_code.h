/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The names and operands of a program as C: identifiers, offsets in bytes of real pages, one call for each
 * operation.
 */
#ifndef DAXRACE_REPLAY_EXPORT_CODE_H_
#define DAXRACE_REPLAY_EXPORT_CODE_H_

#include <string>
#include <vector>

#include "core/scenario/program.h"

namespace daxrace::replay {

/* A cell that the program checks. */
struct ExportPlace {
  int object = 0;
  int page = 0; /* of the model */
  int cell = 0;
};

class ExportCode {
 public:
  explicit ExportCode(const scenario::Program& program);

  static constexpr int kSetup = -1;

  /* --- identifiers ----------------------------------------------------------------------------------------
   */
  std::string process(int index) const { return "PROC_" + processes_[static_cast<size_t>(index)]; }
  std::string process_body(int index) const { return "process_" + processes_[static_cast<size_t>(index)]; }
  std::string task_body(int index) const { return "task_" + tasks_[static_cast<size_t>(index)]; }
  std::string file(int index) const { return objects_[static_cast<size_t>(index)].identifier; }
  std::string region(int index) const { return "map_" + regions_[static_cast<size_t>(index)]; }
  /* Of operation `op` of a task, or of setup. */
  std::string op(int task, size_t op) const;
  /* What a process sees in the end through one of its regions; what a file holds in the end. */
  std::string look(int process, int region) const;
  std::string look(int file) const;

  /* --- what is checked ------------------------------------------------------------------------------------
   */
  struct Object {
    std::string identifier;
    std::string name;
    int under = -1; /* file that is private here */
    bool is_private = false;
    bool unchecked = false;
  };
  const std::vector<Object>& objects() const { return objects_; }
  const std::vector<ExportPlace>& places() const { return places_; }
  /* No operation of the program can make an access to that page of the file fail. */
  bool always_inside(const scenario::Operation& op) const;

  /* --- operands -------------------------------------------------------------------------------------------
   */
  /* Bytes up to a page of the model: the last page of a PMD stands for all the rest of it. */
  std::string bytes(int page) const;
  std::string bytes_between(int from, int to) const;
  std::string at(const ExportPlace& place) const;

  /* The variable of that region, and its mmap. Bounds: some operation maps it. */
  std::string region_definition(int index) const;
  bool is_mapped(int index) const { return mmaps_[static_cast<size_t>(index)] != nullptr; }
  /* The regions that a process has, by its own mmap or by fork. */
  std::vector<int> regions_of(int process) const;
  /* By which it has files open from the start, as in the model. */
  bool has_open(int process, int file) const;
  /* The operation that makes the process, {-1, 0}: it is there from the start. */
  struct Origin {
    int task = -1;
    size_t op = 0;
  };
  Origin origin(int process) const { return origins_[static_cast<size_t>(process)]; }
  bool is_directory(int file) const;
  /* Who does an operation of setup; -1: main(). */
  int setup_process(const scenario::Operation& op) const;

  /* One statement. `id`: the operation's identifier. */
  std::string call(const scenario::Operation& op, const std::string& id) const;

 private:
  void name_all();
  void find_origins();
  void find_objects();
  void find_places();
  int object_of(int region) const;
  int file_of(int region) const;
  int first_page(int region) const;
  std::string address(const scenario::Operation& op) const;

  template <typename Visit>
  void for_each_op(Visit&& visit) const;

  const scenario::Program& program_;
  std::vector<std::string> processes_;
  std::vector<std::string> tasks_;
  std::vector<std::string> regions_;
  std::vector<Object> objects_;
  std::vector<int> object_of_region_;
  std::vector<const scenario::Operation*> mmaps_;
  std::vector<ExportPlace> places_;
  std::vector<Origin> origins_;
};

}  // namespace daxrace::replay

#endif  // DAXRACE_REPLAY_EXPORT_CODE_H_
