# SPDX-License-Identifier: PostgreSQL
#
# Where seeds go: to standbys and into physical copies, into no dump. What needs a seed says so
# until it has been imported; then ids of another node are genuine here, and masks are the same.

use strict;
use warnings FATAL => 'all';

use FindBin;
use lib $FindBin::RealBin;
use Detid;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $old = new_node('old', init => { allows_streaming => 1 });
$old->safe_psql('postgres', q{
	SELECT detid.create_generator('order_id'), detid.create_generator('key', 'ulid', audit => 'each');
	SELECT detid.set_mask('order_id');
	SELECT detid.rotate_seed();
	CREATE TABLE orders (id bigint PRIMARY KEY DEFAULT detid.next_id('order_id'), key text DEFAULT detid.next_text('key'));
	INSERT INTO orders SELECT FROM generate_series(1, 10);
	CREATE TABLE proven (key text DEFAULT detid.next_text('key') CHECK (detid.is_genuine(key, 'key')));
	INSERT INTO proven SELECT FROM generate_series(1, 10);
});
my $faces_sql = q{SELECT md5(string_agg(detid.mask(id, 'order_id')::text, ' ' ORDER BY id)) FROM orders};
my $genuine_sql = q{SELECT count(*) FROM orders WHERE detid.is_genuine(key, 'key')};
my $faces = $old->safe_psql('postgres', $faces_sql);
same_sql($old, $genuine_sql, '10', 'all keys are genuine');

# A standby has the seeds, and verifies and masks without minting.
$old->backup('b');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($old, 'b', has_streaming => 1);
$standby->start;
$old->wait_for_catchup($standby);
same_sql($standby, $genuine_sql, '10', 'a standby verifies');
same_sql($standby, $faces_sql, $faces, 'and masks as its primary');
$old->safe_psql('postgres', "SELECT detid.rotate_seed(); INSERT INTO orders DEFAULT VALUES");
$old->wait_for_catchup($standby);
same_sql($standby, $genuine_sql, '11', 'also after another rotation');
fails_with($standby, 'SELECT detid.rotate_seed()', '25006', qr/read-only/, 'which a standby refuses');
$faces = $old->safe_psql('postgres', $faces_sql);
$standby->stop;

# A session that has verified learns of a rotation in another one.
my $session = session($old);
is($session->query($genuine_sql), '11', 'a session has verified');
$old->safe_psql('postgres', "SELECT detid.rotate_seed(); INSERT INTO orders DEFAULT VALUES");
is($session->query($genuine_sql), '12', 'it learns of a seed that another session has added');
is($session->query(q{SELECT detid.next_text('key') \g /dev/null
	SELECT encode(l.seed, 'hex') = s.commitment FROM detid.ledger l, detid.seeds s
	WHERE l.generator = 'key'::regclass AND s.current ORDER BY l.node, l.entry DESC LIMIT 1}), 't',
	'and mints with it');
$session->quit;
$faces = $old->safe_psql('postgres', $faces_sql);

# No dump has them, in any format or part.
my $dir = PostgreSQL::Test::Utils::tempdir();
my @seeds = lines($old->safe_psql('postgres', "SELECT encode(seed, 'hex') FROM detid._seed"));
is(scalar @seeds, 4, 'four seeds');
for my $options ([], ['--data-only'], ['--inserts'])
{
	my ($dump, $err) = run_command([ 'pg_dump', @$options, '-d', $old->connstr('postgres') ]);
	is($err, '', "pg_dump @$options");
	is(scalar(grep { index($dump, $_) >= 0 } @seeds), 0, "no seed in pg_dump @$options");
	unlike($dump, qr/COPY detid\._seed|INSERT INTO detid\._seed/, 'nor their table');
}
my ($all, undef) = run_command([ 'pg_dumpall', '-h', $old->host, '-p', $old->port ]);
is(scalar(grep { index($all, $_) >= 0 } @seeds), 0, 'no seed in pg_dumpall');

# Restored elsewhere, under seeds of its own.
my $new = new_node('new', node_id => 8, extension => 0);
sub restore
{
	my ($db, $stop, @options) = @_;
	my $file = "$dir/$db.sql";
	$old->command_ok([ 'pg_dump', @options, '-f', $file, '-d', $old->connstr('postgres') ], "$db: pg_dump @options");
	my ($out, $err) = run_command(
		[ 'psql', '-XAtq', '-v', "ON_ERROR_STOP=$stop", '-f', $file, '-d', $new->connstr($db) ]);
	return $err;
}
$new->safe_psql('postgres', 'CREATE DATABASE bare');
is(restore('bare', 1, '-T', 'proven'), '', 'bare: restored');
same_sql($new, $genuine_sql, '0', 'bare: keys of another node are not genuine', db => 'bare');
fails_with($new, $faces_sql, '55000', qr/seed of the generator's mask is not at hand.*import_seed/s,
	'bare: nothing is masked', db => 'bare');
