# SPDX-License-Identifier: PostgreSQL
#
# A salt belongs to one role for ever: over prepared transactions, dumps, restores by superusers, an
# extension that is dropped, standbys and owners that change. Nobody else has the key.

use strict;
use warnings FATAL => 'all';

use FindBin;
use lib $FindBin::RealBin;
use Detid;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('salts', init => { allows_streaming => 1 }, conf => "max_prepared_transactions = 5\n");
my $dir = PostgreSQL::Test::Utils::tempdir();
my $sequence = 'AS bigint INCREMENT 2 MINVALUE -9223372036854775808 MAXVALUE -9223372036854775807';
my $create_schemas = q{
	CREATE SCHEMA shop AUTHORIZATION alice; CREATE SCHEMA lair AUTHORIZATION mallory;
	GRANT USAGE ON SCHEMA shop TO PUBLIC; GRANT CREATE ON SCHEMA shop TO mallory;
};
my %alice = (extra_params => [ '-U', 'alice' ]);
my %mallory = (extra_params => [ '-U', 'mallory' ]);

sub database
{
	my ($db) = @_;
	$node->safe_psql('postgres', "CREATE DATABASE $db");
	$node->safe_psql($db, "CREATE EXTENSION pg_detid");
	return;
}

# A label, put on a sequence of mallory's.
sub steal
{
	my ($label) = @_;
	return "CREATE SEQUENCE IF NOT EXISTS lair.stolen $sequence; SECURITY LABEL FOR detid ON SEQUENCE lair.stolen IS '$label';";
}

$node->safe_psql('postgres', "CREATE ROLE alice LOGIN; CREATE ROLE mallory LOGIN");
database('source');
$node->safe_psql('source', $create_schemas);
same_sql($node, q{
	SELECT detid.create_generator('shop.order_key', 'uuid7'), detid.create_generator('shop.order_id'),
	       detid.create_generator('shop.dropped', 'uuid7'), detid.create_generator('shop.sku', 'hash:40');
	SELECT detid.set_mask('shop.order_id');
	CREATE TABLE shop.orders (id bigint DEFAULT detid.next_id('shop.order_id'), key uuid DEFAULT detid.next_uuid('shop.order_key'));
	INSERT INTO shop.orders SELECT FROM generate_series(1, 10);
	SELECT detid.claim_id('shop.sku', 'teapot') > 0;
}, "shop.order_key|shop.order_id|shop.dropped|shop.sku\n\nt", 'alice has generators', db => 'source', %alice);
my %label = map { split /=/, $_, 2 } lines($node->safe_psql('source', q{
	SELECT objoid::regclass || '=' || label FROM pg_seclabel WHERE provider = 'detid'}));
my $dropped_id = $node->safe_psql('source', q{SELECT detid.compose_uuid('shop.dropped', 1000, 1, 2, 3); DROP SEQUENCE shop.dropped});
my $genuine_sql = q{SELECT count(*) FROM shop.orders WHERE detid.is_genuine(key, 'shop.order_key')};
same_sql($node, $genuine_sql, '10', 'their ids are genuine', db => 'source');

# A prepared transaction holds a salt as a running one does.
$node->safe_psql('source', q{
	BEGIN; SELECT detid.create_generator('shop.prepared', 'uuid7'); PREPARE TRANSACTION 'p';
}, %alice);
fails_with($node, "SET lock_timeout = '200ms'; SELECT detid.create_generator('shop.prepared', 'uuid7')", '55P03', qr/lock timeout/,
	'prepared: others wait for the salt', db => 'source', %mallory);
$node->safe_psql('source', "COMMIT PREPARED 'p'");
my $label = $node->safe_psql('source', q{SELECT label FROM pg_seclabel WHERE objoid = 'shop.prepared'::regclass; DROP SEQUENCE shop.prepared});
fails_with($node, steal($label), '42501', qr/salt belongs to somebody else.*"alice"/s, 'prepared: and are refused once it is committed',
	db => 'source', %mallory);

