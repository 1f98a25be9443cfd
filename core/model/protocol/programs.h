/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Programs that use the protocols beside this file, for both backends. Included once, inside a namespace, after
 * small_kernel.h. A program has thread() for each of its tasks, and after(), which runs when all have ended and says what
 * they came to: the two backends have to agree on that (protocol_outcomes_test.cc).
 */

/* --- waiting for a page: kernel/sched/wait_bit.c ---------------------------------------------------------------- */

/* Somebody puts the last reference, and somebody waits for that. */
template <unsigned int puts, bool v6_14>
struct program_wait_idle : model_memory {
	program_wait_idle()
	{
		if (v6_14)
			model_forms_v6_14();
		else
			model_forms_v6_15();
		MODEL_INIT(pages[0]._refcount, puts + v6_14);
	}
	void thread(unsigned int index)
	{
		if (index > 0)
			folio_put(&pages[0]);
		else
			FORMS.wait_page_idle(&pages[0], nullptr, false);
	}
	void after(model_outcome &outcome)
	{
		outcome.add("refs", MODEL_PEEK(pages[0]._refcount));
	}
};

/* --- unmapping and scanning against GUP-fast: fs/dax.c, mm/gup.c --------------------------------------------------- */

/*
 * dax_layout_busy_page(), which takes a page from all its mappings and then looks whether anybody has it; if not, its
 * block goes to somebody else. The kernel flushes the TLB before it lets go of the page table lock.
 */
template <unsigned int mappings, bool v6_14>
struct program_busy : model_memory {
	Atomic<int> freed;
	Plain<int> pinned, busy;

	program_busy()
	{
		if (v6_14)
			model_forms_v6_14();
		else
			model_forms_v6_15();
		MODEL_INIT(pages[0]._refcount, v6_14 ? 1 : mappings);
		MODEL_INIT(pages[0]._mapcount, v6_14 ? 0 : mappings);
		for (unsigned int i = 0; i < mappings; i++)
			MODEL_INIT(mm.ptes[i], mk_pte(PAGE_PFN, _PAGE_RW));
		MODEL_INIT(freed, 0);
		MODEL_INIT(pinned, 0);
		MODEL_INIT(busy, 0);
	}
	void unmap(pgoff_t address)
	{
		page *page = &pages[0];

		spin_lock(&mm.slot.ptl);
		ptep_get_and_clear(&mm.ptes[address]);
		if (!v6_14)
			folio_remove_rmap(page);
		flush_tlb_range();
		spin_unlock(&mm.slot.ptl);
		if (!v6_14)
			folio_put(page);
	}
	void thread(unsigned int index)
	{
		if (index == 0) {
			model_pin pin = {};
			bool got = gup_fast(&mm, 0, FOLL_GET | FOLL_WRITE, &pin);

			SET(pinned, got);
			return;
		}
		for (unsigned int i = 0; i < mappings; i++)
			unmap(i);
		SET(busy, FORMS.dax_page_is_busy(&pages[0]));
	}
	void after(model_outcome &outcome)
	{
		bool got = MODEL_PEEK(pinned);
		bool saw = MODEL_PEEK(busy);

		outcome.add("pinned", got);
		outcome.add("busy", saw);
		MODEL_CHECK(
			!got || saw,
			"the page was pinned, and nobody saw it: its block goes to somebody else");
	}
};

/*
 * A page that is free goes to another file, which maps it too: who found it by the old PTE must not take it. Since v6.15 a
 * count of 0 says that a page is free; so it is the second look at the PTE that finds out.
 */
struct program_reuse : model_memory {
	Plain<int> pinned, reused;

	program_reuse()
	{
		model_forms_v6_15();
		MODEL_INIT(pages[0]._refcount, 1);
		MODEL_INIT(pages[0]._mapcount, 1);
		MODEL_INIT(mm.ptes[0], mk_pte(PAGE_PFN, _PAGE_RW));
		MODEL_INIT(pinned, 0);
		MODEL_INIT(reused, 0);
	}
	void thread(unsigned int index)
	{
		page *page = &pages[0];

		if (index == 0) {
			model_pin pin = {};
			bool got = gup_fast(&mm, 0, FOLL_GET | FOLL_WRITE, &pin);

			SET(pinned, got);
			return;
		}
		spin_lock(&mm.slot.ptl);
		ptep_get_and_clear(&mm.ptes[0]);
		folio_remove_rmap(page);
		flush_tlb_range();
		spin_unlock(&mm.slot.ptl);
		folio_put(page);
		if (FORMS.dax_page_is_busy(page))
			return;
		SET(reused, 1);
		folio_get(page);
		folio_add_file_rmap(page);
	}
	void after(model_outcome &outcome)
	{
		bool got = MODEL_PEEK(pinned);
		bool other = MODEL_PEEK(reused);

		outcome.add("pinned", got);
		outcome.add("reused", other);
		MODEL_CHECK(!got || !other,
			    "a page of another file was pinned, by a PTE that is gone");
	}
};

