# SPDX-License-Identifier: PostgreSQL
#
# Two servers under one node number that replicate the ledger to each other find out: by log,
# detid.check() and detid.node_status, over restarts, until an operator's command; with
# detid.on_duplicate = 'stop' minting stops. Rows of its own that come back prove nothing, and no row
# that arrives is lost or stops replication.

use strict;
use warnings FATAL => 'all';

use FindBin;
use lib $FindBin::RealBin;
use Detid;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $red = q{SELECT coalesce(string_agg("check", ' ' ORDER BY "check"), '') FROM detid.check() WHERE NOT ok AND "check" <> 'durability'};

my ($a, $b) = map { new_node("node$_", node_id => $_, init => { allows_streaming => 'logical' },
	conf => "wal_level = logical\nmax_wal_senders = 10\nmax_replication_slots = 10\nmax_logical_replication_workers = 10\nmax_worker_processes = 20\n"
	  . "wal_receiver_status_interval = 1\nwal_retrieve_retry_interval = 100ms\n") } 7, 8;
for my $node ($a, $b)
{
	$node->safe_psql('postgres', q{
		SELECT detid.create_generator('orders_id');
		CREATE PUBLICATION ledger FOR TABLE detid._ledger, detid._contexts;
	});
}
for ([ $a, $b ], [ $b, $a ])
{
	my ($from, $to) = @$_;
	my ($conn, $name) = ($from->connstr('postgres'), 'from_' . $from->name);
	$to->safe_psql('postgres', "CREATE SUBSCRIPTION $name CONNECTION \$\$$conn\$\$ PUBLICATION ledger WITH (copy_data = false)");
}

