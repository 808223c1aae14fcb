# SPDX-License-Identifier: PostgreSQL
#
# Six nodes and a coordinator with a standby, each a server of its own, minting all the time and
# replicated into one collector with a unique key, while everything happens that may: coordinators
# die and fail over, nodes are cut off, stopped and killed, numbers go to others, clocks are apart
# and step, a standby is promoted while its primary lives, a clone is started. Nowhere is an id
# twice.

use strict;
use warnings FATAL => 'all';

use FindBin;
use lib $FindBin::RealBin;
use Detid;
use FakeTime;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Registry;
use Test::More;
use Time::HiRes qw(sleep time);

my $begin = time();
sub note_fault { note(sprintf '%5.1f s: %s', time() - $begin, $_[0]); return; }

# --- The coordinator and its standby, which is synchronous ---

my $c1 = coordinator('c1', init => { allows_streaming => 1 }, conf => "detid.quarantine = 60s\nmax_connections = 60\n");
$c1->backup('b');
my $c2 = PostgreSQL::Test::Cluster->new('c2');
$c2->init_from_backup($c1, 'b', has_streaming => 1);
$c2->append_conf('postgresql.conf', 'detid.quarantine = 0');
$c2->start;
$c1->append_conf('postgresql.conf', "synchronous_standby_names = 'c2'\n");
$c1->reload;
$c1->poll_query_until('postgres', q{SELECT sync_state = 'sync' FROM pg_stat_replication}) or die;
my $both = sprintf 'host=%s,%s port=%d,%d dbname=postgres target_session_attrs=read-write connect_timeout=2',
  $c1->host, $c2->host, $c1->port, $c2->port;

# --- Nodes ---

my $conf = "wal_level = logical\nmax_wal_senders = 10\nmax_replication_slots = 10\nautovacuum = off\n";
my %node;     # by name
my %clock;

sub make_node
{
	my ($name, $path, $mode) = @_;
	my $token = $c1->safe_psql('postgres', "CREATE ROLE n_$name LOGIN; SELECT detid.enroll_node('$path', '$mode', 'n_$name')");
	my $node = registered($c1, $path, name => $name, mode => $mode, token => $token, coordinator => "$both user=n_$name",
		conf => "$conf\ncluster_name = '$name'\n", init => { allows_streaming => 'logical' });
	$node{$name} = $node;
	$node->safe_psql('postgres', q{
		SELECT detid.create_generator('g'), detid.create_generator('loud', audit => 'off', ordering => 'node');
		CREATE TABLE t (id bigint DEFAULT detid.next_id('g') PRIMARY KEY, u uuid DEFAULT detid.next_uuid() UNIQUE,
			who text DEFAULT current_setting('cluster_name'), what uuid DEFAULT gen_random_uuid());
		CREATE PUBLICATION p FOR TABLE t, detid._ledger, detid._contexts;
	});
	return $node;
}

$c1->safe_psql('postgres', q{SELECT detid.assign_prefix('ap'), detid.assign_prefix('ap/one'), detid.assign_prefix('ap/one/only')});
make_node('a1', 'eu/a/a1', 'assigned');
make_node('a2', 'eu/a/a2', 'assigned');
make_node('l1', 'eu/pool/l1', 'leased');
make_node('l2', 'eu/pool/l2', 'leased');
make_node('l3', 'ap/one/only/l3', 'leased');

# Two have clocks two seconds apart.
for my $name (qw(a2 l2))
{
	$node{$name}->stop;
	$clock{$name} = fake_clock($node{$name});
	$clock{$name}->set($name eq 'a2' ? 1 : -1);
	$clock{$name}->start;
}

# --- The collector ---

my $collector = new_node('collector', node_id => 1000,
	conf => "max_logical_replication_workers = 20\nmax_worker_processes = 30\nmax_sync_workers_per_subscription = 1\nautovacuum = off\nfsync = off\n");
