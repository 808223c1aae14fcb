# SPDX-License-Identifier: PostgreSQL
#
# Copies of a server, as operators make them: a pg_basebackup clone, recovery to a point in time, a
# copy of the files, pg_upgrade, dumps to another server. Each knows that it is one, begins above
# what it has of its original, and says so until it has a node id of its own or an operator has
# accepted it.

use strict;
use warnings FATAL => 'all';

use File::Basename qw(basename);
use File::Path qw(rmtree);
use FindBin;
use lib $FindBin::RealBin;
use Detid;
use List::Util qw(max maxstr min minstr);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::RecursiveCopy;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

use constant { GUARD_US => 10_000_000 };

# All ids that were received from the original and the copy at hand: generator => ids.
my %ids;

# The highest of a server's ids: generator => id.
my %highest;

# Mints from all generators; in a tick of a second, who begins at the clock repeats.
sub mint
{
	my ($node, $db) = @_;
	my $text = $node->safe_psql($db // 'shop', q{
		SELECT 'lease', detid.next_ids('lease', 300);
		SELECT 'second', detid.next_ids('second', 300);
		SELECT 'wide', detid.next_uuids('wide', 300);
		INSERT INTO kept SELECT FROM generate_series(1, 100) RETURNING 'kept', id;
	});
	my %new;
	for my $line (lines($text))
	{
		my ($generator, $id) = split /\|/, $line;
		push @{ $new{$generator} }, $id;
		push @{ $ids{$generator} }, $id;
	}
	$highest{$_} = max(@{ $new{$_} }) for qw(lease second kept);
	$highest{wide} = maxstr(@{ $new{wide} });
	return \%new;
}

# Mints, and all that comes is above these ids.
sub mints_above
{
	my ($node, $before, $name, $db) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $new = mint($node, $db);
	my @below = grep { min(@{ $new->{$_} }) <= $before->{$_} } qw(lease second kept);
	push @below, 'wide' if minstr(@{ $new->{wide} }) le $before->{wide};
	is("@below", '', "$name: ids go on above the old ones");
	return $new;
}

# Microseconds of what an SQL expression of type timestamptz says.
sub us_of
{
	my ($node, $time) = @_;
	return $node->safe_psql('shop', "SELECT (extract(epoch FROM $time) * 1000000)::bigint");
}

# No id came twice from the original and this copy; the next copy begins with the original's.
my %of_original;

