# SPDX-License-Identifier: PostgreSQL
#
# What becomes of ids whose transaction is not simply committed: crashes while it is open, commits
# that are not waited for, two-phase commit across a restart, savepoints, cursors, and mints that
# fail while they raise the horizon. An id that anybody has received is never minted again; the
# ledger holds those that were committed.

use strict;
use warnings FATAL => 'all';

use FindBin;
use lib $FindBin::RealBin;
use Detid;
use Journal;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);

# The window is small: horizons are raised all the time.
my $node = new_node('transactions', conf => "max_prepared_transactions = 10\ndetid.horizon_window = 100ms\n");
my $setup = q{
	SELECT detid.create_generator('lease', 'snowflake');
	SELECT detid.create_generator('wide', 'uuid7', audit => 'each');
	SELECT detid.create_generator('node_order', 'snowflake', ordering => 'node', audit => 'each');
	SELECT detid.create_generator('second', 'time:32@1s node:8 sequence:20');
	SELECT detid.create_generator('burst', 'time:41@1ms node:10 sequence:4', audit => 'off');
	SELECT detid.create_generator('row_id', audit => 'each');
	CREATE TABLE kept (id bigint DEFAULT detid.next_id('row_id') PRIMARY KEY, what text);
};
$node->safe_psql('postgres', $setup);
my @generators = qw(lease wide node_order second);
my @minting = (generators => \@generators, inserts => { row_id => 'kept' });

# Some ids at once after a start.
sub first_ids
{
	my ($journal, $on) = @_;
	$on //= $node;
	for my $g (qw(lease node_order second burst row_id))
	{
		$journal->add($g, lines($on->safe_psql('postgres', "SELECT detid.next_ids('$g', 50)")));
	}
	return;
}

sub crash
{
	$node->stop('immediate');
	$node->start;
	return;
}

# The ledger has the ids of all rows, and those of no others.
sub ledger_agrees
{
	my ($on, $name) = @_;
	same_sql($on, q{
		SELECT count(*) FROM kept WHERE id::text NOT IN
		  (SELECT regenerated FROM detid.replay('row_id') WHERE matches);
		SELECT coalesce(sum(mismatches), 0), coalesce(sum(unverified), 0) FROM detid.verify_replay()},
		"0\n0|0", $name);
	return;
}

# A crash while transactions are open, and commits that were not waited for.
my $journal = journal();
for my $round (1 .. 3)
{
	my $clients = $journal->start($node, @minting, clients => 6,
		options => '-c synchronous_commit=off');
	my $open = session($node);
	$open->query('BEGIN');
	for my $g (qw(lease node_order second burst row_id))
	{
		$journal->add($g, lines($open->query("SELECT detid.next_ids('$g', 100)")));
		$journal->add($g, $open->query("SELECT detid.next_id('$g')"));
	}
	# This backend alone has written these, and nobody but the horizon's raise flushes them.
	$journal->add('row_id', lines($open->query(
		q{INSERT INTO kept (what) SELECT 'open' FROM generate_series(1, 100) RETURNING id})));
	$journal->wait_for_all($clients);
	$node->stop('immediate');
	$journal->stop($clients);
	$open->quit;
	$node->start;
	first_ids($journal);
	same_sql($node, q{SELECT count(*) FROM kept WHERE what = 'open'}, '0', "round $round: what was open is gone");
}
$journal->check('an open transaction and synchronous_commit = off');
ledger_agrees($node, 'the ledger holds what has survived');

# Rollback, savepoints, cursors.
$journal = journal();
my $session = session($node);
my $ids = sub {
	my ($g, $sql) = @_;
	my @ids = lines($session->query($sql));
	$journal->add($g, @ids);
	return @ids;
};
$session->query('BEGIN');
$ids->(row_id => "INSERT INTO kept (what) VALUES ('rolled back') RETURNING id");
$ids->(node_order => "SELECT detid.next_ids('node_order', 10)");
$session->query('ROLLBACK');
$session->query('BEGIN');
$ids->(row_id => "INSERT INTO kept (what) VALUES ('saved') RETURNING id");
$session->query('SAVEPOINT a');
$ids->(row_id => "INSERT INTO kept (what) SELECT 'undone' FROM generate_series(1, 3000) RETURNING id");
$session->query('ROLLBACK TO a');
$ids->(row_id => "INSERT INTO kept (what) VALUES ('saved') RETURNING id");
# A cursor mints as it is read, and once more at commit if it is WITH HOLD.
$session->query(q{DECLARE c CURSOR WITH HOLD FOR SELECT detid.next_id('node_order') FROM generate_series(1, 100)});
$session->query(q{DECLARE d CURSOR FOR SELECT detid.next_id('node_order') FROM generate_series(1, 100)});
for (1 .. 3)
{
	$ids->(node_order => 'FETCH 5 FROM c');
	$ids->(node_order => 'FETCH 5 FROM d');
	$ids->(node_order => "SELECT detid.next_id('node_order')");
}
$session->query('COMMIT');
# In the order in which they were minted, which is not the one in which they are received.
my @held = lines($session->query('FETCH 50 FROM c'));
my @now = lines($session->query("SELECT detid.next_ids('node_order', 10)"));
push @held, lines($session->query('FETCH ALL FROM c'));
$journal->add('node_order', @held, @now);
is(scalar(@held), 85, 'a held cursor has its ids');
is($held[-1] < $now[0], 1, 'minted at commit');
crash();
first_ids($journal);
$journal->check('rollback, savepoints, cursors');
same_sql($node, q{SELECT what, count(*) FROM kept WHERE what IN ('rolled back', 'saved', 'undone') GROUP BY 1},
	'saved|2', 'what was rolled back is gone');
