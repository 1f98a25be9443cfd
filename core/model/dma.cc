/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/model/dma.h"

#include "core/model/anon.h"
#include "core/model/file.h"
#include "core/model/inode.h"
#include "core/model/page_alloc.h"
#include "core/model/pgmap.h"

namespace kernel
{

static const engine::Role role_done("dma.done"), role_requests("dma"), role_pipe("pipe");
static constexpr std::string_view names[MODEL_DMA_MAX] = { "dma.0", "dma.1", "dma.2" };

uint64_t model_pin_hash(const model_pin *pin)
{
	uint64_t hash = pin->page ? page_to_pfn(pin->page) + 1 : 0;

	if (pin->folio)
		hash = folio_pfn(pin->folio);
	hash = engine::combine(hash, pin->mm ? 0x100 + pin->mm->id : ~uint64_t(0));
	hash = engine::combine(hash, pin->host ? pin->host->id : ~uint64_t(0));
	if (pin->file)
		hash = engine::combine(hash, uint64_t(pin->file - model::current->life->files));
	hash = engine::combine(hash, pin->pgoff);
	hash = engine::combine(hash, pin->generation);
	return engine::combine(hash, pin->flags);
}

static uint64_t model_dma_hash(const model_dma *dma)
{
	uint64_t hash = engine::combine(model_pin_hash(&dma->pin), dma->value);

	return engine::combine(hash, dma->cell * 4 + dma->pinned_by_other * 2 + dma->to_memory);
}

static uint64_t model_pipe_hash(void)
{
	const model_pipe *pipe = model::current->pipe;
	uint64_t hash = pipe->nr;

	for (uint32_t i = 0; i < pipe->nr; i++)
		hash = engine::combine(hash, model_pin_hash(&pipe->bufs[i]));
	return hash;
}

void model_boot_dma(model *m)
{
	engine::Execution &execution = engine::Execution::current();

	m->dmas = execution.arena().make_array<model_dma>(MODEL_DMA_MAX);
	for (uint32_t i = 0; i < MODEL_DMA_MAX; i++)
		m->dmas[i].done.init(role_done);
	execution.init(m->dma_state, role_requests);
	m->pipe = execution.arena().make<model_pipe>();
	m->pipe->bufs = execution.arena().make_array<model_pin>(MODEL_PIPE_BUFFERS);
	execution.init(m->pipe->state, role_pipe);
}

static void model_emit_pin(model_event_kind kind, const model_pin *pin, unsigned int cell,
			   uint64_t value)
{
	model_event event{ kind };

	event.mm = pin->mm;
	event.inode = pin->mm ? nullptr : pin->host;
	event.cell = pin->pgoff * model::current->config.cells + cell;
	event.file_cell = pin->folio ? folio_pfn(pin->folio) : uint64_t(ZERO_PFN);
	event.value = value;
	event.pin = pin;
	model_emit(event);
}

/* A cell of what is pinned, whoever has the page by now. */
static uint64_t model_pin_read(const model_pin *pin, unsigned int cell)
{
	uint64_t value = 0;

	if (pin->folio)
		value = READ_ONCE(pin->folio->cells[cell]);
	if (pin->page) {
		value = READ_ONCE(model_cell(page_to_pfn(pin->page), cell)->data);
		model_touch(page_to_pfn(pin->page));
		MODEL_READ_HERE(pin->page->generation);
	}
	return value;
}

static void model_pin_write(const model_pin *pin, unsigned int cell, uint64_t value)
{
	if (pin->folio)
		WRITE_ONCE(pin->folio->cells[cell], value);
	if (pin->page) {
		if (model::current->config.ddio) {
			pmem_cell *line = model_cell(page_to_pfn(pin->page), cell);

			WRITE_ONCE(line->data, value);
			model_cell_written(line);
		} else {
			/* It writes past the caches. */
			model_copy_flushcache(page_to_pfn(pin->page), cell, value);
			model_sfence();
		}
		model_touch(page_to_pfn(pin->page));
		MODEL_READ_HERE(pin->page->generation);
	}
}

/* The device reads or writes memory, in one step. */
static void model_dma_transfer(const model_dma *dma)
{
	if (dma->to_memory) {
		model_pin_write(&dma->pin, dma->cell, dma->value);
		model_emit_pin(model_event_kind::dma_write, &dma->pin, dma->cell, dma->value);
	} else {
		uint64_t value = model_pin_read(&dma->pin, dma->cell);

		model_emit_pin(model_event_kind::dma_read, &dma->pin, dma->cell, value);
	}
}

/* fs/libfs.c: noop_dirty_folio(), v6.15, which is what DAX files have for ->dirty_folio */
void noop_dirty_folio(page *)
{
}

/* block/bio.c: bio_set_pages_dirty(), v6.15 */
static void bio_set_pages_dirty(const model_dma *dma)
{
	folio *folio = dma->pin.folio;

	if (!dma->to_memory)
		return;
	if (dma->pin.page)
		FORMS.noop_dirty_folio(dma->pin.page);
	if (!folio)
		return;
	folio_lock(folio);
	model_folio_set(folio, PG_dirty);
	folio_unlock(folio);
}

/*
 * block/bio.c: bio_check_pages_dirty(), v6.15. Left out: that it leaves setting to a work item. Pages of DAX files are never
 * marked.
 */
static void bio_check_pages_dirty(const model_dma *dma)
{
	folio *folio = dma->pin.folio;

	if (!dma->to_memory)
		return;
	if (!folio || !model_folio_test(folio, PG_dirty))
		bio_set_pages_dirty(dma);
}

/* The task of one request: what comes after its submission. */
static void model_dma_run(void *arg)
{
	engine::Execution &execution = engine::Execution::current();
	model_dma *dma = static_cast<model_dma *>(arg);
	execution.invoke(0, SITE("invoke", ""));
	execution.observe(model::current->dma_state, model_dma_hash(dma));
	model_dma_transfer(dma);
	if (!dma->pinned_by_other) {
		bio_check_pages_dirty(dma);
		model_unpin(&dma->pin); /* bio_release_pages() */
	}
	dma->done.complete(SITE("complete", "dma.done"));
	execution.ret(0, SITE("ret", ""));
	model_emit(model_event{ model_event_kind::ret, model_op::dma });
	execution.op_boundary(1);
}

static int model_submit(const model_dma &request, bool wait)
{
	engine::Execution &execution = engine::Execution::current();
	model *m = model::current;
	uint32_t nr = m->nr_dmas++;
	model_dma *dma = &m->dmas[nr];
	model_event event{ model_event_kind::submitted, model_op::dma };

	dma->pin = request.pin;
	dma->pinned_by_other = request.pinned_by_other;
	dma->cell = request.cell;
	dma->to_memory = request.to_memory;
	dma->value = request.value;
	execution.changed(m->dma_state, nr, engine::combine(nr + 1, model_dma_hash(dma)));
	event.value = execution.spawn(model_dma_run, dma, names[nr]);
	model_emit(event);
	if (wait)
		dma->done.wait(SITE("wait_for_completion", "dma.done"));
	return 1;
}

int model_write_pinned(const model_pin *pin, unsigned int cell, uint64_t value)
{
	model_dma request{};
	uint32_t nr = model::current->nr_dmas;

	if (nr == MODEL_DMA_MAX)
		return -EAGAIN;
	request.pin = *pin;
	request.pinned_by_other = true;
	request.cell = cell;
	request.to_memory = true;
	request.value = value;
	model_submit(request, false);
	model::current->dmas[nr].done.wait(SITE("wait_for_completion", "dma.done"));
	return 1;
}

/* block/bio.c: bio_iov_iter_get_pages(), v6.15: iov_iter_extract_pages() pins. */
int bio_iov_iter_get_pages(mm_struct *mm, pgoff_t address, bool to_memory, model_pin *pin)
{
	return FORMS.pin_user_pages_fast(mm, address, to_memory ? unsigned(FOLL_WRITE) : 0u, pin);
}

/* fs/iomap/direct-io.c: iomap_dio_bio_iter(), v6.15. Left out: the file on the other side. */
static int model_direct(mm_struct *mm, pgoff_t address, model_dma request, bool wait)
{
	int ret;

	if (model::current->nr_dmas == MODEL_DMA_MAX)
		return -EAGAIN;
	model_alloc(GFP_KERNEL); /* iomap_dio_alloc_bio() */
	ret = FORMS.bio_iov_iter_get_pages(mm, address, request.to_memory, &request.pin);
	if (ret < 0)
		return ret;
	bio_set_pages_dirty(&request);
	/* Others may have submitted meanwhile. */
	if (model::current->nr_dmas == MODEL_DMA_MAX) {
		model_unpin(&request.pin);
		return -EAGAIN;
	}
	return model_submit(request, wait);
}

/* fs/read_write.c: sys_read_direct(), which is sys_read() of a file opened with O_DIRECT, v6.15 */
int sys_read_direct(mm_struct *mm, pgoff_t address, unsigned int cell, uint64_t value, bool wait)
{
	model_dma request{};

	request.cell = cell;
	request.to_memory = true;
	request.value = value;
	return model_direct(mm, address, request, wait);
}

/* fs/read_write.c: sys_write_direct(), which is sys_write() of a file opened with O_DIRECT, v6.15 */
int sys_write_direct(mm_struct *mm, pgoff_t address, unsigned int cell)
{
	model_dma request{};

	request.cell = cell;
	return model_direct(mm, address, request, true);
}

/* fs/splice.c: sys_vmsplice(), iter_to_pipe(), v6.15. Left out: the lock of the pipe, waiting for room. */
int sys_vmsplice(mm_struct *mm, pgoff_t address)
{
	engine::Execution &execution = engine::Execution::current();
	model_pipe *pipe = model::current->pipe;
	model_pin pin{};
	uint64_t before;
	int ret = get_user_pages_fast(mm, address, FOLL_GET, &pin);

	if (ret < 0)
		return ret;
	if (pipe->nr == MODEL_PIPE_BUFFERS) {
		model_unpin(&pin);
		return -EAGAIN;
	}
	before = model_pipe_hash();
	pipe->bufs[pipe->nr++] = pin;
	execution.changed(pipe->state, before, model_pipe_hash());
	return 1;
}

/* fs/pipe.c: model_drain(), which is pipe_read() until it is empty, v6.15. Left out: the lock of the pipe. */
int model_drain(void)
{
	engine::Execution &execution = engine::Execution::current();
	model_pipe *pipe = model::current->pipe;
	int nr = 0;

	for (;;) {
		uint64_t before = model_pipe_hash();
		model_pin pin;

		execution.observe(pipe->state, before);
		if (pipe->nr == 0)
			return nr;
		pin = pipe->bufs[--pipe->nr];
		execution.changed(pipe->state, before, model_pipe_hash());
		nr++;
		for (unsigned int c = 0; c < model::current->config.cells; c++) {
			uint64_t value = model_pin_read(&pin, c);

			model_emit_pin(model_event_kind::pin_read, &pin, c, value);
		}
		model_unpin(&pin);
	}
}

} /* namespace kernel */
