# SPDX-License-Identifier: PostgreSQL
#
# Whatever ALTER DEFAULT PRIVILEGES says, the extension's objects end with the privileges that the
# reference names; and the owner of a database, who is no superuser, can dump it.

use strict;
use warnings FATAL => 'all';

use FindBin;
use lib $FindBin::RealBin;
use Detid;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('privileges', extension => 0);
my $super = $node->safe_psql('postgres', 'SELECT current_user');
$node->safe_psql('postgres', q{
	CREATE ROLE app;
	CREATE ROLE "odd, ""role""";
	CREATE ROLE plain LOGIN;
	CREATE ROLE mallory LOGIN;
});

# A database with these default privileges, and the extension.
sub database
{
	my ($name, $defaults) = @_;
	$node->safe_psql('postgres', "CREATE DATABASE $name");
	$node->safe_psql($name, "$defaults; CREATE EXTENSION pg_detid");
	return;
}
my $kinds = 'TABLES SEQUENCES FUNCTIONS TYPES SCHEMAS';
database('ordinary', 'SELECT 1');
database('generous', join ';', map {
	("ALTER DEFAULT PRIVILEGES GRANT ALL ON $_ TO PUBLIC",
	 qq{ALTER DEFAULT PRIVILEGES GRANT ALL ON $_ TO app, "odd, ""role""", pg_monitor WITH GRANT OPTION})
} split / /, $kinds);
database('stingy', join ';', map {
	("ALTER DEFAULT PRIVILEGES REVOKE ALL ON $_ FROM PUBLIC", qq{ALTER DEFAULT PRIVILEGES REVOKE ALL ON $_ FROM "$super"})
} split / /, $kinds);
database('in_schema', join ';', 'CREATE SCHEMA detid', map {
	("ALTER DEFAULT PRIVILEGES IN SCHEMA detid GRANT ALL ON $_ TO PUBLIC", "ALTER DEFAULT PRIVILEGES IN SCHEMA detid GRANT ALL ON $_ TO app WITH GRANT OPTION")
} grep { $_ ne 'SCHEMAS' } split / /, $kinds);
database('lent_schema', 'CREATE SCHEMA detid; GRANT USAGE ON SCHEMA detid TO app WITH GRANT OPTION');

# Every object of the schema, of the extension, and every column, with what each role may.
my $catalog = q{
	WITH object AS (
	  SELECT 'pg_namespace'::regclass AS class, oid, 'schema' AS kind, nspname::text AS name, nspowner AS owner, nspacl AS acl, 'n'::"char" AS letter
	  FROM pg_namespace WHERE nspname IN ('detid', 'detid_uuid')
	  UNION ALL
	  SELECT 'pg_class'::regclass, oid, CASE relkind WHEN 'S' THEN 'sequence' WHEN 'r' THEN 'table' WHEN 'v' THEN 'table' ELSE relkind::text END,
	    relname::text, relowner, relacl, (CASE relkind WHEN 'S' THEN 's' ELSE 'r' END)::"char"
	  FROM pg_class WHERE relnamespace IN ('detid'::regnamespace, 'detid_uuid'::regnamespace) AND relkind NOT IN ('i', 'I')
	  UNION ALL
	  SELECT 'pg_proc'::regclass, oid, 'function', proname::text || '(' || pg_get_function_identity_arguments(oid) || ')', proowner, proacl, 'f'
	  FROM pg_proc WHERE pronamespace IN ('detid'::regnamespace, 'detid_uuid'::regnamespace)
	  UNION ALL
	  SELECT 'pg_type'::regclass, oid, 'type', typname::text, typowner, typacl, 'T'
	  FROM pg_type WHERE typnamespace IN ('detid'::regnamespace, 'detid_uuid'::regnamespace)
	)
	SELECT kind, name, CASE grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(grantee)::text END, privilege_type, is_grantable
	FROM object, aclexplode(coalesce(acl, acldefault(letter, owner)))
	UNION ALL
	SELECT 'column', attrelid::regclass || '.' || attname, pg_get_userbyid(grantee), privilege_type, is_grantable
	FROM pg_attribute, aclexplode(attacl) WHERE attrelid::regclass::text LIKE 'detid.%'
	ORDER BY 1, 2, 3, 4};
