/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The device: what the CPUs see, and what a power failure leaves.
 *
 * A flush (clwb) takes the present value of a line along; it is durable once the CPU that flushed has fenced. A locked
 * instruction is such a fence (vocabulary.h). The images that a power failure may leave differ in what was not durable;
 * the oracle asks for the least of them, which holds nothing but what is.
 */
#include "core/model/pgmap.h"

namespace kernel
{

/* What a task's fence will make durable is state too: its later steps depend on it. */
static uint64_t model_line_state(const pmem_cell *cell)
{
	uint64_t hash = cell->durable + 1;

	for (const pmem_flush *flush = cell->flushed; flush; flush = flush->older)
		hash = engine::combine(hash, engine::combine(flush->task, flush->value));
	return hash;
}

void model_cell_written(pmem_cell *cell)
{
	engine::Execution &execution = engine::Execution::current();

	cell->last_dirtier = execution.self();
	cell->dirtied_at = execution.steps() - 1;
}

void model_clwb(pmem_cell *cell)
{
	engine::Execution &execution = engine::Execution::current();
	uint64_t before = model_line_state(cell);
	pmem_flush **list = &model::current->flushes[execution.self()];

	if (cell->data.peek() == cell->durable && !cell->flushed)
		return;
	*list = execution.arena().make<pmem_flush>(pmem_flush{
		*list, cell->flushed, cell, cell->data.peek(), execution.self(), false });
	cell->flushed = *list;
	execution.changed(cell->line, before, model_line_state(cell));
}

/* Older flushes of the line, whoever made them, have nothing left to do: what is durable never becomes older. */
static void model_flush_done(pmem_flush *flush)
{
	pmem_cell *cell = flush->cell;
	uint64_t before = model_line_state(cell);
	pmem_flush **link = &cell->flushed;

	while (*link != flush)
		link = &(*link)->older;
	*link = nullptr;
	cell->durable = flush->value;
	for (; flush; flush = flush->older)
		flush->done = true;
	engine::Execution::current().changed(cell->line, before, model_line_state(cell));
}

/* What this CPU has flushed becomes durable. An older flush of the same line comes first. */
void model_sfence(void)
{
	engine::Execution &execution = engine::Execution::current();
	pmem_flush **list = &model::current->flushes[execution.self()];
	pmem_flush *reversed = nullptr;

	while (*list) {
		pmem_flush *flush = *list;

		*list = flush->next;
		flush->next = reversed;
		reversed = flush;
	}
	for (pmem_flush *flush = reversed; flush; flush = flush->next) {
		if (!flush->done)
			model_flush_done(flush);
	}
}

void model_drain_stores(void)
{
	if (model::current->flushes[engine::Execution::current().self()])
		model_sfence();
}

/*
 * drivers/dax/super.c: dax_flush(), arch_wb_cache_pmem(), v6.15. Does not fence. With eADR there is no write cache
 * (dax_write_cache_enabled()).
 */
void dax_flush(uint64_t block, pgoff_t pages)
{
	model *m = model::current;

	if (m->config.eadr)
		return;
	for (uint64_t b = block; b < block + pages; b++) {
		for (unsigned int c = 0; c < m->config.cells; c++) {
			pmem_cell *cell = model_cell(b, c);

			READ_ONCE(
				cell->data); /* a step of its own: stores may come between two lines */
			model_touch(b);
			model_clwb(cell);
		}
	}
}

void model_copy_flushcache(uint64_t block, unsigned int c, uint64_t value)
{
	pmem_cell *cell = model_cell(block, c);

	WRITE_ONCE(cell->data, value);
	model_cell_written(cell);
	model_clwb(cell);
}

/* blkdev_issue_zeroout() of a block that nobody can reach yet. */
void model_zero_block(uint64_t block)
{
	model_touch(block);
	for (unsigned int c = 0; c < model::current->config.cells; c++) {
		pmem_cell *cell = model_cell(block, c);

		if (cell->data.peek() == 0 && cell->durable == 0)
			continue;
		MODEL_WRITE_HERE(cell->data, uint64_t(0));
		model_cell_written(cell);
		model_clwb(cell);
	}
	model_sfence();
}

} /* namespace kernel */
