# SPDX-License-Identifier: PostgreSQL
#
# A standby takes over while 16 clients mint. It is behind: the last ids of the dead primary are
# not in its WAL, nor is a horizon above them. What it mints, its clients never received before.

use strict;
use warnings FATAL => 'all';

use File::Copy qw(copy);
use File::Path qw(rmtree);
use FindBin;
use lib $FindBin::RealBin;
use Detid;
use FakeTime;
use Journal;
use List::Util qw(max maxstr);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

# So that the primary is soon above the standby's horizon.
use constant { WINDOW => 1 };

my ($journal, $clients, $crowd);
my %clock;    # name of the node => its clock

# A primary, started, its clock right.
sub new_primary
{
	my ($name, $conf) = @_;
	my $node = new_node($name, init => { allows_streaming => 1 },
		conf => "max_connections = 50\nwal_keep_size = 1GB\ndetid.horizon_window = '${\ WINDOW}s'\n$conf");
	create_generators($node);
	$node->stop;
	start($node, 0);
	$journal = journal();
	return $node;
}

# Starts a stopped node with its clock at this offset.
sub start
{
	my ($node, $seconds) = @_;
	my $clock = $clock{ $node->name } //= fake_clock($node);
	$clock->set($seconds);
	$clock->start;
	return;
}

# --- Standbys ----------------------------------------------------------------------------------

my $backups = 0;

# Makes $node a standby of $primary from a fresh backup.
sub standby_by_backup
{
	my ($node, $primary, $seconds, $conf) = @_;
	my $backup = 'backup_' . ++$backups;
	$primary->backup($backup);
	rmtree($node->data_dir);
	$node->init_from_backup($primary, $backup, has_streaming => 1);
	$node->append_conf('postgresql.conf', $conf) if defined $conf;
	start($node, $seconds);
	$primary->wait_for_catchup($node);
	return;
}

# Makes the dead primary $node a standby of the one that took over.
sub standby_by_rewind
{
	my ($node, $primary, $seconds, $name) = @_;
	my $conf = $node->data_dir . '/postgresql.conf';
	copy($conf, $node->basedir . '/postgresql.conf') or die $!;
	$primary->safe_psql('postgres', 'CHECKPOINT');    # or the source is still of the old timeline
	command_ok([ 'pg_rewind', '--target-pgdata', $node->data_dir, '--source-server',
			$primary->connstr('postgres'), '--no-sync' ],
		"$name: pg_rewind");
	copy($node->basedir . '/postgresql.conf', $conf) or die $!;
	$node->enable_streaming($primary);
	start($node, $seconds);
	$primary->wait_for_catchup($node);
	return;
}

# --- Clients -----------------------------------------------------------------------------------

sub start_clients
{
	my ($node, $name) = @_;
	$clients = $journal->start($node, clients => 14, generators => [qw(lease node_order wide second)],
		inserts => { row_id => 'kept' });
	$crowd = $journal->start($node, clients => 2, generators => ['few']);
	$journal->wait_for_all($_) for $clients, $crowd;
	pass("$name: 16 clients mint");
	return;
}

sub stop_clients { $journal->stop($_) for $clients, $crowd; return; }

my %highest;    # generator => highest id that was received

sub remember_highest
{
	$highest{$_} = max(lines(slurp_file($journal->file($_)))) for qw(lease node_order second few row_id);
	$highest{wide} = maxstr(lines(slurp_file($journal->file('wide'))));
	return;
}

# --- Failover ----------------------------------------------------------------------------------

# Microseconds of what an SQL expression of type timestamptz says.
sub us_of
{
	my ($node, $time) = @_;
	return $node->safe_psql('postgres', "SELECT (extract(epoch FROM $time) * 1000000)::bigint");
}

# While clients mint on the primary, the standby is cut off; once the primary mints ids that are
# this far above the standby's horizon, it dies, and the standby is promoted. Returns the
# standby's horizon and the time of the highest id that was received, in microseconds.
sub fail_over
{
	my ($primary, $standby, $seconds_above, $name) = @_;
	start_clients($primary, "$name: before");
	my $cut_at = time;
	$standby->append_conf('postgresql.conf', "primary_conninfo = ''\n");
	$standby->reload;
	$primary->poll_query_until('postgres', 'SELECT count(*) = 0 FROM pg_stat_replication') or die;
	$standby->poll_query_until('postgres',
		'SELECT pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn()') or die;
	my $received = $standby->safe_psql('postgres', 'SELECT pg_last_wal_receive_lsn()');
	my $horizon = $standby->safe_psql('postgres', 'SELECT horizon FROM detid._horizon');
	my $wanted = $horizon + 1_000_000 * $seconds_above;
	my $session = session($primary);
	my $mint;
	do
	{
		sleep(0.02);
		my $id = $session->query("SELECT detid.next_id('lease')");
		$journal->add('lease', $id);
		$mint = $session->query("SELECT (extract(epoch FROM detid.minted_at($id, 'lease')) * 1000000)::bigint");
	} while $mint <= $wanted && time < $cut_at + 60;
	$journal->wait_for_all($_) for $clients, $crowd;
	my $flushed = $session->query("SELECT pg_current_wal_flush_lsn() > '$received'");
	$primary->stop('immediate');
	my $lag = time - $cut_at;
	$session->quit;
	stop_clients();
	remember_highest();
	is($flushed, 't', "$name: the primary's last WAL is not the standby's");
	my $last = us_of($standby, "detid.minted_at($highest{lease}, 'lease')");
	cmp_ok($last, '>', $wanted, "$name: its last ids are above the standby's horizon")
	  or diag("the primary's clock or the machine is too slow");
	note(sprintf '%s: lag %.1f s, ids up to %.1f s above the standby\'s horizon', $name, $lag,
		($last - $horizon) / 1_000_000);
	$standby->promote;
	return ($horizon, $last);
}

