/* SPDX-License-Identifier: PostgreSQL
 *
 * A model of minting: two backends lease positions from one shard, the horizon is extended without
 * waiting, the server crashes at any moment and starts again with its clock anywhere, and a standby
 * that lags is promoted. Claim: no position, that is no (tick, sequence), is given out twice.
 *
 * test/model/check searches all states, with crashes and with a promotion, and finds each of the
 * variants below wrong. To see how one of them goes wrong, in a folder of its own:
 *
 *   spin -DPUBLISH_EARLY -DWATCHED=9 -search -bfs mint.pml
 *   spin -DPUBLISH_EARLY -DWATCHED=9 -t -p -g mint.pml
 *
 * What is what. Node time is counted in ticks of PER_TICK positions. An atomic sequence is one
 * instruction on shared memory, or what is done under the page's lock, with what the backend does
 * in its own memory besides. Between two of them anything else may happen, for any length of time.
 *
 *   wal             the row's value in each record, from the last one flushed (disk) to the last
 *                   one written, which the shared buffer holds (row)
 *   foreign         the origin on disk is another's: this server was promoted
 *   published, next Horizon (core/horizon.h) and Shard::next (core/sequence.h)
 *   rest            what is left of the slot's block: Slot::lease_next to lease_end
 *   pending, lsn    PendingHorizon. An LSN is how many records have yet to be flushed until it is
 *                   reached: 0 is flushed
 *   seen, reading   Shard::next as loaded, and node time as read, before the compare-and-swap
 *   limit           Limits::horizon
 *
 *   step            what comes next
 *   IDLE            BeginHorizon up to its record; else Sequencer::SetHorizon
 *   TAKE, LEASE     TakeLeased up to the load of Shard::next; the compare-and-swap in Lease
 *   MINTED          RenewHorizon's decision, after each mint
 *   RENEW, PUBLISH  its outcomes: the record is written, or published
 *   RAISE, FLUSH    RaiseHorizon: the record is written; it is flushed, as BeginHorizon's is;
 *   RAISED          and published
 *
 * What is left out, and why that is sound
 *   Node time. A reading may be any time, even below the one before: more than core/node_clock.h
 *   does. Only where an incarnation starts is as in the code (H4), and the system clock may read anything
 *   then. As a reading depends on nothing, it need not be a step of its own.
 *   What was minted. One position is watched, any of them, and only its minting is remembered. If
 *   some position were minted twice, that would be seen in the runs which watch it. (WATCHED says
 *   which: enough to find a variant wrong.)
 *   Sequencer::renew and Slot::block. A backend may put renewing off or not, and a block is of one
 *   or two positions: all that the code may choose, and more.
 *   A limit kept from one mint to the next. The published horizon only rises, so an older limit
 *   allows less; and one found too low is read again before the horizon is raised.
 *   Some moments between two reads. RenewHorizon looks at the published horizon and then at the
 *   flush position: both only rise, so it might publish once more what is published already. After
 *   a failed compare-and-swap, Lease goes on with the same reading, here with any.
 *   Cancelled mints. A backend may stop at any step for good. One that forgets what is pending, as
 *   a session's end does, is there; the next session goes on with the same slot.
 *   Other databases. They share node time, of which nothing is asked but where an incarnation starts; a
 *   second one starts higher, if anything.
 *   Worker fields and ordering 'node'. A slot's own sequence is nobody else's and starts like the
 *   shard's; 'node' is a block of one without a rest.
 *   Pages on disk. A page is written after its WAL, so recovery ends at the last flushed record.
 *   Pinned clocks, evicted shards, DDL on the extension, dumps and copies are not modelled, and
 *   nothing is proved of more backends, ticks, crashes and longer windows than the numbers below.
 */

/* These are the numbers for crashes; check says those for a promotion. */
#ifndef TICKS
#define TICKS 5 /* times are 0 .. TICKS - 1; the epoch ends there */
#endif
#ifndef PER_TICK
#define PER_TICK 2 /* or 1 */
#endif
#ifndef CRASHES
#define CRASHES 2 /* at most so many */
#endif
#ifndef PROMOTIONS
#define PROMOTIONS 0 /* or 1 */
#endif
#define WINDOW 2
#define HALF 1
#define ENOUGH 1 /* half and a quarter of the window, in whole ticks */
#ifndef AHEAD
#define AHEAD 1 /* max_ahead */
#endif
#ifndef GUARD
#define GUARD 3
#endif

/* G1's condition on a failover (docs/guarantees.md). The horizon that the standby has, or its
 * clock, is at most so many ticks behind node time at the minting; then the ids, which may be ahead
 * of node time, are less than the guard above one of the two. That the standby lags by less than
 * the guard is not enough: the horizon that it has may be old, after a pause of minting or a step
 * of the clock (LAG_IN_TIME). The old primary does not go on. */