/* --- pins against the mark of exclusive pages: include/linux/rmap.h, mm/internal.h --------------------------------- */

/* What happens to the PTE of a page that is exclusive no more. */
enum model_share {
	SHARE_SWAP, /* it becomes a swap entry: try_to_unmap_one() */
	SHARE_KSM, /* it comes back as it was, for it was read-only: write_protect_page() of mm/ksm.c */
};

/* An exclusive anonymous page that is mapped, which one task pins; what others do to it, they note in `shared`. */
struct model_anon_page : model_memory {
	Plain<int> pinned, shared;

	explicit model_anon_page(unsigned int flags)
	{
		model_forms_v6_15();
		MODEL_INIT(anon._refcount, 1);
		MODEL_INIT(anon._mapcount, 1);
		MODEL_INIT(anon.flags, PG_anon_exclusive);
		MODEL_INIT(mm.ptes[0],
			   mk_pte(FOLIO_PFN, flags & FOLL_WRITE ? uint64_t(_PAGE_RW) : 0));
		MODEL_INIT(pinned, 0);
		MODEL_INIT(shared, 0);
	}
	void pin(unsigned int flags)
	{
		model_pin pin = {};
		bool got = gup_fast(&mm, 0, flags, &pin);

		SET(pinned, got);
	}
	void never_both(model_outcome &outcome, const char *complaint)
	{
		bool got = MODEL_PEEK(pinned);
		bool other = MODEL_PEEK(shared);

		outcome.add("pinned", got);
		outcome.add("shared", other);
		MODEL_CHECK(!got || !other, complaint);
	}
};

template <model_share share, unsigned int flags>
struct program_exclusive : model_anon_page {
	program_exclusive() : model_anon_page(flags)
	{
	}
	void thread(unsigned int index)
	{
		if (index == 0)
			return pin(flags);
		spin_lock(&mm.slot.ptl);
		pte_t pteval = ptep_get_and_clear(&mm.ptes[0]);
		if (folio_try_share_anon_rmap_pte(&anon)) {
			WRITE_ONCE(mm.ptes[0], pteval);
		} else {
			SET(shared, 1);
			if (share == SHARE_KSM)
				WRITE_ONCE(mm.ptes[0], pteval & ~uint64_t(_PAGE_RW));
			else
				WRITE_ONCE(mm.ptes[0], pte_t(_PAGE_SWP));
		}
		spin_unlock(&mm.slot.ptl);
	}
	void after(model_outcome &outcome)
	{
		never_both(outcome, "the page is pinned, and may be shared");
	}
};

/* --- fork against GUP-fast: mm/memory.c, mm/gup.c ---------------------------------------------------------------- */

/* copy_present_ptes(). The reference of the child comes first. */
template <unsigned int flags>
struct program_fork : model_anon_page {
	program_fork() : model_anon_page(flags)
	{
		forks = true;
	}
	void thread(unsigned int index)
	{
		if (index == 0)
			return pin(flags);
		raw_write_seqcount_begin(&mm.write_protect_seq);
		spin_lock(&mm.slot.ptl);
		if (!MODEL_LACKS(reference_first))
			folio_get(&anon);
		if (folio_try_dup_anon_rmap_pte(&anon)) {
			if (!MODEL_LACKS(reference_first))
				folio_put_refs(&anon, 1);
		} else {
			SET(shared, 1);
			if (flags & FOLL_WRITE)
				ptep_set_wrprotect(&mm.ptes[0]);
		}
		spin_unlock(&mm.slot.ptl);
		raw_write_seqcount_end(&mm.write_protect_seq);
	}
	void after(model_outcome &outcome)
	{
		never_both(outcome, "the page is pinned, and was shared with the child");
	}
};