ledger_agrees($node, 'and the ledger holds the rest');
same_sql($node, 'SELECT count(*) FROM detid.replay(\'node_order\') WHERE matches AND regenerated IN (\''
	. join("','", @held) . "')", '85', "the cursors' too");

# PREPARE TRANSACTION, a crash, COMMIT PREPARED.
$journal = journal();
$session = session($node);
for my $g (qw(committed aborted))
{
	$session->query('BEGIN');
	$ids->(row_id => "INSERT INTO kept (what) SELECT '$g' FROM generate_series(1, 200) RETURNING id");
	$ids->(wide => "SELECT detid.next_uuids('wide', 100)");
	$session->query("PREPARE TRANSACTION '$g'");
}
my $clients = $journal->start($node, @minting, clients => 4);
$journal->wait_for_all($clients);
$node->stop('immediate');
$journal->stop($clients);
$session->quit;
$node->start;
first_ids($journal);
$node->safe_psql('postgres', q{COMMIT PREPARED 'committed'});
$node->safe_psql('postgres', q{ROLLBACK PREPARED 'aborted'});
crash();
first_ids($journal);
$journal->check('two-phase commit across a crash');
same_sql($node, q{SELECT what, count(*) FROM kept WHERE what IN ('committed', 'aborted') GROUP BY 1},
	'committed|200', 'what was prepared is there after the crash');
ledger_agrees($node, 'and the ledger holds it');

# Mints that are cancelled, or cannot raise the horizon.
$journal = journal();
$clients = $journal->start($node, @minting, clients => 4, reconnect => 1);
my $storm = $journal->start($node, @minting, clients => 3, options => '-c statement_timeout=3ms');
my $cancelling = session($node);
for my $round (1 .. 4)
{
	$journal->wait_for_all($clients);
	my $lock = session($node);
	$lock->query('BEGIN; LOCK TABLE detid._horizon');
	# The window is used up, and all wait; not for ever.
	$node->poll_query_until('postgres', q{SELECT count(*) >= 4 FROM pg_locks WHERE NOT granted})
	  or die 'nobody waits';
	if ($round % 2)
	{
		$node->safe_psql('postgres', q{
			SELECT pg_cancel_backend(pid) FROM pg_locks WHERE NOT granted AND relation = 'detid._horizon'::regclass});
	}
	$lock->query('COMMIT');
	$lock->quit;
	# At whatever they do.
	for (1 .. 20)
	{
		$cancelling->query(q{
			SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity
			WHERE query LIKE '%detid%' AND pid <> pg_backend_pid() AND state = 'active'});
		sleep(0.005);
	}
}
$cancelling->quit;
$journal->wait_for_all($clients);
crash();
$journal->stop($storm);
$journal->wait_for_all($clients);
$journal->stop($clients);
like($journal->errors($clients), qr/57014: canceling statement due to user request/, 'some were cancelled');
like($journal->errors($storm), qr/57014: canceling statement due to statement timeout/, 'some ran out of time');
is(join("\n", grep { /ERROR: / && !/57014/ } lines($journal->errors($clients) . $journal->errors($storm))), '',
	'and nothing else went wrong');
first_ids($journal);
$journal->check('mints that are cancelled while raising the horizon');
# Nobody but the minting backend puts the horizon on disk: the WAL writer is stopped, until it is
# killed and all that was not flushed is lost. The ids are ahead of the clock, and dense.
$node->append_conf('postgresql.conf', "detid.max_ahead = 10s\nrestart_after_crash = on\n");
$node->restart;
$journal = journal();
for my $round (1 .. 3)
{
	my $writer = q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'walwriter'};
	$node->poll_query_until('postgres', "SELECT EXISTS ($writer)") or die 'no WAL writer';
	$writer = $node->safe_psql('postgres', $writer);
	kill('STOP', $writer);
	# The first of this incarnation, and then more than the window holds, again and again.
	$session = session($node);
	$journal->add('node_order', $session->query("SELECT detid.next_id('node_order')"));
	for (1 .. 10)
	{
		$journal->add('burst', lines($session->query("SELECT detid.next_ids('burst', 5000)")));
		$journal->add('burst', lines($session->query("SELECT detid.next_id('burst') FROM generate_series(1, 2000)")));
	}
	my $at = -s $node->logfile;
	kill('KILL', $writer);
	$node->wait_for_log(qr/was terminated by signal 9/, $at);
	$session->quit;
	$node->poll_query_until('postgres', 'SELECT 1', '1');
	$journal->add('burst', lines($node->safe_psql('postgres', "SELECT detid.next_ids('burst', 5000)")));
}
$journal->check('nobody else flushes the WAL');
$node->stop;

# Without WAL for what a transaction creates: no id before the horizon itself is safe.
$node = new_node('minimal', extension => 0,
	conf => "wal_level = minimal\nmax_wal_senders = 0\ndetid.horizon_window = 100ms\n");
fails_with($node, 'BEGIN; CREATE EXTENSION pg_detid; SELECT detid.next_id();', '55000', qr/made|durable/,
	'no id in the transaction that creates the horizon');
$node->safe_psql('postgres', 'CREATE EXTENSION pg_detid');
$journal = journal();
# The first mint of an idle database, whose horizon nobody has raised, and a crash right after it.
for (1 .. 3)
{
	$journal->add('detid.default_id', $node->safe_psql('postgres', 'SELECT detid.next_id()'));
	crash();
}
$node->safe_psql('postgres', $setup);
for my $round (1 .. 3)
{
	$clients = $journal->start($node, @minting, clients => 6);
	$journal->wait_for_all($clients);
	$node->stop('immediate');
	$journal->stop($clients);
	$node->start;
	first_ids($journal);
}
$journal->check('wal_level = minimal');
ledger_agrees($node, 'the ledger holds what has survived');

$node->stop;
done_testing();
