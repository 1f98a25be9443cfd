/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A device that moves data between a page and somewhere else, and a pipe that keeps pages: what outlives the mapping
 * that a page was found by.
 */
#ifndef DAXRACE_CORE_MODEL_DMA_H_
#define DAXRACE_CORE_MODEL_DMA_H_

#include "core/model/gup.h"

namespace kernel
{

/* One request: a cell of a page. Transfer and completion are steps of a task of its own. */
struct model_dma {
	model_pin pin;
	bool pinned_by_other; /* for longer than the request */
	unsigned int cell;
	bool to_memory;
	uint64_t value; /* what the device writes */
	engine::Completion done;
};

struct model_pipe {
	engine::Object state; /* for its share of the state's hash */
	model_pin *bufs;
	uint32_t nr;
};

void model_boot_dma(model *m);

/* ->dirty_folio of a file on DAX. */
void noop_dirty_folio(page *page);

/* The page of a request: pinned. */
int bio_iov_iter_get_pages(mm_struct *mm, pgoff_t address, bool to_memory, model_pin *pin);

/*
 * O_DIRECT read(2) of one cell from a file elsewhere into memory, or write(2) of it; `wait`: until it has completed,
 * otherwise as io_submit(2).
 */
int sys_read_direct(mm_struct *mm, pgoff_t address, unsigned int cell, uint64_t value, bool wait);
int sys_write_direct(mm_struct *mm, pgoff_t address, unsigned int cell);
/* A device writes a cell of a page that stays pinned meanwhile; returns when it has. */
int model_write_pinned(const model_pin *pin, unsigned int cell, uint64_t value);
uint64_t model_pin_hash(const model_pin *pin);
/* vmsplice(2) of a page into the pipe, which has room for few; and reading the pipe empty. */
int sys_vmsplice(mm_struct *mm, pgoff_t address);
int model_drain(void);

} /* namespace kernel */

#endif /* DAXRACE_CORE_MODEL_DMA_H_ */
