/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Signals: kernel/signal.c. One kind that a handler takes, and SIGKILL. A wait that is interruptible ends by either;
 * both are taken on the way back to user space.
 */
#ifndef DAXRACE_CORE_MODEL_SIGNAL_H_
#define DAXRACE_CORE_MODEL_SIGNAL_H_

#include "core/model/model.h"

namespace kernel
{

void model_boot_signals(model *m);

void send_signal(engine::TaskId task, bool fatal);
bool fatal_signal_pending(void);

enum class model_signal : uint8_t {
	none,
	handled,
	killed
};
/* On the way back to user space: takes what there is. */
model_signal get_signal(void);

} /* namespace kernel */

#endif /* DAXRACE_CORE_MODEL_SIGNAL_H_ */