#define BEHIND (GUARD - AHEAD - 1)

#define END (TICKS * PER_TICK)
#define RECORDS (TICKS + WINDOW) /* unflushed at most, as each is higher than the one before */

#define max(a, b) ((a) > (b) -> (a) : (b))
#define tick(position) ((position) / PER_TICK)
#define END_OF_TICK (tick(my.position) + 1)

/* The variants, all wrong. First of what an incarnation starts from. */
#if defined CLOCK_START /* the horizon is not looked at */
#define START reading
#elif defined NO_GUARD /* a promotion is a restart */
#define START max(row, reading)
#elif defined GUARD_ON_HORIZON /* the guard is not added to the clock */
#define START max(row + (foreign -> GUARD : 0), reading)
#elif defined GUARD_TOO_SMALL /* by one tick: as if ids were never ahead of node time */
#define START (max(row, reading) + (foreign -> GUARD - 1 : 0))
#else
#define START (max(row, reading) + (foreign -> GUARD : 0))
#endif

/* Of how the row is raised. */
#if defined PLAIN_STORE /* to the target, whatever it was */
#define is_low(enough) true
#define raised_to(target) (target)
#elif defined READ_UNLOCKED /* the maximum is that of a row read before the page was locked */
#define is_low(enough) (my.seen < (enough))
#define raised_to(target) max(my.seen, target)
#else
#define is_low(enough) (row < (enough))
#define raised_to(target) max(wal[unflushed - 1], target)
#endif

/* Of when it is published. */
#if defined LOAD_UNFLUSHED /* the first horizon of an incarnation is not flushed */
#define needs_flush (!loading)
#elif defined RAISE_UNFLUSHED /* others are not */
#define needs_flush loading
#else
#define needs_flush true
#endif
#if defined ENOUGH_UNFLUSHED /* a row that is high enough is taken for a durable one */
#define lsn_of_raise (was_low -> unflushed : 0)
#else
#define lsn_of_raise unflushed
#endif
#if defined PUBLISH_ROW /* what the row is now, not what the flushed record made it */
#define what_is_flushed row
#else
#define what_is_flushed my.pending
#endif
/* PUBLISH_EARLY: a renewed horizon is published when it is written. */

/* Of how positions are taken. */
#if defined NO_HORIZON_CHECK
#define is_used_up(position) false
#elif defined HORIZON_INCLUSIVE /* the tick at the horizon may be used */
#define is_used_up(position) (tick(position) > my.limit)
#else
#define is_used_up(position) (tick(position) >= my.limit)
#endif
#if defined NO_AHEAD /* ids run ahead of node time without bounds */
#define is_ahead(position) false
#else
#define is_ahead(position) (tick(position) > reading + AHEAD)
#endif
#if defined PLAIN_LEASE /* a store, not a compare-and-swap */
#define is_unchanged true
#else
#define is_unchanged (next == my.seen)
#endif
#if defined BLOCK_OVERLAPS /* the shard goes on within the block */
#define after_block (my.position + 1)
#else
#define after_block (my.position + 2)
#endif
/* SHARD_FROM_ZERO: a shard that is made anew does not start where the incarnation does.
 * ORIGIN_IN_MEMORY: that the server was promoted is forgotten by a crash.
 * LAG_IN_TIME: see above. It is G1's condition that is wrong here. */

/* Durable. */
#define disk wal[0]
bit foreign;
byte standby; /* the horizon that the standby has */

/* Shared memory. */
byte wal[RECORDS + 1], unflushed;
#define row wal[unflushed]
byte published, next;
bit loading; /* LoadHorizon (state/horizon.cpp) holds its lock */

mtype = { IDLE, TAKE, LEASE, MINTED, RENEW, PUBLISH, RAISE, FLUSH, RAISED };

typedef Backend {
  mtype step;
  byte limit, reading, seen, position, rest;
  byte pending, lsn;
  byte raised, raised_lsn
};
Backend backends[2];
#define my backends[me]
#define other backends[1 - me]

/* Not in the code: what happened. */
byte watched;  /* a position */
byte minted;   /* 1 + node time then, which a promotion asks for; 0: it was not */
byte crashes, promotions;
byte earliest; /* the promoted standby's clock reads this or more until it has minted */
#ifdef LAG_IN_TIME
byte now;      /* node time */
byte missing;  /* when the first record was flushed that the standby does not have */
#endif

/* What the search would be for nothing without. check wants every statement to be reached; spin
 * forgets to count a skip. */
#define happens(event) if :: event -> assert(true) :: else fi

inline countdown(number) {
  number = (number > 0 -> number - 1 : 0)
}

