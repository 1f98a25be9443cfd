/* SPDX-License-Identifier: GPL-2.0-only */
/* What system calls return, on their own. Whether Linux returns the same, tests/host asks Linux. */
#include "core/model/file.h"
#include "core/model/machine_for_test.h"

namespace kernel
{
namespace
{

using values = std::vector<uint64_t>;

constexpr pgoff_t huge_length = 1ull << 51; /* 2^63 bytes */
constexpr pgoff_t no_address = 1ull << 35;  /* the end of user space */

class syscalls_test : public model_test
{
protected:
	struct file both, read_only, write_only, append;

	static void open_as(struct file *file, inode *inode, unsigned int mode, bool append)
	{
		file->f_inode = inode;
		file->f_mode = mode;
		file->append = append;
	}
	void start(pgoff_t size)
	{
		model_creat(file(), size);
		model_creat(file(1), 0);
		open_as(&both, file(), FMODE_READ | FMODE_WRITE, false);
		open_as(&read_only, file(), FMODE_READ, false);
		open_as(&write_only, file(), FMODE_WRITE, false);
		open_as(&append, file(), FMODE_READ | FMODE_WRITE, true);
	}
	long pread(const struct file *from, pgoff_t len, int64_t pos)
	{
		return ksys_pread64(from, nullptr, 0, len, pos);
	}
	long pwrite(const struct file *to, pgoff_t len, int64_t pos, uint64_t value = 1)
	{
		return ksys_pwrite64(to, nullptr, 0, len, pos, value);
	}
	int mmap_at(struct file *what, pgoff_t addr, pgoff_t len, pgoff_t pgoff, bool write,
		    unsigned int n = 0)
	{
		const model_mmap_request request = { what, vma(n), mm(0), addr,
						     len,  pgoff,  write, true };

		return ksys_mmap_pgoff(&request);
	}
};

TEST_F(syscalls_test, ReadStopsAtTheEndOfTheFile)
{
	run([&] {
		start(3);
		EXPECT_EQ(3, pread(&both, 8, 0));
		EXPECT_EQ(1, pread(&both, 8, 2));
		EXPECT_EQ(0, pread(&both, 8, 3));
		EXPECT_EQ(0, pread(&both, 1, 1000));
		EXPECT_EQ(0, pread(&both, 0, 0));
		EXPECT_EQ(3, pread(&both, 1 << 20, 0)) << "more than MAX_RW_COUNT is cut";
	});
}

TEST_F(syscalls_test, WriteStopsAtTheLimit)
{
	run([&] {
		start(0);
		EXPECT_EQ(0, pwrite(&both, 0, 100));
		EXPECT_EQ(-EFBIG, pwrite(&both, 1, int64_t(config.file_pages)));
		EXPECT_EQ(1, pwrite(&both, 1 << 20, int64_t(config.file_pages) - 1));
		EXPECT_EQ(config.file_pages, file()->i_size.peek());
		EXPECT_EQ(-EFBIG, do_sys_ftruncate(&both, int64_t(config.file_pages) + 1));
	});
}

TEST_F(syscalls_test, AppendIgnoresTheOffset)
{
	run([&] {
		start(2);
		EXPECT_EQ(1, pwrite(&append, 1, 0));
		EXPECT_EQ(3u, file()->i_size.peek());
	});
}

TEST_F(syscalls_test, FirstErrorInTheKernelsOrderCounts)
{
	run([&] {
		start(2);
		EXPECT_EQ(-EINVAL, pread(nullptr, 1, -1)) << "before the descriptor";
		EXPECT_EQ(-EBADF, pread(nullptr, 1, 0));
		EXPECT_EQ(-EBADF, pread(&write_only, huge_length, 0)) << "before the length";
		EXPECT_EQ(-EBADF, pwrite(&read_only, 1, 0));
		EXPECT_EQ(-EFAULT, pread(&both, huge_length, 0)) << "before the range";
		EXPECT_EQ(-EINVAL, pread(&both, 1, int64_t(huge_length) - 1));
		EXPECT_EQ(-EINVAL, do_sys_ftruncate(nullptr, -1));
		EXPECT_EQ(-EBADF, do_sys_ftruncate(nullptr, 0));
		EXPECT_EQ(-EINVAL, do_sys_ftruncate(&read_only, 0));
		EXPECT_EQ(-EBADF, do_fsync(nullptr));
		EXPECT_EQ(0, do_fsync(&read_only));
	});
}

TEST_F(syscalls_test, MmapChecks)
{
	run([&] {
		start(2);
		EXPECT_EQ(-EBADF, mmap_at(nullptr, 4, 0, 0, true));
		EXPECT_EQ(-EINVAL, mmap_at(&both, 4, 0, 0, true));
		EXPECT_EQ(-ENOMEM, mmap_at(&both, 4, no_address, 0, true));
		EXPECT_EQ(-EOVERFLOW, mmap_at(&write_only, 4, 1, huge_length, true))
			<< "before EACCES";
		EXPECT_EQ(-EACCES, mmap_at(&read_only, 4, 1, 0, true));
		EXPECT_EQ(-EACCES, mmap_at(&write_only, 4, 1, 0, false));
		EXPECT_EQ(0, mmap_at(&read_only, 4, 2, 0, false));
		EXPECT_EQ(-EEXIST, mmap_at(&read_only, 5, 1, 0, true, 1)) << "before EACCES";
		EXPECT_EQ(0, mmap_at(&both, 6, 1, 1, true, 1));
		EXPECT_EQ(MODEL_SIGSEGV, store(0, 4, 1));
		EXPECT_EQ(0, store(0, 6, 1));
		EXPECT_EQ(1u, load(0, 5));
	});
}

TEST_F(syscalls_test, MunmapTakesAllMappingsOfTheRange)
{
	run([&] {
		start(8);
		EXPECT_EQ(0, mmap_at(&both, 4, 2, 0, true, 0));
		EXPECT_EQ(0, mmap_at(&both, 6, 2, 0, true, 1));
		EXPECT_EQ(0, store(0, 4, 1));
		EXPECT_EQ(0, store(0, 7, 2));
		EXPECT_EQ(-EINVAL, __vm_munmap(mm(0), 4, 0));
		EXPECT_EQ(-EINVAL, __vm_munmap(mm(0), 4, no_address));
		EXPECT_EQ(0, __vm_munmap(mm(0), 4, 4));
		EXPECT_EQ(nothing, load(0, 4));
		EXPECT_EQ(nothing, load(0, 7));
		EXPECT_TRUE(pte_none(pte(0, 4)));
		EXPECT_TRUE(pte_none(pte(0, 7)));
		EXPECT_EQ(0, __vm_munmap(mm(0), 4, 4)) << "where nothing is";
	});
}

TEST_F(syscalls_test, BufferThatFaultsMakesTheCountShort)
{
	run([&] {
		start(4);
		EXPECT_EQ(2, write(0, 2, 7));
		map(0, 0, 4, 6, 0);
		/* Pages 0 and 1 of the file go to its pages 2 and 3; a third would be behind its end. */
		EXPECT_EQ(2, ksys_pread64(&both, mm(0), 6, 4, 0));
		EXPECT_EQ((values{ 7, 7 }), (values{ load(0, 6), load(0, 7) }));
		EXPECT_EQ(-EFAULT, ksys_pread64(&both, mm(0), 8, 1, 0));
		EXPECT_EQ(-EFAULT, ksys_pread64(&both, mm(0), no_address, 1, 0));
		EXPECT_EQ(-EFAULT, ksys_pwrite64(&both, mm(0), 8, 1, 0, 9));

		EXPECT_EQ(0, sys_ftruncate(file(1), 1));
		struct file other;
		open_as(&other, file(1), FMODE_READ | FMODE_WRITE, false);
		EXPECT_EQ(0, ksys_pread64(&other, mm(0), 8, 1, 0)) << "a hole: nothing done";
		EXPECT_EQ(1, ksys_pwrite64(&other, mm(0), 7, 2, 0, 9));
		EXPECT_EQ(1u, file(1)->i_size.peek());
		EXPECT_EQ(1, ksys_pread64(&other, mm(0), 5, 1, 0));
		EXPECT_EQ(7u, load(0, 5));
	});
}

/* What was allocated for pages that were not copied is free again. */
TEST_F(syscalls_test, ShortWriteKeepsNoBlocksBehindTheEnd)
{
	run([&] {
		start(0);
		EXPECT_EQ(0, sys_ftruncate(file(1), 1));
		EXPECT_EQ(0, sys_mmap(vma(0), mm(0), file(1), 4, 4, 0, VM_SHARED | VM_WRITE));
		EXPECT_EQ(1, ksys_pwrite64(&both, mm(0), 4, 4, 0, 9));
		EXPECT_EQ(1u, file()->i_size.peek());
		EXPECT_NE(nothing, block(0));
		EXPECT_EQ(nothing, block(1));
		EXPECT_EQ(nothing, block(3));
	});
}

TEST_F(syscalls_test, MsyncWritesBackAndMindsGaps)
{
	run([&] {
		const unsigned int async = 1, sync = 4;

		start(4);
		EXPECT_EQ(0, mmap_at(&both, 4, 2, 0, true, 0));
		EXPECT_EQ(0, mmap_at(&both, 8, 2, 2, true, 1));
		EXPECT_EQ(0, store(0, 8, 1));
		EXPECT_EQ(-EINVAL, sys_msync(mm(0), 4, 1, async | sync));
		EXPECT_EQ(-EINVAL, sys_msync(mm(0), 4, 1, 8));
		EXPECT_EQ(0, sys_msync(mm(0), 4, 0, sync));
		EXPECT_EQ(-ENOMEM, sys_msync(mm(0), 12, 1, sync));
		EXPECT_EQ(-ENOMEM, sys_msync(mm(0), 4, ~0ull >> 12, sync));
		EXPECT_EQ(0, sys_msync(mm(0), 8, 2, async));
		EXPECT_TRUE(dirty(2));
		EXPECT_EQ(-ENOMEM, sys_msync(mm(0), 4, 6, sync)) << "over a gap, but all of it";
		EXPECT_FALSE(dirty(2));
		EXPECT_EQ(1u, model_durable(file(), 2 * config.cells));
	});
}

} /* namespace */
} /* namespace kernel */
