/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * As much of a machine as the protocols beside this file need: two pages of the device, an anonymous one, a process with one
 * table of PTEs. Included inside a namespace, after a backend: relacy_small.h or engine_small.h. Both have
 *
 *   the memory operations, Atomic, Plain, GET(), SET(), spinlock_t, seqcount_t, wait queues, dev_pagemap's parts;
 *   MODEL_INIT(), MODEL_INIT_LOCK() for what is shared, MODEL_PEEK() for when all is over, MODEL_CHECK();
 *   model_world, from which a program derives, with model_var and __var_waitqueue().
 */

inline constexpr unsigned int MODEL_ERESTARTSYS = 512;
inline constexpr uint32_t GUP_PIN_COUNTING_BIAS = 1024;

#define WARN_ON_ONCE(condition) MODEL_CHECK(!(condition), "warning: " #condition)

using pgoff_t = uint64_t;
using pte_t = uint64_t;
using pmd_t = uint64_t;

enum : uint64_t {
	_PAGE_PRESENT = 0x01,
	_PAGE_RW = 0x02,
	_PAGE_PSE = 0x10,
	_PAGE_TABLE = 0x20,
	_PAGE_SWP = 0x80,
	_PAGE_PFN_SHIFT = 8
};
enum : unsigned int {
	FOLL_WRITE = 0x1,
	FOLL_GET = 0x2,
	FOLL_PIN = 0x4,
	FOLL_LONGTERM = 0x8
};
enum : uint32_t {
	PG_anon_exclusive = 0x10
};

inline constexpr uint64_t PAGE_PFN = 1, OTHER_PFN = 2, FOLIO_PFN = 3;

inline bool pmd_present(pmd_t pmd)
{
	return (pmd & _PAGE_PRESENT) != 0;
}
inline bool pmd_trans_huge(pmd_t pmd)
{
	return (pmd & _PAGE_PSE) != 0;
}
inline bool pte_present(pte_t pte)
{
	return (pte & _PAGE_PRESENT) != 0;
}
inline bool pte_write(pte_t pte)
{
	return (pte & _PAGE_RW) != 0;
}
inline uint64_t pte_pfn(pte_t pte)
{
	return pte >> _PAGE_PFN_SHIFT;
}
inline pte_t mk_pte(uint64_t pfn, uint64_t flags)
{
	return pfn << _PAGE_PFN_SHIFT | _PAGE_PRESENT | flags;
}

struct inode;

struct page {
	model_address var;
	Atomic<uint32_t> _refcount;
	Atomic<uint32_t> _mapcount;

	page()
	{
		MODEL_INIT(_refcount, 0);
		MODEL_INIT(_mapcount, 0);
		MODEL_INIT_ADDRESS(var);
	}
};

struct folio {
	Atomic<int32_t> _refcount;
	Atomic<int32_t> _mapcount;
	Atomic<uint32_t> flags;

	folio()
	{
		MODEL_INIT(_refcount, 0);
		MODEL_INIT(_mapcount, 0);
		MODEL_INIT(flags, 0);
	}
};

struct pmd_slot {
	model_constant<pmd_t> pmd;
	spinlock_t ptl;
};

struct mm_struct {
	pmd_slot slot;
	Atomic<pte_t> ptes[2];
	seqcount_t write_protect_seq;

	mm_struct()
	{
		slot.pmd = { _PAGE_PRESENT | _PAGE_TABLE };
		MODEL_INIT_LOCK(slot.ptl);
		for (Atomic<pte_t> &pte : ptes)
			MODEL_INIT(pte, 0);
		MODEL_INIT_SEQCOUNT(write_protect_seq);
	}
};

inline pmd_slot *pmd_offset(mm_struct *mm, pgoff_t)
{
	return &mm->slot;
}
inline Atomic<pte_t> *pte_offset(mm_struct *mm, pgoff_t address)
{
	return &mm->ptes[address];
}

#define PMD_NR 2u

struct model_pin {
	struct page *page;
	struct folio *folio;
};

