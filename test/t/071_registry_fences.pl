# SPDX-License-Identifier: PostgreSQL
#
# Servers that turn out to be the same node: clones beside their original, copies of a database, two
# nodes with one seed, a standby that is promoted while its primary lives and takes its place by an
# operator's command, a backup that is recovered while the node goes on. Who is to be fenced is, within a heartbeat, stays so over restarts, and mints
# again only when an operator has said so in both places.

use strict;
use warnings FATAL => 'all';

use FindBin;
use lib $FindBin::RealBin;
use Detid;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Registry;
use Test::More;
use Time::HiRes qw(sleep time);

my $c = coordinator('c');
my @streaming = (init => { allows_streaming => 1 });
my @archiving = (init => { allows_streaming => 1, has_archiving => 1 });
my $assigned = registered($c, 'eu/a/db1', @streaming);
my $leased = registered($c, 'eu/pool/w1', mode => 'leased', @archiving);

# Another server on a fresh base backup, not started.
sub clone_of
{
	my ($node, $name, %options) = @_;
	$node->backup($name);
	my $clone = PostgreSQL::Test::Cluster->new($name);
	$clone->init_from_backup($node, $name, %options);
	return $clone;
}

# A node's ids while it is fenced: none, by no way.
sub mints_nothing
{
	my ($node, $name) = @_;
	for my $sql ('SELECT detid.next_id()', 'SELECT detid.next_uuid()', q{SELECT detid.next_text('detid.default_uuid')},
		q{SELECT * FROM detid.next_ids('detid.default_id', 5)})
	{
		is(sqlstate_of($node, $sql), 'DT001', "$name: $sql");
	}
	same_sql($node, 'SELECT ready, fenced FROM detid.node_status', 'f|t', "$name: node_status");
	return;
}

# --- A clone of an assigned node ---

mints_again($assigned, 'an assigned node mints');
$assigned->safe_psql('postgres', q{SELECT detid.create_generator('g'); CREATE TABLE t (id bigint DEFAULT detid.next_id('g') PRIMARY KEY, x int)});
my $open = session($assigned);
$open->query("PREPARE p AS SELECT detid.next_id('g')");
$open->query('EXECUTE p');
my $clone = clone_of($assigned, 'clone1');
my $since = time();
$clone->start;
is(sqlstate_of($clone, 'SELECT detid.next_id()'), 'DT001', 'a clone beside its original: it never mints');
fenced_within_a_heartbeat($assigned, 'its original', $since);
like(($open->try('EXECUTE p'))[1], qr/ERROR:  DT001: this node is fenced.*DETAIL:  The same node registers from two data directories.*HINT/s,
	'in a session that is open, too');
like(($open->try('INSERT INTO t (x) VALUES (1)'))[1], qr/ERROR:  DT001/, 'and by a default');
is($open->query("SELECT detid.node_of(1, 'g')"), '0', 'what does not mint works');
mints_nothing($_, $_->name) for $assigned, $clone;
state_becomes($c, 'eu/a/db1', 'fenced other_instance', 'the coordinator has it fenced');
like(slurp_file($c->logfile),
	qr/ DT001 LOG:  node eu\/a\/db1 \(number 0\) is fenced: the same node registers from two data directories\n.* DT001 DETAIL:  It has minted nothing that the node can have minted, too\./,
	'its log says that the clone has minted nothing');
