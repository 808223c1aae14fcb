# SPDX-License-Identifier: PostgreSQL
#
# What a mint does before it takes its position may let invalidations in: reading a long input,
# checking the privilege of a role. Neither may find the generator's shard gone.

use strict;
use warnings FATAL => 'all';

use FindBin;
use lib $FindBin::RealBin;
use Detid;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('invalidated', conf => "restart_after_crash = off\n");
$node->safe_psql('postgres', q{
	SELECT detid.create_generator('g', audit => 'off');
	SELECT detid.create_generator('u', 'uuid7', audit => 'off');
	CREATE TABLE long (t text);
	ALTER TABLE long ALTER t SET STORAGE EXTERNAL;
	INSERT INTO long SELECT repeat(i::text, 3000) FROM generate_series(1, 300) i;
	DO $$ BEGIN FOR i IN 1 .. 300 LOOP EXECUTE format('CREATE ROLE r%s IN ROLE pg_monitor', i); END LOOP; END $$;
	GRANT USAGE ON SEQUENCE g TO pg_monitor;
});

# Changes the generators for as long as the SQL runs; returns what that gave.
sub under_changes
{
	my ($sql, $name) = @_;
	my ($minting, $changing) = (session($node), session($node));
	my $ids = '';
	my $changes = 0;
	for (1 .. 8)
	{
		$minting->send($sql);
		do
		{
			$changing->query("$_ ON SEQUENCE g, u " . (/GRANT/ ? 'TO' : 'FROM') . ' public') for 'GRANT USAGE', 'REVOKE USAGE';
			$changes++;
		} while $minting->busy;
		my ($out, $err) = $minting->wait;
		is($err, '', "$name: no error");
		$ids .= "$out\n";
	}
	cmp_ok($changes, '>=', 8, "$name: and $changes changes meanwhile");
	$_->quit for $minting, $changing;
	no_duplicates([ lines($ids) ], $name);
	return;
}

under_changes(q{SELECT detid.next_id('g', t) FROM long}, 'long inputs of bigints');
under_changes(q{SELECT detid.next_uuid('u', t) FROM long}, 'long inputs of uuids');
under_changes(q{SELECT detid.next_text('u', t) FROM long}, 'long inputs of texts');
under_changes(q{SELECT id FROM (SELECT set_config('role', 'r' || i, false), detid.next_id('g') AS id
	FROM generate_series(1, 300) i OFFSET 0) s; RESET ROLE}, 'other roles in turn');
same_sql($node, q{SELECT detid.next_id('g') > 0}, 't', 'the server lives');

# Nobody but the extension says what was dropped: not a table of its name, nor a database's owner.
$node->safe_psql('postgres', q{
	CREATE ROLE someone LOGIN;
	CREATE DATABASE theirs OWNER someone;
});
my $row = $node->safe_psql('postgres', 'SELECT * FROM detid._horizon');
my $columns = $node->safe_psql('postgres', q{SELECT string_agg(format('%I %s NOT NULL', attname, format_type(atttypid, atttypmod)), ', ' ORDER BY attnum)
	FROM pg_attribute WHERE attrelid = 'detid._horizon'::regclass AND attnum > 0});
$row =~ s/\|/, /g;
$node->safe_psql('theirs', qq{
	SET ROLE someone;
	CREATE SCHEMA detid;
	CREATE TABLE detid._horizon ($columns);
	INSERT INTO detid._horizon VALUES ($row);
	DROP SCHEMA detid CASCADE;
});
same_sql($node, q{SELECT count(*) FROM pg_shseclabel WHERE provider = 'detid'}, '0',
	'a table of that name is not taken for the horizon');
fails_with($node, q{SET ROLE someone; SECURITY LABEL FOR detid ON DATABASE theirs IS 'horizon=2199-01-01T00:00:00Z'},
	'42501', qr/only the extension writes the horizon/, 'an owner cannot label a database', db => 'theirs');
$node->safe_psql('theirs', q{SECURITY LABEL FOR detid ON DATABASE theirs IS 'horizon=2199-01-01T00:00:00Z'});
fails_with($node, q{SECURITY LABEL FOR detid ON DATABASE theirs IS 'horizon=2198-01-01T00:00:00Z'},
	'42501', qr/horizon=2199/, 'a superuser may raise it, not lower it', db => 'theirs');
fails_with($node, q{SECURITY LABEL FOR detid ON DATABASE theirs IS NULL}, '42501', qr/horizon=2199/,
	'nor remove it', db => 'theirs');

# The extension made again, and rolled back, after a restart: nothing is minted in between.
$node->safe_psql('postgres', q{SELECT detid.next_id('g')});
$node->restart;
fails_with($node, q{BEGIN; DROP EXTENSION pg_detid CASCADE; CREATE EXTENSION pg_detid; SELECT detid.next_id('g')},
	'55000', qr/horizon was made anew/, 'no mint under a horizon that may be rolled back');

# A new generator does not wait for what the dropped horizon had ahead.
$node->append_conf('postgresql.conf', 'detid.horizon_window = 60s');
$node->restart;
$node->safe_psql('postgres', q{SELECT detid.next_id('g')});
$node->safe_psql('postgres', q{DROP EXTENSION pg_detid CASCADE});
$node->safe_psql('postgres', q{CREATE EXTENSION pg_detid});
same_sql($node, q{SET statement_timeout = '20s';
	SELECT detid.create_generator('h') IS NOT NULL; SELECT detid.next_id('h') > 0}, "t\nt",
	'a new generator mints at once after the extension was made again');

# A horizon that is far ahead is not merged below ids that are minted already.
fails_with($node, q{INSERT INTO detid._horizon VALUES (4102444800000000, 5, 0, 0, 0, 5, 1, 3, -1, 0)}, '55000',
	qr/too far behind the ids/, 'a far horizon is refused where minting has begun');
$node->stop('fast');

done_testing();
