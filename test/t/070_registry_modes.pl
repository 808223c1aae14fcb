# SPDX-License-Identifier: PostgreSQL
#
# A registry from its operators' side: how nodes are set up, what each of the two modes does while
# the coordinator is away, over restarts, and when something is not as it was enrolled; what ends
# a node, and where its successor begins.

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

my $c = coordinator('c', conf => "detid.quarantine = 60s\n");
my $db1 = registered($c, 'eu/a/db1');
my $w1 = registered($c, 'eu/pool/w1', mode => 'leased');

# The first id waits for the registry, and is of the number that it granted.
same_sql($db1, 'SELECT detid.node_of(detid.next_id())', '0', 'assigned: the first id');
same_sql($w1, 'SELECT detid.node_of(detid.next_id())', '8', 'leased: the first id');
is(in_view($c, 'eu/a/db1', 'node') . in_view($c, 'eu/pool/w1', 'node'), '08', 'as the coordinator shows it');
same_sql($w1, 'SELECT detid.next_uuid() IS NOT NULL, mode, path, ready, registry_trouble FROM detid.node_status',
	't|leased|eu/pool/w1|t|', 'node_status of a leased node');
same_sql($db1, q{SELECT mode, path, granted_until, (SELECT ok FROM detid.check() WHERE "check" = 'registry') FROM detid.node_status},
	'assigned|eu/a/db1|infinity|t', 'node_status and check of an assigned one');
ok($c->poll_query_until('postgres', "SELECT count(*) = 2 FROM detid.nodes WHERE state = 'active' AND ids > 0 AND abs(skew_ms) < 100 + skew_error_ms AND horizon > enrolled_at"),
	'nodes publish their count, horizon and clock');
same_sql($c, 'SELECT count(*) FROM detid.check_topology()', '0', 'nothing is wrong');

# Intervals are prolonged: minting goes on past the first one.
my $until = in_view($c, 'eu/pool/w1', 'granted_until');
my $session = session($w1);
$session->query('SELECT detid.next_id()');
ok($c->poll_query_until('postgres', "SELECT granted_until > '$until'::timestamptz + interval '${\ LEASE} s' FROM detid.nodes WHERE path = 'eu/pool/w1'"),
	'the interval is prolonged');
is(($session->try('SELECT detid.next_id() IS NOT NULL'))[0], 't', 'and an open session mints on in it');
same_sql($c, "SELECT granted_from < '$until' FROM detid.nodes WHERE path = 'eu/pool/w1'", 't', 'it is one interval without a gap');

# --- The coordinator is away ---

$c->stop('immediate');
my $begin = time();
my $last = $session->query('SELECT detid.next_id()');
my $err = '';
while ($err eq '' && time() < $begin + 30)
{
	my ($out, $e) = $session->try('SELECT detid.next_id()');
	$last = $out if $out ne '';
	$err = $e;
	sleep 0.05;
}
like($err, qr/ERROR:  DT002: .*DETAIL:  The last interval ended at \S+ The coordinator cannot be reached: .*HINT/s,
	'a leased node stops at the end of its interval, and says why');
my $lasted = time() - $begin;
ok($lasted > LEASE / 3 && $lasted < 2 * LEASE + 1, sprintf('which came after %.1f s', $lasted));
same_sql($w1, q{SELECT ready, reason, granted_until < now() FROM detid.node_status}, 'f|the registry has not granted this node an interval to mint in|t',
	'node_status says so');
same_sql($w1, q{SELECT ok FROM detid.check() WHERE "check" = 'registry'}, 'f', 'and check');
same_sql($w1, "SELECT detid.node_of($last)", '8', 'what does not mint works');
same_sql($db1, 'SELECT count(detid.next_id()) FROM generate_series(1, 1000)', '1000', 'an assigned node goes on');
$db1->restart;
same_sql($db1, 'SELECT detid.node_of(detid.next_id())', '0', 'also over a restart');
$w1->restart;
fails_with($w1, 'SELECT detid.next_id()', 'DT002', qr/The coordinator cannot be reached/, 'a leased one asks anew, and waits');
# What was granted for a while is confirmed to nobody for ever.
$w1->append_conf('postgresql.conf', "detid.node_id = 8\n");
$w1->restart;
fails_with($w1, 'SELECT detid.next_id()', 'DT002', qr/The coordinator cannot be reached/, 'nor does it start by itself if the settings give it the number');
$w1->append_conf('postgresql.conf', "detid.node_id = -1\n");
$w1->restart;
# Nor does a node that was confirmed start where its clock is not for a long while.
my $confirmed = $db1->safe_psql('postgres', 'SELECT start_us FROM detid._registration');
$db1->safe_psql('postgres', 'UPDATE detid._registration SET start_us = extract(epoch FROM now() + interval \'1 day\') * 1000000');
$db1->restart;
fails_with($db1, 'SELECT detid.next_id()', 'DT002', qr/cannot be reached/, 'an assigned one whose start is a day ahead does not go there');
$db1->safe_psql('postgres', "UPDATE detid._registration SET start_us = $confirmed");
$db1->restart;
mints_again($db1, 'from where it was confirmed on, it does');
my $new = registered($c, 'eu/a/db2', token => 'ab' x 32, node_id => 1);
fails_with($new, 'SELECT detid.next_id()', 'DT002', qr/cannot be reached/, 'an assigned one that was never confirmed, too');
$c->start;
mints_again($w1, 'the coordinator is back: minting goes on by itself');
my $first = $w1->safe_psql('postgres', 'SELECT detid.next_id()');
cmp_ok($first, '>', $last, 'above what was minted before');
like(slurp_file($w1->logfile), qr/LOG:  the registry has not answered this node with an interval\n.*DETAIL:  The coordinator cannot be reached/,
	'the log of the node says what happened');

