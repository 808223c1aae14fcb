# SPDX-License-Identifier: PostgreSQL
#
# Generators and the extension are dropped, made again, renamed, moved and copied while others
# mint; no id comes twice, and nothing is left behind.

use strict;
use warnings FATAL => 'all';

use FindBin;
use lib $FindBin::RealBin;
use Detid;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $node = new_node('lifecycle');

# Within a tick of one second, whoever begins at the clock begins where somebody was.
my $second = 'time:32@1s node:8 sequence:20';

# DROP EXTENSION while another session has minted.
$node->safe_psql('postgres', qq{
	SELECT detid.create_generator('s', '$second');
	SELECT detid.create_generator('g', 'time:41\@1ms node:10 sequence:4');
	CREATE TABLE t (id bigint DEFAULT detid.next_id('s'), n int);
});
my $mint = q{
	SELECT 's', detid.next_ids('s', 20);
	SELECT 'g', detid.next_ids('g', 2000);
	SELECT 'default_id', detid.next_ids('detid.default_id', 20);
	SELECT 'default_id', detid.next_id();
	SELECT 'default_uuid', detid.next_uuid();
};
my (%ids, $highest_default);

# Keeps what was received, in the order of receiving.
sub remember
{
	my ($text) = @_;
	for my $line (lines($text))
	{
		my ($generator, $id) = split /\|/, $line;
		push @{ $ids{$generator} }, $id;
	}
	return;
}

# The default generator was made again with the extension: all that it mints is above all it minted.
sub above
{
	my ($text, $when) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my ($low) = $text =~ /default_id\|(\d+)/;
	cmp_ok($low, '>', $highest_default, "$when: the default generator goes on above");
	remember($text);
	return;
}

# Overload of the default generator: it is detid.max_ahead ahead of the clock.
sub overload
{
	$highest_default = $node->safe_psql('postgres',
		'SELECT max(i) FROM (SELECT detid.next_id() i FROM generate_series(1, 6000000)) s');
	return;
}

my $other = session($node);
remember($other->query($mint));
overload();

my ($out, $err) = run_sql($node, 'DROP EXTENSION pg_detid');
like($err, qr/2BP01.*HINT:.*CASCADE/s, 'DROP EXTENSION is refused while a default needs it');
$node->safe_psql('postgres', 'DROP EXTENSION pg_detid CASCADE');
like(($other->try("SELECT detid.next_id('s')"))[1], qr/ERROR:  (3F000|42883|42704)/,
	'without the extension a session that has minted cannot');
is($other->query('SELECT 1'), '1', 'and goes on otherwise');
same_sql($node, q{SELECT count(*) FROM pg_class WHERE relname IN ('s', 'g') AND relkind = 'S'}, '2',
	'generators outlive the extension');
$node->safe_psql('postgres', 'CREATE EXTENSION pg_detid');
above($other->query($mint), 'extension made again, the session from before');
above($node->safe_psql('postgres', $mint), 'extension made again, a new session');

# With crashes before, after and around it.
my $again = 'DROP EXTENSION pg_detid CASCADE; CREATE EXTENSION pg_detid';
my %rounds = (
	'extension made again, then a crash' => sub {
		$node->safe_psql('postgres', $again);
		$node->stop('immediate');
		$node->start;
	},
	'a crash, then extension made again' => sub {
		$node->stop('immediate');
		$node->start;
		$node->safe_psql('postgres', $again);
	},
	'extension made again between two crashes' => sub {
		$node->stop('immediate');
		$node->start;
		$node->safe_psql('postgres', $again);
		$node->stop('immediate');
		$node->start;
	},
	'extension made again after a restart' => sub {
		$node->restart;
		$node->safe_psql('postgres', $again);
	});
for my $round (sort keys %rounds)
{
	remember($other->query($mint));
	$other->quit;

	# After a crash node time is ahead of the clock, by what is left of the horizon's window.
	$node->stop('immediate');
	$node->start;
	overload();
	remember($node->safe_psql('postgres', $mint));
	$rounds{$round}->();
	$other = session($node);
	above($other->query($mint), $round);
}

