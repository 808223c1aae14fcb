# SPDX-License-Identifier: PostgreSQL
#
# A registry among strangers: who has no token of a node, or not the role that goes with it, learns
# nothing, changes nothing, fences nobody and keeps nobody waiting. A node acts for itself alone.

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

my $c = coordinator('c');
$c->safe_psql('postgres', q{
	CREATE ROLE node1 LOGIN; CREATE ROLE node2 LOGIN; CREATE ROLE stranger LOGIN; CREATE ROLE watcher LOGIN;
	CREATE ROLE member LOGIN; GRANT node1 TO member; GRANT pg_monitor TO watcher;
	GRANT USAGE ON SCHEMA detid TO stranger;
	CREATE DATABASE shop});
play_nodes($c);
my %token;
sub enroll_as
{
	my ($path, $mode, $role) = @_;
	return $token{$path} = $c->safe_psql('postgres', "SELECT detid.enroll_node('$path', '$mode', '$role')");
}
enroll_as('eu/a/db1', 'assigned', 'node1');
enroll_as('eu/pool/w1', 'leased', 'node2');
enroll_as('eu/a/db3', 'assigned', 'node1');
my $db1 = registered($c, 'eu/a/db1', token => $token{'eu/a/db1'}, coordinator => $c->connstr('postgres') . ' user=node1');
my $w1 = registered($c, 'eu/pool/w1', token => $token{'eu/pool/w1'}, mode => 'leased', coordinator => $c->connstr('postgres') . ' user=node2');
mints_again($_, $_->name . ' mints') for $db1, $w1;

# All that the coordinator knows, but for what heartbeats of the two nodes change.
sub known
{
	return $c->safe_psql('postgres', q{
		SELECT path, mode, role, key, pool, state, reason, refused, node, instance, incarnation, timeline, seed, end_us >= limit_us FROM detid._nodes ORDER BY path;
		SELECT * FROM detid._numbers; SELECT * FROM detid._coordinator; SELECT * FROM detid.prefixes ORDER BY path});
}

# As a client of a role; returns the error.
sub as_role
{
	my ($role, $sql) = @_;
	my ($out, $err) = run_sql($c, $sql, extra_params => [ '-U', $role ]);
	return $err eq '' ? "no error, but $out" : $err;
}

my $us = '(extract(epoch FROM clock_timestamp()) * 1000000)::bigint';
sub heartbeat_sql
{
	my ($token, %o) = @_;
	%o = (old => 0, old_bits => 0, bits => 77, mode => 'assigned', node => 0, instance => 1, incarnation => 1, timeline => 1,
		node_us => $us, claims => 'false', retires => 'false', seed => 'NULL', challenge => 0, %o);
	my $next = $o{next} // $o{old} + 1;
	return "SELECT outcome, reason, challenge FROM signed_heartbeat($token, $o{old}, $o{old_bits}, $next, $o{bits}, '$o{mode}', $o{node}, "
	  . "$o{instance}, $o{incarnation}, $o{timeline}, $o{node_us}, 0, 0, 0, $o{claims}, $o{retires}, false, 'plainly', $o{challenge}, $o{seed}, 0, 0, 0, NULL)";
}

# As a node that lives: again, with the challenge, if it is told one.
sub insist
{
	my ($role, @heartbeat) = @_;
	my $answer = as_role($role, heartbeat_sql(@heartbeat));
	return $answer !~ /\|(\d+)$/m || $1 == 0 ? $answer : as_role($role, heartbeat_sql(@heartbeat, challenge => $1));
}

# --- Strangers ---