# --- What is not as it was enrolled ---

ok($new->poll_query_until('postgres', "SELECT registry_trouble LIKE '%the registration is refused%' FROM detid.node_status"),
	'a token that is none: node_status says so');
fails_with($new, 'SELECT detid.next_id()', 'DT002', qr/the registration is refused/, 'and the error');
my $token = enroll($c, 'eu/a/db2', 'assigned');
write_token($new, $token);
$new->append_conf('postgresql.conf', "detid.node_id = 5\n");
$new->reload;
ok($new->poll_query_until('postgres', "SELECT registry_trouble LIKE '%detid.node_id is not the number%' FROM detid.node_status"),
	'a number that is another one: node_status says so');
fails_with($new, 'SELECT detid.next_id()', 'DT002', qr/detid\.node_id is not the number that it was enrolled with\. Set detid\.node_id/,
	'nothing is minted, and the error says what to do');
state_becomes($c, 'eu/a/db2', 'expected wrong_node', 'the coordinator shows it');
$new->append_conf('postgresql.conf', "detid.node_id = -1\n");
$new->reload;
ok($new->poll_query_until('postgres', "SELECT registry_trouble LIKE '%enrolled in the other mode%' FROM detid.node_status"), 'the other mode');
$new->append_conf('postgresql.conf', "detid.node_id = 1\n");
$new->reload;
mints_again($new, 'set right, it mints without a restart');
same_sql($new, 'SELECT detid.node_of(detid.next_id())', '1', 'under its number');
$new->append_conf('postgresql.conf', "detid.node_id = 5\n");
$new->restart;
ok($new->poll_query_until('postgres', "SELECT registry_trouble LIKE '%detid.node_id is not the number%' FROM detid.node_status"),
	'another number again');
$new->safe_psql('template1', 'ALTER DATABASE postgres SET detid.node_id = 1');
$new->reload;
mints_again($new, 'set right for the database, too, with a reload');
same_sql($new, 'SELECT detid.node_of(detid.next_id())', '1', 'under that number');
$new->safe_psql('template1', 'ALTER DATABASE postgres RESET detid.node_id');
$new->append_conf('postgresql.conf', "detid.node_id = 1\n");
$new->restart;

# Another database of a server with a coordinator mints nothing.
$new->safe_psql('postgres', 'CREATE DATABASE other');
$new->safe_psql('other', 'CREATE EXTENSION pg_detid');
fails_with($new, 'SELECT detid.next_id()', '55000', qr/no node of the registry.*registered_databases is "postgres"/s,
	'a database that is not listed', db => 'other');
# Secrets stay where they are.
same_sql($new, 'SHOW detid.node_token_file', 'detid_token', 'a superuser sees where the token is');
$new->safe_psql('postgres', 'CREATE ROLE somebody LOGIN');
for my $setting (qw(detid.node_token_file detid.coordinator))
{
	my (undef, $denied) = run_sql($new, "SET ROLE somebody; SHOW $setting");
	like($denied, qr/ERROR:  42501/, "others do not see $setting");
}
fails_with($new, "SET detid.node_token_file = 'y'", '55P02', qr/cannot be changed now/, 'a token is no matter of sessions');

# --- The extension goes, and comes back, under the registry client ---