# A restored database knows whose its salts are, also of what was dropped before.
my $archive = "$dir/source.dump";
my $plain = "$dir/source.sql";
$node->command_ok([ 'pg_dump', '-Fc', '-f', $archive, '-d', $node->connstr('source') ], 'pg_dump -Fc');
$node->command_ok([ 'pg_dump', '-f', $plain, '-d', $node->connstr('source') ], 'pg_dump');
my $rows = q{SELECT salt, owner, role, generator FROM detid._salt ORDER BY salt};
for my $jobs (1, 4)
{
	my $db = "restored$jobs";
	$node->safe_psql('postgres', "CREATE DATABASE $db");
	$node->command_ok([ 'pg_restore', '--exit-on-error', '-j', $jobs, '-d', $node->connstr($db), $archive ], "$db: pg_restore -j $jobs");
	is($node->safe_psql($db, $rows), $node->safe_psql('source', $rows), "$db: salts have their owners");
	fails_with($node, q{SELECT detid.create_generator('shop.dropped', 'uuid7')}, '42501', qr/"alice"/,
		"$db: nobody else gets the salt of a name that was dropped", db => $db, %mallory);
	fails_with($node, steal($label{'shop.order_key'}), '42501', qr/"alice"/, "$db: nor by its label", db => $db, %mallory);
	same_sql($node, q{SELECT detid.create_generator('shop.dropped', 'uuid7')}, 'shop.dropped', "$db: its owner does",
		db => $db, %alice);
	same_sql($node, q{SELECT ok FROM detid.check() WHERE "check" = 'salts'}, 't', "$db: check() finds nothing", db => $db);
}
same_sql($node, "SELECT detid.create_generator('shop.dropped', 'uuid7'); SELECT detid.is_genuine('$dropped_id'::uuid, 'shop.dropped')",
	"shop.dropped\nt", 'source: the owner makes it again, and old ids are genuine', db => 'source', %alice);

# Without owners, all is the restorer's.
$node->safe_psql('postgres', 'CREATE DATABASE unowned');
$node->command_ok([ 'pg_restore', '--exit-on-error', '--no-owner', '-d', $node->connstr('unowned'), $archive ], 'unowned: pg_restore --no-owner');
same_sql($node, q{SELECT count(*) FROM detid._salt s JOIN pg_roles r ON r.oid = s.owner WHERE r.rolname = current_user AND s.role = current_user AND generator <> 'shop.dropped';
	SELECT ok FROM detid.check() WHERE "check" = 'salts'; INSERT INTO shop.orders DEFAULT VALUES RETURNING id > 0},
	"3\nt\nt", 'unowned: salts are the restorer\'s', db => 'unowned');

# A stranger was there before the restore: the restore is refused what he has taken, everything says
# so, and an operator gives it back.
database('usurped');
$node->safe_psql('usurped', 'CREATE SCHEMA lair AUTHORIZATION mallory');
my $usurper = session($node, db => 'usurped', user => 'mallory');
$usurper->query(steal($label{'shop.order_key'}));
is($usurper->query(q{SELECT detid.is_genuine(detid.next_uuid('lair.stolen'), 'lair.stolen')}), 't', 'usurped: a stranger has taken a salt');
my (undef, $err) = run_command([ 'psql', '-XAtq', '-f', $plain, '-d', $node->connstr('usurped') ]);
like($err, qr/ERROR:  the salt belongs to somebody else\n.*"mallory"/, 'usurped: the restore is told');
fails_with($node, q{SELECT detid.next_uuid('shop.order_key')}, '42809', qr/not a generator/, 'usurped: and nothing is minted under it', db => 'usurped');
same_sql($node, q{SELECT ok, detail ~ '"mallory" here, and of "alice" in a dump', hint ~ 'give_salt' FROM detid.check() WHERE "check" = 'salts'}, 'f|t|t',
	'usurped: check() names the conflict', db => 'usurped');
same_sql($node, q{SELECT detid.give_salt('shop.order_key', 'alice')}, '', 'usurped: an operator gives it back', db => 'usurped');
my $refused = qr/42501.*salt is not its owner's/s;
for my $call (q{detid.next_uuid('lair.stolen')}, q{detid.compose_uuid('lair.stolen', 1, 1, 1, 1)},
	q{detid.is_genuine(gen_random_uuid(), 'lair.stolen')}, q{detid.claim_uuid('lair.stolen', 'a')})
{
	my (undef, $error) = $usurper->try("SELECT $call");
	like($error, $refused, "usurped: $call is refused from now on, in an open session");
}
$usurper->quit;
same_sql($node, "SECURITY LABEL FOR detid ON SEQUENCE shop.order_key IS '$label{'shop.order_key'}';
	INSERT INTO shop.orders DEFAULT VALUES RETURNING detid.is_genuine(key, 'shop.order_key')", 't', 'usurped: the owner goes on',
	db => 'usurped', %alice);