/* --- the end of a device: mm/memremap.c -------------------------------------------------------------------------- */

/* What is done with the memory map while it is held happens before it goes. */
template <unsigned int holders>
struct program_pgmap : model_world {
	dev_pagemap pgmap;
	Plain<int> memmap;
	Plain<int> held[2];

	program_pgmap()
	{
		MODEL_INIT(memmap, 0);
		for (Plain<int> &h : held)
			MODEL_INIT(h, 0);
	}
	void thread(unsigned int index)
	{
		if (index == 0) {
			percpu_ref_kill(&pgmap);
			wait_for_completion(&pgmap.done);
			SET(memmap, -1);
			return;
		}
		if (!percpu_ref_tryget_live(&pgmap))
			return;
		if (index == 1)
			SET(memmap, 1);
		SET(held[index - 1], 1);
		percpu_ref_put(&pgmap);
	}
	void after(model_outcome &outcome)
	{
		outcome.add("held", MODEL_PEEK(held[0]));
		outcome.add("also", MODEL_PEEK(held[1]));
		outcome.add("memmap", MODEL_PEEK(memmap));
	}
};

using program_wait_idle_1 = program_wait_idle<1, false>;
using program_wait_idle_2 = program_wait_idle<2, false>;
using program_wait_idle_v6_14 = program_wait_idle<1, true>;
using program_busy_1 = program_busy<1, false>;
using program_busy_2 = program_busy<2, false>;
using program_busy_v6_14 = program_busy<1, true>;
using program_swap_read = program_exclusive<SHARE_SWAP, FOLL_PIN>;
using program_swap_write = program_exclusive<SHARE_SWAP, FOLL_PIN | FOLL_WRITE>;
using program_ksm_read = program_exclusive<SHARE_KSM, FOLL_PIN>;
using program_fork_read = program_fork<FOLL_PIN>;
using program_fork_write = program_fork<FOLL_PIN | FOLL_WRITE>;
using program_pgmap_1 = program_pgmap<1>;
using program_wait_idle_random = program_wait_idle<2, false>;
using program_busy_random = program_busy<2, false>;
using program_fork_random = program_fork<FOLL_PIN | FOLL_WRITE>;

/*
 * PROGRAM(name, tasks, search, number, question): each ordering in it has a twin that lacks it.
 * SCENE(...): more of a protocol that has its twins in another program.
 * The search is of Relacy: model_search in relacy_run.h.
 */
#define MODEL_PROGRAMS(PROGRAM, SCENE)                                                          \
	PROGRAM(wait_idle_1, 2, bound, 6, "does who waits for a page learn that it is idle?")   \
	PROGRAM(wait_idle_v6_14, 2, bound, 6, "the same where a page that nobody has counts 1") \
	SCENE(wait_idle_2, 3, bound, 3, "the same as the first, with two references to put")    \
	SCENE(wait_idle_random, 3, random, 100000, "the same, sampled")                         \
	PROGRAM(busy_1, 2, bound, 6, "is a pin of GUP-fast seen by who unmaps and then looks?") \
	PROGRAM(busy_v6_14, 2, all, 0, "the same where mappings have no reference")             \
	PROGRAM(busy_2, 2, bound, 5, "the same as the first, and the page is mapped twice")     \
	SCENE(busy_random, 2, random, 100000, "the same, sampled")                              \
	PROGRAM(reuse, 2, bound, 6,                                                             \
		"does GUP-fast leave a page alone that has gone to another file?")              \
	PROGRAM(swap_read, 2, bound, 7,                                                         \
		"does reclaim see a pin, or GUP-fast reclaim? read-only PTE")                   \
	PROGRAM(swap_write, 2, bound, 7, "the same with a writable PTE")                        \
	PROGRAM(ksm_read, 2, bound, 7, "the same where the PTE comes back as it was")           \
	PROGRAM(fork_read, 2, bound, 5,                                                         \
		"does fork see a pin, or GUP-fast the fork? read-only PTE")                     \
	PROGRAM(fork_write, 2, bound, 5, "the same with a writable PTE")                        \
	SCENE(fork_random, 2, random, 100000, "the same, sampled")                              \
	PROGRAM(pgmap_1, 2, all, 0, "is the memory map used by nobody when it goes?")