# In one transaction, rolled back and not. Before its end it is not sure which horizon holds.
for my $end ('ROLLBACK', 'COMMIT')
{
	fails_with($node, "BEGIN; $again; SELECT detid.next_id()", '55000', qr/HINT:.*COMMIT/s,
		'no minting in the transaction that makes the extension again');
	$node->safe_psql('postgres', "BEGIN; $again; $end");
	remember($other->query($mint));
	remember($node->safe_psql('postgres', $mint));
}
$other->quit;
no_duplicates($ids{$_}, "no id twice from $_ in the extension's lives") for sort keys %ids;

# A generator dropped and made again.
$node->safe_psql('postgres', qq{SELECT detid.create_generator('again', '$second')});
%ids = ();
for my $how (
	q{SELECT detid.drop_generator('again'); SELECT detid.create_generator('again', '%s')},
	q{BEGIN; DROP SEQUENCE again; SELECT detid.create_generator('again', '%s'); COMMIT},
	q{DROP SEQUENCE again CASCADE; SELECT detid.create_generator('again', '%s', ordering => 'node')})
{
	push @{ $ids{again} }, lines($node->safe_psql('postgres', q{
		SELECT detid.next_ids('again', 10);
		SELECT detid.next_id('again');
	}));
	$node->safe_psql('postgres', sprintf($how, $second));
	push @{ $ids{again} }, lines($node->safe_psql('postgres', q{SELECT detid.next_ids('again', 10)}));
}
no_duplicates($ids{again}, 'a generator made again under the same name goes on above');

# And with what the sequence's own commands can do to it.
%ids = ();
push @{ $ids{again} }, lines($node->safe_psql('postgres', $_))
  for (q{SELECT detid.next_ids('again', 10)},
	q{ALTER SEQUENCE again RESTART; SELECT detid.next_ids('again', 10)},
	q{BEGIN; ALTER SEQUENCE again RESTART; ROLLBACK; SELECT detid.next_ids('again', 10)},
	q{CREATE TABLE owner (id bigint); ALTER SEQUENCE again OWNED BY owner.id; TRUNCATE owner RESTART IDENTITY; SELECT detid.next_ids('again', 10)},
	q{BEGIN; SELECT detid.next_ids('again', 10); ROLLBACK; SELECT detid.next_ids('again', 10)});
no_duplicates($ids{again}, 'RESTART, TRUNCATE and ROLLBACK do not take it back');

# Under load: four sessions mint by name while it is dropped and made again.
$node->safe_psql('postgres', qq{
	SELECT detid.create_generator('loaded', '$second', audit => 'off');
	CREATE UNLOGGED TABLE minted (id bigint);
	CREATE TABLE made_often ();
});
my @load = map { session($node) } 1 .. 4;
$_->send(q{DO $$
	DECLARE n int := 0;
	BEGIN
	  WHILE NOT EXISTS (SELECT FROM made_often) LOOP
	    BEGIN
	      n := n + 1;
	      IF n % 2 = 0 THEN
	        INSERT INTO minted SELECT detid.next_ids('loaded'::text::regclass, 20);
	      ELSE
	        INSERT INTO minted SELECT detid.next_id('loaded'::text::regclass) FROM generate_series(1, 20);
	      END IF;
	    EXCEPTION WHEN undefined_table OR wrong_object_type THEN NULL;
	    END;
	    COMMIT;
	  END LOOP;
	END $$}) for @load;
my ($until, $times) = (time + 3.5, 0);
while (time < $until || $times <= 10 && time < $until + 60)
{
	$node->safe_psql('postgres', qq{
		SELECT detid.drop_generator('loaded');
		SELECT detid.create_generator('loaded', '$second', audit => 'off');
	});
	$times++;
}
$node->safe_psql('postgres', 'INSERT INTO made_often DEFAULT VALUES');
for my $session (@load)
{
	my (undef, $errors) = $session->wait;
	is($errors, '', 'minting under load ended well');
	$session->quit;
}
cmp_ok($times, '>', 10, 'the generator was made again often');
same_sql($node, 'SELECT count(*) > 1000, count(*) - count(DISTINCT id) FROM minted', 't|0',
	'and no id is there twice');

