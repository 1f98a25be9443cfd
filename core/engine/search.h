/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Base of exhaustive strategies. An exhaustive search walks a tree of choices to its end; so one can say how
 * much of the tree is done, put what is left into bytes, and cut it into parts that several processes explore
 * (workers.h).
 *
 * A *part* is what is left of a tree, or of one that was cut off from it, within one bound. Whoever holds a
 * part explores it; split() cuts one part into two. The parts that came from one search and have not been
 * explored are together all that it has not seen, whichever processes hold them.
 */
#ifndef DAXRACE_CORE_ENGINE_SEARCH_H_
#define DAXRACE_CORE_ENGINE_SEARCH_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "core/engine/bytes.h"
#include "core/engine/shared_table.h"
#include "core/engine/strategy.h"

namespace daxrace::engine {

class Search : public Strategy {
 public:
  /* Of the part, since it was made or cut off, over all its bounds. Those of parts add up to those of the
   * whole. */
  struct Stats {
    uint64_t executions = 0; /* run to an end */
    uint64_t pruned = 0;     /* ended early, at a known state */
    uint64_t repeats = 0;    /* ended early: others in another order of steps that do not conflict */
    uint64_t states = 0;     /* distinct, at choices, within the last bound; 0 if none are recognised */
    uint64_t steps = 0;
    uint32_t longest = 0; /* steps of one execution */

    void add(const Stats& other);
    void write(ByteWriter& out) const;
    void read(ByteReader& in);
    uint64_t all() const { return executions + pruned + repeats; }
    bool operator==(const Stats&) const = default;
  };

  /* Goes on to the next bound by itself. */
  bool begin() final { return advance() || (widen(left_out()) && advance()); }

  const Stats& stats() const { return stats_; }

  /* The next execution of this part, within the present bound. False: all of the part has been seen. */
  virtual bool advance() = 0;
  /* Of a search that knows no bounds: always UINT32_MAX. */
  virtual uint32_t bound() const { return 0; }
  /* Something in this part was left out that a larger bound would show. */
  virtual bool left_out() const { return false; }
  /* Makes this the whole tree within the next bound, if there is one and something was `left_out` of any
   * part. */
  virtual bool widen(bool left_out) {
    (void)left_out;
    return false;
  }

  /* --- how much is done
   * ------------------------------------------------------------------------------------- */

  /* Between executions: the fraction of the tree of the present bound that was explored in this part, in
   * [0, 1]. A subtree below a choice of n weighs 1/n of what is above (Knuth, Mathematics of Computation 29,
   * 1975). Never falls within a bound; those of all parts add up to 1. It says how much work is left only as
   * far as subtrees are alike. */
  double progress();

  /* --- parts as bytes
   * --------------------------------------------------------------------------------------- */

  /* What is searched, in one line: strategy, options, and the caller's own name for program and limits. */
  std::string identity() const { return describe() + "; " + subject_; }
  void set_subject(std::string subject) { subject_ = std::move(subject); }

  /* Between executions: everything that is needed to go on exactly as if nothing had been. */
  std::string save() const;
  /* Becomes that part. On bytes that are damaged or of another search returns false, says why in one line,
   * and is good for nothing but another restore(). */
  bool restore(std::string_view bytes, std::string* error);

  /* Between executions: cuts off an unexplored part, near the root, with statistics of 0, as bytes for
   * restore(). False: this is a single execution, or nearly so. */
  virtual bool split(std::string* part) = 0;

  /* After each execution, until it is false: something to explore has come up that lies outside of this part;
   * as a part. Others may come upon the same, by the same *name: it is to be explored once. */
  virtual bool stray(Hash128* name, std::string* part) {
    (void)name, (void)part;
    return false;
  }

  /* Whether states are recognised: parts that are explored at the same time must then share() a table. */
  virtual bool wants_table() const { return false; }
  /* Before the first execution; the table outlives the search, and is not saved with a part. */
  void share(SharedTable* table) { table_ = table; }

 protected:
  /* Strategy and options, without a line break. */
  virtual std::string describe() const = 0;
  /* progress(), but for rounding. */
  virtual double explored() const = 0;
  virtual void write_part(ByteWriter& out) const = 0;
  /* False, or !in.ok(): not what write_part() writes. */
  virtual bool read_part(ByteReader& in) = 0;

  /* As save(), of the part with nothing done yet that `write` writes. */
  template <class Write>
  std::string seal_part(const Write& write) const {
    std::string payload;
    ByteWriter out(payload);
    Stats{}.write(out);
    write(out);
    return sealed(payload);
  }

  /* A new tree. */
  void reset_progress() { progress_ = 0; }

  SharedTable* table_ = nullptr; /* null: nobody else explores parts of this */
  Stats stats_;

 private:
  std::string sealed(std::string_view payload) const;

  std::string subject_;
  double progress_ = 0;
};

}  // namespace daxrace::engine

#endif  // DAXRACE_CORE_ENGINE_SEARCH_H_
