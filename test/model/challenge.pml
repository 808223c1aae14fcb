/* SPDX-License-Identifier: PostgreSQL
 *
 * A model of requests that are late: one assigned node, and whatever it has asked in this incarnation or
 * before arrives any number of times, or never. Claim: it is never fenced, as there is no other.
 *
 * test/model/check searches all states, and finds each of the variants below wrong. To see how one of
 * them goes wrong, in a folder of its own:
 *
 *   spin -DINSIST -search -bfs challenge.pml
 *   spin -DINSIST -t -p -g challenge.pml
 *
 * What is what (core/registry.h). An atomic sequence is what the coordinator does in one transaction,
 * or what the node does with things of its own; between two of them anything may happen.
 *
 *   current, asked, r_incarnation    Registration::current, the pair that was answered last (by its first
 *                             nonce), and incarnation. A swap counts them all: nobody is copied here
 *   moved                     counts what the coordinator has accepted: the registration as it is
 *   old                       the first of the pair that the node has stored; the second is one more
 *   incarnation                      of the node's server
 *   sent                      the requests that were ever sent: [nonce][incarnation][challenge]. A challenge is the
 *                             `moved` that it was told at, from 1 on; 0: none
 *   told                      the challenge that the node was told for what it asks now
 *   ans                       the nonce to go on from, as the node was answered; 0: not
 *
 * What is left out, and why that is sound
 *   Copies: for them being fenced is right (test/sim/registry.cpp, test/unit/registry_test.cpp).
 *   Intervals (interval.pml): what is granted is not what is asked here.
 *   Answers that are late: a node takes that to its present question alone.
 *   Of challenges that they cannot be guessed: a number that counts is never told to somebody else
 *   here, as there is nobody else.
 */

#define INCARNATIONS 3   /* from 1 on */
#define NONCES 3  /* the node uses so many up: 0 .. NONCES - 1 */
#define MOVES 6
#define happens(event) if :: event -> assert(true) :: else fi

#define none 0
#if defined AT_ONCE /* nobody is asked again */
#define is_fresh(c) true
#elif defined INSIST /* what is asked for the second time is meant */
#define is_fresh(c) (c != none)
#else
#define is_fresh(c) (c == moved)
#endif

typedef Incarnations { bool challenge[8] };
typedef Nonces { Incarnations incarnation[4] };
Nonces sent[NONCES];

byte current, asked = 255, r_incarnation, moved = 1;
byte old, incarnation = 1, told, ans = 255;
bool waiting;

/* The node asks, with the challenge if it was told one; it asks again if it hears nothing. */
proctype node() {
end:
  do
  :: atomic {
       old < NONCES -> sent[old].incarnation[incarnation].challenge[told] = true; waiting = true
     }
  :: atomic { /* what was answered is stored */
       ans != 255 -> happens(ans > old + 1); old = ans; ans = 255; told = none; waiting = false
     }
  :: atomic { /* it starts again, with the pair that it has stored */
       incarnation < INCARNATIONS -> happens(told != none); incarnation++; told = none; ans = 255; waiting = false
     }
  od
}

proctype coordinator() {
  byte nonce, who, challenge;
  bool mine;
end:
  do
  :: atomic {
       select (nonce : 0 .. NONCES - 1);
       select (who : 1 .. INCARNATIONS);
       select (challenge : 0 .. MOVES);
       if
       :: !sent[nonce].incarnation[who].challenge[challenge] -> skip
       :: else ->
          /* Whether the node still waits for the answer to this one. */
          mine = (waiting && nonce == old && who == incarnation && challenge == told);
          if
          :: nonce == asked && who == r_incarnation -> /* kRepeat */
             happens(!mine);
             if
             :: mine -> ans = current
             :: true
             fi
          :: nonce == current && nonce != asked -> /* kHolder, or kRestarted with the current nonce */
             if
             :: moved < MOVES ->
                asked = nonce; current = nonce + 1; r_incarnation = who; moved++;
                if
                :: mine -> ans = current
                :: true
                fi
             :: else
             fi
          :: else -> /* alike, or used */
             if
             :: is_fresh(challenge) ->
                assert(nonce == asked); /* or it is fenced: it is no server that has started again */
                if
                :: moved < MOVES ->
                   current++; r_incarnation = who; moved++;
                   if
                   :: mine -> ans = current
                   :: true
                   fi
                :: else
                fi
             :: else ->
                happens(challenge != none);
                if
                :: mine -> told = moved
                :: true
                fi
             fi
          fi
       fi;
       nonce = 0; who = 0; challenge = 0; mine = false
     }
  od
}

init {
  atomic {
    run node();
    run coordinator()
  }
}