# Two databases mint at once, each with its horizon and its shards.
$node->safe_psql('postgres', 'CREATE DATABASE one');
$node->safe_psql('postgres', 'CREATE DATABASE two');
for my $db (qw(one two))
{
	$node->safe_psql($db, qq{
		CREATE EXTENSION pg_detid;
		SELECT detid.create_generator('s', '$second');
		CREATE TABLE t (id bigint PRIMARY KEY DEFAULT detid.next_id('s'), n int);
	});
}
my @both = map { session($node, db => $_) } qw(one two one two);
$_->send('INSERT INTO t (n) SELECT i FROM generate_series(1, 20000) i') for @both;
is(($_->wait)[1], '', 'both databases mint') for @both;
$_->quit for @both;
for my $db (qw(one two))
{
	same_sql($node, q{
		SELECT count(*) FROM t;
		SELECT ids, mismatches, unverified FROM detid.verify_replay('s');
	}, "40000\n40000|0|0", "database $db: all ids, and their ledger", db => $db);
}
$node->safe_psql('postgres', 'DROP DATABASE two');
same_sql($node, q{INSERT INTO t (n) SELECT i FROM generate_series(1, 1000) i; SELECT count(*) FROM t},
	'41000', 'a database goes on when another is dropped', db => 'one');

# CREATE DATABASE ... TEMPLATE: a copy knows that it is one, and keeps clear of its original.
my $highest = $node->safe_psql('one', q{SELECT max(i) FROM detid.next_ids('s', 1000) i});
for my $strategy ('wal_log', 'file_copy')
{
	my $copy = "copy_$strategy";
	$node->safe_psql('postgres', "CREATE DATABASE $copy TEMPLATE one STRATEGY $strategy");
	my $check = q{SELECT ok, hint ~ 'ALTER DATABASE' FROM detid.check() WHERE "check" = 'copy'};
	same_sql($node, $check, 'f|t', "$copy: check() reports the copy before its first mint", db => $copy);
	same_sql($node, q{SELECT count(*) > 40000 FROM t; SELECT mismatches FROM detid.verify_replay('s')},
		"t\n0", "$copy: what was copied decodes and replays", db => $copy);
	my $at = -s $node->logfile;
	cmp_ok($node->safe_psql($copy, q{SELECT detid.next_id('s')}), '>', $highest,
		"$copy: it mints above its original");
	like(slurp_file($node->logfile, $at), qr/WARNING:.*"$copy" is a copy.*HINT:.*node_id/s,
		"$copy: a line in the log says so");
	same_sql($node, $check, 'f|t', "$copy: it stays suspected after its first mint", db => $copy);
	$node->safe_psql('postgres', "ALTER DATABASE $copy SET detid.node_id = 8");
	same_sql($node, q{SELECT detid.node_of(detid.next_id('s'), 's')}, '8',
		"$copy: with a node id of its own", db => $copy);
	same_sql($node, q{SELECT ok FROM detid.check() WHERE "check" = 'copy'}, 't',
		"$copy: and is suspected no more", db => $copy);
}
same_sql($node, q{SELECT ok FROM detid.check() WHERE "check" = 'copy'}, 't',
	'the original is none', db => 'one');

