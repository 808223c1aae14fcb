# SPDX-License-Identifier: PostgreSQL
#
# The command-line program says of an id what the extension says: in every layout, every codec, and
# where an id cannot be read. Its examples in the docs are true.

use strict;
use warnings FATAL => 'all';

use FindBin;
use lib $FindBin::RealBin;
use Detid;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('command_line', conf => "timezone = 'UTC'\n");
my $top = $ENV{DETID_DOCS} // "$FindBin::RealBin/../..";

# Runs the program; returns its outputs and exit status.
sub detid
{
	my ($in, @arguments) = @_;
	my ($out, $err) = ('', '');
	IPC::Run::run([ 'detid', @arguments ], '<', \$in, '>', \$out, '2>', \$err);
	return ($out, $err, $? >> 8);
}

sub says
{
	my ($in, $arguments, $expected, $name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my ($out, $err, $status) = detid($in, @$arguments);
	chomp $out;
	ok($out eq $expected && $err eq '' && $status == 0, $name)
	  or diag("got $status:\n$out\n$err\nexpected:\n$expected");
	return;
}

# Some ids of each layout that has a name.
$node->safe_psql('postgres', q{
	CREATE TABLE ids (layout text, id text);
	DO $$ DECLARE l text; BEGIN
		FOR l IN SELECT layout FROM detid.layouts LOOP
			PERFORM detid.create_generator('g_' || l, l, audit => 'off');
			INSERT INTO ids SELECT l, detid.next_text(('g_' || l)::regclass, 'input ' || i) FROM generate_series(1, 5) i;
		END LOOP; END $$;
	CREATE FUNCTION instant(timestamptz) RETURNS text LANGUAGE sql AS
		$$SELECT rtrim(rtrim(to_char($1, 'FMYYYY-MM-DD"T"HH24:MI:SS.US'), '0'), '.') || 'Z'$$;
});
my @layouts = lines($node->safe_psql('postgres', 'SELECT DISTINCT layout FROM ids ORDER BY 1'));
cmp_ok(scalar @layouts, '>', 20, scalar(@layouts) . ' layouts');
for my $layout (@layouts)
{
	my $ids = $node->safe_psql('postgres', "SELECT id FROM ids WHERE layout = '$layout' ORDER BY id COLLATE \"C\"") . "\n";
	says($ids, [ 'decode', '--layout', $layout ], $node->safe_psql('postgres', qq{
		SELECT concat_ws(E'\\t', id, '$layout', coalesce(instant(minted_at), ''), coalesce(d.node::text, ''), coalesce(d.worker::text, ''),
			coalesce(d.tick::text, ''), coalesce(d.sequence::text, ''), coalesce(d.random, ''), coalesce(d.hash, ''))
		FROM ids, detid.decode_as('$layout', id) d WHERE layout = '$layout' ORDER BY id COLLATE "C"}), "decode, $layout");
	says($ids, [ 'explain', "--layout=$layout" ], $node->safe_psql('postgres',
			"SELECT detid.explain_as('$layout', id) FROM ids WHERE layout = '$layout' ORDER BY id COLLATE \"C\""), "explain, $layout");
	says($ids, ['guess'], $node->safe_psql('postgres', qq{
		SELECT concat_ws(E'\\t', id, g.layout, coalesce(instant(minted_at), ''))
		FROM ids, detid.guess(id) WITH ORDINALITY g(layout, minted_at, n) WHERE ids.layout = '$layout' ORDER BY id COLLATE "C", n}), "guess, $layout");
}

# Every codec, of a uuid and of a number.
for my $codec (lines($node->safe_psql('postgres', 'SELECT codec FROM detid.codecs ORDER BY 1')))
{
	for my $id ('017f22e2-79b0-7cc3-98c4-dc0c0c07398f', '1541815603606036480', '0')
	{
		my $type = $id =~ /-/ ? 'uuid' : 'bigint';
		my ($expected, $err) = run_sql($node, "SELECT detid.encode('$id'::$type, '$codec')");
		if ($err eq '')
		{
			says('', [ 'encode', '--codec', $codec, $id ], $expected, "encode, $codec, $type $id");
			next;
		}
		my ($out, $why, $status) = detid('', 'encode', '--codec', $codec, $id);
		ok($status == 1 && $why =~ /cannot hold/, "encode, $codec: refused for a $type") or diag("$out$why");
	}
}

# Lines of a file, with its ends of lines; those that are no ids keep their place.
my ($out, $err, $status) = detid("1541815603606036480\r\nno id\n\n54720567705628672\n", 'decode', '--layout', 'twitter');
is($status, 1, 'lines that are no ids: status 1');
is(join('|', map { (split /\t/, $_, -1)[0] } lines($out)), '1541815603606036480|no id||54720567705628672', 'their places are kept');
is(scalar(grep { tr/\t// == 8 } lines($out)), 4, 'with all columns');
like($err, qr/^detid: line 2: "no id": .+\ndetid: line 3: "": .+\n$/, 'and it is said which');
says('', [ 'decode', '--layout', 'time:41@1ms node:10 sequence:12', '--epoch', '2020-01-01T00:00:00Z', '4194304' ],
	"4194304\ttime:41\@1ms node:10 sequence:12\t2020-01-01T00:00:00.001Z\t0\t\t1\t0\t\t", 'a layout by its text, with an epoch');
is((detid('', 'decode', '017f22e2-79b0-7cc3-98c4-dc0c0c07398f'))[0] =~ /\tuuid7\t2022-02-22T19:22:22Z\t/ ? 1 : 0, 1, 'without a layout: the likeliest');
says("7\n", [ 'encode', '--codec=hex', '--', ], '0000000000000007', 'behind -- are ids alone');
($out, $err, $status) = detid('', 'encode', '--codec', 'hex', '--', '--help');
is($status, 1, 'also what looks like an option');

# Wrong calls.
for ([ [], qr/there is no command/ ], [ ['mint'], qr/there is no command mint/ ], [ ['encode'], qr/needs --codec/ ],
	[ [ 'encode', '--codec' ], qr/--codec takes a value/ ], [ [ 'encode', '--codec', 'base13' ], qr/there is no codec base13/ ],
	[ [ 'decode', '--layout', 'uuidv7' ], qr/uuid7/ ], [ [ 'decode', '--layout', 'time:41' ], qr/--layout: / ],
	[ [ 'guess', '--layout', 'ulid' ], qr/guess has no option --layout/ ], [ [ 'decode', '--layout', 'ulid', '--epoch', 'yesterday' ], qr/--epoch: / ],
	[ [ 'decode', '--layout', 'ulid', '--epoch', '2020-01-01T00:00:00Z' ], qr/The epoch of ulid is 1970-01-01T00:00:00Z/ ],
	[ [ 'decode', '--layouts' ], qr/no option --layouts/ ])
{
	my ($arguments, $pattern) = @$_;
	($out, $err, $status) = detid('', @$arguments);
	ok($status == 2 && $out eq '' && $err =~ $pattern && $err =~ /^usage: detid decode/m, "refused: detid @$arguments") or diag("$status $out$err");
}
is(system("echo 5 | detid encode --codec hex >/dev/full 2>/dev/null") >> 8, 3, 'a full disk: status 3');
like((detid('', '--help'))[0], qr/^usage: detid decode/, '--help');

# Examples in the docs: blocks of the language console, "$ command" and what it prints.
my $examples = 0;
for my $file ("$top/README.md", sort glob("$top/docs/*.md"))
{
	my $text = slurp_file($file);
	while ($text =~ /^```console\n(.*?)^```$/msg)
	{
		my @parts = split /^\$ (.*)\n/m, $1;
		shift @parts;
		while (my ($command, $expected) = splice @parts, 0, 2)
		{
			my $got = `$command 2>&1`;
			is($got, $expected // '', "docs: $command");
			$examples++;
		}
	}
}
cmp_ok($examples, '>', 2, 'there are examples');

done_testing();
