/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Litmus tests: small programs that hold the mapping of Linux's memory operations, for both backends. Included once, inside
 * a namespace. Each row says all outcomes that Relacy must show; what is not among them must never be seen. "r0 r1 ..." as
 * the comments in tools/memory-model/litmus-tests number them.
 */

struct litmus : model_plain_world {
	Atomic<int> x, y;
	Plain<int> r[4];

	litmus()
	{
		MODEL_INIT(x, 0);
		MODEL_INIT(y, 0);
		for (Plain<int> &each : r)
			MODEL_INIT(each, 9);
	}
	void note(unsigned int at, int value)
	{
		SET(r[at], value);
	}
	void after(model_outcome &outcome)
	{
		for (Plain<int> &each : r) {
			if (MODEL_PEEK(each) != 9)
				outcome.add("", MODEL_PEEK(each));
		}
	}
};

#define LITMUS(name, body)                                        \
	struct litmus_##name : litmus {                           \
		void thread([[maybe_unused]] unsigned int t) body \
	}

/* One load, and its result. */
#define LITMUS_LOAD(at, expression)       \
	do {                              \
		int value = (expression); \
		note((at), value);        \
	} while (0)

/* Store buffering: each stores to its own, then loads the other's. */
#define LITMUS_SB(name, between)                      \
	LITMUS(name, {                                \
		if (t == 0) {                         \
			WRITE_ONCE(x, 1);             \
			between(&x);                  \
			LITMUS_LOAD(0, READ_ONCE(y)); \
		} else {                              \
			WRITE_ONCE(y, 1);             \
			between(&y);                  \
			LITMUS_LOAD(1, READ_ONCE(x)); \
		}                                     \
	})
#define LITMUS_NOTHING(p) ((void)(p))
#define LITMUS_MB(p) smp_mb()
#define LITMUS_RMB(p) smp_rmb()
#define LITMUS_WMB(p) smp_wmb()
#define LITMUS_INC(p) atomic_inc(p)
#define LITMUS_INC_RETURN(p) ((void)atomic_inc_return(p))
#define LITMUS_FETCH_SUB(p) ((void)atomic_fetch_sub(1, (p)))
#define LITMUS_DEC_AND_TEST(p) ((void)atomic_dec_and_test(p))
#define LITMUS_XCHG(p) ((void)xchg((p), 1))
#define LITMUS_AFTER_ATOMIC(p)          \
	do {                            \
		atomic_inc(p);          \
		smp_mb__after_atomic(); \
	} while (0)
#define LITMUS_BEFORE_ATOMIC(p)          \
	do {                             \
		smp_mb__before_atomic(); \
		atomic_inc(p);           \
	} while (0)
#define LITMUS_CMPXCHG(p)                               \
	do {                                            \
		int old = 1;                            \
		(void)atomic_try_cmpxchg((p), &old, 2); \
	} while (0)

LITMUS_SB(sb, LITMUS_NOTHING);
LITMUS_SB(sb_mb, LITMUS_MB);
LITMUS_SB(sb_rmb, LITMUS_RMB);
LITMUS_SB(sb_wmb, LITMUS_WMB);
LITMUS_SB(sb_inc, LITMUS_INC);
LITMUS_SB(sb_inc_return, LITMUS_INC_RETURN);
LITMUS_SB(sb_fetch_sub, LITMUS_FETCH_SUB);
LITMUS_SB(sb_dec_and_test, LITMUS_DEC_AND_TEST);
LITMUS_SB(sb_xchg, LITMUS_XCHG);
LITMUS_SB(sb_after_atomic, LITMUS_AFTER_ATOMIC);
LITMUS_SB(sb_before_atomic, LITMUS_BEFORE_ATOMIC);
LITMUS_SB(sb_cmpxchg, LITMUS_CMPXCHG);

/* Store buffering with acquire and release, which do not order a store before a later load. */
LITMUS(sb_rel_acq, {
	if (t == 0) {
		smp_store_release(&x, 1);
		LITMUS_LOAD(0, smp_load_acquire(&y));
	} else {
		smp_store_release(&y, 1);
		LITMUS_LOAD(1, smp_load_acquire(&x));
	}
});