# The first ids are above all that were received before.
sub goes_on_above
{
	my ($node, $name) = @_;
	my $session = session($node);
	for my $generator (qw(lease node_order second few row_id))
	{
		my $first = $session->query("SELECT detid.next_id('$generator')");
		cmp_ok($first, '>', $highest{$generator}, "$name: $generator goes on above what was minted before");
		$journal->add($generator, $first);
	}
	my $first = $session->query("SELECT detid.next_uuid('wide')");
	cmp_ok($first, 'gt', $highest{wide}, "$name: wide goes on above what was minted before");
	$journal->add('wide', $first);
	$session->quit;
	return;
}

# 16 clients mint on the new primary, for as long as the lost ids span.
sub mint_on
{
	my ($node, $seconds, $name) = @_;
	start_clients($node, "$name: afterwards");
	my $until = us_of($node, 'clock_timestamp()') + 1_000_000 * $seconds;
	$node->poll_query_until('postgres',
		"SELECT extract(epoch FROM clock_timestamp()) * 1000000 >= $until") or die;
	is($journal->errors($clients) . $journal->errors($crowd), '', "$name: no client receives an error");
	stop_clients();
	return;
}

# The server that minted last was on the timeline before.
sub says_promoted
{
	my ($node, $timeline, $guard_ms, $name) = @_;
	my $before = $timeline - 1;
	like(slurp_file($node->logfile),
		qr/mints on timeline $timeline, after timeline $before: node time starts $guard_ms ms above/,
		"$name: the log says that it was promoted");
	same_sql($node, q{SELECT ready, promoted_at IS NOT NULL, copy_suspected FROM detid.node_status}, 't|t|f',
		"$name: so does detid.node_status");
	return;
}

my $ids = 0;

sub check_journal
{
	my ($name, %options) = @_;
	my $before = $ids;
	$ids = $journal->check($name, %options);
	note("of these since the fault before: " . ($ids - $before));
	return;
}

# --- One node id for both, A to B to A to B ----------------------------------------------------

my $a = new_primary('alpha', '');
my $b = PostgreSQL::Test::Cluster->new('beta');

my $name = 'standby behind and its clock 3 s back; restart before the first mint';
standby_by_backup($b, $a, -3);
fail_over($a, $b, 0.5, $name);
$b->stop;
start($b, -3);
goes_on_above($b, $name);
says_promoted($b, 2, 10000, $name);
mint_on($b, 2, $name);
check_journal($name);

$name = 'and back, the old primary rebuilt by pg_rewind';
standby_by_rewind($a, $b, 0, $name);
fail_over($b, $a, 0.5, $name);
goes_on_above($a, $name);
says_promoted($a, 3, 10000, $name);
mint_on($a, 2, $name);
check_journal($name);

$name = 'and forth, rebuilt by pg_basebackup; crash before the first mint';
standby_by_backup($b, $a, -3);
fail_over($a, $b, 0.5, $name);
$b->stop('immediate');
start($b, -3);
goes_on_above($b, $name);
says_promoted($b, 4, 10000, $name);
mint_on($b, 2, $name);
check_journal($name);

# It started above the guard once. Who minted last is the same from here on.
$name = 'restart of the promoted';
my $at = -s $b->logfile;
$b->stop;
start($b, -3);
remember_highest();
goes_on_above($b, $name);
unlike(slurp_file($b->logfile, $at), qr/node time starts \d+ ms above/, "$name: it has been minting here");
$b->stop;

# --- Lag over the guard, clock right -----------------------------------------------------------

$ids = 0;
$name = 'standby behind by more than detid.failover_guard, its clock right';
my $c = new_primary('gamma', "detid.failover_guard = '2s'\n");
my $d = PostgreSQL::Test::Cluster->new('delta');
standby_by_backup($d, $c, 0);
fail_over($c, $d, 3, $name);
goes_on_above($d, $name);
says_promoted($d, 2, 2000, $name);
mint_on($d, 2, $name);
check_journal($name);

# --- Each member with its own node id ----------------------------------------------------------

# Without a guard, and with a clock that is behind, the same ticks are used again.
# So far that a failover on a busy machine takes less.
$name = 'standby with its own node id, behind, its clock 30 s back, no guard';
$d->append_conf('postgresql.conf', "detid.node_id = 8\ndetid.failover_guard = 0\n");
$d->reload;
standby_by_backup($c, $d, -30, "detid.node_id = 9\n");
my ($horizon, $last) = fail_over($d, $c, 2, $name);
my $first = $c->safe_psql('postgres', "SELECT detid.next_id('lease')");
$journal->add('lease', $first);
cmp_ok(us_of($c, "detid.minted_at($first, 'lease')"), '<', $last,
	"$name: it mints in ticks in which the primary did");
mint_on($c, 3, $name);
same_sql($c, "SELECT detid.node_of($first, 'lease'), detid.node_of($highest{lease}, 'lease')", '9|8',
	"$name: under its own node id");
# The ids of two nodes are not in each other's order.
check_journal($name, order => 0);
$c->stop;

done_testing();