# It goes while the registry client waits for one of its tables.
my $clients = q{FROM pg_stat_activity WHERE backend_type = 'pg_detid registry client'};
my $client = $w1->safe_psql('postgres', "SELECT pid $clients");
$w1->safe_psql('postgres', qq{
	BEGIN;
	DROP EXTENSION pg_detid;
	DO \$\$ BEGIN
		WHILE NOT EXISTS (SELECT $clients AND wait_event_type = 'Lock') LOOP
			PERFORM pg_sleep(0.005), pg_stat_clear_snapshot();
		END LOOP;
	END \$\$;
	COMMIT;
});
sleep 2 * HEARTBEAT;
same_sql($w1, "SELECT pid $clients", $client, 'the registry client goes on, though a table that it waited for is gone');
$w1->safe_psql('postgres', 'CREATE EXTENSION pg_detid');
same_sql($w1, 'SELECT detid.node_of(detid.next_id())', '8', 'an extension that is created anew: the registry client knows what it said last');
$w1->safe_psql('postgres', 'DROP EXTENSION pg_detid');
$w1->restart;
$w1->safe_psql('postgres', 'CREATE EXTENSION pg_detid');
# Its pair of nonces is gone: to the registry it is somebody with an old one.
my $dropped = time();
fenced_within_a_heartbeat($w1, 'and over a restart', $dropped);
$c->safe_psql('postgres', "SELECT detid.unfence('eu/pool/w1')");
$w1->safe_psql('postgres', 'SELECT detid.unfence()');
mints_again($w1, 'unfenced, it mints');

# --- The end of a node ---

my $high = $db1->safe_psql('postgres', 'SELECT max(detid.next_id()) FROM generate_series(1, 100000)');
my $open = session($db1);
$open->query('PREPARE p AS SELECT detid.next_id()');
$open->query('EXECUTE p');
$db1->safe_psql('postgres', 'BEGIN; SELECT detid.retire_node(); ROLLBACK');
$high = $open->query('EXECUTE p');
$db1->safe_psql('postgres', 'SELECT detid.retire_node()');
like(($open->try('EXECUTE p'))[1], qr/ERROR:  DT001/, 'retired: nothing is minted from the commit on, in open sessions neither');
$open->quit;
ok($c->poll_query_until('postgres', "SELECT state = 'retired' FROM detid.nodes WHERE path = 'eu/a/db1'"), 'the registry is told');
ok($db1->poll_query_until('postgres', q{SELECT detail LIKE '%it was retired%' FROM detid.check() WHERE "check" = 'fence'}), 'check says so');
$db1->restart;
fails_with($db1, 'SELECT detid.next_id()', 'DT001', qr/It was retired/, 'also after a restart');
my $again = registered($c, 'eu/a/db1', name => 'db1_again');
same_sql($again, "SELECT detid.node_of(detid.next_id()), detid.next_id() > $high", '0|t', 'who has the number next begins above');

# A successor takes the number at once, and the one before is fenced.
$high = $again->safe_psql('postgres', 'SELECT max(detid.next_id()) FROM generate_series(1, 100000)');
my $since = time();
my $moved = $c->safe_psql('postgres', "SELECT detid.move_node('eu/a/db1', 'eu/a/db9')");
my $db9 = registered($c, 'eu/a/db9', token => $moved);
my $its_first = $db9->safe_psql('postgres', 'SELECT detid.next_id()');
same_sql($db9, "SELECT detid.node_of($its_first), $its_first > $high", '0|t', 'a successor begins above its predecessor');
fenced_within_a_heartbeat($again, 'moved', time());
my $rest = $again->safe_psql('postgres', 'SELECT max(first_id::bigint) FROM detid.ledger');
cmp_ok($its_first, '>', $rest, 'also above what that minted until it heard of it');

# A leased node that is silent loses its number to one that needs it, and gets another. The start of
# the coordinator, after which nodes that are new have to wait, is long past.
$c->append_conf('postgresql.conf', 'detid.quarantine = 0');
$c->reload;
$c->safe_psql('postgres', 'UPDATE detid._coordinator SET silent_floor_us = 0');
$c->safe_psql('postgres', q{SELECT detid.assign_prefix('ap'), detid.assign_prefix('ap/one'), detid.assign_prefix('ap/one/only')});
my $x1 = registered($c, 'ap/one/only/x1', mode => 'leased');
my $number = $x1->safe_psql('postgres', 'SELECT detid.node_of(detid.next_id())');
$high = $x1->safe_psql('postgres', 'SELECT detid.next_id()');
my $x2 = registered($c, 'ap/one/only/x2', mode => 'leased');
fails_with($x2, 'SELECT detid.next_id()', 'DT002', qr/all numbers of its prefix are in use/, 'a pool that is used up');
$x1->stop('immediate');
mints_again($x2, 'its number is given to another when the interval is over');
same_sql($x2, "SELECT detid.node_of(detid.next_id()), detid.next_id() > $high", "$number|t", 'who begins above');
$x1->start;
fails_with($x1, 'SELECT detid.next_id()', 'DT002', qr/all numbers of its prefix are in use/, 'the one before has none now');

$_->stop for $db1, $w1, $new, $again, $db9, $x1, $x2, $c;
done_testing();