/* Message passing: data, then flag; flag, then data. */
#define LITMUS_MP(name, store_flag, load_flag)        \
	LITMUS(name, {                                \
		if (t == 0) {                         \
			WRITE_ONCE(x, 1);             \
			store_flag;                   \
		} else {                              \
			load_flag;                    \
			LITMUS_LOAD(1, READ_ONCE(x)); \
		}                                     \
	})
#define LITMUS_FLAG WRITE_ONCE(y, 1)
#define LITMUS_LOOK LITMUS_LOAD(0, READ_ONCE(y))
#define LITMUS_THEN(a, b) \
	do {              \
		a;        \
		b;        \
	} while (0)

LITMUS_MP(mp, LITMUS_FLAG, LITMUS_LOOK);
LITMUS_MP(mp_wmb_rmb, LITMUS_THEN(smp_wmb(), LITMUS_FLAG), LITMUS_THEN(LITMUS_LOOK, smp_rmb()));
LITMUS_MP(mp_wmb, LITMUS_THEN(smp_wmb(), LITMUS_FLAG), LITMUS_LOOK);
LITMUS_MP(mp_rmb, LITMUS_FLAG, LITMUS_THEN(LITMUS_LOOK, smp_rmb()));
LITMUS_MP(mp_rel_acq, smp_store_release(&y, 1), LITMUS_LOAD(0, smp_load_acquire(&y)));
LITMUS_MP(mp_rel, smp_store_release(&y, 1), LITMUS_LOOK);
LITMUS_MP(mp_acq, LITMUS_FLAG, LITMUS_LOAD(0, smp_load_acquire(&y)));
LITMUS_MP(mp_wmb_acq, LITMUS_THEN(smp_wmb(), LITMUS_FLAG), LITMUS_LOAD(0, smp_load_acquire(&y)));
LITMUS_MP(mp_inc, atomic_inc(&y), LITMUS_THEN(LITMUS_LOOK, smp_rmb()));
LITMUS_MP(mp_wmb_inc, LITMUS_THEN(smp_wmb(), atomic_inc(&y)), LITMUS_THEN(LITMUS_LOOK, smp_rmb()));
LITMUS_MP(mp_inc_return, (void)atomic_inc_return(&y), LITMUS_THEN(LITMUS_LOOK, smp_rmb()));
LITMUS_MP(mp_fetch_add, (void)atomic_fetch_add(1, &y), LITMUS_LOAD(0, atomic_fetch_add(0, &y)));

/* Coherence: one variable, and nobody ever sees it go back. */
LITMUS(corr, {
	if (t == 0) {
		WRITE_ONCE(x, 1);
	} else {
		LITMUS_LOAD(0, READ_ONCE(x));
		LITMUS_LOAD(1, READ_ONCE(x));
	}
});
LITMUS(cowr, {
	WRITE_ONCE(x, int(t + 1));
	LITMUS_LOAD(t, READ_ONCE(x));
});

/* A read-modify-write has the latest value. */
LITMUS(rmw, { LITMUS_LOAD(t, atomic_fetch_add_relaxed(1, &x)); });

/* Load buffering: a load sees a store that the other makes after its own load. Linux allows it; Relacy does not show it. */
LITMUS(lb, {
	if (t == 0) {
		LITMUS_LOAD(0, READ_ONCE(x));
		WRITE_ONCE(y, 1);
	} else {
		LITMUS_LOAD(1, READ_ONCE(y));
		WRITE_ONCE(x, 1);
	}
});

/* Two stores each, crosswise: both variables keep their first. Linux allows it; Relacy does not show it. */
struct litmus_2_2w : litmus {
	void thread(unsigned int t)
	{
		if (t == 0) {
			WRITE_ONCE(x, 1);
			WRITE_ONCE(y, 2);
		} else {
			WRITE_ONCE(y, 1);
			WRITE_ONCE(x, 2);
		}
	}
	void after(model_outcome &outcome)
	{
		outcome.add("", MODEL_PEEK(x));
		outcome.add("", MODEL_PEEK(y));
	}
};

