# SPDX-License-Identifier: PostgreSQL
#
# A token stays on its node, whatever is logged on either side: no log and no view ever has it, or
# anything else that lets one act for the node. A heartbeat that was read in a log is good for nothing but
# what it says.

use strict;
use warnings FATAL => 'all';

use FindBin;
use lib $FindBin::RealBin;
use Detid;
use MIME::Base64;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Registry;
use Test::More;
use Time::HiRes qw(sleep time);

# All that a server can be made to log, of nested statements too.
my $loud = q{
log_statement = all
log_min_duration_statement = 0
log_parameter_max_length = -1
log_parameter_max_length_on_error = -1
log_error_verbosity = verbose
log_min_messages = debug1
log_connections = on
debug_print_plan = on
debug_print_parse = on
};
my ($libdir) = run_command([ $ENV{PG_CONFIG} // 'pg_config', '--pkglibdir' ]);
my $explains = -e "$libdir/auto_explain.so";
note($explains ? 'auto_explain is there' : 'there is no auto_explain');
# The library behind ours, so that it sees what ours runs.
my $explain = $explains ? q{
session_preload_libraries = 'auto_explain'
auto_explain.log_min_duration = 0
auto_explain.log_nested_statements = on
auto_explain.log_verbose = on
auto_explain.log_analyze = on
} : '';
$explain .= "auto_explain.log_parameter_max_length = -1\n" if $explains && PostgreSQL::Test::Cluster->new('version')->pg_version >= 16;

my $c = coordinator('c', conf => $loud . $explain);
my $db1 = registered($c, 'eu/a/db1', conf => $loud . $explain);
my $w1 = registered($c, 'eu/pool/w1', mode => 'leased', conf => $loud . $explain);
my @all = ($c, $db1, $w1);
mints_again($_, $_->name . ' mints') for $db1, $w1;
my @secrets = map { token_of($_) } $db1, $w1;
sleep 2 * HEARTBEAT;

# --- Rotation ---

my $old = token_of($db1);
my $new = $c->safe_psql('postgres', q{SELECT detid.new_token('eu/a/db1')});
like($new, qr/^[0-9a-f]{64}$/, 'a token is returned');
push @secrets, $new, $c->safe_psql('postgres', q{SELECT detid.enroll_node('eu/a/db2', 'assigned', 'detid_node')}),
  $c->safe_psql('postgres', q{SELECT detid.move_node('eu/a/db2', 'eu/a/db3')});
ok($db1->poll_query_until('postgres', "SELECT registry_trouble LIKE '%registration is refused%' FROM detid.node_status"), 'the one before is refused');
write_token($db1, 'f' x 64);
push @secrets, 'f' x 64;
sleep 2 * HEARTBEAT;
write_token($db1, $new);
my $since = time();
ok($db1->poll_query_until('postgres', 'SELECT registry_trouble IS NULL FROM detid.node_status'), 'the new one is good, without a reload');
cmp_ok(time() - $since, '<', 30, 'soon');
$_->reload for @all;

# --- What is logged, and what is to be seen ---

# A few errors within the functions, for their contexts.
run_sql($c, $_) for q{SELECT detid.enroll_node('eu/a/db1')}, q{SELECT detid.new_token('eu/a/nobody')},
  q{BEGIN; SELECT detid.enroll_node('eu/a/db4'); SELECT 1 / 0}, q{SET lock_timeout = 1; SELECT detid.new_token('eu/a/db1'), 1 / 0};
my %seen;
for my $node (@all)
{
	$seen{ $node->name } = $node->safe_psql('postgres', q{SET log_statement = none; SELECT a::text FROM pg_stat_activity a; SELECT s::text FROM pg_settings s; SELECT s::text FROM pg_file_settings s;
		SELECT n::text FROM detid.nodes n; SELECT n::text FROM detid._nodes n; SELECT r::text FROM detid._registration r; SELECT s::text FROM detid.node_status s; SELECT c::text FROM detid.check() c;
		SELECT t::text FROM detid.check_topology() t; SELECT p::text FROM pg_prepared_statements p});
	$seen{ $node->name } .= run_command([ 'pg_dumpall', '-d', $node->connstr('postgres') ]);
}
# A token as text, and as the bytes of a bytea in whichever form; the private key is the token's.
sub forms_of { my ($t) = @_; my $raw = pack 'H*', $t; return ($t, uc $t, encode_base64($raw, ''), $raw); }
for my $node (@all)
{
	my $log = slurp_file($node->logfile);
	# A node's own log has heartbeats in it when it is a coordinator alone.
	like($log, qr/_heartbeat/, 'the coordinator logs heartbeats') if $node == $c;
	like($log, qr/parameters?: \$1 = '\\x[0-9a-f]{64}', \$2 = '\\x[0-9a-f]{128}'/, 'with all that they are sent with') if $node == $c;
	like($log, qr/Query Text: .*INSERT INTO detid\._nodes/s, 'and what runs within functions') if $node == $c && $explains;
	for my $secret (@secrets)
	{
		my @in_log = grep { index($log, $_) >= 0 } forms_of($secret);
		my @in_view = grep { index($seen{ $node->name }, $_) >= 0 } forms_of($secret);
		is("@in_log|@in_view", '|', $node->name . ': no token in its log, its views or its dump');
	}
}
cmp_ok(length $seen{c}, '>', 5000, 'of which there is something');
is($c->safe_psql('postgres', 'SELECT count(*) FROM detid._nodes'), 4, 'nodes are there');

# --- A heartbeat that was read in the log ---

my $log = slurp_file($c->logfile);
my ($logged) = (reverse $log =~ /(parameters?: \$1 = '\\x[0-9a-f]{64}', \$2 = .*)/g)[0];
my @values = $logged =~ /\$\d+ = ('[^']*'|NULL)/g;
is(scalar @values, 25, 'a heartbeat with all of its values is in the log');
sub known
{
	return $c->safe_psql('postgres', q{SET log_statement = none;
		SELECT path, mode, role, key, state, reason, refused, node, instance, incarnation, timeline, seed, fenced_at FROM detid._nodes ORDER BY path;
		SELECT * FROM detid._numbers; SELECT * FROM detid.prefixes ORDER BY path});
}
sub send_heartbeat { return run_sql($c, 'SELECT outcome, reason FROM detid._heartbeat(' . join(', ', @_) . ')', extra_params => [ '-U', 'detid_node' ]); }
my $known = known();
my $refused = 0;
for my $i (0 .. $#values)
{
	my @other = @values;
	$other[$i] = $values[$i] eq "'true'" ? "'false'" : $values[$i] eq "'false'" ? "'true'"
	  : $values[$i] =~ /^'\\x(.*)(.)'$/ ? "'\\x$1" . ($2 eq '0' ? 1 : 0) . "'"
	  : $values[$i] =~ /^'-?\d+'$/ ? "($values[$i]::bigint + 1)::bigint" : $values[$i] eq "'assigned'" ? "'leased'" : "'assigned'";
	my (undef, $err) = send_heartbeat(@other);
	$refused++ if $err =~ /ERROR:  28000: .*the registration is refused/;
}
is($refused, scalar @values, 'with any of its values changed it is refused');
is(known(), $known, 'and nothing has changed');
my ($out, $err) = send_heartbeat(@values);
like("$out$err", qr/^(?:granted|refused|fenced)/, 'as it was it is a heartbeat that comes late');
sleep 2 * HEARTBEAT;
is(sqlstate_of($_, 'SELECT detid.next_id()'), '00000', $_->name . ' mints on') for $db1, $w1;

# Under a key of one's own nothing is anybody's, and OpenSSL's signatures are as good as ours.
SKIP:
{
	my $dir = PostgreSQL::Test::Utils::tempdir();
	my $pem = "$dir/key.pem";
	open my $fh, '>', $pem or die;
	print $fh "-----BEGIN PRIVATE KEY-----\n" . encode_base64(pack 'H*', "302e020100300506032b657004220420$new") . "-----END PRIVATE KEY-----\n";
	close $fh;
	my ($der) = run_command([ 'openssl', 'pkey', '-in', $pem, '-text', '-noout' ]);
	skip 'there is no OpenSSL that knows Ed25519', 1 if $der !~ /pub:/;
	my ($public) = $der =~ /pub:\s*([0-9a-f:\s]+)/;
	$public =~ s/[:\s]//g;
	same_sql($c, q{SELECT encode(key, 'hex') FROM detid._nodes WHERE path = 'eu/a/db1'}, $public, 'what the coordinator keeps is the public key of the token');
}

$_->stop for $db1, $w1, $c;
done_testing();
