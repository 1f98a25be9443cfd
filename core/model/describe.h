/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What an event of the model says to a kernel developer. For reports only; nothing here runs in an execution.
 */
#ifndef DAXRACE_CORE_MODEL_DESCRIBE_H_
#define DAXRACE_CORE_MODEL_DESCRIBE_H_

#include <functional>
#include <string>

#include "core/model/types.h"

namespace kernel
{

/*
 * "PTE 5 = pfn 3 rw dirty", "entry 0 = PMD zero LOCKED", "extent 2 is hole"; empty: the event does not matter.
 * `whose` names the operation that wrote a value; `cells` are those of a page of the machine.
 */
std::string model_describe(const engine::Event &event, unsigned int cells,
			   const std::function<std::string(uint64_t value)> &whose);

} /* namespace kernel */

#endif /* DAXRACE_CORE_MODEL_DESCRIBE_H_ */