/* Independent reads of independent writes: do two see them in one order? */
#define LITMUS_IRIW(name, between)                    \
	LITMUS(name, {                                \
		switch (t) {                          \
		case 0:                               \
			WRITE_ONCE(x, 1);             \
			break;                        \
		case 1:                               \
			WRITE_ONCE(y, 1);             \
			break;                        \
		case 2:                               \
			LITMUS_LOAD(0, READ_ONCE(x)); \
			between;                      \
			LITMUS_LOAD(1, READ_ONCE(y)); \
			break;                        \
		default:                              \
			LITMUS_LOAD(2, READ_ONCE(y)); \
			between;                      \
			LITMUS_LOAD(3, READ_ONCE(x)); \
		}                                     \
	})
LITMUS_IRIW(iriw, (void)0);
LITMUS_IRIW(iriw_rmb, smp_rmb());
LITMUS_IRIW(iriw_mb, smp_mb());

/* Read-to-write: a store seen by one, who then hands on. Transitive with full barriers, and with release and acquire. */
#define LITMUS_WRC(name, between, before)             \
	LITMUS(name, {                                \
		if (t == 0) {                         \
			WRITE_ONCE(x, 1);             \
		} else if (t == 1) {                  \
			LITMUS_LOAD(0, READ_ONCE(x)); \
			between;                      \
			WRITE_ONCE(y, 1);             \
		} else {                              \
			LITMUS_LOAD(1, READ_ONCE(y)); \
			before;                       \
			LITMUS_LOAD(2, READ_ONCE(x)); \
		}                                     \
	})
LITMUS_WRC(wrc, (void)0, (void)0);
LITMUS_WRC(wrc_mb_rmb, smp_mb(), smp_rmb());
LITMUS_WRC(wrc_wmb_rmb, smp_wmb(), smp_rmb());

#define MODEL_ALL_OF_2 "0 0, 0 1, 1 0, 1 1"
#define MODEL_NO_00 "0 1, 1 0, 1 1"
#define MODEL_NO_10 "0 0, 0 1, 1 1"