my $ordinary = $node->safe_psql('ordinary', $catalog);
cmp_ok(scalar(lines($ordinary)), '>', 200, 'the catalog has the objects');
for my $db ('generous', 'stingy', 'in_schema', 'lent_schema')
{
	is($node->safe_psql($db, $catalog), $ordinary, "$db: privileges are those of an ordinary database");
}
same_sql($node, q{SELECT DISTINCT classid::regclass FROM pg_depend WHERE deptype = 'e' AND refclassid = 'pg_extension'::regclass
	AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'pg_detid')
	-- Types of rows and arrays are members from PostgreSQL 17 on.
	AND (classid, objid) NOT IN (SELECT classid, objid FROM pg_depend WHERE classid = 'pg_type'::regclass AND deptype = 'i') ORDER BY 1}, "pg_proc\npg_class\npg_namespace",
	'the extension has objects of no other kinds', db => 'ordinary');

# What the reference says.
my $reference = slurp_file("$FindBin::RealBin/../../docs/reference.md");
my ($table) = $reference =~ /^\| kind \| objects \| to \| privilege \|\n\|[-|]+\n((?:\|.*\n)+)/m;
my (%said, %named);
for my $row (lines($table))
{
	my (undef, $kind, $objects, $to, $privilege) = map { s/^\s+|[\s`]+$|`//gr } split /\|/, $row;
	for my $object (split /, /, $objects)
	{
		$named{"$kind $object"} = 1;
		$said{"$kind $object"}{"$to $privilege"} = 1 if $to ne 'nobody';
	}
}
my %found;
for my $row (lines($ordinary))
{
	my ($kind, $name, $to, $privilege) = split /\|/, $row;
	next if $to eq $super || $kind eq 'type';
	$name =~ s/\(.*//;
	my $key = $named{"$kind $name"} ? "$kind $name" : "$kind all others";
	$found{$key}{"$to $privilege"} = 1;
}
is_deeply(\%found, \%said, 'and those that the reference names');

# CREATE in the schema would let anybody put detid.next_id(text) before ours.
fails_with($node, q{SET detid.allow_schema_changes = on; SET ROLE app; CREATE FUNCTION detid.next_id(text) RETURNS bigint LANGUAGE sql AS 'SELECT 1'}, '42501',
	qr/permission denied for schema/, 'generous: nobody else creates in the schema', db => 'generous');
fails_with($node, q{SET ROLE app; SELECT setval('detid.default_id', 1)}, '42501', qr/permission denied for sequence/,
	'nor sets the sequences', db => 'generous');

# A schema that is there already.
my %refused = (
	'CREATE for others' => [ 'GRANT CREATE ON SCHEMA detid TO mallory', '42501', qr/others may create.*mallory.*REVOKE/s ],
	'CREATE for all' => [ 'GRANT CREATE ON SCHEMA detid TO PUBLIC', '42501', qr/others may create.*PUBLIC/s ],
	'a function of mine' => [ q{CREATE FUNCTION detid.next_id(text) RETURNS bigint LANGUAGE sql AS 'SELECT 1'}, '55000', qr/not empty.*next_id\(text\)/s ],
	'an operator' => [ q{CREATE OPERATOR detid.= (LEFTARG = name, RIGHTARG = text, FUNCTION = pg_catalog.nameeqtext)}, '55000', qr/not empty.*operator/s ],
	'a type' => [ 'CREATE DOMAIN detid.regclass AS text', '55000', qr/not empty.*type/s ],
	'a table of another' => [ 'CREATE TABLE detid.t (); ALTER TABLE detid.t OWNER TO mallory', '55000', qr/not empty.*table/s ],
	'another owner' => [ 'ALTER SCHEMA detid OWNER TO mallory', '42501', qr/belongs to somebody else/ ]);
$node->safe_psql('postgres', 'CREATE DATABASE before');
for my $what (sort keys %refused)
{
	my ($sql, $code, $words) = @{ $refused{$what} };
	$node->safe_psql('before', "CREATE SCHEMA detid; $sql");
	fails_with($node, 'CREATE EXTENSION pg_detid', $code, $words, "a schema with $what is not taken over", db => 'before');
	$node->safe_psql('before', 'DROP SCHEMA detid CASCADE');
}
$node->safe_psql('before', q{CREATE EXTENSION pg_detid; SELECT detid.create_generator('detid.mine'); CREATE TABLE detid.kept (x int);
	DROP EXTENSION pg_detid; CREATE EXTENSION pg_detid; SELECT detid.next_id('detid.mine')});
pass('generators and tables of the installer in it may stay');

# The owner of a database dumps it, and what is restored goes on above.
$node->safe_psql('postgres', 'CREATE DATABASE owned OWNER plain');
$node->safe_psql('owned', 'CREATE EXTENSION pg_detid; ALTER SCHEMA public OWNER TO plain');
$node->safe_psql('owned', q{
	SELECT detid.create_generator('g', audit => 'each');
	CREATE TABLE t (id bigint DEFAULT detid.next_id('g') PRIMARY KEY);
	INSERT INTO t SELECT FROM generate_series(1, 100);
	SELECT detid.claim_id('g', 'a');
	SELECT detid.next_ids('g', 3000000) LIMIT 0}, extra_params => [ '-U', 'plain' ]);
my $file = $node->basedir . '/owned.sql';
command_ok([ 'pg_dump', '-d', $node->connstr('owned') . ' user=plain', '-f', $file ], 'a plain owner dumps his database');
command_ok([ 'pg_dump', '-d', $node->connstr('owned') . ' user=plain', '--data-only', '-f', "$file.data" ], 'and its rows alone');
my $dump = slurp_file($file);
like($dump, qr/COPY detid\._horizon/, 'with the horizon');
unlike($dump, qr/COPY detid\.(_seed|_namespace|_registration)/, 'without secrets');
for my $table ('_seed', '_namespace', '_coordinator', '_registration')
{
	fails_with($node, "TABLE detid.$table", '42501', qr/permission denied/, "which the owner does not read: $table",
		db => 'owned', extra_params => [ '-U', 'plain' ]);
}
my $highest = $node->safe_psql('owned', 'SELECT max(id) FROM t');
$node->safe_psql('postgres', 'CREATE DATABASE restored OWNER plain');
$node->command_ok([ 'psql', '-X', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('restored'), '-f', $file ], 'it restores');
same_sql($node, "SELECT detid.next_id('g') > $highest, detid.claim_id('g', 'a') = (SELECT first_id::bigint FROM detid.ledger WHERE attempt IS NOT NULL)",
	't|t', 'and goes on above', db => 'restored', extra_params => [ '-U', 'plain' ]);
is($node->safe_psql('restored', $catalog) =~ s/^.*default_.*\n//gmr, $ordinary =~ s/^.*default_.*\n//gmr, 'with the same privileges');

# Rows of nodes are secrets.
$node->safe_psql('owned', q{SELECT detid.define_topology('member:10'); SELECT detid.enroll_node('one')});
command_fails_like([ 'pg_dump', '-d', $node->connstr('owned') . ' user=plain', '-f', $file ], qr/permission denied for table _nodes/,
	'a coordinator is a superuser\'s to dump');
command_ok([ 'pg_dump', '-d', $node->connstr('owned'), '-f', $file ], 'who can');

$node->stop;
done_testing();
