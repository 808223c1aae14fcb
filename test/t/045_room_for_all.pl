# SPDX-License-Identifier: PostgreSQL
#
# No role can use up the room for generators, nor for histories: it has at most as much as it leaves
# to others. Generators without room are minted from all the same, and never an id twice: as shards
# come and go, and over a crash.

use strict;
use warnings FATAL => 'all';

use FindBin;
use lib $FindBin::RealBin;
use Detid;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

# Room for eight generators, and for eight histories of the shortest kind.
my $node = new_node('room', conf => "detid.max_generators = 8\ndetid.history_memory = 256kB\n");
$node->safe_psql('postgres', q{
	CREATE ROLE greedy LOGIN;
	CREATE ROLE modest LOGIN;
	GRANT USAGE ON SCHEMA detid TO greedy, modest;
	GRANT CREATE ON SCHEMA public TO greedy, modest;
	SET SESSION AUTHORIZATION greedy;
	SELECT detid.create_generator('lease' || i, 'time:41@1ms node:10 sequence:12', audit => 'off'),
		detid.create_generator('worker' || i, 'time:36@1ms node:4 worker:8 sequence:10', audit => 'off'),
		detid.create_generator('ordered' || i, 'time:41@1ms node:10 sequence:12', audit => 'off', ordering => 'node'),
		detid.create_generator('audited' || i, 'time:41@1ms node:10 sequence:12'),
		detid.create_generator('random' || i, 'random:40', audit => 'off', history => 100)
	FROM generate_series(1, 6) i;
	SELECT detid.create_generator('second', 'time:32@1s node:8 sequence:20', audit => 'off');
	SET SESSION AUTHORIZATION modest;
	SELECT detid.create_generator('mine'), detid.create_generator('short', 'random:40', history => 100);
	RESET SESSION AUTHORIZATION;
	CREATE DATABASE other;
});
$node->safe_psql('other', q{
	CREATE EXTENSION pg_detid;
	GRANT USAGE ON SCHEMA detid TO modest;
	GRANT CREATE ON SCHEMA public TO modest;
	SET SESSION AUTHORIZATION modest;
	SELECT detid.create_generator('elsewhere', audit => 'off');
});
$node->safe_psql('postgres', "CREATE DATABASE many$_ TEMPLATE other") for 1 .. 12;
sub room { return $node->safe_psql('postgres', q{SELECT ok || ': ' || detail FROM detid.check() WHERE "check" = 'generators'}) }
like(room(), qr/^true: .* of detid\.max_generators = 8 are in memory$/, 'check() says how many are in memory');