fails_with($new, q{SELECT detid.unmask(1, 'order_id')}, '55000', qr/not at hand/, 'bare: nor unmasked', db => 'bare');
same_sql($new, q{SELECT ok FROM detid.check() WHERE "check" = 'masks'}, 'f', 'bare: check() says so', db => 'bare');
fails_with($new, q{SELECT detid.set_mask('order_id')}, '55000', qr/is set for good/, 'bare: nor is the mask another',
	db => 'bare');
same_sql($new, q{SELECT detid.is_genuine(detid.next_text('key'), 'key')}, 't', 'bare: it mints under its own',
	db => 'bare');

# One by one, as they are imported.
my @commitments = lines($old->safe_psql('postgres', 'SELECT commitment FROM detid.seeds WHERE own ORDER BY created_at'));
my %exported = map { $_ => $old->safe_psql('postgres', "SELECT detid.export_seed('$_')") } @commitments;
my @genuine = (0, 10, 11, 12);
$session = session($new, db => 'bare');
is($session->query($genuine_sql), '0', 'bare: a session has verified');
for my $i (0 .. $#commitments)
{
	same_sql($new, "SELECT detid.import_seed('$exported{$commitments[$i]}')", $commitments[$i],
		"bare: seed $i imported", db => 'bare');
	is($session->query($genuine_sql), $genuine[$i], "bare: $genuine[$i] keys are genuine");
	is($session->query($faces_sql), $faces, 'bare: masks are those of the other node') if $i == 0;
}
is($session->query(q{SELECT count(*) FROM detid.seeds WHERE own; SELECT count(*) FROM detid.seeds WHERE NOT own}), "1\n4",
	'bare: the own seed goes on making ids');
is($session->query(q{SELECT mismatches, unverified FROM detid.verify_replay('key')}), '0|0', 'bare: the ledger replays');

# A seed that leaked: its ids are genuine no more, once it is deleted where another takes over.
$new->safe_psql('bare', "BEGIN; DELETE FROM detid._seed WHERE encode(commitment, 'hex') = '$commitments[1]'; SELECT detid.rotate_seed(); COMMIT");
is($session->query($genuine_sql), '2', 'bare: ids of a seed that was deleted in a rotation are genuine no more');
is($session->query($faces_sql), $faces, 'bare: masks hang on another');
is($session->query(q{SELECT mismatches, unverified FROM detid.verify_replay('key')}), '0|20',
	'bare: replay says that it is not at hand');
$session->quit;

# A CHECK that asks is_genuine wants the seeds before the rows.
$new->safe_psql('postgres', 'CREATE DATABASE checked');
like(restore('checked', 0), qr/ERROR.*violates check constraint "proven_key_check"/,
	'checked: rows with such a CHECK are refused without the seeds');
same_sql($new, 'SELECT (SELECT count(*) FROM proven), (SELECT count(*) FROM orders)', '0|12',
	'checked: the other rows are there', db => 'checked');
# So they are imported between the sections of the dump.
my $archive = "$dir/archive";
$old->command_ok([ 'pg_dump', '-Fc', '-f', $archive, '-d', $old->connstr('postgres') ], 'seeded: pg_dump -Fc');
$new->safe_psql('postgres', 'CREATE DATABASE seeded');
my @pg_restore = ('pg_restore', '--exit-on-error', '-d', $new->connstr('seeded'));
$new->command_ok([ @pg_restore, '--section=pre-data', $archive ], 'seeded: the definitions');
$new->safe_psql('seeded', "SELECT detid.import_seed('$_')") for values %exported;
$new->command_ok([ @pg_restore, '--section=data', '--section=post-data', $archive ], 'seeded: then the rows');
same_sql($new, 'SELECT count(*) FROM proven', '10', 'seeded: with all rows', db => 'seeded');
same_sql($new, q{INSERT INTO proven DEFAULT VALUES RETURNING detid.node_of(key, 'key')}, '8', 'seeded: and goes on', db => 'seeded');

# The log of everything that is executed has none that was made.
$old->safe_psql('postgres', q{
	LOAD 'auto_explain';
	SET auto_explain.log_min_duration = 0;
	SET auto_explain.log_nested_statements = on;
	SET auto_explain.log_verbose = on;
	SET log_statement = 'all';
	SET log_min_duration_statement = 0;
	SELECT 1 FROM detid.rotate_seed();
});
my $log = slurp_file($old->logfile);
like($log, qr/rotate_seed/, 'the log shows a rotation');
unlike($log, qr/$_/i, 'and no seed')
  for lines($old->safe_psql('postgres', "SELECT encode(seed, 'hex') FROM detid._seed"));

$_->stop for $new, $old;
done_testing();
