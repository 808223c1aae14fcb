/* SPDX-License-Identifier: PostgreSQL
 *
 * A model of intervals of id-time: two nodes want one number of a coordinator, one after the other
 * and as often as they like; requests and answers are lost, sent again and arrive late; nodes start
 * again in a new incarnation, the coordinator crashes. Claim: no unit of id-time is given out by two incarnations,
 * of one node or of two.
 *
 * test/model/check searches all states, and finds each of the variants below wrong. To see how one
 * of them goes wrong, in a folder of its own:
 *
 *   spin -DLIMIT_FIRST -search -bfs interval.pml
 *   spin -DLIMIT_FIRST -t -p -g interval.pml
 *
 * What is what (core/registry.h, core/granted.h). An atomic sequence is one access to shared memory,
 * or what one process does with things that are its own; between two of them anything may happen,
 * for any length of time.
 *
 *   top             Registration::end_us of the number, and holder the node that has it
 *   current         nonce. A counter tells them all, as nobody is copied here; the heartbeat that was
 *                   answered last brought the one before
 *   r_start, r_limit, r_incarnation   Registration::interval and incarnation of each node
 *   old             the first of the pair that a node has stored; the second is one more
 *   ans             the answer under way, which arrives any number of times, or never
 *   version, start, limit      Granted
 *   m_...           what a mint has read of it
 *
 * What is left out, and why that is sound
 *   Requests. Whatever a node may have asked, in this incarnation or before, arrives at any time, as often
 *   as it likes, or never.
 *   Clocks. Node time as a node asks may be anything, and so may it be as it mints: any unit of the
 *   interval that was read. A number goes to another whenever that one asks: quarantine only makes
 *   it rarer.
 *   What was minted. One unit is watched, any of them; if some unit were given out by two, that
 *   would be seen in the runs that watch it. Of one incarnation all mints go through one shard, whose
 *   positions are never the same (mint.pml); and of ticks that an interval cuts nothing is given.
 *   Node time that is raised to the start: the sequencer takes the later of the two, so that it
 *   is needed for the order of ids, not for this.
 *   Copies, lost history, fencing and assigned nodes are the simulation's (test/sim/registry.cpp).
 *   Memory is sequentially consistent here; granted.h's fences are tested under load
 *   (test/unit/granted_test.cpp).
 */

#ifndef END_OF_TIME
#define END_OF_TIME 3 /* units are 0 .. END_OF_TIME - 1 */
#endif
/* The first node has two incarnations and uses two nonces up, the other has one. */
#define INCARNATIONS (2 - n)
#define NONCES (2 - n)
#define LEASE 1

#define max(a, b) ((a) > (b) -> (a) : (b))
#define happens(event) if :: event -> assert(true) :: else fi

/* The variants, all wrong. Of what the coordinator grants. */
#if defined START_BELOW_END /* an interval begins at node time */
#define new_start (time)
#else
#define new_start max(top, time)
#endif
#if defined REPEAT_ANY_INCARNATION /* a repeated heartbeat gets the same answer in another incarnation */
#define is_repeat (nonce + 1 == current[n] && r_limit[n] != 0)
#else
#define is_repeat (nonce + 1 == current[n] && r_limit[n] != 0 && r_incarnation[n] == who)
#endif
#if defined PROLONG_ANY_INCARNATION /* the next incarnation goes on with the interval of the last */
#define is_prolonged (nonce == current[n] && r_limit[n] != 0 && r_limit[n] == top)
#elif defined PROLONG_TAKEN /* an interval goes on though the number was another's meanwhile */
#define is_prolonged (nonce == current[n] && r_limit[n] != 0 && r_incarnation[n] == who)
#else
#define is_prolonged (nonce == current[n] && r_limit[n] != 0 && r_limit[n] == top && r_incarnation[n] == who)
#endif
/* ANSWER_EARLY: the answer is given before the registration is stored, and a crash comes between. */

/* Of what a node makes of it. */
#if defined OTHER_INCARNATION /* what an earlier incarnation asked for is taken */
#define is_mine true
#else
#define is_mine (ans[n].incarnation == incarnation[n])
#endif
/* KEEP_GRANT: what was published is there after a start.
 * LIMIT_FIRST: the limit is published before the start, and without a mark that it is. */

