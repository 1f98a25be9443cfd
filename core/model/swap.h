/* SPDX-License-Identifier: GPL-2.0-only */
/* Swap: slots, the swap cache, swap-in, swapoff. */
#ifndef DAXRACE_CORE_MODEL_SWAP_H_
#define DAXRACE_CORE_MODEL_SWAP_H_

#include "core/model/anon.h"

namespace kernel
{

folio *swap_cache_get_folio(swp_entry_t entry);
bool add_to_swap(folio *folio);
bool folio_free_swap(folio *folio);
void free_swap_cache(folio *folio);
void free_swap_and_cache(swp_entry_t entry);
void __delete_from_swap_cache(folio *folio);
void delete_from_swap_cache(folio *folio);
unsigned int model_swap_count(swp_entry_t entry);
void put_swap_folio(swp_entry_t entry);
int swap_duplicate(swp_entry_t entry);
void swap_free(swp_entry_t entry);
folio *read_swap_cache_async(swp_entry_t entry, pgoff_t index);
void swap_writepage(folio *folio);
void model_swap_write_done(folio *folio, swp_entry_t entry);
vm_fault_t do_swap_page(vm_fault *vmf);
int unuse_pte(vm_area_struct *vma, pmd_slot *pmd, pgoff_t address, swp_entry_t entry, folio *folio);

/* Parts of do_swap_page() that all its forms share. */
folio *model_swapin(vm_fault *vmf, vm_fault_t *ret);
vm_fault_t model_map_swapped(vm_fault *vmf, folio *folio, bool exclusive);

} /* namespace kernel */

#endif /* DAXRACE_CORE_MODEL_SWAP_H_ */