inline flush_one() {
#ifdef INVARIANTS
  assert(wal[1] > disk); /* H3 */
#endif
#ifdef LAG_IN_TIME
  if :: standby == disk -> missing = now :: else fi;
#endif
  i = 0;
  do
  :: i < unflushed -> wal[i] = wal[i + 1]; i++
  :: else -> break
  od;
  i = 0;
  row = 0;
  unflushed--;
  countdown(backends[0].lsn);
  countdown(backends[1].lsn);
  countdown(backends[0].raised_lsn);
  countdown(backends[1].raised_lsn);
  /* The first record of an incarnation brings the origin. */
  foreign = 0;
  earliest = 0
}

/* Store::Write. A target is never below `enough`. */
inline write(target, enough) {
#if defined PLAIN_STORE || defined READ_UNLOCKED
  if :: unflushed == RECORDS -> flush_one() :: else fi;
#endif
  if
  :: is_low(enough) -> unflushed++; row = raised_to(target)
  :: else
  fi
}

/* What is not above the published horizon has no effect any more. */
inline forget(who) {
  if
  :: backends[who].pending <= published -> backends[who].pending = 0; backends[who].lsn = 0
  :: else
  fi
}

inline publish(horizon) {
#ifdef INVARIANTS
  assert(horizon <= disk); /* H2 */
#endif
  published = max(published, horizon);
  forget(0);
  forget(1)
}

inline mint(node_time) {
#ifdef INVARIANTS
  assert(tick(my.position) < published); /* H1 */
#endif
  happens(crashes == CRASHES && promotions == 0);
#if PROMOTIONS
  happens(crashes == 0 && promotions > 0);
  happens(crashes > 0 && promotions > 0);
#endif
  if
  :: my.position == watched -> assert(!minted); minted = (PROMOTIONS -> node_time : 0) + 1
  :: else
  fi;
  my.step = MINTED
}

proctype backend(bit me) {
  byte reading, i;
#ifdef ENOUGH_UNFLUSHED
  bit was_low;
#endif
end:
  do
  :: atomic {
       my.step == IDLE && published == 0 && !loading ->
       select (reading : earliest .. TICKS - 1);
       happens(row > reading);
       happens(row < reading);
       my.position = START;
       if
       :: my.position < TICKS ->
          loading = 1;
#ifndef SHARD_FROM_ZERO
          next = my.position * PER_TICK;
#endif
          write(my.position + WINDOW, my.position + WINDOW);
          my.raised = row;
          my.raised_lsn = unflushed;
          my.step = FLUSH
       :: else
       fi;
       reading = 0;
       my.position = 0
     }

  :: atomic {
       my.step == IDLE && published != 0 ->
       my.limit = published;
       my.step = TAKE
     }

  :: atomic {
       my.step == TAKE ->
       select (reading : 0 .. TICKS - 1);
#ifdef LAG_IN_TIME
       now = max(now, reading);
#endif
       if
#if PER_TICK > 1
       :: my.rest != 0 && my.rest >= reading * PER_TICK ->
          my.position = my.rest;
          my.rest = 0;
          reading = max(reading, tick(my.position) - AHEAD); /* when it was leased, at least */
          mint(reading)
       :: my.rest == 0 || my.rest < reading * PER_TICK ->
          happens(my.rest != 0);
          my.rest = 0;
#else
       :: true ->
#endif
          my.seen = next;
          my.position = max(my.seen, reading * PER_TICK);
          if
          :: my.position >= END -> my.step = IDLE
          :: my.position < END && is_ahead(my.position) -> my.step = IDLE
          :: else ->
             if
             :: is_used_up(my.position) -> my.step = RAISE
             :: else -> my.step = LEASE
             fi
          fi
       fi;
       if
       :: my.step == IDLE -> my.position = 0; my.seen = 0
       :: my.step == LEASE -> my.reading = (PROMOTIONS -> reading : 0)
       :: my.step == RAISE -> my.seen = 0
       :: my.step == MINTED
       fi;
#ifdef READ_UNLOCKED
       if :: my.step == RAISE -> my.seen = row :: else fi;
#endif
       my.limit = 0;
       reading = 0
     }

  :: atomic {
       my.step == LEASE ->
       if
       :: is_unchanged ->
          if
          :: next = my.position + 1
#if PER_TICK > 1
          :: my.position % PER_TICK == 0 -> next = after_block; my.rest = my.position + 1
#endif
          fi;
          happens(my.position == END - 1);
          mint(my.reading)
       :: else -> my.position = 0; my.step = IDLE
       fi;
       my.reading = 0;
       my.seen = 0
     }

  :: atomic {
       my.step == MINTED ->
       if
       :: my.step = IDLE
       :: my.pending = 0; my.lsn = 0; my.step = IDLE /* the session ends */
       :: published <= END_OF_TICK + HALF ->
          if
          :: my.pending <= published -> my.step = RENEW
          :: my.pending > published && my.lsn != 0 -> my.step = IDLE
          :: my.pending > published && my.lsn == 0 -> my.step = PUBLISH
          fi
       fi;
#ifdef READ_UNLOCKED
       if :: my.step == RENEW -> my.seen = row :: else fi;
#endif
       if :: my.step != RENEW -> my.position = 0 :: else fi
     }

  :: atomic {
       my.step == RENEW ->
       happens(row >= END_OF_TICK + ENOUGH && unflushed > 0);
       write(END_OF_TICK + WINDOW, END_OF_TICK + ENOUGH);
       my.pending = row;
       my.lsn = unflushed;
#ifdef PUBLISH_EARLY
       publish(row);
#endif
       forget(me);
       my.position = 0;
       my.seen = 0;
       my.step = IDLE
     }

  :: atomic {
       my.step == PUBLISH ->
#if PER_TICK > 1
       happens(my.pending != 0 && other.pending == my.pending); /* one of them took the other's */
#endif
       publish(what_is_flushed);
       my.pending = 0;
       my.lsn = 0;
       my.step = IDLE
     }

  :: atomic {
       my.step == RAISE ->
       happens(row >= END_OF_TICK + HALF && unflushed > 0);
#ifdef ENOUGH_UNFLUSHED
       was_low = is_low(END_OF_TICK + HALF);
#endif
       write(END_OF_TICK + WINDOW, END_OF_TICK + HALF);
       my.raised = row;
       my.raised_lsn = lsn_of_raise;
#ifdef ENOUGH_UNFLUSHED
       was_low = 0;
#endif
       my.position = 0;
       my.seen = 0;
       my.step = FLUSH
     }

  :: atomic {
       my.step == FLUSH ->
       do
       :: my.raised_lsn > 0 && needs_flush -> flush_one()
       :: else -> break
       od;
       my.raised_lsn = 0;
       my.step = RAISED
     }

  :: atomic {
       my.step == RAISED ->
       publish(my.raised);
       my.raised = 0;
       loading = 0;
       my.step = IDLE
     }
  od
}

