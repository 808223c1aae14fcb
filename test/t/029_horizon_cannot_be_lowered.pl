# SPDX-License-Identifier: PostgreSQL
#
# Whatever a user does to a generator, or a superuser to the extension, no id comes twice: it is
# refused, or has no effect, or minting says what is wrong. Each case has a database of its own
# whose ids are far ahead of the system clock, so that nothing but the horizon keeps the ids of
# the server's next incarnation above them; and each ends in a crash.

use strict;
use warnings FATAL => 'all';

use FindBin;
use lib $FindBin::RealBin;
use Detid;
use Journal;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('tampered', conf => "detid.horizon_window = 1s\nautovacuum = off\ndetid.allow_schema_changes = on\n");

# Takes node time far ahead of the system clock, unless it is: a crash does, with a wide window.
sub get_ahead
{
	my $is_ahead = q{SELECT detid.minted_at(detid.next_id()) - clock_timestamp() > interval '20 s'};
	while ($node->safe_psql('postgres', $is_ahead) ne 't')
	{
		$node->safe_psql('postgres', q{ALTER SYSTEM SET detid.horizon_window = '30s'});
		$node->restart;
		$node->safe_psql('postgres', 'SELECT detid.next_id()');
		$node->safe_psql('postgres', 'ALTER SYSTEM RESET detid.horizon_window');
		$node->stop('immediate');
		$node->start;
	}
	return;
}

my ($journal, $number) = (journal(), 0);
my @generators = qw(detid.default_id g owned ordered burst);