# DROP SEQUENCE leaves nothing behind.
my $left = q{
	SELECT count(*) FROM pg_seclabel WHERE provider = 'detid' AND NOT EXISTS
	  (SELECT FROM pg_class c WHERE c.oid = objoid);
	SELECT count(*) FROM pg_depend WHERE (classid = 'pg_class'::regclass AND NOT EXISTS
	  (SELECT FROM pg_class c WHERE c.oid = objid)) OR (refclassid = 'pg_class'::regclass AND NOT EXISTS
	  (SELECT FROM pg_class c WHERE c.oid = refobjid));
	SELECT count(*) FROM pg_seclabel;
	SELECT count(*) FROM pg_shdepend WHERE classid = 'pg_class'::regclass AND dbid =
	  (SELECT oid FROM pg_database WHERE datname = current_database()) AND NOT EXISTS
	  (SELECT FROM pg_class c WHERE c.oid = objid);
	SELECT count(*) FROM pg_sequence;
};
my $before = $node->safe_psql('postgres', $left);
$node->safe_psql('postgres', q{
	CREATE ROLE minter;
	SELECT detid.create_generator('one_more'), detid.create_generator('two_more');
	GRANT USAGE ON SEQUENCE one_more TO minter;
	SELECT detid.next_id('one_more'), detid.next_id('two_more');
	DROP SEQUENCE one_more;
	SELECT detid.drop_generator('two_more');
	DROP ROLE minter;
});
same_sql($node, $left, $before, 'DROP SEQUENCE leaves nothing behind');
same_sql($node, q{SELECT count(*) FROM detid.generators WHERE generator::text ~ 'more'}, '0',
	'not in the view either');
fails_with($node, q{SELECT detid.next_id(999999::oid::regclass)}, '42(809|P01|704)', qr/./,
	'an oid that is no relation');

# A default holds its generator.
$node->safe_psql('postgres', q{
	SELECT detid.create_generator('held');
	CREATE TABLE holder (id bigint DEFAULT detid.next_id('held'),
	  at timestamptz GENERATED ALWAYS AS (detid.minted_at(id, 'held')) STORED);
});
for my $drop (q{DROP SEQUENCE held}, q{SELECT detid.drop_generator('held')})
{
	fails_with($node, $drop, '2BP01', qr/holder.*HINT:.*CASCADE/s, "refused: $drop");
}

# Rename and move: what refers to it goes along, also in sessions that have minted.
$other = session($node);
my $old = $other->query('INSERT INTO holder DEFAULT VALUES RETURNING id');
my $decoded = $node->safe_psql('postgres', "SELECT minted_at, node, tick, sequence FROM detid.decode($old, 'held')");
$node->safe_psql('postgres', q{
	CREATE SCHEMA elsewhere;
	ALTER SEQUENCE held RENAME TO moved;
	ALTER SEQUENCE moved SET SCHEMA elsewhere;
	ALTER SCHEMA elsewhere RENAME TO far_away;
});
my $new = $other->query('INSERT INTO holder DEFAULT VALUES RETURNING id');
cmp_ok($new, '>', $old, 'a default mints on from the generator that was renamed and moved');
same_sql($node, "SELECT minted_at, node, tick, sequence FROM detid.decode($old, 'far_away.moved')",
	$decoded, 'its old ids decode under the new name');
same_sql($node, q{SELECT count(*) FROM holder WHERE at = detid.minted_at(id, 'far_away.moved')}, '2',
	'its generated column is right');
same_sql($node, q{SELECT entries, ids, mismatches, unverified FROM detid.verify_replay('far_away.moved')},
	'2|2|0|0', 'its ids replay, from before and after');
same_sql($node, "SELECT verdict FROM detid.trace($old, 'far_away.moved')",
	'genuine: replay makes the same id', 'an old id is traced');
same_sql($node, q{SELECT generator_name FROM detid.ledger WHERE generator = 'far_away.moved'::regclass ORDER BY entry DESC LIMIT 1},
	'far_away.moved', 'the ledger has the name that it had when it minted');
same_sql($node, q{SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = 'holder'::regclass AND adnum = 1},
	"detid.next_id('far_away.moved'::regclass)", 'the default follows');
$node->safe_psql('postgres', 'DROP SEQUENCE far_away.moved CASCADE');
is($other->query('INSERT INTO holder DEFAULT VALUES RETURNING id IS NULL'), 't',
	'DROP SEQUENCE ... CASCADE takes the default along');
$other->quit;

# Of the ledger's entries none is without a generator, but for those that were dropped.
same_sql($node, 'SELECT sum(mismatches) FROM detid.verify_replay()', '0',
	'what was dropped and made again is no mismatch in the ledger');

$node->stop;
done_testing();