proctype wal_writer() {
  byte i;
end:
  do
  :: atomic {
       unflushed > 0 ->
       happens(unflushed > 1);
       flush_one()
     }
  od
}

#if PROMOTIONS
/* On the standby: it has the horizon of now or of any time before. */
proctype wal_receiver() {
end:
  do
  :: atomic { promotions == 0 && standby != disk -> standby = disk }
  od
}
#endif

inline clear(who) {
  backends[who].step = IDLE;
  backends[who].limit = 0;
  backends[who].reading = 0;
  backends[who].seen = 0;
  backends[who].position = 0;
  backends[who].rest = 0;
  backends[who].pending = 0;
  backends[who].lsn = 0;
  backends[who].raised = 0;
  backends[who].raised_lsn = 0
}

inline forget_memory() {
  do
  :: unflushed > 0 -> row = 0; unflushed--
  :: else -> break
  od;
  published = 0;
  next = 0;
  loading = 0;
  clear(0);
  clear(1)
}

proctype fate() {
end:
  do
  :: atomic {
       crashes < CRASHES ->
       crashes++;
       happens(loading);
       happens(unflushed > 0 && !loading);
       happens(backends[0].pending != 0);
       happens(backends[0].step == LEASE);
       happens(backends[0].step == RAISED && !loading);
#if PROMOTIONS
       happens(foreign);
#endif
#ifdef ORIGIN_IN_MEMORY
       foreign = 0;
#endif
       forget_memory()
     }
#if PROMOTIONS
  :: atomic {
       promotions == 0 ->
       promotions++;
#ifdef LAG_IN_TIME
       if
       :: standby == disk || now - missing <= BEHIND -> earliest = 0
       :: else -> earliest = max(now - BEHIND, 0)
       fi;
       now = 0;
       missing = 0;
#else
       if
       :: standby + BEHIND >= minted - 1 -> happens(standby < disk); earliest = 0
       :: else -> earliest = minted - 1 - BEHIND
       fi;
#endif
       forget_memory();
       disk = standby;
       standby = 0;
       foreign = 1
     }
#endif
  od
}

init {
  atomic {
#ifdef WATCHED
    watched = WATCHED;
#else
    select (watched : 0 .. END - 1);
#endif
    backends[0].step = IDLE;
    backends[1].step = IDLE;
    run backend(0);
    run backend(1);
    run wal_writer();
#if PROMOTIONS
    run wal_receiver();
#endif
    run fate()
  }
}