sub none_twice
{
	my ($name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	no_duplicates($ids{$_}, "$name: no id twice from $_") for sort keys %ids;
	%ids = map { $_ => [ @{ $of_original{$_} } ] } keys %of_original;
	return;
}

# The first ids are the guard above a clock that was read before.
sub is_guarded
{
	my ($node, $new, $before_us, $name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $first = min(@{ $new->{lease} });
	cmp_ok(us_of($node, "detid.minted_at($first, 'lease')"), '>=', $before_us + GUARD_US - 1000,
		"$name: node time begins the guard above the clock");
	return;
}

sub status_is
{
	my ($node, $suspected, $promoted, $name, $db, $check) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	same_sql($node, 'SELECT ready, copy_suspected, promoted_at IS NOT NULL FROM detid.node_status',
		"t|$suspected|$promoted", "$name: detid.node_status", db => $db // 'shop');
	$check //= $suspected eq 't' ? 'copy' : $promoted eq 't' ? 'promotion' : '';
	same_sql($node, q{SELECT "check" FROM detid.check() WHERE NOT ok AND "check" <> 'durability'}, $check, "$name: detid.check()",
		db => $db // 'shop');
	return;
}

# The number that a copy made now would know of: at once, not with the next write of the horizon.
sub recorded_is
{
	my ($node, $id, $name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	same_sql($node, 'SELECT node FROM detid._horizon', $id, "$name: the new number is on disk", db => 'shop');
	return;
}

sub set_node_id
{
	my ($node, $id, $db) = @_;
	$node->append_conf('postgresql.conf', "detid.node_id = $id\n");
	$node->reload;
	$node->poll_query_until($db // 'shop', "SELECT current_setting('detid.node_id') = '$id'") or die;
	return;
}

# What a server has logged since it had this many bytes of log.
sub logged { my ($node, $at) = @_; return slurp_file($node->logfile, $at // 0); }

my $copied = qr/database "shop" is a copy: node time starts 10000 ms above its horizon/;
my $copied_warning = qr/WARNING:\ \ $copied\n
	.*DETAIL:\ \ Ids\ were\ last\ minted\ in\ another\ server\ or\ directory,\ under\ detid.node_id\ 7;\ it\ is\ 7\ here\.\n
	.*HINT:\ \ Give\ the\ copy\ a\ detid\.node_id\ of\ its\ own\.\ .*detid\.accept_copy/x;

# A stopped server's files, to start others from.
sub copy_files
{
	my ($node, $name) = @_;
	mkdir $node->backup_dir;
	PostgreSQL::Test::RecursiveCopy::copypath($node->data_dir, $node->backup_dir . "/$name");
	return;
}

# A server from a copy of files, not started. It must not archive where its original does.
sub from_copy
{
	my ($name, $root, $copy, %options) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);
	my $conf = delete $options{conf} // '';
	$node->init_from_backup($root, $copy, %options);
	$node->append_conf('postgresql.conf', "archive_mode = off\n$conf");
	return $node;
}

# Another timeline in the same directory.
sub promote_in_place
{
	my ($node) = @_;
	$node->stop;
	$node->set_standby_mode;
	$node->start;
	$node->promote;
	$node->poll_query_until('shop', 'SELECT NOT pg_is_in_recovery()') or die;
	return;
}

# --- The original ------------------------------------------------------------------------------

my $original = new_node('original', extension => 0, init => { has_archiving => 1, allows_streaming => 1 },
	conf => "max_connections = 20\n");
$original->safe_psql('postgres', 'CREATE DATABASE shop');
$original->safe_psql('shop', q{
	CREATE EXTENSION pg_detid;
	SELECT detid.create_generator('lease', 'snowflake');
	SELECT detid.create_generator('second', 'time:32@1s node:8 sequence:20', audit => 'off');
	SELECT detid.create_generator('wide', 'uuid7', audit => 'each');
	SELECT detid.create_generator('kept_id');
	CREATE TABLE kept (
		id bigint PRIMARY KEY DEFAULT detid.next_id('kept_id'),
		minted timestamptz GENERATED ALWAYS AS (detid.minted_at(id, 'kept_id')) STORED);
	CREATE INDEX ON kept (detid.minted_at(id, 'kept_id'));
});
mint($original);
status_is($original, 'f', 'f', 'original');
$original->backup('base');
mint($original);
$original->safe_psql('shop', q{SELECT pg_create_restore_point('here')});
my $kept_here = $original->safe_psql('shop', 'SELECT count(*) FROM kept');

# --- A clone beside its original ---------------------------------------------------------------

my $name = 'pg_basebackup';
my $clone = from_copy('clone', $original, 'base');
$clone->start;
status_is($clone, 't', 'f', "$name, before the first id");
same_sql($clone, q{SELECT hint FROM detid.check() WHERE "check" = 'copy'},
	'If the original still mints, give this one a node id of its own: ALTER DATABASE mydb SET '
	  . 'detid.node_id = 2; If it does not: SELECT detid.accept_copy();', "$name: the hint", db => 'shop');
# These, its copies do not have; only the guard is above them.
mint($original);
my %last = %highest;
%of_original = map { $_ => [ @{ $ids{$_} } ] } keys %ids;

my $before_us = 1_000_000 * time;
my $new = mints_above($clone, \%last, $name);
is_guarded($clone, $new, $before_us, $name);
like(logged($clone), $copied_warning, "$name: the log warns");
status_is($clone, 't', 'f', $name);
same_sql($clone, q{SELECT detail FROM detid.check() WHERE "check" = 'copy'},
	'the ids here were minted in another server or data directory at first', "$name: the detail", db => 'shop');
status_is($original, 'f', 'f', "$name: the original does not notice");

my %before = %highest;
my $at = -s $clone->logfile;
$clone->restart;
mints_above($clone, \%before, "$name, restarted");
unlike(logged($clone, $at), qr/node time starts/, "$name, restarted: it has been minting here");
status_is($clone, 't', 'f', "$name, restarted");

set_node_id($clone, 8);
status_is($clone, 'f', 'f', "$name, with a node id of its own");
$new = mint($clone);
same_sql($clone, "SELECT detid.node_of($new->{lease}[0], 'lease')", '8', "$name: which it mints under",
	db => 'shop');
recorded_is($clone, 8, $name);
set_node_id($clone, 7);
status_is($clone, 't', 'f', "$name, with its original's node id again");

$name = 'pg_basebackup, promoted though nobody has accepted it';
promote_in_place($clone);
status_is($clone, 't', 'f', "$name, before the first id");
%before = %highest;
mints_above($clone, \%before, $name);
status_is($clone, 't', 'f', $name);
$clone->stop;
none_twice($name);

# --- Back to a point in time, the original gone ------------------------------------------------

$original->safe_psql('shop', 'SELECT pg_switch_wal()');
$original->stop;    # having archived all
copy_files($original, 'cold');
my $pitr = from_copy('pitr', $original, 'base', has_restoring => 1, standby => 0,
	conf => "recovery_target_name = 'here'\nrecovery_target_action = 'promote'\n");
my $cold = from_copy('cold', $original, 'cold', conf => "detid.node_id = 9\n");

$name = 'recovery to a point in time';
$before_us = 1_000_000 * time;
$pitr->start;
$pitr->poll_query_until('shop', 'SELECT NOT pg_is_in_recovery()') or die;
same_sql($pitr, 'SELECT count(*) FROM kept', $kept_here, "$name: what came after it is gone", db => 'shop');
status_is($pitr, 'f', 'f', "$name, before the first id", 'shop', 'promotion');
$new = mints_above($pitr, \%last, $name);
is_guarded($pitr, $new, $before_us, $name);
like(logged($pitr), qr/LOG:\ \ database\ "shop"\ mints\ on\ timeline\ 2,\ after\ timeline\ 1:
	\ node\ time\ starts\ 10000\ ms\ above\ its\ horizon\n
	.*DETAIL:\ \ The\ server\ was\ promoted,\ or\ recovered\ to\ a\ point\ in\ time\.\n
	.*HINT:\ \ If\ another\ server\ goes\ on\ with\ the\ same\ past,/x,
	"$name: the log says it");
status_is($pitr, 'f', 't', $name);
$at = -s $pitr->logfile;
$pitr->restart;
%before = %highest;
mints_above($pitr, \%before, "$name, restarted");
unlike(logged($pitr, $at), qr/node time starts/, "$name, restarted: it has been minting here");
status_is($pitr, 'f', 't', "$name, restarted");
$pitr->stop;
none_twice($name);

# --- A backup in the place of its original -----------------------------------------------------

# The directory is the same, and so is the timeline; what came after the backup is forgotten.
$name = 'a backup restored over its original';
rmtree($original->data_dir, { keep_root => 1 });
PostgreSQL::Test::RecursiveCopy::copypath($original->backup_dir . '/base', $original->basedir . '/restored');
rename $_, $original->data_dir . '/' . basename($_) or die $! for glob $original->basedir . '/restored/*';
$original->append_conf('postgresql.conf', "archive_mode = off\n");
$before_us = 1_000_000 * time;
$original->start;
status_is($original, 't', 'f', "$name, before the first id");
is_guarded($original, mints_above($original, \%last, $name), $before_us, $name);
$original->stop;
none_twice($name);

# --- A copy of the files -----------------------------------------------------------------------

$name = 'a copy of the files with a node id of its own';
$cold->start;
status_is($cold, 'f', 'f', "$name, before the first id");
mint($cold);
like(logged($cold), qr/LOG:  $copied\n.*under detid\.node_id 7; it is 9 here\./, "$name: the log says it");
unlike(logged($cold), qr/WARNING/, "$name: and does not warn");
status_is($cold, 'f', 'f', $name);

$name = 'a copy of the files instead of its original';
set_node_id($cold, 7);
status_is($cold, 't', 'f', $name);
mints_above($cold, \%last, $name);
recorded_is($cold, 7, $name);
$cold->safe_psql('shop', 'SELECT detid.accept_copy()');
status_is($cold, 'f', 'f', "$name, accepted");
$cold->restart;
status_is($cold, 'f', 'f', "$name, accepted and restarted");
# pg_upgrade goes back to timeline 1.
promote_in_place($cold);
mint($cold);
status_is($cold, 'f', 't', "$name, accepted and promoted");
%last = %highest;

# --- pg_upgrade --------------------------------------------------------------------------------

# What it keeps; in segments, and sealed.
mint($cold);
$cold->safe_psql('shop', $_) for 'SELECT detid.rotate_ledger()', 'INSERT INTO kept DEFAULT VALUES', 'SELECT detid.seal_ledger()';
my $checkpoint = '$$' . $cold->safe_psql('shop', 'SELECT detid.checkpoint()') . '$$';
%last = %highest;
my %same = (
	segments => 'SELECT segment, current, sealed, checkpoint FROM detid.ledger_segments ORDER BY 1',
	'what is sealed' => "SELECT count(*) FROM detid.verify_ledger($checkpoint)",
	'the key of seals' => 'SELECT number, public, secret FROM detid._seal_key',
	generators => 'SELECT g::text FROM detid.generators g ORDER BY 1',
	kept => q{SELECT count(*), md5(string_agg(k::text, '|' ORDER BY id)) FROM kept k},
	ledger => q{SELECT count(*), md5(string_agg(l::text, '|' ORDER BY node, entry)) FROM detid.ledger l},
	seeds => 'SELECT number, commitment, seed, created_at FROM detid._seed ORDER BY 1',
	horizon => 'SELECT h::text FROM detid._horizon h',
	'expressions of columns' => q{SELECT adrelid::regclass, adnum, pg_get_expr(adbin, adrelid)
		FROM pg_attrdef ORDER BY adrelid::regclass::text, adnum});
my %expected = map { $_ => $cold->safe_psql('shop', $same{$_}) } keys %same;
$cold->stop;

my $empty = PostgreSQL::Test::Cluster->new('empty');
$empty->init;
copy_files($empty, 'empty');
my $bindir = $empty->config_data('--bindir');
chdir PostgreSQL::Test::Utils::tempdir() or die $!;

$name = 'pg_upgrade';
my $upgraded = from_copy('upgraded', $empty, 'empty');
command_ok([ 'pg_upgrade', '--no-sync', '-b', $bindir, '-B', $bindir, '-d', $cold->data_dir, '-D',
		$upgraded->data_dir, '-s', $upgraded->host, '-p', $cold->port, '-P', $upgraded->port ],
	"$name to a cluster that is not set up to mint");
$upgraded->start;
same_sql($upgraded, $same{$_}, $expected{$_}, "$name: $_: the same", db => 'shop') for sort keys %same;
fails_with($upgraded, 'INSERT INTO kept DEFAULT VALUES', '55000', qr/HINT:.*shared_preload_libraries = 'pg_detid'/,
	"$name: not preloaded, nothing is minted", db => 'shop');
my $mints = "shared_preload_libraries = 'pg_detid'\n";
$upgraded->append_conf('postgresql.conf', $mints);
$upgraded->restart;
fails_with($upgraded, 'INSERT INTO kept DEFAULT VALUES', '55000', qr/HINT:.*ALTER SYSTEM SET detid\.node_id/,
	"$name: without a node id neither", db => 'shop');
set_node_id($upgraded, 7);
status_is($upgraded, 't', 'f', "$name, before the first id");
$before_us = 1_000_000 * time;
$upgraded->safe_psql('shop', 'SELECT detid.accept_copy()');
status_is($upgraded, 'f', 'f', "$name, accepted before the first id");
is_guarded($upgraded, mints_above($upgraded, \%last, $name), $before_us, $name);
like(logged($upgraded), $copied_warning, "$name: the log warns");
status_is($upgraded, 'f', 'f', "$name, accepted");
$upgraded->safe_psql('shop', 'SELECT detid.seal_ledger()');
same_sql($upgraded, "SELECT count(*) FROM detid.verify_ledger($checkpoint); SELECT count(*) FROM detid.verify_ledger(detid.checkpoint()); SELECT count(DISTINCT name) FROM detid.checkpoints",
	"0\n0\n1", "$name: sealed in the same tree", db => 'shop');
same_sql($upgraded, q{SELECT sum(ids) > 0, sum(mismatches), sum(unverified) FROM detid.verify_replay()},
	't|0|0', "$name: all is replayed", db => 'shop');

# --- Dumps to another server -------------------------------------------------------------------

# A node id of a database travels with pg_dumpall.
$upgraded->safe_psql('postgres', 'ALTER DATABASE shop SET detid.node_id = 7');
mint($upgraded);
%last = %highest;
my $dump = PostgreSQL::Test::Utils::tempdir() . '/dump';
my @from = ('-h', $upgraded->host, '-p', $upgraded->port);
command_ok([ 'pg_dumpall', @from, '--no-role-passwords', '-f', "$dump.sql" ], 'pg_dumpall');
command_ok([ 'pg_dump', @from, '-Fc', '-f', "$dump.custom", 'shop' ], 'pg_dump -Fc');
$upgraded->stop;

my $restored = from_copy('restored', $empty, 'empty', conf => "${mints}detid.node_id = 11\n");
$restored->start;
my @to = ('-h', $restored->host, '-p', $restored->port);
$restored->safe_psql('postgres', 'CREATE DATABASE parallel');

$name = 'pg_restore -j 2 on another server with a node id of its own';
command_ok([ 'pg_restore', @to, '-j', '2', '--exit-on-error', '-d', 'parallel', "$dump.custom" ], $name);
status_is($restored, 'f', 'f', $name, 'parallel');
mints_above($restored, \%last, $name, 'parallel');

$name = 'pg_dumpall restored on another server';
my (undef, $err) = run_command([ 'psql', '-X', '-q', @to, '-f', "$dump.sql", 'postgres' ]);
unlike($err, qr/ERROR:(?!  role ".*" already exists)/, "$name without an error but of the role");
status_is($restored, 't', 'f', "$name: it has the database's node id with it", 'shop');
mints_above($restored, \%last, $name);
same_sql($restored, q{SELECT sum(mismatches), sum(unverified) > 0 FROM detid.verify_replay()}, '0|t',
	"$name: without the seeds", db => 'shop');
$restored->safe_psql('postgres', 'ALTER DATABASE shop RESET detid.node_id');
status_is($restored, 'f', 'f', "$name, with the server's node id", 'shop');
$restored->stop;
none_twice('a copy of the files, pg_upgrade and dumps');

# --- A number that was changed a moment before a crash -----------------------------------------

# Nothing else has the WAL flushed: no transaction writes, and the WAL writer sleeps.
$name = 'a crash after the first id under a new number';
my $crashed = new_node('crashed', conf => "wal_writer_delay = 10s\nautovacuum = off\n");
$crashed->safe_psql('postgres', q{SELECT detid.create_generator('plain', audit => 'off')});
my $session = session($crashed);
$session->query("SELECT detid.next_id('plain')");
set_node_id($crashed, 9, 'postgres');
$session->query('CHECKPOINT');
like($session->query("SELECT detid.next_id('plain')"), qr/^[0-9]+$/, "$name: it was received");
$crashed->stop('immediate');
$session->quit;
$crashed->start;
same_sql($crashed, 'SELECT node FROM detid._horizon', '9', "$name: the number is on disk");

done_testing();
