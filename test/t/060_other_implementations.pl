# SPDX-License-Identifier: PostgreSQL
#
# Other implementations see in our ids what we see, and we see in theirs what they do: times, bytes
# and fields. They are the packages of test/interop, run by Node; DETID_INTEROP names a copy of that
# folder in which they are installed.

use strict;
use warnings FATAL => 'all';

use FindBin;
use lib $FindBin::RealBin;
use Detid;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $interop = $ENV{DETID_INTEROP}
  or plan skip_all => 'DETID_INTEROP names no copy of test/interop with its packages (npm ci)';

use constant IDS => 200;

my $node = new_node('interop', conf => "timezone = 'UTC'\n");

# The formats: [ name, implementation, layout (the same), options of the generator, codec (the
# layout's), whether an id of it cannot be of another: then it is the first guess; whether it shows no
# time; whether it is read and not minted ].
my @formats = (
	[ 'uuid1', 'uuid', sure => 1 ],
	[ 'uuid4', 'uuid', sure => 1, untimed => 1 ],
	[ 'uuid6', 'uuid', sure => 1 ],
	[ 'uuid7', 'uuid', sure => 1 ],
	[ 'uuid8', 'uuid', sure => 1, untimed => 1 ],
	[ 'typeid', 'typeid-js', layout => 'uuid7', options => "prefix => 'order'", codec => 'typeid', sure => 1 ],
	[ 'ulid', 'ulid', sure => 1 ],
	[ 'timeflake', 'ksuid and ulid', sure => 1 ],
	[ 'pushid', 'unique-push-id', sure => 1 ],
	[ 'ksuid', 'ksuid', sure => 1 ],
	[ 'xid', 'xid-ts', sure => 1 ],
	[ 'objectid', 'bson', sure => 1 ],
	[ 'nanoid', 'nanoid', sure => 1, untimed => 1 ],
	[ 'cuid2', '@paralleldrive/cuid2', sure => 1, untimed => 1 ],
	[ 'cuid', 'cuid', sure => 1, read_only => 1 ],
	[ 'snowflake', '@sapphire/snowflake' ],
	[ 'twitter', '@sapphire/snowflake' ],
	[ 'discord', '@sapphire/snowflake' ],
	[ 'instagram', 'the published formula' ],
	[ 'mastodon', 'the published formula' ],
	[ 'sonyflake', 'sonyflake' ],
	[ 'tsid', 'tsid-ts', sure => 1 ],
	[ 'js53', 'JavaScript' ],
);

