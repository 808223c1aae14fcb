# SPDX-License-Identifier: PostgreSQL
#
# A standby says before it is promoted what would stop it from minting then, or make it mint the ids
# of its primary.

use strict;
use warnings FATAL => 'all';

use FindBin;
use lib $FindBin::RealBin;
use Detid;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Registry;
use Test::More;

# A hot standby of a primary, with other lines of configuration, that has caught up.
sub standby_of
{
	my ($primary, $name, $conf) = @_;
	$primary->backup($name);
	my $standby = PostgreSQL::Test::Cluster->new($name);
	$standby->init_from_backup($primary, $name, has_streaming => 1);
	$standby->append_conf('postgresql.conf', $conf);
	$standby->start;
	return $standby;
}

sub preflight
{
	my ($primary, $standby) = @_;
	$primary->wait_for_catchup($standby->name, 'replay', $primary->lsn('insert'));
	return $standby->safe_psql('postgres', q{SELECT ok, detail, hint IS NOT NULL FROM detid.check() WHERE "check" = 'standby'});
}

# --- Numbers that an operator has set ---

my $p = new_node('p', node_id => 7, init => { allows_streaming => 1 });
$p->safe_psql('postgres', 'SELECT detid.next_id()');
same_sql($p, q{SELECT count(*) FROM detid.check() WHERE "check" = 'standby'}, '0', 'a primary has no such row');
my $equal = standby_of($p, 'equal', '');
like(preflight($p, $equal), qr/^f\|detid\.node_id is 7, and the primary mints under 7: .*\|t$/, 'the number of its primary');
$equal->append_conf('postgresql.conf', "detid.node_id = -1\n");
$equal->reload;
ok($equal->poll_query_until('postgres', q{SELECT NOT ok AND detail LIKE 'detid.node_id is not set here%' FROM detid.check() WHERE "check" = 'standby'}), 'no number');
$equal->append_conf('postgresql.conf', "detid.node_id = 8\n");
$equal->reload;
ok($equal->poll_query_until('postgres', q{SELECT ok FROM detid.check() WHERE "check" = 'standby'}), 'a number of its own, without a restart');
$equal->promote;
same_sql($equal, 'SELECT detid.node_of(detid.next_id())', '8', 'promoted, it mints under that');
$_->stop for $equal, $p;

# --- A registry ---

