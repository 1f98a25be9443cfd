/* SPDX-License-Identifier: GPL-2.0-only */
#include "core/model/umem.h"

#include "core/model/dma.h"
#include "core/model/page_alloc.h"

namespace kernel
{

static const engine::Role role_mr("mr"), role_mr_state("mr.state");

void model_boot_umem(model *m)
{
	engine::Execution &execution = engine::Execution::current();

	m->mrs = execution.arena().make_array<model_mr>(size_t(MODEL_MR_MAX) * m->config.nr_mms);
	for (uint32_t i = 0; i < MODEL_MR_MAX * m->config.nr_mms; i++) {
		m->mrs[i].lock.init(role_mr);
		execution.init(m->mrs[i].state, role_mr_state);
	}
}

static uint64_t model_mr_hash(const model_mr *mr)
{
	if (!mr->mm)
		return 0;
	return engine::combine(engine::combine(0x100 + mr->mm->id, mr->address),
			       model_pin_hash(&mr->pin));
}

/* Under the lock of the region. */
static bool model_mr_is(model_mr *mr, const mm_struct *mm, pgoff_t address)
{
	engine::Execution::current().observe(mr->state, model_mr_hash(mr));
	return mr->mm == mm && (!mm || mr->address == address);
}

static void model_mr_set(model_mr *mr, mm_struct *mm, pgoff_t address, const model_pin &pin)
{
	uint64_t before = model_mr_hash(mr);

	mr->mm = mm;
	mr->address = address;
	mr->pin = pin;
	engine::Execution::current().changed(mr->state, before, model_mr_hash(mr));
}

/* The entries of a process. */
static std::span<model_mr> model_mrs(const mm_struct *mm)
{
	return { model::current->mrs + size_t(mm->id) * MODEL_MR_MAX, MODEL_MR_MAX };
}

/* drivers/infiniband/core/umem.c: ib_umem_get(), v6.15, of one page, for writing. Left out: limits, the table of pages. */
int ib_umem_get(mm_struct *mm, pgoff_t address, model_pin *pin)
{
	model_alloc(GFP_KERNEL);
	return FORMS.pin_user_pages_fast(mm, address, FOLL_WRITE | FOLL_LONGTERM, pin);
}

/* drivers/infiniband/core/umem.c: ib_umem_release(), v6.15 */
static void ib_umem_release(const model_pin *pin)
{
	unpin_user_page_range_dirty_lock(pin);
}

/* drivers/infiniband/core/uverbs_cmd.c: ib_uverbs_reg_mr(), v6.15. Left out: keys, what a peer may do. */
int ib_uverbs_reg_mr(mm_struct *mm, pgoff_t address)
{
	int ret = -ENOMEM;

	for (model_mr &mr : model_mrs(mm)) {
		model_pin pin{};

		down_write(&mr.lock);
		if (model_mr_is(&mr, nullptr, 0)) {
			ret = FORMS.ib_umem_get(mm, address, &pin);
			if (!ret)
				model_mr_set(&mr, mm, address, pin);
		}
		up_write(&mr.lock);
		if (ret != -ENOMEM)
			break;
	}
	return ret ? ret : 1;
}

int model_rdma_write(mm_struct *mm, pgoff_t address, unsigned int cell, uint64_t value)
{
	int ret = -EINVAL;

	for (model_mr &mr : model_mrs(mm)) {
		down_read(&mr.lock);
		if (model_mr_is(&mr, mm, address))
			ret = model_write_pinned(&mr.pin, cell, value);
		up_read(&mr.lock);
		if (ret != -EINVAL)
			break;
	}
	return ret;
}

/* drivers/infiniband/core/uverbs_cmd.c: ib_uverbs_dereg_mr(), v6.15. Nothing that was asked of the device is left. */
int ib_uverbs_dereg_mr(mm_struct *mm)
{
	int nr = 0;

	for (model_mr &mr : model_mrs(mm)) {
		down_write(&mr.lock);
		if (!model_mr_is(&mr, nullptr, 0)) {
			model_pin pin = mr.pin;

			model_mr_set(&mr, nullptr, 0, model_pin{});
			ib_umem_release(&pin);
			nr++;
		}
		up_write(&mr.lock);
	}
	return nr;
}

} /* namespace kernel */
