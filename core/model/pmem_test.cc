/* SPDX-License-Identifier: GPL-2.0-only */
/* What a power failure leaves of a cache line: what was flushed, once the CPU that flushed has fenced. */
#include "core/model/machine_for_test.h"

namespace kernel
{
namespace
{

class pmem_test : public model_test
{
protected:
	static constexpr uint64_t b = 5; /* some block */

	/* Not inline: g++ cannot name places of inline and of other functions in one file. */
	static void put(uint64_t value, unsigned int cell = 0);
	static void take_a_lock();
	static void take_a_semaphore();
	static uint64_t durable(unsigned int cell = 0)
	{
		return model_cell(b, cell)->durable;
	}
};

void pmem_test::put(uint64_t value, unsigned int cell)
{
	WRITE_ONCE(model_cell(b, cell)->data, value);
	model_cell_written(model_cell(b, cell));
}

void pmem_test::take_a_lock()
{
	spin_lock(&mm(0)->page_table_lock);
	spin_unlock(&mm(0)->page_table_lock);
}

void pmem_test::take_a_semaphore()
{
	down_read(&mm(0)->mmap_lock);
	up_read(&mm(0)->mmap_lock);
}

TEST_F(pmem_test, StoreNeedsAFlushAndAFence)
{
	run([&] {
		put(1);
		EXPECT_EQ(0u, durable());
		model_sfence();
		take_a_lock();
		EXPECT_EQ(0u, durable()) << "a fence without a flush does nothing";
		dax_flush(b, 1);
		EXPECT_EQ(0u, durable()) << "a flush without a fence does not either";
		model_sfence();
		EXPECT_EQ(1u, durable());
	});
}

TEST_F(pmem_test, LockedInstructionsAreFences)
{
	using taking = void (*)();

	for (taking take : { taking(take_a_lock), taking(take_a_semaphore) }) {
		run([take] {
			put(1);
			dax_flush(b, 1);
			take();
			EXPECT_EQ(1u, durable());
		});
	}
}

/* Each of the four by itself: all are locked instructions. */
TEST_F(pmem_test, EverySemaphoreOperationIsAFence)
{
	run([&] {
		rw_semaphore *sem = &mm(0)->mmap_lock;
		uint64_t value = 0;
		auto flush_a_new_one = [&value] {
			put(++value);
			dax_flush(b, 1);
			EXPECT_NE(value, durable());
		};

		flush_a_new_one();
		down_read(sem);
		EXPECT_EQ(value, durable());
		flush_a_new_one();
		up_read(sem);
		EXPECT_EQ(value, durable());
		flush_a_new_one();
		down_write(sem);
		EXPECT_EQ(value, durable());
		flush_a_new_one();
		up_write(sem);
		EXPECT_EQ(value, durable());
	});
}

TEST_F(pmem_test, NonTemporalCopyNeedsAFenceOnly)
{
	run([&] {
		model_copy_flushcache(b, 0, 1);
		EXPECT_EQ(1u, model_cell(b, 0)->data.peek());
		EXPECT_EQ(0u, durable());
		model_sfence();
		EXPECT_EQ(1u, durable());
	});
}

TEST_F(pmem_test, FlushTakesAlongWhatIsThereThen)
{
	run([&] {
		put(1);
		dax_flush(b, 1);
		put(2);
		model_sfence();
		EXPECT_EQ(1u, durable()) << "the later store was not flushed";
		put(3);
		dax_flush(b, 1);
		put(4);
		dax_flush(b, 1);
		model_sfence();
		EXPECT_EQ(4u, durable()) << "the last of two flushes";
	});
}

TEST_F(pmem_test, FlushIsOfWholePages)
{
	run([&] {
		for (unsigned int cell = 0; cell < config.cells; cell++) {
			put(cell + 1, cell);
			WRITE_ONCE(model_cell(b + 1, cell)->data, uint64_t(9));
			WRITE_ONCE(model_cell(b + 2, cell)->data, uint64_t(9));
		}
		dax_flush(b, 2);
		model_sfence();
		for (unsigned int cell = 0; cell < config.cells; cell++) {
			EXPECT_EQ(cell + 1, durable(cell));
			EXPECT_EQ(9u, model_cell(b + 1, cell)->durable);
			EXPECT_EQ(0u, model_cell(b + 2, cell)->durable);
		}
	});
}

TEST_F(pmem_test, FenceIsOfOneCpu)
{
	run([&] {
		std::function<void()> fence = [] {
			model_sfence();
			take_a_lock();
		};

		put(1);
		dax_flush(b, 1);
		join(spawn(fence));
		EXPECT_EQ(0u, durable());
		model_sfence();
		EXPECT_EQ(1u, durable());
	});
}

/* What is durable only grows: the oracles ask for the least image, and rely on it. */
TEST_F(pmem_test, LateFenceDoesNotBringAnOlderValueBack)
{
	run([&] {
		std::function<void()> overtake = [] {
			put(2);
			dax_flush(b, 1);
			model_sfence();
		};

		put(1);
		dax_flush(b, 1);
		join(spawn(overtake));
		ASSERT_EQ(2u, durable());
		model_sfence();
		EXPECT_EQ(2u, durable());

		/* That it was overtaken is not held against later flushes. */
		put(3);
		dax_flush(b, 1);
		model_sfence();
		EXPECT_EQ(3u, durable());
	});
}

TEST_F(pmem_test, LateFenceDoesNotSpoilAReusedBlock)
{
	run([&] {
		std::function<void()> reuse = [] {
			model_zero_block(b);
		};

		put(1);
		dax_flush(b, 1);
		join(spawn(reuse));
		model_sfence();
		EXPECT_EQ(0u, model_cell(b, 0)->data.peek());
		EXPECT_EQ(0u, durable());
	});
}

TEST_F(pmem_test, ZeroingIsDurable)
{
	run([&] {
		put(1, 0);
		put(2, 1);
		dax_flush(b, 1);
		model_sfence();
		model_zero_block(b);
		for (unsigned int cell = 0; cell < 2; cell++) {
			EXPECT_EQ(0u, model_cell(b, cell)->data.peek());
			EXPECT_EQ(0u, durable(cell));
		}
	});
}

/* What a power failure or a later fence would leave is part of the machine's state. */
TEST_F(pmem_test, FlushesAndFencesChangeTheState)
{
	run([&] {
		std::vector<engine::Hash128> keys;
		auto note = [&] {
			keys.push_back(key());
		};

		note();
		put(1);
		note();
		dax_flush(b, 1);
		note();
		model_sfence();
		note();
		put(0);
		note(); /* the CPUs see what they saw at first */
		dax_flush(b, 1);
		note();
		for (size_t i = 0; i < keys.size(); i++) {
			for (size_t k = 0; k < i; k++)
				EXPECT_TRUE(keys[i] != keys[k]) << k << " and " << i;
		}
		model_sfence();
		EXPECT_TRUE(keys[0] == key()) << "all is as it was";
	});
}

/* Who flushed first decides what two fences leave. */
TEST_F(pmem_test, OrderOfFlushesIsPartOfTheState)
{
	engine::Hash128 keys[2];

	for (int round = 0; round < 2; round++) {
		run([&] {
			uint64_t first = round ? 2 : 1, second = round ? 1 : 2;
			uint64_t mine = 1;
			std::function<void()> other = [&] {
				put(2);
				dax_flush(b, 1);
				execution.op_boundary(0);
			};

			for (uint64_t turn : { first, second }) {
				if (turn != mine) {
					join(spawn(other));
					continue;
				}
				put(1);
				dax_flush(b, 1);
			}
			put(3);
			keys[round] = key();
		});
	}
	EXPECT_TRUE(keys[0] != keys[1]);
}

TEST_F(pmem_test, LineRemembersItsLastDirtier)
{
	run([&] {
		std::function<void()> other = [] {
			put(2);
		};
		engine::TaskId task;

		put(1);
		EXPECT_EQ(engine::Execution::current().self(), model_cell(b, 0)->last_dirtier);
		task = spawn(other);
		join(task);
		EXPECT_EQ(task, model_cell(b, 0)->last_dirtier);
		EXPECT_LT(model_cell(b, 0)->dirtied_at, engine::Execution::current().steps());
	});
}

} /* namespace */
} /* namespace kernel */
