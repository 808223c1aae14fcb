# SPDX-License-Identifier: PostgreSQL
#
# More of servers that are copies of a node: clones and promoted standbys that start while the
# coordinator is away, a failover and back, a snapshot that is rolled back in place, a seed that was
# copied by hand, and a registration that logical replication brings along.

use strict;
use warnings FATAL => 'all';

use File::Path qw(rmtree);
use FindBin;
use lib $FindBin::RealBin;
use Detid;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Registry;
use Test::More;
use Time::HiRes qw(sleep time);

my $c = coordinator('c', conf => "detid.quarantine = 0\n");
my @init = (init => { allows_streaming => 1 }, conf => "wal_log_hints = on\nwal_keep_size = 256MB\ndetid.failover_guard = 1s\n");
my $db1 = registered($c, 'eu/a/db1', @init);
my $w1 = registered($c, 'eu/pool/w1', mode => 'leased', @init);
mints_again($_, $_->name . ' mints') for $db1, $w1;

my %ids;    # path => ids, of whichever server
sub mint
{
	my ($node, $path) = @_;
	my @new = lines($node->safe_psql('postgres', 'SELECT detid.next_id() FROM generate_series(1, 500)'));
	push @{ $ids{$path} }, @new;
	return @new;
}

# A copy of a node, not started; with has_streaming, its standby.
sub copy_of
{
	my ($node, $name, %options) = @_;
	$node->backup($name);
	my $copy = PostgreSQL::Test::Cluster->new($name);
	$copy->init_from_backup($node, $name, %options);
	return $copy;
}

sub standby_of
{
	my ($node, $name) = @_;
	my $standby = copy_of($node, $name, has_streaming => 1);
	$standby->start;
	$node->wait_for_catchup($standby);
	return $standby;
}