same_sql($node, q{SELECT detail ~ 'lair.stolen is of the role "mallory"' FROM detid.check() WHERE "check" = 'salts' AND NOT ok;
	DROP SEQUENCE lair.stolen; SELECT ok FROM detid.check() WHERE "check" = 'salts'}, "t\nt", 'usurped: check() names what is left', db => 'usurped');

# A dump that was doctored gives nothing to a stranger, though a superuser restores it.
my $doctored = slurp_file($plain);
$doctored =~ s/\bshop\b/lair/g;
$doctored =~ s/OWNER TO alice/OWNER TO mallory/g;
$doctored =~ s/^(\d+|-\d+)\t\d+\talice\t/$1\t16384\tmallory\t/gm;
append_to_file("$dir/doctored.sql", $doctored);
(undef, $err) = run_command([ 'psql', '-XAtq', '-f', "$dir/doctored.sql", '-d', $node->connstr('source') ]);
is(scalar(() = $err =~ /ERROR:  the salt belongs to somebody else/g), 3, 'doctored: all three labels are refused');
same_sql($node, q{SELECT count(*) FROM pg_seclabel s JOIN pg_class c ON c.oid = s.objoid WHERE provider = 'detid' AND c.relnamespace = 'lair'::regnamespace;
	SELECT DISTINCT role FROM detid._salt; SELECT count(*) FROM detid.check() WHERE "check" = 'salts' AND NOT ok}, "0\nalice\n5",
	'doctored: salts are where they were, and check() names the claims', db => 'source');

# The extension dropped and made again: generators that outlived it keep their salts.
$node->safe_psql('restored1', 'DROP EXTENSION pg_detid CASCADE');
$node->safe_psql('restored1', 'CREATE EXTENSION pg_detid');
same_sql($node, q{SELECT string_agg(role || ' ' || generator, ', ' ORDER BY generator) FROM detid._salt},
	'alice shop.dropped, alice shop.order_id, alice shop.order_key, alice shop.sku', 'again: salts are their owners\'', db => 'restored1');
same_sql($node, q{SELECT detid.next_id('shop.order_id') > 0}, 't', 'again: they mint', db => 'restored1', %alice);

# A standby asks as its primary does.
$node->backup('b');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'b', has_streaming => 1);
$standby->start;
$node->wait_for_catchup($standby);
same_sql($standby, $genuine_sql, '10', 'a standby verifies for the owner', db => 'source', %alice);
$node->safe_psql('source', q{SELECT detid.give_salt('shop.order_key', 'mallory')});
$node->wait_for_catchup($standby);
fails_with($standby, $genuine_sql, '42501', qr/not its owner's/, 'and not once the salt is another role\'s', db => 'source', %alice);
$standby->stop;
$node->stop;

# Without the library in memory nobody notices a new owner: nothing is told until an operator says so.
my $late = new_node('late', preload => 0);
$late->safe_psql('postgres', q{CREATE ROLE alice; SELECT detid.create_generator('g', 'uuid7')});
$late->safe_psql('postgres', 'ALTER SEQUENCE g OWNER TO alice');
my $compose = q{SELECT detid.compose_uuid('g', 1, 1, 1, 1) IS NOT NULL};
fails_with($late, $compose, '42501', qr/not its owner's.*give_salt/s, 'late: the salt is the old owner\'s');
same_sql($late, "SELECT detid.give_salt('g', 'alice'); $compose", "\nt", 'late: an operator gives it to the new one');
$late->safe_psql('postgres', q{LOAD 'pg_detid'; ALTER SEQUENCE g OWNER TO CURRENT_USER});
same_sql($late, $compose, 't', 'late: with the library in memory it goes along');
$late->stop;

done_testing();