$collector->safe_psql('postgres', 'CREATE TABLE t (id bigint PRIMARY KEY, u uuid UNIQUE, who text, what uuid UNIQUE)');
sub collect
{
	my ($name) = @_;
	$collector->safe_psql('postgres', sprintf "CREATE SUBSCRIPTION s_%s CONNECTION '%s' PUBLICATION p", $name,
		$node{$name}->connstr('postgres') =~ s/'/''/gr);
	return;
}
collect($_) for sort keys %node;

# --- Clients: they insert, and mint at full speed what nobody keeps ---

my $stop = PostgreSQL::Test::Utils::tempdir() . '/stop';
my $script = PostgreSQL::Test::Utils::tempdir() . '/load.sql';
append_to_file($script, "INSERT INTO t SELECT FROM generate_series(1, 50);\nSELECT count(detid.next_id('loud')) FROM generate_series(1, 2000);\nSELECT pg_sleep(0.05);\n" x 20);
my %client;
sub start_client
{
	my ($name) = @_;
	my $connstr = $node{$name}->connstr('postgres');
	my $pid = fork() // die $!;
	if ($pid == 0)
	{
		open STDOUT, '>', '/dev/null';
		open STDERR, '>', '/dev/null';
		until (-e $stop)
		{
			system('psql', '-Xq', '-d', $connstr, '-f', $script);
			sleep 0.1;
		}
		require POSIX;
		POSIX::_exit(0);
	}
	$client{$name} = $pid;
	return;
}
start_client($_) for sort keys %node;

sub rows { return $_[0]->safe_psql('postgres', 'SELECT count(*) FROM t WHERE who = ' . "'" . $_[0]->name . "'"); }

# Rows come in at each of these nodes.
sub all_mint
{
	my ($name, @names) = @_;
	my @idle;
	for my $n (@names)
	{
		my $had = rows($node{$n});
		$node{$n}->poll_query_until('postgres', "SELECT count(*) > $had FROM t WHERE who = '$n'") or push @idle, $n;
	}
	is("@idle", '', $name);
	return;
}
my @all = sort keys %node;
all_mint('all mint', @all);

# --- Faults ---

note_fault('the coordinator is killed, and started again after half a lease');
$c1->stop('immediate');
sleep LEASE / 2;
$c1->start;
$c1->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_stat_replication WHERE sync_state = 'sync'}) or die;
all_mint('the coordinator was killed and started', @all);

for my $name (@all)
{
	note_fault("$name is cut off");
	my $leased = $name =~ /^l/;
	$c1->safe_psql('postgres', "ALTER ROLE n_$name NOLOGIN; SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'n_$name'");
	if ($leased)
	{
		ok($node{$name}->poll_query_until('postgres', 'SELECT NOT ready FROM detid.node_status'), "$name is cut off: it stops at the end of its interval");
	}
	else
	{
		sleep LEASE;
		is(sqlstate_of($node{$name}, 'SELECT detid.next_id()'), '00000', "$name is cut off: it goes on");
	}
	$c1->safe_psql('postgres', "ALTER ROLE n_$name LOGIN");
}
all_mint('partitions healed', @all);

# All processes of a server.
sub signal_server
{
	my ($node, $signal) = @_;
	my $postmaster = $node->{_pid};
	my @children = split ' ', `ps -o pid= --ppid $postmaster`;
	kill $signal, $postmaster, @children;
	return;
}
for my $name (qw(l1 a1))
{
	note_fault("$name is stopped for longer than its interval");
	signal_server($node{$name}, 'STOP');
	sleep LEASE + 2;
	signal_server($node{$name}, 'CONT');
}
note_fault('clocks step');
$clock{a2}->set(-1);
$clock{l2}->set(1);
sleep 1;
$clock{a2}->set(6);
$clock{l2}->set(-5);
all_mint('stopped and resumed, clocks stepped', @all);

# From here on numbers go to others at once.
$c1->append_conf('postgresql.conf', 'detid.quarantine = 0');
$c1->reload;

note_fault('a leased node is killed, and its number goes to another');
make_node('l4', 'ap/one/only/l4', 'leased');
collect('l4');
is(sqlstate_of($node{l4}, 'SELECT detid.next_id()'), 'DT002', 'the only number of a pool is in use');
$node{l3}->stop('immediate');
start_client('l4');
all_mint('killed: its number went to another', 'l4');
is($node{l4}->safe_psql('postgres', 'SELECT min(detid.node_of(id)) FROM t'), $node{l4}->safe_psql('postgres', q{SELECT node_id FROM detid.node_status}), 'the same number');
$node{l3}->start;
fails_with($node{l3}, 'SELECT detid.next_id()', 'DT002', qr/all numbers/, 'the one before comes back and has none');

note_fault('a standby is promoted while its primary lives');
$node{l1}->backup('standby');
my $s1 = PostgreSQL::Test::Cluster->new('s1');
$s1->init_from_backup($node{l1}, 'standby', has_streaming => 1);
$s1->append_conf('postgresql.conf', "cluster_name = 's1'\n");
$s1->start;
$node{l1}->wait_for_catchup($s1);
$node{s1} = $s1;
start_client('s1');
$s1->promote;
ok($s1->poll_query_until('postgres', q{SELECT registry_trouble LIKE '%was heard of a moment ago%' FROM detid.node_status}),
	'promoted, it waits for its primary, which lives');
all_mint('the primary goes on', 'l1');
my $claimed = time();
$s1->safe_psql('postgres', 'SELECT detid.claim_registration()');
all_mint('claimed', 's1');
fenced_within_a_heartbeat($node{l1}, 'the old primary', $claimed);

