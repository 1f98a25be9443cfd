/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The path of a depth-first search by re-execution, with sleep sets (Godefroid, LNCS 1032, 1996): a node for
 * each pick and each draw of the execution that is under way. What is left to do at a node is a set of tasks
 * that its owner fills.
 *
 * A task sleeps where everything that begins with its next transition has been seen, in another order of
 * independent transitions; it wakes when a transition runs that conflicts with its own. All values of a draw
 * are tried; a footprint is of all of them.
 */
#ifndef DAXRACE_CORE_ENGINE_SEARCH_PATH_H_
#define DAXRACE_CORE_ENGINE_SEARCH_PATH_H_

#include <span>
#include <vector>

#include "core/engine/bytes.h"
#include "core/engine/footprint.h"
#include "core/engine/hash.h"
#include "core/engine/strategy.h"

namespace daxrace::engine {

class SearchPath {
 public:
  using Mask = Candidates::Mask;
  static constexpr Mask bit(TaskId task) { return Mask{1} << task; }

  struct Explored {
    TaskId task = kNoTask;
    Footprint footprint; /* of its transition, over all draws in it */
  };
  /* A sleeping task: entry `explored` of node `node`, which is above whoever sleeps. */
  struct Sleeper {
    TaskId task;
    uint32_t node;
    uint32_t explored;
  };

  struct Node {
    uint32_t step = 0;
    bool is_draw = false;
    uint32_t bound = 0;  /* of a draw */
    uint32_t end = 0;    /* of a draw: values from it on are of another part */
    uint32_t chosen = 0; /* task, or value */
    Candidates candidates{0, 0};
    Mask runnable = 0; /* the candidates */
    Mask asleep = 0;   /* of sleepers */
    Mask todo = 0;     /* to be explored from here, once they have been */
    Mask known = 0;    /* of a shared node: what is in todo or, by now, in a stray */
    Mask done = 0;     /* of todo, those that have been or are being explored, or are of another part */
    std::vector<Sleeper> sleepers;  /* when the node was come to */
    std::vector<Explored> explored; /* the last is being explored; only the first explored_count count */
    uint32_t explored_count = 0;
  };

  explicit SearchPath(bool sleep) : sleep_(sleep) {}

  /* Goes to the next path; false: there is none. An empty path has one, to begin with. */
  bool advance();

  /* The node of this pick if it was there before. Null: the owner has to open() one. */
  const Node* replay();

  /* A new node, with nothing to do. The owner fills todo, and take()s the first. */
  Node& open(const Pick& pick);
  /* Chooses the next of todo in the order of the candidates; false: there is none. */
  static bool take(Node& node);
  /* The last node is not wanted after all. */
  void drop() {
    --depth_;
    --size_;
  }

  uint32_t draw(const Execution& execution, uint32_t bound);

  /* Puts to sleep what the last node inherits, wakes what conflicts with what has run since. */
  void follow(const Execution& execution);
  /* A sleeping task had to run: nothing new is ahead. Where that began; UINT32_MAX: nowhere. */
  uint32_t blocked_at() const { return blocked_at_; }
  std::span<const Sleeper> sleepers() const { return sleepers_; }

  /* At the end of an execution: what the transitions chosen on the path touched. `early`: the last of them
   * ended it, which is no matter of one object. */
  void learn(const Execution& execution, bool early);

  /* --- parts ---
   *
   * A part has the nodes above it in common with others: those are *shared*, in as many copies. What was to
   * be done there when a node came to be shared is to be done in one of the copies. What its owner adds later
   * is to be done in none: it has to be taken out as a stray, which others may have found too. */

  /* Between executions: `part` gets some of what is left, nearest to the root. False: there is not enough. */
  bool split(SearchPath& part);
  /* Between executions: `part` gets something that was added to a shared node. False: there is none (left).
   * *name: equal for equal strays of one tree. */
  bool stray(SearchPath& part, Hash128* name);
  /* Nothing is put to sleep any more. */
  void stop_sleeping() { sleep_ = false; }
  bool sleeps() const { return sleep_; }

  /* Between executions: the fraction of the tree that is done in this part, as far as it is known: a search
   * that adds to todo later learns that less was done than it thought. */
  double explored() const;
  /* Between executions: everything that is needed to go on. read() is false on what write() does not write.
   */
  void write(ByteWriter& out) const;
  bool read(ByteReader& in);

  std::span<Node> nodes() { return {nodes_.data(), size_}; }
  /* Nodes of the present path before this one are as they were in the execution before. */
  size_t changed_from() const { return changed_from_; }

 private:
  static void write_node(ByteWriter& out, const Node& node);
  static bool read_node(ByteReader& in, uint32_t index, Node& node);
  static Mask left_at(const Node& node) { return node.todo & ~node.done & ~node.asleep; }
  bool backtrack();
  Node& push();
  void cut(size_t at, Mask given, SearchPath& part);
  void sleep_below(const Node& node, size_t index);

  bool sleep_;
  std::vector<Node> nodes_; /* beyond size_: kept for their memory */
  size_t size_ = 0;
  size_t shared_ = 0; /* nodes before it */
  double weight_ = 1; /* of this part, in the whole tree */
  size_t depth_ = 0;
  size_t changed_from_ = 0;
  size_t last_pick_ = 0; /* of the nodes that were there at the beginning */
  bool started_ = false;
  bool finished_ = false;

  std::vector<Sleeper> sleepers_;
  Footprint scratch_;
  uint32_t followed_ = 0; /* events */
  uint32_t blocked_at_ = UINT32_MAX;
};

}  // namespace daxrace::engine

#endif  // DAXRACE_CORE_ENGINE_SEARCH_PATH_H_