/* What each program has one of. */
struct model_memory : model_world {
	page pages[2];
	folio anon;
	mm_struct mm;
	bool forks = false;

	static inline model_memory *current = nullptr;

	model_memory()
	{
		current = this;
	}
};

inline uint32_t model_foll_refs(unsigned int flags)
{
	return flags & FOLL_PIN ? GUP_PIN_COUNTING_BIAS : 1;
}
inline void model_pin_frame(uint64_t pfn, model_pin *pin)
{
	pin->page = pfn == FOLIO_PFN ? nullptr : &model_memory::current->pages[pfn - PAGE_PFN];
	pin->folio = pfn == FOLIO_PFN ? &model_memory::current->anon : nullptr;
}
inline bool model_forks()
{
	return model_memory::current->forks;
}
inline void model_note_page(const page *)
{
}
inline void model_note_pin(mm_struct *, pgoff_t, unsigned int, model_pin *)
{
}
inline void model_note_tentative_pin(mm_struct *, pgoff_t, unsigned int, model_pin *)
{
}
inline void model_keep_pin(model_pin *)
{
}
inline void model_unlock_layout(inode *)
{
}
inline void model_lock_layout(inode *)
{
}
inline void free_unref_page(folio *)
{
}
inline void model_init_wait_page(wait_entry *wait, const model_var &key, page *, uint32_t, bool)
{
	wait->key = model_var_key(key);
}

/* As patches.h has it: which form of a function. */
struct model_forms {
	void (*folio_put_refs)(page *page, uint32_t refs);
	bool (*gup_fast_pte_range)(mm_struct *mm, pgoff_t address, unsigned int flags,
				   model_pin *pin);
	bool (*dax_page_is_busy)(page *page);
	int (*wait_page_idle)(page *page, inode *inode, bool interruptible);
	bool (*PageAnonExclusive)(folio *folio);
	bool (*gup_must_unshare)(unsigned int flags, folio *folio);
	bool (*pte_devmap)(pte_t pte);
	bool (*folio_is_longterm_pinnable)(const model_pin *pin);
	bool (*gup_fast_folio_allowed)(const model_pin *pin, unsigned int flags);
};
inline model_forms FORMS;

void folio_put(page *page);
bool folio_try_get(page *page, uint32_t refs);
bool model_folio_test(folio *folio, uint32_t flag);
void model_drop_pin(const model_pin *pin);
inline constexpr bool model_pin_at_once = false;

/* Nothing here ends the memory map: see percpu_ref.h for what would. */
inline bool pte_devmap(pte_t)
{
	return false;
}
/* Nor does anything here pin for long. */
inline bool folio_is_longterm_pinnable(const model_pin *)
{
	return true;
}
inline bool gup_fast_folio_allowed(const model_pin *, unsigned int)
{
	return true;
}
inline bool try_get_dev_pagemap(void)
{
	return true;
}
inline void put_dev_pagemap(void)
{
}

#include "core/model/protocol/anon_exclusive.h"
#include "core/model/protocol/gup_fast.h"
#include "core/model/protocol/page_ref.h"
#include "core/model/protocol/page_ref_v6_14.h"
#include "core/model/protocol/percpu_ref.h"

inline bool PageAnonExclusive(folio *folio)
{
	return model_folio_test(folio, PG_anon_exclusive);
}

void model_drop_pin(const model_pin *pin)
{
	gup_put_folio(pin, FOLL_PIN);
}

inline void model_forms_v6_15(void)
{
	FORMS = { folio_put_refs, gup_fast_pte_range,	      dax_page_is_busy,
		  wait_page_idle, PageAnonExclusive,	      gup_must_unshare,
		  pte_devmap,	  folio_is_longterm_pinnable, gup_fast_folio_allowed };
}
inline void model_forms_v6_14(void)
{
	FORMS = { folio_put_refs_v6_14, gup_fast_pte_range,	    dax_page_is_busy_v6_14,
		  wait_page_idle_v6_14, PageAnonExclusive,	    gup_must_unshare,
		  pte_devmap,		folio_is_longterm_pinnable, gup_fast_folio_allowed };
}
