/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's words over the engine: this is the backend of the model. A macro, because each use is a place with a
 * name of its own (DAXRACE_SITE).
 *
 * GET and SET have no kernel original: they are plain C accesses of data that a lock protects, and are checked for
 * races. READ_ONCE and WRITE_ONCE are for whatever is read without its lock, even where the kernel does so plainly.
 */
#ifndef DAXRACE_CORE_MODEL_VOCABULARY_H_
#define DAXRACE_CORE_MODEL_VOCABULARY_H_

#include "core/engine/data.h"
#include "core/engine/seqcount.h"
#include "core/engine/sync.h"
#include "core/engine/wait_var.h" /* has members of the names that are macros below */

namespace kernel
{

namespace engine = daxrace::engine;

template <class T>
using Atomic = engine::Atomic<T>;
template <class T>
using Plain = engine::Plain<T>;
using spinlock_t = engine::SpinLock;
using rw_semaphore = engine::RwSemaphore;
using seqcount_t = engine::SeqCount;
using wait_queue_head_t = engine::WaitQueue;
using engine::Order;

void model_drain_stores(void);

#define SITE(what, object) DAXRACE_SITE(what, object)

/* Inside a step that began already: no scheduling point of its own. */
#define READ_ONCE(x) (x).load(::kernel::Order::kRelaxed, SITE("READ_ONCE", #x))
#define WRITE_ONCE(x, v) (x).store((v), ::kernel::Order::kRelaxed, SITE("WRITE_ONCE", #x))
#define MODEL_READ_HERE(x) (x).load_here(::kernel::Order::kRelaxed, SITE("read", #x))
#define MODEL_WRITE_HERE(x, v) (x).store_here((v), ::kernel::Order::kRelaxed, SITE("write", #x))
#define GET(x) (x).read(SITE("get", #x))
#define SET(x, v) (x).write((v), SITE("set", #x))

/*
 * A locked instruction orders the clwb before it (SDM vol. 3A, 9.2), so whatever this CPU flushed is durable once it
 * takes a lock, or takes or releases a semaphore; a spinlock is released by a plain store. Without this the model
 * would lose data that no x86 loses.
 */
#define MODEL_LOCKED(statement)                 \
	do {                                    \
		statement;                      \
		::kernel::model_drain_stores(); \
	} while (0)
#define spin_lock(l) MODEL_LOCKED((l)->lock(SITE("spin_lock", #l)))
#define spin_lock_nested(l, subclass) \
	MODEL_LOCKED((l)->lock_nested((subclass), SITE("spin_lock_nested", #l)))
#define spin_unlock(l) (l)->unlock(SITE("spin_unlock", #l))
#define down_read(s) MODEL_LOCKED((s)->down_read(SITE("down_read", #s)))
#define down_read_trylock(s) (s)->down_read_trylock(SITE("down_read_trylock", #s))
#define up_read(s) MODEL_LOCKED((s)->up_read(SITE("up_read", #s)))
#define down_write(s) MODEL_LOCKED((s)->down_write(SITE("down_write", #s)))
#define down_write_nested(s, subclass) \
	MODEL_LOCKED((s)->down_write_nested((subclass), SITE("down_write_nested", #s)))
#define raw_read_seqcount(s) (s)->read_raw(SITE("raw_read_seqcount", #s))
#define read_seqcount_retry(s, start) (s)->read_retry((start), SITE("read_seqcount_retry", #s))
#define raw_write_seqcount_begin(s) (s)->write_begin(SITE("raw_write_seqcount_begin", #s))
#define raw_write_seqcount_end(s) (s)->write_end(SITE("raw_write_seqcount_end", #s))
#define up_write(s) MODEL_LOCKED((s)->up_write(SITE("up_write", #s)))

#define prepare_to_wait_exclusive(q, w) \
	(q)->prepare_to_wait(*(w), true, SITE("prepare_to_wait_exclusive", "wq"))
#define finish_wait(q, w) (q)->finish_wait(*(w), SITE("finish_wait", "wq"))
#define schedule_on(q, w) (q)->schedule(*(w), SITE("schedule", "wq"))
#define waitqueue_active(q) (q)->active(SITE("waitqueue_active", "wq"))
#define __wake_up(q, nr, key) (q)->wake((nr), (key), SITE("__wake_up", "wq"))

/*
 * Lock-like things that the engine does not know: who holds the DAX entry, for reports and for the order of locks. It
 * is taken under the i_pages lock as if it were only tried; what is held while somebody waits for it, schedule() says.
 */
#define model_note_hold(object) \
	engine::Execution::current().hold((object), engine::Hold{ .tried = true })
#define model_note_release(object) engine::Execution::current().release((object))

/* WARN_ON_ONCE: the kernel goes on, and so does the model; the warning is a finding. */
bool model_warn(bool condition, const engine::Site &site, const char *text);
#define WARN_ON_ONCE(c) model_warn((c), SITE("WARN", ""), #c)

} /* namespace kernel */

#include "core/model/protocol/engine_memory.h"

#endif /* DAXRACE_CORE_MODEL_VOCABULARY_H_ */