my $known = known();
my $log = -s $c->logfile;
my $key1 = $c->safe_psql('postgres', "SELECT encode(key, 'hex') FROM detid._nodes WHERE path = 'eu/a/db1'");
my ($t1, $t2, $t3) = map { "'$token{$_}'" } 'eu/a/db1', 'eu/pool/w1', 'eu/a/db3';
like(as_role('stranger', heartbeat_sql($t1)), qr/ERROR:  42501: permission denied for function _heartbeat/, 'a role that is no node cannot ask, with a token neither');
like(as_role('watcher', heartbeat_sql($t1)), qr/ERROR:  42501/, 'nor can who may watch');
my %answer;    # every error that a role with EXECUTE may see
my @tries = (
	[ 'no such token', 'node1', heartbeat_sql("'no'") ],
	[ 'an empty token', 'node1', heartbeat_sql("''") ],
	[ 'no token', 'node1', heartbeat_sql('NULL') ],
	[ 'a token that is long', 'node1', heartbeat_sql(q{repeat('x', 1000000)}) ],
	[ "another node's token", 'node2', heartbeat_sql($t1) ],
	[ "another node's token, claiming", 'node2', heartbeat_sql($t1, claims => 'true', timeline => 99) ],
	[ "another node's token, retiring", 'node2', heartbeat_sql($t1, retires => 'true') ],
	[ "another node's token, with its mode", 'node1', heartbeat_sql($t2, mode => 'leased', node => -1) ],
	[ "a leased node's token, as if assigned", 'node1', heartbeat_sql($t2) ],
	[ 'the token of a member', 'member', heartbeat_sql($t1) ],
	[ 'the token of a member who has become the role', 'member', "SET ROLE node1;\n" . heartbeat_sql($t1) ],
	[ 'the public key for a token', 'node1', heartbeat_sql("'$key1'") ],
	[ 'nonces that skip', 'node1', heartbeat_sql($t3, old => 5, next => 9) ],
	[ 'nonces that fall', 'node1', heartbeat_sql($t3, old => 5, next => 4) ],
	[ 'a nonce below none', 'node1', heartbeat_sql($t3, old => -1) ],
	[ 'a nonce that is the largest', 'node1', heartbeat_sql($t3, old => '9223372036854775806') ],
	[ 'a time out of this world', 'node1', heartbeat_sql($t3, node_us => '9223372036854775807') ],
	[ 'a number that is none', 'node1', heartbeat_sql($t3, node => 4294967296) ],
	[ 'a mode that is none', 'node1', heartbeat_sql($t3, mode => 'x') ],
);
for (@tries)
{
	my ($name, $role, $sql) = @$_;
	my $error = as_role($role, $sql);
	like($error, qr/ERROR:  28000: the registration is refused/, "$name: refused");
	# Of members, psql's line differs.
	$error =~ s/psql:\S+ //;
	$answer{$error}++;
}
is(scalar(keys %answer), 1, 'all are told the same') or diag(join '', keys %answer);
is(known(), $known, 'nothing has changed');
unlike(slurp_file($c->logfile, $log), qr/DT001/, 'nobody is fenced');
is(sqlstate_of($_, 'SELECT detid.next_id()'), '00000', $_->name . ' goes on') for $db1, $w1;

# Strangers wait for no lock and keep none.
my $holder = session($c);
$holder->query("BEGIN; SELECT FROM detid._nodes WHERE path = 'eu/a/db1' FOR UPDATE");
like(as_role('node2', "SET statement_timeout = '3s';\n" . heartbeat_sql($t1)), qr/28000: the registration is refused/,
	'who has not the role does not wait for a row, so learns not that it is there');
$holder->query('ROLLBACK');
my $idle = session($c, user => 'node2');
$idle->try('BEGIN; ' . heartbeat_sql($t1));
sleep 2 * HEARTBEAT;
my $last_seen = in_view($c, 'eu/a/db1', 'last_seen');
ok($c->poll_query_until('postgres', "SELECT last_seen > '$last_seen' FROM detid.nodes WHERE path = 'eu/a/db1'"), 'a transaction of a stranger keeps no node waiting');
$idle->quit;

# --- A node, with its own token ---

# Made-up nonces and claims of a node fence itself, and nobody else.
enroll_as('eu/a/evil', 'assigned', 'node2');
my $te = "'$token{'eu/a/evil'}'";
my $number = $c->safe_psql('postgres', "SELECT detid.node_of_path('eu/a/evil')");
like(as_role('node2', heartbeat_sql($te, node => 0)), qr/no error, but refused\|wrong_node/, "a node cannot take another's number");
for my $seed (q{'\x'}, q{'\x00'}, q{decode(repeat('00', 32), 'hex')})
{
	insist('node2', $te, node => $number, seed => $seed);
}
same_sql($c, q{SELECT state FROM detid.nodes WHERE path IN ('eu/a/db1', 'eu/pool/w1') ORDER BY path}, "active\nactive", 'nor fence it by a seed that it does not know');
my $secrets = join '|', map { $_->safe_psql('postgres', "SELECT string_agg(commitment, '|') FROM detid.seeds") } $db1, $w1;
for my $commitment (split /\|/, $secrets)
{
	insist('node2', $te, node => $number, old => 50, seed => "'\\x$commitment'");
}
same_sql($c, q{SELECT state FROM detid.nodes WHERE path IN ('eu/a/db1', 'eu/pool/w1') ORDER BY path}, "active\nactive", "nor by the seed's commitment, which everybody sees");
same_sql($c, q{SELECT count(*) FROM detid._nodes WHERE state = 'active' AND seed IS NULL}, '0', 'both have shown theirs');
insist('node2', $te, node => $number, old => 1, instance => 9);
same_sql($c, q{SELECT state FROM detid.nodes WHERE path = 'eu/a/evil'}, 'fenced', 'it may fence itself');
mints_again($_, $_->name . ' still mints') for $db1, $w1;

# --- What is readable ---