like(slurp_file($assigned->logfile), qr/ DT001 DETAIL:  It has minted \d+ ids since 20\S+, when the registry answered last/, 'the node says how many');
my $from = -s $assigned->logfile;
$_->restart for $assigned, $clone;
mints_nothing($_, $_->name . ', restarted') for $assigned, $clone;
is(scalar(() = slurp_file($assigned->logfile, $from) =~ / DT001 LOG:  this node is fenced and mints no more ids: /g), 1, 'the log says so once a start');
$assigned->adjust_conf('postgresql.conf', 'detid.coordinator', "''");
$assigned->restart;
is(sqlstate_of($assigned, 'SELECT detid.next_id()'), 'DT001', 'also if the coordinator is taken out of the configuration');
$assigned->adjust_conf('postgresql.conf', 'detid.coordinator', "'" . $c->connstr('postgres') =~ s/'/''/gr . " user=detid_node'");
$assigned->restart;
# Either command alone is not enough.
$assigned->safe_psql('postgres', 'SELECT detid.unfence()');
ok($assigned->poll_query_until('postgres', 'SELECT fenced FROM detid.node_status'), 'unfenced here alone, it is fenced again');
$c->safe_psql('postgres', "SELECT detid.unfence('eu/a/db1')");
sleep 2 * HEARTBEAT;
is(sqlstate_of($assigned, 'SELECT detid.next_id()'), 'DT001', 'unfenced there alone, it stays fenced');
$clone->stop;
my $last = $assigned->safe_psql('postgres', 'SELECT max(last_id::bigint) FROM detid.ledger');
$assigned->safe_psql('postgres', 'SELECT detid.unfence()');
mints_again($assigned, 'both: it mints again');
cmp_ok($assigned->safe_psql('postgres', 'SELECT detid.next_id()'), '>', $last // 0, 'above what was minted');
$clone->start;
mints_nothing($clone, 'the clone, though,');
$clone->stop;
$open->quit;

# --- A clone of a leased node, and a copy of its database ---

mints_again($leased, 'a leased node mints');
my $clone2 = clone_of($leased, 'clone2');
$clone2->start;
is(sqlstate_of($clone2, 'SELECT detid.next_id()'), 'DT001', 'a clone of a leased node: it never mints');
sleep 2 * HEARTBEAT;
is(sqlstate_of($leased, 'SELECT detid.next_id()'), '00000', 'its original goes on');
state_becomes($c, 'eu/pool/w1', 'active', 'as the coordinator sees it, too');
like(slurp_file($c->logfile), qr/ DT001 LOG:  a server that shows the token of node eu\/pool\/w1 \(number 8\) is fenced: the same node/,
	'its log tells of the clone');
$clone2->restart;
mints_nothing($clone2, 'the clone, restarted');
# It becomes a node of its own.
my $token = enroll($c, 'eu/pool/w2', 'leased');
write_token($clone2, $token);
$clone2->safe_psql('postgres', 'SELECT detid.unfence()');
ok($clone2->poll_query_until('postgres', 'SELECT fenced FROM detid.node_status'), 'with a token of its own it has the seed of its original yet');
state_becomes($c, 'eu/pool/w1', 'fenced same_seed', 'so both are fenced');
is(sqlstate_of($leased, 'SELECT detid.next_id()'), 'DT001', 'the original within a heartbeat') if fenced_within_a_heartbeat($leased, 'two nodes with one seed', time());
$_->restart for $leased, $clone2;
mints_nothing($_, $_->name . ', one seed, restarted') for $leased, $clone2;
$clone2->safe_psql('postgres', 'SELECT detid.rotate_seed()');
$c->safe_psql('postgres', "SELECT detid.unfence('eu/pool/w1'), detid.unfence('eu/pool/w2')");
$_->safe_psql('postgres', 'SELECT detid.unfence()') for $leased, $clone2;
mints_again($_, $_->name . ' mints again, with another seed') for $leased, $clone2;
same_sql($clone2, 'SELECT detid.node_of(detid.next_id())', '9', 'under another number');
$clone2->stop;

# --- Failover of a leased node: the old primary lives ---

my $standby = clone_of($leased, 'standby', has_streaming => 1);
$standby->start;
$leased->wait_for_catchup($standby);
mints_again($leased, 'the primary mints');
is(sqlstate_of($standby, 'SELECT detid.next_id()'), '25006', 'its standby does not');
same_sql($standby, 'SELECT ready, reason, path FROM detid.node_status', 'f|the server is a standby|eu/pool/w1', 'node_status there');
my $old = session($leased);
my @old = split /\n/, $old->query('SELECT detid.next_id() FROM generate_series(1, 1000)');
$standby->promote;
ok($standby->poll_query_until('postgres', q{SELECT registry_trouble LIKE '%was heard of a moment ago%claim_registration()%' FROM detid.node_status}),
	'promoted, it waits for its primary, which lives');
like((run_sql($standby, 'SELECT detid.next_id()'))[1], qr/ERROR:  DT002: .*DETAIL: .*was heard of a moment ago/s, 'so the error says');
same_sql($standby, q{SELECT ok, hint <> '' FROM detid.check() WHERE "check" = 'registry'}, 'f|t', 'and check');
sleep 4 * HEARTBEAT;
is(sqlstate_of($standby, 'SELECT detid.next_id()'), 'DT002', 'it waits for as long as that one lives');
push @old, split /\n/, $old->query('SELECT detid.next_id() FROM generate_series(1, 1000)');
$since = time();
$standby->safe_psql('postgres', 'SELECT detid.claim_registration()');

my @new = split /\n/, mints_again($standby, 'claimed, it takes its place');
push @new, split /\n/, $standby->safe_psql('postgres', 'SELECT detid.next_id() FROM generate_series(1, 1000)');
my $err = '';
while ($err eq '' && time() < $since + 30)
{
	(my $out, $err) = $old->try('SELECT detid.next_id()');
	push @old, split /\n/, $out;
	sleep 0.01;
}
like($err, qr/ERROR:  DT001: .*DETAIL:  A promoted standby or a successor has taken its place/s, 'the old primary is fenced');
$since = fenced_at($leased) - $since;
cmp_ok($since, '<', HEARTBEAT + 4, sprintf('within a heartbeat of the command (%.1f s)', $since));
push @new, split /\n/, $standby->safe_psql('postgres', 'SELECT detid.next_id() FROM generate_series(1, 1000)');
no_duplicates([ @old, @new ], 'no id twice');
same_sql($standby, 'SELECT detid.node_of(detid.next_id()), path FROM detid.node_status', '8|eu/pool/w1', 'under the same number');
$old->quit;
$leased->restart;
mints_nothing($leased, 'the old primary, restarted');

# --- A backup that is recovered while the node goes on ---

$standby->safe_psql('postgres', q{ALTER SYSTEM SET archive_mode = 'off'});
my $recovered = PostgreSQL::Test::Cluster->new('recovered');
$standby->backup('early');
$recovered->init_from_backup($standby, 'early');
# To a point in time, so that it begins a timeline of its own.
$recovered->append_conf('postgresql.conf', "restore_command = 'false'\nrecovery_target = 'immediate'\nrecovery_target_action = 'promote'\n");
$recovered->set_recovery_mode;
$recovered->start;
ok($recovered->poll_query_until('postgres', 'SELECT NOT pg_is_in_recovery()'), 'a backup is recovered');
is(sqlstate_of($recovered, 'SELECT detid.next_id()'), 'DT001', 'it never mints');
sleep 2 * HEARTBEAT;
is(sqlstate_of($standby, 'SELECT detid.next_id()'), '00000', 'the node goes on');
like((run_sql($recovered, 'SELECT detid.next_id()'))[1], qr/recovered from a backup of the node/, 'why, the error says');
# Unless an operator says that it is to take its place.
$last = $standby->safe_psql('postgres', 'SELECT detid.next_id()');
$recovered->safe_psql('postgres', 'SELECT detid.claim_registration()');
mints_again($recovered, 'claimed: it mints');
fenced_within_a_heartbeat($standby, 'the one before', time());
cmp_ok($recovered->safe_psql('postgres', 'SELECT detid.next_id()'), '>', $last, 'above what that minted');

# --- Failover of an assigned node ---

my $standby2 = clone_of($assigned, 'standby2', has_streaming => 1);
$standby2->start;
$assigned->wait_for_catchup($standby2);
$old = session($assigned);
@old = split /\n/, $old->query('SELECT detid.next_id() FROM generate_series(1, 1000)');
$standby2->promote;
ok($standby2->poll_query_until('postgres', q{SELECT registry_trouble LIKE '%was heard of a moment ago%' FROM detid.node_status}),
	'assigned: it waits, too');
push @old, split /\n/, $old->query('SELECT detid.next_id() FROM generate_series(1, 1000)');
$standby2->safe_psql('postgres', 'SELECT detid.claim_registration()');
@new = split /\n/, mints_again($standby2, 'assigned: the promoted one mints');
push @new, split /\n/, $standby2->safe_psql('postgres', 'SELECT detid.next_id() FROM generate_series(1, 1000)');
$err = '';
$since = time();
while ($err eq '' && time() < $since + 30)
{
	(my $out, $err) = $old->try('SELECT detid.next_id()');
	push @old, split /\n/, $out;
	sleep 0.01;
}
like($err, qr/ERROR:  DT001: /, 'the old primary is fenced');
push @new, split /\n/, $standby2->safe_psql('postgres', 'SELECT detid.next_id() FROM generate_series(1, 1000)');
no_duplicates([ @old, @new ], 'no id twice');
cmp_ok((sort { $a <=> $b } @new)[0], '>', (sort { $a <=> $b } @old)[-1], 'the new primary began above all of the old one');

# --- A copy of the node's database in the same server ---

$standby2->safe_psql('postgres', 'CREATE DATABASE shop');
$standby2->safe_psql('shop', 'CREATE EXTENSION pg_detid');
$token = enroll($c, 'eu/pool/w3', 'leased');
$standby2->append_conf('postgresql.conf', "detid.registered_databases = 'postgres, shop, copy'\n");
my $first_token = token_of($standby2);
like((run_sql($standby2, "ALTER DATABASE shop SET detid.node_token_file = 'x'"))[1], qr/ERROR:  55P02/, 'where tokens are is said for the server alone');
write_token($standby2, "postgres=$first_token\nshop=$token");
$standby2->safe_psql('postgres', 'ALTER DATABASE shop SET detid.node_id = -1');
$standby2->restart;
ok($standby2->poll_query_until('shop', 'SELECT ready FROM detid.node_status'), 'two databases of one server are two nodes');
same_sql($standby2, 'SELECT detid.node_of(detid.next_id()), path FROM detid.node_status', '10|eu/pool/w3', 'the second one', db => 'shop');
same_sql($standby2, 'SELECT detid.node_of(detid.next_id()), path FROM detid.node_status', '0|eu/a/db1', 'the first one');
$standby2->append_conf('postgresql.conf', "detid.registered_databases = 'postgres'\n");
$standby2->restart;
$standby2->safe_psql('postgres', 'CREATE DATABASE copy TEMPLATE shop');
write_token($standby2, "postgres=$first_token\nshop=$token\ncopy=$token");
$standby2->safe_psql('postgres', 'ALTER DATABASE copy SET detid.node_id = -1');
$standby2->append_conf('postgresql.conf', "detid.registered_databases = 'postgres, shop, copy'\n");
$standby2->restart;
my %state;
for (1 .. 100)
{
	$state{$_} = (run_sql($standby2, 'SELECT detid.next_id()', db => $_))[1] =~ /ERROR:  (\w{5})/ ? $1 : '00000' for qw(shop copy);
	last if join(' ', sort values %state) eq '00000 DT001';
	sleep 0.1;
}
is(join(' ', sort values %state), '00000 DT001', 'a database beside its copy: one mints, one is fenced');

# --- An old primary becomes a node of its own, as the hint says ---

like((run_sql($leased, 'SELECT detid.next_id()'))[1], qr/HINT: .*detid\.rotate_seed\(\); here, then enroll it/, 'the hint of who was superseded');
$leased->safe_psql('postgres', 'SELECT detid.rotate_seed()');
write_token($leased, enroll($c, 'eu/pool/w4', 'leased'));
$leased->safe_psql('postgres', 'SELECT detid.unfence()');
mints_again($leased, 'with a seed and a token of its own, it mints');
same_sql($leased, 'SELECT path FROM detid.node_status', 'eu/pool/w4', 'under the new name');
sleep 2 * HEARTBEAT;
is(sqlstate_of($recovered, 'SELECT detid.next_id()'), '00000', 'the other one goes on');

$_->stop for $assigned, $leased, $standby, $recovered, $standby2, $c;
done_testing();
