# SPDX-License-Identifier: PostgreSQL
#
# The same input has the same id for ever: claimed by 32 sessions at once, under every isolation
# level, through crashes in the act, dumps, promotions and replication; and no two inputs share one.

use strict;
use warnings FATAL => 'all';

use FindBin;
use lib $FindBin::RealBin;
use Detid;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);

my $node = new_node('claims',
	init => { allows_streaming => 1 },
	conf => "max_connections = 60\nmax_prepared_transactions = 5\ndeadlock_timeout = 200ms\ndetid.allow_schema_changes = on\n");
$node->safe_psql('postgres', q{
	SELECT detid.create_generator('minted');
	SELECT detid.create_generator('hashed', 'node:10 hash:53');
	SELECT detid.create_generator('narrow', 'hash:10');
});

sub script
{
	my ($name, $sql) = @_;
	my $file = $node->basedir . "/$name.sql";
	open my $out, '>', $file or die $!;
	print $out $sql;
	close $out;
	return $file;
}

# Runs a script in 32 sessions at once; nobody may meet an error.
sub in_all_sessions
{
	my ($transactions, $sql, $name) = @_;
	$node->command_checks_all(
		[ 'pgbench', '-n', '-c', 32, '-j', 2, '-t', $transactions, '-f', script('bench', $sql), 'postgres' ],
		0, [qr/processed: (\d+)\/\1/], [], $name);
	return;
}

# Few inputs, so that the sessions meet all the time.
for my $level ('READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE')
{
	for my $g (qw(minted hashed narrow))
	{
		my $table = "seen_$g" . length $level;
		$node->safe_psql('postgres', "CREATE UNLOGGED TABLE $table (input text, id bigint, created boolean)");
		# The id is claimed in a transaction of its own; what it was is noted in another.
		in_all_sessions(40, qq{
			\\set i random(1, 200)
			BEGIN ISOLATION LEVEL $level;
			SELECT id AS id, created AS created FROM detid.claim('$g', '$level', :i) \\gset
			END;
			INSERT INTO $table VALUES (:i, :id, ':created' = 't');
		}, "$g: 32 sessions claimed without an error, $level");
		same_sql($node, qq{
			SELECT count(*) > 150, count(*) FILTER (WHERE n <> 1), count(*) FILTER (WHERE created <> 1) FROM (
			  SELECT input, count(DISTINCT id) n, count(*) FILTER (WHERE created) created
			  FROM $table GROUP BY input) s;
			SELECT count(*) FROM (SELECT id FROM $table GROUP BY id HAVING count(DISTINCT input) > 1) s;
		}, "t|0|0\n0", "$g: one id an input, one claimant, no id of two inputs, $level");
	}
}
same_sql($node, q{SELECT sum(mismatches), sum(unverified) FROM detid.verify_replay()}, '0|0',
	'all claims replay');

# Whole loads of the same inputs, each in an order of its own.
in_all_sessions(3, q{
	BEGIN;
	SELECT count(DISTINCT id) FROM detid.claim_ids('minted', (SELECT array_agg(i::text ORDER BY random()) FROM generate_series(1, 500) i));
	END;
}, '32 loads of the same inputs met no deadlock');
in_all_sessions(1, q{
	BEGIN;
	SELECT count(DISTINCT id) FROM detid.claim_ids('narrow', (SELECT array_agg('n' || i ORDER BY random()) FROM generate_series(1, 200) i));
	END;
}, 'nor where their ids collide');
unlike(slurp_file($node->logfile), qr/deadlock detected/, 'the log says so');

# Every width of hash from 8 to 16 bits, filled to the last free value by loads and single claims.
for my $bits (8 .. 16)
{
	my $all = 2**$bits;
	my $most = $all - 10;
	$node->safe_psql('postgres', "SELECT detid.create_generator('full_$bits', 'hash:$bits')");
	same_sql($node, qq{
		SELECT count(DISTINCT id) FROM detid.claim_ids('full_$bits', (SELECT array_agg(i::text) FROM generate_series(1, $most) i));
		SELECT count(DISTINCT detid.claim_id('full_$bits', i)) FROM generate_series($most + 1, $all) i;
		SELECT count(DISTINCT first_id), max(attempt) > 0 FROM detid.ledger WHERE generator = 'full_$bits'::regclass AND attempt IS NOT NULL;
		SELECT mismatches, unverified FROM detid.verify_replay('full_$bits');
	}, "$most\n10\n$all|t\n0|0", "$bits bits are filled to the last free value, and replay");
	next if $bits > 10;    # it takes 32 tries for each value to say so
	fails_with($node, "SELECT detid.claim_id('full_$bits', 'one more')", '2200H', qr/no free id/, 'and no further');
}