for my $role (qw(node1 node2 stranger watcher))
{
	for my $table (qw(_nodes _numbers _coordinator _registration _seed))
	{
		like(as_role($role, "SELECT * FROM detid.$table"), qr/ERROR:  42501/, "$role does not read $table");
		like(as_role($role, "TRUNCATE detid.$table"), qr/ERROR:  42501/, "nor empties it");
	}
	next if $role eq 'watcher';
	like(as_role($role, 'SELECT * FROM detid.nodes'), qr/ERROR:  42501/, "$role does not read nodes");
	like(as_role($role, 'SELECT * FROM detid.check_topology()'), qr/ERROR:  42501/, "nor calls check_topology()");
}
my $functions = $c->safe_psql('postgres', q{
	SELECT p.oid::regprocedure FROM pg_proc p WHERE pronamespace = 'detid'::regnamespace
	AND proname IN ('enroll_node', 'new_token', 'unfence', 'retire_node', 'move_node', 'claim_registration', '_heartbeat', 'assign_prefix', 'release_prefix', 'define_topology')});
is(scalar(lines($functions)), 12, 'functions that change something');
for my $f (lines($functions))
{
	my @who = lines($c->safe_psql('postgres', "SELECT r FROM unnest(ARRAY['node1', 'node2', 'stranger', 'watcher', 'member', 'public']) r WHERE has_function_privilege(r, '$f', 'EXECUTE')"));
	is("@who", $f =~ /_heartbeat/ ? 'node1 node2 member' : '', "$f: who may call it");
}
same_sql($c, q{SELECT count(*) FROM pg_proc WHERE pronamespace = 'detid'::regnamespace AND prosecdef AND
	NOT EXISTS (SELECT FROM unnest(proconfig) c WHERE c LIKE 'search_path=pg_catalog, pg_temp%')}, '0', 'no function that acts as its owner has a search_path of its caller');
# What who may watch sees has nothing in it that lets one act.
my $seen = $c->safe_psql('postgres', 'SELECT * FROM detid.nodes; SELECT * FROM detid.check_topology(); SELECT * FROM detid.seeds; SELECT * FROM detid.prefixes',
	extra_params => [ '-U', 'watcher' ]);
my @secret = $c->safe_psql('postgres', q{SELECT encode(key, 'hex') FROM detid._nodes UNION ALL SELECT encode(seed, 'hex') FROM detid._nodes WHERE seed IS NOT NULL
	UNION ALL SELECT bits::text FROM detid._nodes WHERE bits > 1000000 UNION ALL SELECT instance::text FROM detid._nodes WHERE instance > 100});
my @shown = grep { index($seen, $_) >= 0 } map { lines($_) } @secret, values %token;
is("@shown", '', 'who may watch sees no token, nonce or seed');
cmp_ok(scalar(map { lines($_) } @secret), '>', 7, 'of which there are some');
for my $node ($db1, $w1)
{
	$node->safe_psql('postgres', 'CREATE ROLE reader LOGIN; GRANT pg_monitor, pg_read_all_settings TO reader');
	my $all = $node->safe_psql('postgres', q{SELECT s::text FROM detid.seeds s; SELECT s::text FROM detid.node_status s; SELECT g::text FROM detid.generators g;
		SELECT s::text FROM pg_settings s WHERE name <> 'detid.coordinator'; SELECT c::text FROM detid.check() c; SELECT a::text FROM pg_stat_activity a},
		extra_params => [ '-U', 'reader' ]);
	my $proof = $c->safe_psql('postgres', sprintf q{SELECT encode(seed, 'hex') FROM detid._nodes WHERE path LIKE '%%/%s' AND state = 'active'}, $node->name);
	is(length $proof, 32, $node->name . ' has shown a proof of its seed');
	unlike($all, qr/$proof/i, 'which nobody sees in a view there');
	unlike($all, qr/$token{'eu\/a\/db1'}|$token{'eu\/pool\/w1'}/, 'nor its token');
}
# Logs say it neither: of errors that there were, on either side.
for my $node ($c, $db1, $w1)
{
	my $text = slurp_file($node->logfile);
	$text =~ s/.*STATEMENT:.*(?:\n\t.*)*//g;    # of this test, which sends tokens as literals
	my @told = grep { index($text, $_) >= 0 } values %token;
	is("@told", '', $node->name . ': no token in its log');
}

# --- Roles that are dropped, tokens that are changed ---

my $new = $c->safe_psql('postgres', "SELECT detid.new_token('eu/a/db1')");
ok($db1->poll_query_until('postgres', "SELECT registry_trouble LIKE '%registration is refused%' FROM detid.node_status"), 'a token that was replaced is refused');
is(sqlstate_of($db1, 'SELECT detid.next_id()'), '00000', 'an assigned node mints on meanwhile');
write_token($db1, $new);
ok($db1->poll_query_until('postgres', 'SELECT registry_trouble IS NULL FROM detid.node_status'), 'the new one is good, without a restart or a reload');
like((run_sql($c, 'DROP ROLE node1'))[1], qr/ERROR:  2BP01/, 'the role of a node is not dropped by mistake');
$_->stop for $db1, $w1, $c;
done_testing();
