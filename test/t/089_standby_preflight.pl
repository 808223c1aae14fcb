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
like(preflight($db1, $s), qr/^t\|/, 'the settings and the token of its primary');
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
$s->stop;
my $l = standby_of($w1, 'l', '');
like(preflight($w1, $l), qr/^t\|/, 'a leased node: without a number');
$l->append_conf('postgresql.conf', "detid.node_id = 3\n");
$l->reload;
ok($l->poll_query_until('postgres', q{SELECT NOT ok AND detail ~ 'wrong_mode.*The primary is leased; detid\.node_id is 3 here' FROM detid.check() WHERE "check" = 'standby'}), 'with one');

$_->stop for $l, $w1, $db1, $c;
done_testing();
