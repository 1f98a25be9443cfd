/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/model/signal.h"

#include "core/engine/sleep.h"

namespace kernel
{

static const engine::Role role_sigkill("sigkill");

void model_boot_signals(model *m)
{
	m->sigkill = engine::Execution::current().arena().make_array<Atomic<uint8_t>>(
		m->config.nr_tasks);
	for (unsigned int i = 0; i < m->config.nr_tasks; i++)
		m->sigkill[i].init(role_sigkill);
}

/* kernel/signal.c: send_signal(), complete_signal(), v6.15. Left out: threads other than the one it is sent to. */
void send_signal(engine::TaskId task, bool fatal)
{
	engine::send_signal(task, SITE("send_signal", "signal"));
	if (fatal)
		MODEL_WRITE_HERE(model::current->sigkill[task], uint8_t(1));
}

/* include/linux/sched/signal.h: fatal_signal_pending(), v6.15. False in a program that kills nobody. */
bool fatal_signal_pending(void)
{
	model *m = model::current;

	if (!m->sigkill)
		return false;
	return READ_ONCE(m->sigkill[engine::Execution::current().self()]) != 0;
}

/* kernel/signal.c: get_signal(), v6.15. Left out: everything but whether the task lives on. */
model_signal get_signal(void)
{
	model *m = model::current;

	if (!engine::take_signal(SITE("get_signal", "signal")))
		return model_signal::none;
	if (m->sigkill && MODEL_READ_HERE(m->sigkill[engine::Execution::current().self()]))
		return model_signal::killed;
	return model_signal::handled;
}

} /* namespace kernel */