my $c = coordinator('c');
my $db1 = registered($c, 'eu/a/db1', init => { allows_streaming => 1 });
my $w1 = registered($c, 'eu/pool/w1', mode => 'leased', init => { allows_streaming => 1 });
mints_again($_, $_->name . ' mints') for $db1, $w1;
my $s = standby_of($db1, 's', '');
ok($s->poll_query_until('postgres', q{SELECT ok FROM detid.check() WHERE "check" = 'standby'}), 'the settings and the token of its primary');
# [what, lines, detail]
for (
	[ 'the other mode', 'detid.node_id = -1', 'promoted, this standby would be refused as wrong_mode: .*The primary is assigned under number 0; detid\.node_id is not set here' ],
	[ 'another number', 'detid.node_id = 5', 'promoted, this standby would be refused as wrong_node: .*detid\.node_id is 5 here' ],
	[ 'right again', 'detid.node_id = 0', undef ],
	[ 'no file of tokens', "detid.node_token_file = 'none'", 'The token file "none" cannot be opened' ],
	[ 'right again', "detid.node_token_file = 'detid_token'", undef ])
{
	my ($what, $lines, $detail) = @$_;
	$s->append_conf('postgresql.conf', "$lines\n");
	$s->reload;
	ok($s->poll_query_until('postgres', defined $detail
			? qq{SELECT NOT ok AND hint IS NOT NULL AND detail ~ '^$detail' FROM detid.check() WHERE "check" = 'standby'}
			: q{SELECT ok FROM detid.check() WHERE "check" = 'standby'}), $what);
}
for ([ "detid.registered_databases = 'shop'", qr/^f\|this database is no node of the registry\|t$/ ], [ "detid.registered_databases = 'postgres'\ndetid.coordinator = ''", qr/^f\|the primary is node eu\/a\/db1 of a registry, and this standby has no detid\.coordinator\|t$/ ])
{
	my ($lines, $detail) = @$_;
	$s->append_conf('postgresql.conf', "$lines\n");
	$s->restart;
	like(preflight($db1, $s), $detail, $lines =~ s/\n.*//r);
}
$s->append_conf('postgresql.conf', join_registry($c, 'eu/a/db1') . "max_worker_processes = 16\n");
$s->restart;

# --- The coordinator is asked ---

my $standby_says = q{SELECT CASE WHEN ok THEN 'fine' ELSE detail END FROM detid.check() WHERE "check" = 'standby'};
my $of_db1 = q{SELECT state, reason, incarnation, instance, timeline, stopped FROM detid._nodes WHERE path = 'eu/a/db1'};
my $says = sub {
	my ($pattern, $name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	ok($s->poll_query_until('postgres', "SELECT ($standby_says) ~ '$pattern'"), $name) or diag($s->safe_psql('postgres', $standby_says));
	my $trouble = $pattern eq '^fine$' ? '' : $pattern =~ s/.* nothing\[\.\] //r;
	ok($s->poll_query_until('postgres', $trouble eq '' ? 'SELECT registry_trouble IS NULL FROM detid.node_status' : "SELECT registry_trouble ~ '$trouble' FROM detid.node_status"),
		"$name: node_status, too");
};
my $before = $c->safe_psql('postgres', $of_db1);
$says->('^fine$', 'the coordinator knows it');
same_sql($s, 'SELECT registry_answered_at IS NOT NULL FROM detid.node_status', 't', 'node_status says that it has answered');
write_token($s, 'f' x 64);
$says->('would mint nothing[.] The coordinator refused to answer: the registration is refused', 'a token that the registry does not know');
write_token($s, token_of($db1));
$says->('^fine$', 'the right one again');
$c->safe_psql('postgres', q{UPDATE detid._nodes SET mode = 'leased' WHERE path = 'eu/a/db1'});
$says->('would mint nothing[.] The registry would refuse this node: it was enrolled in the other mode', 'enrolled in the other mode');
$c->safe_psql('postgres', q{UPDATE detid._nodes SET mode = 'assigned', node = 6 WHERE path = 'eu/a/db1'});
$says->('would mint nothing[.] The registry would refuse this node: detid[.]node_id is not the number', 'enrolled under another number');
$c->safe_psql('postgres', q{UPDATE detid._nodes SET node = 0 WHERE path = 'eu/a/db1'});
my $open = session($c);
$open->query(q{BEGIN; SELECT FROM detid._nodes WHERE path = 'eu/a/db1' FOR UPDATE; SELECT FROM detid._coordinator FOR UPDATE});
$says->('^fine$', 'it is answered while somebody has locked the node and the coordinator');
$open->query('ROLLBACK');
$open->quit;
mints_again($db1, 'its primary mints');
is($c->safe_psql('postgres', $of_db1), $before, 'all these questions have changed nothing');
$c->stop;
$says->('would mint nothing[.] The coordinator cannot be reached', 'a coordinator that cannot be reached');
like(slurp_file($s->logfile), qr/LOG:  promoted now, this standby would not be answered by the registry with an interval/, 'the log says so');
$c->start;
$says->('^fine$', 'it can be reached again');
$db1->safe_psql('postgres', 'SELECT detid.retire_node()');
$says->('fenced|retired', 'a node that is retired');
$s->stop;
my $l = standby_of($w1, 'l', '');
ok($l->poll_query_until('postgres', q{SELECT ok FROM detid.check() WHERE "check" = 'standby'}), 'a leased node: without a number');
$l->append_conf('postgresql.conf', "detid.node_id = 3\n");
$l->reload;
ok($l->poll_query_until('postgres', q{SELECT NOT ok AND detail ~ 'wrong_mode.*The primary is leased; detid\.node_id is 3 here' FROM detid.check() WHERE "check" = 'standby'}), 'with one');

# The registry client that asked goes on as the node's, once it is promoted.
$l->append_conf('postgresql.conf', "detid.node_id = -1\n");
$l->reload;
ok($l->poll_query_until('postgres', q{SELECT ok FROM detid.check() WHERE "check" = 'standby'}), 'without one');
my $registry_client = q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'pg_detid registry client'};
my $pid = $l->safe_psql('template1', $registry_client);
$w1->stop;
$l->promote;
mints_again($l, 'promoted, it mints');
same_sql($l, $registry_client, $pid, 'by the same registry client') if $pid ne '';
same_sql($l, q{SELECT ok FROM detid.check() WHERE "check" = 'registry'}, 't', 'which is well');
same_sql($l, 'SELECT registry_trouble IS NULL FROM detid.node_status', 't', 'and forgot what it was told as a standby');
$l->stop;

$_->stop for $db1, $c;
done_testing();