# Runs a script of test/interop; returns what it prints.
sub node_js
{
	my ($script, $input, @arguments) = @_;
	my ($out, $err) = ('', '');
	my $done = IPC::Run::run([ 'node', "$interop/$script", @arguments ], '<', \$input, '>', \$out,
		'2>', \$err, IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
	ok($done && $out ne '', "$script runs") or diag($err);
	return $out;
}

# Makes a table of lines of JSON.
sub load
{
	my ($table, $lines) = @_;
	my $file = $node->basedir . "/$table.json";
	open my $out, '>', $file or die "cannot write $file: $!";
	print $out $lines;
	close $out;
	$node->safe_psql('postgres', qq{
		CREATE TABLE $table (line jsonb);
		\\copy $table FROM '$file' (FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02')
	});
	return;
}

# The query counts rows, and returns those that are wrong: there must be this many, none wrong.
sub none_wrong
{
	my ($from, $count, $wrong, $name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my ($out, $err) = run_sql($node, "SELECT count(*), count(*) FILTER (WHERE ($wrong) IS NOT FALSE),
		(array_agg(line) FILTER (WHERE ($wrong) IS NOT FALSE))[1] FROM $from");
	is($out, "$count|0|", "$name ($count)") or diag($err);
	return;
}

# What an implementation sees, and what decode_as shows: times, and the fields that it knows.
sub sees_the_same
{
	my ($table, $format, $name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my ($from, $layout) = ("(SELECT * FROM $table WHERE line->>'format' = '$format->{name}') s", $format->{layout});
	none_wrong("$from, detid.decode_as('$layout', line->>'id') d", IDS, q{
		line ? 'error'
		OR (line->>'us')::numeric IS DISTINCT FROM extract(epoch FROM d.minted_at) * 1000000
		OR line ? 'node' AND (line->>'node')::int IS DISTINCT FROM d.node
		OR line ? 'worker' AND (line->>'worker')::int IS DISTINCT FROM d.worker
		OR line ? 'sequence' AND (line->>'sequence')::bigint IS DISTINCT FROM d.sequence
		OR line ? 'random' AND line->>'random' IS DISTINCT FROM d.random
		OR line ? 'version' AND 'uuid' || (line->>'version') <> '} . $layout . q{'
	}, $name);
	return;
}

# The bytes that the implementation sees are those that the text has, and are written as that text.
sub has_the_same_bytes
{
	my ($table, $format, $name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return if $format->{name} =~ /^(nanoid|cuid2?)$/;  # 124 or 126 bits, which are no bytes
	my $codec = $format->{codec};
	none_wrong(qq{(SELECT line, regexp_replace(line->>'id', '^order_', '') AS id,
			pg_catalog.decode(line->>'bytes', 'hex') AS bytes
		FROM $table WHERE line->>'format' = '$format->{name}') s}, IDS,
		"detid.decode_text(id, '$codec') <> bytes OR detid.encode(bytes, '$codec') <> id", $name);
	return;
}

sub is_guessed
{
	my ($table, $format, $name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $from = "(SELECT * FROM $table WHERE line->>'format' = '$format->{name}') s";
	my $guesses = q{ARRAY(SELECT layout FROM detid.guess(line->>'id'))};
	if ($format->{sure})
	{
		none_wrong($from, IDS, "($guesses)[1] <> '$format->{layout}'", "$name first");
	}
	else
	{
		none_wrong($from, IDS, "'$format->{layout}' <> ALL ($guesses)", "$name among others");
	}
	return;
}

for my $format (@formats)
{
	my ($name, $by, %given) = @$format;
	$format = { name => $name, by => $by, layout => $name, options => '', %given };
	$format->{codec} //= $node->safe_psql('postgres', "SELECT codec FROM detid.layouts WHERE layout = '$format->{layout}'");
}
is($node->safe_psql('postgres', 'SELECT string_agg(layout, \' \' ORDER BY layout) FROM detid.layouts'),
	join(' ', sort grep { $_ ne 'typeid' } map { $_->{name} } grep { !$_->{read_only} } @formats), 'every layout that has a name is here');

# --- Ours, read by others ---------------------------------------------------------------------

my $minted = '';
for my $format (grep { !$_->{read_only} } @formats)
{
	my $options = join ', ', "'$format->{name}_id'", "'$format->{layout}'", "audit => 'off'", $format->{options} || ();
	$node->safe_psql('postgres', "SELECT detid.create_generator($options)");
	$minted .= $node->safe_psql('postgres', qq{
		SELECT json_build_object('format', '$format->{name}', 'id', detid.next_text('$format->{name}_id'))
		FROM generate_series(1, @{[IDS]})
	}) . "\n";
}
load('ours', node_js('parse.mjs', $minted));
for my $format (grep { !$_->{read_only} } @formats)
{
	my ($name, $by) = @$format{qw(name by)};
	sees_the_same('ours', $format, "$name: $by sees in ours what we see");
	has_the_same_bytes('ours', $format, "$name: $by sees the bytes of ours");
	none_wrong("(SELECT * FROM ours WHERE line->>'format' = '$name') s, detid.decode(line->>'id', '${name}_id') d", IDS,
		"(line->>'us')::numeric <> extract(epoch FROM d.minted_at) * 1000000 OR d.node <> 7
			OR abs(extract(epoch FROM clock_timestamp()) - (line->>'us')::numeric / 1000000) > 600",
		"$name: $by sees the real time in ours") if !$format->{untimed};
	is_guessed('ours', $format, "$name: ours are guessed");
}

# --- Theirs, read by us -----------------------------------------------------------------------

load('theirs', node_js('mint.mjs', '', IDS));
for my $format (@formats)
{
	my ($name, $by) = @$format{qw(name by)};
	sees_the_same('theirs', $format, "$name: we see in what $by mints what it sees");
	has_the_same_bytes('theirs', $format, "$name: we see the bytes of what $by mints");
	is_guessed('theirs', $format, "$name: what $by mints is guessed");
}

# --- Codecs -----------------------------------------------------------------------------------

load('texts', node_js('codecs.mjs', ''));
for (lines($node->safe_psql('postgres', q{
	SELECT line->>'codec', line->>'bits', line->>'by', count(*) FROM texts GROUP BY 1, 2, 3
	ORDER BY 1, (line->>'bits')::int, 3
})))
{
	my ($codec, $bits, $by, $count) = split /\|/;
	my $from = qq{(SELECT line, line->>'id' AS id, pg_catalog.decode(line->>'bytes', 'hex') AS bytes
		FROM texts WHERE line->>'codec' = '$codec' AND line->>'bits' = '$bits' AND line->>'by' = '$by') s};
	none_wrong($from, $count, "detid.encode(bytes, '$codec') <> id", "$codec: $by writes $bits bits as we do");
	# Where the text does not tell the width, the bytes are those of the next that holds the number.
	none_wrong($from, $count, qq{ltrim(encode(detid.decode_text(id, '$codec'), 'hex'), '0') <> ltrim(line->>'bytes', '0')
		OR '$codec' <> 'decimal' AND detid.decode_text(id, '$codec') <> bytes
		OR line ? 'also' AND detid.decode_text(line->>'also', '$codec') <> bytes},
		"$codec: we read $bits bits as $by does");
}
is($node->safe_psql('postgres', q{
	SELECT string_agg(codec, ' ' ORDER BY codec) FROM detid.codecs WHERE codec NOT IN (SELECT line->>'codec' FROM texts)
}), '', 'every codec of bytes is here');
is($node->safe_psql('postgres', q{SELECT count(DISTINCT line->>'codec') = (SELECT count(*) FROM detid.codecs) FROM texts}),
	't', 'and no other');

# bigints, which are not negative, and uuids have functions of their own.
my $half = q{FROM texts WHERE line->>'bits' = '64' AND line->>'bytes' < '8'};
none_wrong("(SELECT line, line->>'id' AS id, line->>'codec' AS codec,
		('x' || (line->>'bytes'))::bit(64)::bigint AS value $half) s",
	$node->safe_psql('postgres', "SELECT count(*) $half"),
	'detid.encode(value, codec) <> id OR detid.decode_id(id, codec) <> value', 'bigints in every codec');
my $whole = q{FROM texts WHERE line->>'bits' = '128'};
none_wrong("(SELECT line, line->>'id' AS id, line->>'codec' AS codec, (line->>'bytes')::uuid AS value $whole) s",
	$node->safe_psql('postgres', "SELECT count(*) $whole"),
	'detid.encode(value, codec) <> id OR detid.decode_uuid(id, codec) <> value', 'uuids in every codec');

# --- Sqids ------------------------------------------------------------------------------------

load('sqids', node_js('sqids.mjs', ''));
$node->safe_psql('postgres', q{
	CREATE FUNCTION numbers(list jsonb) RETURNS bigint[] LANGUAGE sql IMMUTABLE
	  RETURN ARRAY(SELECT jsonb_array_elements_text(list)::bigint);
	-- NULL if the block list has every id of the numbers.
	CREATE FUNCTION encoded(line jsonb) RETURNS text LANGUAGE plpgsql AS $$
	DECLARE blocklist text[];
	BEGIN
	  IF line->'blocklist' <> 'null' THEN
	    blocklist := ARRAY(SELECT jsonb_array_elements_text(line->'blocklist'));
	  END IF;
	  RETURN detid.sqids_encode(numbers(line->'numbers'), line->>'alphabet', (line->>'min_length')::int, blocklist);
	EXCEPTION WHEN invalid_parameter_value THEN
	  RETURN NULL;
	END $$;
});
my ($lists, $texts) = map { "(SELECT * FROM sqids WHERE line->'numbers' $_ 'null') s" } '<>', '=';
my $decodes = q{line->'id' <> 'null'
	AND detid.sqids_decode(line->>'id', line->>'alphabet') IS DISTINCT FROM numbers(line->'read')};
none_wrong($lists, 2804, q{encoded(line) IS DISTINCT FROM line->>'id'}, 'sqids: encodes lists of numbers as sqids does');
none_wrong($lists, 2804, $decodes, 'sqids: decodes ids as sqids does');
none_wrong($texts, 1000, $decodes, 'sqids: decodes texts that nobody minted as sqids does');

# --- Nano ID --------------------------------------------------------------------------------------

# Its letters and its length are all that is published: those of ours are those that it is asked for.
load('nano', node_js('nanoid.mjs', ''));
$node->safe_psql('postgres', q{
	CREATE FUNCTION nano_fits(line jsonb) RETURNS boolean LANGUAGE plpgsql AS $$
	DECLARE
	  generator regclass := detid.create_generator('nano_any', 'nanoid', alphabet => line->>'alphabet',
	    length => (line->>'length')::int, audit => 'off');
	  id text := detid.next_text(generator);
	  fits boolean := length(id) = length(line->>'id') AND translate(id, line->>'alphabet', '') = ''
	    AND (NOT (line->>'whole')::boolean OR detid.is_valid(line->>'id', generator));
	BEGIN
	  PERFORM detid.drop_generator(generator);
	  RETURN fits;
	END $$;
});
none_wrong('nano', 52, 'NOT nano_fits(line)', 'nanoid: ours have the alphabet and the length, theirs are read');

# --- Hashids ----------------------------------------------------------------------------------

load('hashids', node_js('hashids.mjs', ''));
my $arguments = q{line->>'salt', (line->>'min_length')::int, line->>'alphabet'};
($lists, $texts) = map { "(SELECT * FROM hashids WHERE line->'numbers' $_ 'null') s" } '<>', '=';
$decodes = qq{detid.hashids_decode(line->>'id', $arguments) IS DISTINCT FROM numbers(line->'read')};
none_wrong($lists, 2800, qq{detid.hashids_encode(numbers(line->'numbers'), $arguments) IS DISTINCT FROM line->>'id'},
	'hashids: encodes lists of numbers as hashids does');
none_wrong($lists, 2800, $decodes, 'hashids: decodes ids as hashids does');
none_wrong($texts, 1000, $decodes, 'hashids: decodes texts that nobody minted as hashids does');

$node->stop;
done_testing();