/* ROW(name, tasks, outcomes that must be seen; no other may be, what it says of Linux) */
#define MODEL_LITMUS(ROW)                                                                      \
	ROW(sb, 2, MODEL_ALL_OF_2, "store buffering")                                          \
	ROW(sb_mb, 2, MODEL_NO_00, "smp_mb() forbids it")                                      \
	ROW(sb_rmb, 2, MODEL_ALL_OF_2, "smp_rmb() does not")                                   \
	ROW(sb_wmb, 2, MODEL_ALL_OF_2, "smp_wmb() does not")                                   \
	ROW(sb_rel_acq, 2, MODEL_ALL_OF_2, "release and acquire do not")                       \
	ROW(sb_inc, 2, "0 0, 0 1, 0 2, 1 0, 1 1, 1 2, 2 0, 2 1, 2 2", "atomic_inc() does not") \
	ROW(sb_inc_return, 2, "0 2, 1 2, 2 0, 2 1, 2 2", "atomic_inc_return() does")           \
	ROW(sb_fetch_sub, 2, "0 0, 0 1, 1 0", "atomic_fetch_sub() does")                       \
	ROW(sb_dec_and_test, 2, "0 0, 0 1, 1 0", "atomic_dec_and_test() does")                 \
	ROW(sb_xchg, 2, MODEL_NO_00, "xchg() does")                                            \
	ROW(sb_cmpxchg, 2, "0 2, 1 2, 2 0, 2 1, 2 2", "a cmpxchg that succeeds does")          \
	ROW(sb_after_atomic, 2, "0 2, 1 2, 2 0, 2 1, 2 2", "smp_mb__after_atomic() does")      \
	ROW(sb_before_atomic, 2, "0 1, 0 2, 1 0, 1 1, 1 2, 2 0, 2 1, 2 2",                     \
	    "smp_mb__before_atomic() does")                                                    \
	ROW(mp, 2, MODEL_ALL_OF_2, "message passing")                                          \
	ROW(mp_wmb_rmb, 2, MODEL_NO_10, "smp_wmb() and smp_rmb() forbid it")                   \
	ROW(mp_wmb, 2, MODEL_ALL_OF_2, "smp_wmb() alone does not")                             \
	ROW(mp_rmb, 2, MODEL_ALL_OF_2, "smp_rmb() alone does not")                             \
	ROW(mp_rel_acq, 2, MODEL_NO_10, "release and acquire do")                              \
	ROW(mp_rel, 2, MODEL_ALL_OF_2, "release alone does not")                               \
	ROW(mp_acq, 2, MODEL_ALL_OF_2, "acquire alone does not")                               \
	ROW(mp_wmb_acq, 2, MODEL_NO_10, "smp_wmb() and acquire do")                            \
	ROW(mp_inc, 2, MODEL_ALL_OF_2, "atomic_inc() is no release")                           \
	ROW(mp_wmb_inc, 2, MODEL_NO_10, "smp_wmb() orders the store of atomic_inc()")          \
	ROW(mp_inc_return, 2, MODEL_NO_10, "atomic_inc_return() is a release")                 \
	ROW(mp_fetch_add, 2, MODEL_NO_10, "atomic_fetch_add() is a release, and an acquire")   \
	ROW(corr, 2, MODEL_NO_10, "two loads of one variable do not go back")                  \
	ROW(cowr, 2, "1 1, 1 2, 2 2", "a load does not go back behind the task's own store")   \
	ROW(rmw, 2, "0 1, 1 0", "of two read-modify-writes one comes first")                   \
	ROW(lb, 2, MODEL_LB_SHOWN, "load buffering: Linux allows 1 1")                         \
	ROW(2_2w, 2, MODEL_2_2W_SHOWN, "2+2W: Linux allows 1 1")                               \
	ROW(wrc, 3, MODEL_ALL_OF_3, "write-to-read causality")                                 \
	ROW(wrc_mb_rmb, 3, MODEL_NO_110, "smp_mb() and smp_rmb() keep it")                     \
	ROW(wrc_wmb_rmb, 3, MODEL_NO_110, "Linux allows 1 1 0: smp_wmb() orders no load")      \
	ROW(iriw, 4, MODEL_ALL_OF_4, "independent reads of independent writes")                \
	ROW(iriw_rmb, 4, MODEL_ALL_OF_4, "smp_rmb() allows two orders")                        \
	ROW(iriw_mb, 4, MODEL_NO_1010, "smp_mb() forbids it")

#define MODEL_LB_SHOWN "0 0, 0 1, 1 0"
#define MODEL_2_2W_SHOWN "1 2, 2 1, 2 2"
#define MODEL_ALL_OF_3 "0 0 0, 0 0 1, 0 1 0, 0 1 1, 1 0 0, 1 0 1, 1 1 0, 1 1 1"
#define MODEL_NO_110 "0 0 0, 0 0 1, 0 1 0, 0 1 1, 1 0 0, 1 0 1, 1 1 1"
#define MODEL_ALL_OF_4                                                             \
	"0 0 0 0, 0 0 0 1, 0 0 1 0, 0 0 1 1, 0 1 0 0, 0 1 0 1, 0 1 1 0, 0 1 1 1, " \
	"1 0 0 0, 1 0 0 1, 1 0 1 0, 1 0 1 1, 1 1 0 0, 1 1 0 1, 1 1 1 0, 1 1 1 1"
#define MODEL_NO_1010                                                              \
	"0 0 0 0, 0 0 0 1, 0 0 1 0, 0 0 1 1, 0 1 0 0, 0 1 0 1, 0 1 1 0, 0 1 1 1, " \
	"1 0 0 0, 1 0 0 1, 1 0 1 1, 1 1 0 0, 1 1 0 1, 1 1 1 0, 1 1 1 1"
