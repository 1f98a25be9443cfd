/* SPDX-License-Identifier: GPL-2.0-only */
/* The DAX entry lock over the engine. */
#include "core/model/protocol/entry_backend.h"

namespace kernel
{

#include "core/model/protocol/dax_entry_lock_impl.h"

} /* namespace kernel */
