/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The search workload W2 for SPIN: three tasks, each ten times lock, read, write, unlock. 2,870,855 states with
 * partial-order reduction.
 *
 * FORGET: the value read is forgotten once it is written back, as the engine forgets what an operation
 * observed. Without it SPIN tells apart states that differ in nothing else.
 */
byte lock;
byte counter;
byte done;

proctype task()
{
	byte round;
	byte value;

	do
	:: round < 10 ->
		atomic { lock == 0 -> lock = 1 };
		value = counter;
#ifdef FORGET
		d_step { counter = value + 1; value = 0 };
#else
		counter = value + 1;
#endif
		lock = 0;
		round++
	:: else -> break
	od;
	done++
}

init
{
	atomic { run task(); run task(); run task() };
	done == 3;
	assert(counter == 30)
}