note_fault('a clone of an assigned node is started beside it');
$node{a1}->backup('clone');
my $clone = PostgreSQL::Test::Cluster->new('clone');
$clone->init_from_backup($node{a1}, 'clone');
$clone->append_conf('postgresql.conf', "cluster_name = 'clone'\n");
$clone->start;
my $cloned = time();
$node{clone} = $clone;
start_client('clone');
fenced_within_a_heartbeat($node{a1}, 'the original of a clone', $cloned);
fenced_within_a_heartbeat($clone, 'the clone', $cloned);

note_fault('the coordinator fails over');
$c1->stop('immediate');
$c2->promote;
all_mint('the coordinator failed over', qw(a2 l2 l4 s1));
sleep LEASE + 1;
all_mint('and goes on for more than a lease', qw(a2 l2 l4 s1));
same_sql($c2, q{SELECT string_agg(path, ' ' ORDER BY path) FROM detid.nodes WHERE state = 'active'},
	'ap/one/only/l4 eu/a/a2 eu/pool/l1 eu/pool/l2', 'what the new coordinator knows');

# A wait for a standby that was cancelled is no answer.
note_fault('the new coordinator waits for a standby that is not there');
$c2->append_conf('postgresql.conf', "synchronous_standby_names = 'nobody'\n");
$c2->reload;
ok($c2->poll_query_until('postgres', q{SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND usename LIKE 'n_%'}), 'heartbeats wait for a standby');
my $until = $node{l2}->safe_psql('postgres', 'SELECT granted_until FROM detid.node_status');
my $trouble = '';
for (1 .. 100)
{
	$c2->safe_psql('postgres', q{SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'});
	$trouble = $node{l2}->safe_psql('postgres', 'SELECT registry_trouble FROM detid.node_status');
	last if $trouble ne '';
	sleep 0.1;
}
like($trouble, qr/may not have reached its standby|did not answer|cannot be reached/, 'the node takes no such answer');
ok($node{l2}->poll_query_until('postgres', 'SELECT NOT ready FROM detid.node_status'), 'and stops at the end of its interval');
same_sql($node{l2}, "SELECT granted_until = '$until' FROM detid.node_status", 't', 'which was not prolonged');
$c2->adjust_conf('postgresql.conf', 'synchronous_standby_names', "''");
$c2->reload;
$c2->safe_psql('postgres', q{SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'});
all_mint('when that is over, it goes on', 'l2');

# --- What came of it ---

append_to_file($stop, 'x');
waitpid $_, 0 for values %client;
my (%seen, %uuid);
my ($rows, $twice) = (0, 0);
for my $name (sort keys %node)
{
	for my $line (split /\n/, $node{$name}->safe_psql('postgres', 'SELECT id, u, what FROM t'))
	{
		my ($id, $u, $what) = split /\|/, $line;
		# A row that was copied with its server is the same row.
		$twice++ if ($seen{$id} //= $what) ne $what || ($uuid{$u} //= $what) ne $what;
	}
	my $own = rows($node{$name});
	$rows += $own;
	note("$name: $own rows");
}
my $ids = keys %seen;
is($twice, 0, "no id twice in the tables of all servers ($ids ids)");
cmp_ok($ids, '>', 10000, 'which were many');
is($rows, $ids, 'every row has an id of its own');
# Of the servers that are subscribed to, everything arrives.
my @subscribed = grep { $_ !~ /^(s1|clone)$/ } sort keys %node;
for my $name (@subscribed)
{
	$node{$name}->poll_query_until('postgres', q{SELECT bool_and(confirmed_flush_lsn >= pg_current_wal_insert_lsn()) FROM pg_replication_slots WHERE slot_type = 'logical' AND NOT temporary})
	  or diag("$name: " . $node{$name}->safe_psql('postgres', 'SELECT * FROM pg_replication_slots'));
	is($collector->safe_psql('postgres', "SELECT count(*) FROM t WHERE who = '$name'"), rows($node{$name}), "all rows of $name are in the collector");
}
# Connections that break when a node is killed count as errors, too; a conflict is told in the log.
unlike(slurp_file($collector->logfile), qr/duplicate key|ERROR:  23505/, 'no conflict, in ids or ledgers');
my $entries = join ' + ', map { $node{$_}->safe_psql('postgres', 'SELECT count(*) FROM detid.ledger') } @subscribed;
same_sql($collector, "SELECT count(*) = $entries FROM detid.ledger", 't', 'all entries of their ledgers are there');
note(sprintf '%d ids in tables, %.0f s', $ids, time() - $begin);

$collector->safe_psql('postgres', "ALTER SUBSCRIPTION s_$_ DISABLE") for @subscribed;
$collector->stop;
$_->stop for values %node;
$c2->stop;
done_testing();
