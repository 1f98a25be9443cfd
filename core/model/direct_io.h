/* SPDX-License-Identifier: GPL-2.0-only */
/* O_DIRECT read(2) and write(2) of a file on a block device, to and from one cell of private memory. */
#ifndef DAXRACE_CORE_MODEL_DIRECT_IO_H_
#define DAXRACE_CORE_MODEL_DIRECT_IO_H_

#include "core/model/swap.h"

namespace kernel
{

enum : unsigned int {
	FOLL_WRITE = 1,
	FOLL_GET = 2,
	FOLL_PIN = 4
};

struct bio {
	mm_struct *mm;
	pgoff_t address;
	unsigned int cell;
	bool to_memory;	     /* REQ_OP_READ */
	bool pinned;	     /* BIO_PAGE_PINNED; else the pages have a reference */
	struct folio *folio; /* null: the zero page */
};

int bio_iov_iter_get_pages(bio *bio);
int bio_iov_iter_get_pages_v6_4(bio *bio);
/* The page at `address`, of which the caller has a reference or a pin; null: the zero page. */
int model_get_user_page(mm_struct *mm, pgoff_t address, unsigned int gup_flags, folio **folio);

} /* namespace kernel */

#endif /* DAXRACE_CORE_MODEL_DIRECT_IO_H_ */
