# SPDX-License-Identifier: PostgreSQL
#
# What committed is what the ledger holds: not an id less, not an id more, however the transaction
# went about it.

use strict;
use warnings FATAL => 'all';

use FindBin;
use lib $FindBin::RealBin;
use Detid;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('ledger', conf => "max_prepared_transactions = 10\n");
my @audits = qw(range each);
for my $audit (@audits)
{
	$node->safe_psql('postgres', qq{
		SELECT detid.create_generator('${audit}_id', audit => '$audit');
		CREATE TABLE $audit (id bigint PRIMARY KEY DEFAULT detid.next_id('${audit}_id'), n int);
	});
}

# The ids of the table and those that the ledger makes again must be the same, each once.
sub agrees
{
	my ($audit, $rows, $name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	same_sql($node, qq{
		SELECT count(*) FROM $audit;
		SELECT coalesce(sum(count), 0) FROM detid.ledger WHERE generator = '${audit}_id'::regclass;
		WITH replayed AS (SELECT regenerated::bigint AS id FROM detid.replay('${audit}_id') WHERE matches)
		SELECT count(*), count(r.id), count(t.id), count(DISTINCT r.id)
		FROM $audit t FULL JOIN replayed r ON r.id = t.id;
	}, "$rows\n$rows\n" . join('|', ($rows) x 4), "$audit: $name");
	return;
}

# Each way to mint starts from an empty table and an empty ledger.
sub begin_with_nothing
{
	my ($audit) = @_;
	$node->safe_psql('postgres', "TRUNCATE $audit; SELECT detid.prune_ledger('2900-01-01')");
	return;
}

# SQL for psql; %1$s is the table, which is also the audit level. What is expected are rows.
my @ways = (
	[ 'a rolled-back transaction', 0, q{BEGIN; INSERT INTO %1$s (n) SELECT generate_series(1, 10); ROLLBACK} ],
	[ 'a failed statement', 0, q{\set ON_ERROR_STOP off
		INSERT INTO %1$s (n) SELECT 1 / (5 - i) FROM generate_series(1, 10) i} ],
	[ 'statements of their own', 3, q{INSERT INTO %1$s DEFAULT VALUES; INSERT INTO %1$s DEFAULT VALUES; INSERT INTO %1$s DEFAULT VALUES} ],
	[ 'a savepoint rolled back', 30, q{BEGIN; INSERT INTO %1$s (n) SELECT generate_series(1, 10);
		SAVEPOINT a; INSERT INTO %1$s (n) SELECT generate_series(1, 10); ROLLBACK TO a;
		INSERT INTO %1$s (n) SELECT generate_series(1, 10);
		SAVEPOINT b; INSERT INTO %1$s (n) SELECT generate_series(1, 10); RELEASE b; COMMIT} ],
	[ 'a savepoint rolled back at once after another', 12, q{BEGIN; INSERT INTO %1$s DEFAULT VALUES;
		SAVEPOINT a; INSERT INTO %1$s (n) SELECT generate_series(1, 10); RELEASE a;
		SAVEPOINT b; INSERT INTO %1$s (n) SELECT generate_series(1, 10); ROLLBACK TO b; RELEASE b;
		INSERT INTO %1$s DEFAULT VALUES; COMMIT} ],
	[ 'nested savepoints, the outer one rolled back', 2, q{BEGIN; INSERT INTO %1$s DEFAULT VALUES;
		SAVEPOINT a; INSERT INTO %1$s DEFAULT VALUES;
		SAVEPOINT b; INSERT INTO %1$s DEFAULT VALUES; RELEASE b;
		SAVEPOINT c; INSERT INTO %1$s DEFAULT VALUES; ROLLBACK TO c;
		INSERT INTO %1$s DEFAULT VALUES; ROLLBACK TO a;
		INSERT INTO %1$s DEFAULT VALUES; COMMIT} ],
	[ 'nested savepoints, the inner one rolled back', 4, q{BEGIN; INSERT INTO %1$s DEFAULT VALUES;
		SAVEPOINT a; INSERT INTO %1$s DEFAULT VALUES;
		SAVEPOINT b; INSERT INTO %1$s DEFAULT VALUES; ROLLBACK TO b;
		INSERT INTO %1$s DEFAULT VALUES; RELEASE a;
		INSERT INTO %1$s DEFAULT VALUES; COMMIT} ],
	[ 'a savepoint rolled back again and again', 5, q{BEGIN; SAVEPOINT a;
		INSERT INTO %1$s (n) SELECT generate_series(1, 3); ROLLBACK TO a;
		INSERT INTO %1$s (n) SELECT generate_series(1, 4); ROLLBACK TO a;
		INSERT INTO %1$s (n) SELECT generate_series(1, 5); COMMIT} ],
	# More than the buffer holds, so that parts are written early.
	[ 'early writes on both sides of a savepoint', 60000, q{BEGIN;
		INSERT INTO %1$s (n) SELECT generate_series(1, 20000);
		SAVEPOINT a; INSERT INTO %1$s (n) SELECT generate_series(1, 90000); ROLLBACK TO a;
		INSERT INTO %1$s (n) SELECT generate_series(1, 20000);
		SAVEPOINT b; INSERT INTO %1$s (n) SELECT generate_series(1, 20000); RELEASE b; COMMIT} ],
	[ 'early writes in a savepoint within one that is rolled back', 20, q{BEGIN;
		INSERT INTO %1$s (n) SELECT generate_series(1, 10);
		SAVEPOINT a; INSERT INTO %1$s (n) SELECT generate_series(1, 10);
		SAVEPOINT b; INSERT INTO %1$s (n) SELECT generate_series(1, 90000); RELEASE b;
		ROLLBACK TO a; INSERT INTO %1$s (n) SELECT generate_series(1, 10); COMMIT} ],
	[ 'PL/pgSQL exception blocks, one in three fails', 2000, q{DO $$
		BEGIN
		  FOR i IN 1 .. 3000 LOOP
		    BEGIN
		      INSERT INTO %1$s (n) VALUES (i);
		      IF i %% 3 = 0 THEN RAISE 'no'; END IF;
		    EXCEPTION WHEN raise_exception THEN NULL;
		    END;
		  END LOOP;
		END $$} ],
	[ 'exception blocks within each other', 300, q{DO $$
		BEGIN
		  FOR i IN 1 .. 100 LOOP
		    BEGIN
		      INSERT INTO %1$s (n) VALUES (i);
		      BEGIN
		        INSERT INTO %1$s (n) VALUES (i);
		        BEGIN
		          INSERT INTO %1$s (n) VALUES (i);
		          RAISE 'inner';
		        EXCEPTION WHEN raise_exception THEN INSERT INTO %1$s (n) VALUES (-i);
		        END;
		        INSERT INTO %1$s (n) VALUES (i);
		      EXCEPTION WHEN division_by_zero THEN NULL;
		      END;
		      IF i > 50 THEN INSERT INTO %1$s (n) SELECT i FROM generate_series(1, 50); RAISE 'outer'; END IF;
		    EXCEPTION WHEN raise_exception THEN INSERT INTO %1$s (n) VALUES (-i), (-i);
		    END;
		  END LOOP;
		END $$} ],
	[ 'COPY FROM', 1000, q{
\copy (SELECT generate_series(1, 1000)) TO '%2$s'
\copy %1$s (n) FROM '%2$s'
} ],
	[ 'COPY FROM that fails', 0, q{
\copy (SELECT CASE i WHEN 999 THEN 'x' ELSE i::text END FROM generate_series(1, 1000) i) TO '%2$s'
\copy %1$s (n) FROM '%2$s'
} ],
	[ 'a function', 5, q{CREATE OR REPLACE FUNCTION add_%1$s(k int) RETURNS void LANGUAGE sql
		AS 'INSERT INTO %1$s (n) SELECT generate_series(1, k)';
		SELECT add_%1$s(2), add_%1$s(3)} ],
	[ 'a trigger that inserts, once in vain', 3, q{
		CREATE OR REPLACE FUNCTION more_%1$s() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN
		  IF NEW.n = 1 THEN INSERT INTO %1$s (n) VALUES (2), (2); END IF;
		  IF NEW.n = 7 THEN INSERT INTO %1$s (n) VALUES (8); RAISE 'no'; END IF;
		  RETURN NEW;
		END $$;
		CREATE TRIGGER more BEFORE INSERT ON %1$s FOR EACH ROW EXECUTE FUNCTION more_%1$s();
		INSERT INTO %1$s (n) VALUES (1);
		\set ON_ERROR_STOP off
		INSERT INTO %1$s (n) VALUES (7);
		DROP TRIGGER more ON %1$s} ],
	[ 'a deferred constraint trigger that mints at commit', 4, q{
		CREATE OR REPLACE FUNCTION late_%1$s() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN
		  IF NEW.n > 0 THEN
		    BEGIN
		      INSERT INTO %1$s (n) VALUES (0);
		      INSERT INTO %1$s (n) VALUES (1 / (NEW.n - 2));
		    EXCEPTION WHEN division_by_zero THEN NULL;
		    END;
		    INSERT INTO %1$s (n) VALUES (-1);
		  END IF;
		  RETURN NULL;
		END $$;
		CREATE CONSTRAINT TRIGGER late AFTER INSERT ON %1$s DEFERRABLE INITIALLY DEFERRED
		  FOR EACH ROW EXECUTE FUNCTION late_%1$s();
		BEGIN; INSERT INTO %1$s (n) VALUES (2), (2); COMMIT;
		DROP TRIGGER late ON %1$s} ],
	[ 'a procedure that commits and rolls back in a loop', 50, q{
		CREATE OR REPLACE PROCEDURE loop_%1$s() LANGUAGE plpgsql AS $$
		BEGIN
		  FOR i IN 1 .. 20 LOOP
		    INSERT INTO %1$s (n) SELECT i FROM generate_series(1, 5);
		    IF i %% 2 = 0 THEN COMMIT; ELSE ROLLBACK; END IF;
		  END LOOP;
		END $$;
		CALL loop_%1$s()} ],
	[ 'a cursor WITH HOLD', 10, q{
		CREATE OR REPLACE FUNCTION keep_%1$s(k int) RETURNS void LANGUAGE plpgsql AS $$
		DECLARE c refcursor := 'c'; found_id bigint;
		BEGIN
		  FOR i IN 1 .. k LOOP
		    FETCH c INTO found_id;
		    EXIT WHEN NOT FOUND;
		    INSERT INTO %1$s (id) VALUES (found_id);
		  END LOOP;
		END $$;
		BEGIN;
		DECLARE c NO SCROLL CURSOR WITH HOLD FOR SELECT detid.next_id('%1$s_id') AS id FROM generate_series(1, 10);
		SELECT keep_%1$s(3);
		COMMIT;
		SELECT keep_%1$s(100)} ],
	[ 'a cursor WITH HOLD over next_ids', 10, q{BEGIN;
		DECLARE c NO SCROLL CURSOR WITH HOLD FOR SELECT detid.next_ids('%1$s_id', 10) AS id;
		SELECT keep_%1$s(3);
		COMMIT;
		SELECT keep_%1$s(100)} ],
	[ 'a cursor over next_ids that begins in a savepoint which is rolled back', 9, q{BEGIN;
		DECLARE c NO SCROLL CURSOR FOR SELECT detid.next_ids('%1$s_id', 10) AS id;
		SAVEPOINT s; SELECT keep_%1$s(1); ROLLBACK TO s;
		SELECT keep_%1$s(100);
		COMMIT} ],
	[ 'a writable CTE and RETURNING', 6, q{WITH a AS (INSERT INTO %1$s (n) VALUES (1), (2), (3) RETURNING n)
		INSERT INTO %1$s (n) SELECT n FROM a} ],
	[ 'INSERT ... ON CONFLICT DO NOTHING without a conflict', 2, q{INSERT INTO %1$s (n) VALUES (1), (2) ON CONFLICT DO NOTHING} ],
	[ 'CREATE TABLE AS', 100, q{CREATE TABLE made_%1$s AS SELECT detid.next_id('%1$s_id') id FROM generate_series(1, 100);
		INSERT INTO %1$s (id) SELECT id FROM made_%1$s; DROP TABLE made_%1$s} ],
	[ 'SERIALIZABLE', 10, q{BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT count(*) FROM %1$s \g /dev/null
		INSERT INTO %1$s (n) SELECT generate_series(1, 10); COMMIT} ],
	[ 'another role in the middle', 3, q{BEGIN; INSERT INTO %1$s DEFAULT VALUES;
		CREATE ROLE passing; GRANT USAGE ON SEQUENCE %1$s_id TO passing; GRANT INSERT ON %1$s TO passing;
		SET ROLE passing; INSERT INTO %1$s DEFAULT VALUES; RESET ROLE; INSERT INTO %1$s DEFAULT VALUES;
		DROP OWNED BY passing; DROP ROLE passing; COMMIT} ],
	[ 'tags that come and go', 4, q{BEGIN; SET LOCAL detid.tag = 'a'; INSERT INTO %1$s DEFAULT VALUES;
		SAVEPOINT s; SET LOCAL detid.tag = 'b'; INSERT INTO %1$s DEFAULT VALUES; RELEASE s; INSERT INTO %1$s DEFAULT VALUES;
		SET LOCAL detid.tag = ''; INSERT INTO %1$s DEFAULT VALUES; COMMIT} ],
	[ 'two generators in turn', 500, q{BEGIN;
		INSERT INTO %1$s (n) SELECT length(detid.next_uuid()::text) FROM generate_series(1, 500); COMMIT} ],
	[ 'a million rows in one INSERT ... SELECT', 1000000, q{INSERT INTO %1$s (n) SELECT generate_series(1, 1000000)} ],
);
for my $audit (@audits)
{
	my $file = $node->basedir . "/$audit.copy";
	for my $way (@ways)
	{
		my ($name, $rows, $sql) = @$way;
		begin_with_nothing($audit);
		run_sql($node, sprintf($sql, $audit, $file));
		agrees($audit, $rows, $name);
	}
	begin_with_nothing($audit);
}

# What the entries say: one a run, cut where role, tag or savepoint change.
$node->safe_psql('postgres', q{
	SET detid.tag = 'load';
	INSERT INTO range (n) SELECT generate_series(1, 100);
	BEGIN; INSERT INTO each (n) VALUES (1), (2); SET LOCAL detid.tag = 'other'; INSERT INTO each (n) VALUES (3); COMMIT;
	SELECT detid.next_id('each_id', 'for ann');
});
same_sql($node, q{
	SELECT count(*) < 20, sum(count), bool_and(tag = 'load' AND role = current_user AND NOT pinned AND inputs IS NULL AND session_role = current_user AND client = '[local]'),
	  count(DISTINCT xact), bool_and(first_id::bigint <= last_id::bigint)
	FROM detid.ledger WHERE generator_name = 'public.range_id';
	SELECT tag, sum(count), count(DISTINCT xact) FROM detid.ledger WHERE generator_name = 'public.each_id' AND inputs IS NULL
	GROUP BY tag ORDER BY tag;
	SELECT count, inputs, tag FROM detid.ledger WHERE inputs IS NOT NULL;
}, "t|100|t|1|t\nload|2|1\nother|1|1\n1|{\"for ann\"}|load", 'entries hold who, when and what for');
same_sql($node, q{
	BEGIN; SELECT detid.next_id('range_id') > 0; SELECT pg_current_xact_id() AS now \gset
	COMMIT;
	SELECT xact = :'now' FROM detid.ledger ORDER BY entry DESC LIMIT 1;
}, "t\nt", 'and the transaction that minted');

# Two-phase commit, over a restart.
begin_with_nothing($_) for @audits;
for my $audit (@audits)
{
	$node->safe_psql('postgres', qq{
		BEGIN; INSERT INTO $audit (n) SELECT generate_series(1, 10);
		SAVEPOINT a; INSERT INTO $audit (n) SELECT generate_series(1, 10); ROLLBACK TO a;
		PREPARE TRANSACTION 'stays_$audit';
		BEGIN; INSERT INTO $audit (n) SELECT generate_series(1, 7); PREPARE TRANSACTION 'goes_$audit';
		BEGIN; INSERT INTO $audit (n) SELECT generate_series(1, 3); COMMIT;
	});
	agrees($audit, 3, 'prepared transactions are not there yet');
}
$node->stop('immediate');
$node->start;
for my $audit (@audits)
{
	$node->safe_psql('postgres', "COMMIT PREPARED 'stays_$audit'; ROLLBACK PREPARED 'goes_$audit'");
	agrees($audit, 13, 'COMMIT PREPARED and ROLLBACK PREPARED after a crash');
	$node->safe_psql('postgres', "INSERT INTO $audit (n) SELECT generate_series(1, 7)");
	agrees($audit, 20, 'and on from there');
}

# A serialization failure takes its entries along.
begin_with_nothing('each');
my @pair = (session($node), session($node));
$_->query('BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT count(*) FROM each') for @pair;
$_->query('INSERT INTO each (n) SELECT count(*) FROM each') for @pair;
$pair[0]->query('COMMIT');
like(($pair[1]->try('COMMIT'))[1], qr/40001/, 'one of two serializable transactions fails');
$_->quit for @pair;
agrees('each', 1, 'and leaves nothing in the ledger');

# Killed in the middle, after early writes.
begin_with_nothing('range');
my $victim = session($node);
$victim->query('BEGIN; INSERT INTO range (n) SELECT generate_series(1, 90000)');
my $pid = $victim->query('SELECT pg_backend_pid()');
$node->safe_psql('postgres', "SELECT pg_terminate_backend($pid)");
$victim->quit;
$node->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_stat_activity WHERE pid = $pid");
agrees('range', 0, 'a session that was terminated leaves nothing');

# A statement that was cancelled.
my (undef, $cancelled) = run_sql($node,
	"SET statement_timeout = '200ms'; INSERT INTO range (n) SELECT generate_series(1, 100000000)");
like($cancelled, qr/57014/, 'a statement is cancelled while it mints');
agrees('range', 0, 'and leaves nothing');

# set_audit.
$node->safe_psql('postgres', q{
	SELECT detid.set_audit('range_id', 'off');
	INSERT INTO range (n) SELECT generate_series(1, 10);
});
same_sql($node, 'SELECT count(*) FROM detid.ledger WHERE generator_name = $$public.range_id$$', '0',
	'audit off: nothing is recorded');
my $session = session($node);
$session->query('TRUNCATE range; INSERT INTO range DEFAULT VALUES; TRUNCATE range');
$node->safe_psql('postgres', q{SELECT detid.set_audit('range_id', 'range')});
$session->query('INSERT INTO range (n) SELECT generate_series(1, 10)');
agrees('range', 10, 'set_audit takes effect in sessions that have minted');
$session->quit;

# The ledger is append-only, and the owner's.
my $append_only = qr/append-only.*HINT:.*prune_ledger/s;
for my $change (
	q{UPDATE detid._ledger SET tag = 'x'},
	q{UPDATE detid._ledger SET tag = 'x' WHERE false},
	q{DELETE FROM detid._ledger},
	q{TRUNCATE detid._ledger},
	q{UPDATE detid._contexts SET role = 'x'},
	q{DELETE FROM detid._contexts},
	q{TRUNCATE detid._contexts})
{
	fails_with($node, $change, '42501', $append_only, "refused even to a superuser: $change");
}
$node->safe_psql('postgres', q{
	CREATE ROLE reader LOGIN;
	GRANT USAGE ON SEQUENCE range_id TO reader;
	GRANT INSERT ON range TO reader;
});
for my $sql (
	'SELECT * FROM detid.ledger',
	'SELECT * FROM detid._ledger',
	'SELECT * FROM detid._contexts',
	q{SELECT detid.prune_ledger('2900-01-01')},
	'SELECT * FROM detid.replay()',
	'SELECT * FROM detid.verify_replay()',
	'INSERT INTO detid._ledger (node) VALUES (1)',
	'DELETE FROM detid._ledger',
	'TRUNCATE detid._ledger')
{
	fails_with($node, $sql, '42501', qr/permission denied/, "refused to others: $sql",
		extra_params => [ '-U', 'reader' ]);
}
same_sql($node, 'INSERT INTO range DEFAULT VALUES', '', 'who may not read the ledger mints all the same',
	extra_params => [ '-U', 'reader' ]);
same_sql($node, q{SELECT role FROM detid.ledger ORDER BY entry DESC LIMIT 1}, 'reader', 'and is recorded');

# prune_ledger.
$node->safe_psql('postgres', 'INSERT INTO range DEFAULT VALUES') for 1 .. 3;
my $all = $node->safe_psql('postgres', 'SELECT count(*) FROM detid.ledger');
cmp_ok($all, '>', 3, 'there is something to prune');
same_sql($node, q{
	SELECT detid.prune_ledger(now() - interval '1 day');
	SELECT detid.prune_ledger('2900-01-01', 2);
	SELECT count(*) FROM detid.ledger;
	SELECT detid.prune_ledger('2900-01-01');
	SELECT count(*) FROM detid.ledger;
	SELECT detid.prune_ledger(NULL) IS NULL;
}, join("\n", 0, 2, $all - 2, $all - 2, 0, 't'), 'prune_ledger, in a batch and as a whole');
fails_with($node, q{SELECT detid.prune_ledger('infinity')}, '22023', qr/infinite/, 'prune_ledger(infinity)');
fails_with($node, q{SELECT detid.prune_ledger(now(), 0)}, '22023', qr/max_rows/, 'prune_ledger of no rows');
fails_with($node, q{SELECT detid.prune_ledger('2900-01-01'); DELETE FROM detid._ledger}, '42501', $append_only,
	'after prune_ledger it is append-only as before');
fails_with($node, q{BEGIN; SAVEPOINT s; SELECT detid.prune_ledger('infinity'); ROLLBACK TO s; DELETE FROM detid._ledger},
	'(22023|42501)', qr/./, 'also after a prune that failed');
$node->safe_psql('postgres', q{CREATE ROLE janitor LOGIN; GRANT EXECUTE ON FUNCTION detid.prune_ledger TO janitor});
same_sql($node, q{SELECT detid.prune_ledger('2900-01-01') >= 0}, 't', 'a role that was granted it may prune',
	extra_params => [ '-U', 'janitor' ]);

# Memory stays bounded in one long transaction: the extension's, the backend's, and at its peak.
use constant MEGABYTE => 1048576;
my $memory = sprintf q{SELECT coalesce(sum(total_bytes) FILTER (WHERE name LIKE 'pg_detid%%'), 0) / %1$d < 50,
	sum(total_bytes) / %1$d < 50 FROM pg_backend_memory_contexts}, MEGABYTE;

# Address space of a process in kB, where the system tells.
sub address_space
{
	my ($process, $what) = @_;
	open my $status, '<', "/proc/$process/status" or return;
	my ($kb) = map { /^$what:\s+(\d+)/ ? $1 : () } <$status>;
	return $kb;
}

$node->safe_psql('postgres', q{
	CREATE FUNCTION mint_all(g regclass, calls int, per_call int) RETURNS bigint LANGUAGE plpgsql AS $$
	DECLARE minted bigint := 0; n bigint;
	BEGIN
	  FOR i IN 1 .. calls LOOP
	    SELECT count(*) INTO n FROM detid.next_ids(g, per_call);
	    minted := minted + n;
	  END LOOP;
	  RETURN minted;
	END $$;
	SELECT detid.create_generator('quick', 'time:41@1ms sequence:22');
	SELECT detid.create_generator('quick_each', 'time:41@1ms sequence:22', audit => 'each');
});
for my $how (
	[ 'next_ids of a million, ten times', 'quick', 10000000, q{SELECT mint_all('quick', 10, 1000000)} ],
	[ 'next_id ten million times', 'quick', 10000000, q{SELECT count(detid.next_id('quick')) FROM generate_series(1, 10000000)} ],
	[ 'next_id a million times, each recorded', 'quick_each', 1000000, q{SELECT count(detid.next_id('quick_each')) FROM generate_series(1, 1000000)} ],
	[ 'next_id a million times with an input', 'quick_each', 1000000, q{SELECT count(detid.next_id('quick_each', 'input ' || i)) FROM generate_series(1, 1000000) i} ])
{
	my ($name, $generator, $count, $sql) = @$how;
	$node->safe_psql('postgres', q{SELECT detid.prune_ledger('2900-01-01')});
	my $minting = session($node);
	my $process = $minting->query('SET jit = off; SELECT pg_backend_pid()');
	$minting->query("SELECT detid.next_id('$generator'); SELECT detid.last_id('$generator'); $memory");
	my $before = address_space($process, 'VmSize');
	$minting->query('BEGIN');
	is($minting->query($sql), $count, "$name: all minted");
	is($minting->query($memory), 't|t', "$name: memory stays bounded");
	my $peak = address_space($process, 'VmPeak');
	cmp_ok($peak - $before, '<', 50 * 1024, "$name: also at its peak") if defined $peak;
	$minting->query('COMMIT');
	$minting->quit;
	same_sql($node, "SELECT ids, mismatches, unverified FROM detid.verify_replay('$generator')",
		$count + 1 . '|0|0', "$name: all are in the ledger");
}

$node->stop;
done_testing();
