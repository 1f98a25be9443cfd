/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For tests of the model: a machine of two files and two address spaces, a task that does system calls one by one, and
 * eyes to look into it at any moment.
 */
#ifndef DAXRACE_CORE_MODEL_MACHINE_FOR_TEST_H_
#define DAXRACE_CORE_MODEL_MACHINE_FOR_TEST_H_

#include <gmock/gmock.h>

#include <functional>
#include <string>
#include <vector>

#include "core/engine/strategies.h"
#include "core/engine/strategy_replay.h"
#include "core/model/dax.h"
#include "core/model/protocol/entry_backend.h"

namespace kernel
{

struct model_recorder : public model_observer {
	std::vector<model_event> events;

	void on_event(const model_event &event) override
	{
		events.push_back(event);
	}

	std::vector<uint64_t> values(model_event_kind kind) const
	{
		std::vector<uint64_t> list;

		for (const model_event &event : events) {
			if (event.kind == kind)
				list.push_back(event.value);
		}
		return list;
	}
};

class model_test : public testing::Test
{
protected:
	static constexpr pgoff_t nr_pages = 32; /* of each address space */
	static constexpr uint64_t nothing = ~uint64_t(0);

	model_forms forms;
	model_config config;
	model_recorder recorder;
	engine::Execution execution{ { .steps_max = 20000, .tasks_max = 5 } };

	model_test()
	{
		static const pgoff_t mm_pages[] = { nr_pages, nr_pages };
		std::string error;

		EXPECT_TRUE(select_forms({}, &forms, &error)) << error;
		config.forms = &forms;
		config.nr_inodes = 2;
		config.nr_mms = 2;
		config.nr_vmas = 4;
		config.nr_tasks = 5;
		config.file_pages = 8;
		config.mm_pages = mm_pages;
		config.observer = &recorder;
	}

	/* The body, on a machine of its own. What it leaves can be looked at until the next run. */
	engine::End run_with(engine::Strategy &strategy, const std::function<void()> &body)
	{
		auto boot_and_go = [&] {
			recorder.events.clear();
			model_boot(config);
			body();
		};
		using go = decltype(boot_and_go);

		strategy.begin();
		return execution.run(
			strategy,
			[](void *arg) {
				(*static_cast<go *>(arg))();
			},
			&boot_and_go);
	}

	/* By the default schedule, and without a finding. */
	void run(const std::function<void()> &body)
	{
		const std::vector<engine::RecordedSwitch> switches;
		const std::vector<engine::RecordedDraw> draws;
		engine::ReplayStrategy strategy(switches, draws);
		strategy.keep_state();

		EXPECT_EQ(engine::End::kFinished, run_with(strategy, body));
		for (const engine::Finding &finding : execution.findings())
			ADD_FAILURE() << finding.verdict;
	}

	/* --- what a task does --- */

	static inode *file(unsigned int n = 0)
	{
		return &model::current->inodes[n];
	}
	static mm_struct *mm(unsigned int n)
	{
		return &model::current->mms[n];
	}
	static vm_area_struct *vma(unsigned int n)
	{
		return &model::current->vmas[n];
	}
	static void map(unsigned int n, unsigned int in, pgoff_t address, pgoff_t len,
			pgoff_t pgoff, bool write = true)
	{
		EXPECT_EQ(0, sys_mmap(vma(n), mm(in), file(), address, len, pgoff,
				      VM_SHARED | (write ? unsigned(VM_WRITE) : 0u)));
	}
	static int store(unsigned int in, pgoff_t address, uint64_t value, unsigned int cell = 0)
	{
		return model_cpu_store(mm(in), address, cell, value);
	}
	/* What it read, or `nothing` if it got a signal. */
	static uint64_t load(unsigned int in, pgoff_t address, unsigned int cell = 0)
	{
		uint64_t value = nothing;

		return model_cpu_load(mm(in), address, cell, &value) ? nothing : value;
	}
	static int write(pgoff_t pos, pgoff_t len, uint64_t value, unsigned int n = 0)
	{
		model_io io = { file(n), pos, len, value };

		return sys_write(&io);
	}
	static int read(pgoff_t pos, pgoff_t len, unsigned int n = 0)
	{
		model_io io = { file(n), pos, len, 0 };

		return sys_read(&io);
	}
	static engine::TaskId spawn(const std::function<void()> &body)
	{
		return engine::Execution::current().spawn(
			[&body] {
				body();
			},
			"task");
	}
	static void join(engine::TaskId task)
	{
		engine::Execution::current().join(task);
	}

	/* --- what can be seen --- */

	static pte_t pte(unsigned int in, pgoff_t address)
	{
		return mm(in)->ptes[address].peek();
	}
	static pmd_t pmd(unsigned int in, pgoff_t address)
	{
		return mm(in)->pmds[address / PMD_NR].pmd.peek();
	}
	/* The key of the machine's state: what the task has observed, and where it is, do not count. */
	engine::Hash128 key()
	{
		file()->i_size.load(Order::kRelaxed);
		execution.op_boundary(0);
		return execution.state_key();
	}
	/* The block of a page of the file, `nothing` for a hole. */
	static uint64_t block(pgoff_t page, unsigned int n = 0)
	{
		uint32_t at = file(n)->i_block[page].peek();

		return at ? at - 1 : nothing;
	}
	/* The first page of the entry that covers `page`. */
	static pgoff_t entry_start(pgoff_t page, unsigned int n = 0)
	{
		xa_entry at = file(n)->i_data.i_pages.slots[page].peek();

		return (at & 0xff) == 6 ? page - (at >> 8) : page;
	}
	static xa_entry entry(pgoff_t page, unsigned int n = 0)
	{
		return file(n)->i_data.i_pages.slots[entry_start(page, n)].peek();
	}
	static unsigned int marks(pgoff_t page, unsigned int n = 0)
	{
		return file(n)->i_data.i_pages.marks[entry_start(page, n)].peek();
	}
	static bool dirty(pgoff_t page)
	{
		return (marks(page) & PAGECACHE_TAG_DIRTY) != 0;
	}
	static uint64_t pages_counted(unsigned int n = 0)
	{
		return file(n)->i_data.nrpages.peek();
	}
	static uint32_t entries_counted(unsigned int n = 0)
	{
		return model_xa_entries(&file(n)->i_data.i_pages);
	}
	static pmem_cell *line(pgoff_t page, unsigned int cell = 0)
	{
		return model_cell(block(page), cell);
	}
	static bool readable(pte_t pte)
	{
		return pte_present(pte) && !pte_write(pte) && !pte_dirty(pte);
	}
	static bool writable(pte_t pte)
	{
		return pte_present(pte) && pte_write(pte) && pte_dirty(pte);
	}
	static bool table(pmd_t pmd)
	{
		return pmd == pmd_t(_PAGE_TABLE);
	}
};

} /* namespace kernel */

#endif /* DAXRACE_CORE_MODEL_MACHINE_FOR_TEST_H_ */
