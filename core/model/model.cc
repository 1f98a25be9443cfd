/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/model/model.h"

#include "core/model/anon.h"
#include "core/model/dma.h"
#include "core/model/file.h"
#include "core/model/page_alloc.h"
#include "core/model/pgmap.h"
#include "core/model/signal.h"
#include "core/model/umem.h"

namespace kernel
{

static const engine::Role role_i_size("i_size"), role_i_block("extent"),
	role_invalidate("invalidate_lock"), role_i_mmap("i_mmap_rwsem"), role_nrpages("nrpages"),
	role_i_rwsem("i_rwsem"), role_i_data("i_data_sem"), role_committed("committed"),
	role_datasync("i_datasync_tid"), role_mmap_lock("mmap_lock"), role_pmd_lock("pmd_lock"),
	role_ptl("ptl"), role_pmd("pmd"), role_pte("pte"), role_linked("vma.linked"),
	role_in_i_mmap("vma.in_i_mmap"), role_wq("wait_table"), role_cell("cell"),
	role_line("line"), role_journal("journal"), role_alloc("alloc_lock"),
	role_in_anon_vma("vma.in_anon_vma"), role_prot("vma.prot"), role_seq("write_protect_seq"),
	role_rss("mm.rss_stat"), role_forked("mm.forked"), role_alloc_state("alloc"),
	role_warn("warning"), role_ilock("XFS_ILOCK"), role_mapping_lock("mapping_lock"),
	role_pincount("i_pincount"), role_logged("logged");

static void model_boot_inode(inode *inode, uint8_t id, const model_config &config)
{
	engine::Execution &execution = engine::Execution::current();
	engine::Arena &arena = execution.arena();

	inode->id = id;
	inode->nr_blocks = config.file_pages;
	inode->i_rwsem.init(role_i_rwsem);
	inode->i_data_sem.init(config.xfs ? role_ilock : role_i_data);
	inode->i_size.init(role_i_size);
	inode->i_block = arena.make_array<Plain<uint32_t>>(config.file_pages);
	for (pgoff_t i = 0; i < config.file_pages; i++)
		inode->i_block[i].init(role_i_block);
	inode->datasync_dirty.init(config.xfs ? role_pincount : role_datasync);
	execution.init(inode->committed, role_committed);
	inode->committed_block = arena.make_array<uint32_t>(config.file_pages);
	if (config.xfs) {
		execution.init(inode->logged, role_logged);
		inode->logged_block = arena.make_array<uint32_t>(config.file_pages);
	}

	inode->i_data.host = inode;
	xa_init(&inode->i_data.i_pages, config.file_pages);
	inode->i_data.invalidate_lock.init(role_invalidate);
	inode->i_data.i_mmap_rwsem.init(role_i_mmap);
	inode->i_data.nrpages.init(role_nrpages);
	inode->i_data.model_mapping_lock.init(role_mapping_lock);
}

static void model_boot_mm(mm_struct *mm, uint8_t id, const model_config &config)
{
	engine::Arena &arena = engine::Execution::current().arena();
	pgoff_t pages = config.mm_pages[id];

	mm->id = id;
	mm->nr_pages = pages;
	mm->mmap_lock.init(role_mmap_lock);
	mm->page_table_lock.init(role_pmd_lock);
	if (config.nr_folios) {
		mm->forked.init(role_forked);
		mm->write_protect_seq.init(role_seq);
	}
	mm->pmds = arena.make_array<pmd_slot>(pages / config.pmd_nr);
	mm->ptes = arena.make_array<Atomic<pte_t>>(pages);
	for (pgoff_t i = 0; i < pages / config.pmd_nr; i++) {
		mm->pmds[i].pmd.init(role_pmd);
		mm->pmds[i].ptl.init(role_ptl);
	}
	for (pgoff_t i = 0; i < pages; i++)
		mm->ptes[i].init(role_pte);
}

static void model_boot_device(model *m)
{
	engine::Execution &execution = engine::Execution::current();
	engine::Arena &arena = execution.arena();
	const model_config &config = m->config;
	uint32_t pmds = uint32_t(config.nr_inodes * config.file_pages / config.pmd_nr);

	/* Enough for all files twice: what was freed is not free before it has committed. */
	m->nr_blocks = config.nr_blocks ? config.nr_blocks : 2 * pmds * config.pmd_nr;
	m->cells = arena.make_array<pmem_cell>(size_t(m->nr_blocks) * config.cells);
	for (size_t i = 0; i < size_t(m->nr_blocks) * config.cells; i++) {
		m->cells[i].data.init(role_cell);
		execution.init(m->cells[i].line, role_line);
		m->cells[i].last_dirtier = engine::kNoTask;
	}
	m->alloc_lock.init(role_alloc);
	execution.init(m->alloc_state, role_alloc_state);
	m->free_stack = arena.make_array<uint32_t>(m->nr_blocks);
	m->freed = arena.make_array<uint32_t>(m->nr_blocks);
	m->freed_notes = arena.make_array<model_note>(m->nr_blocks);
	/* Single blocks come from the top, so that aligned runs stay whole below. */
	m->nr_free = m->nr_blocks;
	for (uint32_t i = 0; i < m->nr_blocks; i++)
		m->free_stack[i] = i;
}

model *model_boot(const model_config &config)
{
	engine::Execution &execution = engine::Execution::current();
	engine::Arena &arena = execution.arena();
	model *m = arena.make<model>();

	model::current = m;
	m->config = config;
	m->inodes = arena.make_array<inode>(config.nr_inodes);
	for (unsigned int i = 0; i < config.nr_inodes; i++)
		model_boot_inode(&m->inodes[i], uint8_t(i), config);
	m->mms = arena.make_array<mm_struct>(config.nr_mms);
	for (unsigned int i = 0; i < config.nr_mms; i++)
		model_boot_mm(&m->mms[i], uint8_t(i), config);
	m->vmas = arena.make_array<vm_area_struct>(config.nr_vmas);
	for (unsigned int i = 0; i < config.nr_vmas; i++) {
		m->vmas[i].linked.init(role_linked);
		m->vmas[i].in_i_mmap.init(role_in_i_mmap);
		if (!config.nr_folios)
			continue;
		m->vmas[i].in_anon_vma.init(role_in_anon_vma);
		m->vmas[i].prot.init(role_prot);
	}
	m->wait_table = arena.make_array<wait_queue_head_t>(DAX_WAIT_TABLE_ENTRIES);
	for (unsigned int i = 0; i < DAX_WAIT_TABLE_ENTRIES; i++)
		m->wait_table[i].init(role_wq);
	model_boot_device(m);
	if (config.nr_folios)
		model_boot_anon(m);
	if (config.pages)
		model_boot_pages(m);
	if (config.unbind)
		model_boot_pgmap(m);
	if (config.dma)
		model_boot_dma(m);
	if (config.rdma)
		model_boot_umem(m);
	for (unsigned int i = 0; i < config.nr_mms && (config.pages || config.nr_folios); i++) {
		for (engine::Object &state : m->mms[i].rss_state)
			execution.init(state, role_rss);
	}
	m->flushes = arena.make_array<pmem_flush *>(config.nr_tasks);
	m->handles = arena.make_array<uint8_t>(config.nr_tasks);
	m->j_barrier.init(role_journal);
	if (config.open_files)
		model_boot_life(m);
	if (config.kills)
		model_boot_signals(m);
	if (config.low_memory)
		model_boot_low_memory(m);
	return m;
}

void model_emit(const model_event &event)
{
	model_observer *observer = model::current->config.observer;
	model_event stamped = event;

	if (!observer)
		return;
	stamped.task = engine::Execution::current().self();
	stamped.op_index = engine::Execution::current().self_task().op;
	observer->on_event(stamped);
}

uint64_t model_durable(const inode *inode, uint64_t cell)
{
	unsigned int cells = model::current->config.cells;
	pgoff_t page = cell / cells;

	if (page >= inode->committed_size || !i_block_written(inode->committed_block[page]))
		return 0;
	const pmem_cell *line =
		model_cell(inode->committed_block[page] - 1, unsigned(cell % cells));
	return model::current->config.eadr ? line->data.peek() : line->durable;
}

const engine::Site *model_cleaned_by(const inode *inode, uint64_t cell)
{
	return inode->i_data.i_pages.cleaned_by[cell / model::current->config.cells];
}

uint64_t model_content(const inode *inode, uint64_t cell)
{
	unsigned int cells = model::current->config.cells;
	pgoff_t page = cell / cells;
	uint32_t block = inode->i_block[page].peek();

	if (page >= inode->i_size.peek() || !i_block_written(block))
		return 0;
	return model_cell(block - 1, unsigned(cell % cells))->data.peek();
}

static std::string describe_warning(const engine::Finding &finding,
				    const engine::Execution &execution)
{
	return std::string("WARN_ON_ONCE(") + static_cast<const char *>(finding.context) + ") in " +
	       finding.site->function + "(), by " + std::string(execution.task(finding.task).name);
}

bool model_warn(bool condition, const engine::Site &site, const char *text)
{
	engine::Execution &execution = engine::Execution::current();
	engine::Finding finding;

	if (!condition)
		return false;
	finding.verdict = "kernel-warning";
	finding.precedence = 60;
	finding.task = execution.self();
	finding.step = execution.steps() - 1;
	finding.site = &site;
	finding.role = &role_warn;
	finding.describe = describe_warning;
	finding.context = text;
	execution.report(finding);
	return true;
}

} /* namespace kernel */