/* Of what a mint reads. */
#if defined NO_RECHECK /* the version is not looked at again */
#define is_whole true
#else
#define is_whole (m[n].version == version[n])
#endif
#if defined IGNORE_LIMIT
#define is_within (m[n].limit != 0 && watched >= m[n].start)
#elif defined IGNORE_START
#define is_within (watched < m[n].limit)
#else
#define is_within (watched >= m[n].start && watched < m[n].limit)
#endif

/* Durable at the coordinator. */
byte top, holder = 2;
byte current[2], r_start[2], r_limit[2], r_incarnation[2];

/* Durable at a node. */
byte old[2];

/* Shared memory of a node. */
byte incarnation[2], version[2], start[2], limit[2];

/* On the way. Incarnations count from 1; 0: there is nothing. */
typedef Answer { byte nonce, incarnation, start, limit };
Answer ans[2];

mtype = { WAIT, PUBLISH, START, LIMIT, STORE, READ, FIRST, SECOND, WHOLE, MINT };
mtype step[2], mint_step[2];
Answer got[2]; /* that a node is about to publish */
typedef Reading { byte version, start, limit };
Reading m[2];

/* Not in the code. */
byte watched, by; /* 1 + who gave it out; 0: nobody has */
#define me (2 * n + incarnation[n])

/* Others are not awaited. */
inline answer() {
  if
  :: nonce == old[n] ->
     ans[n].nonce = nonce;
     ans[n].incarnation = who;
     ans[n].start = r_start[n];
     ans[n].limit = r_limit[n]
  :: else
  fi
}

inline forget_answer() {
  ans[n].nonce = 0;
  ans[n].incarnation = 0;
  ans[n].start = 0;
  ans[n].limit = 0
}

/* What a node makes of an answer. */
proctype node(bit n) {
end:
  do
  :: atomic {
       step[n] == WAIT && ans[n].incarnation != 0 && ans[n].nonce == old[n] ->
       if
       :: is_mine ->
          got[n].start = ans[n].start;
          got[n].limit = ans[n].limit;
          step[n] = PUBLISH
       :: else -> happens(ans[n].limit > limit[n]); forget_answer()
       fi
     }

  /* Granted::Publish */
  :: atomic {
       step[n] == PUBLISH ->
       if
       :: start[n] == got[n].start -> happens(limit[n] != 0); step[n] = LIMIT
       :: else ->
#ifndef LIMIT_FIRST
          version[n] = version[n] | 1;
#else
          limit[n] = got[n].limit;
#endif
          step[n] = START
       fi
     }
  :: atomic { step[n] == START -> start[n] = got[n].start; step[n] = LIMIT }
  :: atomic { step[n] == LIMIT -> limit[n] = got[n].limit; step[n] = STORE }
  :: atomic {
       step[n] == STORE ->
       version[n] = (version[n] | 1) + 1;
       old[n]++;
       forget_answer();
       got[n].start = 0;
       got[n].limit = 0;
       step[n] = WAIT
     }
  od
}

/* Granted::Read, and then a unit of what it found, any time later. */
proctype mint(bit n) {
end:
  do
  :: atomic {
       mint_step[n] == READ && version[n] % 2 == 0 && (limit[n] != 0 || step[n] != WAIT) ->
       m[n].version = version[n];
       mint_step[n] = FIRST
     }
  :: atomic { mint_step[n] == FIRST -> m[n].start = start[n]; mint_step[n] = SECOND }
  :: atomic { mint_step[n] == SECOND -> m[n].limit = limit[n]; mint_step[n] = WHOLE }
  :: atomic {
       mint_step[n] == WHOLE ->
       if
       :: is_whole -> mint_step[n] = MINT
       :: else -> mint_step[n] = READ
       fi;
       if
       :: mint_step[n] == MINT && !is_within -> mint_step[n] = READ
       :: else
       fi;
       m[n].version = 0;
       m[n].start = 0;
       m[n].limit = 0
     }
  :: atomic {
       mint_step[n] == MINT ->
       assert(by == 0 || by == me);
       happens(version[n] % 2 == 1);
       by = me;
       mint_step[n] = READ
     }
  od
}

inline grant(from, to) {
  r_start[n] = from;
  r_limit[n] = to;
  r_incarnation[n] = who;
  top = max(top, to)
}

