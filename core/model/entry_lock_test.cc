/* SPDX-License-Identifier: GPL-2.0-only */
/* The lock bit of an entry and its wait queues. */
#include "core/model/machine_for_test.h"

#include "core/engine/strategy_dfs.h"

namespace kernel
{
namespace
{

const engine::Role role_protected("entry-lock-test");

class entry_lock_test : public model_test
{
protected:
	Plain<int> *protected_data = nullptr; /* by the entry lock */

	void boot()
	{
		model_creat(file(), 8);
		protected_data = execution.arena().make<Plain<int>>(role_protected);
	}

	void put_pmd_entry()
	{
		xa_state xas = XA_STATE_ORDER(&file()->i_data.i_pages, 0, PMD_NR);

		xas_lock_irq(&xas);
		xas_store(&xas, dax_make_entry(4, DAX_PMD));
		xas_unlock_irq(&xas);
	}

	/* Adds one, under the lock of the entry at `index`. */
	void add_one(pgoff_t index)
	{
		xa_state xas = XA_STATE(&file()->i_data.i_pages, index);
		xa_entry entry = grab_mapping_entry(&xas, &file()->i_data, 1);

		ASSERT_FALSE(xa_is_internal(entry));
		int before = GET(*protected_data);
		READ_ONCE(file()->i_size); /* here somebody else could run */
		SET(*protected_data, before + 1);
		dax_unlock_entry(&xas, entry);
	}

	void expect_quiet()
	{
		for (unsigned int i = 0; i < DAX_WAIT_TABLE_ENTRIES; i++)
			EXPECT_TRUE(model::current->wait_table[i].empty());
		for (pgoff_t page = 0; page < 8; page++)
			EXPECT_FALSE(dax_is_locked(entry(page)));
	}

	/* All schedules with at most `preemptions`; each ends well, or `verdict` is found in one of them. */
	void explore(uint32_t preemptions, const std::function<void()> &body,
		     std::string_view verdict = "")
	{
		engine::DfsStrategy dfs({ .preemptions_max = preemptions });
		auto go = [&] {
			body();
		};
		bool found = false;
		uint64_t executions = 0;

		while (!found && dfs.begin()) {
			auto boot_and_go = [&] {
				model_boot(config);
				go();
			};
			using whole = decltype(boot_and_go);
			engine::End end = execution.run(
				dfs,
				[](void *arg) {
					(*static_cast<whole *>(arg))();
				},
				&boot_and_go);

			for (const engine::Finding &finding : execution.findings()) {
				ASSERT_EQ(verdict, finding.verdict);
				found = true;
			}
			if (end == engine::End::kFinished)
				expect_quiet();
			executions++;
		}
		EXPECT_EQ(!verdict.empty(), found);
		EXPECT_LT(1u, executions) << "there was nothing to explore";
	}
};

TEST_F(entry_lock_test, OneHolderAtATime)
{
	explore(2, [&] {
		boot();
		std::function<void()> body = [&] {
			add_one(0);
		};
		engine::TaskId tasks[] = { spawn(body), spawn(body), spawn(body) };

		for (engine::TaskId task : tasks)
			join(task);
		EXPECT_EQ(3, protected_data->peek());
	});
}

/* All its indices are one lock: whoever waits at another one is woken. */
TEST_F(entry_lock_test, PmdEntryIsOneLock)
{
	explore(2, [&] {
		boot();
		put_pmd_entry();
		std::function<void()> first = [&] {
			add_one(0);
		};
		std::function<void()> middle = [&] {
			add_one(2);
		};
		std::function<void()> last = [&] {
			add_one(3);
		};
		engine::TaskId tasks[] = { spawn(first), spawn(middle), spawn(last) };

		for (engine::TaskId task : tasks)
			join(task);
		EXPECT_EQ(3, protected_data->peek());
	});
}

/* If the wake-up is taken out, that is found: so the tests above say something. */
TEST_F(entry_lock_test, UnlockWithoutWakeUpIsFound)
{
	explore(
		2,
		[&] {
			boot();
			std::function<void()> forgets = [&] {
				xa_state xas = XA_STATE(&file()->i_data.i_pages, 0);
				xa_entry entry = grab_mapping_entry(&xas, &file()->i_data, 1);

				xas_lock_irq(&xas);
				xas_store(&xas, entry);
				model_note_release(*model_entry_object(&xas));
				xas_unlock_irq(&xas);
			};
			std::function<void()> waits = [&] {
				add_one(0);
			};
			engine::TaskId tasks[] = { spawn(forgets), spawn(waits) };

			for (engine::TaskId task : tasks)
				join(task);
		},
		"lost-wakeup");
}

/* Each waiter finds the entry gone; all of them have to be told. */
TEST_F(entry_lock_test, DeletionWakesEverybody)
{
	explore(2, [&] {
		boot();
		put_pmd_entry();
		std::function<void()> first = [&] {
			add_one(1);
		};
		std::function<void()> deletes = [&] {
			dax_delete_mapping_entry(&file()->i_data, 0);
		};
		/* Once it is gone, pages 1 and 2 are two entries: the counter is not protected then. */
		std::function<void()> only_lock = [&] {
			xa_state xas = XA_STATE(&file()->i_data.i_pages, 2);
			xa_entry entry = grab_mapping_entry(&xas, &file()->i_data, 1);

			dax_unlock_entry(&xas, entry);
		};
		engine::TaskId tasks[] = { spawn(first), spawn(only_lock), spawn(deletes) };

		for (engine::TaskId task : tasks)
			join(task);
		EXPECT_EQ(1, protected_data->peek());
	});
}

/* A PMD fault does not wait for a smaller entry: it will fall back anyway. */
TEST_F(entry_lock_test, SmallerEntryIsAConflictEvenWhileItIsLocked)
{
	run([&] {
		boot();
		xa_state page = XA_STATE(&file()->i_data.i_pages, 2);
		xa_state pmd = XA_STATE_ORDER(&file()->i_data.i_pages, 0, PMD_NR);
		xa_entry entry = grab_mapping_entry(&page, &file()->i_data, 1);
		xa_entry got = grab_mapping_entry(&pmd, &file()->i_data, PMD_NR);

		ASSERT_TRUE(xa_is_internal(got));
		EXPECT_EQ(vm_fault_t(VM_FAULT_FALLBACK), xa_to_internal(got));
		EXPECT_EQ(1u, pages_counted());
		dax_unlock_entry(&page, entry);
		expect_quiet();
	});
}

TEST_F(entry_lock_test, NewEntryIsEmptyAndLocked)
{
	for (unsigned int nr : { 1u, 4u }) {
		run([&] {
			boot();
			xa_state xas = XA_STATE_ORDER(&file()->i_data.i_pages, 5, nr);
			xa_entry got = grab_mapping_entry(&xas, &file()->i_data, nr);

			EXPECT_TRUE(dax_is_locked(entry(5)));
			EXPECT_TRUE(dax_is_empty_entry(entry(5)));
			EXPECT_EQ(nr == 4, dax_is_pmd_entry(entry(5)));
			EXPECT_EQ(nr, pages_counted());
			EXPECT_FALSE(dax_is_locked(got)) << "only the slot has the bit";
			dax_unlock_entry(&xas, got);
			EXPECT_FALSE(dax_is_locked(entry(5)));
		});
	}
}

} /* namespace */
} /* namespace kernel */