# Whether the node is fenced, at the latest after a while, and why.
sub fenced_for
{
	my ($node, $pattern, $name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	ok($node->poll_query_until('postgres', 'SELECT fenced FROM detid.node_status'), "$name is fenced");
	like((run_sql($node, 'SELECT detid.next_id()'))[1], $pattern, "$name: why, the error says");
	return;
}

sub unfence
{
	my ($path, @nodes) = @_;
	$c->safe_psql('postgres', "SELECT detid.unfence('$path')");
	$_->safe_psql('postgres', 'SELECT detid.unfence()') for @nodes;
	return;
}

# --- Clones, while the coordinator is away ---

my $clone_a = copy_of($db1, 'clone_a');
my $clone_l = copy_of($w1, 'clone_l');
$c->stop('immediate');
$_->start for $clone_a, $clone_l;
is(sqlstate_of($clone_a, 'SELECT detid.next_id()'), 'DT002', 'the coordinator is away: a clone of an assigned node does not mint');
is(sqlstate_of($clone_l, 'SELECT detid.next_id()'), 'DT002', 'nor does one of a leased node');
is(sqlstate_of($db1, 'SELECT detid.next_id()'), '00000', 'the original, if assigned, goes on');
$c->start;
fenced_for($clone_a, qr/two data directories/, 'the coordinator is back: the clone of the assigned node');
fenced_for($db1, qr/two data directories/, 'its original, too,');
mints_again($w1, 'the leased node goes on');
fenced_for($clone_l, qr/two data directories|same past/, 'the clone of the leased node');
is(sqlstate_of($w1, 'SELECT detid.next_id()'), '00000', 'and its original goes on');
$_->stop for $clone_a, $clone_l;
unfence('eu/a/db1', $db1);
mints_again($db1, 'unfenced, the original mints');
$clone_a->start;
is(sqlstate_of($clone_a, 'SELECT detid.next_id()'), 'DT001', 'the clone, started again, does not');
$clone_a->stop;

# --- A failover while the coordinator is away, and back again ---

# The start of the coordinator, after which who takes a leased node's place waits, is long past.
$c->safe_psql('postgres', 'UPDATE detid._coordinator SET silent_floor_us = 0');
for (['eu/a/db1', $db1], ['eu/pool/w1', $w1])
{
	my ($path, $primary) = @$_;
	my $standby = standby_of($primary, $primary->name . '_standby');
	mint($primary, $path);
	# Not stopped, as that would be another start.
	$c->safe_psql('postgres', q{ALTER ROLE detid_node NOLOGIN; SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'detid_node'});
	$standby->promote;
	$standby->poll_query_until('postgres', 'SELECT NOT pg_is_in_recovery()') or die;
	is(sqlstate_of($standby, 'SELECT detid.next_id()'), 'DT002', "$path: promoted while the coordinator is away, a standby does not mint");
	mint($primary, $path) if $path =~ /db1/;
	$c->safe_psql('postgres', 'ALTER ROLE detid_node LOGIN');
	ok($standby->poll_query_until('postgres', q{SELECT registry_trouble LIKE '%was heard of a moment ago%claim_registration()%' FROM detid.node_status}),
		"$path: the coordinator is back, and it waits for the old primary, which lives");
	# A leased one may have been cut off for longer than its interval: it is not refused, and waits.
	is(sqlstate_of($primary, 'SELECT detid.next_id()'), '00000', "$path: that one goes on") if $path =~ /db1/;
	mints_again($primary, "$path: that one goes on") if $path !~ /db1/;
	$standby->safe_psql('postgres', 'SELECT detid.claim_registration()');
	mints_again($standby, "$path: an operator says that it takes its place, and it does");
	fenced_for($primary, qr/A promoted standby or a successor has taken its place/, "$path: the old primary");
	mint($standby, $path);
	my $high = (sort { $a <=> $b } @{ $ids{$path} })[-1];

	# The old primary, rewound, is the standby, and is promoted.
	$primary->stop;
	my $conf = slurp_file($primary->data_dir . '/postgresql.conf');
	$standby->safe_psql('postgres', 'CHECKPOINT');
	command_ok([ 'pg_rewind', '--target-pgdata', $primary->data_dir, '--source-server', $standby->connstr('postgres'), '--no-sync' ],
		"$path: pg_rewind");
	unlink $primary->data_dir . '/postgresql.conf';
	append_to_file($primary->data_dir . '/postgresql.conf', $conf);
	$primary->enable_streaming($standby);
	$primary->start;
	$standby->wait_for_catchup($primary);
	mint($standby, $path);
	$standby->stop;
	$primary->promote;
	mints_again($primary, "$path: and back");
	my @new = mint($primary, $path);
	cmp_ok($new[0], '>', $high, "$path: above what was minted");
	same_sql($primary, 'SELECT fenced, path FROM detid.node_status', "f|$path", "$path: as the node");
	$standby->start;
	fenced_for($standby, qr/has taken its place/, "$path: the one in between, started again,");
	mint($primary, $path);
	$standby->stop;
}
no_duplicates($ids{$_}, "$_: no id twice") for sort keys %ids;

# --- A snapshot that is rolled back in place ---

for (['eu/a/db1', $db1], ['eu/pool/w1', $w1])
{
	my ($path, $node) = @$_;
	my $snapshot = $node->basedir . '/snapshot';
	$node->stop;
	system_or_bail('cp', '-a', $node->data_dir, $snapshot);
	$node->start;
	mint($node, $path);
	my $seen = $c->safe_psql('postgres', 'SELECT now()');
	$c->poll_query_until('postgres', "SELECT last_seen > '$seen'::timestamptz + interval '2 s' FROM detid.nodes WHERE path = '$path'") or die;
	$node->stop;
	# As a volume that is rolled back: the files by which a data directory is known stay.
	rmtree([ grep { !/PG_VERSION$/ } glob $node->data_dir . '/*' ]);
	system_or_bail('cp', '-a', (grep { !m{/PG_VERSION$} } glob "$snapshot/*"), $node->data_dir);
	rmtree($snapshot);
	$node->start;
	fenced_for($node, qr/Another server with the same past has registered since/, "$path: rolled back to a snapshot, it");
	unfence($path, $node);
	mints_again($node, "$path: unfenced, it mints");
	mint($node, $path);
	no_duplicates($ids{$path}, "$path: no id twice");
}

# --- A seed that was copied by hand ---

my $db2 = registered($c, 'eu/a/db2');
mints_again($db2, 'a node of its own');
my $row = $db1->safe_psql('postgres', q{SELECT number, encode(commitment, 'hex'), encode(seed, 'hex'), encode(mark, 'hex') FROM detid._seed WHERE number > 0 ORDER BY number DESC LIMIT 1});
my ($number, $commitment, $seed, $mark) = split /\|/, $row;
# The seed alone is what is exported: who was given it to verify, and makes ids of it himself, fences
# nobody.
my $exported = $db1->safe_psql('postgres', 'SELECT detid.export_seed()');
$db2->safe_psql('postgres', "SELECT detid.import_seed('$exported'); UPDATE detid._seed SET number = 99 WHERE number < 0");
same_sql($db2, "SELECT commitment = '$commitment', own FROM detid.seeds WHERE current", 't|t', 'a node makes ids of the seed of another, which it imported');
sleep 2 * HEARTBEAT;
is(sqlstate_of($_, 'SELECT detid.next_id()'), '00000', $_->name . ' is not fenced for it') for $db1, $db2;
my $since = time();
$db2->safe_psql('postgres', "DELETE FROM detid._seed; INSERT INTO detid._seed (number, commitment, seed, mark) VALUES ($number, '\\x$commitment', '\\x$seed', '\\x$mark')");
fenced_for($_, qr/Two nodes have the same seed/, $_->name . ', of two with one seed,') for $db1, $db2;
cmp_ok(fenced_at($_) - $since, '<', 2 * HEARTBEAT + 3, $_->name . ': within a heartbeat') for $db1, $db2;
state_becomes($c, $_, 'fenced same_seed', "$_: the coordinator has it fenced") for 'eu/a/db1', 'eu/a/db2';
$_->restart for $db1, $db2;
is(sqlstate_of($_, 'SELECT detid.next_id()'), 'DT001', $_->name . ' stays fenced over a restart') for $db1, $db2;
# Unfenced without another seed, they are fenced again.
unfence('eu/a/db1', $db1);
unfence('eu/a/db2', $db2);
fenced_for($_, qr/Two nodes have the same seed/, $_->name . ', unfenced with the same seed,') for $db1, $db2;
$db2->safe_psql('postgres', 'SELECT detid.rotate_seed()');
unfence('eu/a/db1', $db1);
unfence('eu/a/db2', $db2);
mints_again($_, $_->name . ', with two seeds, mints again') for $db1, $db2;
sleep 2 * HEARTBEAT;
is(sqlstate_of($_, 'SELECT detid.next_id()'), '00000', $_->name . ' goes on') for $db1, $db2;

# --- A configuration that was copied, to a server that never was a node ---

my $twin = registered($c, 'eu/a/db2', name => 'twin', token => token_of($db2));
fenced_for($twin, qr/two data directories/, 'a server with the configuration of another');
fenced_for($db2, qr/two data directories/, 'the other one, too,');
$twin->stop;
unfence('eu/a/db2', $db2);
mints_again($db2, 'unfenced, that mints again');
$twin = registered($c, 'eu/pool/w1', mode => 'leased', name => 'twin2', token => token_of($w1));
fenced_for($twin, qr/has taken its place/, 'a server with the configuration of a leased node, which was promoted once,');
is(sqlstate_of($w1, 'SELECT detid.next_id()'), '00000', 'the node goes on');
$twin->stop;

# --- Logical replication of everything ---

$db1->append_conf('postgresql.conf', "wal_level = logical\n");
$db1->restart;
mints_again($db1, 'the publisher mints');
$db1->safe_psql('postgres', 'CREATE PUBLICATION p FOR ALL TABLES');
my $of_b = $db2->safe_psql('postgres', 'SELECT instance, path FROM detid._registration');
$db2->safe_psql('postgres', sprintf "CREATE SUBSCRIPTION s CONNECTION '%s' PUBLICATION p", $db1->connstr('postgres') =~ s/'/''/gr);
$db2->wait_for_subscription_sync($db1, 's');
$db1->safe_psql('postgres', q{SELECT count(detid.next_id()) FROM generate_series(1, 1000)});
sleep 3 * HEARTBEAT;
$db1->wait_for_catchup('s');
same_sql($db2, 'SELECT instance, path FROM detid._registration', $of_b, 'a subscriber keeps its own registration');
is(sqlstate_of($_, 'SELECT detid.next_id()'), '00000', $_->name . ' mints on') for $db1, $db2;
$_->restart for $db1, $db2;
mints_again($_, $_->name . ', restarted, mints on') for $db1, $db2;
state_becomes($c, $_, 'active', "$_ is active") for 'eu/a/db1', 'eu/a/db2';
$db2->safe_psql('postgres', 'DROP SUBSCRIPTION s');

$_->stop for $db1, $db2, $w1, $c;
done_testing();