/* Decide, for a number that is taken from whoever has it. */
proctype coordinator() {
  bit n;
  byte nonce, who, time;
#ifdef ANSWER_EARLY
  byte was_top, was_holder, was_current, was_start, was_limit, was_incarnation;
  byte was_other_start, was_other_limit, was_other_incarnation;
#endif
end_:
  do
  :: atomic {
       if
       :: n = 0
       :: n = 1
       fi;
       select (nonce : 0 .. old[n]);
       select (who : 1 .. incarnation[n]);
       select (time : 0 .. END_OF_TIME - LEASE);
#ifdef ANSWER_EARLY
       was_top = top; was_holder = holder; was_current = current[n];
       was_start = r_start[n]; was_limit = r_limit[n]; was_incarnation = r_incarnation[n];
       was_other_start = r_start[1 - n]; was_other_limit = r_limit[1 - n];
       was_other_incarnation = r_incarnation[1 - n];
#endif
       if
       :: nonce == NONCES || nonce + 1 < current[n] -> happens(nonce + 1 < current[n])
       :: else ->
          if
          :: holder != n ->
             happens(holder == 1 - n);
#ifndef PROLONG_TAKEN
             r_limit[n] = 0;
             r_limit[1 - n] = 0;
             r_start[n] = 0;
             r_start[1 - n] = 0;
             r_incarnation[n] = 0;
             r_incarnation[1 - n] = 0;
#endif
             holder = n
          :: else
          fi;
          if
          :: is_repeat -> answer()
          :: else ->
             if
             :: is_prolonged ->
                time = max(r_limit[n], time + LEASE);
                grant(r_start[n], time)
             :: !is_prolonged && new_start + LEASE <= END_OF_TIME ->
                happens(top > time);
                happens(r_incarnation[n] != 0 && r_incarnation[n] != who);
                time = new_start;
                grant(time, time + LEASE)
             :: else -> nonce = 255 /* the end of time: refused */
             fi;
             if
             :: nonce == 255 -> skip
             :: nonce == current[n] -> current[n]++; answer()
             :: else -> answer()
             fi
          fi;
          if
          :: true
          :: forget_answer() /* it is lost; or a crash came before it was sent */
          fi
       fi;
#ifndef ANSWER_EARLY
       n = 0; nonce = 0; who = 0; time = 0
#endif
     }
#ifdef ANSWER_EARLY
     if
     :: true
     :: atomic {
          top = was_top; holder = was_holder; current[n] = was_current;
          r_start[n] = was_start; r_limit[n] = was_limit; r_incarnation[n] = was_incarnation;
          r_start[1 - n] = was_other_start; r_limit[1 - n] = was_other_limit;
          r_incarnation[1 - n] = was_other_incarnation
        }
     fi;
     atomic {
       n = 0; nonce = 0; who = 0; time = 0;
       was_top = 0; was_holder = 0; was_current = 0; was_start = 0; was_limit = 0; was_incarnation = 0;
       was_other_start = 0; was_other_limit = 0; was_other_incarnation = 0
     }
#endif
  od
}

/* A node starts again; whatever it was doing, it is not doing any more. */
proctype fate() {
  bit n;
end:
  do
  :: atomic {
       if
       :: n = 0
       :: n = 1
       fi;
       if
       :: incarnation[n] < INCARNATIONS ->
          happens(step[n] == STORE);
          happens(mint_step[n] == MINT);
          incarnation[n]++;
#ifndef KEEP_GRANT
          start[n] = 0;
          limit[n] = 0;
          version[n] = 0;
#else
          version[n] = (version[n] | 1) ^ 1;
#endif
          step[n] = WAIT;
          mint_step[n] = READ;
          got[n].start = 0;
          got[n].limit = 0;
          m[n].version = 0;
          m[n].start = 0;
          m[n].limit = 0
       fi;
       n = 0
     }
  od
}

init {
  atomic {
#ifdef WATCHED
    watched = WATCHED;
#else
    select (watched : 0 .. END_OF_TIME - 1);
#endif
    incarnation[0] = 1;
    incarnation[1] = 1;
    step[0] = WAIT;
    step[1] = WAIT;
    mint_step[0] = READ;
    mint_step[1] = READ;
    run node(0);
    run node(1);
    run mint(0);
    run mint(1);
    run coordinator();
    run fate()
  }
}