sub mint { $_[0]->safe_psql('postgres', q{INSERT INTO made SELECT detid.next_id('orders_id')}); return; }
sub set_conf
{
	my ($node, $name, $value) = @_;
	$node->append_conf('postgresql.conf', "$name = $value\n");
	$node->reload;
	$node->poll_query_until('postgres', "SELECT current_setting('$name') = '$value'") or die;
	return;
}
sub both_have_all
{
	my ($name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $count = 'SELECT count(*) FROM detid.ledger';
	my ($of_a, $of_b);
	for (1 .. 300)
	{
		($of_a, $of_b) = map { $_->safe_psql('postgres', $count) } $a, $b;
		last if $of_a == $of_b;
		select(undef, undef, undef, 0.1);
	}
	is($of_a, $of_b, "$name: both ledgers have all $of_a rows");
	unlike(slurp_file($_->logfile), qr/ERROR: .*duplicate key/, "$name: replication did not stop on " . $_->name) for $a, $b;
	return;
}
$_->safe_psql('postgres', 'CREATE TABLE made (id bigint)') for $a, $b;
mint($_) for $a, $b;

# --- Each under its own number, rows coming back -----------------------------------------------

for (1 .. 20) { mint($_) for $a, $b; }
$_->safe_psql('postgres', q{SELECT detid.claim_id('orders_id', 'input ' || current_setting('detid.node_id'))}) for $a, $b;
both_have_all('two numbers');
same_sql($_, $red, '', 'two numbers: nothing is to be mended on ' . $_->name) for $a, $b;
same_sql($_, 'SELECT duplicate_rows, duplicate_seen_at FROM detid.node_status', '0|', 'two numbers: own rows that come back prove nothing') for $a, $b;

# --- Both under one number ---------------------------------------------------------------------

set_conf($b, 'detid.node_id', 7);
mint($b);
my $noticed = sub {
	my ($node, $name) = @_;
	for (1 .. 200)
	{
		last if $node->safe_psql('postgres', 'SELECT duplicate_rows > 0 FROM detid.node_status') eq 't';
		mint($_) for $a, $b;
		select(undef, undef, undef, 0.1);
	}
	same_sql($node, 'SELECT duplicate_rows > 0, duplicate_seen_at > now() - interval \'1 minute\', ready FROM detid.node_status', 't|t|t', $name);
	return;
};
# A number is the database's from the horizon on that it had when it took it: some seconds.
$noticed->($_, 'one number: ' . $_->name . ' notices') for $a, $b;
both_have_all('one number');
for my $node ($a, $b)
{
	same_sql($node, $red, 'duplicate', 'one number: check() on ' . $node->name);
	same_sql($node, q{SELECT detail ~ 'another server mints under number 7' AND hint ~ 'detid.node_id' AND hint ~ 'accept_copy'
		FROM detid.check() WHERE "check" = 'duplicate'}, 't', 'one number: what to do');
	like(slurp_file($node->logfile), qr/another server mints under the number 7 of this node\n.*DETAIL:.*entry \d+ of detid\.ledger, minted at.*\n.*HINT:.*detid\.check/,
		'one number: the log says so');
}
cmp_ok(scalar(() = slurp_file($a->logfile) =~ /another server mints under/g), '<', 5, 'but not for each row');
$a->stop('immediate');
$a->start;
same_sql($a, $red, 'duplicate', 'one number: known after a crash');

# --- The command -------------------------------------------------------------------------------

set_conf($b, 'detid.node_id', 8);
mint($_) for $a, $b;
both_have_all('two numbers again');
$_->safe_psql('postgres', 'SELECT detid.accept_copy()') for $a, $b;
for (1 .. 5) { mint($_) for $a, $b; }
both_have_all('the command');
same_sql($_, $red, '', 'the command: it is over on ' . $_->name) for $a, $b;

# --- Stop --------------------------------------------------------------------------------------

set_conf($a, 'detid.on_duplicate', 'stop');
set_conf($b, 'detid.node_id', 7);
my $session = session($a);
for (1 .. 200)
{
	mint($b);
	my (undef, $err) = $session->try(q{SELECT detid.next_id('orders_id')});
	last if $err =~ /ERROR/;
	select(undef, undef, undef, 0.1);
}
for my $when ('in an open session', 'after a restart')
{
	my (undef, $err) = $session->try(q{SELECT detid.next_id('orders_id')});
	like($err, qr/ERROR:  DT001: this node is fenced.*DETAIL:  Another server mints under number 7.*HINT:.*accept_copy/s, "stop: $when");
	same_sql($a, 'SELECT ready, fenced, duplicate_rows > 0 FROM detid.node_status', 'f|t|t', "stop: node_status $when");
	same_sql($a, $red, 'duplicate fence ready', "stop: check() $when");
	last if $when eq 'after a restart';
	$session->quit;
	$a->restart;
	$session = session($a);
}
like(slurp_file($a->logfile), qr/another server mints under the number 7 of this node: minting stops here/, 'stop: the log');
same_sql($b, q{SELECT detid.next_id('orders_id') > 0}, 't', 'stop: the other one reports alone');
set_conf($b, 'detid.node_id', 8);
mint($b);
$b->wait_for_catchup('from_' . $b->name);
$a->safe_psql('postgres', 'SELECT detid.accept_copy()');
like(($session->try(q{SELECT detid.next_id('orders_id')}))[0], qr/^\d+$/, 'stop: the command ends it, in open sessions too');
same_sql($a, $red, '', 'stop: and check() is content');
$session->quit;

# --- Keys that are taken -----------------------------------------------------------------------

$_->safe_psql('postgres', 'ALTER SUBSCRIPTION from_' . ($_ == $a ? $b : $a)->name . ' DISABLE') for $a, $b;
my $row = 'INSERT INTO detid._ledger SELECT (jsonb_populate_record(l, \'{"digest": DIGEST, "position": 1000}\')).* FROM (SELECT l FROM ONLY detid._ledger l WHERE node = 7 AND position > 0 ORDER BY position DESC LIMIT 1) AS x(l)';
$a->safe_psql('postgres', $row =~ s/DIGEST/0/r);
my $insert = sub { (my $sql = $row) =~ s/DIGEST/$_[0]/; return run_sql($a, "SET session_replication_role = replica; $sql"); };
my $count = 'SELECT count(*), count(*) FILTER (WHERE entry < 0) FROM detid.ledger';
my ($rows, $aside) = split /\|/, $a->safe_psql('postgres', $count);
my (undef, $err) = $insert->(1);
is($err, '', 'a row whose key is taken does not fail');
same_sql($a, $count, ($rows + 1) . '|' . ($aside + 1), 'and is kept aside');
$insert->(1);
same_sql($a, $count, ($rows + 1) . '|' . ($aside + 1), 'once');
$insert->(2);
like(slurp_file($a->logfile), qr/a third row of detid\.ledger has the node 7/, 'a third one is told of');
same_sql($a, $count, ($rows + 1) . '|' . ($aside + 1), 'and passed over');
same_sql($a, $red, '', 'none of that is from this time: it proves nothing');

# --- What was pruned comes back ----------------------------------------------------------------

my $file = PostgreSQL::Test::Utils::tempdir() . '/rows';
$a->safe_psql('postgres', qq{COPY (SELECT * FROM ONLY detid._ledger WHERE node = 7 AND position > 1000) TO '$file'});
cmp_ok($a->safe_psql('postgres', 'SELECT detid.prune_ledger(clock_timestamp())'), '>', 0, 'rows are pruned');
(undef, $err) = run_sql($a, "SET session_replication_role = replica; COPY detid._ledger FROM '$file'");
is($err, '', 'and come back');
same_sql($a, $red, '', 'which proves nothing');

done_testing();