# Sessions of one role that use all they can get, and keep it: idle, or in a transaction.
my %ids;
my @greedy = map { session($node, user => 'greedy') } 1 .. 4;
foreach my $i (0 .. $#greedy)
{
	$greedy[$i]->query('BEGIN') if $i % 2;
	foreach my $kind (qw(lease worker ordered audited))
	{
		foreach my $n (1 .. 6)
		{
			my ($out, $err) = $greedy[$i]->try(($i % 2 ? 'SAVEPOINT s; ' : '') . "SELECT detid.next_id('$kind$n') FROM generate_series(1, 3)");
			push @{ $ids{"$kind$n"} }, lines($out) unless $err =~ /ERROR/;
			$greedy[$i]->try('ROLLBACK TO s') if $err =~ /ERROR/ && $i % 2;
		}
	}
}
is(scalar(keys %ids), 24, 'a role mints from three times as many generators as there is room for');

# Everybody else has a place.
my $modest = session($node, user => 'modest');
my ($mine, $refused) = $modest->try("SELECT detid.next_id('mine') FROM generate_series(1, 10)");
is($refused, '', 'another role mints');
push @{ $ids{mine} }, lines($mine);
same_sql($node, "SELECT count(detid.next_id('elsewhere')) FROM generate_series(1, 10)", '10', 'another role mints in another database',
	db => 'other', extra_params => [ '-U', 'modest' ]);
push @{ $ids{default} }, lines($node->safe_psql('postgres', 'SELECT detid.next_id() FROM generate_series(1, 10)'));
# More of the greedy role's, in ticks of a second.
push @{ $ids{second} }, lines($greedy[0]->query("SELECT detid.next_ids('second', 100)"));
push @{ $ids{second} }, lines($greedy[2]->query("SELECT detid.next_ids('second', 100)"));
like(room(), qr/^false: .* without a record/, 'check() tells that there is no room for some');

my ($before) = room() =~ /(\d+) ticks/;
push @{ $ids{mine} }, lines($modest->query("SELECT detid.next_id('mine')")) for 1 .. 20;
my ($after) = room() =~ /(\d+) ticks/;
is($after, $before, 'and has a record: no tick is leased for it');

# As many databases as there are sessions.
my @many = map { session($node, db => "many$_", user => 'modest') } 1 .. 12;
is(join(' ', map { $_->query("SELECT detid.next_id('elsewhere') > 0") } @many), join(' ', ('t') x 12),
	'twelve databases mint at a time, with room for eight generators');
$_->quit for @many;

# Those without a record go on, above what they had; ordered ones across sessions.
foreach my $session (@greedy)
{
	foreach my $kind (qw(lease worker ordered audited))
	{
		push @{ $ids{"$kind$_"} }, lines($session->query("SELECT detid.next_ids('$kind$_', 30)")) for 1 .. 6;
	}
}
foreach my $n (1 .. 6)
{
	my @order = @{ $ids{"ordered$n"} };
	is(join(' ', @order), join(' ', sort { $a <=> $b } @order), "ids of ordered$n rise across sessions");
}
$greedy[$_]->query('COMMIT') for 1, 3;

# A crash, with ticks that are leased and not used up.
my @left = map { session($node, user => 'greedy') } 1 .. 2;
for my $session (@greedy, @left)
{
	push @{ $ids{"lease$_"} }, $session->query("SELECT detid.next_id('lease$_')") for 1 .. 6;
}
$node->stop('immediate');
$node->start;
$_->quit for @greedy, @left, $modest;
@greedy = map { session($node, user => 'greedy') } 1 .. 3;
foreach my $session (@greedy)
{
	foreach my $kind (qw(lease worker ordered audited))
	{
		push @{ $ids{"$kind$_"} }, lines($session->query("SELECT detid.next_ids('$kind$_', 30)")) for 1 .. 6;
	}
}
push @{ $ids{default} }, lines($node->safe_psql('postgres', 'SELECT detid.next_id() FROM generate_series(1, 10)'));
$_->quit for @greedy;
no_duplicates($ids{$_}, "$_, before and after a crash") foreach sort keys %ids;

# Histories: half of the memory at most for one role, and the rest for others.
my $greedy = session($node, user => 'greedy');
foreach my $n (1 .. 6)
{
	my (undef, $err) = $greedy->try("SELECT detid.next_id('random$n')");
	if ($n <= 4) { unlike($err, qr/ERROR/, "history $n of one role") }
	else { like($err, qr/53400: .*in use.*a role may use as many as it leaves/s, "history $n is refused") }
}
same_sql($node, "SELECT detid.next_id('short') > 0", 't', 'another role has room for its own', extra_params => [ '-U', 'modest' ]);
$greedy->quit;
$node->safe_psql('postgres', "SELECT detid.set_history('random' || i, 3000) FROM generate_series(1, 2) i");
$greedy = session($node, user => 'greedy');
my $histories = qr/53400: .*histories.*a role may use as much as it leaves/s;
is($greedy->query("SELECT detid.next_id('random1') > 0"), 't', 'a history of half of the memory');
like(($greedy->try("SELECT detid.next_id('random2')"))[1], $histories, 'a second one is refused');
like(($greedy->try("SELECT detid.next_id('random3')"))[1], $histories, 'a short one, too');
same_sql($node, "SELECT detid.next_id('short') > 0", 't', 'and another role has room', extra_params => [ '-U', 'modest' ]);
$greedy->quit;
$greedy = session($node, user => 'greedy');
is($greedy->query("SELECT detid.next_id('random3') > 0"), 't', 'the short one first');
like(($greedy->try("SELECT detid.next_id('random1')"))[1], $histories, 'then not the long one that nobody uses');
$greedy->quit;

# Under load, by sessions that are gone soon and such as stay: shards come, are left, taken and
# evicted, and ticks leased meanwhile.
$node->append_conf('postgresql.conf', 'detid.max_ahead = 20s');
$node->reload;
$node->safe_psql('postgres', q{
	CREATE TABLE minted (generator text, id bigint);
	CREATE PROCEDURE churn(rounds int, first int) LANGUAGE plpgsql AS $$
	DECLARE kind text; g text; BEGIN
		FOR round IN 1 .. rounds LOOP
			FOREACH kind IN ARRAY ARRAY['lease', 'worker', 'ordered'] LOOP
				FOR n IN 1 .. 6 LOOP
					g := kind || 1 + (n + first) % 6;
					INSERT INTO minted SELECT g, detid.next_id(g::regclass) FROM generate_series(1, 1 + (random() * 30)::int);
					INSERT INTO minted SELECT g, detid.next_ids(g::regclass, 5);
				END LOOP;
			END LOOP;
			COMMIT;
		END LOOP;
	END $$;
	GRANT INSERT ON minted TO greedy, modest;
	GRANT USAGE ON SEQUENCE lease1, lease2, worker1, worker2 TO modest;
});
my @sessions = map { session($node, user => 'greedy') } 1 .. 3;
$sessions[$_]->send("CALL churn(15, $_)") for 0 .. 2;
my $errors = '';
for my $round (1 .. 12)
{
	$modest = session($node, user => $round % 2 ? 'modest' : 'greedy');
	foreach my $g (qw(lease1 worker1 lease2 worker2))
	{
		$errors .= ($modest->try("INSERT INTO minted SELECT '$g', detid.next_id('$g') FROM generate_series(1, 50)"))[1];
	}
	$modest->quit;
}
is($errors, '', 'others mint from the same generators all the while');
is(join('', map { ($_->wait)[1] } @sessions), '', 'no session had an error');
$_->quit for @sessions;
same_sql($node, 'SELECT count(*) > 10000 FROM minted', 't', 'many were minted');
same_sql($node, 'SELECT generator, id, count(*) FROM minted GROUP BY 1, 2 HAVING count(*) > 1 LIMIT 5', '', 'and none twice');
$node->stop;

done_testing();