# Mints from every generator of a database that is still there. Returns the error, if any; else
# asserts that the ids are above those before.
sub mint
{
	my ($db, $highest, $when) = @_;
	my ($out, $err) = run_sql($node, join('', map {
		"SELECT '$_', detid.next_id(oid) FROM pg_class WHERE oid = to_regclass('$_');"
		. "SELECT '$_', detid.next_ids(oid, 5) FROM pg_class WHERE oid = to_regclass('$_');" } @generators), db => $db);
	for my $line (lines($out))
	{
		my ($g, $id) = split /\|/, $line;
		$journal->add("$db-$g", $id);
		push @{ $highest->{failed} }, "$g $when: $id after $highest->{$g}" if $id <= ($highest->{$g} // 0);
		$highest->{$g} = $id;
	}
	return $err =~ /ERROR|FATAL|PANIC/ ? $err : '';
}

# A case: what is tried, and the options
#   says     the error that minting has from then on; also why check() finds fault
#   refused  the error that the attempt itself has
#   crash    what to do after a crash in between
#   prepare  what to do before
#   at_once  no minting before the crash, which might mend it
#   keep     the attempt itself mints from the generator burst
sub attempt
{
	my ($name, $sql, %options) = @_;
	my $db = 'case_' . ++$number;
	my $highest = { failed => [] };
	get_ahead();
	$node->safe_psql('postgres', "CREATE DATABASE $db");
	$node->safe_psql($db, q{
		CREATE EXTENSION pg_detid;
		SELECT detid.create_generator('g');
		SELECT detid.create_generator('owned', audit => 'off');
		SELECT detid.create_generator('ordered', ordering => 'node', audit => 'off');
		CREATE TABLE t (id bigint DEFAULT detid.next_id('owned') PRIMARY KEY, x int);
		ALTER SEQUENCE owned OWNED BY t.id;
	});
	$highest->{burst} = 0;
	mint($db, $highest, 'at first') eq '' or die 'no ids at first';
	$options{prepare}->($db) if $options{prepare};

	my ($out, $err) = ref $sql ? $sql->($db) : run_sql($node, $sql, db => $db);
	$highest->{burst} = (grep { /^\d+$/ } lines($out))[-1] // 0 if $options{keep};
	my $as_told = $options{refused} ? $err =~ $options{refused} : $err !~ /ERROR/;
	my @mints = $options{at_once} ? () : mint($db, $highest, 'in the same incarnation');
	for my $more ($options{crash} // (), '')
	{
		$node->stop('immediate');
		$node->start;
		if ($more)
		{
			(undef, my $more_err) = ref $more ? $more->($db) : run_sql($node, $more, db => $db);
			$as_told = 0 if $more_err =~ /ERROR/;
		}
		push @mints, mint($db, $highest, 'after a crash');
	}
	my $says = $options{says};
	my $ok = $as_told && @{ $highest->{failed} } == 0
	  && !grep { $says && $_ ? $_ !~ $says : $_ } @mints;
	$ok &&= grep { $_ } @mints if $says;
	$ok &&= $node->safe_psql($db, q{SELECT NOT ok FROM detid.check() WHERE "check" = 'horizon'}) eq 't'
	  if $says && $says =~ /horizon/;
	ok($ok, $name) or diag(join "\n", $err, @{ $highest->{failed} }, @mints);
	$node->safe_psql('postgres', "DROP DATABASE $db");
	return;
}

# What the owner of a generator may do.
attempt('nextval', "SELECT nextval('g')", refused => qr/ERROR:  2200H/);
attempt('setval', "SELECT setval('g', 1)", refused => qr/ERROR:  22003/);
attempt('ALTER SEQUENCE', q{
	ALTER SEQUENCE g RESTART;
	ALTER SEQUENCE ordered RESTART WITH -9223372036854775808;
	BEGIN; ALTER SEQUENCE owned RESTART; ROLLBACK;
	ALTER SEQUENCE owned OWNED BY NONE;
	ALTER SEQUENCE detid.default_id RESTART});
attempt('ALTER SEQUENCE, and its values used', q{
	ALTER SEQUENCE g MINVALUE 1 MAXVALUE 1000 START 1 RESTART INCREMENT 1 CYCLE;
	SELECT nextval('g'), setval('g', 5);
	TRUNCATE t RESTART IDENTITY;
	BEGIN; TRUNCATE t RESTART IDENTITY; SELECT detid.next_id('owned'); ROLLBACK});
attempt('a generator made again', q{
	DROP SEQUENCE g;
	SELECT detid.create_generator('g');
	BEGIN; DROP SEQUENCE ordered; ROLLBACK;
	ALTER SEQUENCE ordered RENAME TO other;
	ALTER SEQUENCE other RENAME TO ordered});

# What a superuser may do to the horizon.
attempt("$_->[0] of the horizon", $_->[1], refused => qr/was refused/)
  for [ UPDATE => 'UPDATE detid._horizon SET horizon = 1' ], [ DELETE => 'DELETE FROM detid._horizon' ],
  [ TRUNCATE => 'TRUNCATE detid._horizon' ];
# As an older dump would bring it.
my $copy = 'CREATE TABLE copy AS SELECT * FROM detid._horizon; UPDATE copy SET horizon = 1;';
my $copied = $node->basedir . '/horizon';
attempt('INSERT and COPY into the horizon', qq{
	$copy
	INSERT INTO detid._horizon SELECT * FROM copy;
	SET session_replication_role = replica;
	INSERT INTO detid._horizon SELECT * FROM copy;
	UPDATE detid._horizon SET horizon = 1;
	DELETE FROM detid._horizon;
	RESET session_replication_role;
	\\copy copy TO '$copied'
	\\copy detid._horizon FROM '$copied'
});
attempt('TRUNCATE as replication would', 'SET session_replication_role = replica; TRUNCATE detid._horizon',
	refused => qr/ERROR:  42501.*horizon/);
attempt('triggers disabled: UPDATE', q{
	ALTER TABLE detid._horizon DISABLE TRIGGER ALL;
	UPDATE detid._horizon SET horizon = 1}, at_once => 1, says => qr/horizon/);
attempt('triggers disabled: DELETE', q{
	ALTER TABLE detid._horizon DISABLE TRIGGER ALL;
	DELETE FROM detid._horizon}, at_once => 1, says => qr/horizon/);
attempt('triggers disabled: INSERT', qq{
	$copy
	ALTER TABLE detid._horizon DISABLE TRIGGER ALL;
	INSERT INTO detid._horizon SELECT * FROM copy}, at_once => 1, says => qr/horizon/);
attempt('VACUUM FULL', 'VACUUM FULL detid._horizon');
attempt('a rewrite that is rolled back', q{
	SELECT detid.create_generator('burst', 'time:41@1ms node:10 sequence:2', audit => 'off');
	BEGIN;
	ALTER TABLE detid._horizon ADD COLUMN more float DEFAULT random();
	SELECT count(detid.next_id('burst')) FROM generate_series(1, 3000);
	SELECT pg_sleep(1.5);
	SELECT count(detid.next_id('burst')) FROM generate_series(1, 3000);
	SELECT detid.next_id('burst');
	ROLLBACK}, at_once => 1, keep => 1, refused => qr/ERROR:  55000.*horizon/);
attempt('unlogged', 'ALTER TABLE detid._horizon SET UNLOGGED', says => qr/horizon/);
attempt('another value', 'ALTER TABLE detid._horizon ALTER COLUMN horizon TYPE bigint USING 1', at_once => 1, says => qr/horizon/);
attempt('another type', 'ALTER TABLE detid._horizon ALTER COLUMN horizon TYPE numeric', at_once => 1, says => qr/horizon/);
attempt('renamed', 'ALTER TABLE detid._horizon RENAME TO elsewhere', says => qr/ERROR:  XX001/);
attempt('ALTER EXTENSION', q{
	ALTER EXTENSION pg_detid DROP TABLE detid._horizon;
	ALTER EXTENSION pg_detid ADD TABLE detid._horizon;
	ALTER EXTENSION pg_detid UPDATE});
attempt('a horizon of one\'s own', qq{
	$copy
	ALTER EXTENSION pg_detid DROP TABLE detid._horizon;
	ALTER TABLE detid._horizon RENAME TO old_horizon;
	ALTER TABLE copy SET SCHEMA detid;
	ALTER TABLE detid.copy RENAME TO _horizon;
	ALTER EXTENSION pg_detid ADD TABLE detid._horizon}, at_once => 1, says => qr/horizon/);

# The extension made again.
my $again = 'DROP EXTENSION pg_detid CASCADE; CREATE EXTENSION pg_detid';
attempt('DROP and CREATE EXTENSION', $again);
attempt('the same in one transaction', "BEGIN; $again; COMMIT");
attempt('rolled back', "BEGIN; $again; ROLLBACK");
attempt('a crash in between', 'DROP EXTENSION pg_detid CASCADE', says => qr/ERROR/, crash => 'CREATE EXTENSION pg_detid');
attempt('a crash in between, and no generator left',
	'DROP TABLE t; DROP SEQUENCE g, ordered; DROP EXTENSION pg_detid CASCADE',
	says => qr/ERROR/, crash => 'CREATE EXTENSION pg_detid');

# What was dropped is remembered with the database.
attempt("and the memory of it $_->[0]", sub {
		my ($db) = @_;
		run_sql($node, "DROP EXTENSION pg_detid CASCADE; SECURITY LABEL FOR detid ON DATABASE $db IS $_->[1]", db => $db);
	}, says => qr/ERROR/, refused => qr/ERROR/, crash => 'CREATE EXTENSION pg_detid')
  for [ removed => 'NULL' ], [ lowered => "'horizon=2001-01-01T00:00:00Z'" ];

# An older dump restored over it.
sub dump_with
{
	my (@options) = @_;
	return sub {
		my ($db) = @_;
		$node->command_ok([ 'pg_dump', '-d', $node->connstr($db), '-f', $node->basedir . '/dump.sql', @options ], "pg_dump @options");
		mint($db, { failed => [] }, '');
		$node->stop('immediate');
		$node->start;
		mint($db, { failed => [] }, '');
	};
}
my $restore = sub { run_sql($node, '\i ' . $node->basedir . '/dump.sql', db => $_[0], on_error_stop => 0) };
attempt('an older dump of the data', $restore, prepare => dump_with('--data-only'),
	refused => qr/ledger_pkey/);
attempt('an older dump of the data, with triggers disabled', $restore,
	prepare => dump_with('--data-only', '--disable-triggers'), refused => qr/ledger_pkey/);
attempt('an older dump over all', $restore, prepare => dump_with('--clean', '--if-exists'));
attempt('an older dump, added', $restore, prepare => dump_with(), refused => qr/ERROR/);

$journal->check('attempts to lower the horizon');
$node->stop;
done_testing();
