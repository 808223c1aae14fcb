# SPDX-License-Identifier: PostgreSQL
#
# What operators do to a coordinator while nodes ask: they restore a dump in place, set its volume
# back to a snapshot, change the lease, move and retire nodes. Nodes are played by clients, so that
# what is granted can be compared: no two of them ever have a time in common under one number.

use strict;
use warnings FATAL => 'all';

use FindBin;
use lib $FindBin::RealBin;
use Detid;
use File::Path qw(rmtree);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Registry;
use Test::More;
use Time::HiRes qw(sleep time);

my $c = coordinator('c', conf => "detid.quarantine = 0\n");
play_nodes($c);
$c->safe_psql('postgres', q{SELECT detid.assign_prefix('ap'), detid.assign_prefix('ap/one'), detid.assign_prefix('ap/one/only')});
my ($x1, $x2, $y1, $y2) = qw(ap/one/only/x1 ap/one/only/x2 eu/pool/y1 eu/pool/y2);
my %token = map { $_ => enroll($c, $_, 'leased') } $x1, $x2, $y1, $y2;
my $us = '(extract(epoch FROM clock_timestamp()) * 1000000)::bigint';
my %played;    # path => { counter, bits, granted }

sub heartbeat_sql
{
	my ($path, %o) = @_;
	my $p = $played{$path} //= { counter => 0, bits => 0, granted => 0 };
	%o = (mode => 'leased', node => -1, horizon => 0, %o);
	return sprintf "SELECT outcome, reason, node, start_us, limit_us, counter, next FROM ask('%s', %d, %d, %d, '%s', %d, %d, 1, $us, %d, %s)",
	  $token{$path}, $p->{counter}, $p->{bits}, int rand 2**40, $o{mode}, $o{node},
	  length($path) * 1000 . ord(substr $path, -1), $p->{granted}, $o{horizon};
}

# [number, start, limit], or why not.
sub heard
{
	my ($path, $out) = @_;
	my ($outcome, $reason, $number, $start, $limit, $counter, $bits) = split /\|/, $out;
	return $reason // '' if ($outcome // '') ne 'granted';
	my $p = $played{$path};
	@$p{qw(counter bits)} = ($counter, $bits);
	$p->{granted} = $limit if $limit > $p->{granted} && $limit != 9223372036854775807;
	return [ $number, $start, $limit ];
}

sub heartbeat
{
	my ($path, %o) = @_;
	my ($out, $err) = $o{session} ? $o{session}->try(heartbeat_sql($path, %o)) : run_sql($c, heartbeat_sql($path, %o), extra_params => [ '-U', 'detid_node' ]);
	note($err) if $err;
	return heard($path, $out);
}

# Asks until it is granted something, for a while.
sub heartbeat_until
{
	my ($path, %o) = @_;
	my ($begin, $answer) = (time());
	do { sleep 0.2; $answer = heartbeat($path, %o); } while (!ref $answer && time() < $begin + 40);
	return $answer;
}