# A prepared transaction has not ended: who claims what it claimed waits.
$node->safe_psql('postgres', q{BEGIN; SELECT detid.claim_id('minted', 'prepared'); PREPARE TRANSACTION 'p'});
my $waiting = session($node);
$waiting->send(q{SELECT created FROM detid.claim('minted', 'prepared')});
$node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_locks WHERE NOT granted});
ok($waiting->busy, 'a session waits for a prepared transaction');
$node->safe_psql('postgres', q{COMMIT PREPARED 'p'});
is(($waiting->wait)[0], 'f', 'and has its id once it is committed');
# A wait can be cancelled, and leaves nothing behind.
my $holder = session($node);
$holder->query(q{BEGIN; SELECT detid.claim_id('minted', 'held')});
my (undef, $err) = $waiting->try(q{SET statement_timeout = '300ms'; SELECT detid.claim_id('minted', 'held')});
like($err, qr/57014/, 'a wait can be cancelled');
$holder->query('ROLLBACK');
is($waiting->query(q{SELECT created FROM detid.claim('minted', 'held')}), 't', 'and claimed afterwards');
$_->quit for $waiting, $holder;

# Crashes while 8 sessions claim: what a client was told before stays true. An id counts as received
# when its statement has ended, and so its transaction.
my %told;
my @generators = qw(minted hashed);
for my $round (1 .. 4)
{
	my @clients;
	for my $c (1 .. 8)
	{
		my $sql = join '', map {
			my $g = $generators[ $_ % 2 ];
			my $input = "crash " . int(rand(3000));
			"SELECT '$g', '$input', detid.claim_id('$g', '$input');\n"
		} 1 .. 4000;
		my $file = $node->basedir . "/crash_${round}_$c";
		my $run = IPC::Run::start(
			[ 'stdbuf', '-oL', 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-f', script("crash_$c", $sql) ],
			'>', $file, '2>', "$file.err");
		push @clients, [ $run, $file ];
	}
	sleep(0.4 + rand(0.6));
	$node->stop('immediate');
	$_->[0]->finish for @clients;
	$node->start;
	my @wrong;
	for my $client (@clients)
	{
		my $text = slurp_file($client->[1]);
		$text =~ s/[^\n]*\z//;
		for my $line (lines($text))
		{
			my ($g, $input, $id) = split /\|/, $line;
			my $before = $told{"$g|$input"} //= $id;
			push @wrong, "$line, not $before" if $before ne $id;
		}
	}
	is("@wrong[0 .. ($#wrong > 3 ? 3 : $#wrong)]", '', "crash $round: sessions were told the same");
	my $now = $node->safe_psql('postgres', join ';', map {
		"SELECT '$_', inputs[1], first_id FROM detid.ledger WHERE generator = '$_'::regclass AND inputs[1] LIKE 'crash%'"
	} @generators);
	my %is = map { my ($g, $input, $id) = split /\|/; ("$g|$input" => $id) } lines($now);
	my @lost = grep { ($is{$_} // 'none') ne $told{$_} } keys %told;
	is(scalar(@lost), 0, "crash $round: every id that was received for an input is still that input's ("
		. scalar(keys %told) . ')') or diag("$lost[0]: told $told{$lost[0]}, is " . ($is{ $lost[0] } // 'none'));
}
cmp_ok(scalar(keys %told), '>', 500, 'many were told');
same_sql($node, q{
	SELECT count(*) FROM (SELECT FROM detid.claims GROUP BY definition, ids HAVING count(*) > 1) s;
	SELECT sum(mismatches), sum(unverified) FROM detid.verify_replay();
}, "0\n0|0", 'no id is two inputs\', and all replay');

# What owners do to the table. Nothing of it may claim an input anew, or search for ever.
$node->safe_psql('postgres', q{SELECT detid.claim_id('minted', 'kept')});
for my $ddl (
	[ q{CREATE UNIQUE INDEX theirs ON detid.claims (tag)}, q{DROP INDEX detid.theirs; ALTER TABLE detid.claims DISABLE TRIGGER refuse_change;
		UPDATE detid.claims SET tag = NULL WHERE tag <> 'tagged'; ALTER TABLE detid.claims ENABLE TRIGGER refuse_change}, '42P01', qr/unique index of detid.claims refuses/ ],
	[ q{ALTER TABLE detid.claims SET UNLOGGED}, q{ALTER TABLE detid.claims SET LOGGED}, '55000', qr/SET LOGGED/ ],
	[ q{ALTER TABLE detid._ledger ADD extra int NOT NULL DEFAULT 5}, q{ALTER TABLE detid._ledger DROP extra}, '23502', qr/"extra"/ ],
	[ q{DROP INDEX detid.claims_input}, q{CREATE UNIQUE INDEX claims_input ON detid.claims (claim, origin)}, '42P01', qr/no index detid.claims_input/ ],
	[ q{ALTER INDEX detid.claims_id RENAME TO claims_ids}, q{ALTER INDEX detid.claims_ids RENAME TO claims_id}, '42P01', qr/no index detid.claims_id/ ])
{
	my ($do, $undo, $sqlstate, $pattern) = @$ddl;
	$node->safe_psql('postgres', q{ALTER TABLE detid.claims DISABLE TRIGGER refuse_change;
		UPDATE detid.claims SET tag = position::text; ALTER TABLE detid.claims ENABLE TRIGGER refuse_change;
		SET detid.tag = 'tagged'; SELECT detid.claim_id('minted', 'tagged')}) if $do =~ /tag/;
	$node->safe_psql('postgres', $do);
	fails_with($node, q{SET detid.tag = 'tagged'; SET statement_timeout = '20s'; SELECT detid.claim_id('minted', 'after ddl')},
		$sqlstate, $pattern, "refused after $do");
	same_sql($node, q{SELECT ok FROM detid.check() WHERE "check" = 'claims'}, 'f', 'check() says so') if $do =~ /UNLOGGED/;
	$node->safe_psql('postgres', $undo);
}
same_sql($node, q{SELECT created FROM detid.claim('minted', 'kept'), LATERAL (SELECT) s}, 'f', 'what was claimed is as it was');
same_sql($node, q{SELECT created FROM detid.claim('minted', 'after ddl')}, 't', 'what was refused is claimed now');
for my $rewrite ('VACUUM FULL detid.claims', 'REINDEX TABLE CONCURRENTLY detid.claims', 'CLUSTER detid.claims USING claims_input')
{
	my $before = session($node);
	$before->query(q{SELECT detid.claim_id('minted', 'kept')});
	$node->safe_psql('postgres', $rewrite);
	is($before->query(q{SELECT created FROM detid.claim('minted', 'kept')}), 'f', "found after $rewrite");
	$before->quit;
}

# A claim of another node that comes while its input is being claimed here, and is committed first.
my $file = $node->basedir . '/racer';
$node->safe_psql('postgres', qq{BEGIN; SELECT detid.claim_id('minted', 'racer');
	\\copy (SELECT * FROM detid.claims WHERE inputs = '{racer}') TO '$file'
	ROLLBACK});
my ($apply, $racer) = (session($node), session($node));
$apply->query('SET session_replication_role = replica; BEGIN; LOCK TABLE detid.claims IN SHARE MODE');
$racer->send(q{SELECT created FROM detid.claim('minted', 'racer')});
$node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_locks WHERE NOT granted});
$apply->query("\\copy detid.claims FROM '$file'\nCOMMIT");
is(($racer->wait)[0], 'f', 'it counts, for somebody may have been told of it');
same_sql($node, q{SELECT origin, count(*) FROM detid.claims WHERE inputs = '{racer}' GROUP BY 1}, '8|1', 'and is the only one');
$_->quit for $apply, $racer;
$node->safe_psql('postgres', q{ALTER TABLE detid.claims DISABLE TRIGGER refuse_change;
	DELETE FROM detid.claims WHERE origin <> 0; ALTER TABLE detid.claims ENABLE TRIGGER refuse_change});

# trace, while somebody else claims what it looks for.
my $claiming = session($node);
$claiming->query(q{BEGIN; SELECT detid.claim_id('hashed', 'traced')});
same_sql($node, q{SELECT verdict FROM detid.trace(detid.next_id('hashed', 'traced'), 'hashed')}, 'not in the ledger',
	'what is minted in this statement is not in the ledger yet');
same_sql($node, q{SELECT verdict FROM detid.trace(detid.compose('hashed', 0, 7, 0, 0, 'traced'), 'hashed')},
	'genuine: replay makes the same id', 'an entry is found beside a claim that has not ended');
$claiming->query('ROLLBACK');
$claiming->quit;

# A node id that changes is no reason for another id.
my $alice = $node->safe_psql('postgres', q{SELECT detid.claim_id('hashed', 'alice'), detid.claim_id('minted', 'alice')});
$node->safe_psql('postgres', q{ALTER SYSTEM SET detid.node_id = 8; SELECT pg_reload_conf()});
$node->poll_query_until('postgres', q{SELECT current_setting('detid.node_id') = '8'});
same_sql($node, q{SELECT detid.claim_id('hashed', 'alice'), detid.claim_id('minted', 'alice')}, $alice,
	'the same under another node id');

# A standby knows what was claimed, and claims nothing.
$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
same_sql($standby, q{SELECT detid.claim_id('hashed', 'alice'), detid.claim_id('minted', 'alice')}, $alice,
	'a standby knows the ids');
fails_with($standby, q{SELECT detid.claim_id('minted', 'new')}, '25006', qr/claim_id\(\) in a read-only/,
	'and claims none');
my $open = session($node);
$open->query(q{BEGIN; SELECT detid.claim_id('minted', 'pending')});
$node->safe_psql('postgres', 'SELECT pg_switch_wal()');
$node->wait_for_catchup($standby);
fails_with($standby, q{SELECT detid.claim_id('minted', 'pending')}, '25006', qr/read-only/,
	'what is being claimed on the primary is not waited for');
$open->query('COMMIT');
$open->quit;
same_sql($standby, q{SELECT detid.derive_id('orders', 'alice', 42)}, '7441282390896488735',
	'derivation works on a standby');
$node->wait_for_catchup($standby);
$standby->promote;
same_sql($standby, q{SELECT created FROM detid.claim('minted', 'pending')}, 'f', 'a promoted one goes on');
$standby->stop;

# A dump brings the claims along.
my $dump = $node->basedir . '/dump.sql';
$node->command_ok([ 'pg_dump', '-f', $dump, $node->connstr('postgres') ], 'dumped');
$node->safe_psql('postgres', 'CREATE DATABASE restored TEMPLATE template0');
$node->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-f', $dump, $node->connstr('restored') ], 'restored');
same_sql($node, q{SELECT detid.claim_id('hashed', 'alice'), detid.claim_id('minted', 'alice')}, $alice,
	'the same in a restored database', db => 'restored');
same_sql($node, q{SELECT count(*) FROM detid.claims WHERE origin <> 0}, '0', 'as claims of its own', db => 'restored');

# Claims of two nodes, replicated into one database: both stay, and each node's own come first.
my $other = new_node('other', node_id => 9, init => { allows_streaming => 1 }, conf => "wal_level = logical\n");
$other->safe_psql('postgres', q{
	SELECT detid.create_generator('minted');
	SELECT detid.claim_id('minted', 'alice'), detid.claim_id('minted', 'of the other');
	CREATE PUBLICATION claims FOR TABLE detid.claims, detid._contexts;
});
my $theirs = $other->safe_psql('postgres', q{SELECT detid.claim_id('minted', 'of the other')});
$node->safe_psql('postgres',
	'CREATE SUBSCRIPTION theirs CONNECTION $$' . $other->connstr('postgres') . '$$ PUBLICATION claims');
$node->poll_query_until('postgres', q{SELECT count(*) = 2 FROM detid.claims WHERE origin <> 0});
$other->safe_psql('postgres', q{SELECT detid.claim_id('minted', 'later')});
$node->poll_query_until('postgres', q{SELECT count(*) = 3 FROM detid.claims WHERE origin <> 0});
same_sql($node, q{SELECT DISTINCT origin, node FROM detid.claims WHERE origin <> 0}, '10|9',
	'rows that replication brings are of the node that claimed');
same_sql($node, q{SELECT detid.claim_id('hashed', 'alice'), detid.claim_id('minted', 'alice')}, $alice,
	'own claims come first');
same_sql($node, q{SELECT id, created FROM detid.claim('minted', 'of the other')}, "$theirs|f",
	'those of others are known');
same_sql($node, q{SELECT sum(mismatches) FROM detid.verify_replay()}, '0', 'all replay');

$_->stop for $node, $other;
done_testing();