sub disjoint
{
	my ($a, $b, $name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	ok(!(ref $a && ref $b && $a->[0] == $b->[0] && $a->[1] < $b->[2] && $b->[1] < $a->[2]), $name)
	  or diag("[@$a] and [@$b]");
	return;
}

# --- A dump is restored in place, while a node's connection stays ---

my $stays = session($c, user => 'detid_node');
is(heartbeat($x1, session => $stays)->[0], 128, 'a node has the only number of its prefix');
heartbeat($x1, session => $stays);
my $dump = PostgreSQL::Test::Utils::tempdir() . '/registry.sql';
command_ok([ 'pg_dump', '--clean', '--if-exists', '-f', $dump, $c->connstr('postgres') ], 'the registry is dumped');
is(heartbeat_until($x2)->[0], 128, 'silent for a lease, the node loses the number to another');
my $lost = heartbeat($x2);
command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', $c->connstr('postgres'), '-f', $dump ], 'the dump is restored in place');
my $answer = heartbeat($x1, session => $stays);
is($answer, 'too_far_ahead', 'over the connection that stayed, the node is told to wait');
disjoint($answer, $lost, 'and is granted nothing that the other has');
$answer = heartbeat_until($x1, session => $stays);
is(ref $answer && $answer->[0], 128, 'later it goes on');
disjoint($answer, $lost, 'above what was lost');
$stays->quit;

# --- The volume is set back to a snapshot: the place and the timeline are as before ---

# What was noted until now is past.
$c->safe_psql('postgres', 'UPDATE detid._coordinator SET floor_us = 0, silent_floor_us = 0');
%played = ();
$c->safe_psql('postgres', "UPDATE detid._nodes SET state = 'expected', node = NULL, start_us = 0, limit_us = 0, end_us = 0, counter = 0; DELETE FROM detid._numbers");
heartbeat($x1);
heartbeat($y1);
my $snapshot = $c->basedir . '/snapshot';
$c->stop;
system_or_bail('cp', '-a', $c->data_dir, $snapshot);
$c->start;
$answer = heartbeat($y1);
# Where the start took longer than the node's interval, it says nothing: once more.
while (!ref $answer && time() * 1e6 > $played{$y1}{granted})
{
	heartbeat_until($y1);
	$c->restart;
	$answer = heartbeat($y1);
}
is(ref $answer && $answer->[0], 8, 'a node that has its number goes on at once when the coordinator is started');
$answer = heartbeat_until($x2);
is(ref $answer && $answer->[0], 128, 'the number of a node that was silent goes to another');
$lost = heartbeat($x2);
$c->stop('immediate');
# The directory and PG_VERSION stay: it is the same place.
rmtree([ grep { !/PG_VERSION$/ } glob $c->data_dir . '/*' ]);
system_or_bail('cp', '-a', (grep { !m{/PG_VERSION$} } glob "$snapshot/*"), $c->data_dir);
$c->start;
same_sql($c, 'SELECT floor_us FROM detid._coordinator', '0', 'nothing was noted of another place');
# The first one to ask leaves its transaction open: nobody waits for it, and it does not stay.
my $open = session($c, user => 'detid_node');
$open->query('BEGIN');
my $asks = session($c, user => 'detid_node');
$open->try(heartbeat_sql($y2));
my $begin = time();
$answer = heartbeat($x1, session => $asks);
cmp_ok(time() - $begin, '<', 0.5, 'another that asks meanwhile does not wait');
$asks->quit;
is($answer, 'too_far_ahead', 'the node whose number went to another in what was lost is told to wait');
disjoint($answer, $lost, 'and is granted nothing that the other has');
ok($c->poll_query_until('postgres', q{SELECT count(*) = 0 FROM pg_stat_activity WHERE state = 'idle in transaction'}), 'who leaves his transaction open is ended');
$answer = heartbeat_until($x1);
is(ref $answer && $answer->[0], 128, 'later the node goes on');
disjoint($answer, $lost, 'above what was lost');
same_sql($c, 'SELECT floor_us, silent_floor_us > 0 FROM detid._coordinator', '0|t', 'by a floor for those that were silent');

# --- Locks of strangers ---

my $stranger = session($c);
$stranger->query('SELECT pg_advisory_lock(1684370532, n) FROM generate_series(8, 15) n');
$token{'eu/pool/y3'} = enroll($c, 'eu/pool/y3', 'leased');
$answer = heartbeat_until('eu/pool/y3');
like(ref $answer && $answer->[0], qr/^\d+$/, 'locks that any role can take keep no number from a node');
$stranger->quit;

# --- The lease is made shorter: who was told to ask seldom still sleeps ---

$c->append_conf('postgresql.conf', "detid.lease = 90s\n");
$c->reload;
ok($c->poll_query_until('postgres', q{SELECT current_setting('detid.lease') = '90s'}), 'a lease of 90 s');
for my $path (qw(eu/a/db1 eu/a/db2))
{
	$token{$path} = enroll($c, $path, 'assigned');
	my $number = $c->safe_psql('postgres', "SELECT detid.node_of_path('$path')");
	is(heartbeat($path, mode => 'assigned', node => $number)->[0], $number, "$path is told to ask each 30 s");
}
$c->append_conf('postgresql.conf', "detid.lease = 3s\n");
$c->reload;
ok($c->poll_query_until('postgres', q{SELECT current_setting('detid.lease') = '3s'}), 'a lease of 3 s');
my $now = $c->safe_psql('postgres', "SELECT $us");
$token{'eu/a/db3'} = $c->safe_psql('postgres', q{SELECT detid.move_node('eu/a/db1', 'eu/a/db3')});
$c->safe_psql('postgres', q{SELECT detid.retire_node('eu/a/db2')});
same_sql($c, "SELECT end_us >= $now + 60000000 FROM detid._nodes WHERE path = 'eu/a/db3'", 't', 'the successor begins above what the node may mint until it asks');
same_sql($c, "SELECT end_us >= $now + 60000000 FROM detid._numbers WHERE node = detid.node_of_path('eu/a/db2')", 't', 'so does whoever has the number of a retired one next');

# --- What operators see ---

$token{'eu/a/db4'} = enroll($c, 'eu/a/db4', 'assigned');
heartbeat('eu/a/db4');
same_sql($c, q{SELECT problem, detail FROM detid.check_topology() WHERE path = 'eu/a/db4'},
	'refused|it asked in vain: it was enrolled in the other mode', 'a node that asks in vain is seen, and the reason is in plain words');
my $number = $c->safe_psql('postgres', q{SELECT detid.node_of_path('eu/a/db4')});
is(heartbeat('eu/a/db4', mode => 'assigned', node => $number, horizon => "$us + 86400000000"), '', 'a horizon far above node time is refused');
like(heartbeat('eu/a/db4', mode => 'assigned', node => $number, horizon => "$us + 3000000")->[0], qr/^$number$/, 'one that can be is not');
$c->safe_psql('postgres', q{CREATE ROLE op SUPERUSER LOGIN});
my $token = $c->safe_psql('postgres', q{SELECT detid.new_token('eu/a/db4')}, extra_params => [ '-U', 'op' ]);
$c->safe_psql('postgres', q{SELECT detid.unfence('eu/a/db4'); SELECT detid.retire_node('eu/a/db4')}, extra_params => [ '-U', 'op' ]);
my $log = slurp_file($c->logfile);
like($log, qr/LOG:  node \Q$_\E\n/, "the log says: $_")
  for 'eu/a/db4 is given another token by op', 'eu/a/db4 is unfenced by op', 'eu/a/db4 is retired by op',
  'eu/a/db1 is moved to eu/a/db3 by ' . $c->safe_psql('postgres', 'SELECT session_user'),
  'eu/a/db4 is enrolled by ' . $c->safe_psql('postgres', 'SELECT session_user');
unlike($log, qr/LOG:.*$token/, 'and no token');

# --- The registry is dropped ---

my $drop = "DROP EXTENSION pg_detid CASCADE";
like((run_sql($c, $drop))[1], qr/WARNING:.*the registry that is dropped has nodes that are not retired: \d+/, 'who drops a registry that has nodes is warned');
$c->safe_psql('postgres', 'CREATE EXTENSION pg_detid');
unlike((run_sql($c, $drop))[1], qr/WARNING/, 'who drops one that has none is not');
$c->stop;
done_testing();
